/* Operators that move values: joining, cutting, padding, rearranging. */
#include "graph_build.h"

#include <string.h>

/* Where the axes c, h and w of a value lie among the model's four. */
static void places(const mi_value *x, int32_t place[3])
{
    place[0] = x->nhwc ? 3 : 1;
    place[1] = x->nhwc ? 1 : 2;
    place[2] = x->nhwc ? 2 : 3;
}

int mi_build_concat(mi_build *b)
{
    mi_value *first;
    int32_t axis, plain;
    int status = mi_build_run(b, 0, true, &first);
    if (status >= 0 && !mi_onnx_find(&b->model, b->at, "axis"))
        return mi_build_fail(b, MIEN_ERR_MODEL, "axis is missing");
    if (status >= 0)
        status = mi_build_int(b, "axis", 1, -4, 3, &axis);
    if (status >= 0)
        status = mi_build_axis(b, axis, 4, &plain);
    if (status < 0)
        return status;
    if (plain != (first->nhwc ? 3 : 1))
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "axis %d is not the channels", (int)axis);
    bool nhwc = first->nhwc;
    mi_tensor sum = *mi_build_tensor(b, first);
    int64_t c = sum.c;
    int32_t whole = first->tensor;
    mi_node *node = NULL;
    /* More inputs than a node has: the first ones are joined ahead. */
    for (int32_t k = 1; k < b->at->ins; k++) {
        mi_value *x;
        status = mi_build_run(b, k, true, &x);
        if (status < 0)
            return status;
        const mi_tensor t = *mi_build_tensor(b, x);
        if (t.h != sum.h || t.w != sum.w || x->nhwc != nhwc)
            return mi_build_fail(b, MIEN_ERR_MODEL, "input %d is %dx%d, not %dx%d", (int)k,
                                 (int)t.w, (int)t.h, (int)sum.w, (int)sum.h);
        if (!node || node->inputs == MI_NODE_INPUTS) {
            /* Its size is settled when it is full. */
            status = mi_build_node(b, MI_OP_CONCAT, whole, c, sum.h, sum.w, &node);
            if (status < 0)
                return status;
            whole = node->out;
        }
        mi_build_connect(b, node, x->tensor);
        c += t.c;
        if (c > MI_ONNX_VALUES_MAX / ((int64_t)sum.h * sum.w))
            return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "its result is too large");
        b->graph->tensor[whole].c = (int32_t)c;
    }
    return mi_build_out_run(b, 0, whole, nhwc);
}

/* Pads as four begins and four ends in the order of the model. */
static int read_pads(const mi_build *b, int64_t pad[8])
{
    int64_t list[8], axis[4] = {0, 1, 2, 3};
    int32_t count, axes;
    int status = mi_build_list(b, "pads", 1, list, 8, &count);
    if (status >= 0)
        status = mi_build_list(b, "axes", 3, axis, 4, &axes);
    if (status < 0)
        return status;
    axes = axes < 0 ? 4 : axes;
    if (count != 2 * axes)
        return mi_build_fail(b, MIEN_ERR_MODEL, "%d pads for %d dimensions", (int)count,
                             (int)axes);
    memset(pad, 0, 8 * sizeof *pad);
    for (int32_t k = 0; k < axes; k++) {
        int32_t at;
        status = mi_build_axis(b, axis[k], 4, &at);
        if (status < 0)
            return status;
        pad[at] = list[k];
        pad[4 + at] = list[axes + k];
    }
    for (int32_t k = 0; k < 8; k++)
        if (pad[k] < 0 || pad[k] > 1 << 20)
            return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "a pad of %lld", (long long)pad[k]);
    return 0;
}

static int pad_constant(const mi_build *b, float *value)
{
    *value = 0;
    if (mi_build_in(b, 2))
        return mi_build_scalar(b, 2, value);
    return mi_build_float(b, "value", 0, value);
}

