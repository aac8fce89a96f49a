/* Convolutions with everything that the planner fuses into them. */
#include "net_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "net/gemm.h"

/* What surrounds a convolution. */
typedef struct around {
    int32_t pad;      /* 0: the convolution's own; else 1 + mi_pad_mode of a Pad node before it */
    int32_t residual; /* 1: Add before the activation, 2: after it, 3: Mul after it */
    mi_act act;
    bool affine;
} around;

static dice group_dice(const net_session *s, uint64_t group)
{
    return dice_of(s->seed * 101 + group);
}

static float act_a(mi_act act)
{
    return act == MI_ACT_CLIP ? -0.3f : 0.2f;
}

/* A tensor of the wanted shape that depends on x and is there before the convolution. */
static int32_t side_branch(graph_maker *m, int32_t x, int32_t c, int32_t h, int32_t w)
{
    int32_t side = maker_add_conv(m, x, &(maker_conv){.co = c});
    mi_tensor got = maker_shape(m, side);
    if (got.h == h && got.w == w)
        return side;
    return maker_add_resize(m, side, MI_RESIZE_LINEAR_HALF_PIXEL, h, w);
}

static int32_t conv_extent(int32_t n, int32_t before, int32_t after, int32_t k, int32_t d,
                           int32_t stride)
{
    return (n + before + after - (k - 1) * d - 1) / stride + 1;
}

static int32_t finish_conv(graph_maker *m, int32_t y, const around *a, int32_t side, dice *d)
{
    if (a->affine)
        y = maker_add_affine(m, y);
    if (a->residual == 1)
        y = dice_flip(d) ? maker_add_binary(m, MI_OP_ADD, y, side)
                         : maker_add_binary(m, MI_OP_ADD, side, y);
    if (a->act != MI_ACT_NONE)
        y = maker_add_act(m, y, a->act, act_a(a->act), 0.6f);
    mi_op op = a->residual == 3 ? MI_OP_MUL : MI_OP_ADD;
    if (a->residual >= 2)
        y = dice_flip(d) ? maker_add_binary(m, op, y, side) : maker_add_binary(m, op, side, y);
    return y;
}

/* One convolution with its surroundings on an input of c x h x w. pads: t, l, b, r. */
static void check_conv(net_session *s, dice *d, const int32_t size[3], const maker_conv *conv,
                       const around *a, const char *what)
{
    graph_maker m;
    maker_init(&m, d, size[0], size[1], size[2]);
    maker_conv own = *conv;
    int32_t kh = own.kh ? own.kh : 1, kw = own.kw ? own.kw : 1;
    int32_t h = conv_extent(size[1], own.pad_t, own.pad_b, kh, own.dh ? own.dh : 1,
                            own.sh ? own.sh : 1);
    int32_t w = conv_extent(size[2], own.pad_l, own.pad_r, kw, own.dw ? own.dw : 1,
                            own.sw ? own.sw : 1);
    int32_t x = 0, side = a->residual ? side_branch(&m, x, own.co, h, w) : -1;
    if (a->pad) {
        x = maker_add_pad(&m, x, (mi_pad_mode)(a->pad - 1), 0, own.pad_t, own.pad_l, own.pad_b,
                          own.pad_r, 0, 0);
        own.pad_t = own.pad_l = own.pad_b = own.pad_r = 0;
    }
    int32_t y = maker_add_conv(&m, x, &own);
    char text[200];
    snprintf(text, sizeof text, "%s: %dx%dx%d -> %d, pad %d (%d %d %d %d), residual %d, act %d",
             what, (int)size[0], (int)size[1], (int)size[2], (int)conv->co, (int)a->pad,
             (int)conv->pad_t, (int)conv->pad_l, (int)conv->pad_b, (int)conv->pad_r,
             (int)a->residual, (int)a->act);
    session_check(s, &m, finish_conv(&m, y, a, side, d), d, text);
}

