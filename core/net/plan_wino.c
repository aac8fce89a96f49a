/* 3x3 convolutions of stride 1 as Winograd's F(4x4,3x3): a quarter of the multiply-adds for more
 * loads and stores. */
#include "planner.h"

enum {
    TILE = 4,      /* pixels of a tile's side */
    GROUP = 16,    /* tiles that lie together: eight lanes of wino_out, PARTS each */
    D2S_PIXELS = 4, /* which are a block, with depth to space: as if quads of three channels */
    BAND = 1 << 17 /* vec4 of positions at once: 2 MB stay in a cache and need next to no memory */
};

/* True for a step of conv_tile that can be done so. */
static bool possible(const mi_step *s)
{
    const mi_variant *v = &s->variant;
    return v->kernel == MI_KERNEL_CONV_TILE && v->stride == 1;
}

/* Measured on lavapipe with eight lanes, as the time of conv_tile over that of the two steps
 * (bench_net on tests/bench/one_layer.py, medians of interleaved runs of both plans, on a busy
 * machine, where they move by a tenth):
 *
 *   channels       64x64  channels, x2 to 64x64    channels  12x12  16x16  20x20  64x64  256x256
 *    4 -> 16        0.9                            16 -> 16   0.7    0.9    0.6    1.0    1.2
 *    8 -> 16        1.1    8 -> 16        1.1      32 -> 32   0.9    2.0    1.5    1.5    1.5
 *   12 -> 12        1.3   12 -> 12        1.5     128 -> 128  0.9    2.1           2.2
 *   16 ->  8        0.8   16 -> 16        1.0
 *   32 ->  8        0.9   32 ->  8        0.8
 *   32 -> 16        1.3   32 -> 16        1.4
 *   32 -> 32        1.5   32 -> 32        1.6
 *
 *   after a joint  16x16  64x64  256x256    12 channels, depth to space  64x64  256x256
 *   12 -> 12              1.4               12 -> 12                     1.0
 *   16 -> 16              1.2    1.4        16 -> 12                     1.1    1.1
 *   24 -> 24              1.4               24 -> 12                     1.0
 *   32 -> 16              1.3               12 -> 12, after a joint      1.4
 *   32 -> 32       1.2    1.7    1.7        16 -> 12, after a joint      1.3    1.4
 *                                           24 -> 12, after a joint      1.3
 *
 * Elsewhere nothing was measured and conv_tile stays. */
bool mi_wino_pays(const planner *p, const mi_step *direct)
{
    if (!possible(direct) || p->rules->family == MI_FAMILY_SIMT ||
        p->rules->winograd == MI_WINOGRAD_NEVER)
        return false;
    if (p->rules->winograd == MI_WINOGRAD_WHERE_IT_CAN)
        return true;
    int32_t iq = direct->push.iq, oq = direct->push.oq;
    uint32_t tiles = mi_divide_up(direct->push.ow, TILE) * mi_divide_up(direct->push.oh, TILE);
    return p->rules->family == MI_FAMILY_LANES8 && iq >= 3 && oq >= 3 &&
           tiles >= (iq * oq < 32 ? 256 : 16);
}

/* Rows of tiles that go through the positions' piece at once, and its size. */
typedef struct band {
    int32_t rows, across, positions;
    int64_t vec4s;
} band;

static int64_t positions_of(const band *b, int32_t rows, int32_t quads)
{
    return (int64_t)mi_divide_up(rows * b->across, GROUP) * GROUP * b->positions * quads;
}

static band choose_band(const mi_step *s)
{
    int32_t down = (int32_t)mi_divide_up(s->push.oh, TILE);
    band b = {.across = (int32_t)mi_divide_up(s->push.ow, TILE),
              .positions = s->variant.up ? 16 : 36};
    int32_t bands = 1;
    do {
        b.rows = (int32_t)mi_divide_up(down, bands++);
        b.vec4s = positions_of(&b, b.rows, s->push.iq);
    } while (b.vec4s > BAND && b.rows > 1);
    return b;
}

