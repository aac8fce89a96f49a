/* Operators that give a value other dimensions. The tensor stays as it is where the dimensions can
 * be put together from parts of its axes, which is nearly always. */
#include "graph_build.h"

/* The dimensions that a Reshape node asks for, with 0 and -1 filled in. */
static int wanted_shape(const mi_build *b, const mi_value *x, int32_t *rank, int64_t *dim)
{
    int64_t have[MI_ONNX_RANK], total = 1, known = 1;
    int32_t have_rank, open = -1, keep_zero;
    int status = mi_build_list(b, "shape", 1, dim, MI_ONNX_RANK, rank);
    if (status >= 0)
        status = mi_build_int(b, "allowzero", 0, 0, 1, &keep_zero);
    if (status < 0)
        return status;
    mi_build_dims(x, &have_rank, have);
    for (int32_t k = 0; k < have_rank; k++)
        total *= have[k];
    for (int32_t k = 0; k < *rank; k++) {
        if (dim[k] == 0 && !keep_zero && k < have_rank)
            dim[k] = have[k];
        if (dim[k] == -1 && open < 0) {
            open = k;
            continue;
        }
        if (dim[k] < 1 || dim[k] > total / known)
            return mi_build_fail(b, MIEN_ERR_MODEL, "a shape that does not fit");
        known *= dim[k];
    }
    if (open >= 0)
        dim[open] = total / known;
    if (*rank < 0 || (open >= 0 ? total % known != 0 : total != known))
        return mi_build_fail(b, MIEN_ERR_MODEL, "a shape that does not fit");
    return 0;
}

static int out_reshaped(mi_build *b, const mi_value *x, int32_t rank, const int64_t *wide)
{
    int32_t dim[MI_LAYOUT_RANK];
    mi_value out;
    if (rank > MI_LAYOUT_RANK)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "%d dimensions", (int)rank);
    for (int32_t k = 0; k < rank; k++)
        dim[k] = (int32_t)wide[k];
    int status = mi_build_reshaped(b, x, rank, dim, &out);
    return status < 0 ? status : mi_build_out(b, 0, &out);
}

int mi_build_reshape(mi_build *b)
{
    mi_value *x;
    int64_t dim[MI_ONNX_RANK];
    int32_t rank;
    int status = mi_build_run(b, 0, &x);
    if (status >= 0)
        status = wanted_shape(b, x, &rank, dim);
    return status < 0 ? status : out_reshaped(b, x, rank, dim);
}

int mi_build_flatten(mi_build *b)
{
    mi_value *x;
    int32_t axis;
    int64_t dim[2] = {1, 1};
    int status = mi_build_run(b, 0, &x);
    if (status >= 0)
        status = mi_build_int(b, "axis", 1, -MI_LAYOUT_RANK, MI_LAYOUT_RANK, &axis);
    if (status < 0)
        return status;
    axis = axis < 0 ? axis + x->layout.rank : axis;
    if (axis < 0 || axis > x->layout.rank)
        return mi_build_fail(b, MIEN_ERR_MODEL, "axis %d of %d dimensions", (int)axis,
                             (int)x->layout.rank);
    for (int32_t k = 0; k < x->layout.rank; k++)
        dim[k >= axis] *= x->layout.dim[k];
    return out_reshaped(b, x, 2, dim);
}

/* The set of dimensions that "axes" names among `rank`; *count is -1 if there is none. */
static int axis_set(const mi_build *b, int32_t rank, uint32_t *set, int32_t *count)
{
    int64_t axis[MI_LAYOUT_RANK];
    *set = 0;
    int status = mi_build_list(b, "axes", 1, axis, MI_LAYOUT_RANK, count);
    for (int32_t k = 0; status >= 0 && k < *count; k++) {
        int32_t plain;
        status = mi_build_axis(b, axis[k], rank, &plain);
        if (status >= 0 && *set >> plain & 1)
            return mi_build_fail(b, MIEN_ERR_MODEL, "axis %lld twice", (long long)axis[k]);
        if (status >= 0)
            *set |= 1u << plain;
    }
    return status;
}

int mi_build_squeeze(mi_build *b)
{
    mi_value *x;
    int64_t dim[MI_LAYOUT_RANK];
    int32_t axes, rank = 0;
    uint32_t gone = 0;
    int status = mi_build_run(b, 0, &x);
    if (status >= 0)
        status = axis_set(b, x->layout.rank, &gone, &axes);
    if (status < 0)
        return status;
    for (int32_t k = 0; k < x->layout.rank; k++) {
        if (gone >> k & 1 && x->layout.dim[k] != 1)
            return mi_build_fail(b, MIEN_ERR_MODEL, "dimension %d is %d, not 1", (int)k,
                                 (int)x->layout.dim[k]);
        if (axes < 0 ? x->layout.dim[k] != 1 : !(gone >> k & 1))
            dim[rank++] = x->layout.dim[k];
    }
    return out_reshaped(b, x, rank, dim);
}

