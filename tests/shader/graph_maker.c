#include "graph_maker.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void *grown(void *old, int32_t count, int32_t *room, size_t size)
{
    if (count < *room)
        return old;
    *room = *room * 2 + 16;
    void *data = realloc(old, (size_t)*room * size);
    if (!data)
        abort();
    return data;
}

static char *no_text(void)
{
    char *text = calloc(1, 1);
    if (!text)
        abort();
    return text;
}

void maker_init(graph_maker *m, dice *seed, int32_t c, int32_t h, int32_t w)
{
    memset(m, 0, sizeof *m);
    m->graph = calloc(1, sizeof *m->graph);
    if (!m->graph)
        abort();
    m->dice = dice_of(dice_next(seed));
    m->graph->input = maker_tensor(m, c, h, w);
}

mi_graph *maker_finish(graph_maker *m, int32_t output)
{
    mi_graph *g = m->graph;
    g->output[0] = output;
    g->outputs = 1;
    m->graph = NULL;
    return g;
}

int32_t maker_tensor(graph_maker *m, int32_t c, int32_t h, int32_t w)
{
    mi_graph *g = m->graph;
    g->tensor = grown(g->tensor, g->tensors, &m->tensor_room, sizeof *g->tensor);
    g->tensor[g->tensors] = (mi_tensor){.name = no_text(), .c = c, .h = h, .w = w};
    return g->tensors++;
}

int32_t maker_constant(graph_maker *m, int32_t c, int32_t h, int32_t w, float low, float high)
{
    int32_t t = maker_tensor(m, c, h, w);
    size_t count = (size_t)c * (size_t)h * (size_t)w;
    float *data = malloc(count * sizeof *data);
    if (!data)
        abort();
    dice_fill(&m->dice, data, count, low, high);
    m->graph->tensor[t].data = data;
    return t;
}

mi_tensor maker_shape(const graph_maker *m, int32_t tensor)
{
    return m->graph->tensor[tensor];
}

mi_node *maker_node(graph_maker *m, mi_op op, int32_t a, int32_t b, int32_t c, int32_t out)
{
    mi_graph *g = m->graph;
    g->node = grown(g->node, g->nodes, &m->node_room, sizeof *g->node);
    mi_node *n = &g->node[g->nodes++];
    memset(n, 0, sizeof *n);
    n->op = op;
    n->name = no_text();
    n->in[0] = a;
    n->in[1] = b;
    n->in[2] = c;
    n->inputs = c >= 0 ? 3 : b >= 0 ? 2 : 1;
    n->out = out;
    return n;
}

static int32_t at_least_1(int32_t v)
{
    return v > 0 ? v : 1;
}

static maker_conv complete(const maker_conv *c)
{
    maker_conv full = *c;
    full.kh = at_least_1(c->kh);
    full.kw = at_least_1(c->kw);
    full.sh = at_least_1(c->sh);
    full.sw = at_least_1(c->sw);
    full.dh = at_least_1(c->dh);
    full.dw = at_least_1(c->dw);
    full.groups = at_least_1(c->groups);
    return full;
}

static void set_window(mi_node *n, const maker_conv *f)
{
    n->conv.kh = f->kh;
    n->conv.kw = f->kw;
    n->conv.stride_h = f->sh;
    n->conv.stride_w = f->sw;
    n->conv.dilation_h = f->dh;
    n->conv.dilation_w = f->dw;
    n->conv.groups = f->groups;
    n->conv.pad_t = f->pad_t;
    n->conv.pad_l = f->pad_l;
    n->conv.pad_b = f->pad_b;
    n->conv.pad_r = f->pad_r;
}

static int32_t window_out(int32_t in, int32_t before, int32_t after, int32_t k, int32_t dilation,
                          int32_t stride)
{
    return (in + before + after - (k - 1) * dilation - 1) / stride + 1;
}

