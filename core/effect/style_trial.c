#include "style_trial.h"

#include <math.h>
#include <stdlib.h>

#include "../net/net.h"
#include "../stage.h"

/* Of the values, this share may lie beyond the bounds on each side. */
static const double BEYOND = 0.01;

static size_t vec4s_of(const mi_tensor *t)
{
    return ((size_t)t->c + 3) / 4 * (size_t)t->h * (size_t)t->w;
}

/* Soft shapes in colours, as in any picture. */
static float value_at(int32_t c, int32_t y, int32_t x)
{
    double slow = sin(0.11 * x + 0.7 * c) * cos(0.07 * y - 0.4 * c);
    double fast = sin(0.9 * x + 1.3 * y + c) * sin(0.5 * y);
    return (float)(0.5 + 0.38 * slow + 0.1 * fast);
}

static float *make_picture(const mi_tensor *in)
{
    float *data = calloc(vec4s_of(in) * 4, sizeof *data);
    for (int32_t y = 0; data && y < in->h; y++)
        for (int32_t x = 0; x < in->w; x++)
            for (int32_t c = 0; c < in->c && c < 4; c++)
                data[((size_t)y * (size_t)in->w + (size_t)x) * 4 + (size_t)c] = value_at(c, y, x);
    return data;
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The bounds of the channels that there are; values that are no numbers are left out. */
static void find_bounds(const mi_tensor *out, float *data, float *low, float *high)
{
    size_t plane = (size_t)out->h * (size_t)out->w, kept = 0;
    for (size_t k = 0; k < vec4s_of(out) * 4; k++)
        if (k / 4 / plane * 4 + k % 4 < (size_t)out->c && isfinite(data[k]))
            data[kept++] = data[k];
    *low = 0;
    *high = 1;
    if (!kept)
        return;
    qsort(data, kept, sizeof *data, compare);
    size_t beyond = (size_t)(BEYOND * (double)kept);
    *low = data[beyond];
    *high = data[kept - 1 - beyond];
}

/* Buffers and a recorded list of one run. */
typedef struct trial {
    mi_net net;
    mvk_buffer arena;
    mvk_set set;
    mvk_commands list;
} trial;

static int run(trial *t, mvk_device *device, const mi_graph *g, float *in, float *out)
{
    size_t in_vec4s = vec4s_of(&g->tensor[g->input]);
    size_t out_vec4s = vec4s_of(&g->tensor[g->output[0]]);
    int32_t base = MI_ARENA_FIRST + (int32_t)in_vec4s;
    VkDeviceSize all = ((VkDeviceSize)base + (VkDeviceSize)t->net.plan.vec4s) * 16;
    int status = mvk_buffer_create(device, &t->arena, all, MVK_MEMORY_DEVICE);
    if (status == MIEN_OK)
        status = mvk_buffer_write(device, &t->arena, 0, (float[4]){0}, 16);
    if (status == MIEN_OK)
        status = mvk_buffer_write(device, &t->arena, MI_ARENA_FIRST * 16, in, in_vec4s * 16);
    if (status == MIEN_OK)
        status = mvk_set_create(device, &t->set, &(mvk_bindings){.arena = &t->arena,
                                                                 .weights = &t->net.weights});
    if (status == MIEN_OK)
        status = mvk_pipelines_build(device);
    if (status == MIEN_OK)
        status = mvk_commands_create(device, &t->list, 0);
    if (status == MIEN_OK)
        status = mvk_commands_begin(device, &t->list);
    if (status != MIEN_OK)
        return status;
    mvk_bind_set(device, &t->list, &t->set);
    mi_net_record(&t->net, &t->list, base, MI_ARENA_FIRST, false);
    status = mvk_commands_end(device, &t->list);
    if (status == MIEN_OK)
        status = mvk_submit(device, &t->list);
    if (status == MIEN_OK)
        status = mvk_buffer_read(device, &t->arena,
                                 (VkDeviceSize)mi_net_output(&t->net, 0, base) * 16, out,
                                 out_vec4s * 16);
    return status;
}

int mi_style_trial(const mi_graph *g, mvk_device *device, float *low, float *high, mi_log *log)
{
    trial t = {.arena = {.map = NULL}};
    const mi_tensor *out = &g->tensor[g->output[0]];
    float *in = make_picture(&g->tensor[g->input]);
    float *result = calloc(vec4s_of(out) * 4, sizeof *result);
    int status = in && result ? mi_net_create(&t.net, device, g, false, log)
                              : mi_fail(log, MIEN_ERR_NOMEM, "out of memory");
    if (status == MIEN_OK)
        status = run(&t, device, g, in, result);
    if (status == MIEN_OK)
        find_bounds(out, result, low, high);
    mvk_commands_destroy(device, &t.list);
    mvk_set_destroy(device, &t.set);
    mvk_buffer_destroy(device, &t.arena);
    mi_net_destroy(&t.net);
    free(in);
    free(result);
    return status;
}
