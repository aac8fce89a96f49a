#include "oracle.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct job {
    const mi_graph *graph;
    const mi_node *node;
    float *const *value;
    const mi_tensor *x; /* first input */
    const mi_tensor *y; /* result */
    const float *in;
    float *out;
} job;

static size_t volume(const mi_tensor *t)
{
    return (size_t)t->c * (size_t)t->h * (size_t)t->w;
}

static size_t at(const mi_tensor *t, int64_t c, int64_t h, int64_t w)
{
    return ((size_t)c * (size_t)t->h + (size_t)h) * (size_t)t->w + (size_t)w;
}

static const float *extra(const job *j, int32_t k)
{
    if (k >= j->node->inputs || j->node->in[k] < 0)
        return NULL;
    return j->value[j->node->in[k]];
}

static void conv(const job *j)
{
    const mi_node *n = j->node;
    const float *weight = extra(j, 1), *bias = extra(j, 2);
    int32_t g = n->conv.groups, ci = j->x->c / g, co = j->y->c / g;
    for (int32_t c = 0; c < j->y->c; c++)
        for (int32_t h = 0; h < j->y->h; h++)
            for (int32_t w = 0; w < j->y->w; w++) {
                double sum = bias ? bias[c] : 0;
                for (int32_t i = 0; i < ci; i++)
                    for (int32_t kh = 0; kh < n->conv.kh; kh++)
                        for (int32_t kw = 0; kw < n->conv.kw; kw++) {
                            int64_t r = (int64_t)h * n->conv.stride_h - n->conv.pad_t +
                                        (int64_t)kh * n->conv.dilation_h;
                            int64_t s = (int64_t)w * n->conv.stride_w - n->conv.pad_l +
                                        (int64_t)kw * n->conv.dilation_w;
                            if (r < 0 || r >= j->x->h || s < 0 || s >= j->x->w)
                                continue;
                            size_t k = (((size_t)c * (size_t)ci + (size_t)i) *
                                            (size_t)n->conv.kh +
                                        (size_t)kh) *
                                           (size_t)n->conv.kw +
                                       (size_t)kw;
                            sum += (double)weight[k] * j->in[at(j->x, c / co * ci + i, r, s)];
                        }
                j->out[at(j->y, c, h, w)] = (float)sum;
            }
}

/* Each input value is spread over the window that it touches. */
static int conv_transpose(const job *j)
{
    const mi_node *n = j->node;
    const float *weight = extra(j, 1), *bias = extra(j, 2);
    int32_t g = n->conv.groups, ci = j->x->c / g, co = j->y->c / g;
    double *sum = calloc(volume(j->y), sizeof *sum);
    if (!sum)
        return MIEN_ERR_NOMEM;
    for (int32_t c = 0; c < j->x->c; c++)
        for (int32_t h = 0; h < j->x->h; h++)
            for (int32_t w = 0; w < j->x->w; w++)
                for (int32_t o = 0; o < co; o++)
                    for (int32_t kh = 0; kh < n->conv.kh; kh++)
                        for (int32_t kw = 0; kw < n->conv.kw; kw++) {
                            int64_t r = (int64_t)h * n->conv.stride_h - n->conv.pad_t +
                                        (int64_t)kh * n->conv.dilation_h;
                            int64_t s = (int64_t)w * n->conv.stride_w - n->conv.pad_l +
                                        (int64_t)kw * n->conv.dilation_w;
                            if (r < 0 || r >= j->y->h || s < 0 || s >= j->y->w)
                                continue;
                            size_t k = (((size_t)c * (size_t)co + (size_t)o) *
                                            (size_t)n->conv.kh +
                                        (size_t)kh) *
                                           (size_t)n->conv.kw +
                                       (size_t)kw;
                            sum[at(j->y, c / ci * co + o, r, s)] +=
                                (double)weight[k] * j->in[at(j->x, c, h, w)];
                        }
    for (int32_t c = 0; c < j->y->c; c++)
        for (size_t p = 0; p < (size_t)j->y->h * (size_t)j->y->w; p++) {
            size_t k = at(j->y, c, 0, 0) + p;
            j->out[k] = (float)(sum[k] + (bias ? bias[c] : 0));
        }
    free(sum);
    return 0;
}

