/* Constant folding: operators that read shapes or move constants about. */
#include "graph_build.h"

#include <math.h>
#include <string.h>

static int new_const(mi_build *b, mi_const *out, bool is_int, int32_t rank, const int64_t *dim)
{
    int status = mi_const_init(out, is_int, rank, dim, &b->budget);
    if (status < 0)
        return mi_build_fail(b, status, "its constant result is too large");
    return 0;
}

static int done(mi_build *b, mi_const *out)
{
    int status = mi_build_out_const(b, 0, out);
    return status < 0 ? status : 1;
}

static void copy_value(mi_const *out, int64_t to, const mi_const *in, int64_t from)
{
    if (out->is_int)
        out->i[to] = in->i[from];
    else
        out->f[to] = in->f[from];
}

static void copy_all(mi_const *out, const mi_const *in)
{
    for (int64_t k = 0; k < out->count; k++)
        copy_value(out, k, in, k);
}

static int bad(const mi_build *b)
{
    return mi_build_fail(b, MIEN_ERR_MODEL, "its inputs do not fit");
}

static int fold_shape_of(mi_build *b)
{
    const mi_value *x = mi_build_in(b, 0);
    int32_t rank, start, end;
    int64_t dim[MI_ONNX_RANK], total = 1;
    if (!x)
        return bad(b);
    mi_build_dims(x, &rank, dim);
    mi_const out;
    if (mi_view_is(b->at->type, "Size")) {
        for (int32_t k = 0; k < rank; k++)
            total *= dim[k]; /* of a value that exists */
        int status = new_const(b, &out, true, 0, dim);
        if (status < 0)
            return status;
        out.i[0] = total;
        return done(b, &out);
    }
    int status = mi_build_int(b, "start", 0, -64, 64, &start);
    if (status >= 0)
        status = mi_build_int(b, "end", rank, -64, 64, &end);
    if (status < 0)
        return status;
    start = start < 0 ? start + rank : start;
    end = end < 0 ? end + rank : end;
    start = start < 0 ? 0 : start > rank ? rank : start;
    end = end < start ? start : end > rank ? rank : end;
    int64_t count[1] = {end - start};
    status = new_const(b, &out, true, 1, count);
    if (status < 0)
        return status;
    for (int32_t k = start; k < end; k++)
        out.i[k - start] = dim[k];
    return done(b, &out);
}

static int fold_gather(mi_build *b)
{
    const mi_value *data = mi_build_in(b, 0), *indices = mi_build_in(b, 1);
    int32_t axis;
    if (!indices || !indices->con.is_int)
        return bad(b);
    const mi_const *x = &data->con, *index = &indices->con;
    int status = mi_build_int(b, "axis", 0, -MI_ONNX_RANK, MI_ONNX_RANK - 1, &axis);
    if (status >= 0)
        status = mi_build_axis(b, axis, x->rank, &axis);
    if (status < 0)
        return status;
    int32_t rank = x->rank - 1 + index->rank;
    if (rank > MI_ONNX_RANK)
        return bad(b);
    int64_t dim[MI_ONNX_RANK], inner = 1, outer = 1;
    for (int32_t k = 0; k < axis; k++)
        outer *= dim[k] = x->dim[k];
    for (int32_t k = 0; k < index->rank; k++)
        dim[axis + k] = index->dim[k];
    for (int32_t k = axis + 1; k < x->rank; k++)
        inner *= dim[index->rank - 1 + k] = x->dim[k];
    mi_const out;
    status = new_const(b, &out, x->is_int, rank, dim);
    if (status < 0)
        return status;
    int64_t size = x->dim[axis];
    if (!out.count)
        return done(b, &out);
    for (int64_t k = 0; k < index->count; k++) {
        int64_t from = index->i[k] < 0 ? index->i[k] + size : index->i[k];
        if (from < 0 || from >= size) {
            mi_const_finish(&out);
            return mi_build_fail(b, MIEN_ERR_MODEL, "index %lld of %lld values",
                                 (long long)index->i[k], (long long)size);
        }
        for (int64_t o = 0; o < outer; o++)
            for (int64_t i = 0; i < inner; i++)
                copy_value(&out, (o * index->count + k) * inner + i, x,
                           (o * size + from) * inner + i);
    }
    return done(b, &out);
}

