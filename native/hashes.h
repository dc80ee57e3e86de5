/* SHA-256 (FIPS 180-4) and, from `blake2b.h`, keyed BLAKE2b: many short messages without an object for each. */
#ifndef LEXGATE_HASHES_H
#define LEXGATE_HASHES_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "blake2b.h"
#if defined(__x86_64__) && defined(__GNUC__)
#define LEXGATE_SHA_NI 1
#include <cpuid.h>
#include <immintrin.h>
#endif

static const uint32_t SHA_K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
    0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
    0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
    0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t sha_rotate(uint32_t x, int n) { return (x >> n) | (x << (32 - n)); }

static void sha_blocks_plain(uint32_t state[8], const uint8_t *data, size_t blocks) {
    for (; blocks; blocks--, data += 64) {
        uint32_t w[64];
        for (int i = 0; i < 16; i++)
            w[i] = (uint32_t)data[4 * i] << 24 | (uint32_t)data[4 * i + 1] << 16 | (uint32_t)data[4 * i + 2] << 8 | data[4 * i + 3];
        for (int i = 16; i < 64; i++) {
            uint32_t a = sha_rotate(w[i - 15], 7) ^ sha_rotate(w[i - 15], 18) ^ (w[i - 15] >> 3);
            uint32_t b = sha_rotate(w[i - 2], 17) ^ sha_rotate(w[i - 2], 19) ^ (w[i - 2] >> 10);
            w[i] = w[i - 16] + a + w[i - 7] + b;
        }
        uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
        for (int i = 0; i < 64; i++) {
            uint32_t t1 = h + (sha_rotate(e, 6) ^ sha_rotate(e, 11) ^ sha_rotate(e, 25)) + ((e & f) ^ (~e & g)) + SHA_K[i] + w[i];
            uint32_t t2 = (sha_rotate(a, 2) ^ sha_rotate(a, 13) ^ sha_rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
            h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
        }
        state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e, state[5] += f, state[6] += g, state[7] += h;
    }
}

#ifdef LEXGATE_SHA_NI
__attribute__((target("sha,sse4.1"))) static void sha_blocks_ni(uint32_t state[8], const uint8_t *data, size_t blocks) {
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
    __m128i t = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)&state[0]), 0xB1);
    __m128i s1 = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)&state[4]), 0x1B);
    __m128i s0 = _mm_alignr_epi8(t, s1, 8);
    s1 = _mm_blend_epi16(s1, t, 0xF0);
    for (; blocks; blocks--, data += 64) {
        __m128i saved0 = s0, saved1 = s1, w[4];
        for (int i = 0; i < 4; i++) w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(data + 16 * i)), swap);
        for (int i = 0; i < 16; i++) {
            __m128i k = _mm_add_epi32(w[i & 3], _mm_loadu_si128((const __m128i *)&SHA_K[4 * i]));
            s1 = _mm_sha256rnds2_epu32(s1, s0, k);
            s0 = _mm_sha256rnds2_epu32(s0, s1, _mm_shuffle_epi32(k, 0x0E));
            if (i < 12) { /* the words of four rounds later take the place of these */
                __m128i next = _mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]);
                next = _mm_add_epi32(next, _mm_alignr_epi8(w[(i + 3) & 3], w[(i + 2) & 3], 4));
                w[i & 3] = _mm_sha256msg2_epu32(next, w[(i + 3) & 3]);
            }
        }
        s0 = _mm_add_epi32(s0, saved0);
        s1 = _mm_add_epi32(s1, saved1);
    }
    t = _mm_shuffle_epi32(s0, 0x1B);
    s1 = _mm_shuffle_epi32(s1, 0xB1);
    _mm_storeu_si128((__m128i *)&state[0], _mm_blend_epi16(t, s1, 0xF0));
    _mm_storeu_si128((__m128i *)&state[4], _mm_alignr_epi8(s1, t, 8));
}

/* Where a processor has no instructions for SHA: the schedule four words at a time, rounds on registers that take turns. */
#define SHA_ROTATE4(v, n) _mm_or_si128(_mm_srli_epi32(v, n), _mm_slli_epi32(v, 32 - (n)))
#define SHA_SIGMA(p) _mm_xor_si128(_mm_xor_si128(_mm_srli_epi64(p, 17), _mm_srli_epi64(p, 19)), _mm_srli_epi32(p, 10))
#define SHA_ROUND(a, b, c, d, e, f, g, h, word)                                                                     \
    do {                                                                                                            \
        uint32_t t1 = h + (sha_rotate(e, 6) ^ sha_rotate(e, 11) ^ sha_rotate(e, 25)) + (g ^ (e & (f ^ g))) + (word); \
        uint32_t t2 = (sha_rotate(a, 2) ^ sha_rotate(a, 13) ^ sha_rotate(a, 22)) + ((a & b) | (c & (a | b)));        \
        d += t1;                                                                                                    \
        h = t1 + t2;                                                                                                \
    } while (0)

