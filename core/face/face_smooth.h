/* Steadies a face's points without lag: the head's pose (rotation, scale, translation) apart from
 * the shape in head coordinates. One object a followed face. Pure arithmetic, no allocation. */
#ifndef MI_FACE_SMOOTH_H
#define MI_FACE_SMOOTH_H

#include "face_shape.h"

/* Where the head is: a point p of the mean shape lies at scale * R p + t, in the frame's pixels. */
typedef struct mi_pose {
    float r[3][3];
    float scale;  /* pixels of the outer-eye distance of a frontal head */
    float t[3];
    float misfit; /* rms distance of the rigid points from the posed mean shape, in outer-eye
                   * distances */
} mi_pose;

/* The pose that fits the points best: weighted least squares over mi_shape.weight. */
void mi_pose_fit(mi_pose *pose, const mi_shape *shape, const float point[MI_POINTS][3]);

/* Degrees, signs as in mien_face. */
void mi_pose_angles(const mi_pose *pose, float *yaw, float *pitch, float *roll);

typedef struct mi_smooth {
    bool started;
    /* ... owned by face_smooth.c */
} mi_smooth;

/* Forgets the past: the next points come out as they go in. */
void mi_smooth_reset(mi_smooth *smooth);

/* One frame: `raw` points as the network gave them, `dt` seconds since the last frame (> 0).
 * `steady` and `pose` get the result; `steady` may be `raw`. */
void mi_smooth_step(mi_smooth *smooth, const mi_shape *shape, const float raw[MI_POINTS][3],
                    double dt, float steady[MI_POINTS][3], mi_pose *pose);

#endif
