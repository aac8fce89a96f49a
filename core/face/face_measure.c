#include "face_measure.h"

#include <math.h>

#include "face_gaze.h"

enum { SPOTS = 12 };

/* Where a region is looked at, and which way it faces in the head's axes: the mean face's normal
 * there. */
typedef struct region {
    uint16_t spot[SPOTS];
    float facing[3];
} region;

static const region regions[MIEN_FACE_REGIONS] = {
    [MIEN_REGION_LEFT_EYE] = {{22, 33, 110, 133, 144, 145, 154, 158, 159, 160, 243, 246},
                              {-0.28f, 0.06f, -0.96f}},
    [MIEN_REGION_RIGHT_EYE] = {{252, 263, 339, 362, 373, 374, 381, 385, 386, 387, 463, 466},
                               {0.28f, 0.06f, -0.96f}},
    [MIEN_REGION_NOSE] = {{1, 4, 5, 6, 48, 98, 131, 168, 197, 278, 327, 360}, {0, 0.09f, -1}},
    [MIEN_REGION_MOUTH] = {{0, 13, 14, 17, 37, 39, 61, 181, 267, 269, 291, 405},
                           {0, 0.25f, -0.97f}},
    [MIEN_REGION_LEFT_CHEEK] = {{36, 50, 101, 118, 123, 147, 203, 205, 206, 207, 213, 216},
                                {-0.62f, 0.01f, -0.79f}},
    [MIEN_REGION_RIGHT_CHEEK] = {{266, 280, 330, 347, 352, 376, 423, 425, 426, 427, 433, 436},
                                 {0.62f, 0.01f, -0.79f}},
    [MIEN_REGION_FOREHEAD] = {{10, 67, 69, 104, 107, 109, 151, 297, 299, 333, 336, 338},
                              {0, -0.26f, -0.97f}},
    [MIEN_REGION_CHIN] = {{140, 148, 152, 171, 175, 194, 199, 200, 369, 377, 396, 418},
                          {0, 0.38f, -0.93f}},
};

/* Degrees between a region's facing and the view over which it fades. */
static const float fade_from = 50, fade_to = 75;

/* NaN becomes 0. */
static float unit(float x)
{
    return x > 0 ? x < 1 ? x : 1 : 0;
}

static float ramp(float from, float to, float x)
{
    float t = unit((x - from) / (to - from));
    return t * t * (3 - 2 * t);
}

static void find_box(mien_face *face)
{
    float low[2] = {face->point[0][0], face->point[0][1]};
    float high[2] = {low[0], low[1]};
    for (int i = 1; i < MI_POINTS; i++)
        for (int k = 0; k < 2; k++) {
            low[k] = fminf(low[k], face->point[i][k]);
            high[k] = fmaxf(high[k], face->point[i][k]);
        }
    face->x = low[0];
    face->y = low[1];
    face->width = high[0] - low[0];
    face->height = high[1] - low[1];
}

/* What the network saw at a place of the frame, 0..1, between the middles of its cells. */
static float uncovered(const mi_sight *sight, const float p[3])
{
    const mi_roi *roi = &sight->roi;
    if (!(roi->side > 0))
        return 1;
    float x = (p[0] - roi->x) / roi->side, y = (p[1] - roi->y) / roi->side;
    float c = cosf(roi->angle), s = sinf(roi->angle);
    float u = unit(0.5f + x * c + y * s) * MI_VISIBLE - 0.5f;
    float v = unit(0.5f - x * s + y * c) * MI_VISIBLE - 0.5f;
    u = fminf(fmaxf(u, 0), MI_VISIBLE - 1.001f);
    v = fminf(fmaxf(v, 0), MI_VISIBLE - 1.001f);
    int column = (int)u, row = (int)v;
    const float *cell = sight->visible + row * MI_VISIBLE + column;
    float fx = u - (float)column, fy = v - (float)row;
    float upper = unit(cell[0]) * (1 - fx) + unit(cell[1]) * fx;
    float lower = unit(cell[MI_VISIBLE]) * (1 - fx) + unit(cell[MI_VISIBLE + 1]) * fx;
    return upper * (1 - fy) + lower * fy;
}

static float visible_region(const mien_face *face, const region *where, const mi_pose *pose,
                            const mi_sight *sight, int32_t width, int32_t height)
{
    float seen = 0, d[3] = {0};
    for (int i = 0; i < SPOTS; i++) {
        const float *p = face->point[where->spot[i]];
        if (p[0] >= 0 && p[1] >= 0 && p[0] <= (float)width && p[1] <= (float)height)
            seen += uncovered(sight, p) / SPOTS;
    }
    for (int k = 0; k < 3; k++)
        for (int j = 0; j < 3; j++)
            d[k] += pose->r[k][j] * where->facing[j];
    float length = sqrtf(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
    float towards = length > 0 ? -d[2] / length : 0;
    float angle = acosf(fminf(fmaxf(towards, -1), 1)) * 57.29578f;
    return unit(seen * (1 - ramp(fade_from, fade_to, angle)));
}

void mi_measure(mien_face *face, const mi_shape *shape, const mi_pose *pose,
                const mi_sight *sight, int32_t width, int32_t height)
{
    find_box(face);
    mi_pose_angles(pose, &face->yaw, &face->pitch, &face->roll);
    float presence = unit(sight->presence);
    face->pose_confidence = presence * (1 - ramp(0.05f, 0.12f, pose->misfit)) *
                            (1 - ramp(55, 85, fabsf(face->yaw))) *
                            (1 - ramp(45, 70, fabsf(face->pitch)));
    for (int i = 0; i < MIEN_FACE_REGIONS; i++)
        face->visible[i] = visible_region(face, &regions[i], pose, sight, width, height);
    mi_gaze_find(face, shape, pose);
    face->gaze_confidence *= presence;
    face->glasses = unit(sight->glasses);
}

void mi_measure_bare(const mi_sight *sight, float bare[MI_POINTS])
{
    for (int i = 0; i < MI_POINTS; i++)
        bare[i] = uncovered(sight, sight->point[i]);
}
