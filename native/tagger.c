/* The names tagger's features, and its network on processors with AVX-512 VNNI: from feature hashes to scores, in one
 * pass over windows that fit into the cache.
 *
 * The same arithmetic as network.onnx: integer products of 8-bit activations and 7-bit weights, exact in 32 bits; what
 * stands between them (scales, layer norms) in 32-bit floats. onnxruntime does the same product by product and moves
 * every intermediate through memory; it is the oracle in the tests, and runs where this does not.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define INNER 96   /* numbers of an embedding */
#define WIDTH 160  /* of the blocks */
#define BLOCKS 5
#define FEATURES 7
#define TAGS 16    /* room for the tags: one vector */
#define REACH 16   /* tokens that a token sees to either side: the sum of the distances */
#define WINDOW 512 /* tokens worked on at once */
#define ROWS (WINDOW + 2 * REACH)
#define TILE 5     /* tokens whose products are summed at once: 25 of 32 registers */
#define VECTORS 5  /* of 16 numbers in half a width */
#define GROUPS (3 * WIDTH / 4)
#define BUCKET_BITS 18

typedef struct {
    _Alignas(64) int8_t weight[2][GROUPS][VECTORS][64];
    int32_t base[WIDTH]; /* what the activations' offset of 128 adds to every sum */
    float scale[WIDTH], bias[WIDTH], gain[WIDTH], shift[WIDTH];
    float step;
} Block;

typedef struct {
    float in_weight[2][INNER][VECTORS][16];
    float in_bias[WIDTH];
    Block block[BLOCKS];
    float out_weight[WIDTH][TAGS], out_bias[TAGS];
    float empty[BLOCKS + 1][WIDTH];       /* the state of a place far from any token, before and after each block */
    uint8_t empty_seen[BLOCKS][WIDTH];
    float epsilon;
    int tags;
    Py_buffer vocabulary, bucket, embedding; /* of the caller's arrays, not copied */
} Model;

typedef struct {
    float state[ROWS][WIDTH];
    uint8_t seen[2][ROWS + TILE][WIDTH];
    int16_t sums[ROWS + TILE][INNER];
} Scratch;

static const char NAME[] = "gateway.inspection.names.model";

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))
#define EACH _Pragma("GCC unroll 16") for

static const int DISTANCES[BLOCKS] = {1, 1, 2, 4, 8};

static int supported(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni");
}

/* Row of the embedding for a feature, 0 for one that training never saw. */
static int32_t row_of(const Model *model, uint32_t hash) {
    const uint32_t *known = model->vocabulary.buf;
    const int32_t count = (int32_t)(model->vocabulary.len / 4);
    int32_t at = ((const int32_t *)model->bucket.buf)[hash >> (32 - BUCKET_BITS)];
    while (at < count && known[at] < hash) at++;
    return at < count && known[at] == hash ? at + 1 : 0;
}

TARGET static void summed(const Model *model, const uint32_t *hashes, int16_t *out) {
    __m512i sum[INNER / 32];
    EACH (int v = 0; v < INNER / 32; v++) sum[v] = _mm512_setzero_si512();
    for (int f = 0; f < FEATURES; f++) {
        const int8_t *row = (const int8_t *)model->embedding.buf + (size_t)row_of(model, hashes[f]) * INNER;
        EACH (int v = 0; v < INNER / 32; v++)
            sum[v] = _mm512_add_epi16(sum[v], _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(row + 32 * v))));
    }
    EACH (int v = 0; v < INNER / 32; v++) _mm512_storeu_si512(out + 32 * v, sum[v]);
}

/* Activations in eight bits, as QuantizeLinear rounds them. */
TARGET static void quantised(const float *state, float step, uint8_t *out) {
    const __m512 unit = _mm512_set1_ps(step);
    const __m512i middle = _mm512_set1_epi32(128), most = _mm512_set1_epi32(255), least = _mm512_setzero_si512();
    EACH (int v = 0; v < 2 * VECTORS; v++) {
        __m512i q = _mm512_add_epi32(_mm512_cvtps_epi32(_mm512_div_ps(_mm512_loadu_ps(state + 16 * v), unit)), middle);
        q = _mm512_max_epi32(_mm512_min_epi32(q, most), least);
        _mm_storeu_si128((__m128i *)(out + 16 * v), _mm512_cvtepi32_epi8(q));
    }
}

