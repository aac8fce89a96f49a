/* Weights and constants of a network in the order the kernels read them. */
#ifndef MI_PACK_H
#define MI_PACK_H

#include "graph.h"

/* A growing array of vec4, uploaded as one buffer. Offsets are in vec4. */
typedef struct mi_blob {
    float *data;
    size_t vec4s, capacity;
    bool failed; /* memory ran out: offsets are of no use */
} mi_blob;

/* Takes room for `vec4s` zeroed vec4 and returns its offset. */
int32_t mi_blob_take(mi_blob *blob, size_t vec4s);
void mi_blob_free(mi_blob *blob);

/* A convolution as the planner sees it: scale and shift of following affine layers folded in. */
typedef struct mi_filter_bank {
    const float *weight; /* ONNX order */
    const float *bias;   /* NULL: none */
    const float *scale, *shift; /* one an output channel; NULL: none */
    int32_t ci, co, kh, kw, groups;
    bool transpose;      /* weight is [ci][co/groups][kh][kw] */
} mi_filter_bank;

/* The order of conv_tile, conv_wide, conv_point and conv_any with blocks of `width` output channels
 * (groups are spread out with zeros). `order` maps a stored output channel to the model's; NULL:
 * the same. */
int32_t mi_pack_dense(mi_blob *blob, const mi_filter_bank *bank, int32_t width,
                      const int32_t *order);
/* The order of wino_out with blocks of `width` output channels and `order` as above, of a 3x3 bank
 * without groups; `up`: for an upsampled input. */
int32_t mi_pack_wino(mi_blob *blob, const mi_filter_bank *bank, int32_t width,
                     const int32_t *order, bool up);
/* The order of conv_pair, for blocks of `width` output channels: a depthwise 3x3 convolution and
 * the 1x1 one that reads it. */
int32_t mi_pack_pair(mi_blob *blob, const mi_filter_bank *depth, const mi_filter_bank *point,
                     int32_t width);
/* The order of conv_full and conv_gemm: a row for each [input quad][tap][channel in quad], of
 * output channels, `part` (1..4) of them a vec4, with `order` as above. `halves`: each vec4 as the
 * bits of two words, rows filled up to whole vec4; what is too large becomes 65504. */
int32_t mi_pack_matrix(mi_blob *blob, const mi_filter_bank *bank, int32_t part,
                       const int32_t *order, bool halves);
/* The order of small.comp. */
int32_t mi_pack_small(mi_blob *blob, const mi_filter_bank *bank);
int32_t mi_pack_depthwise(mi_blob *blob, const mi_filter_bank *bank);
int32_t mi_pack_transpose(mi_blob *blob, const mi_filter_bank *bank);
/* A vec4 for every `part` (1..4) stored channels, room for whole blocks of `parts`. */
int32_t mi_pack_bias(mi_blob *blob, const mi_filter_bank *bank, int32_t part, int32_t parts,
                     const int32_t *order);

/* A vector by channel quads; `broadcast`: one value for all of `channels`. */
int32_t mi_pack_vector(mi_blob *blob, const float *values, int32_t channels, bool broadcast);
/* A constant tensor in NC4HW4. */
int32_t mi_pack_tensor(mi_blob *blob, const mi_tensor *tensor);

#endif