/* 3x3 at stride 1 and 2, every number of output quads that the kernel table tells apart. */
void cases_conv_tile(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 1);
    static const int32_t out_quads[] = {1, 2, 3, 4, 5, 6, 7, 17};
    for (int32_t round = 0; round < s->times; round++)
        for (size_t i = 0; i < sizeof out_quads / sizeof out_quads[0]; i++)
            for (int32_t stride = 1; stride <= 2; stride++) {
                int32_t co = out_quads[i] * 4 - dice_int(&d, 0, 3);
                int32_t size[3] = {dice_int(&d, 1, 13), dice_int(&d, 1, 21), dice_int(&d, 1, 37)};
                maker_conv conv = {.co = co, .kh = 3, .kw = 3, .sh = stride, .sw = stride,
                                   .pad_t = 1, .pad_l = 1, .pad_b = 1, .pad_r = 1,
                                   .bias = dice_flip(&d)};
                around a = {.residual = dice_int(&d, 0, 3),
                            .act = dice_flip(&d) ? MI_ACT_LEAKY_RELU : MI_ACT_NONE,
                            .affine = dice_flip(&d)};
                check_conv(s, &d, size, &conv, &a, "3x3");
            }
}

/* 5x5, 7x7 and 9x9 at stride 1 and 2, every number of output quads that the kernel table tells
 * apart, and pictures as narrow as the kernel. */
void cases_conv_wide(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 12);
    for (int32_t round = 0; round < 2 * s->times; round++)
        for (int32_t k = 5; k <= 9; k += 2)
            for (int32_t quads = 1; quads <= 4; quads++) {
                int32_t co = quads * 4 - dice_int(&d, 0, 3), pad = dice_int(&d, 0, k / 2);
                int32_t stride = 1 + round % 2;
                int32_t size[3] = {dice_int(&d, 1, 9), dice_int(&d, k, 31), dice_int(&d, k, 37)};
                maker_conv conv = {.co = co, .kh = k, .kw = k, .sh = stride, .sw = stride,
                                   .pad_t = pad, .pad_l = pad, .pad_b = k / 2,
                                   .pad_r = k / 2, .bias = dice_flip(&d)};
                around a = {.residual = dice_int(&d, 0, 3),
                            .act = dice_flip(&d) ? MI_ACT_LEAKY_RELU : MI_ACT_NONE,
                            .affine = dice_flip(&d)};
                check_conv(s, &d, size, &conv, &a, "wide");
            }
}

/* Pads: from Pad nodes of each mode, uneven ones, none, and a Pad before a convolution that pads
 * too. */
void cases_conv_pad(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 2);
    static const int32_t kernels[][4] = {/* kh, kw, sh, sw */
                                         {3, 3, 1, 1}, {3, 3, 2, 2}, {1, 1, 1, 1},
                                         {5, 5, 1, 1}, {9, 9, 1, 1}, {3, 2, 2, 1}};
    for (int32_t round = 0; round < s->times; round++)
        for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++)
            for (int32_t pad = 0; pad <= 3; pad++) {
                const int32_t *k = kernels[i];
                int32_t size[3] = {dice_int(&d, 1, 6), dice_int(&d, 10, 19), dice_int(&d, 10, 19)};
                maker_conv conv = {.co = dice_int(&d, 1, 8), .kh = k[0], .kw = k[1], .sh = k[2],
                                   .sw = k[3], .pad_t = dice_int(&d, 0, k[0] / 2 + 1),
                                   .pad_l = dice_int(&d, 0, k[1] / 2 + 1),
                                   .pad_b = dice_int(&d, 0, k[0] / 2 + 1),
                                   .pad_r = dice_int(&d, 0, k[1] / 2 + 1), .bias = true};
                check_conv(s, &d, size, &conv, &(around){.pad = pad}, "padded");
            }
    for (int32_t k = 1; k <= 3; k += 2) { /* bottom and right only, as for even kernels */
        int32_t size[3] = {3, 11, 18};
        maker_conv conv = {.co = 5, .kh = k, .kw = k, .pad_b = 1, .pad_r = 2};
        check_conv(s, &d, size, &conv, &(around){.pad = 1 + MI_PAD_EDGE}, "pad below");
        check_conv(s, &d, size, &conv, &(around){0}, "own pad below");
    }
    for (int32_t mode = 0; mode < 3; mode++)
        for (int32_t own = 0; own < 2; own++) {
            graph_maker m;
            maker_init(&m, &d, 3, 9, 17);
            int32_t x = maker_add_pad(&m, 0, (mi_pad_mode)mode, 0, 1, 2, own ? 0 : 1, 1, 0, 0);
            maker_conv conv = {.co = 4, .kh = 3, .kw = 3, .pad_t = !own, .pad_l = 1,
                               .pad_b = own, .pad_r = 1};
            session_check(s, &m, maker_add_conv(&m, x, &conv), &d, "Pad before a padded conv");
        }
    graph_maker m; /* what a conv cannot pad by itself: another value, channels */
    maker_init(&m, &d, 3, 9, 10);
    int32_t x = maker_add_pad(&m, 0, MI_PAD_CONSTANT, 0.5f, 1, 1, 1, 1, 0, 0);
    session_check(s, &m, maker_add_conv(&m, x, &(maker_conv){.co = 4, .kh = 3, .kw = 3}), &d,
                  "Pad with 0.5");
    maker_init(&m, &d, 3, 9, 10);
    x = maker_add_pad(&m, 0, MI_PAD_CONSTANT, 0, 1, 1, 1, 1, 1, 2);
    session_check(s, &m, maker_add_conv(&m, x, &(maker_conv){.co = 4, .kh = 3, .kw = 3}), &d,
                  "Pad of channels");
}

