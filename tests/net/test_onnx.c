/* The ONNX reader. Without arguments: models made here. With a folder that make_models.py has
 * filled: each good model against ONNX Runtime's output through the oracle, each bad one against
 * its status and message. */
#include "oracle.h"
#include "sample_models.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "onnx_writer.h"
#include "test_files.h"

/* Relative to the largest value of the expected output. */
static const double TOLERANCE = 1e-4;

static const char *folder;

static uint8_t *read_whole(const char *name, const char *suffix, size_t *size)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.%s", folder, name, suffix);
    return test_file_read(path, size);
}

static size_t volume(const mi_tensor *t)
{
    return (size_t)t->c * (size_t)t->h * (size_t)t->w;
}

/* What every graph must keep to, whatever the model. */
static void check_graph(const mi_graph *g)
{
    assert_true(g->nodes > 0);
    assert_in_range(g->input, 0, g->tensors - 1);
    assert_in_range(g->outputs, 1, MI_GRAPH_OUTPUTS);
    bool *defined = calloc((size_t)g->tensors, sizeof *defined);
    assert_non_null(defined);
    for (int32_t k = 0; k < g->tensors; k++) {
        assert_non_null(g->tensor[k].name);
        defined[k] = g->tensor[k].data || k == g->input;
    }
    for (int32_t k = 0; k < g->nodes; k++) {
        const mi_node *node = &g->node[k];
        assert_non_null(node->name);
        assert_in_range(node->inputs, 1, MI_NODE_INPUTS);
        for (int32_t i = 0; i < node->inputs; i++) {
            assert_true(node->in[i] >= (i ? -1 : 0) && node->in[i] < g->tensors);
            if (node->in[i] >= 0)
                assert_true(defined[node->in[i]]);
        }
        assert_in_range(node->out, 0, g->tensors - 1);
        assert_false(defined[node->out]);
        defined[node->out] = true;
    }
    for (int32_t k = 0; k < g->outputs; k++) {
        assert_in_range(g->output[k], 0, g->tensors - 1);
        assert_true(defined[g->output[k]] && g->output[k] != g->input);
        assert_null(g->tensor[g->output[k]].data);
        for (int32_t i = 0; i < k; i++)
            assert_true(g->output[i] != g->output[k]);
    }
    free(defined);
}

static bool run_good(const char *name, int32_t height, int32_t width)
{
    size_t model_size, in_size, out_size;
    uint8_t *model = read_whole(name, "onnx", &model_size);
    uint8_t *in = read_whole(name, "in", &in_size), *out = read_whole(name, "out", &out_size);
    assert_true(model && in && out);
    mi_log log;
    mi_log_init(&log, NULL);
    mi_graph *g;
    int status = mi_graph_from_onnx(&g, model, model_size, name, height, width, &log);
    bool ok = status == 0;
    if (!ok)
        print_message("%s: %s\n", name, log.error);
    if (ok) {
        check_graph(g);
        const mi_tensor *x = &g->tensor[g->input], *y = &g->tensor[g->output[0]];
        float *result = NULL;
        assert_int_equal(volume(x) * sizeof(float), in_size);
        assert_int_equal(oracle_run(g, (const float *)(const void *)in, &result), 0);
        size_t count = out_size / sizeof(float);
        const float *want = (const float *)(const void *)out;
        ok = volume(y) == count;
        if (!ok)
            print_message("%s: result is %dx%dx%d\n", name, (int)y->c, (int)y->h, (int)y->w);
        double largest = 1e-3;
        for (size_t k = 0; k < count; k++)
            largest = fmax(largest, fabs((double)want[k]));
        double error = ok ? oracle_max_abs(result, want, count) / largest : 0;
        if (error > TOLERANCE) {
            print_message("%s: error %g\n", name, error);
            ok = false;
        }
        free(result);
    }
    mi_graph_destroy(&g);
    free(model);
    free(in);
    free(out);
    return ok;
}

typedef struct lines {
    int32_t errors;
    bool clean; /* printable and short */
} lines;

