/* Tensors with the axes that an operator needs. A tensor that has them is used as it lies; any
 * other one is copied, or made if it is a constant. */
#include "graph_build.h"

#include <stdlib.h>
#include <string.h>

/* Kernels read the numbers of a copy as floats. */
enum { COPY_SIZE_MAX = 1 << 24 };

static int too_many(const mi_build *b)
{
    return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "too many dimensions in one");
}

static int emit_copy(mi_build *b, int32_t from, const mi_layout *layout, const mi_copy *copy,
                     int32_t *tensor)
{
    int32_t size[MI_AXES];
    mi_node *node;
    mi_layout_size(layout, size);
    for (int32_t k = 0; k < MI_AXES; k++)
        if (size[k] > COPY_SIZE_MAX)
            return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "a dimension of %d is too large",
                                 (int)size[k]);
    int status = mi_build_node(b, MI_OP_COPY, from, size[0], size[1], size[2], &node);
    if (status < 0)
        return status;
    node->copy = *copy;
    *tensor = node->out;
    return 0;
}

int mi_build_lay(mi_build *b, const mi_value *x, const mi_layout *layout, int32_t *tensor)
{
    mi_copy copy;
    *tensor = x->tensor;
    if (mi_layout_same(&x->layout, layout))
        return 0;
    mi_value plain = *x;
    if (!mi_layout_copy(&x->layout, layout, &copy)) {
        /* One part a dimension in between, which any parts can be copied to and from. */
        mi_layout_plain(&plain.layout, x->layout.rank, x->layout.dim);
        if (!mi_layout_copy(&x->layout, &plain.layout, &copy))
            return too_many(b);
        int status = emit_copy(b, x->tensor, &plain.layout, &copy, &plain.tensor);
        if (status < 0)
            return status;
        if (!mi_layout_copy(&plain.layout, layout, &copy))
            return too_many(b);
    }
    return emit_copy(b, plain.tensor, layout, &copy, tensor);
}

/* What of `layout` an operand with these dimensions needs: an axis is whole or left out. */
static void needed_part(const mi_layout *layout, const int32_t *dim, mi_layout *need)
{
    uint32_t whole = 0;
    for (int32_t k = 0; k < layout->rank; k++)
        if (dim[k] > 1)
            whole |= 1u << k;
    for (uint32_t before = ~whole; before != whole;) {
        uint32_t axes = 0;
        before = whole;
        for (int32_t k = 0; k < layout->parts; k++)
            if (whole >> layout->part[k].dim & 1)
                axes |= 1u << layout->part[k].axis;
        for (int32_t k = 0; k < layout->parts; k++)
            if (axes >> layout->part[k].axis & 1)
                whole |= 1u << layout->part[k].dim;
    }
    *need = *layout;
    need->parts = 0;
    for (int32_t k = 0; k < layout->rank; k++)
        need->dim[k] = whole >> k & 1 ? layout->dim[k] : 1;
    for (int32_t k = 0; k < layout->parts; k++)
        if (whole >> layout->part[k].dim & 1)
            need->part[need->parts++] = layout->part[k];
}

/* Which of the constant's values stands at a place. */
static int64_t const_place(const mi_const *con, const mi_layout *layout, const int32_t *at)
{
    int64_t digit[MI_LAYOUT_RANK] = {0}, place = 0;
    for (int32_t k = 0; k < layout->parts; k++) {
        const mi_part *p = &layout->part[k];
        digit[p->dim] = digit[p->dim] * p->size + at[p->axis] / p->stride % p->size;
    }
    for (int32_t k = 0; k < con->rank; k++)
        place = place * con->dim[k] +
                (con->dim[k] > 1 ? digit[layout->rank - con->rank + k] : 0);
    return place;
}

