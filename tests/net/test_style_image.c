/* Networks of any convention and size make the same picture of a picture once they are fitted. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "effect/style.h"
#include "effect/style_image.h"
#include "onnx_writer.h"
#include "oracle.h"

enum { SIDE = 8, PIXELS = SIDE * SIDE, INPUT_RGB = 1, INPUT_BGR = 2, INPUT_FIRST_RANGE = 4 };

/* Bits of the words of style-input, by their place among its choices. */
static uint32_t word(int32_t range)
{
    return INPUT_FIRST_RANGE << (range - 1);
}

static mi_model_file finish(onnx_writer *w, const int64_t picture[4])
{
    mi_model_file file = {.size = 0};
    strcpy(file.path, "test.onnx");
    file.bytes = onnx_model(w, picture, &file.size);
    return file;
}

typedef struct meta {
    const char *key, *value;
} meta;

/* The network keeps its first channel and inverts the other two; `zero`, `one`: its black and
 * white. */
static mi_model_file inverter(const meta *metas, float zero, float one)
{
    const float weight[9] = {1, 0, 0, 0, -1, 0, 0, 0, -1}, bias[3] = {0, one + zero, one + zero};
    onnx_writer w;
    onnx_writer_init(&w, 13);
    onnx_floats(&w, "w", 4, LIST(3, 3, 1, 1), weight);
    onnx_floats(&w, "b", 1, LIST(3), bias);
    onnx_node(&w, "Conv", "x w b", "y");
    for (; metas && metas->key; metas++)
        onnx_meta(&w, metas->key, metas->value);
    return finish(&w, LIST(1, 3, 0, 0));
}

static const mi_style_fit as_it_is = {.scale = 1, .w = SIDE, .h = SIDE, .inner_w = SIDE,
                                      .inner_h = SIDE, .net_w = SIDE, .net_h = SIDE,
                                      .out_w = SIDE, .out_h = SIDE, .crop_w = SIDE,
                                      .crop_h = SIDE};

/* Both ranges are known here, so that no device is needed. */
static int make(mi_graph **graph, const mi_model_file *file, uint32_t input, uint32_t output,
                mi_log *log)
{
    mi_log_init(log, NULL);
    return mi_style_graph(graph, file, &as_it_is, input, output, NULL, log);
}

static void check(const meta *metas, uint32_t input, uint32_t output, float zero, float one,
                  int32_t kept)
{
    mi_log log;
    mi_graph *graph = NULL;
    float in[3 * PIXELS], *out = NULL;
    mi_model_file file = inverter(metas, zero, one);
    int status = make(&graph, &file, input, output, &log);
    if (status != MIEN_OK)
        fail_msg("%s", log.error);
    for (int i = 0; i < 3 * PIXELS; i++)
        in[i] = (float)(i % 97) / 96;
    assert_int_equal(oracle_run(graph, in, &out), 0);
    for (int i = 0; i < 3 * PIXELS; i++)
        assert_float_equal(out[i], (i / PIXELS == kept ? in[i] : 1 - in[i]), 1e-5);
    free(out);
    mi_graph_destroy(&graph);
    mi_model_close(&file);
    mi_log_finish(&log);
}

#define METAS(...) (const meta[]){__VA_ARGS__, {NULL, NULL}}
#define BOTH(range, order) \
    METAS({"mien.input.range", range}, {"mien.output.range", range}, \
          {"mien.input.order", order}, {"mien.output.order", order})