static void count_line(void *opaque, mien_log_level level, const char *line)
{
    lines *seen = opaque;
    if (level == MIEN_LOG_ERROR)
        seen->errors++;
    for (; *line; line++)
        if (*line < 0x20 || *line > 0x7e)
            seen->clean = false;
}

static bool run_bad(const char *name, int status, int32_t height, int32_t width, const char *part)
{
    size_t size;
    uint8_t *model = read_whole(name, "onnx", &size);
    assert_non_null(model);
    lines seen = {0, true};
    mi_log log;
    mi_log_init(&log, &(mien_log){count_line, &seen, MIEN_LOG_ERROR});
    mi_graph *g = NULL;
    int got = mi_graph_from_onnx(&g, model, size, name, height, width, &log);
    bool ok = got == status && !g && seen.errors == 1 && seen.clean && strstr(log.error, part) &&
              strstr(log.error, name) == log.error;
    if (!ok)
        print_message("%s: status %d, %d lines, '%s'\n", name, got, (int)seen.errors, log.error);
    mi_graph_destroy(&g);
    free(model);
    return ok;
}

static void test_folder(void **state)
{
    (void)state;
    char path[1024], line[512];
    if (!folder) {
        print_message("no folder of models was given\n");
        skip();
    }
    snprintf(path, sizeof path, "%s/list.txt", folder);
    FILE *list = fopen(path, "r");
    assert_non_null(list);
    int good = 0, bad = 0, failed = 0;
    while (fgets(line, sizeof line, list)) {
        char name[128], part[256] = "";
        int height, width, status;
        line[strcspn(line, "\n")] = 0;
        if (sscanf(line, "ok %127s %d %d", name, &height, &width) == 3) {
            failed += !run_good(name, height, width);
            good++;
        } else if (sscanf(line, "bad %127s %d %d %d %255[^\n]", name, &status, &height, &width,
                          part) >= 4) {
            failed += !run_bad(name, status, height, width, part);
            bad++;
        } else {
            fail_msg("list.txt: '%s'", line);
        }
    }
    fclose(list);
    print_message("%d good models, %d bad ones, %d failures\n", good, bad, failed);
    assert_int_equal(failed, 0);
    assert_true(good > 0 && bad > 0);
}

static void test_samples(void **state)
{
    (void)state;
    size_t size;
    const char *name;
    uint8_t *model;
    for (int32_t k = 0; (model = sample_model(k, &size, &name)); k++) {
        mi_log log;
        mi_log_init(&log, NULL);
        mi_graph *g;
        int32_t height = -1, width = -1;
        float picture[3 * 16 * 20], *result = NULL;
        for (size_t i = 0; i < sizeof picture / sizeof *picture; i++)
            picture[i] = (float)(i % 17) / 17;
        assert_int_equal(mi_onnx_input_size(model, size, name, &height, &width, &log), 0);
        assert_true(height == 0 && width == 0);
        int status = mi_graph_from_onnx(&g, model, size, name, 16, 20, &log);
        assert_string_equal(log.error, "");
        assert_int_equal(status, 0);
        check_graph(g);
        assert_int_equal(oracle_run(g, picture, &result), 0);
        for (size_t i = 0; i < volume(&g->tensor[g->output[0]]); i++)
            assert_true(isfinite(result[i]));
        free(result);
        /* Every beginning of the file is refused. */
        for (size_t cut = 0; cut < size; cut += 1 + size / 300) {
            uint8_t *part = malloc(cut ? cut : 1);
            mi_graph *none;
            assert_non_null(part);
            memcpy(part, model, cut);
            assert_true(mi_graph_from_onnx(&none, part, cut, name, 16, 20, &log) < 0);
            assert_null(none);
            free(part);
        }
        mi_graph_destroy(&g);
        free(model);
    }
}

