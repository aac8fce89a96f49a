#include "transfer.h"

#include <string.h>

static int record_copy(mi_transfer *t, mvk_commands *list, const mvk_buffer *from,
                       const mvk_buffer *to)
{
    int status = mvk_commands_create(t->device, list, 0);
    if (status == MIEN_OK)
        status = mvk_commands_begin(t->device, list);
    if (status != MIEN_OK)
        return status;
    mvk_barrier(list);
    mvk_copy(list, from, to, 0, 0, from->size);
    mvk_barrier(list);
    mvk_barrier_host(list);
    return mvk_commands_end(t->device, list);
}

static int record_copies(mi_transfer *t)
{
    int status = record_copy(t, &t->up, &t->upload, &t->device_in);
    return status == MIEN_OK ? record_copy(t, &t->back, &t->device_in, &t->changed) : status;
}

int mi_transfer_create(mi_transfer *t, mvk_device *device, const mien_frame *shape)
{
    size_t offset[3], pitch[3];
    memset(t, 0, sizeof *t);
    t->device = device;
    t->bytes = mi_frame_packed(shape->format, shape->width, shape->height, offset, pitch);
    int status = mvk_buffer_create(device, &t->upload, t->bytes, MVK_MEMORY_UPLOAD);
    if (status == MIEN_OK)
        status = mvk_buffer_create(device, &t->readback, t->bytes, MVK_MEMORY_READBACK);
    if (status == MIEN_OK && !device->unified)
        status = mvk_buffer_create(device, &t->device_in, t->bytes, MVK_MEMORY_DEVICE);
    if (status == MIEN_OK && !device->unified)
        status = mvk_buffer_create(device, &t->device_out, t->bytes, MVK_MEMORY_DEVICE);
    if (status == MIEN_OK && !device->unified)
        status = mvk_buffer_create(device, &t->changed, t->bytes, MVK_MEMORY_READBACK);
    if (status == MIEN_OK && !device->unified)
        status = record_copies(t);
    if (status == MIEN_OK)
        memset(t->upload.map, 0, t->upload.size);
    else
        mi_transfer_destroy(t);
    return status;
}

void mi_transfer_destroy(mi_transfer *t)
{
    if (!t->device)
        return;
    mvk_commands_destroy(t->device, &t->up);
    mvk_commands_destroy(t->device, &t->back);
    mvk_buffer_destroy(t->device, &t->upload);
    mvk_buffer_destroy(t->device, &t->readback);
    mvk_buffer_destroy(t->device, &t->device_in);
    mvk_buffer_destroy(t->device, &t->device_out);
    mvk_buffer_destroy(t->device, &t->changed);
    memset(t, 0, sizeof *t);
}

const mvk_buffer *mi_transfer_in(const mi_transfer *t)
{
    return t->device->unified ? &t->upload : &t->device_in;
}

const mvk_buffer *mi_transfer_out(const mi_transfer *t)
{
    return t->device->unified ? &t->readback : &t->device_out;
}

void mi_transfer_put(mi_transfer *t, const mien_frame *in)
{
    mi_frame_pack(t->upload.map, in);
    t->waiting = !t->device->unified;
}

void mi_transfer_take(const mi_transfer *t, const mien_frame *out)
{
    mi_frame_unpack(out, t->readback.map);
}

const uint8_t *mi_transfer_input(const mi_transfer *t, bool changed)
{
    return changed && !t->device->unified ? t->changed.map : t->upload.map;
}

uint32_t mi_transfer_upload(mi_transfer *t, const mvk_commands **list)
{
    uint32_t lists = t->waiting;
    *list = &t->up;
    t->waiting = false;
    return lists;
}

uint32_t mi_transfer_return(const mi_transfer *t, const mvk_commands **list)
{
    *list = &t->back;
    return !t->device->unified;
}

void mi_transfer_record_out(const mi_transfer *t, mvk_commands *commands)
{
    if (t->device->unified)
        return;
    mvk_barrier(commands);
    mvk_copy(commands, &t->device_out, &t->readback, 0, 0, t->readback.size);
}
