/* Runs a graph on the device as core/chain.c does and compares it with the oracle. Pipelines are
 * kept from graph to graph, since compiling them is what takes the time. */
#ifndef MIEN_TEST_NET_TRIAL_H
#define MIEN_TEST_NET_TRIAL_H

#include "device_rig.h"
#include "dice.h"
#include "net/net.h"

typedef struct trial_pipeline {
    mi_variant variant;
    uint32_t spec[MI_SPECS];
    mvk_pipeline *pipeline;
} trial_pipeline;

typedef struct net_trial {
    device_rig *rig;
    trial_pipeline *kept;
    int32_t count, room;
    int32_t runs, failures;
    double worst, worst_halves; /* NMSE of what passed */
    double halves_off; /* largest error of that, as a share of the output's largest value */
} net_trial;

void net_trial_init(net_trial *trial, device_rig *rig);
void net_trial_finish(net_trial *trial);

typedef struct trial_options {
    const char *what; /* printed when the result is wrong */
    bool lanes8;      /* false where the device cannot run these */
    int32_t choice;   /* > 0: a GPU's convolutions, with this choice of gemm.h where they can */
    bool gpu;         /* with own_net: a GPU's kernels, by the rule */
    bool own_net;     /* through mi_net_create() with its own pipelines */
    mi_winograd winograd; /* not for an own net */
    mi_small small;       /* the same */
    float low, high;  /* of the input; both 0: -1..1 */
} trial_options;

/* False, with a line, if the device's result is off or memory outside the network's was touched. */
bool net_trial_run(net_trial *trial, const mi_graph *graph, dice *seed,
                   const trial_options *options);

/* What the device makes of an input in C,H,W: the values of all outputs, one after the other. False
 * if it cannot be planned or touched memory that is not its own; the rig's log has the line. */
bool net_trial_compute(net_trial *trial, const mi_graph *graph, const float *input, float *result);

/* Does the graph's plan hold a step of this kind? For tests that rely on a fusion. */
bool net_trial_plan_has(const mi_graph *graph, const mi_variant *wanted);

#endif
