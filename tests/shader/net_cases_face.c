/* What networks of the MobileNet kind add: depthwise blocks with PRelu and residuals that are
 * pooled and padded, several outputs, kernels as large as their input. */
#include "net_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct block_shape {
    int32_t c, co, stride;
    int order;    /* of the residual's operators: 0 before the convolutions, 1 between, 2 after */
    bool one_slope;
} block_shape;

/* A residual by 2x2 pooling where the stride is 2, and by zeros in more channels. */
static int32_t shortcut(graph_maker *m, int32_t x, const block_shape *b)
{
    if (b->stride == 2)
        x = maker_add_pool(m, x, MI_OP_MAX_POOL,
                           &(maker_conv){.kh = 2, .kw = 2, .sh = 2, .sw = 2});
    if (b->co > b->c)
        x = maker_add_pad(m, x, MI_PAD_CONSTANT, 0, 0, 0, 0, 0, 0, b->co - b->c);
    return x;
}

static int32_t add_block(graph_maker *m, int32_t x, const block_shape *b)
{
    int32_t side = b->order == 0 ? shortcut(m, x, b) : -1;
    bool down = b->stride == 2; /* as TensorFlow pads: below and at the right only */
    int32_t y = maker_add_conv(m, x, &(maker_conv){.co = b->c, .kh = 3, .kw = 3, .groups = b->c,
                                                   .sh = b->stride, .sw = b->stride,
                                                   .pad_t = !down, .pad_l = !down, .pad_b = 1,
                                                   .pad_r = 1, .bias = true});
    if (b->order == 1)
        side = shortcut(m, x, b);
    y = maker_add_conv(m, y, &(maker_conv){.co = b->co, .bias = true});
    if (b->order == 2)
        side = shortcut(m, x, b);
    y = maker_add_binary(m, MI_OP_ADD, b->order % 2 ? y : side, b->order % 2 ? side : y);
    return maker_add_prelu(m, y, b->one_slope);
}

void cases_blocks(void **state)
{
    net_session *s = *state;
    dice d = dice_of(s->seed * 109 + 1);
    for (int32_t round = 0; round < s->times; round++)
        for (int32_t i = 0; i < 12; i++) {
            graph_maker m;
            maker_init(&m, &d, 3, 2 * dice_int(&d, 1, 6), 2 * dice_int(&d, 1, 12));
            block_shape b = {.c = i % 4 == 3 ? 6 : 8, .stride = 1 + i % 2, .order = i % 3,
                             .one_slope = dice_flip(&d)};
            b.co = b.c + (i / 2 % 3) * 4;
            int32_t x = maker_add_conv(&m, 0, &(maker_conv){.co = b.c});
            x = maker_add_prelu(&m, x, false);
            x = add_block(&m, x, &b);
            b.stride = 1;
            b.c = b.co;
            char text[80];
            snprintf(text, sizeof text, "block %d: %d channels, order %d", (int)i, (int)b.c,
                     b.order);
            session_check(s, &m, add_block(&m, x, &b), &d, text);
        }
}

/* In the step lists: nothing is left that is no convolution or pool. */
void cases_blocks_fuse(void **state)
{
    net_session *s = *state;
    dice d = dice_of(s->seed);
    for (int order = 0; order < 3; order++) {
        graph_maker m;
        maker_init(&m, &d, 8, 12, 16);
        block_shape b = {.c = 8, .co = 16, .stride = 2, .order = order};
        mi_graph *g = maker_finish(&m, add_block(&m, 0, &b));
        mi_plan plan;
        assert_int_equal(mi_plan_create(&plan, g, false, &s->rig.log), MIEN_OK);
        assert_int_equal(plan.steps, 2); /* pool; depthwise and 1x1 with pad, sum and PRelu */
        mi_plan_destroy(&plan);
        mi_graph_destroy(&g);
    }
}

