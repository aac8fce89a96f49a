/* A thin layer over Vulkan 1.2 compute: device, buffers, pipelines, commands. Knows no video.
 *
 * Every pipeline of mien has the same layout: one descriptor set with the fixed slots below and
 * MVK_PUSH_BYTES of push constants. Working memory is one buffer, the arena; tensors and images
 * are offsets into it. So a set is written once per network and a dispatch is a pipeline, push
 * constants and a size.
 *
 * Threads: a device and what is made from it belong to one thread at a time.
 * Errors: functions that return int return a mien_status and have logged a line.
 */
#ifndef MVK_H
#define MVK_H

#include <vulkan/vulkan.h>

#include "../cache_file.h"
#include "../log.h"

enum { MVK_PUSH_BYTES = 128, MVK_SPEC_MAX = 12, MVK_LISTS_MAX = 16 };

/* Descriptor slots = binding numbers in shaders/slots.glsl. */
typedef enum mvk_slot {
    MVK_SLOT_ARENA = 0,       /* storage buffer, written as vec4 or float */
    MVK_SLOT_ARENA_VEC4 = 1,  /* the same memory as texel buffer RGBA32F: loads */
    MVK_SLOT_ARENA_FLOAT = 2, /* the same memory as texel buffer R32F: loads */
    MVK_SLOT_WEIGHTS = 3,     /* texel buffer RGBA32F */
    MVK_SLOT_FRAME_IN = 4,    /* texel buffer R32UI: bytes of the input frame */
    MVK_SLOT_FRAME_OUT = 5,   /* storage buffer of uint: bytes of the output frame */
    MVK_SLOT_UNIFORM = 6,     /* uniform buffer: values that change from frame to frame */
    MVK_SLOT_WEIGHT_BITS = 7, /* the weights' memory as texel buffer RGBA32UI: packed halves */
    MVK_SLOT_ARENA_NOW = 8,   /* the arena as storage texel buffer RGBA32F: loads of what the same
                               * dispatch stored */
    MVK_SLOTS = 9
} mvk_slot;

typedef struct mvk_device {
    mi_log *log;
    VkInstance instance;
    VkDebugUtilsMessengerEXT messenger;
    VkPhysicalDevice physical;
    uint32_t index; /* in the order of the loader */
    VkDevice device;
    VkQueue queue;
    uint32_t family;
    char name[VK_MAX_PHYSICAL_DEVICE_NAME_SIZE];
    VkPhysicalDeviceType type;
    VkPhysicalDeviceLimits limits;
    VkPhysicalDeviceMemoryProperties memory;
    uint32_t subgroup;          /* lanes of a subgroup */
    bool subgroup_shuffle;      /* shuffle works in compute shaders */
    bool float64;               /* shaders may use doubles */
    bool float16;               /* shaders may use halves */
    bool as_gpu;                /* tests and benchmarks: a CPU is given a GPU's kernels */
    bool unified;               /* device memory is mapped: no staging copies */
    VkDescriptorSetLayout set_layout;
    VkPipelineLayout pipeline_layout;
    VkDescriptorPool descriptor_pool;
    VkCommandPool command_pool;
    VkPipelineCache pipeline_cache;
    size_t pipeline_cache_bytes; /* as it was stored last */
    struct mvk_pipeline *pipelines; /* all there are, a list */
    struct mvk_aside *aside;        /* while other threads work for it, */
    pthread_t caller;               /* and this is the caller's */
    VkFence fence;
    mi_cache cache; /* what is kept from run to run for this device and driver */
    /* Watchdogs end what keeps a device busy for seconds: the most work of a dispatch and of a
     * submission, in multiply-adds; infinite where nobody watches. */
    double dispatch_work, part_work;
    size_t bytes; /* device memory allocated */
    bool lost;    /* the device failed: every later submit fails too */
    bool wrong;   /* it was found to compute wrongly: another one may do */
} mvk_device;

