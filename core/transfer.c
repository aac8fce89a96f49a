#include "transfer.h"

#include <string.h>

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
    mvk_buffer_destroy(t->device, &t->upload);
    mvk_buffer_destroy(t->device, &t->readback);
    mvk_buffer_destroy(t->device, &t->device_in);
    mvk_buffer_destroy(t->device, &t->device_out);
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

void mi_transfer_put(const mi_transfer *t, const mien_frame *in)
{
    mi_frame_pack(t->upload.map, in);
}

void mi_transfer_take(const mi_transfer *t, const mien_frame *out)
{
    mi_frame_unpack(out, t->readback.map);
}

void mi_transfer_record_in(const mi_transfer *t, mvk_commands *commands)
{
    if (t->device->unified)
        return;
    mvk_copy(commands, &t->upload, &t->device_in, 0, 0, t->upload.size);
    mvk_barrier(commands);
}

void mi_transfer_record_out(const mi_transfer *t, mvk_commands *commands)
{
    if (t->device->unified)
        return;
    mvk_barrier(commands);
    mvk_copy(commands, &t->device_out, &t->readback, 0, 0, t->readback.size);
}