void cases_full(void **state)
{
    net_session *s = *state;
    dice d = dice_of(s->seed * 109 + 2);
    static const int32_t size[][2] = {{3, 3}, {1, 1}, {2, 5}, {6, 4}};
    for (int32_t round = 0; round < 2 * s->times; round++)
        for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
            graph_maker m;
            maker_init(&m, &d, dice_int(&d, 1, 11), size[i][0], size[i][1]);
            maker_conv conv = {.co = dice_int(&d, 1, 300), .kh = size[i][0], .kw = size[i][1],
                               .bias = dice_flip(&d)};
            int32_t y = maker_add_conv(&m, 0, &conv);
            if (round % 2)
                y = maker_add_prelu(&m, y, false);
            session_check(s, &m, y, &d, "kernel as large as its input");
        }
}

/* The first and the middle of a chain come out besides the end; the middle has a reader too. */
void cases_outputs(void **state)
{
    net_session *s = *state;
    dice d = dice_of(s->seed * 109 + 3);
    for (int32_t round = 0; round < 3 * s->times; round++) {
        graph_maker m;
        maker_init(&m, &d, 3, dice_int(&d, 4, 9), dice_int(&d, 4, 19));
        block_shape b = {.c = 8, .co = 8, .stride = 1, .order = round % 3};
        int32_t first = maker_add_conv(&m, 0, &(maker_conv){.co = 8});
        int32_t middle = add_block(&m, first, &b);
        int32_t end = add_block(&m, middle, &b);
        mi_graph *g = maker_finish(&m, end);
        g->output[g->outputs++] = middle;
        g->output[g->outputs++] = first;
        for (int32_t lanes8 = 0; lanes8 < 2; lanes8++)
            net_trial_run(&s->trial, g, &d,
                          &(trial_options){.what = "three outputs", .lanes8 = lanes8});
        mi_graph_destroy(&g);
    }
}

/* Values of one pixel between layers of pictures: cut out, put together, combined with each other
 * and with constants; what they come to is added to a picture. */
void cases_pixels(void **state)
{
    net_session *s = *state;
    dice d = dice_of(s->seed * 109 + 4);
    static const mi_op ops[] = {MI_OP_ADD, MI_OP_SUB, MI_OP_MUL, MI_OP_DIV};
    for (int32_t round = 0; round < 8 * s->times; round++) {
        graph_maker m;
        int32_t h = dice_int(&d, 1, 6), w = dice_int(&d, 1, 9), cut = dice_int(&d, 1, 6);
        int32_t last = dice_int(&d, 1, 5);
        mi_op op = ops[round % 4];
        maker_init(&m, &d, dice_int(&d, 1, 9), h, w);
        int32_t all = maker_add_conv(&m, 0, &(maker_conv){.co = cut + last, .kh = h, .kw = w});
        int32_t picture = maker_add_conv(&m, 0, &(maker_conv){.co = 6, .bias = true});
        int32_t from[3] = {0, 0, 0}, one[3] = {1, 1, 1}, count[3] = {cut, 1, 1};
        int32_t a = maker_add_slice(&m, all, from, one, count);
        from[0] = cut;
        count[0] = op == MI_OP_DIV ? 1 : last;
        int32_t b = maker_add_slice(&m, all, from, one, count);
        b = maker_add_act(&m, b, op == MI_OP_DIV ? MI_ACT_SIGMOID : MI_ACT_LEAKY_RELU, 0.3f, 0);
        int32_t k = maker_constant(&m, cut, 1, 1, 0.5f, 2);
        a = maker_add_binary(&m, op, a, k);
        int32_t y = cut == count[0] || count[0] == 1 ? maker_add_binary(&m, op, a, b) : a;
        y = maker_add_concat(&m, (const int32_t[]){y, b, a}, 3);
        y = maker_add_act(&m, y, round % 3 ? MI_ACT_SIGMOID : MI_ACT_TANH, 0, 0);
        y = maker_add_conv(&m, y, &(maker_conv){.co = 6});
        y = round % 2 ? maker_add_binary(&m, MI_OP_SUB, y, picture)
                      : maker_add_binary(&m, MI_OP_SUB, picture, y);
        char text[80];
        snprintf(text, sizeof text, "pixels: %d and %d of them, op %d", (int)cut, (int)last,
                 (int)op);
        session_check(s, &m, y, &d, text);
    }
}
