#include "style_image.h"

#include <stdlib.h>
#include <string.h>

/* value of the model = value of mien * scale + shift */
typedef struct convention {
    float scale, shift;
    bool bgr;
} convention;

static int read_convention(const mi_graph *g, const char *range_key, const char *order_key,
                           convention *c, const char *name, mi_log *log)
{
    const char *range = mi_graph_meta(g, range_key), *order = mi_graph_meta(g, order_key);
    *c = (convention){.scale = 1};
    if (!range || strcmp(range, "0..1") == 0)
        ;
    else if (strcmp(range, "-1..1") == 0)
        *c = (convention){.scale = 2, .shift = -1};
    else if (strcmp(range, "0..255") == 0)
        *c = (convention){.scale = 255};
    else
        return mi_fail(log, MIEN_ERR_MODEL, "'%.200s': %s is '%.40s', not 0..1, -1..1 or 0..255",
                       name, range_key, range);
    c->bgr = order && strcmp(order, "BGR") == 0;
    if (order && !c->bgr && strcmp(order, "RGB") != 0)
        return mi_fail(log, MIEN_ERR_MODEL, "'%.200s': %s is '%.40s', not RGB or BGR", name,
                       order_key, order);
    return MIEN_OK;
}

static bool is_plain(const convention *c)
{
    return c->scale == 1 && c->shift == 0 && !c->bgr;
}

/* Appends a tensor; takes over `data`. Returns its index or -1. */
static int32_t add_tensor(mi_graph *g, int32_t c, int32_t h, int32_t w, float *data)
{
    mi_tensor *t = realloc(g->tensor, ((size_t)g->tensors + 1) * sizeof *t);
    if (!t) {
        free(data);
        return -1;
    }
    g->tensor = t;
    t[g->tensors] = (mi_tensor){.name = strdup(""), .c = c, .h = h, .w = w, .data = data};
    return g->tensors++;
}

/* A 1x1 convolution that scales, shifts and swaps three channels, from `in` to a new tensor, put
 * at place `at` in the order of nodes. Returns the new tensor or -1. */
static int32_t add_mix(mi_graph *g, int32_t at, int32_t in, const convention *c, const char *name)
{
    float *weight = calloc(9, sizeof *weight), *bias = calloc(3, sizeof *bias);
    mi_node *node = realloc(g->node, ((size_t)g->nodes + 1) * sizeof *node);
    if (node)
        g->node = node;
    if (!weight || !bias || !node) {
        free(weight);
        free(bias);
        return -1;
    }
    for (int i = 0; i < 3; i++) {
        weight[i * 3 + (c->bgr ? 2 - i : i)] = c->scale;
        bias[i] = c->shift;
    }
    int32_t h = g->tensor[in].h, w = g->tensor[in].w;
    int32_t k = add_tensor(g, 3, 3, 1, weight), b = add_tensor(g, 3, 1, 1, bias);
    int32_t out = add_tensor(g, 3, h, w, NULL);
    if (k < 0 || b < 0 || out < 0)
        return -1;
    memmove(node + at + 1, node + at, (size_t)(g->nodes - at) * sizeof *node);
    node[at] = (mi_node){.op = MI_OP_CONV, .in = {in, k, b}, .inputs = 3, .out = out,
                         .name = strdup(name),
                         .conv = {.kh = 1, .kw = 1, .stride_h = 1, .stride_w = 1,
                                  .dilation_h = 1, .dilation_w = 1, .groups = 1}};
    g->nodes++;
    return out;
}

static int wrap_input(mi_graph *g, const convention *c)
{
    int32_t out = add_mix(g, 0, g->input, c, "picture to model");
    for (int32_t i = 1; out >= 0 && i < g->nodes; i++)
        for (int32_t k = 0; k < g->node[i].inputs; k++)
            if (g->node[i].in[k] == g->input)
                g->node[i].in[k] = out;
    return out < 0 ? MIEN_ERR_NOMEM : MIEN_OK;
}

static int wrap_output(mi_graph *g, const convention *c)
{
    convention back = {.scale = 1 / c->scale, .shift = -c->shift / c->scale, .bgr = c->bgr};
    int32_t out = add_mix(g, g->nodes, g->output[0], &back, "model to picture");
    if (out < 0)
        return MIEN_ERR_NOMEM;
    g->output[0] = out;
    return MIEN_OK;
}

int mi_style_wrap(mi_graph *g, const char *name, mi_log *log)
{
    convention in, out;
    int status = read_convention(g, "mien.input.range", "mien.input.order", &in, name, log);
    if (status == MIEN_OK)
        status = read_convention(g, "mien.output.range", "mien.output.order", &out, name, log);
    if (status != MIEN_OK)
        return status;
    if (!is_plain(&in))
        status = wrap_input(g, &in);
    if (status == MIEN_OK && !is_plain(&out))
        status = wrap_output(g, &out);
    return status == MIEN_OK ? status : mi_fail(log, status, "out of memory");
}
