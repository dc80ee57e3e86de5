/* One pass over a JSON text: what two readers could understand differently, and where its members stand.
 *
 * The text has been read by a JSON parser before: this pass finds what that parser cannot say (duplicate keys, lost
 * digits, byte ranges). It stays inside the buffer for any bytes whatsoever and answers ValueError when they are no JSON
 * object. The Python implementation beside it (gateway/protocols/scanning.py) is its oracle in the tests.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { DUPLICATE = 1, ESCAPED_KEY = 2, LONG_NUMBER = 4, NUL = 8, TOO_DEEP = 16, TOO_MANY = 32 };

#define MOST_DEPTH 512
#define EXACT_DIGITS 15  /* a number of so many characters is the same as a float */
#define EXACT_INTEGER 18 /* and one without fraction or exponent as an int of 64 bits */
#define FEW_KEYS 12

typedef struct { uint32_t hash; const unsigned char *text; Py_ssize_t length; } Key;
typedef struct { Py_ssize_t first; int object; int wants_key; } Frame;
typedef struct { Key *items; Py_ssize_t used, room; } Keys;

/* The quote that ends the string whose content begins at `at`; -1 when none does. Says whether it holds escapes, NUL. */
static Py_ssize_t string_end(const unsigned char *text, Py_ssize_t size, Py_ssize_t at, int *escaped, int *nul) {
    while (at < size) {
#ifdef __SSE2__
        const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
        while (at + 16 <= size) {
            __m128i block = _mm_loadu_si128((const __m128i *)(text + at));
            int hits = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, slash)));
            if (hits) {
                at += __builtin_ctz((unsigned)hits);
                break;
            }
            at += 16;
        }
        if (at >= size) return -1;
#endif
        if (text[at] == '"') return at;
        if (text[at] == '\\') {
            *escaped = 1;
            if (at + 5 < size && memcmp(text + at + 1, "u0000", 5) == 0) *nul = 1;
            at += 2;
        } else {
            at++;
        }
    }
    return -1;
}

static uint32_t hash_of(const unsigned char *text, Py_ssize_t length) {
    uint32_t hash = 2166136261u;
    for (Py_ssize_t i = 0; i < length; i++) hash = (hash ^ text[i]) * 16777619u;
    return hash;
}

static int push(Keys *keys, Key key) {
    if (keys->used == keys->room) {
        Py_ssize_t room = keys->room ? keys->room * 2 : 64;
        Key *items = realloc(keys->items, (size_t)room * sizeof(Key));
        if (items == NULL) return -1;
        keys->items = items;
        keys->room = room;
    }
    keys->items[keys->used++] = key;
    return 0;
}

/* A total order: keys of one hash, which a caller can make at will, cost no more than others. */
static int by_key(const void *a, const void *b) {
    const Key *left = a, *right = b;
    if (left->hash != right->hash) return left->hash < right->hash ? -1 : 1;
    if (left->length != right->length) return left->length < right->length ? -1 : 1;
    return memcmp(left->text, right->text, (size_t)left->length);
}

static int has_equal(Key *keys, Py_ssize_t count) {
    if (count > FEW_KEYS) {
        qsort(keys, (size_t)count, sizeof(Key), by_key);
        for (Py_ssize_t i = 1; i < count; i++)
            if (by_key(&keys[i - 1], &keys[i]) == 0) return 1;
        return 0;
    }
    for (Py_ssize_t i = 0; i < count; i++)
        for (Py_ssize_t j = i + 1; j < count; j++)
            if (by_key(&keys[i], &keys[j]) == 0) return 1;
    return 0;
}

