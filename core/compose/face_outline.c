#include "face_outline.h"

#include <math.h>

#include "../face_points.h"

enum { MESH = 468, CHUNK = 256, BLOCK = 16 };

static const float FEATHER = 0.05f;      /* of the face's shorter side */
static const float FEATHER_MOST = 400;   /* pixels */
static const float FOREHEAD = 0.12f;     /* of the face's height: from the mesh's end to the hair */
static const float FOREHEAD_FROM = 0.6f; /* of the height, from the chin: what is above is raised */
static const float FAR = 65536;          /* pixels; points farther off are drawn in */

typedef struct place {
    float x, y;
} place;

/* Written out: calls of fminf() would be a third of a mask's cost. What is no number gets low. */
static float clampf(float value, float low, float high)
{
    return !(value > low) ? low : value < high ? value : high;
}

/* Smooth step: level at both ends, so that no line shows where a feather starts. */
static float ease(float t)
{
    t = clampf(t, 0, 1);
    return t * t * (3 - 2 * t);
}

/* The mesh with a raised forehead. */
static void raised_mesh(const mien_face *face, place mesh[MESH])
{
    const float *top = face->point[mi_face_oval[0]];
    const float *chin = face->point[mi_face_oval[MI_OVAL / 2]];
    float cx = clampf(chin[0], -FAR, FAR), cy = clampf(chin[1], -FAR, FAR);
    float up_x = clampf(top[0], -FAR, FAR) - cx, up_y = clampf(top[1], -FAR, FAR) - cy;
    float square = fmaxf(up_x * up_x + up_y * up_y, 1e-3f);
    for (int i = 0; i < MESH; i++) {
        float x = clampf(face->point[i][0], -FAR, FAR), y = clampf(face->point[i][1], -FAR, FAR);
        float height = ((x - cx) * up_x + (y - cy) * up_y) / square;
        float lift = FOREHEAD * ease((height - FOREHEAD_FROM) / (1 - FOREHEAD_FROM));
        mesh[i] = (place){x + lift * up_x, y + lift * up_y};
    }
}

/* The farthest points in 64 directions: the hull to within 0.2 % of its size, in order, whatever
 * the points are. */
static void hull(mi_outline *o, const place mesh[MESH])
{
    o->corners = 0;
    int last = -1, first = -1;
    for (int d = 0; d < MI_OUTLINE_CORNERS; d++) {
        float angle = 6.2831853f * (float)d / MI_OUTLINE_CORNERS;
        float ux = cosf(angle), uy = sinf(angle), most = -INFINITY;
        int at = 0;
        for (int i = 0; i < MESH; i++) {
            float along = ux * mesh[i].x + uy * mesh[i].y;
            if (along > most) {
                most = along;
                at = i;
            }
        }
        if (at == last || (d > 0 && at == first))
            continue;
        first = d == 0 ? at : first;
        last = at;
        o->x[o->corners] = mesh[at].x;
        o->y[o->corners++] = mesh[at].y;
    }
}

typedef struct extent {
    float x0, y0, x1, y1;
} extent;

static extent corners_extent(const mi_outline *o)
{
    extent e = {o->x[0], o->y[0], o->x[0], o->y[0]};
    for (int32_t i = 1; i < o->corners; i++) {
        e.x0 = fminf(e.x0, o->x[i]);
        e.y0 = fminf(e.y0, o->y[i]);
        e.x1 = fmaxf(e.x1, o->x[i]);
        e.y1 = fmaxf(e.y1, o->y[i]);
    }
    return e;
}

/* Even, within the frame. */
static int32_t box_start(float at, int32_t size)
{
    return (int32_t)clampf(floorf(at), 0, (float)size) & ~1;
}

static int32_t box_end(float at, int32_t size)
{
    int32_t end = ((int32_t)clampf(ceilf(at), 0, (float)size) + 1) & ~1;
    return end < size ? end : size;
}

void mi_outline_make(mi_outline *o, const mien_face *face, float margin, float dx, float dy,
                     int32_t width, int32_t height)
{
    place mesh[MESH];
    raised_mesh(face, mesh);
    hull(o, mesh);
    extent e = corners_extent(o);
    o->side = fmaxf(fminf(e.x1 - e.x0, e.y1 - e.y0), 1);
    o->feather = clampf(FEATHER * o->side, 1, FEATHER_MOST);
    float middle_x = (e.x0 + e.x1) / 2, middle_y = (e.y0 + e.y1) / 2;
    dx = clampf(dx, -FAR, FAR);
    dy = clampf(dy, -FAR, FAR);
    for (int32_t i = 0; i < o->corners; i++) {
        o->x[i] = middle_x + dx + margin * (o->x[i] - middle_x);
        o->y[i] = middle_y + dy + margin * (o->y[i] - middle_y);
    }
    e = corners_extent(o);
    o->x0 = box_start(e.x0 - o->feather, width);
    o->y0 = box_start(e.y0 - o->feather, height);
    o->x1 = box_end(e.x1 + o->feather, width);
    o->y1 = box_end(e.y1 + o->feather, height);
    if (o->x1 <= o->x0 || o->y1 <= o->y0)
        o->x0 = o->x1 = o->y0 = o->y1 = 0;
}

