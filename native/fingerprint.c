/* The marks of a text's fingerprint: words and characters to grams, the smallest of each window to keyed hashes, in one pass.
 *
 * The text comes folded, with a table of what its characters are. The Python implementation beside it
 * (watermark/fingerprint.py) says what each step means, and is its oracle in the tests. All arithmetic is modulo 2**64.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>

#include "blake2b.h"

enum { SEPARATOR, WORD, CHARACTER, INVISIBLE };
#define TABLE_END 0x20000
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

/* One hash for each word, and one for each character of a script without spaces. */
static void read_text(PyObject *text, const uint8_t *table, const Secret *secret, Hashes *words, Hashes *characters) {
    const int form = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    const Py_ssize_t size = PyUnicode_GET_LENGTH(text);
    uint64_t sum = 0, power = 1, length = 0;
    for (Py_ssize_t i = 0; i <= size; i++) {
        uint32_t point = i < size ? PyUnicode_READ(form, data, i) : ' ';
        if (point >= 0xD800 && point < 0xE000) point = '?'; /* a lone surrogate, as encoding replaces it */
        const int kind = i < size ? kind_of(table, point) : SEPARATOR;
        if (kind == INVISIBLE) continue;
        const uint64_t value = mixed(point ^ secret->salt);
        if (kind == WORD) {
            sum += value * power;
            power *= secret->base;
            length++;
            continue;
        }
        if (length) words->items[words->used++] = mixed(sum + length);
        sum = length = 0, power = 1;
        if (kind == CHARACTER) characters->items[characters->used++] = value;
    }
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
    for (size_t i = 0; i < words->used + characters->used; i++) {
        const int of_words = i < words->used;
        uint8_t message[9] = {of_words ? 'w' : 'c'};
        memcpy(message + 1, of_words ? &words->items[i] : &characters->items[i - words->used], 8);
        Blake2b blake;
        blake2b_again(&blake, begun);
        blake2b_add(&blake, message, 9);
        blake2b_end(&blake, (uint8_t *)&out[i]);
    }
    const size_t count = words->used + characters->used;
    qsort(out, count, sizeof *out, by_value);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!kept || out[i] != out[kept - 1]) out[kept++] = out[i];
    return kept;
}

static PyObject *marks(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *text, *result = NULL;
    Py_buffer table, key, secret;
    int sizes[4]; /* words in a gram, of a window; the same of characters */
    if (!PyArg_ParseTuple(args, "Uy*y*y*iiii", &text, &table, &key, &secret, &sizes[0], &sizes[1], &sizes[2], &sizes[3]))
        return NULL;
    int fits = table.len == TABLE_END && secret.len == 32 && key.len >= 1 && key.len <= 64;
    for (int i = 0; i < 4; i++) fits = fits && sizes[i] >= 1 && sizes[i] <= MOST;
    const size_t room = (size_t)PyUnicode_GET_LENGTH(text) + 1;
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
    size_t count;
    Py_BEGIN_ALLOW_THREADS
    uint64_t part[4];
    memcpy(part, secret.buf, sizeof part);
    const Secret numbers = {part[0] | 1, part[1] | 1, part[2]};
    read_text(text, table.buf, &numbers, &words, &characters);
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
    PyBuffer_Release(&key);
    PyBuffer_Release(&secret);
    return result;
}

static PyMethodDef methods[] = {
    {"marks", marks, METH_VARARGS,
     "marks(folded, table, key, secret, words, word_window, characters, character_window) -> sorted marks as bytes."},
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
