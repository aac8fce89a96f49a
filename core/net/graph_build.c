/* The way from an ONNX file to a graph: which nodes are needed, one after the other, the end. */
#include "graph_build.h"

#include <stdlib.h>
#include <string.h>

enum { OPSET_MAX = 21 }; /* the newest whose operators are known */

/* Numbers of the values that become outputs. */
typedef struct wanted_values {
    int32_t id[MI_GRAPH_OUTPUTS], count;
} wanted_values;

typedef struct op_row {
    const char *type;
    mi_build_op *build;
    const char *limits; /* for the documentation */
} op_row;

/* In alphabetical order. */
static const op_row op_table[] = {
    {"Abs", mi_build_act, ""},
    {"Add", mi_build_binary, ""},
    {"AveragePool", mi_build_average_pool, "of pictures or lines: 3 or 4 dimensions"},
    {"BatchNormalization", mi_build_batch_norm,
     "all but input 0 is constant; not in training mode"},
    {"Cast", mi_build_cast, "to a float type or uint8"},
    {"Ceil", mi_build_act, ""},
    {"Celu", mi_build_act, ""},
    {"Clip", mi_build_clip, "the bounds are constant"},
    {"Concat", mi_build_concat, "of values of the picture"},
    {"Conv", mi_build_conv,
     "all but input 0 is constant; of pictures or lines: 3 or 4 dimensions"},
    {"ConvTranspose", mi_build_conv_transpose,
     "all but input 0 is constant; of pictures or lines: 3 or 4 dimensions"},
    {"Cos", mi_build_act, ""},
    {"DepthToSpace", mi_build_depth_to_space, ""},
    {"Div", mi_build_binary, ""},
    {"Dropout", mi_build_identity, "does nothing; no mask, not in training mode"},
    {"Elu", mi_build_act, ""},
    {"Erf", mi_build_act, ""},
    {"Exp", mi_build_act, ""},
    {"Expand", mi_build_expand, ""},
    {"Flatten", mi_build_flatten, ""},
    {"Floor", mi_build_act, ""},
    {"Gather", mi_build_gather, "the indices are constant"},
    {"Gelu", mi_build_gelu, ""},
    {"Gemm", mi_build_gemm, "B is constant"},
    {"GlobalAveragePool", mi_build_global_pool, ""},
    {"GlobalMaxPool", mi_build_global_pool, ""},
    {"GroupNormalization", mi_build_group_norm, "all but input 0 is constant"},
    {"HardSigmoid", mi_build_act, ""},
    {"HardSwish", mi_build_act, ""},
    {"Identity", mi_build_identity, ""},
    {"InstanceNormalization", mi_build_instance_norm, "all but input 0 is constant"},
    {"LayerNormalization", mi_build_layer_norm, ""},
    {"LeakyRelu", mi_build_act, ""},
    {"Log", mi_build_act, ""},
    {"LogSoftmax", mi_build_softmax, ""},
    {"MatMul", mi_build_matmul, "one factor is a constant matrix"},
    {"Max", mi_build_min_max, ""},
    {"MaxPool", mi_build_max_pool, "of pictures or lines: 3 or 4 dimensions; no second output"},
    {"Mean", mi_build_mean, ""},
    {"MeanVarianceNormalization", mi_build_mean_variance_norm, ""},
    {"Min", mi_build_min_max, ""},
    {"Mish", mi_build_act, ""},
    {"Mul", mi_build_binary, ""},
    {"Neg", mi_build_act, ""},
    {"PRelu", mi_build_prelu, ""},
    {"Pad", mi_build_pad, "constant, edge, reflect; no negative pads"},
    {"Pow", mi_build_pow, ""},
    {"Reciprocal", mi_build_reciprocal, ""},
    {"ReduceL1", mi_build_reduce, ""},
    {"ReduceL2", mi_build_reduce, ""},
    {"ReduceLogSum", mi_build_reduce, ""},
    {"ReduceLogSumExp", mi_build_reduce, ""},
    {"ReduceMax", mi_build_reduce, ""},
    {"ReduceMean", mi_build_reduce, ""},
    {"ReduceMin", mi_build_reduce, ""},
    {"ReduceSum", mi_build_reduce, ""},
    {"ReduceSumSquare", mi_build_reduce, ""},
    {"Relu", mi_build_act, ""},
    {"Reshape", mi_build_reshape, ""},
    {"Resize", mi_build_resize, "rows and columns; stretched, without a region of interest"},
    {"Round", mi_build_act, ""},
    {"Selu", mi_build_selu, ""},
    {"Sigmoid", mi_build_act, ""},
    {"Sign", mi_build_act, ""},
    {"Sin", mi_build_act, ""},
    {"Slice", mi_build_slices, "steps >= 1"},
    {"Softmax", mi_build_softmax, ""},
    {"Softplus", mi_build_act, ""},
    {"Softsign", mi_build_act, ""},
    {"SpaceToDepth", mi_build_space_to_depth, ""},
    {"Split", mi_build_split, "parts of no length are refused"},
    {"Sqrt", mi_build_act, ""},
    {"Squeeze", mi_build_squeeze, ""},
    {"Sub", mi_build_binary, ""},
    {"Sum", mi_build_binary, ""},
    {"Tanh", mi_build_act, ""},
    {"ThresholdedRelu", mi_build_act, ""},
    {"Tile", mi_build_tile, ""},
    {"Transpose", mi_build_transpose, ""},
    {"Unsqueeze", mi_build_unsqueeze, ""},
    {"Upsample", mi_build_resize, "rows and columns"},
};