/* A result that can be worked out by hand: a Sobel filter of a ramp. */
static void test_by_hand(void **state)
{
    (void)state;
    static const float sobel[9] = {-1, 0, 1, -2, 0, 2, -1, 0, 1}, bias[1] = {0.5f};
    onnx_writer w;
    size_t size;
    onnx_writer_init(&w, 13);
    onnx_floats(&w, "w", 4, LIST(1, 1, 3, 3), sobel);
    onnx_floats(&w, "b", 1, LIST(1), bias);
    onnx_node(&w, "Conv", "x w b", "y");
    onnx_node(&w, "Conv", "x w", "unused");
    onnx_meta(&w, "mien.title", "Sobel");
    onnx_meta(&w, "mien.role", "style");
    uint8_t *model = onnx_model(&w, LIST(1, 1, 4, 5), &size);
    mi_log log;
    mi_log_init(&log, NULL);
    mi_graph *g;
    int32_t height, width;
    assert_int_equal(mi_onnx_input_size(model, size, "hand", &height, &width, &log), 0);
    assert_true(height == 4 && width == 5);
    assert_int_equal(mi_graph_from_onnx(&g, model, size, "hand", 4, 5, &log), 0);
    assert_int_equal(g->nodes, 1); /* the second result is not needed */
    assert_int_equal(g->tensors, 4);
    assert_int_equal(g->nhwc, 0);
    assert_int_equal(g->mac, 2 * 3 * 9);
    assert_string_equal(mi_graph_meta(g, "mien.title"), "Sobel");
    assert_null(mi_graph_meta(g, "mien"));
    assert_string_equal(mi_op_name(g->node[0].op), "Conv");
    float ramp[20], *result;
    for (int k = 0; k < 20; k++)
        ramp[k] = (float)(k % 5) * 0.25f;
    assert_int_equal(oracle_run(g, ramp, &result), 0);
    for (int k = 0; k < 6; k++)
        assert_true(fabsf(result[k] - 2.5f) < 1e-6f); /* 4 * 2 * 0.25 + 0.5 */
    free(result);
    mi_graph_destroy(&g);
    assert_int_equal(mi_graph_from_onnx(&g, model, size, "hand", 5, 5, &log), MIEN_ERR_INVALID);
    assert_string_equal(log.error, "hand: takes pictures of 5x4, not of 5x5");
    assert_int_equal(mi_graph_from_onnx(&g, model, size, "hand", 0, 5, &log), MIEN_ERR_INVALID);
    mi_graph_destroy(&g);
    free(model);
}

enum { NAMED_H = 3, NAMED_W = 4 };

/* a = i = 2x, b = -2x, y = 3x, of which y is what the file calls its output. */
static uint8_t *named_model(size_t *size)
{
    static const float two[1] = {2};
    onnx_writer w;
    onnx_writer_init(&w, 13);
    onnx_floats(&w, "w", 4, LIST(1, 1, 1, 1), two);
    onnx_node(&w, "Conv", "x w", "a");
    onnx_node(&w, "Identity", "a", "i");
    onnx_node(&w, "Neg", "i", "b");
    onnx_node(&w, "Add", "a x", "y");
    uint8_t *model = onnx_model(&w, LIST(1, 1, NAMED_H, NAMED_W), size);
    return model;
}

typedef struct named_row {
    int32_t count;
    const char *output[MI_GRAPH_OUTPUTS];
    float times[MI_GRAPH_OUTPUTS]; /* of the input */
    int32_t nodes;                 /* of the graph; 0: any number */
} named_row;

static const named_row named_table[] = {
    {1, {"y"}, {3}, 2},
    {1, {"a"}, {2}, 1}, /* what comes behind it is not needed */
    {3, {"a", "b", "y"}, {2, -2, 3}, 3},
    {3, {"y", "b", "a"}, {3, -2, 2}, 3},
    {2, {"a", "a"}, {2, 2}, 0},
    {3, {"b", "y", "b"}, {-2, 3, -2}, 0},
    {2, {"i", "a"}, {2, 2}, 0}, /* two names of one value */
    {1, {"x"}, {1}, 1},
    {2, {"x", "y"}, {1, 3}, 0},
    {3, {"x", "a", "x"}, {1, 2, 1}, 0},
    {8, {"y", "x", "a", "b", "b", "a", "x", "y"}, {3, 1, 2, -2, -2, 2, 1, 3}, 0},
};

