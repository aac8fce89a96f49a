/* Temporal consistency of turned eyes: the history of an eye's flow lies in the coordinates of its
 * patch, which the steadied points hold fast to the face, and the picture itself more so. */
#ifndef MI_GAZE_BLEND_H
#define MI_GAZE_BLEND_H

#include <mien/mien.h>

#include "../stage.h"

#include "blend/gaze_push.h"

enum { MI_GAZE_EYES = 2 * MIEN_FACES_MAX };

typedef struct mi_gaze_blend {
    mvk_device *device;
    mvk_pipeline *slip, *slip_sum, *hold, *glint[3], *state, *resolve, *keep;
    struct gaze_push push; /* what is the same for all eyes */
    int32_t memory[MI_GAZE_EYES], history[MI_GAZE_EYES], light[MI_GAZE_EYES];
} mi_gaze_blend;

/* What the network saw and made of an eye, in the arena. */
typedef struct mi_gaze_result {
    int32_t look, crop; /* 2 quads of the patch, as looked at; what the network sees */
    int32_t state, flow, blend;
} mi_gaze_result;

/* For patches of w x h whose irises move by `ball` pixels for a turn of 1; kr, kb: luma weights.
 * Takes its memory from `arena`. */
int mi_gaze_blend_create(mi_gaze_blend *blend, mvk_device *device, mi_arena *arena, int32_t w,
                         int32_t h, float ball, float kr, float kb);
void mi_gaze_blend_destroy(mi_gaze_blend *blend); /* zeroed; may be zero already */

/* Push constants of one eye: number 0 or 1 in the uniform, a gaze_uniform, with the history `slot`,
 * 0..MI_GAZE_EYES - 1. */
struct gaze_push mi_gaze_blend_push(const mi_gaze_blend *blend, const mi_gaze_result *result,
                                    int32_t slot, int32_t eye);

/* Records what comes before the network: the look goes into the crop, held to where the history is
 * and without the highlights on the iris. Ends with a barrier. */
void mi_gaze_blend_record_hold(const mi_gaze_blend *blend, mvk_commands *commands,
                               const struct gaze_push *push);

/* Records the blend of one eye. Afterwards blend->push.shown has what is to be seen of it, see
 * compose/gaze_apply.comp. Ends with a barrier. */
void mi_gaze_blend_record(const mi_gaze_blend *blend, mvk_commands *commands,
                          const struct gaze_push *push);

#endif