/* Sums have names of their own, not an array's: compilers keep an array of them in memory. */
#define TOKENS(DO) DO(0) DO(1) DO(2) DO(3) DO(4)
#define DECLARE(TYPE, t) TYPE s##t##0, s##t##1, s##t##2, s##t##3, s##t##4;
#define SET(t, A, B, C, D, E) s##t##0 = A, s##t##1 = B, s##t##2 = C, s##t##3 = D, s##t##4 = E;
#define STORE(STORING, t, to) \
    STORING(to, s##t##0), STORING((to) + 16, s##t##1), STORING((to) + 32, s##t##2), STORING((to) + 48, s##t##3), \
        STORING((to) + 64, s##t##4);

TARGET static void projected(const Model *model, Scratch *scratch, int first, int rows) {
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
#define END(t) \
    if (first + t < rows) STORE(_mm512_storeu_ps, t, scratch->state[first + t] + 80 * half)
        TOKENS(END)
#undef BEGIN
#undef ADD
#undef END
    }
}

/* As _mm512_dpbusd_epi32, in place: GCC 12 copies each sum to memory around the intrinsic. */
#define MULTIPLY(sum, x, w) __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w));

/* Integer products of a tile with half of a block's weights; the taps stand `distance` rows apart. */
TARGET static void products(const int8_t weights[GROUPS][VECTORS][64], const uint8_t *row, int distance,
                            int32_t out[TILE][WIDTH]) {
    const __m512i zero = _mm512_setzero_si512();
#define BEGIN(t) DECLARE(__m512i, t) SET(t, zero, zero, zero, zero, zero)
    TOKENS(BEGIN)
    for (int tap = 0; tap < 3; tap++) {
        const uint8_t *seen = row + (tap - 1) * distance * WIDTH;
        for (int g = 0; g < WIDTH / 4; g++) {
            const int8_t(*w)[64] = weights[tap * (WIDTH / 4) + g];
            const __m512i w0 = _mm512_load_si512(w[0]), w1 = _mm512_load_si512(w[1]), w2 = _mm512_load_si512(w[2]),
                          w3 = _mm512_load_si512(w[3]), w4 = _mm512_load_si512(w[4]);
#define ADD(t) \
    { \
        int32_t four; \
        memcpy(&four, seen + t * WIDTH + 4 * g, 4); \
        const __m512i x = _mm512_set1_epi32(four); \
        MULTIPLY(s##t##0, x, w0) MULTIPLY(s##t##1, x, w1) MULTIPLY(s##t##2, x, w2) MULTIPLY(s##t##3, x, w3) \
            MULTIPLY(s##t##4, x, w4) \
    }
            TOKENS(ADD)
        }
    }
#define END(t) STORE(_mm512_storeu_si512, t, out[t])
    TOKENS(END)
#undef BEGIN
#undef ADD
#undef END
}

/* The end of a block for one token: scale, bias, ReLU, what came in added, layer norm. */
TARGET static void joined(const Block *block, const int32_t *sums, float epsilon, float *state) {
    __m512 value[2 * VECTORS], total = _mm512_setzero_ps(), spread = _mm512_setzero_ps();
    EACH (int v = 0; v < 2 * VECTORS; v++) {
        const __m512i sum = _mm512_sub_epi32(_mm512_loadu_si512(sums + 16 * v), _mm512_loadu_si512(block->base + 16 * v));
        const __m512 scaled = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), _mm512_loadu_ps(block->scale + 16 * v),
                                              _mm512_loadu_ps(block->bias + 16 * v));
        value[v] = _mm512_add_ps(_mm512_loadu_ps(state + 16 * v), _mm512_max_ps(scaled, _mm512_setzero_ps()));
        total = _mm512_add_ps(total, value[v]);
    }
    const __m512 mean = _mm512_set1_ps(_mm512_reduce_add_ps(total) / WIDTH);
    EACH (int v = 0; v < 2 * VECTORS; v++) {
        value[v] = _mm512_sub_ps(value[v], mean);
        spread = _mm512_fmadd_ps(value[v], value[v], spread);
    }
    const float variance = _mm512_reduce_add_ps(spread) / WIDTH + epsilon;
    const __m512 factor = _mm512_div_ps(_mm512_set1_ps(1.0f), _mm512_sqrt_ps(_mm512_set1_ps(variance)));
    EACH (int v = 0; v < 2 * VECTORS; v++)
        _mm512_storeu_ps(state + 16 * v,
                         _mm512_fmadd_ps(_mm512_mul_ps(value[v], factor), _mm512_loadu_ps(block->gain + 16 * v),
                                         _mm512_loadu_ps(block->shift + 16 * v)));
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

/* What stands far from any token, worked out once. */
TARGET static void prepared(Model *model) {
    uint8_t row[TILE + 2][WIDTH];
    int32_t sums[2][TILE][WIDTH];
    memcpy(model->empty[0], model->in_bias, sizeof model->in_bias);
    for (int k = 0; k < BLOCKS; k++) {
        const Block *block = &model->block[k];
        quantised(model->empty[k], block->step, model->empty_seen[k]);
        for (int t = 0; t < TILE + 2; t++) memcpy(row[t], model->empty_seen[k], WIDTH);
        products(block->weight[0], row[1], 1, sums[0]);
        products(block->weight[1], row[1], 1, sums[1]);
        memcpy(sums[0][0] + 80, sums[1][0], 80 * sizeof(int32_t));
        memcpy(model->empty[k + 1], model->empty[k], sizeof model->empty[k]);
        joined(block, sums[0][0], model->epsilon, model->empty[k + 1]);
    }
}

/* Rows `from` to `to`, which no token has reached yet, as they are before block `k`. */
static void left_empty(const Model *model, Scratch *scratch, int k, int from, int to) {
    for (int row = from; row < to; row++) {
        memcpy(scratch->state[row], model->empty[k], sizeof model->empty[k]);
        if (k < BLOCKS) memcpy(scratch->seen[k % 2][row], model->empty_seen[k], WIDTH);
    }
}

/* Tokens `low` to `high` of a text of `size` tokens. What stands around the text is empty. Each block is worked out only
 * as far around the window as the next ones look, and around the text as far as a token was seen. */
static void window(const Model *model, Scratch *scratch, const uint32_t *hashes, Py_ssize_t size, Py_ssize_t low,
                   Py_ssize_t high, float *out) {
    const int count = (int)(high - low), rows = count + 2 * REACH;
    const int first = low < REACH ? REACH - (int)low : 0; /* rows that hold tokens */
    const int last = size - high < REACH ? REACH + (int)(size - low) : rows;
    int32_t sums[2][TILE][WIDTH];
    for (int row = first; row < last; row++)
        summed(model, hashes + (low - REACH + row) * FEATURES, scratch->sums[row]);
    for (int row = first; row < last; row += TILE) projected(model, scratch, row, last);
    for (int row = first; row < last; row++) quantised(scratch->state[row], model->block[0].step, scratch->seen[0][row]);
    left_empty(model, scratch, 0, 0, first);
    left_empty(model, scratch, 0, last, rows);
    int around = REACH, grown = 0;
    for (int k = 0; k < BLOCKS; k++) {
        const Block *block = &model->block[k];
        uint8_t(*seen)[WIDTH] = scratch->seen[k % 2], (*next)[WIDTH] = scratch->seen[1 - k % 2];
        around -= DISTANCES[k];
        grown += DISTANCES[k];
        const int lowest = REACH - around, highest = REACH + count + around;
        const int begin = first - grown > lowest ? first - grown : lowest;
        const int end = last + grown < highest ? last + grown : highest;
        for (int row = begin; row < end; row += TILE) {
            /* The last tile may read up to TILE rows behind the window: inside the buffer, and thrown away. */
            products(block->weight[0], seen[row], DISTANCES[k], sums[0]);
            products(block->weight[1], seen[row], DISTANCES[k], sums[1]);
            for (int t = 0; t < TILE && row + t < end; t++) {
                memcpy(sums[0][t] + 80, sums[1][t], 80 * sizeof(int32_t));
                joined(block, sums[0][t], model->epsilon, scratch->state[row + t]);
                if (k + 1 < BLOCKS) quantised(scratch->state[row + t], model->block[k + 1].step, next[row + t]);
            }
        }
        left_empty(model, scratch, k + 1, lowest, begin);
        left_empty(model, scratch, k + 1, end, highest);
    }
    for (int t = 0; t < count; t++) scored(model, scratch->state[REACH + t], out + (size_t)t * (size_t)model->tags);
}
#else
static int supported(void) { return 0; }
static void prepared(Model *model) { (void)model; }
static void window(const Model *model, Scratch *scratch, const uint32_t *hashes, Py_ssize_t size, Py_ssize_t low,
                   Py_ssize_t high, float *out) {
    (void)model, (void)scratch, (void)hashes, (void)size, (void)low, (void)high, (void)out;
}
#endif

static void forget(PyObject *capsule) {
    Model *model = PyCapsule_GetPointer(capsule, NAME);
    if (model == NULL) return;
    PyBuffer_Release(&model->vocabulary);
    PyBuffer_Release(&model->bucket);
    PyBuffer_Release(&model->embedding);
    free(model);
}

/* Copies `count` floats out of a buffer; -1 with an exception if it holds another number of them. */
static int floats(PyObject *source, float *into, Py_ssize_t count) {
    Py_buffer view;
    if (PyObject_GetBuffer(source, &view, PyBUF_SIMPLE) < 0) return -1;
    const int fits = view.len == count * (Py_ssize_t)sizeof(float);
    if (fits) memcpy(into, view.buf, (size_t)view.len);
    PyBuffer_Release(&view);
    if (!fits) PyErr_SetString(PyExc_ValueError, "an array of the names model has another size than this network's");
    return fits ? 0 : -1;
}

/* Weights as (inputs, outputs) in the order that `products` reads them. */
static int packed(PyObject *source, float step, const float *column, Block *block) {
    Py_buffer view;
    if (PyObject_GetBuffer(source, &view, PyBUF_SIMPLE) < 0) return -1;
    if (view.len != 3 * WIDTH * WIDTH) {
        PyBuffer_Release(&view);
        PyErr_SetString(PyExc_ValueError, "the weights of the names model have another size than this network's");
        return -1;
    }
    const int8_t *weight = view.buf;
    memset(block->base, 0, sizeof block->base);
    for (int i = 0; i < 3 * WIDTH; i++)
        for (int n = 0; n < WIDTH; n++) {
            const int8_t value = weight[i * WIDTH + n];
            block->weight[n / 80][i / 4][n % 80 / 16][n % 16 * 4 + i % 4] = value;
            block->base[n] += 128 * value;
        }
    for (int n = 0; n < WIDTH; n++) block->scale[n] = step * column[n];
    block->step = step;
    PyBuffer_Release(&view);
    return 0;
}

static int fill_block(Block *block, PyObject *source) {
    PyObject *weight, *column, *bias, *gain, *shift;
    float columns[WIDTH];
    double step;
    if (!PyArg_ParseTuple(source, "OdOOOO", &weight, &step, &column, &bias, &gain, &shift)) return -1;
    if (floats(column, columns, WIDTH) < 0 || floats(bias, block->bias, WIDTH) < 0) return -1;
    if (floats(gain, block->gain, WIDTH) < 0 || floats(shift, block->shift, WIDTH) < 0) return -1;
    return packed(weight, (float)step, columns, block);
}

static int fill_ends(Model *model, PyObject *in_weight, PyObject *in_bias, PyObject *out_weight, PyObject *out_bias) {
    float first[INNER * WIDTH], last[WIDTH * TAGS];
    if (floats(in_weight, first, INNER * WIDTH) < 0 || floats(in_bias, model->in_bias, WIDTH) < 0) return -1;
    if (floats(out_weight, last, (Py_ssize_t)WIDTH * model->tags) < 0 || floats(out_bias, model->out_bias, model->tags) < 0)
        return -1;
    for (int i = 0; i < INNER; i++)
        for (int n = 0; n < WIDTH; n++) model->in_weight[n / 80][i][n % 80 / 16][n % 16] = first[i * WIDTH + n];
    for (int i = 0; i < WIDTH; i++)
        for (int n = 0; n < model->tags; n++) model->out_weight[i][n] = last[i * model->tags + n];
    return 0;
}

static int fill_tables(Model *model) {
    const Py_ssize_t known = model->vocabulary.len / 4;
    if (model->bucket.len != (4 << BUCKET_BITS) || model->embedding.len != (known + 1) * INNER) {
        PyErr_SetString(PyExc_ValueError, "the tables of the names model do not fit together");
        return -1;
    }
    const int32_t *bucket = model->bucket.buf;
    for (Py_ssize_t i = 0; i < 1 << BUCKET_BITS; i++)
        if (bucket[i] < 0 || bucket[i] > known) {
            PyErr_SetString(PyExc_ValueError, "the buckets of the names model are out of range");
            return -1;
        }
    return 0;
}

static PyObject *load(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *vocabulary, *bucket, *embedding, *in_weight, *in_bias, *blocks, *out_weight, *out_bias;
    double epsilon;
    int tags;
    if (!PyArg_ParseTuple(args, "OOOOOO!OOdi", &vocabulary, &bucket, &embedding, &in_weight, &in_bias, &PyTuple_Type,
                          &blocks, &out_weight, &out_bias, &epsilon, &tags))
        return NULL;
    if (PyTuple_GET_SIZE(blocks) != BLOCKS || tags < 1 || tags > TAGS) {
        PyErr_SetString(PyExc_ValueError, "the names model has another form than this network's");
        return NULL;
    }
    Model *model = aligned_alloc(64, (sizeof(Model) + 63) / 64 * 64);
    if (model == NULL) return PyErr_NoMemory();
    memset(model, 0, sizeof(Model));
    model->epsilon = (float)epsilon;
    model->tags = tags;
    PyObject *capsule = PyCapsule_New(model, NAME, forget);
    if (capsule == NULL) {
        free(model);
        return NULL;
    }
    int failed = PyObject_GetBuffer(vocabulary, &model->vocabulary, PyBUF_SIMPLE) < 0 ||
                 PyObject_GetBuffer(bucket, &model->bucket, PyBUF_SIMPLE) < 0 ||
                 PyObject_GetBuffer(embedding, &model->embedding, PyBUF_SIMPLE) < 0 || fill_tables(model) < 0 ||
                 fill_ends(model, in_weight, in_bias, out_weight, out_bias) < 0;
    for (int k = 0; k < BLOCKS && !failed; k++) failed = fill_block(&model->block[k], PyTuple_GET_ITEM(blocks, k)) < 0;
    if (failed) {
        Py_DECREF(capsule);
        return NULL;
    }
    if (supported()) prepared(model);
    return capsule;
}

static int in_order(const int64_t *first, Py_ssize_t texts, Py_ssize_t tokens) {
    if (first[0] != 0 || first[texts] != tokens) return 0;
    for (Py_ssize_t i = 0; i < texts; i++)
        if (first[i] > first[i + 1]) return 0;
    return 1;
}

static PyObject *scores(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *capsule, *result = NULL;
    Py_buffer hashes, first;
    if (!PyArg_ParseTuple(args, "Oy*y*", &capsule, &hashes, &first)) return NULL;
    const Model *model = PyCapsule_GetPointer(capsule, NAME);
    const Py_ssize_t tokens = hashes.len / (4 * FEATURES), texts = first.len / 8 - 1;
    Scratch *scratch = NULL;
    int64_t *edges = NULL;
    if (model == NULL) goto done;
    /* A copy: the array may change while other threads run, and what was found in order has to stay so. */
    edges = malloc((size_t)first.len + 1);
    if (edges == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    memcpy(edges, first.buf, (size_t)first.len);
    if (!supported() || texts < 0 || !in_order(edges, texts, tokens)) {
        PyErr_SetString(PyExc_ValueError, "the texts' tokens are not in order, or this processor is not supported");
        goto done;
    }
    scratch = aligned_alloc(64, (sizeof(Scratch) + 63) / 64 * 64);
    result = PyBytes_FromStringAndSize(NULL, tokens * model->tags * (Py_ssize_t)sizeof(float));
    if (scratch == NULL || result == NULL) {
        Py_CLEAR(result);
        PyErr_NoMemory();
        goto done;
    }
    memset(scratch, 0, sizeof(Scratch));
    float *out = (float *)PyBytes_AS_STRING(result);
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t text = 0; text < texts; text++) {
        const Py_ssize_t begin = (Py_ssize_t)edges[text], size = (Py_ssize_t)edges[text + 1] - begin;
        for (Py_ssize_t low = 0; low < size; low += WINDOW)
            window(model, scratch, (const uint32_t *)hashes.buf + begin * FEATURES, size, low,
                   low + WINDOW < size ? low + WINDOW : size, out + (begin + low) * model->tags);
    }
    Py_END_ALLOW_THREADS
done:
    free(scratch);
    free(edges);
    PyBuffer_Release(&hashes);
    PyBuffer_Release(&first);
    return result;
}

/* ---- from text to tokens and their features: features.py says what they are, and is the oracle in the tests ---- */

enum { SPACE, LETTER, DIGIT, HAN };
#define LAST 0xFFFF
#define RARE_HAN 0x3400
#define BASE 1000003u

static uint32_t mixed(uint64_t value, uint64_t salt) {
    value = (value + salt) * 0x9E3779B97F4A7C15u;
    value = (value ^ (value >> 29)) * 0xBF58476D1CE4E5B9u;
    return (uint32_t)(value >> 32) | 1u;
}

static uint64_t rolled(const uint16_t *text, Py_ssize_t from, Py_ssize_t to) {
    uint64_t hash = 0;
    while (to > from) hash = hash * BASE + text[--to];
    return hash;
}

static void word_features(const uint16_t *lower, const uint8_t *capital, int kind, Py_ssize_t a, Py_ssize_t b, uint32_t *out) {
    const Py_ssize_t size = b - a;
    Py_ssize_t capitals = 0;
    for (Py_ssize_t i = a; i < b; i++) capitals += capital[i];
    const int form = capitals == 0 ? 0 : capitals == size ? 1 : capital[a] && capitals == 1 ? 2 : 3;
    out[0] = mixed(kind == DIGIT ? 77u + (uint64_t)(size < 12 ? size : 12) : rolled(lower, a, b), 1);
    out[1] = mixed(rolled(lower, a, a + 4 < b ? a + 4 : b), 2);
    out[2] = mixed(rolled(lower, a, a + 2 < b ? a + 2 : b), 3);
    out[3] = mixed(rolled(lower, b - 3 > a ? b - 3 : a, b), 4);
    out[4] = mixed(rolled(lower, b - 2 > a ? b - 2 : a, b), 5);
    out[5] = mixed((uint64_t)(kind * 64 + form * 16 + (int)(size < 10 ? size : 10)), 6);
}

static void han_features(const uint16_t *text, uint32_t *out) {
    const uint64_t wide = 0x100000, odd = 31;
    const uint64_t before2 = text[-2], before1 = text[-1], here = text[0], after1 = text[1], after2 = text[2];
    out[0] = mixed(here, 11);
    out[1] = mixed(here * wide + after1, 12);
    out[2] = mixed(before1 * wide + here, 13);
    out[3] = mixed((here * wide + after1) * wide + after2 * odd, 14);
    out[4] = mixed((before2 * wide + before1) * wide + here * odd, 15);
    out[5] = mixed((before1 * wide + here) * wide + after1 * odd, 16);
}

typedef struct {
    const uint8_t *kind, *upper; /* of the characters of the first plane */
    const uint16_t *lower;
} Table;

/* Kinds, small letters and capitals of every character of a text. */
static void looked_up(const Table *table, PyObject *text, Py_ssize_t size, uint8_t *kind, uint16_t *lower, uint8_t *capital) {
    const int form = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    for (Py_ssize_t i = 0; i < size; i++) {
        Py_UCS4 code = PyUnicode_READ(form, data, i);
        if (code > LAST) code = code >= 0x20000 && code < 0x33480 ? RARE_HAN : LAST;
        kind[i] = table->kind[code];
        lower[i] = table->lower[code];
        capital[i] = table->upper[code];
    }
}

/* Where the tokens begin and end; how many there are. */
static Py_ssize_t tokens_in(const uint8_t *kind, Py_ssize_t size, int64_t *start, int64_t *end) {
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; i < size; count++) {
        while (i < size && kind[i] == SPACE) i++;
        if (i == size) break;
        start[count] = i++;
        if (kind[i - 1] < HAN)
            while (i < size && kind[i] == kind[i - 1]) i++;
        end[count] = i;
    }
    return count;
}

/* What white space stands between two tokens: 0 none, 1 blanks, 2 with a line's end. `\n` is its own small letter. */
static unsigned between(const uint16_t *lower, int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++)
        if (lower[i] == '\n') return 2;
    return to > from;
}

