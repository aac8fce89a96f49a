/* Where the patch of an eye lies in the picture: what the network that turns eyes sees
 * (training/gaze_patch.py has the formula). Pure functions, any thread. */
#ifndef MI_GAZE_PATCH_H
#define MI_GAZE_PATCH_H

#include <stdbool.h>

#include <mien/mien.h>

enum { MI_GAZE_W = 96, MI_GAZE_H = 64 }; /* pixels of a patch */
enum { MI_EYES = 2 };                    /* the viewer's left one, the right one */

/* From the ball's middle to the middle of the iris, pixels of the patch: an eye that is turned by
 * the components (right, up) of a direction has its iris moved by this times (right, -up). */
#define MI_GAZE_BALL (0.118f * 176)

/* In pixels of the frame. The right eye is seen in a mirror, so that the nose is at the right of
 * both patches. */
typedef struct mi_eye_patch {
    float middle[2];
    float across[2]; /* from the left edge to the right one */
    float down[2];   /* from the upper edge to the lower one */
} mi_eye_patch;

/* False where the points leave it open, or lie so close that there is nothing to see. */
bool mi_eye_patch_find(mi_eye_patch *patch, const float point[MIEN_FACE_POINTS][3], int eye);

/* Column and row of the patch at which the points have the middle of the iris; far away where they
 * have none. */
void mi_eye_patch_iris(const mi_eye_patch *patch, const float point[MIEN_FACE_POINTS][3], int eye,
                       float at[2]);

/* 1 for the left eye, -1 for the right one: by which "right" is multiplied in its patch. */
float mi_eye_mirror(int eye);

/* Where the head points, coarsely, from depths: components (right, up). */
void mi_gaze_head(const float point[MIEN_FACE_POINTS][3], float head[2]);

/* Degrees to the viewer's right and up -> components (right, up) of a direction. */
void mi_gaze_direction(float yaw, float pitch, float direction[2]);

/* Degrees between two directions. */
float mi_gaze_angle(const float a[2], const float b[2]);

#endif
