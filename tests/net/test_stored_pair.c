/* Stored pairs: their text, their input, and that those of the models that ship mean something.
 *
 *   test_stored_pair MODELS */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model_file.h"
#include "net/plan.h"
#include "net/stored_pair.h"
#include "onnx_writer.h"

static mi_log test_log;
static const char *models;

/* A model with this text as its pair; NULL: without one. */
static int read_text(mi_pair *pair, const char *text)
{
    onnx_writer w;
    size_t size;
    onnx_writer_init(&w, 13);
    if (text)
        onnx_meta(&w, "mien.check", text);
    onnx_meta(&w, "mien.checked", "another key");
    onnx_node(&w, "Relu", "x", "y");
    uint8_t *bytes = onnx_model(&w, LIST(1, 3, 0, 0), &size);
    int status = mi_pair_read(pair, bytes, size, "model", &test_log);
    free(bytes);
    return status;
}

static void test_text(void **state)
{
    (void)state;
    mi_pair pair;
    assert_int_equal(read_text(&pair, NULL), MIEN_OK);
    assert_int_equal(pair.outputs, 0);
    assert_int_equal(read_text(&pair, "input 12 34 4294967295\noutput y 3f800000\n5:40000000 "
                                      "7:bf000000\noutput other 3dcccccd 0:00000000\n"),
                     MIEN_OK);
    assert_int_equal(pair.height, 12);
    assert_int_equal(pair.width, 34);
    assert_int_equal(pair.seed, UINT32_MAX);
    assert_int_equal(pair.outputs, 2);
    const mi_pair_output *o = pair.output;
    assert_string_equal(o[0].name, "y");
    assert_true(o[0].limit == 1 && o[1].limit == 0.1f);
    assert_int_equal(o[0].points, 2);
    assert_true(o[0].point[0].at == 5 && o[0].point[0].value == 2);
    assert_true(o[0].point[1].at == 7 && o[0].point[1].value == -0.5f);
    assert_string_equal(o[1].name, "other");
    assert_int_equal(o[1].points, 1);
}

static void test_bad_text(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "input", "input 1 2", "input 0 2 3 output y 3f800000 0:00000000",
        "input 1 5000 3 output y 3f800000 0:00000000",
        "input 1 2 4294967296 output y 3f800000 0:00000000",
        "input 1 -2 3 output y 3f800000 0:00000000", "input 1 2 3",
        "input 1 2 3 0:00000000", "input 1 2 3 output y", "input 1 2 3 output y 3f800000",
        "input 1 2 3 output y 3f80000 0:00000000",   /* bits are 8 digits */
        "input 1 2 3 output y 7f800000 0:00000000",  /* infinite */
        "input 1 2 3 output y 00000000 0:00000000",  /* no error at all is allowed */
        "input 1 2 3 output y bf800000 0:00000000",
        "input 1 2 3 output y 3f800000 0:7fc00000",  /* not a number */
        "input 1 2 3 output y 3f800000 0:0000000g", "input 1 2 3 output y 3f800000 :00000000",
        "input 1 2 3 output y 3f800000 2147483648:00000000",
        "input 1 2 3 output y 3f800000 0:00000000 word",
        "input 1 2 3 output y 3f800000 0:00000000 output z 3f800000",
        ("input 1 2 3 output a-name-that-is-longer-than-anybody-would-ever-give-to-any-output "
         "3f800000 0:00000000")};
    mi_pair pair;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (read_text(&pair, bad[i]) != MIEN_ERR_MODEL)
            fail_msg("taken: %s", bad[i]);
        assert_non_null(strstr(test_log.error, "mien.check"));
    }
    char many[8192] = "input 1 2 3 output y 3f800000";
    for (int i = 0; i <= MI_PAIR_POINTS; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), " %d:00000000", i);
    assert_int_equal(read_text(&pair, many), MIEN_ERR_MODEL);
    strcpy(many, "input 1 2 3");
    for (int i = 0; i <= MI_GRAPH_OUTPUTS; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many),
                 " output y%d 3f800000 0:00000000", i);
    assert_int_equal(read_text(&pair, many), MIEN_ERR_MODEL);
}