int32_t maker_add_conv(graph_maker *m, int32_t x, const maker_conv *conv)
{
    maker_conv f = complete(conv);
    mi_tensor in = maker_shape(m, x);
    int32_t ci = in.c / f.groups;
    float reach = 1.5f / sqrtf((float)(ci * f.kh * f.kw));
    int32_t weight = maker_constant(m, f.co, ci, f.kh * f.kw, -reach, reach);
    int32_t bias = f.bias ? maker_constant(m, f.co, 1, 1, -0.5f, 0.5f) : -1;
    int32_t out = maker_tensor(m, f.co, window_out(in.h, f.pad_t, f.pad_b, f.kh, f.dh, f.sh),
                               window_out(in.w, f.pad_l, f.pad_r, f.kw, f.dw, f.sw));
    set_window(maker_node(m, MI_OP_CONV, x, weight, bias, out), &f);
    return out;
}

int32_t maker_add_conv_transpose(graph_maker *m, int32_t x, const maker_conv *conv,
                                 int32_t more_h, int32_t more_w)
{
    maker_conv f = complete(conv);
    mi_tensor in = maker_shape(m, x);
    float reach = 1.5f / sqrtf((float)(in.c * f.kh * f.kw / f.groups));
    int32_t weight = maker_constant(m, in.c, f.co / f.groups, f.kh * f.kw, -reach, reach);
    int32_t bias = f.bias ? maker_constant(m, f.co, 1, 1, -0.5f, 0.5f) : -1;
    int32_t h = (in.h - 1) * f.sh + (f.kh - 1) * f.dh + 1 - f.pad_t - f.pad_b + more_h;
    int32_t w = (in.w - 1) * f.sw + (f.kw - 1) * f.dw + 1 - f.pad_l - f.pad_r + more_w;
    int32_t out = maker_tensor(m, f.co, h, w);
    set_window(maker_node(m, MI_OP_CONV_TRANSPOSE, x, weight, bias, out), &f);
    return out;
}

static int32_t same_shape(graph_maker *m, int32_t x)
{
    mi_tensor in = maker_shape(m, x);
    return maker_tensor(m, in.c, in.h, in.w);
}

int32_t maker_add_act(graph_maker *m, int32_t x, mi_act act, float a, float b)
{
    int32_t out = same_shape(m, x);
    mi_node *n = maker_node(m, MI_OP_ACT, x, -1, -1, out);
    n->act = act;
    n->act_a = a;
    n->act_b = b;
    return out;
}

int32_t maker_add_prelu(graph_maker *m, int32_t x, bool one_slope)
{
    int32_t slope = maker_constant(m, one_slope ? 1 : maker_shape(m, x).c, 1, 1, -0.5f, 1.5f);
    int32_t out = same_shape(m, x);
    maker_node(m, MI_OP_ACT, x, slope, -1, out)->act = MI_ACT_PRELU;
    return out;
}

int32_t maker_add_norm(graph_maker *m, int32_t x)
{
    int32_t c = maker_shape(m, x).c;
    int32_t scale = maker_constant(m, c, 1, 1, 0.5f, 1.5f);
    int32_t bias = maker_constant(m, c, 1, 1, -0.5f, 0.5f);
    int32_t out = same_shape(m, x);
    maker_node(m, MI_OP_INSTANCE_NORM, x, scale, bias, out)->epsilon = 1e-5f;
    return out;
}

