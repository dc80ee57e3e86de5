/* What the commitments of leaves are made of, for `seal.c` and `frames.c`. Format: ADR 0002. */
#ifndef LEXGATE_COMMIT_H
#define LEXGATE_COMMIT_H
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include "lanes.h"

#define SALT 16
#define KEY_MOST 64

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* 32 bytes as 44 characters. */
static inline void base64(const uint8_t in[32], char out[44]) {
    for (int i = 0; i < 10; i++, in += 3, out += 4) {
        uint32_t word = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
        for (int j = 0; j < 4; j++) out[j] = BASE64[word >> (18 - 6 * j) & 63];
    }
    uint32_t word = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8;
    out[0] = BASE64[word >> 18 & 63];
    out[1] = BASE64[word >> 12 & 63];
    out[2] = BASE64[word >> 6 & 63];
    out[3] = '=';
}

typedef struct { const char *data; Py_ssize_t size; } Bytes;

static inline int bytes_of(PyObject *object, Bytes *out) {
    if (PyBytes_Check(object)) {
        out->data = PyBytes_AS_STRING(object);
        out->size = PyBytes_GET_SIZE(object);
        return 0;
    }
    if (PyUnicode_Check(object)) {
        out->data = PyUnicode_AsUTF8AndSize(object, &out->size);
        return out->data ? 0 : -1;
    }
    PyErr_SetString(PyExc_TypeError, "bytes or str expected");
    return -1;
}

static inline int secret_of(PyObject *object, Bytes *out) {
    if (bytes_of(object, out) < 0) return -1;
    if (out->size < 1 || out->size > KEY_MOST) {
        PyErr_SetString(PyExc_ValueError, "a key of 1 to 64 bytes expected");
        return -1;
    }
    return 0;
}

/* A hash that has taken in its key: the groups of a leaf share one, and the open ones of all leaves another. */
typedef struct { const char *key; Py_ssize_t size; Blake2b blake; } Begun;

static inline void begin(Begun *begun, Bytes secret) {
    if (begun->key == secret.data && begun->size == secret.size) return;
    blake2b_start(&begun->blake, (const uint8_t *)secret.data, (size_t)secret.size, SALT);
    blake2b_flush(&begun->blake);
    begun->key = secret.data;
    begun->size = secret.size;
}

/* BLAKE2b-128(place || group || "/" || flow) under the secret. `begun`: of the last one. */
static inline void salt_of(Begun *begun, Bytes secret, Bytes place, Bytes group, Bytes flow, uint8_t salt[SALT]) {
    Blake2b blake;
    begin(begun, secret);
    blake2b_again(&blake, &begun->blake);
    blake2b_add(&blake, place.data, (size_t)place.size);
    blake2b_add(&blake, group.data, (size_t)group.size);
    blake2b_add(&blake, "/", 1);
    blake2b_add(&blake, flow.data, (size_t)flow.size);
    blake2b_end(&blake, salt);
}

/* Whether a text stands in JSON as it is. */
static inline int plain_ascii(Bytes text) {
    for (Py_ssize_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') return 0;
    }
    return 1;
}

#endif
