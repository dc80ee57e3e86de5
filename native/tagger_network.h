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
#define TALL 12    /* tokens whose products are summed at once, in a strip of two vectors: 24 of 32 registers */
#define SHORT 4    /* the same for those that are left; whole pairs both */
#define MOST_TILE 64 /* rows of sums that are made before they are joined: whole ones of either */
#define VECTORS 10 /* of 16 numbers in a width */
#define STRIPS 5   /* of two vectors: a strip's weights stay in the innermost cache while all rows pass */
#define GROUPS (3 * WIDTH / 4)
#define BUCKET_BITS 18
#define NOTHING -64.0f /* score of all tags but O where the sieve found nothing */
#define PARTS 3 /* of 16 bits that a 32-bit weight is the sum of */

typedef struct {
    _Alignas(64) int8_t weight[STRIPS][GROUPS][2][64];
    _Alignas(64) int32_t begin[WIDTH]; /* takes off what the activations' offset of 128 adds to every sum */
    float scale[WIDTH], bias[WIDTH], gain[WIDTH], shift[WIDTH];
    float step;
} Block;

/* The weights once more, in the order of matrix tiles: of 16 rows, each with 4 bytes (or 2 parts) for 16 columns. */
typedef struct {
    _Alignas(64) int8_t weight[BLOCKS][3][3][VECTORS][16][64];
    uint16_t in_weight[PARTS][INNER / 32][VECTORS][16][32];
} Tiles;

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))
#define EACH _Pragma("GCC unroll 16") for
#endif

#include "tagger_sieve.h"

typedef struct {
    _Alignas(64) float state[ROWS + MOST_TILE][WIDTH];
    _Alignas(64) int32_t products[MOST_TILE][WIDTH];
    _Alignas(64) uint8_t seen[2][ROWS + MOST_TILE][SEEN];
    _Alignas(64) float sums[ROWS + MOST_TILE][INNER]; /* of embeddings */
    _Alignas(64) uint16_t parts[ROWS + MOST_TILE][INNER]; /* the same as 16-bit floats, which hold them exactly */
    int32_t place[ROWS][FEATURES];
    Sifted sifted;
} Scratch;

typedef struct {
    _Alignas(64) float in_weight[STRIPS][INNER][2][16];
    float in_bias[WIDTH];
    Block block[BLOCKS];
    float out_weight[WIDTH][TAGS], out_bias[TAGS];
    float empty[BLOCKS + 1][WIDTH];       /* the state of a place far from any token, before and after each block */
    uint8_t empty_seen[BLOCKS][WIDTH];
    float epsilon;
    int tags;
    Tiles *tiles;   /* NULL where the processor has none */
    Sieve *sieve;   /* NULL where every token is worked out */
    Scratch *spare; /* of the call before, for the next one; taken and left by exchange */
    Py_buffer vocabulary, bucket, embedding; /* of the caller's arrays, not copied */
} Model;

#if defined(__x86_64__) && defined(__GNUC__)
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

TARGET static void summed(const Model *model, const int32_t *place, float *out, uint16_t *parts) {
    __m512i sum[INNER / 32];
    EACH (int v = 0; v < INNER / 32; v++) sum[v] = _mm512_setzero_si512();
    for (int f = 0; f < FEATURES; f++) {
        const int8_t *row = (const int8_t *)model->embedding.buf + (size_t)place[f] * INNER;
        EACH (int v = 0; v < INNER / 32; v++)
            sum[v] = _mm512_add_epi16(sum[v], _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(row + 32 * v))));
    }
    EACH (int v = 0; v < INNER / 32; v++) {
        EACH (int half = 0; half < 2; half++) {
            const __m256i some = half ? _mm512_extracti64x4_epi64(sum[v], 1) : _mm512_castsi512_si256(sum[v]);
            const __m512 wide = _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(some));
            _mm512_storeu_ps(out + 32 * v + 16 * half, wide);
            if (model->tiles == NULL) continue;
            const __m512i upper = _mm512_srli_epi32(_mm512_castps_si512(wide), 16);
            _mm256_storeu_si256((__m256i *)(parts + 32 * v + 16 * half), _mm512_cvtepi32_epi16(upper));
        }
    }
}

