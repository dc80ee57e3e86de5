/* SHA-256 of many messages that begin with the same byte, as leaves and nodes of a tree do: eight side by side where the
 * processor has AVX2 and no instructions for SHA-256 itself.
 */
#ifndef LEXGATE_LANES_H
#define LEXGATE_LANES_H
#include "hashes.h"

typedef struct { const uint8_t *data; size_t size; uint8_t *hash; } Message;

static void sha256_prefixed(uint8_t prefix, const uint8_t *data, size_t size, uint8_t hash[32]) {
    Sha256 sha;
    sha256_start(&sha);
    sha256_add(&sha, &prefix, 1);
    sha256_add(&sha, data, size);
    sha256_end(&sha, hash);
}

#ifdef LEXGATE_SHA_NI
#define LANES 8
typedef uint32_t Lanes __attribute__((vector_size(4 * LANES)));

/* A message on its way through a lane. */
typedef struct {
    const Message *message;
    size_t block, blocks, whole; /* whole: those that lie in the message's own bytes, from block 1 on */
    uint8_t edge[3 * 64];        /* the first block, and the last one or two */
} Lane;

static void lane_begin(Lane *lane, const Message *message, uint8_t prefix) {
    size_t size = message->size, length = size + 1; /* with the prefix */
    lane->message = message;
    lane->block = 0;
    lane->blocks = (length + 9 + 63) / 64;
    lane->whole = length / 64; /* blocks without padding, the first one included */
    size_t last = lane->whole ? lane->whole : 1; /* what stands from here on is copied, behind the first block */
    memset(lane->edge, 0, sizeof lane->edge);
    lane->edge[0] = prefix;
    if (size) memcpy(lane->edge + 1, message->data, size < 63 ? size : 63);
    if (length > 64 * last) memcpy(lane->edge + 64, message->data + 64 * last - 1, length - 64 * last);
    uint8_t *padding = lane->edge + (lane->whole ? 64 + length - 64 * last : length);
    *padding = 0x80;
    uint8_t *end = lane->edge + 64 * (1 + lane->blocks - last);
    for (int i = 0; i < 8; i++) end[-1 - i] = (uint8_t)((uint64_t)length * 8 >> (8 * i));
}

static const uint8_t *lane_block(const Lane *lane) {
    size_t last = lane->whole ? lane->whole : 1;
    if (!lane->block) return lane->edge;
    if (lane->block < lane->whole) return lane->message->data + 64 * lane->block - 1;
    return lane->edge + 64 * (1 + lane->block - last);
}

#define ROTATE(x, n) ((x) >> (n) | (x) << (32 - (n)))

__attribute__((target("avx2"))) static void sha_blocks_lanes(Lanes state[8], const uint8_t *const block[LANES]) {
    Lanes w[64], s[8];
    for (int i = 0; i < 16; i++) {
        uint32_t words[LANES];
        for (int j = 0; j < LANES; j++) {
            memcpy(&words[j], block[j] + 4 * i, 4);
            words[j] = __builtin_bswap32(words[j]);
        }
        memcpy(&w[i], words, sizeof words);
    }
    for (int i = 16; i < 64; i++)
        w[i] = w[i - 16] + (ROTATE(w[i - 15], 7) ^ ROTATE(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7] +
               (ROTATE(w[i - 2], 17) ^ ROTATE(w[i - 2], 19) ^ w[i - 2] >> 10);
    memcpy(s, state, sizeof s);
    for (int i = 0; i < 64; i++) {
        Lanes t1 = s[7] + (ROTATE(s[4], 6) ^ ROTATE(s[4], 11) ^ ROTATE(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + SHA_K[i] + w[i];
        Lanes t2 = (ROTATE(s[0], 2) ^ ROTATE(s[0], 13) ^ ROTATE(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        s[7] = s[6], s[6] = s[5], s[5] = s[4], s[4] = s[3] + t1, s[3] = s[2], s[2] = s[1], s[1] = s[0], s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) state[i] += s[i];
}

/* Each lane takes the next message when it is done with one. One for which none is left goes on with zeros, for nothing. */
__attribute__((target("avx2"))) static void sha256_lanes(uint8_t prefix, const Message *messages, size_t count) {
    Sha256 fresh;
    Lane lanes[LANES];
    Lanes state[8];
    uint8_t idle[64] = {0};
    size_t next = 0, busy = 0;
    int works[LANES];
    sha256_start(&fresh);
    for (int j = 0; j < LANES; j++) {
        works[j] = next < count;
        if (works[j]) lane_begin(&lanes[j], &messages[next++], prefix), busy++;
        for (int i = 0; i < 8; i++) state[i][j] = fresh.state[i];
    }
    while (busy) {
        const uint8_t *block[LANES];
        for (int j = 0; j < LANES; j++) block[j] = works[j] ? lane_block(&lanes[j]) : idle;
        sha_blocks_lanes(state, block);
        for (int j = 0; j < LANES; j++) {
            if (!works[j] || ++lanes[j].block < lanes[j].blocks) continue;
            for (int i = 0; i < 8; i++) {
                uint32_t word = __builtin_bswap32(state[i][j]);
                memcpy(lanes[j].message->hash + 4 * i, &word, 4);
                state[i][j] = fresh.state[i];
            }
            works[j] = next < count;
            if (works[j]) lane_begin(&lanes[j], &messages[next++], prefix);
            else busy--;
        }
    }
}
#endif

/* SHA-256(prefix || message) of each. Hashes may not lie where messages are read from. */
static void sha256_many(uint8_t prefix, const Message *messages, size_t count) {
#ifdef LEXGATE_SHA_NI
    /* Of few, most lanes would work for nothing: one after the other is as fast. */
    if (count > 3 && sha_blocks != sha_blocks_ni && __builtin_cpu_supports("avx2")) {
        sha256_lanes(prefix, messages, count);
        return;
    }
#endif
    for (size_t i = 0; i < count; i++) sha256_prefixed(prefix, messages[i].data, messages[i].size, messages[i].hash);
}
#endif
