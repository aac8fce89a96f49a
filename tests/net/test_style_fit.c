/* Networks of every kind of size are fitted to frames: what goes in as a picture comes out as one,
 * in its place. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "effect/style.h"
#include "onnx_writer.h"
#include "oracle.h"

enum { FRAME_W = 640, FRAME_H = 360, UNIT_WORD = 4, HOLD_WORD = 128 };

static void point_conv(onnx_writer *w, const char *in, const char *out, int32_t from, int32_t to,
                       const char *name)
{
    float weight[64 * 3] = {0};
    for (int32_t k = 0; k < to; k++)
        weight[k * from + k % from] = 1;
    onnx_floats(w, name, 4, LIST(to, from, 1, 1), weight);
    char inputs[64];
    snprintf(inputs, sizeof inputs, "%s %s", in, name);
    onnx_node(w, "Conv", inputs, out);
}

static void same(onnx_writer *w)
{
    point_conv(w, "x", "y", 3, 3, "w");
}

/* Halves twice and doubles twice: sizes must be multiples of 4. */
static void down_up(onnx_writer *w)
{
    onnx_floats(w, "s", 1, LIST(4), (const float[]){1, 1, 4, 4});
    onnx_node(w, "AveragePool", "x", "a");
    onnx_attr_ints(w, "kernel_shape", 2, LIST(4, 4));
    onnx_attr_ints(w, "strides", 2, LIST(4, 4));
    onnx_attr_int(w, "ceil_mode", 1);
    onnx_node(w, "Resize", "a - s", "y");
    onnx_attr_text(w, "mode", "linear");
}

/* Sizes must be multiples of `by`. */
static void down_up_by(onnx_writer *w, int32_t by)
{
    onnx_floats(w, "s", 1, LIST(4), (const float[]){1, 1, (float)by, (float)by});
    onnx_node(w, "AveragePool", "x", "a");
    onnx_attr_ints(w, "kernel_shape", 2, LIST(by, by));
    onnx_attr_ints(w, "strides", 2, LIST(by, by));
    onnx_node(w, "Resize", "a - s", "b");
    onnx_attr_text(w, "mode", "linear");
    onnx_node(w, "Sub", "b b", "c");
    onnx_node(w, "Add", "c x", "y"); /* fails where the sizes differ */
}

static void down_up_32(onnx_writer *w)
{
    down_up_by(w, 32);
}

static void down_up_64(onnx_writer *w)
{
    down_up_by(w, 64);
}

static void twice(onnx_writer *w)
{
    point_conv(w, "x", "a", 3, 12, "w");
    onnx_node(w, "DepthToSpace", "a", "y");
    onnx_attr_int(w, "blocksize", 2);
    onnx_attr_text(w, "mode", "DCR");
}

static void half(onnx_writer *w)
{
    onnx_node(w, "AveragePool", "x", "y");
    onnx_attr_ints(w, "kernel_shape", 2, LIST(2, 2));
    onnx_attr_ints(w, "strides", 2, LIST(2, 2));
}

/* Without any padding: five pixels are lost on each side. */
static void border(onnx_writer *w)
{
    float weight[3 * 3 * 121] = {0};
    for (int32_t k = 0; k < 3; k++)
        weight[(k * 3 + k) * 121 + 60] = 1;
    onnx_floats(w, "w", 4, LIST(3, 3, 11, 11), weight);
    onnx_node(w, "Conv", "x w", "y");
}

static void gray(onnx_writer *w)
{
    onnx_node(w, "Identity", "x", "y");
}

static void third(onnx_writer *w)
{
    onnx_node(w, "MaxPool", "x", "y");
    onnx_attr_ints(w, "kernel_shape", 2, LIST(3, 1));
    onnx_attr_ints(w, "strides", 2, LIST(3, 1));
}

/* A size of its own for what it gives. */
static void square(onnx_writer *w)
{
    onnx_ints(w, "z", 4, LIST(1, 3, 96, 96));
    onnx_node(w, "Resize", "x - - z", "y");
    onnx_attr_text(w, "mode", "linear");
}

