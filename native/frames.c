/* Leaves of the usual kind as the frames that append them, many at once; settle leaves; and the keys of flows.
 *
 * Formats: ADR 0002 (leaves) and audit/wire.py (frames). Oracles in the tests: audit/record.py, audit/wire.py, `cryptography`.
 */
#include "commit.h"
#include "gcm.h"
#include <stdio.h>

#define ROWS_MOST 8
#define NAME_MOST 32
#define SHORT_MOST 256 /* bytes of a flow's id or a writer's name that this way takes */
#define PLACE_MOST (SHORT_MOST + 48)
#define FRAME_HEAD 29 /* length, type, n, and the lengths of head, entry, disclosed and sealed */
#define FRAME_MOST (64 << 20)
#define HASHED 44 /* characters of a hash */

static Gcm gcm;
static int gcm_is_there;

static char *big_endian(char *out, unsigned long long number, int bytes) {
    for (int i = bytes - 1; i >= 0; i--) *out++ = (char)(number >> (8 * i) & 255);
    return out;
}

static char *put(char *out, const char *text, Py_ssize_t size) {
    memcpy(out, text, (size_t)size);
    return out + size;
}
#define PUT(out, text) put(out, text, (Py_ssize_t)sizeof(text) - 1)

static char *put_number(char *out, unsigned long long number) {
    char digits[20];
    int count = 0;
    do digits[count++] = (char)('0' + number % 10);
    while (number /= 10);
    while (count) *out++ = digits[--count];
    return out;
}

/* What all leaves of a stream share. */
typedef struct { Bytes writer, salt; unsigned int epoch; int type; PyObject *encrypt; Begun open; } Stream;

static void nonce_of(char out[GCM_NONCE], unsigned int epoch, unsigned long long n, unsigned int part) {
    out = big_endian(out, epoch, 4);
    out = big_endian(out, n, 6);
    big_endian(out, part, 2);
}

/* Encrypts `text` in its place, tag behind it: by `encrypt(key, nonce, text, bound)` where one is given. -1: an error is set. */
static int encrypt_at(PyObject *encrypt, Bytes key, const char nonce[GCM_NONCE], const char *bound, Py_ssize_t bound_size, char *text,
                      Py_ssize_t size) {
    if (key.size != GCM_KEY) {
        PyErr_SetString(PyExc_ValueError, "a key of 32 bytes expected");
        return -1;
    }
    if (encrypt == Py_None) {
        if (gcm_is_there && gcm_seal(&gcm, (const uint8_t *)key.data, (const uint8_t *)nonce, bound, (size_t)bound_size,
                                     (uint8_t *)text, (size_t)size))
            return 0;
        PyErr_SetString(PyExc_RuntimeError, "no libcrypto that encrypts");
        return -1;
    }
    PyObject *cipher = PyObject_CallFunction(encrypt, "y#y#y#y#", key.data, key.size, nonce, (Py_ssize_t)GCM_NONCE, text, size, bound, bound_size);
    if (cipher == NULL) return -1;
    int sound = PyBytes_Check(cipher) && PyBytes_GET_SIZE(cipher) == size + GCM_TAG;
    if (sound) memcpy(text, PyBytes_AS_STRING(cipher), (size_t)size + GCM_TAG);
    else PyErr_SetString(PyExc_TypeError, "a ciphertext with its tag expected");
    Py_DECREF(cipher);
    return sound ? 0 : -1;
}

typedef struct { Bytes name, body; int open; } Row;

#define SECRET (GCM_KEY + GCM_NONCE) /* a flow's key, and the nonce under which the user's key wraps it */
#define USER_ID 8
#define PREFIX (USER_ID + GCM_NONCE + GCM_KEY + GCM_TAG)

/* Who can read what is hidden: the flow's key, and the user's, which wraps it. */
typedef struct { Bytes key, user_key, user_id; const char *nonce; } Keys;

