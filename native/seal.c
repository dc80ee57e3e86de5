/* The commitments of a leaf: salts, hashes and their Merkle root, without a Python object for each. Format: ADR 0002.
 *
 * Python's own hashlib is the oracle in the tests (audit/sealing_python.py does the same with it).
 */
#include "commit.h"
#include <stdio.h>

/* SHA-256(salt || body), with the salt of `salt_of`. */
static void commit(Begun *begun, Bytes secret, Bytes place, Bytes group, Bytes flow, Bytes body, uint8_t out[32]) {
    uint8_t salt[SALT];
    salt_of(begun, secret, place, group, flow, salt);
    sha256_one(&(Message){salt, SALT, (const uint8_t *)body.data, (size_t)body.size, out});
}

static PyObject *commitments(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *rows, *place_object;
    if (!PyArg_ParseTuple(args, "OO!", &place_object, &PyList_Type, &rows)) return NULL;
    Bytes place, none = {"", 0};
    Begun begun = {NULL, 0, {{0}, {0}, 0, 0, 0}};
    if (bytes_of(place_object, &place) < 0) return NULL;
    Py_ssize_t count = PyList_GET_SIZE(rows), total = 2;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *row = PyList_GET_ITEM(rows, i);
        Bytes name;
        if (!PyTuple_Check(row) || PyTuple_GET_SIZE(row) != 3) {
            PyErr_SetString(PyExc_TypeError, "rows of (name, body, secret) expected");
            return NULL;
        }
        if (bytes_of(PyTuple_GET_ITEM(row, 0), &name) < 0) return NULL;
        total += name.size + 5 + 44 + (i > 0);
    }
    PyObject *result = PyBytes_FromStringAndSize(NULL, total);
    if (result == NULL) return NULL;
    char *out = PyBytes_AS_STRING(result);
    *out++ = '{';
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *row = PyList_GET_ITEM(rows, i);
        Bytes name, body, secret;
        uint8_t hash[32];
        if (bytes_of(PyTuple_GET_ITEM(row, 0), &name) < 0 || bytes_of(PyTuple_GET_ITEM(row, 1), &body) < 0 ||
            secret_of(PyTuple_GET_ITEM(row, 2), &secret) < 0) {
            Py_DECREF(result);
            return NULL;
        }
        commit(&begun, secret, place, name, none, body, hash);
        if (i) *out++ = ',';
        *out++ = '"';
        memcpy(out, name.data, (size_t)name.size);
        out += name.size;
        memcpy(out, "\":\"", 3);
        base64(hash, out + 3);
        out += 47;
        *out++ = '"';
    }
    *out = '}';
    return result;
}

static PyObject *flow_commitments(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *place_object, *name_object, *flows, *bodies, *secrets;
    if (!PyArg_ParseTuple(args, "OOO!O!O!", &place_object, &name_object, &PyTuple_Type, &flows, &PyList_Type, &bodies,
                          &PyList_Type, &secrets))
        return NULL;
    Bytes place, name;
    Begun begun = {NULL, 0, {{0}, {0}, 0, 0, 0}};
    Py_ssize_t count = PyTuple_GET_SIZE(flows);
    if (bytes_of(place_object, &place) < 0 || bytes_of(name_object, &name) < 0) return NULL;
    if (PyList_GET_SIZE(bodies) != count || PyList_GET_SIZE(secrets) != count) {
        PyErr_SetString(PyExc_ValueError, "as many bodies and secrets as flows expected");
        return NULL;
    }
    PyObject *result = PyBytes_FromStringAndSize(NULL, count * 32);
    if (result == NULL) return NULL;
    uint8_t *out = (uint8_t *)PyBytes_AS_STRING(result);
    for (Py_ssize_t i = 0; i < count; i++) {
        Bytes flow, body, secret;
        if (bytes_of(PyTuple_GET_ITEM(flows, i), &flow) < 0 || bytes_of(PyList_GET_ITEM(bodies, i), &body) < 0 ||
            secret_of(PyList_GET_ITEM(secrets, i), &secret) < 0) {
            Py_DECREF(result);
            return NULL;
        }
        commit(&begun, secret, place, name, flow, body, out + 32 * i);
    }
    return result;
}