static int lay_constant(mi_build *b, const mi_const *con, const mi_layout *layout,
                        int32_t *tensor)
{
    int32_t size[MI_AXES], at[MI_AXES];
    mi_layout_size(layout, size);
    int64_t count = (int64_t)size[0] * size[1] * size[2];
    float *data, *to;
    int status = mi_build_values(b, count, &data);
    if (status < 0)
        return status;
    to = data;
    for (at[0] = 0; at[0] < size[0]; at[0]++)
        for (at[1] = 0; at[1] < size[1]; at[1]++)
            for (at[2] = 0; at[2] < size[2]; at[2]++) {
                int64_t from = const_place(con, layout, at);
                *to++ = con->is_int ? (float)con->i[from] : con->f[from];
            }
    return mi_build_data(b, data, size[0], size[1], size[2], tensor);
}

int mi_build_operand(mi_build *b, const mi_value *x, const mi_layout *layout, int32_t *tensor)
{
    int32_t dim[MI_LAYOUT_RANK], rank;
    int64_t have[MI_ONNX_RANK];
    mi_layout need;
    mi_build_dims(x, &rank, have);
    for (int32_t k = 0; k < layout->rank; k++) {
        int32_t from = k - (layout->rank - rank);
        dim[k] = from < 0 ? 1 : (int32_t)have[from];
    }
    needed_part(layout, dim, &need);
    if (x->kind == MI_VALUE_CONST)
        return lay_constant(b, &x->con, &need, tensor);
    mi_value wide = *x;
    mi_layout_widen(&wide.layout, layout->rank);
    return mi_build_lay(b, &wide, &need, tensor);
}

int mi_build_reshaped(mi_build *b, const mi_value *x, int32_t rank, const int32_t *dim,
                      mi_value *out)
{
    const mi_value from = *x;
    *out = *x;
    if (mi_layout_reshape(&from.layout, rank, dim, &out->layout))
        return 0;
    /* In the model's order along one axis the values can be cut anywhere. */
    int32_t count[1] = {1};
    mi_axis axis[MI_LAYOUT_RANK];
    mi_layout line;
    for (int32_t k = 0; k < from.layout.rank; k++) {
        axis[k] = MI_AXIS_W;
        count[0] *= from.layout.dim[k];
    }
    mi_layout_make(&line, from.layout.rank, from.layout.dim, axis, -1);
    int status = mi_build_lay(b, &from, &line, &out->tensor);
    if (status < 0)
        return status;
    mi_layout_plain(&line, 1, count);
    if (!mi_layout_reshape(&line, rank, dim, &out->layout))
        return mi_build_fail(b, MIEN_ERR_MODEL, "a shape that does not fit");
    return 0;
}

/* The dimensions that are not in `taken` onto w, h and then c, the last ones first; w and h only
 * where they are free. */
static void spread(const mi_layout *layout, uint32_t taken, bool h_free, bool w_free,
                   mi_axis axis[MI_LAYOUT_RANK])
{
    for (int32_t k = layout->rank - 1; k >= 0; k--) {
        if (taken >> k & 1)
            continue;
        axis[k] = w_free ? MI_AXIS_W : h_free ? MI_AXIS_H : MI_AXIS_C;
        if (w_free)
            w_free = false;
        else
            h_free = false;
    }
}

/* Is `dim` the most significant part of c, or its only one? */
static bool leads_c(const mi_layout *l, int32_t dim, bool outer)
{
    int32_t size[MI_AXES], parts = 0, c = 1;
    mi_layout_size(l, size);
    for (int32_t k = 0; k < l->parts; k++) {
        const mi_part *p = &l->part[k];
        if (p->dim == dim) {
            parts++;
            if (p->axis != MI_AXIS_C || p->stride * p->size != size[MI_AXIS_C])
                return false;
            c = p->size;
        }
    }
    /* One of size 1 leads only what has nothing else. */
    return parts == (l->dim[dim] > 1) && (outer ? parts || size[0] == 1 : c == size[MI_AXIS_C]);
}

int mi_build_on_c(mi_build *b, const mi_value *x, int32_t dim, bool outer, mi_value *out)
{
    mi_axis axis[MI_LAYOUT_RANK];
    const mi_value from = *x;
    *out = *x;
    if (leads_c(&from.layout, dim, outer))
        return 0;
    axis[dim] = MI_AXIS_C;
    spread(&from.layout, 1u << dim, true, true, axis);
    if (!outer)
        for (int32_t k = 0; k < from.layout.rank; k++)
            if (k != dim && axis[k] == MI_AXIS_C)
                axis[k] = MI_AXIS_H;
    mi_layout_make(&out->layout, from.layout.rank, from.layout.dim, axis, outer ? dim : -1);
    return mi_build_lay(b, &from, &out->layout, &out->tensor);
}