static int fold_concat(mi_build *b)
{
    const mi_const *first = &mi_build_in(b, 0)->con;
    int32_t axis;
    int status = mi_build_int(b, "axis", 0, -MI_ONNX_RANK, MI_ONNX_RANK - 1, &axis);
    if (status >= 0)
        status = mi_build_axis(b, axis, first->rank, &axis);
    if (status < 0)
        return status;
    int64_t dim[MI_ONNX_RANK], outer = 1, inner = 1, at = 0;
    memcpy(dim, first->dim, sizeof dim);
    dim[axis] = 0;
    for (int32_t n = 0; n < b->at->ins; n++) {
        const mi_value *in = mi_build_in(b, n);
        if (!in || in->con.rank != first->rank || in->con.is_int != first->is_int)
            return bad(b);
        for (int32_t k = 0; k < first->rank; k++)
            if (k != axis && in->con.dim[k] != dim[k])
                return bad(b);
        dim[axis] += in->con.dim[axis]; /* each at most 2^28, at most 2^20 of them */
    }
    mi_const out;
    status = new_const(b, &out, first->is_int, first->rank, dim);
    if (status < 0)
        return status;
    if (!out.count)
        return done(b, &out);
    for (int32_t k = 0; k < axis; k++)
        outer *= dim[k];
    for (int32_t k = axis + 1; k < first->rank; k++)
        inner *= dim[k];
    for (int32_t n = 0; n < b->at->ins; n++) {
        const mi_const *x = &mi_build_in(b, n)->con;
        int64_t part = x->dim[axis] * inner;
        for (int64_t o = 0; o < outer; o++)
            for (int64_t i = 0; i < part; i++)
                copy_value(&out, (o * dim[axis] + at) * inner + i, x, o * part + i);
        at += x->dim[axis];
    }
    return done(b, &out);
}

/* The same values with other dimensions. */
static int reshaped(mi_build *b, int32_t rank, const int64_t *dim)
{
    const mi_const *x = &mi_build_in(b, 0)->con;
    mi_const out;
    int status = new_const(b, &out, x->is_int, rank, dim);
    if (status < 0)
        return status;
    if (out.count != x->count) {
        mi_const_finish(&out);
        return bad(b);
    }
    copy_all(&out, x);
    return done(b, &out);
}

static int fold_unsqueeze(mi_build *b)
{
    const mi_const *x = &mi_build_in(b, 0)->con;
    int64_t axis[MI_ONNX_RANK], dim[MI_ONNX_RANK];
    int32_t axes, taken = 0;
    int status = mi_build_list(b, "axes", 1, axis, MI_ONNX_RANK, &axes);
    if (status < 0)
        return status;
    if (axes < 0 || x->rank + axes > MI_ONNX_RANK)
        return bad(b);
    bool added[MI_ONNX_RANK] = {false};
    for (int32_t k = 0; k < axes; k++) {
        int32_t plain;
        status = mi_build_axis(b, axis[k], x->rank + axes, &plain);
        if (status < 0)
            return status;
        if (added[plain])
            return bad(b);
        added[plain] = true;
    }
    for (int32_t k = 0; k < x->rank + axes; k++)
        dim[k] = added[k] ? 1 : x->dim[taken++];
    return reshaped(b, x->rank + axes, dim);
}

static int fold_squeeze(mi_build *b)
{
    const mi_const *x = &mi_build_in(b, 0)->con;
    int64_t axis[MI_ONNX_RANK], dim[MI_ONNX_RANK];
    int32_t axes, rank = 0;
    int status = mi_build_list(b, "axes", 1, axis, MI_ONNX_RANK, &axes);
    if (status < 0)
        return status;
    bool gone[MI_ONNX_RANK] = {false};
    for (int32_t k = 0; k < axes; k++) {
        int32_t plain;
        status = mi_build_axis(b, axis[k], x->rank, &plain);
        if (status < 0)
            return status;
        if (x->dim[plain] != 1)
            return bad(b);
        gone[plain] = true;
    }
    for (int32_t k = 0; k < x->rank; k++)
        if (axes < 0 ? x->dim[k] != 1 : !gone[k])
            dim[rank++] = x->dim[k];
    return reshaped(b, rank, dim);
}

