/* Convolutions and pools. */
#include "graph_build.h"

#include <string.h>

enum { WINDOW_MAX = 32767 };

typedef enum auto_pad { NOTSET = 0, VALID, SAME_UPPER, SAME_LOWER } auto_pad;
static const char *const auto_pad_text[] = {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"};

/* Index 0: rows, 1: columns. */
typedef struct window {
    int64_t size[2], stride[2], dilation[2], before[2], after[2];
    int32_t mode; /* auto_pad */
} window;

/* One number per dimension of the picture; a line of pixels has one dimension, its columns. */
static int read_pair(const mi_build *b, const char *name, int32_t sides, int64_t standard,
                     int64_t min, int64_t pair[2])
{
    int32_t count;
    int status = mi_build_list(b, name, -1, pair, 2, &count);
    if (status < 0)
        return status;
    if (count < 0) {
        pair[0] = pair[1] = standard;
        return 0;
    }
    if (count != sides)
        return mi_build_fail(b, MIEN_ERR_MODEL, "%s has %d values, not %d", name, (int)count,
                             (int)sides);
    if (sides == 1) {
        pair[1] = pair[0];
        pair[0] = standard > 0 ? standard : min;
    }
    for (int32_t k = 0; k < 2; k++)
        if (pair[k] < min || pair[k] > WINDOW_MAX)
            return mi_build_fail(b, MIEN_ERR_MODEL, "%s has the value %lld", name,
                                 (long long)pair[k]);
    return 0;
}

/* `sides`: 2, or 1 for a line. `weight_size`: the kernel as the weight has it, or NULL. */
static int read_window(const mi_build *b, int32_t sides, const int64_t *weight_size, window *win)
{
    int status = read_pair(b, "kernel_shape", sides, 0, 1, win->size);
    if (status >= 0)
        status = read_pair(b, "strides", sides, 1, 1, win->stride);
    if (status >= 0)
        status = read_pair(b, "dilations", sides, 1, 1, win->dilation);
    if (status >= 0)
        status = mi_build_choice(b, "auto_pad", auto_pad_text, 4, &win->mode);
    if (status < 0)
        return status;
    for (int32_t k = 0; k < 2; k++) {
        if (weight_size && win->size[k] && win->size[k] != weight_size[k])
            return mi_build_fail(b, MIEN_ERR_MODEL, "kernel_shape does not fit the weight");
        if (weight_size)
            win->size[k] = weight_size[k];
        if (win->size[k] < 1 || win->size[k] > WINDOW_MAX)
            return mi_build_fail(b, MIEN_ERR_MODEL, "kernel size %lld", (long long)win->size[k]);
    }
    int64_t pad[4] = {0, 0, 0, 0};
    int32_t count;
    status = mi_build_list(b, "pads", -1, pad, 4, &count);
    if (status < 0)
        return status;
    if (count >= 0 && count != 2 * sides)
        return mi_build_fail(b, MIEN_ERR_MODEL, "pads has %d values, not %d", (int)count,
                             2 * (int)sides);
    if (count == 2) {
        pad[3] = pad[1];
        pad[1] = pad[0];
        pad[0] = 0;
    }
    for (int32_t k = 0; k < 4; k++)
        if (pad[k] < 0 || pad[k] > WINDOW_MAX)
            return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "pads has the value %lld",
                                 (long long)pad[k]);
    for (int32_t k = 0; k < 2; k++) {
        win->before[k] = win->mode == NOTSET ? pad[k] : 0;
        win->after[k] = win->mode == NOTSET ? pad[2 + k] : 0;
    }
    return 0;
}

static int64_t reach(const window *win, int32_t k)
{
    return (win->size[k] - 1) * win->dilation[k] + 1;
}

/* Output size of a convolution or pool; settles the pads of SAME. 0: the window does not fit. */
static int64_t slide(window *win, int32_t k, int64_t in, bool ceil_mode)
{
    int64_t stride = win->stride[k];
    if (win->mode == SAME_UPPER || win->mode == SAME_LOWER) {
        int64_t out = (in + stride - 1) / stride;
        int64_t total = (out - 1) * stride + reach(win, k) - in;
        total = total > 0 ? total : 0;
        win->before[k] = win->mode == SAME_UPPER ? total / 2 : total - total / 2;
        win->after[k] = total - win->before[k];
        return out;
    }
    int64_t free_steps = in + win->before[k] + win->after[k] - reach(win, k);
    if (free_steps < 0)
        return 0;
    int64_t out = (free_steps + (ceil_mode ? stride - 1 : 0)) / stride + 1;
    /* A window must not begin behind the picture. */
    if (ceil_mode && (out - 1) * stride >= in + win->before[k])
        out--;
    return out;
}

