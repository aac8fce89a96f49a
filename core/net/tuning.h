/* Which kernel is the fastest for a convolution on a GPU, by the convolution's key (gemm.h), and
 * its place in the cache folder, where it is good for one device and version of its driver. */
#ifndef MI_TUNING_H
#define MI_TUNING_H

#include "../vk/mvk.h"

enum { MI_TUNING_MAX = 4096 }; /* convolutions remembered for a device; old ones go */

typedef struct mi_tuned {
    uint64_t key;
    int64_t choice;
} mi_tuned;

typedef struct mi_tuning {
    mi_tuned *list; /* the newest comes last */
    size_t count, room;
} mi_tuning;

/* The choice, or -1. */
int32_t mi_tuning_find(const mi_tuning *tuning, uint64_t key);
/* False: no memory. A key that is there gets the new choice. */
bool mi_tuning_put(mi_tuning *tuning, uint64_t key, int32_t choice);
void mi_tuning_free(mi_tuning *tuning); /* may be zeros */

/* Adds what the device's cache folder holds. Choices that it cannot run, and all of another
 * library's kernels, are left out. */
void mi_tuning_read(mi_tuning *tuning, const mvk_device *device);
void mi_tuning_write(const mi_tuning *tuning, mvk_device *device);

#endif
