#include "net_once.h"

#include <stdlib.h>
#include <string.h>

/* What a run needs. */
typedef struct once {
    mvk_device *device;
    const mi_graph *graph;
    mi_net net;
    mvk_buffer arena;
    mvk_set set;
    mvk_commands list;
    int32_t base; /* vec4, behind the input */
    mi_log *log;
} once;

enum { INPUT = 2 }; /* vec4; the arena's first two are zero and waste, see stage.h */

float *mi_net_values(const mi_tensor *t)
{
    return malloc((size_t)t->c * (size_t)t->h * (size_t)t->w * sizeof(float));
}

static size_t plane_of(const mi_tensor *t)
{
    return (size_t)t->h * (size_t)t->w;
}

/* A vec4 a pixel and four channels. */
static size_t vec4s_of(const mi_tensor *t)
{
    return ((size_t)t->c + 3) / 4 * plane_of(t);
}

static size_t place_of(size_t channel, size_t pixel, size_t plane)
{
    return (channel / 4 * plane + pixel) * 4 + channel % 4;
}

static int make_memory(once *o)
{
    o->base = INPUT + (int32_t)vec4s_of(&o->graph->tensor[o->graph->input]);
    VkDeviceSize vec4s = (VkDeviceSize)o->base + (VkDeviceSize)o->net.plan.vec4s;
    int status = mvk_buffer_create(o->device, &o->arena, vec4s * 16, MVK_MEMORY_DEVICE);
    if (status != MIEN_OK)
        return status;
    return mvk_set_create(o->device, &o->set,
                          &(mvk_bindings){.arena = &o->arena, .weights = &o->net.weights});
}

static int write_input(const once *o, const float *in)
{
    const mi_tensor *t = &o->graph->tensor[o->graph->input];
    size_t plane = plane_of(t), vec4s = vec4s_of(t);
    float *packed = calloc(vec4s * 4, sizeof *packed);
    if (!packed)
        return mi_fail(o->log, MIEN_ERR_NOMEM, "out of memory");
    for (size_t c = 0; c < (size_t)t->c; c++)
        for (size_t i = 0; i < plane; i++)
            packed[place_of(c, i, plane)] = in[c * plane + i];
    int status = mvk_buffer_write(o->device, &o->arena, INPUT * 16, packed, vec4s * 16);
    free(packed);
    return status;
}

/* Clears the arena or runs the network. */
static int submit(once *o, bool clear)
{
    mvk_commands_destroy(o->device, &o->list);
    int status = mvk_commands_create(o->device, &o->list, 0);
    if (status == MIEN_OK)
        status = mvk_commands_begin(o->device, &o->list);
    if (status != MIEN_OK)
        return status;
    if (clear) {
        mvk_fill(&o->list, &o->arena);
    } else {
        mvk_commands_first(&o->list);
        mvk_bind_set(o->device, &o->list, &o->set);
        mi_net_record(&o->net, &o->list, o->base, INPUT, false);
    }
    mvk_barrier_host(&o->list);
    status = mvk_commands_end(o->device, &o->list);
    return status == MIEN_OK ? mvk_submit_first(o->device, &o->list) : status;
}

static int read_output(const once *o, int32_t k, float *out)
{
    const mi_tensor *t = &o->graph->tensor[o->graph->output[k]];
    size_t plane = plane_of(t), vec4s = vec4s_of(t);
    float *packed = malloc(vec4s * 16);
    if (!packed)
        return mi_fail(o->log, MIEN_ERR_NOMEM, "out of memory");
    VkDeviceSize at = (VkDeviceSize)mi_net_output(&o->net, k, o->base) * 16;
    int status = mvk_buffer_read(o->device, &o->arena, at, packed, vec4s * 16);
    for (size_t c = 0; status == MIEN_OK && c < (size_t)t->c; c++)
        for (size_t i = 0; i < plane; i++)
            out[c * plane + i] = packed[place_of(c, i, plane)];
    free(packed);
    return status;
}

int mi_net_once(mvk_device *device, const mi_graph *graph, bool safe, const float *in,
                float *const *out, mi_log *log)
{
    once o = {.device = device, .graph = graph, .log = log};
    int status = mi_net_create(&o.net, device, graph, safe, log);
    if (status == MIEN_OK)
        status = make_memory(&o);
    if (status == MIEN_OK)
        status = mvk_pipelines_build(device);
    if (status == MIEN_OK)
        status = submit(&o, true);
    if (status == MIEN_OK)
        status = write_input(&o, in);
    if (status == MIEN_OK)
        status = submit(&o, false);
    for (int32_t k = 0; k < graph->outputs && status == MIEN_OK; k++)
        status = read_output(&o, k, out[k]);
    mvk_commands_destroy(device, &o.list);
    mvk_set_destroy(device, &o.set);
    mvk_buffer_destroy(device, &o.arena);
    mi_net_destroy(&o.net);
    return status;
}