static void put_window(const window *win, int32_t groups, mi_node *node)
{
    node->conv.kh = (int32_t)win->size[0];
    node->conv.kw = (int32_t)win->size[1];
    node->conv.stride_h = (int32_t)win->stride[0];
    node->conv.stride_w = (int32_t)win->stride[1];
    node->conv.dilation_h = (int32_t)win->dilation[0];
    node->conv.dilation_w = (int32_t)win->dilation[1];
    node->conv.groups = groups;
    node->conv.pad_t = (int32_t)win->before[0];
    node->conv.pad_l = (int32_t)win->before[1];
    node->conv.pad_b = (int32_t)win->after[0];
    node->conv.pad_r = (int32_t)win->after[1];
}

typedef struct filter {
    mi_pictures x;
    int32_t weight, bias, groups; /* with those of all pictures of the batch */
    int64_t dim[4];               /* of the weight */
    window win;
} filter;

/* The pictures of a batch lie with the channels: `n` groups of groups, each with the same
 * constants. */
static int repeat(mi_build *b, int32_t n, int32_t *tensor)
{
    if (n == 1 || *tensor < 0)
        return 0;
    const mi_tensor t = b->graph->tensor[*tensor];
    int64_t count = (int64_t)t.c * t.h * t.w;
    float *data;
    int status = mi_build_values(b, n * count, &data);
    if (status < 0)
        return status;
    for (int32_t k = 0; k < n; k++)
        memcpy(data + k * count, t.data, (size_t)count * sizeof *data);
    return mi_build_data(b, data, n * t.c, t.h, t.w, tensor);
}

/* What both convolutions share. */
static int read_filter(mi_build *b, bool transposed, filter *f)
{
    int status = mi_build_pictures(b, 0, &f->x);
    if (status < 0)
        return status;
    mi_value *weight = mi_build_in(b, 1);
    if (!weight || weight->kind != MI_VALUE_CONST)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "the weight is not constant");
    if (weight->con.rank != f->x.rank || f->x.rank < 3 || weight->con.count == 0)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "a weight of %d dimensions for %d",
                             (int)weight->con.rank, (int)f->x.rank);
    for (int32_t k = 0; k < 4; k++)
        f->dim[k] = weight->con.dim[k];
    if (f->x.rank == 3) {
        f->dim[3] = f->dim[2];
        f->dim[2] = 1;
    }
    status = mi_build_int(b, "group", 1, 1, 1 << 20, &f->groups);
    if (status >= 0)
        status = read_window(b, f->x.rank - 2, &f->dim[2], &f->win);
    if (status < 0)
        return status;
    int64_t per_group = transposed ? f->x.c : f->dim[0];
    int64_t wanted = transposed ? f->dim[0] : f->dim[1] * f->groups;
    if (f->x.c != wanted || per_group % f->groups)
        return mi_build_fail(b, MIEN_ERR_MODEL,
                             "%d channels do not fit a weight of %lldx%lld in %d groups",
                             (int)f->x.c, (long long)f->dim[0], (long long)f->dim[1],
                             (int)f->groups);
    f->bias = -1;
    if (mi_build_in(b, 2))
        status = mi_build_vector(b, 2, transposed ? f->dim[1] * f->groups : f->dim[0], &f->bias);
    if (status >= 0)
        status = mi_build_form(b, weight, MI_FORM_WEIGHT, &f->weight);
    if (status >= 0)
        status = repeat(b, f->x.n, &f->weight);
    if (status >= 0)
        status = repeat(b, f->x.n, &f->bias);
    f->groups *= f->x.n;
    return status;
}

static int emit_filter(mi_build *b, mi_op op, const filter *f, const int64_t out[3])
{
    mi_node *node;
    int status = mi_build_node(b, op, f->x.tensor, f->x.n * out[0], out[1], out[2], &node);
    if (status < 0)
        return status;
    put_window(&f->win, f->groups, node);
    mi_build_connect(b, node, f->weight);
    mi_build_connect(b, node, f->bias);
    return mi_build_out_pictures(b, 0, node->out, f->x.n, f->x.rank);
}

int mi_build_conv(mi_build *b)
{
    filter f;
    int status = read_filter(b, false, &f);
    if (status < 0)
        return status;
    int64_t out[3] = {f.dim[0], slide(&f.win, 0, f.x.h, false), slide(&f.win, 1, f.x.w, false)};
    return emit_filter(b, MI_OP_CONV, &f, out);
}

/* The pads of a given output size: as the operator's text says, the larger half lies at the end
 * for SAME_UPPER and at the beginning otherwise. */
static void crop(window *win, int32_t k, int64_t total)
{
    total = total > 0 ? total : 0;
    int64_t small = total / 2;
    win->before[k] = win->mode == SAME_UPPER ? small : total - small;
    win->after[k] = total - win->before[k];
}

