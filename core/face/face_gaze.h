/* Where the eyes look, and how far the lids are open. Pure functions, any thread. */
#ifndef MI_FACE_GAZE_H
#define MI_FACE_GAZE_H

#include "face_smooth.h"

/* Fills aperture and gaze_* of `face` from its points, its pose and visible[] of its eyes; an eye
 * counts for the gaze as far as it is seen. The results are finite. */
void mi_gaze_find(mien_face *face, const mi_shape *shape, const mi_pose *pose);

#endif