static void prefixed(uint8_t prefix, const void *bytes, size_t size, uint8_t out[32]) {
    sha256_one(&(Message){&prefix, 1, bytes, size, out});
}

/* RFC 6962 section 2.1: the root over leaves that are 32 bytes each. */
static PyObject *root(PyObject *self, PyObject *argument) {
    (void)self;
    Bytes leaves;
    if (bytes_of(argument, &leaves) < 0) return NULL;
    if (leaves.size % 32) {
        PyErr_SetString(PyExc_ValueError, "whole hashes of 32 bytes expected");
        return NULL;
    }
    uint8_t stack[64][64], out[32];
    int top = 0;
    Py_ssize_t count = leaves.size / 32;
    for (Py_ssize_t i = 0; i < count; i++) {
        prefixed(0, leaves.data + 32 * i, 32, stack[top++]);
        for (Py_ssize_t n = i; n & 1; n >>= 1) {
            memcpy(stack[top - 2] + 32, stack[top - 1], 32);
            prefixed(1, stack[top - 2], 64, out);
            memcpy(stack[--top - 1], out, 32);
        }
    }
    if (!top) {
        Sha256 sha;
        sha256_start(&sha);
        sha256_end(&sha, out);
        return PyBytes_FromStringAndSize((const char *)out, 32);
    }
    for (; top > 1; top--) {
        memcpy(stack[top - 2] + 32, stack[top - 1], 32);
        prefixed(1, stack[top - 2], 64, out);
        memcpy(stack[top - 2], out, 32);
    }
    return PyBytes_FromStringAndSize((const char *)stack[0], 32);
}

static PyObject *leaf_hash(PyObject *self, PyObject *argument) {
    (void)self;
    Bytes entry;
    uint8_t out[32];
    if (bytes_of(argument, &entry) < 0) return NULL;
    prefixed(0, entry.data, (size_t)entry.size, out);
    return PyBytes_FromStringAndSize((const char *)out, 32);
}

/* Hashes of many leaves, 32 bytes each. */
static PyObject *leaf_hashes(PyObject *self, PyObject *list) {
    (void)self;
    if (!PyList_Check(list)) {
        PyErr_SetString(PyExc_TypeError, "a list of entries expected");
        return NULL;
    }
    Py_ssize_t count = PyList_GET_SIZE(list);
    PyObject *result = PyBytes_FromStringAndSize(NULL, count * 32);
    if (result == NULL) return NULL;
    Message *entries = PyMem_Malloc((size_t)(count ? count : 1) * sizeof *entries);
    int sound = entries != NULL;
    for (Py_ssize_t i = 0; sound && i < count; i++) {
        Bytes entry;
        sound = bytes_of(PyList_GET_ITEM(list, i), &entry) == 0;
        if (sound) entries[i] = (Message){&OF_LEAF, 1, (const uint8_t *)entry.data, (size_t)entry.size, (uint8_t *)PyBytes_AS_STRING(result) + 32 * i};
    }
    if (sound) sha256_many(entries, (size_t)count);
    else Py_CLEAR(result);
    if (entries == NULL) PyErr_NoMemory();
    PyMem_Free(entries);
    return result;
}