static int read_keys(Bytes secret, Bytes user_key, Bytes user_id, Keys *out) {
    if (secret.size != SECRET || user_key.size != GCM_KEY || user_id.size != USER_ID) {
        PyErr_SetString(PyExc_ValueError, "a group that is not open needs a key");
        return -1;
    }
    *out = (Keys){{secret.data, GCM_KEY}, user_key, user_id, secret.data + GCM_KEY};
    return 0;
}

/* What stands before each ciphertext of a flow. NULL: an error is set. */
static char *put_prefix(char *out, PyObject *encrypt, const Keys *keys, Bytes flow) {
    out = put(put(out, keys->user_id.data, USER_ID), keys->nonce, GCM_NONCE);
    put(out, keys->key.data, GCM_KEY);
    return encrypt_at(encrypt, keys->user_key, keys->nonce, flow.data, flow.size, out, GCM_KEY) < 0 ? NULL : out + GCM_KEY + GCM_TAG;
}

/* A leaf of one flow: what it is made of, and where its parts stand in the buffer of frames. */
typedef struct {
    Keys keys;
    Bytes kind, flow, row, tail;
    long long time_us;
    unsigned int attempt;
    Row rows[ROWS_MOST];
    Py_ssize_t count, most;       /* most: bytes that its frame may take */
    uint8_t salts[ROWS_MOST][SALT], hashes[ROWS_MOST + 1][32];
    char *holes[ROWS_MOST + 1];   /* where the hashes go; the last one is that of what is sealed */
    char *entry, *sealed;         /* sealed: NULL where nothing is */
    Py_ssize_t entry_size, sealed_size;
} Leaf;

/* 1: read, 0: not of the usual kind, -1: an error is set. */
static int read_leaf(PyObject *item, Leaf *leaf) {
    PyObject *rows;
    Bytes secret, user_key, user_id;
    int hides = 0;
    if (!PyTuple_Check(item)) {
        PyErr_SetString(PyExc_TypeError, "leaves as tuples expected");
        return -1;
    }
    if (!PyArg_ParseTuple(item, "O!y#y#y#s#s#LIy#y#", &PyList_Type, &rows, &secret.data, &secret.size, &user_key.data,
                          &user_key.size, &user_id.data, &user_id.size, &leaf->kind.data, &leaf->kind.size, &leaf->flow.data, &leaf->flow.size,
                          &leaf->time_us, &leaf->attempt, &leaf->row.data, &leaf->row.size, &leaf->tail.data, &leaf->tail.size))
        return -1;
    leaf->count = PyList_GET_SIZE(rows);
    if (leaf->count > ROWS_MOST || leaf->kind.size > SHORT_MOST || leaf->flow.size > SHORT_MOST || leaf->time_us < 0 ||
        !plain_ascii(leaf->kind) || !plain_ascii(leaf->flow))
        return 0;
    Py_ssize_t bodies = 0;
    for (Py_ssize_t i = 0; i < leaf->count; i++) {
        PyObject *row = PyList_GET_ITEM(rows, i);
        Row *its = &leaf->rows[i];
        if (!PyTuple_Check(row) || PyTuple_GET_SIZE(row) != 3) {
            PyErr_SetString(PyExc_TypeError, "rows of (name, body, open) expected");
            return -1;
        }
        if (bytes_of(PyTuple_GET_ITEM(row, 0), &its->name) < 0 || bytes_of(PyTuple_GET_ITEM(row, 1), &its->body) < 0) return -1;
        its->open = PyTuple_GET_ITEM(row, 2) == Py_True;
        if (its->name.size > NAME_MOST || !plain_ascii(its->name)) return 0;
        hides |= !its->open;
        bodies += its->body.size;
    }
    if (hides && read_keys(secret, user_key, user_id, &leaf->keys) < 0) return -1;
    /* Generous for what surrounds them: numbers, names, punctuation, hashes. */
    leaf->most = FRAME_HEAD + leaf->row.size + leaf->tail.size + 2 * (leaf->kind.size + leaf->flow.size) + SHORT_MOST + 512 +
                 leaf->count * (2 * NAME_MOST + HASHED + 16) + PREFIX + GCM_TAG + bodies;
    return leaf->most < FRAME_MOST;
}

