/* The marks of a text's fingerprint: words and characters to grams, the smallest of each window to keyed hashes, in one pass.
 *
 * With it come tables of what its characters are and what they fold to. The Python implementation beside it
 * (watermark/fingerprint.py, watermark/characters.py) says what each step means, and is its oracle in the tests. All
 * arithmetic is modulo 2**64.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>

#include "blake_lanes.h"

enum { SEPARATOR, WORD, CHARACTER, INVISIBLE };
#define TABLE_END 0x20000
#define PLANE 0x10000
#define SEVERAL 0x80000000u
#define MOST 16 /* of a gram's length and of a window */

typedef struct { uint64_t base, step, salt; } Secret;
typedef struct { uint64_t *items; size_t used; } Hashes;

static uint64_t mixed(uint64_t value) {
    value = (value ^ value >> 33) * 0xFF51AFD7ED558CCDu;
    value = (value ^ value >> 33) * 0xC4CEB9FE1A85EC53u;
    return value ^ value >> 33;
}

static int kind_of(const uint8_t *table, uint32_t point) {
    if (point < TABLE_END) return table[point];
    if (point >= 0x20000 && point < 0x40000) return CHARACTER;
    return point >= 0xE0000 && point < 0xE0200 ? INVISIBLE : SEPARATOR;
}

/* What characters of the first plane fold to, see watermark/characters.py. Without a table a text comes folded. */
typedef struct { const uint32_t *folds; const uint16_t *several; size_t room; /* of `several` */ } Folding;
enum { NOT_ALONE = -1, BROKEN = -2 };

/* Beyond the first plane: pictographs, Han, tags and selectors fold to themselves. Of others nothing is said here. */
static int folds_to_itself(uint32_t point) {
    return (point >= 0x1F300 && point < 0x1FB00) || (point >= 0x20000 && point < 0x2F800) || (point >= 0xE0000 && point < 0xE01F0);
}

/* How many characters the text folds to; NOT_ALONE where that takes more than each of them, BROKEN for a table that is none. */
static Py_ssize_t folded_size(PyObject *text, const Folding *folding) {
    const int form = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    const Py_ssize_t size = PyUnicode_GET_LENGTH(text);
    if (folding->folds == NULL) return size;
    Py_ssize_t folded = 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        const uint32_t point = PyUnicode_READ(form, data, i);
        if (point >= PLANE) {
            if (!folds_to_itself(point)) return NOT_ALONE;
            folded++;
            continue;
        }
        const uint32_t fold = folding->folds[point];
        if (!fold) return NOT_ALONE;
        if (fold & SEVERAL && (fold >> 8 & 0x7FFFFF) + (fold & 0xFF) > folding->room) return BROKEN;
        folded += fold & SEVERAL ? (Py_ssize_t)(fold & 0xFF) : 1;
    }
    return folded;
}

typedef struct { uint64_t sum, power, length; } Word;

static inline void read_character(uint32_t point, const uint8_t *table, const Secret *secret, Word *word, Hashes *words, Hashes *characters) {
    const int kind = kind_of(table, point);
    if (kind == INVISIBLE) return;
    const uint64_t value = mixed(point ^ secret->salt);
    if (kind == WORD) {
        word->sum += value * word->power;
        word->power *= secret->base;
        word->length++;
        return;
    }
    if (word->length) words->items[words->used++] = mixed(word->sum + word->length);
    *word = (Word){0, 1, 0};
    if (kind == CHARACTER) characters->items[characters->used++] = value;
}

/* One hash for each word, and one for each character of a script without spaces. */
static void read_text(PyObject *text, const uint8_t *table, const Folding *folding, const Secret *secret, Hashes *words, Hashes *characters) {
    const int form = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    const Py_ssize_t size = PyUnicode_GET_LENGTH(text);
    Word word = {0, 1, 0};
    for (Py_ssize_t i = 0; i < size; i++) {
        uint32_t point = PyUnicode_READ(form, data, i);
        if (folding->folds != NULL && point < PLANE) point = folding->folds[point];
        if (!(point & SEVERAL)) {
            if (point >= 0xD800 && point < 0xE000) point = '?'; /* a lone surrogate, as encoding replaces it */
            read_character(point, table, secret, &word, words, characters);
            continue;
        }
        const uint16_t *several = folding->several + (point >> 8 & 0x7FFFFF);
        for (uint32_t j = 0; j < (point & 0xFF); j++) read_character(several[j], table, secret, &word, words, characters);
    }
    if (word.length) words->items[words->used++] = mixed(word.sum + word.length);
}

/* A hash for each `length` tokens in a row, in place of the tokens. */
static void to_grams(Hashes *tokens, size_t length, uint64_t step) {
    uint64_t power[MOST];
    power[0] = 1;
    for (size_t i = 1; i < length; i++) power[i] = power[i - 1] * step;
    const size_t count = tokens->used < length ? 0 : tokens->used - length + 1;
    for (size_t at = 0; at < count; at++) {
        uint64_t total = 0;
        for (size_t i = 0; i < length; i++) total += tokens->items[at + i] * power[i];
        tokens->items[at] = mixed(total);
    }
    tokens->used = count;
}

