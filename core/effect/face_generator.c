#include "face_generator.h"

#include <stdio.h>
#include <string.h>

#include "../net/net_check.h"

enum { CHANNELS = 4 };

static bool fits(const mi_tensor *t)
{
    return t->c == CHANNELS && t->h == MI_FACE_SIZE && t->w == MI_FACE_SIZE;
}

static int open_net(mi_face_generator *g, const mi_model_file *file, const char *what, mi_log *log)
{
    mi_graph *graph;
    int status = mi_graph_from_onnx(&graph, file->bytes, file->size, file->path, MI_FACE_SIZE,
                                    MI_FACE_SIZE, log);
    if (status != MIEN_OK)
        return status;
    if (!fits(&graph->tensor[graph->input]) || !fits(&graph->tensor[graph->output[0]]))
        status = mi_fail(log, MIEN_ERR_MODEL, "%s '%.200s': input and output must be "
                         "1x%dx%dx%d", what, file->path, CHANNELS, MI_FACE_SIZE, MI_FACE_SIZE);
    if (status == MIEN_OK)
        status = mi_net_open(&g->net, g->device, graph, file->bytes, file->size, file->path, log);
    mi_graph_destroy(&graph);
    return status;
}

int mi_face_generator_create(mi_face_generator *g, mvk_device *device, mi_arena *arena,
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
        status = mi_crop_create(&g->crop, device, shape, true, 1);
    if (status != MIEN_OK) {
        mi_face_generator_destroy(g);
        return status;
    }
    g->input = mi_picture_take(arena, MI_FACE_SIZE, MI_FACE_SIZE);
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

void mi_face_generator_record(const mi_face_generator *g, mvk_commands *commands)
{
    mi_crop_record(&g->crop, commands, g->input, 0);
    mi_net_record(&g->net, commands, g->base, g->input.at, false);
}

int32_t mi_face_generator_result(const mi_face_generator *g)
{
    return mi_net_output(&g->net, 0, g->base);
}
