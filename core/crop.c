#include "crop.h"

#include <math.h>
#include <string.h>

#include "crop.spv.h"
#include "crop_lanes8.spv.h"

enum { TAPS_MAX = 8 };

int mi_crop_create(mi_crop *c, mvk_device *device, const mien_frame *shape, bool smooth)
{
    static const mi_shader_pair shader = MI_SHADER_PAIR(crop);
    const uint32_t spec[] = {(uint32_t)shape->format, 1, smooth};
    memset(c, 0, sizeof *c);
    c->device = device;
    c->push = mi_pixel_layout(shape);
    return mvk_pipeline_create(device, &c->pipeline, mi_shader_for(device, &shader), spec, 3);
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

struct face_square mi_crop_square(float x, float y, float side, float angle, int32_t size,
                                  float more)
{
    float taps = ceilf(side / (float)size);
    return (struct face_square){.place = {x, y, side * cosf(angle), side * sinf(angle)},
                                .how = {taps < 1 ? 1 : taps > TAPS_MAX ? TAPS_MAX : taps, 1},
                                .more = {more}};
}
