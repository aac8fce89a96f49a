/* Constant folding: what a model computes from constants and shapes alone is computed here. */
#include "graph_build.h"

#include <math.h>
#include <string.h>

typedef enum math_op {
    M_ADD,
    M_SUB,
    M_MUL,
    M_DIV,
    M_MOD,  /* has the sign of the divisor */
    M_FMOD, /* of the dividend, as in C */
    M_POW,
    M_MIN,
    M_MAX,
    M_EQUAL,
    M_LESS,
    M_GREATER,
    M_FLOOR,
    M_CEIL,
    M_ROUND,
    M_NEG,
    M_ABS,
    M_SQRT,
    M_EXP,
    M_RECIPROCAL,
    M_NOT
} math_op;

typedef struct math_row {
    const char *type;
    math_op op;
    int32_t ins;
} math_row;

static const math_row math_table[] = {
    {"Add", M_ADD, 2},     {"Sub", M_SUB, 2},     {"Mul", M_MUL, 2},
    {"Div", M_DIV, 2},     {"Mod", M_MOD, 2},     {"Pow", M_POW, 2},
    {"Min", M_MIN, 2},     {"Max", M_MAX, 2},     {"Equal", M_EQUAL, 2},
    {"Less", M_LESS, 2},   {"Greater", M_GREATER, 2}, {"Floor", M_FLOOR, 1},
    {"Ceil", M_CEIL, 1},   {"Round", M_ROUND, 1}, {"Neg", M_NEG, 1},
    {"Abs", M_ABS, 1},     {"Sqrt", M_SQRT, 1},   {"Exp", M_EXP, 1},
    {"Reciprocal", M_RECIPROCAL, 1}, {"Not", M_NOT, 1},
};

static float float_math(math_op op, float x, float y)
{
    switch (op) {
    case M_ADD:
        return x + y;
    case M_SUB:
        return x - y;
    case M_MUL:
        return x * y;
    case M_DIV:
        return x / y;
    case M_FMOD:
        return fmodf(x, y);
    case M_POW:
        return powf(x, y);
    case M_MIN:
        return fminf(x, y);
    case M_MAX:
        return fmaxf(x, y);
    case M_FLOOR:
        return floorf(x);
    case M_CEIL:
        return ceilf(x);
    case M_ROUND:
        return rintf(x);
    case M_NEG:
        return -x;
    case M_ABS:
        return fabsf(x);
    case M_SQRT:
        return sqrtf(x);
    case M_EXP:
        return expf(x);
    case M_RECIPROCAL:
        return 1 / x;
    default:
        return 0;
    }
}

/* False if no integer can hold it. */
static bool int_power(int64_t x, double y, int64_t *result)
{
    double value = pow((double)x, y);
    bool fits = value > -9.2e18 && value < 9.2e18;
    *result = fits ? (int64_t)value : 0;
    return fits;
}

/* Wraps like the hardware of other runtimes; signed overflow is undefined in C. */
static bool int_math(math_op op, int64_t x, int64_t y, int64_t *result)
{
    uint64_t a = (uint64_t)x, c = (uint64_t)y;
    switch (op) {
    case M_ADD:
        *result = mi_pb_int64(a + c);
        return true;
    case M_SUB:
        *result = mi_pb_int64(a - c);
        return true;
    case M_MUL:
        *result = mi_pb_int64(a * c);
        return true;
    case M_DIV:
        *result = y == -1 ? mi_pb_int64(0 - a) : y ? x / y : 0;
        return y != 0;
    case M_MOD:
    case M_FMOD:
        *result = y == -1 || y == 0 ? 0 : x % y;
        if (op == M_MOD && *result && (*result < 0) != (y < 0))
            *result += y;
        return y != 0;
    case M_MIN:
        *result = x < y ? x : y;
        return true;
    case M_MAX:
        *result = x > y ? x : y;
        return true;
    case M_FLOOR:
    case M_CEIL:
    case M_ROUND:
        *result = x;
        return true;
    case M_POW:
        return int_power(x, (double)y, result);
    case M_NEG:
        *result = mi_pb_int64(0 - a);
        return true;
    case M_ABS:
        *result = x < 0 ? mi_pb_int64(0 - a) : x;
        return true;
    case M_NOT:
        *result = !x;
        return true;
    default:
        return false;
    }
}

static int64_t compare(math_op op, const mi_const *x, int64_t i, const mi_const *y, int64_t k)
{
    bool less = x->is_int ? x->i[i] < y->i[k] : x->f[i] < y->f[k];
    bool equal = x->is_int ? x->i[i] == y->i[k] : x->f[i] >= y->f[k] && x->f[i] <= y->f[k];
    bool greater = x->is_int ? x->i[i] > y->i[k] : x->f[i] > y->f[k];
    return op == M_LESS ? less : op == M_EQUAL ? equal : greater;
}

static int new_const(mi_build *b, mi_const *out, bool is_int, int32_t rank, const int64_t *dim)
{
    int status = mi_const_init(out, is_int, rank, dim, &b->budget);
    if (status < 0)
        return mi_build_fail(b, status, "its constant result is too large");
    return 0;
}