static void from_the_file(void **state)
{
    (void)state;
    check(BOTH("0..1", "RGB"), 0, 0, 0, 1, 0);
    check(BOTH("0..1", "BGR"), 0, 0, 0, 1, 2);
    check(BOTH("-1..1", "RGB"), 0, 0, -1, 1, 0);
    check(BOTH("-1..1", "BGR"), 0, 0, -1, 1, 2);
    check(BOTH("0..255", "RGB"), 0, 0, 0, 255, 0);
    check(BOTH("0..255", "BGR"), 0, 0, 0, 255, 2);
    /* ONNX's own keys */
    check(METAS({"Image.BitmapPixelFormat", "Bgr8"},
                {"Image.NominalPixelRange", "NominalRange_0_255"}), 0, 0, 0, 255, 2);
    check(METAS({"Image.NominalPixelRange", "Normalized_1_1"}), 0, 0, -1, 1, 0);
    check(METAS({"Image.NominalPixelRange", "Normalized_0_1"}), 0, 0, 0, 1, 0);
    /* one side is like the other */
    check(METAS({"mien.output.range", "0..255"}, {"mien.output.order", "BGR"}), 0, 0, 0, 255, 2);
}

static void from_the_user(void **state)
{
    (void)state;
    uint32_t unit = word(MI_RANGE_UNIT), byte = word(MI_RANGE_BYTE);
    check(NULL, unit, unit, 0, 1, 0);
    check(NULL, byte | INPUT_BGR, byte | INPUT_BGR, 0, 255, 2);
    check(NULL, INPUT_BGR, byte, 0, 255, 2);
    check(BOTH("0..1", "RGB"), byte | INPUT_BGR, byte | INPUT_BGR, 0, 255, 2); /* it knows better */
}

static void refuse(const meta *metas, uint32_t input, uint32_t output, int status,
                   const char *line)
{
    mi_log log;
    mi_graph *graph = NULL;
    mi_model_file file = inverter(metas, 0, 1);
    assert_int_equal(make(&graph, &file, input, output, &log), status);
    assert_null(graph);
    assert_string_equal(log.error, line);
    mi_model_close(&file);
    mi_log_finish(&log);
}

static void unknown_words(void **state)
{
    (void)state;
    refuse(BOTH("0..2", "RGB"), 0, 0, MIEN_ERR_MODEL,
           "'test.onnx': mien.input.range is '0..2', none of 0..1, -1..1, 0..255, imagenet, caffe");
    refuse(BOTH("0\n\x1b[1m", "RGB"), 0, 0, MIEN_ERR_MODEL, "'test.onnx': mien.input.range is "
           "'0??[1m', none of 0..1, -1..1, 0..255, imagenet, caffe");
    refuse(BOTH("0..1", "GBR"), 0, 0, MIEN_ERR_MODEL,
           "'test.onnx': mien.input.order is 'GBR', none of RGB, BGR");
    refuse(NULL, INPUT_RGB | INPUT_BGR, 0, MIEN_ERR_INVALID,
           "style-input: rgb and bgr contradict each other");
    refuse(NULL, 0, word(MI_RANGE_UNIT) | word(MI_RANGE_BYTE), MIEN_ERR_INVALID,
           "style-output: 0..1 and 0..255 contradict each other");
}

/* Values of a file's ends: a number that the input is multiplied with and one that is added, an
 * activation, the same again. */
typedef struct ends_row {
    float times_in, plus_in;
    const char *act;
    float times_out, plus_out;
    mi_image_range in, out;
} ends_row;

