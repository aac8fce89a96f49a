/* What the overlay draws, and that it draws the same in every format. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compose/draw.h"
#include "compose/overlay.h"
#include "dice.h"
#include "made_face.h"
#include "test_frames.h"

enum { W = 320, H = 240, ALL = 31, GREY = 120 };
static const frame_layout layouts[] = {{0, false}, {7, false}, {13, true}};
static const mien_stats stats = {
    .stages = 3, .stage = {{"detect", 1.25, 0}, {"mesh", 7.5, 0}, {NULL, 1e9, 0}}};

static void fill(const mien_frame *f, uint8_t value)
{
    for (int p = 0; p < mien_format_planes(f->format); p++)
        for (int32_t y = 0; y < mien_format_rows(f->format, p, f->height); y++) {
            size_t bytes;
            uint8_t *row = test_frame_row(f, p, y, &bytes);
            memset(row, value, bytes);
        }
}

static test_frame grey(mien_format format)
{
    test_frame t = test_frame_make(format, W, H, &layouts[0]);
    fill(&t.frame, GREY);
    return t;
}

static mien_face looking(void)
{
    mien_face f = made_face(4, 160, 120, 100, 130);
    f.yaw = 12;
    f.gaze_yaw = 20;
    f.gaze_pitch = -5;
    return f;
}

static void draw(const mien_frame *out, unsigned flags, const mien_face *faces, int32_t count)
{
    static const uint16_t edge[][2] = {{10, 152}, {33, 263}, {468, 473}, {500, 1}};
    mi_overlay o = {.flags = flags, .edge = edge, .edges = 4, .stats = &stats};
    mi_overlay_draw(&o, out, faces, count);
}

static const uint8_t *pixel(const mien_frame *f, int32_t x, int32_t y)
{
    return f->data[0] + y * f->stride[0] + 4 * x;
}

/* RGBA pixels of a box that are no longer grey. */
static int changed(const mien_frame *f, int32_t x0, int32_t y0, int32_t x1, int32_t y1)
{
    int count = 0;
    for (int32_t y = y0; y < y1; y++)
        for (int32_t x = x0; x < x1; x++) {
            const uint8_t *p = pixel(f, x, y);
            count += p[0] != GREY || p[1] != GREY || p[2] != GREY;
        }
    return count;
}

static void test_inks(void **state)
{
    (void)state;
    static const struct {
        mien_matrix matrix;
        mien_range range;
        uint32_t rgb;
        float want[3];
    } rows[] = {/* ITU-R BT.601, BT.709 */
                {MIEN_MATRIX_BT601, MIEN_RANGE_LIMITED, 0xffffff, {235, 128, 128}},
                {MIEN_MATRIX_BT601, MIEN_RANGE_LIMITED, 0xff0000, {81.5f, 90.2f, 240}},
                {MIEN_MATRIX_BT709, MIEN_RANGE_AUTO, 0xff0000, {62.6f, 102.3f, 240}},
                {MIEN_MATRIX_BT709, MIEN_RANGE_FULL, 0x0000ff, {18.4f, 255.5f, 116.3f}},
                {MIEN_MATRIX_AUTO, MIEN_RANGE_FULL, 0x000000, {0, 128, 128}}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mien_frame f = {.format = MIEN_FORMAT_I420, .width = W, .height = H,
                        .matrix = rows[i].matrix, .range = rows[i].range};
        mi_canvas c = mi_canvas_of(&f);
        mi_ink ink = mi_ink_of(&c, rows[i].rgb, 0.5f);
        for (int k = 0; k < 3; k++)
            if (fabsf(ink.sample[k] - rows[i].want[k]) > 0.2f)
                fail_msg("row %zu: %g is not %g", i, ink.sample[k], rows[i].want[k]);
    }
}