/* RFC 6962 section 2.1: the roots of the complete subtrees of a tree of `size` leaves, after leaves with these hashes. */
static PyObject *grow(PyObject *self, PyObject *args) {
    (void)self;
    const char *before, *hashes;
    Py_ssize_t roots, added;
    unsigned long long size;
    if (!PyArg_ParseTuple(args, "y#Ky#", &before, &roots, &size, &hashes, &added)) return NULL;
    uint8_t stack[65][32], kept[65][32];
    Py_ssize_t top = roots / 32, count = added / 32;
    int expected = 0, levels = 0;
    for (unsigned long long n = size; n; n >>= 1) expected += (int)(n & 1);
    if (roots % 32 || added % 32 || top != expected || size >> 62) {
        PyErr_SetString(PyExc_ValueError, "one root of 32 bytes for each complete subtree, and whole hashes, expected");
        return NULL;
    }
    memcpy(stack, before, (size_t)roots);
    /* Level by level, because the nodes of one can be hashed side by side. `row`: what is new at a level, behind the root
     * that waits there, if any; `nodes`: what is made of it for the next. */
    size_t room = 32 * (size_t)(count + 2);
    uint8_t *row = PyMem_Malloc(room), *nodes = PyMem_Malloc(room);
    Message *pairs = PyMem_Malloc((size_t)(count / 2 + 2) * sizeof *pairs);
    PyObject *result = NULL;
    if (row == NULL || nodes == NULL || pairs == NULL) {
        PyErr_NoMemory();
    } else {
        memcpy(row, hashes, (size_t)added);
        unsigned long long rest = size;
        for (; count || rest; rest >>= 1) {
            if (rest & 1) { /* the smallest subtree that is left is this level's */
                memmove(row + 32, row, 32 * (size_t)count++);
                memcpy(row, stack[--top], 32);
            }
            if (count & 1) memcpy(kept[levels++], row + 32 * --count, 32);
            count /= 2;
            for (Py_ssize_t i = 0; i < count; i++) pairs[i] = (Message){&OF_NODE, 1, row + 64 * i, 64, nodes + 32 * i};
            sha256_many(pairs, (size_t)count);
            uint8_t *made = nodes;
            nodes = row, row = made;
        }
        result = PyBytes_FromStringAndSize(NULL, 32 * levels);
        for (int i = 0; result != NULL && i < levels; i++) memcpy(PyBytes_AS_STRING(result) + 32 * i, kept[levels - 1 - i], 32);
    }
    PyMem_Free(row);
    PyMem_Free(nodes);
    PyMem_Free(pairs);
    return result;
}

#define ROWS_MOST 8
#define SHORT_MOST 256 /* bytes of a flow's id or a writer's name that this way takes */

typedef struct { Bytes name, body; int open; } Row;

/* An object of the rows that are open, or of those that are not. NULL when memory is out; *any says whether one was. */
static PyObject *object_of(const Row *rows, Py_ssize_t count, int open, int *any) {
    Py_ssize_t size = 2;
    *any = 0;
    for (Py_ssize_t i = 0; i < count; i++)
        if (rows[i].open == open) {
            size += rows[i].name.size + 3 + rows[i].body.size + (*any);
            *any = 1;
        }
    PyObject *result = PyBytes_FromStringAndSize(NULL, size);
    if (result == NULL) return NULL;
    char *out = PyBytes_AS_STRING(result);
    int first = 1;
    *out++ = '{';
    for (Py_ssize_t i = 0; i < count; i++) {
        if (rows[i].open != open) continue;
        if (!first) *out++ = ',';
        first = 0;
        *out++ = '"';
        memcpy(out, rows[i].name.data, (size_t)rows[i].name.size);
        out += rows[i].name.size;
        *out++ = '"';
        *out++ = ':';
        memcpy(out, rows[i].body.data, (size_t)rows[i].body.size);
        out += rows[i].body.size;
    }
    *out = '}';
    return result;
}

/* prefix || encrypt(nonce, text, place || flow), with its length before it; `hash` gets the SHA-256 of all but the length. */
static PyObject *encrypted(PyObject *encrypt, PyObject *nonce, PyObject *text, Bytes prefix, Bytes place, Bytes flow, uint8_t hash[32]) {
    PyObject *bound = PyBytes_FromStringAndSize(NULL, place.size + flow.size);
    if (bound == NULL) return NULL;
    memcpy(PyBytes_AS_STRING(bound), place.data, (size_t)place.size);
    memcpy(PyBytes_AS_STRING(bound) + place.size, flow.data, (size_t)flow.size);
    PyObject *cipher = PyObject_CallFunctionObjArgs(encrypt, nonce, text, bound, NULL);
    Py_DECREF(bound);
    Bytes secret;
    if (cipher == NULL || bytes_of(cipher, &secret) < 0) {
        Py_XDECREF(cipher);
        return NULL;
    }
    Py_ssize_t size = prefix.size + secret.size;
    PyObject *result = PyBytes_FromStringAndSize(NULL, 4 + size);
    if (result != NULL) {
        char *out = PyBytes_AS_STRING(result);
        for (int i = 0; i < 4; i++) out[i] = (char)(size >> (24 - 8 * i) & 255);
        memcpy(out + 4, prefix.data, (size_t)prefix.size);
        memcpy(out + 4 + prefix.size, secret.data, (size_t)secret.size);
        Sha256 sha;
        sha256_start(&sha);
        sha256_add(&sha, out + 4, (size_t)size);
        sha256_end(&sha, hash);
    }
    Py_DECREF(cipher);
    return result;
}

