/* What a style costs: milliseconds a stage, GMAC, GFLOP a core-second and the share of the
 * device's measured peak, as text and as JSON.
 *
 *   bench [--size WxH] [--format I420|NV12|YUY2|RGBA] [--frames N] [--json FILE] [name=value ...]
 *   bench --start [--size WxH] [--format ...] [name=value ...]
 *
 * CPU time is the process's, all threads, a frame: on a busy machine it says more than the wall
 * clock. A stage's CPU time is its share of the frame's device time.
 *
 * --start says instead what the start costs, the first one and the next: bench_start.h. */
#include <mien/mien.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_clock.h"
#include "bench_start.h"

enum { FRAMES_MAX = 10000, WARM = 3, STAGES = 16, PICTURES = 4 };

typedef struct options {
    int width, height, frames;
    mien_format format;
    const char *format_name, *json;
    bool start;
} options;

typedef struct result {
    double cpu_ms, wall_ms, stage_ms[STAGES]; /* medians */
    double peak, peak_core;
    mien_stats stats;
} result;

static void on_log(void *opaque, mien_log_level level, const char *line)
{
    (void)opaque;
    fprintf(stderr, "%s%s\n", level == MIEN_LOG_ERROR ? "error: " : "", line);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, compare);
    return n % 2 ? v[n / 2] : 0.5 * (v[n / 2 - 1] + v[n / 2]);
}

static int take_options(options *o, int argc, char **argv, mien_filter *filter)
{
    static const struct {
        const char *name;
        mien_format format;
    } formats[] = {{"I420", MIEN_FORMAT_I420}, {"NV12", MIEN_FORMAT_NV12},
                   {"YUY2", MIEN_FORMAT_YUY2}, {"RGBA", MIEN_FORMAT_RGBA}};
    *o = (options){.width = 1280, .height = 720, .frames = 60, .format = MIEN_FORMAT_I420,
                   .format_name = "I420"};
    for (int i = 1; i < argc; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--size") == 0 && next &&
            sscanf(next, "%dx%d", &o->width, &o->height) == 2) {
            i++;
        } else if (strcmp(argv[i], "--frames") == 0 && next && atoi(next) > 0 &&
                   atoi(next) <= FRAMES_MAX) {
            o->frames = atoi(next);
            i++;
        } else if (strcmp(argv[i], "--start") == 0) {
            o->start = true;
        } else if (strcmp(argv[i], "--json") == 0 && next) {
            o->json = next;
            i++;
        } else if (strcmp(argv[i], "--format") == 0 && next) {
            o->format = 0;
            for (size_t k = 0; k < sizeof formats / sizeof formats[0]; k++)
                if (strcmp(next, formats[k].name) == 0) {
                    o->format = formats[k].format;
                    o->format_name = formats[k].name;
                }
            if (!o->format) {
                fprintf(stderr, "--format %s is not I420, NV12, YUY2 or RGBA\n", next);
                return -1;
            }
            i++;
        } else if (strchr(argv[i], '=')) {
            if (mien_filter_set_all(filter, argv[i]) < 0)
                return -1;
        } else {
            fprintf(stderr, "usage: bench [--start] [--size WxH] [--format I420|NV12|YUY2|RGBA] "
                            "[--frames N] [--json FILE] [name=value ...]\n");
            return -1;
        }
    }
    return 0;
}

/* Moving shapes with noise: something for the motion search to do. */
static void draw(const mien_frame *f, int n)
{
    uint32_t seed = 1u + (uint32_t)n;
    for (int p = 0; p < mien_format_planes(f->format); p++) {
        size_t row = mien_format_row_bytes(f->format, p, f->width);
        int rows = mien_format_rows(f->format, p, f->height);
        for (int y = 0; y < rows; y++)
            for (size_t x = 0; x < row; x++) {
                seed = seed * 1664525u + 1013904223u;
                int v = (int)((x + (size_t)(3 * n)) / 24 * 37 + (size_t)y / 24 * 59) % 160 + 40;
                f->data[p][(ptrdiff_t)y * f->stride[p] + (ptrdiff_t)x] =
                    (uint8_t)(v + (int)(seed >> 29));
            }
    }
}

static int make_frame(mien_frame *f, const options *o)
{
    *f = (mien_frame){.format = o->format, .width = o->width, .height = o->height,
                      .pts_ns = MIEN_NO_PTS};
    for (int p = 0; p < mien_format_planes(o->format); p++) {
        f->stride[p] = (ptrdiff_t)mien_format_row_bytes(o->format, p, o->width);
        f->data[p] = malloc((size_t)f->stride[p] *
                            (size_t)mien_format_rows(o->format, p, o->height));
        if (!f->data[p])
            return -1;
    }
    return 0;
}

static void free_frame(mien_frame *f)
{
    for (int p = 0; p < 3; p++)
        free(f->data[p]);
}

