/* A network on a device: what a plan needs to run, and its recording into a command list. */
#ifndef MI_NET_H
#define MI_NET_H

#include "plan.h"

typedef struct mi_net {
    mvk_device *device;
    mi_plan plan;
    mvk_buffer weights;
    mvk_pipeline **pipeline; /* of each step; compiled by mvk_pipelines_build() */
    int32_t unmeasured; /* GPUs: convolutions whose kernels come by rule */
} mi_net;

/* Plans `graph` and uploads its weights. `net` is filled in place; on failure it is empty. `safe`:
 * only with kernels that any device runs, not with those made for its kind. Networks that come
 * from files are opened with mi_net_open() (net_check.h), which sees that they are right. */
int mi_net_create(mi_net *net, mvk_device *device, const mi_graph *graph, bool safe,
                  mi_log *log);
void mi_net_destroy(mi_net *net); /* may be empty */

/* GPUs: measures the kernels of those convolutions of `net`, which was made of `graph`, that nobody
 * has measured on this device, for a few seconds at most, and makes the net anew with the fastest.
 * They are remembered in the cache folder, for mi_net_create() too. Elsewhere nothing is done. On
 * failure the net is empty. */
int mi_net_tune(mi_net *net, const mi_graph *graph, mi_log *log);

/* Records the network's dispatches. It works in the arena from `base` on (vec4; plan.vec4s are
 * needed), reads its input at `input` and leaves its outputs at mi_net_output(). The bound set
 * must show the arena and net->weights. A barrier precedes and follows. With `marks`, a time
 * stamp is taken after every step. */
void mi_net_record(const mi_net *net, mvk_commands *commands, int32_t base, int32_t input,
                   bool marks);

/* Output k of the graph: a vec4 a pixel and four channels, [quad][row][column]. */
int32_t mi_net_output(const mi_net *net, int32_t k, int32_t base);

#endif
