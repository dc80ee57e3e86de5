/* The names network on processors with AVX-512 VNNI: from feature hashes to scores, in one pass over windows that fit into
 * the cache. Where there are matrix tiles too (AMX), `tagger_tiles.h` makes the integer products.
 *
 * The same arithmetic as network.onnx: integer products of 8-bit activations and 7-bit weights, exact in 32 bits; what
 * stands between them (scales, layer norms) in 32-bit floats. Every token's scores are worked out from its own rows
 * alone, so that where windows are cut changes nothing.
 */
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define INNER 96   /* numbers of an embedding */
#define WIDTH 160  /* of the blocks */
#define SEEN 192   /* bytes from one row of what a block sees to the next: whole lines of the cache */
#define BLOCKS 5
#define FEATURES 7
#define TAGS 16    /* room for the tags: one vector */
#define REACH 16   /* tokens that a token sees to either side: the sum of the distances */
#define WINDOW 512 /* tokens worked on at once */
#define ROWS (WINDOW + 2 * REACH)
#define TILE 4     /* tokens whose products are summed at once: 20 of 32 registers; whole pairs */
#define MOST_TILE 64 /* the same in matrix tiles */
#define VECTORS 5  /* of 16 numbers in half a width */
#define GROUPS (3 * WIDTH / 4)
#define BUCKET_BITS 18
#define PARTS 3 /* of 16 bits that a 32-bit weight is the sum of */

typedef struct {
    _Alignas(64) int8_t weight[2][GROUPS][VECTORS][64];
    _Alignas(64) int32_t begin[WIDTH]; /* takes off what the activations' offset of 128 adds to every sum */
    float scale[WIDTH], bias[WIDTH], gain[WIDTH], shift[WIDTH];
    float step;
} Block;

/* The weights once more, in the order of matrix tiles: of 16 rows, each with 4 bytes (or 2 parts) for 16 columns. */
typedef struct {
    _Alignas(64) int8_t weight[BLOCKS][3][3][2 * VECTORS][16][64];
    uint16_t in_weight[PARTS][INNER / 32][2 * VECTORS][16][32];
} Tiles;

typedef struct {
    _Alignas(64) float state[ROWS + MOST_TILE][WIDTH];
    _Alignas(64) int32_t products[MOST_TILE][WIDTH];
    _Alignas(64) uint8_t seen[2][ROWS + MOST_TILE][SEEN];
    int16_t sums[ROWS + MOST_TILE][INNER];
    _Alignas(64) uint16_t parts[ROWS + MOST_TILE][INNER]; /* the sums as 16-bit floats, which hold them exactly */
    int32_t place[ROWS][FEATURES];
} Scratch;

typedef struct {
    float in_weight[2][INNER][VECTORS][16];
    float in_bias[WIDTH];
    Block block[BLOCKS];
    float out_weight[WIDTH][TAGS], out_bias[TAGS];
    float empty[BLOCKS + 1][WIDTH];       /* the state of a place far from any token, before and after each block */
    uint8_t empty_seen[BLOCKS][WIDTH];
    float epsilon;
    int tags;
    Tiles *tiles;   /* NULL where the processor has none */
    Scratch *spare; /* of the call before, for the next one; taken and left by exchange */
    Py_buffer vocabulary, bucket, embedding; /* of the caller's arrays, not copied */
} Model;

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))
#define EACH _Pragma("GCC unroll 16") for

static const int DISTANCES[BLOCKS] = {1, 1, 2, 4, 8};

#include "tagger_tiles.h"

static int supported(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni");
}

/* ---- embeddings ---- */

/* Rows of the embedding for the features of some tokens, 0 for one that training never saw. In two passes, each of which
 * asks for the memory that the next one reads: nearly none of it is in the cache. */
