/* Runs each new convolution of a network with every choice that suits it, on random numbers. */
#include "tune.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../progress.h"
#include "gemm.h"
#include "net.h"

/* Plans of the network that differ in how weights lie. */
enum { PLAIN, FLOATS, HALVES, LAYOUTS };
enum { FIRST = 2, RUNS = 3, REPEATS_MAX = 200, CHOICES_MAX = 64, NAME_MAX_BYTES = 64 };

static const double RUN_MS = 2; /* of repeats, which are timed together */
/* Of random numbers -1..1. A half has 11 bits, which gives 1e-7; floats differ in the order of
 * sums. A kernel that is wrong somewhere is off by far more. */
static const double NMSE_FLOATS = 1e-9, NMSE_HALVES = 1e-5;
static const double OFF_FLOATS = 1e-4, OFF_HALVES = 1e-2; /* of the largest value */
static const double HALVES_GAIN = 0.95; /* floats are given up for no less */
static const float POISON = 1e4f;

typedef struct tuner {
    mvk_device *device;
    mi_log *log;
    uint64_t usable;
    mi_plan plan[LAYOUTS];
    mvk_buffer weights[LAYOUTS], arena;
    mvk_set set[LAYOUTS];
    float *wanted, *got; /* the output by the kernel for any device, and by a choice */
} tuner;

/* A convolution that is to be measured. */
typedef struct subject {
    int32_t step[LAYOUTS];
    int32_t best, best_tile; /* of all; of tiles with floats. 0: the kernel for any device; none */
    double best_ms, best_tile_ms;
} subject;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int32_t find_step(const mi_plan *plan, uint64_t key)
{
    for (int32_t i = 0; i < plan->steps; i++)
        if (plan->step[i].key == key)
            return i;
    return -1;
}

static int make_plans(tuner *t, const mi_graph *graph)
{
    const int32_t force[LAYOUTS] = {[PLAIN] = 0,
                                    [FLOATS] = 1 + MI_STORAGE_FLOAT,
                                    [HALVES] = 1 + MI_STORAGE_PACKED};
    int status = MIEN_OK;
    for (int i = 0; i < LAYOUTS && status == MIEN_OK; i++)
        status = mi_plan_create_by(&t->plan[i], graph,
                                   &(mi_plan_rules){.family = MI_FAMILY_SIMT, .force = force[i]},
                                   t->log);
    return status;
}

/* Step i of the plain plan, if it is new: the first of its key, and not known. */
static bool is_new(const tuner *t, const mi_tuning *known, int32_t i, subject *s)
{
    uint64_t key = t->plan[PLAIN].step[i].key;
    if (key == 0 || mi_tuning_find(known, key) >= 0 || find_step(&t->plan[PLAIN], key) != i)
        return false;
    for (int k = 0; k < LAYOUTS; k++)
        s->step[k] = find_step(&t->plan[k], key);
    s->best = s->best_tile = 0;
    s->best_ms = s->best_tile_ms = INFINITY;
    return s->step[FLOATS] >= 0 && s->step[HALVES] >= 0;
}

static size_t piece_bytes(const mi_plan *plan, int32_t piece)
{
    return piece < 0 ? 0 : (size_t)plan->piece[piece].vec4s * 16;
}

static size_t step_bytes(const mi_plan *plan, const mi_step *s)
{
    return FIRST * 16 + piece_bytes(plan, s->in0) + piece_bytes(plan, s->in1) +
           piece_bytes(plan, s->in2) + piece_bytes(plan, s->out);
}

/* The operands one behind the other; one tensor may be two operands. */
static void place_operands(mi_plan *plan, const mi_step *s)
{
    const int32_t operand[] = {s->in0, s->in1, s->in2, s->out};
    int32_t at = FIRST;
    plan->input = -2; /* no operand lies elsewhere */
    for (int i = 0; i < 4; i++)
        if (operand[i] >= 0) {
            plan->piece[operand[i]].at = at;
            at += plan->piece[operand[i]].vec4s;
        }
}