/* Nearest x2 upsampling before a 3x3, with the convolution's pad or a Pad node between them. */
void cases_conv_up(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 3);
    static const int32_t out_quads[] = {1, 2, 3, 4, 5};
    for (int32_t round = 0; round < s->times; round++)
        for (size_t i = 0; i < sizeof out_quads / sizeof out_quads[0]; i++)
            for (int32_t pad = 0; pad <= 3; pad++) {
                graph_maker m;
                maker_init(&m, &d, dice_int(&d, 1, 9), dice_int(&d, 2, 11), dice_int(&d, 2, 19));
                mi_tensor in = maker_shape(&m, 0);
                int32_t co = out_quads[i] * 4 - dice_int(&d, 0, 3);
                around a = {.residual = pad == 0 ? dice_int(&d, 0, 3) : 0, .act = MI_ACT_RELU};
                int32_t side = a.residual ? side_branch(&m, 0, co, in.h * 2, in.w * 2) : -1;
                int32_t x = maker_add_resize(&m, 0,
                                             dice_flip(&d) ? MI_RESIZE_NEAREST_FLOOR
                                                           : MI_RESIZE_NEAREST_ROUND,
                                             in.h * 2, in.w * 2);
                maker_conv conv = {.co = co, .kh = 3, .kw = 3, .bias = true};
                if (pad)
                    x = maker_add_pad(&m, x, (mi_pad_mode)(pad - 1), 0, 1, 1, 1, 1, 0, 0);
                else
                    conv.pad_t = conv.pad_l = conv.pad_b = conv.pad_r = 1;
                char text[80];
                snprintf(text, sizeof text, "x2, pad %d, 3x3 to %d", (int)pad, (int)co);
                int32_t y = maker_add_conv(&m, x, &conv);
                session_check(s, &m, finish_conv(&m, y, &a, side, &d), &d, text);
            }
    /* Not what the fused kernel does: uneven pads, stride 2, no pad, 5x5. */
    static const maker_conv others[] = {
        {.co = 4, .kh = 3, .kw = 3, .pad_t = 1, .pad_l = 0, .pad_b = 1, .pad_r = 2},
        {.co = 4, .kh = 3, .kw = 3, .sh = 2, .sw = 2, .pad_t = 1, .pad_l = 1, .pad_b = 1,
         .pad_r = 1},
        {.co = 4, .kh = 3, .kw = 3},
        {.co = 4, .kh = 5, .kw = 5, .pad_t = 2, .pad_l = 2, .pad_b = 2, .pad_r = 2},
        {.co = 4, .kh = 3, .kw = 3, .groups = 4, .pad_t = 1, .pad_l = 1, .pad_b = 1, .pad_r = 1}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        graph_maker m;
        maker_init(&m, &d, 4, 7, 6);
        int32_t x = maker_add_resize(&m, 0, MI_RESIZE_NEAREST_FLOOR, 14, 12);
        session_check(s, &m, maker_add_conv(&m, x, &others[i]), &d, "x2 before another conv");
    }
}

