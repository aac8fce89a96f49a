#include "mvk.h"

#include <string.h>

static int create_view(mvk_device *d, const mvk_buffer *b, VkFormat format, VkDeviceSize texel,
                       VkBufferView *view)
{
    if (b->size / texel > d->limits.maxTexelBufferElements)
        return mi_fail(d->log, MIEN_ERR_UNSUPPORTED,
                       "a buffer of %llu bytes is too large for '%s' (limit: %u texels of %u)",
                       (unsigned long long)b->size, d->name, d->limits.maxTexelBufferElements,
                       (unsigned)texel);
    VkBufferViewCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
                                   .buffer = b->buffer,
                                   .format = format,
                                   .range = b->size / texel * texel};
    VkResult r = vkCreateBufferView(d->device, &info, NULL, view);
    return r == VK_SUCCESS ? MIEN_OK : mvk_fail(d, r, "vkCreateBufferView");
}

int mvk_set_create(mvk_device *d, mvk_set *set, const mvk_bindings *bindings)
{
    static const struct {
        VkFormat format;
        VkDeviceSize texel;
    } texel[MVK_SLOTS] = {[MVK_SLOT_ARENA_VEC4] = {VK_FORMAT_R32G32B32A32_SFLOAT, 16},
                          [MVK_SLOT_ARENA_FLOAT] = {VK_FORMAT_R32_SFLOAT, 4},
                          [MVK_SLOT_WEIGHTS] = {VK_FORMAT_R32G32B32A32_SFLOAT, 16},
                          [MVK_SLOT_FRAME_IN] = {VK_FORMAT_R32_UINT, 4},
                          [MVK_SLOT_WEIGHT_BITS] = {VK_FORMAT_R32G32B32A32_UINT, 16},
                          [MVK_SLOT_ARENA_NOW] = {VK_FORMAT_R32G32B32A32_SFLOAT, 16}};
    const mvk_buffer *buffer[MVK_SLOTS] = {
        [MVK_SLOT_ARENA] = bindings->arena,         [MVK_SLOT_ARENA_VEC4] = bindings->arena,
        [MVK_SLOT_ARENA_FLOAT] = bindings->arena,   [MVK_SLOT_WEIGHTS] = bindings->weights,
        [MVK_SLOT_FRAME_IN] = bindings->frame_in,   [MVK_SLOT_FRAME_OUT] = bindings->frame_out,
        [MVK_SLOT_UNIFORM] = bindings->uniform,     [MVK_SLOT_WEIGHT_BITS] = bindings->weights,
        [MVK_SLOT_ARENA_NOW] = bindings->arena};
    memset(set, 0, sizeof *set);
    VkDescriptorSetAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                        .descriptorPool = d->descriptor_pool,
                                        .descriptorSetCount = 1,
                                        .pSetLayouts = &d->set_layout};
    VkResult r = vkAllocateDescriptorSets(d->device, &info, &set->set);
    if (r != VK_SUCCESS)
        return mvk_fail(d, r, "vkAllocateDescriptorSets");
    VkWriteDescriptorSet write[MVK_SLOTS];
    VkDescriptorBufferInfo range[MVK_SLOTS];
    uint32_t writes = 0;
    for (uint32_t i = 0; i < MVK_SLOTS; i++) {
        if (!buffer[i])
            continue;
        VkWriteDescriptorSet *w = &write[writes++];
        range[i] = (VkDescriptorBufferInfo){buffer[i]->buffer, 0, buffer[i]->size};
        if (i == MVK_SLOT_FRAME_OUT && bindings->out_size) {
            range[i].offset = bindings->out_offset;
            range[i].range = bindings->out_size;
        }
        *w = (VkWriteDescriptorSet){.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                    .dstSet = set->set,
                                    .dstBinding = i,
                                    .descriptorCount = 1,
                                    .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                    .pBufferInfo = &range[i]};
        if (texel[i].texel) {
            int status = create_view(d, buffer[i], texel[i].format, texel[i].texel, &set->view[i]);
            if (status != MIEN_OK) {
                mvk_set_destroy(d, set);
                return status;
            }
            w->descriptorType = i == MVK_SLOT_ARENA_NOW ? VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER
                                                        : VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER;
            w->pTexelBufferView = &set->view[i];
        } else if (i == MVK_SLOT_UNIFORM) {
            w->descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER;
        } else if (range[i].range > d->limits.maxStorageBufferRange) {
            mvk_set_destroy(d, set);
            return mi_fail(d->log, MIEN_ERR_UNSUPPORTED,
                           "a buffer of %llu bytes is too large for '%s' (limit: %u)",
                           (unsigned long long)range[i].range, d->name,
                           d->limits.maxStorageBufferRange);
        }
    }
    vkUpdateDescriptorSets(d->device, writes, write, 0, NULL);
    return MIEN_OK;
}

void mvk_set_destroy(mvk_device *d, mvk_set *set)
{
    for (int i = 0; i < MVK_SLOTS; i++)
        if (set->view[i])
            vkDestroyBufferView(d->device, set->view[i], NULL);
    if (set->set)
        vkFreeDescriptorSets(d->device, d->descriptor_pool, 1, &set->set);
    memset(set, 0, sizeof *set);
}
