/* Operators that only give a value other dimensions. Picture tensors keep the four that they have,
 * with one exception: group normalization is written as a reshape to N, groups, the rest, an
 * instance normalization and a reshape back. */
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
    mi_build_dims(b, x, &have_rank, have);
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

static int refuse(const mi_build *b)
{
    return mi_build_fail(b, MIEN_ERR_UNSUPPORTED,
                         "changes the shape of something that is not constant");
}

static int reshape(mi_build *b, const mi_value *x)
{
    int64_t dim[MI_ONNX_RANK];
    int32_t rank;
    int status = wanted_shape(b, x, &rank, dim);
    if (status < 0)
        return status;
    mi_value to = *x;
    const mi_tensor *t = mi_build_tensor(b, x);
    to.groups = 0;
    if (rank == 3 && dim[0] == 1 && !x->nhwc && t->c % dim[1] == 0)
        to.groups = (int32_t)dim[1];
    int64_t back[MI_ONNX_RANK];
    int32_t back_rank;
    mi_build_dims(b, &to, &back_rank, back);
    if (rank != back_rank)
        return refuse(b);
    for (int32_t k = 0; k < rank; k++)
        if (dim[k] != back[k])
            return refuse(b);
    return mi_build_out_alias(b, &to);
}

int mi_build_reshape(mi_build *b)
{
    const mi_value *x = mi_build_in(b, 0);
    if (x && x->kind == MI_VALUE_RUN && mi_view_is(b->at->type, "Reshape"))
        return reshape(b, x);
    return refuse(b);
}

/* Only to the shape that is there. */
int mi_build_expand(mi_build *b)
{
    mi_value *x;
    int64_t shape[MI_ONNX_RANK], dim[MI_ONNX_RANK];
    int32_t count, rank;
    int status = mi_build_run(b, 0, true, &x);
    if (status >= 0)
        status = mi_build_list(b, "shape", 1, shape, MI_ONNX_RANK, &count);
    if (status < 0)
        return status;
    mi_build_dims(b, x, &rank, dim);
    if (count < 0 || count > rank)
        return refuse(b);
    for (int32_t k = 0; k < count; k++)
        if (shape[k] != 1 && shape[k] != dim[rank - count + k])
            return refuse(b);
    return mi_build_out_alias(b, x);
}