bool mi_onnx_operator(int32_t k, const char **type, const char **limits)
{
    if (k < 0 || (size_t)k >= sizeof op_table / sizeof *op_table)
        return false;
    *type = op_table[k].type;
    *limits = op_table[k].limits;
    return true;
}

static int build_node(mi_build *b)
{
    mi_view domain = b->at->domain;
    char text[MI_VIEW_TEXT];
    if (!mi_view_is(domain, "") && !mi_view_is(domain, "ai.onnx"))
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "operators of '%s' are not supported",
                             mi_view_text(domain, text));
    for (int32_t k = 0; k < b->at->ins; k++) {
        const mi_value *in = mi_build_in(b, k);
        if (in && in->kind == MI_VALUE_NONE)
            return mi_build_fail(b, MIEN_ERR_MODEL,
                                 "input '%s' is not computed by any node before it",
                                 mi_view_text(b->model.name[in - b->value], text));
    }
    int status = mi_fold(b);
    if (status != 0)
        return status;
    for (size_t k = 0; k < sizeof op_table / sizeof *op_table; k++)
        if (mi_view_is(b->at->type, op_table[k].type))
            return op_table[k].build(b);
    return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "this operator is not supported");
}

/* needed[id]: a wanted value depends on it. Nodes of a valid file are in an order that can be
 * executed, so that one pass backwards is enough; in an invalid one a name stays undefined. */
static void mark(const mi_onnx *m, const wanted_values *wanted, uint8_t *needed, uint8_t *alive)
{
    for (int32_t k = 0; k < wanted->count; k++)
        needed[wanted->id[k]] = 1;
    for (int32_t k = m->nodes - 1; k >= 0; k--) {
        const mi_onnx_node *node = &m->node[k];
        for (int32_t i = 0; i < node->outs; i++)
            if (m->id[node->first_out + i] >= 0 && needed[m->id[node->first_out + i]])
                alive[k] = 1;
        for (int32_t i = 0; alive[k] && i < node->ins; i++)
            if (m->id[node->first_in + i] >= 0)
                needed[m->id[node->first_in + i]] = 1;
    }
}

