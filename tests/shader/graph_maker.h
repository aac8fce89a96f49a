/* Builds mi_graph by hand, operator by operator. A tensor is its index. Ends the program if memory
 * runs out. Input picture: tensor 0. */
#ifndef MIEN_TEST_GRAPH_MAKER_H
#define MIEN_TEST_GRAPH_MAKER_H

#include "dice.h"
#include "net/graph.h"

typedef struct graph_maker {
    mi_graph *graph;
    dice dice; /* for constants */
    int32_t tensor_room, node_room;
} graph_maker;

void maker_init(graph_maker *m, dice *seed, int32_t c, int32_t h, int32_t w);
/* Hands the graph out with `output` as its result. */
mi_graph *maker_finish(graph_maker *m, int32_t output);

int32_t maker_tensor(graph_maker *m, int32_t c, int32_t h, int32_t w);
int32_t maker_constant(graph_maker *m, int32_t c, int32_t h, int32_t w, float low, float high);
/* A copy: it stays right when tensors are added. */
mi_tensor maker_shape(const graph_maker *m, int32_t tensor);

/* A node that reads a, b, c (-1: none) and writes `out`; good until the next one is made. */
mi_node *maker_node(graph_maker *m, mi_op op, int32_t a, int32_t b, int32_t c, int32_t out);

typedef struct maker_conv {
    int32_t co, kh, kw, sh, sw, dh, dw, groups; /* 0 stands for 1 */
    int32_t pad_t, pad_l, pad_b, pad_r;
    bool bias;
} maker_conv;

/* Each returns the tensor that the operator makes. */
int32_t maker_add_conv(graph_maker *m, int32_t x, const maker_conv *conv);
/* pads crop; more_h, more_w: ONNX's output_padding */
int32_t maker_add_conv_transpose(graph_maker *m, int32_t x, const maker_conv *conv,
                                 int32_t more_h, int32_t more_w);
int32_t maker_add_act(graph_maker *m, int32_t x, mi_act act, float a, float b);
int32_t maker_add_prelu(graph_maker *m, int32_t x, bool one_slope);
int32_t maker_add_norm(graph_maker *m, int32_t x);
int32_t maker_add_affine(graph_maker *m, int32_t x);
/* ADD, SUB, MUL, DIV with broadcasting */
int32_t maker_add_binary(graph_maker *m, mi_op op, int32_t a, int32_t b);
int32_t maker_add_concat(graph_maker *m, const int32_t *x, int32_t count);
int32_t maker_add_pad(graph_maker *m, int32_t x, mi_pad_mode mode, float value, int32_t t,
                      int32_t l, int32_t b, int32_t r, int32_t front, int32_t back);
int32_t maker_add_resize(graph_maker *m, int32_t x, mi_resize_mode mode, int32_t h, int32_t w);
int32_t maker_add_depth_to_space(graph_maker *m, int32_t x, int32_t block, bool crd);
int32_t maker_add_space_to_depth(graph_maker *m, int32_t x, int32_t block);
int32_t maker_add_slice(graph_maker *m, int32_t x, const int32_t begin[3], const int32_t step[3],
                        const int32_t count[3]); /* c, h, w */
int32_t maker_add_pool(graph_maker *m, int32_t x, mi_op op, const maker_conv *window);

#endif