int mi_build_alone(mi_build *b, const mi_value *x, uint32_t alone, mi_value *out,
                   mi_axis axis[MI_LAYOUT_RANK])
{
    const mi_value from = *x;
    const mi_layout *l = &from.layout;
    bool there = true;
    int32_t count = 0;
    *out = *x;
    for (int32_t k = 0; k < l->rank; k++) {
        axis[k] = mi_layout_alone(l, k);
        if (alone >> k & 1) {
            there = there && axis[k] != MI_AXES;
            count++;
        }
    }
    if (there)
        return 0;
    /* w to the last of them, h to the one before; the rest shares what is left. */
    static const mi_axis order[MI_AXES] = {MI_AXIS_W, MI_AXIS_H, MI_AXIS_C};
    int32_t given = 0, others = 0;
    for (int32_t k = l->rank - 1; k >= 0; k--) {
        if (alone >> k & 1)
            axis[k] = order[given < MI_AXES ? given++ : MI_AXIS_C];
        else
            others += l->dim[k] > 1;
    }
    if (count > MI_AXES || (count == MI_AXES && others))
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "changes %d dimensions of %d at once",
                             (int)count, (int)l->rank);
    spread(l, alone, count < 2, count < 1, axis);
    mi_layout_make(&out->layout, l->rank, l->dim, axis, -1);
    return mi_build_lay(b, &from, &out->layout, &out->tensor);
}

int mi_build_resized(const mi_build *b, mi_layout *layout, int32_t dim, mi_axis axis,
                     int32_t size)
{
    return mi_layout_resize(layout, dim, axis, size) ? 0 : too_many(b);
}

static void four_dims(const mi_pictures *p, int32_t rank, int32_t dim[4])
{
    dim[0] = p->n;
    dim[1] = p->c;
    dim[2] = rank == 4 ? p->h : p->w;
    dim[3] = p->w;
}

int mi_build_pictures(mi_build *b, int32_t k, mi_pictures *p)
{
    static const mi_axis axis[4] = {MI_AXIS_C, MI_AXIS_C, MI_AXIS_H, MI_AXIS_W};
    static const mi_axis line[3] = {MI_AXIS_C, MI_AXIS_C, MI_AXIS_W};
    mi_value *x;
    mi_layout layout;
    memset(p, 0, sizeof *p);
    int status = mi_build_run(b, k, &x);
    if (status < 0)
        return status;
    const mi_layout *l = &x->layout;
    if (l->rank < 2 || l->rank > 4)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "input %d has %d dimensions, not 4", (int)k,
                             (int)l->rank);
    *p = (mi_pictures){.rank = l->rank, .n = l->dim[0], .c = l->dim[1], .h = 1, .w = 1};
    if (l->rank == 4)
        p->h = l->dim[2];
    if (l->rank >= 3)
        p->w = l->dim[l->rank - 1];
    mi_layout_make(&layout, l->rank, l->dim, l->rank == 4 ? axis : line, -1);
    return mi_build_lay(b, x, &layout, &p->tensor);
}

int mi_build_out_pictures(mi_build *b, int32_t k, int32_t tensor, int32_t n, int32_t rank)
{
    static const mi_axis axis[4] = {MI_AXIS_C, MI_AXIS_C, MI_AXIS_H, MI_AXIS_W};
    static const mi_axis line[3] = {MI_AXIS_C, MI_AXIS_C, MI_AXIS_W};
    const mi_tensor *t = &b->graph->tensor[tensor];
    mi_pictures p = {.n = n, .c = t->c / n, .h = t->h, .w = t->w};
    mi_value out = {.kind = MI_VALUE_RUN, .tensor = tensor};
    int32_t dim[4];
    four_dims(&p, rank, dim);
    mi_layout_make(&out.layout, rank, dim, rank == 4 ? axis : line, -1);
    return mi_build_out(b, k, &out);
}
