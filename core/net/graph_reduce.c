/* Operators that reduce dimensions to one value, and what is made of them. Rows and columns are
 * reduced by a pool, channels by a convolution that averages them; every other set of dimensions
 * is laid onto rows and columns first. */
#include "graph_build.h"

#include <stdlib.h>

/* The axes that are reduced as a whole (bits); -1: an axis has dimensions of both kinds. */
static int32_t reduced_axes(const mi_layout *l, uint32_t over)
{
    int32_t gone = 0, kept = 0;
    for (int32_t k = 0; k < l->parts; k++) {
        if (over >> l->part[k].dim & 1)
            gone |= 1 << l->part[k].axis;
        else
            kept |= 1 << l->part[k].axis;
    }
    return gone & kept ? -1 : gone;
}

/* The reduced dimensions onto w and h, the others onto c. */
static int lay_for_pool(mi_build *b, const mi_value *x, uint32_t over, mi_value *out)
{
    const mi_value from = *x;
    mi_axis axis[MI_LAYOUT_RANK];
    bool w_free = true;
    for (int32_t k = x->layout.rank - 1; k >= 0; k--) {
        axis[k] = !(over >> k & 1) ? MI_AXIS_C : w_free ? MI_AXIS_W : MI_AXIS_H;
        w_free = w_free && axis[k] != MI_AXIS_W;
    }
    *out = *x;
    mi_layout_make(&out->layout, from.layout.rank, from.layout.dim, axis, -1);
    return mi_build_lay(b, &from, &out->layout, &out->tensor);
}

static int emit_pool(mi_build *b, int32_t from, bool is_max, bool rows, bool columns,
                     int32_t *tensor)
{
    const mi_tensor t = b->graph->tensor[from];
    bool all = (rows || t.h == 1) && (columns || t.w == 1);
    mi_op op = all ? is_max ? MI_OP_GLOBAL_MAX_POOL : MI_OP_GLOBAL_AVERAGE_POOL
                   : is_max ? MI_OP_MAX_POOL
                            : MI_OP_AVERAGE_POOL;
    mi_node *node;
    int status = mi_build_node(b, op, from, t.c, rows ? 1 : t.h, columns ? 1 : t.w, &node);
    if (status < 0)
        return status;
    if (!all) {
        node->conv.kh = rows ? t.h : 1;
        node->conv.kw = columns ? t.w : 1;
        node->conv.stride_h = node->conv.stride_w = 1;
        node->conv.dilation_h = node->conv.dilation_w = 1;
        node->conv.groups = 1;
    }
    *tensor = node->out;
    return 0;
}

int mi_build_reduction(mi_build *b, mi_reduction how, const mi_value *x, uint32_t over,
                       mi_value *out)
{
    bool is_max = how == MI_REDUCE_MAX;
    int32_t axes = reduced_axes(&x->layout, over);
    int status = 0;
    *out = *x;
    if (axes < 0 || (is_max && (axes & 1 << MI_AXIS_C))) {
        status = lay_for_pool(b, x, over, out);
        axes = reduced_axes(&out->layout, over);
    }
    bool rows = axes & 1 << MI_AXIS_H, columns = axes & 1 << MI_AXIS_W;
    if (status >= 0 && (rows || columns))
        status = emit_pool(b, out->tensor, is_max, rows, columns, &out->tensor);
    if (status >= 0 && (axes & 1 << MI_AXIS_C))
        status = mi_build_group_mean(b, out->tensor, 1, 1, 0, &out->tensor);
    if (status < 0)
        return status;
    double count = 1;
    int32_t kept = 0;
    for (int32_t k = 0; k < x->layout.rank; k++)
        if (over >> k & 1) {
            count *= x->layout.dim[k];
            out->layout.dim[k] = 1;
        }
    for (int32_t k = 0; k < out->layout.parts; k++)
        if (!(over >> out->layout.part[k].dim & 1))
            out->layout.part[kept++] = out->layout.part[k];
    out->layout.parts = kept;
    if (how == MI_REDUCE_SUM && count > 1)
        return mi_build_by_number(b, MI_OP_MUL, out, (float)count, out);
    return 0;
}

static int least(mi_build *b, const mi_value *x, uint32_t over, mi_value *out)
{
    int status = mi_build_unary(b, x, MI_ACT_NEG, 0, 0, out);
    if (status >= 0)
        status = mi_build_reduction(b, MI_REDUCE_MAX, out, over, out);
    return status < 0 ? status : mi_build_unary(b, out, MI_ACT_NEG, 0, 0, out);
}

static int sum_of(mi_build *b, mi_act act, const mi_value *x, uint32_t over, mi_value *out)
{
    int status = mi_build_unary(b, x, act, 0, 0, out);
    return status < 0 ? status : mi_build_reduction(b, MI_REDUCE_SUM, out, over, out);
}

static int sum_of_squares(mi_build *b, const mi_value *x, uint32_t over, mi_value *out)
{
    int status = mi_build_pair(b, MI_OP_MUL, x, x, out);
    return status < 0 ? status : mi_build_reduction(b, MI_REDUCE_SUM, out, over, out);
}