int32_t maker_add_affine(graph_maker *m, int32_t x)
{
    int32_t c = maker_shape(m, x).c;
    int32_t scale = maker_constant(m, c, 1, 1, -1.5f, 1.5f);
    int32_t shift = maker_constant(m, c, 1, 1, -0.5f, 0.5f);
    int32_t out = same_shape(m, x);
    maker_node(m, MI_OP_AFFINE, x, scale, shift, out);
    return out;
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

int32_t maker_add_binary(graph_maker *m, mi_op op, int32_t a, int32_t b)
{
    mi_tensor s = maker_shape(m, a), t = maker_shape(m, b);
    int32_t out = maker_tensor(m, larger(s.c, t.c), larger(s.h, t.h), larger(s.w, t.w));
    maker_node(m, op, a, b, -1, out);
    return out;
}

int32_t maker_add_concat(graph_maker *m, const int32_t *x, int32_t count)
{
    mi_tensor first = maker_shape(m, x[0]);
    int32_t c = 0;
    for (int32_t i = 0; i < count; i++)
        c += maker_shape(m, x[i]).c;
    int32_t out = maker_tensor(m, c, first.h, first.w);
    mi_node *n = maker_node(m, MI_OP_CONCAT, x[0], -1, -1, out);
    n->inputs = count;
    for (int32_t i = 0; i < count; i++)
        n->in[i] = x[i];
    return out;
}

int32_t maker_add_pad(graph_maker *m, int32_t x, mi_pad_mode mode, float value, int32_t t,
                      int32_t l, int32_t b, int32_t r, int32_t front, int32_t back)
{
    mi_tensor in = maker_shape(m, x);
    int32_t out = maker_tensor(m, in.c + front + back, in.h + t + b, in.w + l + r);
    mi_node *n = maker_node(m, MI_OP_PAD, x, -1, -1, out);
    n->pad_mode = mode;
    n->pad_value = value;
    n->pad.t = t;
    n->pad.l = l;
    n->pad.b = b;
    n->pad.r = r;
    n->pad.front = front;
    n->pad.back = back;
    return out;
}

int32_t maker_add_resize(graph_maker *m, int32_t x, mi_resize_mode mode, int32_t h, int32_t w)
{
    mi_tensor in = maker_shape(m, x);
    int32_t out = maker_tensor(m, in.c, h, w);
    mi_node *n = maker_node(m, MI_OP_RESIZE, x, -1, -1, out);
    n->resize = mode;
    n->resize_scale_h = (float)h / (float)in.h;
    n->resize_scale_w = (float)w / (float)in.w;
    return out;
}

int32_t maker_add_depth_to_space(graph_maker *m, int32_t x, int32_t block, bool crd)
{
    mi_tensor in = maker_shape(m, x);
    int32_t out = maker_tensor(m, in.c / (block * block), in.h * block, in.w * block);
    mi_node *n = maker_node(m, MI_OP_DEPTH_TO_SPACE, x, -1, -1, out);
    n->block = block;
    n->crd = crd;
    return out;
}

int32_t maker_add_space_to_depth(graph_maker *m, int32_t x, int32_t block)
{
    mi_tensor in = maker_shape(m, x);
    int32_t out = maker_tensor(m, in.c * block * block, in.h / block, in.w / block);
    maker_node(m, MI_OP_SPACE_TO_DEPTH, x, -1, -1, out)->block = block;
    return out;
}

int32_t maker_add_slice(graph_maker *m, int32_t x, const int32_t begin[3], const int32_t step[3],
                        const int32_t count[3])
{
    int32_t out = maker_tensor(m, count[0], count[1], count[2]);
    mi_node *n = maker_node(m, MI_OP_SLICE, x, -1, -1, out);
    n->begin.c = begin[0];
    n->begin.h = begin[1];
    n->begin.w = begin[2];
    n->step.c = step[0];
    n->step.h = step[1];
    n->step.w = step[2];
    return out;
}

int32_t maker_add_pool(graph_maker *m, int32_t x, mi_op op, const maker_conv *window)
{
    maker_conv f = complete(window);
    mi_tensor in = maker_shape(m, x);
    bool global = op == MI_OP_GLOBAL_AVERAGE_POOL || op == MI_OP_GLOBAL_MAX_POOL;
    int32_t h = global ? 1 : window_out(in.h, f.pad_t, f.pad_b, f.kh, f.dh, f.sh);
    int32_t w = global ? 1 : window_out(in.w, f.pad_l, f.pad_r, f.kw, f.dw, f.sw);
    int32_t out = maker_tensor(m, in.c, h, w);
    set_window(maker_node(m, op, x, -1, -1, out), &f);
    return out;
}
