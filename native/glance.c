/* What a text may hold, at a glance: one pass that tells which of the searches after it can find anything.
 *
 * Every flag is wrong only in saying yes. The Python implementation beside it (gateway/inspection/glance_python.py) says
 * what each of them means, and is its oracle in the tests.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

enum {
    ESCAPE = 1, PERCENT = 2, ENTITY = 4, PLUS = 8, UNDER = 16, SAID = 32, SPELLED = 64, DIGITS = 128, APART = 256,
    GROUPED = 512, MISTAKEN = 1024, CODE = 2048, HEX = 4096, PAIRED = 8192
};

/* Of a character of ASCII. The lowest two bits are its form: 0 a sign, 1 a digit, 2 one that is mistaken for one, 3 a letter. */
enum { FORM = 3, BLANK = 4, HEXED = 8, MADE = 16, BETWEEN = 32, ENGLISH = 64, PINYIN = 128 };
#define DIGIT 1
#define LETTER 3

#define STRETCH 14
#define ENGLISH_LETTERS 21
#define PINYIN_LETTERS 18
#define FEW_DIGITS 7
#define FEW_APART 3
#define WIDEST_GAP 4
#define FEWEST_ALIKE 13

static uint8_t kinds[128];

static void fill(void) {
    for (int c = 0; c < 128; c++) {
        const int digit = c >= '0' && c <= '9', small = c | 32, letter = small >= 'a' && small <= 'z';
        unsigned kind = digit ? DIGIT : strchr("OoIl", c) && c ? 2 : letter ? LETTER : 0;
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') kind |= BLANK;
        if (digit || (small >= 'a' && small <= 'f')) kind |= HEXED;
        if (digit || letter || (c && strchr("+/_-", c))) kind |= MADE;
        if (c && strchr(" ,.-/;|_\n\r\t0123456789", c)) kind |= BETWEEN;
        if (letter && strchr("zerohntwfuivsxg", small)) kind |= ENGLISH;
        if (letter && strchr("lingyaoersuwqbjd", small)) kind |= PINYIN;
        kinds[c] = (uint8_t)kind;
    }
}

static uint32_t bits(const char *pattern, uint32_t *mask) {
    uint32_t value = 0;
    *mask = 0;
    for (; *pattern; pattern++) {
        value = value << 1 | (*pattern != ' ');
        *mask = *mask << 1 | 1;
    }
    return value;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))
static const char *const PAIRS[] = {"aa aa aa aa", "aa  aa  aa  aa", " aa a aa a aa", " aa  a aa  a aa"};
/* How they end: the last five signs of one, as a number, is a bit of this. */
#define PAIR_ENDS (1u << 27 | 1u << 19 | 1u << 11)
static uint32_t pair_value[COUNT(PAIRS)], pair_mask[COUNT(PAIRS)], spelled_value, spelled_mask;

/* ---- numbers in words ---- */

static const char *const ENGLISH_WORDS[] = {"zero", "oh", "nought", "one", "two", "three", "four", "five", "six", "seven", "eight",
                                            "nine"};
static const char *const PINYIN_WORDS[] = {"ling", "yao", "yi", "er", "liang", "san", "si", "wu", "liu", "qi", "ba", "jiu", "dong",
                                           "guai"};
#define WORDS 7      /* so many in a row are a number */
#define SAME_END 6   /* words of a language that end in the same letter, at most */

typedef struct { uint64_t value, mask; int size; } Word;
typedef struct { Word words[26][SAME_END]; int count[26]; unsigned kind; } Tongue;
static Tongue english_tongue, pinyin_tongue;

static void learn(Tongue *tongue, const char *const *words, size_t count, unsigned kind) {
    memset(tongue, 0, sizeof *tongue);
    tongue->kind = kind;
    for (size_t i = 0; i < count; i++) {
        const int size = (int)strlen(words[i]), end = words[i][size - 1] - 'a';
        Word word = {0, ((uint64_t)1 << 5 * size) - 1, size};
        for (int n = 0; n < size; n++) word.value = word.value << 5 | (uint64_t)(words[i][n] - 'a' + 1);
        if (tongue->count[end] < SAME_END) tongue->words[end][tongue->count[end]++] = word;
    }
}

/* The vowels under a tone, by what they are in Unicode. */
#define TONED 0x200
static uint8_t vowels[TONED];
static const struct { Py_UCS4 tones[8]; char vowel; } TONES[] = {
    {{0x100, 0x101, 0xC1, 0xE1, 0x1CD, 0x1CE, 0xC0, 0xE0}, 'a'}, {{0x112, 0x113, 0xC9, 0xE9, 0x11A, 0x11B, 0xC8, 0xE8}, 'e'},
    {{0x12A, 0x12B, 0xCD, 0xED, 0x1CF, 0x1D0, 0xCC, 0xEC}, 'i'}, {{0x14C, 0x14D, 0xD3, 0xF3, 0x1D1, 0x1D2, 0xD2, 0xF2}, 'o'},
    {{0x16A, 0x16B, 0xDA, 0xFA, 0x1D3, 0x1D4, 0xD9, 0xF9}, 'u'},
};