/* The joint of a U-Net: a tensor plus the x2 upsampling of another one, a ReLU or not, a pad or
 * not, then a 3x3. */
static void check_joint(net_session *s, dice *d, int32_t co, int32_t pad, bool relu, bool d2s,
                        int32_t kind)
{
    graph_maker m;
    maker_init(&m, d, 2 * dice_int(d, 1, 5), 2 * dice_int(d, 2, 8), 2 * dice_int(d, 2, 11));
    mi_tensor in = maker_shape(&m, 0);
    int32_t c = dice_int(d, 1, 9);
    int32_t skip = maker_add_conv(&m, 0, &(maker_conv){.co = c, .bias = true});
    int32_t half = maker_add_conv(&m, 0, &(maker_conv){.co = c, .kh = 2, .kw = 2, .sh = 2,
                                                       .sw = 2});
    int32_t up = maker_add_resize(&m, half, MI_RESIZE_NEAREST_FLOOR, in.h, in.w);
    if (kind == 2) /* both sides are upsampled */
        skip = maker_add_resize(&m, maker_add_act(&m, half, MI_ACT_TANH, 0, 0),
                                MI_RESIZE_NEAREST_FLOOR, in.h, in.w);
    if (kind == 3) /* made after the upsampling */
        skip = maker_add_act(&m, skip, MI_ACT_TANH, 0, 0);
    int32_t sum = dice_flip(d) ? maker_add_binary(&m, MI_OP_ADD, skip, up)
                               : maker_add_binary(&m, MI_OP_ADD, up, skip);
    int32_t x = sum;
    if (relu)
        x = maker_add_act(&m, x, kind == 4 ? MI_ACT_LEAKY_RELU : MI_ACT_RELU, 0.2f, 0);
    maker_conv conv = {.co = co, .kh = 3, .kw = 3, .bias = true};
    if (pad)
        x = maker_add_pad(&m, x, (mi_pad_mode)(pad - 1), 0, 1, 1, 1, 1, 0, 0);
    else
        conv.pad_t = conv.pad_l = conv.pad_b = conv.pad_r = 1;
    int32_t y = maker_add_conv(&m, x, &conv);
    if (d2s)
        y = maker_add_depth_to_space(&m, y, 2, dice_flip(d));
    else
        y = finish_conv(&m, y, &(around){.act = MI_ACT_RELU, .residual = kind == 1 && co == c},
                        skip, d);
    if (kind == 5) { /* the sum is read once more */
        mi_tensor out = maker_shape(&m, y);
        y = maker_add_binary(&m, MI_OP_ADD, y, side_branch(&m, sum, out.c, out.h, out.w));
    }
    char text[100];
    snprintf(text, sizeof text, "joint of kind %d, pad %d, relu %d, 3x3 to %d, d2s %d", (int)kind,
             (int)pad, (int)relu, (int)co, (int)d2s);
    session_check(s, &m, y, d, text);
}

void cases_conv_joint(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 9);
    for (int32_t round = 0; round < s->times; round++)
        for (int32_t pad = 0; pad <= 3; pad++)
            for (int32_t quads = 1; quads <= 3; quads++)
                check_joint(s, &d, quads * 4 - dice_int(&d, 0, 3), pad, dice_flip(&d), false, 0);
    for (int32_t relu = 0; relu < 2; relu++)
        check_joint(s, &d, 12, relu ? 1 + MI_PAD_EDGE : 0, relu, true, 0);
    for (int32_t kind = 1; kind <= 5; kind++)
        check_joint(s, &d, 5, 0, true, false, kind);
}

