/* Per-layer times of a network on a device: bench_net FILE.onnx WIDTH HEIGHT [RUNS]. For work on
 * kernels; samples/bench is the user's view. CPU time a layer is its share of the whole list's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/net.h"

static void on_log(void *opaque, mien_log_level level, const char *line)
{
    (void)opaque;
    (void)level;
    fprintf(stderr, "%s\n", line);
}

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    fseek(f, 0, SEEK_END);
    *size = (size_t)ftell(f);
    rewind(f);
    void *bytes = malloc(*size);
    if (bytes && fread(bytes, 1, *size, f) != *size)
        *size = 0;
    fclose(f);
    return bytes;
}

/* Lower quartile of the CPU time of steps first..end, ms. */
static double time_steps(mvk_device *d, const mi_net *net, const mvk_set *set, int32_t base,
                         int32_t input, int first, int end, int runs)
{
    double cpu[101];
    mvk_commands list;
    mi_net part = *net;
    part.plan.step += first;
    part.plan.steps = end - first;
    part.pipeline += first;
    if (runs > 101 || mvk_commands_create(d, &list, 0) < 0 || mvk_commands_begin(d, &list) < 0)
        return 0;
    mvk_bind_set(d, &list, set);
    mi_net_record(&part, &list, base, input, false);
    mvk_commands_end(d, &list);
    for (int r = -2; r < runs; r++) {
        double c = cpu_ms();
        mvk_submit(d, &list);
        if (r >= 0)
            cpu[r] = cpu_ms() - c;
    }
    mvk_commands_destroy(d, &list);
    qsort(cpu, (size_t)runs, sizeof cpu[0], compare);
    return cpu[runs / 4];
}

int main(int argc, char **argv)
{
    double peak = 0, peak_core = 0;
    mi_log log;
    mien_log sink = {.write = on_log, .level = MIEN_LOG_WARNING};
    mi_log_init(&log, &sink);
    if (argc < 4)
        return 2;
    int w = atoi(argv[2]), h = atoi(argv[3]), runs = argc > 4 ? atoi(argv[4]) : 21;
    size_t size = 0;
    void *bytes = read_file(argv[1], &size);
    mi_graph *graph = NULL;
    mvk_device *d = NULL;
    mi_net net;
    const char *const *outputs = argc > 5 ? (const char *const *)argv + 5 : NULL;
    if (!bytes ||
        mi_graph_of_outputs(&graph, bytes, size, argv[1], h, w, outputs, argc - 5, &log) < 0 ||
        mvk_device_create(&d, &(mvk_device_config){"", ""}, &log) < 0 ||
        mi_net_create(&net, d, graph, &log) < 0)
        return 1;
    int32_t input = 2, base = 2 + w * h;
    mvk_buffer arena;
    mvk_set set;
    if (mvk_buffer_create(d, &arena, ((VkDeviceSize)base + (VkDeviceSize)net.plan.vec4s) * 16,
                          MVK_MEMORY_DEVICE) < 0)
        return 1;
    mvk_bindings bindings = {.arena = &arena, .weights = &net.weights};
    if (mvk_set_create(d, &set, &bindings) < 0)
        return 1;
    /* a picture that is not all zeros: denormals and zeros time differently */
    float *picture = malloc((size_t)w * (size_t)h * 16);
    for (size_t i = 0; picture && i < (size_t)w * (size_t)h * 4; i++)
        picture[i] = (float)(i * 2654435761u % 1000) * 1e-3f;
    mvk_buffer_write(d, &arena, 0, (float[4]){0}, 16);
    mvk_buffer_write(d, &arena, 32, picture, (VkDeviceSize)w * (VkDeviceSize)h * 16);
    mvk_measure_peak(d, &peak, &peak_core);
    double total = 0;
    for (int i = 0; i < net.plan.steps; i++) {
        const mi_step *s = &net.plan.step[i];
        double ms = time_steps(d, &net, &set, base, input, i, i + 1, runs);
        double rate = 2e-6 * s->mac / ms;
        total += ms;
        printf("%-24.24s kernel %2d q%d s%d%s%s %4dx%-4d %3d->%-3d %7.3f ms %8.4f GMAC %6.1f "
               "GF/core-s %3.0f%%\n", s->node, s->variant.kernel, s->variant.q, s->variant.stride,
               s->variant.up ? " up" : "", s->variant.d2s ? " d2s" : "", s->push.ow, s->push.oh,
               s->push.iq * 4, s->push.oq * 4, ms, s->mac * 1e-9, rate, 100 * rate / peak_core);
    }
    double whole = time_steps(d, &net, &set, base, input, 0, net.plan.steps, runs);
    printf("whole: %.2f ms CPU (sum of layers %.2f), %.4f GMAC, %.1f GF/core-s = %.0f%% of peak "
           "%.1f\n", whole, total, net.plan.mac * 1e-9, 2e-6 * net.plan.mac / whole,
           200e-6 * net.plan.mac / whole / peak_core, peak_core);
    mvk_set_destroy(d, &set);
    mvk_buffer_destroy(d, &arena);
    mi_net_destroy(&net);
    mvk_device_destroy(&d);
    mi_graph_destroy(&graph);
    free(bytes);
    free(picture);
    mi_log_finish(&log);
    return 0;
}
