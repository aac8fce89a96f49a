/* A network on a device, for benchmarks: planar floats in, planar floats out, as every peer takes
 * and gives them, and the time of the whole and of each step. */
#ifndef MIEN_NET_SESSION_H
#define MIEN_NET_SESSION_H

#include "net/net.h"

typedef struct session_options {
    const char *path;
    const char *device;    /* as the parameter `device`; "": the best */
    const char *cache;     /* folder, as the parameter `cache`; "": the user's */
    int32_t width, height; /* of the network's picture, or with `frame` of a video frame */
    bool gpu;              /* a CPU is given a GPU's kernels */
    bool verbose;          /* the whole log, with what each kernel took that was measured */
    bool frame;            /* a style: the network's picture is the one it runs at for that frame */
    const char *const *output; /* names; none: the file's first output */
    int32_t outputs;
} session_options;

/* Milliseconds of a run. CPU time is the process's, all threads: it says something on CPU drivers
 * only, and there it says more than the wall clock, since other work on the machine hardly
 * changes it. */
typedef struct span {
    double cpu_ms, wall_ms;
} span;

typedef struct net_session {
    mi_log log;
    mvk_device *device;
    mi_graph *graph;
    mi_net net;
    int32_t width, height; /* of the network's picture */
    mvk_buffer arena;
    mvk_buffer upload, readback; /* empty where the arena is mapped */
    mvk_set set;
    mvk_commands whole;  /* with copies from and to the host, where there are any */
    mvk_commands steps;  /* without */
    mvk_commands *step;  /* each step for itself, repeated */
    int32_t *repeats, whole_repeats;
    float *input;                     /* C,H,W */
    float *output[MI_GRAPH_OUTPUTS];  /* C,H,W */
} net_session;

/* Prints what is wrong and returns false on failure; the session is then empty. The input is
 * zeros. */
bool session_open(net_session *s, const session_options *o);
void session_close(net_session *s);

/* Values of the input, or of output k. */
size_t session_input_size(const net_session *s);
size_t session_output_size(const net_session *s, int32_t k);

/* s->input to s->output, `runs` times; *mean is that of one run, copies included. */
bool session_run(net_session *s, int32_t runs, span *mean);

/* All steps together, without copies, and each step for itself: step[i], i in 0..plan.steps. */
bool session_time_steps(net_session *s, span *whole, span *step);

/* The driver's name and version as it calls itself; text holds 2 * VK_MAX_DRIVER_INFO_SIZE. */
void session_driver(const net_session *s, char *text);

/* True if CPU time is what to compare on this device. */
bool session_on_cpu(const net_session *s);

/* True if a step belongs to a 3x3 convolution with 16 and more channels in and out: where the
 * arithmetic is, and what kernels are judged by. */
bool session_is_wide(const net_session *s, const mi_step *step);

#endif
