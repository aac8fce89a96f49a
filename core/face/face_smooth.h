/* Steadies a face's points without lag: the head's pose (rotation, scale, translation) apart from
 * the shape in head coordinates. One object a followed face. Pure arithmetic, no allocation.
 * Different objects may be used from different threads at once. */
#ifndef MI_FACE_SMOOTH_H
#define MI_FACE_SMOOTH_H

#include "face_shape.h"

/* Where the head is: a point p of the mean shape lies at scale * R p + t, in the frame's pixels. */
typedef struct mi_pose {
    float r[3][3];
    float scale;  /* pixels of the outer-eye distance of a frontal head, > 0 */
    float t[3];
    float misfit; /* rms distance of the rigid points from the posed mean shape, in outer-eye
                   * distances: about 0.02 for a frontal face, 0.04 for one that is turned away */
} mi_pose;

/* The pose that fits the points best: weighted least squares over mi_shape.weight. Points that
 * leave the pose open (all in one place or line, not finite) give no turn, scale 1, t 0, misfit
 * 1. */
void mi_pose_fit(mi_pose *pose, const mi_shape *shape, const float point[MI_POINTS][3]);

/* The same for points of another face than the mean one, and weights of one's own. */
void mi_pose_fit_points(mi_pose *pose, const float from[MI_MESH_POINTS][3],
                        const float weight[MI_MESH_POINTS], const float point[MI_POINTS][3]);

/* Degrees, signs as in mien_face; yaw and roll -180..180, pitch -90..90. Yaw and pitch say where
 * the nose points as the camera sees it, whatever the roll. */
void mi_pose_angles(const mi_pose *pose, float *yaw, float *pitch, float *roll);

enum { MI_SMOOTH_AXES = 7, MI_SMOOTH_GROUPS = 9 };

/* Follows one number that moves steadily: estimate of its speed, and how sure both are. */
typedef struct mi_smooth_axis {
    double speed;
    double p[3];  /* covariance of value and speed: value, both, speed */
    double drift; /* mean of the latest surprises */
} mi_smooth_axis;

typedef struct mi_smooth {
    bool started;
    /* owned by face_smooth.c */
    mi_pose pose;
    float middle[3]; /* of the rigid points, in head coordinates */
    float noise;     /* of one coordinate of a raw point, outer-eye distances */
    int32_t frames;  /* since the start, as far as it matters */
    mi_smooth_axis axis[MI_SMOOTH_AXES]; /* turn about x, y, z; shift along x, y, z; log scale */
    float gain[MI_SMOOTH_GROUPS], excess[MI_SMOOTH_GROUPS];
    float own_noise[MI_SMOOTH_GROUPS]; /* over `noise` */
    uint8_t group[MI_POINTS];
    float point[MI_POINTS][3];   /* steady, head coordinates */
    float skin[MI_POINTS][3];    /* the same, slow to follow */
    float usual[MI_POINTS];      /* how surely nothing covers them, as a rule */
    float drift[MI_POINTS][2];   /* mean of the latest surprises */
    float last[2][MI_POINTS][2]; /* raw of the last two frames, head coordinates, latest first */
} mi_smooth;

/* Forgets the past: the next points come out as they go in. */
void mi_smooth_reset(mi_smooth *smooth);

/* One frame: `raw` points as the network gave them, `dt` seconds since the last frame (> 0).
 * `bare`: how surely nothing covers each of the MI_POINTS points, 0..1; NULL: nothing does. A
 * covered one is guessed by the network: it stays where the head has it. `steady` and `pose` get
 * the result; `steady` may be `raw`. Points that are not finite (or beyond 1e7) leave the last
 * result standing (zeros and no turn, if there is none). */
void mi_smooth_step(mi_smooth *smooth, const mi_shape *shape, const float raw[MI_POINTS][3],
                    const float *bare, double dt, float steady[MI_POINTS][3], mi_pose *pose);

/* After that: where the points lie for what is drawn on the skin, pixels. They follow a change of
 * shape late, but are never farther from the steady ones than the picture itself tells the way
 * (shaders/blend/skin_shift.comp), and so do not tremble with them. */
void mi_smooth_skin(const mi_smooth *smooth, float point[MI_POINTS][3]);

#endif
