/* What a network costs on a device, layer by layer, and its share of the device's measured peak.
 *
 *   bench_net [OPTION ...] [--rounds N] FILE.onnx WIDTH HEIGHT [OUTPUT ...]
 *   bench_net [OPTION ...] --serve FILE.onnx WIDTH HEIGHT [OUTPUT ...]
 *
 * WIDTH and HEIGHT are the network's picture's, with --frame those of a video frame for which a
 * style chooses its picture. --device NAME and --cache FOLDER are the filter's parameters;
 * --verbose prints the log, on a GPU with what each kernel took when they were measured; --gpu
 * gives a CPU a GPU's kernels. Steps that are one dispatch together (kernel 20) are timed as
 * dispatches of their own and, in the whole, together. Peak, whole and layers are measured in
 * turns, and a share is the median of the rounds' shares, so that other work on the machine falls
 * on both sides.
 *
 * --serve is for tests/bench/compare_peers.py: commands come as lines on the standard input, and
 * for each goes a line of JSON to the standard output:
 *   info            the network and its steps
 *   input FILE      reads the input, float32 in C,H,W order
 *   run N           milliseconds a run from C,H,W to C,H,W
 *   steps           milliseconds of the dispatches alone, of each step, and the peak
 *   output K FILE   writes output K of the last run
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/gemm.h"
#include "net_session.h"
#include "plan_memory.h"

enum { ROUNDS = 9, ROUNDS_MAX = 1000, LINE = 1024 };

/* One round's figures. */
typedef struct round_times {
    double peak; /* GFLOP/s, or a core-second on CPU devices */
    span whole;
    span *step;
} round_times;

static int usage(void)
{
    fprintf(stderr, "usage: bench_net [--device NAME] [--cache FOLDER] [--gpu] [--verbose] "
                    "[--frame] [--serve | --rounds N] FILE.onnx WIDTH HEIGHT [OUTPUT ...]\n");
    return 2;
}

static double ms_of(const net_session *s, const span *t)
{
    return session_on_cpu(s) ? t->cpu_ms : t->wall_ms;
}

static bool measure(net_session *s, round_times *r)
{
    double wall, core;
    if (mvk_measure_peak(s->device, &wall, &core) < 0)
        return false;
    r->peak = session_on_cpu(s) ? core : wall;
    return session_time_steps(s, &r->whole, r->step);
}

/* ---- JSON ---- */

static void print_string(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 32 || c == '"' || c == '\\')
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

static int32_t dispatches_of(const mi_plan *plan)
{
    int32_t count = 0;
    for (int32_t i = 0; i < plan->steps; i += mi_plan_together(plan, i))
        count++;
    return count;
}

static void print_shape(const mi_tensor *t)
{
    printf("[%d, %d, %d]", (int)t->c, (int)t->h, (int)t->w);
}

static void print_info(const net_session *s)
{
    const mi_plan *plan = &s->net.plan;
    char driver[2 * VK_MAX_DRIVER_INFO_SIZE];
    session_driver(s, driver);
    printf("{\"device\": ");
    print_string(s->device->name);
    printf(", \"driver\": ");
    print_string(driver);
    printf(", \"dispatches\": %d", (int)dispatches_of(plan));
    bool halves = false;
    for (int32_t i = 0; i < plan->steps; i++)
        halves = halves || mi_gemm_storage(plan->step[i].choice) != MI_STORAGE_FLOAT;
    printf(", \"halves\": %s", halves ? "true" : "false");
    printf(", \"cpu\": %s, \"width\": %d, \"height\": %d, \"mac\": %.0f, \"input\": ",
           session_on_cpu(s) ? "true" : "false", (int)s->width, (int)s->height, plan->mac);
    print_shape(&s->graph->tensor[s->graph->input]);
    printf(", \"outputs\": [");
    for (int32_t k = 0; k < s->graph->outputs; k++) {
        printf("%s", k ? ", " : "");
        print_shape(&s->graph->tensor[s->graph->output[k]]);
    }
    printf("], \"weight_bytes\": %lld, \"activation_bytes\": %lld, \"bound_bytes\": %lld, "
           "\"steps\": [", (long long)s->net.weights.size, (long long)plan->vec4s * 16,
           (long long)plan_least_vec4s(plan) * 16);
    for (int32_t i = 0; i < plan->steps; i++) {
        const mi_step *step = &plan->step[i];
        printf("%s{\"node\": ", i ? ", " : "");
        print_string(step->node);
        printf(", \"kernel\": %d, \"mac\": %.0f, \"wide\": %s}", (int)step->variant.kernel,
               step->mac, session_is_wide(s, step) ? "true" : "false");
    }
    printf("]}\n");
}

