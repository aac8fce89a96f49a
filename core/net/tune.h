/* Finds the fastest kernels of a network's convolutions by trying them. */
#ifndef MI_TUNE_H
#define MI_TUNE_H

#include "plan.h"

/* Measures the convolutions of the graph that are not known yet. When `seconds` are over, what is
 * left waits for the next start. A choice whose result is not that of the kernel for any device
 * gives a warning and is not taken. *measured: how many are known now that were not. */
int mi_tune(mi_tuning *tuning, mvk_device *device, const mi_graph *graph, double seconds,
            int32_t *measured, mi_log *log);

#endif