#define ENTRY_MOST 4096

/* What a leaf of one flow is made of, and what it becomes. */
typedef struct {
    Bytes place, open_salt, key, prefix, kind, flow, writer;
    PyObject *rows, *encrypt, *nonce;
    long long time_us;
    unsigned int epoch, attempt;
    unsigned long long n;
    char entry[ENTRY_MOST];
    Py_ssize_t entry_size;
    PyObject *disclosed, *sealed;
} Leaf;

/* Whether a leaf can be made this way: no name would have to be escaped, and all of them are short. */
static int usual(const Leaf *leaf) {
    int is_short = leaf->kind.size <= SHORT_MOST && leaf->flow.size <= SHORT_MOST && leaf->writer.size <= SHORT_MOST &&
                   PyList_GET_SIZE(leaf->rows) <= ROWS_MOST;
    return is_short && plain_ascii(leaf->kind) && plain_ascii(leaf->flow) && plain_ascii(leaf->writer);
}

/* Fills in entry, disclosed and sealed. 1: done, 0: a name would have to be escaped, -1: an error is set. */
static int make_leaf(Leaf *leaf) {
    if (leaf->open_salt.size < 1 || leaf->open_salt.size > KEY_MOST || leaf->key.size > KEY_MOST) {
        PyErr_SetString(PyExc_ValueError, "a key of 1 to 64 bytes expected");
        return -1;
    }
    Py_ssize_t count = PyList_GET_SIZE(leaf->rows);
    Row rows[ROWS_MOST];
    Begun open_begun = {NULL, 0, {{0}, {0}, 0, 0, 0}}, begun = {NULL, 0, {{0}, {0}, 0, 0, 0}};
    Bytes none = {"", 0};
    char *out = leaf->entry;
    *out++ = '{';
    if (leaf->attempt) out += sprintf(out, "\"a\":%u,", leaf->attempt);
    memcpy(out, "\"c\":{", 5);
    out += 5;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *row = PyList_GET_ITEM(leaf->rows, i);
        uint8_t hash[32];
        if (!PyTuple_Check(row) || PyTuple_GET_SIZE(row) != 3) {
            PyErr_SetString(PyExc_TypeError, "rows of (name, body, open) expected");
            return -1;
        }
        if (bytes_of(PyTuple_GET_ITEM(row, 0), &rows[i].name) < 0 || bytes_of(PyTuple_GET_ITEM(row, 1), &rows[i].body) < 0)
            return -1;
        rows[i].open = PyTuple_GET_ITEM(row, 2) == Py_True;
        if (rows[i].name.size > 32 || !plain_ascii(rows[i].name)) return 0;
        if (!rows[i].open && !leaf->key.size) {
            PyErr_SetString(PyExc_ValueError, "a group that is not open needs a key");
            return -1;
        }
        commit(rows[i].open ? &open_begun : &begun, rows[i].open ? leaf->open_salt : leaf->key, leaf->place, rows[i].name, none,
               rows[i].body, hash);
        if (i) *out++ = ',';
        *out++ = '"';
        memcpy(out, rows[i].name.data, (size_t)rows[i].name.size);
        out += rows[i].name.size;
        memcpy(out, "\":\"", 3);
        base64(hash, out + 3);
        out += 47;
        *out++ = '"';
    }
    *out++ = '}';
    *out++ = ',';
    int any;
    leaf->disclosed = object_of(rows, count, 1, &any);
    PyObject *hidden = leaf->disclosed == NULL ? NULL : object_of(rows, count, 0, &any);
    if (hidden == NULL) {
        Py_XDECREF(leaf->disclosed);
        return -1;
    }
    if (any) {
        uint8_t hash[32];
        leaf->sealed = encrypted(leaf->encrypt, leaf->nonce, hidden, leaf->prefix, leaf->place, leaf->flow, hash);
        Py_DECREF(hidden);
        if (leaf->sealed == NULL) {
            Py_DECREF(leaf->disclosed);
            return -1;
        }
        memcpy(out, "\"d\":{\"s\":\"", 10);
        base64(hash, out + 10);
        memcpy(out + 54, "\"},", 3);
        out += 57;
    } else {
        Py_DECREF(hidden);
        leaf->sealed = PyBytes_FromStringAndSize("", 0); /* the one empty object: never out of memory */
    }
    out += sprintf(out, "\"e\":%u,", leaf->epoch);
    if (leaf->flow.size) out += sprintf(out, "\"id\":\"%.*s\",", (int)leaf->flow.size, leaf->flow.data);
    out += sprintf(out, "\"k\":\"%.*s\",\"n\":%llu,\"t\":%lld,\"v\":1,\"w\":\"%.*s\"}", (int)leaf->kind.size, leaf->kind.data,
                   leaf->n, leaf->time_us, (int)leaf->writer.size, leaf->writer.data);
    leaf->entry_size = out - leaf->entry;
    return 1;
}

