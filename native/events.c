/* Server-sent events that differ from one another in one string only, as the deltas of a streamed text do.
 *
 * run() takes such events from a place in a buffer on for as long as they are plain: the bytes around the string are those
 * of an event that was read before, the string has no escape, and it is clear what of its text has to be held back.
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

/* From where on this text has to be held back, its size if nothing has; -1 where a closer look has to say.
 *
 * Nothing guarded begins in what goes on. One to three letters at the end are held: any of them may begin a key.
 */
static Py_ssize_t held_from(const unsigned char *text, Py_ssize_t size, const unsigned char *table) {
    if (!size) return 0;
    if (size > LONGEST || text[size - 1] == '-') return -1;
    for (Py_ssize_t i = size > SPACED ? size - SPACED : 0; i < size; i++)
        if (is_digit(text[i])) return -1;
    for (Py_ssize_t i = 1; i < size; i++)
        if (text[i] == '-' && text[i - 1] == '-') return -1;
    Py_ssize_t run = size;
    while (run && text[run - 1] > 0x20 && text[run - 1] < 0x7f) run--;
    for (Py_ssize_t i = run; i < size; i++) {
        unsigned char before = i ? text[i - 1] : ' ', c = text[i];
        if (letter(before) >= 0 || is_digit(before)) continue;
        if (is_digit(c)) return -1;
        if ((c == '_' || c == '~' || c == '.') && before != '_' && before != '~' && before != '.' && before != '-') return -1;
        if (letter(c) < 0) continue;
        int numbers[3] = {letter(c), i + 1 < size ? letter(text[i + 1]) : -1, i + 2 < size ? letter(text[i + 2]) : -1};
        if (size - i <= 3) {
            for (Py_ssize_t j = 0; j < size - i; j++)
                if (numbers[j] < 0) return -1;
            return i;
        }
        if (numbers[1] < 0 || numbers[2] < 0 || is_digit(text[i + 3])) return -1;
        int bit = (numbers[0] * 52 + numbers[1]) * 52 + numbers[2];
        if (table[bit >> 3] >> (bit & 7) & 1) return -1;
    }
    return size;
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

typedef struct { char *data; Py_ssize_t used, room; } Out;

static int add(Out *out, const void *data, Py_ssize_t size) {
    if (!size) return 0;
    if (out->room - out->used < size) {
        Py_ssize_t room = (out->used + size) * 2;
        char *grown = PyMem_Realloc(out->data, (size_t)room);
        if (grown == NULL) return -1;
        out->data = grown;
        out->room = room;
    }
    memcpy(out->data + out->used, data, (size_t)size);
    out->used += size;
    return 0;
}

static PyObject *run(PyObject *self, PyObject *args) {
    (void)self;
    Py_buffer buffer;
    const char *prefix, *suffix, *before, *behind, *table, *held;
    Py_ssize_t at, prefix_size, suffix_size, before_size, behind_size, table_size, held_size, most, count = 0;
    int marks, fine = 1;
    if (!PyArg_ParseTuple(args, "y*ny#y#y#y#z#py#n", &buffer, &at, &prefix, &prefix_size, &suffix, &suffix_size, &before,
                          &before_size, &behind, &behind_size, &table, &table_size, &marks, &held, &held_size, &most))
        return NULL;
    const unsigned char *text = buffer.buf;
    Py_ssize_t size = buffer.len;
    PyObject *result = NULL;
    Out joined = {NULL, 0, 0}, events = {NULL, 0, 0}, unread = {NULL, 0, 0};
    if (at < 0 || at > size || prefix_size < 1 || suffix_size < 1 || (table != NULL && table_size != TRIPLES)) {
        PyErr_SetString(PyExc_ValueError, "a place in the buffer, a form and a whole table expected");
        goto done;
    }
    fine = add(&unread, held, held_size) == 0;
    while (fine && count < most && size - at >= prefix_size + suffix_size && memcmp(text + at, prefix, (size_t)prefix_size) == 0) {
        Py_ssize_t start = at + prefix_size, end = string_end(text, size, start, marks), kept = unread.used;
        if (end < 0 || size - end < suffix_size || memcmp(text + end, suffix, (size_t)suffix_size) != 0) break;
        if (!(fine = add(&unread, text + start, end - start) == 0)) break;
        Py_ssize_t passed = unread.used;
        if (table != NULL) passed = held_from((const unsigned char *)unread.data, unread.used, (const unsigned char *)table);
        if (passed < 0) {
            unread.used = kept;
            break;
        }
        fine = add(&joined, text + start, end - start) == 0 && add(&events, before, before_size) == 0 &&
               add(&events, unread.data, passed) == 0 && add(&events, behind, behind_size) == 0;
        if (unread.used > passed) memmove(unread.data, unread.data + passed, (size_t)(unread.used - passed));
        unread.used -= passed;
        at = end + suffix_size;
        count++;
    }
    if (fine)
        result = Py_BuildValue("(nns#y#s#)", at, count, joined.data ? joined.data : "", joined.used, events.data ? events.data : "",
                               events.used, unread.data ? unread.data : "", unread.used);
    else
        PyErr_NoMemory();
done:
    PyMem_Free(joined.data);
    PyMem_Free(events.data);
    PyMem_Free(unread.data);
    PyBuffer_Release(&buffer);
    return result;
}

static PyMethodDef methods[] = {
    {"run", run, METH_VARARGS,
     "run(buffer, at, prefix, suffix, before, behind, table, marks, held, most) -> (end, count, text, events, held)."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_events", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__events(void) { return PyModule_Create(&definition); }
