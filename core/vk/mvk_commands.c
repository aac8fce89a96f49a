#include "mvk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../progress.h"

/* A submit that takes longer has hung: the longest frame at 8192x8192 on a CPU driver is far
 * below it. */
static const uint64_t SUBMIT_LIMIT_NS = 120ull * 1000 * 1000 * 1000;

enum { MARKS_MAX = 256 };

static int allocate(mvk_device *d, VkCommandBuffer *buffer)
{
    VkCommandBufferAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                        .commandPool = d->command_pool,
                                        .commandBufferCount = 1};
    VkResult r = vkAllocateCommandBuffers(d->device, &info, buffer);
    return r == VK_SUCCESS ? MIEN_OK : mvk_fail(d, r, "vkAllocateCommandBuffers");
}

static int begin(mvk_device *d, VkCommandBuffer buffer)
{
    VkCommandBufferBeginInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    VkResult r = vkBeginCommandBuffer(buffer, &info);
    return r == VK_SUCCESS ? MIEN_OK : mvk_fail(d, r, "vkBeginCommandBuffer");
}

static void drop_parts(mvk_device *d, mvk_commands *c)
{
    if (c->parts)
        vkFreeCommandBuffers(d->device, d->command_pool, c->parts, c->part);
    free(c->part);
    c->part = NULL;
    c->parts = 0;
}

int mvk_commands_create(mvk_device *d, mvk_commands *c, uint32_t marks)
{
    memset(c, 0, sizeof *c);
    int status = allocate(d, &c->buffer);
    if (status != MIEN_OK)
        return status;
    if (marks == 0 || !d->limits.timestampComputeAndGraphics)
        return MIEN_OK;
    c->marks = marks < MARKS_MAX ? marks : MARKS_MAX;
    VkQueryPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                  .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                  .queryCount = c->marks};
    VkResult r = vkCreateQueryPool(d->device, &pool, NULL, &c->queries);
    if (r == VK_SUCCESS)
        return MIEN_OK;
    mvk_commands_destroy(d, c);
    return mvk_fail(d, r, "vkCreateQueryPool");
}

void mvk_commands_destroy(mvk_device *d, mvk_commands *c)
{
    if (c->queries)
        vkDestroyQueryPool(d->device, c->queries, NULL);
    drop_parts(d, c);
    if (c->buffer)
        vkFreeCommandBuffers(d->device, d->command_pool, 1, &c->buffer);
    memset(c, 0, sizeof *c);
}

int mvk_commands_begin(mvk_device *d, mvk_commands *c)
{
    drop_parts(d, c);
    int status = begin(d, c->buffer);
    if (status != MIEN_OK)
        return status;
    c->set = NULL;
    c->work = 0;
    c->status = MIEN_OK;
    c->first = false;
    c->used = 0;
    if (c->queries)
        vkCmdResetQueryPool(c->buffer, c->queries, 0, c->marks);
    return MIEN_OK;
}

int mvk_commands_end(mvk_device *d, mvk_commands *c)
{
    VkResult r = vkEndCommandBuffer(c->buffer);
    if (c->status != MIEN_OK)
        return c->status;
    return r == VK_SUCCESS ? MIEN_OK : mvk_fail(d, r, "vkEndCommandBuffer");
}

void mvk_bind_set(mvk_device *d, mvk_commands *c, const mvk_set *set)
{
    c->set = set;
    vkCmdBindDescriptorSets(c->buffer, VK_PIPELINE_BIND_POINT_COMPUTE, d->pipeline_layout, 0, 1,
                            &set->set, 0, NULL);
}

/* What follows goes into a new part. Barriers hold across parts: they are about all that was
 * submitted before. */
static int cut(mvk_device *d, mvk_commands *c)
{
    VkCommandBuffer made;
    VkCommandBuffer *part = realloc(c->part, (c->parts + 1) * sizeof *part);
    if (!part)
        return mi_fail(d->log, MIEN_ERR_NOMEM, "out of memory");
    c->part = part;
    int status = allocate(d, &made);
    if (status != MIEN_OK)
        return status;
    VkResult r = vkEndCommandBuffer(c->buffer);
    c->part[c->parts++] = c->buffer;
    c->buffer = made;
    c->work = 0;
    status = begin(d, made);
    if (status == MIEN_OK && c->set)
        mvk_bind_set(d, c, c->set);
    return r == VK_SUCCESS ? status : mvk_fail(d, r, "vkEndCommandBuffer");
}

void mvk_commands_first(mvk_commands *c)
{
    c->first = true;
}

/* Work of an invocation: at least, which is loads and stores; and by a rough guess from above. */
static const double WORK_LEAST = 16, WORK_GUESS = 512;
enum { GROUP = 32, BLOCKS_MAX = 4096 };

static double count_of(const uint32_t groups[3])
{
    return (double)groups[0] * groups[1] * groups[2];
}

/* The groups of a block, so that there are at least `blocks` of them as far as there are groups;
 * the last dimension is cut first. */
