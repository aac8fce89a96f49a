#include "gaze_generator.h"

#include <string.h>

#include "effect_net.h"

enum { CHANNELS = 8, OUTPUTS = 3 };

int mi_gaze_generator_create(mi_gaze_generator *g, mvk_device *device, mi_arena *arena,
                             const mien_frame *shape, const char *path, const char *what,
                             mi_log *log)
{
    static const mi_net_shape eye = {.c = CHANNELS, .h = MI_GAZE_H, .w = MI_GAZE_W};
    static const mi_net_shape output[OUTPUTS] = {
        [MI_GAZE_STATE] = {"state", 4, 1, 1},
        [MI_GAZE_FLOW] = {"flow", 2, MI_GAZE_H, MI_GAZE_W},
        [MI_GAZE_BLEND] = {"blend", 3, MI_GAZE_H, MI_GAZE_W}};
    memset(g, 0, sizeof *g);
    g->device = device;
    int status = mi_effect_net_open(&g->net, device, path, what, &eye, output, OUTPUTS, log);
    if (status == MIEN_OK)
        status = mi_crop_create(&g->crop, device, shape, true, CHANNELS / 4);
    if (status != MIEN_OK) {
        mi_gaze_generator_destroy(g);
        return status;
    }
    g->look = mi_arena_take(arena, CHANNELS / 4 * MI_GAZE_W * MI_GAZE_H);
    g->input = mi_arena_take(arena, CHANNELS / 4 * MI_GAZE_W * MI_GAZE_H);
    g->base = mi_arena_take(arena, g->net.plan.vec4s);
    return MIEN_OK;
}

void mi_gaze_generator_destroy(mi_gaze_generator *g)
{
    if (!g->device)
        return;
    mi_crop_destroy(&g->crop);
    mi_net_destroy(&g->net);
    memset(g, 0, sizeof *g);
}

struct face_square mi_gaze_generator_square(const mi_eye_patch *patch, const float turn[2],
                                            float share, const float head[2])
{
    struct face_square square = mi_crop_patch(patch->middle, patch->across, patch->down, MI_GAZE_W,
                                              MI_GAZE_H);
    square.down[3] = turn[0];
    square.more[0] = turn[1];
    square.more[1] = share;
    square.more[2] = head[0];
    square.more[3] = head[1];
    return square;
}

void mi_gaze_generator_record_look(const mi_gaze_generator *g, mvk_commands *commands,
                                   int32_t square)
{
    mi_crop_record(&g->crop, commands, (mi_picture){g->look, MI_GAZE_W, MI_GAZE_H}, square);
    mvk_barrier(commands);
}

void mi_gaze_generator_record(const mi_gaze_generator *g, mvk_commands *commands)
{
    mi_net_record(&g->net, commands, g->base, g->input, false);
}

int32_t mi_gaze_generator_result(const mi_gaze_generator *g, mi_gaze_output output)
{
    return mi_net_output(&g->net, (int32_t)output, g->base);
}