static int add_in(planner *p, const mi_step *direct, const band *b, int32_t first, int32_t rows,
                  int32_t positions)
{
    mi_step *s = mi_planner_step(p, MI_KERNEL_WINO_IN);
    if (!s)
        return mi_planner_no_memory(p);
    s->variant.up = direct->variant.up;
    s->variant.sum = direct->variant.sum;
    s->spec[1] = direct->spec[1];
    s->spec[3] = direct->spec[3];
    s->push = direct->push;
    s->push.ys = first;
    s->push.c1 = rows;
    s->push.c2 = b->across;
    s->groups[0] = mi_divide_up(b->across, 8);
    s->groups[1] = (uint32_t)rows;
    s->groups[2] = mi_divide_up(s->push.iq, 4);
    s->in0 = direct->in0;
    s->in2 = direct->in2;
    s->out = positions;
    mi_planner_commit(p, s);
    return MIEN_OK;
}

static int add_out(planner *p, const mi_step *direct, const band *b, int32_t first, int32_t rows,
                   int32_t positions, int32_t out)
{
    mi_step *s = mi_planner_step(p, MI_KERNEL_WINO_OUT);
    if (!s)
        return mi_planner_no_memory(p);
    const char *node = s->node;
    bool lanes8 = direct->variant.lanes8;
    *s = *direct;
    s->node = node;
    s->variant = (mi_variant){.kernel = MI_KERNEL_WINO_OUT, .q = direct->variant.q,
                              .up = direct->variant.up, .d2s = direct->variant.d2s,
                              .lanes8 = lanes8};
    s->push.ys = first;
    s->push.qs = rows * b->across;
    uint32_t pieces = mi_divide_up(s->push.qs, GROUP) * mi_divide_up(s->push.oq, s->variant.q);
    s->groups[0] = lanes8 ? pieces : mi_divide_up((int32_t)pieces, 4); /* local_size_y */
    s->groups[1] = s->groups[2] = 1;
    s->mac = direct->mac * rows / (double)mi_divide_up(s->push.oh, TILE);
    s->in0 = positions;
    s->in2 = MI_BUFFER_NONE;
    s->out = out;
    mi_planner_commit(p, s);
    return MIEN_OK;
}

int mi_plan_wino(planner *p, const mi_step *conv_tile, const mi_filter_bank *bank,
                 const int32_t *order, int32_t out)
{
    mi_step direct = *conv_tile; /* which lies where the next step will */
    mi_blob *blob = &p->plan->blob;
    bool d2s = direct.variant.d2s;
    static const uint8_t variants[] = {4, 3, 2, 0};
    int q = d2s ? D2S_PIXELS : mi_choose_q(direct.push.oq, variants, 1), part = d2s ? 3 : 4;
    direct.variant.q = (uint8_t)q;
    direct.push.weights = mi_pack_wino(blob, bank, part * direct.variant.q, order,
                                       direct.variant.up);
    direct.push.bias = mi_pack_bias(blob, bank, part, direct.variant.q, order);
    band b = choose_band(&direct);
    int32_t down = (int32_t)mi_divide_up(direct.push.oh, TILE), to = MI_BUFFER_NONE;
    int32_t positions = mi_planner_piece(p, b.vec4s);
    if (positions == MI_BUFFER_NONE)
        return mi_planner_fail(p, "too large");
    int status = MIEN_OK;
    for (int32_t y = 0; y < down && status == MIEN_OK; y += b.rows) {
        int32_t rows = down - y < b.rows ? down - y : b.rows;
        status = add_in(p, &direct, &b, y, rows, positions);
        if (y == 0)
            to = mi_planner_place(p, out);
        if (status == MIEN_OK)
            status = add_out(p, &direct, &b, y, rows, positions, to);
    }
    return status;
}
