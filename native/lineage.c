/* The table of names and flows: entries of 40 bytes, four to a bucket, in memory that several processes share.
 *
 * An entry is a name (16 bytes), a flow (16), the CRC-32 of both (4, big-endian) and four bytes of nothing. Every access
 * stays inside the table, whatever stands in it. The Python implementation beside it (gateway/lineage/cells.py) is its
 * oracle in the tests.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

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

/* The bucket of a name; NULL with an error for a name or table of another size. */
static unsigned char *bucket_of(Py_buffer *cells, PyObject *name) {
    if (!PyBytes_Check(name) || PyBytes_GET_SIZE(name) != NAME) {
        PyErr_SetString(PyExc_ValueError, "a name of 16 bytes expected");
        return NULL;
    }
    Py_ssize_t buckets = cells->len / (ENTRY * PLACES);
    if (!buckets || cells->len % (ENTRY * PLACES)) {
        PyErr_SetString(PyExc_ValueError, "a table of whole buckets expected");
        return NULL;
    }
    const unsigned char *text = (const unsigned char *)PyBytes_AS_STRING(name);
    uint32_t first = (uint32_t)text[0] << 24 | (uint32_t)text[1] << 16 | (uint32_t)text[2] << 8 | text[3];
    return (unsigned char *)cells->buf + (Py_ssize_t)(first % (uint64_t)buckets) * ENTRY * PLACES;
}

static PyObject *get(PyObject *self, PyObject *args) {
    (void)self;
    Py_buffer cells;
    PyObject *name, *result = NULL;
    if (!PyArg_ParseTuple(args, "y*O", &cells, &name)) return NULL;
    const unsigned char *bucket = bucket_of(&cells, name);
    if (bucket == NULL) goto done;
    for (int i = 0; i < PLACES; i++) {
        unsigned char entry[ENTRY];
        memcpy(entry, bucket + i * ENTRY, ENTRY); /* another process may write it meanwhile: looked at once, */
        __asm__ volatile("" ::: "memory");        /* and no compiler may read it again in place of the copy */
        if (memcmp(entry, PyBytes_AS_STRING(name), NAME) != 0) continue;
        uint32_t sum = crc32(entry, 2 * NAME);
        unsigned char told[4] = {sum >> 24 & 255, sum >> 16 & 255, sum >> 8 & 255, sum & 255};
        result = memcmp(told, entry + 2 * NAME, 4) == 0 ? PyBytes_FromStringAndSize((const char *)entry + NAME, NAME)
                                                        : Py_NewRef(Py_None);
        goto done;
    }
    result = Py_NewRef(Py_None);
done:
    PyBuffer_Release(&cells);
    return result;
}

static PyObject *put(PyObject *self, PyObject *args) {
    (void)self;
    Py_buffer cells;
    PyObject *names, *flow;
    int done = 0;
    if (!PyArg_ParseTuple(args, "w*O!S", &cells, &PyList_Type, &names, &flow)) return NULL;
    if (PyBytes_GET_SIZE(flow) != NAME) {
        PyErr_SetString(PyExc_ValueError, "a flow of 16 bytes expected");
        goto out;
    }
    for (Py_ssize_t n = 0; n < PyList_GET_SIZE(names); n++) {
        unsigned char *bucket = bucket_of(&cells, PyList_GET_ITEM(names, n)), entry[ENTRY] = {0};
        if (bucket == NULL) goto out;
        memcpy(entry, PyBytes_AS_STRING(PyList_GET_ITEM(names, n)), NAME);
        memcpy(entry + NAME, PyBytes_AS_STRING(flow), NAME);
        uint32_t sum = crc32(entry, 2 * NAME);
        for (int i = 0; i < 4; i++) entry[2 * NAME + i] = sum >> (24 - 8 * i) & 255;
        int place = 0, known = 0;
        for (int i = 0; i < PLACES && !known; i++)
            if (memcmp(bucket + i * ENTRY, entry, NAME) == 0) place = i, known = 1;
        for (int i = 1; i < PLACES && !known; i++) /* the oldest flow makes room */
            if (memcmp(bucket + i * ENTRY + NAME, bucket + place * ENTRY + NAME, NAME) < 0) place = i;
        memcpy(bucket + place * ENTRY, entry, ENTRY);
    }
    done = 1;
out:
    PyBuffer_Release(&cells);
    return done ? Py_NewRef(Py_None) : NULL;
}

static PyMethodDef methods[] = {
    {"get", get, METH_VARARGS, "get(cells, name) -> the 16 bytes of the flow that the name was last put for, or None."},
    {"put", put, METH_VARARGS, "put(cells, names, flow): from now on these names mean this flow."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_lineage", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__lineage(void) {
    fill();
    return PyModule_Create(&definition);
}
