/* Turned eyes put into the frame, in place and at the frame's own resolution. Samples come from
 * beside where they go, so the part in question is copied first: the frame lies in one buffer, the
 * copy in another of the same layout. */
#ifndef MI_GAZE_APPLY_H
#define MI_GAZE_APPLY_H

#include "../gaze_patch.h"
#include "../pixel_layout.h"
#include "../stage.h"

#include "blend/gaze_uniform.h"

typedef struct mi_gaze_apply {
    mvk_device *device;
    mvk_pipeline *copy, *apply;
    struct pixel_push push;
} mi_gaze_apply;

/* `shape`: format, size and colour of the frames; `shown`: a picture of w x h, see
 * compose/gaze_apply.comp. */
int mi_gaze_apply_create(mi_gaze_apply *apply, mvk_device *device, const mien_frame *shape,
                         mi_picture shown);
void mi_gaze_apply_destroy(mi_gaze_apply *apply); /* zeroed; may be zero already */

/* Tells the uniform where the patch of an eye is; NULL: nothing is to be changed. */
void mi_gaze_apply_place(const mi_gaze_apply *apply, struct gaze_eye *eye,
                         const mi_eye_patch *patch);

/* Records the copy of what eye `eye` of the uniform may need, with a set whose frame-in is the
 * frame and whose frame-out is the copy, and the change of the frame, with a set where it is the
 * other way round. Each ends with a barrier. */
void mi_gaze_apply_record_copy(const mi_gaze_apply *apply, mvk_commands *commands, int32_t eye,
                               const mvk_buffer *uniform);
void mi_gaze_apply_record(const mi_gaze_apply *apply, mvk_commands *commands, int32_t eye,
                          const mvk_buffer *uniform);

#endif