/* The rows that are open, or those that are not, as an object. Says whether there were any. */
static int put_object(char **at, const Leaf *leaf, int open) {
    char *out = *at;
    int any = 0;
    *out++ = '{';
    for (Py_ssize_t i = 0; i < leaf->count; i++) {
        const Row *row = &leaf->rows[i];
        if (row->open != open) continue;
        if (any) *out++ = ',';
        any = 1;
        *out++ = '"';
        out = put(out, row->name.data, row->name.size);
        out = PUT(out, "\":");
        out = put(out, row->body.data, row->body.size);
    }
    *out++ = '}';
    *at = out;
    return any;
}

/* The entry, with holes for the hashes. */
static char *put_entry(char *out, const Stream *stream, Leaf *leaf, unsigned long long n, int seals) {
    *out++ = '{';
    if (leaf->attempt) {
        out = PUT(out, "\"a\":");
        out = put_number(out, leaf->attempt);
        *out++ = ',';
    }
    out = PUT(out, "\"c\":{");
    for (Py_ssize_t i = 0; i < leaf->count; i++) {
        if (i) *out++ = ',';
        *out++ = '"';
        out = put(out, leaf->rows[i].name.data, leaf->rows[i].name.size);
        out = PUT(out, "\":\"");
        leaf->holes[i] = out;
        out += HASHED;
        *out++ = '"';
    }
    out = PUT(out, "},");
    if (seals) {
        out = PUT(out, "\"d\":{\"s\":\"");
        leaf->holes[leaf->count] = out;
        out += HASHED;
        out = PUT(out, "\"},");
    }
    out = PUT(out, "\"e\":");
    out = put_number(out, stream->epoch);
    if (leaf->flow.size) {
        out = PUT(out, ",\"id\":\"");
        out = put(out, leaf->flow.data, leaf->flow.size);
        *out++ = '"';
    }
    out = PUT(out, ",\"k\":\"");
    out = put(out, leaf->kind.data, leaf->kind.size);
    out = PUT(out, "\",\"n\":");
    out = put_number(out, n);
    out = PUT(out, ",\"t\":");
    out = put_number(out, (unsigned long long)leaf->time_us);
    out = PUT(out, ",\"v\":1,\"w\":\"");
    out = put(out, stream->writer.data, stream->writer.size);
    return PUT(out, "\"}");
}