/* 3x3 to 12 channels, then depth to space: stored by the convolution itself. */
void cases_conv_depth_to_space(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 4);
    for (int32_t round = 0; round < 2 * s->times; round++)
        for (int32_t crd = 0; crd < 2; crd++) {
            graph_maker m;
            maker_init(&m, &d, dice_int(&d, 1, 9), dice_int(&d, 1, 11), dice_int(&d, 1, 19));
            mi_tensor in = maker_shape(&m, 0);
            around a = {.residual = (round + crd) % 4,
                        .act = round ? MI_ACT_TANH : MI_ACT_NONE};
            int32_t side = a.residual ? side_branch(&m, 0, 3, in.h * 2, in.w * 2) : -1;
            int32_t x = 0, pad = dice_int(&d, 0, 2);
            maker_conv conv = {.co = 12, .kh = 3, .kw = 3, .bias = true};
            if (pad)
                x = maker_add_pad(&m, x, pad == 1 ? MI_PAD_EDGE : MI_PAD_CONSTANT, 0, 1, 1, 1, 1,
                                  0, 0);
            else
                conv.pad_t = conv.pad_l = conv.pad_b = conv.pad_r = 1;
            int32_t y = maker_add_conv(&m, x, &conv);
            if (dice_flip(&d))
                y = maker_add_affine(&m, y);
            y = maker_add_depth_to_space(&m, y, 2, crd);
            session_check(s, &m, finish_conv(&m, y, &a, side, &d), &d, "3x3 and depth to space");
        }
    /* A PRelu before it, another size of block and a stride keep it apart; a ReLU does not. */
    for (int32_t kind = 0; kind < 4; kind++) {
        graph_maker m;
        maker_init(&m, &d, 5, 6, 9);
        maker_conv conv = {.co = kind == 1 ? 18 : 12, .kh = 3, .kw = 3, .pad_t = 1, .pad_l = 1,
                           .pad_b = 1, .pad_r = 1, .sh = kind == 2 ? 2 : 1,
                           .sw = kind == 2 ? 2 : 1};
        int32_t y = maker_add_conv(&m, 0, &conv);
        if (kind == 0)
            y = maker_add_act(&m, y, MI_ACT_RELU, 0, 0);
        if (kind == 3)
            y = maker_add_prelu(&m, y, false);
        session_check(s, &m, maker_add_depth_to_space(&m, y, kind == 1 ? 3 : 2, true), &d,
                      "3x3, depth to space apart");
    }
}

void cases_conv_point(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 5);
    static const int32_t out_quads[] = {1, 2, 3, 4, 7};
    for (int32_t round = 0; round < s->times; round++)
        for (size_t i = 0; i < sizeof out_quads / sizeof out_quads[0]; i++) {
            int32_t size[3] = {dice_int(&d, 1, 35), dice_int(&d, 1, 17), dice_int(&d, 1, 23)};
            maker_conv conv = {.co = out_quads[i] * 4 - dice_int(&d, 0, 3), .bias = dice_flip(&d)};
            around a = {.residual = dice_int(&d, 0, 3), .act = MI_ACT_CLIP,
                        .affine = dice_flip(&d)};
            check_conv(s, &d, size, &conv, &a, "1x1");
        }
    static const maker_conv others[] = {{.co = 5, .sh = 2, .sw = 2},
                                        {.co = 5, .sh = 1, .sw = 2},
                                        {.co = 8, .groups = 4},
                                        {.co = 5, .pad_t = 1, .pad_r = 2},
                                        {.co = 5, .pad_b = 1}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        check_conv(s, &d, (const int32_t[]){8, 9, 12}, &others[i], &(around){0}, "1x1 of a kind");
}

