#include "device_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lives to the end: the driver stays loaded, and leak checkers can name it as the owner of what it
 * keeps. */
static VkInstance anchor;

static void on_line(void *opaque, mien_log_level level, const char *line)
{
    device_rig *rig = opaque;
    (void)level;
    if (strstr(line, "Vulkan validation"))
        rig->validation_lines++;
    fprintf(stderr, "%s\n", line);
}

static void must(int status, const char *what)
{
    if (status == MIEN_OK)
        return;
    fprintf(stderr, "%s failed: %s\n", what, mien_status_text(status));
    exit(1);
}

bool rig_open(device_rig *rig)
{
    memset(rig, 0, sizeof *rig);
    mi_log_init(&rig->log, &(mien_log){on_line, rig, MIEN_LOG_WARNING});
    VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
    uint32_t devices = 0;
    if (vkCreateInstance(&info, NULL, &anchor) != VK_SUCCESS ||
        vkEnumeratePhysicalDevices(anchor, &devices, NULL) != VK_SUCCESS)
        return false;
    return mvk_device_create(&rig->device, &(mvk_device_config){"", "none"}, &rig->log) == MIEN_OK;
}

void rig_close(device_rig *rig)
{
    mvk_device_destroy(&rig->device);
    mi_log_finish(&rig->log);
}

void *rig_room(size_t bytes)
{
    void *data = calloc(1, bytes ? bytes : 1);
    if (!data)
        abort();
    return data;
}

static void fill_arena(device_rig *rig, const mvk_buffer *arena)
{
    float *wrong = rig_room(arena->size);
    for (size_t i = 0; i < arena->size / sizeof *wrong; i++)
        wrong[i] = i < 4 ? 0 : 1000.0f + (float)(i % 97);
    rig_write(rig, arena, 0, wrong, arena->size);
    free(wrong);
}

void rig_memory_create(device_rig *rig, rig_memory *m, const rig_sizes *sizes)
{
    mvk_device *d = rig->device;
    memset(m, 0, sizeof *m);
    VkDeviceSize arena = 16 * (VkDeviceSize)(sizes->arena > 0 ? sizes->arena : 1);
    VkDeviceSize weights = 16 * (VkDeviceSize)(sizes->weights > 0 ? sizes->weights : 1);
    must(mvk_buffer_create(d, &m->arena, arena, MVK_MEMORY_DEVICE), "arena");
    must(mvk_buffer_create(d, &m->weights, weights, MVK_MEMORY_DEVICE), "weights");
    mvk_bindings b = {.arena = &m->arena, .weights = &m->weights};
    if (sizes->frame) {
        must(mvk_buffer_create(d, &m->frame_in, sizes->frame, MVK_MEMORY_DEVICE), "frame");
        must(mvk_buffer_create(d, &m->frame_out, sizes->frame, MVK_MEMORY_DEVICE), "frame");
        b.frame_in = &m->frame_in;
        b.frame_out = &m->frame_out;
    }
    if (sizes->uniform) {
        must(mvk_buffer_create(d, &m->uniform, sizes->uniform, MVK_MEMORY_UPLOAD), "uniform");
        b.uniform = &m->uniform;
    }
    must(mvk_set_create(d, &m->set, &b), "descriptor set");
    fill_arena(rig, &m->arena);
}

void rig_memory_destroy(device_rig *rig, rig_memory *m)
{
    mvk_set_destroy(rig->device, &m->set);
    mvk_buffer_destroy(rig->device, &m->arena);
    mvk_buffer_destroy(rig->device, &m->weights);
    mvk_buffer_destroy(rig->device, &m->frame_in);
    mvk_buffer_destroy(rig->device, &m->frame_out);
    mvk_buffer_destroy(rig->device, &m->uniform);
}

void rig_write(device_rig *rig, const mvk_buffer *buffer, size_t offset, const void *data,
               size_t size)
{
    must(mvk_buffer_write(rig->device, buffer, offset, data, size), "write");
}

void rig_read(device_rig *rig, const mvk_buffer *buffer, size_t offset, void *data, size_t size)
{
    must(mvk_buffer_read(rig->device, buffer, offset, data, size), "read");
}

void rig_begin(device_rig *rig, const rig_memory *memory, mvk_commands *commands)
{
    must(mvk_commands_create(rig->device, commands, 0), "command list");
    must(mvk_commands_begin(rig->device, commands), "begin");
    mvk_bind_set(rig->device, commands, &memory->set);
}

void rig_run(device_rig *rig, mvk_commands *commands)
{
    mvk_barrier_host(commands);
    must(mvk_commands_end(rig->device, commands), "end");
    must(mvk_submit(rig->device, commands), "submit");
    mvk_commands_destroy(rig->device, commands);
}
