/* How random a value is, and whether it only shows where one would stand: what each candidate for a secret is asked.
 *
 * The Python implementation beside it (gateway/inspection/entropy_python.py) says what each function means, and is its oracle
 * in the tests.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int is_text(PyObject *value) {
    if (PyUnicode_Check(value)) return 1;
    PyErr_SetString(PyExc_TypeError, "a text expected");
    return 0;
}

/* None: the caller's Python code answers, for letters beyond Latin-1. */
static PyObject *shannon(PyObject *self, PyObject *value) {
    (void)self;
    if (!is_text(value)) return NULL;
    if (PyUnicode_KIND(value) != PyUnicode_1BYTE_KIND) Py_RETURN_NONE;
    const uint8_t *data = PyUnicode_1BYTE_DATA(value);
    const Py_ssize_t size = PyUnicode_GET_LENGTH(value);
    Py_ssize_t counts[256] = {0};
    uint8_t order[256];
    int kinds = 0;
    for (Py_ssize_t i = 0; i < size; i++)
        if (!counts[data[i]]++) order[kinds++] = data[i];
    double sum = 0;
    for (int i = 0; i < kinds; i++) {
        const double share = (double)counts[order[i]] / (double)size;
        sum += share * log2(share);
    }
    return PyFloat_FromDouble(-sum);
}

static PyObject *changes(PyObject *self, PyObject *value) {
    (void)self;
    if (!is_text(value)) return NULL;
    if (!PyUnicode_IS_ASCII(value)) Py_RETURN_NONE;
    const uint8_t *data = PyUnicode_1BYTE_DATA(value);
    const Py_ssize_t size = PyUnicode_GET_LENGTH(value);
    Py_ssize_t signs = 0, changed = 0;
    int before = 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        const uint8_t c = data[i];
        const int kind = c >= 'a' && c <= 'z' ? 1 : c >= 'A' && c <= 'Z' ? 2 : c >= '0' && c <= '9' ? 3 : 0;
        if (!kind) continue;
        changed += signs && kind != before;
        before = kind;
        signs++;
    }
    return PyFloat_FromDouble((double)changed / (double)(signs > 2 ? signs - 1 : 1));
}

static const char *const SAID[] = {"xxxx", "***", "...", "${", "{{", "%(", "your", "example", "placeholder", "changeme",
                                   "change_me", "change-me", "redacted", "dummy", "insert_", "insert-", "replace_", "replace-",
                                   "sample", "00000000", "11111111", "abcdefgh", "12345678901"};
static const char *const BESIDE[] = {"<", "_here", "foo", "bar", "null", "none", "undefined"};

static uint8_t small(uint8_t c) { return c >= 'A' && c <= 'Z' ? c | 32 : c; }

static int stands_at(const uint8_t *data, Py_ssize_t left, const char *word) {
    const int same = word == SAID[0]; /* crosses of both cases may stand in what was drawn at random */
    for (Py_ssize_t i = 1; word[i]; i++)
        if (i >= left || small(data[i]) != (uint8_t)word[i] || (same && data[i] != data[0])) return 0;
    return 1;
}

/* Of each letter the words that begin with it: those that say enough, then those that do not; numbers from 1, 0 ends. */
#define MOST 6
static uint8_t begins[128][MOST];

static void learn(const char *const *words, size_t count, size_t first) {
    for (size_t i = 0; i < count; i++) {
        uint8_t *numbers = begins[(unsigned char)words[i][0]];
        while (*numbers) numbers++;
        *numbers = (uint8_t)(first + i + 1);
    }
}

/* True or False; None where the whole expression has to say. */
static PyObject *stands_for(PyObject *self, PyObject *value) {
    (void)self;
    if (!is_text(value)) return NULL;
    if (!PyUnicode_IS_ASCII(value)) Py_RETURN_NONE;
    const uint8_t *data = PyUnicode_1BYTE_DATA(value);
    const Py_ssize_t size = PyUnicode_GET_LENGTH(value);
    int beside = 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        for (const uint8_t *number = begins[small(data[i])]; *number; number++) {
            const size_t n = *number - 1u;
            if (!stands_at(data + i, size - i, n < COUNT(SAID) ? SAID[n] : BESIDE[n - COUNT(SAID)])) continue;
            if (n < COUNT(SAID)) Py_RETURN_TRUE;
            beside = 1;
        }
    }
    if (beside) Py_RETURN_NONE;
    Py_RETURN_FALSE;
}

