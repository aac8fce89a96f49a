/* One run of a network on the device, to see what range of values it gives. */
#ifndef MI_STYLE_TRIAL_H
#define MI_STYLE_TRIAL_H

#include "../net/graph.h"
#include "../vk/mvk.h"

/* Bounds of nearly all values of output 0 for a picture of 0..1, made here. The graph is to be
 * small: nothing is kept of the run. */
int mi_style_trial(const mi_graph *graph, mvk_device *device, float *low, float *high,
                   mi_log *log);

#endif