/* The frame of leaf `n`, all but the hashes in its entry; where it ends, NULL when an error is set. */
static char *put_frame(char *frame, Stream *stream, Leaf *leaf, unsigned long long n) {
    char place[PLACE_MOST + SHORT_MOST], nonce[GCM_NONCE], *end = put(place, stream->writer.data, stream->writer.size);
    *end++ = '/';
    end = put_number(end, stream->epoch);
    *end++ = '/';
    end = put_number(end, n);
    *end++ = '/';
    Bytes at = {place, end - place}, none = {"", 0};
    Begun its = {NULL, 0, {{0}, {0}, 0, 0, 0}};
    int seals = 0;
    for (Py_ssize_t i = 0; i < leaf->count; i++) {
        const Row *row = &leaf->rows[i];
        salt_of(row->open ? &stream->open : &its, row->open ? stream->salt : leaf->keys.key, at, row->name, none, leaf->salts[i]);
        seals |= !row->open;
    }
    char *head = frame + FRAME_HEAD, *out = PUT(head, "[\"");
    out = put(out, leaf->kind.data, leaf->kind.size);
    out = PUT(out, "\",\"");
    out = put(out, leaf->flow.data, leaf->flow.size);
    out = PUT(out, "\",[],");
    out = put_number(out, (unsigned long long)leaf->time_us);
    *out++ = ',';
    out = put(out, leaf->row.data, leaf->row.size);
    out = put(out, leaf->tail.data, leaf->tail.size);
    leaf->entry = out;
    out = put_entry(out, stream, leaf, n, seals);
    leaf->entry_size = out - leaf->entry;
    char *disclosed = out;
    put_object(&out, leaf, 1);
    char *sealed = out;
    leaf->sealed = NULL;
    leaf->sealed_size = 0;
    if (seals) {
        leaf->sealed = sealed + 4; /* after its length */
        out = put_prefix(leaf->sealed, stream->encrypt, &leaf->keys, leaf->flow);
        if (out == NULL) return NULL;
        char *text = out;
        put_object(&out, leaf, 0);
        nonce_of(nonce, stream->epoch, n, 0);
        end = put(end, leaf->flow.data, leaf->flow.size); /* bound to place and flow */
        if (encrypt_at(stream->encrypt, leaf->keys.key, nonce, place, end - place, text, out - text) < 0) return NULL;
        out += GCM_TAG;
        leaf->sealed_size = out - leaf->sealed;
        big_endian(sealed, (unsigned long long)leaf->sealed_size, 4);
    }
    char *sizes = big_endian(frame, (unsigned long long)(out - frame) - 4, 4);
    sizes = big_endian(sizes, (unsigned long long)stream->type, 1);
    sizes = big_endian(sizes, n, 8);
    sizes = big_endian(sizes, (unsigned long long)(leaf->entry - head), 4);
    sizes = big_endian(sizes, (unsigned long long)leaf->entry_size, 4);
    sizes = big_endian(sizes, (unsigned long long)(sealed - disclosed), 4);
    big_endian(sizes, (unsigned long long)(out - sealed), 4);
    return out;
}

/* Commitments and what is sealed, all hashed side by side. */
static void hash_leaves(Leaf *leaves, Py_ssize_t count, Message *messages) {
    size_t asked = 0;
    for (Leaf *leaf = leaves; leaf < leaves + count; leaf++) { /* the longest first, or they end alone */
        if (leaf->sealed)
            messages[asked++] = (Message){NULL, 0, (const uint8_t *)leaf->sealed, (size_t)leaf->sealed_size, leaf->hashes[leaf->count]};
    }
    for (Leaf *leaf = leaves; leaf < leaves + count; leaf++)
        for (Py_ssize_t i = 0; i < leaf->count; i++) {
            Bytes body = leaf->rows[i].body;
            messages[asked++] = (Message){leaf->salts[i], SALT, (const uint8_t *)body.data, (size_t)body.size, leaf->hashes[i]};
        }
    sha256_many(messages, asked);
    for (Leaf *leaf = leaves; leaf < leaves + count; leaf++)
        for (Py_ssize_t i = 0; i < leaf->count + (leaf->sealed != NULL); i++) base64(leaf->hashes[i], leaf->holes[i]);
}

/* The frames of leaves that were read, one after the other, and their entries. */
static PyObject *framed(Stream *stream, Leaf *leaves, Py_ssize_t count, unsigned long long n, Py_ssize_t most, Message *messages) {
    PyObject *buffer = PyBytes_FromStringAndSize(NULL, most), *entries = buffer == NULL ? NULL : PyList_New(count);
    char *start = buffer == NULL ? NULL : PyBytes_AS_STRING(buffer), *out = start;
    int sound = entries != NULL;
    for (Py_ssize_t i = 0; sound && i < count; i++) {
        out = put_frame(out, stream, &leaves[i], n + (unsigned long long)i);
        sound = out != NULL;
    }
    if (sound) hash_leaves(leaves, count, messages);
    for (Py_ssize_t i = 0; sound && i < count; i++) {
        PyObject *entry = PyBytes_FromStringAndSize(leaves[i].entry, leaves[i].entry_size);
        sound = entry != NULL;
        if (sound) PyList_SET_ITEM(entries, i, entry);
    }
    if (sound && _PyBytes_Resize(&buffer, out - start) == 0) return Py_BuildValue("(NN)", buffer, entries);
    Py_XDECREF(buffer);
    Py_XDECREF(entries);
    return NULL;
}

