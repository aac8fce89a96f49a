/* What becomes of changed faces: no pop, no flash of the bare face. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compose/face_outline.h"
#include "compose/guard.h"
#include "dice.h"
#include "made_face.h"

static const double DT = 1.0 / 30;

/* A guard with faces that a test moves about. */
typedef struct scene {
    mi_guard guard;
    mien_face face[MIEN_FACES_MAX];
    int32_t count;
    bool changing, fresh;
    mi_on_lost on_lost;
    mi_guarded out[MIEN_FACES_MAX];
} scene;

static scene scene_with(int32_t count, mi_on_lost on_lost)
{
    scene s = {.count = count, .changing = true, .on_lost = on_lost};
    for (int32_t i = 0; i < count; i++)
        s.face[i] = made_face((uint32_t)i + 1, 200 + 300 * (float)i, 200, 100, 140);
    return s;
}

static void step(scene *s)
{
    assert_int_equal(mi_guard_step(&s->guard, s->face, s->count, s->changing, s->on_lost, DT,
                                   s->fresh, s->out),
                     s->count);
    s->fresh = false;
    for (int32_t i = 0; i < s->count; i++) {
        assert_ptr_equal(s->out[i].face, &s->face[i]);
        assert_true(s->out[i].amount >= 0 && s->out[i].amount <= 1);
        assert_true(s->out[i].cover >= 0 && s->out[i].cover <= 1);
        assert_true(s->out[i].margin >= 1 && s->out[i].margin <= 1.6001f);
    }
}

static void steps(scene *s, int count)
{
    for (int i = 0; i < count; i++)
        step(s);
}

static void near_to(float a, double b)
{
    if (fabs(a - b) > 1e-4)
        fail_msg("%g is not %g", a, b);
}

static void test_ramp(void **state)
{
    (void)state;
    scene s = scene_with(1, MI_LOST_HOLD);
    for (int i = 1; i <= 8; i++) { /* comes into view of a running stream: 200 ms, 6 frames */
        step(&s);
        near_to(s.out[0].amount, fmin(i / 6.0, 1));
        near_to(s.out[0].cover, 0);
        near_to(s.out[0].margin, 1);
    }
    s.changing = false;
    for (int i = 1; i <= 8; i++) {
        step(&s);
        near_to(s.out[0].amount, fmax(1 - i / 6.0, 0));
    }
}

static void see(mien_face *face, float visible)
{
    for (int i = 0; i < MIEN_FACE_REGIONS; i++)
        face->visible[i] = visible;
}

/* Over a face that is there whole, with all of the effect, goes no cover. */
static void test_in_front(void **state)
{
    (void)state;
    scene s = scene_with(2, MI_LOST_HOLD);
    see(&s.face[0], 0.9f);
    see(&s.face[1], 0.5f); /* something is before it */
    for (int i = 1; i <= 8; i++) {
        step(&s);
        assert_true(s.out[0].in_front == (i >= 6)); /* not while it fades in */
        assert_false(s.out[1].in_front);
    }
    s.face[0].lost = true;
    see(&s.face[1], 1);
    step(&s);
    assert_false(s.out[0].in_front);
    assert_true(s.out[1].in_front);
    s.face[0].lost = false;
    step(&s);
    assert_true(s.out[0].cover > 0 && !s.out[0].in_front); /* its own cover fades */
    see(&s.face[1], NAN);
    steps(&s, 8);
    assert_true(s.out[0].in_front && !s.out[1].in_front);
}

static void test_fresh(void **state)
{
    (void)state;
    scene s = scene_with(2, MI_LOST_HOLD);
    s.fresh = true;
    step(&s);
    near_to(s.out[0].amount, 1);
    near_to(s.out[1].amount, 1);
    s.face[0].lost = true;
    step(&s);
    near_to(s.out[0].cover, 1);
    s.face[0].lost = false; /* a cut: whoever is there now is another shot */
    s.fresh = true;
    step(&s);
    near_to(s.out[0].amount, 1);
    near_to(s.out[0].cover, 0);
    s.changing = false;
    s.fresh = true;
    step(&s);
    near_to(s.out[0].amount, 0);
    s = scene_with(1, MI_LOST_BLUR); /* lost before it was ever changed */
    s.fresh = s.face[0].lost = true;
    steps(&s, 3);
    near_to(s.out[0].amount, 0);
    near_to(s.out[0].cover, 0);
}

