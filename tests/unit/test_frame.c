/* Host frames: geometry, checks, and copies that touch picture bytes only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frame.h"
#include "test_frames.h"

static const int32_t sizes[][2] = {{16, 16}, {17, 19}, {31, 16}, {385, 289}};
static const frame_layout layouts[] = {{0, false}, {7, false}, {0, true}, {13, true}};
enum { SIZES = sizeof sizes / sizeof sizes[0], LAYOUTS = sizeof layouts / sizeof layouts[0] };

static void test_geometry(void **state)
{
    (void)state;
    assert_int_equal(mien_format_planes(MIEN_FORMAT_I420), 3);
    assert_int_equal(mien_format_planes(MIEN_FORMAT_NV12), 2);
    for (int f = MIEN_FORMAT_YUY2; f <= MIEN_FORMAT_BGRX; f++)
        assert_int_equal(mien_format_planes((mien_format)f), 1);
    for (int f = -3; f <= 100; f++)
        if (f < 1 || f > 7) {
            assert_int_equal(mien_format_planes((mien_format)f), 0);
            assert_int_equal(mien_format_row_bytes((mien_format)f, 0, 16), 0);
            assert_int_equal(mien_format_rows((mien_format)f, 0, 16), 0);
        }
    static const struct {
        mien_format format;
        int plane;
        size_t row; /* of 17 pixels */
        int32_t rows; /* of 19 lines */
    } rows[] = {{MIEN_FORMAT_I420, 0, 17, 19}, {MIEN_FORMAT_I420, 1, 9, 10},
                {MIEN_FORMAT_I420, 2, 9, 10},  {MIEN_FORMAT_NV12, 0, 17, 19},
                {MIEN_FORMAT_NV12, 1, 18, 10}, {MIEN_FORMAT_YUY2, 0, 36, 19},
                {MIEN_FORMAT_RGBA, 0, 68, 19}, {MIEN_FORMAT_BGRX, 0, 68, 19},
                {MIEN_FORMAT_NV12, 2, 0, 0},   {MIEN_FORMAT_I420, 3, 0, 0},
                {MIEN_FORMAT_RGBA, -1, 0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(mien_format_row_bytes(rows[i].format, rows[i].plane, 17), rows[i].row);
        assert_int_equal(mien_format_rows(rows[i].format, rows[i].plane, 19), rows[i].rows);
    }
    assert_int_equal(mien_format_row_bytes(MIEN_FORMAT_RGBA, 0, 0), 0);
    assert_int_equal(mien_format_row_bytes(MIEN_FORMAT_RGBA, 0, -5), 0);
    assert_int_equal(mien_format_rows(MIEN_FORMAT_RGBA, 0, -5), 0);
    assert_true(mi_format_is_yuv(MIEN_FORMAT_YUY2) && !mi_format_is_yuv(MIEN_FORMAT_RGBA));
}

static void refuses(const mien_frame *f, bool planes, const char *part)
{
    mi_log log;
    mi_log_init(&log, NULL);
    assert_int_equal(mi_frame_check(f, planes, &log), MIEN_ERR_INVALID);
    if (!strstr(log.error, part))
        fail_msg("'%s' does not say '%s'", log.error, part);
    assert_int_equal(mi_frame_check(f, planes, NULL), MIEN_ERR_INVALID);
    mi_log_finish(&log);
}

static void test_check(void **state)
{
    (void)state;
    test_frame t = test_frame_make(MIEN_FORMAT_I420, 17, 19, &layouts[1]);
    mien_frame f = t.frame;
    assert_int_equal(mi_frame_check(&f, true, NULL), MIEN_OK);
    refuses(NULL, true, "no frame");
    static const int32_t bad[] = {0, -1, 1, 15, 8193, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        f.width = bad[i];
        refuses(&f, true, "16x16");
        refuses(&f, false, "8192x8192");
        f = t.frame;
        f.height = bad[i];
        refuses(&f, true, "16x16");
        f = t.frame;
    }
    f.format = (mien_format)0;
    refuses(&f, true, "pixel format 0");
    f.format = (mien_format)8;
    refuses(&f, true, "pixel format 8");
    f = t.frame;
    f.matrix = (mien_matrix)3;
    refuses(&f, true, "matrix 3");
    f = t.frame;
    f.range = (mien_range)-1;
    refuses(&f, true, "range -1");
    f = t.frame;
    f.siting = (mien_siting)4;
    refuses(&f, true, "siting 4");
    f = t.frame;
    for (int p = 0; p < 3; p++) {
        ptrdiff_t row = (ptrdiff_t)mien_format_row_bytes(f.format, p, f.width);
        f.data[p] = NULL;
        refuses(&f, true, "plane");
        assert_int_equal(mi_frame_check(&f, false, NULL), MIEN_OK);
        f = t.frame;
        f.stride[p] = row - 1;
        refuses(&f, true, "stride");
        f.stride[p] = -(row - 1);
        refuses(&f, true, "stride");
        f.stride[p] = 0;
        refuses(&f, true, "stride");
        f.stride[p] = -row;
        assert_int_equal(mi_frame_check(&f, true, NULL), MIEN_OK);
        f.stride[p] = PTRDIFF_MIN;
        mi_frame_check(&f, true, NULL); /* no overflow: the sanitizer watches */
        f = t.frame;
    }
    test_frame_free(&t);
    f = (mien_frame){.format = MIEN_FORMAT_RGBA, .width = 8192, .height = 16};
    assert_int_equal(mi_frame_check(&f, false, NULL), MIEN_OK);
}

