/* Which part of a frame a style's picture shows, and how finely. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "compose/view.h"

enum { WIDTH = 1280, HEIGHT = 720, W = 640, H = 360, BLOCK = 8 };
static const double dt = 1 / 30.0;

static mi_frame_part around(int32_t x, int32_t y, int32_t w, int32_t h)
{
    return (mi_frame_part){x - w / 2, y - h / 2, x + w / 2, y + h / 2};
}

static mi_views views_720p(void)
{
    mi_views v;
    mi_views_init(&v, WIDTH, HEIGHT, W, H, 2);
    return v;
}

/* The view is on its grid, and shows all of the part that lies in the frame. */
static void check_shown(const mi_views *v, mi_view view, mi_frame_part p)
{
    int32_t s = v->scale[view.kind];
    assert_true(view.x >= 0 && view.y >= 0 && view.x < v->frame_w && view.y < v->frame_h);
    assert_int_equal(view.x % (BLOCK * s), 0);
    assert_int_equal(view.y % (BLOCK * s), 0);
    assert_true(view.x <= (p.x0 > 0 ? p.x0 : 0) && view.y <= (p.y0 > 0 ? p.y0 : 0));
    assert_true(view.x + v->w * s >= (p.x1 < v->frame_w ? p.x1 : v->frame_w));
    assert_true(view.y + v->h * s >= (p.y1 < v->frame_h ? p.y1 : v->frame_h));
}

static void test_whole(void **unused)
{
    (void)unused;
    mi_views v = views_720p();
    mi_viewer viewer = {.started = false};
    mi_frame_part face = around(640, 360, 200, 260);
    mi_viewer_step(&viewer, &v, &face, dt, true);
    mi_view view = mi_viewer_step(&viewer, &v, NULL, dt, false);
    assert_true(view.kind == 0 && view.x == 0 && view.y == 0);
}

/* The scales of frames that are drawn at 1, 1/2, 1/3, 1/6 of their size. */
static void test_scales(void **unused)
{
    (void)unused;
    static const int32_t want[][MI_VIEWS] = {{1}, {2, 1}, {3, 2, 1}, {6, 3, 1}};
    for (int k = 0; k < 4; k++) {
        mi_views v;
        mi_views_init(&v, WIDTH, HEIGHT, W, H, want[k][0]);
        assert_int_equal(v.kinds, k < 2 ? k + 1 : 3);
        for (int i = 0; i < v.kinds; i++)
            assert_int_equal(v.scale[i], want[k][i]);
    }
}

/* A face anywhere, also half outside of the frame, is seen at its full resolution from the first
 * frame on; in a frame of odd size as well. */
static void test_anywhere(void **unused)
{
    (void)unused;
    for (int32_t w = 1273; w <= WIDTH; w += 7)
        for (int32_t y = -20; y <= HEIGHT + 20; y += 37)
            for (int32_t x = -20; x <= w + 20; x += 29) {
                mi_views v;
                mi_viewer viewer = {.started = false};
                mi_views_init(&v, w, HEIGHT, W, H, 2);
                mi_frame_part face = around(x, y, 240, 320);
                mi_view view = mi_viewer_step(&viewer, &v, &face, dt, true);
                assert_int_equal(view.kind, 1);
                check_shown(&v, view, face);
            }
}

/* A face that walks through the frame: the view stays for long, and always shows it. */
static void test_walk(void **unused)
{
    (void)unused;
    mi_views v = views_720p();
    mi_viewer viewer = {.started = false};
    mi_view last = {0};
    int moves = 0;
    for (int32_t x = 150; x < WIDTH - 150; x += 3) {
        mi_frame_part face = around(x, 360 + x % 11, 220, 300);
        mi_view view = mi_viewer_step(&viewer, &v, &face, dt, x == 150);
        check_shown(&v, view, face);
        assert_int_equal(view.kind, 1);
        moves += x > 150 && (view.x != last.x || view.y != last.y);
        last = view;
    }
    assert_in_range(moves, 2, 6);
}

/* Without a face it stays; from one that is too large on it shows the whole frame, and looks
 * closer when there has been room for a second. A trembling size does not make it go to and fro. */
static void test_room(void **unused)
{
    (void)unused;
    mi_views v = views_720p();
    mi_viewer viewer = {.started = false};
    mi_frame_part face = around(640, 360, 240, 320), none = {WIDTH, HEIGHT, 0, 0},
                  large = around(640, 360, 300, 380);
    mi_view first = mi_viewer_step(&viewer, &v, &face, dt, true), view;
    view = mi_viewer_step(&viewer, &v, &none, dt, false);
    assert_memory_equal(&view, &first, sizeof view);
    assert_int_equal(mi_viewer_step(&viewer, &v, &large, dt, false).kind, 0);
    int frames = 0;
    while (mi_viewer_step(&viewer, &v, &face, dt, false).kind == 0)
        assert_true(frames++ < 60);
    assert_in_range(frames, 25, 35);
    int changes = 0, kind = 1;
    for (int n = 0; n < 300; n++) {
        mi_frame_part trembling = around(640, 360, 260, n % 2 ? 346 : 354);
        view = mi_viewer_step(&viewer, &v, &trembling, dt, false);
        check_shown(&v, view, trembling);
        changes += view.kind != kind;
        kind = view.kind;
    }
    assert_true(changes <= 1);
}

/* Two faces that are far apart are seen together, and then not finely. */
static void test_apart(void **unused)
{
    (void)unused;
    mi_views v = views_720p();
    mi_viewer viewer = {.started = false};
    mi_frame_part both = {100, 300, 1100, 600};
    mi_view view = mi_viewer_step(&viewer, &v, &both, dt, true);
    assert_int_equal(view.kind, 0);
    check_shown(&v, view, both);
}

/* Where a pixel lay in the view before. */
static void test_moved(void **unused)
{
    (void)unused;
    mi_views v = views_720p();
    const mi_view whole = {0, 0, 0}, a = {1, 320, 160}, b = {1, 336, 144};
    mi_view_move m = mi_view_moved(&v, a, b);
    assert_true(fabsf(m.x - 16) < 1e-6f && fabsf(m.y + 16) < 1e-6f && fabsf(m.step - 1) < 1e-6f);
    /* the middle of the fine view's first pixel, 320.5, is a quarter before that of whole pixel
     * 160, 321 */
    m = mi_view_moved(&v, whole, a);
    assert_true(fabsf(m.x - 159.75f) < 1e-4f && fabsf(m.y - 79.75f) < 1e-4f);
    assert_true(fabsf(m.step - 0.5f) < 1e-6f);
    m = mi_view_moved(&v, a, whole);
    assert_true(fabsf(m.x + 319.5f) < 1e-4f && fabsf(m.step - 2) < 1e-6f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole), cmocka_unit_test(test_scales),
        cmocka_unit_test(test_anywhere), cmocka_unit_test(test_walk),
        cmocka_unit_test(test_room), cmocka_unit_test(test_apart),
        cmocka_unit_test(test_moved)};
    return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
