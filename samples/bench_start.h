/* What the start costs: the bench runs itself twice with cache folders that are empty at first
 * (the library's and Mesa's), and prints what the library says, each line with the milliseconds
 * since the process began and the CPU time of all threads. */
#ifndef BENCH_START_H
#define BENCH_START_H

#include <mien/mien.h>

/* Is this one of the two runs? Then the filter logs to bench_start_log(). */
bool bench_start_is_child(void);
mien_log bench_start_log(void);

/* A child prepares and filters two frames; the parent runs two children with the words of
 * `argv`. -1: it failed, and a line on stderr says why. */
int bench_start(mien_filter *filter, const mien_frame *in, const mien_frame *out, char **argv);

#endif
