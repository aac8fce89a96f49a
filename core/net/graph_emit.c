/* Builder: messages, values in and out of the node at work, nodes and tensors of the graph. */
#include "graph_build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TENSORS_MAX = 1 << 20, GRAPH_NODES_MAX = 1 << 18 };

int mi_build_fail(const mi_build *b, mien_status status, const char *format, ...)
{
    char what[256], name[MI_VIEW_TEXT], type[MI_VIEW_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    const mi_onnx *m = &b->model;
    if (!b->at)
        return mi_fail(m->log, status, "%s: %s", m->file, what);
    mi_view label = b->at->name;
    if (!label.size && b->at->outs && m->id[b->at->first_out] >= 0)
        label = m->name[m->id[b->at->first_out]];
    return mi_fail(m->log, status, "%s: node '%s' (%s): %s", m->file, mi_view_text(label, name),
                   mi_view_text(b->at->type, type), what);
}

mi_value *mi_build_in(const mi_build *b, int32_t k)
{
    if (k < 0 || k >= b->at->ins)
        return NULL;
    int32_t id = b->model.id[b->at->first_in + k];
    return id < 0 ? NULL : &b->value[id];
}

int mi_build_run(const mi_build *b, int32_t k, mi_value **value)
{
    *value = mi_build_in(b, k);
    if (!*value)
        return mi_build_fail(b, MIEN_ERR_MODEL, "input %d is missing", (int)k);
    if ((*value)->kind != MI_VALUE_RUN)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "input %d is constant", (int)k);
    return 0;
}

mi_tensor *mi_build_tensor(const mi_build *b, const mi_value *run)
{
    return &b->graph->tensor[run->tensor];
}

void mi_build_dims(const mi_value *value, int32_t *rank,
                   int64_t dim[MI_ONNX_RANK])
{
    if (value->kind == MI_VALUE_CONST) {
        *rank = value->con.rank;
        memcpy(dim, value->con.dim, sizeof value->con.dim);
        return;
    }
    *rank = value->layout.rank;
    for (int32_t k = 0; k < *rank; k++)
        dim[k] = value->layout.dim[k];
}

static int out_value(mi_build *b, int32_t k, mi_value **value)
{
    *value = NULL;
    if (k >= b->at->outs || b->model.id[b->at->first_out + k] < 0)
        return 0;
    *value = &b->value[b->model.id[b->at->first_out + k]];
    if ((*value)->kind != MI_VALUE_NONE)
        return mi_build_fail(b, MIEN_ERR_MODEL, "output %d is defined twice", (int)k);
    return 0;
}

int mi_build_out_const(mi_build *b, int32_t k, mi_const *con)
{
    mi_value *value;
    int status = out_value(b, k, &value);
    if (status < 0 || !value) {
        mi_const_finish(con);
        return status;
    }
    value->kind = MI_VALUE_CONST;
    value->con = *con;
    memset(con, 0, sizeof *con);
    return 0;
}

/* Names in the graph are for messages. */
static char *copy_name(mi_view name)
{
    char text[MI_VIEW_TEXT];
    return strdup(mi_view_text(name, text));
}

static int out_run(mi_build *b, int32_t k, const mi_value *from)
{
    mi_value *value;
    int status = out_value(b, k, &value);
    if (status < 0 || !value)
        return status;
    value->kind = MI_VALUE_RUN;
    value->tensor = from->tensor;
    value->layout = from->layout;
    mi_tensor *t = &b->graph->tensor[from->tensor];
    if (t->name[0])
        return 0; /* an alias keeps its first name */
    char *name = copy_name(b->model.name[b->model.id[b->at->first_out + k]]);
    if (!name)
        return mi_build_fail(b, MIEN_ERR_NOMEM, "no memory");
    free(t->name);
    t->name = name;
    return 0;
}

int mi_build_out(mi_build *b, int32_t k, const mi_value *from)
{
    if (from->kind == MI_VALUE_RUN)
        return out_run(b, k, from);
    mi_const con;
    int status = mi_const_init(&con, from->con.is_int, from->con.rank, from->con.dim, &b->budget);
    if (status < 0)
        return mi_build_fail(b, status, "no memory for the constant");
    if (con.count && con.is_int)
        memcpy(con.i, from->con.i, (size_t)con.count * sizeof *con.i);
    else if (con.count)
        memcpy(con.f, from->con.f, (size_t)con.count * sizeof *con.f);
    return mi_build_out_const(b, k, &con);
}

static int add_tensor(mi_build *b, int64_t c, int64_t h, int64_t w, int32_t *index)
{
    mi_graph *g = b->graph;
    const int64_t limit = MI_ONNX_VALUES_MAX;
    if (c < 1 || h < 1 || w < 1)
        return mi_build_fail(b, MIEN_ERR_MODEL, "its result is empty (%lldx%lldx%lld)",
                             (long long)c, (long long)h, (long long)w);
    if (c > limit || h > limit / c || w > limit / (c * h))
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "its result is too large");
    if (g->tensors == TENSORS_MAX)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "the network has too many tensors");
    if (g->tensors == b->tensor_room) {
        int32_t more = b->tensor_room ? 2 * b->tensor_room : 64;
        mi_tensor *bigger = realloc(g->tensor, (size_t)more * sizeof *bigger);
        if (!bigger)
            return mi_build_fail(b, MIEN_ERR_NOMEM, "no memory");
        g->tensor = bigger;
        b->tensor_room = more;
    }
    char *name = calloc(1, 1);
    if (!name)
        return mi_build_fail(b, MIEN_ERR_NOMEM, "no memory");
    g->tensor[g->tensors] =
        (mi_tensor){.name = name, .c = (int32_t)c, .h = (int32_t)h, .w = (int32_t)w};
    *index = g->tensors++;
    return 0;
}

