/* A GPU's convolutions without a device: choices, rule, weights as halves, and what was measured
 * in the cache folder. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph_maker.h"
#include "net/gemm.h"
#include "test_files.h"

static mi_log test_log;
static char folder[TEST_FOLDER];

static mvk_device device_of(uint32_t shared, uint32_t invocations, bool float16)
{
    mvk_device d = {.type = VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU, .float16 = float16,
                    .limits = {.maxComputeSharedMemorySize = shared,
                               .maxComputeWorkGroupInvocations = invocations,
                               .maxComputeWorkGroupSize = {invocations, invocations, 64}}};
    return d;
}

static void test_family(void **state)
{
    (void)state;
    mvk_device d = device_of(16384, 128, false);
    assert_int_equal(mi_kernel_family(&d), MI_FAMILY_SIMT);
    d.type = VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU;
    assert_int_equal(mi_kernel_family(&d), MI_FAMILY_SIMT);
    d.type = VK_PHYSICAL_DEVICE_TYPE_CPU;
    d.subgroup = 8;
    assert_int_equal(mi_kernel_family(&d), MI_FAMILY_PLAIN);
    d.subgroup_shuffle = d.float64 = true;
    assert_int_equal(mi_kernel_family(&d), MI_FAMILY_LANES8);
    d.subgroup = 4;
    assert_int_equal(mi_kernel_family(&d), MI_FAMILY_PLAIN);
    d.as_gpu = true;
    assert_int_equal(mi_kernel_family(&d), MI_FAMILY_SIMT);
}

static void test_usable(void **state)
{
    (void)state;
    mvk_device large = device_of(49152, 1024, true), plain = device_of(49152, 1024, false);
    mvk_device least = device_of(16384, 128, true), none = device_of(1024, 16, true);
    uint64_t all = (UINT64_C(1) << mi_gemm_choices()) - 1, words = mi_gemm_usable(&plain);
    assert_true(mi_gemm_usable(&large) == all);
    assert_true(mi_gemm_usable(&none) == 1);
    assert_true(mi_gemm_usable(NULL) == (mi_gemm_usable(&least) & words));
    assert_true((mi_gemm_usable(&least) & ~all) == 0 && mi_gemm_usable(&least) != all);
    for (int32_t c = 0; c < mi_gemm_choices(); c++) {
        bool half = mi_gemm_storage(c) == MI_STORAGE_HALF;
        assert_int_equal(words >> c & 1, !half);
    }
}

/* The step of the only convolution of a graph. */
static mi_step conv_step(mi_plan *plan, int32_t ci, int32_t co, int32_t size, mi_family family,
                         const mi_tuning *tuning)
{
    graph_maker m;
    dice d = dice_of(3);
    maker_init(&m, &d, ci, size, size);
    int32_t y = maker_add_conv(&m, 0, &(maker_conv){.co = co, .kh = 3, .kw = 3, .pad_t = 1,
                                                    .pad_l = 1, .pad_b = 1, .pad_r = 1});
    mi_graph *g = maker_finish(&m, y);
    mi_plan_rules rules = {.family = family, .usable = mi_gemm_usable(NULL), .tuning = tuning,
                           .force = -1};
    assert_int_equal(mi_plan_create_by(plan, g, &rules, &test_log), MIEN_OK);
    mi_graph_destroy(&g);
    assert_int_equal(plan->steps, 1);
    return plan->step[0];
}