void cases_conv_any(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 6);
    for (int32_t round = 0; round < 10 * s->times; round++) {
        int32_t kh = dice_int(&d, 1, 9), kw = round % 3 ? kh : dice_int(&d, 1, 9);
        int32_t groups = round % 4 == 3 ? dice_int(&d, 2, 3) : 1;
        maker_conv conv = {.co = groups * dice_int(&d, 1, 10), .kh = kh, .kw = kw,
                           .sh = dice_int(&d, 1, 3), .sw = dice_int(&d, 1, 3),
                           .dh = dice_int(&d, 1, 2), .dw = dice_int(&d, 1, 3), .groups = groups,
                           .bias = dice_flip(&d)};
        conv.pad_t = dice_int(&d, 0, kh);
        conv.pad_l = dice_int(&d, 0, kw);
        conv.pad_b = dice_int(&d, 0, kh);
        conv.pad_r = dice_int(&d, 0, kw);
        int32_t size[3] = {groups * dice_int(&d, 1, 4), dice_int(&d, (kh - 1) * conv.dh + 1, 22),
                           dice_int(&d, (kw - 1) * conv.dw + 1, 28)};
        around a = {.residual = dice_int(&d, 0, 3), .act = MI_ACT_RELU, .affine = dice_flip(&d)};
        check_conv(s, &d, size, &conv, &a, "any kernel");
    }
}

void cases_conv_depthwise(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 7);
    for (int32_t round = 0; round < 6 * s->times; round++) {
        int32_t c = dice_int(&d, 2, 11), k = dice_int(&d, 1, 5), dilation = dice_int(&d, 1, 2);
        maker_conv conv = {.co = c, .kh = k, .kw = k, .sh = dice_int(&d, 1, 2),
                           .sw = dice_int(&d, 1, 2), .dh = dilation, .dw = dilation, .groups = c,
                           .pad_t = dice_int(&d, 0, k), .pad_l = dice_int(&d, 0, k),
                           .pad_b = dice_int(&d, 0, k), .pad_r = dice_int(&d, 0, k),
                           .bias = dice_flip(&d)};
        int32_t size[3] = {c, dice_int(&d, (k - 1) * dilation + 2, 20),
                           dice_int(&d, (k - 1) * dilation + 2, 41)};
        around a = {.residual = dice_int(&d, 0, 3), .act = MI_ACT_RELU, .affine = dice_flip(&d),
                    .pad = round % 2 && k * 1 < 4 ? 1 + MI_PAD_EDGE : 0};
        check_conv(s, &d, size, &conv, &a, "depthwise");
    }
    /* twice as many channels out as in: groups, but not depthwise */
    check_conv(s, &d, (const int32_t[]){4, 9, 9}, &(maker_conv){.co = 8, .kh = 3, .kw = 3,
                                                                .groups = 4},
               &(around){0}, "two filters a channel");
}

/* A depthwise 3x3 convolution and the 1x1 that reads it, in one; then what keeps them apart. */
void cases_conv_pair(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 13);
    static const int32_t out_quads[] = {1, 2, 3, 4, 7, 8, 9, 16};
    for (int32_t round = 0; round < s->times; round++)
        for (size_t i = 0; i < sizeof out_quads / sizeof out_quads[0]; i++)
            for (int32_t stride = 1; stride <= 2; stride++) {
                int32_t c = dice_int(&d, 2, 21), co = out_quads[i] * 4 - dice_int(&d, 0, 3);
                maker_conv depth = {.co = c, .kh = 3, .kw = 3, .sh = stride, .sw = stride,
                                    .groups = c, .pad_t = dice_int(&d, 0, 1),
                                    .pad_l = dice_int(&d, 0, 1), .pad_b = dice_int(&d, 0, 2),
                                    .pad_r = dice_int(&d, 0, 2), .bias = dice_flip(&d)};
                around a = {.residual = dice_int(&d, 0, 3),
                            .act = dice_flip(&d) ? MI_ACT_LEAKY_RELU : MI_ACT_NONE,
                            .affine = dice_flip(&d)};
                graph_maker m;
                maker_init(&m, &d, c, dice_int(&d, 4, 21), dice_int(&d, 4, 37));
                int32_t x = 0;
                if (dice_flip(&d)) {
                    x = maker_add_pad(&m, x, (mi_pad_mode)dice_int(&d, 0, 2), 0, 1, 0, 1, 2, 0, 0);
                    depth.pad_t = depth.pad_l = depth.pad_b = depth.pad_r = 0;
                }
                int32_t between = maker_add_conv(&m, x, &depth);
                mi_tensor size = maker_shape(&m, between);
                int32_t side = a.residual ? side_branch(&m, 0, co, size.h, size.w) : -1;
                int32_t y = maker_add_conv(&m, between, &(maker_conv){.co = co, .bias = true});
                y = finish_conv(&m, y, &a, side, &d);
                if (dice_flip(&d))
                    y = maker_add_prelu(&m, y, false);
                session_check(s, &m, y, &d, "depthwise, 1x1");
            }
    for (int32_t kind = 0; kind < 3; kind++) { /* read twice, an activation between, 5x5 */
        graph_maker m;
        maker_init(&m, &d, 6, 9, 13);
        int32_t k = kind == 2 ? 5 : 3;
        int32_t x = maker_add_conv(&m, 0, &(maker_conv){.co = 6, .kh = k, .kw = k, .groups = 6});
        int32_t between = kind == 1 ? maker_add_act(&m, x, MI_ACT_RELU, 0, 0) : x;
        int32_t y = maker_add_conv(&m, between, &(maker_conv){.co = 6});
        if (kind == 0)
            y = maker_add_binary(&m, MI_OP_ADD, y, x);
        session_check(s, &m, y, &d, "depthwise and 1x1 apart");
    }
}

