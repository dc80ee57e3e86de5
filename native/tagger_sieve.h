/* A first cheap look: near which tokens a name may stand. The five blocks are worked out there alone.
 *
 * A small network of integers over the sums of the embeddings: three tokens wide, then five of its rows three apart, then
 * one number a token. All sums are exact, so that NumPy marks the same tokens (gateway/inspection/names/sieve.py).
 */

#define WIDE 96     /* numbers of its first layer */
#define NARROW 32   /* of its second one */
#define BREADTHS 2  /* of three vectors: so many sums of eight rows stay in registers */
#define TAPS 5      /* rows of the first layer that the second one sees */
#define APART 3     /* tokens from one of them to the next */
#define BESIDE 3    /* tokens to either side of a marked one that are worked out with it */
#define AROUND (1 + TAPS / 2 * APART + BESIDE) /* tokens to either side that decide of one */
#define WIDE_GROUPS (3 * INNER / 4)
#define NARROW_GROUPS (TAPS * WIDE / 4)
#define CLOSE 4     /* a gap of so many tokens costs less to work out than to leave out */

typedef struct {
    _Alignas(64) int8_t wide[BREADTHS][WIDE_GROUPS][3][64];
    _Alignas(64) int8_t narrow[NARROW_GROUPS][2][64];
    int32_t wide_begin[WIDE], narrow_begin[NARROW], last[NARROW]; /* the first takes off the offset of 128, too */
    int32_t last_begin, wide_shift, narrow_shift;
} Sieve;

typedef struct {
    _Alignas(64) uint8_t seen[ROWS + MOST_TILE][INNER]; /* sums of embeddings in eight bits; rows lie side by side */
    _Alignas(64) uint8_t wide[ROWS + MOST_TILE][WIDE];
    uint8_t marked[ROWS + MOST_TILE];
    uint8_t near[ROWS]; /* whether a marked row is beside, or it is one itself */
} Sifted;

/* Rows that are worked out: `low` to before `high`, in order, none beside another. */
typedef struct {
    int count;
    int16_t low[ROWS / 2], high[ROWS / 2];
} Ranges;

static void sieve_filled(Sieve *sieve, const int8_t *wide, const int32_t *wide_begin, const int8_t *narrow,
                         const int32_t *narrow_begin, const int32_t *last, const int32_t *single) {
    memcpy(sieve->wide_begin, wide_begin, sizeof sieve->wide_begin);
    memcpy(sieve->narrow_begin, narrow_begin, sizeof sieve->narrow_begin);
    memcpy(sieve->last, last, sizeof sieve->last);
    sieve->last_begin = single[0], sieve->wide_shift = single[1], sieve->narrow_shift = single[2];
    for (int i = 0; i < 3 * INNER; i++)
        for (int n = 0; n < WIDE; n++) {
            const int8_t value = wide[i * WIDE + n];
            sieve->wide[n / 48][i / 4][n % 48 / 16][n % 16 * 4 + i % 4] = value;
            sieve->wide_begin[n] -= 128 * value;
        }
    for (int i = 0; i < TAPS * WIDE; i++)
        for (int n = 0; n < NARROW; n++) sieve->narrow[i / 4][n / 16][n % 16 * 4 + i % 4] = narrow[i * NARROW + n];
}

#if defined(__x86_64__) && defined(__GNUC__)

/* As _mm512_dpbusd_epi32, in place: GCC 12 copies each sum to memory around the intrinsic. */
#define MULTIPLY(sum, x, w) __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w));
#define TOKENS_8(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)

/* What a layer says, without what is below zero, in eight bits. */
TARGET static inline __m128i lowered(__m512i sum, int shift) {
    return _mm512_cvtusepi32_epi8(_mm512_srav_epi32(_mm512_max_epi32(sum, _mm512_setzero_si512()), _mm512_set1_epi32(shift)));
}

