/* Operators that work on each value for itself: activations and arithmetic. */
#include "graph_build.h"

#include <float.h>
#include <math.h>

static int emit_act(mi_build *b, const mi_value *x, mi_act act, float a, float c)
{
    const mi_tensor t = *mi_build_tensor(b, x);
    mi_node *node;
    int status = mi_build_node(b, MI_OP_ACT, x->tensor, t.c, t.h, t.w, &node);
    if (status < 0)
        return status;
    node->act = act;
    node->act_a = a;
    node->act_b = c;
    return mi_build_out_run(b, 0, node->out, x->nhwc);
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
};

int mi_build_act(mi_build *b)
{
    const act_row *row = act_table;
    while (!mi_view_is(b->at->type, row->type))
        row++;
    mi_value *x;
    float alpha = 0, beta = 0;
    int status = mi_build_run(b, 0, true, &x);
    if (status >= 0 && row->alpha > 0)
        status = mi_build_float(b, "alpha", row->alpha, &alpha);
    if (status >= 0 && row->beta > 0)
        status = mi_build_float(b, "beta", row->beta, &beta);
    return status < 0 ? status : emit_act(b, x, row->act, alpha, beta);
}

int mi_build_prelu(mi_build *b)
{
    mi_value *x, *slope = mi_build_in(b, 1);
    int32_t tensor;
    int status = mi_build_run(b, 0, true, &x);
    if (status < 0)
        return status;
    if (!slope || slope->kind != MI_VALUE_CONST)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "the slope is not constant");
    status = mi_build_form(b, slope, x->nhwc ? MI_FORM_NHWC : MI_FORM_NCHW, &tensor);
    if (status < 0)
        return status;
    const mi_tensor t = *mi_build_tensor(b, x), s = b->graph->tensor[tensor];
    if (s.h != 1 || s.w != 1 || (s.c != 1 && s.c != t.c))
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "a slope of %dx%dx%d for %d channels",
                             (int)s.c, (int)s.h, (int)s.w, (int)t.c);
    mi_node *node;
    status = mi_build_node(b, MI_OP_ACT, x->tensor, t.c, t.h, t.w, &node);
    if (status < 0)
        return status;
    node->act = MI_ACT_PRELU;
    mi_build_connect(b, node, tensor);
    return mi_build_out_run(b, 0, node->out, x->nhwc);
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
    int status = mi_build_run(b, 0, true, &x);
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

int mi_build_min_max(mi_build *b)
{
    if (b->at->ins != 2 || !mi_build_in(b, 0) || !mi_build_in(b, 1))
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "%d inputs", (int)b->at->ins);
    int32_t constant = mi_build_in(b, 0)->kind == MI_VALUE_CONST ? 0 : 1;
    mi_value *x;
    float bound;
    int status = mi_build_run(b, 1 - constant, true, &x);
    if (status >= 0)
        status = mi_build_scalar(b, constant, &bound);
    if (status < 0)
        return status;
    if (mi_view_is(b->at->type, "Max"))
        return emit_clip(b, x, bound, FLT_MAX);
    return emit_clip(b, x, -FLT_MAX, bound);
}

/* A run-time value is used as it lies, a constant is laid out like the other operand. */
static int operand(mi_build *b, mi_value *value, bool nhwc, int32_t *tensor)
{
    if (value->kind == MI_VALUE_CONST)
        return mi_build_form(b, value, nhwc ? MI_FORM_NHWC : MI_FORM_NCHW, tensor);
    *tensor = value->tensor;
    return 0;
}

static bool broadcast(int32_t a, int32_t b, int64_t *size)
{
    *size = a > b ? a : b;
    return a == b || a == 1 || b == 1;
}