static int in_number(unsigned char c) { return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'; }

static int blank(unsigned char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* The flags of a text, or -1 for bytes that are no JSON, -2 for no memory. */
static int examine(const unsigned char *text, Py_ssize_t size, int depth_limit, Py_ssize_t most, Keys *keys) {
    Frame frames[MOST_DEPTH + 1];
    int depth = 0, flags = 0;
    Py_ssize_t values = 0;
    for (Py_ssize_t at = 0; at < size;) {
        unsigned char c = text[at];
        if (c == '"') {
            int escaped = 0, nul = 0;
            Py_ssize_t end = string_end(text, size, at + 1, &escaped, &nul);
            if (end < 0) return -1;
            if (nul) flags |= NUL;
            if (depth && frames[depth - 1].object && frames[depth - 1].wants_key) {
                frames[depth - 1].wants_key = 0;
                if (escaped) flags |= ESCAPED_KEY;
                Key key = {hash_of(text + at + 1, end - at - 1), text + at + 1, end - at - 1};
                if (push(keys, key) < 0) return -2;
            }
            at = end + 1;
        } else if (c == '{' || c == '[') {
            if (depth >= depth_limit) return flags | TOO_DEEP;
            frames[depth].first = keys->used;
            frames[depth].object = c == '{';
            frames[depth++].wants_key = c == '{';
            at++;
            while (at < size && blank(text[at])) at++;
            if (at < size && text[at] != '}' && text[at] != ']') values++;
        } else if (c == '}' || c == ']') {
            if (!depth) return -1;
            Frame *frame = &frames[--depth];
            if (frame->object && has_equal(keys->items + frame->first, keys->used - frame->first)) flags |= DUPLICATE;
            keys->used = frame->first;
            at++;
        } else if (c == ',') {
            if (!depth) return -1;
            frames[depth - 1].wants_key = frames[depth - 1].object;
            values++;
            at++;
        } else if (in_number(c) && !(c == 'e' || c == 'E')) {
            Py_ssize_t start = at;
            int whole = 1;
            for (; at < size && in_number(text[at]); at++)
                if (text[at] == '.' || text[at] == 'e' || text[at] == 'E') whole = 0;
            if (at - start > (whole ? EXACT_INTEGER : EXACT_DIGITS)) flags |= LONG_NUMBER;
        } else {
            at++;
        }
        if (values > most) return flags | TOO_MANY;
    }
    return depth ? -1 : flags;
}

static PyObject *check(PyObject *self, PyObject *args) {
    (void)self;
    Py_buffer body;
    int depth;
    Py_ssize_t most;
    if (!PyArg_ParseTuple(args, "y*in", &body, &depth, &most)) return NULL;
    if (depth < 1 || depth > MOST_DEPTH) {
        PyBuffer_Release(&body);
        PyErr_SetString(PyExc_ValueError, "depth out of range");
        return NULL;
    }
    Keys keys = {NULL, 0, 0};
    int flags;
    Py_BEGIN_ALLOW_THREADS /* nobody writes bytes; a hostile text of many keys takes long */
    flags = examine(body.buf, body.len, depth, most, &keys);
    Py_END_ALLOW_THREADS
    free(keys.items);
    PyBuffer_Release(&body);
    if (flags == -2) return PyErr_NoMemory();
    if (flags < 0) {
        PyErr_SetString(PyExc_ValueError, "not JSON");
        return NULL;
    }
    return PyLong_FromLong(flags);
}

/* Objects, arrays and members of a text, or `most` + 1 once there are more: what a parser makes an object of each for. */
static Py_ssize_t count_nodes(const unsigned char *text, Py_ssize_t size, Py_ssize_t most) {
    Py_ssize_t found = 0;
    for (Py_ssize_t at = 0; at < size && found <= most;) {
        unsigned char c = text[at++];
        if (c == '"') {
            int escaped = 0, nul = 0;
            Py_ssize_t end = string_end(text, size, at, &escaped, &nul);
            if (end < 0) break;
            at = end + 1;
        } else if (c == '{' || c == '[' || c == ':') {
            found++;
        }
    }
    return found;
}

static PyObject *nodes(PyObject *self, PyObject *args) {
    (void)self;
    Py_buffer body;
    Py_ssize_t most, found;
    if (!PyArg_ParseTuple(args, "y*n", &body, &most)) return NULL;
    Py_BEGIN_ALLOW_THREADS
    found = count_nodes(body.buf, body.len, most);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&body);
    return PyLong_FromSsize_t(found);
}

/* Where the value that begins at or after `at` ends; `*start` gets its first byte. -1 for bytes that are no JSON. */
static Py_ssize_t value_end(const unsigned char *text, Py_ssize_t size, Py_ssize_t at, Py_ssize_t *start) {
    int escaped = 0, nul = 0;
    while (at < size && blank(text[at])) at++;
    if (at >= size) return -1;
    *start = at;
    if (text[at] == '"') {
        Py_ssize_t end = string_end(text, size, at + 1, &escaped, &nul);
        return end < 0 ? -1 : end + 1;
    }
    if (text[at] != '{' && text[at] != '[') {
        while (at < size && text[at] != ',' && text[at] != '}' && text[at] != ']' && !blank(text[at])) at++;
        return at == *start ? -1 : at;
    }
    Py_ssize_t depth = 0;
    while (at < size) {
        unsigned char c = text[at];
        if (c == '"') {
            Py_ssize_t end = string_end(text, size, at + 1, &escaped, &nul);
            if (end < 0) return -1;
            at = end + 1;
            continue;
        }
        at++;
        if (c == '{' || c == '[') depth++;
        else if (c == '}' || c == ']') {
            if (--depth == 0) return at;
        }
    }
    return -1;
}

/* The items of the array at start..end as a list of (start, end). */
static PyObject *items_of(const unsigned char *text, Py_ssize_t start, Py_ssize_t end) {
    PyObject *items = PyList_New(0);
    if (items == NULL) return NULL;
    Py_ssize_t at = start + 1, last = end - 1;
    while (at < last && blank(text[at])) at++;
    while (at < last) {
        Py_ssize_t first;
        Py_ssize_t stop = value_end(text, last, at, &first);
        if (stop < 0) {
            Py_DECREF(items);
            PyErr_SetString(PyExc_ValueError, "not JSON");
            return NULL;
        }
        PyObject *pair = Py_BuildValue("(nn)", first, stop);
        if (pair == NULL || PyList_Append(items, pair) < 0) {
            Py_XDECREF(pair);
            Py_DECREF(items);
            return NULL;
        }
        Py_DECREF(pair);
        at = stop;
        while (at < last && (blank(text[at]) || text[at] == ',')) at++;
    }
    return items;
}

static PyObject *members(PyObject *self, PyObject *argument) {
    (void)self;
    Py_buffer body;
    if (PyObject_GetBuffer(argument, &body, PyBUF_SIMPLE) < 0) return NULL;
    const unsigned char *text = body.buf;
    Py_ssize_t size = body.len, at = 0;
    PyObject *found = PyList_New(0);
    if (found == NULL) goto done;
    while (at < size && blank(text[at])) at++;
    if (at >= size || text[at] != '{') goto bad;
    at++;
    for (;;) {
        int escaped = 0, nul = 0;
        while (at < size && (blank(text[at]) || text[at] == ',')) at++;
        if (at < size && text[at] == '}') break;
        if (at >= size || text[at] != '"') goto bad;
        Py_ssize_t key = at, key_end = string_end(text, size, at + 1, &escaped, &nul);
        if (key_end < 0) goto bad;
        at = key_end + 1;
        while (at < size && blank(text[at])) at++;
        if (at >= size || text[at] != ':') goto bad;
        Py_ssize_t start, end = value_end(text, size, at + 1, &start);
        if (end < 0) goto bad;
        PyObject *items = text[start] == '[' ? items_of(text, start, end) : Py_NewRef(Py_None);
        if (items == NULL) goto failed;
        PyObject *row = Py_BuildValue("(nnnnN)", key, key_end + 1, start, end, items);
        if (row == NULL || PyList_Append(found, row) < 0) {
            Py_XDECREF(row);
            goto failed;
        }
        Py_DECREF(row);
        at = end;
    }
    goto done;
bad:
    PyErr_SetString(PyExc_ValueError, "not a JSON object");
failed:
    Py_CLEAR(found);
done:
    PyBuffer_Release(&body);
    return found;
}

static PyMethodDef methods[] = {
    {"check", check, METH_VARARGS, "check(body, depth, most) -> flags: what a JSON object of these bytes holds."},
    {"nodes", nodes, METH_VARARGS, "nodes(body, most) -> how many objects, arrays and members these bytes have, most + 1 for more."},
    {"members", members, METH_O, "members(body) -> [(key, key_end, start, end, [(start, end), ...] | None), ...]."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_scan", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__scan(void) { return PyModule_Create(&definition); }
