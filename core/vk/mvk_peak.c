/* How fast the device can multiply and add: the yardstick of benchmarks. */
#include "mvk.h"

#include <time.h>

#include "peak.spv.h"

/* Workgroups: enough for every unit of a GPU; a CPU's rounds are longer, which its cost of a
 * workgroup wants. */
enum { GROUPS_CPU = 256, GROUPS_GPU = 4096, LOCAL = 64, RUNS = 5, FLOP_A_ROUND = 8 * 10 * 2 };

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint32_t groups(const mvk_device *d)
{
    return d->type == VK_PHYSICAL_DEVICE_TYPE_CPU ? GROUPS_CPU : GROUPS_GPU;
}

static int run(mvk_device *d, const mvk_set *set, mvk_pipeline *pipeline, int32_t rounds,
               double *wall, double *cpu)
{
    mvk_commands c;
    int status = mvk_commands_create(d, &c, 0);
    if (status != MIEN_OK)
        return status;
    status = mvk_commands_begin(d, &c);
    if (status == MIEN_OK) {
        mvk_bind_set(d, &c, set);
        mvk_dispatch(d, &c, pipeline, &rounds, sizeof rounds, groups(d), 1, 1);
        status = mvk_commands_end(d, &c);
    }
    if (status == MIEN_OK) {
        double w = seconds(CLOCK_MONOTONIC), p = seconds(CLOCK_PROCESS_CPUTIME_ID);
        status = mvk_submit(d, &c);
        *wall = seconds(CLOCK_MONOTONIC) - w;
        *cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - p;
    }
    mvk_commands_destroy(d, &c);
    return status;
}

int mvk_measure_peak(mvk_device *d, double *gflops, double *gflops_core)
{
    static const mvk_shader shader = {"peak", mi_spv_peak, sizeof mi_spv_peak};
    const float start[4] = {0.5f, 0.9f, 0, 0};
    mvk_buffer b = {0};
    mvk_set set = {0};
    mvk_pipeline *pipeline = NULL;
    double wall = 0, cpu = 0, best_wall = 1e9, best_cpu = 1e9;
    int32_t rounds = 16;
    int status = mvk_buffer_create(d, &b, (4 + groups(d) * LOCAL) * sizeof(float),
                                   MVK_MEMORY_DEVICE);
    if (status == MIEN_OK)
        status = mvk_buffer_write(d, &b, 0, start, sizeof start);
    if (status == MIEN_OK)
        status = mvk_set_create(d, &set, &(mvk_bindings){.arena = &b});
    if (status == MIEN_OK)
        status = mvk_pipeline_create(d, &pipeline, &shader, NULL, 0);
    if (status == MIEN_OK)
        status = run(d, &set, pipeline, rounds, &wall, &cpu); /* compiles */
    /* as many rounds as take about 20 ms */
    while (status == MIEN_OK && wall < 0.02 && rounds < 1 << 20) {
        rounds *= 2;
        status = run(d, &set, pipeline, rounds, &wall, &cpu);
    }
    for (int i = 0; i < RUNS && status == MIEN_OK; i++) {
        status = run(d, &set, pipeline, rounds, &wall, &cpu);
        best_wall = wall < best_wall ? wall : best_wall;
        best_cpu = cpu < best_cpu ? cpu : best_cpu;
    }
    double gflop = (double)FLOP_A_ROUND * rounds * groups(d) * LOCAL * 1e-9;
    *gflops = status == MIEN_OK ? gflop / best_wall : 0;
    *gflops_core = status == MIEN_OK ? gflop / best_cpu : 0;
    mvk_pipeline_destroy(d, &pipeline);
    mvk_set_destroy(d, &set);
    mvk_buffer_destroy(d, &b);
    return status;
}
