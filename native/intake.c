/* What arrives at the log writer in the usual form, many leaves at once: cut out of the frames, packed into a row, hashed.
 *
 * Forms: audit/wire.py (frames) and audit/store/batch.py (rows). Python is the oracle in the tests (audit/intake_python.py).
 */
#define _GNU_SOURCE /* memmem */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include "lanes.h"

#define FRAME_HEAD 5   /* length, type */
#define LENGTHS 24     /* n, and the lengths of head, entry, disclosed, sealed */
#define LEAF_LENGTHS 16 /* of entry, disclosed, sealed, content */
#define APPEND 2
#define FRAME_MOST (64u << 20)
#define LATEST_US (1ULL << 53)

static const char INTENT[] = "[\"intent\",\"", OUTCOME[] = "[\"outcome\",\"", NO_FLOWS[] = "\",[],", TAIL[] = ",[],\"\",null]";

typedef struct { const uint8_t *at, *end; } Span;

static uint32_t u32(const uint8_t *from) { return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3]; }

static void put_u32(uint8_t *to, uint32_t value) {
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(value >> (24 - 8 * i));
}

static size_t left(Span span) { return (size_t)(span.end - span.at); }

static int starts(Span *span, const char *text, size_t size) {
    if (left(*span) < size || memcmp(span->at, text, size)) return 0;
    span->at += size;
    return 1;
}

/* One append, as it stands in a buffer. */
typedef struct {
    uint64_t n, time_us;
    int outcome;
    Span flow, row, leaf; /* of the leaf: its pieces, one after the other */
    uint32_t entry, disclosed, sealed;
} Append;

/* Whether an entry says `"k":KIND,"n":N,"t":`, as whoever staged the leaf relies on. */
static int agrees(const Append *append) {
    char said[64];
    int size = snprintf(said, sizeof said, "\"k\":\"%s\",\"n\":%llu,\"t\":", append->outcome ? "outcome" : "intent",
                        (unsigned long long)append->n);
    return memmem(append->leaf.at, append->entry, said, (size_t)size) != NULL;
}

/* The head of an append without flows to settle, keys, reservation or what to keep of it. */
static int usual_head(Span head, Append *append) {
    if (starts(&head, INTENT, sizeof INTENT - 1)) append->outcome = 0;
    else if (starts(&head, OUTCOME, sizeof OUTCOME - 1)) append->outcome = 1;
    else return 0;
    append->flow.at = head.at;
    while (head.at < head.end && *head.at >= 0x20 && *head.at < 0x7f && *head.at != '"' && *head.at != '\\') head.at++;
    append->flow.end = head.at;
    if (append->flow.at == append->flow.end || !starts(&head, NO_FLOWS, sizeof NO_FLOWS - 1)) return 0;
    const uint8_t *digits = head.at;
    append->time_us = 0;
    while (head.at < head.end && *head.at >= '0' && *head.at <= '9' && head.at - digits < 16)
        append->time_us = append->time_us * 10 + (uint64_t)(*head.at++ - '0');
    if (head.at == digits || (*digits == '0' && head.at - digits > 1) || append->time_us >= LATEST_US) return 0;
    if (!starts(&head, ",", 1) || left(head) < sizeof TAIL - 1) return 0;
    append->row.at = head.at;
    append->row.end = head.end - (sizeof TAIL - 1);
    return !memcmp(append->row.end, TAIL, sizeof TAIL - 1);
}

/* Where the frame at `from` ends, NULL when it is no whole append of the usual form. */
static const uint8_t *usual(Span from, Append *append) {
    if (left(from) < FRAME_HEAD + LENGTHS) return NULL;
    uint32_t length = u32(from.at);
    if (length > FRAME_MOST || length < 1 + LENGTHS || left(from) - 4 < length || from.at[4] != APPEND) return NULL;
    const uint8_t *body = from.at + FRAME_HEAD, *end = from.at + 4 + length;
    append->n = (uint64_t)u32(body) << 32 | u32(body + 4);
    uint64_t head = u32(body + 8);
    append->entry = u32(body + 12), append->disclosed = u32(body + 16), append->sealed = u32(body + 20);
    if (LENGTHS + head + append->entry + append->disclosed + append->sealed > length - 1) return NULL;
    append->leaf.at = body + LENGTHS + head;
    append->leaf.end = end;
    if (!usual_head((Span){body + LENGTHS, append->leaf.at}, append) || !agrees(append)) return NULL;
    return end;
}

/* The row that some JSON says: the one of before, or what `read` makes of it (None: nothing of use). A new reference. */
static PyObject *row_of(Span json, PyObject *rows, PyObject *read) {
    PyObject *key = PyBytes_FromStringAndSize((const char *)json.at, json.end - json.at);
    if (key == NULL) return NULL;
    PyObject *row = PyDict_GetItemWithError(rows, key);
    if (row != NULL) Py_INCREF(row);
    else if (!PyErr_Occurred()) row = PyObject_CallOneArg(read, key);
    Py_DECREF(key);
    return row;
}

/* The lengths of a leaf's pieces, and these. */
static PyObject *leaf_of(const Append *append) {
    Py_ssize_t size = append->leaf.end - append->leaf.at;
    PyObject *leaf = PyBytes_FromStringAndSize(NULL, LEAF_LENGTHS + size);
    if (leaf == NULL) return NULL;
    uint8_t *out = (uint8_t *)PyBytes_AS_STRING(leaf);
    put_u32(out, append->entry);
    put_u32(out + 4, append->disclosed);
    put_u32(out + 8, append->sealed);
    put_u32(out + 12, (uint32_t)size - append->entry - append->disclosed - append->sealed);
    memcpy(out + LEAF_LENGTHS, append->leaf.at, (size_t)size);
    return leaf;
}

