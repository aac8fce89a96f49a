/* The mean face in a given pose, for tests. */
#ifndef MIEN_TEST_POSED_FACE_H
#define MIEN_TEST_POSED_FACE_H

#include "face/face_smooth.h"

/* Degrees and signs as in mien_face; x, y: of the middle between the eyes' outer corners. */
mi_pose posed(float yaw, float pitch, float roll, float scale, float x, float y);

/* From head coordinates to the frame. */
void posed_point(const mi_pose *pose, const float p[3], float out[3]);

/* Points of the mean face, with irises that look at the camera when the head does, in head
 * coordinates. */
void mean_points(float point[MI_POINTS][3]);

/* All points from head coordinates to the frame; out may be point. */
void posed_points(const mi_pose *pose, float point[MI_POINTS][3], float out[MI_POINTS][3]);

#endif
