#include "filter_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "onnx_writer.h"
#include "test_files.h"

static char folder[TEST_FOLDER], cache[TEST_PATH];
static int validation_lines;
/* Lives to the end: the driver stays loaded, and leak checkers can name it as the owner of what it
 * keeps. */
static mien_filter *anchor;

const char *filter_rig_models(void)
{
    return folder;
}

/* One convolution from 3 to 3 channels. */
static void write_style(const char *name, int64_t k, const float *weight, float bias, size_t most)
{
    onnx_writer w;
    size_t size;
    const float biases[3] = {bias, bias, bias};
    onnx_writer_init(&w, 13);
    onnx_convolution(&w, 3, k, weight, biases);
    uint8_t *bytes = onnx_model(&w, LIST(1, 3, 0, 0), &size);
    char path[TEST_PATH];
    snprintf(path, sizeof path, "%s/style-%s.onnx", folder, name);
    test_file_write(path, bytes, size < most ? size : most);
    free(bytes);
}

static void write_styles(void)
{
    float point[9] = {0}, sharp[81] = {0};
    write_style("grey", 1, point, 0.5f, SIZE_MAX);
    for (int c = 0; c < 3; c++) {
        point[c * 4] = -1;
        for (int tap = 0; tap < 9; tap++)
            sharp[(c * 3 + c) * 9 + tap] = tap == 4 ? 3.0f : -0.25f;
    }
    write_style("invert", 1, point, 1, SIZE_MAX);
    write_style("sharp", 3, sharp, 0, SIZE_MAX);
    write_style("broken", 3, sharp, 0, 200);
}

bool filter_rig_open(void)
{
    test_folder_make(folder, "filter");
    write_styles();
    /* Does anything run at all? */
    if (mien_filter_create(&anchor, NULL) != MIEN_OK)
        abort();
    snprintf(cache, sizeof cache, "%s/cache", folder);
    mien_filter_set(anchor, "models", folder);
    mien_filter_set(anchor, "cache", cache);
    mien_filter_set(anchor, "style", "grey");
    mien_frame shape = {.format = MIEN_FORMAT_RGBA, .width = 16, .height = 16};
    int status = mien_filter_prepare(anchor, &shape);
    if (status != MIEN_OK)
        fprintf(stderr, "%s\n", mien_filter_error(anchor));
    if (status != MIEN_OK && status != MIEN_ERR_NO_DEVICE)
        abort();
    if (status != MIEN_OK)
        filter_rig_close();
    return status == MIEN_OK;
}

void filter_rig_close(void)
{
    test_folder_remove(folder);
    if (validation_lines) {
        fprintf(stderr, "%d lines of the validation layers\n", validation_lines);
        exit(1);
    }
}

static void keep_line(void *opaque, mien_log_level level, const char *line)
{
    filter_log *log = opaque;
    if (strstr(line, "Vulkan validation")) {
        fprintf(stderr, "%s\n", line);
        validation_lines++;
    }
    if (!log)
        return;
    if (log->lines < RIG_LINES) {
        snprintf(log->line[log->lines], RIG_LINE, "%s", line);
        log->level[log->lines] = level;
    }
    log->lines++;
}

mien_filter *filter_make(filter_log *log, const char *params)
{
    mien_filter *f = NULL;
    assert_int_equal(mien_filter_create(&f, &(mien_log){keep_line, log, MIEN_LOG_INFO}), MIEN_OK);
    assert_non_null(f);
    assert_int_equal(mien_filter_set(f, "models", folder), MIEN_OK);
    assert_int_equal(mien_filter_set(f, "cache", cache), MIEN_OK);
    if (mien_filter_set_all(f, params) != MIEN_OK)
        fail_msg("%s", mien_filter_error(f));
    return f;
}

int filter_log_count(const filter_log *log, mien_log_level level, const char *part)
{
    int count = 0;
    for (int i = 0; i < log->lines && i < RIG_LINES; i++)
        count += log->level[i] == level && strstr(log->line[i], part);
    return count;
}