int mi_build_conv_transpose(mi_build *b)
{
    filter f;
    int64_t more[2], fixed[4];
    int32_t fixes;
    int status = read_filter(b, true, &f);
    if (status >= 0)
        status = read_pair(b, "output_padding", f.x.rank - 2, 0, 0, more);
    if (status >= 0)
        status = mi_build_list(b, "output_shape", -1, fixed, 4, &fixes);
    if (status < 0)
        return status;
    int32_t sides = f.x.rank - 2;
    if (fixes > 0 && fixes != sides && fixes != f.x.rank)
        return mi_build_fail(b, MIEN_ERR_MODEL, "output_shape has %d values", (int)fixes);
    for (int32_t k = 0; k < fixes; k++)
        if (fixed[k] < 1 || fixed[k] > MI_ONNX_VALUES_MAX)
            return mi_build_fail(b, MIEN_ERR_MODEL, "output_shape has the value %lld",
                                 (long long)fixed[k]);
    const int64_t in[2] = {f.x.h, f.x.w};
    int64_t out[3] = {f.dim[1] * f.groups / f.x.n, 0, 0};
    for (int32_t k = 0; k < 2; k++) {
        int64_t stride = f.win.stride[k];
        int64_t whole = stride * (in[k] - 1) + more[k] + reach(&f.win, k);
        if (fixes > 0 && (sides == 2 || k == 1)) {
            out[1 + k] = fixed[fixes - 2 + k];
            crop(&f.win, k, whole - out[1 + k]);
        } else {
            if (f.win.mode == SAME_UPPER || f.win.mode == SAME_LOWER)
                crop(&f.win, k, whole - stride * in[k]);
            out[1 + k] = whole - f.win.before[k] - f.win.after[k];
        }
        if (f.win.before[k] > WINDOW_MAX || f.win.after[k] > WINDOW_MAX)
            return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "crops %lld values",
                                 (long long)(f.win.before[k] + f.win.after[k]));
    }
    return emit_filter(b, MI_OP_CONV_TRANSPOSE, &f, out);
}

static int zero_border(mi_build *b, const window *win, int32_t *x)
{
    const mi_tensor t = b->graph->tensor[*x];
    mi_node *node;
    int status = mi_build_node(b, MI_OP_PAD, *x, t.c, t.h + win->before[0] + win->after[0],
                               t.w + win->before[1] + win->after[1], &node);
    if (status < 0)
        return status;
    node->pad.t = (int32_t)win->before[0];
    node->pad.l = (int32_t)win->before[1];
    node->pad.b = (int32_t)win->after[0];
    node->pad.r = (int32_t)win->after[1];
    *x = node->out;
    return 0;
}

static int build_pool(mi_build *b, mi_op op)
{
    mi_pictures x;
    window win;
    int32_t ceil_mode, count_pads = 0, column_major;
    if (b->at->outs > 1)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "a second output");
    int status = mi_build_pictures(b, 0, &x);
    if (status >= 0 && x.rank < 3)
        return mi_build_fail(b, MIEN_ERR_MODEL, "input 0 has 2 dimensions");
    if (status >= 0)
        status = read_window(b, x.rank - 2, NULL, &win);
    if (status >= 0)
        status = mi_build_int(b, "ceil_mode", 0, 0, 1, &ceil_mode);
    if (status >= 0)
        status = mi_build_int(b, "storage_order", 0, 0, 1, &column_major); /* of the 2nd output */
    if (status >= 0 && op == MI_OP_AVERAGE_POOL)
        status = mi_build_int(b, "count_include_pad", 0, 0, 1, &count_pads);
    if (status < 0)
        return status;
    int64_t h = slide(&win, 0, x.h, ceil_mode), w = slide(&win, 1, x.w, ceil_mode);
    bool border = false;
    for (int32_t k = 0; k < 2; k++) {
        /* Otherwise a window could hold no value at all. */
        if (win.before[k] >= reach(&win, k) || win.after[k] >= reach(&win, k))
            return mi_build_fail(b, MIEN_ERR_MODEL, "a pad is not smaller than the kernel");
        border = border || win.before[k] || win.after[k];
    }
    int32_t from = x.tensor;
    if (count_pads && border) {
        status = zero_border(b, &win, &from);
        if (status < 0)
            return status;
        for (int32_t k = 0; k < 2; k++)
            win.before[k] = win.after[k] = 0;
    }
    mi_node *node;
    status = mi_build_node(b, op, from, (int64_t)x.n * x.c, h, w, &node);
    if (status < 0)
        return status;
    put_window(&win, 1, node);
    return mi_build_out_pictures(b, 0, node->out, x.n, x.rank);
}

int mi_build_max_pool(mi_build *b)
{
    return build_pool(b, MI_OP_MAX_POOL);
}

int mi_build_average_pool(mi_build *b)
{
    return build_pool(b, MI_OP_AVERAGE_POOL);
}

/* Over all dimensions behind the channels. */
int mi_build_global_pool(mi_build *b)
{
    mi_value *x, out;
    bool is_max = mi_view_is(b->at->type, "GlobalMaxPool");
    int status = mi_build_run(b, 0, &x);
    if (status < 0)
        return status;
    if (x->layout.rank < 3)
        return mi_build_fail(b, MIEN_ERR_MODEL, "input 0 has %d dimensions",
                             (int)x->layout.rank);
    status = mi_build_reduction(b, is_max ? MI_REDUCE_MAX : MI_REDUCE_MEAN, x,
                                (1u << x->layout.rank) - 4u, &out);
    return status < 0 ? status : mi_build_out(b, 0, &out);
}