static int load_initializers(mi_build *b, const uint8_t *needed)
{
    const mi_onnx *m = &b->model;
    for (int32_t k = 0; k < m->initializers; k++) {
        int32_t id = m->initializer[k].id;
        if (!needed[id])
            continue;
        char text[MI_VIEW_TEXT];
        mi_view_text(m->name[id], text);
        if (b->value[id].kind != MI_VALUE_NONE)
            return mi_fail(m->log, MIEN_ERR_MODEL, "%s: initializer '%s' is defined twice",
                           m->file, text);
        const char *why;
        int status = mi_onnx_tensor(&b->value[id].con, m->initializer[k].tensor, &b->budget, &why);
        if (status < 0)
            return mi_fail(m->log, status, "%s: initializer '%s': %s", m->file, text, why);
        b->value[id].kind = MI_VALUE_CONST;
    }
    return 0;
}

static char *copy_text(mi_view view)
{
    char *text = malloc(view.size + 1);
    if (!text)
        return NULL;
    if (view.size)
        memcpy(text, view.data, view.size);
    text[view.size] = 0;
    return text;
}

static const mi_axis nchw_axes[4] = {MI_AXIS_C, MI_AXIS_C, MI_AXIS_H, MI_AXIS_W};
static const mi_axis nhwc_axes[4] = {MI_AXIS_C, MI_AXIS_H, MI_AXIS_W, MI_AXIS_C};

static int add_input(mi_build *b, int32_t height, int32_t width)
{
    const mi_onnx *m = &b->model;
    bool nhwc;
    int32_t c, h, w;
    int status = mi_onnx_picture(m, &nhwc, &c, &h, &w);
    if (status < 0)
        return status;
    if (!b->any_size && ((h && h != height) || (w && w != width)))
        return mi_fail(m->log, MIEN_ERR_INVALID, "%s: takes pictures of %dx%d, not of %dx%d",
                       m->file, (int)(w ? w : width), (int)(h ? h : height), (int)width,
                       (int)height);
    status = mi_build_data(b, NULL, c, height, width, &b->graph->input);
    if (status < 0)
        return status;
    mi_tensor *t = &b->graph->tensor[b->graph->input];
    free(t->name);
    t->name = copy_text(m->name[m->input.id]);
    if (!t->name)
        return MIEN_ERR_NOMEM;
    b->graph->nhwc = nhwc;
    b->graph->bytes = m->input.type == MI_ONNX_UINT8;
    mi_value *value = &b->value[m->input.id];
    *value = (mi_value){.kind = MI_VALUE_RUN, .tensor = b->graph->input};
    const int32_t dim[4] = {1, nhwc ? height : c, nhwc ? width : height, nhwc ? c : width};
    mi_layout_make(&value->layout, 4, dim, nhwc ? nhwc_axes : nchw_axes, -1);
    return 0;
}

/* How an output that is a picture may lie, and the only way for any other one: in the model's
 * order. */
static int settle_output(mi_build *b, const mi_value *out, int32_t *tensor, int32_t *nhwc)
{
    mi_layout want;
    int32_t size[MI_AXES];
    const mi_layout *l = &out->layout;
    mi_layout_size(l, size);
    *tensor = out->tensor;
    *nhwc = 0;
    if (l->rank == 4) {
        mi_layout_make(&want, 4, l->dim, nhwc_axes, -1);
        *nhwc = mi_layout_same(l, &want) && size[0] > 1 && (size[1] > 1 || size[2] > 1);
        if (*nhwc)
            return 0;
    }
    /* Is it in the model's order already, on whatever axes? */
    int32_t left[1] = {size[0] * size[1] * size[2]};
    mi_layout order;
    mi_layout_plain(&order, 3, size);
    mi_layout mine, flat;
    if (mi_layout_reshape(l, 1, left, &mine) && mi_layout_reshape(&order, 1, left, &flat) &&
        mi_layout_same(&mine, &flat))
        return 0;
    mi_layout_plain(&want, l->rank, l->dim);
    return mi_build_lay(b, out, &want, tensor);
}

