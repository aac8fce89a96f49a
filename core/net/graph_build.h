/* From mi_onnx to mi_graph: what the parts of the builder share. A name of the model has a value:
 * a constant, or a tensor that is computed at run time. Private to the ONNX reader. */
#ifndef MI_GRAPH_BUILD_H
#define MI_GRAPH_BUILD_H

#include "graph.h"
#include "layout.h"
#include "onnx.h"

typedef enum mi_value_kind { MI_VALUE_NONE = 0, MI_VALUE_CONST, MI_VALUE_RUN } mi_value_kind;

/* How the weights of an operator become c,h,w. */
typedef enum mi_form {
    MI_FORM_WEIGHT = 0, /* d0, d1, the product of the others */
    MI_FORM_VECTOR,     /* all values along c */
    MI_FORMS
} mi_form;

typedef struct mi_value {
    mi_value_kind kind;
    int32_t tensor;           /* RUN */
    mi_layout layout;         /* RUN: how the model sees it */
    mi_const con;             /* CONST */
    int32_t formed[MI_FORMS]; /* CONST: tensor + 1 of a form that was asked for, or 0 */
} mi_value;

typedef struct mi_build {
    mi_onnx model;
    mi_graph *graph;
    int32_t tensor_room, node_room;
    mi_value *value; /* of each name */
    mi_budget budget;
    const mi_onnx_node *at; /* the node at work */
    bool any_size;          /* that the file declares one is nothing to go by */
} mi_build;

/* graph.c */
/* Drops nodes and tensors that the output does not need. */
int mi_graph_prune(mi_graph *graph);

/* graph_emit.c: messages, inputs and outputs of the node at work. */
int mi_build_fail(const mi_build *b, mien_status status, const char *format, ...) MI_PRINTF(3, 4);
/* Input k, or NULL if it is left out. */
mi_value *mi_build_in(const mi_build *b, int32_t k);
/* Input k, which must be computed at run time. */
int mi_build_run(const mi_build *b, int32_t k, mi_value **value);
mi_tensor *mi_build_tensor(const mi_build *b, const mi_value *run);
/* The dimensions of a value in the order of the model. */
void mi_build_dims(const mi_value *value, int32_t *rank,
                   int64_t dim[MI_ONNX_RANK]);
/* The constant becomes output k and belongs to it from now on. */
int mi_build_out_const(mi_build *b, int32_t k, mi_const *con);
/* Output k is the same as `from`, which may be a constant. */
int mi_build_out(mi_build *b, int32_t k, const mi_value *from);

/* Appends a node with one input and a new tensor. The pointer is good until the next call. */
int mi_build_node(mi_build *b, mi_op op, int32_t x, int64_t c, int64_t h, int64_t w,
                  mi_node **node);
int mi_build_connect(mi_build *b, mi_node *node, int32_t tensor);
/* A tensor that holds a constant. */
int mi_build_form(mi_build *b, mi_value *value, mi_form form, int32_t *tensor);
/* Zeros for a constant of the builder's own making, as far as the file's budget goes: for
 * mi_build_data() or to be freed. */
int mi_build_values(mi_build *b, int64_t count, float **data);
/* A tensor that holds them; takes over `data`, also when it fails. NULL: one that is computed at
 * run time. */
int mi_build_data(mi_build *b, float *data, int32_t c, int32_t h, int32_t w, int32_t *tensor);
/* Input k, a constant of as many values, along c. */
int mi_build_vector(mi_build *b, int32_t k, int64_t channels, int32_t *tensor);
/* A 1x1 convolution of x with a weight and a bias (-1: none) that are there already. */
int mi_build_point_conv(mi_build *b, int32_t x, int32_t weight, int32_t bias, int32_t groups,
                        int32_t *tensor);

/* graph_lay.c: tensors with the axes that an operator needs. */
/* A tensor with the values of x, a run-time value, as `layout` has them. Dimensions of x that are
 * 1 may be larger there. */