/* See `frames` in _frames.pyi. */
static PyObject *frames(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *items;
    Stream stream;
    unsigned long long n;
    memset(&stream, 0, sizeof stream);
    if (!PyArg_ParseTuple(args, "O!Ky#s#IiO", &PyList_Type, &items, &n, &stream.salt.data, &stream.salt.size, &stream.writer.data,
                          &stream.writer.size, &stream.epoch, &stream.type, &stream.encrypt))
        return NULL;
    if (stream.salt.size < 1 || stream.salt.size > KEY_MOST) {
        PyErr_SetString(PyExc_ValueError, "a key of 1 to 64 bytes expected");
        return NULL;
    }
    Py_ssize_t count = PyList_GET_SIZE(items), usual = 0, most = 0;
    Leaf *leaves = PyMem_Malloc((size_t)(count ? count : 1) * sizeof *leaves);
    Message *messages = PyMem_Malloc((size_t)(count ? count : 1) * (ROWS_MOST + 1) * sizeof *messages);
    PyObject *result = NULL;
    int done = leaves != NULL && messages != NULL;
    if (!done) PyErr_NoMemory();
    else if (stream.writer.size > SHORT_MOST || !plain_ascii(stream.writer) || n >> 47) count = 0; /* none is usual */
    while (done > 0 && usual < count && most < FRAME_MOST) {
        done = read_leaf(PyList_GET_ITEM(items, usual), &leaves[usual]);
        if (done > 0) most += leaves[usual++].most;
    }
    if (done >= 0 && leaves != NULL && messages != NULL) result = framed(&stream, leaves, usual, n, most, messages);
    PyMem_Free(leaves);
    PyMem_Free(messages);
    return result;
}

/* -- settle leaves ---------------------------------------------------------------------------------------------------- */

/* The root over `count` hashes, which are taken for the nodes of the lowest level, and written over. RFC 6962, section 2.1. */
static void root_over(uint8_t *row, Py_ssize_t count, uint8_t *nodes, Message *pairs, uint8_t out[32]) {
    for (; count > 1; count = (count + 1) / 2) {
        for (Py_ssize_t i = 0; i < count / 2; i++) pairs[i] = (Message){&OF_NODE, 1, row + 64 * i, 64, nodes + 32 * i};
        sha256_many(pairs, (size_t)(count / 2));
        if (count & 1) memcpy(nodes + 32 * (count / 2), row + 32 * (count - 1), 32); /* it has no neighbour: it rises as it is */
        uint8_t *made = nodes;
        nodes = row, row = made;
    }
    memcpy(out, row, 32);
}

typedef struct { Bytes name; PyObject *bodies; int open; uint8_t root[32]; } Group;

/* A settle leaf while it is made: `count` flows, and what is said of each under a few names. */
typedef struct {
    Stream stream;
    Bytes place;
    unsigned long long n;
    PyObject *flows, *secrets; /* secrets: (secret, user's key, its id) of each flow, none where nothing is hidden */
    Keys *keys;
    Py_ssize_t count, groups;
    Group group[ROWS_MOST];
    uint8_t *salts, *hashes, *spare[2]; /* hashes: of a group's flows, one group after the other, then of the segments */
    Message *messages;
} Settlement;

static int flow_of(const Settlement *its, Py_ssize_t i, Bytes *out) { return bytes_of(PyTuple_GET_ITEM(its->flows, i), out); }