/* A leaf of one flow without content: (entry, disclosed, sealed). None where a name would have to be escaped. */
static PyObject *leaf(PyObject *self, PyObject *args) {
    (void)self;
    Leaf made;
    if (!PyArg_ParseTuple(args, "y#O!y#y#y#OOs#s#s#LIKI", &made.place.data, &made.place.size, &PyList_Type, &made.rows,
                          &made.open_salt.data, &made.open_salt.size, &made.key.data, &made.key.size, &made.prefix.data,
                          &made.prefix.size, &made.encrypt, &made.nonce, &made.kind.data, &made.kind.size, &made.flow.data,
                          &made.flow.size, &made.writer.data, &made.writer.size, &made.time_us, &made.epoch, &made.n,
                          &made.attempt))
        return NULL;
    int done = usual(&made) ? make_leaf(&made) : 0;
    if (done < 0) return NULL;
    if (!done) Py_RETURN_NONE;
    return Py_BuildValue("(y#NN)", made.entry, made.entry_size, made.disclosed, made.sealed);
}

static PyMethodDef methods[] = {
    {"leaf", leaf, METH_VARARGS, "leaf(place, rows, salt, key, prefix, encrypt, nonce, kind, flow, writer, t, e, n, a)."},
    {"commitments", commitments, METH_VARARGS, "commitments(place, [(name, body, secret), ...]) -> JSON object of base64."},
    {"flow_commitments", flow_commitments, METH_VARARGS, "flow_commitments(place, name, flows, bodies, secrets) -> 32 bytes each."},
    {"root", root, METH_O, "root(hashes) -> Merkle root over leaves of 32 bytes each."},
    {"leaf_hashes", leaf_hashes, METH_O, "leaf_hashes([entry, ...]) -> SHA-256(0x00 || entry) of each, 32 bytes."},
    {"grow", grow, METH_VARARGS, "grow(roots, size, hashes) -> roots of the complete subtrees once these leaves were added."},
    {"leaf_hash", leaf_hash, METH_O, "leaf_hash(entry) -> SHA-256(0x00 || entry)."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_seal", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__seal(void) {
    const uint16_t one = 1;
    if (*(const uint8_t *)&one != 1) {
        PyErr_SetString(PyExc_ImportError, "built for little-endian machines");
        return NULL;
    }
    hashes_init();
    return PyModule_Create(&definition);
}
