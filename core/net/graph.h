/* A network as a list of operators on tensors with known shapes: what the ONNX reader makes and
 * the planner eats. Constants are folded, types are float32, a batch lies with the channels. Knows
 * no Vulkan. */
#ifndef MI_GRAPH_H
#define MI_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../log.h"

enum { MI_NODE_INPUTS = 8, MI_GRAPH_OUTPUTS = 8 };

/* A value, with the axes c, h and w, whatever dimensions the model gives it. */
typedef struct mi_tensor {
    char *name;   /* owned, may be "" */
    int32_t c, h, w;
    float *data;  /* owned, c*h*w values in C,H,W order: a constant; NULL: computed at run time */
} mi_tensor;

typedef enum mi_op {
    MI_OP_CONV = 1,       /* in: x, weight (constant), bias (constant or -1) */
    MI_OP_CONV_TRANSPOSE, /* in: x, weight (constant), bias (constant or -1) */
    MI_OP_INSTANCE_NORM,  /* in: x, scale, bias (constants, one a channel) */
    MI_OP_AFFINE,         /* in: x, scale, shift (constants, one a channel): BatchNormalization */
    MI_OP_ACT,            /* in: x; kind in node.act */
    MI_OP_ADD,            /* in: a, b; broadcast; one of them may be constant */
    MI_OP_SUB,
    MI_OP_MUL,
    MI_OP_DIV,
    MI_OP_MAX,
    MI_OP_MIN,
    MI_OP_POW, /* a to the power of b; NaN where a < 0 and b is not whole */
    MI_OP_CONCAT,         /* in: 1..8 tensors, along channels */
    MI_OP_PAD,            /* node.pad and node.pad_mode */
    MI_OP_RESIZE,         /* node.resize */
    MI_OP_DEPTH_TO_SPACE, /* node.block, node.crd */
    MI_OP_SPACE_TO_DEPTH, /* node.block */
    MI_OP_SLICE,          /* node.begin, node.step; the extent is the output's shape */
    MI_OP_MAX_POOL,       /* node.conv kernel, stride, pads */
    MI_OP_AVERAGE_POOL,   /* the same; padding is not counted */
    MI_OP_GLOBAL_AVERAGE_POOL,
    MI_OP_GLOBAL_MAX_POOL,
    MI_OP_COPY /* node.copy: every value from its own place */
} mi_op;

typedef enum mi_act {
    MI_ACT_NONE = 0,
    MI_ACT_RELU,
    MI_ACT_LEAKY_RELU, /* x < 0: x * act_a */
    MI_ACT_PRELU,      /* in[1]: slope a channel (constant, 1 or c values) */
    MI_ACT_CLIP,       /* act_a..act_b */
    MI_ACT_TANH,
    MI_ACT_SIGMOID,
    MI_ACT_ELU,          /* x < 0: act_a * (exp(x) - 1) */
    MI_ACT_HARD_SIGMOID, /* clamp(act_a * x + act_b, 0, 1) */
    MI_ACT_HARD_SWISH,   /* x * clamp(x / 6 + 0.5, 0, 1) */
    MI_ACT_SOFTPLUS,
    MI_ACT_EXP,
    MI_ACT_ABS,
    MI_ACT_NEG,
    MI_ACT_SQRT,
    /* From here on rare ones: nodes of their own, no other node's kernel applies them. */
    MI_ACT_RARE,
    MI_ACT_LOG = MI_ACT_RARE,
    MI_ACT_FLOOR,
    MI_ACT_CEIL,
    MI_ACT_ROUND, /* half to even */
    MI_ACT_SIGN,
    MI_ACT_SIN,
    MI_ACT_COS,
    MI_ACT_ERF,
    MI_ACT_SOFTSIGN,
    MI_ACT_MISH,
    MI_ACT_GELU,      /* x * (1 + erf(x / sqrt(2))) / 2 */
    MI_ACT_GELU_TANH, /* its approximation */
    MI_ACT_SELU,      /* act_b * (x < 0: act_a * (exp(x) - 1)) */
    MI_ACT_CELU,      /* x < 0: act_a * (exp(x / act_a) - 1) */
    MI_ACT_THRESHOLDED_RELU /* x > act_a: x; else 0 */
} mi_act;

typedef enum mi_pad_mode {
    MI_PAD_CONSTANT = 0, /* node.pad_value */
    MI_PAD_EDGE,
    MI_PAD_REFLECT
} mi_pad_mode;

typedef enum mi_resize_mode {
    MI_RESIZE_NEAREST_FLOOR = 0, /* asymmetric coordinates, floor: out (x) takes in (x / scale) */
    MI_RESIZE_NEAREST_ROUND,     /* half-pixel coordinates, round half down (ONNX's default) */
    MI_RESIZE_LINEAR_HALF_PIXEL,
    MI_RESIZE_LINEAR_ALIGN_CORNERS,
    MI_RESIZE_LINEAR_ASYMMETRIC,
    /* Any weighted sum: in[1] and in[2] are tables for rows and columns (constants), a row of
     * 4 * n values for each of the result: the first source, then the weights of it and of
     * those that follow, as many as resize_taps_h or resize_taps_w. */
    MI_RESIZE_TABLE
} mi_resize_mode;

