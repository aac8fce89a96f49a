/* What changes from frame to frame of the eyes of a face, shared by C and GLSL (std140). */
#ifndef GAZE_UNIFORM_H
#define GAZE_UNIFORM_H
#include "face/face_uniform.h"

#ifndef VULKAN /* C */
#include <stdint.h>
#define GAZE_UVEC4(name) uint32_t name[4]
#else
#define GAZE_UVEC4(name) uvec4 name
#endif

/* Trust in an eye, 0..1: up to the first it is left alone, from the second on it is turned. */
#define GAZE_UNSURE 0.4
#define GAZE_SURE 0.7

struct gaze_eye {
    FACE_VEC4(turn);   /* asked of the network: turn (right, up), share; 0 */
    FACE_VEC4(iris);   /* column and row of its middle, as the points have it; 0, 0 */
    FACE_VEC4(past);   /* [0] 1: there is none; weight of the present in flow and matte, and in the
                        * luma that they belong to; share of the slip that is let go */
    FACE_VEC4(column); /* column of the patch at x, y of the frame: [0] x + [1] y + [2]; its middle
                        * pixels' middles are whole numbers + 0.5 */
    FACE_VEC4(row);    /* row of the patch, the same way */
    FACE_VEC4(back);   /* what a column is in the frame: x, y; what a row is: x, y */
    FACE_VEC4(kept);   /* what of the frame is copied: x0 (a multiple of 8), y0 (of 2), x1, y1 */
    FACE_VEC4(box);    /* what of it may be changed: the same way; beyond it there is no copy */
    GAZE_UVEC4(copy);  /* workgroups of gaze_copy.comp: three; 0 */
    GAZE_UVEC4(apply); /* and of gaze_apply.comp */
};

struct gaze_uniform {
    FACE_STRUCT face_uniform crop; /* squares 0 and 1: the eyes */
    FACE_STRUCT gaze_eye eye[2];
};

#endif