/* The common shape of constants that are broadcast. */
static int common_shape(const mi_build *b, int32_t ins, const mi_const *const *in, int32_t *rank,
                        int64_t dim[MI_ONNX_RANK])
{
    *rank = 0;
    for (int32_t k = 0; k < ins; k++)
        *rank = in[k]->rank > *rank ? in[k]->rank : *rank;
    for (int32_t d = 0; d < *rank; d++) {
        dim[d] = 1;
        for (int32_t k = 0; k < ins; k++) {
            int32_t at = d - (*rank - in[k]->rank);
            if (at < 0 || in[k]->dim[at] == 1)
                continue;
            if (dim[d] != 1 && dim[d] != in[k]->dim[at])
                return mi_build_fail(b, MIEN_ERR_MODEL, "the shapes of the constants do not fit");
            dim[d] = in[k]->dim[at];
        }
    }
    return 0;
}

/* Which value of `from` stands at a place of the broadcast result. */
static int64_t place(const mi_const *from, const mi_const *out, int64_t flat)
{
    int64_t at = 0, stride = 1;
    for (int32_t k = out->rank - 1; k >= 0; k--) {
        int32_t d = k - (out->rank - from->rank);
        if (d < 0)
            break;
        if (from->dim[d] > 1)
            at += flat % out->dim[k] * stride;
        flat /= out->dim[k];
        stride *= from->dim[d];
    }
    return at;
}

/* One place of the result; false if there is no such integer. */
static bool math_at(math_op op, const mi_const *x, int64_t i, const mi_const *y, int64_t k,
                    mi_const *out, int64_t at)
{
    if (op == M_EQUAL || op == M_LESS || op == M_GREATER)
        out->i[at] = compare(op, x, i, y, k);
    else if (!x->is_int)
        out->f[at] = float_math(op, x->f[i], y->is_int ? (float)y->i[k] : y->f[k]);
    else if (!y->is_int)
        return int_power(x->i[i], (double)y->f[k], &out->i[at]);
    else
        return int_math(op, x->i[i], y->i[k], &out->i[at]);
    return true;
}

static int math_of(mi_build *b, math_op op, const mi_const *x, const mi_const *y, mi_const *out)
{
    const mi_const *in[2] = {x, y};
    bool compares = op == M_EQUAL || op == M_LESS || op == M_GREATER, ok = true;
    if (x->is_int != y->is_int && op != M_POW)
        return mi_build_fail(b, MIEN_ERR_MODEL, "mixes integers and floats");
    int32_t rank;
    int64_t dim[MI_ONNX_RANK];
    int status = common_shape(b, 2, in, &rank, dim);
    if (status >= 0)
        status = new_const(b, out, x->is_int || compares, rank, dim);
    if (status < 0)
        return status;
    for (int64_t k = 0; ok && k < out->count; k++)
        ok = math_at(op, x, place(x, out, k), y, place(y, out, k), out, k);
    if (ok)
        return 0;
    mi_const_finish(out);
    return mi_build_fail(b, MIEN_ERR_MODEL, "cannot be computed with these integers");
}

/* Min and Max take any number of inputs. */
static int fold_math(mi_build *b, const math_row *row)
{
    bool any = row->op == M_MIN || row->op == M_MAX;
    math_op op = row->op;
    int32_t as_c = 0;
    mi_const out, so_far = {.f = NULL};
    if (b->at->ins != row->ins && !any)
        return 0;
    for (int32_t k = 0; k < b->at->ins; k++)
        if (!mi_build_in(b, k))
            return 0;
    const mi_const *first = &mi_build_in(b, 0)->con;
    int status = op == M_MOD ? mi_build_int(b, "fmod", 0, 0, 1, &as_c) : 0;
    if (as_c || (op == M_MOD && !first->is_int))
        op = M_FMOD;
    if (status >= 0 && b->at->ins == 1)
        status = math_of(b, op, first, first, &so_far);
    for (int32_t k = 1; status >= 0 && k < b->at->ins; k++) {
        status = math_of(b, op, k > 1 ? &so_far : first, &mi_build_in(b, k)->con, &out);
        mi_const_finish(&so_far);
        if (status >= 0)
            so_far = out;
    }
    if (status >= 0)
        status = mi_build_out_const(b, 0, &so_far);
    return status < 0 ? status : 1;
}

static int64_t to_int(float value)
{
    if (isnan(value))
        return 0;
    if (value >= 9.2e18f)
        return INT64_MAX;
    if (value <= -9.2e18f)
        return INT64_MIN;
    return (int64_t)value;
}

