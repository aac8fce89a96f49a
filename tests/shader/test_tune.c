/* The choice of a GPU's kernels by measuring, from end to end on whatever device there is: a CPU
 * driver is given a GPU's kernels. Linked with --wrap, so that a kernel can be made wrong.
 *
 *   test_tune STYLE.onnx */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph_maker.h"
#include "net/gemm.h"
#include "net/net_check.h"
#include "net/tune.h"
#include "test_files.h"

enum { SKIPPED = 77, ANY = -1 };

static char folder[TEST_FOLDER];
static mi_log test_log;
static mvk_device *device;
static int validation_lines, warnings, measured_lines;
static char warning[600];
static int wrong_storage = ANY; /* ANY: all are right */

/* A wrong kernel of a storage is that of another one: it reads weights that are something else. */
const mvk_shader *__wrap_mi_kernel_shader(const mi_variant *variant);
const mvk_shader *__real_mi_kernel_shader(const mi_variant *variant);

const mvk_shader *__wrap_mi_kernel_shader(const mi_variant *variant)
{
    mi_variant v = *variant;
    if (v.kernel == MI_KERNEL_CONV_GEMM && v.storage == wrong_storage)
        v.storage = v.storage == MI_STORAGE_FLOAT ? MI_STORAGE_PACKED : MI_STORAGE_FLOAT;
    return __real_mi_kernel_shader(&v);
}

static void on_line(void *opaque, mien_log_level level, const char *line)
{
    (void)opaque;
    if (strstr(line, "Vulkan validation"))
        validation_lines++;
    if (level == MIEN_LOG_WARNING) {
        warnings++;
        snprintf(warning, sizeof warning, "%s", line);
    }
    if (strstr(line, "GFLOP/s"))
        measured_lines++;
    if (level <= MIEN_LOG_WARNING)
        fprintf(stderr, "%s\n", line);
}

/* Two layers that have choices, one of them twice, and one that has none. */
static mi_graph *make_graph(void)
{
    graph_maker m;
    dice d = dice_of(17);
    const maker_conv three = {.co = 32, .kh = 3, .kw = 3, .pad_t = 1, .pad_l = 1, .pad_b = 1,
                              .pad_r = 1, .bias = true};
    maker_init(&m, &d, 32, 14, 18);
    int32_t x = maker_add_conv(&m, 0, &three), y = maker_add_conv(&m, x, &three);
    y = maker_add_binary(&m, MI_OP_ADD, y, x);
    y = maker_add_conv(&m, y, &(maker_conv){.co = 32, .kh = 3, .kw = 3, .groups = 32});
    return maker_finish(&m, y);
}

enum { LAYERS = 2 }; /* that are told apart: with and without the residual */

static void forget(void)
{
    test_folder_remove(folder); /* what is written next makes it again */
}

static void reset_counts(void)
{
    warnings = measured_lines = 0;
    warning[0] = '\0';
}

static int32_t tune(mi_tuning *t, double seconds)
{
    mi_graph *g = make_graph();
    int32_t measured;
    reset_counts();
    assert_int_equal(mi_tune(t, device, g, seconds, &measured, &test_log), MIEN_OK);
    mi_graph_destroy(&g);
    return measured;
}

/* Makes the network as a stream does; returns its convolutions' choices. */
static void create(int32_t choice[LAYERS])
{
    mi_net net;
    mi_graph *g = make_graph();
    reset_counts();
    assert_int_equal(mi_net_create(&net, device, g, false, &test_log), MIEN_OK);
    assert_int_equal(mi_net_tune(&net, g, &test_log), MIEN_OK);
    int32_t layers = 0;
    for (int32_t i = 0; i < net.plan.steps; i++)
        if (net.plan.step[i].key) {
            assert_true(layers < LAYERS);
            choice[layers++] = net.plan.step[i].choice;
        }
    assert_int_equal(layers, LAYERS);
    mi_net_destroy(&net);
    mi_graph_destroy(&g);
}

