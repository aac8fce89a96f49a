#include "compose.h"

#include <string.h>

#include "pixel_export.spv.h"
#include "pixel_export_lanes8.spv.h"
#include "pixel_import.spv.h"
#include "pixel_import_lanes8.spv.h"

int mi_compose_create(mi_compose *c, mvk_device *device, const mien_frame *shape, int32_t scale)
{
    static const mi_shader_pair in = MI_SHADER_PAIR(pixel_import);
    static const mi_shader_pair out = MI_SHADER_PAIR(pixel_export);
    memset(c, 0, sizeof *c);
    c->device = device;
    c->push = mi_pixel_layout(shape);
    c->scale = scale;
    const uint32_t spec[2] = {(uint32_t)shape->format, (uint32_t)scale};
    int status = mvk_pipeline_create(device, &c->import_pipeline, mi_shader_for(device, &in),
                                     spec, 2);
    if (status == MIEN_OK)
        status = mvk_pipeline_create(device, &c->export_pipeline, mi_shader_for(device, &out),
                                     spec, 2);
    if (status != MIEN_OK)
        mi_compose_destroy(c);
    return status;
}

void mi_compose_destroy(mi_compose *c)
{
    if (!c->device)
        return;
    mvk_pipeline_destroy(c->device, &c->import_pipeline);
    mvk_pipeline_destroy(c->device, &c->export_pipeline);
    memset(c, 0, sizeof *c);
}

static struct pixel_push with_picture(const mi_compose *c, mi_picture low)
{
    struct pixel_push p = c->push;
    p.low = low.at;
    p.low_w = low.w;
    p.low_h = low.h;
    return p;
}

void mi_compose_record_import(const mi_compose *c, mvk_commands *commands, mi_picture low)
{
    struct pixel_push p = with_picture(c, low);
    mvk_dispatch(c->device, commands, c->import_pipeline, &p, sizeof p, mi_groups(low.w, 8),
                 mi_groups(low.h, 4), 1);
}

int64_t mi_compose_fine_vec4s(const mien_frame *shape)
{
    return (int64_t)((shape->width + 7) / 8) * shape->height;
}

void mi_compose_record_export(const mi_compose *c, mvk_commands *commands, const mi_export *from)
{
    struct pixel_push p = with_picture(c, from->model);
    p.still = from->still;
    p.fine = from->plain ? 0 : from->fine;
    p.first_row = from->first_row;
    p.out_base = from->out_base;
    int32_t columns = from->part ? from->model.w * c->scale : p.width;
    int32_t rows = from->part ? from->model.h * c->scale : from->rows ? from->rows : p.height;
    mvk_dispatch(c->device, commands, c->export_pipeline, &p, sizeof p, mi_groups(columns, 64),
                 mi_groups(rows, 8), 1);
}
