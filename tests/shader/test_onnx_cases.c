/* Runs the cases that make_cases.py or make_teachers.py has made on the device:
 *
 *   test_onnx_cases FOLDER
 *
 * A line for each kind of try of each case: passed, failed or refused, the kind, the case and the
 * reader's or the comparison's words. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net_trial.h"
#include "test_files.h"

/* Those of ONNX's own backend tests. */
static const double RELATIVE = 1e-3, ABSOLUTE = 1e-7;

enum { TEXT = 512 };

typedef struct wanted_output {
    char name[TEXT];
    double relative, absolute; /* tolerances besides those of ONNX's own tests */
    int32_t rank, dim[8];
    size_t count;
} wanted_output;

typedef struct one_try {
    char kind[32], stem[TEXT];
    int32_t height, width, outputs;
    wanted_output output[MI_GRAPH_OUTPUTS];
} one_try;

static const char *folder;

static void *read_whole(const char *stem, const char *suffix, size_t *size)
{
    char path[5 * TEXT];
    snprintf(path, sizeof path, "%s/%s.%s", folder, stem, suffix);
    void *bytes = test_file_read(path, size);
    if (!bytes) {
        fprintf(stderr, "%s is not there\n", path);
        exit(1);
    }
    return bytes;
}

/* Value `flat` of the model's order in a result that lies in C,H,W. */
static size_t place(const wanted_output *o, bool nhwc, size_t flat)
{
    if (!nhwc)
        return flat;
    size_t c = flat % (size_t)o->dim[3], pixel = flat / (size_t)o->dim[3];
    return c * (size_t)o->dim[1] * (size_t)o->dim[2] + pixel;
}

static bool compare(const one_try *t, int32_t k, const mi_graph *g, const float *got, char *why)
{
    const wanted_output *o = &t->output[k];
    const mi_tensor *y = &g->tensor[g->output[k]];
    size_t size;
    char suffix[2 * TEXT];
    snprintf(suffix, sizeof suffix, "%s.out", o->name);
    float *want = read_whole(t->stem, suffix, &size);
    bool good = (size_t)y->c * (size_t)y->h * (size_t)y->w == o->count;
    if (!good)
        snprintf(why, TEXT, "output %d is %dx%dx%d", (int)k, (int)y->c, (int)y->h, (int)y->w);
    double relative = fmax(RELATIVE, o->relative), absolute = fmax(ABSOLUTE, o->absolute);
    for (size_t i = 0; good && i < o->count; i++) {
        double a = got[place(o, g->nhwc_out[k], i)], b = want[i];
        good = fabs(a - b) <= absolute + relative * fabs(b) || (isinf(b) && fabs(a) > 1e30) ||
               (isnan(a) && isnan(b));
        if (!good)
            snprintf(why, TEXT, "value %zu of output %d is %g, not %g", i, (int)k, a, b);
    }
    free(want);
    return good;
}

/* 1: passed, 0: failed, -1: the reader or the planner refused it. */
static int run_try(net_trial *trial, const one_try *t, char *why)
{
    const char *names[MI_GRAPH_OUTPUTS];
    size_t model_size, in_size, total = 0;
    uint8_t *model = read_whole(t->stem, "onnx", &model_size);
    float *input = read_whole(t->stem, "in", &in_size);
    mi_log log;
    mi_graph *g;
    mi_log_init(&log, NULL);
    for (int32_t k = 0; k < t->outputs; k++)
        names[k] = t->output[k].name;
    int status = mi_graph_of_outputs(&g, model, model_size, "model", t->height, t->width, names,
                                     t->outputs, &log);
    int result = status == MIEN_OK ? 0 : -1;
    const char *message = strstr(log.error, ": ");
    snprintf(why, TEXT, "%.400s", message ? message + 2 : log.error);
    for (int32_t k = 0; g && k < g->outputs; k++) {
        const mi_tensor *y = &g->tensor[g->output[k]];
        total += (size_t)y->c * (size_t)y->h * (size_t)y->w;
    }
    float *got = calloc(total + 1, sizeof *got), *from = got;
    if (!got)
        abort();
    if (g && !net_trial_compute(trial, g, input, got)) {
        snprintf(why, TEXT, "%.400s", trial->rig->log.error);
    } else if (g) {
        result = 1;
        for (int32_t k = 0; k < g->outputs && result == 1; k++) {
            const mi_tensor *y = &g->tensor[g->output[k]];
            result = compare(t, k, g, from, why);
            from += (size_t)y->c * (size_t)y->h * (size_t)y->w;
        }
    }
    free(got);
    free(input);
    free(model);
    mi_graph_destroy(&g);
    return result;
}

