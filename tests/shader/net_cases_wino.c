/* 3x3 convolutions as Winograd's F(4x4,3x3), whether it pays or not: what goes before and behind
 * them, ragged sizes, every number of output quads that the kernel table tells apart. */
#include <stdio.h>

#include "net_cases.h"

typedef struct trial_case {
    int32_t ci, h, w, co;
    int32_t pad[4];   /* t, l, b, r */
    int32_t pad_node; /* 0: the convolution's own pad; else 1 + mi_pad_mode */
    int32_t residual; /* 1: added before the activation, 2: behind it, 3: multiplied behind it */
    mi_act act;
    bool affine, up;
    int32_t joint;    /* 1: the input's half is added, upsampled; 2: and a ReLU follows */
    int32_t d2s;      /* depth to space follows; 1: DCR, 2: CRD */
} trial_case;

static int32_t add_act(graph_maker *m, int32_t x, mi_act act)
{
    if (act == MI_ACT_NONE)
        return x;
    return act == MI_ACT_PRELU ? maker_add_prelu(m, x, false) : maker_add_act(m, x, act, 0.2f, 0);
}

/* The joint of a U-Net, of a tensor of c->ci channels; h and w are even. */
static int32_t add_joint(graph_maker *m, const trial_case *c)
{
    maker_conv half = {.co = c->ci, .kh = 2, .kw = 2, .sh = 2, .sw = 2};
    int32_t up = maker_add_resize(m, maker_add_conv(m, 0, &half), MI_RESIZE_NEAREST_FLOOR, c->h,
                                  c->w);
    int32_t x = maker_add_binary(m, MI_OP_ADD, 0, up);
    return c->joint == 2 ? maker_add_act(m, x, MI_ACT_RELU, 0, 0) : x;
}

static void check(net_session *s, dice *d, const trial_case *c)
{
    graph_maker m;
    maker_init(&m, d, c->ci, c->h, c->w);
    int32_t scale = c->up ? 2 : 1;
    int32_t h = c->h * scale + c->pad[0] + c->pad[2] - 2;
    int32_t w = c->w * scale + c->pad[1] + c->pad[3] - 2;
    int32_t x = 0, side = -1, after = c->d2s ? 2 : 1, co = c->d2s ? 3 : c->co;
    if (c->residual)
        side = maker_add_resize(&m, maker_add_conv(&m, 0, &(maker_conv){.co = co}),
                                MI_RESIZE_LINEAR_HALF_PIXEL, h * after, w * after);
    if (c->joint)
        x = add_joint(&m, c);
    if (c->up)
        x = maker_add_resize(&m, x, MI_RESIZE_NEAREST_FLOOR, c->h * 2, c->w * 2);
    maker_conv conv = {.co = c->co, .kh = 3, .kw = 3, .bias = true};
    if (c->pad_node) {
        x = maker_add_pad(&m, x, (mi_pad_mode)(c->pad_node - 1), 0, c->pad[0], c->pad[1],
                          c->pad[2], c->pad[3], 0, 0);
    } else {
        conv.pad_t = c->pad[0];
        conv.pad_l = c->pad[1];
        conv.pad_b = c->pad[2];
        conv.pad_r = c->pad[3];
    }
    int32_t y = maker_add_conv(&m, x, &conv);
    if (c->affine)
        y = maker_add_affine(&m, y);
    if (c->d2s)
        y = maker_add_depth_to_space(&m, y, 2, c->d2s == 2);
    if (c->residual == 1)
        y = maker_add_binary(&m, MI_OP_ADD, y, side);
    y = add_act(&m, y, c->act);
    if (c->residual >= 2)
        y = maker_add_binary(&m, c->residual == 2 ? MI_OP_ADD : MI_OP_MUL, side, y);
    char text[160];
    snprintf(text, sizeof text, "Winograd: %dx%dx%d -> %d, x2 %d, joint %d, d2s %d, pad %d, "
             "residual %d, act %d",
             (int)c->ci, (int)c->h, (int)c->w, (int)c->co, (int)c->up, (int)c->joint,
             (int)c->d2s, (int)c->pad_node, (int)c->residual, (int)c->act);
    session_check(s, &m, y, d, text);
}

/* What a block of a network is made of: each reads what the one before it wrote. */
static void check_chain(net_session *s, dice *d)
{
    maker_conv conv = {.co = 13, .kh = 3, .kw = 3, .pad_t = 1, .pad_l = 1, .pad_b = 1, .pad_r = 1,
                       .bias = true};
    graph_maker m;
    maker_init(&m, d, 13, 22, 35);
    int32_t y = maker_add_conv(&m, maker_add_conv(&m, 0, &conv), &conv);
    y = maker_add_binary(&m, MI_OP_ADD, y, 0);
    session_check(s, &m, maker_add_conv(&m, y, &conv), d, "Winograd: chain");
}

