/* The shared-memory convolution of GPUs (shaders/net/conv_gemm.comp): its tiles, which of them a
 * device and a layer can use, and which one to take where nothing was measured.
 *
 * A choice is a number: 0 stands for the layer's kernel for any device (conv_tile and others), the
 * ones above for a tile and what it stores. */
#ifndef MI_GEMM_H
#define MI_GEMM_H

#include "plan.h"

/* What shared memory and weights hold; sums are floats. */
typedef enum mi_storage {
    MI_STORAGE_FLOAT,
    MI_STORAGE_PACKED, /* halves, two in a word: any device */
    MI_STORAGE_HALF,   /* halves as the device's own type */
    MI_STORAGES
} mi_storage;

/* Choices are 0..mi_gemm_choices() - 1, 64 at most. */
int32_t mi_gemm_choices(void);
mi_storage mi_gemm_storage(int32_t choice);
/* The same tile with another storage. */
int32_t mi_gemm_stored(int32_t choice, mi_storage storage);
/* "conv_tile" and so on for 0, else tile and storage: "gemm 64x16 packed". */
void mi_gemm_name(int32_t choice, char *text, size_t size);

/* Goes on with a hash over all that choices mean. */
uint64_t mi_gemm_hash(uint64_t hash);

/* Bit i: the device can run choice i. Without a device: those that any GPU can run. */
uint64_t mi_gemm_usable(const mvk_device *device);

/* Can the convolution of a step be done so at all? variant, push and spec[0..3] are those of its
 * kernel for any device. */
bool mi_gemm_applies(const mi_step *step);
/* Is the tile of about the layer's shape? Others only waste time, measured or not. */
bool mi_gemm_suits(const mi_step *step, int32_t choice);
/* What tells such layers apart: sizes and what is fused, not weights. Never 0. */
uint64_t mi_gemm_key(const mi_step *step);
/* The choice by what is known of GPUs; only floats. */
int32_t mi_gemm_rule(const mi_step *step, uint64_t usable);

/* Makes it the step's kernel: variant, spec, groups and what it has in push. choice > 0. */
void mi_gemm_set(mi_step *step, int32_t choice);

#endif
