/* The names tagger for Python: features of tokens, and its network (`tagger_network.h`) where the processor can run it.
 *
 * onnxruntime does what the network does product by product and moves every intermediate through memory; it is the
 * oracle in the tests, and runs where this does not.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tagger_network.h"

static const char NAME[] = "gateway.inspection.names.model";

static void forget(PyObject *capsule) {
    Model *model = PyCapsule_GetPointer(capsule, NAME);
    if (model == NULL) return;
    PyBuffer_Release(&model->vocabulary);
    PyBuffer_Release(&model->bucket);
    PyBuffer_Release(&model->embedding);
    free(model->tiles);
    free(model->sieve);
    free(model->spare);
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
    memset(block->begin, 0, sizeof block->begin);
    for (int i = 0; i < 3 * WIDTH; i++)
        for (int n = 0; n < WIDTH; n++) {
            const int8_t value = weight[i * WIDTH + n];
            block->weight[n / 32][i / 4][n % 32 / 16][n % 16 * 4 + i % 4] = value;
            block->begin[n] -= 128 * value;
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
        for (int n = 0; n < WIDTH; n++) model->in_weight[n / 32][i][n % 32 / 16][n % 16] = first[i * WIDTH + n];
    for (int i = 0; i < WIDTH; i++)
        for (int n = 0; n < model->tags; n++) model->out_weight[i][n] = last[i * model->tags + n];
    return 0;
}

/* The bytes of a sieve's arrays, in the order of `sieve_filled`. */
static const Py_ssize_t SIEVE_SIZES[6] = {3 * INNER * WIDE, 4 * WIDE, TAPS * WIDE * NARROW, 4 * NARROW, 4 * NARROW, 4 * 3};

static int fill_sieve(Model *model, PyObject *arrays) {
    if (arrays == Py_None) return 0;
    Py_buffer view[6];
    int taken = 0, fits = PyTuple_Check(arrays) && PyTuple_GET_SIZE(arrays) == 6;
    for (; fits && taken < 6; taken++) {
        if (PyObject_GetBuffer(PyTuple_GET_ITEM(arrays, taken), &view[taken], PyBUF_SIMPLE) < 0) break;
        fits = view[taken].len == SIEVE_SIZES[taken];
    }
    if (fits && taken == 6) {
        const int32_t *single = view[5].buf;
        fits = single[1] >= 0 && single[1] < 32 && single[2] >= 0 && single[2] < 32;
    }
    if (fits && taken == 6) {
        model->sieve = aligned_alloc(64, (sizeof(Sieve) + 63) / 64 * 64);
        if (model->sieve == NULL) PyErr_NoMemory();
        else sieve_filled(model->sieve, view[0].buf, view[1].buf, view[2].buf, view[3].buf, view[4].buf, view[5].buf);
    } else if (!PyErr_Occurred()) {
        PyErr_SetString(PyExc_ValueError, "the sieve of the names model has another form than this network's");
    }
    while (taken) PyBuffer_Release(&view[--taken]);
    return model->sieve == NULL ? -1 : 0;
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
    PyObject *vocabulary, *bucket, *embedding, *in_weight, *in_bias, *blocks, *out_weight, *out_bias, *sieve;
    double epsilon;
    int tags, tiles;
    if (!PyArg_ParseTuple(args, "OOOOOO!OOdipO", &vocabulary, &bucket, &embedding, &in_weight, &in_bias, &PyTuple_Type,
                          &blocks, &out_weight, &out_bias, &epsilon, &tags, &tiles, &sieve))
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
                 fill_ends(model, in_weight, in_bias, out_weight, out_bias) < 0 || fill_sieve(model, sieve) < 0;
    for (int k = 0; k < BLOCKS && !failed; k++) failed = fill_block(&model->block[k], PyTuple_GET_ITEM(blocks, k)) < 0;
    if (failed) {
        Py_DECREF(capsule);
        return NULL;
    }
    if (supported() && !prepared(model, tiles)) {
        Py_DECREF(capsule);
        return PyErr_NoMemory();
    }
    return capsule;
}

