#include "face_generator.h"

#include <string.h>

#include "effect_net.h"

int mi_face_generator_create(mi_face_generator *g, mvk_device *device, mi_arena *arena,
                             const mien_frame *shape, const char *path, const char *what,
                             mi_log *log)
{
    static const mi_net_shape texture = {.c = 4, .h = MI_TEXTURE_SIZE, .w = MI_TEXTURE_SIZE};
    memset(g, 0, sizeof *g);
    g->device = device;
    int status = mi_effect_net_open(&g->net, device, path, what, &texture, &texture, 1, log);
    if (status == MIEN_OK)
        status = mi_crop_create(&g->crop, device, shape, true, 1);
    if (status != MIEN_OK) {
        mi_face_generator_destroy(g);
        return status;
    }
    g->seen = mi_picture_take(arena, MI_FACE_SIZE, MI_FACE_SIZE);
    g->input = mi_picture_take(arena, MI_TEXTURE_SIZE, MI_TEXTURE_SIZE);
    g->base = mi_arena_take(arena, g->net.plan.vec4s);
    return MIEN_OK;
}

void mi_face_generator_destroy(mi_face_generator *g)
{
    if (!g->device)
        return;
    mi_crop_destroy(&g->crop);
    mi_net_destroy(&g->net);
    memset(g, 0, sizeof *g);
}

void mi_face_generator_look(const mi_face_generator *g, mvk_commands *commands)
{
    mi_crop_record(&g->crop, commands, g->seen, 0);
}

void mi_face_generator_record(const mi_face_generator *g, mvk_commands *commands)
{
    mi_net_record(&g->net, commands, g->base, g->input.at, false);
}

int32_t mi_face_generator_result(const mi_face_generator *g)
{
    return mi_net_output(&g->net, 0, g->base);
}
