/* Looking into turned squares of the frame: what every network that sees faces starts with. */
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
 * pictures that are compared from frame to frame, see face/crop.comp. */
int mi_crop_create(mi_crop *crop, mvk_device *device, const mien_frame *shape, bool smooth);
void mi_crop_destroy(mi_crop *crop); /* zeroed; may be zero already */

/* Records the look into a square of the uniform, which starts with face_uniform. `to` is as wide as
 * it is high. */
void mi_crop_record(const mi_crop *crop, mvk_commands *commands, mi_picture to, int32_t square);

/* A square around (x, y), pixels, `side` wide and turned by `angle` (radians, clockwise), for a
 * picture of `size` columns: R'G'B' 0..1 beside the fourth channel `more`, the border repeated. */
struct face_square mi_crop_square(float x, float y, float side, float angle, int32_t size,
                                  float more);

#endif