static int in_order(const int64_t *first, Py_ssize_t texts, Py_ssize_t tokens) {
    if (first[0] != 0 || first[texts] != tokens) return 0;
    for (Py_ssize_t i = 0; i < texts; i++)
        if (first[i] > first[i + 1]) return 0;
    return 1;
}

/* Working memory: what the call before left, or new. Made anew for every call its pages would cost more than a text. */
static Scratch *scratch_of(Model *model) {
    Scratch *scratch = __atomic_exchange_n(&model->spare, NULL, __ATOMIC_ACQ_REL);
    if (scratch != NULL) return scratch;
    scratch = aligned_alloc(64, (sizeof(Scratch) + 63) / 64 * 64);
    if (scratch != NULL) memset(scratch, 0, sizeof(Scratch));
    return scratch;
}

static void put_back(Model *model, Scratch *scratch) { free(__atomic_exchange_n(&model->spare, scratch, __ATOMIC_ACQ_REL)); }

static PyObject *scores(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *capsule, *result = NULL;
    Py_buffer hashes, first;
    if (!PyArg_ParseTuple(args, "Oy*y*", &capsule, &hashes, &first)) return NULL;
    Model *model = PyCapsule_GetPointer(capsule, NAME);
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
    scratch = scratch_of(model);
    result = PyBytes_FromStringAndSize(NULL, tokens * model->tags * (Py_ssize_t)sizeof(float));
    if (scratch == NULL || result == NULL) {
        Py_CLEAR(result);
        PyErr_NoMemory();
        goto done;
    }
    float *out = (float *)PyBytes_AS_STRING(result);
    Py_BEGIN_ALLOW_THREADS
    begun(model);
    for (Py_ssize_t text = 0; text < texts; text++) {
        const Py_ssize_t begin = (Py_ssize_t)edges[text], size = (Py_ssize_t)edges[text + 1] - begin;
        for (Py_ssize_t low = 0; low < size; low += WINDOW)
            window(model, scratch, (const uint32_t *)hashes.buf + begin * FEATURES, size, low,
                   low + WINDOW < size ? low + WINDOW : size, out + (begin + low) * model->tags);
    }
    ended(model);
    Py_END_ALLOW_THREADS
done:
    if (scratch != NULL) put_back(model, scratch);
    free(edges);
    PyBuffer_Release(&hashes);
    PyBuffer_Release(&first);
    return result;
}

/* ---- from scores to runs of tokens: decode.py says what they are, and is the oracle in the tests ---- */

/* How likely the label of tag `best` (B- or I- of it) is for one token, by softmax. */
static float likelihood(const float *score, int tags, int best) {
    float most = score[0], total = 0, own = 0;
    for (int n = 1; n < tags; n++) most = score[n] > most ? score[n] : most;
    const int begin = best - (best - 1) % 2;
    for (int n = 0; n < tags; n++) {
        const float wide = expf(score[n] - most);
        total += wide;
        if (n == begin || n == begin + 1) own += wide;
    }
    return own / total;
}

typedef struct { Py_ssize_t low, high; int label; float mean; } Run; /* tokens low to high, and how likely the label is */

typedef struct {
    const float *bias; /* added to each tag's score */
    int tags, core;    /* the label whose runs are cut to what is plain */
    float plain, doubtful;
} Rules;

/* The run cut to its plain part where it is a name of several, and its mean. */
static Run run_of(const float *sure, Py_ssize_t begin, Py_ssize_t stop, int label, const Rules *rules) {
    Py_ssize_t low = begin, high = stop;
    float most = 0, total = 0;
    for (Py_ssize_t t = begin; t < stop; t++) most = sure[t] > most ? sure[t] : most;
    if (label == rules->core && most >= rules->plain) {
        while (sure[low] < rules->doubtful) low++;
        while (sure[high - 1] < rules->doubtful) high--;
    }
    for (Py_ssize_t t = low; t < high; t++) total += sure[t];
    return (Run){low, high, label, total / (float)(high - low)};
}