/* Measured at the first start, remembered at the second; with a new driver measured again. */
static void test_remembered(void **state)
{
    (void)state;
    int32_t first[LAYERS], second[LAYERS];
    forget();
    create(first);
    assert_true(measured_lines >= 3 * LAYERS); /* plain and gemm, floats and halves */
    assert_int_equal(warnings, 0);
    create(second);
    assert_int_equal(measured_lines, 0);
    assert_memory_equal(first, second, sizeof first);
    device->cache.driver[0] ^= 1;
    create(second);
    device->cache.driver[0] ^= 1;
    assert_true(measured_lines >= 3 * LAYERS);
}

/* What the file says is what runs. */
static void test_taken(void **state)
{
    (void)state;
    mi_tuning t = {.list = NULL};
    int32_t got[LAYERS];
    forget();
    assert_int_equal(tune(&t, 60), LAYERS);
    assert_int_equal(t.count, LAYERS);
    for (size_t i = 0; i < t.count; i++)
        t.list[i].choice = i ? 0 : 2;
    mi_tuning_write(&t, device);
    create(got);
    assert_int_equal(measured_lines, 0);
    assert_int_equal(got[0], 2);
    assert_int_equal(got[1], 0);
    mi_tuning_free(&t);
}

/* Time is short: one layer at a time, until all are known. */
static void test_bounded(void **state)
{
    (void)state;
    mi_tuning t = {.list = NULL};
    for (int32_t i = 0; i < LAYERS; i++)
        assert_int_equal(tune(&t, 0), 1);
    assert_int_equal(tune(&t, 0), 0);
    assert_int_equal(measured_lines, 0);
    mi_tuning_free(&t);
}

/* A kernel that computes something else is dropped with a warning, whichever it is. */
static void test_wrong(void **state)
{
    (void)state;
    for (int storage = 0; storage < MI_STORAGES; storage++) {
        mi_tuning t = {.list = NULL};
        char text[32];
        if (storage == MI_STORAGE_HALF && !device->float16)
            continue;
        wrong_storage = storage;
        assert_int_equal(tune(&t, 60), LAYERS);
        wrong_storage = ANY;
        assert_true(warnings >= LAYERS);
        assert_non_null(strstr(warning, device->name));
        assert_non_null(strstr(warning, "wrongly"));
        snprintf(text, sizeof text, ", %s (", (const char *[]){"floats", "packed halves",
                                                               "halves"}[storage]);
        assert_non_null(strstr(warning, text));
        for (size_t i = 0; i < t.count; i++)
            assert_true(t.list[i].choice == 0 ||
                        (int)mi_gemm_storage((int32_t)t.list[i].choice) != storage);
        mi_tuning_free(&t);
    }
}

/* Without a folder nothing is measured: kernels come by the rule. A CPU is not measured. */
static void test_rule_only(void **state)
{
    (void)state;
    int32_t ruled[LAYERS];
    mi_cache kept = device->cache;
    device->cache.folder[0] = '\0';
    create(ruled);
    device->cache = kept;
    assert_int_equal(measured_lines, 0);
    for (int i = 0; i < LAYERS; i++)
        assert_true(ruled[i] > 0 && mi_gemm_storage(ruled[i]) == MI_STORAGE_FLOAT);
    mi_graph *g = make_graph();
    mi_net net;
    forget();
    device->as_gpu = false;
    assert_int_equal(mi_net_create(&net, device, g, false, &test_log), MIEN_OK);
    assert_int_equal(mi_net_tune(&net, g, &test_log), MIEN_OK);
    bool cpu = device->type == VK_PHYSICAL_DEVICE_TYPE_CPU;
    assert_true(!cpu || measured_lines == 0);
    device->as_gpu = true;
    mi_net_destroy(&net);
    mi_graph_destroy(&g);
}