static void choose_block(const uint32_t groups[3], double blocks, uint32_t size[3])
{
    blocks = fmin(fmax(blocks, 1), BLOCKS_MAX);
    for (int k = 2; k >= 0; k--) {
        size[k] = (uint32_t)fmax(floor(groups[k] / blocks), 1);
        blocks = fmax(blocks * size[k] / groups[k], 1);
    }
}

/* One block of a dispatch, in a part that has room for it. */
/* Makes room for the work in the list and gets the pipeline ready; false where the list failed. */
static bool bind(mvk_device *d, mvk_commands *c, VkPipeline pipeline, const void *push,
                 uint32_t push_bytes, double work)
{
    if (c->work > 0 && c->work + work > d->part_work)
        c->status = cut(d, c);
    if (c->status != MIEN_OK)
        return false;
    c->work += work;
    vkCmdBindPipeline(c->buffer, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
    if (push_bytes)
        vkCmdPushConstants(c->buffer, d->pipeline_layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                           push_bytes, push);
    return true;
}

static void dispatch_block(mvk_device *d, mvk_commands *c, VkPipeline pipeline, const void *push,
                           uint32_t push_bytes, const uint32_t from[3], const uint32_t groups[3],
                           double work)
{
    if (!bind(d, c, pipeline, push, push_bytes, work))
        return;
    if (from[0] || from[1] || from[2])
        vkCmdDispatchBase(c->buffer, from[0], from[1], from[2], groups[0], groups[1], groups[2]);
    else
        vkCmdDispatch(c->buffer, groups[0], groups[1], groups[2]);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void dispatch(mvk_device *d, mvk_commands *c, VkPipeline pipeline, const void *push,
                     uint32_t push_bytes, const uint32_t groups[3], double work)
{
    uint32_t block[3], from[3], size[3];
    choose_block(groups, work / d->dispatch_work, block);
    for (from[2] = 0; from[2] < groups[2]; from[2] += block[2])
        for (from[1] = 0; from[1] < groups[1]; from[1] += block[1])
            for (from[0] = 0; from[0] < groups[0]; from[0] += block[0]) {
                for (int k = 0; k < 3; k++)
                    size[k] = smaller(block[k], groups[k] - from[k]);
                dispatch_block(d, c, pipeline, push, push_bytes, from, size,
                               work * count_of(size) / count_of(groups));
            }
}

/* The pipeline's handle; false where the list failed. */
static bool ready(mvk_device *d, mvk_commands *c, mvk_pipeline *pipeline, VkPipeline *handle)
{
    if (c->status == MIEN_OK)
        c->status = mvk_pipeline_handle(d, pipeline, handle);
    if (c->status == MIEN_OK && c->first && !pipeline->ran) {
        c->status = cut(d, c);
        pipeline->ran = true;
    }
    return c->status == MIEN_OK;
}

void mvk_dispatch_work(mvk_device *d, mvk_commands *c, mvk_pipeline *pipeline, const void *push,
                       uint32_t push_bytes, const uint32_t groups[3], double work)
{
    VkPipeline handle;
    if (ready(d, c, pipeline, &handle))
        dispatch(d, c, handle, push, push_bytes, groups,
                 fmax(work, WORK_LEAST * GROUP * count_of(groups)));
}

void mvk_dispatch(mvk_device *d, mvk_commands *c, mvk_pipeline *pipeline, const void *push,
                  uint32_t push_bytes, uint32_t x, uint32_t y, uint32_t z)
{
    const uint32_t groups[3] = {x, y, z};
    mvk_dispatch_work(d, c, pipeline, push, push_bytes, groups,
                      WORK_GUESS * GROUP * count_of(groups));
}

void mvk_dispatch_indirect(mvk_device *d, mvk_commands *c, mvk_pipeline *pipeline,
                           const void *push, uint32_t push_bytes, const mvk_buffer *groups,
                           VkDeviceSize offset, const uint32_t most[3])
{
    VkPipeline handle;
    if (ready(d, c, pipeline, &handle) &&
        bind(d, c, handle, push, push_bytes, WORK_GUESS * GROUP * count_of(most)))
        vkCmdDispatchIndirect(c->buffer, groups->buffer, offset);
}

static void barrier(mvk_commands *c, VkPipelineStageFlags to, VkAccessFlags access)
{
    VkMemoryBarrier memory = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                              .srcAccessMask =
                                  VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
                              .dstAccessMask = access};
    vkCmdPipelineBarrier(c->buffer,
                         VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT, to,
                         0, 1, &memory, 0, NULL, 0, NULL);
}

void mvk_barrier(mvk_commands *c)
{
    barrier(c, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
            VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_READ_BIT |
                VK_ACCESS_TRANSFER_WRITE_BIT);
}

void mvk_barrier_host(mvk_commands *c)
{
    barrier(c, VK_PIPELINE_STAGE_HOST_BIT, VK_ACCESS_HOST_READ_BIT);
}

void mvk_copy(mvk_commands *c, const mvk_buffer *from, const mvk_buffer *to,
              VkDeviceSize from_offset, VkDeviceSize to_offset, VkDeviceSize size)
{
    VkBufferCopy region = {from_offset, to_offset, size};
    vkCmdCopyBuffer(c->buffer, from->buffer, to->buffer, 1, &region);
}

void mvk_fill(mvk_commands *c, const mvk_buffer *buffer)
{
    vkCmdFillBuffer(c->buffer, buffer->buffer, 0, VK_WHOLE_SIZE, 0);
}

void mvk_mark(mvk_commands *c)
{
    if (c->used < c->marks)
        vkCmdWriteTimestamp(c->buffer, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, c->queries,
                            c->used++);
}

int mvk_submit(mvk_device *d, const mvk_commands *c)
{
    return mvk_submit_lists(d, &c, 1);
}

static int submit(mvk_device *d, const VkCommandBuffer *buffer, uint32_t count, VkFence fence)
{
    VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                         .commandBufferCount = count,
                         .pCommandBuffers = buffer};
    VkResult r = vkQueueSubmit(d->queue, 1, &info, fence);
    return r == VK_SUCCESS ? MIEN_OK : mvk_fail(d, r, "vkQueueSubmit");
}