/* Of a picture that is 64 wide one row of 2^28 values, as many as a tensor may have. */
static void one_row(onnx_writer *w)
{
    onnx_int(w, "last", 3);
    onnx_node(w, "Shape", "x", "s");
    onnx_node(w, "Gather", "s last", "width");
    onnx_int(w, "small", 64);
    onnx_node(w, "Equal", "width small", "is");
    onnx_int(w, "many", 1 << 15);
    onnx_int(w, "one", 1);
    onnx_node(w, "Where", "is many one", "count");
    onnx_node(w, "GlobalAveragePool", "x", "a");
    onnx_node(w, "Expand", "a count", "b");
    onnx_floats(w, "w", 4, LIST(1, 1, 1, 1), (const float[]){1});
    onnx_node(w, "ConvTranspose", "b w", "y");
    onnx_attr_ints(w, "strides", 2, LIST(1, 8192));
    onnx_attr_ints(w, "output_padding", 2, LIST(0, 8191));
}

static void two_channels(onnx_writer *w)
{
    point_conv(w, "x", "y", 3, 2, "w");
}

static void first_halves(onnx_writer *w)
{
    onnx_ints(w, "s", 4, LIST(1, 3, 48, 96));
    onnx_node(w, "Reshape", "x s", "y");
}

typedef struct fit_row {
    const char *name;
    void (*write)(onnx_writer *w);
    int64_t side, channels; /* the size that the file declares, 0: none */
    uint32_t words;
    int32_t net_w, net_h, w, h;
    double limit; /* of the mean difference */
    const char *line;
} fit_row;

static const fit_row fit_table[] = {
    {"same", same, 0, 3, 0, 640, 360, 640, 360, 1e-6, NULL},
    {"multiples of 4", down_up, 0, 3, 0, 640, 360, 640, 360, 0.03, NULL},
    {"multiples of 32", down_up_32, 0, 3, 0, 640, 384, 640, 384, 1e-6, NULL},
    {"multiples of 64", down_up_64, 0, 3, 0, 640, 384, 640, 384, 1e-6, NULL},
    {"twice", twice, 0, 3, 0, 320, 180, 640, 360, 0.01, NULL},
    {"half", half, 0, 3, 0, 640, 360, 640, 360, 0.01, NULL},
    {"border", border, 0, 3, 0, 652, 372, 642, 362, 1e-5, NULL},
    {"gray", gray, 0, 1, 0, 640, 360, 640, 360, 1e-6, NULL},
    {"fixed by its word alone", same, 96, 3, 0, 640, 360, 640, 360, 1e-6, NULL},
    {"fixed", same, 96, 3, HOLD_WORD, 96, 96, 92, 52, 0.01, NULL},
    {"fixed by its nodes", square, 96, 3, 0, 96, 96, 92, 52, 0.01, NULL},
    {"fixed and twice", twice, 96, 3, HOLD_WORD, 96, 96, 216, 120, 0.01, NULL},
    {"fixed and half", half, 96, 3, HOLD_WORD, 96, 96, 92, 52, 0.02, NULL},
    {"no multiple", third, 0, 3, 0, 0, 0, 0, 0, 0,
     "'test.onnx' makes 64x42 of 64x128 and 128x64 of 128x192: neither the same size nor a whole "
     "part or multiple of it"},
    {"one size from any", square, 0, 3, 0, 0, 0, 0, 0, 0,
     "'test.onnx' makes 96x96 of 64x128 and 96x96 of 128x192: neither the same size nor a whole "
     "part or multiple of it"},
    {"one row", one_row, 0, 1, 0, 0, 0, 0, 0, 0,
     "'test.onnx' makes 268435456x1 of 64x128 and 8192x1 of 128x192: neither the same size nor a "
     "whole part or multiple of it"},
    {"two channels", two_channels, 0, 3, 0, 0, 0, 0, 0, 0,
     "'test.onnx' makes 2 channels of 3: a style takes and gives 3 or 1"},
    {"four channels", gray, 0, 4, 0, 0, 0, 0, 0, 0,
     "'test.onnx' makes 4 channels of 4: a style takes and gives 3 or 1"},
    {"a node's size", first_halves, 0, 3, 0, 0, 0, 0, 0, 0,
     "test.onnx: node 'y' (Reshape): a shape that does not fit"},
};