static int fold_cast(mi_build *b)
{
    const mi_const *x = &mi_build_in(b, 0)->con;
    int32_t to;
    int status = mi_build_int(b, "to", 0, 0, 1000, &to);
    if (status < 0)
        return status;
    bool is_int = mi_onnx_is_int(to);
    if (!is_int && !mi_onnx_is_float(to))
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "to data type %d", (int)to);
    mi_const out;
    status = new_const(b, &out, is_int, x->rank, x->dim);
    if (status < 0)
        return status;
    for (int64_t k = 0; k < out.count; k++) {
        if (to == MI_ONNX_BOOL)
            out.i[k] = x->is_int ? x->i[k] != 0 : !(x->f[k] >= 0 && x->f[k] <= 0);
        else if (is_int)
            out.i[k] = x->is_int ? x->i[k] : to_int(x->f[k]);
        else
            out.f[k] = x->is_int ? (float)x->i[k] : x->f[k];
    }
    status = mi_build_out_const(b, 0, &out);
    return status < 0 ? status : 1;
}

static int fold_where(mi_build *b)
{
    const mi_const *in[3];
    for (int32_t k = 0; k < 3; k++) {
        if (!mi_build_in(b, k))
            return 0;
        in[k] = &mi_build_in(b, k)->con;
    }
    if ((in[0]->count && !in[0]->is_int) || in[1]->is_int != in[2]->is_int)
        return mi_build_fail(b, MIEN_ERR_MODEL, "data types do not fit");
    int32_t rank;
    int64_t dim[MI_ONNX_RANK];
    mi_const out;
    int status = common_shape(b, 3, in, &rank, dim);
    if (status >= 0)
        status = new_const(b, &out, in[1]->is_int, rank, dim);
    if (status < 0)
        return status;
    for (int64_t k = 0; k < out.count; k++) {
        const mi_const *from = in[0]->i[place(in[0], &out, k)] ? in[1] : in[2];
        if (out.is_int)
            out.i[k] = from->i[place(from, &out, k)];
        else
            out.f[k] = from->f[place(from, &out, k)];
    }
    status = mi_build_out_const(b, 0, &out);
    return status < 0 ? status : 1;
}

/* Lists in attributes are short in practice; a Constant with a long one has a tensor. */
enum { LIST_MAX = 64 };

static int fold_constant(mi_build *b)
{
    const mi_onnx *m = &b->model;
    const mi_onnx_attr *attr = mi_onnx_find(m, b->at, "value");
    mi_const out;
    int status;
    if (attr && attr->has_tensor) {
        const char *why;
        status = mi_onnx_tensor(&out, attr->tensor, &b->budget, &why);
        if (status < 0)
            return mi_build_fail(b, status, "%s", why);
        status = mi_build_out_const(b, 0, &out);
        return status < 0 ? status : 1;
    }
    float f[LIST_MAX];
    int64_t i[LIST_MAX];
    int32_t count = 0, rank = 1;
    bool is_int = false;
    if ((attr = mi_onnx_find(m, b->at, "value_float")) != NULL) {
        f[0] = attr->number;
        count = 1;
        rank = 0;
    } else if ((attr = mi_onnx_find(m, b->at, "value_int")) != NULL) {
        i[0] = attr->integer;
        is_int = true;
        count = 1;
        rank = 0;
    } else if ((attr = mi_onnx_find(m, b->at, "value_floats")) != NULL) {
        count = mi_onnx_floats(attr, f, LIST_MAX);
    } else if ((attr = mi_onnx_find(m, b->at, "value_ints")) != NULL) {
        count = mi_onnx_ints(attr, i, LIST_MAX);
        is_int = true;
    }
    if (!attr || count < 0)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "its value");
    int64_t dim[1] = {count};
    status = new_const(b, &out, is_int, rank, dim);
    if (status < 0)
        return status;
    if (is_int && out.count)
        memcpy(out.i, i, (size_t)out.count * sizeof *i);
    else if (out.count)
        memcpy(out.f, f, (size_t)out.count * sizeof *f);
    status = mi_build_out_const(b, 0, &out);
    return status < 0 ? status : 1;
}

/* Those that have no table. */
static const char *const other_types[] = {"Constant", "Cast", "Where"};

bool mi_onnx_constant_operator(int32_t k, const char **type)
{
    const int32_t others = sizeof other_types / sizeof *other_types;
    const int32_t math = sizeof math_table / sizeof *math_table;
    *type = k < 0               ? NULL
            : k < others        ? other_types[k]
            : k < others + math ? math_table[k - others].type
                                : mi_fold_shape_type(k - others - math);
    return *type != NULL;
}

int mi_fold(mi_build *b)
{
    mi_view type = b->at->type;
    if (mi_view_is(type, "Constant"))
        return fold_constant(b);
    if (mi_view_is(type, "Shape") || mi_view_is(type, "Size"))
        return mi_fold_shape(b);
    for (int32_t k = 0; k < b->at->ins; k++) {
        const mi_value *in = mi_build_in(b, k);
        if (in && in->kind == MI_VALUE_RUN)
            return 0;
    }
    if (!mi_build_in(b, 0))
        return 0;
    for (size_t k = 0; k < sizeof math_table / sizeof *math_table; k++)
        if (mi_view_is(type, math_table[k].type))
            return fold_math(b, &math_table[k]);
    if (mi_view_is(type, "Cast"))
        return fold_cast(b);
    if (mi_view_is(type, "Where"))
        return fold_where(b);
    return mi_fold_shape(b);
}
