/* The clock of the benchmarks. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <time.h>

/* Milliseconds: CLOCK_MONOTONIC since some moment, CLOCK_PROCESS_CPUTIME_ID of all threads. */
static inline double bench_clock_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

#endif