/* A chroma sample is covered as far as its four pixels are, whichever they are. */
static void test_chroma_share(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        test_frame t = grey(MIEN_FORMAT_NV12);
        mi_canvas c = mi_canvas_of(&t.frame);
        mi_ink ink = {{200, 200, 40}, 1};
        float share[4] = {0};
        share[i] = 1;
        mi_draw_quad(&c, 10, 10, share, &ink);
        for (int k = 0; k < 4; k++)
            assert_int_equal(t.frame.data[0][(10 + k / 2) * t.frame.stride[0] + 10 + (k & 1)],
                             k == i ? 200 : GREY);
        assert_int_equal(t.frame.data[1][5 * t.frame.stride[1] + 10], 140);
        assert_int_equal(t.frame.data[1][5 * t.frame.stride[1] + 11], 100);
        test_frame_free(&t);
    }
}

/* Nothing asked for, nothing drawn; lines of no face neither. */
static void test_nothing(void **state)
{
    (void)state;
    test_frame t = grey(MIEN_FORMAT_RGBA);
    mien_face face = looking();
    draw(&t.frame, 0, &face, 1);
    draw(&t.frame, ALL & ~(unsigned)MI_OVERLAY_TIMING, NULL, 0);
    mi_overlay o = {.flags = MI_OVERLAY_TIMING};
    mi_overlay_draw(&o, &t.frame, &face, 1);
    assert_int_equal(changed(&t.frame, 0, 0, W, H), 0);
    test_frame_free(&t);
}

static void test_faces(void **state)
{
    (void)state;
    test_frame seen = grey(MIEN_FORMAT_RGBA), lost = grey(MIEN_FORMAT_RGBA);
    mien_face face = looking();
    draw(&seen.frame, MI_OVERLAY_FACES, &face, 1);
    face.lost = true;
    draw(&lost.frame, MI_OVERLAY_FACES, &face, 1);
    int32_t x = (int32_t)face.x; /* the box's left edge: a whole green line, a dashed red one */
    int green = 0, red = 0;
    for (int32_t y = 70; y < 170; y++) {
        const uint8_t *s = pixel(&seen.frame, x, y), *l = pixel(&lost.frame, x, y);
        green += s[1] > GREY + 20 && s[0] < GREY;
        red += l[0] > GREY + 20 && l[1] < GREY;
    }
    assert_int_equal(green, 100);
    assert_true(red > 30 && red < 80);
    /* id above, angles below, the arrow to the right; nothing far off */
    assert_true(changed(&seen.frame, 110, 38, 160, 52) > 100);
    assert_true(changed(&seen.frame, 110, 190, 160, 204) > 100);
    assert_true(changed(&seen.frame, 172, 110, 184, 118) > 10);
    assert_int_equal(changed(&lost.frame, 172, 110, 184, 118), 0);
    assert_int_equal(changed(&seen.frame, 136, 110, 148, 118), 0);
    assert_int_equal(changed(&seen.frame, 0, 0, 100, H), 0);
    assert_int_equal(changed(&seen.frame, 0, 230, W, H), 0);
    test_frame_free(&seen);
    test_frame_free(&lost);
}

static void test_mesh_and_iris(void **state)
{
    (void)state;
    test_frame t = grey(MIEN_FORMAT_RGBA);
    mien_face face = looking();
    draw(&t.frame, MI_OVERLAY_MESH, &face, 1); /* 10 to 152: down the middle */
    for (int32_t y = 60; y < 180; y++)
        assert_true(changed(&t.frame, 158, y, 162, y + 1) > 0);
    assert_int_equal(changed(&t.frame, 100, 150, 150, H), 0);
    mi_overlay points = {.flags = MI_OVERLAY_MESH};
    mi_overlay_draw(&points, &t.frame, &face, 1);
    assert_true(changed(&t.frame, 100, 130, 150, 190) > 50);
    fill(&t.frame, GREY);
    draw(&t.frame, MI_OVERLAY_IRIS, &face, 1); /* radius 4 around (140, 107), and the lids */
    assert_true(changed(&t.frame, 135, 102, 146, 113) > 20);
    assert_true(changed(&t.frame, 129, 105, 133, 109) > 2);
    assert_int_equal(changed(&t.frame, 0, 125, W, H), 0);
    test_frame_free(&t);
}