typedef struct mvk_device_config {
    /* Part of a name (any case), an index in the order of the loader, "cpu", or "" for the best
     * one (discrete, integrated, virtual, CPU). */
    const char *selector;
    const char *cache; /* folder, see mi_cache_open() */
    uint32_t skip;     /* bit i: the loader's device i was found wrong and is not taken */
} mvk_device_config;

int mvk_device_create(mvk_device **device, const mvk_device_config *config, mi_log *log);
void mvk_device_destroy(mvk_device **device); /* *device may be NULL; all else is freed first */

/* The line for a failed Vulkan call; marks the device lost where that is the reason. */
int mvk_fail(mvk_device *device, VkResult result, const char *what);

typedef enum mvk_memory {
    MVK_MEMORY_DEVICE = 1, /* fast for shaders; mapped only where the device is unified */
    MVK_MEMORY_UPLOAD,     /* host writes, device reads */
    MVK_MEMORY_READBACK    /* device writes, host reads */
} mvk_memory;

typedef struct mvk_buffer {
    VkBuffer buffer;
    VkDeviceMemory memory;
    VkDeviceSize size;
    void *map; /* NULL: not mapped */
} mvk_buffer;

/* Contents start undefined. Coherent when mapped. Up to 512 bytes larger than `size`. */
int mvk_buffer_create(mvk_device *device, mvk_buffer *buffer, VkDeviceSize size, mvk_memory kind);
void mvk_buffer_destroy(mvk_device *device, mvk_buffer *buffer); /* zeroed; may be zero already */

/* Blocking copies between host memory and any buffer; for set-up and tests, not for frames. */
int mvk_buffer_write(mvk_device *device, const mvk_buffer *buffer, VkDeviceSize offset,
                     const void *data, VkDeviceSize size);
int mvk_buffer_read(mvk_device *device, const mvk_buffer *buffer, VkDeviceSize offset, void *data,
                    VkDeviceSize size);

/* Sets every byte to 0. Blocks, for set-up. */
int mvk_buffer_clear(mvk_device *device, const mvk_buffer *buffer);

/* A descriptor set with the views it needs. */
typedef struct mvk_set {
    VkDescriptorSet set;
    VkBufferView view[MVK_SLOTS];
} mvk_set;

/* What each slot shows; NULL: not used by the shaders run with this set. */
typedef struct mvk_bindings {
    const mvk_buffer *arena, *weights, *frame_in, *frame_out, *uniform;
    VkDeviceSize out_offset, out_size; /* part of frame_out; out_size 0: all of it */
} mvk_bindings;

int mvk_set_create(mvk_device *device, mvk_set *set, const mvk_bindings *bindings);
void mvk_set_destroy(mvk_device *device, mvk_set *set);

/* SPIR-V embedded at build time. */
typedef struct mvk_shader {
    const char *name;
    const uint32_t *code;
    size_t bytes;
} mvk_shader;

/* A shader with its constants. Equal ones are one, shared by their users. */
typedef struct mvk_pipeline {
    mvk_shader shader;
    uint32_t spec[MVK_SPEC_MAX], specs;
    VkPipeline handle; /* VK_NULL_HANDLE until it is compiled */
    uint32_t users;
    bool ran;          /* drivers may put work off to the first run: see mvk_commands_first() */
    struct mvk_pipeline *next;
} mvk_pipeline;

/* spec[i] becomes specialization constant i; specs: 0..MVK_SPEC_MAX. Compiles nothing yet. */
int mvk_pipeline_create(mvk_device *device, mvk_pipeline **pipeline, const mvk_shader *shader,
                        const uint32_t *spec, uint32_t specs);
void mvk_pipeline_destroy(mvk_device *device, mvk_pipeline **pipeline); /* *pipeline may be NULL */

/* Compiles all that were created, on all cores, and stores what the driver wants to keep. What
 * was not built so is compiled when it is first recorded. */
int mvk_pipelines_build(mvk_device *device);

/* For the parts of this layer. */
int mvk_pipeline_handle(mvk_device *device, mvk_pipeline *pipeline, VkPipeline *handle);
/* A message for the caller's thread. */
void mvk_aside_put(struct mvk_aside *aside, const char *line);
int mvk_pipeline_cache_open(mvk_device *device);
void mvk_pipeline_cache_store(mvk_device *device);

