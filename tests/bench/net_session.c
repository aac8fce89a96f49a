#include "net_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_clock.h"
#include "effect/style.h"
#include "stage.h"

enum { REPEATS_MAX = 200 };
/* A list of one step is repeated to last about this long, so that submitting it costs nothing; the
 * whole is submitted as often as takes about that long. */
static const double STEP_LIST_MS = 2, WHOLE_MS = 20;

static void on_log(void *opaque, mien_log_level level, const char *line)
{
    (void)opaque;
    (void)level;
    fprintf(stderr, "%s\n", line);
}

static span span_begin(void)
{
    return (span){bench_clock_ms(CLOCK_PROCESS_CPUTIME_ID), bench_clock_ms(CLOCK_MONOTONIC)};
}

static span span_end(span since, int32_t count)
{
    span now = span_begin();
    return (span){(now.cpu_ms - since.cpu_ms) / count, (now.wall_ms - since.wall_ms) / count};
}

static size_t values(const mi_tensor *t)
{
    return (size_t)t->c * (size_t)t->h * (size_t)t->w;
}

static size_t vec4s(const mi_tensor *t)
{
    return ((size_t)t->c + 3) / 4 * (size_t)t->h * (size_t)t->w;
}

static const mi_tensor *input_of(const net_session *s)
{
    return &s->graph->tensor[s->graph->input];
}

static const mi_tensor *output_of(const net_session *s, int32_t k)
{
    return &s->graph->tensor[s->graph->output[k]];
}

static int32_t base_of(const net_session *s)
{
    return MI_ARENA_FIRST + (int32_t)vec4s(input_of(s));
}

static bool read_graph(net_session *s, const session_options *o)
{
    mi_model_file file = {.bytes = NULL};
    mi_style_fit fit = {.net_w = o->width, .net_h = o->height};
    snprintf(file.path, sizeof file.path, "%s", o->path);
    int status = mi_model_read(&file, "network", &s->log);
    if (status == MIEN_OK && o->frame)
        status = mi_style_fit_to(&fit, &file, s->device, MI_QUALITY_AUTO, o->width, o->height,
                                 false, &s->log);
    s->width = fit.net_w;
    s->height = fit.net_h;
    if (status == MIEN_OK)
        status = mi_graph_of_outputs(&s->graph, file.bytes, file.size, file.path, s->height,
                                     s->width, o->outputs ? o->output : NULL, o->outputs,
                                     &s->log);
    mi_model_close(&file);
    return status == MIEN_OK;
}

/* Host memory that the device reads and writes: the arena itself where it is mapped. */
static bool create_buffers(net_session *s)
{
    size_t in = vec4s(input_of(s)) * 16, out = 0;
    for (int32_t k = 0; k < s->graph->outputs; k++)
        out += vec4s(output_of(s, k)) * 16;
    VkDeviceSize all = ((VkDeviceSize)base_of(s) + (VkDeviceSize)s->net.plan.vec4s) * 16;
    int status = mvk_buffer_create(s->device, &s->arena, all, MVK_MEMORY_DEVICE);
    if (status == MIEN_OK && !s->arena.map)
        status = mvk_buffer_create(s->device, &s->upload, in, MVK_MEMORY_UPLOAD);
    if (status == MIEN_OK && !s->arena.map)
        status = mvk_buffer_create(s->device, &s->readback, out, MVK_MEMORY_READBACK);
    if (status == MIEN_OK)
        status = mvk_buffer_write(s->device, &s->arena, 0, (float[4]){0}, 16);
    if (status == MIEN_OK)
        status = mvk_set_create(s->device, &s->set, &(mvk_bindings){.arena = &s->arena,
                                                          .weights = &s->net.weights});
    s->input = calloc(values(input_of(s)), sizeof(float));
    bool room = s->input != NULL;
    for (int32_t k = 0; k < s->graph->outputs; k++) {
        s->output[k] = calloc(values(output_of(s, k)), sizeof(float));
        room = room && s->output[k];
    }
    return status == MIEN_OK && room;
}

