/* SHA-256 of many messages at once: eight side by side where the processor has AVX2 and no instructions for SHA-256 itself,
 * at twice the speed where it turns and combines words in one instruction (AVX-512VL).
 */
#ifndef LEXGATE_LANES_H
#define LEXGATE_LANES_H
#include "hashes.h"

#define LEAD_MOST 32

/* `lead` stands before the data: a prefix of one byte, a salt, or nothing. */
typedef struct { const uint8_t *lead; size_t leads; const uint8_t *data; size_t size; uint8_t *hash; } Message;

static const uint8_t OF_LEAF = 0, OF_NODE = 1; /* what leads in a tree of RFC 6962 */

static void sha256_one(const Message *message) {
    Sha256 sha;
    sha256_start(&sha);
    sha256_add(&sha, message->lead, message->leads);
    sha256_add(&sha, message->data, message->size);
    sha256_end(&sha, message->hash);
}

#ifdef LEXGATE_SHA_NI
#define LANES 8

/* A message on its way through a lane. */
typedef struct {
    const Message *message;
    size_t block, blocks, whole; /* whole: those without padding, the first one included */
    uint8_t edge[3 * 64];        /* the first block, and the last one or two */
} Lane;

static void lane_begin(Lane *lane, const Message *message) {
    size_t leads = message->leads, size = message->size, length = leads + size, room = 64 - leads;
    lane->message = message;
    lane->block = 0;
    lane->blocks = (length + 9 + 63) / 64;
    lane->whole = length / 64;
    size_t last = lane->whole ? lane->whole : 1; /* what stands from here on is copied, behind the first block */
    memset(lane->edge, 0, sizeof lane->edge);
    if (leads) memcpy(lane->edge, message->lead, leads);
    if (size) memcpy(lane->edge + leads, message->data, size < room ? size : room);
    if (length > 64 * last) memcpy(lane->edge + 64, message->data + 64 * last - leads, length - 64 * last);
    lane->edge[lane->whole ? 64 + length - 64 * last : length] = 0x80;
    uint8_t *end = lane->edge + 64 * (1 + lane->blocks - last);
    for (int i = 0; i < 8; i++) end[-1 - i] = (uint8_t)((uint64_t)length * 8 >> (8 * i));
}

static const uint8_t *lane_block(const Lane *lane) {
    size_t last = lane->whole ? lane->whole : 1;
    if (!lane->block) return lane->edge;
    if (lane->block < lane->whole) return lane->message->data + 64 * lane->block - lane->message->leads;
    return lane->edge + 64 * (1 + lane->block - last);
}

/* Eight words of each of eight blocks, as one row for each word. */
#define LANES_TURN(rows, from, swap)                                                                                  \
    do {                                                                                                              \
        __m256i r[8], s[8];                                                                                           \
        for (int j = 0; j < 8; j++) r[j] = _mm256_shuffle_epi8(_mm256_loadu_si256((const __m256i *)(from)), swap);    \
        for (int j = 0; j < 8; j += 2) {                                                                              \
            s[j] = _mm256_unpacklo_epi32(r[j], r[j + 1]);                                                             \
            s[j + 1] = _mm256_unpackhi_epi32(r[j], r[j + 1]);                                                         \
        }                                                                                                             \
        for (int j = 0; j < 8; j += 4) {                                                                              \
            r[j] = _mm256_unpacklo_epi64(s[j], s[j + 2]);                                                             \
            r[j + 1] = _mm256_unpackhi_epi64(s[j], s[j + 2]);                                                         \
            r[j + 2] = _mm256_unpacklo_epi64(s[j + 1], s[j + 3]);                                                     \
            r[j + 3] = _mm256_unpackhi_epi64(s[j + 1], s[j + 3]);                                                     \
        }                                                                                                             \
        for (int j = 0; j < 4; j++) {                                                                                 \
            (rows)[j] = _mm256_permute2x128_si256(r[j], r[j + 4], 0x20);                                              \
            (rows)[j + 4] = _mm256_permute2x128_si256(r[j], r[j + 4], 0x31);                                          \
        }                                                                                                             \
    } while (0)

