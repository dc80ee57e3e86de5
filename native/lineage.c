/* The table of names and flows: entries of 40 bytes, four to a bucket, in a file that several processes share.
 *
 * An entry is a name (16 bytes), a flow (16), the CRC-32 of both (4, big-endian) and four bytes of nothing. The file is read
 * and written by system calls and not mapped: one that somebody cuts off while it is in use must not end a process. The
 * Python implementation beside it (gateway/lineage/cells.py) is its oracle in the tests.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define NAME 16
#define ENTRY 40
#define PLACES 4

static uint32_t table[256];

static void fill(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; bit++) value = value & 1 ? value >> 1 ^ 0xedb88320u : value >> 1;
        table[i] = value;
    }
}

static uint32_t crc32(const unsigned char *bytes, size_t size) {
    uint32_t value = 0xffffffffu;
    for (size_t i = 0; i < size; i++) value = value >> 8 ^ table[(value ^ bytes[i]) & 255];
    return ~value;
}

typedef struct { off_t at; unsigned char entries[PLACES * ENTRY]; } Bucket;

/* Reads the bucket of a name; what the file does not have reads as nothing. -1 with an error for a name of another size. */
static int bucket_of(int file, Py_ssize_t buckets, PyObject *name, Bucket *bucket) {
    if (!PyBytes_Check(name) || PyBytes_GET_SIZE(name) != NAME) {
        PyErr_SetString(PyExc_ValueError, "a name of 16 bytes expected");
        return -1;
    }
    if (buckets < 1) {
        PyErr_SetString(PyExc_ValueError, "a table of buckets expected");
        return -1;
    }
    const unsigned char *text = (const unsigned char *)PyBytes_AS_STRING(name);
    uint32_t first = (uint32_t)text[0] << 24 | (uint32_t)text[1] << 16 | (uint32_t)text[2] << 8 | text[3];
    bucket->at = (off_t)(first % (uint64_t)buckets) * PLACES * ENTRY;
    ssize_t there = pread(file, bucket->entries, sizeof bucket->entries, bucket->at);
    if (there < 0) there = 0;
    memset(bucket->entries + there, 0, sizeof bucket->entries - (size_t)there);
    return 0;
}

/* The flow of a name, NULL for none, and for an entry that was torn. */
static const unsigned char *flow_of(const Bucket *bucket, PyObject *name) {
    for (int i = 0; i < PLACES; i++) {
        const unsigned char *entry = bucket->entries + i * ENTRY;
        if (memcmp(entry, PyBytes_AS_STRING(name), NAME) != 0) continue;
        uint32_t sum = crc32(entry, 2 * NAME);
        unsigned char told[4] = {sum >> 24 & 255, sum >> 16 & 255, sum >> 8 & 255, sum & 255};
        return memcmp(told, entry + 2 * NAME, 4) == 0 ? entry + NAME : NULL;
    }
    return NULL;
}

static PyObject *get(PyObject *self, PyObject *args) {
    (void)self;
    int file;
    Py_ssize_t buckets;
    PyObject *name;
    Bucket bucket;
    if (!PyArg_ParseTuple(args, "inO", &file, &buckets, &name)) return NULL;
    if (bucket_of(file, buckets, name, &bucket) < 0) return NULL;
    const unsigned char *flow = flow_of(&bucket, name);
    if (flow == NULL) Py_RETURN_NONE;
    return PyBytes_FromStringAndSize((const char *)flow, NAME);
}

static PyObject *find(PyObject *self, PyObject *args) {
    (void)self;
    int file;
    Py_ssize_t buckets;
    PyObject *names;
    if (!PyArg_ParseTuple(args, "inO!", &file, &buckets, &PyTuple_Type, &names)) return NULL;
    PyObject *found = PyList_New(0);
    for (Py_ssize_t n = 0; found != NULL && n < PyTuple_GET_SIZE(names); n++) {
        PyObject *name = PyTuple_GET_ITEM(names, n), *one = NULL;
        Bucket bucket;
        const unsigned char *flow = NULL;
        int fine = bucket_of(file, buckets, name, &bucket) == 0;
        if (fine) flow = flow_of(&bucket, name);
        if (flow != NULL) one = PyBytes_FromStringAndSize((const char *)flow, NAME);
        if (!fine || (flow != NULL && (one == NULL || PyList_Append(found, one) < 0))) Py_CLEAR(found);
        Py_XDECREF(one);
    }
    return found;
}

static PyObject *put(PyObject *self, PyObject *args) {
    (void)self;
    int file;
    Py_ssize_t buckets;
    PyObject *names, *flow;
    if (!PyArg_ParseTuple(args, "inO!S", &file, &buckets, &PyList_Type, &names, &flow)) return NULL;
    if (PyBytes_GET_SIZE(flow) != NAME) {
        PyErr_SetString(PyExc_ValueError, "a flow of 16 bytes expected");
        return NULL;
    }
    Py_ssize_t kept = 0;
    for (Py_ssize_t n = 0; n < PyList_GET_SIZE(names); n++) {
        Bucket bucket;
        unsigned char entry[ENTRY] = {0};
        if (bucket_of(file, buckets, PyList_GET_ITEM(names, n), &bucket) < 0) return NULL;
        memcpy(entry, PyBytes_AS_STRING(PyList_GET_ITEM(names, n)), NAME);
        memcpy(entry + NAME, PyBytes_AS_STRING(flow), NAME);
        uint32_t sum = crc32(entry, 2 * NAME);
        for (int i = 0; i < 4; i++) entry[2 * NAME + i] = sum >> (24 - 8 * i) & 255;
        int place = 0, known = 0;
        for (int i = 0; i < PLACES && !known; i++)
            if (memcmp(bucket.entries + i * ENTRY, entry, NAME) == 0) place = i, known = 1;
        for (int i = 1; i < PLACES && !known; i++) /* the oldest flow makes room */
            if (memcmp(bucket.entries + i * ENTRY + NAME, bucket.entries + place * ENTRY + NAME, NAME) < 0) place = i;
        kept += pwrite(file, entry, ENTRY, bucket.at + place * ENTRY) == ENTRY;
    }
    return PyLong_FromSsize_t(kept);
}

static PyMethodDef methods[] = {
    {"get", get, METH_VARARGS, "get(file, buckets, name) -> the 16 bytes of the flow that the name was last put for, or None."},
    {"find", find, METH_VARARGS, "find(file, buckets, names) -> the flows of those names that have one, in their order."},
    {"put", put, METH_VARARGS, "put(file, buckets, names, flow) -> how many of these names mean this flow from now on."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_lineage", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__lineage(void) {
    fill();
    return PyModule_Create(&definition);
}