/* The smallest of every window, once for neighbours that share it, in place; of fewer hashes than a window the smallest. */
static void to_minima(Hashes *hashes, size_t window) {
    if (!hashes->used) return;
    const size_t wide = hashes->used <= window ? hashes->used : window, count = hashes->used - wide + 1;
    uint64_t last = 0;
    size_t kept = 0;
    for (size_t at = 0; at < count; at++) {
        uint64_t least = hashes->items[at];
        for (size_t i = 1; i < wide; i++) least = hashes->items[at + i] < least ? hashes->items[at + i] : least;
        if (!kept || least != last) hashes->items[kept++] = last = least;
    }
    hashes->used = kept;
}

static int by_value(const void *a, const void *b) {
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

/* Keyed hashes of the chosen ones in place, sorted, each once. `begun` has the key. */
static size_t to_marks(Hashes *words, const Hashes *characters, const Blake2b *begun) {
    uint64_t *out = words->items;
    memcpy(out + words->used, characters->items, characters->used * sizeof *out);
    blake2b_numbers(begun, 'w', out, words->used);
    blake2b_numbers(begun, 'c', out + words->used, characters->used);
    const size_t count = words->used + characters->used;
    qsort(out, count, sizeof *out, by_value);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!kept || out[i] != out[kept - 1]) out[kept++] = out[i];
    return kept;
}

/* Whether each character of the text is marked in a table of the first plane, or folds to itself and is no selector beyond it. */
static PyObject *plain(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *text;
    Py_buffer table;
    if (!PyArg_ParseTuple(args, "Uy*", &text, &table)) return NULL;
    if (table.len != PLANE) {
        PyBuffer_Release(&table);
        PyErr_SetString(PyExc_ValueError, "a table that no text has");
        return NULL;
    }
    const int form = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    const uint8_t *marked = table.buf;
    int every = 1;
    for (Py_ssize_t i = 0; every && i < PyUnicode_GET_LENGTH(text); i++) {
        const uint32_t point = PyUnicode_READ(form, data, i);
        every = point < PLANE ? marked[point] : point < 0xE0000 && folds_to_itself(point);
    }
    PyBuffer_Release(&table);
    return PyBool_FromLong(every);
}

static PyObject *marks(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *text, *result = NULL;
    Py_buffer table, folds, several, key, secret;
    int sizes[4]; /* words in a gram, of a window; the same of characters */
    if (!PyArg_ParseTuple(args, "Uy*y*y*y*y*iiii", &text, &table, &folds, &several, &key, &secret, &sizes[0], &sizes[1], &sizes[2],
                          &sizes[3]))
        return NULL;
    int fits = table.len == TABLE_END && secret.len == 32 && key.len >= 1 && key.len <= 64;
    fits = fits && (!folds.len || folds.len == PLANE * (Py_ssize_t)sizeof(uint32_t));
    for (int i = 0; i < 4; i++) fits = fits && sizes[i] >= 1 && sizes[i] <= MOST;
    const Folding folding = {fits && folds.len ? folds.buf : NULL, several.buf, (size_t)several.len / sizeof(uint16_t)};
    const Py_ssize_t folded = fits ? folded_size(text, &folding) : 0;
    fits = fits && folded != BROKEN;
    const size_t room = folded < 0 ? 1 : (size_t)folded + 1;
    /* The marks of both take the place of the words', hence room for two. */
    Hashes words = {fits ? malloc(2 * room * sizeof(uint64_t)) : NULL, 0};
    Hashes characters = {fits ? malloc(room * sizeof(uint64_t)) : NULL, 0};
    if (!fits) {
        PyErr_SetString(PyExc_ValueError, "a table, key or size that no fingerprint has");
        goto done;
    }
    if (words.items == NULL || characters.items == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    if (folded < 0) {
        result = Py_NewRef(Py_None);
        goto done;
    }
    size_t count;
    Py_BEGIN_ALLOW_THREADS
    uint64_t part[4];
    memcpy(part, secret.buf, sizeof part);
    const Secret numbers = {part[0] | 1, part[1] | 1, part[2]};
    read_text(text, table.buf, &folding, &numbers, &words, &characters);
    to_grams(&words, (size_t)sizes[0], numbers.step);
    to_grams(&characters, (size_t)sizes[2], numbers.step);
    to_minima(&words, (size_t)sizes[1]);
    to_minima(&characters, (size_t)sizes[3]);
    Blake2b begun;
    blake2b_start(&begun, key.buf, (size_t)key.len, 8);
    begun.state[4] ^= part[3]; /* the salt: before the key's block is mixed in */
    blake2b_flush(&begun);
    count = to_marks(&words, &characters, &begun);
    Py_END_ALLOW_THREADS
    result = PyBytes_FromStringAndSize((const char *)words.items, (Py_ssize_t)(count * sizeof(uint64_t)));
done:
    free(words.items);
    free(characters.items);
    PyBuffer_Release(&table);
    PyBuffer_Release(&folds);
    PyBuffer_Release(&several);
    PyBuffer_Release(&key);
    PyBuffer_Release(&secret);
    return result;
}

static PyMethodDef methods[] = {
    {"marks", marks, METH_VARARGS,
     "marks(text, kinds, folds, several, key, secret, words, word_window, characters, character_window) -> sorted marks as bytes,\n"
     "or None where folding takes more than a look at each character. Without `folds` the text comes folded."},
    {"plain", plain, METH_VARARGS, "plain(text, table) -> whether all its characters are marked in the table."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_fingerprint", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__fingerprint(void) {
    const uint16_t one = 1;
    if (*(const uint8_t *)&one != 1) {
        PyErr_SetString(PyExc_ImportError, "built for little-endian machines");
        return NULL;
    }
    return PyModule_Create(&definition);
}
