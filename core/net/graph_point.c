/* Operators that work on each value for itself: activations and arithmetic. */
#include "graph_build.h"

#include <float.h>
#include <math.h>

int mi_build_unary(mi_build *b, const mi_value *x, mi_act act, float alpha, float beta,
                   mi_value *out)
{
    const mi_tensor t = *mi_build_tensor(b, x);
    mi_node *node;
    *out = *x;
    int status = mi_build_node(b, MI_OP_ACT, x->tensor, t.c, t.h, t.w, &node);
    if (status < 0)
        return status;
    node->act = act;
    node->act_a = alpha;
    node->act_b = beta;
    out->tensor = node->out;
    return 0;
}

static int emit_act(mi_build *b, const mi_value *x, mi_act act, float alpha, float beta)
{
    mi_value out;
    int status = mi_build_unary(b, x, act, alpha, beta, &out);
    return status < 0 ? status : mi_build_out(b, 0, &out);
}

typedef struct act_row {
    const char *type;
    mi_act act;
    float alpha, beta; /* ONNX's defaults */
} act_row;

static const act_row act_table[] = {
    {"Relu", MI_ACT_RELU, 0, 0},
    {"LeakyRelu", MI_ACT_LEAKY_RELU, 0.01f, 0},
    {"Tanh", MI_ACT_TANH, 0, 0},
    {"Sigmoid", MI_ACT_SIGMOID, 0, 0},
    {"Elu", MI_ACT_ELU, 1, 0},
    {"HardSigmoid", MI_ACT_HARD_SIGMOID, 0.2f, 0.5f},
    {"HardSwish", MI_ACT_HARD_SWISH, 0, 0},
    {"Softplus", MI_ACT_SOFTPLUS, 0, 0},
    {"Exp", MI_ACT_EXP, 0, 0},
    {"Abs", MI_ACT_ABS, 0, 0},
    {"Neg", MI_ACT_NEG, 0, 0},
    {"Sqrt", MI_ACT_SQRT, 0, 0},
    {"Log", MI_ACT_LOG, 0, 0},
    {"Floor", MI_ACT_FLOOR, 0, 0},
    {"Ceil", MI_ACT_CEIL, 0, 0},
    {"Round", MI_ACT_ROUND, 0, 0},
    {"Sign", MI_ACT_SIGN, 0, 0},
    {"Sin", MI_ACT_SIN, 0, 0},
    {"Cos", MI_ACT_COS, 0, 0},
    {"Erf", MI_ACT_ERF, 0, 0},
    {"Softsign", MI_ACT_SOFTSIGN, 0, 0},
    {"Mish", MI_ACT_MISH, 0, 0},
    {"Celu", MI_ACT_CELU, 1, 0},
    {"ThresholdedRelu", MI_ACT_THRESHOLDED_RELU, 1, 0},
};

int mi_build_act(mi_build *b)
{
    const act_row *row = act_table;
    while (!mi_view_is(b->at->type, row->type))
        row++;
    mi_value *x;
    float alpha = 0, beta = 0;
    int status = mi_build_run(b, 0, &x);
    if (status >= 0 && row->alpha > 0)
        status = mi_build_float(b, "alpha", row->alpha, &alpha);
    if (status >= 0 && row->beta > 0)
        status = mi_build_float(b, "beta", row->beta, &beta);
    if (status >= 0 && row->act == MI_ACT_CELU && !(fabsf(alpha) > 0))
        return mi_build_fail(b, MIEN_ERR_MODEL, "alpha is 0");
    return status < 0 ? status : emit_act(b, x, row->act, alpha, beta);
}

/* Its factors have other names. */
int mi_build_selu(mi_build *b)
{
    mi_value *x;
    float alpha, gamma;
    int status = mi_build_run(b, 0, &x);
    if (status >= 0)
        status = mi_build_float(b, "alpha", 1.67326319217681884765625f, &alpha);
    if (status >= 0)
        status = mi_build_float(b, "gamma", 1.05070102214813232421875f, &gamma);
    return status < 0 ? status : emit_act(b, x, MI_ACT_SELU, alpha, gamma);
}