static void looked_for(const Model *model, const uint32_t *hashes, int count, int32_t *place) {
    const uint32_t *known = model->vocabulary.buf;
    const int8_t *embedding = model->embedding.buf;
    const int32_t size = (int32_t)(model->vocabulary.len / 4), *bucket = model->bucket.buf;
    for (int i = 0; i < count; i++) {
        place[i] = bucket[hashes[i] >> (32 - BUCKET_BITS)];
        __builtin_prefetch(known + place[i]);
    }
    for (int i = 0; i < count; i++) {
        int32_t at = place[i];
        while (at < size && known[at] < hashes[i]) at++;
        place[i] = at < size && known[at] == hashes[i] ? at + 1 : 0;
        __builtin_prefetch(embedding + (size_t)place[i] * INNER);
        __builtin_prefetch(embedding + (size_t)place[i] * INNER + INNER - 1);
    }
}

TARGET static void summed(const Model *model, const int32_t *place, int16_t *out, uint16_t *parts) {
    __m512i sum[INNER / 32];
    EACH (int v = 0; v < INNER / 32; v++) sum[v] = _mm512_setzero_si512();
    for (int f = 0; f < FEATURES; f++) {
        const int8_t *row = (const int8_t *)model->embedding.buf + (size_t)place[f] * INNER;
        EACH (int v = 0; v < INNER / 32; v++)
            sum[v] = _mm512_add_epi16(sum[v], _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(row + 32 * v))));
    }
    EACH (int v = 0; v < INNER / 32; v++) {
        _mm512_storeu_si512(out + 32 * v, sum[v]);
        EACH (int half = 0; half < 2; half++) {
            const __m256i some = half ? _mm512_extracti64x4_epi64(sum[v], 1) : _mm512_castsi512_si256(sum[v]);
            const __m512i wide = _mm512_castps_si512(_mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(some)));
            _mm256_storeu_si256((__m256i *)(parts + 32 * v + 16 * half), _mm512_cvtepi32_epi16(_mm512_srli_epi32(wide, 16)));
        }
    }
}

/* ---- products in vectors ---- */

