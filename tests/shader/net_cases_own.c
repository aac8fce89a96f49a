/* What only networks of others need: rare functions, copies with other axes, resizing by tables. */
#include "net_cases.h"

#include <stdio.h>

#include "net/layout.h"

void cases_functions(void **state)
{
    net_session *s = *state;
    dice d = dice_of(s->seed + 101);
    static const struct {
        mi_act act;
        float a, b, low, high;
    } rows[] = {
        {MI_ACT_LOG, 0, 0, 0.01f, 50},         {MI_ACT_FLOOR, 0, 0, -3, 3},
        {MI_ACT_CEIL, 0, 0, -3, 3},            {MI_ACT_ROUND, 0, 0, -3, 3},
        {MI_ACT_SIGN, 0, 0, -3, 3},            {MI_ACT_SIN, 0, 0, -9, 9},
        {MI_ACT_COS, 0, 0, -9, 9},             {MI_ACT_ERF, 0, 0, -3, 3},
        {MI_ACT_ERF, 0, 0, -0.1f, 0.1f},       {MI_ACT_ERF, 0, 0, -90, 90},
        {MI_ACT_SOFTSIGN, 0, 0, -5, 5},        {MI_ACT_MISH, 0, 0, -6, 6},
        {MI_ACT_MISH, 0, 0, -90, 90},          {MI_ACT_GELU, 0, 0, -5, 5},
        {MI_ACT_GELU_TANH, 0, 0, -5, 5},       {MI_ACT_SELU, 1.67f, 1.05f, -4, 4},
        {MI_ACT_CELU, 0.6f, 0, -4, 4},         {MI_ACT_THRESHOLDED_RELU, 0.7f, 0, -4, 4}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int32_t then = 0; then < 2; then++) {
            graph_maker m;
            char text[60];
            maker_init(&m, &d, dice_int(&d, 1, 7), dice_int(&d, 2, 9), dice_int(&d, 2, 20));
            int32_t y = maker_add_act(&m, 0, rows[i].act, rows[i].a, rows[i].b);
            if (then) /* a common one joins in, numbers of its own and all */
                y = maker_add_act(&m, y, MI_ACT_CLIP, -0.4f, 0.6f);
            snprintf(text, sizeof text, "function %d", (int)rows[i].act);
            session_check_range(s, &m, y, &d, text, rows[i].low, rows[i].high);
        }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        graph_maker m; /* behind a convolution that must not take it in */
        if (rows[i].act == MI_ACT_LOG || rows[i].act <= MI_ACT_SIGN)
            continue; /* the steps would make nothing of rounding */
        maker_init(&m, &d, 3, 6, 9);
        int32_t y = maker_add_conv(&m, 0, &(maker_conv){.co = 3, .bias = true});
        y = maker_add_act(&m, y, rows[i].act, rows[i].a, rows[i].b);
        session_check(s, &m, maker_add_conv(&m, y, &(maker_conv){.co = 2}), &d, "conv, function");
    }
}

void cases_more_binary(void **state)
{
    net_session *s = *state;
    dice d = dice_of(s->seed + 102);
    static const mi_op ops[] = {MI_OP_MAX, MI_OP_MIN, MI_OP_POW};
    for (int32_t round = 0; round < 4 * s->times; round++)
        for (int32_t k = 0; k < 3; k++) {
            bool positive = ops[k] == MI_OP_POW;
            if (positive && round >= 2)
                continue;
            graph_maker m;
            maker_init(&m, &d, dice_int(&d, 1, 7), dice_int(&d, 2, 7), dice_int(&d, 2, 12));
            mi_tensor in = maker_shape(&m, 0);
            int32_t b = maker_constant(&m, round % 2 ? in.c : 1, 1, 1, -1, 2);
            int32_t y = round < 2 ? maker_add_binary(&m, ops[k], 0, b)
                                  : maker_add_binary(&m, ops[k], b, 0);
            session_check_range(s, &m, y, &d, "max, min, power", positive ? 0.1f : -2, 2);
        }
    for (int32_t exponent = -2; exponent <= 3; exponent++) { /* whole ones of negative numbers */
        graph_maker m;
        maker_init(&m, &d, 3, 5, 7);
        int32_t b = maker_constant(&m, 1, 1, 1, (float)exponent, (float)exponent);
        session_check_range(s, &m, maker_add_binary(&m, MI_OP_POW, 0, b), &d, "whole power",
                            -2, -0.2f);
    }
}