static const ends_row ends_table[] = {
    {1, 0, "Tanh", 1, 0, MI_RANGE_SIGNED, MI_RANGE_SIGNED},
    {1, 0, "Sigmoid", 1, 0, MI_RANGE_UNIT, MI_RANGE_UNIT},
    {1, 0, "Tanh", 0.5f, 0.5f, MI_RANGE_UNIT, MI_RANGE_UNIT},
    {1, 0, "Tanh", 127.5f, 127.5f, MI_RANGE_BYTE, MI_RANGE_BYTE},
    {1, 0, "Tanh", 150, 127.5f, MI_RANGE_BYTE, MI_RANGE_BYTE},
    {1 / 127.5f, -1, "Tanh", 1, 0, MI_RANGE_BYTE, MI_RANGE_SIGNED},
    {1 / 255.0f, 0, "Sigmoid", 255, 0, MI_RANGE_BYTE, MI_RANGE_BYTE},
    {2, -1, "Tanh", 0.5f, 0.5f, MI_RANGE_UNIT, MI_RANGE_UNIT},
    {4.4f, -2, "Sigmoid", 1, 0, MI_RANGE_UNIT, MI_RANGE_UNIT},
    {0.5f, 0.5f, "Sigmoid", 2, -1, MI_RANGE_SIGNED, MI_RANGE_SIGNED},
    {1, -117, "Relu", 1, 0, MI_RANGE_BYTE, MI_RANGE_UNKNOWN},
    {1, 0, "Relu", 1, 0, MI_RANGE_UNKNOWN, MI_RANGE_UNKNOWN},
};

static mi_model_file with_ends(const ends_row *row)
{
    float weight[9] = {1, 0.5f, 0, 0, 1, 0, 0, 0, 1};
    onnx_writer w;
    onnx_writer_init(&w, 13);
    onnx_floats(&w, "ti", 0, NULL, &row->times_in);
    onnx_floats(&w, "pi", 0, NULL, &row->plus_in);
    onnx_floats(&w, "to", 0, NULL, &row->times_out);
    onnx_floats(&w, "po", 0, NULL, &row->plus_out);
    onnx_floats(&w, "w", 4, LIST(3, 3, 1, 1), weight);
    onnx_node(&w, "Mul", "x ti", "a");
    onnx_node(&w, "Add", "a pi", "b");
    onnx_node(&w, "Conv", "b w", "c");
    onnx_node(&w, row->act, "c", "d");
    onnx_node(&w, "Mul", "d to", "e");
    onnx_node(&w, "Add", "e po", "y");
    return finish(&w, LIST(1, 3, 0, 0));
}

static void from_the_network(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof ends_table / sizeof ends_table[0]; k++) {
        const ends_row *row = &ends_table[k];
        mi_log log;
        mi_graph *graph;
        mi_images images = {.in = {MI_ORDER_UNKNOWN, MI_RANGE_UNKNOWN}};
        mi_model_file file = with_ends(row);
        mi_log_init(&log, NULL);
        assert_int_equal(mi_style_bare(&graph, &file, &as_it_is, &log), MIEN_OK);
        bool known = mi_images_of_network(&images, graph);
        if (images.in.range != row->in || images.out.range != row->out)
            fail_msg("row %zu: ranges %d and %d", k, (int)images.in.range, (int)images.out.range);
        assert_int_equal(known, row->in != MI_RANGE_UNKNOWN && row->out != MI_RANGE_UNKNOWN);
        mi_graph_destroy(&graph);
        mi_model_close(&file);
        mi_log_finish(&log);
    }
}

static void from_values(void **state)
{
    (void)state;
    static const struct {
        float low, high;
        mi_image_range range;
    } rows[] = {{0.02f, 0.98f, MI_RANGE_UNIT}, {-0.3f, 1.2f, MI_RANGE_UNIT},
                {-0.97f, 0.9f, MI_RANGE_SIGNED}, {-20, 260, MI_RANGE_BYTE},
                {10, 200, MI_RANGE_BYTE}, {254, 255, MI_RANGE_BYTE},
                {1, 0, MI_RANGE_UNIT}};
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        mi_images images = {.in = {MI_ORDER_UNKNOWN, MI_RANGE_UNKNOWN}};
        mi_images_of_values(&images, rows[k].low, rows[k].high);
        assert_int_equal(images.out.range, rows[k].range);
        assert_int_equal(images.in.range, rows[k].range);
        assert_int_equal(images.in.order, MI_ORDER_RGB);
        assert_int_equal(images.out.order, MI_ORDER_RGB);
    }
}

