/* How a model sees a tensor. The graph's tensors have the axes c, h and w and no others; a model's
 * value has any number of dimensions, each of which is a product of parts of these axes. Reshaping
 * and transposing change the parts and leave the tensor alone; where an operator needs other axes,
 * the tensor is copied (MI_OP_COPY). Private to the ONNX reader; no state, no allocation; a result
 * may be one of the arguments. */
#ifndef MI_LAYOUT_H
#define MI_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "graph.h"

enum { MI_LAYOUT_RANK = 8 }; /* as many dimensions as the reader takes */

typedef enum mi_axis { MI_AXIS_C = 0, MI_AXIS_H, MI_AXIS_W, MI_AXES } mi_axis;

/* Some digits of a place on an axis: place = sum of (digit * stride) over the axis' parts. */
typedef struct mi_part {
    int32_t dim; /* the model's dimension that it belongs to */
    mi_axis axis;
    int32_t size, stride; /* size > 1 */
} mi_part;

typedef struct mi_layout {
    int32_t rank;
    int32_t dim[MI_LAYOUT_RANK]; /* >= 1 */
    int32_t parts;
    mi_part part[MI_COPY_PARTS]; /* in the order of dimensions, the more significant ones first */
} mi_layout;

/* Each dimension goes to its axis; those that share one lie there in the model's order, but
 * `outer` (-1: none) is the most significant. */
void mi_layout_make(mi_layout *layout, int32_t rank, const int32_t *dim, const mi_axis *axis,
                    int32_t outer);
/* The last dimension on w, the one before on h, the others on c: N,C,H,W as it is meant, and any
 * tensor in its own order of values. */
void mi_layout_plain(mi_layout *layout, int32_t rank, const int32_t *dim);
/* Sizes of the axes. */
void mi_layout_size(const mi_layout *layout, int32_t size[MI_AXES]);
bool mi_layout_same(const mi_layout *a, const mi_layout *b);

/* The same values with other dimensions, of the same product. False: a part would have to be cut
 * at no whole number, or there are too many. */
bool mi_layout_reshape(const mi_layout *in, int32_t rank, const int32_t *dim, mi_layout *out);
/* Dimension k of the result is dimension perm[k]. */
void mi_layout_permute(const mi_layout *in, const int32_t *perm, mi_layout *out);
/* With dimensions of 1 in front, up to `rank`. */
void mi_layout_widen(mi_layout *layout, int32_t rank);

/* The axis that a dimension (larger than 1) has wholly for itself, or MI_AXES. */
mi_axis mi_layout_alone(const mi_layout *layout, int32_t dim);

/* A dimension that has `axis` for itself, or is 1 and none has anything of `axis`, gets another
 * size. False: there are too many parts. */
bool mi_layout_resize(mi_layout *layout, int32_t dim, mi_axis axis, int32_t size);

/* Where a tensor that is seen as `to` finds its values in one that is seen as `from`. Dimensions of
 * `from` that are 1 are repeated. False: the parts do not meet, which cannot happen if each
 * dimension of one side is one part; or there are too many. */
bool mi_layout_copy(const mi_layout *from, const mi_layout *to, mi_copy *copy);

#endif
