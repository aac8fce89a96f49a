/* The groups of network tests: each is a cmocka test whose state is a net_session. */
#ifndef MIEN_TEST_NET_CASES_H
#define MIEN_TEST_NET_CASES_H

#include "graph_maker.h"
#include "net_trial.h"

typedef struct net_session {
    device_rig rig;
    net_trial trial;
    uint64_t seed;
    int32_t times;      /* random cases a group are multiplied by it */
    int32_t gpu;        /* > 0: a GPU's kernels for every gpu-th case; see test_net_kernels.c */
    int32_t cases, choice; /* so far; the last one */
    mi_winograd winograd; /* where session_check() has it */
    const char *models; /* folder with style-*.onnx, face-*.onnx; NULL: none */
} net_session;

/* Runs the graph that ends in `output` with both CPU families of convolution kernels, of one also
 * with the kernel of small pictures where that can, or with a GPU's where s->gpu says so, and frees
 * it. */
void session_check(net_session *s, graph_maker *m, int32_t output, dice *seed, const char *what);
/* The same with the input's range given and one family only. */
void session_check_range(net_session *s, graph_maker *m, int32_t output, dice *seed,
                         const char *what, float low, float high);

void cases_conv_tile(void **state);
void cases_wino(void **state);
void cases_conv_wide(void **state);
void cases_conv_pair(void **state);
void cases_conv_pad(void **state);
void cases_conv_up(void **state);
void cases_conv_joint(void **state);
void cases_conv_depth_to_space(void **state);
void cases_conv_point(void **state);
void cases_conv_any(void **state);
void cases_conv_depthwise(void **state);
void cases_conv_transpose(void **state);
void cases_conv_large(void **state);

void cases_norm(void **state);
void cases_norm_of_conv(void **state);
void cases_affine(void **state);
void cases_activations(void **state);
void cases_binary(void **state);
void cases_concat(void **state);
void cases_pad(void **state);
void cases_slice(void **state);
void cases_space(void **state);
void cases_resize(void **state);
void cases_pool(void **state);

void cases_functions(void **state);
void cases_more_binary(void **state);
void cases_copy(void **state);
void cases_resize_table(void **state);

void cases_blocks(void **state);
void cases_blocks_fuse(void **state);
void cases_full(void **state);
void cases_outputs(void **state);
void cases_pixels(void **state);

void cases_refused(void **state);
void cases_chain(void **state);
void cases_random_graph(void **state);
void cases_models(void **state);
void cases_face_models(void **state);

#endif