int mi_build_lay(mi_build *b, const mi_value *x, const mi_layout *layout, int32_t *tensor);
/* The same for an operand of something that is seen as `layout`; axes on which it has nothing but
 * repetition have the size 1. It may be a constant. Its dimensions are aligned to the right. */
int mi_build_operand(mi_build *b, const mi_value *x, const mi_layout *layout, int32_t *tensor);
/* The same value with other dimensions; their product must be that of its own. */
int mi_build_reshaped(mi_build *b, const mi_value *x, int32_t rank, const int32_t *dim,
                      mi_value *out);
/* x with dimension `dim` wholly on c, the most significant part if `outer`, wholly alone if not. */
int mi_build_on_c(mi_build *b, const mi_value *x, int32_t dim, bool outer, mi_value *out);
/* x so that each dimension in the set `alone` (bits; at most three) has an axis for itself, which
 * is written to axis[]. */
int mi_build_alone(mi_build *b, const mi_value *x, uint32_t alone, mi_value *out,
                   mi_axis axis[MI_LAYOUT_RANK]);
/* What an operator made of a dimension that had `axis` for itself has another size there. */
int mi_build_resized(const mi_build *b, mi_layout *layout, int32_t dim, mi_axis axis,
                     int32_t size);

/* Input k as pictures: N,C,H,W, or fewer dimensions with H, then W left out. The batch lies with
 * the channels: channel c of picture n is channel n * c + c of the tensor. */
typedef struct mi_pictures {
    int32_t tensor, rank, n, c, h, w; /* c: of one picture */
} mi_pictures;
int mi_build_pictures(mi_build *b, int32_t k, mi_pictures *pictures);
/* A tensor of n pictures becomes output k, with as many dimensions. */
int mi_build_out_pictures(mi_build *b, int32_t k, int32_t tensor, int32_t n, int32_t rank);

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
/* Operator k of that part, or NULL. */
const char *mi_fold_shape_type(int32_t k);

/* Values made of values, for operators that are made of simpler ones. */
/* graph_point.c */
int mi_build_unary(mi_build *b, const mi_value *x, mi_act act, float alpha, float beta,
                   mi_value *out);
int mi_build_pair(mi_build *b, mi_op op, const mi_value *left, const mi_value *right,
                  mi_value *out);
/* x OP number */
int mi_build_by_number(mi_build *b, mi_op op, const mi_value *x, float number, mi_value *out);
/* graph_reduce.c: over the set of dimensions `over` (bits), which become 1. */
typedef enum mi_reduction { MI_REDUCE_MEAN = 0, MI_REDUCE_SUM, MI_REDUCE_MAX } mi_reduction;
int mi_build_reduction(mi_build *b, mi_reduction how, const mi_value *x, uint32_t over,
                       mi_value *out);

/* graph_norm.c: `out` channels, each the mean of its group of channels plus `add`. */
int mi_build_group_mean(mi_build *b, int32_t x, int32_t groups, int32_t out, float add,
                        int32_t *mean);

/* One function an operator; the node has at least one input that is computed at run time. */
typedef int mi_build_op(mi_build *b);
mi_build_op mi_build_conv, mi_build_conv_transpose, mi_build_max_pool, mi_build_average_pool,
    mi_build_global_pool, mi_build_gemm, mi_build_matmul;
mi_build_op mi_build_reduce, mi_build_softmax, mi_build_batch_norm, mi_build_instance_norm,
    mi_build_group_norm, mi_build_layer_norm, mi_build_mean_variance_norm;
mi_build_op mi_build_act, mi_build_prelu, mi_build_clip, mi_build_min_max, mi_build_binary,
    mi_build_pow, mi_build_reciprocal, mi_build_identity, mi_build_cast, mi_build_mean,
    mi_build_selu, mi_build_gelu;
mi_build_op mi_build_concat, mi_build_pad, mi_build_depth_to_space, mi_build_space_to_depth,
    mi_build_slices, mi_build_split, mi_build_transpose, mi_build_reshape, mi_build_flatten,
    mi_build_squeeze, mi_build_unsqueeze, mi_build_expand, mi_build_tile, mi_build_gather;
mi_build_op mi_build_resize;

#endif
