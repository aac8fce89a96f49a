#include "effect_net.h"

#include <stdio.h>

#include "../model_file.h"
#include "../net/net_check.h"

typedef struct job {
    const mi_model_file *file;
    const char *what;
    mi_log *log;
} job;

static int check(const job *j, const mi_tensor *t, const mi_net_shape *shape, const char *role)
{
    if (t->c == shape->c && t->h == shape->h && t->w == shape->w)
        return MIEN_OK;
    return mi_fail(j->log, MIEN_ERR_MODEL, "%s '%.200s': the %s must be 1x%dx%dx%d, not 1x%dx%dx%d",
                   j->what, j->file->path, role, (int)shape->c, (int)shape->h, (int)shape->w,
                   (int)t->c, (int)t->h, (int)t->w);
}

static int make_graph(mi_graph **graph, const job *j, const mi_net_shape *input,
                      const mi_net_shape *output, int32_t outputs)
{
    const char *name[MI_GRAPH_OUTPUTS];
    const mi_model_file *f = j->file;
    for (int32_t k = 0; k < outputs; k++)
        name[k] = output[k].name;
    if (!name[0])
        return mi_graph_from_onnx(graph, f->bytes, f->size, f->path, input->h, input->w, j->log);
    return mi_graph_of_outputs(graph, f->bytes, f->size, f->path, input->h, input->w, name, outputs,
                               j->log);
}

static int open_file(mi_net *net, mvk_device *device, const job *j, const mi_net_shape *input,
                     const mi_net_shape *output, int32_t outputs)
{
    mi_graph *graph;
    char role[80];
    int status = make_graph(&graph, j, input, output, outputs);
    if (status != MIEN_OK)
        return status;
    status = check(j, &graph->tensor[graph->input], input, "input");
    for (int32_t k = 0; k < outputs && status == MIEN_OK; k++) {
        snprintf(role, sizeof role, "output%s%s", output[k].name ? " " : "",
                 output[k].name ? output[k].name : "");
        status = check(j, &graph->tensor[graph->output[k]], &output[k], role);
    }
    if (status == MIEN_OK)
        status = mi_net_open(net, device, graph, j->file->bytes, j->file->size, j->file->path,
                             j->log);
    mi_graph_destroy(&graph);
    return status;
}

int mi_effect_net_open(mi_net *net, mvk_device *device, const char *path, const char *what,
                       const mi_net_shape *input, const mi_net_shape *output, int32_t outputs,
                       mi_log *log)
{
    mi_model_file file = {0};
    const job j = {.file = &file, .what = what, .log = log};
    snprintf(file.path, sizeof file.path, "%s", path);
    int status = mi_model_read(&file, what, log);
    if (status == MIEN_OK)
        status = open_file(net, device, &j, input, output, outputs);
    mi_model_close(&file);
    return status;
}
