/* Every operator that is no convolution. */
#include "net_cases.h"

#include <math.h>
#include <stdio.h>

static dice group_dice(const net_session *s, uint64_t group)
{
    return dice_of(s->seed * 103 + group);
}

void cases_norm(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 1);
    /* Centre and half width of the input's range: a mean far from zero must not eat the
     * deviation. */
    static const float range[][2] = {{0, 1}, {0, 1}, {5, 0.5f}, {-100, 1}, {100, 0.5f}, {0, 1e-4f},
                                     {0, 1e4f}};
    for (int32_t round = 0; round < s->times; round++)
        for (size_t i = 0; i < sizeof range / sizeof range[0]; i++) {
            graph_maker m;
            maker_init(&m, &d, dice_int(&d, 1, 11), dice_int(&d, 1, 14), dice_int(&d, 2, 33));
            int32_t y = maker_add_norm(&m, 0);
            if (i % 2)
                y = maker_add_act(&m, y, MI_ACT_LEAKY_RELU, 0.2f, 0);
            char text[80];
            snprintf(text, sizeof text, "norm of %g +- %g", (double)range[i][0],
                     (double)range[i][1]);
            session_check_range(s, &m, y, &d, text, range[i][0] - range[i][1],
                                range[i][0] + range[i][1]);
        }
    graph_maker m; /* one pixel: the variance is zero */
    maker_init(&m, &d, 5, 1, 1);
    session_check(s, &m, maker_add_norm(&m, 0), &d, "norm of a pixel");
}

/* A norm of what a convolution made, which leaves its statistics by tiles, with what follows: a sum
 * before or after an activation, or a second reader. */
void cases_norm_of_conv(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 11);
    static const int32_t kernel[][2] = {{3, 1}, {3, 2}, {5, 1}, {7, 2}, {9, 1}, {1, 1}};
    for (int32_t round = 0; round < s->times; round++)
        for (int32_t i = 0; i < 6; i++)
            for (int32_t after = 0; after < 6; after++) {
                int32_t k = kernel[i][0], stride = kernel[i][1], pad = k / 2;
                graph_maker m;
                maker_init(&m, &d, dice_int(&d, 1, 9), dice_int(&d, 9, 23), dice_int(&d, 9, 37));
                int32_t co = dice_int(&d, 1, 13);
                maker_conv conv = {.co = co, .kh = k, .kw = k, .sh = stride, .sw = stride,
                                   .pad_t = pad, .pad_l = pad, .pad_b = pad, .pad_r = pad,
                                   .bias = true};
                int32_t side = maker_add_conv(&m, 0, &conv), made = maker_add_conv(&m, 0, &conv);
                int32_t y = maker_add_norm(&m, made);
                if (after == 1 || after == 3)
                    y = maker_add_act(&m, y, MI_ACT_RELU, 0, 0);
                maker_conv pool = {.kh = 3, .kw = 3, .pad_t = 1, .pad_l = 1, .pad_b = 1,
                                   .pad_r = 1};
                if (after == 5) /* which is not there yet when the norm is planned */
                    side = maker_add_pool(&m, side, MI_OP_MAX_POOL, &pool);
                if (after >= 2)
                    y = maker_add_binary(&m, MI_OP_ADD, y, after == 4 ? made : side);
                if (after == 2)
                    y = maker_add_act(&m, y, MI_ACT_LEAKY_RELU, 0.2f, 0);
                char text[80];
                snprintf(text, sizeof text, "norm of %dx%d by %d, then %d", (int)k, (int)k,
                         (int)stride, (int)after);
                session_check(s, &m, y, &d, text);
            }
}

