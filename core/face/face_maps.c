#include "face_maps.h"

#include <math.h>
#include <string.h>

#include "../face_points.h"
#include "face_shape.h"

enum { LEFT_EYE = 33, RIGHT_EYE = 263, LEFT_MOUTH = 61, RIGHT_MOUTH = 291 };
/* Of the mean face: the mouth's corners lie this far below the outer corners of the eyes, in
 * distances of these. */
static const float MOUTH = 0.769f;
static const float SIDE = 2.4f;   /* of the square, in the same unit */
static const float MIDDLE = 0.43f; /* of the square, on the way from the eyes to the mouth */

/* Cosine of the angle between skin and camera below / above which it counts 0 / fully. */
static const float FACING_LOW = 0.12f, FACING_HIGH = 0.35f;
/* The edge of the face fades over this many texels, 5 % of its width. */
enum { FADE = 6 };
/* A turned face ends where its texture does not, and fades there over this many elements of the
 * map: the points of what turns away are the least sure, and beside them is the background. */
enum { RIM = 7 };
/* What lies this much behind other skin is hidden, in sides of the square. */
static const float HIDDEN = 0.06f;
static const float FAR = 1e9f;

typedef struct vertex {
    float x, y, z; /* sides of the square; 0, 0 is its corner */
    float facing;  /* how surely it is turned to the camera, 0..1 */
    float bare;    /* how surely nothing covers it, 0..1 */
} vertex;

static float smooth_step(float low, float high, float x)
{
    float t = (x - low) / (high - low);
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return t * t * (3 - 2 * t);
}