static int fold_reshape(mi_build *b)
{
    const mi_const *x = &mi_build_in(b, 0)->con;
    int64_t dim[MI_ONNX_RANK], known = 1;
    int32_t rank, open = -1, keep_zero;
    int status = mi_build_list(b, "shape", 1, dim, MI_ONNX_RANK, &rank);
    if (status >= 0)
        status = mi_build_int(b, "allowzero", 0, 0, 1, &keep_zero);
    if (status < 0)
        return status;
    if (rank < 0)
        return bad(b);
    for (int32_t k = 0; k < rank; k++) {
        if (dim[k] == 0 && !keep_zero && k < x->rank)
            dim[k] = x->dim[k];
        if (dim[k] == -1 && open < 0) {
            open = k;
            continue;
        }
        if (dim[k] < 0 || (dim[k] && known > MI_ONNX_VALUES_MAX / dim[k]))
            return bad(b);
        known *= dim[k];
    }
    if (open >= 0)
        dim[open] = known ? x->count / known : 0;
    return reshaped(b, rank, dim);
}

static int fold_flatten(mi_build *b)
{
    const mi_const *x = &mi_build_in(b, 0)->con;
    int32_t axis;
    int status = mi_build_int(b, "axis", 1, -MI_ONNX_RANK, MI_ONNX_RANK, &axis);
    if (status < 0)
        return status;
    axis = axis < 0 ? axis + x->rank : axis;
    if (axis < 0 || axis > x->rank || !x->count)
        return bad(b);
    int64_t dim[2] = {1, 1};
    for (int32_t k = 0; k < x->rank; k++)
        dim[k >= axis] *= x->dim[k];
    return reshaped(b, 2, dim);
}

/* Fills `out` from places of x: value k[..] of the result stands at base + sum(k * stride). */
static void pick(mi_const *out, const mi_const *x, int64_t base, const int64_t *stride)
{
    for (int64_t flat = 0; flat < out->count; flat++) {
        int64_t rest = flat, from = base;
        for (int32_t k = out->rank - 1; k >= 0; k--) {
            from += rest % out->dim[k] * stride[k];
            rest /= out->dim[k];
        }
        copy_value(out, flat, x, from);
    }
}

static void strides_of(const mi_const *x, int64_t stride[MI_ONNX_RANK])
{
    int64_t step = 1;
    for (int32_t k = x->rank - 1; k >= 0; k--) {
        stride[k] = step;
        step *= x->dim[k] ? x->dim[k] : 1;
    }
}

static int fold_slice(mi_build *b)
{
    const mi_const *x = &mi_build_in(b, 0)->con;
    mi_slice slice;
    int status = mi_build_slice(b, x->rank, x->dim, &slice);
    mi_const out;
    if (status >= 0)
        status = new_const(b, &out, x->is_int, x->rank, slice.count);
    if (status < 0)
        return status;
    int64_t stride[MI_ONNX_RANK], base = 0;
    strides_of(x, stride);
    for (int32_t k = 0; k < x->rank; k++) {
        base += slice.begin[k] * stride[k];
        /* A step behind the last value is never taken. */
        stride[k] = slice.count[k] > 1 ? stride[k] * slice.step[k] : 0;
    }
    pick(&out, x, base, stride);
    return done(b, &out);
}

static int fold_transpose(mi_build *b)
{
    const mi_const *x = &mi_build_in(b, 0)->con;
    int64_t perm[MI_ONNX_RANK], dim[MI_ONNX_RANK], stride[MI_ONNX_RANK], from[MI_ONNX_RANK];
    int32_t count;
    int status = mi_build_list(b, "perm", -1, perm, MI_ONNX_RANK, &count);
    if (status < 0)
        return status;
    if (count >= 0 && count != x->rank)
        return bad(b);
    uint32_t seen = 0;
    strides_of(x, from);
    for (int32_t k = 0; k < x->rank; k++) {
        int64_t axis = count >= 0 ? perm[k] : x->rank - 1 - k;
        if (axis < 0 || axis >= x->rank || seen >> axis & 1)
            return bad(b);
        seen |= 1u << axis;
        dim[k] = x->dim[axis];
        stride[k] = from[axis];
    }
    mi_const out;
    status = new_const(b, &out, x->is_int, x->rank, dim);
    if (status < 0)
        return status;
    pick(&out, x, 0, stride);
    return done(b, &out);
}