static int finish_output(mi_build *b, int32_t id)
{
    const mi_onnx *m = &b->model;
    mi_graph *g = b->graph;
    char text[MI_VIEW_TEXT];
    const mi_value *out = &b->value[id];
    int32_t t, nhwc;
    mi_view_text(m->name[id], text);
    if (out->kind == MI_VALUE_NONE)
        return mi_fail(m->log, MIEN_ERR_MODEL, "%s: no node computes the output '%s'", m->file,
                       text);
    if (out->kind == MI_VALUE_CONST)
        return mi_fail(m->log, MIEN_ERR_MODEL, "%s: output '%s' does not depend on the input",
                       m->file, text);
    b->at = NULL;
    int status = settle_output(b, out, &t, &nhwc);
    if (status < 0)
        return status;
    bool taken = t == g->input;
    for (int32_t k = 0; k < g->outputs; k++)
        taken = taken || t == g->output[k];
    if (taken) {
        /* Whoever executes the graph may count on a node and a place for each output. */
        const mi_tensor from = b->graph->tensor[t];
        mi_node *node;
        status = mi_build_node(b, MI_OP_ACT, t, from.c, from.h, from.w, &node);
        if (status < 0)
            return status;
        t = node->out;
    }
    g->nhwc_out[g->outputs] = nhwc;
    g->output[g->outputs++] = t;
    return 0;
}

/* The values that the graph is for, by their numbers. */
static int find_wanted(const mi_onnx *m, const char *const *output, int32_t count,
                       wanted_values *wanted)
{
    if (output && (count < 1 || count > MI_GRAPH_OUTPUTS))
        return mi_fail(m->log, MIEN_ERR_INVALID, "%s: %d outputs were asked for, not 1..%d",
                       m->file, (int)count, MI_GRAPH_OUTPUTS);
    wanted->count = output ? count : 1;
    wanted->id[0] = m->output;
    for (int32_t k = 0; output && k < count; k++) {
        int32_t id = 0;
        while (id < m->names && !mi_view_is(m->name[id], output[k]))
            id++;
        if (id == m->names)
            return mi_fail(m->log, MIEN_ERR_MODEL, "%s: there is no output '%s'", m->file,
                           output[k]);
        wanted->id[k] = id;
    }
    return 0;
}

static int copy_meta(mi_build *b)
{
    const mi_onnx *m = &b->model;
    mi_graph *g = b->graph;
    if (!m->metas)
        return 0;
    g->meta = calloc((size_t)m->metas, sizeof *g->meta);
    if (!g->meta)
        return MIEN_ERR_NOMEM;
    g->metas = m->metas;
    for (int32_t k = 0; k < m->metas; k++) {
        g->meta[k].key = copy_text(m->meta[k].key);
        g->meta[k].value = copy_text(m->meta[k].value);
        if (!g->meta[k].key || !g->meta[k].value)
            return MIEN_ERR_NOMEM;
    }
    return 0;
}

static double count_macs(const mi_graph *g)
{
    double sum = 0;
    for (int32_t k = 0; k < g->nodes; k++) {
        const mi_node *node = &g->node[k];
        if (node->op != MI_OP_CONV && node->op != MI_OP_CONV_TRANSPOSE)
            continue;
        /* Each value of the result (of the input, when transposed) meets the whole of h*w of the
         * weight once. */
        const mi_tensor *t = &g->tensor[node->op == MI_OP_CONV ? node->out : node->in[0]];
        const mi_tensor *weight = &g->tensor[node->in[1]];
        sum += (double)t->c * t->h * t->w * weight->h * weight->w;
    }
    return sum;
}

