#include "portrait_scene.h"

#include <stdlib.h>

enum { SIDE = PORTRAIT_SIDE };

const scene scene_one = {.x = {40}, .y = {-20}, .count = 1};
const frame_layout scene_tight = {0, false};

static bool is_in(const scene_box *b, int32_t x, int32_t y)
{
    return x >= b->x && x < b->x + b->width && y >= b->y && y < b->y + b->height;
}

static void scene_colour(const void *opaque, int32_t x, int32_t y, double rgb[3])
{
    static const scene_box all = {0, 0, SIDE, SIDE}, head = {120, 10, 210, 260};
    const scene *s = opaque;
    const uint8_t *portrait = portrait_bytes();
    for (int k = 0; k < 3; k++)
        rgb[k] = 120;
    for (int32_t i = 0; i < s->count; i++) {
        int32_t px = x - s->x[i], py = y - s->y[i];
        bool wiped = s->wiped && i == 0 && is_in(&head, px, py);
        if (is_in(&all, px, py))
            for (int k = 0; k < 3; k++)
                rgb[k] = wiped ? 90 + 60 * (py / 4 % 2)
                               : portrait[((size_t)py * SIDE + (size_t)px) * 4 + (size_t)k];
    }
}

test_frame scene_make(const scene *s, mien_format format, int32_t w, int32_t h,
                      const frame_layout *layout)
{
    test_frame t = test_frame_make(format, w, h, layout);
    frame_paint(&t.frame, scene_colour, s);
    return t;
}

test_frame scene_rgba(const scene *s)
{
    return scene_make(s, MIEN_FORMAT_RGBA, SCENE_WIDTH, SCENE_HEIGHT, &scene_tight);
}

/* The place of a plane's byte in the frame, pixels. */
static void place_of(mien_format format, int plane, int32_t byte, int32_t row, int32_t *x,
                     int32_t *y)
{
    *y = plane > 0 ? 2 * row : row;
    *x = format >= MIEN_FORMAT_RGBA                      ? byte / 4
         : format == MIEN_FORMAT_YUY2                    ? byte / 4 * 2
         : format == MIEN_FORMAT_NV12 || plane == 0      ? byte
                                                         : 2 * byte;
}

static void count_byte(scene_change *c, const scene *s, const scene_parts *parts, int32_t x,
                       int32_t y, long difference)
{
    bool found = false;
    for (int32_t i = 0; i < s->count; i++)
        for (int32_t k = 0; k < parts->count; k++)
            if (is_in(&parts->box[k], x - s->x[i], y - s->y[i])) {
                c->in[i][k] += difference;
                found = true;
            }
    *(found ? &c->inside : &c->elsewhere) += difference;
}

scene_change scene_compare(const scene *s, const scene_parts *parts, const mien_frame *a,
                           const mien_frame *b)
{
    scene_change c = {0};
    for (int p = 0; p < mien_format_planes(a->format); p++)
        for (int32_t row = 0; row < mien_format_rows(a->format, p, a->height); row++) {
            size_t bytes;
            const uint8_t *from = test_frame_row(a, p, row, &bytes);
            const uint8_t *to = test_frame_row(b, p, row, &bytes);
            for (size_t i = 0; i < bytes; i++) {
                int32_t x, y;
                if (from[i] == to[i])
                    continue;
                place_of(a->format, p, (int32_t)i, row, &x, &y);
                count_byte(&c, s, parts, x, y, labs((long)from[i] - to[i]));
            }
        }
    return c;
}

scene_change scene_run(mien_filter *f, const scene *s, const scene_parts *parts,
                       const mien_frame *in, const mien_frame *out)
{
    int status = mien_filter_process(f, in, out);
    if (status != MIEN_OK && status != MIEN_BYPASSED)
        fail_msg("status %d: %s", status, mien_filter_error(f));
    return scene_compare(s, parts, in, out);
}