/* Pixels of the true face that are not wholly covered. */
static int bare_pixels(const mi_guarded *g, const mien_face *truth)
{
    enum { W = 640, H = 480 };
    mi_outline is, want;
    mi_outline_make(&is, g->face, g->margin, g->move_x, g->move_y, W, H);
    mi_outline_make(&want, truth, 1, 0, 0, W, H);
    want.feather = 0.01f;
    int bare = 0;
    for (int32_t y = want.y0; y < want.y1; y++) {
        uint8_t have[W] = {0}, need[W] = {0};
        if (y >= is.y0 && y < is.y1)
            mi_outline_row(&is, MI_EDGE_OUTSIDE, 255, y, is.x0, is.x1, have + is.x0);
        mi_outline_row(&want, MI_EDGE_MIDDLE, 255, y, want.x0, want.x1, need + want.x0);
        for (int x = 0; x < W; x++)
            bare += need[x] == 255 && have[x] < 255;
    }
    return bare;
}

/* A face of 100 pixels at constant speed (sizes a second) is lost in mid-motion. The tracker lets
 * it stand, or moves it on for a while. */
static void lost_moving(float speed, float angle, float follows)
{
    scene s = scene_with(1, MI_LOST_BLUR);
    float pixels = 100 * speed * (float)DT, dx = pixels * cosf(angle), dy = pixels * sinf(angle);
    s.face[0] = made_face(1, 320 - 9 * dx, 240 - 9 * dy, 100, 140);
    s.fresh = true;
    for (int i = 0; i < 10; i++) {
        step(&s);
        made_face_move(&s.face[0], dx, dy);
    }
    mien_face truth = s.face[0];
    made_face_move(&s.face[0], -dx, -dy);
    s.face[0].lost = true;
    for (int i = 0; i < 10; i++) {
        made_face_move(&s.face[0], follows * dx, follows * dy);
        step(&s);
        near_to(s.out[0].cover, 1);
        near_to(s.out[0].amount, 1);
        int bare = bare_pixels(&s.out[0], &truth);
        if (bare > 0)
            fail_msg("%g sizes/s at %g, followed %g: %d bare pixels in frame %d", speed, angle,
                     follows, bare, i + 1);
        made_face_move(&truth, dx, dy);
    }
}

static void test_lost_moving(void **state)
{
    (void)state;
    for (int v = 0; v <= 5; v++)
        for (int a = 0; a < 8; a++)
            for (int f = 0; f <= 2; f++)
                lost_moving(0.5f * (float)v, 0.785f * (float)a, 0.5f * (float)f);
}

/* It stopped where it was lost: the margin has room for that at common speeds. */
static void test_lost_stops(void **state)
{
    (void)state;
    scene s = scene_with(1, MI_LOST_BLUR);
    s.fresh = true;
    for (int i = 0; i < 10; i++) {
        step(&s);
        made_face_move(&s.face[0], 3, 1); /* 0.9 sizes a second */
    }
    made_face_move(&s.face[0], -3, -1);
    mien_face truth = s.face[0];
    s.face[0].lost = true;
    float margin = 0;
    for (int i = 0; i < 10; i++) {
        step(&s);
        assert_int_equal(bare_pixels(&s.out[0], &truth), 0);
        assert_true(s.out[0].margin >= margin);
        margin = s.out[0].margin;
    }
    assert_true(margin > 1.3f);
}

static void test_margin_at_rest(void **state)
{
    (void)state;
    scene s = scene_with(1, MI_LOST_BLACK);
    steps(&s, 10);
    s.face[0].lost = true;
    step(&s);
    assert_true(s.out[0].margin >= 1.1f && s.out[0].margin < 1.12f);
    near_to(s.out[0].move_x, 0);
    near_to(s.out[0].move_y, 0);
    steps(&s, 29);
    assert_true(s.out[0].margin > 1.3f && s.out[0].margin < 1.4f);
    steps(&s, 100);
    near_to(s.out[0].margin, 1.6);
}