void cases_affine(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 2);
    for (int32_t round = 0; round < 2 * s->times; round++) {
        graph_maker m;
        maker_init(&m, &d, dice_int(&d, 1, 9), dice_int(&d, 1, 9), dice_int(&d, 1, 20));
        int32_t y = maker_add_affine(&m, 0);
        if (round % 2)
            y = maker_add_act(&m, y, MI_ACT_RELU, 0, 0);
        session_check(s, &m, y, &d, "affine alone");
    }
    for (int32_t kind = 0; kind < 3; kind++) { /* two in a row; after an activation; read twice */
        graph_maker m;
        maker_init(&m, &d, 6, 9, 11);
        int32_t y = maker_add_conv(&m, 0, &(maker_conv){.co = 6, .bias = true}), conv = y;
        if (kind == 1)
            y = maker_add_act(&m, y, MI_ACT_RELU, 0, 0);
        y = maker_add_affine(&m, y);
        if (kind == 0)
            y = maker_add_affine(&m, y);
        if (kind == 2)
            y = maker_add_binary(&m, MI_OP_MUL, y, conv);
        session_check(s, &m, y, &d, "conv and affine");
    }
}

void cases_activations(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 3);
    static const struct {
        mi_act act;
        float a, b, low, high;
    } rows[] = {
        {MI_ACT_RELU, 0, 0, -3, 3},          {MI_ACT_LEAKY_RELU, 0.1f, 0, -3, 3},
        {MI_ACT_LEAKY_RELU, 1.5f, 0, -3, 3}, {MI_ACT_CLIP, -0.5f, 2, -3, 3},
        {MI_ACT_TANH, 0, 0, -4, 4},          {MI_ACT_TANH, 0, 0, -200, 200},
        {MI_ACT_SIGMOID, 0, 0, -6, 6},       {MI_ACT_SIGMOID, 0, 0, -200, 200},
        {MI_ACT_ELU, 0.7f, 0, -4, 4},        {MI_ACT_HARD_SIGMOID, 0.2f, 0.5f, -4, 4},
        {MI_ACT_HARD_SWISH, 0, 0, -5, 5},    {MI_ACT_SOFTPLUS, 0, 0, -6, 6},
        {MI_ACT_SOFTPLUS, 0, 0, -90, 90},    {MI_ACT_EXP, 0, 0, -4, 4},
        {MI_ACT_ABS, 0, 0, -3, 3},           {MI_ACT_NEG, 0, 0, -3, 3},
        {MI_ACT_SQRT, 0, 0, 0, 9}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        graph_maker m;
        maker_init(&m, &d, dice_int(&d, 1, 7), dice_int(&d, 2, 9), dice_int(&d, 2, 20));
        int32_t y = maker_add_act(&m, 0, rows[i].act, rows[i].a, rows[i].b);
        char text[60];
        snprintf(text, sizeof text, "activation %d", (int)rows[i].act);
        session_check_range(s, &m, y, &d, text, rows[i].low, rows[i].high);
        if (rows[i].act == MI_ACT_SQRT)
            continue;
        /* The same fused into a convolution; its channels fill no quad. */
        maker_init(&m, &d, 3, 6, 9);
        y = maker_add_conv(&m, 0, &(maker_conv){.co = 3, .bias = true});
        y = maker_add_act(&m, y, rows[i].act, rows[i].a, rows[i].b);
        y = maker_add_conv(&m, y, &(maker_conv){.co = 2});
        session_check(s, &m, y, &d, text);
    }
    for (int32_t one = 0; one < 2; one++) {
        graph_maker m;
        maker_init(&m, &d, 6, 7, 9);
        session_check(s, &m, maker_add_prelu(&m, 0, one), &d, "prelu");
        maker_init(&m, &d, 6, 7, 9);
        int32_t y = maker_add_conv(&m, 0, &(maker_conv){.co = 5});
        session_check(s, &m, maker_add_prelu(&m, y, one), &d, "conv and prelu");
    }
    graph_maker m; /* two in a row: the second one cannot be fused */
    maker_init(&m, &d, 6, 7, 9);
    int32_t y = maker_add_conv(&m, 0, &(maker_conv){.co = 5});
    y = maker_add_act(&m, y, MI_ACT_TANH, 0, 0);
    session_check(s, &m, maker_add_act(&m, y, MI_ACT_ABS, 0, 0), &d, "two activations");
}

