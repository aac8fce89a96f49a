#include "gaze_generator.h"

#include <stdio.h>
#include <string.h>

#include "../model_file.h"
#include "../net/net_check.h"

enum { CHANNELS = 8, OUTPUTS = 3 };
static const char *const names[OUTPUTS] = {"state", "flow", "blend"};

static bool is_of(const mi_tensor *t, int32_t c, int32_t h, int32_t w)
{
    return t->c == c && t->h == h && t->w == w;
}

static bool fits(const mi_graph *g)
{
    return is_of(&g->tensor[g->input], CHANNELS, MI_GAZE_H, MI_GAZE_W) &&
           is_of(&g->tensor[g->output[MI_GAZE_STATE]], 4, 1, 1) &&
           is_of(&g->tensor[g->output[MI_GAZE_FLOW]], 2, MI_GAZE_H, MI_GAZE_W) &&
           is_of(&g->tensor[g->output[MI_GAZE_BLEND]], 3, MI_GAZE_H, MI_GAZE_W);
}

static int open_net(mi_gaze_generator *g, const mi_model_file *file, const char *what, mi_log *log)
{
    mi_graph *graph;
    int status = mi_graph_of_outputs(&graph, file->bytes, file->size, file->path, MI_GAZE_H,
                                     MI_GAZE_W, names, OUTPUTS, log);
    if (status != MIEN_OK)
        return status;
    if (!fits(graph))
        status = mi_fail(log, MIEN_ERR_MODEL, "%s '%.200s': the input must be 1x%dx%dx%d, 'state' "
                         "1x4x1x1, 'flow' 1x2x%dx%d and 'blend' 1x3x%dx%d", what, file->path,
                         CHANNELS, MI_GAZE_H, MI_GAZE_W, MI_GAZE_H, MI_GAZE_W, MI_GAZE_H,
                         MI_GAZE_W);
    if (status == MIEN_OK)
        status = mi_net_open(&g->net, g->device, graph, file->bytes, file->size, file->path, log);
    mi_graph_destroy(&graph);
    return status;
}

int mi_gaze_generator_create(mi_gaze_generator *g, mvk_device *device, mi_arena *arena,
                             const mien_frame *shape, const char *path, const char *what,
                             mi_log *log)
{
    mi_model_file file = {0};
    memset(g, 0, sizeof *g);
    g->device = device;
    snprintf(file.path, sizeof file.path, "%s", path);
    int status = mi_model_read(&file, what, log);
    if (status == MIEN_OK)
        status = open_net(g, &file, what, log);
    mi_model_close(&file);
    if (status == MIEN_OK)
        status = mi_crop_create(&g->crop, device, shape, true, CHANNELS / 4);
    if (status != MIEN_OK) {
        mi_gaze_generator_destroy(g);
        return status;
    }
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

void mi_gaze_generator_record(const mi_gaze_generator *g, mvk_commands *commands, int32_t square)
{
    mi_crop_record(&g->crop, commands, (mi_picture){g->input, MI_GAZE_W, MI_GAZE_H}, square);
    mi_net_record(&g->net, commands, g->base, g->input, false);
}

int32_t mi_gaze_generator_result(const mi_gaze_generator *g, mi_gaze_output output)
{
    return mi_net_output(&g->net, (int32_t)output, g->base);
}