static void test_regain(void **state)
{
    (void)state;
    scene s = scene_with(1, MI_LOST_HOLD);
    steps(&s, 10);
    s.face[0].lost = true;
    steps(&s, 12);
    s.face[0].lost = false;
    made_face_move(&s.face[0], 40, 0);
    for (int i = 1; i <= 8; i++) {
        step(&s);
        near_to(s.out[0].cover, fmax(1 - i / 6.0, 0));
        near_to(s.out[0].amount, 1);
        near_to(s.out[0].move_x, 0);
    }
    near_to(s.out[0].margin, 1);
}

/* Lost while the effect comes in, found after one frame: covered until the effect is whole. */
static void test_lost_in_fade(void **state)
{
    (void)state;
    scene s = scene_with(1, MI_LOST_BLACK);
    step(&s);
    near_to(s.out[0].amount, 1 / 6.0);
    s.face[0].lost = true;
    step(&s);
    near_to(s.out[0].cover, 1);
    s.face[0].lost = false;
    for (int i = 0; i < 12; i++) {
        step(&s);
        assert_true(s.out[0].amount >= 1 || s.out[0].cover >= 1);
    }
    near_to(s.out[0].cover, 0);
}

static void test_pass(void **state)
{
    (void)state;
    scene s = scene_with(1, MI_LOST_PASS);
    steps(&s, 10);
    s.face[0].lost = true;
    for (int i = 1; i <= 6; i++) {
        step(&s);
        near_to(s.out[0].cover, 0);
        near_to(s.out[0].amount, fmax(1 - i * DT / 0.15, 0));
    }
    s.on_lost = MI_LOST_HOLD; /* it is bare already: nothing to hide any more */
    step(&s);
    near_to(s.out[0].cover, 0);
    s.face[0].lost = false;
    step(&s);
    near_to(s.out[0].amount, 1 / 6.0);
    /* switched over in the middle of a cover: it fades */
    steps(&s, 10);
    s.face[0].lost = true;
    step(&s);
    near_to(s.out[0].cover, 1);
    s.on_lost = MI_LOST_PASS;
    step(&s);
    near_to(s.out[0].cover, 5 / 6.0);
}

static void test_switched_off(void **state)
{
    (void)state;
    scene s = scene_with(1, MI_LOST_BLUR);
    steps(&s, 10);
    s.face[0].lost = true;
    steps(&s, 2);
    s.changing = false;
    for (int i = 1; i <= 7; i++) {
        step(&s);
        near_to(s.out[0].cover, fmax(1 - i / 6.0, 0));
        near_to(s.out[0].amount, fmax(1 - i / 6.0, 0));
    }
    s.changing = true; /* on again while it is lost: there is nothing to cover */
    step(&s);
    near_to(s.out[0].cover, 0);
}

static void test_two(void **state)
{
    (void)state;
    scene s = scene_with(2, MI_LOST_HOLD);
    steps(&s, 10);
    s.face[1].lost = true;
    step(&s);
    near_to(s.out[0].cover, 0);
    near_to(s.out[1].cover, 1);
    /* The first one goes; what is known of the second one goes by its id. */
    s.face[0] = s.face[1];
    s.count = 1;
    step(&s);
    near_to(s.out[0].cover, 1);
    /* Another one comes, goes again without having been lost, and is forgotten. */
    s.face[1] = made_face(3, 900, 200, 100, 140);
    s.count = 2;
    step(&s);
    near_to(s.out[1].cover, 0);
    near_to(s.out[1].amount, 1 / 6.0);
    s.face[0].lost = false;
    steps(&s, 8);
    assert_int_equal(mi_guard_step(&s.guard, NULL, 0, true, MI_LOST_HOLD, DT, false, s.out), 0);
    s.count = 1;
    step(&s);
    near_to(s.out[0].amount, 1 / 6.0);
    mi_guard_reset(&s.guard);
    step(&s);
    near_to(s.out[0].amount, 1 / 6.0);
    mien_face many[12];
    for (uint32_t i = 0; i < 12; i++)
        many[i] = made_face(10 + i, 100, 100, 50, 60);
    assert_int_equal(mi_guard_step(&s.guard, many, 12, true, MI_LOST_HOLD, DT, false, s.out),
                     MIEN_FACES_MAX);
}