void cases_wino(void **state)
{
    enum { ZERO = 1 + MI_PAD_CONSTANT, EDGE = 1 + MI_PAD_EDGE, REFLECT = 1 + MI_PAD_REFLECT };
    static const trial_case cases[] = {
        {.ci = 1, .h = 1, .w = 1, .co = 1, .pad = {1, 1, 1, 1}},
        {.ci = 6, .h = 9, .w = 37, .co = 5, .pad = {1, 1, 1, 1}, .act = MI_ACT_LEAKY_RELU},
        {.ci = 9, .h = 21, .w = 30, .co = 12, .pad = {1, 1, 1, 1}, .residual = 1, .affine = true,
         .act = MI_ACT_RELU},
        {.ci = 4, .h = 17, .w = 33, .co = 16, .pad = {2, 0, 1, 2}, .residual = 2,
         .act = MI_ACT_PRELU},
        {.ci = 11, .h = 12, .w = 41, .co = 19, .pad = {1, 1, 1, 1}, .pad_node = REFLECT,
         .residual = 3},
        {.ci = 8, .h = 5, .w = 70, .co = 7, .pad = {0, 2, 2, 0}, .pad_node = EDGE},
        {.ci = 3, .h = 14, .w = 19, .co = 10, .pad = {1, 1, 0, 0}, .pad_node = ZERO},
        {.ci = 5, .h = 3, .w = 4, .co = 20},
        /* more positions than the planner takes at once */
        {.ci = 30, .h = 127, .w = 125, .co = 7, .pad = {1, 1, 1, 1}, .act = MI_ACT_RELU},
        {.ci = 5, .h = 7, .w = 19, .co = 6, .pad = {1, 1, 1, 1}, .up = true, .residual = 1},
        {.ci = 10, .h = 6, .w = 11, .co = 11, .pad = {1, 1, 1, 1}, .up = true, .pad_node = REFLECT,
         .affine = true, .act = MI_ACT_PRELU},
        {.ci = 8, .h = 9, .w = 3, .co = 16, .pad = {1, 1, 1, 1}, .up = true, .pad_node = EDGE},
        {.ci = 35, .h = 86, .w = 83, .co = 14, .pad = {1, 1, 1, 1}, .up = true,
         .act = MI_ACT_RELU},
        {.ci = 6, .h = 2, .w = 2, .co = 5, .pad = {1, 1, 1, 1}, .joint = 1},
        {.ci = 9, .h = 10, .w = 38, .co = 13, .pad = {1, 1, 1, 1}, .joint = 2, .residual = 1,
         .act = MI_ACT_RELU},
        {.ci = 16, .h = 14, .w = 66, .co = 8, .pad = {1, 1, 1, 1}, .joint = 1, .pad_node = EDGE},
        {.ci = 4, .h = 18, .w = 30, .co = 20, .pad = {1, 1, 1, 1}, .joint = 2,
         .pad_node = REFLECT, .act = MI_ACT_PRELU},
        {.ci = 7, .h = 22, .w = 34, .co = 4, .pad = {1, 1, 1, 1}, .joint = 2, .pad_node = ZERO},
        {.ci = 5, .h = 1, .w = 1, .co = 12, .pad = {1, 1, 1, 1}, .d2s = 1},
        {.ci = 10, .h = 9, .w = 37, .co = 12, .pad = {1, 1, 1, 1}, .d2s = 1, .affine = true,
         .residual = 1, .act = MI_ACT_TANH},
        {.ci = 4, .h = 19, .w = 35, .co = 12, .pad = {2, 0, 1, 2}, .d2s = 2, .residual = 2,
         .act = MI_ACT_RELU},
        {.ci = 16, .h = 18, .w = 46, .co = 12, .pad = {1, 1, 1, 1}, .d2s = 2, .joint = 2,
         .affine = true},
        {.ci = 13, .h = 6, .w = 70, .co = 12, .pad = {1, 1, 1, 1}, .d2s = 1, .joint = 1,
         .pad_node = REFLECT, .act = MI_ACT_SIGMOID},
        /* again more positions than the planner takes at once */
        {.ci = 30, .h = 126, .w = 122, .co = 12, .pad = {1, 1, 1, 1}, .d2s = 2, .joint = 2,
         .pad_node = EDGE}};
    net_session *s = *state;
    s->winograd = MI_WINOGRAD_WHERE_IT_CAN;
    dice d = dice_of(s->seed * 101 + 13);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check(s, &d, &cases[i]);
    check_chain(s, &d);
    s->winograd = MI_WINOGRAD_WHERE_IT_PAYS;
}
