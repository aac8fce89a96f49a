#include "net_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "net_once.h"

static int make_graph(mi_graph **graph, const mi_pair *pair, const void *bytes, size_t size,
                      const char *name, mi_log *log)
{
    const char *output[MI_GRAPH_OUTPUTS];
    for (int32_t k = 0; k < pair->outputs; k++)
        output[k] = pair->output[k].name;
    int status = mi_graph_of_outputs(graph, bytes, size, name, pair->height, pair->width, output,
                                     pair->outputs, log);
    for (int32_t k = 0; k < pair->outputs && status == MIEN_OK; k++) {
        const mi_tensor *t = &(*graph)->tensor[(*graph)->output[k]];
        const mi_pair_output *o = &pair->output[k];
        for (int32_t i = 0; i < o->points; i++)
            if (o->point[i].at >= (int64_t)t->c * t->h * t->w)
                return mi_fail(log, MIEN_ERR_MODEL, "'%.200s': its mien.check does not fit "
                               "output '%s'", name, o->name);
    }
    return status;
}

/* Keeps the largest error of an output, if none was larger by its own limit. */
static void compare(const mi_pair_output *o, const float *got, mi_verdict *v)
{
    for (int32_t i = 0; i < o->points; i++) {
        double error = fabs((double)got[o->point[i].at] - (double)o->point[i].value);
        if (isnan(error))
            error = INFINITY;
        if (!v->output || error / o->limit > v->error / v->limit) {
            v->output = o->name;
            v->error = error;
            v->limit = o->limit;
        }
    }
}

static int run(mvk_device *device, const mi_pair *pair, const mi_graph *g, bool safe,
               mi_verdict *v, mi_log *log)
{
    const mi_tensor *t = &g->tensor[g->input];
    float *in = mi_net_values(t), *out[MI_GRAPH_OUTPUTS] = {NULL};
    bool room = in != NULL;
    for (int32_t k = 0; k < g->outputs; k++) {
        out[k] = mi_net_values(&g->tensor[g->output[k]]);
        room = room && out[k];
    }
    int status = room ? MIEN_OK : mi_fail(log, MIEN_ERR_NOMEM, "out of memory");
    if (status == MIEN_OK) {
        mi_pair_input(pair, t->c, in);
        status = mi_net_once(device, g, safe, in, out, log);
    }
    for (int32_t k = 0; k < g->outputs; k++) {
        if (status == MIEN_OK)
            compare(&pair->output[k], out[k], v);
        free(out[k]);
    }
    free(in);
    return status;
}

int mi_net_check(mvk_device *device, const mi_pair *pair, const void *bytes, size_t size,
                 const char *name, bool safe, mi_verdict *v, mi_log *log)
{
    mi_graph *graph = NULL;
    memset(v, 0, sizeof *v);
    int status = make_graph(&graph, pair, bytes, size, name, log);
    if (status == MIEN_OK)
        status = run(device, pair, graph, safe, v, log);
    v->right = status == MIEN_OK && v->error <= v->limit;
    mi_graph_destroy(&graph);
    return status;
}
