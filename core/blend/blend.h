/* Temporal consistency of a whole-frame style: a motion field between the last picture and this
 * one, and a history of the style that it carries. */
#ifndef MI_BLEND_H
#define MI_BLEND_H

#include "../stage.h"

#include "blend/blend_push.h"
#include "frame_uniform.h"

enum { MI_BLEND_LEVELS = 5 };

typedef struct mi_motion_level {
    int32_t w, h;             /* pixels of the level; level 0 is half the picture */
    int32_t now, past;        /* luma of the picture and of the history, floats in the arena */
    int32_t patch_w, patch_h;
    int32_t flow;             /* vec4 a patch */
} mi_motion_level;

typedef struct mi_blend {
    mvk_device *device;
    mvk_pipeline *half_picture, *half_plane, *search, *warp_error, *resolve, *resolve_plain;
    mvk_pipeline *reframe; /* NULL: not wanted yet */
    float kr, kb;
    int32_t w, h;
    mi_picture history[2]; /* of even and odd frames */
    mi_picture warp, model;
    int32_t luma[2]; /* planes of floats: what the histories belong to */
    int32_t age[2];  /* planes too: of how many frames a pixel's history is */
    int32_t still;   /* a plane too: how surely a pixel stands still */
    mi_motion_level level[MI_BLEND_LEVELS];
    int32_t levels;
} mi_blend;

/* For pictures of w x h; kr, kb: luma weights. Takes its memory from `arena`. */
int mi_blend_create(mi_blend *blend, mvk_device *device, mi_arena *arena, int32_t w, int32_t h,
                    float kr, float kb);
void mi_blend_destroy(mi_blend *blend);

/* Weight of the present frame for a smoothness 0..1 and a frame period in seconds. */
float mi_blend_alpha(float smooth, double dt);

/* Must precede mi_blend_record_reframe(). */
int mi_blend_add_reframe(mi_blend *blend);

/* The history of frames of parity 1 - `parity` becomes one of `parity`, as if their pictures had
 * been seen through another view (past_* of the uniform). Ends with a barrier. */
void mi_blend_record_reframe(const mi_blend *blend, mvk_commands *commands, int parity);

/* Records for frames of parity 0 or 1. `picture[parity]` is the present one, with luma in its
 * fourth channel. Ends with a barrier. */
void mi_blend_record_motion(const mi_blend *blend, mvk_commands *commands,
                            const mi_picture picture[2], int parity);

/* `styled`: offset of the network's output. Writes blend->model. `plain`: motion was not recorded
 * for this frame; the history restarts from it. */
void mi_blend_record_resolve(const mi_blend *blend, mvk_commands *commands,
                             const mi_picture picture[2], int32_t styled, int parity, bool plain);

#endif