/* Caffe's pictures are BGR unless the order is said, and so is the other side. */
static void order_of_caffe(void **state)
{
    (void)state;
    static const struct {
        mi_images said;
        mi_image_order in, out;
    } rows[] = {
        {{{MI_ORDER_UNKNOWN, MI_RANGE_CAFFE}, {0}}, MI_ORDER_BGR, MI_ORDER_BGR},
        {{{0}, {MI_ORDER_UNKNOWN, MI_RANGE_CAFFE}}, MI_ORDER_BGR, MI_ORDER_BGR},
        {{{MI_ORDER_RGB, MI_RANGE_CAFFE}, {0}}, MI_ORDER_RGB, MI_ORDER_RGB},
        {{{0}, {MI_ORDER_RGB, MI_RANGE_CAFFE}}, MI_ORDER_RGB, MI_ORDER_RGB},
        {{{MI_ORDER_RGB, MI_RANGE_UNIT}, {MI_ORDER_UNKNOWN, MI_RANGE_CAFFE}}, MI_ORDER_RGB,
         MI_ORDER_BGR},
        {{{MI_ORDER_UNKNOWN, MI_RANGE_CAFFE}, {MI_ORDER_RGB, MI_RANGE_UNIT}}, MI_ORDER_BGR,
         MI_ORDER_RGB},
    };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        mi_images images = rows[k].said;
        mi_images_of_values(&images, 0, 255);
        if (images.in.order != rows[k].in || images.out.order != rows[k].out)
            fail_msg("row %zu: orders %d and %d", k, (int)images.in.order,
                     (int)images.out.order);
    }
}

/* ImageNet's and Caffe's forms meet their definitions, ahead of a network that does nothing and
 * behind it. */
static void normalized(void **state)
{
    (void)state;
    static const float mean[3] = {0.485f, 0.456f, 0.406f}, deviation[3] = {0.229f, 0.224f, 0.225f};
    static const float caffe[3] = {123.68f, 116.779f, 103.939f};
    for (int32_t row = 0; row < 4; row++) {
        mi_log log;
        mi_graph *graph;
        float in[3 * PIXELS], *out;
        int32_t kind = row % 2;
        bool behind = row >= 2;
        onnx_writer w;
        onnx_writer_init(&w, 13);
        onnx_node(&w, "Identity", "x", "y");
        mi_model_file file = finish(&w, LIST(1, 3, 0, 0));
        uint32_t words = word(kind ? MI_RANGE_CAFFE : MI_RANGE_IMAGENET);
        uint32_t plain = word(MI_RANGE_UNIT) | INPUT_RGB;
        int status = make(&graph, &file, behind ? plain : words, behind ? words : plain, &log);
        assert_int_equal(status, MIEN_OK);
        for (int i = 0; i < 3 * PIXELS; i++)
            in[i] = (float)(i % 97) / 96;
        assert_int_equal(oracle_run(graph, in, &out), 0);
        for (int i = 0; i < 3 * PIXELS; i++) {
            int c = i / PIXELS; /* caffe is BGR, which the other side does not undo */
            int colour = kind ? 2 - c : c, its_mean = behind ? c : colour;
            float x = in[colour * PIXELS + i % PIXELS];
            float want = kind ? x * 255 - caffe[its_mean] : (x - mean[c]) / deviation[c];
            if (behind)
                want = kind ? (x + caffe[its_mean]) / 255 : x * deviation[c] + mean[c];
            assert_float_equal(out[i], want, 1e-3);
        }
        free(out);
        mi_graph_destroy(&graph);
        mi_model_close(&file);
        mi_log_finish(&log);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_the_file), cmocka_unit_test(from_the_user),
        cmocka_unit_test(unknown_words), cmocka_unit_test(from_the_network),
        cmocka_unit_test(from_values),   cmocka_unit_test(order_of_caffe),
        cmocka_unit_test(normalized)};
    return cmocka_run_group_tests_name("style image", tests, NULL, NULL);
}
