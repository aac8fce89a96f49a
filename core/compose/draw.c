#include "draw.h"

#include <math.h>

#include "../pixel_layout.h"

static const float FAR = 32768; /* pixels: beyond all frames */

mi_canvas mi_canvas_of(const mien_frame *frame)
{
    mi_canvas c = {.frame = *frame};
    mi_parts(frame->format, c.part);
    mi_luma_weights(frame, &c.kr, &c.kb);
    return c;
}

mi_ink mi_ink_of(const mi_canvas *c, uint32_t rgb, float alpha)
{
    float r = (float)(rgb >> 16 & 255), g = (float)(rgb >> 8 & 255), b = (float)(rgb & 255);
    if (!mi_format_is_yuv(c->frame.format))
        return (mi_ink){{r, g, b}, alpha};
    bool full = c->frame.range == MIEN_RANGE_FULL;
    float y = c->kr * r + (1 - c->kr - c->kb) * g + c->kb * b;
    float u = (b - y) / (2 - 2 * c->kb), v = (r - y) / (2 - 2 * c->kr);
    float luma = full ? y : 16 + y * 219 / 255, chroma = full ? 1 : 224.0f / 255;
    return (mi_ink){{luma, 128 + u * chroma, 128 + v * chroma}, alpha};
}

static void mix_sample(uint8_t *to, float value, float share)
{
    float mixed = (float)*to + (value - (float)*to) * share + 0.5f;
    *to = (uint8_t)(mixed < 0 ? 0 : mixed > 255 ? 255 : mixed);
}

/* Mean share of the pixels that a sample at (dx, dy) of the quad stands for. */
static float sample_share(const mi_canvas *c, const mi_part *part, int32_t x, int32_t y,
                          const float share[4])
{
    float sum = 0, count = 0;
    for (int32_t j = y; j < y + part->sub_y && j < c->frame.height; j++)
        for (int32_t i = x; i < x + part->sub_x && i < c->frame.width; i++, count++)
            sum += share[(j & 1) * 2 + (i & 1)];
    return sum / count;
}

void mi_draw_quad(const mi_canvas *c, int32_t x, int32_t y, const float share[4],
                  const mi_ink *ink)
{
    if (share[0] + share[1] + share[2] + share[3] <= 0)
        return;
    for (int k = 0; k < 3; k++) {
        const mi_part *part = &c->part[k];
        for (int32_t j = y; j < y + 2 && j < c->frame.height; j += part->sub_y)
            for (int32_t i = x; i < x + 2 && i < c->frame.width; i += part->sub_x) {
                float of = sample_share(c, part, i, j, share) * ink->alpha;
                uint8_t *row = c->frame.data[part->plane] +
                               j / part->sub_y * c->frame.stride[part->plane];
                if (of > 0)
                    mix_sample(row + part->offset + i / part->sub_x * part->step,
                               ink->sample[k], of);
            }
    }
}

/* What is drawn: how far a position is outside of it (pixels, negative inside). */
typedef struct shape {
    float (*outside)(const struct shape *shape, float x, float y);
    mi_spot spot[MI_PATH_MAX];
    int32_t count;
    float half; /* of the width */
    float radius, width, height;
} shape;

/* Distance to a line between two spots. */
static float line_distance(mi_spot a, mi_spot b, float x, float y)
{
    float ex = b.x - a.x, ey = b.y - a.y, px = x - a.x, py = y - a.y;
    float t = (px * ex + py * ey) / (ex * ex + ey * ey + 1e-6f);
    t = t > 0 ? t : 0;
    t = t < 1 ? t : 1;
    px -= t * ex;
    py -= t * ey;
    return sqrtf(px * px + py * py);
}

static float outside_path(const shape *s, float x, float y)
{
    float least = line_distance(s->spot[0], s->spot[s->count > 1], x, y);
    for (int32_t i = 1; i + 1 < s->count; i++) {
        float d = line_distance(s->spot[i], s->spot[i + 1], x, y);
        least = d < least ? d : least;
    }
    return least - s->half;
}

static float outside_disc(const shape *s, float x, float y)
{
    return hypotf(x - s->spot[0].x, y - s->spot[0].y) - s->radius;
}

static float outside_ring(const shape *s, float x, float y)
{
    return fabsf(outside_disc(s, x, y)) - s->half;
}

static float outside_panel(const shape *s, float x, float y)
{
    float w = s->width / 2, h = s->height / 2;
    float dx = fabsf(x - s->spot[0].x - w) - (w - s->radius);
    float dy = fabsf(y - s->spot[0].y - h) - (h - s->radius);
    return hypotf(fmaxf(dx, 0), fmaxf(dy, 0)) + fminf(fmaxf(dx, dy), 0) - s->radius;
}

/* Even, within 0..size. */
static int32_t even_start(float at, int32_t size)
{
    return (int32_t)fminf(fmaxf(floorf(at), 0), (float)size) & ~1;
}

