/* Temporal consistency of effects on faces: the history of an effect lies on the face's texture
 * (core/face/face_maps.h), one for each face, and is never resampled while the face moves. */
#ifndef MI_SKIN_H
#define MI_SKIN_H

#include <mien/mien.h>

#include "../stage.h"

#include "blend/skin_push.h"

typedef struct mi_skin {
    mvk_device *device;
    mvk_pipeline *glance, *sway, *look, *shift, *unwrap, *seen, *fill, *resolve;
    struct skin_push push; /* what is the same for all faces */
    int32_t history[MIEN_FACES_MAX], state[MIEN_FACES_MAX];
    int32_t tiles; /* in use */
} mi_skin;

enum { MI_SKIN_TILE_W = 8, MI_SKIN_TILE_H = 4 }; /* texels of the history */

/* Where a face's frame lies in the arena: maps of maps x maps elements, a square of the size that
 * mi_skin_create() was told, and textures of twice as many columns and rows as the maps have. */
typedef struct mi_skin_frame {
    int32_t at, uv;          /* the maps */
    int32_t crop;            /* R'G'B' of the square and a number for the effect's network */
    int32_t texture, result; /* the network's picture: as crop; residual R'G'B' and gain */
} mi_skin_frame;

/* `square`: columns and rows of crop, an even number; `maps`: of the maps, at most as many; kr, kb:
 * luma weights. Takes its memory from `arena`. */
int mi_skin_create(mi_skin *skin, mvk_device *device, mi_arena *arena, int32_t square,
                   int32_t maps, float kr, float kb);

/* Says which tiles of the atlas are in use, column + 1024 * row each, and the share of the face's
 * area that each of maps x maps elements has, 0..1; before anything is recorded, when the arena's
 * memory is there, cleared. Blocks. */
int mi_skin_set_atlas(mi_skin *skin, const mvk_buffer *arena, const float *tile, int32_t tiles,
                      const float *share);
void mi_skin_destroy(mi_skin *skin); /* zeroed; may be zero already */

/* Records what makes `texture` of `crop`, for the effect's network: how far the skin of one face,
 * slot 0..MIEN_FACES_MAX - 1, has slipped since the last frame, whether it is the same face at all,
 * and what each texel looks like. The uniform is skin_uniform. Ends with a barrier. */
void mi_skin_unwrap_record(const mi_skin *skin, mvk_commands *commands, int32_t slot,
                           const mi_skin_frame *frame);

/* After that, and when there is a `result`: records the blend in the tiles in use. Afterwards
 * mi_skin_shown() is what is to be seen of the effect on the atlas, a vec4 a texel as `result`.
 * Ends with a barrier. */
void mi_skin_blend_record(const mi_skin *skin, mvk_commands *commands, int32_t slot,
                          const mi_skin_frame *frame);

/* The push constants of what goes on from there (compose/face_apply.h). */
struct skin_push mi_skin_shown(const mi_skin *skin, const mi_skin_frame *frame);

#endif