static void test_same_shape(void **state)
{
    (void)state;
    mien_frame a = {.format = MIEN_FORMAT_NV12, .width = 32, .height = 16}, b = a;
    b.stride[0] = 64;
    b.pts_ns = 5;
    assert_true(mi_frame_same_shape(&a, &b));
    b.siting = MIEN_SITING_CENTER;
    assert_false(mi_frame_same_shape(&a, &b));
    b = a;
    b.range = MIEN_RANGE_FULL;
    assert_false(mi_frame_same_shape(&a, &b));
    b = a;
    b.matrix = MIEN_MATRIX_BT709;
    assert_false(mi_frame_same_shape(&a, &b));
    b = a;
    b.height = 17;
    assert_false(mi_frame_same_shape(&a, &b));
    b = a;
    b.format = MIEN_FORMAT_I420;
    assert_false(mi_frame_same_shape(&a, &b));
}

static void copy_case(mien_format format, const int32_t size[2], const frame_layout *from,
                      const frame_layout *to)
{
    test_frame in = test_frame_make(format, size[0], size[1], from);
    test_frame out = test_frame_make(format, size[0], size[1], to);
    test_frame back = test_frame_make(format, size[0], size[1], to);
    test_frame_noise(&in.frame, 3);
    mi_frame_copy(&out.frame, &in.frame);
    assert_true(test_frame_equal(&out.frame, &in.frame));
    assert_true(test_frame_intact(&out) && test_frame_intact(&in));

    size_t offset[3], pitch[3], sum = 0;
    size_t bytes = mi_frame_packed(format, size[0], size[1], offset, pitch);
    for (int p = 0; p < mien_format_planes(format); p++) {
        size_t row = mien_format_row_bytes(format, p, size[0]);
        assert_int_equal(offset[p], sum);
        assert_true(pitch[p] >= row && pitch[p] < row + 16 && pitch[p] % 16 == 0);
        sum += pitch[p] * (size_t)mien_format_rows(format, p, size[1]);
    }
    assert_int_equal(bytes, sum);
    uint8_t *packed = malloc(bytes); /* exactly that much: a sanitizer sees more */
    assert_non_null(packed);
    mi_frame_pack(packed, &in.frame);
    for (int p = 0; p < mien_format_planes(format); p++)
        for (int32_t y = 0; y < mien_format_rows(format, p, size[1]); y++) {
            size_t row;
            const uint8_t *at = test_frame_row(&in.frame, p, y, &row);
            assert_memory_equal(packed + offset[p] + (size_t)y * pitch[p], at, row);
        }
    mi_frame_unpack(&back.frame, packed);
    assert_true(test_frame_equal(&back.frame, &in.frame));
    assert_true(test_frame_intact(&back));
    free(packed);
    mi_frame_copy(&in.frame, &in.frame); /* in place */
    assert_true(test_frame_equal(&back.frame, &in.frame));
    test_frame_free(&in);
    test_frame_free(&out);
    test_frame_free(&back);
}

static void test_copies(void **state)
{
    (void)state;
    for (int f = 0; f < TEST_FORMATS; f++)
        for (int i = 0; i < SIZES; i++)
            for (int from = 0; from < LAYOUTS; from++)
                for (int to = 0; to < LAYOUTS; to++)
                    if (i < SIZES - 1 || (from == 1 && to == 3))
                        copy_case(test_formats[f], sizes[i], &layouts[from], &layouts[to]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_geometry), cmocka_unit_test(test_check),
        cmocka_unit_test(test_same_shape), cmocka_unit_test(test_copies)};
    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