static void instance_norm(const job *j)
{
    const float *scale = extra(j, 1), *bias = extra(j, 2);
    size_t count = (size_t)j->x->h * (size_t)j->x->w;
    for (int32_t c = 0; c < j->x->c; c++) {
        const float *in = j->in + at(j->x, c, 0, 0);
        float *out = j->out + at(j->y, c, 0, 0);
        double mean = 0, variance = 0;
        for (size_t k = 0; k < count; k++)
            mean += in[k];
        mean /= (double)count;
        for (size_t k = 0; k < count; k++)
            variance += (in[k] - mean) * (in[k] - mean);
        variance /= (double)count;
        for (size_t k = 0; k < count; k++)
            out[k] = (float)((in[k] - mean) / sqrt(variance + j->node->epsilon) * scale[c] +
                             bias[c]);
    }
}

static void affine(const job *j)
{
    const float *scale = extra(j, 1), *shift = extra(j, 2);
    for (int32_t c = 0; c < j->x->c; c++)
        for (size_t p = 0; p < (size_t)j->x->h * (size_t)j->x->w; p++) {
            size_t k = at(j->x, c, 0, 0) + p;
            j->out[k] = (float)((double)j->in[k] * scale[c] + shift[c]);
        }
}

static double clip(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

static double activation(const mi_node *n, double x, double slope)
{
    double a = n->act_a, b = n->act_b;
    switch (n->act) {
    case MI_ACT_NONE:
        return x;
    case MI_ACT_RELU:
        return x > 0 ? x : 0;
    case MI_ACT_LEAKY_RELU:
        return x < 0 ? x * a : x;
    case MI_ACT_PRELU:
        return x < 0 ? x * slope : x;
    case MI_ACT_CLIP:
        return clip(x, a, b);
    case MI_ACT_TANH:
        return tanh(x);
    case MI_ACT_SIGMOID:
        return 1 / (1 + exp(-x));
    case MI_ACT_ELU:
        return x < 0 ? a * (exp(x) - 1) : x;
    case MI_ACT_HARD_SIGMOID:
        return clip(a * x + b, 0, 1);
    case MI_ACT_HARD_SWISH:
        return x * clip(x / 6 + 0.5, 0, 1);
    case MI_ACT_SOFTPLUS:
        return x > 30 ? x : log(1 + exp(x));
    case MI_ACT_EXP:
        return exp(x);
    case MI_ACT_ABS:
        return fabs(x);
    case MI_ACT_NEG:
        return -x;
    case MI_ACT_SQRT:
        return sqrt(x);
    case MI_ACT_LOG:
        return log(x);
    case MI_ACT_FLOOR:
        return floor(x);
    case MI_ACT_CEIL:
        return ceil(x);
    case MI_ACT_ROUND:
        return rint(x);
    case MI_ACT_SIGN:
        return (x > 0) - (x < 0);
    case MI_ACT_SIN:
        return sin(x);
    case MI_ACT_COS:
        return cos(x);
    case MI_ACT_ERF:
        return erf(x);
    case MI_ACT_SOFTSIGN:
        return x / (1 + fabs(x));
    case MI_ACT_MISH:
        return x * tanh(x > 30 ? x : log(1 + exp(x)));
    case MI_ACT_GELU:
        return x * (1 + erf(x / sqrt(2))) / 2;
    case MI_ACT_GELU_TANH:
        return x * (1 + tanh(sqrt(2 / 3.14159265358979) * (x + 0.044715 * x * x * x))) / 2;
    case MI_ACT_SELU:
        return b * (x < 0 ? a * (exp(x) - 1) : x);
    case MI_ACT_CELU:
        return x < 0 ? a * (exp(x / a) - 1) : x;
    case MI_ACT_THRESHOLDED_RELU:
        return x > a ? x : 0;
    }
    return NAN;
}

static void act(const job *j)
{
    const float *slope = extra(j, 1);
    int32_t slopes = slope ? j->graph->tensor[j->node->in[1]].c : 1;
    for (int32_t c = 0; c < j->x->c; c++)
        for (size_t p = 0; p < (size_t)j->x->h * (size_t)j->x->w; p++) {
            size_t k = at(j->x, c, 0, 0) + p;
            double by = slope ? slope[slopes == 1 ? 0 : c] : 0;
            j->out[k] = (float)activation(j->node, j->in[k], by);
        }
}

static void binary(const job *j)
{
    const mi_tensor *s = j->x, *t = &j->graph->tensor[j->node->in[1]];
    const float *right = extra(j, 1);
    for (int32_t c = 0; c < j->y->c; c++)
        for (int32_t h = 0; h < j->y->h; h++)
            for (int32_t w = 0; w < j->y->w; w++) {
                double a = j->in[at(s, s->c > 1 ? c : 0, s->h > 1 ? h : 0, s->w > 1 ? w : 0)];
                double b = right[at(t, t->c > 1 ? c : 0, t->h > 1 ? h : 0, t->w > 1 ? w : 0)];
                double r = j->node->op == MI_OP_ADD   ? a + b
                           : j->node->op == MI_OP_SUB ? a - b
                           : j->node->op == MI_OP_MUL ? a * b
                           : j->node->op == MI_OP_MAX ? fmax(a, b)
                           : j->node->op == MI_OP_MIN ? fmin(a, b)
                           : j->node->op == MI_OP_POW ? pow(a, b)
                                                      : a / b;
                j->out[at(j->y, c, h, w)] = (float)r;
            }
}

static void concat(const job *j)
{
    float *out = j->out;
    for (int32_t k = 0; k < j->node->inputs; k++) {
        size_t count = volume(&j->graph->tensor[j->node->in[k]]);
        memcpy(out, extra(j, k), count * sizeof *out);
        out += count;
    }
}

/* Where a padded place comes from; -1: from nowhere. */
static int64_t padded(mi_pad_mode mode, int64_t place, int64_t size)
{
    if (place >= 0 && place < size)
        return place;
    if (mode == MI_PAD_CONSTANT)
        return -1;
    if (mode == MI_PAD_EDGE)
        return place < 0 ? 0 : size - 1;
    return place < 0 ? -place : 2 * (size - 1) - place;
}

static void pad(const job *j)
{
    const mi_node *n = j->node;
    for (int32_t c = 0; c < j->y->c; c++)
        for (int32_t h = 0; h < j->y->h; h++)
            for (int32_t w = 0; w < j->y->w; w++) {
                int64_t q = padded(n->pad_mode, c - n->pad.front, j->x->c);
                int64_t r = padded(n->pad_mode, h - n->pad.t, j->x->h);
                int64_t s = padded(n->pad_mode, w - n->pad.l, j->x->w);
                bool outside = q < 0 || r < 0 || s < 0;
                j->out[at(j->y, c, h, w)] = outside ? n->pad_value : j->in[at(j->x, q, r, s)];
            }
}

/* The coordinate in the input, in float as the operator's definition in runtimes has it. */
static float coordinate(mi_resize_mode mode, int64_t place, int32_t in, int32_t out, float scale)
{
    float x = (float)place;
    switch (mode) {
    case MI_RESIZE_NEAREST_FLOOR:
    case MI_RESIZE_LINEAR_ASYMMETRIC:
        return x / scale;
    case MI_RESIZE_NEAREST_ROUND:
    case MI_RESIZE_LINEAR_HALF_PIXEL:
        return (x + 0.5f) / scale - 0.5f;
    case MI_RESIZE_LINEAR_ALIGN_CORNERS:
        return out > 1 ? x * (float)(in - 1) / (float)(out - 1) : 0;
    case MI_RESIZE_TABLE:
        break;
    }
    return 0;
}

static float limited(float x, int32_t size)
{
    return x < 0 ? 0 : x > (float)(size - 1) ? (float)(size - 1) : x;
}

static void resize_table(const job *j)
{
    const mi_node *n = j->node;
    int32_t row = j->graph->tensor[n->in[1]].w, column = j->graph->tensor[n->in[2]].w;
    for (int32_t c = 0; c < j->y->c; c++)
        for (int32_t h = 0; h < j->y->h; h++)
            for (int32_t w = 0; w < j->y->w; w++) {
                const float *r = extra(j, 1) + h * row, *s = extra(j, 2) + w * column;
                double sum = 0;
                for (int32_t i = 0; i < n->resize_taps_h; i++)
                    for (int32_t k = 0; k < n->resize_taps_w; k++)
                        sum += (double)r[1 + i] * s[1 + k] *
                               j->in[at(j->x, c, (int64_t)r[0] + i, (int64_t)s[0] + k)];
                j->out[at(j->y, c, h, w)] = (float)sum;
            }
}

static void resize(const job *j)
{
    const mi_node *n = j->node;
    const mi_tensor *x = j->x;
    for (int32_t c = 0; c < j->y->c; c++)
        for (int32_t h = 0; h < j->y->h; h++)
            for (int32_t w = 0; w < j->y->w; w++) {
                float r = coordinate(n->resize, h, x->h, j->y->h, n->resize_scale_h);
                float s = coordinate(n->resize, w, x->w, j->y->w, n->resize_scale_w);
                if (n->resize == MI_RESIZE_NEAREST_FLOOR) {
                    r = floorf(r);
                    s = floorf(s);
                } else if (n->resize == MI_RESIZE_NEAREST_ROUND) {
                    r = ceilf(r - 0.5f);
                    s = ceilf(s - 0.5f);
                }
                r = limited(r, x->h);
                s = limited(s, x->w);
                int64_t r0 = (int64_t)r, s0 = (int64_t)s;
                int64_t r1 = r0 + 1 < x->h ? r0 + 1 : r0, s1 = s0 + 1 < x->w ? s0 + 1 : s0;
                double fr = (double)r - (double)r0, fs = (double)s - (double)s0;
                double upper = j->in[at(x, c, r0, s0)] * (1 - fs) + j->in[at(x, c, r0, s1)] * fs;
                double lower = j->in[at(x, c, r1, s0)] * (1 - fs) + j->in[at(x, c, r1, s1)] * fs;
                j->out[at(j->y, c, h, w)] = (float)(upper * (1 - fr) + lower * fr);
            }
}

static void depth_to_space(const job *j)
{
    int32_t b = j->node->block;
    for (int32_t c = 0; c < j->y->c; c++)
        for (int32_t h = 0; h < j->y->h; h++)
            for (int32_t w = 0; w < j->y->w; w++) {
                int32_t cell = h % b * b + w % b;
                int32_t from = j->node->crd ? c * b * b + cell : cell * j->y->c + c;
                j->out[at(j->y, c, h, w)] = j->in[at(j->x, from, h / b, w / b)];
            }
}

static void space_to_depth(const job *j)
{
    int32_t b = j->node->block;
    for (int32_t c = 0; c < j->x->c; c++)
        for (int32_t h = 0; h < j->x->h; h++)
            for (int32_t w = 0; w < j->x->w; w++) {
                int32_t to = (h % b * b + w % b) * j->x->c + c;
                j->out[at(j->y, to, h / b, w / b)] = j->in[at(j->x, c, h, w)];
            }
}

static void slice(const job *j)
{
    const mi_node *n = j->node;
    for (int32_t c = 0; c < j->y->c; c++)
        for (int32_t h = 0; h < j->y->h; h++)
            for (int32_t w = 0; w < j->y->w; w++)
                j->out[at(j->y, c, h, w)] =
                    j->in[at(j->x, n->begin.c + c * n->step.c, n->begin.h + h * n->step.h,
                             n->begin.w + w * n->step.w)];
}

static void pool(const job *j)
{
    const mi_node *n = j->node;
    for (int32_t c = 0; c < j->y->c; c++)
        for (int32_t h = 0; h < j->y->h; h++)
            for (int32_t w = 0; w < j->y->w; w++) {
                double sum = 0, max = -INFINITY;
                int64_t count = 0;
                for (int32_t kh = 0; kh < n->conv.kh; kh++)
                    for (int32_t kw = 0; kw < n->conv.kw; kw++) {
                        int64_t r = (int64_t)h * n->conv.stride_h - n->conv.pad_t +
                                    (int64_t)kh * n->conv.dilation_h;
                        int64_t s = (int64_t)w * n->conv.stride_w - n->conv.pad_l +
                                    (int64_t)kw * n->conv.dilation_w;
                        if (r < 0 || r >= j->x->h || s < 0 || s >= j->x->w)
                            continue;
                        double v = j->in[at(j->x, c, r, s)];
                        sum += v;
                        max = v > max ? v : max;
                        count++;
                    }
                double mean = count ? sum / (double)count : 0;
                j->out[at(j->y, c, h, w)] = (float)(n->op == MI_OP_MAX_POOL ? max : mean);
            }
}

static void global_pool(const job *j)
{
    size_t count = (size_t)j->x->h * (size_t)j->x->w;
    for (int32_t c = 0; c < j->x->c; c++) {
        double sum = 0, max = -INFINITY;
        for (size_t k = 0; k < count; k++) {
            double v = j->in[at(j->x, c, 0, 0) + k];
            sum += v;
            max = v > max ? v : max;
        }
        bool is_max = j->node->op == MI_OP_GLOBAL_MAX_POOL;
        j->out[c] = (float)(is_max ? max : sum / (double)count);
    }
}

static void copy(const job *j)
{
    int32_t to[3];
    for (to[0] = 0; to[0] < j->y->c; to[0]++)
        for (to[1] = 0; to[1] < j->y->h; to[1]++)
            for (to[2] = 0; to[2] < j->y->w; to[2]++) {
                int64_t from[3] = {0, 0, 0};
                for (int32_t k = 0; k < j->node->copy.parts; k++) {
                    const mi_copy_part *p = &j->node->copy.part[k];
                    from[p->from_axis] +=
                        (int64_t)(to[p->to_axis] / p->to_stride % p->size) * p->from_stride;
                }
                j->out[at(j->y, to[0], to[1], to[2])] = j->in[at(j->x, from[0], from[1], from[2])];
            }
}

int oracle_node(const mi_graph *graph, const mi_node *node, float *const *value)
{
    job j = {.graph = graph, .node = node, .value = value};
    j.x = &graph->tensor[node->in[0]];
    j.y = &graph->tensor[node->out];
    j.in = value[node->in[0]];
    j.out = value[node->out];
    switch (node->op) {
    case MI_OP_CONV:
        conv(&j);
        return 0;
    case MI_OP_CONV_TRANSPOSE:
        return conv_transpose(&j);
    case MI_OP_INSTANCE_NORM:
        instance_norm(&j);
        return 0;
    case MI_OP_AFFINE:
        affine(&j);
        return 0;
    case MI_OP_ACT:
        act(&j);
        return 0;
    case MI_OP_ADD:
    case MI_OP_SUB:
    case MI_OP_MUL:
    case MI_OP_DIV:
    case MI_OP_MAX:
    case MI_OP_MIN:
    case MI_OP_POW:
        binary(&j);
        return 0;
    case MI_OP_CONCAT:
        concat(&j);
        return 0;
    case MI_OP_PAD:
        pad(&j);
        return 0;
    case MI_OP_RESIZE:
        if (node->resize == MI_RESIZE_TABLE)
            resize_table(&j);
        else
            resize(&j);
        return 0;
    case MI_OP_DEPTH_TO_SPACE:
        depth_to_space(&j);
        return 0;
    case MI_OP_SPACE_TO_DEPTH:
        space_to_depth(&j);
        return 0;
    case MI_OP_SLICE:
        slice(&j);
        return 0;
    case MI_OP_MAX_POOL:
    case MI_OP_AVERAGE_POOL:
        pool(&j);
        return 0;
    case MI_OP_GLOBAL_AVERAGE_POOL:
    case MI_OP_GLOBAL_MAX_POOL:
        global_pool(&j);
        return 0;
    case MI_OP_COPY:
        copy(&j);
        return 0;
    }
    return MIEN_ERR_UNSUPPORTED;
}

int oracle_run(const mi_graph *graph, const float *input, float **output)
{
    int status = MIEN_ERR_NOMEM;
    for (int32_t k = 0; k < graph->outputs; k++)
        output[k] = NULL;
    float **value = calloc((size_t)graph->tensors, sizeof *value);
    if (!value)
        goto error;
    for (int32_t k = 0; k < graph->tensors; k++) {
        size_t count = volume(&graph->tensor[k]);
        value[k] = malloc(count * sizeof **value);
        if (!value[k])
            goto error;
        if (graph->tensor[k].data)
            memcpy(value[k], graph->tensor[k].data, count * sizeof **value);
    }
    memcpy(value[graph->input], input, volume(&graph->tensor[graph->input]) * sizeof *input);
    status = 0;
    for (int32_t k = 0; status == 0 && k < graph->nodes; k++)
        status = oracle_node(graph, &graph->node[k], value);
    for (int32_t k = 0; status == 0 && k < graph->outputs; k++) {
        output[k] = value[graph->output[k]];
        value[graph->output[k]] = NULL;
    }
error:
    for (int32_t k = 0; value && k < graph->tensors; k++)
        free(value[k]);
    free(value);
    return status;
}

double oracle_nmse(const float *a, const float *b, size_t count)
{
    double error = 0, power = 0;
    for (size_t k = 0; k < count; k++) {
        double d = (double)a[k] - b[k];
        error += d * d;
        power += (double)b[k] * b[k];
    }
    if (isnan(error) || isnan(power))
        return INFINITY;
    return power > 0 ? error / power : error;
}

double oracle_max_abs(const float *a, const float *b, size_t count)
{
    double max = 0;
    for (size_t k = 0; k < count; k++) {
        double d = fabs((double)a[k] - b[k]);
        if (isnan(d))
            return INFINITY;
        max = d > max ? d : max;
    }
    return max;
}