int mi_build_pad(mi_build *b)
{
    static const char *const modes[] = {"constant", "edge", "reflect"};
    mi_value *x;
    int64_t pad[8];
    int32_t mode, place[3];
    float value = 0;
    int status = mi_build_run(b, 0, true, &x);
    if (status >= 0)
        status = mi_build_choice(b, "mode", modes, 3, &mode);
    if (status >= 0)
        status = read_pads(b, pad);
    if (status >= 0 && mode == MI_PAD_CONSTANT)
        status = pad_constant(b, &value);
    if (status < 0)
        return status;
    const mi_tensor t = *mi_build_tensor(b, x);
    const int32_t size[3] = {t.c, t.h, t.w};
    int64_t before[3], after[3];
    bool none = true;
    if (pad[0] || pad[4])
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "it pads the batch");
    places(x, place);
    for (int32_t k = 0; k < 3; k++) {
        before[k] = pad[place[k]];
        after[k] = pad[4 + place[k]];
        none = none && !before[k] && !after[k];
        if (mode == MI_PAD_REFLECT && (before[k] >= size[k] || after[k] >= size[k]))
            return mi_build_fail(b, MIEN_ERR_MODEL, "reflects more than there is (%d values)",
                                 (int)size[k]);
    }
    if (none)
        return mi_build_out_alias(b, x);
    mi_node *node;
    status = mi_build_node(b, MI_OP_PAD, x->tensor, t.c + before[0] + after[0],
                           t.h + before[1] + after[1], t.w + before[2] + after[2], &node);
    if (status < 0)
        return status;
    node->pad.front = (int32_t)before[0];
    node->pad.back = (int32_t)after[0];
    node->pad.t = (int32_t)before[1];
    node->pad.b = (int32_t)after[1];
    node->pad.l = (int32_t)before[2];
    node->pad.r = (int32_t)after[2];
    node->pad_mode = (mi_pad_mode)mode;
    node->pad_value = value;
    return mi_build_out_run(b, 0, node->out, x->nhwc);
}

int mi_build_depth_to_space(mi_build *b)
{
    static const char *const modes[] = {"DCR", "CRD"};
    mi_value *x;
    int32_t block, mode;
    int status = mi_build_run(b, 0, false, &x);
    if (status >= 0)
        status = mi_build_int(b, "blocksize", 0, 1, 256, &block);
    if (status >= 0)
        status = mi_build_choice(b, "mode", modes, 2, &mode);
    if (status < 0)
        return status;
    const mi_tensor t = *mi_build_tensor(b, x);
    /* Absent: the standard passes the range check of the function. */
    if (block < 1 || t.c % (block * block))
        return mi_build_fail(b, MIEN_ERR_MODEL, "blocksize %d does not fit %d channels",
                             (int)block, (int)t.c);
    mi_node *node;
    status = mi_build_node(b, MI_OP_DEPTH_TO_SPACE, x->tensor, t.c / (block * block),
                           (int64_t)t.h * block, (int64_t)t.w * block, &node);
    if (status < 0)
        return status;
    node->block = block;
    node->crd = mode;
    return mi_build_out_run(b, 0, node->out, false);
}

int mi_build_space_to_depth(mi_build *b)
{
    mi_value *x;
    int32_t block;
    int status = mi_build_run(b, 0, false, &x);
    if (status >= 0)
        status = mi_build_int(b, "blocksize", 0, 1, 256, &block);
    if (status < 0)
        return status;
    const mi_tensor t = *mi_build_tensor(b, x);
    if (block < 1 || t.h % block || t.w % block)
        return mi_build_fail(b, MIEN_ERR_MODEL, "blocksize %d does not fit %dx%d", (int)block,
                             (int)t.w, (int)t.h);
    mi_node *node;
    status = mi_build_node(b, MI_OP_SPACE_TO_DEPTH, x->tensor, (int64_t)t.c * block * block,
                           t.h / block, t.w / block, &node);
    if (status < 0)
        return status;
    node->block = block;
    return mi_build_out_run(b, 0, node->out, false);
}

