/* Everything that one style on one frame shape needs on the device: import -> network -> motion
 * and history -> export, recorded once and replayed a frame. */
#ifndef MI_CHAIN_H
#define MI_CHAIN_H

#include "compose/view.h"
#include "params.h"
#include "transfer.h"

typedef struct mi_chain mi_chain;

typedef struct mi_chain_config {
    mi_transfer *transfer; /* made for frames of this shape; outlives the chain */
    mien_frame shape; /* format, size and colour; planes are not looked at */
    const char *style;  /* name or path */
    const char *models; /* folder */
    uint32_t style_input, style_output; /* flags: what pictures the style's file takes and gives */
    mi_quality quality;
} mi_chain_config;

/* What may differ from frame to frame. */
typedef struct mi_chain_values {
    float strength; /* 0..1, share of the style in the output */
    float smooth;   /* 0..1 */
    double dt;      /* seconds since the last frame, > 0 */
    bool reset;     /* this frame has no past */
    mi_view view;   /* one of mi_chain_views(); the frame out may hold anything outside of it */
} mi_chain_values;

int mi_chain_create(mi_chain **chain, mvk_device *device, const mi_chain_config *config,
                    mi_log *log);
void mi_chain_destroy(mi_chain **chain); /* *chain may be NULL */

/* Has finer views at hand for parts of frames; without them there is the one of the whole frame.
 * `shape` as at creation. Does nothing if they are there. After a failure only mi_chain_destroy()
 * may follow. */
int mi_chain_add_views(mi_chain *chain, const mien_frame *shape);
bool mi_chain_has_views(const mi_chain *chain);
const mi_views *mi_chain_views(const mi_chain *chain);

/* From the frame put into the transfer to the one that can be taken out of it. One submission, one
 * host wait, no allocation. */
int mi_chain_run(mi_chain *chain, const mi_chain_values *values);

void mi_chain_set_timing(mi_chain *chain, bool on);
/* Fills what is said of the network and, where it ran in the last frame, adds its stages. */
void mi_chain_stats(const mi_chain *chain, bool ran, mien_stats *stats);

#endif
