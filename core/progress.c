#include "progress.h"

#include <string.h>
#include <time.h>

static const double QUIET_SECONDS = 0.5, PERIOD_SECONDS = 0.25;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void mi_progress_begin(mi_progress *p, mi_log *log, const char *what, uint32_t total)
{
    memset(p, 0, sizeof *p);
    p->log = log;
    p->what = what;
    p->total = total;
    p->start = now();
    p->last = p->start + QUIET_SECONDS - PERIOD_SECONDS;
}

void mi_progress_step(mi_progress *p, uint32_t done)
{
    double t = now();
    if (t < p->last + PERIOD_SECONDS)
        return;
    p->last = t;
    p->shown = true;
    mi_log_write(p->log, MIEN_LOG_INFO, "%s: %u of %u", p->what, (unsigned)done,
                 (unsigned)p->total);
}

void mi_progress_end(mi_progress *p)
{
    mi_log_write(p->log, p->shown ? MIEN_LOG_INFO : MIEN_LOG_DEBUG, "%s: %u done in %.2f s",
                 p->what, (unsigned)p->total, now() - p->start);
}
