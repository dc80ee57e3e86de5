/* Keyed BLAKE2b (RFC 7693) of many messages under one key: the key is mixed in once, and no object is made for a hash.
 *
 * Python's own hashlib is the oracle in the tests (gateway/keyed_hash_python.py does the same with it).
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include "blake2b.h"

#define MOST 64 /* bytes of a key, and of a digest */

typedef struct {
    PyObject_HEAD
    Blake2b fresh; /* with the key, and whatever begins each message */
    Blake2b begun; /* the same, mixed in as far as it can be when more follows */
} Keyed;

static PyObject *keyed_new(PyTypeObject *type, PyObject *args, PyObject *named) {
    const uint8_t *key, *first = (const uint8_t *)"";
    Py_ssize_t key_size, first_size = 0;
    int digest;
    if (named != NULL && PyDict_GET_SIZE(named)) {
        PyErr_SetString(PyExc_TypeError, "KeyedHash takes no keyword arguments");
        return NULL;
    }
    if (!PyArg_ParseTuple(args, "y#i|y#", &key, &key_size, &digest, &first, &first_size)) return NULL;
    if (key_size < 1 || key_size > MOST || digest < 1 || digest > MOST) {
        PyErr_SetString(PyExc_ValueError, "a key and a digest of 1 to 64 bytes expected");
        return NULL;
    }
    Keyed *self = (Keyed *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    blake2b_start(&self->fresh, key, (size_t)key_size, (size_t)digest);
    blake2b_add(&self->fresh, first, (size_t)first_size);
    self->begun = self->fresh;
    blake2b_flush(&self->begun);
    return (PyObject *)self;
}

static void keyed_free(PyObject *object) {
    Keyed *self = (Keyed *)object;
    PyTypeObject *type = Py_TYPE(object);
    memset(&self->fresh, 0, sizeof self->fresh + sizeof self->begun);
    type->tp_free(object);
    Py_DECREF(type);
}

/* The hash of the pieces one after the other; -1 with an error for what is no bytes. */
static int hashed(const Keyed *self, PyObject *const *pieces, Py_ssize_t count, uint8_t out[MOST]) {
    Py_ssize_t size = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        if (!PyBytes_Check(pieces[i])) {
            PyErr_SetString(PyExc_TypeError, "bytes expected");
            return -1;
        }
        size += PyBytes_GET_SIZE(pieces[i]);
    }
    Blake2b blake;
    blake2b_again(&blake, size ? &self->begun : &self->fresh);
    for (Py_ssize_t i = 0; i < count; i++)
        blake2b_add(&blake, PyBytes_AS_STRING(pieces[i]), (size_t)PyBytes_GET_SIZE(pieces[i]));
    blake2b_end(&blake, out);
    return 0;
}

static PyObject *keyed_digest(PyObject *object, PyObject *const *pieces, Py_ssize_t count) {
    const Keyed *self = (const Keyed *)object;
    uint8_t out[MOST];
    if (hashed(self, pieces, count, out) < 0) return NULL;
    return PyBytes_FromStringAndSize((const char *)out, (Py_ssize_t)self->fresh.digest);
}

static PyObject *hex_of(const uint8_t *bytes, size_t size) {
    static const char HEX[] = "0123456789abcdef";
    PyObject *text = PyUnicode_New(2 * (Py_ssize_t)size, 127);
    if (text == NULL) return NULL;
    Py_UCS1 *at = PyUnicode_1BYTE_DATA(text);
    for (size_t i = 0; i < size; i++) *at++ = (Py_UCS1)HEX[bytes[i] >> 4], *at++ = (Py_UCS1)HEX[bytes[i] & 15];
    return text;
}

static PyObject *keyed_hex(PyObject *object, PyObject *const *pieces, Py_ssize_t count) {
    const Keyed *self = (const Keyed *)object;
    uint8_t out[MOST];
    if (hashed(self, pieces, count, out) < 0) return NULL;
    return hex_of(out, self->fresh.digest);
}