/* Sums have names of their own, not an array's: compilers keep an array of them in memory. */
#define TOKENS(DO) DO(0) DO(1) DO(2) DO(3)
#define DECLARE(TYPE, t) TYPE s##t##0, s##t##1, s##t##2, s##t##3, s##t##4;
#define SET(t, A, B, C, D, E) s##t##0 = A, s##t##1 = B, s##t##2 = C, s##t##3 = D, s##t##4 = E;
#define STORE(STORING, t, to) \
    STORING(to, s##t##0), STORING((to) + 16, s##t##1), STORING((to) + 32, s##t##2), STORING((to) + 48, s##t##3), \
        STORING((to) + 64, s##t##4);

TARGET static void projected(const Model *model, Scratch *scratch, int first) {
    for (int half = 0; half < 2; half++) {
        const float *bias = model->in_bias + 80 * half;
        const __m512 b0 = _mm512_loadu_ps(bias), b1 = _mm512_loadu_ps(bias + 16), b2 = _mm512_loadu_ps(bias + 32),
                     b3 = _mm512_loadu_ps(bias + 48), b4 = _mm512_loadu_ps(bias + 64);
#define BEGIN(t) DECLARE(__m512, t) SET(t, b0, b1, b2, b3, b4)
        TOKENS(BEGIN)
        const int16_t(*sums)[INNER] = (const int16_t(*)[INNER])scratch->sums + first;
        for (int i = 0; i < INNER; i++) {
            const float(*w)[16] = model->in_weight[half][i];
            const __m512 w0 = _mm512_loadu_ps(w[0]), w1 = _mm512_loadu_ps(w[1]), w2 = _mm512_loadu_ps(w[2]),
                         w3 = _mm512_loadu_ps(w[3]), w4 = _mm512_loadu_ps(w[4]);
#define ADD(t) \
    { \
        const __m512 x = _mm512_set1_ps((float)sums[t][i]); \
        SET(t, _mm512_fmadd_ps(x, w0, s##t##0), _mm512_fmadd_ps(x, w1, s##t##1), _mm512_fmadd_ps(x, w2, s##t##2), \
            _mm512_fmadd_ps(x, w3, s##t##3), _mm512_fmadd_ps(x, w4, s##t##4)) \
    }
            TOKENS(ADD)
        }
#define END(t) STORE(_mm512_storeu_ps, t, scratch->state[first + t] + 80 * half)
        TOKENS(END)
#undef BEGIN
#undef ADD
#undef END
    }
}

/* As _mm512_dpbusd_epi32, in place: GCC 12 copies each sum to memory around the intrinsic. */
#define MULTIPLY(sum, x, w) __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w));

/* Integer products of a tile with half of a block's weights; the taps stand `distance` rows apart. */
TARGET static void products(const Block *block, int half, const uint8_t *row, int distance, int32_t out[][WIDTH]) {
    const int32_t *begin = block->begin + 80 * half;
    const __m512i b0 = _mm512_loadu_si512(begin), b1 = _mm512_loadu_si512(begin + 16), b2 = _mm512_loadu_si512(begin + 32),
                  b3 = _mm512_loadu_si512(begin + 48), b4 = _mm512_loadu_si512(begin + 64);
#define BEGIN(t) DECLARE(__m512i, t) SET(t, b0, b1, b2, b3, b4)
    TOKENS(BEGIN)
    for (int tap = 0; tap < 3; tap++) {
        const uint8_t *seen = row + (tap - 1) * distance * SEEN;
        for (int g = 0; g < WIDTH / 4; g++) {
            const int8_t(*w)[64] = block->weight[half][tap * (WIDTH / 4) + g];
            const __m512i w0 = _mm512_load_si512(w[0]), w1 = _mm512_load_si512(w[1]), w2 = _mm512_load_si512(w[2]),
                          w3 = _mm512_load_si512(w[3]), w4 = _mm512_load_si512(w[4]);
#define ADD(t) \
    { \
        int32_t four; \
        memcpy(&four, seen + t * SEEN + 4 * g, 4); \
        const __m512i x = _mm512_set1_epi32(four); \
        MULTIPLY(s##t##0, x, w0) MULTIPLY(s##t##1, x, w1) MULTIPLY(s##t##2, x, w2) MULTIPLY(s##t##3, x, w3) \
            MULTIPLY(s##t##4, x, w4) \
    }
            TOKENS(ADD)
        }
    }
#define END(t) STORE(_mm512_storeu_si512, t, out[t] + 80 * half)
    TOKENS(END)
#undef BEGIN
#undef ADD
#undef END
}

/* ---- what stands between the products ---- */

/* Activations in eight bits, as QuantizeLinear rounds them; `unit` is one over the step. */
TARGET static inline void rounded(__m512 value, __m512 unit, uint8_t *out) {
    const __m128i q = _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(value, unit)));
    _mm_storeu_si128((__m128i *)out, _mm_xor_si128(q, _mm_set1_epi8(-128)));
}

TARGET static void quantised(const float *state, float step, uint8_t *out) {
    const __m512 unit = _mm512_set1_ps(1.0f / step);
    EACH (int v = 0; v < 2 * VECTORS; v++) rounded(_mm512_loadu_ps(state + 16 * v), unit, out + 16 * v);
}

/* The end of a block: scale, bias, ReLU, what came in added, layer norm; and what the next block sees. Of `PAIR` tokens at
 * once, since each waits long for its sums over the width. */
#define PAIR 2
TARGET static void joined(const Block *block, const int32_t sums[][WIDTH], float epsilon, float state[][WIDTH], float unit,
                          uint8_t next[][SEEN]) {
    __m512 value[PAIR][2 * VECTORS], total[PAIR], spread[PAIR], factor[PAIR];
    EACH (int t = 0; t < PAIR; t++) total[t] = spread[t] = _mm512_setzero_ps();
    EACH (int v = 0; v < 2 * VECTORS; v++) {
        const __m512 scale = _mm512_loadu_ps(block->scale + 16 * v), bias = _mm512_loadu_ps(block->bias + 16 * v);
        EACH (int t = 0; t < PAIR; t++) {
            const __m512 scaled = _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_loadu_si512(sums[t] + 16 * v)), scale, bias);
            value[t][v] = _mm512_add_ps(_mm512_loadu_ps(state[t] + 16 * v), _mm512_max_ps(scaled, _mm512_setzero_ps()));
            total[t] = _mm512_add_ps(total[t], value[t][v]);
        }
    }
    EACH (int t = 0; t < PAIR; t++) total[t] = _mm512_set1_ps(_mm512_reduce_add_ps(total[t]) * (1.0f / WIDTH));
    EACH (int v = 0; v < 2 * VECTORS; v++)
        EACH (int t = 0; t < PAIR; t++) {
            value[t][v] = _mm512_sub_ps(value[t][v], total[t]);
            spread[t] = _mm512_fmadd_ps(value[t][v], value[t][v], spread[t]);
        }
    EACH (int t = 0; t < PAIR; t++) {
        const float variance = _mm512_reduce_add_ps(spread[t]) * (1.0f / WIDTH) + epsilon;
        factor[t] = _mm512_set1_ps(1.0f / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(variance))));
    }
    const __m512 each = _mm512_set1_ps(unit);
    EACH (int v = 0; v < 2 * VECTORS; v++) {
        const __m512 gain = _mm512_loadu_ps(block->gain + 16 * v), shift = _mm512_loadu_ps(block->shift + 16 * v);
        EACH (int t = 0; t < PAIR; t++) {
            const __m512 normal = _mm512_fmadd_ps(_mm512_mul_ps(value[t][v], factor[t]), gain, shift);
            _mm512_storeu_ps(state[t] + 16 * v, normal);
            rounded(normal, each, next[t] + 16 * v);
        }
    }
}

TARGET static void scored(const Model *model, const float *state, float *out) {
    __m512 sum[4];
    sum[0] = _mm512_loadu_ps(model->out_bias);
    EACH (int part = 1; part < 4; part++) sum[part] = _mm512_setzero_ps();
    for (int i = 0; i < WIDTH; i += 4)
        EACH (int part = 0; part < 4; part++)
            sum[part] = _mm512_fmadd_ps(_mm512_set1_ps(state[i + part]), _mm512_loadu_ps(model->out_weight[i + part]), sum[part]);
    sum[0] = _mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3]));
    _mm512_mask_storeu_ps(out, (__mmask16)((1u << model->tags) - 1), sum[0]);
}

