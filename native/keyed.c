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

static PyObject *keyed_hex(PyObject *object, PyObject *const *pieces, Py_ssize_t count) {
    static const char HEX[] = "0123456789abcdef";
    const Keyed *self = (const Keyed *)object;
    uint8_t out[MOST];
    if (hashed(self, pieces, count, out) < 0) return NULL;
    PyObject *text = PyUnicode_New(2 * (Py_ssize_t)self->fresh.digest, 127);
    if (text == NULL) return NULL;
    Py_UCS1 *at = PyUnicode_1BYTE_DATA(text);
    for (size_t i = 0; i < self->fresh.digest; i++) *at++ = (Py_UCS1)HEX[out[i] >> 4], *at++ = (Py_UCS1)HEX[out[i] & 15];
    return text;
}

static PyMethodDef methods[] = {
    {"digest", (PyCFunction)(void (*)(void))keyed_digest, METH_FASTCALL, "digest(*pieces) -> the hash of the pieces joined, as bytes."},
    {"hex", (PyCFunction)(void (*)(void))keyed_hex, METH_FASTCALL, "hex(*pieces) -> the same in hexadecimal digits."},
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
    if (type == NULL || PyModule_AddObjectRef(module, "KeyedHash", type) < 0) {
        Py_XDECREF(type);
        Py_XDECREF(module);
        return NULL;
    }
    Py_DECREF(type);
    return module;
}