/* c,h,w of a broadcast operand: bit k of `mask` makes extent k 1. */
static void reduced(const mi_tensor *full, int32_t mask, int32_t to[3])
{
    to[0] = mask & 1 ? 1 : full->c;
    to[1] = mask & 2 ? 1 : full->h;
    to[2] = mask & 4 ? 1 : full->w;
}

/* A run-time tensor of that shape: slices of the input. */
static int32_t cut(graph_maker *m, const int32_t to[3])
{
    return maker_add_slice(m, 0, (const int32_t[]){0, 0, 0}, (const int32_t[]){1, 1, 1}, to);
}

void cases_binary(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 4);
    static const mi_op ops[] = {MI_OP_ADD, MI_OP_SUB, MI_OP_MUL, MI_OP_DIV};
    for (int32_t round = 0; round < s->times; round++)
        for (int32_t mask = 0; mask < 8; mask++)
            for (int32_t kind = 0; kind < 4; kind++) {
                /* kind: bit 0: operands swapped, bit 1: the small one is constant */
                mi_op op = ops[(mask + kind + round) % 4];
                graph_maker m;
                maker_init(&m, &d, dice_int(&d, 1, 7), dice_int(&d, 2, 7), dice_int(&d, 2, 12));
                mi_tensor full = maker_shape(&m, 0);
                int32_t to[3];
                reduced(&full, mask, to);
                int32_t b = kind & 2 ? maker_constant(&m, to[0], to[1], to[2], 0.5f, 2)
                                     : cut(&m, to);
                int32_t y = kind & 1 ? maker_add_binary(&m, op, b, 0)
                                     : maker_add_binary(&m, op, 0, b);
                if (dice_flip(&d))
                    y = maker_add_act(&m, y, MI_ACT_RELU, 0, 0);
                char text[80];
                snprintf(text, sizeof text, "op %d, broadcast mask %d, kind %d", (int)op,
                         (int)mask, (int)kind);
                session_check_range(s, &m, y, &d, text, 0.5f, 2);
            }
    for (size_t i = 0; i < 4; i++) { /* both operands are one tensor; a result with no channel
                                        to spare is divided by */
        graph_maker m;
        maker_init(&m, &d, 3, 4, 5);
        int32_t y = maker_add_binary(&m, ops[i], 0, 0);
        int32_t one = maker_constant(&m, 1, 1, 1, 1, 1.5f);
        y = maker_add_binary(&m, MI_OP_DIV, one, maker_add_binary(&m, MI_OP_ADD, y, one));
        y = maker_add_conv(&m, y, &(maker_conv){.co = 2});
        session_check_range(s, &m, y, &d, "one tensor twice", 0.5f, 2);
    }
}

void cases_concat(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 5);
    for (int32_t round = 0; round < 8 * s->times; round++) {
        graph_maker m;
        maker_init(&m, &d, dice_int(&d, 1, 6), dice_int(&d, 1, 9), dice_int(&d, 1, 12));
        int32_t part[8], count = round < 2 ? 2 : dice_int(&d, 1, 8);
        for (int32_t i = 0; i < count; i++) {
            int32_t c = dice_int(&d, 1, 9);
            part[i] = round % 3 == 0 && i ? part[0] /* the same one again */
                                          : maker_add_conv(&m, 0, &(maker_conv){.co = c});
        }
        if (round == 1)
            part[1] = 0;
        session_check(s, &m, maker_add_concat(&m, part, count), &d, "concat");
    }
    for (int32_t last = 3; last <= 5; last++) { /* at boundaries of quads, with what is no copy */
        graph_maker m;
        maker_init(&m, &d, 4, dice_int(&d, 1, 9), dice_int(&d, 1, 40));
        int32_t parts[3] = {maker_add_conv(&m, 0, &(maker_conv){.co = 8}), 0,
                            maker_add_conv(&m, 0, &(maker_conv){.co = last})};
        session_check(s, &m, maker_add_concat(&m, parts, 3), &d, "concat of quads");
    }
    for (int32_t first = 1; first <= 8; first++) { /* every boundary within a quad */
        graph_maker m;
        maker_init(&m, &d, first, 3, 5);
        mi_tensor in = maker_shape(&m, 0);
        int32_t parts[3] = {0, cut(&m, (const int32_t[]){1, in.h, in.w}), 0};
        session_check(s, &m, maker_add_concat(&m, parts, 3), &d, "concat at a boundary");
    }
}