/* The arena with random numbers behind its first two vec4, which are zero. */
static int fill_arena(tuner *t)
{
    size_t values = (size_t)t->arena.size / 4;
    float *data = calloc(values, sizeof *data);
    uint32_t state = 1;
    if (!data)
        return mi_fail(t->log, MIEN_ERR_NOMEM, "out of memory");
    for (size_t i = FIRST * 4; i < values; i++) {
        state = state * 1664525u + 1013904223u;
        data[i] = (float)(state >> 8) / 8388608.0f - 1;
    }
    int status = mvk_buffer_write(t->device, &t->arena, 0, data, t->arena.size);
    free(data);
    return status;
}

static int make_memory(tuner *t, const mi_tuning *known)
{
    const mi_plan *plan = &t->plan[PLAIN];
    size_t arena = 0, out = 0;
    subject s;
    for (int32_t i = 0; i < plan->steps; i++) {
        if (!is_new(t, known, i, &s))
            continue;
        size_t bytes = step_bytes(plan, &plan->step[i]);
        arena = bytes > arena ? bytes : arena;
        bytes = piece_bytes(plan, plan->step[i].out);
        out = bytes > out ? bytes : out;
    }
    t->wanted = malloc(out);
    t->got = malloc(out);
    if (!t->wanted || !t->got)
        return mi_fail(t->log, MIEN_ERR_NOMEM, "out of memory");
    int status = mvk_buffer_create(t->device, &t->arena, arena, MVK_MEMORY_DEVICE);
    for (int i = 0; i < LAYOUTS && status == MIEN_OK; i++) {
        size_t bytes = t->plan[i].blob.vec4s * 16;
        status = mvk_buffer_create(t->device, &t->weights[i], bytes, MVK_MEMORY_DEVICE);
        if (status == MIEN_OK)
            status = mvk_buffer_write(t->device, &t->weights[i], 0, t->plan[i].blob.data, bytes);
        if (status == MIEN_OK)
            status = mvk_set_create(t->device, &t->set[i],
                                    &(mvk_bindings){.arena = &t->arena,
                                                    .weights = &t->weights[i]});
    }
    return status;
}

/* Runs a step a number of times; *ms is for one of them. */
static int run(tuner *t, int layout, mi_step *s, mvk_pipeline *pipeline, int32_t repeats,
               double *ms)
{
    mi_net net = {.device = t->device, .plan = t->plan[layout], .pipeline = &pipeline};
    mvk_commands list;
    net.plan.step = s;
    net.plan.steps = 1;
    int status = mvk_commands_create(t->device, &list, 2);
    if (status != MIEN_OK)
        return status;
    status = mvk_commands_begin(t->device, &list);
    if (status == MIEN_OK) {
        mvk_bind_set(t->device, &list, &t->set[layout]);
        mvk_mark(&list);
        for (int32_t i = 0; i < repeats; i++)
            mi_net_record(&net, &list, 0, 0, false);
        mvk_mark(&list);
        mvk_barrier_host(&list);
        status = mvk_commands_end(t->device, &list);
    }
    double start = now();
    if (status == MIEN_OK)
        status = mvk_submit(t->device, &list);
    double wall = (now() - start) * 1e3;
    if (mvk_read_marks(t->device, &list, ms, 1) != 1 || !(*ms > 0))
        *ms = wall; /* a queue without time stamps */
    *ms /= repeats;
    mvk_commands_destroy(t->device, &list);
    return status;
}

/* The step's output after one run, in a place that held nothing like it. */
static int run_once(tuner *t, int layout, mi_step *s, mvk_pipeline *pipeline, float *to)
{
    const mi_piece *out = &t->plan[layout].piece[s->out];
    size_t bytes = (size_t)out->vec4s * 16;
    double ms;
    for (size_t i = 0; i < bytes / 4; i++)
        to[i] = POISON;
    int status = mvk_buffer_write(t->device, &t->arena, (VkDeviceSize)out->at * 16, to, bytes);
    if (status == MIEN_OK)
        status = run(t, layout, s, pipeline, 1, &ms);
    if (status == MIEN_OK)
        status = mvk_buffer_read(t->device, &t->arena, (VkDeviceSize)out->at * 16, to, bytes);
    return status;
}

