#include "mvk.h"

#include <string.h>

static const VkMemoryPropertyFlags HOST =
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;

/* First memory type with all of `need` and as much of `want` as there is; -1: none. */
static int find_type(const mvk_device *d, uint32_t bits, VkMemoryPropertyFlags need,
                     VkMemoryPropertyFlags want)
{
    int found = -1;
    for (uint32_t i = 0; i < d->memory.memoryTypeCount; i++) {
        VkMemoryPropertyFlags f = d->memory.memoryTypes[i].propertyFlags;
        if (!(bits >> i & 1) || (f & need) != need)
            continue;
        if ((f & want) == want)
            return (int)i;
        if (found < 0)
            found = (int)i;
    }
    return found;
}

static int choose_type(const mvk_device *d, uint32_t bits, mvk_memory kind)
{
    switch (kind) {
    case MVK_MEMORY_DEVICE:
        return find_type(d, bits, 0,
                         VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT | (d->unified ? HOST : 0));
    case MVK_MEMORY_UPLOAD:
        return find_type(d, bits, HOST, d->unified ? VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT : 0);
    default:
        return find_type(d, bits, HOST, VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
    }
}

/* Mesa's llvmpipe (22.3) compiles a kernel once more for a texel buffer whose size is a power of
 * two or has zeros in bits 8 to 15, which it takes for a mip level; and what it compiles second it
 * does not find again in its disk cache. So no buffer has such a size. */
static VkDeviceSize usual_size(VkDeviceSize size)
{
    while ((size >> 8 & 0xff) == 0 || (size & (size - 1)) == 0)
        size += 256;
    return size;
}

int mvk_buffer_create(mvk_device *d, mvk_buffer *b, VkDeviceSize size, mvk_memory kind)
{
    memset(b, 0, sizeof *b);
    size = usual_size(size);
    b->size = size;
    VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = size,
        .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT |
                 VK_BUFFER_USAGE_STORAGE_TEXEL_BUFFER_BIT | VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT |
                 VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT |
                 VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT};
    int status;
    VkResult r = vkCreateBuffer(d->device, &info, NULL, &b->buffer);
    if (r != VK_SUCCESS) {
        status = mvk_fail(d, r, "vkCreateBuffer");
        goto error;
    }
    VkMemoryRequirements need;
    vkGetBufferMemoryRequirements(d->device, b->buffer, &need);
    int type = choose_type(d, need.memoryTypeBits, kind);
    if (type < 0) {
        status = mi_fail(d->log, MIEN_ERR_UNSUPPORTED, "device '%s' has no fitting memory",
                         d->name);
        goto error;
    }
    VkMemoryAllocateInfo memory = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                   .allocationSize = need.size,
                                   .memoryTypeIndex = (uint32_t)type};
    r = vkAllocateMemory(d->device, &memory, NULL, &b->memory);
    if (r == VK_SUCCESS)
        r = vkBindBufferMemory(d->device, b->buffer, b->memory, 0);
    VkMemoryPropertyFlags flags = d->memory.memoryTypes[type].propertyFlags;
    if (r == VK_SUCCESS && (flags & HOST) == HOST)
        r = vkMapMemory(d->device, b->memory, 0, VK_WHOLE_SIZE, 0, &b->map);
    if (r != VK_SUCCESS) {
        status = mvk_fail(d, r, "vkAllocateMemory");
        goto error;
    }
    d->bytes += size;
    return MIEN_OK;
error:
    if (b->memory)
        vkFreeMemory(d->device, b->memory, NULL);
    if (b->buffer)
        vkDestroyBuffer(d->device, b->buffer, NULL);
    memset(b, 0, sizeof *b);
    return status;
}

void mvk_buffer_destroy(mvk_device *d, mvk_buffer *b)
{
    if (!b->buffer)
        return;
    vkDestroyBuffer(d->device, b->buffer, NULL);
    vkFreeMemory(d->device, b->memory, NULL);
    d->bytes -= b->size;
    memset(b, 0, sizeof *b);
}

/* Runs one copy between a mapped staging buffer and `b`, then hands the mapping to the host. */
static int staged(mvk_device *d, const mvk_buffer *b, VkDeviceSize offset, const void *from,
                  void *to, VkDeviceSize size)
{
    mvk_buffer stage;
    mvk_commands c = {0};
    int status = mvk_buffer_create(d, &stage, size, from ? MVK_MEMORY_UPLOAD : MVK_MEMORY_READBACK);
    if (status != MIEN_OK)
        return status;
    if (from)
        memcpy(stage.map, from, size);
    status = mvk_commands_create(d, &c, 0);
    if (status == MIEN_OK)
        status = mvk_commands_begin(d, &c);
    if (status == MIEN_OK) {
        if (from)
            mvk_copy(&c, &stage, b, 0, offset, size);
        else
            mvk_copy(&c, b, &stage, offset, 0, size);
        mvk_barrier_host(&c);
        status = mvk_commands_end(d, &c);
    }
    if (status == MIEN_OK)
        status = mvk_submit(d, &c);
    if (status == MIEN_OK && to)
        memcpy(to, stage.map, size);
    mvk_commands_destroy(d, &c);
    mvk_buffer_destroy(d, &stage);
    return status;
}

int mvk_buffer_write(mvk_device *d, const mvk_buffer *b, VkDeviceSize offset, const void *data,
                     VkDeviceSize size)
{
    if (size == 0)
        return MIEN_OK;
    if (!b->map)
        return staged(d, b, offset, data, NULL, size);
    memcpy((char *)b->map + offset, data, size);
    return MIEN_OK;
}

int mvk_buffer_read(mvk_device *d, const mvk_buffer *b, VkDeviceSize offset, void *data,
                    VkDeviceSize size)
{
    if (size == 0)
        return MIEN_OK;
    if (!b->map)
        return staged(d, b, offset, NULL, data, size);
    memcpy(data, (const char *)b->map + offset, size);
    return MIEN_OK;
}

int mvk_buffer_clear(mvk_device *d, const mvk_buffer *b)
{
    mvk_commands clear;
    int status = mvk_commands_create(d, &clear, 0);
    if (status != MIEN_OK)
        return status;
    status = mvk_commands_begin(d, &clear);
    if (status == MIEN_OK) {
        mvk_fill(&clear, b);
        mvk_barrier(&clear);
        status = mvk_commands_end(d, &clear);
    }
    if (status == MIEN_OK)
        status = mvk_submit(d, &clear);
    mvk_commands_destroy(d, &clear);
    return status;
}
