/* The table of network kernels: a row is a shader variant. Adding a variant is adding a row. */
#ifndef MI_KERNELS_H
#define MI_KERNELS_H

#include "../vk/mvk.h"

typedef enum mi_kernel {
    MI_KERNEL_CONV_TILE,  /* 3x3, stride 1 or 2 */
    MI_KERNEL_CONV_WIDE,  /* 5x5, 7x7 or, with stride 1, 9x9; stride 1 or 2 */
    MI_KERNEL_CONV_POINT, /* 1x1 */
    MI_KERNEL_CONV_ANY,
    MI_KERNEL_CONV_GEMM,  /* any of these through shared memory, for GPUs: see gemm.h */
    MI_KERNEL_CONV_DEPTH, /* with a stride: 3x3 of that stride, else any */
    MI_KERNEL_CONV_PAIR,  /* depthwise 3x3 and the 1x1 that reads it */
    MI_KERNEL_CONV_FULL,  /* the kernel is as large as the input: one pixel comes out */
    MI_KERNEL_CONV_TRANSPOSE,
    MI_KERNEL_WINO_IN, /* 3x3 of stride 1 in two steps */
    MI_KERNEL_WINO_OUT,
    MI_KERNEL_ELEMENTWISE,
    MI_KERNEL_NORM_SUM,
    MI_KERNEL_NORM_SCALE,
    MI_KERNEL_NORM_APPLY,
    MI_KERNEL_REARRANGE,
    MI_KERNEL_RESIZE,
    MI_KERNEL_POOL,
    MI_KERNEL_COPY,
    MI_KERNEL_RESIZE_TABLE,
    MI_KERNEL_SMALL /* several layers of small pictures */
} mi_kernel;

/* What tells variants of a kernel apart; 0 where it does not apply. */
typedef struct mi_variant {
    mi_kernel kernel;
    uint8_t q;      /* output quads an invocation */
    uint8_t stride;
    uint8_t rows;   /* output rows an invocation */
    uint8_t k;      /* rows and columns of the kernel */
    bool up;        /* nearest x2 upsampling of the input is fused */
    bool sum;       /* a second input, upsampled, is added to the first */
    bool d2s;       /* depth to space of the output, 12 channels, is fused */
    bool lanes8;    /* needs subgroups of exactly 8 lanes along x, shuffles, and doubles to store */
    uint8_t storage; /* mi_storage of CONV_GEMM, which does up, sum and d2s by constants */
} mi_variant;

bool mi_variant_same(const mi_variant *a, const mi_variant *b);

/* NULL: there is no such variant. */
const mvk_shader *mi_kernel_shader(const mi_variant *variant);

/* Goes on with a hash over all kernels: it changes when one of them does. */
uint64_t mi_kernels_hash(uint64_t hash);

/* What kernels are made for. */
typedef enum mi_family {
    MI_FAMILY_PLAIN,  /* any device */
    MI_FAMILY_LANES8, /* subgroups are 8 lanes and work is laid out so that lane = position along
                       * x, which holds for CPU drivers: the lanes8 variants */
    MI_FAMILY_SIMT    /* GPUs: convolutions through shared memory where that is faster, the others
                       * as for any device */
} mi_family;

/* The family for a device, by its properties. */
mi_family mi_kernel_family(const mvk_device *device);

#endif
