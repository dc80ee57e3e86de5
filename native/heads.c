/* The heads of HTTP/1.1 messages as nearly all are: whole messages in one piece, framed by their length.
 *
 * `request(data, fields, bytes)` and `answer(data)` take a message apart that is plain beyond doubt, and say None of every
 * other: then llhttp reads it, which decides what is an error. Whatever is taken here, llhttp reads alike. The Python
 * implementation beside it (gateway/plain_heads_python.py) is its oracle in the tests.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

#define LARGEST 16384 /* bytes of an answer's head */
#define MOST 64       /* fields of an answer's head */
#define DIGITS 9      /* of a length */

typedef struct { const char *at, *end; } Text;
typedef struct { Text name, value; } Field;

/* 1 where a byte may stand in a field's name (RFC 9110, section 5.6.2), as it is in lower case; else 0. */
static unsigned char lower[256];
static unsigned char shown[256]; /* 1 where a byte may stand in a value */

static const char *const KNOWN[] = {
    "host", "authorization", "content-type", "content-length", "user-agent", "accept", "accept-encoding", "connection",
    "x-api-key", "anthropic-version", "date", "server",
};
#define KNOWNS (sizeof KNOWN / sizeof *KNOWN)
static PyObject *bytes_of[KNOWNS], *texts_of[KNOWNS];

static int is(const char *name, size_t size, const char *other) {
    return strlen(other) == size && memcmp(name, other, size) == 0;
}

/* One field of the line that begins at `at`; where the next line begins, NULL for a line that is not plain. */
static const char *field_at(const char *at, const char *end, Field *field) {
    field->name.at = at;
    while (at < end && lower[(unsigned char)*at]) at++;
    field->name.end = at;
    if (at == field->name.at || at == end || *at != ':') return NULL;
    at++;
    while (at < end && (*at == ' ' || *at == '\t')) at++;
    field->value.at = at;
    while (at < end && shown[(unsigned char)*at]) at++;
    field->value.end = at;
    if (at == field->value.at || end - at < 2 || at[0] != '\r' || at[1] != '\n') return NULL;
    if (at[-1] == ' ' || at[-1] == '\t') return NULL;
    return at + 2;
}

static PyObject *name_of(const char *name, size_t size, int text) {
    for (size_t i = 0; i < KNOWNS; i++) {
        if (is(name, size, KNOWN[i])) return Py_NewRef(text ? texts_of[i] : bytes_of[i]);
    }
    return text ? PyUnicode_DecodeLatin1(name, (Py_ssize_t)size, NULL) : PyBytes_FromStringAndSize(name, (Py_ssize_t)size);
}

/* Reads fields from `at` on into a new dict, up to the empty line: where the body begins, NULL without an error for a head
 * that is not plain, or whose length is not that of the bytes that are here. */
static const char *fields_of(const char *at, const char *end, Py_ssize_t most, int text, PyObject **made) {
    PyObject *fields = *made = PyDict_New();
    if (fields == NULL) return NULL;
    Py_ssize_t length = -1;
    for (Py_ssize_t count = 0;; count++) {
        if (end - at >= 2 && at[0] == '\r' && at[1] == '\n') {
            at += 2;
            break;
        }
        Field field;
        char name[64];
        const char *next = count < most ? field_at(at, end, &field) : NULL;
        if (next == NULL) return NULL;
        size_t size = (size_t)(field.name.end - field.name.at), given = (size_t)(field.value.end - field.value.at);
        if (size > sizeof name) return NULL;
        for (size_t i = 0; i < size; i++) name[i] = (char)lower[(unsigned char)field.name.at[i]];
        if (is(name, size, "transfer-encoding") || is(name, size, "upgrade") || is(name, size, "expect") ||
            is(name, size, "proxy-connection") || (text && is(name, size, "content-encoding")))
            return NULL;
        if (is(name, size, "connection") && !is(field.value.at, given, "keep-alive")) return NULL;
        if (is(name, size, "content-length")) {
            if (given > DIGITS) return NULL;
            length = 0;
            for (size_t i = 0; i < given; i++) {
                if (field.value.at[i] < '0' || field.value.at[i] > '9') return NULL;
                length = 10 * length + (field.value.at[i] - '0');
            }
        }
        PyObject *key = name_of(name, size, text);
        PyObject *value = text ? PyUnicode_DecodeLatin1(field.value.at, (Py_ssize_t)given, NULL)
                               : PyBytes_FromStringAndSize(field.value.at, (Py_ssize_t)given);
        int twice = key == NULL || value == NULL || PyDict_SetItem(fields, key, value) < 0;
        Py_XDECREF(key);
        Py_XDECREF(value);
        if (twice || PyDict_GET_SIZE(fields) != count + 1) return NULL; /* an error, or a field that is given twice */
        at = next;
    }
    return length > 0 && end - at == length ? at : NULL;
}

