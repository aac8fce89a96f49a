/* Means over groups of channels and the normalization by them. The graph knows neither: a mean
 * over a group is a global pool and a 1x1 convolution that averages its channels. */
#include "graph_build.h"

#include <stdlib.h>

static int new_vector(mi_build *b, int64_t count, float **data)
{
    if (count > b->budget.left)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "the constants are too large");
    b->budget.left -= count;
    *data = malloc((size_t)count * sizeof **data);
    return *data ? 0 : mi_build_fail(b, MIEN_ERR_NOMEM, "no memory");
}

/* `out` channels, each the mean of its group plus `add`. */
static int group_mean(mi_build *b, int32_t x, int32_t groups, int32_t out, float add,
                      int32_t *mean)
{
    const mi_tensor t = b->graph->tensor[x];
    int32_t size = t.c / groups, weight, bias;
    float *data;
    mi_node *node;
    int status = new_vector(b, (int64_t)out * size, &data);
    if (status < 0)
        return status;
    for (int64_t k = 0; k < (int64_t)out * size; k++)
        data[k] = 1 / (float)size;
    status = mi_build_data(b, data, out, size, 1, &weight);
    if (status >= 0)
        status = new_vector(b, out, &data);
    if (status < 0)
        return status;
    for (int32_t k = 0; k < out; k++)
        data[k] = add;
    status = mi_build_data(b, data, out, 1, 1, &bias);
    if (status >= 0)
        status = mi_build_node(b, MI_OP_GLOBAL_AVERAGE_POOL, x, t.c, 1, 1, &node);
    if (status < 0)
        return status;
    status = mi_build_node(b, MI_OP_CONV, node->out, out, 1, 1, &node);
    if (status < 0)
        return status;
    node->conv.kh = node->conv.kw = 1;
    node->conv.stride_h = node->conv.stride_w = 1;
    node->conv.dilation_h = node->conv.dilation_w = 1;
    node->conv.groups = groups;
    mi_build_connect(b, node, weight);
    mi_build_connect(b, node, bias);
    *mean = node->out;
    return 0;
}

static int binary(mi_build *b, mi_op op, int32_t left, int32_t right, int32_t *out)
{
    const mi_tensor t = b->graph->tensor[left];
    mi_node *node;
    int status = mi_build_node(b, op, left, t.c, t.h, t.w, &node);
    if (status < 0)
        return status;
    mi_build_connect(b, node, right);
    *out = node->out;
    return 0;
}

/* (x - mean) / sqrt(variance + epsilon) */
static int normalize(mi_build *b, int32_t x, int32_t groups, float epsilon, int32_t *out)
{
    int32_t mean, difference, square, variance, channels = b->graph->tensor[x].c;
    mi_node *node;
    int status = group_mean(b, x, groups, channels, 0, &mean);
    if (status >= 0)
        status = binary(b, MI_OP_SUB, x, mean, &difference);
    if (status >= 0)
        status = binary(b, MI_OP_MUL, difference, difference, &square);
    if (status >= 0)
        status = group_mean(b, square, groups, channels, epsilon, &variance);
    if (status >= 0)
        status = mi_build_node(b, MI_OP_ACT, variance, channels, 1, 1, &node);
    if (status < 0)
        return status;
    node->act = MI_ACT_SQRT;
    return binary(b, MI_OP_DIV, difference, node->out, out);
}

/* Constant input k, one value a group or one a channel, as one a channel. */
static int spread(mi_build *b, int32_t k, int32_t groups, int32_t channels, float plain,
                  int32_t *tensor, bool *is_plain)
{
    const mi_value *value = mi_build_in(b, k);
    float *data;
    if (!value || value->kind != MI_VALUE_CONST || value->con.is_int ||
        (value->con.count != groups && value->con.count != channels))
        return mi_build_fail(b, MIEN_ERR_MODEL, "input %d does not fit %d channels in %d groups",
                             (int)k, (int)channels, (int)groups);
    int status = new_vector(b, channels, &data);
    if (status < 0)
        return status;
    for (int32_t c = 0; c < channels; c++) {
        data[c] = value->con.f[value->con.count == channels ? c : c / (channels / groups)];
        *is_plain = *is_plain && data[c] >= plain && data[c] <= plain;
    }
    return mi_build_data(b, data, channels, 1, 1, tensor);
}