/* exp(x - largest), so that nothing overflows, and its sum. */
static int exponentials(mi_build *b, const mi_value *x, uint32_t over, mi_value *largest,
                        mi_value *difference, mi_value *each, mi_value *sum)
{
    int status = mi_build_reduction(b, MI_REDUCE_MAX, x, over, largest);
    if (status >= 0)
        status = mi_build_pair(b, MI_OP_SUB, x, largest, difference);
    if (status >= 0)
        status = mi_build_unary(b, difference, MI_ACT_EXP, 0, 0, each);
    return status < 0 ? status : mi_build_reduction(b, MI_REDUCE_SUM, each, over, sum);
}

static int log_of_exponentials(mi_build *b, const mi_value *x, uint32_t over, mi_value *out)
{
    mi_value largest, difference, each;
    int status = exponentials(b, x, over, &largest, &difference, &each, out);
    if (status >= 0)
        status = mi_build_unary(b, out, MI_ACT_LOG, 0, 0, out);
    return status < 0 ? status : mi_build_pair(b, MI_OP_ADD, out, &largest, out);
}

static int reduced(mi_build *b, const mi_value *x, uint32_t over, mi_value *out)
{
    mi_view type = b->at->type;
    int status;
    if (mi_view_is(type, "ReduceMean"))
        return mi_build_reduction(b, MI_REDUCE_MEAN, x, over, out);
    if (mi_view_is(type, "ReduceSum"))
        return mi_build_reduction(b, MI_REDUCE_SUM, x, over, out);
    if (mi_view_is(type, "ReduceMax"))
        return mi_build_reduction(b, MI_REDUCE_MAX, x, over, out);
    if (mi_view_is(type, "ReduceMin"))
        return least(b, x, over, out);
    if (mi_view_is(type, "ReduceL1"))
        return sum_of(b, MI_ACT_ABS, x, over, out);
    if (mi_view_is(type, "ReduceSumSquare"))
        return sum_of_squares(b, x, over, out);
    if (mi_view_is(type, "ReduceLogSumExp"))
        return log_of_exponentials(b, x, over, out);
    if (mi_view_is(type, "ReduceL2")) {
        status = sum_of_squares(b, x, over, out);
        return status < 0 ? status : mi_build_unary(b, out, MI_ACT_SQRT, 0, 0, out);
    }
    status = mi_build_reduction(b, MI_REDUCE_SUM, x, over, out); /* ReduceLogSum */
    return status < 0 ? status : mi_build_unary(b, out, MI_ACT_LOG, 0, 0, out);
}

/* x without the dimensions in the set, which are 1. */
static int without(mi_build *b, const mi_value *x, uint32_t gone, mi_value *out)
{
    int32_t dim[MI_LAYOUT_RANK], rank = 0;
    for (int32_t k = 0; k < x->layout.rank; k++)
        if (!(gone >> k & 1))
            dim[rank++] = x->layout.dim[k];
    return mi_build_reshaped(b, x, rank, dim, out);
}

/* Axes are attributes at first and an input later; none stands for all. */
int mi_build_reduce(mi_build *b)
{
    mi_value *x, out;
    int64_t axis[MI_LAYOUT_RANK];
    int32_t axes, keep, none = 0;
    int status = mi_build_run(b, 0, &x);
    if (status >= 0)
        status = mi_build_list(b, "axes", 1, axis, MI_LAYOUT_RANK, &axes);
    if (status >= 0)
        status = mi_build_int(b, "keepdims", 1, 0, 1, &keep);
    if (status >= 0)
        status = mi_build_int(b, "noop_with_empty_axes", 0, 0, 1, &none);
    if (status < 0)
        return status;
    uint32_t over = 0;
    for (int32_t k = 0; k < axes; k++) {
        int32_t plain;
        status = mi_build_axis(b, axis[k], x->layout.rank, &plain);
        if (status < 0)
            return status;
        over |= 1u << plain;
    }
    if (axes <= 0 && none)
        return mi_build_out(b, 0, x);
    if (axes <= 0)
        over = (1u << x->layout.rank) - 1;
    status = reduced(b, x, over, &out);
    if (status >= 0 && !keep)
        status = without(b, &out, over, &out);
    return status < 0 ? status : mi_build_out(b, 0, &out);
}

/* Up to operator set 12 everything from the axis on is one dimension. */
int mi_build_softmax(mi_build *b)
{
    mi_value *x, largest, difference, each, sum, out;
    int32_t axis, plain;
    bool old = b->model.opset < 13;
    int status = mi_build_run(b, 0, &x);
    if (status >= 0)
        status = mi_build_int(b, "axis", old ? 1 : -1, -MI_LAYOUT_RANK, MI_LAYOUT_RANK - 1, &axis);
    if (status >= 0)
        status = mi_build_axis(b, axis, x->layout.rank, &plain);
    if (status < 0)
        return status;
    uint32_t over = old ? (1u << x->layout.rank) - (1u << plain) : 1u << plain;
    status = exponentials(b, x, over, &largest, &difference, &each, &sum);
    if (status < 0)
        return status;
    if (mi_view_is(b->at->type, "Softmax")) {
        status = mi_build_pair(b, MI_OP_DIV, &each, &sum, &out);
    } else {
        status = mi_build_unary(b, &sum, MI_ACT_LOG, 0, 0, &sum);
        if (status >= 0)
            status = mi_build_pair(b, MI_OP_SUB, &difference, &sum, &out);
    }
    return status < 0 ? status : mi_build_out(b, 0, &out);
}
