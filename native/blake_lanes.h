/* Keyed BLAKE2b of many numbers, each with a letter before it: four side by side where the processor has AVX2. */
#ifndef LEXGATE_BLAKE_LANES_H
#define LEXGATE_BLAKE_LANES_H
#include "blake2b.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define LEXGATE_BLAKE_LANES 1
typedef uint64_t BlakeLanes __attribute__((vector_size(32)));

#define LEXGATE_MIX_LANES(a, b, c, d, x, y)                       \
    v[a] += v[b] + (x), v[d] = LEXGATE_TURN(v[d] ^ v[a], 32);     \
    v[c] += v[d], v[b] = LEXGATE_TURN(v[b] ^ v[c], 24);           \
    v[a] += v[b] + (y), v[d] = LEXGATE_TURN(v[d] ^ v[a], 16);     \
    v[c] += v[d], v[b] = LEXGATE_TURN(v[b] ^ v[c], 63);

/* The last block of four messages of nine bytes: only its first two words are not zero. */
__attribute__((target("avx2"))) static void blake_numbers_lanes(const Blake2b *begun, uint8_t letter, uint64_t numbers[4]) {
    BlakeLanes m[16] = {{0}}, v[16], number;
    memcpy(&number, numbers, sizeof number);
    m[0] = number << 8 | (BlakeLanes){letter, letter, letter, letter};
    m[1] = number >> 56;
    for (int i = 0; i < 8; i++) {
        v[i] = (BlakeLanes){0} + begun->state[i];
        v[i + 8] = (BlakeLanes){0} + BLAKE_IV[i];
    }
    v[12] ^= begun->length + 9;
    v[14] = ~v[14];
    for (int round = 0; round < 12; round++) {
        const uint8_t *s = BLAKE_SIGMA[round % 10];
        LEXGATE_MIX_LANES(0, 4, 8, 12, m[s[0]], m[s[1]])
        LEXGATE_MIX_LANES(1, 5, 9, 13, m[s[2]], m[s[3]])
        LEXGATE_MIX_LANES(2, 6, 10, 14, m[s[4]], m[s[5]])
        LEXGATE_MIX_LANES(3, 7, 11, 15, m[s[6]], m[s[7]])
        LEXGATE_MIX_LANES(0, 5, 10, 15, m[s[8]], m[s[9]])
        LEXGATE_MIX_LANES(1, 6, 11, 12, m[s[10]], m[s[11]])
        LEXGATE_MIX_LANES(2, 7, 8, 13, m[s[12]], m[s[13]])
        LEXGATE_MIX_LANES(3, 4, 9, 14, m[s[14]], m[s[15]])
    }
    number = v[0] ^ v[8] ^ begun->state[0];
    memcpy(numbers, &number, sizeof number);
}
#endif

/* Each number becomes the hash of the letter and its eight bytes, of a digest of eight bytes. `begun`: the key is mixed in. */
static void blake2b_numbers(const Blake2b *begun, uint8_t letter, uint64_t *numbers, size_t count) {
    size_t at = 0;
#ifdef LEXGATE_BLAKE_LANES
    if (__builtin_cpu_supports("avx2"))
        for (; at + 4 <= count; at += 4) blake_numbers_lanes(begun, letter, numbers + at);
#endif
    for (; at < count; at++) {
        uint8_t message[9] = {letter};
        memcpy(message + 1, &numbers[at], 8);
        Blake2b blake;
        blake2b_again(&blake, begun);
        blake2b_add(&blake, message, 9);
        blake2b_end(&blake, (uint8_t *)&numbers[at]);
    }
}
#endif