void cases_conv_transpose(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 8);
    for (int32_t round = 0; round < 8 * s->times; round++) {
        int32_t groups = round % 3 == 2 ? 2 : 1, sh = dice_int(&d, 1, 3), sw = dice_int(&d, 1, 3);
        maker_conv conv = {.co = groups * dice_int(&d, 1, 7), .kh = dice_int(&d, 2, 5),
                           .kw = dice_int(&d, 2, 5), .sh = sh, .sw = sw, .dh = dice_int(&d, 1, 2),
                           .dw = dice_int(&d, 1, 2), .groups = groups, .bias = dice_flip(&d)};
        conv.pad_t = dice_int(&d, 0, conv.kh - 1);
        conv.pad_l = dice_int(&d, 0, conv.kw - 1);
        conv.pad_b = dice_int(&d, 0, conv.kh - 1);
        conv.pad_r = dice_int(&d, 0, conv.kw - 1);
        graph_maker m;
        maker_init(&m, &d, groups * dice_int(&d, 1, 5), dice_int(&d, 4, 9), dice_int(&d, 4, 12));
        int32_t y = maker_add_conv_transpose(&m, 0, &conv, dice_int(&d, 0, sh - 1),
                                             dice_int(&d, 0, sw - 1));
        if (round % 2)
            y = maker_add_affine(&m, y);
        y = maker_add_act(&m, y, MI_ACT_LEAKY_RELU, 0.2f, 0);
        mi_tensor out = maker_shape(&m, y);
        if (round % 4 == 1) /* not fused: it must come out all the same */
            y = maker_add_binary(&m, MI_OP_ADD, y, side_branch(&m, 0, out.c, out.h, out.w));
        session_check(s, &m, y, &d, "transposed");
    }
}

/* Workgroups along y of the only step of a graph's plan with a choice. */
static uint32_t groups_y(const mi_graph *g, int32_t choice)
{
    mi_plan plan;
    mi_plan_rules rules = {.family = MI_FAMILY_SIMT, .force = choice};
    assert_int_equal(mi_plan_create_by(&plan, g, &rules, NULL), MIEN_OK);
    uint32_t groups = plan.step[0].groups[1];
    mi_plan_destroy(&plan);
    return groups;
}

/* More tiles of a GPU's kernel than a dispatch can have along x: they go on along y. */
void cases_conv_large(void **state)
{
    net_session *s = *state;
    dice d = group_dice(s, 13);
    graph_maker m;
    if (!s->gpu)
        skip();
    maker_init(&m, &d, 1, 1409, 1501);
    mi_graph *g = maker_finish(&m, maker_add_conv(&m, 0, &(maker_conv){.co = 1}));
    int32_t choice = 1;
    while (choice < mi_gemm_choices() && groups_y(g, choice) < 2)
        choice++;
    assert_true(choice < mi_gemm_choices());
    net_trial_run(&s->trial, g, &d, &(trial_options){.what = "large", .choice = choice});
    mi_graph_destroy(&g);
}
