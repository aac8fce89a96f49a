/* Normalizations. The graph knows that of each channel by its own mean, and factors and terms. A
 * mean over a group of channels is a global pool and a 1x1 convolution that averages them; what
 * else there is, is made of reductions. */
#include "graph_build.h"

#include <math.h>
#include <stdlib.h>

int mi_build_group_mean(mi_build *b, int32_t x, int32_t groups, int32_t out, float add,
                        int32_t *mean)
{
    int32_t size = b->graph->tensor[x].c / groups, weight, bias;
    float *data;
    int status = mi_build_values(b, (int64_t)out * size, &data);
    if (status < 0)
        return status;
    for (int64_t k = 0; k < (int64_t)out * size; k++)
        data[k] = 1 / (float)size;
    status = mi_build_data(b, data, out, size, 1, &weight);
    if (status >= 0)
        status = mi_build_values(b, out, &data);
    if (status < 0)
        return status;
    for (int32_t k = 0; k < out; k++)
        data[k] = add;
    status = mi_build_data(b, data, out, 1, 1, &bias);
    return status < 0 ? status : mi_build_point_conv(b, x, weight, bias, groups, mean);
}

/* Of whole channels. */
static int pooled_mean(mi_build *b, int32_t x, int32_t groups, float add, int32_t *mean)
{
    const mi_tensor t = b->graph->tensor[x];
    mi_node *node;
    int status = mi_build_node(b, MI_OP_GLOBAL_AVERAGE_POOL, x, t.c, 1, 1, &node);
    return status < 0 ? status : mi_build_group_mean(b, node->out, groups, t.c, add, mean);
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
    int status = pooled_mean(b, x, groups, 0, &mean);
    if (status >= 0)
        status = binary(b, MI_OP_SUB, x, mean, &difference);
    if (status >= 0)
        status = binary(b, MI_OP_MUL, difference, difference, &square);
    if (status >= 0)
        status = pooled_mean(b, square, groups, epsilon, &variance);
    if (status >= 0)
        status = mi_build_node(b, MI_OP_ACT, variance, channels, 1, 1, &node);
    if (status < 0)
        return status;
    node->act = MI_ACT_SQRT;
    return binary(b, MI_OP_DIV, difference, node->out, out);
}

/* Constant input k, one value a group or one a channel of a picture, as one for each channel of
 * n pictures. */
static int spread(mi_build *b, int32_t k, int32_t groups, int32_t channels, int32_t n,
                  float plain, int32_t *tensor, bool *is_plain)
{
    const mi_value *value = mi_build_in(b, k);
    float *data;
    if (!value || value->kind != MI_VALUE_CONST)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "input %d is not constant", (int)k);
    if (value->con.is_int || (value->con.count != groups && value->con.count != channels))
        return mi_build_fail(b, MIEN_ERR_MODEL, "input %d has %lld values, not %d", (int)k,
                             (long long)value->con.count, (int)channels);
    int status = mi_build_values(b, (int64_t)n * channels, &data);
    if (status < 0)
        return status;
    for (int32_t c = 0; c < n * channels; c++) {
        int32_t from = c % channels;
        data[c] = value->con.f[value->con.count == channels ? from : from / (channels / groups)];
        *is_plain = *is_plain && data[c] >= plain && data[c] <= plain;
    }
    return mi_build_data(b, data, n * channels, 1, 1, tensor);
}

/* Of n pictures that lie in x, with `groups` groups each; scale and bias are inputs 1 and 2. */
static int group_norm(mi_build *b, int32_t x, int32_t n, int32_t groups, float epsilon,
                      int32_t *out)
{
    const mi_tensor t = b->graph->tensor[x];
    int32_t scale, shift, channels = t.c / n;
    bool is_plain = true;
    mi_node *node;
    int status = spread(b, 1, groups, channels, n, 1, &scale, &is_plain);
    if (status >= 0)
        status = spread(b, 2, groups, channels, n, 0, &shift, &is_plain);
    if (status < 0)
        return status;
    if (groups == channels) {
        status = mi_build_node(b, MI_OP_INSTANCE_NORM, x, t.c, t.h, t.w, &node);
        if (status < 0)
            return status;
        node->epsilon = epsilon;
    } else {
        status = normalize(b, x, n * groups, epsilon, out);
        if (status < 0 || is_plain)
            return status;
        status = mi_build_node(b, MI_OP_AFFINE, *out, t.c, t.h, t.w, &node);
        if (status < 0)
            return status;
    }
    mi_build_connect(b, node, scale);
    mi_build_connect(b, node, shift);
    *out = node->out;
    return 0;
}