#define ADD(a, b) _mm256_add_epi32(a, b)
#define LANES_ROUND(a, b, c, d, e, f, g, h, i)                                                                        \
    do {                                                                                                              \
        __m256i t1 = ADD(ADD(ADD(h, XOR3(ROTATE(e, 6), ROTATE(e, 11), ROTATE(e, 25))), CHOICE(e, f, g)),              \
                         ADD(_mm256_set1_epi32((int)SHA_K[i]), w[(i) & 15]));                                         \
        __m256i t2 = ADD(XOR3(ROTATE(a, 2), ROTATE(a, 13), ROTATE(a, 22)), MAJORITY(a, b, c));                        \
        d = ADD(d, t1);                                                                                               \
        h = ADD(t1, t2);                                                                                              \
        if (i < 48) {                                                                                                 \
            __m256i x = w[((i) + 1) & 15], y = w[((i) + 14) & 15];                                                    \
            w[(i) & 15] = ADD(ADD(w[(i) & 15], XOR3(ROTATE(x, 7), ROTATE(x, 18), _mm256_srli_epi32(x, 3))),           \
                              ADD(w[((i) + 9) & 15], XOR3(ROTATE(y, 17), ROTATE(y, 19), _mm256_srli_epi32(y, 10))));  \
        }                                                                                                             \
    } while (0)

/* One block of each lane. */
#define LANES_BLOCKS(state, block)                                                                                    \
    do {                                                                                                              \
        const __m256i swap = _mm256_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL, 0x0c0d0e0f08090a0bLL, 0x0405060700010203LL); \
        __m256i w[16], a = state[0], b = state[1], c = state[2], d = state[3];                                        \
        __m256i e = state[4], f = state[5], g = state[6], h = state[7];                                               \
        LANES_TURN(w, block[j], swap);                                                                                \
        LANES_TURN(w + 8, block[j] + 32, swap);                                                                       \
        for (int i = 0; i < 64; i += 16) {                                                                            \
            LANES_ROUND(a, b, c, d, e, f, g, h, i);                                                                   \
            LANES_ROUND(h, a, b, c, d, e, f, g, i + 1);                                                               \
            LANES_ROUND(g, h, a, b, c, d, e, f, i + 2);                                                               \
            LANES_ROUND(f, g, h, a, b, c, d, e, i + 3);                                                               \
            LANES_ROUND(e, f, g, h, a, b, c, d, i + 4);                                                               \
            LANES_ROUND(d, e, f, g, h, a, b, c, i + 5);                                                               \
            LANES_ROUND(c, d, e, f, g, h, a, b, i + 6);                                                               \
            LANES_ROUND(b, c, d, e, f, g, h, a, i + 7);                                                               \
            LANES_ROUND(a, b, c, d, e, f, g, h, i + 8);                                                               \
            LANES_ROUND(h, a, b, c, d, e, f, g, i + 9);                                                               \
            LANES_ROUND(g, h, a, b, c, d, e, f, i + 10);                                                              \
            LANES_ROUND(f, g, h, a, b, c, d, e, i + 11);                                                              \
            LANES_ROUND(e, f, g, h, a, b, c, d, i + 12);                                                              \
            LANES_ROUND(d, e, f, g, h, a, b, c, i + 13);                                                              \
            LANES_ROUND(c, d, e, f, g, h, a, b, i + 14);                                                              \
            LANES_ROUND(b, c, d, e, f, g, h, a, i + 15);                                                              \
        }                                                                                                             \
        state[0] = ADD(state[0], a), state[1] = ADD(state[1], b), state[2] = ADD(state[2], c), state[3] = ADD(state[3], d); \
        state[4] = ADD(state[4], e), state[5] = ADD(state[5], f), state[6] = ADD(state[6], g), state[7] = ADD(state[7], h); \
    } while (0)