static int check_settlement(Settlement *its, PyObject *rows) {
    its->count = PyTuple_GET_SIZE(its->flows);
    its->groups = PyList_GET_SIZE(rows);
    int hides = 0;
    if (its->groups > ROWS_MOST || !its->count || its->count > 0xfff0 || its->place.size > PLACE_MOST) return 0;
    for (Py_ssize_t g = 0; g < its->groups; g++) {
        PyObject *row = PyList_GET_ITEM(rows, g);
        Group *group = &its->group[g];
        if (!PyTuple_Check(row) || PyTuple_GET_SIZE(row) != 3 || bytes_of(PyTuple_GET_ITEM(row, 0), &group->name) < 0) return 0;
        group->bodies = PyTuple_GET_ITEM(row, 1);
        group->open = PyTuple_GET_ITEM(row, 2) == Py_True;
        hides |= !group->open;
        if (!PyList_Check(group->bodies) || PyList_GET_SIZE(group->bodies) != its->count || group->name.size > NAME_MOST) return 0;
    }
    return !hides || PyList_GET_SIZE(its->secrets) == its->count;
}

/* The keys of all flows. -1: an error is set. */
static int read_secrets(Settlement *its) {
    for (Py_ssize_t i = 0; i < its->count; i++) {
        Bytes secret, user_key, user_id;
        PyObject *item = PyList_GET_ITEM(its->secrets, i);
        if (!PyTuple_Check(item)) {
            PyErr_SetString(PyExc_TypeError, "keys as tuples expected");
            return -1;
        }
        if (!PyArg_ParseTuple(item, "y#y#y#", &secret.data, &secret.size, &user_key.data, &user_key.size,
                              &user_id.data, &user_id.size) ||
            read_keys(secret, user_key, user_id, &its->keys[i]) < 0)
            return -1;
    }
    return 0;
}

/* Salts of all, and what is to be hashed of the groups. -1: an error is set. */
static int ask_commitments(Settlement *its) {
    Begun begun = {NULL, 0, {{0}, {0}, 0, 0, 0}};
    for (Py_ssize_t i = 0; i < its->count; i++) {
        Bytes flow;
        if (flow_of(its, i, &flow) < 0) return -1;
        for (Py_ssize_t g = 0; g < its->groups; g++) {
            Group *group = &its->group[g];
            Py_ssize_t at = g * its->count + i;
            Bytes body, key = group->open ? its->stream.salt : its->keys[i].key;
            if (bytes_of(PyList_GET_ITEM(group->bodies, i), &body) < 0) return -1;
            salt_of(group->open ? &its->stream.open : &begun, key, its->place, group->name, flow, its->salts + SALT * at);
            its->messages[at] = (Message){its->salts + SALT * at, SALT, (const uint8_t *)body.data, (size_t)body.size, its->hashes + 32 * at};
        }
    }
    return 0;
}

