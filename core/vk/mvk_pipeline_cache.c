/* What the driver compiled, kept from run to run. Drivers with a cache of their own hand out a bare
 * header: that is not stored. */
#include "mvk.h"

#include <stdlib.h>
#include <string.h>

static const char NAME[] = "pipelines";

/* A driver has to refuse data of another one, but not all do; so it is looked at here, too. */
static bool is_ours(const mvk_device *d, const void *data, size_t size)
{
    VkPhysicalDeviceProperties p;
    VkPipelineCacheHeaderVersionOne h;
    if (size < sizeof h)
        return false;
    memcpy(&h, data, sizeof h);
    vkGetPhysicalDeviceProperties(d->physical, &p);
    return h.headerSize >= sizeof h && h.headerSize <= size &&
           h.headerVersion == VK_PIPELINE_CACHE_HEADER_VERSION_ONE && h.vendorID == p.vendorID &&
           h.deviceID == p.deviceID &&
           memcmp(h.pipelineCacheUUID, p.pipelineCacheUUID, VK_UUID_SIZE) == 0;
}

/* The stored data, or NULL. */
static void *read_stored(const mvk_device *d, size_t *size)
{
    void *data;
    if (!mi_cache_read(&d->cache, NAME, &data, size))
        return NULL;
    if (is_ours(d, data, *size))
        return data;
    mi_log_write(d->log, MIEN_LOG_INFO, "the stored pipelines are not of device '%s': they are "
                 "made anew", d->name);
    free(data);
    *size = 0;
    return NULL;
}

static VkResult create(const mvk_device *d, const void *data, size_t size, VkPipelineCache *cache)
{
    VkPipelineCacheCreateInfo info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
                                      .initialDataSize = size,
                                      .pInitialData = data};
    return vkCreatePipelineCache(d->device, &info, NULL, cache);
}

int mvk_pipeline_cache_open(mvk_device *d)
{
    size_t size = 0;
    void *data = read_stored(d, &size);
    VkResult r = create(d, data, size, &d->pipeline_cache);
    if (r != VK_SUCCESS && data)
        r = create(d, NULL, 0, &d->pipeline_cache);
    free(data);
    if (r != VK_SUCCESS)
        return mvk_fail(d, r, "vkCreatePipelineCache");
    if (vkGetPipelineCacheData(d->device, d->pipeline_cache, &d->pipeline_cache_bytes, NULL) < 0)
        d->pipeline_cache_bytes = 0;
    return MIEN_OK;
}

/* What this process has and what others have stored meanwhile, so that styles that take turns do
 * not push each other out. VK_NULL_HANDLE where nothing is stored. */
static VkPipelineCache merge_stored(const mvk_device *d)
{
    size_t size;
    VkPipelineCache merged = VK_NULL_HANDLE;
    void *data = read_stored(d, &size);
    if (data && create(d, data, size, &merged) != VK_SUCCESS)
        merged = VK_NULL_HANDLE;
    free(data);
    if (merged)
        vkMergePipelineCaches(d->device, merged, 1, &d->pipeline_cache);
    return merged;
}

/* False: it is too much for a file. */
static bool store(mvk_device *d, VkPipelineCache cache)
{
    size_t size = 0;
    if (vkGetPipelineCacheData(d->device, cache, &size, NULL) < 0)
        return true;
    if (size > MI_CACHE_MAX)
        return false;
    void *data = malloc(size);
    if (data && vkGetPipelineCacheData(d->device, cache, &size, data) == VK_SUCCESS)
        mi_cache_write(&d->cache, NAME, data, size);
    free(data);
    return true;
}

/* Where it is too much with what others stored, theirs goes. Where what this process has is too
 * much by itself, most of it was read from a file that grew from run to run: the next run begins
 * anew. */
void mvk_pipeline_cache_store(mvk_device *d)
{
    size_t size = 0;
    if (vkGetPipelineCacheData(d->device, d->pipeline_cache, &size, NULL) < 0 ||
        size == d->pipeline_cache_bytes || size <= sizeof(VkPipelineCacheHeaderVersionOne))
        return;
    VkPipelineCache merged = merge_stored(d);
    bool stored = (merged && store(d, merged)) || store(d, d->pipeline_cache);
    if (!stored && mi_cache_remove(&d->cache, NAME))
        mi_log_write(d->log, MIEN_LOG_INFO, "too many pipelines of device '%s' are stored: they "
                     "are made anew at the next start", d->name);
    vkDestroyPipelineCache(d->device, merged, NULL);
    d->pipeline_cache_bytes = size;
}