static int group_norm(mi_build *b, int32_t x, int32_t groups, float epsilon, int32_t *out)
{
    const mi_tensor t = b->graph->tensor[x];
    int32_t scale, shift;
    bool is_plain = true;
    int status = spread(b, 1, groups, t.c, 1, &scale, &is_plain);
    if (status >= 0)
        status = spread(b, 2, groups, t.c, 0, &shift, &is_plain);
    if (status >= 0)
        status = normalize(b, x, groups, epsilon, out);
    if (status < 0 || is_plain)
        return status;
    mi_node *node;
    status = mi_build_node(b, MI_OP_AFFINE, *out, t.c, t.h, t.w, &node);
    if (status < 0)
        return status;
    mi_build_connect(b, node, scale);
    mi_build_connect(b, node, shift);
    *out = node->out;
    return 0;
}

int mi_build_grouped_norm(mi_build *b, const mi_value *x, float epsilon)
{
    mi_value to = *x;
    int status = group_norm(b, x->tensor, x->groups, epsilon, &to.tensor);
    return status < 0 ? status : mi_build_out_alias(b, &to);
}

int mi_build_group_norm(mi_build *b)
{
    mi_value *x;
    int32_t groups, out;
    float epsilon;
    int status = mi_build_run(b, 0, false, &x);
    if (status >= 0)
        status = mi_build_int(b, "num_groups", 0, 1, 1 << 20, &groups);
    if (status >= 0)
        status = mi_build_float(b, "epsilon", 1e-5f, &epsilon);
    if (status < 0)
        return status;
    int32_t channels = mi_build_tensor(b, x)->c;
    if (groups < 1 || channels % groups)
        return mi_build_fail(b, MIEN_ERR_MODEL, "%d groups of %d channels", (int)groups,
                             (int)channels);
    status = group_norm(b, x->tensor, groups, epsilon, &out);
    return status < 0 ? status : mi_build_out_run(b, 0, out, false);
}

/* Over rows and columns it is a global pool, over the channels too one value remains. */
int mi_build_reduce_mean(mi_build *b)
{
    mi_value *x;
    int64_t axis[4];
    int32_t axes, keep, mean;
    int status = mi_build_run(b, 0, true, &x);
    if (status >= 0)
        status = mi_build_list(b, "axes", 1, axis, 4, &axes);
    if (status >= 0)
        status = mi_build_int(b, "keepdims", 1, 0, 1, &keep);
    if (status < 0)
        return status;
    uint32_t set = 0;
    for (int32_t k = 0; k < axes; k++) {
        int32_t plain;
        status = mi_build_axis(b, axis[k], 4, &plain);
        if (status < 0)
            return status;
        set |= 1u << plain;
    }
    bool pictures = set == (x->nhwc ? 6u : 12u), all = (set | 1) == 15u;
    if (!keep || (!pictures && !all))
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED,
                             "only a mean over rows and columns that keeps the dimensions");
    bool nhwc = x->nhwc;
    if (all) {
        status = group_mean(b, x->tensor, 1, 1, 0, &mean);
        return status < 0 ? status : mi_build_out_run(b, 0, mean, nhwc);
    }
    mi_node *node;
    status = mi_build_node(b, MI_OP_GLOBAL_AVERAGE_POOL, x->tensor, mi_build_tensor(b, x)->c, 1, 1,
                           &node);
    return status < 0 ? status : mi_build_out_run(b, 0, node->out, nhwc);
}