/* The letter that `re` takes for this one in another case, 0 for none. */
static unsigned folded(Py_UCS4 c) { return c == 0x17F ? 's' : c == 0x130 || c == 0x131 ? 'i' : 0; }

/* Whether seven words in a row stand in a stretch of a text, whatever may stand between two letters. */
static int says(const Tongue *tongue, int form, const void *data, Py_ssize_t from, Py_ssize_t behind) {
    uint64_t letters = 0, rows = 0; /* the last letters, five bits each; how many words in a row end at each, four bits each */
    for (Py_ssize_t i = from; i < behind; i++) {
        const Py_UCS4 c = PyUnicode_READ(form, data, i);
        if (c < 128 && kinds[c] & BETWEEN) continue;
        const unsigned toned = tongue->kind == PINYIN && c >= 128 && c < TONED ? vowels[c] : 0;
        const unsigned letter = c < 128 ? (kinds[c] & tongue->kind ? c | 32 : 0) : toned ? toned : folded(c);
        if (!letter) {
            letters = rows = 0;
            continue;
        }
        letters = letters << 5 | (letter - 'a' + 1);
        uint64_t most = 0;
        for (int n = 0; n < tongue->count[letter - 'a']; n++) {
            const Word *word = &tongue->words[letter - 'a'][n];
            if ((letters & word->mask) != word->value) continue;
            const uint64_t row = (rows >> 4 * (word->size - 1) & 15) + 1;
            if (row > most) most = row;
        }
        if (most >= WORDS) return 1;
        rows = rows << 4 | most;
    }
    return 0;
}

/* ---- numbers in groups ---- */

#define NOWHERE (-1)

/* The digits seen last: how many stand side by side, and in the groups before them; what stands between. */
typedef struct { Py_ssize_t size[4]; int odd[3]; Py_ssize_t gap; int plain; } Groups;

/* Whether groups of these sizes may be a number that is written in an odd way. `odd`: the gap is no single blank or hyphen. */
static int is_grouped(const Groups *g) {
    const Py_ssize_t *n = g->size; /* n[0] is the last one */
    if (n[2] == 6 && n[1] == 8 && (n[0] == 3 || n[0] == 4)) return 1;
    if (!g->odd[0] || !g->odd[1]) return 0;
    if (n[2] == 3 && n[0] == 4 && (n[1] == 4 || n[1] == 2)) return 1;
    if (n[2] == 4 && n[1] == 6 && n[0] == 5) return 1;
    return g->odd[2] && n[3] == 4 && n[2] == 4 && n[1] == 4 && n[0] == 4;
}

static void prepare(void) {
    fill();
    learn(&english_tongue, ENGLISH_WORDS, COUNT(ENGLISH_WORDS), ENGLISH);
    learn(&pinyin_tongue, PINYIN_WORDS, COUNT(PINYIN_WORDS), PINYIN);
    for (size_t i = 0; i < COUNT(TONES); i++)
        for (size_t n = 0; n < COUNT(TONES[i].tones); n++) vowels[TONES[i].tones[n]] = (uint8_t)TONES[i].vowel;
    for (size_t i = 0; i < COUNT(PAIRS); i++) pair_value[i] = bits(PAIRS[i], &pair_mask[i]);
    spelled_value = bits(" a a a a a a a", &spelled_mask);
}

static int is_hex(Py_UCS4 c) { return c < 128 && kinds[c] & HEXED; }
static int is_digit(Py_UCS4 c) { return c >= '0' && c <= '9'; }
static int is_letter(Py_UCS4 c) { return (c | 32) >= 'a' && (c | 32) <= 'z' && c < 128; }

static int in_stretch(const Tongue *tongue, Py_UCS4 c) {
    return c < 128 ? (kinds[c] & (tongue->kind | BETWEEN)) != 0 : c < 0x800;
}

/* The same for the stretch around a place. */
static int says_around(const Tongue *tongue, int form, const void *data, Py_ssize_t size, Py_ssize_t at) {
    Py_ssize_t from = at, behind = at;
    while (from > 0 && in_stretch(tongue, PyUnicode_READ(form, data, from - 1))) from--;
    while (behind < size && in_stretch(tongue, PyUnicode_READ(form, data, behind))) behind++;
    return says(tongue, form, data, from, behind);
}

