/* Push constants of motion and history, shared by C and GLSL. Offsets in the arena: images of
 * vec4 in vec4, planes of float in floats. */
#ifndef VULKAN /* C */
#include <stdint.h>
#define BLEND_INT int32_t
#else
#define BLEND_INT int
#endif

struct blend_push {
    BLEND_INT w, h;       /* of the level or picture */
    BLEND_INT now, past;  /* luma of this frame, a plane or the fourth channel of a picture; the
                           plane of luma that the history belongs to */
    BLEND_INT patch_w, patch_h; /* patches of this level */
    BLEND_INT flow;       /* vec4 a patch: displacement x, y in pixels of its level, rms
                           error, contrast */
    BLEND_INT coarse_w, coarse_h, coarse_flow; /* the next coarser level; coarse_w 0: none */
    BLEND_INT warp;       /* vec4 a pixel: displacement, luma error, luma now */
    BLEND_INT styled;     /* output of the network */
    BLEND_INT history_in, history_out; /* vec4 a pixel: styled colour, gain */
    BLEND_INT model;      /* vec4 a pixel for export.comp */
    BLEND_INT luma_in, luma_out; /* float a pixel: luma that the history belongs to */
    BLEND_INT still;      /* float a pixel: how surely it stands still, 0..1 */
    BLEND_INT age_in, age_out; /* float a pixel: frames that the history is made of */
    float kr, kb;
};