/* ---- windows ---- */

/* Before and after a call's windows, on its thread. */
static void begun(const Model *model) {
    if (model->tiles != NULL) tiles_begun();
}

static void ended(const Model *model) {
    if (model->tiles != NULL) tiles_ended();
}

/* What is worked out once: the weights for tiles, and what stands far from any token. False for no memory. */
static int prepared(Model *model, int tiles) {
    if (tiles && tiles_supported()) {
        model->tiles = aligned_alloc(64, (sizeof(Tiles) + 63) / 64 * 64);
        if (model->tiles == NULL) return 0;
        laid_in_tiles(model, model->tiles);
    }
    uint8_t row[TILE + 2][SEEN], unused[PAIR][SEEN];
    int32_t sums[TILE][WIDTH];
    float state[PAIR][WIDTH];
    memcpy(model->empty[0], model->in_bias, sizeof model->in_bias);
    for (int k = 0; k < BLOCKS; k++) {
        const Block *block = &model->block[k];
        quantised(model->empty[k], block->step, model->empty_seen[k]);
        for (int t = 0; t < TILE + 2; t++) memcpy(row[t], model->empty_seen[k], WIDTH);
        for (int half = 0; half < 2; half++) products(block, half, row[1], 1, sums);
        for (int t = 0; t < PAIR; t++) memcpy(state[t], model->empty[k], sizeof state[t]);
        joined(block, sums, model->epsilon, state, 1.0f, unused);
        memcpy(model->empty[k + 1], state[0], sizeof state[0]);
    }
    return 1;
}