static void *read_model(const char *path, size_t *size)
{
    void *bytes = path ? test_file_read(path, size) : NULL;
    if (!bytes)
        fail_msg("'%s' cannot be read", path ? path : "");
    return bytes;
}

/* Convolutions through shared memory of a plan. */
static int32_t count_gemm(const mi_plan *plan)
{
    int32_t count = 0;
    for (int32_t i = 0; i < plan->steps; i++)
        count += plan->step[i].variant.kernel == MI_KERNEL_CONV_GEMM;
    return count;
}

/* What the rule picks is checked with the model's stored pair: where it is wrong, the kernels for
 * any device are taken. */
static void test_trust(void **state)
{
    const char *path = *state;
    size_t size;
    void *bytes = read_model(path, &size);
    mi_graph *g;
    mi_net net;
    assert_int_equal(mi_graph_from_onnx(&g, bytes, size, path, 48, 64, &test_log), MIEN_OK);
    int32_t picked[2]; /* with right kernels, with wrong ones */
    for (int k = 0; k < 2; k++) {
        mvk_device *fresh;
        assert_int_equal(mvk_device_create(&fresh, &(mvk_device_config){"", "none"}, &test_log),
                         MIEN_OK);
        fresh->as_gpu = true;
        reset_counts();
        wrong_storage = k ? MI_STORAGE_FLOAT : ANY;
        assert_int_equal(mi_net_open(&net, fresh, g, bytes, size, path, &test_log), MIEN_OK);
        wrong_storage = ANY;
        picked[k] = count_gemm(&net.plan);
        assert_int_equal(warnings, k);
        mi_net_destroy(&net);
        mvk_device_destroy(&fresh);
    }
    assert_true(picked[0] > 0);
    assert_int_equal(picked[1], 0);
    mi_graph_destroy(&g);
    free(bytes);
}

/* Only what frames run is measured, not the stored pair of another size. */
static void test_frames_only(void **state)
{
    const char *path = *state;
    size_t size;
    void *bytes = read_model(path, &size);
    mi_tuning t = {.list = NULL};
    mi_graph *g;
    mi_net net;
    forget();
    reset_counts();
    assert_int_equal(mi_graph_from_onnx(&g, bytes, size, path, 16, 16, &test_log), MIEN_OK);
    assert_int_equal(mi_net_open(&net, device, g, bytes, size, path, &test_log), MIEN_OK);
    assert_true(measured_lines > 0);
    mi_tuning_read(&t, device);
    assert_true(t.count > 0);
    for (size_t i = 0; i < t.count; i++) {
        bool there = false;
        for (int32_t k = 0; k < net.plan.steps; k++)
            there = there || net.plan.step[k].key == t.list[i].key;
        assert_true(there);
    }
    mi_tuning_free(&t);
    mi_net_destroy(&net);
    mi_graph_destroy(&g);
    free(bytes);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_remembered), cmocka_unit_test(test_taken),
        cmocka_unit_test(test_bounded), cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_rule_only),
        cmocka_unit_test_prestate(test_trust, argc > 1 ? argv[1] : NULL),
        cmocka_unit_test_prestate(test_frames_only, argc > 1 ? argv[1] : NULL)};
    mi_log_init(&test_log, &(mien_log){on_line, NULL, MIEN_LOG_DEBUG});
    test_folder_make(folder, "tune");
    int status = mvk_device_create(&device, &(mvk_device_config){"", folder}, &test_log);
    if (status != MIEN_OK) { /* a line has said why */
        test_folder_remove(folder);
        return status == MIEN_ERR_NO_DEVICE ? SKIPPED : 1;
    }
    device->as_gpu = true;
    int failed = cmocka_run_group_tests_name("tuning", tests, NULL, NULL);
    mvk_device_destroy(&device);
    mi_log_finish(&test_log);
    test_folder_remove(folder);
    return failed || validation_lines;
}
