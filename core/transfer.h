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
    mvk_buffer changed;               /* the frame in as it came back from there */
    mvk_commands up, back;            /* the copies */
    bool waiting;                     /* the frame is not on the device yet */
    size_t bytes;                     /* of a packed frame */
} mi_transfer;

int mi_transfer_create(mi_transfer *transfer, mvk_device *device, const mien_frame *shape);
void mi_transfer_destroy(mi_transfer *transfer); /* zeroed; may be zero already */

/* What shaders read and write. */
const mvk_buffer *mi_transfer_in(const mi_transfer *transfer);
const mvk_buffer *mi_transfer_out(const mi_transfer *transfer);

/* Puts a frame where the next submission finds it, and takes one out after it. */
void mi_transfer_put(mi_transfer *transfer, const mien_frame *in);
void mi_transfer_take(const mi_transfer *transfer, const mien_frame *out);
/* The packed frame that was put in; `changed`: as it was changed in place on the device, after
 * mi_transfer_return(). */
const uint8_t *mi_transfer_input(const mi_transfer *transfer, bool changed);

/* Lists that a device with memory of its own needs in a submission, 0 or 1 of them, at *list: what
 * brings the frame to the device, at the start of every submission that reads it (0 if it is
 * there), and what brings it back, at the end of the last one that changed it in place. */
uint32_t mi_transfer_upload(mi_transfer *transfer, const mvk_commands **list);
uint32_t mi_transfer_return(const mi_transfer *transfer, const mvk_commands **list);

/* Records the copy of the frame out, with barriers. */
void mi_transfer_record_out(const mi_transfer *transfer, mvk_commands *commands);

#endif