static void check_named(const uint8_t *model, size_t size, const named_row *row)
{
    mi_log log;
    mi_log_init(&log, NULL);
    mi_graph *g;
    float picture[NAMED_H * NAMED_W], *result[MI_GRAPH_OUTPUTS];
    for (int k = 0; k < NAMED_H * NAMED_W; k++)
        picture[k] = (float)(k - 5) / 8;
    assert_int_equal(mi_graph_of_outputs(&g, model, size, "named", NAMED_H, NAMED_W, row->output,
                                         row->count, &log), 0);
    assert_string_equal(log.error, "");
    check_graph(g);
    assert_int_equal(g->outputs, row->count);
    if (row->nodes)
        assert_int_equal(g->nodes, row->nodes);
    assert_int_equal(oracle_run(g, picture, result), 0);
    for (int32_t k = 0; k < row->count; k++) {
        const mi_tensor *t = &g->tensor[g->output[k]];
        assert_true(t->c == 1 && t->h == NAMED_H && t->w == NAMED_W);
        for (int i = 0; i < NAMED_H * NAMED_W; i++)
            assert_true(fabsf(result[k][i] - row->times[k] * picture[i]) < 1e-6f);
        free(result[k]);
    }
    mi_graph_destroy(&g);
}

/* Outputs by their names: any value that the input has a part in, in any order. */
static void test_named(void **state)
{
    (void)state;
    size_t size;
    uint8_t *model = named_model(&size);
    for (size_t k = 0; k < sizeof named_table / sizeof *named_table; k++)
        check_named(model, size, &named_table[k]);
    static const struct {
        int32_t count;
        const char *output[2], *line;
    } bad[] = {
        {1, {"c"}, "named: there is no output 'c'"},
        {2, {"y", "ya"}, "named: there is no output 'ya'"},
        {2, {"", "y"}, "named: there is no output ''"},
        {2, {"y", "w"}, "named: output 'w' does not depend on the input"},
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        lines seen = {0, true};
        mi_log log;
        mi_log_init(&log, &(mien_log){count_line, &seen, MIEN_LOG_ERROR});
        mi_graph *g = NULL;
        assert_int_equal(mi_graph_of_outputs(&g, model, size, "named", NAMED_H, NAMED_W,
                                             bad[k].output, bad[k].count, &log), MIEN_ERR_MODEL);
        assert_string_equal(log.error, bad[k].line);
        assert_true(seen.errors == 1 && !g);
    }
    free(model);
}

/* The graph's names go into messages. */
static void test_names(void **state)
{
    (void)state;
    onnx_writer w;
    size_t size;
    mi_log log;
    mi_graph *g;
    onnx_writer_init(&w, 13);
    onnx_node(&w, "Relu", "x", "a\n\x1b[1m\xc3\xa4");
    onnx_node(&w, "Neg", "a\n\x1b[1m\xc3\xa4", "y");
    uint8_t *model = onnx_model(&w, LIST(1, 3, 0, 0), &size);
    mi_log_init(&log, NULL);
    assert_int_equal(mi_graph_from_onnx(&g, model, size, "names", 8, 8, &log), 0);
    assert_string_equal(g->node[0].name, "a??[1m??");
    assert_string_equal(g->tensor[g->node[0].out].name, "a??[1m??");
    mi_graph_destroy(&g);
    free(model);
}

static void test_no_model(void **state)
{
    (void)state;
    mi_log log;
    mi_graph *g;
    int32_t height, width;
    mi_log_init(&log, NULL);
    assert_int_equal(mi_graph_from_onnx(&g, NULL, 0, "none", 8, 8, &log), MIEN_ERR_MODEL);
    assert_string_equal(log.error, "none: not an ONNX model or damaged: the file is empty");
    assert_int_equal(mi_onnx_input_size("text", 4, "none", &height, &width, NULL),
                     MIEN_ERR_MODEL);
    assert_int_equal(mi_graph_from_onnx(&g, "text", 4, NULL, 8, 8, NULL), MIEN_ERR_MODEL);
}

int main(int argc, char **argv)
{
    folder = argc > 1 ? argv[1] : NULL;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_model),
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_named),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_folder),
    };
    return cmocka_run_group_tests_name("onnx", tests, NULL, NULL);
}