static void record_results(net_session *s, mvk_commands *list)
{
    VkDeviceSize at = 0;
    for (int32_t k = 0; k < s->graph->outputs; k++) {
        VkDeviceSize bytes = vec4s(output_of(s, k)) * 16;
        mvk_copy(list, &s->arena, &s->readback,
                 (VkDeviceSize)mi_net_output(&s->net, k, base_of(s)) * 16, at, bytes);
        at += bytes;
    }
}

static bool record_whole(net_session *s, mvk_commands *list, bool copies)
{
    copies = copies && !s->arena.map;
    if (mvk_commands_create(s->device, list, 0) < 0 || mvk_commands_begin(s->device, list) < 0)
        return false;
    if (copies)
        mvk_copy(list, &s->upload, &s->arena, 0, MI_ARENA_FIRST * 16, s->upload.size);
    mvk_bind_set(s->device, list, &s->set);
    mi_net_record(&s->net, list, base_of(s), MI_ARENA_FIRST, false);
    if (copies)
        record_results(s, list);
    mvk_barrier_host(list);
    return mvk_commands_end(s->device, list) == MIEN_OK;
}

static bool record_step(net_session *s, int32_t i)
{
    mi_net part = s->net;
    part.plan.step += i;
    part.plan.steps = 1;
    part.pipeline += i;
    mvk_commands *list = &s->step[i];
    mvk_commands_destroy(s->device, list);
    if (mvk_commands_create(s->device, list, 0) < 0 || mvk_commands_begin(s->device, list) < 0)
        return false;
    mvk_bind_set(s->device, list, &s->set);
    for (int32_t k = 0; k < s->repeats[i]; k++)
        mi_net_record(&part, list, base_of(s), MI_ARENA_FIRST, false);
    return mvk_commands_end(s->device, list) == MIEN_OK;
}

bool session_open(net_session *s, const session_options *o)
{
    const mien_log sink = {.write = on_log,
                           .level = o->verbose ? MIEN_LOG_DEBUG : MIEN_LOG_WARNING};
    memset(s, 0, sizeof *s);
    mi_log_init(&s->log, &sink);
    mvk_device_config device = {.selector = o->device, .cache = o->cache};
    bool ok = mvk_device_create(&s->device, &device, &s->log) == MIEN_OK && read_graph(s, o);
    if (ok)
        s->device->as_gpu = o->gpu;
    ok = ok && mi_net_create(&s->net, s->device, s->graph, false, &s->log) == MIEN_OK &&
              mi_net_tune(&s->net, s->graph, &s->log) == MIEN_OK && create_buffers(s) &&
              record_whole(s, &s->whole, true) &&
              record_whole(s, &s->steps, false);
    if (!ok)
        session_close(s);
    return ok;
}

void session_close(net_session *s)
{
    for (int32_t i = 0; s->step && i < s->net.plan.steps; i++)
        mvk_commands_destroy(s->device, &s->step[i]);
    free(s->step);
    free(s->repeats);
    if (s->device) {
        mvk_commands_destroy(s->device, &s->whole);
        mvk_commands_destroy(s->device, &s->steps);
        mvk_set_destroy(s->device, &s->set);
        mvk_buffer_destroy(s->device, &s->arena);
        mvk_buffer_destroy(s->device, &s->upload);
        mvk_buffer_destroy(s->device, &s->readback);
    }
    mi_net_destroy(&s->net);
    mvk_device_destroy(&s->device);
    free(s->input);
    for (int32_t k = 0; s->graph && k < s->graph->outputs; k++)
        free(s->output[k]);
    mi_graph_destroy(&s->graph);
    mi_log_finish(&s->log);
    memset(s, 0, sizeof *s);
}

size_t session_input_size(const net_session *s)
{
    return values(input_of(s));
}

size_t session_output_size(const net_session *s, int32_t k)
{
    return values(output_of(s, k));
}

static void put_input(net_session *s)
{
    const mi_tensor *t = input_of(s);
    size_t plane = (size_t)t->h * (size_t)t->w;
    float *to = s->arena.map ? (float *)s->arena.map + MI_ARENA_FIRST * 4 : s->upload.map;
    for (size_t c = 0; c < (size_t)t->c; c++)
        for (size_t i = 0; i < plane; i++)
            to[(c / 4 * plane + i) * 4 + c % 4] = s->input[c * plane + i];
}