int mi_build_node(mi_build *b, mi_op op, int32_t x, int64_t c, int64_t h, int64_t w,
                  mi_node **node)
{
    mi_graph *g = b->graph;
    int32_t out = 0;
    int status = add_tensor(b, c, h, w, &out);
    if (status < 0)
        return status;
    if (g->nodes == GRAPH_NODES_MAX)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "the network has too many nodes");
    if (g->nodes == b->node_room) {
        int32_t more = b->node_room ? 2 * b->node_room : 64;
        mi_node *bigger = realloc(g->node, (size_t)more * sizeof *bigger);
        if (!bigger)
            return mi_build_fail(b, MIEN_ERR_NOMEM, "no memory");
        g->node = bigger;
        b->node_room = more;
    }
    char *name = copy_name(b->at ? b->at->name : (mi_view){NULL, 0});
    if (!name)
        return mi_build_fail(b, MIEN_ERR_NOMEM, "no memory");
    mi_node *n = &g->node[g->nodes++];
    memset(n, 0, sizeof *n);
    n->op = op;
    n->name = name;
    for (int32_t k = 0; k < MI_NODE_INPUTS; k++)
        n->in[k] = -1;
    n->in[0] = x;
    n->inputs = 1;
    n->out = out;
    *node = n;
    return 0;
}

int mi_build_connect(mi_build *b, mi_node *node, int32_t tensor)
{
    if (node->inputs == MI_NODE_INPUTS)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "more than %d inputs", MI_NODE_INPUTS);
    node->in[node->inputs++] = tensor;
    return 0;
}

int mi_build_values(mi_build *b, int64_t count, float **data)
{
    *data = NULL;
    if (count > b->budget.left)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "the constants are too large");
    *data = calloc((size_t)(count > 0 ? count : 1), sizeof **data);
    if (!*data)
        return mi_build_fail(b, MIEN_ERR_NOMEM, "no memory");
    b->budget.left -= count;
    return 0;
}

int mi_build_data(mi_build *b, float *data, int32_t c, int32_t h, int32_t w, int32_t *tensor)
{
    int status = add_tensor(b, c, h, w, tensor);
    if (status < 0) {
        free(data);
        return status;
    }
    b->graph->tensor[*tensor].data = data;
    return 0;
}

int mi_build_form(mi_build *b, mi_value *value, mi_form form, int32_t *tensor)
{
    if (value->formed[form]) {
        *tensor = value->formed[form] - 1;
        return 0;
    }
    const mi_const *con = &value->con;
    int64_t shape[3] = {con->count, 1, 1};
    if (form == MI_FORM_WEIGHT) {
        shape[0] = con->dim[0];
        shape[1] = con->dim[1];
        shape[2] = con->count / (shape[0] * shape[1]);
    }
    float *data;
    int status = mi_build_values(b, con->count, &data);
    if (status < 0)
        return status;
    for (int64_t k = 0; k < con->count; k++)
        data[k] = con->is_int ? (float)con->i[k] : con->f[k];
    status = mi_build_data(b, data, (int32_t)shape[0], (int32_t)shape[1], (int32_t)shape[2],
                           tensor);
    if (status >= 0)
        value->formed[form] = *tensor + 1;
    return status;
}

int mi_build_vector(mi_build *b, int32_t k, int64_t channels, int32_t *tensor)
{
    mi_value *value = mi_build_in(b, k);
    if (!value || value->kind != MI_VALUE_CONST)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "input %d is not constant", (int)k);
    if (value->con.count != channels)
        return mi_build_fail(b, MIEN_ERR_MODEL, "input %d has %lld values, not %lld", (int)k,
                             (long long)value->con.count, (long long)channels);
    return mi_build_form(b, value, MI_FORM_VECTOR, tensor);
}

int mi_build_point_conv(mi_build *b, int32_t x, int32_t weight, int32_t bias, int32_t groups,
                        int32_t *tensor)
{
    const mi_tensor t = b->graph->tensor[x];
    mi_node *node;
    int status = mi_build_node(b, MI_OP_CONV, x, b->graph->tensor[weight].c, t.h, t.w, &node);
    if (status < 0)
        return status;
    node->conv.kh = node->conv.kw = 1;
    node->conv.stride_h = node->conv.stride_w = 1;
    node->conv.dilation_h = node->conv.dilation_w = 1;
    node->conv.groups = groups;
    mi_build_connect(b, node, weight);
    mi_build_connect(b, node, bias);
    *tensor = node->out;
    return 0;
}