static int fold_constant_of_shape(mi_build *b)
{
    int64_t dim[MI_ONNX_RANK];
    int32_t rank;
    const mi_onnx_attr *attr = mi_onnx_find(&b->model, b->at, "value");
    mi_const one = {.is_int = false}, out;
    const char *why;
    int status = mi_build_list(b, "", 0, dim, MI_ONNX_RANK, &rank);
    if (status >= 0 && attr && attr->has_tensor) {
        status = mi_onnx_tensor(&one, attr->tensor, &b->budget, &why);
        if (status >= 0 && one.count != 1)
            status = MIEN_ERR_MODEL;
        if (status < 0) {
            mi_const_finish(&one);
            return mi_build_fail(b, status, "its value");
        }
    }
    if (status >= 0)
        status = new_const(b, &out, one.is_int, rank, dim);
    for (int64_t k = 0; status >= 0 && one.count && k < out.count; k++)
        copy_value(&out, k, &one, 0);
    mi_const_finish(&one);
    return status < 0 ? status : done(b, &out);
}

static int fold_expand(mi_build *b)
{
    const mi_const *x = &mi_build_in(b, 0)->con;
    int64_t shape[MI_ONNX_RANK], dim[MI_ONNX_RANK], stride[MI_ONNX_RANK], from[MI_ONNX_RANK];
    int32_t count;
    int status = mi_build_list(b, "shape", 1, shape, MI_ONNX_RANK, &count);
    if (status < 0)
        return status;
    if (count < 0)
        return bad(b);
    int32_t rank = count > x->rank ? count : x->rank;
    strides_of(x, from);
    for (int32_t k = 0; k < rank; k++) {
        int32_t s = k - (rank - count), d = k - (rank - x->rank);
        int64_t want = s < 0 ? 1 : shape[s], have = d < 0 ? 1 : x->dim[d];
        if (want != have && want != 1 && have != 1)
            return bad(b);
        dim[k] = have == 1 ? want : have;
        stride[k] = have == 1 ? 0 : from[d];
    }
    mi_const out;
    status = new_const(b, &out, x->is_int, rank, dim);
    if (status < 0)
        return status;
    pick(&out, x, 0, stride);
    return done(b, &out);
}

/* Of floats as far as their sum of steps is exact enough. */
static int fold_range(mi_build *b)
{
    double value[3];
    const mi_const *con[3];
    for (int32_t k = 0; k < 3; k++) {
        const mi_value *in = mi_build_in(b, k);
        if (!in || in->con.count != 1 || in->con.is_int != mi_build_in(b, 0)->con.is_int)
            return bad(b);
        con[k] = &in->con;
        value[k] = con[k]->is_int ? (double)con[k]->i[0] : (double)con[k]->f[0];
        if (!(value[k] >= -(double)MI_ONNX_VALUES_MAX && value[k] <= (double)MI_ONNX_VALUES_MAX))
            return bad(b);
    }
    double steps = ceil((value[1] - value[0]) / value[2]);
    if (!(fabs(value[2]) > 0) || steps > (double)MI_ONNX_VALUES_MAX)
        return bad(b);
    int64_t count[1] = {steps > 0 ? (int64_t)steps : 0};
    mi_const out;
    int status = new_const(b, &out, con[0]->is_int, 1, count);
    if (status < 0)
        return status;
    for (int64_t k = 0; k < out.count; k++) {
        double at = value[0] + (double)k * value[2];
        if (out.is_int)
            out.i[k] = (int64_t)at;
        else
            out.f[k] = (float)at;
    }
    return done(b, &out);
}

typedef struct shape_row {
    const char *type;
    int (*fold)(mi_build *b);
} shape_row;

static const shape_row shape_table[] = {
    {"Shape", fold_shape_of},
    {"Size", fold_shape_of},
    {"Gather", fold_gather},
    {"Concat", fold_concat},
    {"Unsqueeze", fold_unsqueeze},
    {"Squeeze", fold_squeeze},
    {"Reshape", fold_reshape},
    {"Flatten", fold_flatten},
    {"Slice", fold_slice},
    {"Transpose", fold_transpose},
    {"ConstantOfShape", fold_constant_of_shape},
    {"Expand", fold_expand},
    {"Range", fold_range},
};

const char *mi_fold_shape_type(int32_t k)
{
    return k >= 0 && (size_t)k < sizeof shape_table / sizeof *shape_table ? shape_table[k].type
                                                                          : NULL;
}

int mi_fold_shape(mi_build *b)
{
    for (size_t k = 0; k < sizeof shape_table / sizeof *shape_table; k++)
        if (mi_view_is(b->at->type, shape_table[k].type))
            return shape_table[k].fold(b);
    return 0;
}