static int emit_slice(mi_build *b, int32_t k, const mi_value *x, const mi_slice *s)
{
    int32_t place[3];
    places(x, place);
    mi_node *node;
    int status = mi_build_node(b, MI_OP_SLICE, x->tensor, s->count[place[0]], s->count[place[1]],
                               s->count[place[2]], &node);
    if (status < 0)
        return status;
    node->begin.c = (int32_t)s->begin[place[0]];
    node->begin.h = (int32_t)s->begin[place[1]];
    node->begin.w = (int32_t)s->begin[place[2]];
    node->step.c = (int32_t)s->step[place[0]];
    node->step.h = (int32_t)s->step[place[1]];
    node->step.w = (int32_t)s->step[place[2]];
    return mi_build_out_run(b, k, node->out, x->nhwc);
}

int mi_build_slices(mi_build *b)
{
    mi_value *x;
    mi_slice slice;
    int32_t rank;
    int64_t dim[MI_ONNX_RANK];
    int status = mi_build_run(b, 0, true, &x);
    if (status < 0)
        return status;
    mi_build_dims(b, x, &rank, dim);
    status = mi_build_slice(b, rank, dim, &slice);
    if (status < 0)
        return status;
    bool all = true;
    for (int32_t k = 0; k < rank; k++) {
        if (slice.step[k] < 1)
            return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "a step of %lld",
                                 (long long)slice.step[k]);
        /* A step that leads nowhere needs no room in a shader's arithmetic. */
        if (slice.count[k] <= 1)
            slice.step[k] = 1;
        all = all && slice.count[k] == dim[k];
    }
    if (slice.count[0] != 1)
        return mi_build_fail(b, MIEN_ERR_MODEL, "its result is empty");
    return all ? mi_build_out_alias(b, x) : emit_slice(b, 0, x, &slice);
}

/* Each part is a slice. */
int mi_build_split(mi_build *b)
{
    mi_value *x;
    int32_t axis, plain, rank, sizes, outs = b->at->outs;
    int64_t dim[MI_ONNX_RANK], size[64];
    int status = mi_build_run(b, 0, true, &x);
    if (status >= 0)
        status = mi_build_int(b, "axis", 0, -4, 3, &axis);
    if (status >= 0)
        status = mi_build_axis(b, axis, 4, &plain);
    if (status >= 0)
        status = mi_build_list(b, "split", 1, size, 64, &sizes);
    if (status < 0)
        return status;
    const mi_value from = *x;
    mi_build_dims(b, &from, &rank, dim);
    if (plain == 0 || outs > 64 || (sizes >= 0 && sizes != outs))
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "%d parts along axis %d", (int)outs,
                             (int)axis);
    int64_t each = outs ? (dim[plain] + outs - 1) / outs : 0, at = 0;
    for (int32_t k = 0; k < outs; k++) {
        mi_slice slice = {.begin = {0}, .step = {1, 1, 1, 1}};
        memcpy(slice.count, dim, sizeof slice.count);
        int64_t left = dim[plain] - at, part = each < left ? each : left;
        if (sizes >= 0)
            part = size[k];
        if (part < 1 || part > left)
            return mi_build_fail(b, MIEN_ERR_MODEL, "part %d has %lld of %lld values", (int)k,
                                 (long long)part, (long long)left);
        slice.begin[plain] = at;
        slice.count[plain] = part;
        status = emit_slice(b, k, &from, &slice);
        if (status < 0)
            return status;
        at += part;
    }
    return 0;
}

/* Only between N,C,H,W and N,H,W,C, which changes how the model names the axes and nothing else. */
int mi_build_transpose(mi_build *b)
{
    static const int64_t same[4] = {0, 1, 2, 3}, to_nhwc[4] = {0, 2, 3, 1},
                         to_nchw[4] = {0, 3, 1, 2};
    mi_value *x;
    int64_t perm[4];
    int32_t count;
    int status = mi_build_run(b, 0, true, &x);
    if (status >= 0)
        status = mi_build_list(b, "perm", -1, perm, 4, &count);
    if (status < 0)
        return status;
    if (count == 4 && memcmp(perm, same, sizeof same) == 0)
        return mi_build_out_alias(b, x);
    if (count == 4 && memcmp(perm, x->nhwc ? to_nchw : to_nhwc, sizeof perm) == 0)
        return mi_build_out_run(b, 0, x->tensor, !x->nhwc);
    return mi_build_fail(b, MIEN_ERR_UNSUPPORTED,
                         "only between N,C,H,W and N,H,W,C");
}