static void test_rule(void **state)
{
    (void)state;
    mi_plan plan;
    mi_step s = conv_step(&plan, 32, 32, 128, MI_FAMILY_PLAIN, NULL);
    mi_plan_destroy(&plan);
    assert_int_equal(s.variant.kernel, MI_KERNEL_CONV_TILE);
    assert_true(s.key == 0 && s.choice == 0);
    s = conv_step(&plan, 32, 32, 128, MI_FAMILY_SIMT, NULL);
    mi_plan_destroy(&plan);
    assert_int_equal(s.variant.kernel, MI_KERNEL_CONV_GEMM);
    assert_int_equal(mi_gemm_storage(s.choice), MI_STORAGE_FLOAT);
    assert_true(s.key != 0 && s.groups[0] * s.groups[1] * s.groups[2] >= 128);
    s = conv_step(&plan, 3, 8, 128, MI_FAMILY_SIMT, NULL); /* few channels */
    mi_plan_destroy(&plan);
    assert_int_equal(s.variant.kernel, MI_KERNEL_CONV_TILE);
    assert_true(s.key != 0 && s.choice == 0);
}

/* A layer takes what was measured for one like it, and no other does. */
static void test_measured(void **state)
{
    (void)state;
    mi_plan plan;
    mi_tuning t = {.list = NULL};
    mi_step s = conv_step(&plan, 32, 32, 64, MI_FAMILY_SIMT, NULL);
    mi_plan_destroy(&plan);
    int32_t ruled = s.choice, other = ruled + 1;
    assert_true(mi_tuning_put(&t, s.key, 0));
    s = conv_step(&plan, 32, 32, 64, MI_FAMILY_SIMT, &t);
    mi_plan_destroy(&plan);
    assert_int_equal(s.variant.kernel, MI_KERNEL_CONV_TILE);
    assert_true(mi_tuning_put(&t, s.key, other));
    assert_int_equal(t.count, 1);
    s = conv_step(&plan, 32, 32, 64, MI_FAMILY_SIMT, &t);
    mi_plan_destroy(&plan);
    assert_int_equal(s.variant.kernel, MI_KERNEL_CONV_GEMM);
    assert_int_equal(s.variant.storage, MI_STORAGE_PACKED);
    assert_int_equal(s.choice, other);
    s = conv_step(&plan, 32, 32, 65, MI_FAMILY_SIMT, &t);
    mi_plan_destroy(&plan);
    assert_int_equal(mi_gemm_storage(s.choice), MI_STORAGE_FLOAT);
    mi_tuning_free(&t);
}

static double half_value(uint32_t h)
{
    double f = h & 0x3ff, e = h >> 10 & 31;
    double v = e == 0 ? ldexp(f, -24) : ldexp(1024 + f, (int)e - 25);
    return h & 0x8000 ? -v : v;
}

/* Each weight becomes the nearest half, of two at the same distance the even one. */
static void test_halves(void **state)
{
    (void)state;
    enum { COUNT = 20000, EXACT = 0x7c00 };
    dice d = dice_of(5);
    float *w = malloc(COUNT * 4 * sizeof *w);
    mi_blob blob = {.data = NULL};
    assert_non_null(w);
    int32_t count = 0;
    for (uint32_t h = 0; h < EXACT - 1; h += 7) { /* halves, and what lies between two */
        w[count++] = (float)half_value(h);
        w[count++] = (float)-half_value(h);
        w[count++] = (float)((half_value(h) + half_value(h + 1)) / 2);
    }
    assert_true(count < COUNT);
    for (; count < COUNT; count++)
        w[count] = ldexpf(dice_float(&d, -1, 1), dice_int(&d, -30, 16));
    w[count++] = 65520; /* too large from here on */
    w[count++] = -1e30f;
    w[count++] = INFINITY;
    mi_filter_bank bank = {.weight = w, .ci = 1, .co = count, .kh = 1, .kw = 1, .groups = 1};
    int32_t at = mi_pack_matrix(&blob, &bank, 4, NULL, true);
    assert_false(blob.failed);
    const uint16_t *got = (const uint16_t *)(blob.data + (size_t)at * 4);
    for (int32_t i = 0; i < count; i++) {
        double want = fmax(-65504, fmin(65504, (double)w[i])), v = half_value(got[i]);
        uint32_t below = got[i] & 0x7fff ? got[i] - 1u : got[i];
        uint32_t above = (got[i] & 0x7fff) < 0x7bff ? got[i] + 1u : got[i];
        double off = fabs(v - want), off_below = fabs(half_value(below) - want);
        double off_above = fabs(half_value(above) - want);
        if ((got[i] & 0x7fff) > 0x7bff || off > off_below || off > off_above ||
            (off > 0 && (off == off_below || off == off_above) && (got[i] & 1)))
            fail_msg("%.9g became %.9g", (double)w[i], v);
    }
    mi_blob_free(&blob);
    free(w);
}