static void test_mask(void **state)
{
    (void)state;
    test_frame t = grey(MIEN_FORMAT_RGBA);
    mien_face face = looking();
    face.point[4][0] = 160; /* the nose in the middle, the chin below */
    face.point[4][1] = 120;
    face.point[199][0] = 160;
    face.point[199][1] = 178;
    face.visible[MIEN_REGION_CHIN] = 0;
    draw(&t.frame, MI_OVERLAY_MASK, &face, 1);
    const uint8_t *nose = pixel(&t.frame, 160, 120), *chin = pixel(&t.frame, 160, 178);
    assert_true(nose[1] > nose[0] + 20 && chin[0] > chin[1] + 20);
    assert_int_equal(changed(&t.frame, 0, 0, 100, H), 0);
    test_frame_free(&t);
}

static void test_timing(void **state)
{
    (void)state;
    test_frame t = grey(MIEN_FORMAT_RGBA);
    draw(&t.frame, MI_OVERLAY_TIMING, NULL, 0);
    assert_true(changed(&t.frame, 8, 8, 60, 50) > 51 * 41);
    assert_int_equal(changed(&t.frame, 0, 90, W, H), 0);
    int white = 0;
    for (int32_t y = 0; y < 60; y++)
        for (int32_t x = 0; x < 60; x++)
            white += pixel(&t.frame, x, y)[0] > 200;
    assert_true(white > 60);
    test_frame_free(&t);
}

/* Letters are there, apart from each other, and within what mi_text_width() says. */
static void test_text(void **state)
{
    (void)state;
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                              ".,:-+/%#_()=?";
    static uint8_t shape[sizeof all][40 * 40];
    assert_true(mi_text_width(12, "") <= 0);
    for (char c = '1'; c <= '9'; c++) {
        char text[2] = {c, 0};
        assert_true(fabsf(mi_text_width(12, text) - mi_text_width(12, "0")) < 1e-4f);
    }
    assert_true(fabsf(mi_text_width(24, "face 17") - 2 * mi_text_width(12, "face 17")) < 1e-3f);
    for (size_t i = 0; all[i]; i++) {
        test_frame t = test_frame_make(MIEN_FORMAT_RGBA, 40, 40, &layouts[0]);
        fill(&t.frame, 0);
        mi_canvas c = mi_canvas_of(&t.frame);
        mi_ink ink = mi_ink_of(&c, 0xffffff, 1);
        char text[2] = {all[i], 0};
        mi_draw_text(&c, (mi_spot){6, 6}, 20, &ink, text);
        int32_t right = (int32_t)ceilf(6 + mi_text_width(20, text) + 2);
        int sum = 0;
        for (int32_t y = 0; y < 40; y++)
            for (int32_t x = 0; x < 40; x++) {
                uint8_t v = shape[i][40 * y + x] = pixel(&t.frame, x, y)[0];
                sum += v > 100;
                if (v > 0 && (x < 4 || x > right || y < 4 || y > 33))
                    fail_msg("'%c' at %d,%d", all[i], (int)x, (int)y);
            }
        if (sum < 4)
            fail_msg("'%c' is missing", all[i]);
        for (size_t j = 0; j < i; j++)
            if (memcmp(shape[i], shape[j], sizeof shape[0]) == 0 &&
                !strchr("O0Il", all[i])) /* these are alike */
                fail_msg("'%c' looks like '%c'", all[i], all[j]);
        test_frame_free(&t);
    }
}