static int wait(mvk_device *d)
{
    VkResult r = vkWaitForFences(d->device, 1, &d->fence, VK_TRUE, SUBMIT_LIMIT_NS);
    if (r == VK_TIMEOUT) {
        d->lost = true;
        return mi_fail(d->log, MIEN_ERR_DEVICE_LOST, "device '%s' did not finish in %d s", d->name,
                       (int)(SUBMIT_LIMIT_NS / 1000000000ull));
    }
    if (r == VK_SUCCESS)
        r = vkResetFences(d->device, 1, &d->fence);
    return r == VK_SUCCESS ? MIEN_OK : mvk_fail(d, r, "vkWaitForFences");
}

/* Whoever gets an error may free what the device still works on: all of it ends first. What is
 * slow comes to its end, and a device that hangs is reset by its driver, which is an end too. */
static void settle(mvk_device *d)
{
    vkDeviceWaitIdle(d->device);
    vkResetFences(d->device, 1, &d->fence);
}

static int check_lost(mvk_device *d)
{
    return d->lost ? mi_fail(d->log, MIEN_ERR_DEVICE_LOST, "device '%s' was lost", d->name)
                   : MIEN_OK;
}

int mvk_submit_lists(mvk_device *d, const mvk_commands *const *lists, uint32_t count)
{
    VkCommandBuffer buffer[MVK_LISTS_MAX];
    uint32_t waiting = 0;
    int status = check_lost(d);
    for (uint32_t i = 0; i < count && status == MIEN_OK; i++) {
        /* a part ends a submission, with what is before it */
        for (uint32_t k = 0; k < lists[i]->parts && status == MIEN_OK; k++) {
            buffer[waiting] = lists[i]->part[k];
            status = submit(d, buffer, waiting + 1, VK_NULL_HANDLE);
            waiting = 0;
        }
        buffer[waiting++] = lists[i]->buffer;
    }
    if (status == MIEN_OK)
        status = submit(d, buffer, waiting, d->fence);
    if (status == MIEN_OK)
        status = wait(d);
    if (status != MIEN_OK)
        settle(d);
    return status;
}

int mvk_submit_first(mvk_device *d, const mvk_commands *c)
{
    mi_progress progress;
    int status = check_lost(d);
    mi_progress_begin(&progress, d->log, "first run of kernels, in parts", c->parts + 1);
    for (uint32_t i = 0; i <= c->parts && status == MIEN_OK; i++) {
        status = submit(d, i < c->parts ? &c->part[i] : &c->buffer, 1, d->fence);
        if (status == MIEN_OK)
            status = wait(d);
        if (status == MIEN_OK)
            mi_progress_step(&progress, i + 1);
    }
    if (status == MIEN_OK && c->parts)
        mi_progress_end(&progress);
    if (status != MIEN_OK)
        settle(d);
    return status;
}

uint32_t mvk_read_marks(mvk_device *d, const mvk_commands *c, double *ms, uint32_t count)
{
    uint64_t ticks[MARKS_MAX];
    if (c->used < 2 || count == 0)
        return 0;
    VkResult r = vkGetQueryPoolResults(d->device, c->queries, 0, c->used,
                                       sizeof ticks[0] * c->used, ticks, sizeof ticks[0],
                                       VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT);
    if (r != VK_SUCCESS)
        return 0;
    uint32_t n = c->used - 1 < count ? c->used - 1 : count;
    for (uint32_t i = 0; i < n; i++)
        ms[i] = (double)(ticks[i + 1] - ticks[i]) * (double)d->limits.timestampPeriod * 1e-6;
    return n;
}