/* take(buffer, at, rows, read) -> ([(n, whether an outcome, flow, time_us, row, leaf), ...], where the next frame stands). */
static PyObject *take(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *buffer, *rows, *read;
    Py_ssize_t at;
    if (!PyArg_ParseTuple(args, "SnO!O", &buffer, &at, &PyDict_Type, &rows, &read)) return NULL;
    const uint8_t *start = (const uint8_t *)PyBytes_AS_STRING(buffer);
    Py_ssize_t size = PyBytes_GET_SIZE(buffer);
    if (at < 0 || at > size) {
        PyErr_SetString(PyExc_ValueError, "a place within the buffer expected");
        return NULL;
    }
    PyObject *taken = PyList_New(0);
    Span rest = {start + at, start + size};
    Append append;
    const uint8_t *end;
    while (taken != NULL && (end = usual(rest, &append)) != NULL) {
        PyObject *row = row_of(append.row, rows, read);
        if (row == Py_None) {
            Py_DECREF(row);
            break;
        }
        PyObject *leaf = row == NULL ? NULL : leaf_of(&append);
        PyObject *item = leaf == NULL ? NULL
                                      : Py_BuildValue("(KOs#KOO)", (unsigned long long)append.n,
                                                      append.outcome ? Py_True : Py_False, (const char *)append.flow.at,
                                                      (Py_ssize_t)left(append.flow), (unsigned long long)append.time_us, row, leaf);
        Py_XDECREF(row);
        Py_XDECREF(leaf);
        if (item == NULL || PyList_Append(taken, item) < 0) Py_CLEAR(taken);
        Py_XDECREF(item);
        rest.at = end;
    }
    return taken == NULL ? NULL : Py_BuildValue("(Nn)", taken, (Py_ssize_t)(rest.at - start));
}

/* join([leaf, ...]) -> the lengths of all, then their pieces. */
static PyObject *join(PyObject *self, PyObject *leaves) {
    (void)self;
    if (!PyList_Check(leaves)) {
        PyErr_SetString(PyExc_TypeError, "a list of leaves expected");
        return NULL;
    }
    Py_ssize_t count = PyList_GET_SIZE(leaves), size = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *leaf = PyList_GET_ITEM(leaves, i);
        if (!PyBytes_Check(leaf) || PyBytes_GET_SIZE(leaf) < LEAF_LENGTHS) {
            PyErr_SetString(PyExc_ValueError, "leaves with their lengths before them expected");
            return NULL;
        }
        size += PyBytes_GET_SIZE(leaf);
    }
    PyObject *result = PyBytes_FromStringAndSize(NULL, size);
    if (result == NULL) return NULL;
    char *lengths = PyBytes_AS_STRING(result), *pieces = lengths + LEAF_LENGTHS * count;
    for (Py_ssize_t i = 0; i < count; i++) {
        const char *leaf = PyBytes_AS_STRING(PyList_GET_ITEM(leaves, i));
        size_t rest = (size_t)PyBytes_GET_SIZE(PyList_GET_ITEM(leaves, i)) - LEAF_LENGTHS;
        memcpy(lengths, leaf, LEAF_LENGTHS);
        memcpy(pieces, leaf + LEAF_LENGTHS, rest);
        lengths += LEAF_LENGTHS;
        pieces += rest;
    }
    return result;
}

/* entry_hashes(count, data) -> SHA-256(0x00 || entry) of each leaf of a row, 32 bytes. */
static PyObject *entry_hashes(PyObject *self, PyObject *args) {
    (void)self;
    const uint8_t *data;
    Py_ssize_t count, size;
    if (!PyArg_ParseTuple(args, "ny#", &count, &data, &size)) return NULL;
    uint64_t total = 0;
    int whole = count >= 0 && count <= size / LEAF_LENGTHS;
    for (Py_ssize_t i = 0; whole && i < 4 * count; i++) total += u32(data + 4 * i);
    if (!whole || total != (uint64_t)(size - LEAF_LENGTHS * count)) {
        PyErr_SetString(PyExc_ValueError, "a row of so many leaves expected");
        return NULL;
    }
    PyObject *result = PyBytes_FromStringAndSize(NULL, 32 * count);
    if (result == NULL) return NULL;
    Message *entries = PyMem_Malloc((size_t)(count ? count : 1) * sizeof *entries);
    if (entries == NULL) {
        Py_DECREF(result);
        return PyErr_NoMemory();
    }
    const uint8_t *lengths = data, *entry = data + LEAF_LENGTHS * count;
    for (Py_ssize_t i = 0; i < count; i++, lengths += LEAF_LENGTHS) {
        entries[i] = (Message){&OF_LEAF, 1, entry, u32(lengths), (uint8_t *)PyBytes_AS_STRING(result) + 32 * i};
        entry += (size_t)u32(lengths) + u32(lengths + 4) + u32(lengths + 8) + u32(lengths + 12);
    }
    sha256_many(entries, (size_t)count);
    PyMem_Free(entries);
    return result;
}

static PyMethodDef methods[] = {
    {"take", take, METH_VARARGS, "take(buffer, at, rows, read) -> the usual appends that stand there, and where they end."},
    {"join", join, METH_O, "join([leaf, ...]) -> the data of a row."},
    {"entry_hashes", entry_hashes, METH_VARARGS, "entry_hashes(count, data) -> the leaf hashes of a row, 32 bytes each."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_intake", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__intake(void) {
    hashes_init();
    return PyModule_Create(&definition);
}