__attribute__((target("avx,bmi2"))) static inline __m128i sha_four_words(__m128i w0, __m128i w4, __m128i w8, __m128i w12) {
    const __m128i low = _mm_set_epi32(-1, -1, 0x0b0a0908, 0x03020100), high = _mm_set_epi32(0x0b0a0908, 0x03020100, -1, -1);
    __m128i w1 = _mm_alignr_epi8(w4, w0, 4);
    __m128i s = _mm_xor_si128(_mm_xor_si128(SHA_ROTATE4(w1, 7), SHA_ROTATE4(w1, 18)), _mm_srli_epi32(w1, 3));
    __m128i next = _mm_add_epi32(_mm_add_epi32(w0, _mm_alignr_epi8(w12, w8, 4)), s);
    __m128i pair = _mm_shuffle_epi32(w12, 0xFA); /* each word twice, so that a shift of 64 bits turns it */
    next = _mm_add_epi32(next, _mm_shuffle_epi8(SHA_SIGMA(pair), low));
    pair = _mm_shuffle_epi32(next, 0x50); /* the last two words need the first two */
    return _mm_add_epi32(next, _mm_shuffle_epi8(SHA_SIGMA(pair), high));
}

__attribute__((target("avx,bmi2"))) static void sha_blocks_avx(uint32_t state[8], const uint8_t *data, size_t blocks) {
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
    for (; blocks; blocks--, data += 64) {
        __m128i x[4];
        uint32_t w[16] __attribute__((aligned(16)));
        uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
        for (int i = 0; i < 4; i++) x[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(data + 16 * i)), swap);
        for (int j = 0; j < 64; j += 16) {
            for (int i = 0; i < 4; i++) {
                __m128i sum = _mm_add_epi32(x[i], _mm_loadu_si128((const __m128i *)&SHA_K[j + 4 * i]));
                _mm_store_si128((__m128i *)(w + 4 * i), sum);
            }
            if (j < 48) x[0] = sha_four_words(x[0], x[1], x[2], x[3]);
            SHA_ROUND(a, b, c, d, e, f, g, h, w[0]);
            SHA_ROUND(h, a, b, c, d, e, f, g, w[1]);
            SHA_ROUND(g, h, a, b, c, d, e, f, w[2]);
            SHA_ROUND(f, g, h, a, b, c, d, e, w[3]);
            if (j < 48) x[1] = sha_four_words(x[1], x[2], x[3], x[0]);
            SHA_ROUND(e, f, g, h, a, b, c, d, w[4]);
            SHA_ROUND(d, e, f, g, h, a, b, c, w[5]);
            SHA_ROUND(c, d, e, f, g, h, a, b, w[6]);
            SHA_ROUND(b, c, d, e, f, g, h, a, w[7]);
            if (j < 48) x[2] = sha_four_words(x[2], x[3], x[0], x[1]);
            SHA_ROUND(a, b, c, d, e, f, g, h, w[8]);
            SHA_ROUND(h, a, b, c, d, e, f, g, w[9]);
            SHA_ROUND(g, h, a, b, c, d, e, f, w[10]);
            SHA_ROUND(f, g, h, a, b, c, d, e, w[11]);
            if (j < 48) x[3] = sha_four_words(x[3], x[0], x[1], x[2]);
            SHA_ROUND(e, f, g, h, a, b, c, d, w[12]);
            SHA_ROUND(d, e, f, g, h, a, b, c, w[13]);
            SHA_ROUND(c, d, e, f, g, h, a, b, w[14]);
            SHA_ROUND(b, c, d, e, f, g, h, a, w[15]);
        }
        state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e, state[5] += f, state[6] += g, state[7] += h;
    }
}
#endif

static void (*sha_blocks)(uint32_t[8], const uint8_t *, size_t) = sha_blocks_plain;

/* Once, before the first hash: takes the processor's own instructions where it has them. */
static void hashes_init(void) {
#ifdef LEXGATE_SHA_NI
    uint32_t a = 0, b = 0, c = 0, d = 0;
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx") && __builtin_cpu_supports("bmi2")) sha_blocks = sha_blocks_avx;
    /* A processor that has no leaf 7 would answer with another one. */
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1) && __builtin_cpu_supports("sse4.1")) sha_blocks = sha_blocks_ni;
#endif
}

typedef struct { uint32_t state[8]; uint8_t rest[64]; size_t used; uint64_t length; } Sha256;

static void sha256_start(Sha256 *sha) {
    static const uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(sha->state, first, sizeof first);
    sha->used = 0;
    sha->length = 0;
}

static void sha256_add(Sha256 *sha, const void *bytes, size_t size) {
    const uint8_t *data = bytes;
    sha->length += size;
    if (sha->used) {
        size_t room = 64 - sha->used, part = size < room ? size : room;
        memcpy(sha->rest + sha->used, data, part);
        sha->used += part, data += part, size -= part;
        if (sha->used < 64) return;
        sha_blocks(sha->state, sha->rest, 1);
        sha->used = 0;
    }
    sha_blocks(sha->state, data, size / 64);
    data += size / 64 * 64, size %= 64;
    if (size) memcpy(sha->rest, data, size);
    sha->used = size;
}

static void sha256_end(Sha256 *sha, uint8_t out[32]) {
    uint64_t bits = sha->length * 8;
    sha->rest[sha->used++] = 0x80;
    if (sha->used > 56) {
        memset(sha->rest + sha->used, 0, 64 - sha->used);
        sha_blocks(sha->state, sha->rest, 1);
        sha->used = 0;
    }
    memset(sha->rest + sha->used, 0, 56 - sha->used);
    for (int i = 0; i < 8; i++) sha->rest[56 + i] = (uint8_t)(bits >> (56 - 8 * i));
    sha_blocks(sha->state, sha->rest, 1);
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 4; j++) out[4 * i + j] = (uint8_t)(sha->state[i] >> (24 - 8 * j));
}
#endif
