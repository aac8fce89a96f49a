#include "net.h"

#include <stdlib.h>
#include <string.h>

#include "gemm.h"
#include "tune.h"

static const double TUNE_SECONDS = 5; /* for a network, at the first start on a GPU */

static int make_pipelines(mi_net *net, mi_log *log)
{
    const mi_plan *plan = &net->plan;
    for (int32_t i = 0; i < plan->steps; i++) {
        const mi_step *s = &plan->step[i];
        const mvk_shader *shader = mi_kernel_shader(&s->variant);
        if (!shader)
            return mi_fail(log, MIEN_ERR_UNSUPPORTED, "node '%s': no kernel for it", s->node);
        int status = mvk_pipeline_create(net->device, &net->pipeline[i], shader, s->spec,
                                         MI_SPECS);
        if (status != MIEN_OK)
            return status;
    }
    return MIEN_OK;
}

static int32_t count_unmeasured(const mi_plan *plan, const mi_tuning *tuning)
{
    int32_t count = 0;
    for (int32_t i = 0; i < plan->steps; i++)
        count += plan->step[i].key && mi_tuning_find(tuning, plan->step[i].key) < 0;
    return count;
}

static int make_plan(mi_net *net, const mi_graph *graph, bool safe, mi_log *log)
{
    mvk_device *d = net->device;
    mi_tuning tuning = {.list = NULL};
    mi_plan_rules rules = {.family = safe ? MI_FAMILY_PLAIN : mi_kernel_family(d),
                           .tuning = &tuning, .force = -1};
    if (rules.family == MI_FAMILY_SIMT) {
        rules.usable = mi_gemm_usable(d);
        mi_tuning_read(&tuning, d);
    }
    int status = mi_plan_create_by(&net->plan, graph, &rules, log);
    if (status == MIEN_OK)
        net->unmeasured = count_unmeasured(&net->plan, &tuning);
    mi_tuning_free(&tuning);
    return status;
}

int mi_net_create(mi_net *net, mvk_device *device, const mi_graph *graph, bool safe,
                  mi_log *log)
{
    memset(net, 0, sizeof *net);
    net->device = device;
    int status = make_plan(net, graph, safe, log);
    if (status != MIEN_OK)
        return status;
    size_t steps = (size_t)net->plan.steps;
    net->pipeline = calloc(steps, sizeof *net->pipeline);
    if (!net->pipeline) {
        status = mi_fail(log, MIEN_ERR_NOMEM, "out of memory");
        goto error;
    }
    size_t bytes = (net->plan.blob.vec4s ? net->plan.blob.vec4s : 1) * 16;
    status = mvk_buffer_create(device, &net->weights, bytes, MVK_MEMORY_DEVICE);
    if (status == MIEN_OK)
        status = mvk_buffer_write(device, &net->weights, 0, net->plan.blob.data,
                                  net->plan.blob.vec4s * 16);
    if (status == MIEN_OK)
        status = make_pipelines(net, log);
    if (status != MIEN_OK)
        goto error;
    mi_blob_free(&net->plan.blob);
    return MIEN_OK;
error:
    mi_net_destroy(net);
    return status;
}

/* Measures what is not known yet, and keeps it in the cache folder. */
static int measure(mvk_device *device, const mi_graph *graph, mi_log *log)
{
    mi_tuning tuning = {.list = NULL};
    int32_t measured;
    mi_tuning_read(&tuning, device);
    int status = mi_tune(&tuning, device, graph, TUNE_SECONDS, &measured, log);
    if (measured > 0)
        mi_tuning_write(&tuning, device);
    mi_tuning_free(&tuning);
    if (status == MIEN_OK || device->lost)
        return status;
    mi_log_write(log, MIEN_LOG_WARNING, "the kernels of device '%s' could not be measured: they "
                 "are chosen by rule", device->name);
    return MIEN_OK;
}

/* Without a cache folder nothing is measured, since it would be at every start. */
int mi_net_tune(mi_net *net, const mi_graph *graph, mi_log *log)
{
    mvk_device *device = net->device;
    if (net->unmeasured == 0 || !device->cache.folder[0])
        return MIEN_OK;
    mi_net_destroy(net);
    int status = measure(device, graph, log);
    return status == MIEN_OK ? mi_net_create(net, device, graph, false, log) : status;
}

void mi_net_destroy(mi_net *net)
{
    if (!net->device)
        return;
    for (int32_t i = 0; net->pipeline && i < net->plan.steps; i++)
        mvk_pipeline_destroy(net->device, &net->pipeline[i]);
    mvk_buffer_destroy(net->device, &net->weights);
    free(net->pipeline);
    mi_plan_destroy(&net->plan);
    memset(net, 0, sizeof *net);
}

static int32_t place(const mi_net *net, int32_t buffer, int32_t base, int32_t input)
{
    if (buffer == MI_BUFFER_NONE)
        return 0;
    return buffer == net->plan.input ? input : base + net->plan.piece[buffer].at;
}

static void record_step(const mi_net *net, mvk_commands *commands, int32_t base, int32_t input,
                        int32_t i)
{
    const mi_step *s = &net->plan.step[i];
    struct net_push push = s->push;
    push.in0 += place(net, s->in0, base, input);
    push.in1 += place(net, s->stats == MI_BUFFER_NONE ? s->in1 : s->stats, base, input);
    push.c0 += place(net, s->in2, base, input);
    push.out0 += place(net, s->out, base, input);
    mvk_dispatch_work(net->device, commands, net->pipeline[i], &push, sizeof push, s->groups,
                      s->mac);
}

/* `count` steps of MI_KERNEL_SMALL as one dispatch; their records lie one after the other. */
static void record_small(const mi_net *net, mvk_commands *commands, int32_t base, int32_t input,
                         int32_t first, int32_t count)
{
    const mi_step *s = &net->plan.step[first];
    struct net_push push = {.in0 = base, .in1 = input, .weights = s->record, .c1 = count};
    double mac = 0;
    for (int32_t i = 0; i < count; i++)
        mac += s[i].mac;
    mvk_dispatch_work(net->device, commands, net->pipeline[first], &push, sizeof push, s->groups,
                      mac);
}

void mi_net_record(const mi_net *net, mvk_commands *commands, int32_t base, int32_t input,
                   bool marks)
{
    int32_t count;
    for (int32_t i = 0; i < net->plan.steps; i += count) {
        count = marks ? 1 : mi_plan_together(&net->plan, i);
        mvk_barrier(commands);
        if (net->plan.step[i].variant.kernel == MI_KERNEL_SMALL)
            record_small(net, commands, base, input, i, count);
        else
            record_step(net, commands, base, input, i);
        if (marks)
            mvk_mark(commands);
    }
    mvk_barrier(commands);
}

int32_t mi_net_output(const mi_net *net, int32_t k, int32_t base)
{
    return base + net->plan.piece[net->plan.output[k]].at;
}