/* The runs of tokens that are one entity each; `sure` and `out` have room for one a token. How many there are. */
static Py_ssize_t runs_in(const float *score, Py_ssize_t tokens, const Rules *rules, float *sure, Run *out) {
    int label = -1; /* of the run that is open */
    Py_ssize_t begun = 0, count = 0;
    for (Py_ssize_t t = 0; t <= tokens; t++, score += rules->tags) {
        int best = 0;
        if (t < tokens && score[1] > NOTHING)
            for (int n = 1; n < rules->tags; n++)
                if (score[n] + rules->bias[n] > score[best] + rules->bias[best]) best = n;
        const int next = best ? (best - 1) / 2 : -1;
        if (label >= 0 && (next != label || best % 2 == 1)) {
            out[count++] = run_of(sure, begun, t, label, rules);
            label = -1;
        }
        if (next >= 0) {
            if (label < 0) label = next, begun = t;
            sure[t] = likelihood(score, rules->tags, best);
        }
    }
    return count;
}

static PyObject *runs(PyObject *self, PyObject *args) {
    (void)self;
    Py_buffer scores, bias;
    Py_ssize_t low, high;
    Rules rules;
    PyObject *found = NULL;
    if (!PyArg_ParseTuple(args, "y*y*nniff", &scores, &bias, &low, &high, &rules.core, &rules.plain, &rules.doubtful)) return NULL;
    const Py_ssize_t tags = bias.len / (Py_ssize_t)sizeof(float), row = tags * (Py_ssize_t)sizeof(float);
    float *sure = NULL;
    Run *run = NULL;
    if (tags < 3 || tags % 2 == 0 || tags > TAGS || low < 0 || high < low || high > scores.len / row) {
        PyErr_SetString(PyExc_ValueError, "scores and tags do not fit together");
        goto done;
    }
    rules.tags = (int)tags;
    rules.bias = bias.buf;
    sure = malloc((size_t)(high - low + 1) * sizeof *sure);
    run = malloc((size_t)(high - low + 1) * sizeof *run);
    if (sure == NULL || run == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    const Py_ssize_t count = runs_in((const float *)scores.buf + low * tags, high - low, &rules, sure, run);
    found = PyList_New(count);
    for (Py_ssize_t i = 0; found != NULL && i < count; i++) {
        PyObject *each = Py_BuildValue("nnid", run[i].low, run[i].high, run[i].label, (double)run[i].mean);
        if (each == NULL)
            Py_CLEAR(found);
        else
            PyList_SET_ITEM(found, i, each);
    }
done:
    free(sure);
    free(run);
    PyBuffer_Release(&scores);
    PyBuffer_Release(&bias);
    return found;
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

/* Feature hashes and kinds of the tokens of a text. `lower` has two characters before the text and two behind it. */
static void featured(const uint16_t *lower, const uint8_t *capital, const uint8_t *kind, const int64_t *start, const int64_t *end,
                     Py_ssize_t count, uint32_t *out, uint8_t *sort) {
    unsigned before = 2;
    for (Py_ssize_t t = 0; t < count; t++, out += FEATURES) {
        sort[t] = kind[start[t]];
        if (sort[t] == HAN)
            han_features(lower + start[t], out);
        else
            word_features(lower, capital, sort[t], start[t], end[t], out);
        const unsigned after = t + 1 < count ? between(lower, end[t], start[t + 1]) : 2;
        out[6] = mixed(before * 3 + after, 21);
        before = after;
    }
}

/* The tables of a call; -1 with an exception if one is none. */
static int tables(const Py_buffer *kind, const Py_buffer *lower, const Py_buffer *upper, Table *table) {
    *table = (Table){kind->buf, upper->buf, lower->buf};
    if (kind->len == LAST + 1 && upper->len == LAST + 1 && lower->len == 2 * (LAST + 1)) return 0;
    PyErr_SetString(PyExc_ValueError, "a table of characters has another size than the first plane");
    return -1;
}

static PyObject *features(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *text, *result = NULL, *starts = NULL, *ends = NULL, *hashes = NULL, *kinds = NULL;
    Py_buffer kind_table, lower_table, upper_table;
    if (!PyArg_ParseTuple(args, "Uy*y*y*", &text, &kind_table, &lower_table, &upper_table)) return NULL;
    const Py_ssize_t size = PyUnicode_GET_LENGTH(text);
    Table table;
    /* Two blanks to either side, so that n-grams stay inside. */
    uint16_t *lower = calloc((size_t)size + 4, sizeof *lower);
    uint8_t *kind = malloc((size_t)size + 1), *capital = malloc((size_t)size + 1);
    int64_t *start = malloc(((size_t)size + 1) * sizeof *start), *end = malloc(((size_t)size + 1) * sizeof *end);
    if (lower == NULL || kind == NULL || capital == NULL || start == NULL || end == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    if (tables(&kind_table, &lower_table, &upper_table, &table) < 0) goto done;
    looked_up(&table, text, size, kind, lower + 2, capital);
    const Py_ssize_t count = tokens_in(kind, size, start, end);
    starts = PyBytes_FromStringAndSize((const char *)start, count * 8);
    ends = PyBytes_FromStringAndSize((const char *)end, count * 8);
    hashes = PyBytes_FromStringAndSize(NULL, count * FEATURES * 4);
    kinds = PyBytes_FromStringAndSize(NULL, count);
    if (starts == NULL || ends == NULL || hashes == NULL || kinds == NULL) goto done;
    featured(lower + 2, capital, kind, start, end, count, (uint32_t *)PyBytes_AS_STRING(hashes), (uint8_t *)PyBytes_AS_STRING(kinds));
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

/* ---- all of it for one text: what `features`, `scores` and `runs` do one after the other ---- */

/* A token's parts side by side in one piece of memory, so that a text takes one allocation. */
typedef struct {
    int64_t *start, *end;
    uint32_t *hashes;
    float *scores, *sure;
    Run *run;
    uint16_t *lower;
    uint8_t *kind, *capital, *sort;
} Work;

static void *work_for(Py_ssize_t size, int tags, Work *work) {
    const size_t room = ((size_t)size + 4 + 7) / 8 * 8;
    const size_t each = 2 * sizeof(int64_t) + sizeof(Run) + 4 * FEATURES + (size_t)(tags + 1) * sizeof(float) + 2 + 3;
    char *memory = malloc(room * each);
    if (memory == NULL) return NULL;
    char *at = memory;
    work->start = (int64_t *)at, at += room * sizeof(int64_t);
    work->end = (int64_t *)at, at += room * sizeof(int64_t);
    work->run = (Run *)at, at += room * sizeof(Run);
    work->hashes = (uint32_t *)at, at += room * 4 * FEATURES;
    work->scores = (float *)at, at += room * (size_t)tags * sizeof(float);
    work->sure = (float *)at, at += room * sizeof(float);
    work->lower = (uint16_t *)at, at += room * 2;
    work->kind = (uint8_t *)at, at += room;
    work->capital = (uint8_t *)at, at += room;
    work->sort = (uint8_t *)at;
    return memory;
}

/* What stands around a text of a block: the separator of features.py, as its small letters. */
static void surround(const Table *table, uint16_t *lower, Py_ssize_t size) {
    lower[0] = lower[size + 3] = table->lower[0x1e];
    lower[1] = lower[size + 2] = table->lower['\n'];
}

static PyObject *found(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *capsule, *text, *result = NULL;
    Py_buffer kind_table, lower_table, upper_table, bias;
    Rules rules;
    Table table;
    Work work = {0};
    void *memory = NULL;
    Scratch *scratch = NULL;
    if (!PyArg_ParseTuple(args, "OUy*y*y*y*iff", &capsule, &text, &kind_table, &lower_table, &upper_table, &bias, &rules.core,
                          &rules.plain, &rules.doubtful))
        return NULL;
    Model *model = PyCapsule_GetPointer(capsule, NAME);
    if (model == NULL || tables(&kind_table, &lower_table, &upper_table, &table) < 0) goto done;
    if (!supported() || bias.len != model->tags * (Py_ssize_t)sizeof(float) || model->tags % 2 == 0) {
        PyErr_SetString(PyExc_ValueError, "scores and tags do not fit together, or this processor is not supported");
        goto done;
    }
    rules.tags = model->tags;
    rules.bias = bias.buf;
    const Py_ssize_t size = PyUnicode_GET_LENGTH(text);
    memory = work_for(size, model->tags, &work);
    scratch = scratch_of(model);
    if (memory == NULL || scratch == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    looked_up(&table, text, size, work.kind, work.lower + 2, work.capital);
    Py_ssize_t count;
    Py_BEGIN_ALLOW_THREADS
    surround(&table, work.lower, size);
    const Py_ssize_t tokens = tokens_in(work.kind, size, work.start, work.end);
    featured(work.lower + 2, work.capital, work.kind, work.start, work.end, tokens, work.hashes, work.sort);
    begun(model);
    for (Py_ssize_t low = 0; low < tokens; low += WINDOW)
        window(model, scratch, work.hashes, tokens, low, low + WINDOW < tokens ? low + WINDOW : tokens, work.scores + low * model->tags);
    ended(model);
    count = runs_in(work.scores, tokens, &rules, work.sure, work.run);
    Py_END_ALLOW_THREADS
    result = PyList_New(count);
    for (Py_ssize_t i = 0; result != NULL && i < count; i++) {
        const Run *run = &work.run[i];
        const Py_ssize_t many = run->high - run->low;
        PyObject *starts = PyTuple_New(many), *ends = PyTuple_New(many);
        for (Py_ssize_t t = 0; starts != NULL && ends != NULL && t < many; t++) {
            PyTuple_SET_ITEM(starts, t, PyLong_FromLongLong(work.start[run->low + t]));
            PyTuple_SET_ITEM(ends, t, PyLong_FromLongLong(work.end[run->low + t]));
        }
        PyObject *each = NULL;
        if (starts != NULL && ends != NULL)
            each = Py_BuildValue("OOy#id", starts, ends, (const char *)work.sort + run->low, many, run->label, (double)run->mean);
        Py_XDECREF(starts);
        Py_XDECREF(ends);
        if (each == NULL)
            Py_CLEAR(result);
        else
            PyList_SET_ITEM(result, i, each);
    }
done:
    if (scratch != NULL) put_back(model, scratch);
    free(memory);
    PyBuffer_Release(&kind_table);
    PyBuffer_Release(&lower_table);
    PyBuffer_Release(&upper_table);
    PyBuffer_Release(&bias);
    return result;
}

static PyObject *can_run(PyObject *self, PyObject *unused) {
    (void)self, (void)unused;
    return PyBool_FromLong(supported());
}

static PyMethodDef methods[] = {
    {"supported", can_run, METH_NOARGS, "Whether this processor has what the network needs."},
    {"features", features, METH_VARARGS, "Starts, ends, feature hashes and kinds of a text's tokens, as bytes."},
    {"load", load, METH_VARARGS, "A network from its arrays, which must not change afterwards; whether it may use matrix tiles, and the sieve's arrays or None, come last."},
    {"scores", scores, METH_VARARGS, "Scores of every tag for every token, as the bytes of 32-bit floats."},
    {"found", found, METH_VARARGS,
     "(starts, ends, kinds, label, mean) of each run of tokens of a text that is one entity: features, scores and runs at once."},
    {"runs", runs, METH_VARARGS, "(begin, stop, label, mean) of each run of tokens low to high that is one entity."},
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