static int build(mi_build *b, int32_t height, int32_t width, const wanted_values *wanted)
{
    const mi_onnx *m = &b->model;
    uint8_t *needed = calloc((size_t)m->names, 1);
    uint8_t *alive = calloc((size_t)m->nodes + 1, 1);
    b->value = calloc((size_t)m->names, sizeof *b->value);
    b->graph = calloc(1, sizeof *b->graph);
    int status = MIEN_ERR_NOMEM;
    if (!needed || !alive || !b->value || !b->graph)
        goto error;
    mark(m, wanted, needed, alive);
    status = load_initializers(b, needed);
    if (status >= 0)
        status = add_input(b, height, width);
    for (int32_t k = 0; status >= 0 && k < m->nodes; k++) {
        b->at = &m->node[k];
        if (alive[k])
            status = build_node(b);
    }
    b->at = NULL;
    for (int32_t k = 0; status >= 0 && k < wanted->count; k++)
        status = finish_output(b, wanted->id[k]);
    if (status >= 0)
        status = mi_graph_prune(b->graph);
    if (status >= 0)
        status = copy_meta(b);
    if (status >= 0)
        b->graph->mac = count_macs(b->graph);
error:
    for (int32_t k = 0; b->value && k < m->names; k++)
        mi_const_finish(&b->value[k].con);
    free(b->value);
    free(needed);
    free(alive);
    return status;
}

static int make_graph(mi_graph **graph, mi_build *b, mi_view bytes, const char *name,
                      int32_t height, int32_t width, const char *const *output, int32_t count,
                      mi_log *log)
{
    wanted_values wanted = {.count = 0};
    *graph = NULL;
    if (height < 1 || width < 1)
        return mi_fail(log, MIEN_ERR_INVALID, "%s: picture size %dx%d", name ? name : "model",
                       (int)width, (int)height);
    /* Each value is held as it is in the file, folded a few times, and in the form for the graph.
     * The fixed part is for what a small file may rightly expand. */
    int64_t size = bytes.size < (size_t)1 << 32 ? (int64_t)bytes.size : INT64_C(1) << 31;
    b->budget.left = (INT64_C(1) << 25) + size * 8;
    int status = mi_onnx_read(&b->model, bytes, name, log);
    if (status >= 0)
        status = find_wanted(&b->model, output, count, &wanted);
    if (status >= 0)
        status = build(b, height, width, &wanted);
    if (status == MIEN_ERR_NOMEM)
        mi_fail(log, status, "%s: no memory", name ? name : "model");
    mi_onnx_finish(&b->model);
    if (status < 0) {
        mi_graph_destroy(&b->graph);
        return status;
    }
    *graph = b->graph;
    return 0;
}

int mi_graph_from_onnx(mi_graph **graph, const void *bytes, size_t size, const char *name,
                       int32_t height, int32_t width, mi_log *log)
{
    return mi_graph_of_outputs(graph, bytes, size, name, height, width, NULL, 1, log);
}

int mi_graph_of_outputs(mi_graph **graph, const void *bytes, size_t size, const char *name,
                        int32_t height, int32_t width, const char *const *output, int32_t count,
                        mi_log *log)
{
    mi_build b = {.budget = {0}};
    return make_graph(graph, &b, (mi_view){bytes, size}, name, height, width, output, count, log);
}

int mi_graph_of_size(mi_graph **graph, const void *bytes, size_t size, const char *name,
                     int32_t height, int32_t width, mi_log *log)
{
    mi_build b = {.any_size = true};
    return make_graph(graph, &b, (mi_view){bytes, size}, name, height, width, NULL, 1, log);
}

/* What is odd about a file that is taken all the same. */
static void remark(const mi_onnx *m)
{
    if (m->opset > OPSET_MAX)
        mi_log_write(m->log, MIEN_LOG_WARNING,
                     "%s: operator set %lld is newer than %d, the newest known one", m->file,
                     (long long)m->opset, OPSET_MAX);
    if (m->outputs > 1)
        mi_log_write(m->log, MIEN_LOG_INFO, "%s: %d outputs, the first one is used", m->file,
                     (int)m->outputs);
}

int mi_onnx_input_size(const void *bytes, size_t size, const char *name, int32_t *height,
                       int32_t *width, mi_log *log)
{
    mi_onnx m;
    bool nhwc;
    int32_t c;
    *height = *width = 0;
    int status = mi_onnx_read(&m, (mi_view){bytes, size}, name, log);
    if (status >= 0)
        status = mi_onnx_picture(&m, &nhwc, &c, height, width);
    if (status >= 0)
        remark(&m);
    mi_onnx_finish(&m);
    return status < 0 ? status : 0;
}