static bool print_round(net_session *s)
{
    round_times r = {.step = calloc((size_t)s->net.plan.steps, sizeof *r.step)};
    bool ok = r.step && measure(s, &r);
    if (ok) {
        printf("{\"peak\": %.4f, \"ms\": %.5f, \"step_ms\": [", r.peak, ms_of(s, &r.whole));
        for (int32_t i = 0; i < s->net.plan.steps; i++)
            printf("%s%.5f", i ? ", " : "", ms_of(s, &r.step[i]));
        printf("]}\n");
    }
    free(r.step);
    return ok;
}

static bool move_floats(const char *path, const char *mode, float *data, size_t count)
{
    FILE *f = fopen(path, mode);
    size_t done = 0;
    if (f)
        done = mode[0] == 'r' ? fread(data, sizeof *data, count, f)
                              : fwrite(data, sizeof *data, count, f);
    if (!f || fclose(f) != 0 || done != count) {
        fprintf(stderr, "bench_net: '%s' cannot be %s as %zu floats\n", path,
                mode[0] == 'r' ? "read" : "written", count);
        return false;
    }
    printf("{}\n");
    return true;
}

static bool answer(net_session *s, char *line)
{
    int runs = 0, k = -1, path = 0;
    line[strcspn(line, "\n")] = '\0';
    if (strcmp(line, "info") == 0) {
        print_info(s);
    } else if (strcmp(line, "steps") == 0) {
        return print_round(s);
    } else if (sscanf(line, "run %d", &runs) == 1 && runs > 0) {
        span mean;
        if (!session_run(s, runs, &mean))
            return false;
        printf("{\"cpu_ms\": %.5f, \"wall_ms\": %.5f}\n", mean.cpu_ms, mean.wall_ms);
    } else if (strncmp(line, "input ", 6) == 0) {
        return move_floats(line + 6, "rb", s->input, session_input_size(s));
    } else if (sscanf(line, "output %d %n", &k, &path) == 1 && path && k >= 0 &&
               k < s->graph->outputs) {
        return move_floats(line + path, "wb", s->output[k], session_output_size(s, k));
    } else {
        fprintf(stderr, "bench_net: '%s' is no command\n", line);
        return false;
    }
    return true;
}

static bool serve(net_session *s)
{
    char line[LINE];
    while (fgets(line, sizeof line, stdin)) {
        if (!answer(s, line))
            return false;
        fflush(stdout);
    }
    return true;
}

/* ---- tables ---- */

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

/* Time and share of the peak of all steps for which on[i]; i = steps is the whole. */
static void medians(const net_session *s, const round_times *r, int rounds, const bool *on,
                    double mac, double *ms, double *share)
{
    double time[ROUNDS_MAX], part[ROUNDS_MAX];
    for (int k = 0; k < rounds; k++) {
        time[k] = on ? 0 : ms_of(s, &r[k].whole);
        for (int32_t i = 0; on && i < s->net.plan.steps; i++)
            time[k] += on[i] ? ms_of(s, &r[k].step[i]) : 0;
        part[k] = time[k] > 0 ? 2e-6 * mac / time[k] / r[k].peak : 0;
    }
    *ms = median(time, rounds);
    *share = median(part, rounds);
}

static void print_step(const net_session *s, const round_times *r, int rounds, int32_t i, bool *on)
{
    const mi_step *t = &s->net.plan.step[i];
    double ms, share;
    on[i] = true;
    medians(s, r, rounds, on, t->mac, &ms, &share);
    on[i] = false;
    char name[64];
    if (t->choice > 0)
        mi_gemm_name(t->choice, name, sizeof name);
    else
        snprintf(name, sizeof name, "kernel %2d q%d s%d%s%s", t->variant.kernel, t->variant.q,
                 t->variant.stride, t->variant.up ? " up" : "", t->variant.d2s ? " d2s" : "");
    printf("%-24.24s %s %4dx%-4d %3d->%-3d %7.3f ms %8.4f GMAC %6.1f GF/s "
           "%3.0f%%\n", t->node, name, t->push.ow, t->push.oh,
           t->push.iq * 4, t->push.oq * 4, ms, t->mac * 1e-9, 2e-6 * t->mac / ms, 100 * share);
}

