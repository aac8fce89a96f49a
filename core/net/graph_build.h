/* From mi_onnx to mi_graph: what the parts of the builder share. A name of the model has a value:
 * a constant, or a tensor that is computed at run time. Private to the ONNX reader. */
#ifndef MI_GRAPH_BUILD_H
#define MI_GRAPH_BUILD_H

#include "graph.h"
#include "onnx.h"

typedef enum mi_value_kind { MI_VALUE_NONE = 0, MI_VALUE_CONST, MI_VALUE_RUN } mi_value_kind;

/* How a constant's dimensions become c,h,w. */
typedef enum mi_form {
    MI_FORM_NCHW = 0, /* aligned to the right */
    MI_FORM_NHWC,     /* the same, and the last dimension is c */
    MI_FORM_WEIGHT,   /* d0, d1, d2*d3 */
    MI_FORM_VECTOR,   /* all values along c */
    MI_FORMS
} mi_form;

typedef struct mi_value {
    mi_value_kind kind;
    bool nhwc;               /* RUN: the model thinks of it as N,H,W,C */
    int32_t tensor;          /* RUN */
    int32_t groups;          /* RUN: 0, or the model has made it N, groups, the rest */
    mi_const con;            /* CONST */
    int32_t formed[MI_FORMS]; /* CONST: tensor + 1 of a form that was asked for, or 0 */
} mi_value;

typedef struct mi_build {
    mi_onnx model;
    mi_graph *graph;
    int32_t tensor_room, node_room;
    mi_value *value; /* of each name */
    mi_budget budget;
    const mi_onnx_node *at; /* the node at work */
} mi_build;

/* graph.c */
/* Drops nodes and tensors that the output does not need. */
int mi_graph_prune(mi_graph *graph);

/* graph_emit.c: messages, inputs and outputs of the node at work. */
int mi_build_fail(const mi_build *b, mien_status status, const char *format, ...) MI_PRINTF(3, 4);
/* Input k, or NULL if it is left out. */
mi_value *mi_build_in(const mi_build *b, int32_t k);
/* Input k, which must be computed at run time and have four dimensions; it must be N,C,H,W unless
 * `any_layout`. */
int mi_build_run(const mi_build *b, int32_t k, bool any_layout, mi_value **value);
mi_tensor *mi_build_tensor(const mi_build *b, const mi_value *run);
/* The dimensions of a value in the order of the model. */
void mi_build_dims(const mi_build *b, const mi_value *value, int32_t *rank,
                   int64_t dim[MI_ONNX_RANK]);
/* The constant becomes output k and belongs to it from now on. */
int mi_build_out_const(mi_build *b, int32_t k, mi_const *con);
int mi_build_out_run(mi_build *b, int32_t k, int32_t tensor, bool nhwc);
/* Output 0 is the same as `from`, which may be a constant. */
int mi_build_out_alias(mi_build *b, const mi_value *from);

/* Appends a node with one input and a new tensor. The pointer is good until the next call. */
int mi_build_node(mi_build *b, mi_op op, int32_t x, int64_t c, int64_t h, int64_t w,
                  mi_node **node);
int mi_build_connect(mi_build *b, mi_node *node, int32_t tensor);
/* A tensor that holds a constant. */
int mi_build_form(mi_build *b, mi_value *value, mi_form form, int32_t *tensor);
/* A constant of the builder's own making; takes over `data`, which must come from malloc(). NULL:
 * a tensor that is computed at run time. */
int mi_build_data(mi_build *b, float *data, int32_t c, int32_t h, int32_t w, int32_t *tensor);

/* graph_attr.c: attributes of the node at work, checked. */
int mi_build_int(const mi_build *b, const char *name, int32_t standard, int32_t min, int32_t max,
                 int32_t *value);
/* The number must be finite. */
int mi_build_float(const mi_build *b, const char *name, float standard, float *value);
/* Which of `count` texts the attribute is; the first one if it is absent. */
int mi_build_choice(const mi_build *b, const char *name, const char *const *text, int32_t count,
                    int32_t *choice);
/* A list of integers from an attribute or, if that is absent, from constant input k (k < 0: no
 * such input). *count is -1 if there is neither. */
int mi_build_list(const mi_build *b, const char *name, int32_t k, int64_t *value, int32_t limit,
                  int32_t *count);
/* The same for floats. */
int mi_build_floats(const mi_build *b, const char *name, int32_t k, float *value, int32_t limit,
                    int32_t *count);
/* Maps -rank..rank-1 to 0..rank-1 and checks it. */
int mi_build_axis(const mi_build *b, int64_t axis, int32_t rank, int32_t *plain);
/* Input k as one finite number. */
int mi_build_scalar(const mi_build *b, int32_t k, float *value);

/* What a Slice node takes from each of `rank` dimensions. */
typedef struct mi_slice {
    int64_t begin[MI_ONNX_RANK], step[MI_ONNX_RANK], count[MI_ONNX_RANK];
} mi_slice;
int mi_build_slice(const mi_build *b, int32_t rank, const int64_t *dim, mi_slice *slice);

/* graph_fold.c: computes the node now if its inputs allow it. 1: done, 0: not a case for
 * folding, < 0: error. */
int mi_fold(mi_build *b);
/* graph_fold_shape.c: the part of it that moves values about. */
int mi_fold_shape(mi_build *b);

/* graph_group.c: InstanceNormalization of input 0, which has been reshaped to groups. */
int mi_build_grouped_norm(mi_build *b, const mi_value *x, float epsilon);

/* One function an operator; the node has at least one input that is computed at run time. */
typedef int mi_build_op(mi_build *b);
mi_build_op mi_build_conv, mi_build_conv_transpose, mi_build_max_pool, mi_build_average_pool,
    mi_build_global_pool, mi_build_batch_norm, mi_build_instance_norm;
mi_build_op mi_build_reduce_mean, mi_build_group_norm;
mi_build_op mi_build_act, mi_build_prelu, mi_build_clip, mi_build_min_max, mi_build_binary,
    mi_build_pow, mi_build_reciprocal, mi_build_identity, mi_build_cast;
mi_build_op mi_build_concat, mi_build_pad, mi_build_depth_to_space, mi_build_space_to_depth,
    mi_build_slices, mi_build_split, mi_build_transpose, mi_build_reshape, mi_build_expand;
mi_build_op mi_build_resize;

#endif