/* For each flow its ciphertext with the length before it. NULL: an error is set. */
static PyObject *segments_of(Settlement *its) {
    Py_ssize_t most = 0;
    for (Py_ssize_t i = 0; i < its->count; i++) {
        most += 4 + PREFIX + 1 + GCM_TAG; /* two braces, and a comma less than there are groups */
        for (Py_ssize_t g = 0; g < its->groups; g++)
            if (!its->group[g].open) most += PyBytes_GET_SIZE(PyList_GET_ITEM(its->group[g].bodies, i)) + its->group[g].name.size + 4;
    }
    PyObject *result = PyBytes_FromStringAndSize(NULL, most);
    if (result == NULL) return NULL;
    char *start = PyBytes_AS_STRING(result), *out = start;
    for (Py_ssize_t i = 0; i < its->count; i++) {
        Bytes flow;
        char bound[PLACE_MOST + SHORT_MOST], nonce[GCM_NONCE], *length = out;
        if (flow_of(its, i, &flow) < 0) break;
        if (flow.size > SHORT_MOST) {
            PyErr_SetString(PyExc_ValueError, "a flow's id of at most 256 bytes expected");
            break;
        }
        char *text = put_prefix(out + 4, its->stream.encrypt, &its->keys[i], flow);
        if (text == NULL) break;
        out = text;
        int any = 0;
        *out++ = '{';
        for (Py_ssize_t g = 0; g < its->groups; g++) {
            if (its->group[g].open) continue;
            PyObject *body = PyList_GET_ITEM(its->group[g].bodies, i);
            if (any) *out++ = ',';
            any = 1;
            *out++ = '"';
            out = put(out, its->group[g].name.data, its->group[g].name.size);
            out = PUT(out, "\":");
            out = put(out, PyBytes_AS_STRING(body), PyBytes_GET_SIZE(body));
        }
        *out++ = '}';
        nonce_of(nonce, its->stream.epoch, its->n, (unsigned int)i + 2);
        char *end = put(put(bound, its->place.data, its->place.size), flow.data, flow.size);
        if (encrypt_at(its->stream.encrypt, its->keys[i].key, nonce, bound, end - bound, text, out - text) < 0) break;
        out += GCM_TAG;
        Py_ssize_t at = its->groups * its->count + i;
        its->messages[at] = (Message){&OF_LEAF, 1, (const uint8_t *)length + 4, (size_t)(out - length - 4), its->hashes + 32 * at};
        big_endian(length, (unsigned long long)(out - length - 4), 4);
    }
    if (PyErr_Occurred() || out - start != most) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_RuntimeError, "segments of another length");
        Py_CLEAR(result);
    }
    return result;
}

/* The root over commitments: of each the hash of a leaf, and of these the root. */
static void root_of(Settlement *its, const uint8_t *hashes, uint8_t out[32]) {
    for (Py_ssize_t i = 0; i < its->count; i++) its->messages[i] = (Message){&OF_LEAF, 1, hashes + 32 * i, 32, its->spare[0] + 32 * i};
    sha256_many(its->messages, (size_t)its->count);
    root_over(its->spare[0], its->count, its->spare[1], its->messages, out);
}

/* See `settlement` in _frames.pyi. */
static PyObject *settlement(PyObject *self, PyObject *args) {
    (void)self;
    Settlement its;
    PyObject *rows, *result = NULL, *sealed = NULL;
    memset(&its, 0, sizeof its);
    if (!PyArg_ParseTuple(args, "y#O!O!O!y#IKO", &its.place.data, &its.place.size, &PyTuple_Type, &its.flows, &PyList_Type, &rows,
                          &PyList_Type, &its.secrets, &its.stream.salt.data, &its.stream.salt.size,
                          &its.stream.epoch, &its.n, &its.stream.encrypt))
        return NULL;
    if (its.stream.salt.size < 1 || its.stream.salt.size > KEY_MOST || !check_settlement(&its, rows)) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "as many bodies and keys as flows expected");
        return NULL;
    }
    int hides = 0;
    for (Py_ssize_t g = 0; g < its.groups; g++) {
        hides |= !its.group[g].open;
        for (Py_ssize_t i = 0; i < its.count; i++)
            if (!PyBytes_Check(PyList_GET_ITEM(its.group[g].bodies, i))) {
                PyErr_SetString(PyExc_TypeError, "bodies as bytes expected");
                return NULL;
            }
    }
    size_t all = (size_t)(its.count * (its.groups + 1));
    its.salts = PyMem_Malloc(all * SALT);
    its.hashes = PyMem_Malloc(all * 32);
    its.messages = PyMem_Malloc(all * sizeof *its.messages);
    its.keys = PyMem_Malloc((size_t)its.count * sizeof *its.keys);
    its.spare[0] = PyMem_Malloc((size_t)its.count * 64 + 64);
    if (its.salts == NULL || its.hashes == NULL || its.messages == NULL || its.keys == NULL || its.spare[0] == NULL) {
        PyErr_NoMemory();
    } else if ((!hides || read_secrets(&its) == 0) && ask_commitments(&its) == 0) {
        its.spare[1] = its.spare[0] + 32 * its.count;
        sealed = hides ? segments_of(&its) : PyBytes_FromStringAndSize("", 0);
        if (sealed != NULL) {
            uint8_t over[32];
            sha256_many(its.messages, (size_t)(its.count * (its.groups + hides)));
            if (hides) root_over(its.hashes + 32 * its.count * its.groups, its.count, its.spare[0], its.messages, over);
            PyObject *roots = PyList_New(0);
            for (Py_ssize_t g = 0; roots != NULL && g < its.groups; g++) {
                const uint8_t *hashes = its.hashes + 32 * its.count * g;
                root_of(&its, hashes, its.group[g].root);
                PyObject *pair = Py_BuildValue("(y#y#)", its.group[g].root, (Py_ssize_t)32, hashes, 32 * its.count);
                if (pair == NULL || PyList_Append(roots, pair) < 0) Py_CLEAR(roots);
                Py_XDECREF(pair);
            }
            if (roots != NULL) result = Py_BuildValue("(NOy#)", roots, sealed, over, (Py_ssize_t)(hides ? 32 : 0));
        }
    }
    Py_XDECREF(sealed);
    PyMem_Free(its.salts);
    PyMem_Free(its.hashes);
    PyMem_Free(its.messages);
    PyMem_Free(its.keys);
    PyMem_Free(its.spare[0]);
    return result;
}

