/* The pipelines of a device: each kind is there once, however many networks use it, and what is
 * lacking is compiled on all cores at once. */
#include "mvk.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../progress.h"

enum { THREADS_MAX = 8 };

int mvk_pipeline_create(mvk_device *d, mvk_pipeline **pipeline, const mvk_shader *shader,
                        const uint32_t *spec, uint32_t specs)
{
    mvk_pipeline *p = d->pipelines;
    while (p && (p->shader.code != shader->code || p->specs != specs ||
                 (specs && memcmp(p->spec, spec, specs * sizeof *spec) != 0)))
        p = p->next;
    if (!p) {
        p = calloc(1, sizeof *p);
        *pipeline = p;
        if (!p)
            return mi_fail(d->log, MIEN_ERR_NOMEM, "out of memory");
        p->shader = *shader;
        p->specs = specs;
        if (specs)
            memcpy(p->spec, spec, specs * sizeof *spec);
        p->next = d->pipelines;
        d->pipelines = p;
    }
    p->users++;
    *pipeline = p;
    return MIEN_OK;
}

void mvk_pipeline_destroy(mvk_device *d, mvk_pipeline **pipeline)
{
    mvk_pipeline *p = *pipeline, **link = &d->pipelines;
    *pipeline = NULL;
    if (!p || --p->users > 0)
        return;
    while (*link != p)
        link = &(*link)->next;
    *link = p->next;
    if (p->handle)
        vkDestroyPipeline(d->device, p->handle, NULL);
    free(p);
}

/* Any thread, each with a pipeline of its own. */
static VkResult compile(const mvk_device *d, mvk_pipeline *p)
{
    VkShaderModuleCreateInfo code = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                     .codeSize = p->shader.bytes,
                                     .pCode = p->shader.code};
    VkShaderModule module;
    VkResult r = vkCreateShaderModule(d->device, &code, NULL, &module);
    if (r != VK_SUCCESS)
        return r;
    VkSpecializationMapEntry entry[MVK_SPEC_MAX];
    for (uint32_t i = 0; i < p->specs; i++)
        entry[i] = (VkSpecializationMapEntry){i, 4 * i, 4};
    VkSpecializationInfo special = {p->specs, entry, 4 * (size_t)p->specs, p->spec};
    VkComputePipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                  .module = module,
                  .pName = "main",
                  .pSpecializationInfo = p->specs ? &special : NULL},
        .flags = isfinite(d->dispatch_work) ? VK_PIPELINE_CREATE_DISPATCH_BASE_BIT : 0,
        .layout = d->pipeline_layout};
    r = vkCreateComputePipelines(d->device, d->pipeline_cache, 1, &info, NULL, &p->handle);
    vkDestroyShaderModule(d->device, module, NULL);
    return r;
}

/* What the threads of a build share. */
typedef struct build {
    const mvk_device *device;
    pthread_mutex_t lock; /* guards the rest */
    mvk_pipeline *next;   /* to be looked at */
    uint32_t done;
    VkResult result;      /* of the first failure */
    const char *failed;   /* its shader */
} build;

/* Compiles the next one. False: there is none, or something failed. */
static bool build_next(build *b)
{
    pthread_mutex_lock(&b->lock);
    while (b->next && b->next->handle)
        b->next = b->next->next;
    mvk_pipeline *p = b->result == VK_SUCCESS ? b->next : NULL;
    if (p)
        b->next = p->next;
    pthread_mutex_unlock(&b->lock);
    if (!p)
        return false;
    VkResult r = compile(b->device, p);
    pthread_mutex_lock(&b->lock);
    b->done++;
    if (r != VK_SUCCESS && b->result == VK_SUCCESS) {
        b->result = r;
        b->failed = p->shader.name;
    }
    pthread_mutex_unlock(&b->lock);
    return true;
}

static void *build_all(void *opaque)
{
    while (build_next(opaque))
        ;
    return NULL;
}

static uint32_t count_done(build *b)
{
    pthread_mutex_lock(&b->lock);
    uint32_t done = b->done;
    pthread_mutex_unlock(&b->lock);
    return done;
}

/* This thread and as many others as the machine has room for. Only this one writes to the log. */
static void build_on_threads(build *b, uint32_t count, mi_progress *progress)
{
    pthread_t thread[THREADS_MAX];
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t threads = 0, most = cores > THREADS_MAX ? THREADS_MAX : (uint32_t)cores;
    while (cores > 0 && threads + 1 < most && threads + 1 < count &&
           pthread_create(&thread[threads], NULL, build_all, b) == 0)
        threads++;
    while (build_next(b))
        mi_progress_step(progress, count_done(b));
    while (threads > 0)
        pthread_join(thread[--threads], NULL);
}

/* The first message of the validation layers about the work of other threads. */
struct mvk_aside {
    pthread_mutex_t lock;
    char line[MI_ERROR_TEXT];
};

void mvk_aside_put(struct mvk_aside *aside, const char *line)
{
    pthread_mutex_lock(&aside->lock);
    if (!aside->line[0])
        snprintf(aside->line, sizeof aside->line, "%s", line);
    pthread_mutex_unlock(&aside->lock);
}

int mvk_pipelines_build(mvk_device *d)
{
    build b = {.device = d, .next = d->pipelines, .result = VK_SUCCESS};
    struct mvk_aside aside = {.line = ""};
    mi_progress progress;
    uint32_t count = 0;
    for (const mvk_pipeline *p = d->pipelines; p; p = p->next)
        count += !p->handle;
    if (count == 0)
        return MIEN_OK;
    mi_progress_begin(&progress, d->log, "compiling kernels", count);
    pthread_mutex_init(&b.lock, NULL);
    pthread_mutex_init(&aside.lock, NULL);
    d->caller = pthread_self();
    d->aside = &aside;
    build_on_threads(&b, count, &progress);
    d->aside = NULL;
    pthread_mutex_destroy(&aside.lock);
    pthread_mutex_destroy(&b.lock);
    if (aside.line[0])
        mi_log_write(d->log, MIEN_LOG_ERROR, "Vulkan validation: %s", aside.line);
    if (b.result != VK_SUCCESS)
        return mvk_fail(d, b.result, b.failed);
    mi_progress_end(&progress);
    mvk_pipeline_cache_store(d);
    return MIEN_OK;
}

int mvk_pipeline_handle(mvk_device *d, mvk_pipeline *p, VkPipeline *handle)
{
    VkResult r = p->handle ? VK_SUCCESS : compile(d, p);
    *handle = p->handle;
    return r == VK_SUCCESS ? MIEN_OK : mvk_fail(d, r, p->shader.name);
}
