/* A device for shader tests: opens it, gives memory of the fixed slots, runs recorded commands,
 * and counts messages of the validation layers. A failing device ends the program. */
#ifndef MIEN_TEST_DEVICE_RIG_H
#define MIEN_TEST_DEVICE_RIG_H

#include "vk/mvk.h"

enum { RIG_SKIPPED = 77 };

typedef struct device_rig {
    mi_log log;
    mvk_device *device;
    int validation_lines;
} device_rig;

/* False if there is no device: the test is to be skipped. */
bool rig_open(device_rig *rig);
void rig_close(device_rig *rig);

typedef struct rig_sizes {
    int64_t arena, weights; /* vec4 */
    size_t frame;           /* bytes in and bytes out; 0: none */
    size_t uniform;         /* bytes; 0: none */
} rig_sizes;

typedef struct rig_memory {
    mvk_buffer arena, weights, frame_in, frame_out, uniform;
    mvk_set set;
} rig_memory;

/* The arena's first vec4 is zero as its contract says, the rest holds numbers that are wrong for
 * everybody. */
void rig_memory_create(device_rig *rig, rig_memory *memory, const rig_sizes *sizes);
void rig_memory_destroy(device_rig *rig, rig_memory *memory);

/* Zeroed memory, also for 0 bytes; the caller's to free. */
void *rig_room(size_t bytes);

void rig_write(device_rig *rig, const mvk_buffer *buffer, size_t offset, const void *data,
               size_t size);
void rig_read(device_rig *rig, const mvk_buffer *buffer, size_t offset, void *data, size_t size);

/* Begins a list with the memory's set bound; rig_run() ends, submits and frees it. */
void rig_begin(device_rig *rig, const rig_memory *memory, mvk_commands *commands);
void rig_run(device_rig *rig, mvk_commands *commands);

#endif
