#include "net_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a run of the pair needs. */
typedef struct check {
    mvk_device *device;
    const mi_pair *pair;
    mi_graph *graph;
    mi_net net;
    mvk_buffer arena;
    mvk_set set;
    mvk_commands list;
    int32_t input, base;
} check;

enum { INPUT = 2 }; /* vec4; the arena's first two are zero and waste, see stage.h */

static const mi_tensor *output_tensor(const check *c, int32_t k)
{
    return &c->graph->tensor[c->graph->output[k]];
}

static int make_graph(check *c, const void *bytes, size_t size, const char *name, mi_log *log)
{
    const char *output[MI_GRAPH_OUTPUTS];
    for (int32_t k = 0; k < c->pair->outputs; k++)
        output[k] = c->pair->output[k].name;
    int status = mi_graph_of_outputs(&c->graph, bytes, size, name, c->pair->height,
                                     c->pair->width, output, c->pair->outputs, log);
    for (int32_t k = 0; k < c->pair->outputs && status == MIEN_OK; k++) {
        const mi_tensor *t = output_tensor(c, k);
        const mi_pair_output *o = &c->pair->output[k];
        for (int32_t i = 0; i < o->points; i++)
            if (o->point[i].at >= (int64_t)t->c * t->h * t->w)
                return mi_fail(log, MIEN_ERR_MODEL, "'%.200s': its mien.check does not fit "
                               "output '%s'", name, o->name);
    }
    return status;
}

/* C,H,W to a vec4 a pixel and four channels. */
static int upload(check *c, mi_log *log)
{
    const mi_tensor *t = &c->graph->tensor[c->graph->input];
    size_t plane = (size_t)t->h * (size_t)t->w, quads = ((size_t)t->c + 3) / 4;
    float *value = malloc((size_t)t->c * plane * sizeof *value);
    float *packed = calloc(quads * plane * 4, sizeof *packed);
    int status = MIEN_ERR_NOMEM;
    if (value && packed) {
        mi_pair_input(c->pair, t->c, value);
        for (size_t k = 0; k < (size_t)t->c; k++)
            for (size_t i = 0; i < plane; i++)
                packed[(k / 4 * plane + i) * 4 + k % 4] = value[k * plane + i];
        status = mvk_buffer_write(c->device, &c->arena, INPUT * 16, packed, quads * plane * 16);
    } else {
        mi_fail(log, status, "out of memory");
    }
    free(value);
    free(packed);
    return status;
}

static int make_memory(check *c)
{
    const mi_tensor *t = &c->graph->tensor[c->graph->input];
    c->base = INPUT + (t->c + 3) / 4 * t->h * t->w;
    VkDeviceSize vec4s = (VkDeviceSize)c->base + (VkDeviceSize)c->net.plan.vec4s;
    int status = mvk_buffer_create(c->device, &c->arena, vec4s * 16, MVK_MEMORY_DEVICE);
    if (status != MIEN_OK)
        return status;
    return mvk_set_create(c->device, &c->set,
                          &(mvk_bindings){.arena = &c->arena, .weights = &c->net.weights});
}

static int submit(check *c, bool clear)
{
    mvk_commands_destroy(c->device, &c->list);
    int status = mvk_commands_create(c->device, &c->list, 0);
    if (status == MIEN_OK)
        status = mvk_commands_begin(c->device, &c->list);
    if (status != MIEN_OK)
        return status;
    if (clear) {
        mvk_fill(&c->list, &c->arena);
    } else {
        mvk_commands_first(&c->list);
        mvk_bind_set(c->device, &c->list, &c->set);
        mi_net_record(&c->net, &c->list, c->base, INPUT, false);
    }
    mvk_barrier_host(&c->list);
    status = mvk_commands_end(c->device, &c->list);
    return status == MIEN_OK ? mvk_submit_first(c->device, &c->list) : status;
}

/* Reads output k and keeps its largest error, if none was larger by its own limit. */
static int compare(const check *c, int32_t k, mi_verdict *v, mi_log *log)
{
    const mi_tensor *t = output_tensor(c, k);
    const mi_pair_output *o = &c->pair->output[k];
    int32_t plane = t->h * t->w;
    size_t bytes = (size_t)((t->c + 3) / 4) * (size_t)plane * 16;
    float *got = malloc(bytes);
    if (!got)
        return mi_fail(log, MIEN_ERR_NOMEM, "out of memory");
    int32_t at = mi_net_output(&c->net, k, c->base);
    int status = mvk_buffer_read(c->device, &c->arena, (VkDeviceSize)at * 16, got, bytes);
    for (int32_t i = 0; i < o->points && status == MIEN_OK; i++) {
        int32_t channel = o->point[i].at / plane, place = o->point[i].at % plane;
        double error = fabs((double)got[(channel / 4 * plane + place) * 4 + channel % 4] -
                            (double)o->point[i].value);
        if (isnan(error))
            error = INFINITY;
        if (!v->output || error / o->limit > v->error / v->limit) {
            v->output = o->name;
            v->error = error;
            v->limit = o->limit;
        }
    }
    free(got);
    return status;
}

int mi_net_check(mvk_device *device, const mi_pair *pair, const void *bytes, size_t size,
                 const char *name, bool safe, mi_verdict *v, mi_log *log)
{
    check c = {.device = device, .pair = pair};
    memset(v, 0, sizeof *v);
    int status = make_graph(&c, bytes, size, name, log);
    if (status == MIEN_OK)
        status = mi_net_create(&c.net, device, c.graph, safe, log);
    if (status == MIEN_OK)
        status = make_memory(&c);
    if (status == MIEN_OK)
        status = mvk_pipelines_build(device);
    if (status == MIEN_OK)
        status = submit(&c, true);
    if (status == MIEN_OK)
        status = upload(&c, log);
    if (status == MIEN_OK)
        status = submit(&c, false);
    for (int32_t k = 0; k < pair->outputs && status == MIEN_OK; k++)
        status = compare(&c, k, v, log);
    v->right = status == MIEN_OK && v->error <= v->limit;
    mvk_commands_destroy(device, &c.list);
    mvk_set_destroy(device, &c.set);
    mvk_buffer_destroy(device, &c.arena);
    mi_net_destroy(&c.net);
    mi_graph_destroy(&c.graph);
    return status;
}