static int measure(tuner *t, int layout, mi_step *s, mvk_pipeline *pipeline, double *best)
{
    double ms = 0;
    int status = run(t, layout, s, pipeline, 1, &ms);
    int32_t repeats = ms * REPEATS_MAX < RUN_MS ? REPEATS_MAX : (int32_t)(RUN_MS / ms) + 1;
    *best = INFINITY;
    for (int i = 0; i < RUNS && status == MIEN_OK; i++) {
        status = run(t, layout, s, pipeline, repeats, &ms);
        *best = ms < *best ? ms : *best;
    }
    return status;
}

static bool is_right(const tuner *t, size_t values, bool halves, double *off)
{
    double error = 0, power = 0, top = 1;
    *off = 0;
    for (size_t i = 0; i < values; i++) {
        double d = (double)t->got[i] - (double)t->wanted[i];
        error += d * d;
        power += (double)t->wanted[i] * (double)t->wanted[i];
        top = fmax(top, fabs((double)t->wanted[i]));
        *off = isfinite(d) ? fmax(*off, fabs(d)) : INFINITY;
    }
    /* both: a wrong border is little of a large picture */
    return *off <= (halves ? OFF_HALVES : OFF_FLOATS) * top &&
           error <= (halves ? NMSE_HALVES : NMSE_FLOATS) * fmax(power, (double)values * 1e-6);
}

static int layout_of(int32_t choice)
{
    return choice == 0 ? PLAIN : mi_gemm_storage(choice) == MI_STORAGE_FLOAT ? FLOATS : HALVES;
}

static mi_step step_of(const tuner *t, const subject *s, int32_t choice)
{
    int layout = layout_of(choice);
    mi_step step = t->plan[layout].step[s->step[layout]];
    if (choice > 0)
        mi_gemm_set(&step, choice);
    return step;
}

static int try_choice(tuner *t, subject *s, int32_t choice, mvk_pipeline *pipeline)
{
    int layout = layout_of(choice);
    char name[NAME_MAX_BYTES];
    mi_step step = step_of(t, s, choice);
    double ms, off;
    place_operands(&t->plan[layout], &step);
    int status = run_once(t, layout, &step, pipeline, choice ? t->got : t->wanted);
    if (status != MIEN_OK)
        return status;
    mi_gemm_name(choice, name, sizeof name);
    size_t values = piece_bytes(&t->plan[layout], step.out) / 4;
    if (choice && !is_right(t, values, layout == HALVES, &off)) {
        mi_log_write(t->log, MIEN_LOG_WARNING, "device '%s' computes node '%.100s' wrongly with "
                     "kernel %s (off by %.3g): it is not used there", t->device->name, step.node,
                     name, off);
        return MIEN_OK;
    }
    status = measure(t, layout, &step, pipeline, &ms);
    if (status != MIEN_OK)
        return status;
    mi_log_write(t->log, MIEN_LOG_DEBUG, "node '%.100s', kernel %s: %.4f ms, %.1f GFLOP/s",
                 step.node, name, ms, 2e-6 * step.mac / ms);
    if (layout == FLOATS && ms < s->best_tile_ms) {
        s->best_tile_ms = ms;
        s->best_tile = choice;
    }
    if (ms < s->best_ms * (layout == HALVES ? HALVES_GAIN : 1)) {
        s->best_ms = ms;
        s->best = choice;
    }
    return MIEN_OK;
}

/* Compiles all of them together and runs one after the other. */
static int try_choices(tuner *t, subject *s, const int32_t *choice, int32_t count)
{
    mvk_pipeline *pipeline[CHOICES_MAX] = {NULL};
    int status = MIEN_OK;
    for (int32_t i = 0; i < count && status == MIEN_OK; i++) {
        mi_step step = step_of(t, s, choice[i]);
        const mvk_shader *shader = mi_kernel_shader(&step.variant);
        status = shader ? mvk_pipeline_create(t->device, &pipeline[i], shader, step.spec, MI_SPECS)
                        : mi_fail(t->log, MIEN_ERR_UNSUPPORTED, "node '%s': no kernel for it",
                                  step.node);
    }
    if (status == MIEN_OK)
        status = mvk_pipelines_build(t->device);
    for (int32_t i = 0; i < count && status == MIEN_OK; i++)
        status = try_choice(t, s, choice[i], pipeline[i]);
    for (int32_t i = 0; i < count; i++)
        mvk_pipeline_destroy(t->device, &pipeline[i]);
    return status;
}

