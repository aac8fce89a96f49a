/* Every network kernel against the scalar oracle, over random shapes and parameters.
 *
 *   test_net_kernels [--seed S] [--times N] [--only GROUP] [--gpu N] [folder of models]
 *
 * The seed is fixed, so a failure comes back; --times 20 is a long run. --gpu N: the cases of
 * convolutions with a GPU's kernels instead, every N-th of them, each with the next of the choices
 * in core/net/gemm.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/gemm.h"
#include "net_cases.h"

void session_check_range(net_session *s, graph_maker *m, int32_t output, dice *seed,
                         const char *what, float low, float high)
{
    mi_graph *g = maker_finish(m, output);
    net_trial_run(&s->trial, g, seed, &(trial_options){.what = what, .lanes8 = true, .low = low,
                                                       .high = high});
    mi_graph_destroy(&g);
}

static bool has_conv(const mi_graph *g)
{
    for (int32_t i = 0; i < g->nodes; i++)
        if (g->node[i].op == MI_OP_CONV)
            return true;
    return false;
}

/* Does the graph hold what the kernel of small pictures can do? */
static bool has_small(const mi_graph *g)
{
    const mi_plan_rules rules = {.family = MI_FAMILY_LANES8, .force = -1,
                                 .small = MI_SMALL_WHERE_IT_CAN};
    mi_plan plan;
    bool found = false;
    if (mi_plan_create_by(&plan, g, &rules, NULL) != MIEN_OK)
        return false;
    for (int32_t i = 0; i < plan.steps; i++)
        found = found || plan.step[i].variant.kernel == MI_KERNEL_SMALL;
    mi_plan_destroy(&plan);
    return found;
}

/* The next case with the next of a GPU's kernels. */
static void check_gpu(net_session *s, const mi_graph *g, dice *seed, const char *what)
{
    if (!has_conv(g) || s->cases++ % s->gpu != 0)
        return;
    uint64_t usable = mi_gemm_usable(s->rig.device);
    do
        s->choice = s->choice % (mi_gemm_choices() - 1) + 1;
    while (!(usable >> s->choice & 1));
    net_trial_run(&s->trial, g, seed, &(trial_options){.what = what, .choice = s->choice});
}

void session_check(net_session *s, graph_maker *m, int32_t output, dice *seed, const char *what)
{
    mi_graph *g = maker_finish(m, output);
    if (s->gpu) {
        check_gpu(s, g, seed, what);
        mi_graph_destroy(&g);
        return;
    }
    bool eight = mi_kernel_family(s->rig.device) == MI_FAMILY_LANES8;
    if (eight && has_conv(g))
        net_trial_run(&s->trial, g, seed, &(trial_options){.what = what, .lanes8 = true,
                                                           .winograd = s->winograd,
                                                           .small = MI_SMALL_NEVER});
    if (eight && has_small(g))
        net_trial_run(&s->trial, g, seed, &(trial_options){.what = what, .lanes8 = true,
                                                           .small = MI_SMALL_WHERE_IT_CAN});
    net_trial_run(&s->trial, g, seed, &(trial_options){.what = what, .winograd = s->winograd});
    mi_graph_destroy(&g);
}

/* A group goes on after a wrong result, so that one run shows all; here it fails. */
static int no_failures(void **state)
{
    net_session *s = *state;
    int32_t failures = s->trial.failures;
    s->trial.failures = 0;
    if (failures)
        print_message("%d wrong results\n", (int)failures);
    return failures ? -1 : 0;
}

#define GROUP(name) {#name, name, NULL, no_failures, NULL}

int main(int argc, char **argv)
{
    net_session s = {.seed = 20250101, .times = 1};
    struct CMUnitTest tests[] = {
        GROUP(cases_conv_tile),  GROUP(cases_conv_pad),       GROUP(cases_conv_up),
        GROUP(cases_conv_wide),  GROUP(cases_conv_pair),
        GROUP(cases_wino),
        GROUP(cases_conv_joint), GROUP(cases_conv_depth_to_space),
        GROUP(cases_conv_point), GROUP(cases_conv_any),       GROUP(cases_conv_depthwise),
        GROUP(cases_conv_transpose), GROUP(cases_conv_large),
        GROUP(cases_norm),       GROUP(cases_norm_of_conv),   GROUP(cases_affine),
        GROUP(cases_activations),
        GROUP(cases_binary),     GROUP(cases_concat),         GROUP(cases_pad),
        GROUP(cases_slice),      GROUP(cases_space),          GROUP(cases_resize),
        GROUP(cases_pool),       GROUP(cases_refused),        GROUP(cases_chain),
        GROUP(cases_random_graph), GROUP(cases_models),       GROUP(cases_blocks),
        GROUP(cases_blocks_fuse), GROUP(cases_full),          GROUP(cases_outputs),
        GROUP(cases_pixels),
        GROUP(cases_face_models), GROUP(cases_functions),     GROUP(cases_more_binary),
        GROUP(cases_copy),       GROUP(cases_resize_table)};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            s.seed = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--times") == 0 && i + 1 < argc)
            s.times = (int32_t)strtol(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
            cmocka_set_test_filter(argv[++i]);
        else if (strcmp(argv[i], "--gpu") == 0 && i + 1 < argc)
            s.gpu = (int32_t)strtol(argv[++i], NULL, 10);
        else
            s.models = argv[i];
    }
    if (!rig_open(&s.rig)) {
        rig_close(&s.rig);
        return RIG_SKIPPED;
    }
    net_trial_init(&s.trial, &s.rig);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tests[i].initial_state = &s;
    print_message("seed %llu, device '%s', lanes8 %d\n", (unsigned long long)s.seed,
                  s.rig.device->name, mi_kernel_family(s.rig.device) == MI_FAMILY_LANES8);
    if (s.gpu)
        s.rig.device->dispatch_work = 1e5; /* as on GPUs, where a long dispatch is split */
    int failed = cmocka_run_group_tests_name("net kernels", tests, NULL, NULL);
    print_message("%d runs, %d pipelines, worst NMSE of the good ones %.2g, with halves %.2g "
                  "(off by %.2g of the largest value or of 1), %d validation lines\n",
                  (int)s.trial.runs, (int)s.trial.count, s.trial.worst, s.trial.worst_halves,
                  s.trial.halves_off, s.rig.validation_lines);
    int lines = s.rig.validation_lines;
    net_trial_finish(&s.trial);
    rig_close(&s.rig);
    return failed || lines ? 1 : 0;
}
