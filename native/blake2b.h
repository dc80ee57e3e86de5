/* Keyed BLAKE2b (RFC 7693): many short messages without an object for each. */
#ifndef LEXGATE_BLAKE2B_H
#define LEXGATE_BLAKE2B_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static const uint64_t BLAKE_IV[8] = {0x6a09e667f3bcc908ULL, 0xbb67ae8584caa73bULL, 0x3c6ef372fe94f82bULL, 0xa54ff53a5f1d36f1ULL,
                                     0x510e527fade682d1ULL, 0x9b05688c2b3e6c1fULL, 0x1f83d9abfb41bd6bULL, 0x5be0cd19137e2179ULL};
static const uint8_t BLAKE_SIGMA[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

typedef struct { uint64_t state[8]; uint8_t rest[128]; size_t used; uint64_t length; size_t digest; } Blake2b;

static void blake_block(Blake2b *blake, int last) {
    uint64_t m[16], v[16];
    memcpy(m, blake->rest, sizeof m); /* little-endian machines only, as `init` checks */
    memcpy(v, blake->state, 64);
    memcpy(v + 8, BLAKE_IV, 64);
    v[12] ^= blake->length;
    if (last) v[14] = ~v[14];
#define LEXGATE_TURN(x, n) (((x) >> (n)) | ((x) << (64 - (n))))
#define LEXGATE_MIX(a, b, c, d, x, y)                             \
    v[a] += v[b] + (x), v[d] = LEXGATE_TURN(v[d] ^ v[a], 32);     \
    v[c] += v[d], v[b] = LEXGATE_TURN(v[b] ^ v[c], 24);           \
    v[a] += v[b] + (y), v[d] = LEXGATE_TURN(v[d] ^ v[a], 16);     \
    v[c] += v[d], v[b] = LEXGATE_TURN(v[b] ^ v[c], 63);
    _Pragma("GCC unroll 12") /* which word is mixed where is known then: .6 of the time */
    for (int round = 0; round < 12; round++) {
        const uint8_t *s = BLAKE_SIGMA[round % 10];
        LEXGATE_MIX(0, 4, 8, 12, m[s[0]], m[s[1]])
        LEXGATE_MIX(1, 5, 9, 13, m[s[2]], m[s[3]])
        LEXGATE_MIX(2, 6, 10, 14, m[s[4]], m[s[5]])
        LEXGATE_MIX(3, 7, 11, 15, m[s[6]], m[s[7]])
        LEXGATE_MIX(0, 5, 10, 15, m[s[8]], m[s[9]])
        LEXGATE_MIX(1, 6, 11, 12, m[s[10]], m[s[11]])
        LEXGATE_MIX(2, 7, 8, 13, m[s[12]], m[s[13]])
        LEXGATE_MIX(3, 4, 9, 14, m[s[14]], m[s[15]])
    }
    for (int i = 0; i < 8; i++) blake->state[i] ^= v[i] ^ v[i + 8];
}

/* Mixes in a full block that more will follow. */
static void blake2b_flush(Blake2b *blake) {
    if (blake->used == 128) {
        blake->length += 128;
        blake_block(blake, 0);
        blake->used = 0;
    }
}

static void blake2b_add(Blake2b *blake, const void *bytes, size_t size) {
    const uint8_t *data = bytes;
    while (size) {
        blake2b_flush(blake); /* only when more follows: the last block is special */
        size_t room = 128 - blake->used, part = size < room ? size : room;
        memcpy(blake->rest + blake->used, data, part);
        blake->used += part, data += part, size -= part;
    }
}

static inline void blake2b_start(Blake2b *blake, const uint8_t *key, size_t key_size, size_t digest) {
    memcpy(blake->state, BLAKE_IV, 64);
    blake->state[0] ^= 0x01010000ULL ^ (uint64_t)key_size << 8 ^ digest;
    blake->used = 0;
    blake->length = 0;
    blake->digest = digest;
    if (key_size) {
        uint8_t block[128] = {0};
        memcpy(block, key, key_size);
        blake2b_add(blake, block, 128);
    }
}

/* Begins a hash under the key that another one began with. */
static inline void blake2b_again(Blake2b *blake, const Blake2b *begun) { *blake = *begun; }

static inline void blake2b_end(Blake2b *blake, uint8_t *out) {
    blake->length += blake->used;
    memset(blake->rest + blake->used, 0, 128 - blake->used);
    blake_block(blake, 1);
    memcpy(out, blake->state, blake->digest);
}
#endif