/* A row within a stretch of pixels while its mask is made. */
typedef struct stretch {
    int32_t from, count;      /* pixels */
    float y, reach;           /* middle of the row; how far from the outline the mask is soft */
    float square[CHUNK];      /* squared distance to the outline, at most reach^2 */
    bool soft[CHUNK / BLOCK]; /* does this block have distances below reach? */
} stretch;

static void measure_edge(stretch *s, float ax, float ay, float bx, float by)
{
    float low = s->y - s->reach, high = s->y + s->reach;
    if (fmaxf(ay, by) < low || fminf(ay, by) > high)
        return;
    float ex = bx - ax, ey = by - ay, square = fmaxf(ex * ex + ey * ey, 1e-6f);
    /* The part of the edge that is near the row. */
    float start = 0, end = 1;
    if (fabsf(ey) > 1e-3f) {
        float t = (low - ay) / ey, u = (high - ay) / ey;
        start = clampf(fminf(t, u), 0, 1);
        end = clampf(fmaxf(t, u), 0, 1);
    }
    float x0 = fminf(ax + start * ex, ax + end * ex) - s->reach - (float)s->from;
    float x1 = fmaxf(ax + start * ex, ax + end * ex) + s->reach - (float)s->from;
    int32_t i0 = (int32_t)clampf(floorf(x0), 0, (float)s->count);
    int32_t i1 = (int32_t)clampf(ceilf(x1), 0, (float)s->count);
    if (i0 >= i1)
        return;
    for (int32_t b = i0 / BLOCK; b <= (i1 - 1) / BLOCK; b++)
        s->soft[b] = true;
    float along_x = ex / square, along = (s->y - ay) * ey / square, py = s->y - ay;
    for (int32_t i = i0; i < i1; i++) {
        float px = (float)(s->from + i) + 0.5f - ax;
        float t = px * along_x + along;
        t = t > 0 ? t : 0;
        t = t < 1 ? t : 1;
        float qx = px - t * ex, qy = py - t * ey, distance = qx * qx + qy * qy;
        s->square[i] = distance < s->square[i] ? distance : s->square[i];
    }
}

/* Where the row enters and leaves the (convex) outline. */
static void crossings(const mi_outline *o, float y, float *enter, float *leave)
{
    *enter = INFINITY;
    *leave = -INFINITY;
    for (int32_t i = 0; i < o->corners; i++) {
        int32_t j = i + 1 < o->corners ? i + 1 : 0;
        if ((o->y[i] <= y) == (o->y[j] <= y))
            continue;
        float x = o->x[i] + (y - o->y[i]) / (o->y[j] - o->y[i]) * (o->x[j] - o->x[i]);
        *enter = fminf(*enter, x);
        *leave = fmaxf(*leave, x);
    }
}

static void raise_to(uint8_t *mask, int32_t count, uint8_t value)
{
    for (int32_t i = 0; i < count; i++)
        mask[i] = mask[i] > value ? mask[i] : value;
}

static void measure_stretch(stretch *s, const mi_outline *o)
{
    for (int32_t i = 0; i < s->count; i++)
        s->square[i] = s->reach * s->reach;
    for (int32_t b = 0; b < CHUNK / BLOCK; b++)
        s->soft[b] = false;
    for (int32_t i = 0; i < o->corners; i++) {
        int32_t j = i + 1 < o->corners ? i + 1 : 0;
        measure_edge(s, o->x[i], o->y[i], o->x[j], o->y[j]);
    }
}

/* Level of the mask at a depth (pixels inside the outline; negative outside). */
static uint8_t soft_level(mi_edge edge, float depth, float reach, uint8_t strength)
{
    float value = edge == MI_EDGE_MIDDLE ? ease((depth + reach) / (2 * reach))
                  : depth >= 0           ? 1
                                         : ease((depth + reach) / reach);
    return (uint8_t)((float)strength * value + 0.5f);
}

void mi_outline_row(const mi_outline *o, mi_edge edge, uint8_t strength, int32_t y, int32_t from,
                    int32_t to, uint8_t *mask)
{
    stretch s; /* its arrays are filled a stretch at a time */
    s.y = (float)y + 0.5f;
    s.reach = edge == MI_EDGE_MIDDLE ? o->feather / 2 : o->feather;
    float enter, leave, beyond = s.reach * s.reach;
    crossings(o, s.y, &enter, &leave);
    for (s.from = from; s.from < to; s.from += CHUNK, mask += CHUNK) {
        s.count = to - s.from < CHUNK ? to - s.from : CHUNK;
        measure_stretch(&s, o);
        for (int32_t at = 0; at < s.count; at += BLOCK) {
            int32_t count = s.count - at < BLOCK ? s.count - at : BLOCK;
            float first = (float)(s.from + at) + 0.5f, last = first + (float)(count - 1);
            bool inside = first >= enter && last < leave, outside = last < enter || first >= leave;
            if (!s.soft[at / BLOCK] && (inside || outside)) {
                raise_to(mask + at, inside ? count : 0, strength);
                continue;
            }
            for (int32_t i = at; i < at + count; i++) {
                float x = (float)(s.from + i) + 0.5f;
                bool in = x >= enter && x < leave;
                uint8_t level = in ? strength : 0;
                if (s.square[i] < beyond)
                    level = soft_level(edge, in ? sqrtf(s.square[i]) : -sqrtf(s.square[i]),
                                       s.reach, strength);
                mask[i] = mask[i] > level ? mask[i] : level;
            }
        }
    }
}