/* Are the first two dimensions the most significant digits of c? Then what is normalized, the
 * other dimensions, are channels that lie together, rows and columns. */
static bool leads(const mi_layout *l)
{
    int32_t size[MI_AXES];
    mi_layout_size(l, size);
    int32_t left = size[MI_AXIS_C];
    for (int32_t k = 0; k < l->parts && l->part[k].dim < 2; k++) {
        if (l->part[k].axis != MI_AXIS_C || l->part[k].stride * l->part[k].size != left)
            return false;
        left = l->part[k].stride;
    }
    return true;
}

int mi_build_instance_norm(mi_build *b)
{
    mi_value *x, out;
    float epsilon;
    int status = mi_build_float(b, "epsilon", 1e-5f, &epsilon);
    if (status >= 0)
        status = mi_build_run(b, 0, &x);
    if (status < 0)
        return status;
    if (x->layout.rank < 2)
        return mi_build_fail(b, MIEN_ERR_MODEL, "an input of %d dimensions",
                             (int)x->layout.rank);
    out = *x;
    if (!leads(&x->layout)) {
        mi_axis axis[MI_LAYOUT_RANK];
        for (int32_t k = 0; k < x->layout.rank; k++)
            axis[k] = k < 2                       ? MI_AXIS_C
                      : k == x->layout.rank - 1 ? MI_AXIS_W
                                                  : MI_AXIS_H;
        mi_layout_make(&out.layout, x->layout.rank, x->layout.dim, axis, -1);
        status = mi_build_lay(b, x, &out.layout, &out.tensor);
        if (status < 0)
            return status;
    }
    status = group_norm(b, out.tensor, out.layout.dim[0], out.layout.dim[1], epsilon,
                        &out.tensor);
    return status < 0 ? status : mi_build_out(b, 0, &out);
}

int mi_build_group_norm(mi_build *b)
{
    mi_pictures p;
    int32_t groups, out;
    float epsilon;
    int status = mi_build_pictures(b, 0, &p);
    if (status >= 0)
        status = mi_build_int(b, "num_groups", 0, 1, 1 << 20, &groups);
    if (status >= 0)
        status = mi_build_float(b, "epsilon", 1e-5f, &epsilon);
    if (status < 0)
        return status;
    if (groups < 1 || p.c % groups)
        return mi_build_fail(b, MIEN_ERR_MODEL, "%d groups of %d channels", (int)groups,
                             (int)p.c);
    status = group_norm(b, p.tensor, p.n, groups, epsilon, &out);
    return status < 0 ? status : mi_build_out_pictures(b, 0, out, p.n, p.rank);
}

/* x minus its mean over a set of dimensions, and the mean of its square. */
static int moments(mi_build *b, const mi_value *x, uint32_t over, mi_value *mean,
                   mi_value *difference, mi_value *variance)
{
    int status = mi_build_reduction(b, MI_REDUCE_MEAN, x, over, mean);
    if (status >= 0)
        status = mi_build_pair(b, MI_OP_SUB, x, mean, difference);
    if (status >= 0)
        status = mi_build_pair(b, MI_OP_MUL, difference, difference, variance);
    return status < 0 ? status
                      : mi_build_reduction(b, MI_REDUCE_MEAN, variance, over, variance);
}

int mi_build_layer_norm(mi_build *b)
{
    mi_value *x, mean, difference, deviation, out;
    int32_t axis, plain, type;
    float epsilon;
    int status = mi_build_run(b, 0, &x);
    if (status >= 0)
        status = mi_build_int(b, "axis", -1, -MI_LAYOUT_RANK, MI_LAYOUT_RANK - 1, &axis);
    if (status >= 0)
        status = mi_build_axis(b, axis, x->layout.rank, &plain);
    if (status >= 0)
        status = mi_build_float(b, "epsilon", 1e-5f, &epsilon);
    if (status >= 0)
        status = mi_build_int(b, "stash_type", 1, 1, 1, &type);
    if (status < 0)
        return status;
    uint32_t over = (1u << x->layout.rank) - (1u << plain);
    status = moments(b, x, over, &mean, &difference, &deviation);
    if (status >= 0)
        status = mi_build_by_number(b, MI_OP_ADD, &deviation, epsilon, &deviation);
    if (status >= 0)
        status = mi_build_unary(b, &deviation, MI_ACT_SQRT, 0, 0, &deviation);
    if (status >= 0)
        status = mi_build_pair(b, MI_OP_DIV, &difference, &deviation, &out);
    for (int32_t k = 1; status >= 0 && k <= 2; k++)
        if (mi_build_in(b, k))
            status = mi_build_pair(b, k == 1 ? MI_OP_MUL : MI_OP_ADD, &out, mi_build_in(b, k),
                                   &out);
    if (status >= 0)
        status = mi_build_out(b, 0, &out);
    if (status >= 0 && b->at->outs > 1)
        status = mi_build_out(b, 1, &mean);
    if (status >= 0 && b->at->outs > 2) {
        status = mi_build_by_number(b, MI_OP_POW, &deviation, -1, &deviation);
        if (status >= 0)
            status = mi_build_out(b, 2, &deviation);
    }
    return status;
}