int mi_build_gelu(mi_build *b)
{
    static const char *const ways[] = {"none", "tanh"};
    mi_value *x;
    int32_t way;
    int status = mi_build_run(b, 0, &x);
    if (status >= 0)
        status = mi_build_choice(b, "approximate", ways, 2, &way);
    return status < 0 ? status : emit_act(b, x, way ? MI_ACT_GELU_TANH : MI_ACT_GELU, 0, 0);
}

/* Up to operator set 6 the second input begins at a dimension that is named. */
static bool is_old_broadcast(const mi_build *b)
{
    return b->model.opset < 7 && mi_onnx_find(&b->model, b->at, "axis") != NULL;
}

/* `right` with dimensions of 1 behind its own, so that these begin at dimension `axis` of `left`.
 * A constant stays the owner of its values. */
static int at_axis(mi_build *b, const mi_value *left, const mi_value *right, int32_t axis,
                   mi_value *out)
{
    int64_t l[MI_ONNX_RANK], r[MI_ONNX_RANK];
    int32_t dim[MI_LAYOUT_RANK], ls, rs;
    mi_build_dims(left, &ls, l);
    mi_build_dims(right, &rs, r);
    if (axis < 0)
        axis += ls;
    if (axis < 0 || axis + rs > ls)
        return mi_build_fail(b, MIEN_ERR_MODEL, "%d dimensions at axis %d of %d", (int)rs,
                             (int)axis, (int)ls);
    *out = *right;
    for (int32_t k = 0; k < ls - axis; k++)
        dim[k] = k < rs ? (int32_t)r[k] : 1;
    if (right->kind == MI_VALUE_RUN)
        return mi_build_reshaped(b, right, ls - axis, dim, out);
    out->con.rank = ls - axis;
    for (int32_t k = 0; k < ls - axis; k++)
        out->con.dim[k] = dim[k];
    return 0;
}

static int place_at_axis(mi_build *b, const mi_value *left, const mi_value *right, mi_value *out)
{
    int32_t axis;
    int status = mi_build_int(b, "axis", 0, -MI_LAYOUT_RANK, MI_LAYOUT_RANK - 1, &axis);
    return status < 0 ? status : at_axis(b, left, right, axis, out);
}

/* A slope of more than one a channel: max(x, 0) + slope * min(x, 0). */
static int general_prelu(mi_build *b, const mi_value *x, const mi_value *slope)
{
    mi_value above, below, out;
    int status = mi_build_unary(b, x, MI_ACT_RELU, 0, 0, &above);
    if (status >= 0)
        status = mi_build_unary(b, x, MI_ACT_CLIP, -FLT_MAX, 0, &below);
    if (status >= 0)
        status = mi_build_pair(b, MI_OP_MUL, &below, slope, &below);
    if (status >= 0)
        status = mi_build_pair(b, MI_OP_ADD, &above, &below, &out);
    return status < 0 ? status : mi_build_out(b, 0, &out);
}

int mi_build_prelu(mi_build *b)
{
    mi_value *x, *slope = mi_build_in(b, 1), out;
    int32_t tensor, rank;
    int64_t dim[MI_ONNX_RANK];
    int status = mi_build_run(b, 0, &x);
    if (status < 0)
        return status;
    if (!slope)
        return mi_build_fail(b, MIEN_ERR_MODEL, "input 1 is missing");
    mi_value placed;
    mi_build_dims(slope, &rank, dim);
    if (b->model.opset < 7 && rank == 1 && dim[0] != 1) { /* of the channels */
        status = at_axis(b, x, slope, 1, &placed);
        if (status < 0)
            return status;
        slope = &placed;
    }
    if (slope->kind != MI_VALUE_CONST)
        return general_prelu(b, x, slope);
    mi_build_dims(slope, &rank, dim);
    for (int32_t k = 0; k < rank; k++) {
        int32_t at = k - (rank - x->layout.rank);
        if (dim[k] != 1 && (at < 0 || dim[k] != x->layout.dim[at]))
            return mi_build_fail(b, MIEN_ERR_MODEL, "the slope does not fit");
    }
    out = *x;
    mi_layout_widen(&out.layout, rank);
    status = mi_build_operand(b, slope, &out.layout, &tensor);
    if (status < 0)
        return status;
    const mi_tensor t = *mi_build_tensor(b, x), s = b->graph->tensor[tensor];
    if (s.h != 1 || s.w != 1)
        return general_prelu(b, x, slope);
    mi_node *node;
    status = mi_build_node(b, MI_OP_ACT, x->tensor, t.c, t.h, t.w, &node);
    if (status < 0)
        return status;
    node->act = MI_ACT_PRELU;
    mi_build_connect(b, node, tensor);
    out = *x;
    out.tensor = node->out;
    return mi_build_out(b, 0, &out);
}