/* Soft and without repetition, gray in all channels where the network is. */
static float value_at(int32_t c, double y, double x, bool is_gray)
{
    return (float)(0.5 + 0.4 * sin(3 * x + (is_gray ? 0 : c)) * cos(2.3 * y - 0.5));
}

static double difference(const mi_graph *g, const mi_style_fit *f, bool is_gray)
{
    size_t plane = (size_t)f->w * (size_t)f->h;
    float *in = calloc(3 * plane, sizeof *in), *out;
    double sum = 0;
    assert_non_null(in);
    for (int32_t c = 0; c < 3; c++)
        for (int32_t y = 0; y < f->h; y++)
            for (int32_t x = 0; x < f->w; x++)
                in[(size_t)c * plane + (size_t)(y * f->w + x)] =
                    value_at(c, (double)y / f->h, (double)x / f->w, is_gray);
    assert_int_equal(oracle_run(g, in, &out), 0);
    for (size_t k = 0; k < 3 * plane; k++)
        sum += fabs((double)out[k] - (double)in[k]);
    free(in);
    free(out);
    return sum / (3.0 * (double)plane);
}

static void check_row(const fit_row *row, const mvk_device *device)
{
    mi_log log;
    mi_style_fit f;
    mi_graph *g = NULL;
    onnx_writer w;
    mi_model_file file = {.size = 0};
    onnx_writer_init(&w, 13);
    row->write(&w);
    strcpy(file.path, "test.onnx");
    file.bytes = onnx_model(&w, LIST(1, row->channels, row->side, row->side), &file.size);
    mi_log_init(&log, NULL);
    int status = mi_style_fit_to(&f, &file, device, MI_QUALITY_HIGH, FRAME_W, FRAME_H,
                                 mi_style_holds(row->words), &log);
    if (row->line) {
        assert_true(status < 0);
        assert_string_equal(log.error, row->line);
    } else {
        if (status == MIEN_OK)
            status = mi_style_graph(&g, &file, &f, row->words | UNIT_WORD, UNIT_WORD, NULL, &log);
        if (status != MIEN_OK)
            fail_msg("%s: %s", row->name, log.error);
        const mi_tensor *in = &g->tensor[g->input], *out = &g->tensor[g->output[0]];
        if (f.net_w != row->net_w || f.net_h != row->net_h || f.w != row->w || f.h != row->h)
            fail_msg("%s: network %dx%d, picture %dx%d", row->name, (int)f.net_w, (int)f.net_h,
                     (int)f.w, (int)f.h);
        assert_true(in->c == 3 && in->w == f.w && in->h == f.h);
        assert_true(out->c == 3 && out->w == f.w && out->h == f.h);
        assert_true(f.w * f.scale >= FRAME_W && f.h * f.scale >= FRAME_H);
        double off = difference(g, &f, row->channels == 1);
        if (!(off < row->limit))
            fail_msg("%s: the picture is off by %g", row->name, off);
    }
    mi_graph_destroy(&g);
    mi_model_close(&file);
    mi_log_finish(&log);
}

static void test_fits(void **state)
{
    (void)state;
    const mvk_device device = {.type = VK_PHYSICAL_DEVICE_TYPE_CPU,
                               .limits = {.maxStorageBufferRange = 1u << 30}};
    for (size_t k = 0; k < sizeof fit_table / sizeof fit_table[0]; k++)
        check_row(&fit_table[k], &device);
}

static mi_model_file wide_network(int32_t channels)
{
    onnx_writer w;
    mi_model_file file = {.size = 0};
    float *weight = calloc((size_t)3 * (size_t)channels * 81, sizeof *weight);
    assert_non_null(weight);
    onnx_writer_init(&w, 13);
    onnx_floats(&w, "a", 4, LIST(channels, 3, 9, 9), weight);
    onnx_floats(&w, "b", 4, LIST(3, channels, 9, 9), weight);
    onnx_node(&w, "Conv", "x a", "h");
    onnx_attr_ints(&w, "pads", 4, LIST(4, 4, 4, 4));
    onnx_node(&w, "Conv", "h b", "y");
    onnx_attr_ints(&w, "pads", 4, LIST(4, 4, 4, 4));
    file.bytes = onnx_model(&w, LIST(1, 3, 0, 0), &file.size);
    free(weight);
    return file;
}

