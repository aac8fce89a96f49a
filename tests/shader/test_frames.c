#include "test_frames.h"

#include <stdlib.h>
#include <string.h>

#include "dice.h"

enum { MARGIN = 32 }; /* bytes before the first and behind the last row of a plane */

test_frame test_frame_make(mien_format format, int32_t width, int32_t height,
                           const frame_layout *layout)
{
    test_frame f = {.frame = {.format = format, .width = width, .height = height,
                              .pts_ns = MIEN_NO_PTS}};
    size_t at[3] = {0};
    int planes = mien_format_planes(format);
    for (int p = 0; p < planes; p++) {
        size_t row = mien_format_row_bytes(format, p, width) + (size_t)layout->padding;
        size_t rows = (size_t)mien_format_rows(format, p, height);
        bool down = layout->upside_down;
        at[p] = f.bytes + MARGIN + (down ? row * (rows - 1) : 0);
        f.frame.stride[p] = down ? -(ptrdiff_t)row : (ptrdiff_t)row;
        f.bytes += row * rows + 2 * MARGIN;
    }
    f.block = malloc(f.bytes ? f.bytes : 1);
    if (!f.block)
        abort();
    memset(f.block, TEST_CANARY, f.bytes);
    for (int p = 0; p < planes; p++)
        f.frame.data[p] = f.block + at[p];
    return f;
}

void test_frame_free(test_frame *f)
{
    free(f->block);
    memset(f, 0, sizeof *f);
}

uint8_t *test_frame_row(const mien_frame *f, int plane, int32_t row, size_t *bytes)
{
    *bytes = mien_format_row_bytes(f->format, plane, f->width);
    return f->data[plane] + row * f->stride[plane];
}

bool test_frame_intact(const test_frame *f)
{
    bool *picture = calloc(f->bytes, sizeof *picture), ok = true;
    if (!picture)
        abort();
    for (int p = 0; p < mien_format_planes(f->frame.format); p++)
        for (int32_t y = 0; y < mien_format_rows(f->frame.format, p, f->frame.height); y++) {
            size_t bytes;
            uint8_t *row = test_frame_row(&f->frame, p, y, &bytes);
            memset(picture + (row - f->block), 1, bytes);
        }
    for (size_t i = 0; i < f->bytes; i++)
        ok = ok && (picture[i] || f->block[i] == TEST_CANARY);
    free(picture);
    return ok;
}

int test_frame_difference(const mien_frame *a, const mien_frame *b)
{
    int most = 0;
    for (int p = 0; p < mien_format_planes(a->format); p++)
        for (int32_t y = 0; y < mien_format_rows(a->format, p, a->height); y++) {
            size_t bytes;
            const uint8_t *s = test_frame_row(a, p, y, &bytes);
            const uint8_t *t = test_frame_row(b, p, y, &bytes);
            for (size_t i = 0; i < bytes; i++)
                most = abs(s[i] - t[i]) > most ? abs(s[i] - t[i]) : most;
        }
    return most;
}

bool test_frame_equal(const mien_frame *a, const mien_frame *b)
{
    return test_frame_difference(a, b) == 0;
}

void test_frame_copy(const mien_frame *to, const mien_frame *from)
{
    for (int p = 0; p < mien_format_planes(from->format); p++)
        for (int32_t y = 0; y < mien_format_rows(from->format, p, from->height); y++) {
            size_t bytes;
            uint8_t *row = test_frame_row(to, p, y, &bytes);
            memcpy(row, test_frame_row(from, p, y, &bytes), bytes);
        }
}

void test_frame_take_unseen(const mien_frame *to, const mien_frame *from)
{
    for (int32_t y = 0; to->format == MIEN_FORMAT_YUY2 && to->width % 2 && y < to->height; y++) {
        size_t bytes;
        test_frame_row(to, 0, y, &bytes)[2 * to->width] =
            test_frame_row(from, 0, y, &bytes)[2 * to->width];
    }
}

void test_frame_noise(const mien_frame *f, uint64_t seed)
{
    dice d = dice_of(seed);
    for (int p = 0; p < mien_format_planes(f->format); p++)
        for (int32_t y = 0; y < mien_format_rows(f->format, p, f->height); y++) {
            size_t bytes;
            uint8_t *row = test_frame_row(f, p, y, &bytes);
            dice_bytes(&d, row, bytes);
        }
}

const char *test_format_name(mien_format format)
{
    static const char *const names[] = {"none", "I420", "NV12", "YUY2",
                                        "RGBA", "BGRA", "RGBX", "BGRX"};
    return format >= 1 && format <= 7 ? names[format] : names[0];
}
