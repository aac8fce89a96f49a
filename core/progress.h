/* Lines about work that takes long: none in the first half second, then at most four a second. */
#ifndef MI_PROGRESS_H
#define MI_PROGRESS_H

#include <stdint.h>

#include "log.h"

typedef struct mi_progress {
    mi_log *log;
    const char *what; /* "compiling kernels" */
    uint32_t total;
    double start, last; /* seconds */
    bool shown;
} mi_progress;

/* `what` outlives the progress. */
void mi_progress_begin(mi_progress *progress, mi_log *log, const char *what, uint32_t total);
/* Says how far it is, if it is time to: "compiling kernels: 12 of 40". */
void mi_progress_step(mi_progress *progress, uint32_t done);
/* Says how long it took; to debuggers only, if nothing was said before. */
void mi_progress_end(mi_progress *progress);

#endif
