/* One run of a network on a device, for a check or a look: nothing of it is kept. */
#ifndef MI_NET_ONCE_H
#define MI_NET_ONCE_H

#include "net.h"

/* Blocking. `in`: the values of the graph's input in C,H,W order. out[k]: room for those of output
 * k, which come in the same order. `safe`: as in mi_net_create(). */
int mi_net_once(mvk_device *device, const mi_graph *graph, bool safe, const float *in,
                float *const *out, mi_log *log);

/* Room for c*h*w values: NULL if memory ran out. */
float *mi_net_values(const mi_tensor *tensor);

#endif