/* (first, fields, body); None where there is no body. Takes both references. */
static PyObject *message(PyObject *first, PyObject *fields, const char *body, const char *end) {
    PyObject *made = NULL;
    if (body != NULL && first != NULL) {
        PyObject *rest = PyBytes_FromStringAndSize(body, end - body);
        if (rest != NULL) made = PyTuple_Pack(3, first, fields, rest);
        Py_XDECREF(rest);
    }
    Py_XDECREF(first);
    Py_XDECREF(fields);
    if (made == NULL && !PyErr_Occurred()) Py_RETURN_NONE;
    return made;
}

static PyObject *request(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    if (count != 3) {
        PyErr_SetString(PyExc_TypeError, "request(data, fields, bytes)");
        return NULL;
    }
    if (!PyBytes_CheckExact(args[0])) Py_RETURN_NONE;
    Py_ssize_t most = PyLong_AsSsize_t(args[1]), largest = PyLong_AsSsize_t(args[2]);
    if (PyErr_Occurred()) return NULL;
    const char *at = PyBytes_AS_STRING(args[0]), *begin = at, *end = at + PyBytes_GET_SIZE(args[0]);
    if (end - at < 6 || memcmp(at, "POST /", 6) != 0) Py_RETURN_NONE;
    const char *target = at += 5;
    while (at < end && *at > ' ' && *at < 127) at++;
    const char *after = at;
    if (end - at < 11 || memcmp(at, " HTTP/1.1\r\n", 11) != 0) Py_RETURN_NONE;
    PyObject *fields;
    const char *body = fields_of(at + 11, end, most, 0, &fields);
    if (body != NULL && body - begin > largest) body = NULL;
    return message(body == NULL ? NULL : PyBytes_FromStringAndSize(target, after - target), fields, body, end);
}

static PyObject *answer(PyObject *self, PyObject *data) {
    (void)self;
    if (!PyBytes_CheckExact(data)) Py_RETURN_NONE;
    const char *at = PyBytes_AS_STRING(data), *begin = at, *end = at + PyBytes_GET_SIZE(data);
    if (end - at < 14 || memcmp(at, "HTTP/1.1 ", 9) != 0 || at[12] != ' ') Py_RETURN_NONE;
    int status = 0;
    for (int i = 9; i < 12; i++) {
        if (at[i] < '0' || at[i] > '9') Py_RETURN_NONE;
        status = 10 * status + (at[i] - '0');
    }
    if (status < 200 || status >= 600 || status == 204 || status == 304) Py_RETURN_NONE;
    at += 13;
    while (at < end && shown[(unsigned char)*at]) at++;
    if (end - at < 2 || at[0] != '\r' || at[1] != '\n') Py_RETURN_NONE;
    PyObject *fields;
    const char *body = fields_of(at + 2, end, MOST, 1, &fields);
    if (body != NULL && body - begin > LARGEST) body = NULL;
    return message(body == NULL ? NULL : PyLong_FromLong(status), fields, body, end);
}

static PyMethodDef methods[] = {
    {"request", (PyCFunction)(void (*)(void))request, METH_FASTCALL, NULL},
    {"answer", answer, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_heads", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__heads(void) {
    for (int c = 'a'; c <= 'z'; c++) lower[c] = lower[c - 32] = (unsigned char)c;
    for (const char *c = "0123456789!#$%&'*+-.^_`|~"; *c; c++) lower[(unsigned char)*c] = (unsigned char)*c;
    for (int c = 32; c < 256; c++) shown[c] = c != 127;
    shown['\t'] = 1;
    for (size_t i = 0; i < KNOWNS; i++) {
        bytes_of[i] = PyBytes_FromString(KNOWN[i]);
        texts_of[i] = PyUnicode_InternFromString(KNOWN[i]);
        if (bytes_of[i] == NULL || texts_of[i] == NULL) return NULL;
    }
    return PyModule_Create(&module);
}
