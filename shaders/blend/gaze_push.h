/* Push constants of what blends an eye's flow over time, shared by C and GLSL. Places are vec4
 * offsets in the arena. */
#ifndef GAZE_PUSH_H
#define GAZE_PUSH_H
#ifndef VULKAN /* C */
#include <stdint.h>
#define GAZE_INT int32_t
#else
#define GAZE_INT int
#endif

struct gaze_push {
    GAZE_INT w, h;              /* of the patch, pixels */
    GAZE_INT eye;               /* its number in the uniform */
    GAZE_INT look, crop;        /* the patch where the points have it, and where its history is:
                                 * what the network sees, R'G'B' in front */
    GAZE_INT glint;             /* two pictures: the luma above which a pixel is a highlight, and
                                 * what gaze_glint.comp makes it from */
    GAZE_INT rows;              /* three vec4 a row, see gaze_slip.comp */
    GAZE_INT state;             /* of the network: gaze (right, up), trust, open */
    GAZE_INT flow, blend;       /* the same: right, down; matte, half the gain, light + 1/2 */
    GAZE_INT memory;            /* steady gaze (right, up), open, frames in it (64 at most); how
                                 * far the eye has moved beyond that, 0..1, what it moves at rest,
                                 * 0, 0; slip, see gaze_slip.comp, 0, 0 */
    GAZE_INT history, light;    /* a pixel: flow less that of the ball, matte, gain; light, luma
                                 * that they belong to, frames in them, 0 */
    GAZE_INT shown;             /* a pixel: flow, matte, gain; then as many: light, its past's two,
                                 * the luma above which a pixel is a highlight; then one: the
                                 * slip, how far highlights are moved: right, down */
    float kr, kb;               /* luma weights of red and blue */
    float ball;                 /* pixels that an iris moves for a turn of 1 */
};

#endif