/* One face is lost and given up, then another comes, then it itself under another id: each starts
 * like one that is found again, as long as the scene lasts and faces may not show. */
static void test_given_up(void **state)
{
    (void)state;
    for (int k = 0; k < 6; k++) {
        scene s = scene_with(1, k == 1 ? MI_LOST_PASS : k == 2 ? MI_LOST_BLACK : MI_LOST_BLUR);
        s.changing = k != 3;
        steps(&s, 10);
        s.face[0].lost = true;
        steps(&s, 90);
        assert_int_equal(mi_guard_step(&s.guard, NULL, 0, s.changing, s.on_lost, DT, false, s.out),
                         0);
        s.changing = true;
        for (uint32_t id = 2; id < 4; id++) {
            s.face[0] = made_face(id, 1500 - 300 * (float)id, 200, 100, 140);
            if (k == 4) {
                step(&s); /* a break: seen before the effect comes on */
                mi_guard_reset(&s.guard);
            }
            s.fresh = k == 5;
            step(&s);
            bool covered = k == 0 || k == 2;
            near_to(s.out[0].cover, covered ? 5 / 6.0 : 0);
            near_to(s.out[0].amount, covered || k == 5 ? 1 : 1 / 6.0);
            for (int i = 0; i < 10 && covered; i++) {
                step(&s);
                near_to(s.out[0].cover, fmax((4 - i) / 6.0, 0));
                near_to(s.out[0].amount, 1);
            }
            steps(&s, 5);
        }
    }
}

/* A face whose slot another one gets in the same frame. */
static void test_replaced(void **state)
{
    (void)state;
    scene s = scene_with(1, MI_LOST_HOLD);
    steps(&s, 10);
    s.face[0].lost = true;
    steps(&s, 30);
    s.face[0] = made_face(2, 900, 200, 100, 140);
    step(&s);
    near_to(s.out[0].cover, 5 / 6.0);
    near_to(s.out[0].amount, 1);
}

/* Another take of the same scene: somebody else in the same place from one frame to the next. */
static void test_another_there(void **state)
{
    (void)state;
    for (int k = 0; k < 3; k++) {
        scene s = scene_with(1, MI_LOST_HOLD);
        steps(&s, 10);
        s.face[0].lost = true;
        if (k == 2)
            step(&s); /* it was lost before: that may be the same person */
        s.face[1] = s.face[0];
        s.face[1].id = 2;
        s.face[1].lost = false;
        made_face_move(&s.face[1], k == 1 ? 60 : 20, 10);
        s.count = 2;
        for (int i = 0; i < 10; i++) {
            step(&s);
            near_to(s.out[0].cover, k == 0 ? 0 : 1);
            near_to(s.out[1].amount, 1);
        }
        s.face[0].lost = false; /* the first one again, for ever so short a time */
        s.count = 1;
        steps(&s, 10);
        s.face[0].lost = true;
        step(&s);
        near_to(s.out[0].cover, 1);
    }
}

