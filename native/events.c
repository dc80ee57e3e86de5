/* Server-sent events that differ from one another in one string only, as the deltas of a streamed text do.
 *
 * run() takes such events from the beginning of a buffer for as long as they are plain: the bytes around the string are
 * those of an event that was read before, the string has no escape, and its text leaves nothing for the guard to hold back.
 * It stays inside the buffer for any bytes whatsoever. The Python implementation beside it
 * (gateway/protocols/plain_run_python.py) is its oracle in the tests.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#define LONGEST 2048  /* bytes of one text that is looked at here */
#define SPACED 192    /* bytes that 48 characters may take */
#define TRIPLES 17576 /* bytes of the table: one bit for each three letters of 52 */

static int letter(unsigned char c) { return c >= 'a' && c <= 'z' ? c - 'a' : c >= 'A' && c <= 'Z' ? c - 'A' + 26 : -1; }

static int is_digit(unsigned char c) { return c >= '0' && c <= '9'; }

/* Strict UTF-8 (RFC 3629): the length of the character at `at`, 0 when there is none. */
static int utf8(const unsigned char *text, Py_ssize_t left) {
    unsigned char c = text[0];
    if (c < 0x80) return 1;
    if (c < 0xc2 || left < 2 || (text[1] & 0xc0) != 0x80) return 0;
    if (c < 0xe0) return 2;
    if (left < 3 || (text[2] & 0xc0) != 0x80) return 0;
    if (c < 0xf0) return (c == 0xe0 && text[1] < 0xa0) || (c == 0xed && text[1] > 0x9f) ? 0 : 3;
    if (c > 0xf4 || left < 4 || (text[3] & 0xc0) != 0x80) return 0;
    return (c == 0xf0 && text[1] < 0x90) || (c == 0xf4 && text[1] > 0x8f) ? 0 : 4;
}

/* Whether nothing that is guarded can begin in this text and go on behind it. A "no" may be a "perhaps". */
static int clear(const unsigned char *text, Py_ssize_t size, const unsigned char *table) {
    if (!size) return 1;
    if (size > LONGEST || text[size - 1] == '-') return 0;
    for (Py_ssize_t i = size > SPACED ? size - SPACED : 0; i < size; i++)
        if (is_digit(text[i])) return 0;
    for (Py_ssize_t i = 1; i < size; i++)
        if (text[i] == '-' && text[i - 1] == '-') return 0;
    Py_ssize_t run = size;
    while (run && text[run - 1] > 0x20 && text[run - 1] < 0x7f) run--;
    for (Py_ssize_t i = run; i < size; i++) {
        unsigned char before = i ? text[i - 1] : ' ', c = text[i];
        int first = letter(c), after = letter(before) >= 0 || is_digit(before);
        if (after) continue;
        if (is_digit(c)) return 0;
        if ((c == '_' || c == '~' || c == '.') && before != '_' && before != '~' && before != '.' && before != '-') return 0;
        if (first < 0) continue;
        if (i + 3 >= size || is_digit(text[i + 3])) return 0;
        int second = letter(text[i + 1]), third = letter(text[i + 2]);
        if (second < 0 || third < 0) return 0;
        int bit = (first * 52 + second) * 52 + third;
        if (table[bit >> 3] >> (bit & 7) & 1) return 0;
    }
    return 1;
}

/* Where the string that begins at `at` ends (its quote); -1 for one with an escape, a mark, or that is no text. */
static Py_ssize_t string_end(const unsigned char *text, Py_ssize_t size, Py_ssize_t at, int marks) {
    while (at < size) {
        unsigned char c = text[at];
        if (c == '"') return at;
        if (c < 0x20 || c == '\\') return -1;
        int length = utf8(text + at, size - at);
        if (!length || (marks && length == 3 && c == 0xe2 && text[at + 1] == 0x9f && text[at + 2] == 0xa6)) return -1;
        at += length;
    }
    return -1;
}

static PyObject *run(PyObject *self, PyObject *args) {
    (void)self;
    Py_buffer buffer;
    const char *prefix, *suffix, *table;
    Py_ssize_t at, prefix_size, suffix_size, table_size, most;
    int marks;
    if (!PyArg_ParseTuple(args, "y*ny#y#z#pn", &buffer, &at, &prefix, &prefix_size, &suffix, &suffix_size, &table, &table_size,
                          &marks, &most))
        return NULL;
    const unsigned char *text = buffer.buf;
    Py_ssize_t size = buffer.len, count = 0, used = 0;
    PyObject *result = NULL;
    if (at < 0 || at > size || prefix_size < 1 || suffix_size < 1 || (table != NULL && table_size != TRIPLES)) {
        PyErr_SetString(PyExc_ValueError, "a place in the buffer, a form and a whole table expected");
        goto done;
    }
    char *joined = PyMem_Malloc((size_t)(size - at) + 1);
    if (joined == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    while (count < most && size - at >= prefix_size + suffix_size && memcmp(text + at, prefix, (size_t)prefix_size) == 0) {
        Py_ssize_t start = at + prefix_size, end = string_end(text, size, start, marks);
        if (end < 0 || size - end < suffix_size || memcmp(text + end, suffix, (size_t)suffix_size) != 0) break;
        if (table != NULL && !clear(text + start, end - start, (const unsigned char *)table)) break;
        memcpy(joined + used, text + start, (size_t)(end - start));
        used += end - start;
        at = end + suffix_size;
        count++;
    }
    result = Py_BuildValue("(nns#)", at, count, joined, used);
    PyMem_Free(joined);
done:
    PyBuffer_Release(&buffer);
    return result;
}

static PyMethodDef methods[] = {
    {"run", run, METH_VARARGS, "run(buffer, at, prefix, suffix, table, marks, most) -> (end, events, text of all of them)."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_events", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__events(void) { return PyModule_Create(&definition); }