/* A recorded list of commands, submitted as often as wanted. With `marks` > 0 it can hold that
 * many time stamps. A list that is long for the device is submitted in parts. */
typedef struct mvk_commands {
    VkCommandBuffer buffer; /* of the last part: what is recorded goes there */
    VkCommandBuffer *part;  /* those before it */
    uint32_t parts;
    const mvk_set *set;     /* bound */
    double work;            /* of the last part, multiply-adds */
    int status;             /* of recording, which mvk_commands_end() returns */
    bool first;             /* see mvk_commands_first() */
    VkQueryPool queries;
    uint32_t marks, used;
} mvk_commands;

int mvk_commands_create(mvk_device *device, mvk_commands *commands, uint32_t marks);
void mvk_commands_destroy(mvk_device *device, mvk_commands *commands);
int mvk_commands_begin(mvk_device *device, mvk_commands *commands);
/* What failed while it was recorded comes out here. */
int mvk_commands_end(mvk_device *device, mvk_commands *commands);

void mvk_bind_set(mvk_device *device, mvk_commands *commands, const mvk_set *set);
void mvk_dispatch(mvk_device *device, mvk_commands *commands, mvk_pipeline *pipeline,
                  const void *push, uint32_t push_bytes, uint32_t x, uint32_t y, uint32_t z);
/* The same for `work` multiply-adds in all, where that is known. Where it is too much for the
 * device, it becomes several dispatches; shaders may not ask for the number of workgroups. */
void mvk_dispatch_work(mvk_device *device, mvk_commands *commands, mvk_pipeline *pipeline,
                       const void *push, uint32_t push_bytes, const uint32_t groups[3],
                       double work);
/* A dispatch whose numbers of workgroups, three uint32, lie in a buffer when it runs: at most
 * `most` each way. For work whose extent changes from frame to frame. */
void mvk_dispatch_indirect(mvk_device *device, mvk_commands *commands, mvk_pipeline *pipeline,
                           const void *push, uint32_t push_bytes, const mvk_buffer *groups,
                           VkDeviceSize offset, const uint32_t most[3]);
/* What was written before is seen by what comes after: shaders and copies, device side. */
void mvk_barrier(mvk_commands *commands);
/* Ends a list whose results the host reads. */
void mvk_barrier_host(mvk_commands *commands);
void mvk_copy(mvk_commands *commands, const mvk_buffer *from, const mvk_buffer *to,
              VkDeviceSize from_offset, VkDeviceSize to_offset, VkDeviceSize size);
/* Sets every byte of a buffer to 0. */
void mvk_fill(mvk_commands *commands, const mvk_buffer *buffer);
/* A time stamp when everything before is done; ignored when all marks are used. */
void mvk_mark(mvk_commands *commands);

/* Runs the list and waits for its end. After an error, too, the device is done with it. */
int mvk_submit(mvk_device *device, const mvk_commands *commands);
/* The same for several in one submission, one after the other: each sees to its own barriers.
 * count: 1..MVK_LISTS_MAX. */
int mvk_submit_lists(mvk_device *device, const mvk_commands *const *lists, uint32_t count);

/* Between begin and the first dispatch: this list is for mvk_submit_first(). Each pipeline that
 * never ran begins a part of its own. */
void mvk_commands_first(mvk_commands *commands);
/* Runs such a list part by part. Some drivers compile at the first run: a line of progress says
 * how many parts have had it. */
int mvk_submit_first(mvk_device *device, const mvk_commands *commands);

/* Milliseconds between mark i and i + 1 of the last submit, for i in 0..count. Returns how many
 * could be read. */
uint32_t mvk_read_marks(mvk_device *device, const mvk_commands *commands, double *ms,
                        uint32_t count);

/* Measured multiply-add peak, fp32, 1e9 FLOP (a multiply-add counts 2): *gflops by the wall clock
 * and *gflops_core by the CPU time of the process, which means something on CPU drivers only. */
int mvk_measure_peak(mvk_device *device, double *gflops, double *gflops_core);

#endif
