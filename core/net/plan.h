/* From a graph to a list of dispatches: fusion, choice of kernels, memory. Touches no device. */
#ifndef MI_PLAN_H
#define MI_PLAN_H

#include "graph.h"
#include "kernels.h"
#include "pack.h"
#include "tuning.h"

#include "net/net_push.h"

enum { MI_SPECS = 12, MI_BUFFER_NONE = -1 };

typedef struct mi_step {
    mi_variant variant;
    uint32_t spec[MI_SPECS];
    struct net_push push;   /* in0, in1, out0 hold offsets within their buffers until run time */
    int32_t in0, in1, in2, out; /* buffers in the arena; MI_BUFFER_NONE */
    int32_t stats;          /* a convolution's second output, see tile_stats.glsl; where in1 is */
    uint32_t groups[3];
    double mac;             /* of a convolution as such, also where Winograd does with fewer */
    const char *node;       /* name in the model, owned by the plan's copy */
    int32_t record;         /* of MI_KERNEL_SMALL, in the weights; see small_layer.h */
    uint64_t key;           /* SIMT: of a convolution that has choices, see gemm.h; else 0 */
    int32_t choice;         /* taken; 0: the kernel for any device */
} mi_step;

/* A piece of the arena, alive from step `first` to step `last`. */
typedef struct mi_piece {
    int32_t vec4s;
    int32_t first, last;
    int32_t at; /* offset within the plan's part of the arena, vec4; the input has none */
} mi_piece;

typedef struct mi_plan {
    mi_step *step;
    int32_t steps, step_capacity;
    mi_piece *piece;
    int32_t pieces, piece_capacity;
    int32_t input; /* buffer; it lies where the caller put it */
    int32_t output[MI_GRAPH_OUTPUTS], outputs; /* buffers */
    int32_t vec4s;         /* arena wanted */
    mi_blob blob;          /* weights */
    double mac;
    char *names;           /* storage of step names */
} mi_plan;

/* Where 3x3 convolutions are done as Winograd's F(4x4,3x3). */
typedef enum mi_winograd {
    MI_WINOGRAD_WHERE_IT_PAYS,
    MI_WINOGRAD_NEVER,
    MI_WINOGRAD_WHERE_IT_CAN /* but not for SIMT; for tests */
} mi_winograd;

/* Where layers are done by MI_KERNEL_SMALL, which CPU drivers have. */
typedef enum mi_small {
    MI_SMALL_WHERE_IT_PAYS,
    MI_SMALL_NEVER,
    MI_SMALL_WHERE_IT_CAN /* for tests */
} mi_small;

/* By what kernels are chosen. */
typedef struct mi_plan_rules {
    mi_family family;
    uint64_t usable;         /* SIMT: choices the device can run, see mi_gemm_usable() */
    const mi_tuning *tuning; /* SIMT: what was measured; NULL: nothing */
    int32_t force;           /* SIMT: the choice for all that have choices; -1: none */
    mi_winograd winograd;
    mi_small small;
} mi_plan_rules;

/* MIEN_ERR_UNSUPPORTED names the node that cannot be run. */
int mi_plan_create_by(mi_plan *plan, const mi_graph *graph, const mi_plan_rules *rules,
                      mi_log *log);
/* The same for no particular device of a family. */
int mi_plan_create(mi_plan *plan, const mi_graph *graph, mi_family family, mi_log *log);
void mi_plan_destroy(mi_plan *plan);

/* How many steps from `first` on are recorded as one dispatch: more than one of MI_KERNEL_SMALL. */
int32_t mi_plan_together(const mi_plan *plan, int32_t first);

#endif
