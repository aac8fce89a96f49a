#include "gemm.h"

#include <stdio.h>
#include <string.h>

#include "../hash.h"

/* A tile is (wg_m * tm) pixels x (wg_n * tn) output quads; each of wg_m x wg_n invocations makes
 * tm x tn of it. kc: steps brought to shared memory at a time. Output quads are even in number. */
typedef struct gemm_tile {
    uint32_t wg_m, wg_n, tm, tn, kc;
} gemm_tile;

/* Adding a tile is adding a row. */
static const gemm_tile tile[] = {
    {16, 4, 4, 1, 4},  /* 64 pixels x 16 channels */
    {32, 4, 4, 1, 4},  /* 128 x 16 */
    {8, 8, 4, 1, 4},   /* 32 x 32: small pictures */
    {16, 4, 4, 2, 4},  /* 64 x 32 */
    {16, 4, 8, 2, 4},  /* 128 x 32 */
    {16, 8, 4, 2, 4},  /* 64 x 64 */
    {16, 8, 8, 2, 4},  /* 128 x 64 */
    {32, 8, 4, 2, 4},  /* 128 x 64, twice the invocations */
    {64, 1, 4, 2, 2},  /* 256 x 8: first layers */
};

enum {
    TILES = sizeof tile / sizeof tile[0],
    CHOICES = 1 + TILES * MI_STORAGES,
    STEPS_MOST = 1 << 18,   /* what the shader's division is exact for */
    GROUPS_MOST = 65535,    /* of a dispatch along x, on any device */
    SHARED_LEAST = 16384,   /* bytes and invocations of a workgroup that any device has */
    INVOCATIONS_LEAST = 128,
    GROUPS_ENOUGH = 128     /* keep a large GPU's units busy */
};
_Static_assert(CHOICES <= 64, "a choice is a bit of mi_gemm_usable()");

int32_t mi_gemm_choices(void)
{
    return CHOICES;
}

mi_storage mi_gemm_storage(int32_t choice)
{
    return choice > 0 ? (mi_storage)((choice - 1) % MI_STORAGES) : MI_STORAGE_FLOAT;
}

int32_t mi_gemm_stored(int32_t choice, mi_storage storage)
{
    return choice - (int32_t)mi_gemm_storage(choice) + (int32_t)storage;
}

static const gemm_tile *tile_of(int32_t choice)
{
    return &tile[(choice - 1) / MI_STORAGES];
}

void mi_gemm_name(int32_t choice, char *text, size_t size)
{
    static const char *const storage[MI_STORAGES] = {"floats", "packed halves", "halves"};
    if (choice == 0) {
        snprintf(text, size, "plain");
        return;
    }
    const gemm_tile *t = tile_of(choice);
    snprintf(text, size, "gemm %ux%u (%ux%u invocations), %s", (unsigned)(t->wg_m * t->tm),
             (unsigned)(t->wg_n * t->tn * 4), (unsigned)t->wg_m, (unsigned)t->wg_n,
             storage[mi_gemm_storage(choice)]);
}

uint64_t mi_gemm_hash(uint64_t hash)
{
    return mi_hash(hash, tile, sizeof tile);
}

static uint32_t shared_bytes(int32_t choice)
{
    const gemm_tile *t = tile_of(choice);
    uint32_t values = t->kc * t->wg_m * t->tm + t->kc * 4 * t->wg_n * t->tn;
    return values * (mi_gemm_storage(choice) == MI_STORAGE_FLOAT ? 16 : 8);
}

uint64_t mi_gemm_usable(const mvk_device *d)
{
    uint32_t shared = d ? d->limits.maxComputeSharedMemorySize : SHARED_LEAST;
    uint32_t most = d ? d->limits.maxComputeWorkGroupInvocations : INVOCATIONS_LEAST;
    uint64_t usable = 1;
    for (int32_t c = 1; c < CHOICES; c++) {
        const gemm_tile *t = tile_of(c);
        bool fits = shared_bytes(c) <= shared && t->wg_m * t->wg_n <= most &&
                    (!d || (t->wg_m <= d->limits.maxComputeWorkGroupSize[0] &&
                            t->wg_n <= d->limits.maxComputeWorkGroupSize[1]));
        if (fits && (mi_gemm_storage(c) != MI_STORAGE_HALF || (d && d->float16)))
            usable |= UINT64_C(1) << c;
    }
    return usable;
}