static int emit_binary(mi_build *b, mi_op op, int32_t left, int32_t right, bool nhwc)
{
    const mi_tensor s = b->graph->tensor[left], t = b->graph->tensor[right];
    int64_t c, h, w;
    if (!broadcast(s.c, t.c, &c) || !broadcast(s.h, t.h, &h) || !broadcast(s.w, t.w, &w))
        return mi_build_fail(b, MIEN_ERR_MODEL, "shapes %dx%dx%d and %dx%dx%d do not fit",
                             (int)s.c, (int)s.h, (int)s.w, (int)t.c, (int)t.h, (int)t.w);
    mi_node *node;
    int status = mi_build_node(b, op, left, c, h, w, &node);
    if (status < 0)
        return status;
    mi_build_connect(b, node, right);
    return mi_build_out_run(b, 0, node->out, nhwc);
}

int mi_build_binary(mi_build *b)
{
    mi_value *left = mi_build_in(b, 0), *right = mi_build_in(b, 1);
    /* Sum takes any number. */
    if (b->at->ins == 1 && left && mi_view_is(b->at->type, "Sum"))
        return mi_build_out_alias(b, left);
    if (b->at->ins != 2 || !left || !right)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "%d inputs", (int)b->at->ins);
    if (left->groups || right->groups)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "an input has no 4 dimensions");
    bool nhwc = left->kind == MI_VALUE_RUN ? left->nhwc : right->nhwc;
    if (left->kind == MI_VALUE_RUN && right->kind == MI_VALUE_RUN && left->nhwc != right->nhwc)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "one input is N,H,W,C, the other N,C,H,W");
    int32_t first, second;
    int status = operand(b, left, nhwc, &first);
    if (status >= 0)
        status = operand(b, right, nhwc, &second);
    if (status < 0)
        return status;
    mi_op op = mi_view_is(b->at->type, "Sub")   ? MI_OP_SUB
               : mi_view_is(b->at->type, "Mul") ? MI_OP_MUL
               : mi_view_is(b->at->type, "Div") ? MI_OP_DIV
                                                : MI_OP_ADD;
    return emit_binary(b, op, first, second, nhwc);
}

int mi_build_pow(mi_build *b)
{
    mi_value *x;
    float exponent;
    int status = mi_build_run(b, 0, true, &x);
    if (status >= 0)
        status = mi_build_scalar(b, 1, &exponent);
    if (status < 0)
        return status;
    if (exponent == 2)
        return emit_binary(b, MI_OP_MUL, x->tensor, x->tensor, x->nhwc);
    if (exponent == 0.5f)
        return emit_act(b, x, MI_ACT_SQRT, 0, 0);
    if (exponent == 1)
        return mi_build_out_alias(b, x);
    return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "exponent %g; 0.5, 1 and 2 are supported",
                         (double)exponent);
}

int mi_build_reciprocal(mi_build *b)
{
    mi_value *x;
    int32_t one;
    int status = mi_build_run(b, 0, true, &x);
    if (status < 0)
        return status;
    mi_value unit = {.kind = MI_VALUE_CONST};
    status = mi_const_init(&unit.con, false, 0, unit.con.dim, &b->budget);
    if (status < 0)
        return mi_build_fail(b, status, "no memory for a constant");
    unit.con.f[0] = 1;
    status = mi_build_form(b, &unit, MI_FORM_NCHW, &one);
    mi_const_finish(&unit.con);
    return status < 0 ? status : emit_binary(b, MI_OP_DIV, one, x->tensor, x->nhwc);
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
    return mi_build_out_alias(b, x);
}

int mi_build_cast(mi_build *b)
{
    mi_value *x;
    int32_t to;
    int status = mi_build_run(b, 0, true, &x);
    if (status >= 0)
        status = mi_build_int(b, "to", 0, 0, 1000, &to);
    if (status < 0)
        return status;
    if (to != MI_ONNX_FLOAT && to != MI_ONNX_FLOAT16 && to != MI_ONNX_DOUBLE)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "to data type %d", (int)to);
    return mi_build_out_alias(b, x);
}