void cases_pad(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 6);
    for (int32_t round = 0; round < 4 * s->times; round++)
        for (int32_t mode = 0; mode < 3; mode++) {
            graph_maker m;
            maker_init(&m, &d, dice_int(&d, 3, 7), dice_int(&d, 4, 9), dice_int(&d, 4, 12));
            int32_t channels = round % 2 ? 2 : 0;
            int32_t y = maker_add_pad(&m, 0, (mi_pad_mode)mode, dice_float(&d, -1, 1),
                                      dice_int(&d, 0, 3), dice_int(&d, 0, 3), dice_int(&d, 0, 3),
                                      dice_int(&d, 0, 3), dice_int(&d, 0, channels),
                                      dice_int(&d, 0, channels));
            if (round == 3)
                y = maker_add_act(&m, y, MI_ACT_SIGMOID, 0, 0);
            session_check(s, &m, y, &d, "pad");
        }
    for (int32_t round = 0; round < 8 * s->times; round++) { /* whole quads, or just not */
        graph_maker m;
        maker_init(&m, &d, round % 4 == 3 ? 7 : 8, dice_int(&d, 4, 9), dice_int(&d, 4, 40));
        bool constant = round < 6;
        int32_t y = maker_add_pad(&m, 0, constant ? MI_PAD_CONSTANT : MI_PAD_REFLECT, 0.5f,
                                  dice_int(&d, 0, 3), dice_int(&d, 0, 3), dice_int(&d, 0, 3),
                                  dice_int(&d, 0, 3), round % 2 ? 4 : 0, constant ? round : 0);
        session_check(s, &m, y, &d, "pad with quads");
    }
}

void cases_slice(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 7);
    for (int32_t round = 0; round < 6 * s->times; round++) {
        graph_maker m;
        maker_init(&m, &d, dice_int(&d, 1, 13), dice_int(&d, 1, 14), dice_int(&d, 1, 17));
        mi_tensor in = maker_shape(&m, 0);
        int32_t size[3] = {in.c, in.h, in.w}, begin[3], step[3], count[3];
        for (int32_t k = 0; k < 3; k++) {
            begin[k] = dice_int(&d, 0, size[k] - 1);
            step[k] = dice_int(&d, 1, 4);
            count[k] = dice_int(&d, 1, (size[k] - begin[k] - 1) / step[k] + 1);
        }
        session_check(s, &m, maker_add_slice(&m, 0, begin, step, count), &d, "slice");
    }
    for (int32_t count = 3; count <= 5; count++) { /* from the start of a quad on */
        graph_maker m;
        maker_init(&m, &d, dice_int(&d, 9, 12), dice_int(&d, 2, 9), dice_int(&d, 2, 40));
        int32_t y = maker_add_slice(&m, 0, (const int32_t[]){4, 1, 0}, (const int32_t[]){1, 1, 2},
                                    (const int32_t[]){count, 1, 1});
        session_check(s, &m, y, &d, "slice at a quad");
    }
}

void cases_space(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 8);
    for (int32_t block = 2; block <= 4; block++)
        for (int32_t round = 0; round < 9; round++) { /* quads that stay together, and not */
            graph_maker m;
            int32_t kind = round % 3, c = round < 3 ? dice_int(&d, 1, 5) : round < 6 ? 8 : 4;
            int32_t h = dice_int(&d, 1, 5), w = dice_int(&d, 1, 37);
            int32_t area = block * block;
            maker_init(&m, &d, kind < 2 ? c * area : c, kind < 2 ? h : h * block,
                       kind < 2 ? w : w * block);
            int32_t y = kind < 2 ? maker_add_depth_to_space(&m, 0, block, kind)
                                 : maker_add_space_to_depth(&m, 0, block);
            session_check(s, &m, y, &d, kind < 2 ? "depth to space" : "space to depth");
        }
}