/* The first layer of eight rows. */
#define BEGIN(t) __m512i a##t = begin0, b##t = begin1, c##t = begin2;
#define ADD(t) \
    { \
        int32_t four; \
        memcpy(&four, seen + t * INNER + 4 * g, 4); \
        const __m512i x = _mm512_set1_epi32(four); \
        MULTIPLY(a##t, x, w0) MULTIPLY(b##t, x, w1) MULTIPLY(c##t, x, w2) \
    }
#define END(t) \
    _mm_storeu_si128((__m128i *)(out[t] + 48 * breadth), lowered(a##t, sieve->wide_shift)); \
    _mm_storeu_si128((__m128i *)(out[t] + 48 * breadth + 16), lowered(b##t, sieve->wide_shift)); \
    _mm_storeu_si128((__m128i *)(out[t] + 48 * breadth + 32), lowered(c##t, sieve->wide_shift));
TARGET static void widened(const Sieve *sieve, const uint8_t *seen, uint8_t (*out)[WIDE]) {
    for (int breadth = 0; breadth < BREADTHS; breadth++) {
        const int32_t *begin = sieve->wide_begin + 48 * breadth;
        const __m512i begin0 = _mm512_loadu_si512(begin), begin1 = _mm512_loadu_si512(begin + 16), begin2 = _mm512_loadu_si512(begin + 32);
        TOKENS_8(BEGIN)
        for (int g = 0; g < WIDE_GROUPS; g++) {
            const int8_t(*w)[64] = sieve->wide[breadth][g];
            const __m512i w0 = _mm512_load_si512(w[0]), w1 = _mm512_load_si512(w[1]), w2 = _mm512_load_si512(w[2]);
            TOKENS_8(ADD)
        }
        TOKENS_8(END)
    }
}
#undef BEGIN
#undef ADD
#undef END

/* Whether eight rows are marked. `row`: the first of them in the first layer. */
#define BEGIN(t) __m512i a##t = begin0, b##t = begin1;
#define ADD(t) \
    { \
        int32_t four; \
        memcpy(&four, seen + t * WIDE + 4 * g, 4); \
        const __m512i x = _mm512_set1_epi32(four); \
        MULTIPLY(a##t, x, w0) MULTIPLY(b##t, x, w1) \
    }
#define END(t) \
    { \
        const __m512i low = _mm512_cvtepu8_epi32(lowered(a##t, sieve->narrow_shift)); \
        const __m512i high = _mm512_cvtepu8_epi32(lowered(b##t, sieve->narrow_shift)); \
        const __m512i both = _mm512_add_epi32(_mm512_mullo_epi32(low, last0), _mm512_mullo_epi32(high, last1)); \
        out[t] = _mm512_reduce_add_epi32(both) + sieve->last_begin >= 0; \
    }
TARGET static void decided(const Sieve *sieve, const uint8_t *row, uint8_t *out) {
    const __m512i begin0 = _mm512_loadu_si512(sieve->narrow_begin), begin1 = _mm512_loadu_si512(sieve->narrow_begin + 16);
    const __m512i last0 = _mm512_loadu_si512(sieve->last), last1 = _mm512_loadu_si512(sieve->last + 16);
    TOKENS_8(BEGIN)
    for (int tap = 0; tap < TAPS; tap++) {
        const uint8_t *seen = row + (tap - TAPS / 2) * APART * WIDE;
        for (int g = 0; g < WIDE / 4; g++) {
            const int8_t(*w)[64] = sieve->narrow[tap * (WIDE / 4) + g];
            const __m512i w0 = _mm512_load_si512(w[0]), w1 = _mm512_load_si512(w[1]);
            TOKENS_8(ADD)
        }
    }
    TOKENS_8(END)
}
#undef BEGIN
#undef ADD
#undef END

/* A row as the sieve sees it: sums in eight bits, from their floats. */
TARGET static void narrowed(const float *sums, uint8_t *out) {
    for (int v = 0; v < INNER / 16; v++) {
        const __m128i q = _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(_mm512_loadu_ps(sums + 16 * v)));
        _mm_storeu_si128((__m128i *)(out + 16 * v), _mm_xor_si128(q, _mm_set1_epi8(-128)));
    }
}

/* Which of the rows REACH to REACH + count are worked out. Those from `first` to before `last` hold tokens. */
static void sifted(const Sieve *sieve, Sifted *work, const float sums[][INNER], int count, int first, int last, Ranges *out) {
    const int low = REACH - AROUND, high = REACH + count + AROUND;
    for (int row = low; row < high; row++) {
        if (row >= first && row < last) narrowed(sums[row], work->seen[row]);
        else memset(work->seen[row], 128, INNER);
    }
    /* The last ones of eight may read behind `high`, inside the buffer; what they say is not asked for. */
    for (int row = low + 1; row < high - 1; row += 8) widened(sieve, work->seen[row - 1], work->wide + row);
    const int begin = first > REACH - BESIDE ? first : REACH - BESIDE;
    const int end = last < REACH + count + BESIDE ? last : REACH + count + BESIDE;
    for (int row = begin; row < end; row += 8) decided(sieve, work->wide[row], work->marked + row);
    memset(work->near, 0, sizeof work->near);
    for (int row = begin; row < end; row++) {
        const int from = row - BESIDE > REACH ? row - BESIDE : REACH;
        const int to = row + BESIDE + 1 < REACH + count ? row + BESIDE + 1 : REACH + count;
        if (work->marked[row] && from < to) memset(work->near + from, 1, (size_t)(to - from));
    }
    out->count = 0;
    for (int row = REACH; row < REACH + count; row++) {
        if (!work->near[row]) continue;
        if (out->count && row <= out->high[out->count - 1] + CLOSE) out->high[out->count - 1] = (int16_t)(row + 1);
        else out->low[out->count] = (int16_t)row, out->high[out->count++] = (int16_t)(row + 1);
    }
}

/* Some ranges, each `by` rows wider to either side, as far as `first` and `last` let them. */
static void widened_by(const Ranges *from, int by, int first, int last, Ranges *out) {
    out->count = 0;
    for (int i = 0; i < from->count; i++) {
        const int low = from->low[i] - by > first ? from->low[i] - by : first, high = from->high[i] + by < last ? from->high[i] + by : last;
        if (low >= high) continue;
        if (out->count && low <= out->high[out->count - 1]) out->high[out->count - 1] = (int16_t)high;
        else out->low[out->count] = (int16_t)low, out->high[out->count++] = (int16_t)high;
    }
}
#endif