static void take_outputs(net_session *s)
{
    const float *read = s->readback.map;
    for (int32_t k = 0; k < s->graph->outputs; k++) {
        const mi_tensor *t = output_of(s, k);
        size_t plane = (size_t)t->h * (size_t)t->w;
        const float *from = read;
        if (s->arena.map)
            from = (const float *)s->arena.map + 4 * (size_t)mi_net_output(&s->net, k, base_of(s));
        else
            read += vec4s(t) * 4;
        for (size_t c = 0; c < (size_t)t->c; c++)
            for (size_t i = 0; i < plane; i++)
                s->output[k][c * plane + i] = from[(c / 4 * plane + i) * 4 + c % 4];
    }
}

bool session_run(net_session *s, int32_t runs, span *mean)
{
    span start = span_begin();
    for (int32_t i = 0; i < runs; i++) {
        put_input(s);
        if (mvk_submit(s->device, &s->whole) < 0)
            return false;
        take_outputs(s);
    }
    *mean = span_end(start, runs);
    return true;
}

/* How often to repeat what has just taken so long. */
static int32_t repeats_for(double wanted_ms, span since)
{
    double ms = span_end(since, 1).wall_ms, repeats = wanted_ms / (ms > 1e-3 ? ms : 1e-3);
    return repeats < 1 ? 1 : repeats > REPEATS_MAX ? REPEATS_MAX : (int32_t)repeats;
}

/* How often each step is to be repeated, from one run of it. */
static bool prepare_steps(net_session *s)
{
    span since = span_begin();
    if (mvk_submit(s->device, &s->steps) < 0)
        return false;
    s->whole_repeats = repeats_for(WHOLE_MS, since);
    size_t steps = (size_t)s->net.plan.steps;
    s->step = calloc(steps, sizeof *s->step);
    s->repeats = calloc(steps, sizeof *s->repeats);
    if (!s->step || !s->repeats)
        return false;
    for (int32_t i = 0; i < s->net.plan.steps; i++) {
        s->repeats[i] = 1;
        if (!record_step(s, i) || mvk_submit(s->device, &s->step[i]) < 0)
            return false;
        since = span_begin();
        if (mvk_submit(s->device, &s->step[i]) < 0)
            return false;
        s->repeats[i] = repeats_for(STEP_LIST_MS, since);
        if (!record_step(s, i))
            return false;
    }
    return true;
}

bool session_time_steps(net_session *s, span *whole, span *step)
{
    put_input(s);
    /* first, so that every piece of memory holds what a network's layers make: denormals and
     * zeros time differently */
    if (mvk_submit(s->device, &s->whole) < 0 || (!s->step && !prepare_steps(s)))
        return false;
    span start = span_begin();
    for (int32_t i = 0; i < s->whole_repeats; i++)
        if (mvk_submit(s->device, &s->steps) < 0)
            return false;
    *whole = span_end(start, s->whole_repeats);
    for (int32_t i = 0; i < s->net.plan.steps; i++) {
        start = span_begin();
        if (mvk_submit(s->device, &s->step[i]) < 0)
            return false;
        step[i] = span_end(start, s->repeats[i]);
    }
    return true;
}

void session_driver(const net_session *s, char *text)
{
    VkPhysicalDeviceDriverProperties driver = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES};
    VkPhysicalDeviceProperties2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                       .pNext = &driver};
    vkGetPhysicalDeviceProperties2(s->device->physical, &all);
    snprintf(text, 2 * VK_MAX_DRIVER_INFO_SIZE, "%s %s", driver.driverName, driver.driverInfo);
}

bool session_on_cpu(const net_session *s)
{
    return s->device->type == VK_PHYSICAL_DEVICE_TYPE_CPU;
}

bool session_is_wide(const net_session *s, const mi_step *step)
{
    for (int32_t i = 0; i < s->graph->nodes; i++) {
        const mi_node *n = &s->graph->node[i];
        if (n->op != MI_OP_CONV || !n->name || strcmp(n->name, step->node) != 0)
            continue;
        const mi_tensor *w = &s->graph->tensor[n->in[1]];
        return n->conv.kh == 3 && n->conv.kw == 3 && n->conv.groups == 1 && w->c >= 16 &&
               w->h >= 16;
    }
    return false;
}
