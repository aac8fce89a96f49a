/* Measures on a steadied face: angles of head and gaze, lids, what is visible. */
#ifndef MI_FACE_MEASURE_H
#define MI_FACE_MEASURE_H

#include "face_smooth.h"

/* Fills box, yaw..pose_confidence, gaze_*, aperture, glasses and visible[] of `face` from its
 * points (already set), its pose and what the networks saw in the same frame (`sight`: presence,
 * roi, visible[], glasses; visible[] is 1 where no network looked). `width`, `height`: of the
 * frame; regions beyond its border are not visible. Results are finite and within their ranges
 * whatever the sight holds. Any thread. */
void mi_measure(mien_face *face, const mi_shape *shape, const mi_pose *pose,
                const mi_sight *sight, int32_t width, int32_t height);

/* bare[i]: 0..1, how surely nothing covers the face at the sight's point i. Any thread. */
void mi_measure_bare(const mi_sight *sight, float bare[MI_POINTS]);

#endif