typedef struct case_state {
    char name[TEXT], kind[32], why[TEXT];
    int result;
    bool open;
} case_state;

static void report(case_state *c)
{
    static const char *const word[] = {"refused", "failed", "passed"};
    if (c->open)
        printf("%s %s %s %s\n", word[c->result + 1], c->kind, c->name,
               c->result == 1 ? "" : c->why);
    c->open = false;
}

/* The first try of a kind that is taken counts; if none is, the words on the last one. */
static void take_try(net_trial *trial, case_state *c, const one_try *t)
{
    char why[TEXT] = "";
    bool first = !c->open || strcmp(c->kind, t->kind) != 0;
    if (first)
        report(c);
    if (!first && c->result >= 0)
        return;
    int result = run_try(trial, t, why);
    snprintf(c->kind, sizeof c->kind, "%s", t->kind);
    snprintf(c->why, sizeof c->why, "%s", why);
    c->result = result;
    c->open = true;
}

static bool read_output(FILE *list, wanted_output *o)
{
    o->count = 1;
    if (fscanf(list, " out %511s %lf %lf %d", o->name, &o->relative, &o->absolute,
               &o->rank) != 4 || o->rank > 8)
        return false;
    for (int32_t k = 0; k < o->rank; k++) {
        if (fscanf(list, "%d", &o->dim[k]) != 1)
            return false;
        o->count *= (size_t)o->dim[k];
    }
    return true;
}

static bool run_list(net_trial *trial, FILE *list)
{
    case_state c = {.open = false};
    char word[16];
    while (fscanf(list, "%15s", word) == 1) {
        one_try t = {.outputs = 0};
        if (strcmp(word, "case") == 0) {
            report(&c);
            if (fscanf(list, "%511s", c.name) != 1)
                return false;
            continue;
        }
        if (strcmp(word, "try") != 0 || fscanf(list, "%31s %511s %d %d %d", t.kind, t.stem,
                                               &t.height, &t.width, &t.outputs) != 5 ||
            t.outputs < 1 || t.outputs > MI_GRAPH_OUTPUTS)
            return false;
        for (int32_t k = 0; k < t.outputs; k++)
            if (!read_output(list, &t.output[k]))
                return false;
        take_try(trial, &c, &t);
    }
    report(&c);
    return true;
}

int main(int argc, char **argv)
{
    char path[3 * TEXT];
    device_rig rig;
    net_trial trial;
    folder = argc > 1 ? argv[1] : ".";
    snprintf(path, sizeof path, "%s/list.txt", folder);
    FILE *list = fopen(path, "r");
    if (!list) {
        fprintf(stderr, "%s is not there\n", path);
        return 1;
    }
    if (!rig_open(&rig)) {
        rig_close(&rig);
        fclose(list);
        return RIG_SKIPPED;
    }
    net_trial_init(&trial, &rig);
    bool ok = run_list(&trial, list);
    if (!ok)
        fprintf(stderr, "%s is damaged\n", path);
    fclose(list);
    fprintf(stderr, "%d pipelines, %d validation lines\n", (int)trial.count,
            rig.validation_lines);
    int lines = rig.validation_lines;
    net_trial_finish(&trial);
    rig_close(&rig);
    return ok && !lines ? 0 : 1;
}