/* Rows `from` to `to`, which no token has reached yet, as they are before block `k`. */
static void left_empty(const Model *model, Scratch *scratch, int k, int from, int to) {
    for (int row = from; row < to; row++) {
        memcpy(scratch->state[row], model->empty[k], sizeof model->empty[k]);
        if (k < BLOCKS) memcpy(scratch->seen[k % 2][row], model->empty_seen[k], WIDTH);
    }
}

/* The sums of rows from `row` on, as many as are made at once; how many that is. Those behind `end` are thrown away. */
static int summed_up(const Model *model, Scratch *scratch, int k, int row, int end) {
    const Block *block = &model->block[k];
    const uint8_t *seen = scratch->seen[k % 2][row];
    if (model->tiles != NULL) return products_in_tiles(model, scratch, k, seen, end - row);
    for (int half = 0; half < 2; half++) products(block, half, seen, DISTANCES[k], scratch->products);
    return TILE;
}

/* Tokens `low` to `high` of a text of `size` tokens. What stands around the text is empty. Each block is worked out only
 * as far around the window as the next ones look, and around the text as far as a token was seen. */
static void window(const Model *model, Scratch *scratch, const uint32_t *hashes, Py_ssize_t size, Py_ssize_t low,
                   Py_ssize_t high, float *out) {
    const int count = (int)(high - low), rows = count + 2 * REACH;
    const int first = low < REACH ? REACH - (int)low : 0; /* rows that hold tokens */
    const int last = size - high < REACH ? REACH + (int)(size - low) : rows;
    looked_for(model, hashes + (low - REACH + first) * FEATURES, (last - first) * FEATURES, scratch->place[0]);
    for (int row = first; row < last; row++)
        summed(model, scratch->place[row - first], scratch->sums[row], scratch->parts[row]);
    if (model->tiles != NULL) projected_in_tiles(model, scratch, first, last);
    else
        for (int row = first; row < last; row += TILE) projected(model, scratch, row);
    for (int row = first; row < last; row++) quantised(scratch->state[row], model->block[0].step, scratch->seen[0][row]);
    left_empty(model, scratch, 0, 0, first);
    left_empty(model, scratch, 0, last, rows);
    int around = REACH, grown = 0;
    for (int k = 0; k < BLOCKS; k++) {
        const Block *block = &model->block[k];
        const float unit = k + 1 < BLOCKS ? 1.0f / model->block[k + 1].step : 1.0f;
        uint8_t(*next)[SEEN] = scratch->seen[1 - k % 2];
        around -= DISTANCES[k];
        grown += DISTANCES[k];
        const int lowest = REACH - around, highest = REACH + count + around;
        const int begin = first - grown > lowest ? first - grown : lowest;
        const int end = last + grown < highest ? last + grown : highest;
        for (int row = begin; row < end;) {
            /* The last ones may read rows behind the window: inside the buffer, and thrown away. */
            const int made = summed_up(model, scratch, k, row, end);
            for (int t = 0; t < made && row + t < end; t += PAIR)
                joined(block, scratch->products + t, model->epsilon, scratch->state + row + t, unit, next + row + t);
            row += made;
        }
        left_empty(model, scratch, k + 1, lowest, begin);
        left_empty(model, scratch, k + 1, end, highest);
    }
    for (int t = 0; t < count; t++) scored(model, scratch->state[REACH + t], out + (size_t)t * (size_t)model->tags);
}
#else
static int supported(void) { return 0; }
static int prepared(Model *model, int tiles) { return (void)model, (void)tiles, 1; }
static void begun(const Model *model) { (void)model; }
static void ended(const Model *model) { (void)model; }
static void window(const Model *model, Scratch *scratch, const uint32_t *hashes, Py_ssize_t size, Py_ssize_t low,
                   Py_ssize_t high, float *out) {
    (void)model, (void)scratch, (void)hashes, (void)size, (void)low, (void)high, (void)out;
}
#endif