static int32_t end_of(float at, int32_t size)
{
    return (int32_t)fminf(fmaxf(ceilf(at), 0), (float)size);
}

static void draw_quads(const mi_canvas *c, const shape *s, int32_t y, float x0, float x1,
                       const mi_ink *ink)
{
    int32_t end = end_of(x1, c->frame.width);
    for (int32_t x = even_start(x0, c->frame.width); x < end; x += 2) {
        float share[4];
        for (int i = 0; i < 4; i++) {
            float d = s->outside(s, (float)(x + (i & 1)) + 0.5f, (float)(y + i / 2) + 0.5f);
            share[i] = fminf(fmaxf(0.5f - d, 0), 1);
        }
        mi_draw_quad(c, x, y, share, ink);
    }
}

/* Draws what lies in a box. */
static void draw_shape(const mi_canvas *c, const shape *s, float x0, float y0, float x1, float y1,
                       const mi_ink *ink)
{
    int32_t end = end_of(y1 + 1, c->frame.height);
    for (int32_t y = even_start(y0 - 1, c->frame.height); y < end; y += 2)
        draw_quads(c, s, y, x0 - 1, x1 + 1, ink);
}

static mi_spot near_by(mi_spot s)
{
    return (mi_spot){fminf(fmaxf(s.x, -FAR), FAR), fminf(fmaxf(s.y, -FAR), FAR)};
}

void mi_draw_line(const mi_canvas *c, mi_spot a, mi_spot b, float width, const mi_ink *ink)
{
    a = near_by(a);
    b = near_by(b);
    shape s = {.outside = outside_path, .spot = {a, b}, .count = 2, .half = width / 2};
    float reach = s.half + 1, dy = b.y - a.y;
    int32_t end = end_of(fmaxf(a.y, b.y) + reach, c->frame.height);
    for (int32_t y = even_start(fminf(a.y, b.y) - reach, c->frame.height); y < end; y += 2) {
        /* Only what is near this part of the line. */
        float t = 0, u = 1;
        if (fabsf(dy) > 1e-3f) {
            float low = ((float)y - reach - a.y) / dy, high = ((float)(y + 2) + reach - a.y) / dy;
            t = fminf(fmaxf(fminf(low, high), 0), 1);
            u = fminf(fmaxf(fmaxf(low, high), 0), 1);
        }
        float p = a.x + t * (b.x - a.x), q = a.x + u * (b.x - a.x);
        draw_quads(c, &s, y, fminf(p, q) - reach, fmaxf(p, q) + reach, ink);
    }
}

void mi_draw_dashes(const mi_canvas *c, mi_spot a, mi_spot b, float width, float dash,
                    const mi_ink *ink)
{
    a = near_by(a);
    b = near_by(b);
    float length = hypotf(b.x - a.x, b.y - a.y);
    int32_t count = (int32_t)(length / fmaxf(dash, 1)) | 1; /* odd: dashes at both ends */
    for (int32_t i = 0; i < count; i += 2) {
        float t = (float)i / (float)count, u = (float)(i + 1) / (float)count;
        mi_draw_line(c, (mi_spot){a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)},
                     (mi_spot){a.x + u * (b.x - a.x), a.y + u * (b.y - a.y)}, width, ink);
    }
}

void mi_draw_path(const mi_canvas *c, const mi_spot *spot, int32_t count, float width,
                  const mi_ink *ink)
{
    shape s = {.outside = outside_path, .half = width / 2};
    float x0 = FAR, y0 = FAR, x1 = -FAR, y1 = -FAR;
    for (; s.count < count && s.count < MI_PATH_MAX; s.count++) {
        mi_spot at = s.spot[s.count] = near_by(spot[s.count]);
        x0 = fminf(x0, at.x - s.half);
        y0 = fminf(y0, at.y - s.half);
        x1 = fmaxf(x1, at.x + s.half);
        y1 = fmaxf(y1, at.y + s.half);
    }
    draw_shape(c, &s, x0, y0, x1, y1, ink);
}

void mi_draw_circle(const mi_canvas *c, mi_spot middle, float radius, float width,
                    const mi_ink *ink)
{
    shape s = {.outside = width > 0 ? outside_ring : outside_disc, .spot = {near_by(middle)},
               .half = width / 2, .radius = fminf(radius, FAR)};
    float reach = s.radius + s.half, x = s.spot[0].x, y = s.spot[0].y;
    draw_shape(c, &s, x - reach, y - reach, x + reach, y + reach, ink);
}

void mi_draw_panel(const mi_canvas *c, mi_spot corner, float width, float height, float radius,
                   const mi_ink *ink)
{
    shape s = {.outside = outside_panel, .spot = {near_by(corner)}, .radius = radius,
               .width = fminf(width, FAR), .height = fminf(height, FAR)};
    float x = s.spot[0].x, y = s.spot[0].y;
    draw_shape(c, &s, x, y, x + s.width, y + s.height, ink);
}
