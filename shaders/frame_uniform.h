/* Values that change from frame to frame, shared by C and GLSL (std140: scalars only). */
#ifndef VULKAN /* C */
#include <stdint.h>
#define FRAME_INT int32_t
#else
#define FRAME_INT int
#endif

struct frame_uniform {
    float strength; /* 0..1: share of the style in the output */
    float alpha;    /* weight of the present frame in the history, 0..1 */
    float fresh;    /* 1: there is no history */
    FRAME_INT view_x, view_y; /* the frame's pixel at which the style's picture begins: multiples
                               * of 8 and of the picture's scale */
    float past_x, past_y; /* reframe: pixel n of the picture was n * past_step + this before, */
    float past_step;      /* with middles at whole numbers */
};