/* No infinities: shaders may be compiled without them. */
static float finite(float value)
{
    return value > FLT_MAX ? FLT_MAX : value < -FLT_MAX ? -FLT_MAX : value;
}

static int emit_clip(mi_build *b, const mi_value *x, float low, float high)
{
    low = finite(low);
    high = finite(high);
    /* ONNX: the upper bound wins. */
    return emit_act(b, x, MI_ACT_CLIP, low < high ? low : high, high);
}

/* Bounds are attributes up to operator set 10, inputs from 11 on. */
int mi_build_clip(mi_build *b)
{
    mi_value *x;
    float low = -FLT_MAX, high = FLT_MAX;
    int status = mi_build_run(b, 0, &x);
    if (status >= 0 && mi_build_in(b, 1))
        status = mi_build_scalar(b, 1, &low);
    if (status >= 0 && mi_build_in(b, 2))
        status = mi_build_scalar(b, 2, &high);
    const mi_onnx_attr *min = mi_onnx_find(&b->model, b->at, "min");
    const mi_onnx_attr *max = mi_onnx_find(&b->model, b->at, "max");
    if (min)
        low = min->number;
    if (max)
        high = max->number;
    if (status >= 0 && (isnan(low) || isnan(high)))
        return mi_build_fail(b, MIEN_ERR_MODEL, "a bound is not a number");
    return status < 0 ? status : emit_clip(b, x, low, high);
}

/* The common dimensions of two values that are broadcast. */
static int common_dims(const mi_build *b, const mi_value *left, const mi_value *right,
                       int32_t *rank, int32_t dim[MI_LAYOUT_RANK])
{
    int64_t l[MI_ONNX_RANK], r[MI_ONNX_RANK];
    int32_t ls, rs;
    mi_build_dims(left, &ls, l);
    mi_build_dims(right, &rs, r);
    *rank = ls > rs ? ls : rs;
    for (int32_t k = 0; k < *rank; k++) {
        int32_t i = k - (*rank - ls), j = k - (*rank - rs);
        int64_t p = i < 0 ? 1 : l[i], q = j < 0 ? 1 : r[j];
        if (p != q && p != 1 && q != 1)
            return mi_build_fail(b, MIEN_ERR_MODEL, "dimensions of %lld and %lld do not fit",
                                 (long long)p, (long long)q);
        if (p < 1 || q < 1)
            return mi_build_fail(b, MIEN_ERR_MODEL, "its result is empty");
        dim[k] = (int32_t)(p > q ? p : q);
    }
    return 0;
}

/* Has a run-time value all of the dimensions already? */
static bool is_whole(const mi_value *x, int32_t rank, const int32_t *dim)
{
    if (x->kind != MI_VALUE_RUN)
        return false;
    mi_layout l = x->layout;
    mi_layout_widen(&l, rank);
    for (int32_t k = 0; k < rank; k++)
        if (l.dim[k] != dim[k])
            return false;
    return true;
}