static int repeated(int form, const void *data, Py_ssize_t from, Py_ssize_t size, Py_ssize_t period) {
    for (Py_ssize_t i = from; i + period < size; i++)
        if (PyUnicode_READ(form, data, i) != PyUnicode_READ(form, data, i + period)) return 0;
    return 1;
}

static Py_ssize_t letters(int form, const void *data, Py_ssize_t from, Py_ssize_t size, Py_ssize_t most) {
    Py_UCS4 seen[8];
    Py_ssize_t count = 0;
    for (Py_ssize_t i = from; i < size && count <= most; i++) {
        const Py_UCS4 c = PyUnicode_READ(form, data, i);
        Py_ssize_t n = 0;
        while (n < count && seen[n] != c) n++;
        if (n == count) seen[count++] = c;
    }
    return count;
}

static PyObject *repeats(PyObject *self, PyObject *value) {
    (void)self;
    if (!is_text(value)) return NULL;
    const int form = PyUnicode_KIND(value);
    const void *data = PyUnicode_DATA(value);
    const Py_ssize_t size = PyUnicode_GET_LENGTH(value), body = size > 24 ? size - 24 : 0;
    if (size >= 16)
        for (Py_ssize_t period = 1; period <= 8; period *= 2)
            if (repeated(form, data, size - 16, size, period)) Py_RETURN_TRUE;
    if (size >= 20 && repeated(form, data, size - 15, size, 3)) Py_RETURN_TRUE;
    if (size < 12) return PyBool_FromLong(letters(form, data, 0, size, 2) <= 2);
    if (letters(form, data, body, size, 4) <= 4) Py_RETURN_TRUE;
    Py_ssize_t same = 0;
    for (Py_ssize_t i = body; i < size; i++) {
        same = i > body && PyUnicode_READ(form, data, i) == PyUnicode_READ(form, data, i - 1) ? same + 1 : 1;
        if (same == 8) Py_RETURN_TRUE;
    }
    Py_RETURN_FALSE;
}

static int is_small(Py_UCS4 c) { return c >= 'a' && c <= 'z'; }
static int is_capital(Py_UCS4 c) { return c >= 'A' && c <= 'Z'; }

/* (digits, letters, characters in words): a word is four small letters or more, one capital before them, or five capitals. */
static PyObject *counts(PyObject *self, PyObject *value) {
    (void)self;
    if (!is_text(value)) return NULL;
    const int form = PyUnicode_KIND(value);
    const void *data = PyUnicode_DATA(value);
    const Py_ssize_t size = PyUnicode_GET_LENGTH(value);
    Py_ssize_t digits = 0, letters = 0, in_words = 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        const Py_UCS4 c = PyUnicode_READ(form, data, i);
        digits += Py_UNICODE_ISDIGIT(c) != 0;
        letters += Py_UNICODE_ISALPHA(c) != 0;
    }
    for (Py_ssize_t i = 0; i < size;) {
        Py_ssize_t behind = i;
        while (behind < size && is_capital(PyUnicode_READ(form, data, behind))) behind++;
        const Py_ssize_t capitals = behind - i;
        if (capitals >= 5) { /* whole, also where small letters follow */
            in_words += capitals;
            i = behind;
            continue;
        }
        Py_ssize_t end = behind;
        while (end < size && is_small(PyUnicode_READ(form, data, end))) end++;
        if (end - behind >= 4) in_words += end - behind + (capitals > 0);
        i = end > i ? end : i + 1;
    }
    return Py_BuildValue("nnn", digits, letters, in_words);
}

static PyMethodDef methods[] = {
    {"counts", counts, METH_O, "counts(value) -> (digits, letters, characters in words)."},
    {"shannon", shannon, METH_O, "shannon(value) -> bits per character, or None for letters beyond Latin-1."},
    {"changes", changes, METH_O, "changes(value) -> share of changes between kinds of letters, or None beyond ASCII."},
    {"stands_for", stands_for, METH_O, "stands_for(value) -> whether it is a placeholder by its words, or None where they do not tell."},
    {"repeats", repeats, METH_O, "repeats(value) -> whether it says the same over and over."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_entropy", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__entropy(void) {
    memset(begins, 0, sizeof begins);
    learn(SAID, COUNT(SAID), 0);
    learn(BESIDE, COUNT(BESIDE), COUNT(SAID));
    return PyModule_Create(&definition);
}