static int run_frames(mien_filter *filter, const options *o, mien_frame *in, mien_frame *out,
                      result *r)
{
    static double cpu[FRAMES_MAX], wall[FRAMES_MAX], stage[STAGES][FRAMES_MAX];
    for (int i = -WARM; i < o->frames; i++) {
        mien_frame *picture = &in[(i + WARM) % PICTURES];
        double c = bench_clock_ms(CLOCK_PROCESS_CPUTIME_ID), w = bench_clock_ms(CLOCK_MONOTONIC);
        int status = mien_filter_process(filter, picture, out);
        if (status < 0)
            return -1;
        if (status == MIEN_BYPASSED) {
            fprintf(stderr, "no effect is on: give style=NAME\n");
            return -1;
        }
        if (i < 0)
            continue;
        cpu[i] = bench_clock_ms(CLOCK_PROCESS_CPUTIME_ID) - c;
        wall[i] = bench_clock_ms(CLOCK_MONOTONIC) - w;
        mien_filter_stats(filter, &r->stats);
        for (size_t s = 0; s < r->stats.stages; s++)
            stage[s][i] = r->stats.stage[s].ms;
    }
    r->cpu_ms = median(cpu, o->frames);
    r->wall_ms = median(wall, o->frames);
    for (size_t s = 0; s < r->stats.stages; s++)
        r->stage_ms[s] = median(stage[s], o->frames);
    return mien_filter_measure_peak(filter, &r->peak, &r->peak_core) < 0 ? -1 : 0;
}

/* GFLOP a core-second of a stage: its arithmetic over its share of the frame's CPU time. */
static double core_rate(const result *r, size_t s)
{
    double device = 0;
    for (size_t i = 0; i < r->stats.stages; i++)
        device += r->stage_ms[i];
    double cpu = device > 0 ? r->cpu_ms * r->stage_ms[s] / device : 0;
    return cpu > 0 ? r->stats.stage[s].gflop / cpu * 1e3 : 0;
}

static void print_text(const options *o, const result *r, const char *style)
{
    printf("style %s, %dx%d %s, %d frames, device %s\n", style, o->width, o->height,
           o->format_name, o->frames, r->stats.device);
    printf("a frame: %.1f ms CPU, %.1f ms wall (%.1f frames/s); device memory %.1f MB\n",
           r->cpu_ms, r->wall_ms, 1e3 / r->wall_ms, (double)r->stats.device_bytes * 1e-6);
    printf("network: %dx%d, %.3f GMAC; peak %.1f GFLOP/s, %.1f a core-second\n",
           r->stats.net_width, r->stats.net_height, r->stats.net_gmac, r->peak, r->peak_core);
    printf("%-10s %8s %8s %18s %10s\n", "stage", "ms wall", "GFLOP", "GFLOP/core-second",
           "of peak");
    for (size_t s = 0; s < r->stats.stages; s++) {
        printf("%-10s %8.2f", r->stats.stage[s].name, r->stage_ms[s]);
        if (r->stats.stage[s].gflop > 0)
            printf(" %8.3f %18.1f %9.0f%%", r->stats.stage[s].gflop, core_rate(r, s),
                   100 * core_rate(r, s) / r->peak_core);
        printf("\n");
    }
}

static int write_json(const options *o, const result *r, const char *style)
{
    FILE *f = fopen(o->json, "w");
    if (!f) {
        perror(o->json);
        return -1;
    }
    fprintf(f, "{\"style\": \"%s\", \"width\": %d, \"height\": %d, \"format\": \"%s\", "
            "\"frames\": %d, \"device\": \"%s\",\n \"cpu_ms\": %.3f, \"wall_ms\": %.3f, "
            "\"device_bytes\": %zu,\n \"net_width\": %d, \"net_height\": %d, \"gmac\": %.6f, "
            "\"peak_gflops\": %.2f, \"peak_gflops_core\": %.2f,\n \"stages\": [",
            style, o->width, o->height, o->format_name, o->frames, r->stats.device, r->cpu_ms,
            r->wall_ms, r->stats.device_bytes, r->stats.net_width, r->stats.net_height,
            r->stats.net_gmac, r->peak, r->peak_core);
    for (size_t s = 0; s < r->stats.stages; s++)
        fprintf(f, "%s\n  {\"name\": \"%s\", \"ms\": %.4f, \"gflop\": %.6f, "
                "\"gflops_core\": %.3f, \"share_of_peak\": %.4f}", s ? "," : "",
                r->stats.stage[s].name, r->stage_ms[s], r->stats.stage[s].gflop, core_rate(r, s),
                core_rate(r, s) / r->peak_core);
    fprintf(f, "\n ]}\n");
    return fclose(f) == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
    mien_filter *filter = NULL;
    mien_frame in[PICTURES] = {{0}}, out = {0};
    options o;
    result r = {0};
    char style[256] = "";
    int failed = 1;
    mien_log log = {.write = on_log, .level = MIEN_LOG_WARNING};
    if (bench_start_is_child())
        log = bench_start_log();
    if (mien_filter_create(&filter, &log) < 0 || mien_filter_set(filter, "style", "cartoon") < 0 ||
        take_options(&o, argc, argv, filter) < 0)
        goto error;
    for (int i = 0; i < PICTURES; i++) {
        if (make_frame(&in[i], &o) < 0)
            goto error;
        draw(&in[i], i);
    }
    if (make_frame(&out, &o) < 0)
        goto error;
    if (o.start) {
        failed = bench_start(filter, in, &out, argv) < 0;
        goto error;
    }
    if (mien_filter_set_timing(filter, true) < 0 ||
        mien_filter_get(filter, "style", style, sizeof style) < 0 ||
        run_frames(filter, &o, in, &out, &r) < 0)
        goto error;
    print_text(&o, &r, style);
    failed = o.json ? write_json(&o, &r, style) < 0 : 0;
error:
    for (int i = 0; i < PICTURES; i++)
        free_frame(&in[i]);
    free_frame(&out);
    mien_filter_destroy(&filter);
    return failed;
}
