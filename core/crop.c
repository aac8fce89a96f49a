#include "crop.h"

#include <math.h>
#include <string.h>

#include "crop.spv.h"
#include "crop_lanes8.spv.h"

enum { TAPS_MAX = 8 };

int mi_crop_create(mi_crop *c, mvk_device *device, const mien_frame *shape, bool smooth,
                   int32_t quads)
{
    static const mi_shader_pair shader = MI_SHADER_PAIR(crop);
    const uint32_t spec[] = {(uint32_t)shape->format, 1, smooth, (uint32_t)quads};
    memset(c, 0, sizeof *c);
    c->device = device;
    c->push = mi_pixel_layout(shape);
    return mvk_pipeline_create(device, &c->pipeline, mi_shader_for(device, &shader), spec, 4);
}

void mi_crop_destroy(mi_crop *c)
{
    if (c->device)
        mvk_pipeline_destroy(c->device, &c->pipeline);
    memset(c, 0, sizeof *c);
}

void mi_crop_record(const mi_crop *c, mvk_commands *commands, mi_picture to, int32_t square)
{
    struct pixel_push p = c->push;
    p.low = to.at;
    p.low_w = to.w;
    p.low_h = to.h;
    p.square = square;
    mvk_dispatch(c->device, commands, c->pipeline, &p, sizeof p, mi_groups(to.w, 8),
                 mi_groups(to.h, 4), 1);
}

struct face_square mi_crop_patch(const float middle[2], const float across[2], const float down[2],
                                 int32_t w, int32_t h)
{
    float wide = hypotf(across[0], across[1]) / (float)w;
    float high = hypotf(down[0], down[1]) / (float)h;
    float taps = ceilf(fmaxf(wide, high));
    return (struct face_square){.place = {middle[0], middle[1], across[0], across[1]},
                                .down = {down[0], down[1]},
                                .how = {taps < 1 ? 1 : taps > TAPS_MAX ? TAPS_MAX : taps, 1}};
}

struct face_square mi_crop_square(float x, float y, float side, float angle, int32_t size,
                                  float more)
{
    float c = side * cosf(angle), s = side * sinf(angle);
    struct face_square square = mi_crop_patch((const float[]){x, y}, (const float[]){c, s},
                                              (const float[]){-s, c}, size, size);
    square.down[3] = more;
    return square;
}