/* Columns of the product: output quads, or the four pixels that depth to space makes. */
static int64_t columns_of(const mi_step *s)
{
    return s->variant.d2s ? 4 : s->push.oq;
}

static int64_t plane_of(const mi_step *s)
{
    return (int64_t)s->push.ow * s->push.oh;
}

static int64_t steps_of(const mi_step *s)
{
    return (int64_t)s->push.iq * s->push.kh * s->push.kw;
}

static int64_t groups_of(const mi_step *s, const gemm_tile *t, int64_t *across)
{
    int64_t bm = t->wg_m * t->tm, bn = t->wg_n * t->tn;
    *across = (columns_of(s) + bn - 1) / bn;
    return (plane_of(s) + bm - 1) / bm;
}

bool mi_gemm_applies(const mi_step *s)
{
    mi_kernel k = s->variant.kernel;
    return (k == MI_KERNEL_CONV_TILE || k == MI_KERNEL_CONV_WIDE || k == MI_KERNEL_CONV_POINT ||
            k == MI_KERNEL_CONV_ANY) &&
           steps_of(s) < STEPS_MOST && plane_of(s) < INT32_MAX / 16;
}

bool mi_gemm_suits(const mi_step *s, int32_t choice)
{
    const gemm_tile *t = tile_of(choice);
    int64_t across, bm = t->wg_m * t->tm, bn = t->wg_n * t->tn;
    groups_of(s, t, &across);
    return across * bn * 2 <= columns_of(s) * 3 + 2 && (bm <= 64 || bm * 8 <= plane_of(s)) &&
           (bn >= 4 || columns_of(s) <= 6);
}

uint64_t mi_gemm_key(const mi_step *s)
{
    const struct net_push *u = &s->push;
    const int32_t what[] = {u->iw, u->ih, u->iq, u->ow, u->oh, u->oq, u->kh, u->kw, u->sh, u->sw,
                            u->dh, u->dw, s->variant.up, s->variant.sum, s->variant.d2s,
                            (int32_t)s->spec[0], (int32_t)s->spec[1], (int32_t)s->spec[2],
                            (int32_t)s->spec[3]};
    uint64_t key = mi_hash(MI_HASH_START, what, sizeof what);
    return key ? key : 1;
}

/* Not measured: the largest tile, whose values are used most often, that leaves enough workgroups
 * to go around; where none does, the one with most of them. Layers of few channels stay with the
 * kernels whose sums are all in registers. */
int32_t mi_gemm_rule(const mi_step *s, uint64_t usable)
{
    int32_t best = 0;
    int64_t best_groups = 0, best_size = 0;
    if (columns_of(s) < 4 || steps_of(s) < 8)
        return 0;
    for (int32_t c = 1; c < CHOICES; c += MI_STORAGES) {
        const gemm_tile *t = tile_of(c);
        int64_t across, groups = groups_of(s, t, &across) * across;
        int64_t size = t->wg_m * t->tm * t->wg_n * t->tn;
        if (!(usable >> c & 1) || !mi_gemm_suits(s, c))
            continue;
        bool more = groups >= GROUPS_ENOUGH ? best_groups < GROUPS_ENOUGH || size > best_size
                                            : groups > best_groups;
        if (best == 0 || more) {
            best = c;
            best_groups = groups;
            best_size = size;
        }
    }
    return best;
}

void mi_gemm_set(mi_step *s, int32_t choice)
{
    const gemm_tile *t = tile_of(choice);
    const mi_variant was = s->variant;
    int64_t across, along = groups_of(s, t, &across);
    s->choice = choice;
    s->variant = (mi_variant){.kernel = MI_KERNEL_CONV_GEMM, .sum = was.sum, .up = was.up,
                              .d2s = was.d2s, .storage = (uint8_t)mi_gemm_storage(choice)};
    const uint32_t shape[] = {t->wg_m, t->wg_n, t->tm, t->tn, t->kc, was.up, was.sum, was.d2s};
    memcpy(s->spec + 4, shape, sizeof shape);
    s->groups[0] = (uint32_t)(along < GROUPS_MOST ? along : GROUPS_MOST);
    s->push.qs = (int32_t)s->groups[0];
    s->groups[1] = (uint32_t)((along + s->groups[0] - 1) / s->groups[0]);
    s->groups[2] = (uint32_t)across;
}