/* A nearest position that falls on the border between two pixels may go either way with the
 * rounding of a division; such sizes say nothing. */
static bool on_border(mi_resize_mode mode, int32_t in, int32_t out)
{
    for (int32_t i = 0; i < out; i++) {
        double x = mode == MI_RESIZE_NEAREST_FLOOR ? (double)i * in / out
                                                   : (i + 0.5) * in / out - 1.0;
        bool exact = out % in == 0 || in % out == 0; /* these divide without an error */
        if (!exact && fabs(x - floor(x + 0.5)) < 1e-4)
            return true;
    }
    return false;
}

void cases_resize(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 9);
    for (int32_t mode = 0; mode <= MI_RESIZE_LINEAR_ASYMMETRIC; mode++)
        for (int32_t round = 0; round < 5 * s->times; round++) {
            graph_maker m;
            maker_init(&m, &d, dice_int(&d, 1, 6), dice_int(&d, 1, 9), dice_int(&d, 1, 11));
            mi_tensor in = maker_shape(&m, 0);
            bool nearest = mode <= MI_RESIZE_NEAREST_ROUND;
            int32_t h = in.h * 2, w = in.w * 2;
            if (round) {
                do
                    h = dice_int(&d, 1, 24);
                while (nearest && on_border((mi_resize_mode)mode, in.h, h));
                do
                    w = dice_int(&d, 1, 30);
                while (nearest && on_border((mi_resize_mode)mode, in.w, w));
            }
            int32_t side = maker_add_resize(&m, 0, MI_RESIZE_LINEAR_ASYMMETRIC, h, w);
            int32_t y = maker_add_resize(&m, 0, (mi_resize_mode)mode, h, w);
            if (round == 2 || round == 3)
                y = maker_add_act(&m, y, MI_ACT_ABS, 0, 0);
            if (round % 3 == 0)
                y = maker_add_binary(&m, MI_OP_ADD, round ? side : y, round ? y : side);
            if (round == 0 || round == 3)
                y = maker_add_act(&m, y, MI_ACT_RELU, 0, 0);
            char text[80];
            snprintf(text, sizeof text, "resize mode %d, %dx%d to %dx%d", (int)mode, (int)in.w,
                     (int)in.h, (int)w, (int)h);
            session_check(s, &m, y, &d, text);
        }
}

void cases_pool(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 10);
    for (int32_t round = 0; round < 5 * s->times; round++)
        for (int32_t kind = 0; kind < 4; kind++) {
            static const mi_op ops[] = {MI_OP_MAX_POOL, MI_OP_AVERAGE_POOL,
                                        MI_OP_GLOBAL_AVERAGE_POOL, MI_OP_GLOBAL_MAX_POOL};
            mi_op op = ops[kind];
            graph_maker m;
            int32_t kh = dice_int(&d, 1, 4), kw = dice_int(&d, 1, 4);
            maker_conv window = {.kh = kh, .kw = kw, .sh = dice_int(&d, 1, 3),
                                 .sw = dice_int(&d, 1, 3), .dh = round == 1 ? 2 : 1,
                                 .dw = round == 2 ? 2 : 1, .pad_t = dice_int(&d, 0, kh - 1),
                                 .pad_l = dice_int(&d, 0, kw - 1),
                                 .pad_b = dice_int(&d, 0, kh - 1),
                                 .pad_r = dice_int(&d, 0, kw - 1)};
            maker_init(&m, &d, dice_int(&d, 1, 9), dice_int(&d, 7, 13), dice_int(&d, 7, 18));
            int32_t y = maker_add_pool(&m, 0, op, &window);
            if (round == 4)
                y = maker_add_act(&m, y, MI_ACT_RELU, 0, 0);
            session_check(s, &m, y, &d, "pool");
        }
}
