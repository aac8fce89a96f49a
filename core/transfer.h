/* Packed frames between host and device: what every stage reads the frame in from, and what the
 * last one writes the frame out to. */
#ifndef MI_TRANSFER_H
#define MI_TRANSFER_H

#include "frame.h"
#include "vk/mvk.h"

typedef struct mi_transfer {
    mvk_device *device;
    mvk_buffer upload, readback;      /* host side */
    mvk_buffer device_in, device_out; /* the same on the device, where memory is not unified */
    size_t bytes;                     /* of a packed frame */
} mi_transfer;

int mi_transfer_create(mi_transfer *transfer, mvk_device *device, const mien_frame *shape);
void mi_transfer_destroy(mi_transfer *transfer); /* zeroed; may be zero already */

/* What shaders read and write. */
const mvk_buffer *mi_transfer_in(const mi_transfer *transfer);
const mvk_buffer *mi_transfer_out(const mi_transfer *transfer);

/* Puts a frame where the next submission finds it, and takes one out after it. */
void mi_transfer_put(const mi_transfer *transfer, const mien_frame *in);
void mi_transfer_take(const mi_transfer *transfer, const mien_frame *out);

/* Record the copies that a device with memory of its own needs, with barriers. */
void mi_transfer_record_in(const mi_transfer *transfer, mvk_commands *commands);
void mi_transfer_record_out(const mi_transfer *transfer, mvk_commands *commands);

#endif
