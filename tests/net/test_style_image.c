/* A model's own picture convention, read from its metadata: whatever it is, the same picture comes
 * out. The model keeps its first channel and inverts the other two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "effect/style.h"
#include "onnx_writer.h"
#include "oracle.h"

enum { SIDE = 8, PIXELS = SIDE * SIDE };

/* A model whose pictures are in `range` and `order`; `one` is its white. */
static void write_model(mi_model_file *file, const char *range, const char *order, float zero,
                        float one)
{
    const float weight[9] = {1, 0, 0, 0, -1, 0, 0, 0, -1}, bias[3] = {0, one + zero, one + zero};
    const int64_t weight_dim[4] = {3, 3, 1, 1}, bias_dim[1] = {3}, picture[4] = {1, 3, 0, 0};
    onnx_writer w;
    onnx_writer_init(&w, 13);
    onnx_floats(&w, "w", 4, weight_dim, weight);
    onnx_floats(&w, "b", 1, bias_dim, bias);
    onnx_node(&w, "Conv", "x w b", "y");
    if (range) {
        onnx_meta(&w, "mien.input.range", range);
        onnx_meta(&w, "mien.output.range", range);
    }
    if (order) {
        onnx_meta(&w, "mien.input.order", order);
        onnx_meta(&w, "mien.output.order", order);
    }
    memset(file, 0, sizeof *file);
    strcpy(file->path, "test.onnx");
    file->bytes = onnx_model(&w, picture, &file->size);
    onnx_writer_finish(&w);
}

static void check(const char *range, const char *order, float zero, float one)
{
    mi_log log;
    mi_model_file file;
    mi_graph *graph = NULL;
    float in[3 * PIXELS], *out = NULL;
    mi_log_init(&log, NULL);
    write_model(&file, range, order, zero, one);
    assert_int_equal(mi_style_graph(&graph, &file, SIDE, SIDE, &log), MIEN_OK);
    for (int i = 0; i < 3 * PIXELS; i++)
        in[i] = (float)(i % 97) / 96;
    assert_int_equal(oracle_run(graph, in, &out), 0);
    int kept = order && strcmp(order, "BGR") == 0 ? 2 : 0;
    for (int i = 0; i < 3 * PIXELS; i++)
        assert_float_equal(out[i], (i / PIXELS == kept ? in[i] : 1 - in[i]), 1e-5);
    free(out);
    mi_graph_destroy(&graph);
    mi_model_close(&file);
    mi_log_finish(&log);
}

static void conventions(void **state)
{
    (void)state;
    check(NULL, NULL, 0, 1);
    check("0..1", "RGB", 0, 1);
    check("0..1", "BGR", 0, 1);
    check("-1..1", "RGB", -1, 1);
    check("-1..1", "BGR", -1, 1);
    check("0..255", NULL, 0, 255);
    check("0..255", "BGR", 0, 255);
}

static void refuse(const char *range, const char *order, const char *named)
{
    mi_log log;
    mi_model_file file;
    mi_graph *graph = NULL;
    mi_log_init(&log, NULL);
    write_model(&file, range, order, 0, 1);
    assert_int_equal(mi_style_graph(&graph, &file, SIDE, SIDE, &log), MIEN_ERR_MODEL);
    assert_null(graph);
    assert_non_null(strstr(log.error, named));
    mi_model_close(&file);
    mi_log_finish(&log);
}

static void unknown_words(void **state)
{
    (void)state;
    refuse("0..2", NULL, "mien.input.range is '0..2'");
    refuse(NULL, "GBR", "mien.input.order is 'GBR'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(conventions),
                                       cmocka_unit_test(unknown_words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