/* The result lies like an operand that has its size; if there is none, one is expanded. */
int mi_build_pair(mi_build *b, mi_op op, const mi_value *left, const mi_value *right,
                  mi_value *out)
{
    int32_t rank, dim[MI_LAYOUT_RANK], tensor[2];
    int status = common_dims(b, left, right, &rank, dim);
    if (status < 0)
        return status;
    bool by_left = is_whole(left, rank, dim) ||
                   (!is_whole(right, rank, dim) && left->kind == MI_VALUE_RUN);
    mi_value base = by_left ? *left : *right;
    mi_layout_widen(&base.layout, rank);
    if (!is_whole(&base, rank, dim)) {
        mi_value narrow = base;
        mi_layout_plain(&base.layout, rank, dim);
        status = mi_build_lay(b, &narrow, &base.layout, &base.tensor);
        if (status < 0)
            return status;
    }
    tensor[!by_left] = base.tensor;
    status = mi_build_operand(b, by_left ? right : left, &base.layout, &tensor[by_left]);
    if (status < 0)
        return status;
    const mi_tensor t = b->graph->tensor[base.tensor];
    mi_node *node;
    status = mi_build_node(b, op, tensor[0], t.c, t.h, t.w, &node);
    if (status < 0)
        return status;
    mi_build_connect(b, node, tensor[1]);
    *out = base;
    out->tensor = node->out;
    return 0;
}

int mi_build_by_number(mi_build *b, mi_op op, const mi_value *x, float number, mi_value *out)
{
    mi_value value = {.kind = MI_VALUE_CONST};
    int status = mi_const_init(&value.con, false, 0, value.con.dim, &b->budget);
    if (status < 0)
        return mi_build_fail(b, status, "no memory for a constant");
    value.con.f[0] = number;
    status = mi_build_pair(b, op, x, &value, out);
    mi_const_finish(&value.con);
    return status;
}

/* All inputs, one after the other. Those of an operator with more than two can be in any order: one
 * that is no constant goes first. */
static int fold_inputs(mi_build *b, mi_op op, mi_value *out)
{
    int32_t first = 0;
    for (int32_t k = 0; k < b->at->ins; k++)
        if (!mi_build_in(b, k))
            return mi_build_fail(b, MIEN_ERR_MODEL, "input %d is missing", (int)k);
    if (b->at->ins > 2)
        while (mi_build_in(b, first)->kind == MI_VALUE_CONST)
            first++;
    *out = *mi_build_in(b, first);
    for (int32_t k = 0; k < b->at->ins; k++) {
        mi_value so_far = *out;
        int status = k == first ? 0 : mi_build_pair(b, op, &so_far, mi_build_in(b, k), out);
        if (status < 0)
            return status;
    }
    return 0;
}

int mi_build_min_max(mi_build *b)
{
    bool is_max = mi_view_is(b->at->type, "Max");
    const mi_value *left = mi_build_in(b, 0), *right = mi_build_in(b, 1);
    if (b->at->ins == 2 && left && right && left->kind != right->kind) {
        int32_t constant = left->kind == MI_VALUE_CONST ? 0 : 1;
        const mi_value *x = constant ? left : right;
        float bound;
        if (mi_build_in(b, constant)->con.count == 1 &&
            mi_build_in(b, constant)->con.rank <= x->layout.rank) {
            int status = mi_build_scalar(b, constant, &bound);
            if (status < 0)
                return status;
            return is_max ? emit_clip(b, x, bound, FLT_MAX) : emit_clip(b, x, -FLT_MAX, bound);
        }
    }
    mi_value out;
    int status = fold_inputs(b, is_max ? MI_OP_MAX : MI_OP_MIN, &out);
    return status < 0 ? status : mi_build_out(b, 0, &out);
}

static mi_op op_of(mi_view type)
{
    return mi_view_is(type, "Sub")   ? MI_OP_SUB
           : mi_view_is(type, "Mul") ? MI_OP_MUL
           : mi_view_is(type, "Div") ? MI_OP_DIV
                                     : MI_OP_ADD;
}

/* Sum takes any number of inputs, the others two. */
int mi_build_binary(mi_build *b)
{
    mi_value out;
    if (b->at->ins != 2 && !mi_view_is(b->at->type, "Sum"))
        return mi_build_fail(b, MIEN_ERR_MODEL, "%d inputs", (int)b->at->ins);
    const mi_value *left = mi_build_in(b, 0), *right = mi_build_in(b, 1);
    if (left && right && is_old_broadcast(b)) {
        mi_value placed;
        int status = place_at_axis(b, left, right, &placed);
        if (status >= 0)
            status = mi_build_pair(b, op_of(b->at->type), left, &placed, &out);
        return status < 0 ? status : mi_build_out(b, 0, &out);
    }
    int status = fold_inputs(b, op_of(b->at->type), &out);
    return status < 0 ? status : mi_build_out(b, 0, &out);
}

