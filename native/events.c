/* Server-sent events of one form, as the deltas of a streamed text are: taken many at once, guarded as they are taken.
 *
 * Automaton: the guard's expressions (gateway/inspection/automaton.py). Of a text it says from where on it has to be held
 * back, and whether a match can begin in it. The deterministic automaton is made as texts ask for it, and thrown away when
 * it has grown large. Where it cannot say, it says so, and somebody else looks.
 *
 * Lane: takes events from a buffer for as long as they are of its form: the bytes around a text, numbers and words that
 * change with each event. What it took is told when it is left. It stays inside the buffer for any bytes whatsoever.
 *
 * Pipe (pipe.h): from what a provider's connection has read to what a caller's connection sends, through a lane.
 *
 * whole_message (answer.h): what is learned of a whole answer of the usual form.
 *
 * The Python implementation beside it (gateway/protocols/plain_run_python.py) is its oracle in the tests.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef unsigned char byte;

#define LONGEST 2048    /* bytes of one text that is looked at here */
#define SPACED 48       /* characters of an identifier that may be written with spaces */
#define HEADER 600      /* characters in which the header of a private key may stand */
#define STATES 4096     /* of the deterministic automaton, before it is made anew */
#define MEMBERS 262144  /* nodes in all of its states */
#define BUCKETS 8192
#define ACCEPT 0
#define SPLIT 1
#define FIRST_SET 2
#define NUMBER 2        /* the mark of expressions that begin with a digit and have check digits */
#define MOST_HOLES 8
#define DIGITS 15       /* of a number that changes with each event */
#define WORD 256        /* bytes of a word that does */
#define UNCLEAR (-1)