/* ---- of a message that comes in pieces ---- */

typedef struct {
    PyObject_HEAD
    Blake2b blake; /* with all that came */
} Running;

static PyTypeObject *running_type;

static PyObject *running_of(const Blake2b *blake) {
    Running *running = (Running *)running_type->tp_alloc(running_type, 0);
    if (running != NULL) blake2b_again(&running->blake, blake);
    return (PyObject *)running;
}

static PyObject *keyed_running(PyObject *object, PyObject *unused) {
    (void)unused;
    return running_of(&((Keyed *)object)->fresh);
}

static PyObject *running_copy(PyObject *object, PyObject *unused) {
    (void)unused;
    return running_of(&((Running *)object)->blake);
}

static PyObject *running_update(PyObject *object, PyObject *piece) {
    if (!PyBytes_Check(piece)) {
        PyErr_SetString(PyExc_TypeError, "bytes expected");
        return NULL;
    }
    blake2b_add(&((Running *)object)->blake, PyBytes_AS_STRING(piece), (size_t)PyBytes_GET_SIZE(piece));
    Py_RETURN_NONE;
}

static PyObject *running_hex(PyObject *object, PyObject *unused) {
    (void)unused;
    Blake2b blake;
    uint8_t out[MOST];
    blake2b_again(&blake, &((Running *)object)->blake); /* it goes on afterwards */
    blake2b_end(&blake, out);
    return hex_of(out, blake.digest);
}

static void running_free(PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    memset(&((Running *)object)->blake, 0, sizeof(Blake2b));
    type->tp_free(object);
    Py_DECREF(type);
}

static PyMethodDef running_methods[] = {
    {"update", running_update, METH_O, "update(piece): the message goes on."},
    {"copy", running_copy, METH_NOARGS, "copy() -> another one that has come as far."},
    {"hex", running_hex, METH_NOARGS, "hex() -> the hash of all that came, in hexadecimal digits."},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot running_slots[] = {{Py_tp_dealloc, running_free}, {Py_tp_methods, running_methods}, {0, NULL}};
static PyType_Spec running_spec = {"gateway._keyed.RunningHash", sizeof(Running), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                                   running_slots};

/* ---- the module ---- */

static PyMethodDef methods[] = {
    {"digest", (PyCFunction)(void (*)(void))keyed_digest, METH_FASTCALL, "digest(*pieces) -> the hash of the pieces joined, as bytes."},
    {"hex", (PyCFunction)(void (*)(void))keyed_hex, METH_FASTCALL, "hex(*pieces) -> the same in hexadecimal digits."},
    {"running", keyed_running, METH_NOARGS, "running() -> the hash of a message that comes in pieces."},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot slots[] = {{Py_tp_new, keyed_new}, {Py_tp_dealloc, keyed_free}, {Py_tp_methods, methods}, {0, NULL}};
static PyType_Spec spec = {"gateway._keyed.KeyedHash", sizeof(Keyed), 0, Py_TPFLAGS_DEFAULT, slots};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_keyed", NULL, 0, NULL, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__keyed(void) {
    const uint16_t one = 1;
    if (*(const uint8_t *)&one != 1) {
        PyErr_SetString(PyExc_ImportError, "built for little-endian machines");
        return NULL;
    }
    PyObject *module = PyModule_Create(&definition), *type = module == NULL ? NULL : PyType_FromSpec(&spec);
    running_type = type == NULL ? NULL : (PyTypeObject *)PyType_FromSpec(&running_spec);
    if (running_type == NULL || PyModule_AddObjectRef(module, "KeyedHash", type) < 0 ||
        PyModule_AddObjectRef(module, "RunningHash", (PyObject *)running_type) < 0) {
        Py_XDECREF(type);
        Py_XDECREF(module);
        return NULL;
    }
    Py_DECREF(type);
    return module;
}