/* Dimensions of up to four, each on a random axis. */
static void random_layout(dice *d, mi_layout *l, int32_t rank, const int32_t *dim)
{
    mi_axis axis[MI_LAYOUT_RANK];
    for (int32_t k = 0; k < rank; k++)
        axis[k] = (mi_axis)dice_int(d, 0, MI_AXES - 1);
    mi_layout_make(l, rank, dim, axis, dice_flip(d) ? dice_int(d, 0, rank - 1) : -1);
}

void cases_copy(void **state)
{
    net_session *s = *state;
    dice d = dice_of(s->seed + 103);
    for (int32_t round = 0; round < 24 * s->times; round++) {
        int32_t dim[5], few[5], from[MI_AXES], to[MI_AXES], rank = dice_int(&d, 1, 5);
        mi_layout source, target;
        graph_maker m;
        for (int32_t k = 0; k < rank; k++) {
            dim[k] = dice_int(&d, 1, 7);
            few[k] = dice_int(&d, 0, 3) ? dim[k] : 1; /* the others are repeated */
        }
        random_layout(&d, &source, rank, few);
        random_layout(&d, &target, rank, dim);
        mi_layout_size(&source, from);
        mi_layout_size(&target, to);
        maker_init(&m, &d, from[0], from[1], from[2]);
        int32_t out = maker_tensor(&m, to[0], to[1], to[2]);
        mi_node *n = maker_node(&m, MI_OP_COPY, 0, -1, -1, out);
        if (!mi_layout_copy(&source, &target, &n->copy)) {
            fprintf(stderr, "copy %d: the layouts do not meet\n", (int)round);
            s->trial.failures++;
        }
        if (round % 4 == 0)
            out = maker_add_act(&m, out, MI_ACT_RELU, 0, 0);
        session_check(s, &m, out, &d, "copy");
    }
}

/* Random windows: where they begin and what they weigh says nothing about a resize. */
static int32_t random_table(graph_maker *m, dice *d, int32_t in, int32_t out, int32_t taps)
{
    int32_t width = (taps + 4) / 4 * 4, t = maker_constant(m, 1, out, width, -1, 1);
    float *data = m->graph->tensor[t].data;
    for (int32_t k = 0; k < out; k++)
        data[k * width] = (float)dice_int(d, 0, in - taps);
    return t;
}

void cases_resize_table(void **state)
{
    net_session *s = *state;
    dice d = dice_of(s->seed + 104);
    for (int32_t round = 0; round < 12 * s->times; round++) {
        graph_maker m;
        maker_init(&m, &d, dice_int(&d, 1, 7), dice_int(&d, 1, 12), dice_int(&d, 1, 14));
        mi_tensor in = maker_shape(&m, 0);
        int32_t h = dice_int(&d, 1, 15), w = dice_int(&d, 1, 20);
        int32_t taps_h = dice_int(&d, 1, in.h < 9 ? in.h : 9);
        int32_t taps_w = dice_int(&d, 1, in.w < 9 ? in.w : 9);
        int32_t rows = random_table(&m, &d, in.h, h, taps_h);
        int32_t columns = random_table(&m, &d, in.w, w, taps_w);
        int32_t out = maker_tensor(&m, in.c, h, w);
        mi_node *n = maker_node(&m, MI_OP_RESIZE, 0, rows, columns, out);
        n->resize = MI_RESIZE_TABLE;
        n->resize_taps_h = taps_h;
        n->resize_taps_w = taps_w;
        if (round % 3 == 0)
            out = maker_add_act(&m, out, MI_ACT_TANH, 0, 0);
        session_check(s, &m, out, &d, "resize by tables");
    }
}