/* Barycentric weights of (x, y) in a triangle; false if it has no area. */
static bool weights_at(const float a[2], const float b[2], const float c[2], float x, float y,
                       float weight[3])
{
    float area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
    if (fabsf(area) < 1e-12f)
        return false;
    weight[1] = ((x - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (y - a[1])) / area;
    weight[2] = ((b[0] - a[0]) * (y - a[1]) - (x - a[0]) * (b[1] - a[1])) / area;
    weight[0] = 1 - weight[1] - weight[2];
    return true;
}

static bool inside(const float weight[3])
{
    return weight[0] >= 0 && weight[1] >= 0 && weight[2] >= 0;
}

/* First and last element of a map whose middle lies in low..high; clamped before it becomes an
 * integer, so that any finite number will do. */
static void span(float low, float high, int *first, int *last)
{
    low = low * MI_MAP - 0.5f;
    high = high * MI_MAP - 0.5f;
    *first = low < 0 ? 0 : low > MI_MAP ? MI_MAP : (int)ceilf(low);
    *last = high < 0 ? -1 : high > MI_MAP - 1 ? MI_MAP - 1 : (int)floorf(high);
}

static float middle_of(int i)
{
    return ((float)i + 0.5f) / MI_MAP;
}

static float least(float a, float b, float c)
{
    return fminf(a, fminf(b, c));
}

static float most(float a, float b, float c)
{
    return fmaxf(a, fmaxf(b, c));
}

/* Is the triangle between the lips? An open mouth has next to no place in the atlas, which is of a
 * closed one, and what is in it is no skin. */
static bool in_mouth(const uint16_t triangle[3])
{
    for (int k = 0; k < 3; k++) {
        int i = 0;
        while (i < MI_LIPS && mi_mouth_outline[i] != triangle[k])
            i++;
        if (i == MI_LIPS)
            return false;
    }
    return true;
}

static void fill_inside(mi_atlas *atlas)
{
    const mi_shape *shape = &mi_mean_face;
    for (int32_t k = 0; k < shape->triangles; k++) {
        const uint16_t *t = shape->triangle[k];
        const float *a = shape->uv[t[0]], *b = shape->uv[t[1]], *c = shape->uv[t[2]];
        int x0, x1, y0, y1;
        span(least(a[0], b[0], c[0]), most(a[0], b[0], c[0]), &x0, &x1);
        span(least(a[1], b[1], c[1]), most(a[1], b[1], c[1]), &y0, &y1);
        for (int y = y0; y <= y1; y++)
            for (int x = x0; x <= x1; x++) {
                float weight[3];
                mi_texel *texel = &atlas->texel[y * MI_MAP + x];
                if (!weights_at(a, b, c, middle_of(x), middle_of(y), weight) || !inside(weight))
                    continue;
                memcpy(texel->point, t, sizeof texel->point);
                memcpy(texel->weight, weight, sizeof weight);
                texel->share = 1;
            }
    }
}

/* A texel outside of the mesh lies where the nearest point of it does: shaders may take means
 * across the edge. */
static void fill_outside(mi_atlas *atlas)
{
    for (int i = 0; i < MI_TEXELS; i++) {
        mi_texel *texel = &atlas->texel[i];
        float nearest = FAR;
        if (texel->share > 0)
            continue;
        for (uint16_t k = 0; k < MI_MESH_POINTS; k++) {
            float dx = mi_mean_face.uv[k][0] - middle_of(i % MI_MAP);
            float dy = mi_mean_face.uv[k][1] - middle_of(i / MI_MAP);
            if (dx * dx + dy * dy < nearest) {
                nearest = dx * dx + dy * dy;
                texel->point[0] = texel->point[1] = texel->point[2] = k;
            }
        }
        texel->weight[0] = 1;
    }
}

/* Distance to the nearest texel outside, FADE + 1 at most. */
static float depth_inside(const mi_atlas *atlas, int x, int y)
{
    float least_square = (FADE + 1) * (FADE + 1);
    for (int j = -FADE; j <= FADE; j++)
        for (int i = -FADE; i <= FADE; i++) {
            int tx = x + i, ty = y + j;
            bool out = tx < 0 || ty < 0 || tx >= MI_MAP || ty >= MI_MAP ||
                       atlas->texel[ty * MI_MAP + tx].share <= 0;
            if (out)
                least_square = fminf(least_square, (float)(i * i + j * j));
        }
    return sqrtf(least_square);
}

void mi_atlas_make(mi_atlas *atlas)
{
    memset(atlas, 0, sizeof *atlas);
    fill_inside(atlas);
    fill_outside(atlas);
    for (int i = 0; i < MI_TEXELS; i++) /* what is inside stays above 0, so the order is free */
        if (atlas->texel[i].share > 0)
            atlas->texel[i].share =
                smooth_step(0, FADE + 1, depth_inside(atlas, i % MI_MAP, i / MI_MAP));
}

static bool is_used(const mi_atlas *atlas, int32_t x0, int32_t y0, int32_t w, int32_t h)
{
    for (int32_t y = y0; y < y0 + h; y++)
        for (int32_t x = x0; x < x0 + w; x++)
            if (atlas->texel[y * MI_MAP + x].share > 0)
                return true;
    return false;
}

int32_t mi_atlas_tiles(const mi_atlas *atlas, int32_t w, int32_t h, float *tile)
{
    int32_t n = 0;
    for (int32_t y = 0; y + h <= MI_MAP; y += h)
        for (int32_t x = 0; x + w <= MI_MAP; x += w)
            if (is_used(atlas, x, y, w, h))
                tile[n++] = (float)(x / w + y / h * MI_TILE_ROW);
    return n;
}

void mi_atlas_shares(const mi_atlas *atlas, float share[MI_TEXELS])
{
    for (int i = 0; i < MI_TEXELS; i++)
        share[i] = atlas->texel[i].share;
}

/* Twice the area; its sign tells which way round the corners come. */
static float turn(const float a[2], const float b[2], const float c[2])
{
    return (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
}

/* In the atlas all triangles turn the same way; in the frame those do that face the camera. */
static float way_round(void)
{
    const uint16_t *t = mi_mean_face.triangle[0];
    return turn(mi_mean_face.uv[t[0]], mi_mean_face.uv[t[1]], mi_mean_face.uv[t[2]]) < 0 ? -1 : 1;
}

static void place(vertex v[MI_MESH_POINTS], const mi_roi *square, const float point[MI_POINTS][3],
                  const float *bare)
{
    float scale = 1 / fmaxf(square->side, 1e-3f);
    float c = scale * cosf(square->angle), s = scale * sinf(square->angle);
    for (int k = 0; k < MI_MESH_POINTS; k++) {
        float x = point[k][0] - square->x, y = point[k][1] - square->y;
        v[k] = (vertex){.x = 0.5f + c * x + s * y, .y = 0.5f - s * x + c * y,
                        .z = scale * point[k][2], .bare = bare ? bare[k] : 1};
    }
}

/* How far the skin at each point is turned to the camera: the mean of the triangles around it. */
static void find_facing(vertex v[MI_MESH_POINTS], float sign)
{
    float normal[MI_MESH_POINTS][3] = {{0}};
    for (int32_t k = 0; k < mi_mean_face.triangles; k++) {
        const uint16_t *t = mi_mean_face.triangle[k];
        const vertex *a = &v[t[0]], *b = &v[t[1]], *c = &v[t[2]];
        float p[3] = {b->x - a->x, b->y - a->y, b->z - a->z};
        float q[3] = {c->x - a->x, c->y - a->y, c->z - a->z};
        for (int i = 0; i < 3; i++)
            for (int m = 0; m < 3; m++)
                normal[t[i]][m] +=
                    p[(m + 1) % 3] * q[(m + 2) % 3] - p[(m + 2) % 3] * q[(m + 1) % 3];
    }
    for (int k = 0; k < MI_MESH_POINTS; k++) {
        const float *n = normal[k];
        float length = sqrtf(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
        v[k].facing = length > 0 ? smooth_step(FACING_LOW, FACING_HIGH, sign * n[2] / length) : 0;
    }
}

/* The nearest triangle at each place wins. */
static void draw(const mi_maps *maps, const vertex *v, const uint16_t t[3], float sign)
{
    const vertex *c[3] = {&v[t[0]], &v[t[1]], &v[t[2]]};
    const float at[3][2] = {{c[0]->x, c[0]->y}, {c[1]->x, c[1]->y}, {c[2]->x, c[2]->y}};
    int x0, x1, y0, y1;
    if (!(sign * turn(at[0], at[1], at[2]) > 0))
        return;
    bool open = in_mouth(t);
    span(least(at[0][0], at[1][0], at[2][0]), most(at[0][0], at[1][0], at[2][0]), &x0, &x1);
    span(least(at[0][1], at[1][1], at[2][1]), most(at[0][1], at[1][1], at[2][1]), &y0, &y1);
    for (int y = y0; y <= y1; y++)
        for (int x = x0; x <= x1; x++) {
            float w[3], *to = maps->uv[y * MI_MAP + x];
            if (!weights_at(at[0], at[1], at[2], middle_of(x), middle_of(y), w) || !inside(w))
                continue;
            float z = w[0] * c[0]->z + w[1] * c[1]->z + w[2] * c[2]->z;
            if (!(z < to[3]))
                continue;
            for (int m = 0; m < 2; m++)
                to[m] = w[0] * mi_mean_face.uv[t[0]][m] + w[1] * mi_mean_face.uv[t[1]][m] +
                        w[2] * mi_mean_face.uv[t[2]][m];
            float facing = w[0] * c[0]->facing + w[1] * c[1]->facing + w[2] * c[2]->facing;
            to[2] = open ? 0 : fminf(facing, 1);
            to[3] = z;
        }
}

/* Where a map shows the face, with an element around it that does not: 0 or 255. */
enum { ROW = MI_MAP + 2 };

static uint8_t *element(uint8_t *mask, int x, int y)
{
    return &mask[(y + 1) * ROW + x + 1];
}

static void find_face(const mi_maps *maps, uint8_t face[ROW * ROW])
{
    memset(face, 0, ROW * ROW);
    for (int y = 0; y < MI_MAP; y++)
        for (int x = 0; x < MI_MAP; x++)
            *element(face, x, y) = maps->uv[y * MI_MAP + x][3] < FAR ? 255 : 0;
}

/* Places beside the face go on with the texture coordinates of a neighbour: shaders interpolate
 * across the edge. */
static void extend(const mi_maps *maps, uint8_t face[ROW * ROW])
{
    static const int step[8][2] = {{-1, 0}, {1, 0}, {0, -1}, {0, 1},
                                   {-1, -1}, {1, -1}, {-1, 1}, {1, 1}};
    for (int y = 0; y < MI_MAP; y++) {
        uint8_t beside[MI_MAP], *row = element(face, 0, y);
        for (int x = 0; x < MI_MAP; x++) {
            const uint8_t *above = row - ROW, *below = row + ROW;
            beside[x] = (uint8_t)(~row[x] & (above[x - 1] | above[x] | above[x + 1] |
                                                 row[x - 1] | row[x + 1] | below[x - 1] |
                                                 below[x] | below[x + 1]));
        }
        for (int x = 0; x < MI_MAP; x++) {
            int k = 0;
            if (!beside[x])
                continue;
            while (!row[step[k][1] * ROW + x + step[k][0]])
                k++;
            memcpy(maps->uv[y * MI_MAP + x],
                   maps->uv[(y + step[k][1]) * MI_MAP + x + step[k][0]], 2 * sizeof(float));
        }
    }
}

static uint8_t least_of(uint8_t a, uint8_t b)
{
    return a < b ? a : b;
}

/* One step outwards of distances in thirds of an element; those beside the face are 0. */
static void spread(const uint8_t *restrict from, uint8_t *restrict to,
                   const uint8_t *restrict face)
{
    for (int y = 1; y <= MI_MAP; y++)
        for (int x = 1; x <= MI_MAP; x++) {
            const uint8_t *d = from + y * ROW + x;
            uint8_t beside = least_of(least_of(d[-1], d[1]), least_of(d[-ROW], d[ROW]));
            uint8_t aslant = least_of(least_of(d[-ROW - 1], d[-ROW + 1]),
                                      least_of(d[ROW - 1], d[ROW + 1]));
            beside = (uint8_t)(beside + 3);
            aslant = (uint8_t)(aslant + 4);
            to[y * ROW + x] = least_of(d[0], least_of(beside, aslant)) & face[y * ROW + x];
        }
}

/* Fades the face towards its outline in the square. Distances are sums of steps of 3 and 4 thirds
 * of an element (Borgefors 1986); so short ones are found sooner side by side than one after the
 * other. */
static void fade_rim(const mi_maps *maps, const uint8_t face[ROW * ROW])
{
    enum { DEEP = 3 * (RIM + 1) };
    uint8_t depth[2][ROW * ROW] = {{0}};
    for (int i = 0; i < ROW * ROW; i++)
        depth[0][i] = DEEP & face[i];
    for (int n = 0; n <= RIM; n++)
        spread(depth[n % 2], depth[(n + 1) % 2], face);
    const uint8_t *found = depth[(RIM + 1) % 2];
    for (int y = 0; y < MI_MAP; y++)
        for (int x = 0; x < MI_MAP; x++) {
            int d = found[(y + 1) * ROW + x + 1];
            if (d < DEEP)
                maps->uv[y * MI_MAP + x][2] *= smooth_step(0, DEEP, (float)d);
        }
}

static float seen(const mi_maps *maps, const vertex *v)
{
    if (!(v->x >= 0 && v->y >= 0 && v->x < 1 && v->y < 1))
        return 0;
    const float *front = maps->uv[(int)(v->y * MI_MAP) * MI_MAP + (int)(v->x * MI_MAP)];
    return v->z > front[3] + HIDDEN ? 0 : fminf(v->facing, 1);
}

/* What is interpolated from elements of the face, which reach one element further. */
static void box_in_square(uint8_t face[ROW * ROW], float box[4])
{
    int x0 = MI_MAP, y0 = MI_MAP, x1 = -1, y1 = -1;
    for (int y = 0; y < MI_MAP; y++)
        for (int x = 0; x < MI_MAP; x++) {
            if (!*element(face, x, y))
                continue;
            x0 = x < x0 ? x : x0;
            x1 = x > x1 ? x : x1;
            y0 = y < y0 ? y : y0;
            y1 = y;
        }
    bool empty = x1 < 0;
    box[0] = empty ? 0 : fmaxf((float)(x0 - 1) / MI_MAP, 0);
    box[1] = empty ? 0 : fmaxf((float)(y0 - 1) / MI_MAP, 0);
    box[2] = empty ? 0 : fminf((float)(x1 + 2) / MI_MAP, 1);
    box[3] = empty ? 0 : fminf((float)(y1 + 2) / MI_MAP, 1);
}

/* The points, and what is interpolated from elements beside them. */
static void box_in_frame(const float point[MI_POINTS][3], float element, float box[4])
{
    float beside = 2 * element;
    for (int m = 0; m < 2; m++) {
        float low = INFINITY, high = -INFINITY;
        for (int k = 0; k < MI_MESH_POINTS; k++) {
            low = fminf(low, point[k][m]);
            high = fmaxf(high, point[k][m]);
        }
        box[m] = low - beside;
        box[2 + m] = high + beside;
    }
}

mi_extent mi_maps_make(const mi_maps *maps, const mi_atlas *atlas, const mi_roi *square,
                       const float point[MI_POINTS][3], const float *bare)
{
    vertex v[MI_MESH_POINTS];
    uint8_t face[ROW * ROW];
    float sign = way_round();
    place(v, square, point, bare);
    find_facing(v, sign);
    for (int i = 0; i < MI_TEXELS; i++) {
        maps->uv[i][0] = maps->uv[i][1] = maps->uv[i][2] = 0;
        maps->uv[i][3] = FAR;
    }
    for (int32_t k = 0; k < mi_mean_face.triangles; k++)
        draw(maps, v, mi_mean_face.triangle[k], sign);
    find_face(maps, face);
    extend(maps, face);
    fade_rim(maps, face);
    for (int i = 0; i < MI_TEXELS; i++) {
        const mi_texel *t = &atlas->texel[i];
        vertex sum = {0};
        for (int k = 0; k < 3; k++) {
            const vertex *from = &v[t->point[k]];
            sum.x += t->weight[k] * from->x;
            sum.y += t->weight[k] * from->y;
            sum.z += t->weight[k] * from->z;
            sum.facing += t->weight[k] * from->facing;
            sum.bare += t->weight[k] * from->bare;
        }
        maps->at[i][0] = sum.x;
        maps->at[i][1] = sum.y;
        maps->at[i][2] = seen(maps, &sum);
        maps->at[i][3] = fminf(fmaxf(sum.bare, 0), 1);
    }
    mi_extent extent;
    box_in_square(face, extent.square);
    box_in_frame(point, square->side / MI_MAP, extent.frame);
    return extent;
}

static float distance(const float a[3], const float b[3])
{
    float x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
    return sqrtf(x * x + y * y + z * z);
}

mi_roi mi_face_square(const float point[MI_POINTS][3])
{
    const float *left = point[LEFT_EYE], *right = point[RIGHT_EYE];
    float eyes[3], mouth[3];
    for (int k = 0; k < 3; k++) {
        eyes[k] = 0.5f * (left[k] + right[k]);
        mouth[k] = 0.5f * (point[LEFT_MOUTH][k] + point[RIGHT_MOUTH][k]);
    }
    float unit = 0.5f * (distance(left, right) + distance(eyes, mouth) / MOUTH);
    return (mi_roi){.x = eyes[0] + MIDDLE * (mouth[0] - eyes[0]),
                    .y = eyes[1] + MIDDLE * (mouth[1] - eyes[1]),
                    .side = SIDE * unit,
                    .angle = atan2f(right[1] - left[1], right[0] - left[0])};
}