#define ROTATE(x, n) _mm256_or_si256(_mm256_srli_epi32(x, n), _mm256_slli_epi32(x, 32 - (n)))
#define XOR3(x, y, z) _mm256_xor_si256(x, _mm256_xor_si256(y, z))
#define CHOICE(x, y, z) _mm256_xor_si256(z, _mm256_and_si256(x, _mm256_xor_si256(y, z)))
#define MAJORITY(x, y, z) _mm256_or_si256(_mm256_and_si256(x, y), _mm256_and_si256(z, _mm256_or_si256(x, y)))
__attribute__((target("avx2"))) static void sha_lanes_avx2(__m256i state[8], const uint8_t *const block[LANES]) {
    LANES_BLOCKS(state, block);
}
#undef ROTATE
#undef XOR3
#undef CHOICE
#undef MAJORITY

#define ROTATE(x, n) _mm256_ror_epi32(x, n)
#define XOR3(x, y, z) _mm256_ternarylogic_epi32(x, y, z, 0x96)
#define CHOICE(x, y, z) _mm256_ternarylogic_epi32(x, y, z, 0xca)
#define MAJORITY(x, y, z) _mm256_ternarylogic_epi32(x, y, z, 0xe8)
__attribute__((target("avx2,avx512f,avx512vl"))) static void sha_lanes_avx512(__m256i state[8], const uint8_t *const block[LANES]) {
    LANES_BLOCKS(state, block);
}
#undef ROTATE
#undef XOR3
#undef CHOICE
#undef MAJORITY
#undef ADD

/* What is left of the message in lane `j`, by itself. */
static void lane_end(Lane *lane, const uint32_t state[8][LANES], int j) {
    uint32_t its[8];
    for (int i = 0; i < 8; i++) its[i] = state[i][j];
    for (; lane->block < lane->blocks; lane->block++) sha_blocks(its, lane_block(lane), 1);
    for (int i = 0; i < 8; i++) {
        uint32_t word = __builtin_bswap32(its[i]);
        memcpy(lane->message->hash + 4 * i, &word, 4);
    }
}

/* Each lane takes the next message when it is done with one. `few`: so many that are left are faster one by one. */
__attribute__((target("avx2"))) static void sha256_lanes(const Message *messages, size_t count, size_t few,
                                                         void (*blocks)(__m256i[8], const uint8_t *const[LANES])) {
    Sha256 fresh;
    Lane lanes[LANES];
    union { __m256i rows[8]; uint32_t words[8][LANES]; } state;
    static const uint8_t idle[64];
    size_t next = 0, busy = 0;
    int works[LANES];
    sha256_start(&fresh);
    for (int j = 0; j < LANES; j++) {
        works[j] = next < count;
        if (works[j]) lane_begin(&lanes[j], &messages[next++]), busy++;
        for (int i = 0; i < 8; i++) state.words[i][j] = fresh.state[i];
    }
    while (busy > few || next < count) {
        const uint8_t *block[LANES];
        for (int j = 0; j < LANES; j++) block[j] = works[j] ? lane_block(&lanes[j]) : idle;
        blocks(state.rows, block);
        for (int j = 0; j < LANES; j++) {
            if (!works[j] || ++lanes[j].block < lanes[j].blocks) continue;
            lane_end(&lanes[j], (const uint32_t(*)[LANES])state.words, j);
            works[j] = next < count;
            if (!works[j]) {
                busy--;
                continue;
            }
            lane_begin(&lanes[j], &messages[next++]);
            for (int i = 0; i < 8; i++) state.words[i][j] = fresh.state[i];
        }
    }
    for (int j = 0; j < LANES; j++)
        if (works[j]) lane_end(&lanes[j], (const uint32_t(*)[LANES])state.words, j);
}
#endif

/* SHA-256(lead || data) of each; a lead has at most LEAD_MOST bytes. Hashes may not lie where messages are read from. */
static void sha256_many(const Message *messages, size_t count) {
#ifdef LEXGATE_SHA_NI
    if (count > 1 && sha_blocks != sha_blocks_ni) {
        if (__builtin_cpu_supports("avx512vl")) {
            sha256_lanes(messages, count, 1, sha_lanes_avx512);
            return;
        }
        if (count > 2 && __builtin_cpu_supports("avx2")) {
            sha256_lanes(messages, count, 2, sha_lanes_avx2);
            return;
        }
    }
#endif
    for (size_t i = 0; i < count; i++) sha256_one(&messages[i]);
}
#endif
