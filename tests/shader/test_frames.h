/* Frames for tests: planes in one block, with room around every row that must stay as it is. */
#ifndef MIEN_TEST_FRAMES_H
#define MIEN_TEST_FRAMES_H

#include <mien/mien.h>

typedef struct frame_layout {
    int32_t padding; /* bytes behind each row */
    bool upside_down; /* negative strides */
} frame_layout;

typedef struct test_frame {
    mien_frame frame;
    uint8_t *block;
    size_t bytes; /* of the block */
} test_frame;

static const mien_format test_formats[] = {MIEN_FORMAT_I420, MIEN_FORMAT_NV12, MIEN_FORMAT_YUY2,
                                           MIEN_FORMAT_RGBA, MIEN_FORMAT_BGRA, MIEN_FORMAT_RGBX,
                                           MIEN_FORMAT_BGRX};
enum { TEST_FORMATS = sizeof test_formats / sizeof test_formats[0], TEST_CANARY = 0xa5 };

/* Every byte is TEST_CANARY. */
test_frame test_frame_make(mien_format format, int32_t width, int32_t height,
                           const frame_layout *layout);
void test_frame_free(test_frame *f);

/* True if all bytes that are no picture still hold the canary. */
bool test_frame_intact(const test_frame *f);

/* Row `row` of a plane, its picture bytes only. */
uint8_t *test_frame_row(const mien_frame *frame, int plane, int32_t row, size_t *bytes);

/* Are the pictures the same, whatever their strides? */
bool test_frame_equal(const mien_frame *a, const mien_frame *b);

/* The largest difference of two picture bytes. */
int test_frame_difference(const mien_frame *a, const mien_frame *b);

void test_frame_copy(const mien_frame *to, const mien_frame *from);

/* An odd row of YUY2 ends with the luma of a pixel that is not shown: any value will do. Takes that
 * of `from`. */
void test_frame_take_unseen(const mien_frame *to, const mien_frame *from);

/* Fills the picture bytes with noise from a seed. */
void test_frame_noise(const mien_frame *frame, uint64_t seed);

const char *test_format_name(mien_format format);

/* cmocka's tests of every format: FORMAT_TESTS(check) defines test_I420() .. test_BGRX(), which
 * call check(format); FORMAT_TEST_LIST names them for a struct CMUnitTest[]. */
#define FORMAT_TEST(check, name) \
    static void test_##name(void **state) \
    { \
        (void)state; \
        check(MIEN_FORMAT_##name); \
    }
#define FORMAT_TESTS(check) \
    FORMAT_TEST(check, I420) \
    FORMAT_TEST(check, NV12) \
    FORMAT_TEST(check, YUY2) \
    FORMAT_TEST(check, RGBA) \
    FORMAT_TEST(check, BGRA) \
    FORMAT_TEST(check, RGBX) \
    FORMAT_TEST(check, BGRX)
#define FORMAT_TEST_LIST \
    cmocka_unit_test(test_I420), cmocka_unit_test(test_NV12), cmocka_unit_test(test_YUY2), \
        cmocka_unit_test(test_RGBA), cmocka_unit_test(test_BGRA), cmocka_unit_test(test_RGBX), \
        cmocka_unit_test(test_BGRX)

#endif