/* The tile first, with floats; then it, its kinds of halves and the kernel for any device once
 * more, since a GPU's clock takes a while to rise. */
static int measure_subject(tuner *t, subject *s)
{
    int32_t list[CHOICES_MAX] = {0}, count = 1;
    const mi_step *plain = &t->plan[PLAIN].step[s->step[PLAIN]];
    for (int32_t c = 1; c < mi_gemm_choices(); c++)
        if (mi_gemm_storage(c) == MI_STORAGE_FLOAT && (t->usable >> c & 1) &&
            mi_gemm_suits(plain, c))
            list[count++] = c;
    int status = try_choices(t, s, list, count);
    int32_t tile = s->best_tile;
    if (status != MIEN_OK || tile == 0)
        return status;
    *s = (subject){.step = {s->step[PLAIN], s->step[FLOATS], s->step[HALVES]},
                   .best_ms = INFINITY, .best_tile_ms = INFINITY};
    list[1] = tile;
    count = 2;
    for (int32_t k = MI_STORAGE_PACKED; k < MI_STORAGES; k++)
        if (t->usable >> mi_gemm_stored(tile, (mi_storage)k) & 1)
            list[count++] = mi_gemm_stored(tile, (mi_storage)k);
    return try_choices(t, s, list, count);
}

static int measure_all(tuner *t, mi_tuning *known, int32_t total, double seconds,
                       int32_t *measured)
{
    mi_progress progress;
    subject s;
    double start = now();
    int status = MIEN_OK;
    mi_progress_begin(&progress, t->log, "measuring kernels", (uint32_t)total);
    for (int32_t i = 0; i < t->plan[PLAIN].steps && status == MIEN_OK; i++) {
        if (!is_new(t, known, i, &s))
            continue;
        status = measure_subject(t, &s);
        if (status == MIEN_OK && !mi_tuning_put(known, t->plan[PLAIN].step[i].key, s.best))
            status = mi_fail(t->log, MIEN_ERR_NOMEM, "out of memory");
        if (status != MIEN_OK)
            break;
        mi_progress_step(&progress, (uint32_t)++*measured);
        if (*measured < total && now() - start > seconds) {
            mi_log_write(t->log, MIEN_LOG_INFO, "measuring kernels: %d of %d, the rest at the "
                         "next start", (int)*measured, (int)total);
            return MIEN_OK;
        }
    }
    if (status == MIEN_OK)
        mi_progress_end(&progress);
    return status;
}

static void destroy(tuner *t)
{
    for (int i = 0; i < LAYOUTS; i++) {
        mvk_set_destroy(t->device, &t->set[i]);
        mvk_buffer_destroy(t->device, &t->weights[i]);
        mi_plan_destroy(&t->plan[i]);
    }
    mvk_buffer_destroy(t->device, &t->arena);
    free(t->wanted);
    free(t->got);
}

int mi_tune(mi_tuning *known, mvk_device *device, const mi_graph *graph, double seconds,
            int32_t *measured, mi_log *log)
{
    tuner t = {.device = device, .log = log, .usable = mi_gemm_usable(device)};
    int32_t total = 0;
    subject s;
    *measured = 0;
    int status = make_plans(&t, graph);
    for (int32_t i = 0; status == MIEN_OK && i < t.plan[PLAIN].steps; i++)
        total += is_new(&t, known, i, &s);
    if (status == MIEN_OK && total > 0) {
        status = make_memory(&t, known);
        if (status == MIEN_OK)
            status = fill_arena(&t);
        if (status == MIEN_OK)
            status = measure_all(&t, known, total, seconds, measured);
    }
    destroy(&t);
    return status;
}
