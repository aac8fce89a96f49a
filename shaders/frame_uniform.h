/* Values that change from frame to frame, shared by C and GLSL (std140: scalars only). */
#ifndef VULKAN /* C */
#include <stdint.h>
#endif

struct frame_uniform {
    float strength; /* 0..1: share of the style in the output */
    float alpha;    /* weight of the present frame in the history, 0..1 */
    float fresh;    /* 1: there is no history */
    float reserved;
};
