/* The largest frames: 8192x8192 RGBA is more than many devices bind at once, so it goes out in
 * bands. In the slow suite: it wants a gigabyte. */
#include <stdlib.h>
#include <string.h>

#include "filter_rig.h"
#include "filter_tests.h"

enum { SIDE = MIEN_SIZE_MAX };

/* A slow gradient in both directions; red and blue differ. */
static void draw(uint8_t *pixel, int32_t x, int32_t y)
{
    pixel[0] = (uint8_t)(x >> 5);
    pixel[1] = (uint8_t)(y >> 5);
    pixel[2] = (uint8_t)((x + y) >> 6);
    pixel[3] = (uint8_t)(x ^ y);
}

static void check_size(int32_t width, int32_t height)
{
    mien_filter *filter = filter_make(NULL, "style=invert smooth=0");
    size_t stride = (size_t)width * 4;
    mien_frame f = {.format = MIEN_FORMAT_RGBA, .width = width, .height = height,
                    .stride = {(ptrdiff_t)stride}, .pts_ns = MIEN_NO_PTS};
    f.data[0] = malloc(stride * (size_t)height);
    assert_non_null(f.data[0]);
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x++)
            draw(f.data[0] + (size_t)y * stride + (size_t)x * 4, x, y);
    filter_run(filter, &f, &f, MIEN_OK);
    /* 61 and 509 are prime: every band is met on many columns */
    for (int32_t y = 0; y < height; y += 61)
        for (int32_t x = 0; x < width; x += 509) {
            const uint8_t *got = f.data[0] + (size_t)y * stride + (size_t)x * 4;
            uint8_t was[4];
            draw(was, x, y);
            for (int c = 0; c < 3; c++)
                if (abs(got[c] - (255 - was[c])) > 4)
                    fail_msg("%dx%d: pixel (%d, %d) channel %d is %d, not about %d", (int)width,
                             (int)height, (int)x, (int)y, c, got[c], 255 - was[c]);
            assert_int_equal(got[3], was[3]);
        }
    free(f.data[0]);
    mien_filter_destroy(&filter);
}

static void test_largest(void **state)
{
    (void)state;
    check_size(SIDE, SIDE);
    check_size(SIDE - 1, SIDE / 2 + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_largest)};
    const filter_group group = {"largest frames", tests, sizeof tests / sizeof tests[0]};
    return filter_tests_run(&group, NULL);
}