static int32_t scale_of(const mvk_device *device, mi_quality quality, int32_t channels)
{
    mi_log log;
    mi_style_fit f;
    mi_model_file file = wide_network(channels);
    mi_log_init(&log, NULL);
    assert_int_equal(mi_style_fit_to(&f, &file, device, quality, FRAME_W, FRAME_H, false, &log),
                     MIEN_OK);
    mi_model_close(&file);
    mi_log_finish(&log);
    return f.scale;
}

/* A heavy network on a slow device is still given enough pixels to show something. */
static void test_floor(void **state)
{
    (void)state;
    const mvk_device device = {.type = VK_PHYSICAL_DEVICE_TYPE_CPU,
                               .limits = {.maxStorageBufferRange = 1u << 30}};
    assert_int_equal(scale_of(&device, MI_QUALITY_AUTO, 512), 2);  /* 320x180 */
    assert_int_equal(scale_of(&device, MI_QUALITY_LOW, 512), 16);
    assert_int_equal(scale_of(&device, MI_QUALITY_HIGH, 512), 1);
}

/* But no more than the device's memory shows at once: 512 floats a pixel. */
static void test_memory(void **state)
{
    (void)state;
    mvk_device device = {.type = VK_PHYSICAL_DEVICE_TYPE_CPU,
                         .limits = {.maxStorageBufferRange = 1u << 28}};
    assert_int_equal(scale_of(&device, MI_QUALITY_HIGH, 512), 2);
    device.limits.maxStorageBufferRange = 1u << 27;
    assert_int_equal(scale_of(&device, MI_QUALITY_HIGH, 512), 3);
    assert_int_equal(scale_of(&device, MI_QUALITY_HIGH, 32), 1);
}

typedef struct lines {
    int count;
    char last[256];
} lines;

static void keep_line(void *opaque, mien_log_level level, const char *line)
{
    lines *seen = opaque;
    if (level > MIEN_LOG_WARNING)
        return;
    seen->count++;
    snprintf(seen->last, sizeof seen->last, "%s", line);
}

/* A file is read a dozen times to be fitted, but what is odd about it is said once. */
static void test_said_once(void **state)
{
    (void)state;
    const mvk_device device = {.type = VK_PHYSICAL_DEVICE_TYPE_CPU,
                               .limits = {.maxStorageBufferRange = 1u << 30}};
    for (int32_t side = 0; side <= 96; side += 96) {
        mi_log log;
        mi_style_fit f;
        mi_graph *g = NULL;
        onnx_writer w;
        lines seen = {0, ""};
        mi_model_file file = {.size = 0};
        onnx_writer_init(&w, 22);
        same(&w);
        strcpy(file.path, "test.onnx");
        file.bytes = onnx_model(&w, LIST(1, 3, side, side), &file.size);
        mi_log_init(&log, &(mien_log){keep_line, &seen, MIEN_LOG_DEBUG});
        assert_int_equal(mi_style_fit_to(&f, &file, &device, MI_QUALITY_HIGH, FRAME_W, FRAME_H,
                                         false, &log), MIEN_OK);
        assert_int_equal(mi_style_graph(&g, &file, &f, UNIT_WORD, UNIT_WORD, NULL, &log), MIEN_OK);
        assert_int_equal(seen.count, 1);
        assert_string_equal(seen.last,
                            "test.onnx: operator set 22 is newer than 21, the newest known one");
        mi_graph_destroy(&g);
        mi_model_close(&file);
        mi_log_finish(&log);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fits), cmocka_unit_test(test_floor),
                                       cmocka_unit_test(test_memory),
                                       cmocka_unit_test(test_said_once)};
    return cmocka_run_group_tests_name("style fit", tests, NULL, NULL);
}