/* A lost face that comes back is first taken for a new one, then found out: ids change places. */
static void test_mixed_up(void **state)
{
    (void)state;
    scene s = scene_with(2, MI_LOST_HOLD);
    steps(&s, 10);
    s.face[1].lost = true;
    steps(&s, 3);
    s.face[2] = s.face[1];
    made_face_move(&s.face[2], 60, 30);
    s.face[2].id = 3;
    s.face[2].lost = false;
    s.count = 3;
    step(&s);
    near_to(s.out[2].amount, 1);
    s.face[1] = s.face[2]; /* it is number two after all */
    s.face[1].id = 2;
    s.count = 2;
    for (int i = 0; i < 8; i++) {
        step(&s);
        near_to(s.out[1].amount, 1);
    }
    near_to(s.out[1].cover, 0);
    /* Another one comes and is taken for number two, who is far off: both go on as they are. */
    s.face[2] = made_face(4, 800, 300, 100, 140);
    s.count = 3;
    step(&s);
    near_to(s.out[2].amount, 1 / 6.0);
    uint32_t id = s.face[1].id;
    s.face[1].id = s.face[2].id;
    s.face[2].id = id;
    step(&s);
    near_to(s.out[1].amount, 1);
    /* A jump is no speed. */
    s.face[1].lost = true;
    step(&s);
    near_to(s.out[1].move_x, 0);
    /* The tracker says that the lost one is elsewhere: so it is. */
    made_face_move(&s.face[1], 200, 0);
    step(&s);
    near_to(s.out[1].move_x, 0);
}

/* Is any other face so near that its effect may come over? */
static bool has_neighbour(const scene *s, int i)
{
    for (int j = 0; j < s->count; j++)
        if (j != i && hypotf(s->face[i].x - s->face[j].x, s->face[i].y - s->face[j].y) < 250)
            return true;
    return false;
}

/* Whatever happens: no pop, and from a loss until the cover has gone no bit of the bare face. */
static void random_story(uint64_t seed)
{
    dice d = dice_of(seed);
    scene s = scene_with(3, MI_LOST_HOLD);
    mi_guarded was[3] = {{0}};
    bool hiding[3] = {false};
    for (int frame = 0; frame < 300; frame++) {
        for (int i = 0; i < 3; i++) {
            made_face_move(&s.face[i], dice_float(&d, -9, 9), dice_float(&d, -9, 9));
            s.face[i].lost = dice_int(&d, 0, 3) == 0 ? dice_flip(&d) : s.face[i].lost;
        }
        bool fresh = s.fresh = dice_int(&d, 0, 99) == 0;
        if (dice_int(&d, 0, 49) == 0)
            s.on_lost = (mi_on_lost)dice_int(&d, 0, 3);
        if (dice_int(&d, 0, 49) == 0)
            s.changing = dice_flip(&d);
        step(&s);
        for (int i = 0; i < 3; i++) {
            const mi_guarded *g = &s.out[i];
            bool pass = s.on_lost == MI_LOST_PASS || !s.changing;
            bool must = !fresh && !pass && g->face->lost && (was[i].amount > 0 || was[i].cover > 0);
            double most = DT / (s.on_lost == MI_LOST_PASS ? 0.15 : 0.2) + 1e-4;
            bool pops = was[i].amount - g->amount > most ||
                        (g->amount - was[i].amount > most && !has_neighbour(&s, i));
            if (!fresh && pops)
                fail_msg("seed %d frame %d: the effect pops", (int)seed, frame);
            if (!fresh && was[i].cover - g->cover > DT / 0.2 + 1e-4)
                fail_msg("seed %d frame %d: the cover pops away", (int)seed, frame);
            if (must && g->cover < 1)
                fail_msg("seed %d frame %d: lost and bare", (int)seed, frame);
            hiding[i] = (must || (hiding[i] && g->cover > 0)) && !pass && !fresh;
            if (hiding[i] && (1 - g->cover) * (1 - g->amount) > 1e-5f)
                fail_msg("seed %d frame %d: the face shows through", (int)seed, frame);
            was[i] = *g;
        }
    }
}

static void test_random(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++)
        random_story(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ramp),          cmocka_unit_test(test_in_front),
        cmocka_unit_test(test_fresh),         cmocka_unit_test(test_lost_moving),
        cmocka_unit_test(test_lost_stops),    cmocka_unit_test(test_margin_at_rest),
        cmocka_unit_test(test_regain),        cmocka_unit_test(test_lost_in_fade),
        cmocka_unit_test(test_pass),          cmocka_unit_test(test_switched_off),
        cmocka_unit_test(test_two),           cmocka_unit_test(test_given_up),
        cmocka_unit_test(test_replaced),      cmocka_unit_test(test_another_there),
        cmocka_unit_test(test_mixed_up),      cmocka_unit_test(test_random)};
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
