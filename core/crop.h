/* Looking into parts of the frame: what every network that sees faces starts with. */
#ifndef MI_CROP_H
#define MI_CROP_H

#include "pixel_layout.h"
#include "stage.h"

#include "face/face_uniform.h"

typedef struct mi_crop {
    mvk_device *device;
    mvk_pipeline *pipeline;
    struct pixel_push push;
} mi_crop;

/* `shape`: format, size and colour of the frames, which lie packed in the set's slot. `smooth`: for
 * pictures that are compared from frame to frame, see face/crop.comp. `quads`: 1 or 2 a pixel. */
int mi_crop_create(mi_crop *crop, mvk_device *device, const mien_frame *shape, bool smooth,
                   int32_t quads);
void mi_crop_destroy(mi_crop *crop); /* zeroed; may be zero already */

/* Records the look into a square of the uniform, which starts with face_uniform. A second quad
 * follows `to`. */
void mi_crop_record(const mi_crop *crop, mvk_commands *commands, mi_picture to, int32_t square);

/* A square around (x, y), pixels, `side` wide and turned by `angle` (radians, clockwise), for a
 * picture of `size` columns: R'G'B' 0..1 beside the fourth channel `more`, the border repeated. */
struct face_square mi_crop_square(float x, float y, float side, float angle, int32_t size,
                                  float more);

/* The parallelogram around `middle` whose edges are `across` and `down` long, pixels, for a picture
 * of w x h. */
struct face_square mi_crop_patch(const float middle[2], const float across[2], const float down[2],
                                 int32_t w, int32_t h);

#endif
