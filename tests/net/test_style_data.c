/* Models whose values lie in a file beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "effect/style.h"
#include "onnx_file.h"
#include "oracle.h"
#include "test_files.h"

enum { SIDE = 4, FRONT = 20 };

static char folder[TEST_FOLDER], model_path[TEST_PATH], data_path[TEST_PATH];
static const float weight[9] = {0, 1, 0, 0, 0, 1, 1, 0, 0}, bias[3] = {0.1f, 0.2f, 0.3f};

/* The weight lies at FRONT of the data, the bias in the model. */
static void write_model(const char *location, const char *offset, const char *length)
{
    onnx_writer w;
    onnx_writer_init(&w, 13);
    onnx_external(&w, "w", 4, LIST(3, 3, 1, 1), location, offset, length);
    onnx_floats(&w, "b", 1, LIST(3), bias);
    onnx_node(&w, "Conv", "x w b", "y");
    onnx_meta(&w, "mien.align", "4");
    onnx_file_write(&w, LIST(1, 3, 0, 0), model_path);
}

static void write_data(void)
{
    uint8_t data[FRONT + sizeof weight];
    memset(data, 0x55, sizeof data);
    memcpy(data + FRONT, weight, sizeof weight);
    test_file_write(data_path, data, sizeof data);
}

static int setup(void **state)
{
    (void)state;
    test_folder_make(folder, "data");
    snprintf(model_path, sizeof model_path, "%s/net.onnx", folder);
    snprintf(data_path, sizeof data_path, "%s/net.onnx.data", folder);
    write_data();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static void expect_found(const char *offset, const char *length)
{
    mi_log log;
    mi_model_file file;
    mi_graph *g;
    float in[3 * SIDE * SIDE], *out;
    mi_log_init(&log, NULL);
    write_model("net.onnx.data", offset, length);
    if (mi_style_open(&file, model_path, "", &log) != MIEN_OK)
        fail_msg("%s", log.error);
    assert_int_equal(mi_graph_from_onnx(&g, file.bytes, file.size, file.path, SIDE, SIDE, &log),
                     MIEN_OK);
    assert_string_equal(mi_graph_meta(g, "mien.align"), "4");
    for (int k = 0; k < 3 * SIDE * SIDE; k++)
        in[k] = (float)k / 48;
    assert_int_equal(oracle_run(g, in, &out), 0);
    for (int k = 0; k < 3 * SIDE * SIDE; k++) {
        int c = k / (SIDE * SIDE), p = k % (SIDE * SIDE), from = (c + 1) % 3;
        assert_float_equal(out[k], in[from * SIDE * SIDE + p] + bias[c], 1e-6);
    }
    free(out);
    mi_graph_destroy(&g);
    mi_model_close(&file);
    mi_log_finish(&log);
}

static void test_found(void **state)
{
    (void)state;
    expect_found("20", "36");
    expect_found("20", NULL); /* the same by type and shape */
    uint8_t data[sizeof weight + 100] = {0};
    memcpy(data, weight, sizeof weight);
    test_file_write(data_path, data, sizeof data);
    expect_found("0", NULL); /* others may follow */
    expect_found(NULL, NULL);
    write_data();
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *location, *offset, *length;
        int status;
        const char *part;
    } rows[] = {
        {"none.data", "0", "36", MIEN_ERR_IO, "its data file 'none.data': No such file"},
        {"net.onnx.data", "24", "36", MIEN_ERR_MODEL, "its data file 'net.onnx.data' is too short"},
        {"net.onnx.data", "999999999999999", "36", MIEN_ERR_MODEL, "is too short"},
        {"net.onnx.data", "20", "999999999999", MIEN_ERR_MODEL, "'w': the data beside the file"},
        {"net.onnx.data", "24", NULL, MIEN_ERR_MODEL, "its data file 'net.onnx.data' is too short"},
        {"net.onnx.data", "20", "0", MIEN_ERR_MODEL, "initializer 'w': its shape"},
        {"net.onnx.data", "20", "35", MIEN_ERR_MODEL, "initializer 'w': its shape"},
        {"net.onnx.data", "-1", "36", MIEN_ERR_MODEL, "'w': where its data lie is damaged"},
        {"net.onnx.data", "1e3", "36", MIEN_ERR_MODEL, "'w': where its data lie is damaged"},
        {"net.onnx.data", "20", "", MIEN_ERR_MODEL, "'w': where its data lie is damaged"},
        {"net\n", "20", "36", MIEN_ERR_MODEL, "'w': where its data lie is damaged"},
        {NULL, "20", "36", MIEN_ERR_MODEL, "'w': where its data lie is damaged"},
        {"/etc/passwd", "0", "36", MIEN_ERR_MODEL, "'/etc/passwd' is not in its folder"},
        {"../net.onnx.data", "0", "36", MIEN_ERR_MODEL, "is not in its folder"},
        {"a/../../net.onnx.data", "0", "36", MIEN_ERR_MODEL, "is not in its folder"},
    };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        mi_log log;
        mi_model_file file;
        mi_graph *g = NULL;
        mi_log_init(&log, NULL);
        write_model(rows[k].location, rows[k].offset, rows[k].length);
        int status = mi_style_open(&file, model_path, "", &log);
        if (status == MIEN_OK)
            status = mi_graph_from_onnx(&g, file.bytes, file.size, file.path, SIDE, SIDE, &log);
        if (status != rows[k].status || !strstr(log.error, rows[k].part))
            fail_msg("row %zu: status %d, '%s'", k, status, log.error);
        assert_null(g);
        mi_model_close(&file);
        mi_log_finish(&log);
    }
}

/* Whatever becomes of the model's bytes: no crash, and nothing but what the file says is read. */
static void test_damaged(void **state)
{
    (void)state;
    mi_log log;
    mi_model_file file;
    mi_log_init(&log, NULL);
    write_model("net.onnx.data", "20", "36");
    size_t size;
    uint8_t *bytes = test_file_read(model_path, &size);
    assert_non_null(bytes);
    for (size_t k = 0; k < size; k++)
        for (int bit = 0; bit < 8; bit++) {
            bytes[k] ^= (uint8_t)(1 << bit);
            test_file_write(model_path, bytes, bit ? size : k + 1);
            mi_graph *g = NULL;
            if (mi_style_open(&file, model_path, "", &log) == MIEN_OK)
                mi_graph_from_onnx(&g, file.bytes, file.size, file.path, SIDE, SIDE, &log);
            mi_graph_destroy(&g);
            mi_model_close(&file);
            bytes[k] ^= (uint8_t)(1 << bit);
        }
    free(bytes);
    mi_log_finish(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_found),
                                       cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_damaged)};
    return cmocka_run_group_tests_name("style data", tests, setup, teardown);
}
