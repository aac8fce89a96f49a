#include "gaze_patch.h"

#include <math.h>

static const float SCALE = 176;     /* pixels of the patch in an outer-eye distance */
static const float LEAST = 8;       /* pixels of the frame in it: less shows no iris */
static const float LEVEL = 2.9f;    /* degrees by which brow and chin are out of the upright */
static const float DEGREES = 57.29577951f;
enum { LEFT_OUTER = 33, RIGHT_OUTER = 263, BROW = 10, CHIN = 152 };
static const int outer[MI_EYES] = {LEFT_OUTER, RIGHT_OUTER}, inner[MI_EYES] = {133, 362};
static const int iris[MI_EYES] = {468, 473};

float mi_eye_mirror(int eye)
{
    return eye == 0 ? 1 : -1;
}

bool mi_eye_patch_find(mi_eye_patch *patch, const float point[MIEN_FACE_POINTS][3], int eye)
{
    const float *a = point[LEFT_OUTER], *b = point[RIGHT_OUTER];
    float ex = b[0] - a[0], ey = b[1] - a[1], length = hypotf(ex, ey);
    float wide = MI_GAZE_W / SCALE * mi_eye_mirror(eye), high = MI_GAZE_H / SCALE;
    for (int k = 0; k < 2; k++)
        patch->middle[k] = (point[outer[eye]][k] + point[inner[eye]][k]) / 2;
    patch->across[0] = wide * ex;
    patch->across[1] = wide * ey;
    patch->down[0] = -high * ey;
    patch->down[1] = high * ex;
    return isfinite(length) && length >= LEAST && isfinite(patch->middle[0]) &&
           isfinite(patch->middle[1]);
}

void mi_eye_patch_iris(const mi_eye_patch *patch, const float point[MIEN_FACE_POINTS][3], int eye,
                       float at[2])
{
    const float *x = patch->across, *y = patch->down, *p = point[iris[eye]];
    float dx = p[0] - patch->middle[0], dy = p[1] - patch->middle[1];
    float area = x[0] * y[1] - x[1] * y[0];
    at[0] = (0.5f + (dx * y[1] - dy * y[0]) / area) * MI_GAZE_W;
    at[1] = (0.5f + (dy * x[0] - dx * x[1]) / area) * MI_GAZE_H;
    if (!(fabsf(at[0]) < 1e3f && fabsf(at[1]) < 1e3f))
        at[0] = at[1] = -1e3f;
}

void mi_gaze_direction(float yaw, float pitch, float direction[2])
{
    direction[0] = sinf(yaw / DEGREES) * cosf(pitch / DEGREES);
    direction[1] = sinf(pitch / DEGREES);
}

static float depth(const float d[2])
{
    return sqrtf(fmaxf(1 - d[0] * d[0] - d[1] * d[1], 0));
}

float mi_gaze_angle(const float a[2], const float b[2])
{
    float cosine = a[0] * b[0] + a[1] * b[1] + depth(a) * depth(b);
    return acosf(fminf(fmaxf(cosine, -1), 1)) * DEGREES;
}

void mi_gaze_head(const float point[MIEN_FACE_POINTS][3], float head[2])
{
    const float *a = point[LEFT_OUTER], *b = point[RIGHT_OUTER];
    const float *c = point[BROW], *d = point[CHIN];
    float yaw = atan2f(b[2] - a[2], hypotf(b[0] - a[0], b[1] - a[1])) * DEGREES;
    float pitch = atan2f(c[2] - d[2], hypotf(d[0] - c[0], d[1] - c[1])) * DEGREES + LEVEL;
    mi_gaze_direction(yaw, pitch, head);
}