/* See `encrypt` in _frames.pyi. */
static PyObject *encrypt(PyObject *self, PyObject *args) {
    (void)self;
    Bytes key, nonce, text, bound, before;
    if (!PyArg_ParseTuple(args, "y#y#y#y#y#", &key.data, &key.size, &nonce.data, &nonce.size, &text.data, &text.size, &bound.data,
                          &bound.size, &before.data, &before.size))
        return NULL;
    if (nonce.size != GCM_NONCE) {
        PyErr_SetString(PyExc_ValueError, "a nonce of 12 bytes expected");
        return NULL;
    }
    PyObject *result = PyBytes_FromStringAndSize(NULL, before.size + nonce.size + text.size + GCM_TAG);
    if (result == NULL) return NULL;
    char *out = put(put(PyBytes_AS_STRING(result), before.data, before.size), nonce.data, nonce.size);
    put(out, text.data, text.size);
    if (encrypt_at(Py_None, key, nonce.data, bound.data, bound.size, out, text.size) < 0) Py_CLEAR(result);
    return result;
}

static PyMethodDef methods[] = {
    {"frames", frames, METH_VARARGS, "frames(leaves, n, salt, writer, epoch, type, encrypt) -> (frames, [entry, ...])."},
    {"settlement", settlement, METH_VARARGS, "settlement(place, flows, groups, keys, salt, epoch, n, encrypt) -> (roots, sealed, root)."},
    {"encrypt", encrypt, METH_VARARGS, "encrypt(key, nonce, text, bound, before) -> before, nonce, ciphertext, tag."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_frames", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__frames(void) {
    const uint16_t one = 1;
    if (*(const uint8_t *)&one != 1) {
        PyErr_SetString(PyExc_ImportError, "built for little-endian machines");
        return NULL;
    }
    hashes_init();
    PyObject *hashlib = PyImport_ImportModule("_hashlib"); /* it brings the interpreter's libcrypto, where there is one */
    if (hashlib == NULL) PyErr_Clear();
    Py_XDECREF(hashlib);
    gcm_is_there = gcm_open(&gcm);
    PyObject *module = PyModule_Create(&definition);
    if (module != NULL && PyModule_AddObjectRef(module, "has_cipher", gcm_is_there ? Py_True : Py_False) < 0) Py_CLEAR(module);
    return module;
}
