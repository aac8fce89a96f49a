#include "face_glasses.h"

#include <math.h>

#include "../face_points.h"

/* Where lenses sit, as training/visible_masks.py has it: an ellipse around each eye, in widths of
 * the eye, a little lower than its middle. */
static const float LENS_X = 0.85f, LENS_Y = 0.62f, LENS_DOWN = 0.12f;

typedef struct lens {
    float x, y, ax, ay; /* middle; unit vector to the right */
    float width;        /* of the eye */
} lens;

static lens find_lens(int eye, const float point[MI_POINTS][3])
{
    lens l = {0};
    const float *left = point[mi_upper_lid[eye][0]], *right = point[mi_upper_lid[eye][MI_LID - 1]];
    for (int i = 0; i < MI_LID; i++) {
        l.x += (point[mi_upper_lid[eye][i]][0] + point[mi_lower_lid[eye][i]][0]) / (2 * MI_LID);
        l.y += (point[mi_upper_lid[eye][i]][1] + point[mi_lower_lid[eye][i]][1]) / (2 * MI_LID);
    }
    l.width = hypotf(right[0] - left[0], right[1] - left[1]);
    if (l.width > 0) {
        l.ax = (right[0] - left[0]) / l.width;
        l.ay = (right[1] - left[1]) / l.width;
        l.x -= LENS_DOWN * l.width * l.ay;
        l.y += LENS_DOWN * l.width * l.ax;
    }
    return l;
}

static bool covers(const lens *l, float x, float y)
{
    float across = ((x - l->x) * l->ax + (y - l->y) * l->ay) / (LENS_X * l->width);
    float down = ((y - l->y) * l->ax - (x - l->x) * l->ay) / (LENS_Y * l->width);
    return l->width > 0 && across * across + down * down <= 1;
}

/* Into values that fall. qsort() may allocate, and this is done in every frame. */
static void insert(float *value, int32_t count, float x)
{
    int32_t i = count;
    for (; i > 0 && value[i - 1] < x; i--)
        value[i] = value[i - 1];
    value[i] = x;
}

float mi_glasses_value(const float *map, int32_t stride, const float point[MI_POINTS][3],
                       float size)
{
    const lens left = find_lens(0, point), right = find_lens(1, point);
    float value[MI_VISIBLE * MI_VISIBLE], sum = 0;
    int32_t count = 0;
    for (int32_t i = 0; i < MI_VISIBLE * MI_VISIBLE; i++) {
        float x = ((float)(i % MI_VISIBLE) + 0.5f) * size / MI_VISIBLE;
        float y = ((float)(i / MI_VISIBLE) + 0.5f) * size / MI_VISIBLE;
        if (covers(&left, x, y) || covers(&right, x, y))
            insert(value, count++, map[stride * i]);
    }
    if (count == 0)
        return 0;
    int32_t half = (count + 1) / 2;
    for (int32_t i = 0; i < half; i++)
        sum += value[i] / (float)half;
    return sum;
}