int mi_build_unsqueeze(mi_build *b)
{
    mi_value *x;
    int64_t dim[MI_LAYOUT_RANK], axis[MI_LAYOUT_RANK];
    int32_t axes, taken = 0;
    uint32_t added;
    int status = mi_build_run(b, 0, &x);
    if (status >= 0)
        status = mi_build_list(b, "axes", 1, axis, MI_LAYOUT_RANK, &axes);
    if (status < 0)
        return status;
    int32_t rank = x->layout.rank + axes;
    if (axes < 0 || rank > MI_LAYOUT_RANK)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "%d dimensions", (int)rank);
    status = axis_set(b, rank, &added, &axes);
    if (status < 0)
        return status;
    for (int32_t k = 0; k < rank; k++)
        dim[k] = added >> k & 1 ? 1 : x->layout.dim[taken++];
    return out_reshaped(b, x, rank, dim);
}

/* x repeated along dimensions that are 1. */
static int expanded(mi_build *b, const mi_value *x, int32_t rank, const int32_t *dim,
                    mi_value *out)
{
    mi_value from = *x;
    mi_layout_widen(&from.layout, rank);
    *out = from;
    bool same = true;
    for (int32_t k = 0; k < rank; k++)
        same = same && from.layout.dim[k] == dim[k];
    if (same)
        return 0;
    mi_layout_plain(&out->layout, rank, dim);
    return mi_build_lay(b, &from, &out->layout, &out->tensor);
}

/* Would a result of these dimensions be too large? */
static int check_size(const mi_build *b, int32_t rank, const int64_t *dim)
{
    int64_t total = 1;
    for (int32_t k = 0; k < rank; k++) {
        if (dim[k] < 1)
            return mi_build_fail(b, MIEN_ERR_MODEL, "its result is empty");
        if (dim[k] > MI_ONNX_VALUES_MAX / total)
            return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "its result is too large");
        total *= dim[k];
    }
    return 0;
}

int mi_build_expand(mi_build *b)
{
    mi_value *x, out;
    int64_t shape[MI_ONNX_RANK], wide[MI_LAYOUT_RANK];
    int32_t count, dim[MI_LAYOUT_RANK];
    int status = mi_build_run(b, 0, &x);
    if (status >= 0)
        status = mi_build_list(b, "shape", 1, shape, MI_ONNX_RANK, &count);
    if (status < 0)
        return status;
    if (count < 0)
        return mi_build_fail(b, MIEN_ERR_MODEL, "the shape is missing");
    int32_t have = x->layout.rank, rank = count > have ? count : have;
    for (int32_t k = 0; k < rank; k++) {
        int32_t s = k - (rank - count), d = k - (rank - have);
        int64_t want = s < 0 ? 1 : shape[s], is = d < 0 ? 1 : x->layout.dim[d];
        if (want != is && want != 1 && is != 1)
            return mi_build_fail(b, MIEN_ERR_MODEL, "%lld values do not become %lld",
                                 (long long)is, (long long)want);
        wide[k] = is == 1 ? want : is;
    }
    status = check_size(b, rank, wide);
    if (status < 0)
        return status;
    for (int32_t k = 0; k < rank; k++)
        dim[k] = (int32_t)wide[k];
    status = expanded(b, x, rank, dim, &out);
    return status < 0 ? status : mi_build_out(b, 0, &out);
}

/* Each dimension becomes two, of which the first is repeated, and one again. */
int mi_build_tile(mi_build *b)
{
    mi_value *x, out;
    int64_t repeat[MI_LAYOUT_RANK], tiled[MI_LAYOUT_RANK];
    int32_t count, narrow[MI_LAYOUT_RANK], wide[MI_LAYOUT_RANK], final[MI_LAYOUT_RANK], pairs = 0;
    int status = mi_build_run(b, 0, &x);
    if (status >= 0)
        status = mi_build_list(b, "repeats", 1, repeat, MI_LAYOUT_RANK, &count);
    if (status < 0)
        return status;
    int32_t rank = x->layout.rank;
    if (count != rank)
        return mi_build_fail(b, MIEN_ERR_MODEL, "%d repeats of %d dimensions", (int)count,
                             (int)rank);
    for (int32_t k = 0; k < rank; k++) {
        if (repeat[k] < 1 || repeat[k] > MI_ONNX_VALUES_MAX)
            return mi_build_fail(b, MIEN_ERR_MODEL, "%lld repeats", (long long)repeat[k]);
        tiled[k] = repeat[k] * x->layout.dim[k];
        pairs += repeat[k] > 1 && x->layout.dim[k] > 1;
    }
    status = check_size(b, rank, tiled);
    if (status < 0)
        return status;
    if (rank + pairs > MI_LAYOUT_RANK)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "repeats %d dimensions of %d", (int)pairs,
                             (int)rank);
    pairs = 0;
    for (int32_t k = 0; k < rank; k++) {
        if (repeat[k] > 1 && x->layout.dim[k] > 1) {
            narrow[pairs] = 1;
            wide[pairs++] = (int32_t)repeat[k];
            narrow[pairs] = wide[pairs] = x->layout.dim[k];
        } else {
            narrow[pairs] = x->layout.dim[k];
            wide[pairs] = (int32_t)tiled[k];
        }
        pairs++;
        final[k] = (int32_t)tiled[k];
    }
    status = mi_build_reshaped(b, x, pairs, narrow, &out);
    if (status >= 0)
        status = expanded(b, &out, pairs, wide, &out);
    if (status >= 0)
        status = mi_build_reshaped(b, &out, rank, final, &out);
    return status < 0 ? status : mi_build_out(b, 0, &out);
}