int mi_build_mean(mi_build *b)
{
    mi_value out;
    int status = fold_inputs(b, MI_OP_ADD, &out);
    if (status >= 0 && b->at->ins > 1)
        status = mi_build_by_number(b, MI_OP_MUL, &out, 1 / (float)b->at->ins, &out);
    return status < 0 ? status : mi_build_out(b, 0, &out);
}

int mi_build_pow(mi_build *b)
{
    mi_value *x = mi_build_in(b, 0), *y = mi_build_in(b, 1), out;
    if (!x || !y)
        return mi_build_fail(b, MIEN_ERR_MODEL, "an input is missing");
    float exponent = 0;
    if (x->kind == MI_VALUE_RUN && y->kind == MI_VALUE_CONST && y->con.count == 1 &&
        y->con.rank <= x->layout.rank) {
        int status = mi_build_scalar(b, 1, &exponent);
        if (status < 0)
            return status;
    }
    mi_value placed;
    int status = 0;
    if (is_old_broadcast(b)) {
        status = place_at_axis(b, x, y, &placed);
        y = &placed;
    }
    if (status < 0)
        return status;
    if (exponent == 2)
        status = mi_build_pair(b, MI_OP_MUL, x, x, &out);
    else if (exponent == 0.5f)
        status = mi_build_unary(b, x, MI_ACT_SQRT, 0, 0, &out);
    else if (exponent == 1)
        return mi_build_out(b, 0, x);
    else
        status = mi_build_pair(b, MI_OP_POW, x, y, &out);
    return status < 0 ? status : mi_build_out(b, 0, &out);
}

int mi_build_reciprocal(mi_build *b)
{
    mi_value *x, out, one = {.kind = MI_VALUE_CONST};
    int status = mi_build_run(b, 0, &x);
    if (status < 0)
        return status;
    status = mi_const_init(&one.con, false, 0, one.con.dim, &b->budget);
    if (status < 0)
        return mi_build_fail(b, status, "no memory for a constant");
    one.con.f[0] = 1;
    status = mi_build_pair(b, MI_OP_DIV, &one, x, &out);
    mi_const_finish(&one.con);
    return status < 0 ? status : mi_build_out(b, 0, &out);
}

/* Dropout's second output, the mask, stays undefined: who uses it is told so. */
int mi_build_identity(mi_build *b)
{
    mi_value *x = mi_build_in(b, 0), *training = mi_build_in(b, 2);
    if (!x)
        return mi_build_fail(b, MIEN_ERR_MODEL, "input 0 is missing");
    if (training && (training->kind != MI_VALUE_CONST || training->con.count != 1 ||
                     !training->con.is_int || training->con.i[0]))
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "training mode");
    return mi_build_out(b, 0, x);
}

/* Whole numbers towards 0; what no byte can hold is undefined and becomes the nearest one. */
static int bytes_of(mi_build *b, const mi_value *x)
{
    mi_value out;
    int status = mi_build_unary(b, x, MI_ACT_CLIP, 0, 255, &out);
    if (status >= 0)
        status = mi_build_unary(b, &out, MI_ACT_FLOOR, 0, 0, &out);
    return status < 0 ? status : mi_build_out(b, 0, &out);
}

int mi_build_cast(mi_build *b)
{
    mi_value *x;
    int32_t to;
    int status = mi_build_run(b, 0, &x);
    if (status >= 0)
        status = mi_build_int(b, "to", 0, 0, 1000, &to);
    if (status < 0)
        return status;
    if (to == MI_ONNX_UINT8)
        return bytes_of(b, x);
    if (!mi_onnx_is_float(to))
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "to data type %d", (int)to);
    return mi_build_out(b, 0, x);
}