/* ---- the cache folder ---- */

static mvk_device cached_device(const char *where, const char *driver)
{
    mvk_device d = device_of(16384, 128, false);
    mi_cache_open(&d.cache, where, &test_log);
    mi_cache_identify(&d.cache, 0x77, driver, strlen(driver));
    return d;
}

static void expect(const char *driver, uint64_t key, int32_t choice)
{
    mi_tuning t = {.list = NULL};
    mvk_device d = cached_device(folder, driver);
    mi_tuning_read(&t, &d);
    assert_int_equal(mi_tuning_find(&t, key), choice);
    mi_tuning_free(&t);
}

static void test_stored(void **state)
{
    (void)state;
    mi_tuning t = {.list = NULL};
    mvk_device d = cached_device(folder, "driver 1");
    expect("driver 1", 7, -1);
    int32_t unusable = 1;
    while (mi_gemm_usable(&d) >> unusable & 1)
        unusable++;
    mi_tuning_put(&t, 7, 2);
    mi_tuning_put(&t, 8, unusable);
    mi_tuning_put(&t, 9, 1000);
    mi_tuning_put(&t, 10, 0);
    mi_tuning_write(&t, &d);
    expect("driver 1", 7, 2);
    expect("driver 1", 8, -1); /* the device cannot run it */
    expect("driver 1", 9, -1);
    expect("driver 1", 10, 0);
    expect("driver 2", 7, -1); /* another driver: all is measured anew */
    mvk_device nowhere = cached_device("none", "driver 1");
    mi_tuning empty = {.list = NULL};
    mi_tuning_write(&t, &nowhere);
    mi_tuning_read(&empty, &nowhere);
    assert_int_equal(empty.count, 0);
    mi_tuning_free(&t);
}

static void test_damaged(void **state)
{
    (void)state;
    char path[TEST_PATH];
    mvk_device d = cached_device(folder, "driver 1");
    snprintf(path, sizeof path, "%s/tuned-0000000000000077", folder);
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, -3, SEEK_END), 0);
    fputc(0x55, f);
    fclose(f);
    expect("driver 1", 7, -1);
    /* a good file of a library with other kernels */
    uint64_t blob[] = {12345, 7, 2};
    mi_cache_write(&d.cache, "tuned", blob, sizeof blob);
    expect("driver 1", 7, -1);
    mi_cache_write(&d.cache, "tuned", blob, 5);
    expect("driver 1", 7, -1);
}

/* What is old goes. */
static void test_many(void **state)
{
    (void)state;
    mi_tuning t = {.list = NULL};
    mvk_device d = cached_device(folder, "driver 1");
    for (uint64_t i = 1; i <= MI_TUNING_MAX + 1; i++)
        assert_true(mi_tuning_put(&t, i, 1));
    mi_tuning_write(&t, &d);
    expect("driver 1", 1, -1);
    expect("driver 1", 2, 1);
    expect("driver 1", MI_TUNING_MAX + 1, 1);
    mi_tuning_free(&t);
}

static int setup(void **state)
{
    (void)state;
    mi_log_init(&test_log, NULL);
    test_folder_make(folder, "gemm");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    mi_log_finish(&test_log);
    test_folder_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_family),   cmocka_unit_test(test_usable),
        cmocka_unit_test(test_rule),     cmocka_unit_test(test_measured),
        cmocka_unit_test(test_halves),   cmocka_unit_test(test_stored),
        cmocka_unit_test(test_damaged),  cmocka_unit_test(test_many)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