/* ---- products in vectors ---- */

/* Sums have names of their own, not an array's: compilers keep an array of them in memory. */
#define TOKENS_4(DO) DO(0) DO(1) DO(2) DO(3)
#define TOKENS_12(DO) TOKENS_4(DO) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)

/* The states of some rows that hold tokens, from the sums of their embeddings: two vectors of them. */
#define BEGIN(t) __m512 a##t = bias0, b##t = bias1;
#define ADD(t) \
    { \
        const __m512 x = _mm512_set1_ps(sums[t][i]); \
        a##t = _mm512_fmadd_ps(x, w0, a##t), b##t = _mm512_fmadd_ps(x, w1, b##t); \
    }
#define END(t) _mm512_storeu_ps(out[t] + 32 * strip, a##t), _mm512_storeu_ps(out[t] + 32 * strip + 16, b##t);
#define PROJECTED(NAME, TOKENS) \
    TARGET static void NAME(const Model *model, int strip, const float sums[][INNER], float out[][WIDTH]) { \
        const __m512 bias0 = _mm512_loadu_ps(model->in_bias + 32 * strip), bias1 = _mm512_loadu_ps(model->in_bias + 32 * strip + 16); \
        TOKENS(BEGIN) \
        for (int i = 0; i < INNER; i++) { \
            const __m512 w0 = _mm512_load_ps(model->in_weight[strip][i][0]), w1 = _mm512_load_ps(model->in_weight[strip][i][1]); \
            TOKENS(ADD) \
        } \
        TOKENS(END) \
    }
PROJECTED(projected_tall, TOKENS_12)
PROJECTED(projected_short, TOKENS_4)
#undef BEGIN
#undef ADD
#undef END

TARGET static void projected(const Model *model, Scratch *scratch, int first, int last) {
    for (int strip = 0; strip < STRIPS; strip++) {
        int row = first;
        for (; last - row > 2 * SHORT; row += TALL) projected_tall(model, strip, scratch->sums + row, scratch->state + row);
        for (; row < last; row += SHORT) projected_short(model, strip, scratch->sums + row, scratch->state + row);
    }
}

/* Integer products of some rows with a strip of a block's weights; the taps stand `distance` rows apart. */
#define BEGIN(t) __m512i a##t = begin0, b##t = begin1;
#define ADD(t) \
    { \
        int32_t four; \
        memcpy(&four, seen + t * SEEN + 4 * g, 4); \
        const __m512i x = _mm512_set1_epi32(four); \
        MULTIPLY(a##t, x, w0) MULTIPLY(b##t, x, w1) \
    }
#define END(t) _mm512_storeu_si512(out[t] + 32 * strip, a##t), _mm512_storeu_si512(out[t] + 32 * strip + 16, b##t);
#define PRODUCTS(NAME, TOKENS) \
    TARGET static void NAME(const Block *block, int strip, const uint8_t *row, int distance, int32_t out[][WIDTH]) { \
        const __m512i begin0 = _mm512_loadu_si512(block->begin + 32 * strip), begin1 = _mm512_loadu_si512(block->begin + 32 * strip + 16); \
        TOKENS(BEGIN) \
        for (int tap = 0; tap < 3; tap++) { \
            const uint8_t *seen = row + (tap - 1) * distance * SEEN; \
            for (int g = 0; g < WIDTH / 4; g++) { \
                const int8_t(*w)[64] = block->weight[strip][tap * (WIDTH / 4) + g]; \
                const __m512i w0 = _mm512_load_si512(w[0]), w1 = _mm512_load_si512(w[1]); \
                TOKENS(ADD) \
            } \
        } \
        TOKENS(END) \
    }
PRODUCTS(products_tall, TOKENS_12)
PRODUCTS(products_short, TOKENS_4)
#undef BEGIN
#undef ADD
#undef END

/* The products of the next rows; how many rows that is. */
static int products(const Block *block, const uint8_t *seen, int distance, int wanted, int32_t out[][WIDTH]) {
    int rows = 0;
    if (wanted > MOST_TILE) wanted = MOST_TILE / TALL * TALL;
    for (int strip = 0; strip < STRIPS; strip++) {
        for (rows = 0; wanted - rows > 2 * SHORT && rows + TALL <= MOST_TILE; rows += TALL)
            products_tall(block, strip, seen + rows * SEEN, distance, out + rows);
        for (; rows < wanted; rows += SHORT) products_short(block, strip, seen + rows * SEEN, distance, out + rows);
    }
    return rows;
}

/* ---- what stands between the products ---- */

/* Activations in eight bits, as QuantizeLinear rounds them; `unit` is one over the step. */
TARGET static inline void rounded(__m512 value, __m512 unit, uint8_t *out) {
    const __m128i q = _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(value, unit)));
    _mm_storeu_si128((__m128i *)out, _mm_xor_si128(q, _mm_set1_epi8(-128)));
}