int mi_build_mean_variance_norm(mi_build *b)
{
    mi_value *x, mean, difference, deviation, out;
    int64_t axis[MI_LAYOUT_RANK] = {0, 2, 3};
    int32_t axes;
    int status = mi_build_run(b, 0, &x);
    if (status >= 0)
        status = mi_build_list(b, "axes", -1, axis, MI_LAYOUT_RANK, &axes);
    uint32_t over = 0;
    for (int32_t k = 0; status >= 0 && k < (axes < 0 ? 3 : axes); k++) {
        int32_t plain;
        status = mi_build_axis(b, axis[k], x->layout.rank, &plain);
        if (status >= 0)
            over |= 1u << plain;
    }
    if (status >= 0)
        status = moments(b, x, over, &mean, &difference, &deviation);
    if (status >= 0)
        status = mi_build_unary(b, &deviation, MI_ACT_SQRT, 0, 0, &deviation);
    if (status >= 0) /* the standard's own number */
        status = mi_build_by_number(b, MI_OP_ADD, &deviation, 1e-9f, &deviation);
    if (status >= 0)
        status = mi_build_pair(b, MI_OP_DIV, &difference, &deviation, &out);
    return status < 0 ? status : mi_build_out(b, 0, &out);
}

/* Factors and terms of n pictures' channels from the four constants. */
static int normal_form(mi_build *b, const int32_t part[4], int32_t n, float epsilon,
                       float *factor, float *term)
{
    const mi_tensor *all = b->graph->tensor;
    int32_t channels = all[part[0]].c;
    for (int32_t c = 0; c < n * channels; c++) {
        int32_t from = c % channels;
        double variance = (double)all[part[3]].data[from] + epsilon;
        if (!(variance > 0))
            return mi_build_fail(b, MIEN_ERR_MODEL, "a variance is not positive");
        double by = all[part[0]].data[from] / sqrt(variance);
        factor[c] = (float)by;
        term[c] = (float)(all[part[1]].data[from] - all[part[2]].data[from] * by);
    }
    return 0;
}

int mi_build_batch_norm(mi_build *b)
{
    mi_pictures x;
    int32_t training, part[4], scale, shift;
    float epsilon;
    int status = mi_build_pictures(b, 0, &x);
    if (status >= 0)
        status = mi_build_int(b, "training_mode", 0, 0, 0, &training);
    if (status >= 0)
        status = mi_build_int(b, "spatial", 1, 1, 1, &training);
    if (status >= 0)
        status = mi_build_float(b, "epsilon", 1e-5f, &epsilon);
    for (int32_t k = 0; status >= 0 && k < 4; k++)
        status = mi_build_vector(b, 1 + k, x.c, &part[k]);
    if (status < 0)
        return status;
    const mi_tensor t = b->graph->tensor[x.tensor];
    float *factor = NULL, *term = NULL;
    status = mi_build_values(b, t.c, &factor);
    if (status >= 0)
        status = mi_build_values(b, t.c, &term);
    if (status >= 0)
        status = normal_form(b, part, x.n, epsilon, factor, term);
    if (status < 0) {
        free(factor);
        free(term);
        return status;
    }
    status = mi_build_data(b, factor, t.c, 1, 1, &scale);
    if (status < 0) {
        free(term);
        return status;
    }
    status = mi_build_data(b, term, t.c, 1, 1, &shift);
    mi_node *node;
    if (status >= 0)
        status = mi_build_node(b, MI_OP_AFFINE, x.tensor, t.c, t.h, t.w, &node);
    if (status < 0)
        return status;
    mi_build_connect(b, node, scale);
    mi_build_connect(b, node, shift);
    return mi_build_out_pictures(b, 0, node->out, x.n, x.rank);
}