/* A copy of one tensor into another: the digits of a place in the result, with their weight on
 * an axis (0: c, 1: h, 2: w) there and on one in the source (0: the source repeats). */
enum { MI_COPY_PARTS = 12 };
typedef struct mi_copy_part {
    int32_t size, to_axis, to_stride, from_axis, from_stride;
} mi_copy_part;

typedef struct mi_copy {
    int32_t parts;
    mi_copy_part part[MI_COPY_PARTS];
} mi_copy;

typedef struct mi_node {
    mi_op op;
    int32_t in[MI_NODE_INPUTS]; /* indices of tensors; -1: absent */
    int32_t inputs;
    int32_t out;
    char *name; /* owned, for messages */

    /* CONV, CONV_TRANSPOSE, pools. Weight layout is ONNX's: [co][ci/groups][kh][kw] for CONV
     * (constant tensor with c = co, h = ci/groups, w = kh*kw), [ci][co/groups][kh][kw] for
     * CONV_TRANSPOSE (c = ci, h = co/groups, w = kh*kw). */
    struct {
        int32_t kh, kw, stride_h, stride_w, dilation_h, dilation_w, groups;
        int32_t pad_t, pad_l, pad_b, pad_r; /* zeros for CONV, cropping for CONV_TRANSPOSE */
    } conv;
    mi_act act;
    float act_a, act_b;
    float epsilon; /* INSTANCE_NORM */
    struct {
        int32_t t, l, b, r, front, back; /* PAD: >= 0; rows, columns, channels */
    } pad;
    mi_pad_mode pad_mode;
    float pad_value;
    mi_resize_mode resize;
    float resize_scale_h, resize_scale_w; /* RESIZE: output size / input size as the model says */
    int32_t resize_taps_h, resize_taps_w; /* of RESIZE_TABLE */
    int32_t block, crd;                   /* DEPTH_TO_SPACE: crd 1 = CRD order, 0 = DCR */
    struct {
        int32_t c, h, w;
    } begin, step; /* SLICE: step >= 1 */
    mi_copy copy;  /* COPY */
} mi_node;

typedef struct mi_meta {
    char *key, *value; /* owned */
} mi_meta;

typedef struct mi_graph {
    mi_tensor *tensor;
    int32_t tensors;
    mi_node *node; /* in an order that can be executed */
    int32_t nodes;
    int32_t input; /* tensor: the picture */
    int32_t output[MI_GRAPH_OUTPUTS], outputs; /* tensors, no two alike, none of them the input */
    /* 1: the model's input is N,H,W,C, or that output is; the graph's are C,H,W all the same. An
     * output of other dimensions has its values in the model's order. */
    int32_t nhwc, nhwc_out[MI_GRAPH_OUTPUTS];
    bool bytes; /* the model's input is uint8: 0..255, here as floats */
    mi_meta *meta;
    int32_t metas;
    double mac; /* multiply-accumulates of all CONV and CONV_TRANSPOSE nodes */
} mi_graph;

/* Reads an ONNX file's bytes and builds the graph for an input picture of `height` x `width`
 * pixels (a model with a fixed size must agree with it). `name` is what messages call the file.
 * The bytes are not needed afterwards. Everything in the file is checked: MIEN_ERR_MODEL with a
 * line that names the node and what is wrong, MIEN_ERR_UNSUPPORTED with the operator that is
 * lacking or what of it is. Allocations are bounded by the file's size and the shapes' product
 * (limit: 2^28 values a tensor). */
int mi_graph_from_onnx(mi_graph **graph, const void *bytes, size_t size, const char *name,
                       int32_t height, int32_t width, mi_log *log);

/* The same for what is called `output[0]`, ..., in that order, instead of the file's first output.
 * MIEN_ERR_MODEL if there is no such value. count: 1..MI_GRAPH_OUTPUTS. */
int mi_graph_of_outputs(mi_graph **graph, const void *bytes, size_t size, const char *name,
                        int32_t height, int32_t width, const char *const *output, int32_t count,
                        mi_log *log);

/* The file's first output for a picture of any size, whatever size the file declares. Where its
 * nodes do not allow that size, the line is about the node. */
int mi_graph_of_size(mi_graph **graph, const void *bytes, size_t size, const char *name,
                     int32_t height, int32_t width, mi_log *log);

/* Size that the model fixes for its input picture; 0 where it is dynamic. Also a quick check that
 * the bytes are an ONNX model at all. Graphs of one file are made several times: what is odd about
 * it, a newer operator set or further outputs, is said here and nowhere else. */
int mi_onnx_input_size(const void *bytes, size_t size, const char *name, int32_t *height,
                       int32_t *width, mi_log *log);

/* NULL is allowed; *graph becomes NULL. */
void mi_graph_destroy(mi_graph **graph);

/* The value of a metadata key, or NULL. */
const char *mi_graph_meta(const mi_graph *graph, const char *key);

/* Operator k (from 0 on) of those that are computed from the picture, by its name in ONNX, and what
 * of it is not supported, "" if nothing. False: there are no more. */
bool mi_onnx_operator(int32_t k, const char **type, const char **limits);
/* The same for those that are computed from constants and shapes, when the file is read. */
bool mi_onnx_constant_operator(int32_t k, const char **type);

/* The name of an operator as ONNX spells it, for messages. */
const char *mi_op_name(mi_op op);

#endif