static inline int seen_in(int form, const void *data, Py_ssize_t size) {
    uint32_t hexed = 0, blanks = 0; /* hexadecimal or not; visible or not */
    Py_ssize_t digits = 0, made = 0, hex = 0;
    Py_ssize_t english = 0, pinyin = 0; /* letters of a language's numbers in a row */
    const Groups nothing = {{0}, {0}, NOWHERE, 0};
    Groups groups = nothing;
    Py_ssize_t single = 0, wide = 0; /* digits one by one, one sign or two between them */
    Py_ssize_t alike = 0;            /* digits and what is mistaken for some, a blank or a hyphen between two at most */
    int mistaken = 0, ended = 0;     /* one was among them; a digit or such ended just here */
    int flags = 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        const Py_UCS4 c = PyUnicode_READ(form, data, i);
        if (c >= 128) {
            if (c < 0x800) { /* two bytes that may be a vowel's with a tone */
                english += 2;
                pinyin += 2;
            } else { /* of three bytes or four the first one ends a stretch */
                english = pinyin = c < 0x10000 ? 2 : 3;
            }
            if (groups.gap != NOWHERE) groups = nothing;
            alike = mistaken = ended = 0;
            hexed <<= 1;
            blanks = blanks << 1 | 1;
            made = hex = 0;
        } else {
            const unsigned kind = kinds[c], is = kind & FORM;
            /* Without a branch: which letter comes next cannot be foretold. */
            const Py_ssize_t stays = kind & BETWEEN ? -1 : 0;
            english = (english & stays) | ((english + 1) & -(Py_ssize_t)(kind / ENGLISH & 1) & ~stays);
            pinyin = (pinyin & stays) | ((pinyin + 1) & -(Py_ssize_t)(kind / PINYIN & 1) & ~stays);
            hexed = hexed << 1 | ((kind & HEXED) != 0);
            blanks = blanks << 1 | !(kind & BLANK);
            made = kind & MADE ? made + 1 : 0;
            hex = kind & HEXED ? hex + 1 : 0;
            if (made >= STRETCH) flags |= hex >= STRETCH ? CODE | HEX : CODE;
            const int near = is == DIGIT || is == 2, stay = near | ((c == ' ' || c == '-') & ended);
            alike = (alike + near) & -(Py_ssize_t)stay;
            mistaken = (mistaken | (is == 2)) & -stay;
            ended = near;
            if (alike >= FEWEST_ALIKE && mistaken) flags |= MISTAKEN;
            if (is == DIGIT) {
                digits += 1;
                if (groups.gap == 0) {
                    groups.size[0] += 1;
                    single = wide = 0;
                } else {
                    const Py_ssize_t gap = groups.gap;
                    single = gap == 1 && groups.size[0] ? single + 1 : 0;
                    wide = gap == 2 && groups.size[0] ? wide + 1 : 0;
                    if (single >= FEW_APART || wide >= FEW_APART) flags |= APART;
                    const int beside = gap > 0 && gap <= WIDEST_GAP;
                    for (int n = 3; n > 0; n--) groups.size[n] = beside ? groups.size[n - 1] : 0;
                    for (int n = 2; n > 0; n--) groups.odd[n] = groups.odd[n - 1];
                    groups.odd[0] = !groups.plain;
                    groups.size[0] = 1;
                }
                groups.gap = groups.plain = 0;
                if (groups.size[0] >= 3 && is_grouped(&groups)) flags |= GROUPED;
            } else if (groups.gap != NOWHERE) {
                if (is != 0) {
                    groups = nothing;
                } else {
                    groups.gap += 1;
                    groups.plain = groups.gap == 1 && (c == ' ' || c == '-');
                }
            }
            if (!kind || c == '_' || c == '+' || c == '/') {
                const Py_UCS4 next = i + 1 < size ? PyUnicode_READ(form, data, i + 1) : 0;
                const Py_UCS4 before = i ? PyUnicode_READ(form, data, i - 1) : 0;
                if (c == '\\') flags |= ESCAPE;
                else if (c == '%' && (is_hex(next) || next == 'u')) flags |= PERCENT;
                else if (c == '&' && (is_letter(next) || next == '#')) flags |= ENTITY;
                else if (c == '+' && is_digit(before) && is_digit(next)) flags |= PLUS;
                else if (c == '_' && is_letter(before) && is_digit(next)) flags |= UNDER;
            }
            if (PAIR_ENDS >> (hexed & 31) & 1)
                for (size_t n = 0; n < COUNT(PAIRS); n++)
                    if ((hexed & pair_mask[n]) == pair_value[n]) flags |= PAIRED;
        }
        if ((blanks & spelled_mask) == spelled_value) flags |= SPELLED;
        /* Looked at once, where it became long enough; the last step added three at most. */
        if (english >= ENGLISH_LETTERS && english < ENGLISH_LETTERS + 3 && !(flags & SAID)) {
            if (says_around(&english_tongue, form, data, size, i)) flags |= SAID;
            english = ENGLISH_LETTERS + 3;
        }
        if (pinyin >= PINYIN_LETTERS && pinyin < PINYIN_LETTERS + 3 && !(flags & SAID)) {
            if (says_around(&pinyin_tongue, form, data, size, i)) flags |= SAID;
            pinyin = PINYIN_LETTERS + 3;
        }
    }
    if (digits >= FEW_DIGITS) flags |= DIGITS;
    if (digits <= FEW_DIGITS) flags &= ~PAIRED;
    return flags;
}