/* What training/stored_pair.py makes of the same size and seed. */
static void test_input(void **state)
{
    (void)state;
    static const struct {
        int place;
        uint32_t bits;
    } want[] = {{0, 0x3f0ea007}, {1, 0x3f094844}, {14, 0x3f300e7e}, {29, 0x3f49cf03}};
    const mi_pair pair = {.height = 3, .width = 5, .seed = 7};
    float value[30];
    mi_pair_input(&pair, 2, value);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        float expected;
        memcpy(&expected, &want[i].bits, sizeof expected);
        assert_true(value[want[i].place] == expected);
    }
}

static bool same_kernel(const mi_step *a, const mi_step *b)
{
    return memcmp(&a->variant, &b->variant, sizeof a->variant) == 0 &&
           memcmp(a->spec, b->spec, sizeof a->spec) == 0;
}

/* Every kernel that runs on frames of w x h runs in the check, too. */
static void expect_covered(const mi_model_file *file, const mi_pair *pair, int32_t w, int32_t h)
{
    const char *output[] = {pair->output[0].name};
    for (int lanes8 = 0; lanes8 < 2; lanes8++) {
        mi_graph *graph;
        mi_plan checked, used;
        assert_int_equal(mi_graph_of_outputs(&graph, file->bytes, file->size, file->path,
                                             pair->height, pair->width, output, 1, &test_log),
                         MIEN_OK);
        assert_int_equal(mi_plan_create(&checked, graph, lanes8, &test_log), MIEN_OK);
        mi_graph_destroy(&graph);
        assert_int_equal(mi_graph_of_outputs(&graph, file->bytes, file->size, file->path, h, w,
                                             output, 1, &test_log),
                         MIEN_OK);
        assert_int_equal(mi_plan_create(&used, graph, lanes8, &test_log), MIEN_OK);
        mi_graph_destroy(&graph);
        for (int32_t i = 0; i < used.steps; i++) {
            bool found = false;
            for (int32_t k = 0; k < checked.steps && !found; k++)
                found = same_kernel(&used.step[i], &checked.step[k]);
            if (!found)
                fail_msg("'%s' at %dx%d: the kernel of '%s' is not in the check at %dx%d",
                         file->path, (int)w, (int)h, used.step[i].node, (int)pair->width,
                         (int)pair->height);
        }
        mi_plan_destroy(&checked);
        mi_plan_destroy(&used);
    }
}

/* Each network in the folder has a pair that fits it. */
static void test_shipped(void **state)
{
    (void)state;
    static const int32_t size[][2] = {{160, 120}, {428, 240}, {640, 360}, {1280, 720}};
    int styles = 0;
    DIR *folder = opendir(models);
    const struct dirent *entry;
    assert_non_null(folder);
    while ((entry = readdir(folder))) {
        const char *end = strrchr(entry->d_name, '.');
        if (!end || strcmp(end, ".onnx") != 0)
            continue;
        mi_model_file file = {.bytes = NULL};
        mi_pair pair;
        snprintf(file.path, sizeof file.path, "%.300s/%.300s", models, entry->d_name);
        assert_int_equal(mi_model_read(&file, "network", &test_log), MIEN_OK);
        assert_int_equal(mi_pair_read(&pair, file.bytes, file.size, file.path, &test_log),
                         MIEN_OK);
        if (pair.outputs == 0)
            fail_msg("'%s' has no stored pair: training/stored_pair.py makes it (of fetched ones: "
                     "models/fetch_faces.sh)", file.path);
        if (strncmp(entry->d_name, "style-", 6) == 0) {
            for (size_t i = 0; i < sizeof size / sizeof size[0]; i++)
                expect_covered(&file, &pair, size[i][0], size[i][1]);
            styles++;
        }
        mi_model_close(&file);
    }
    closedir(folder);
    assert_true(styles >= 4);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text), cmocka_unit_test(test_bad_text),
        cmocka_unit_test(test_input), cmocka_unit_test(test_shipped),
    };
    if (argc != 2)
        return 1;
    models = argv[1];
    mi_log_init(&test_log, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