static void print_tables(const net_session *s, const round_times *r, int rounds, bool *on)
{
    const mi_plan *plan = &s->net.plan;
    double peaks[ROUNDS_MAX], ms, share, wide_mac = 0, sum = 0;
    for (int32_t i = 0; i < plan->steps; i++)
        print_step(s, r, rounds, i, on);
    for (int32_t i = 0; i < plan->steps; i++) {
        on[i] = session_is_wide(s, &plan->step[i]);
        wide_mac += on[i] ? plan->step[i].mac : 0;
    }
    medians(s, r, rounds, on, wide_mac, &ms, &share);
    if (wide_mac > 0)
        printf("3x3 layers of 16 channels and more: %.2f ms, %.4f GMAC, %.0f%% of the peak\n", ms,
               wide_mac * 1e-9, 100 * share);
    for (int32_t i = 0; i < plan->steps; i++)
        on[i] = true;
    medians(s, r, rounds, on, plan->mac, &sum, &share);
    medians(s, r, rounds, NULL, plan->mac, &ms, &share);
    for (int k = 0; k < rounds; k++)
        peaks[k] = r[k].peak;
    printf("whole, %dx%d: %.2f ms %s in %d dispatches (sum of steps %.2f), %.4f GMAC, %.0f%% of "
           "the peak of %.1f GFLOP/s%s\n", (int)s->width, (int)s->height, ms,
           session_on_cpu(s) ? "CPU" : "wall", (int)dispatches_of(plan), sum,
           plan->mac * 1e-9, 100 * share, median(peaks, rounds),
           session_on_cpu(s) ? " a core" : "");
    printf("device memory: weights %.2f MB, activations %.2f MB, which no placement can bring "
           "below %.2f MB\n", (double)s->net.weights.size * 1e-6, (double)plan->vec4s * 16e-6,
           (double)plan_least_vec4s(plan) * 16e-6);
}

static bool tables(net_session *s, int rounds)
{
    size_t steps = (size_t)s->net.plan.steps;
    round_times *r = calloc((size_t)rounds, sizeof *r);
    span *step = calloc((size_t)rounds * steps, sizeof *step);
    bool *on = calloc(steps, sizeof *on);
    bool ok = r && step && on;
    size_t count = session_input_size(s);
    for (size_t i = 0; i < count; i++) /* not all zeros, which time differently */
        s->input[i] = (float)(i * 2654435761u % 1000) * 1e-3f;
    for (int k = 0; k < rounds && ok; k++) {
        r[k].step = step + (size_t)k * steps;
        ok = measure(s, &r[k]);
    }
    if (ok)
        print_tables(s, r, rounds, on);
    free(r);
    free(step);
    free(on);
    return ok;
}

int main(int argc, char **argv)
{
    session_options o = {.device = "", .cache = ""};
    bool serves = false;
    int rounds = ROUNDS, i = 1;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--frame") == 0) {
            o.frame = true;
        } else if (strcmp(argv[i], "--serve") == 0) {
            serves = true;
        } else if (strcmp(argv[i], "--gpu") == 0) {
            o.gpu = true;
        } else if (strcmp(argv[i], "--verbose") == 0) {
            o.verbose = true;
        } else if (strcmp(argv[i], "--cache") == 0 && *next) {
            o.cache = argv[++i];
        } else if (strcmp(argv[i], "--device") == 0 && *next) {
            o.device = argv[++i];
        } else if (strcmp(argv[i], "--rounds") == 0 && atoi(next) > 0 &&
                   atoi(next) <= ROUNDS_MAX) {
            rounds = atoi(argv[++i]);
        } else {
            return usage();
        }
    }
    if (argc - i < 3 || atoi(argv[i + 1]) < 1 || atoi(argv[i + 2]) < 1 ||
        argc - i - 3 > MI_GRAPH_OUTPUTS)
        return usage();
    o.path = argv[i];
    o.width = atoi(argv[i + 1]);
    o.height = atoi(argv[i + 2]);
    o.output = (const char *const *)argv + i + 3;
    o.outputs = argc - i - 3;
    net_session s;
    if (!session_open(&s, &o))
        return 1;
    bool ok = serves ? serve(&s) : tables(&s, rounds);
    session_close(&s);
    return ok ? 0 : 1;
}
