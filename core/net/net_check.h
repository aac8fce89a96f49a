/* Does a device compute a network right? */
#ifndef MI_NET_CHECK_H
#define MI_NET_CHECK_H

#include "net.h"
#include "stored_pair.h"

typedef struct mi_verdict {
    bool right;
    const char *output; /* the one that is farthest off, of the pair */
    double error, limit; /* there; the error is infinite where no number came out */
} mi_verdict;

/* Runs the model's pair on the device and fills *verdict. Nothing is measured for it: on a GPU the
 * kernels are those that are known, and those of the rule. Errors: those of making and running a
 * network, and MIEN_ERR_MODEL where the pair does not fit the model. */
int mi_net_check(mvk_device *device, const mi_pair *pair, const void *bytes, size_t size,
                 const char *name, bool safe, mi_verdict *verdict, mi_log *log);

/* mi_net_create() and mi_net_tune() with kernels that compute this network right on this device.
 * The first time of a device, driver and library the model's pair is run, and what came out is kept
 * in the cache folder. Where the fast kernels are wrong, a warning names device and network and the
 * safe ones are taken; where they are wrong too, device->wrong is set: MIEN_ERR_UNSUPPORTED. A
 * model without a pair is not checked, and a debug line says so.
 * `bytes`, `size`, `name`: the file that `graph` was made of, and what messages call it. */
int mi_net_open(mi_net *net, mvk_device *device, const mi_graph *graph, const void *bytes,
                size_t size, const char *name, mi_log *log);

#endif
