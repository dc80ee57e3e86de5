/* The names network's products in matrix tiles (Intel AMX): eight times as many in a cycle as vectors make.
 *
 * A tile holds 16 rows of 64 bytes. The integer products are exact, hence the same as in vectors. The projection of the
 * embeddings is made in 16-bit floats: these hold an embedding's sum exactly, and a weight as the sum of three.
 */

#if defined(__linux__) && (defined(__clang__) ? __clang_major__ >= 12 : __GNUC__ >= 11)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TILED __attribute__((target("amx-tile,amx-int8,amx-bf16,avx512f")))
#define ASK_FOR_STATE 0x1023 /* of arch_prctl(2) */
#define STATE_OF_TILES 18

/* Whether the processor has tiles and the kernel lets this process use them. */
static int tiles_supported(void) {
    unsigned a, b, c, d;
    const unsigned floats = 1u << 22, tile = 1u << 24, integers = 1u << 25;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & (floats | tile | integers)) != (floats | tile | integers)) return 0;
    return syscall(SYS_arch_prctl, ASK_FOR_STATE, STATE_OF_TILES) == 0;
}

typedef struct {
    uint8_t palette, start, reserved[14];
    uint16_t bytes[16]; /* of a row */
    uint8_t rows[16];
} Shapes;

TILED static void tiles_begun(void) {
    Shapes shapes = {.palette = 1};
    for (int i = 0; i < 8; i++) shapes.bytes[i] = 64, shapes.rows[i] = 16;
    __asm__ volatile("" : : "r"(&shapes) : "memory"); /* all of it: compilers think that its first bytes are read */
    _tile_loadconfig(&shapes);
}

/* What is left in tiles would be saved at every switch of threads. */
TILED static void tiles_ended(void) { _tile_release(); }

/* A weight's 16 upper bits, rounded to even. */
static uint16_t upper(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

static float of_upper(uint16_t part) {
    const uint32_t bits = (uint32_t)part << 16;
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

/* The weights in the order of tiles. The last of three tiles of a tap is half empty: 160 numbers are two and a half. */
static void laid_in_tiles(const Model *model, Tiles *tiles) {
    memset(tiles, 0, sizeof(Tiles));
    for (int k = 0; k < BLOCKS; k++)
        for (int tap = 0; tap < 3; tap++)
            for (int g = 0; g < WIDTH / 4; g++)
                for (int v = 0; v < VECTORS; v++)
                    memcpy(tiles->weight[k][tap][g / 16][v][g % 16],
                           model->block[k].weight[v / 2][tap * (WIDTH / 4) + g][v % 2], 64);
    for (int i = 0; i < INNER; i++)
        for (int n = 0; n < WIDTH; n++) {
            float rest = model->in_weight[n / 32][i][n % 32 / 16][n % 16];
            for (int part = 0; part < PARTS; part++) {
                const uint16_t some = upper(rest);
                tiles->in_weight[part][i / 32][n / 16][i % 32 / 2][n % 16 * 2 + i % 2] = some;
                rest -= of_upper(some);
            }
        }
}

/* Four tiles of sums below one another, of 16 rows and 16 columns each: a tile of weights, which comes from further away
 * than what they see, serves all four. `tiles` of them are wanted. Names of tiles are constants, hence no loop. */
#define FOUR(DO) DO(0, 4) DO(1, 5) DO(2, 6) DO(3, 4)
#define BEGIN(sum, seen) \
    if (sum < tiles) _tile_loadd(sum, begin, 0); /* each row the same */
#define END(sum, seen) \
    if (sum < tiles) _tile_stored(sum, out + 16 * sum * WIDTH, 4 * WIDTH);

/* Integer products of the next rows with block `k`'s weights; how many rows that is. */
TILED static int products_in_tiles(const Model *model, Scratch *scratch, int k, const uint8_t *row, int wanted) {
    const int tiles = wanted > 48 ? 4 : (wanted + 15) / 16;
    for (int v = 0; v < VECTORS; v++) {
        const int32_t *begin = model->block[k].begin + 16 * v;
        int32_t *out = scratch->products[0] + 16 * v;
        FOUR(BEGIN)
        for (int tap = 0; tap < 3; tap++)
            for (int part = 0; part < 3; part++) {
                const uint8_t *at = row + (tap - 1) * DISTANCES[k] * SEEN + 64 * part;
                _tile_loadd(7, model->tiles->weight[k][tap][part][v], 64);
#define ADD(sum, seen) \
    if (sum < tiles) { \
        _tile_loadd(seen, at + 16 * sum * SEEN, SEEN); \
        _tile_dpbusd(sum, seen, 7); \
    }
                FOUR(ADD)
#undef ADD
            }
        FOUR(END)
    }
    return 16 * tiles;
}

/* The states of the rows that hold tokens, from the sums of their embeddings. */
TILED static void projected_in_tiles(const Model *model, Scratch *scratch, int first, int last) {
    for (int row = first; row < last; row += 64) {
        const int tiles = last - row > 48 ? 4 : (last - row + 15) / 16;
        for (int v = 0; v < VECTORS; v++) {
            const float *begin = model->in_bias + 16 * v;
            float *out = scratch->state[row] + 16 * v;
            FOUR(BEGIN)
            for (int i = 0; i < INNER / 32; i++)
                for (int part = 0; part < PARTS; part++) {
                    _tile_loadd(7, model->tiles->in_weight[part][i][v], 64);
#define ADD(sum, seen) \
    if (sum < tiles) { \
        _tile_loadd(seen, scratch->parts[row + 16 * sum] + 32 * i, 2 * INNER); \
        _tile_dpbf16ps(sum, seen, 7); \
    }
                    FOUR(ADD)
#undef ADD
                }
            FOUR(END)
        }
    }
}

#undef FOUR
#undef BEGIN
#undef END
#else
static int tiles_supported(void) { return 0; }
static void tiles_begun(void) {}
static void tiles_ended(void) {}
static void laid_in_tiles(const Model *model, Tiles *tiles) { (void)model, (void)tiles; }
static int products_in_tiles(const Model *model, Scratch *scratch, int k, const uint8_t *row, int wanted) {
    return (void)model, (void)scratch, (void)k, (void)row, wanted;
}
static void projected_in_tiles(const Model *model, Scratch *scratch, int first, int last) {
    (void)model, (void)scratch, (void)first, (void)last;
}
#endif