TARGET static void quantised(const float *state, float step, uint8_t *out) {
    const __m512 unit = _mm512_set1_ps(1.0f / step);
    EACH (int v = 0; v < VECTORS; v++) rounded(_mm512_loadu_ps(state + 16 * v), unit, out + 16 * v);
}

/* The end of a block: scale, bias, ReLU, what came in added, layer norm; and what the next block sees. Of `PAIR` tokens at
 * once, since each waits long for its sums over the width. */
#define PAIR 2
TARGET static void joined(const Block *block, const int32_t sums[][WIDTH], float epsilon, float state[][WIDTH], float unit,
                          uint8_t next[][SEEN]) {
    __m512 value[PAIR][VECTORS], total[PAIR], spread[PAIR], factor[PAIR];
    EACH (int t = 0; t < PAIR; t++) total[t] = spread[t] = _mm512_setzero_ps();
    EACH (int v = 0; v < VECTORS; v++) {
        const __m512 scale = _mm512_loadu_ps(block->scale + 16 * v), bias = _mm512_loadu_ps(block->bias + 16 * v);
        EACH (int t = 0; t < PAIR; t++) {
            const __m512 scaled = _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_loadu_si512(sums[t] + 16 * v)), scale, bias);
            value[t][v] = _mm512_add_ps(_mm512_loadu_ps(state[t] + 16 * v), _mm512_max_ps(scaled, _mm512_setzero_ps()));
            total[t] = _mm512_add_ps(total[t], value[t][v]);
        }
    }
    EACH (int t = 0; t < PAIR; t++) total[t] = _mm512_set1_ps(_mm512_reduce_add_ps(total[t]) * (1.0f / WIDTH));
    EACH (int v = 0; v < VECTORS; v++)
        EACH (int t = 0; t < PAIR; t++) {
            value[t][v] = _mm512_sub_ps(value[t][v], total[t]);
            spread[t] = _mm512_fmadd_ps(value[t][v], value[t][v], spread[t]);
        }
    EACH (int t = 0; t < PAIR; t++) {
        const float variance = _mm512_reduce_add_ps(spread[t]) * (1.0f / WIDTH) + epsilon;
        factor[t] = _mm512_set1_ps(1.0f / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(variance))));
    }
    const __m512 each = _mm512_set1_ps(unit);
    EACH (int v = 0; v < VECTORS; v++) {
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
    uint8_t row[SHORT + 2][SEEN], unused[PAIR][SEEN];
    int32_t sums[SHORT][WIDTH];
    float state[PAIR][WIDTH];
    memcpy(model->empty[0], model->in_bias, sizeof model->in_bias);
    for (int k = 0; k < BLOCKS; k++) {
        const Block *block = &model->block[k];
        quantised(model->empty[k], block->step, model->empty_seen[k]);
        for (int t = 0; t < SHORT + 2; t++) memcpy(row[t], model->empty_seen[k], WIDTH);
        products(block, row[1], 1, SHORT, sums);
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
    return products(block, seen, DISTANCES[k], end - row, scratch->products);
}

/* The scores of a token near which no name stands. */
static void left_out(float *out, int tags) {
    out[0] = 0;
    for (int n = 1; n < tags; n++) out[n] = NOTHING;
}

/* Tokens `low` to `high` of a text of `size` tokens. What stands around the text is empty. Each block is worked out only
 * as far around what is wanted as the next ones look, and around the text as far as a token was seen. */
static void window(const Model *model, Scratch *scratch, const uint32_t *hashes, Py_ssize_t size, Py_ssize_t low,
                   Py_ssize_t high, float *out) {
    const int count = (int)(high - low), rows = count + 2 * REACH;
    const int first = low < REACH ? REACH - (int)low : 0; /* rows that hold tokens */
    const int last = size - high < REACH ? REACH + (int)(size - low) : rows;
    looked_for(model, hashes + (low - REACH + first) * FEATURES, (last - first) * FEATURES, scratch->place[0]);
    for (int row = first; row < last; row++)
        summed(model, scratch->place[row - first], scratch->sums[row], scratch->parts[row]);
    Ranges wanted = {1, {REACH}, {(int16_t)(REACH + count)}}, some;
    if (model->sieve != NULL) sifted(model->sieve, &scratch->sifted, scratch->sums, count, first, last, &wanted);
    else memset(scratch->sifted.near + REACH, 1, (size_t)count);
    int around = REACH, grown = 0;
    widened_by(&wanted, around, first, last, &some);
    for (int i = 0; i < some.count; i++) {
        if (model->tiles != NULL) projected_in_tiles(model, scratch, some.low[i], some.high[i]);
        else projected(model, scratch, some.low[i], some.high[i]);
        for (int row = some.low[i]; row < some.high[i]; row++)
            quantised(scratch->state[row], model->block[0].step, scratch->seen[0][row]);
    }
    if (wanted.count) {
        left_empty(model, scratch, 0, 0, first);
        left_empty(model, scratch, 0, last, rows);
    }
    for (int k = 0; k < BLOCKS && wanted.count; k++) {
        const Block *block = &model->block[k];
        const float unit = k + 1 < BLOCKS ? 1.0f / model->block[k + 1].step : 1.0f;
        uint8_t(*next)[SEEN] = scratch->seen[1 - k % 2];
        around -= DISTANCES[k];
        grown += DISTANCES[k];
        const int lowest = REACH - around, highest = REACH + count + around;
        const int begin = first - grown > lowest ? first - grown : lowest;
        const int end = last + grown < highest ? last + grown : highest;
        widened_by(&wanted, around, begin, end, &some);
        for (int i = 0; i < some.count; i++)
            for (int row = some.low[i]; row < some.high[i];) {
                /* The last ones may read rows behind the range: inside the buffer, and thrown away. */
                const int made = summed_up(model, scratch, k, row, some.high[i]);
                for (int t = 0; t < made && row + t < some.high[i]; t += PAIR)
                    joined(block, scratch->products + t, model->epsilon, scratch->state + row + t, unit, next + row + t);
                row += made;
            }
        left_empty(model, scratch, k + 1, lowest, begin);
        left_empty(model, scratch, k + 1, end, highest);
    }
    for (int t = 0; t < count; t++, out += model->tags) {
        if (scratch->sifted.near[REACH + t]) scored(model, scratch->state[REACH + t], out);
        else left_out(out, model->tags);
    }
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