static int is_digit(int c) { return c >= '0' && c <= '9'; }
static int is_alnum(int c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static int is_sign(int c) { return c == '_' || c == '~' || c == '.'; }

enum { ALNUM = 1, SIGN = 2, DASH = 4 };
static byte class_of[256]; /* what the three above say of a byte; of any other one 0 */

static void fill_classes(void) {
    for (int c = 0; c < 256; c++) class_of[c] = (byte)(is_alnum(c) ? ALNUM : is_sign(c) ? SIGN : c == '-' ? DASH : 0);
}

/* ---- the automaton ---- */

typedef struct { int32_t kind, next, other; } Node;
typedef struct { int32_t first, count, accepts, chain; } State;
typedef struct {
    PyObject_HEAD
    byte kind_of[128];
    Node *nodes;
    byte (*sets)[16];
    int32_t node_count, set_count, kinds, starts[2], roots[2];
    State *states;
    int32_t *moves;   /* STATES x kinds: 0 unknown, -1 dead, else the state and one */
    int32_t *members; /* nodes of the states, one state after the other */
    int32_t *buckets, *list, *stack;
    uint32_t *seen, mark;
    int32_t state_count, member_count, listed;
    int full;
} Automaton;

static void forget(Automaton *a) {
    a->state_count = a->member_count = a->full = 0;
    memset(a->buckets, 0xff, BUCKETS * sizeof *a->buckets);
    a->roots[0] = a->roots[1] = UNCLEAR;
}

/* A node, and all that is reached from it without a character, into the list. */
static void reach(Automaton *a, int32_t node) {
    int32_t height = 0;
    a->stack[height++] = node;
    while (height) {
        node = a->stack[--height];
        if (a->seen[node] == a->mark) continue;
        a->seen[node] = a->mark;
        if (a->nodes[node].kind == SPLIT) {
            a->stack[height++] = a->nodes[node].other;
            a->stack[height++] = a->nodes[node].next;
        } else
            a->list[a->listed++] = node;
    }
}

static void begin(Automaton *a) {
    a->listed = 0;
    if (++a->mark == 0) {
        memset(a->seen, 0, (size_t)a->node_count * sizeof *a->seen);
        a->mark = 1;
    }
}

static int ascending(const void *left, const void *right) {
    int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;
    return (a > b) - (a < b);
}

/* The state of the nodes in the list; -1 for none of them, -2 when there is no more room. */
static int32_t state_of(Automaton *a) {
    if (!a->listed) return -1;
    qsort(a->list, (size_t)a->listed, sizeof *a->list, ascending);
    uint32_t hash = 2166136261u;
    for (int32_t i = 0; i < a->listed; i++) hash = (hash ^ (uint32_t)a->list[i]) * 16777619u;
    int32_t *bucket = &a->buckets[hash % BUCKETS];
    for (int32_t state = *bucket; state >= 0; state = a->states[state].chain)
        if (a->states[state].count == a->listed &&
            memcmp(a->members + a->states[state].first, a->list, (size_t)a->listed * sizeof *a->list) == 0)
            return state;
    if (a->state_count == STATES || a->member_count + a->listed > MEMBERS) {
        a->full = 1;
        return -2;
    }
    State *made = &a->states[a->state_count];
    *made = (State){a->member_count, a->listed, 0, *bucket};
    for (int32_t i = 0; i < a->listed; i++)
        if (a->nodes[a->list[i]].kind == ACCEPT) made->accepts |= a->nodes[a->list[i]].next;
    memcpy(a->members + a->member_count, a->list, (size_t)a->listed * sizeof *a->list);
    a->member_count += a->listed;
    memset(a->moves + (Py_ssize_t)a->state_count * a->kinds, 0, (size_t)a->kinds * sizeof *a->moves);
    return *bucket = a->state_count++;
}

static int32_t root_of(Automaton *a, int which) {
    if (a->full) forget(a);
    if (a->roots[which] < 0) {
        begin(a);
        reach(a, a->starts[which]);
        a->roots[which] = state_of(a);
    }
    return a->roots[which];
}

/* Where a state goes with one ASCII character: a state, -1 for nowhere, -2 when there is no more room. */
static int32_t move(Automaton *a, int32_t state, byte c) {
    int kind = a->kind_of[c];
    int32_t *known = &a->moves[(Py_ssize_t)state * a->kinds + kind];
    if (*known) return *known > 0 ? *known - 1 : -1;
    begin(a);
    for (int32_t i = 0; i < a->states[state].count; i++) {
        Node node = a->nodes[a->members[a->states[state].first + i]];
        if (node.kind >= FIRST_SET && a->sets[node.kind - FIRST_SET][kind >> 3] >> (kind & 7) & 1) reach(a, node.next);
    }
    int32_t next = state_of(a);
    if (next > -2) *known = next < 0 ? -1 : next + 1;
    return next;
}

/* Whether all of this may be a match, or begin one. */
static int survives(Automaton *a, int which, const byte *text, Py_ssize_t size) {
    int32_t state = root_of(a, which);
    for (Py_ssize_t i = 0; i < size && state >= 0; i++) {
        if (text[i] > 0x7f) return UNCLEAR; /* sets of Unicode are no business of this automaton */
        state = move(a, state, text[i]);
    }
    return state == -2 ? UNCLEAR : state >= 0;
}

/* So many characters before the end. */
static Py_ssize_t characters_back(const byte *text, Py_ssize_t size, int count) {
    while (size && count) count -= (text[--size] & 0xc0) != 0x80;
    return size;
}

static Py_ssize_t find(const byte *text, Py_ssize_t size, Py_ssize_t from, const char *what) {
    Py_ssize_t length = (Py_ssize_t)strlen(what);
    for (; from + length <= size; from++)
        if (memcmp(text + from, what, (size_t)length) == 0) return from;
    return -1;
}

/* A private key's header begins at a dash, and has spaces and lines in it. */
static Py_ssize_t header(const byte *text, Py_ssize_t size, Py_ssize_t held) {
    static const char BEGIN[] = "-----BEGIN ";
    Py_ssize_t at = find(text, size, characters_back(text, size, HEADER), "-");
    while (at >= 0 && at < held) {
        Py_ssize_t length = size - at < (Py_ssize_t)sizeof BEGIN - 1 ? size - at : (Py_ssize_t)sizeof BEGIN - 1;
        if (memcmp(text + at, BEGIN, (size_t)length) == 0) return length == (Py_ssize_t)sizeof BEGIN - 1 ? UNCLEAR : at;
        Py_ssize_t from = at + 1, dashes = size;
        at = find(text, size, from, "-----B");
        if (at >= 0) continue;
        while (dashes > from && text[dashes - 1] == '-') dashes--;
        at = dashes < size ? dashes : -1;
    }
    return held;
}

/* From where on a text has to be held back, its size if nothing has: what GuardScanner.hold says, or -1. */
static Py_ssize_t held_from(Automaton *a, const byte *text, Py_ssize_t size) {
    if (!size) return 0;
    if (size > LONGEST) return UNCLEAR;
    Py_ssize_t held = size, at = size;
    while (at && text[at - 1] > 0x20 && text[at - 1] < 0x7f) at--;
    for (; at < held; at++) {
        int c = text[at], before = at ? text[at - 1] : ' ';
        if (!(is_alnum(c) && !is_alnum(before)) && !(is_sign(c) && !is_alnum(before) && !is_sign(before) && before != '-')) continue;
        int alive = survives(a, 0, text + at, size - at);
        if (alive < 0) return UNCLEAR;
        if (alive) held = at;
    }
    for (at = characters_back(text, size, SPACED); at < held; at++) {
        if (is_alnum(at ? text[at - 1] : ' ')) continue;
        if (!is_digit(text[at]) && !(at + 2 < held && is_alnum(text[at]) && is_alnum(text[at + 1]) && !is_digit(text[at + 1]) &&
                                     is_digit(text[at + 2])))
            continue;
        int alive = survives(a, 1, text + at, size - at);
        if (alive < 0) return UNCLEAR;
        if (alive) held = at;
    }
    return header(text, size, held);
}

/* Whether digits of this length may be an identifier: those with a check digit are checked as a card's are (ISO/IEC 7812). */
static int may_be_number(const byte *text, Py_ssize_t size) {
    int sum = 0, count = 0;
    if (text[0] == '0') return 0;
    for (Py_ssize_t i = size; i-- > 0;) {
        if (text[i] == ' ' || text[i] == '-') continue;
        if (!is_digit(text[i])) return 1;
        int digit = text[i] - '0';
        sum += count++ & 1 ? digit * 2 / 10 + digit * 2 % 10 : digit;
    }
    return sum % 10 == 0 || count == 15 || count == 18; /* French and Chinese numbers have other checks */
}

/* Whether a guarded match may begin in this text, behind the byte `before` (-1: none). A no is certain, a yes is not. */
static int possible(Automaton *a, const byte *text, Py_ssize_t size, int before) {
    int last = before < 0 ? 0 : class_of[before];
    for (Py_ssize_t at = 0; at < size; at++) {
        const int kind = class_of[text[at]], behind = last;
        last = kind;
        if (kind == DASH && size - at >= 10 && memcmp(text + at, "-----BEGIN", 10) == 0) return 1;
        /* None begins in the middle of a word, none with a sign behind another one: most bytes end here. */
        if (!kind || behind & ALNUM || (kind != ALNUM && behind)) continue;
        int32_t state = root_of(a, 0);
        for (Py_ssize_t i = at; state >= 0 && i < size; i++) {
            const byte c = text[i];
            if (c > 0x7f) return 1;
            const int32_t known = a->moves[(Py_ssize_t)state * a->kinds + a->kind_of[c]];
            if (known < 0) {
                state = -1;
                break;
            }
            state = known ? known - 1 : move(a, state, c);
            if (state < 0 || !a->states[state].accepts) continue;
            if (a->states[state].accepts != NUMBER) return 1;
            if ((i + 1 == size || class_of[text[i + 1]] != ALNUM) && may_be_number(text + at, i + 1 - at)) return 1;
        }
        if (state == -2) return 1;
    }
    return 0;
}

static int32_t number_at(const byte *place) {
    return (int32_t)((uint32_t)place[0] | (uint32_t)place[1] << 8 | (uint32_t)place[2] << 16 | (uint32_t)place[3] << 24);
}

static void automaton_free(PyObject *self) {
    Automaton *a = (Automaton *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyMem_Free(a->nodes);
    PyMem_Free(a->sets);
    PyMem_Free(a->states);
    PyMem_Free(a->moves);
    PyMem_Free(a->members);
    PyMem_Free(a->buckets);
    PyMem_Free(a->list);
    PyMem_Free(a->stack);
    PyMem_Free(a->seen);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *automaton_new(PyTypeObject *type, PyObject *args, PyObject *named) {
    const byte *kinds, *nodes, *sets;
    Py_ssize_t kinds_size, nodes_size, sets_size;
    int token, spaced;
    (void)named;
    if (!PyArg_ParseTuple(args, "y#y#y#ii", &kinds, &kinds_size, &nodes, &nodes_size, &sets, &sets_size, &token, &spaced))
        return NULL;
    Py_ssize_t count = nodes_size / 12, set_count = sets_size / 16;
    int fine = kinds_size == 128 && nodes_size % 12 == 0 && sets_size % 16 == 0 && count > 0 && count < INT32_MAX / 16 &&
               token >= 0 && token < count && spaced >= 0 && spaced < count;
    for (Py_ssize_t i = 0; fine && i < 128; i++) fine = kinds[i] < 128;
    for (Py_ssize_t i = 0; fine && i < count; i++) {
        int32_t kind = number_at(nodes + 12 * i), next = number_at(nodes + 12 * i + 4), other = number_at(nodes + 12 * i + 8);
        fine = kind >= 0 && kind < set_count + FIRST_SET && next >= 0 && other >= 0 && (kind == ACCEPT || (next < count && other < count));
    }
    if (!fine) {
        PyErr_SetString(PyExc_ValueError, "a kind for each ASCII character, whole nodes and sets, and two starts expected");
        return NULL;
    }
    Automaton *a = (Automaton *)type->tp_alloc(type, 0);
    if (a == NULL) return NULL;
    memcpy(a->kind_of, kinds, 128);
    for (int i = 0; i < 128; i++)
        if (a->kind_of[i] >= a->kinds) a->kinds = a->kind_of[i] + 1;
    a->node_count = (int32_t)count;
    a->set_count = (int32_t)set_count;
    a->starts[0] = token;
    a->starts[1] = spaced;
    a->nodes = PyMem_Calloc((size_t)count, sizeof *a->nodes);
    a->sets = PyMem_Calloc((size_t)set_count + 1, sizeof *a->sets);
    a->states = PyMem_Calloc(STATES, sizeof *a->states);
    a->moves = PyMem_Calloc((size_t)STATES * (size_t)a->kinds, sizeof *a->moves);
    a->members = PyMem_Calloc(MEMBERS, sizeof *a->members);
    a->buckets = PyMem_Calloc(BUCKETS, sizeof *a->buckets);
    a->list = PyMem_Calloc((size_t)count, sizeof *a->list);
    a->stack = PyMem_Calloc(2 * (size_t)count + 2, sizeof *a->stack);
    a->seen = PyMem_Calloc((size_t)count, sizeof *a->seen);
    if (!a->nodes || !a->sets || !a->states || !a->moves || !a->members || !a->buckets || !a->list || !a->stack || !a->seen) {
        Py_DECREF(a);
        return PyErr_NoMemory();
    }
    for (Py_ssize_t i = 0; i < count; i++)
        a->nodes[i] = (Node){number_at(nodes + 12 * i), number_at(nodes + 12 * i + 4), number_at(nodes + 12 * i + 8)};
    memcpy(a->sets, sets, (size_t)sets_size);
    forget(a);
    return (PyObject *)a;
}

static PyObject *automaton_hold(PyObject *self, PyObject *args) {
    const byte *text;
    Py_ssize_t size;
    if (!PyArg_ParseTuple(args, "y#", &text, &size)) return NULL;
    return PyLong_FromSsize_t(held_from((Automaton *)self, text, size));
}

static PyObject *automaton_possible(PyObject *self, PyObject *args) {
    const byte *text;
    Py_ssize_t size;
    int before;
    if (!PyArg_ParseTuple(args, "y#i", &text, &size, &before)) return NULL;
    if (before > 0xff) {
        PyErr_SetString(PyExc_ValueError, "a byte or -1 expected");
        return NULL;
    }
    return PyBool_FromLong(possible((Automaton *)self, text, size, before));
}

/* ---- text ---- */

typedef struct { byte *data; Py_ssize_t used, room; } Out;

static int add(Out *out, const void *data, Py_ssize_t size) {
    if (!size) return 0;
    if (out->room - out->used < size) {
        Py_ssize_t room = (out->used + size) * 2;
        byte *grown = PyMem_Realloc(out->data, (size_t)room);
        if (grown == NULL) return -1;
        out->data = grown;
        out->room = room;
    }
    memcpy(out->data + out->used, data, (size_t)size);
    out->used += size;
    return 0;
}

static PyObject *text_of(const Out *out) { return PyUnicode_DecodeUTF8(out->data ? (char *)out->data : "", out->used, NULL); }
static PyObject *bytes_of(const Out *out) { return PyBytes_FromStringAndSize(out->data ? (char *)out->data : "", out->used); }

/* Strict UTF-8 (RFC 3629): the length of the character at `text`, 0 when there is none. */
static int utf8(const byte *text, Py_ssize_t left) {
    byte c = text[0];
    if (c < 0x80) return 1;
    if (c < 0xc2 || left < 2 || (text[1] & 0xc0) != 0x80) return 0;
    if (c < 0xe0) return 2;
    if (left < 3 || (text[2] & 0xc0) != 0x80) return 0;
    if (c < 0xf0) return (c == 0xe0 && text[1] < 0xa0) || (c == 0xed && text[1] > 0x9f) ? 0 : 3;
    if (c > 0xf4 || left < 4 || (text[3] & 0xc0) != 0x80) return 0;
    return (c == 0xf0 && text[1] < 0x90) || (c == 0xf4 && text[1] > 0x8f) ? 0 : 4;
}

/* Four hexadecimal digits, -1 if they are none. */
static int32_t hex4(const byte *text) {
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        byte c = text[i];
        int digit = is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (digit < 0) return -1;
        value = value << 4 | digit;
    }
    return value;
}

static int add_character(Out *out, int32_t point) {
    byte text[4];
    int size;
    if (point < 0x80) text[0] = (byte)point, size = 1;
    else if (point < 0x800) text[0] = (byte)(0xc0 | point >> 6), text[1] = (byte)(0x80 | (point & 63)), size = 2;
    else if (point < 0x10000)
        text[0] = (byte)(0xe0 | point >> 12), text[1] = (byte)(0x80 | (point >> 6 & 63)), text[2] = (byte)(0x80 | (point & 63)), size = 3;
    else
        text[0] = (byte)(0xf0 | point >> 18), text[1] = (byte)(0x80 | (point >> 12 & 63)), text[2] = (byte)(0x80 | (point >> 6 & 63)),
        text[3] = (byte)(0x80 | (point & 63)), size = 4;
    return add(out, text, size);
}

/* The inside of a JSON string (RFC 8259) from `at` on, decoded into `out`: where its quote stands; -1 for no text, -2 for no memory. */
static Py_ssize_t read_string(const byte *text, Py_ssize_t size, Py_ssize_t at, Out *out) {
    while (at < size) {
        Py_ssize_t plain = at;
        while (at < size && text[at] != '"' && text[at] != '\\') {
            int length = text[at] < 0x20 ? 0 : utf8(text + at, size - at);
            if (!length) return -1;
            at += length;
        }
        if (add(out, text + plain, at - plain)) return -2;
        if (at >= size) return -1;
        if (text[at] == '"') return at;
        if (size - at < 2) return -1;
        static const char SIGNS[] = "\"\\/bfnrt", MEANT[] = "\"\\/\b\f\n\r\t";
        const char *sign = text[at + 1] ? strchr(SIGNS, text[at + 1]) : NULL;
        int32_t point;
        if (sign != NULL) {
            point = MEANT[sign - SIGNS];
            at += 2;
        } else {
            if (text[at + 1] != 'u' || size - at < 6 || (point = hex4(text + at + 2)) < 0) return -1;
            at += 6;
            if (point >= 0xd800 && point < 0xdc00) {
                int32_t low = size - at >= 6 && text[at] == '\\' && text[at + 1] == 'u' ? hex4(text + at + 2) : -1;
                if (low < 0xdc00 || low > 0xdfff) return -1;
                point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
                at += 6;
            } else if (point >= 0xdc00 && point < 0xe000)
                return -1;
        }
        if (add_character(out, point)) return -2;
    }
    return -1;
}

/* A text as the inside of a JSON string, as orjson writes it. */
static int add_escaped(Out *out, const byte *text, Py_ssize_t size) {
    static const char SIGNS[] = "\"\\\b\f\n\r\t", WRITTEN[] = "\"\\bfnrt", HEX[] = "0123456789abcdef";
    Py_ssize_t plain = 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        byte c = text[i];
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        if (add(out, text + plain, i - plain)) return -1;
        plain = i + 1;
        const char *sign = c ? strchr(SIGNS, c) : NULL;
        char escape[6] = {'\\', 'u', '0', '0', HEX[c >> 4], HEX[c & 15]};
        if (sign != NULL) escape[1] = WRITTEN[sign - SIGNS];
        if (add(out, escape, sign != NULL ? 2 : 6)) return -1;
    }
    return add(out, text + plain, size - plain);
}

/* ---- the lane ---- */

typedef struct {
    PyObject_HEAD
    Automaton *automaton; /* NULL: nothing is guarded */
    PyObject *came[MOST_HOLES + 1], *shown[MOST_HOLES + 1];
    char holes[MOST_HOLES];
    int hole_count, same, restores, json, before, changed, inside;
    long long shift;
    Py_ssize_t count, begins[MOST_HOLES], ends[MOST_HOLES]; /* where the holes of the event at hand stand */
    Out text, unread, provider, delivered, last;
} Lane;

static int literal_at(PyObject *literal, const byte *text, Py_ssize_t size, Py_ssize_t at) {
    Py_ssize_t length = PyBytes_GET_SIZE(literal);
    return size - at >= length && memcmp(text + at, PyBytes_AS_STRING(literal), (size_t)length) == 0;
}

/* The event of this form that begins here, its text into `text`: where it ends; -1 if there is none, -2 for no memory. */
static Py_ssize_t event_at(Lane *lane, const byte *text, Py_ssize_t size, Py_ssize_t at) {
    lane->text.used = 0;
    for (int hole = 0;; hole++) {
        if (!literal_at(lane->came[hole], text, size, at)) return -1;
        at += PyBytes_GET_SIZE(lane->came[hole]);
        if (hole == lane->hole_count) return at;
        lane->begins[hole] = at;
        if (lane->holes[hole] == 't') {
            at = read_string(text, size, at, &lane->text);
            if (at < 0) return at;
        } else if (lane->holes[hole] == 's') {
            while (at < size && is_alnum(text[at])) at++;
            if (at - lane->begins[hole] > WORD) return -1;
            if (lane->automaton != NULL && at - lane->begins[hole] >= 8 &&
                possible(lane->automaton, text + lane->begins[hole], at - lane->begins[hole], -1))
                return -1;
        } else {
            while (at < size && is_digit(text[at])) at++;
            Py_ssize_t digits = at - lane->begins[hole];
            if (!digits || digits > DIGITS || (digits > 1 && text[lane->begins[hole]] == '0')) return -1;
        }
        lane->ends[hole] = at;
    }
}

/* The event at hand as the caller gets it; `fresh`: its text, NULL for the one it came with. */
static int add_event(Lane *lane, Out *out, const byte *event, Py_ssize_t begin, Py_ssize_t end, const byte *fresh, Py_ssize_t size) {
    if (fresh == NULL && lane->same && !lane->shift) return add(out, event + begin, end - begin);
    for (int hole = 0;; hole++) {
        if (add(out, PyBytes_AS_STRING(lane->shown[hole]), PyBytes_GET_SIZE(lane->shown[hole]))) return -1;
        if (hole == lane->hole_count) return 0;
        const byte *from = event + lane->begins[hole];
        Py_ssize_t length = lane->ends[hole] - lane->begins[hole];
        if (lane->holes[hole] == 't' && fresh != NULL) {
            if (add_escaped(out, fresh, size)) return -1;
        } else if (lane->holes[hole] == 'q' && lane->shift) {
            long long number = 0;
            char written[24];
            for (Py_ssize_t i = 0; i < length; i++) number = number * 10 + (from[i] - '0');
            if (add(out, written, snprintf(written, sizeof written, "%lld", number + lane->shift))) return -1;
        } else if (add(out, from, length))
            return -1;
    }
}

static int has_mark(const Out *text) {
    for (Py_ssize_t i = 0; i + 2 < text->used; i++)
        if (text->data[i] == 0xe2 && text->data[i + 1] == 0x9f && text->data[i + 2] == 0xa6) return 1;
    return 0;
}

/* The events from `at` on, as they go on into `out`: where they end; -2 for no memory. `last`: where the last of them stands. */
static Py_ssize_t run(Lane *lane, const byte *text, Py_ssize_t size, Py_ssize_t at, Out *out, Py_ssize_t last[2]) {
    while (at < size) {
        Py_ssize_t end = event_at(lane, text, size, at);
        if (end == -2) return -2;
        if (end < 0) break;
        const byte *said = lane->text.data;
        Py_ssize_t length = lane->text.used, kept = lane->unread.used;
        if (lane->restores && has_mark(&lane->text)) break;
        if (lane->json && length && memchr(said, '\\', (size_t)length) != NULL) break;
        if (length && lane->automaton != NULL) {
            if (add(&lane->unread, said, length)) return -2;
            Py_ssize_t passed = held_from(lane->automaton, lane->unread.data, lane->unread.used);
            if (passed < 0 || possible(lane->automaton, lane->unread.data, lane->unread.used, lane->before)) {
                lane->unread.used = kept;
                break;
            }
            int whole = !kept && passed == length;
            lane->changed |= !whole;
            if (add_event(lane, out, text, at, end, whole ? NULL : lane->unread.data ? lane->unread.data : said, passed) ||
                add(&lane->delivered, lane->unread.data, passed))
                return -2;
            if (passed) lane->before = lane->unread.data[passed - 1];
            lane->unread.used -= passed;
            if (passed) memmove(lane->unread.data, lane->unread.data + passed, (size_t)lane->unread.used);
        } else {
            if (add_event(lane, out, text, at, end, NULL, 0) || add(&lane->delivered, said, length)) return -2;
            if (length) lane->before = said[length - 1];
        }
        if (add(&lane->provider, said, length)) return -2;
        last[0] = at;
        last[1] = at = end;
        lane->count++;
    }
    return at;
}

static int keep_last(Lane *lane, const byte *text, const Py_ssize_t last[2]) {
    if (last[0] < 0) return 0;
    lane->last.used = 0;
    return add(&lane->last, text + last[0], last[1] - last[0]);
}

static PyObject *lane_take(PyObject *self, PyObject *args) {
    Lane *lane = (Lane *)self;
    Py_buffer buffer;
    Py_ssize_t at, last[2] = {-1, 0};
    if (!PyArg_ParseTuple(args, "y*n", &buffer, &at)) return NULL;
    PyObject *result = NULL;
    Out events = {NULL, 0, 0};
    if (at < 0 || at > buffer.len)
        PyErr_SetString(PyExc_ValueError, "a place in the buffer expected");
    else if ((at = run(lane, buffer.buf, buffer.len, at, &events, last)) < 0 || keep_last(lane, buffer.buf, last))
        PyErr_NoMemory();
    else
        result = Py_BuildValue("(ny#)", at, events.data ? (char *)events.data : "", events.used);
    PyMem_Free(events.data);
    PyBuffer_Release(&buffer);
    return result;
}

static PyObject *lane_one(PyObject *self, PyObject *args) {
    Lane *lane = (Lane *)self;
    Py_buffer buffer;
    Py_ssize_t at, end;
    if (!PyArg_ParseTuple(args, "y*n", &buffer, &at)) return NULL;
    PyObject *result = NULL;
    if (at < 0 || at > buffer.len) {
        PyErr_SetString(PyExc_ValueError, "a place in the buffer expected");
    } else if ((end = event_at(lane, buffer.buf, buffer.len, at)) >= 0) {
        lane->last.used = 0;
        if (add(&lane->last, (const byte *)buffer.buf + at, end - at) == 0) {
            for (int hole = 0; hole < lane->hole_count; hole++) lane->begins[hole] -= at, lane->ends[hole] -= at;
            PyObject *said = text_of(&lane->text);
            if (said != NULL) result = Py_BuildValue("(nN)", end, said);
        } else
            PyErr_NoMemory();
    } else if (end == -2)
        PyErr_NoMemory();
    else
        result = Py_BuildValue("(ns)", at, "");
    PyBuffer_Release(&buffer);
    return result;
}

static PyObject *lane_written(PyObject *self, PyObject *args) {
    Lane *lane = (Lane *)self;
    const char *fresh;
    Py_ssize_t size;
    if (!PyArg_ParseTuple(args, "z#", &fresh, &size)) return NULL;
    if (!lane->last.used || lane->ends[lane->hole_count - 1] > lane->last.used) {
        PyErr_SetString(PyExc_ValueError, "an event that `one` took expected");
        return NULL;
    }
    Out out = {NULL, 0, 0};
    lane->changed |= fresh != NULL;
    int fine = add_event(lane, &out, lane->last.data, 0, lane->last.used, (const byte *)fresh, size) == 0;
    PyObject *result = fine ? bytes_of(&out) : PyErr_NoMemory();
    PyMem_Free(out.data);
    return result;
}

static PyObject *lane_enter(PyObject *self, PyObject *args) {
    Lane *lane = (Lane *)self;
    const byte *held;
    Py_ssize_t size;
    int before;
    if (!PyArg_ParseTuple(args, "y#i", &held, &size, &before)) return NULL;
    lane->unread.used = 0;
    lane->before = before;
    if (add(&lane->unread, held, size)) return PyErr_NoMemory();
    lane->inside = 1;
    Py_RETURN_NONE;
}

static PyObject *lane_leave(PyObject *self, PyObject *unused) {
    Lane *lane = (Lane *)self;
    (void)unused;
    PyObject *provider = text_of(&lane->provider), *delivered = text_of(&lane->delivered), *held = text_of(&lane->unread);
    PyObject *last = bytes_of(&lane->last);
    if (provider == NULL || delivered == NULL || held == NULL || last == NULL) {
        Py_XDECREF(provider);
        Py_XDECREF(delivered);
        Py_XDECREF(held);
        Py_XDECREF(last);
        return NULL;
    }
    PyObject *result = Py_BuildValue("(NNNnNO)", provider, delivered, held, lane->count, last, lane->changed ? Py_True : Py_False);
    lane->provider.used = lane->delivered.used = lane->unread.used = lane->last.used = 0;
    lane->count = lane->changed = lane->inside = 0;
    return result;
}

static void lane_free(PyObject *self) {
    Lane *lane = (Lane *)self;
    PyTypeObject *type = Py_TYPE(self);
    for (int i = 0; i <= MOST_HOLES; i++) {
        Py_XDECREF(lane->came[i]);
        Py_XDECREF(lane->shown[i]);
    }
    Py_XDECREF((PyObject *)lane->automaton);
    PyMem_Free(lane->text.data);
    PyMem_Free(lane->unread.data);
    PyMem_Free(lane->provider.data);
    PyMem_Free(lane->delivered.data);
    PyMem_Free(lane->last.data);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyTypeObject *automaton_type, *lane_type;

static PyObject *lane_new(PyTypeObject *type, PyObject *args, PyObject *named) {
    PyObject *automaton, *came, *shown;
    const char *holes;
    Py_ssize_t count;
    int restores, json;
    long long shift;
    (void)named;
    if (!PyArg_ParseTuple(args, "OO!y#O!ppL", &automaton, &PyTuple_Type, &came, &holes, &count, &PyTuple_Type, &shown, &restores,
                          &json, &shift))
        return NULL;
    int fine = count > 0 && count <= MOST_HOLES && PyTuple_GET_SIZE(came) == count + 1 && PyTuple_GET_SIZE(shown) == count + 1, texts = 0;
    for (Py_ssize_t i = 0; fine && i < count; i++) {
        fine = holes[i] != 0 && strchr("tnqs", holes[i]) != NULL;
        texts += holes[i] == 't';
    }
    for (Py_ssize_t i = 0; fine && i <= count; i++)
        fine = PyBytes_Check(PyTuple_GET_ITEM(came, i)) && PyBytes_Check(PyTuple_GET_ITEM(shown, i)) &&
               PyBytes_GET_SIZE(PyTuple_GET_ITEM(came, i)) > 0;
    if (!fine || texts != 1 || (automaton != Py_None && !PyObject_TypeCheck(automaton, automaton_type))) {
        PyErr_SetString(PyExc_ValueError, "literals as they come and as they are shown, and one text between them, expected");
        return NULL;
    }
    Lane *lane = (Lane *)type->tp_alloc(type, 0);
    if (lane == NULL) return NULL;
    lane->same = 1;
    for (Py_ssize_t i = 0; i <= count; i++) {
        lane->came[i] = Py_NewRef(PyTuple_GET_ITEM(came, i));
        lane->shown[i] = Py_NewRef(PyTuple_GET_ITEM(shown, i));
        lane->same &= PyObject_RichCompareBool(lane->came[i], lane->shown[i], Py_EQ) == 1;
    }
    memcpy(lane->holes, holes, (size_t)count);
    lane->hole_count = (int)count;
    lane->automaton = automaton == Py_None ? NULL : (Automaton *)Py_NewRef(automaton);
    lane->restores = restores;
    lane->json = json;
    lane->shift = shift;
    lane->before = -1;
    return (PyObject *)lane;
}

#include "pipe.h"
#include "answer.h"

/* ---- the module ---- */

static PyMethodDef automaton_methods[] = {
    {"hold", automaton_hold, METH_VARARGS, "hold(text) -> from which byte on it has to be held back; -1: not clear."},
    {"possible", automaton_possible, METH_VARARGS, "possible(text, before) -> whether a match may begin in it."},
    {NULL, NULL, 0, NULL},
};
static PyMethodDef lane_methods[] = {
    {"enter", lane_enter, METH_VARARGS, "enter(held, before): what is held back, and the last byte of what went on."},
    {"take", lane_take, METH_VARARGS, "take(buffer, at) -> (end, events as they go on)."},
    {"one", lane_one, METH_VARARGS, "one(buffer, at) -> (end, its text), unguarded; end is at, if it is of another form."},
    {"written", lane_written, METH_VARARGS, "written(text) -> the event that `one` took, with this text; None: its own."},
    {"leave", lane_leave, METH_NOARGS, "leave() -> (provider's text, delivered, held, events, the last one, whether any changed)."},
    {NULL, NULL, 0, NULL},
};
static PyMethodDef functions[] = {
    {"whole_message", whole_message, METH_VARARGS,
     "whole_message(automaton, answer, restores, json) -> (text, finish, id, model, usage, whether names are fit) of a plain whole answer, or None."},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot automaton_slots[] = {
    {Py_tp_new, automaton_new}, {Py_tp_dealloc, automaton_free}, {Py_tp_methods, automaton_methods}, {0, NULL}};
static PyType_Slot lane_slots[] = {{Py_tp_new, lane_new}, {Py_tp_dealloc, lane_free}, {Py_tp_methods, lane_methods}, {0, NULL}};
static PyType_Spec automaton_spec = {"gateway.protocols._events.Automaton", sizeof(Automaton), 0, Py_TPFLAGS_DEFAULT, automaton_slots};
static PyType_Spec lane_spec = {"gateway.protocols._events.Lane", sizeof(Lane), 0, Py_TPFLAGS_DEFAULT, lane_slots};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_events", NULL, -1, functions, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__events(void) {
    fill_classes();
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL) return NULL;
    automaton_type = (PyTypeObject *)PyType_FromSpec(&automaton_spec);
    lane_type = (PyTypeObject *)PyType_FromSpec(&lane_spec);
    PyObject *pipe = PyType_FromSpec(&pipe_spec);
    if (automaton_type == NULL || lane_type == NULL || pipe == NULL ||
        PyModule_AddObjectRef(module, "Automaton", (PyObject *)automaton_type) < 0 ||
        PyModule_AddObjectRef(module, "Lane", (PyObject *)lane_type) < 0 || PyModule_AddObjectRef(module, "Pipe", pipe) < 0) {
        Py_XDECREF(pipe);
        Py_DECREF(module);
        return NULL;
    }
    Py_DECREF(pipe);
    return module;
}
