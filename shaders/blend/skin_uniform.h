/* What changes from frame to frame of an effect on a face, shared by C and GLSL (std140: what comes
 * after the squares are scalars). */
#ifndef SKIN_UNIFORM_H
#define SKIN_UNIFORM_H
#include "face/face_uniform.h"

#ifndef VULKAN /* C */
#include <stdint.h>
#define SKIN_UINT uint32_t
#else
#define SKIN_UINT uint
#endif

struct skin_uniform {
    FACE_STRUCT face_uniform crop; /* square 0: where the effect looks */
    float fresh;   /* 1: there is no history */
    float alpha;   /* weight of the present frame in the history, 0..1 */
    float settle;  /* the same for the luma that it belongs to */
    float carry;   /* the history is worth this much of itself: the effect was turned up or down */
    float haste;   /* share of the patience that this frame uses up: with a history that the picture
                    * does not vouch for any more */
    float amount;  /* 0..1: share of the effect in the output */
    float box_x0, box_y0, box_x1, box_y1; /* part of the square that the face is in, its pixels: the
                    * first two are multiples of 8 and 4 */
    SKIN_UINT model_across, model_down, model_deep; /* workgroups of skin_model.comp in it */
    float x0, y0; /* first pixel of the frame that the box may touch: multiples of 8 and 2 */
    SKIN_UINT across, down, deep; /* workgroups of skin_apply.comp from there on, */
    SKIN_UINT mean_across, mean_down, mean_deep; /* or, where pixels cover several of the square's,
                    * of the same with MEANS; the others are 0 then */
    SKIN_UINT means; /* samples of the square in a pixel, each way */
};

#endif