static PyObject *features(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *text, *result = NULL, *starts = NULL, *ends = NULL, *hashes = NULL, *kinds = NULL;
    Py_buffer kind_table, lower_table, upper_table;
    if (!PyArg_ParseTuple(args, "Uy*y*y*", &text, &kind_table, &lower_table, &upper_table)) return NULL;
    const Py_ssize_t size = PyUnicode_GET_LENGTH(text);
    const Table table = {kind_table.buf, upper_table.buf, lower_table.buf};
    /* Two blanks to either side, so that n-grams stay inside. */
    uint16_t *lower = calloc((size_t)size + 4, sizeof *lower);
    uint8_t *kind = malloc((size_t)size + 1), *capital = malloc((size_t)size + 1);
    int64_t *start = malloc(((size_t)size + 1) * sizeof *start), *end = malloc(((size_t)size + 1) * sizeof *end);
    if (lower == NULL || kind == NULL || capital == NULL || start == NULL || end == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    if (kind_table.len != LAST + 1 || upper_table.len != LAST + 1 || lower_table.len != 2 * (LAST + 1)) {
        PyErr_SetString(PyExc_ValueError, "a table of characters has another size than the first plane");
        goto done;
    }
    uint16_t *small = lower + 2;
    looked_up(&table, text, size, kind, small, capital);
    const Py_ssize_t count = tokens_in(kind, size, start, end);
    starts = PyBytes_FromStringAndSize((const char *)start, count * 8);
    ends = PyBytes_FromStringAndSize((const char *)end, count * 8);
    hashes = PyBytes_FromStringAndSize(NULL, count * FEATURES * 4);
    kinds = PyBytes_FromStringAndSize(NULL, count);
    if (starts == NULL || ends == NULL || hashes == NULL || kinds == NULL) goto done;
    uint32_t *out = (uint32_t *)PyBytes_AS_STRING(hashes);
    uint8_t *sort = (uint8_t *)PyBytes_AS_STRING(kinds);
    unsigned before = 2;
    for (Py_ssize_t t = 0; t < count; t++, out += FEATURES) {
        sort[t] = kind[start[t]];
        if (sort[t] == HAN)
            han_features(small + start[t], out);
        else
            word_features(small, capital, sort[t], start[t], end[t], out);
        const unsigned after = t + 1 < count ? between(small, end[t], start[t + 1]) : 2;
        out[6] = mixed(before * 3 + after, 21);
        before = after;
    }
    result = PyTuple_Pack(4, starts, ends, hashes, kinds);
done:
    Py_XDECREF(starts);
    Py_XDECREF(ends);
    Py_XDECREF(hashes);
    Py_XDECREF(kinds);
    free(lower);
    free(kind);
    free(capital);
    free(start);
    free(end);
    PyBuffer_Release(&kind_table);
    PyBuffer_Release(&lower_table);
    PyBuffer_Release(&upper_table);
    return result;
}

static PyObject *can_run(PyObject *self, PyObject *unused) {
    (void)self, (void)unused;
    return PyBool_FromLong(supported());
}

static PyMethodDef methods[] = {
    {"supported", can_run, METH_NOARGS, "Whether this processor has what the network needs."},
    {"features", features, METH_VARARGS, "Starts, ends, feature hashes and kinds of a text's tokens, as bytes."},
    {"load", load, METH_VARARGS, "A network from its arrays; they must not change afterwards."},
    {"scores", scores, METH_VARARGS, "Scores of every tag for every token, as the bytes of 32-bit floats."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_tagger", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__tagger(void) {
    const uint16_t one = 1;
    if (*(const uint8_t *)&one != 1) {
        PyErr_SetString(PyExc_ImportError, "built for little-endian machines");
        return NULL;
    }
    return PyModule_Create(&module);
}