static PyObject *glance(PyObject *self, PyObject *text) {
    (void)self;
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "a text expected");
        return NULL;
    }
    /* Called with constants, so that each width of characters has a loop of its own. */
    const void *data = PyUnicode_DATA(text);
    const Py_ssize_t size = PyUnicode_GET_LENGTH(text);
    switch (PyUnicode_KIND(text)) {
    case PyUnicode_1BYTE_KIND: return PyLong_FromLong(seen_in(PyUnicode_1BYTE_KIND, data, size));
    case PyUnicode_2BYTE_KIND: return PyLong_FromLong(seen_in(PyUnicode_2BYTE_KIND, data, size));
    default: return PyLong_FromLong(seen_in(PyUnicode_4BYTE_KIND, data, size));
    }
}

/* ---- seams: where a value may go on behind a line's end, a tag, a comment, a joint of two strings ---- */

static int is_seam(Py_UCS4 c, Py_UCS4 next) {
    switch (c) {
    case '\n': case '<': case '"': case '\'': case '`': return 1;
    case '/': case '*': return next == '*';
    default: return 0;
    }
}

/* Whether a value may end before `at`: blanks left out, a digit within four characters or a mail address's sign in 28. */
static int may_go_on(int form, const void *data, Py_ssize_t at, int anyhow) {
    const Py_ssize_t floor = at > 8 ? at - 8 : 0;
    while (at > floor) {
        const Py_UCS4 c = PyUnicode_READ(form, data, at - 1);
        if (c != ' ' && c != '\t' && c != '\r' && c != '\\' && c != '-' && c != '=') break;
        at--;
    }
    if (!at) return 0;
    const Py_UCS4 last = PyUnicode_READ(form, data, at - 1);
    if (last != '@' && last != '.' && last != '_' && !Py_UNICODE_ISALNUM(last)) return 0;
    if (anyhow) return 1;
    for (Py_ssize_t i = at - 1; i >= 0 && i >= at - 4; i--)
        if (Py_UNICODE_ISDIGIT(PyUnicode_READ(form, data, i))) return 1;
    for (Py_ssize_t i = at - 1; i >= 0 && i >= at - 28; i--)
        if (PyUnicode_READ(form, data, i) == '@') return 1;
    return 0;
}

static PyObject *signs(PyObject *self, PyObject *text) {
    (void)self;
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "a text expected");
        return NULL;
    }
    const int form = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    const Py_ssize_t size = PyUnicode_GET_LENGTH(text);
    PyObject *found = PyList_New(0);
    if (found == NULL) return NULL;
    int anyhow = 0; /* an address whose sign begins what follows a seam: then every value may go on */
    for (Py_ssize_t i = 1; i < size && !anyhow; i++)
        anyhow = PyUnicode_READ(form, data, i) == '@' && !Py_UNICODE_ISALNUM(PyUnicode_READ(form, data, i - 1));
    for (Py_ssize_t i = 0; i < size; i++) {
        const Py_UCS4 c = PyUnicode_READ(form, data, i);
        if (c > '`' || !is_seam(c, i + 1 < size ? PyUnicode_READ(form, data, i + 1) : 0)) continue;
        if (!may_go_on(form, data, i, anyhow)) continue;
        PyObject *place = PyLong_FromSsize_t(i);
        if (place == NULL || PyList_Append(found, place) < 0) {
            Py_XDECREF(place);
            Py_DECREF(found);
            return NULL;
        }
        Py_DECREF(place);
    }
    return found;
}

static PyMethodDef methods[] = {
    {"glance", glance, METH_O, "glance(text) -> flags: what the text may hold."},
    {"signs", signs, METH_O, "signs(text) -> [place, ...]: signs over which a value may go on."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_glance", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__glance(void) {
    prepare();
    return PyModule_Create(&definition);
}
