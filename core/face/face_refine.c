#include "face_refine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LID_POINTS = 16,  /* of an eye's subset: around the lids, the first ones */
    IRIS_POINTS = 5,
    FEATURE_PIXEL = 4 /* pixels of the picture in one of the feature map, and of a branch's output
                       * in one of its input */
};
static const float MORE = 1.5f; /* the crop's size over that of the subset's box */

static int32_t read_numbers(const char *text, uint16_t *number, int32_t most)
{
    int32_t count = 0;
    for (char *end; *text; text = end) {
        long v = strtol(text, &end, 10);
        if (end == text || v < 0 || v >= MI_MESH_POINTS || count == most)
            return -1;
        number[count++] = (uint16_t)v;
        end += strspn(end, " ");
    }
    return count;
}

bool mi_branch_read(mi_branch *branch, const char *subset, const char *rotation)
{
    uint16_t line[2];
    memset(branch, 0, sizeof *branch);
    branch->iris = -1;
    if (!subset || !rotation || read_numbers(rotation, line, 2) != 2)
        return false;
    branch->count = read_numbers(subset, branch->subset, MI_SUBSET_MAX);
    branch->left = line[0];
    branch->right = line[1];
    return branch->count >= LID_POINTS && line[0] != line[1];
}

/* The map from the branch's pixels (a quarter of its output's) to the feature map's, as two rows
 * of three: see shaders/face/branch_place.comp. */
static void place(const mi_branch *b, const float *mesh, float m[2][3])
{
    const float *l = mesh + 3 * b->left, *r = mesh + 3 * b->right;
    float n = hypotf(r[0] - l[0], r[1] - l[1]);
    float c = n > 0 ? (r[0] - l[0]) / n : 1, s = n > 0 ? -(r[1] - l[1]) / n : 0;
    float low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (int32_t i = 0; i < b->count; i++) {
        const float *p = mesh + 3 * b->subset[i];
        float q[2] = {(c * p[0] - s * p[1]) / FEATURE_PIXEL, (s * p[0] + c * p[1]) / FEATURE_PIXEL};
        for (int k = 0; k < 2; k++) {
            low[k] = fminf(low[k], q[k]);
            high[k] = fmaxf(high[k], q[k]);
        }
    }
    float x = 0.5f * (low[0] + high[0]), y = 0.5f * (low[1] + high[1]);
    float sx = (high[0] - low[0]) * MORE / MI_BRANCH_SIZE;
    float sy = (high[1] - low[1]) * MORE / MI_BRANCH_SIZE, half = 0.5f * MI_BRANCH_SIZE;
    m[0][0] = c * sx;
    m[0][1] = s * sy;
    m[1][0] = -s * sx;
    m[1][1] = c * sy;
    m[0][2] = c * x + s * y - half * (m[0][0] + m[0][1]);
    m[1][2] = -s * x + c * y - half * (m[1][0] + m[1][1]);
}

/* Output units are a quarter of the grid's pixel, the picture's a quarter of the feature map's:
 * the linear part stays as it is. */
static void move(float m[2][3], const float *from, float *to)
{
    for (int k = 0; k < 2; k++)
        to[k] = m[k][0] * from[0] + m[k][1] * from[1] + FEATURE_PIXEL * m[k][2];
}

void mi_branch_apply(const mi_branch *b, const float *mesh, const float *points, const float *iris,
                     float out[MI_POINTS][3])
{
    float m[2][3], depth = 0;
    place(b, mesh, m);
    for (int32_t i = 0; i < b->count; i++)
        move(m, points + 2 * i, out[b->subset[i]]);
    if (!iris || b->iris < 0)
        return;
    for (int i = 0; i < LID_POINTS; i++)
        depth += out[b->subset[i]][2] / LID_POINTS;
    for (int i = 0; i < IRIS_POINTS; i++) {
        move(m, iris + 2 * i, out[b->iris + i]);
        out[b->iris + i][2] = depth;
    }
}
