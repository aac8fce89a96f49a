/* Builder: attributes and constant inputs of the node at work, checked. */
#include "graph_build.h"

#include <math.h>

int mi_build_int(const mi_build *b, const char *name, int32_t standard, int32_t min, int32_t max,
                 int32_t *value)
{
    *value = standard;
    const mi_onnx_attr *attr = mi_onnx_find(&b->model, b->at, name);
    if (!attr)
        return 0;
    /* A writer may leave out a field that is 0. */
    int64_t number = attr->has_int ? attr->integer : 0;
    if (number < min || number > max)
        return mi_build_fail(b, MIEN_ERR_MODEL, "%s is %lld; %d to %d are supported", name,
                             (long long)number, (int)min, (int)max);
    *value = (int32_t)number;
    return 0;
}

int mi_build_float(const mi_build *b, const char *name, float standard, float *value)
{
    *value = standard;
    const mi_onnx_attr *attr = mi_onnx_find(&b->model, b->at, name);
    if (attr)
        *value = attr->has_float ? attr->number : 0;
    if (!isfinite(*value))
        return mi_build_fail(b, MIEN_ERR_MODEL, "%s is not finite", name);
    return 0;
}

int mi_build_choice(const mi_build *b, const char *name, const char *const *text, int32_t count,
                    int32_t *choice)
{
    *choice = 0;
    const mi_onnx_attr *attr = mi_onnx_find(&b->model, b->at, name);
    if (!attr)
        return 0;
    for (int32_t k = 0; k < count; k++) {
        if (mi_view_is(attr->text, text[k])) {
            *choice = k;
            return 0;
        }
    }
    char found[MI_VIEW_TEXT];
    return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "%s '%s' is not supported", name,
                         mi_view_text(attr->text, found));
}

static int const_in(const mi_build *b, const char *name, int32_t k, const mi_const **con)
{
    const mi_value *value = k < 0 ? NULL : mi_build_in(b, k);
    *con = NULL;
    if (!value)
        return 0;
    if (value->kind != MI_VALUE_CONST)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "%s is computed from the picture", name);
    *con = &value->con;
    return 0;
}

int mi_build_list(const mi_build *b, const char *name, int32_t k, int64_t *value, int32_t limit,
                  int32_t *count)
{
    *count = -1;
    const mi_onnx_attr *attr = mi_onnx_find(&b->model, b->at, name);
    if (attr) {
        *count = mi_onnx_ints(attr, value, limit);
        if (*count < 0)
            return mi_build_fail(b, MIEN_ERR_MODEL, "%s is damaged or too long", name);
        return 0;
    }
    const mi_const *con;
    int status = const_in(b, name, k, &con);
    if (status < 0 || !con)
        return status;
    if ((con->count && !con->is_int) || con->rank > 1 || con->count > limit)
        return mi_build_fail(b, MIEN_ERR_MODEL, "%s is no list of up to %d integers", name,
                             (int)limit);
    for (int64_t i = 0; i < con->count; i++)
        value[i] = con->i[i];
    *count = (int32_t)con->count;
    return 0;
}

int mi_build_floats(const mi_build *b, const char *name, int32_t k, float *value, int32_t limit,
                    int32_t *count)
{
    *count = -1;
    const mi_onnx_attr *attr = mi_onnx_find(&b->model, b->at, name);
    if (attr) {
        *count = mi_onnx_floats(attr, value, limit);
        if (*count < 0)
            return mi_build_fail(b, MIEN_ERR_MODEL, "%s is damaged or too long", name);
        return 0;
    }
    const mi_const *con;
    int status = const_in(b, name, k, &con);
    if (status < 0 || !con)
        return status;
    if (con->is_int || con->rank > 1 || con->count > limit)
        return mi_build_fail(b, MIEN_ERR_MODEL, "%s is no list of up to %d numbers", name,
                             (int)limit);
    for (int64_t i = 0; i < con->count; i++)
        value[i] = con->f[i];
    *count = (int32_t)con->count;
    return 0;
}

int mi_build_axis(const mi_build *b, int64_t axis, int32_t rank, int32_t *plain)
{
    if (axis < -rank || axis >= rank)
        return mi_build_fail(b, MIEN_ERR_MODEL, "axis %lld of %d dimensions", (long long)axis,
                             (int)rank);
    *plain = (int32_t)(axis < 0 ? axis + rank : axis);
    return 0;
}

int mi_build_scalar(const mi_build *b, int32_t k, float *value)
{
    const mi_value *in = mi_build_in(b, k);
    if (!in || in->kind != MI_VALUE_CONST || in->con.count != 1)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "input %d is no constant number", (int)k);
    *value = in->con.is_int ? (float)in->con.i[0] : in->con.f[0];
    if (isnan(*value))
        return mi_build_fail(b, MIEN_ERR_MODEL, "input %d is not a number", (int)k);
    return 0;
}

/* Attributes up to operator set 9, inputs from 10 on. */
int mi_build_slice(const mi_build *b, int32_t rank, const int64_t *dim, mi_slice *slice)
{
    int64_t start[MI_ONNX_RANK], end[MI_ONNX_RANK], axis[MI_ONNX_RANK], step[MI_ONNX_RANK];
    int32_t starts, ends, axes, steps;
    int status = mi_build_list(b, "starts", 1, start, MI_ONNX_RANK, &starts);
    if (status >= 0)
        status = mi_build_list(b, "ends", 2, end, MI_ONNX_RANK, &ends);
    if (status >= 0)
        status = mi_build_list(b, "axes", 3, axis, MI_ONNX_RANK, &axes);
    if (status >= 0)
        status = mi_build_list(b, "steps", 4, step, MI_ONNX_RANK, &steps);
    if (status < 0)
        return status;
    if (starts < 0 || ends != starts || starts > rank || (axes >= 0 && axes != starts) ||
        (steps >= 0 && steps != starts))
        return mi_build_fail(b, MIEN_ERR_MODEL, "starts, ends, axes and steps do not fit");
    for (int32_t k = 0; k < rank; k++) {
        slice->begin[k] = 0;
        slice->step[k] = 1;
        slice->count[k] = dim[k];
    }
    for (int32_t k = 0; k < starts; k++) {
        int32_t at = k;
        if (axes >= 0)
            status = mi_build_axis(b, axis[k], rank, &at);
        if (status < 0)
            return status;
        int64_t by = steps >= 0 ? step[k] : 1, size = dim[at], from = start[k], to = end[k];
        if (by == 0)
            return mi_build_fail(b, MIEN_ERR_MODEL, "a step of 0");
        by = by < -INT32_MAX ? -INT32_MAX : by > INT32_MAX ? INT32_MAX : by;
        if (from < 0)
            from += size;
        if (to < 0)
            to += size;
        int64_t low = by < 0 ? -1 : 0, high = by < 0 ? size - 1 : size;
        from = from < 0 ? 0 : from > high ? high : from;
        to = to < low ? low : to > high ? high : to;
        int64_t span = by < 0 ? from - to : to - from, stride = by < 0 ? -by : by;
        slice->begin[at] = from;
        slice->step[at] = by;
        slice->count[at] = span > 0 ? (span + stride - 1) / stride : 0;
    }
    return 0;
}
