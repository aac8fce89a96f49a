/* An effect on a face put into the frame, in place and at the frame's own resolution. */
#ifndef MI_FACE_APPLY_H
#define MI_FACE_APPLY_H

#include "../pixel_layout.h"
#include "../stage.h"

#include "blend/skin_push.h"
#include "blend/skin_uniform.h"

typedef struct mi_face_apply {
    mvk_device *device;
    mvk_pipeline *model;
    mvk_pipeline *apply[2]; /* of one place of the square a pixel, of means of several */
    mi_picture picture; /* models of the pixels of a face's square */
    struct pixel_push push;
} mi_face_apply;

/* `shape`: format, size and colour of the frames; `square`: columns and rows of the effect's
 * pictures. Takes its memory from `arena`. */
int mi_face_apply_create(mi_face_apply *apply, mvk_device *device, mi_arena *arena,
                         const mien_frame *shape, int32_t square);
void mi_face_apply_destroy(mi_face_apply *apply); /* zeroed; may be zero already */

/* Tells the uniform where the face is, x0, y0, x1, y1: the part of its square, 0..1, and of the
 * frame, pixels. The square is `side` pixels wide. */
void mi_face_apply_extent(const mi_face_apply *apply, struct skin_uniform *uniform, float side,
                          const float square[4], const float frame[4]);

/* Records the last step of mi_face_apply_record(): the models into the frame. */
void mi_face_apply_record_pixels(const mi_face_apply *apply, mvk_commands *commands,
                                 const mvk_buffer *uniform);

/* Records what puts `shown` (mi_skin_shown()) into the packed frame, which lies in both frame slots
 * of the bound set; `uniform`, a skin_uniform, is the set's. Bytes that no face covers stay as they
 * are. Ends with a barrier. */
void mi_face_apply_record(const mi_face_apply *apply, mvk_commands *commands,
                          const struct skin_push *shown, const mvk_buffer *uniform);

#endif