bool filter_log_has(const filter_log *log, mien_log_level level, const char *part)
{
    return filter_log_count(log, level, part) > 0;
}

void filter_run(mien_filter *f, const mien_frame *in, const mien_frame *out, int status)
{
    int got = mien_filter_process(f, in, out);
    if (got != status)
        fail_msg("%s %dx%d: status %d (%s), not %d", test_format_name(in->format), (int)in->width,
                 (int)in->height, got, mien_filter_error(f), status);
}

/* The bytes of a colour in a frame's format: BT.601, limited range. */
static void bytes_of(const double rgb[3], uint8_t yuv[3])
{
    double y = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
    yuv[0] = (uint8_t)(16 + 219 * y / 255 + 0.5);
    yuv[1] = (uint8_t)(128 + 224 * (rgb[2] - y) / 1.772 / 255 + 0.5);
    yuv[2] = (uint8_t)(128 + 224 * (rgb[0] - y) / 1.402 / 255 + 0.5);
}

void frame_paint(const mien_frame *f, frame_colour colour, const void *opaque)
{
    int planes = mien_format_planes(f->format);
    bool reversed = f->format == MIEN_FORMAT_BGRA || f->format == MIEN_FORMAT_BGRX;
    for (int p = 0; p < planes; p++)
        for (int32_t y = 0; y < mien_format_rows(f->format, p, f->height); y++) {
            size_t bytes;
            uint8_t *row = test_frame_row(f, p, y, &bytes);
            for (size_t i = 0; i < bytes; i++) {
                double rgb[3];
                uint8_t yuv[3];
                int32_t b = (int32_t)i, sub = p > 0 ? 2 : 1;
                int32_t x = f->format == MIEN_FORMAT_NV12 && p == 1 ? b / 2 * 2
                            : f->format == MIEN_FORMAT_YUY2         ? (b % 2 ? b / 4 * 2 : b / 2)
                            : f->format >= MIEN_FORMAT_RGBA         ? b / 4
                                                                    : b * sub;
                colour(opaque, x, y * sub, rgb);
                bytes_of(rgb, yuv);
                if (f->format >= MIEN_FORMAT_RGBA)
                    row[i] = b % 4 == 3 ? (uint8_t)(7 * x + y)
                                        : (uint8_t)rgb[reversed ? 2 - b % 4 : b % 4];
                else if (f->format == MIEN_FORMAT_YUY2)
                    row[i] = b % 2 == 0 ? yuv[0] : yuv[1 + b / 2 % 2];
                else if (p == 0)
                    row[i] = yuv[0];
                else
                    row[i] = f->format == MIEN_FORMAT_NV12 ? yuv[1 + b % 2] : yuv[p];
            }
        }
}

static void even_colour(const void *opaque, int32_t x, int32_t y, double rgb[3])
{
    (void)x;
    (void)y;
    for (int k = 0; k < 3; k++)
        rgb[k] = ((const uint8_t *)opaque)[k];
}

void frame_fill(const mien_frame *frame, const uint8_t rgb[3])
{
    frame_paint(frame, even_colour, rgb);
}

static void gradient_colour(const void *opaque, int32_t x, int32_t y, double rgb[3])
{
    const mien_frame *f = opaque;
    for (int k = 0; k < 3; k++)
        rgb[k] = 60 + 70.0 * x / f->width + 60.0 * y / f->height + 8.0 * k;
}

void frame_gradient(const mien_frame *frame)
{
    frame_paint(frame, gradient_colour, frame);
}

double frame_mean(const mien_frame *f)
{
    double sum = 0, count = 0;
    for (int32_t y = 0; y < f->height; y++) {
        size_t bytes;
        const uint8_t *row = test_frame_row(f, 0, y, &bytes);
        for (size_t i = 0; i < bytes; i++) {
            bool wanted = f->format >= MIEN_FORMAT_RGBA   ? i % 4 != 3
                          : f->format == MIEN_FORMAT_YUY2 ? i % 2 == 0
                                                          : true;
            sum += wanted ? row[i] : 0;
            count += wanted;
        }
    }
    return sum / count;
}