/* The picture of one format is that of its kin, to the byte. */
static void test_formats_agree(void **state)
{
    (void)state;
    mien_face face = looking();
    test_frame t[TEST_FORMATS];
    for (int f = 0; f < TEST_FORMATS; f++) {
        t[f] = grey(test_formats[f]);
        draw(&t[f].frame, ALL, &face, 1);
    }
    const mien_frame *i420 = &t[0].frame, *nv12 = &t[1].frame, *yuy2 = &t[2].frame;
    for (int32_t y = 0; y < H; y++)
        for (int32_t x = 0; x < W; x++) {
            const uint8_t *rgba = pixel(&t[3].frame, x, y), *bgra = pixel(&t[4].frame, x, y);
            assert_true(rgba[0] == bgra[2] && rgba[1] == bgra[1] && rgba[2] == bgra[0]);
            assert_true(rgba[3] == GREY && bgra[3] == GREY);
            assert_memory_equal(rgba, pixel(&t[5].frame, x, y), 4);
            assert_memory_equal(bgra, pixel(&t[6].frame, x, y), 4);
            uint8_t luma = i420->data[0][y * i420->stride[0] + x];
            assert_int_equal(luma, nv12->data[0][y * nv12->stride[0] + x]);
            assert_int_equal(luma, yuy2->data[0][y * yuy2->stride[0] + 2 * x]);
            for (int k = 0; k < 2; k++)
                assert_int_equal(i420->data[1 + k][y / 2 * i420->stride[1 + k] + x / 2],
                                 nv12->data[1][y / 2 * nv12->stride[1] + x / 2 * 2 + k]);
        }
    /* A broad green area, the mask, has its chroma too: U and V of the tint. */
    assert_true(i420->data[2][60 * i420->stride[2] + 70] < GREY - 5);
    for (int f = 0; f < TEST_FORMATS; f++)
        test_frame_free(&t[f]);
}

static void wild_point(dice *d, float *point, float reach)
{
    for (int k = 0; k < 2; k++)
        point[k] += dice_float(d, -reach, reach);
}

static void test_wild_faces(void **state)
{
    (void)state;
    dice d = dice_of(5);
    for (int round = 0; round < 150; round++) {
        int32_t w = dice_int(&d, 16, 120), h = dice_int(&d, 16, 120);
        test_frame t = test_frame_make(test_formats[round % TEST_FORMATS], w, h,
                                       &layouts[dice_int(&d, 0, 2)]);
        float reach = powf(10, dice_float(&d, -1, 8));
        mien_face face = made_face((uint32_t)round, dice_float(&d, -reach, reach),
                                   dice_float(&d, -reach, reach), powf(10, dice_float(&d, -2, 6)),
                                   powf(10, dice_float(&d, -2, 6)));
        for (int i = 0; dice_flip(&d) && i < 100; i++)
            wild_point(&d, face.point[dice_int(&d, 0, MIEN_FACE_POINTS - 1)], reach);
        made_face_box(&face);
        face.lost = dice_flip(&d);
        face.gaze_yaw = dice_float(&d, -200, 200);
        face.yaw = dice_float(&d, -1e6f, 1e6f);
        for (int i = 0; i < MIEN_FACE_REGIONS; i++)
            face.visible[i] = dice_float(&d, -1, 2);
        draw(&t.frame, (unsigned)dice_int(&d, 0, ALL), &face, 1);
        assert_true(test_frame_intact(&t));
        for (int32_t y = 0; !mi_format_is_yuv(t.frame.format) && y < h; y++)
            for (int32_t x = 0; x < w; x++)
                assert_int_equal(pixel(&t.frame, x, y)[3], TEST_CANARY);
        test_frame_free(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inks),          cmocka_unit_test(test_chroma_share),
        cmocka_unit_test(test_nothing),       cmocka_unit_test(test_faces),
        cmocka_unit_test(test_mesh_and_iris), cmocka_unit_test(test_mask),
        cmocka_unit_test(test_timing),        cmocka_unit_test(test_text),
        cmocka_unit_test(test_formats_agree), cmocka_unit_test(test_wild_faces)};
    return cmocka_run_group_tests_name("overlay", tests, NULL, NULL);
}
