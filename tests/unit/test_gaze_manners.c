/* When eyes are turned and how much, and where their patches lie. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "effect/gaze_manners.h"
#include "posed_face.h"

static const double DT = 1.0 / 30;

typedef struct person {
    mi_manners manners;
    mien_face face;
    mi_eye_state eye[MI_EYES];
    mi_manners_step step;
    float last[MI_EYES], fastest; /* change of a share, by a second */
} person;

static void look(person *p, float yaw, float pitch)
{
    for (int i = 0; i < MI_EYES; i++)
        mi_gaze_direction(yaw, pitch, p->eye[i].gaze);
}

static person person_looking(float yaw, float pitch)
{
    person p = {.step = {.most = 1, .dt = DT}};
    for (int i = 0; i < MI_EYES; i++)
        p.eye[i] = (mi_eye_state){.trust = 1, .open = 1};
    look(&p, yaw, pitch);
    return p;
}

static void frames(person *p, int count)
{
    p->step.eye = p->eye;
    for (int n = 0; n < count; n++) {
        mi_manners_take(&p->manners, &p->face, &p->step);
        for (int i = 0; i < MI_EYES; i++) {
            float speed = fabsf(p->manners.share[i] - p->last[i]) / (float)p->step.dt;
            p->fastest = fmaxf(p->fastest, speed);
            p->last[i] = p->manners.share[i];
        }
    }
}

static void assert_shares(const person *p, float left, float right)
{
    assert_float_equal(p->manners.share[0], left, 1e-4);
    assert_float_equal(p->manners.share[1], right, 1e-4);
}

/* The share of eyes or a head that have been so for long. */
static float rest_share(float eyes_yaw, float eyes_pitch, float head_yaw, float head_pitch)
{
    person p = person_looking(eyes_yaw, eyes_pitch);
    p.face.yaw = head_yaw;
    p.face.pitch = head_pitch;
    frames(&p, 30);
    assert_true(p.fastest <= 5.001f);
    return p.manners.share[0];
}

static void test_where_it_works(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        float x = way == 0 ? 1 : way == 1 ? -1 : 0, y = way == 2 ? 1 : way == 3 ? -1 : 0;
        float before = 1;
        assert_float_equal(rest_share(19.9f * x, 19.9f * y, 0, 0), 1, 1e-4);
        assert_float_equal(rest_share(30 * x, 30 * y, 0, 0), 0, 1e-4);
        assert_float_equal(rest_share(10, 0, 14.9f * x, 14.9f * y), 1, 1e-4);
        assert_float_equal(rest_share(10, 0, 27 * x, 27 * y), 0, 1e-4);
        assert_float_equal(rest_share(10, 0, 120 * x, 120 * y), 0, 1e-4);
        for (float a = 20; a <= 30; a += 0.25f) { /* smoothly */
            float share = rest_share(a * x, a * y, 0, 0);
            assert_true(share <= before && before - share < 0.05f);
            before = share;
        }
    }
}

/* Near the target the eyes are turned the less the nearer they look, with no edge: what is seen of
 * them there is mostly the error of measuring. */
static void test_near_target(void **state)
{
    (void)state;
    float before = 0;
    for (float a = 0; a <= 10; a += 0.25f) {
        float share = rest_share(a * 0.6f, a * 0.8f, 0, 0);
        assert_true(a > 4 || share == 0);
        assert_true(a < 8 || share > 0.9999f);
        assert_true(share >= before && share - before < 0.1f);
        before = share;
    }
}

/* Eyes that are on the target anyway are left alone, after a while. */
static void test_on_target(void **state)
{
    (void)state;
    assert_float_equal(rest_share(1, 1, 0, 0), 0, 1e-4);
    person p = person_looking(10, 0);
    frames(&p, 30);
    assert_shares(&p, 1, 1);
    look(&p, 0, 0);
    frames(&p, 15); /* a glance */
    assert_true(p.manners.share[0] > 0.7f);
    frames(&p, 60);
    assert_shares(&p, 0, 0);
    look(&p, 10, 0);
    frames(&p, 13);
    assert_shares(&p, 1, 1);
    assert_true(p.fastest <= 5.001f);
    /* with another target, the camera is off it */
    person q = person_looking(0, 0);
    mi_gaze_direction(8.1f, 0, q.step.target);
    frames(&q, 30);
    assert_shares(&q, 1, 1);
}

static void test_blink(void **state)
{
    (void)state;
    static const float open[] = {0.7f, 0.25f, 0, 0, 0.2f, 0.5f, 1};
    person p = person_looking(10, 0);
    frames(&p, 30);
    for (int k = 0; k < 7; k++) {
        for (int i = 0; i < MI_EYES; i++) {
            p.eye[i].open = open[k];
            p.eye[i].trust = open[k] < 0.3f ? 0.1f : 1;
            p.eye[i].gaze[1] = open[k] < 0.3f ? -0.6f : 0; /* what is seen of the eye then */
        }
        frames(&p, 1);
        assert_shares(&p, 1, 1);
    }
    p.eye[0].open = p.eye[1].open = 0; /* asleep */
    frames(&p, 30);
    assert_shares(&p, 0, 0);
    p.eye[0].open = p.eye[1].open = 1;
    frames(&p, 1);
    assert_true(p.manners.share[0] > 0 && p.manners.share[0] < 0.2f);
    assert_true(p.fastest <= 5.001f);
}

static void test_each_eye(void **state)
{
    (void)state;
    person p = person_looking(10, 0);
    p.eye[1].trust = 0.2f; /* a reflection */
    frames(&p, 30);
    assert_shares(&p, 1, 0);
    p.eye[1].trust = 1;
    frames(&p, 9);
    assert_true(p.manners.share[1] > 0.3f && p.manners.share[1] < 0.7f);
    frames(&p, 30);
    assert_shares(&p, 1, 1);
    p.step.most = 0.4f;
    frames(&p, 30);
    assert_shares(&p, 0.4f, 0.4f);
    p.eye[0].trust = p.eye[1].trust = 0; /* profile, a hand: nobody knows */
    frames(&p, 30);
    assert_shares(&p, 0, 0);
}

/* An eye in a blur is taken for one now and then: that is no reason to turn it now and then. One
 * frame of doubt is none to let go of a good eye. */
static void test_doubt(void **state)
{
    (void)state;
    person p = person_looking(10, 0);
    p.eye[0].trust = 0.1f;
    frames(&p, 12);
    for (int n = 0; n < 90; n++) {
        p.eye[0].trust = n % 12 < 4 ? 1 : 0.1f;
        p.eye[1].trust = n % 12 == 0 ? 0.1f : 1;
        frames(&p, 1);
        assert_true(p.manners.share[0] < 0.25f && p.manners.share[1] > 0.75f);
    }
}

/* Both eyes end at the target in the mean, each as far from it as it stands apart; a saccade does
 * not wait for anything. */
static void test_turn(void **state)
{
    (void)state;
    person p = person_looking(10, 0);
    p.eye[0].gaze[0] += 0.03f;
    p.eye[1].gaze[0] -= 0.03f;
    mi_gaze_direction(0, 5, p.step.target);
    frames(&p, 90);
    for (int i = 0; i < MI_EYES; i++) {
        float turn[2], share, apart = i == 0 ? 0.03f : -0.03f, m = mi_eye_mirror(i);
        mi_manners_ask(&p.manners, i, p.step.target, turn, &share);
        assert_float_equal(share, 1, 1e-4);
        /* the network turns by turn - share * gaze, in the axes of its patch */
        float end = m * turn[0] - share * p.eye[i].gaze[0] + p.eye[i].gaze[0];
        assert_float_equal(end, p.step.target[0] + apart, 1e-3);
        assert_float_equal(turn[1], p.step.target[1], 1e-3);
    }
}

/* How far eyes stand apart is seen in the second frame of a face: what it changes does not pop. */
static void test_apart_eases(void **state)
{
    (void)state;
    person p = person_looking(10, 0);
    float turn[2], share, was = 0, most = 0.4f * (float)DT + 1e-5f;
    for (int i = 0; i < MI_EYES; i++)
        p.eye[i].gaze[0] += i == 0 ? 0.08f : -0.08f;
    p.step.fresh = true;
    for (int n = 0; n < 30; n++) {
        frames(&p, 1);
        p.step.fresh = false;
        mi_manners_ask(&p.manners, 0, p.step.target, turn, &share);
        assert_shares(&p, 1, 1);
        assert_true(fabsf(turn[0] - was) <= most);
        was = turn[0];
    }
    assert_float_equal(was, 0.08f, 1e-3);
}

/* Where the eyes look afterwards that really look so, degrees, while the network says so much more
 * of them; and how fast that changes when they stand still. */
static float seen_off(person *p, float yaw, float pitch, const float more[2], int count)
{
    float turn[2], share, end[2], was[2] = {0, 0}, fastest = 0;
    look(p, yaw + more[0], pitch + more[1]);
    for (int n = 0; n < count; n++) {
        frames(p, 1);
        mi_manners_ask(&p->manners, 0, p->step.target, turn, &share);
        float really[2];
        mi_gaze_direction(yaw, pitch, really);
        for (int k = 0; k < 2; k++) {
            end[k] = really[k] + turn[k] - share * p->eye[0].gaze[k];
            if (n > 0)
                fastest = fmaxf(fastest, fabsf(end[k] - was[k]) / (float)p->step.dt);
            was[k] = end[k];
        }
    }
    assert_true(fastest < 1.6f); /* a second: 18 degrees in 200 ms */
    return mi_gaze_angle(end, p->step.target);
}

/* What is special in somebody's eyes is learnt while they look at the camera, and known then: until
 * it is to be learnt anew, also of the next face. */
static void test_learns(void **state)
{
    (void)state;
    static const float more[2] = {5, -6}, other[2] = {-4, 0};
    person p = person_looking(0, 0);
    float bare = seen_off(&p, 9, 2, more, 60);
    assert_true(bare > 7);
    p.step.learn = 1;
    seen_off(&p, 0, 0, more, 15);
    p.eye[0].open = 0; /* a blink is no time in which it is learnt */
    seen_off(&p, 20, 0, more, 10);
    p.eye[0].open = 1;
    seen_off(&p, 0, 0, more, 30);
    assert_float_equal(p.manners.rest.time, 1, 0.04);
    float on_camera = seen_off(&p, 0, 0, more, 90), aside = seen_off(&p, 9, 2, more, 60);
    assert_true(on_camera < 0.3f && aside < 0.3f);
    seen_off(&p, 0, 0, more, 90);
    assert_shares(&p, 0, 0);
    assert_true(seen_off(&p, 7.1f, 0, more, 60) < 0.3f); /* less is left alone in known eyes */
    person next = person_looking(0, 0);
    next.step = p.step;
    next.step.fresh = true;
    next.step.rest = p.manners.rest;
    frames(&next, 1);
    next.step.fresh = false;
    assert_true(seen_off(&next, 9, 2, more, 60) < 0.3f);
    p.step.learn = 0;
    assert_true(seen_off(&p, 9, 2, more, 60) < 0.3f);
    p.step.learn = 1;
    seen_off(&p, 0, 0, other, 90);
    assert_true(seen_off(&p, 9, 2, other, 60) < 0.3f);
}

static void test_first_frame(void **state)
{
    (void)state;
    person p = person_looking(0, 0);
    p.step.fresh = true;
    p.face.gaze_yaw = 12;
    p.face.gaze_confidence = 1;
    p.face.aperture[0] = p.face.aperture[1] = 0.3f;
    p.face.visible[MIEN_REGION_LEFT_EYE] = p.face.visible[MIEN_REGION_RIGHT_EYE] = 1;
    mi_manners_take(&p.manners, &p.face, &p.step); /* nothing of the network yet: nothing fades */
    assert_shares(&p, 1, 1);
    p.face.visible[MIEN_REGION_RIGHT_EYE] = 0;
    mi_manners_take(&p.manners, &p.face, &p.step);
    assert_shares(&p, 1, 0);
}

/* The shader shows the first frame by what the network says in it; the shares go on from there. */
static void test_second_frame(void **state)
{
    (void)state;
    person p = person_looking(12, 0);
    p.step.fresh = true;
    p.face.gaze_yaw = 12;
    p.face.gaze_confidence = 1;
    p.face.aperture[0] = p.face.aperture[1] = 0.3f;
    p.face.visible[MIEN_REGION_LEFT_EYE] = p.face.visible[MIEN_REGION_RIGHT_EYE] = 1;
    mi_manners_take(&p.manners, &p.face, &p.step);
    assert_shares(&p, 1, 1);
    p.step.fresh = false;
    p.eye[0].trust = 0.1f;
    frames(&p, 1);
    assert_shares(&p, 0, 1);
    p.eye[0].trust = 1; /* from now on it has to be sure for long enough */
    frames(&p, 6);
    assert_true(p.manners.share[0] < 0.4f);
}

/* Whatever comes in, what goes out is a number in its range. */
static void test_wild(void **state)
{
    (void)state;
    static const float wild[] = {-1e9f, -2, -0.3f, 0, 0.4f, 1, 7, 1e9f};
    person p = person_looking(0, 0);
    p.step.learn = 10;
    for (int n = 0; n < 4096; n++) {
        for (int i = 0; i < MI_EYES; i++)
            p.eye[i] = (mi_eye_state){.gaze = {wild[n % 8], wild[n / 8 % 8]},
                                      .trust = wild[n / 64 % 8], .open = wild[n / 512 % 8]};
        frames(&p, 1);
        for (int i = 0; i < MI_EYES; i++) {
            float turn[2], share;
            mi_manners_ask(&p.manners, i, p.step.target, turn, &share);
            assert_true(share >= 0 && share <= 1);
            assert_true(fabsf(turn[0]) < 1 && fabsf(turn[1]) < 1);
        }
    }
}

/* Against the formula of training/gaze_patch.py. */
static void test_patch(void **state)
{
    (void)state;
    float point[MI_POINTS][3];
    mi_eye_patch patch;
    mean_points(point);
    mi_pose pose = posed(0, 0, 20, 120, 300, 200);
    posed_points(&pose, point, point);
    double dx = (double)(point[263][0] - point[33][0]), dy = (double)(point[263][1] - point[33][1]);
    double length = hypot(dx, dy), ex = dx / length, ey = dy / length;
    for (int eye = 0; eye < MI_EYES; eye++) {
        int outer = eye ? 263 : 33, inner = eye ? 362 : 133;
        double cx = (double)(point[outer][0] + point[inner][0]) / 2;
        double cy = (double)(point[outer][1] + point[inner][1]) / 2, m = eye ? -1 : 1;
        assert_true(mi_eye_patch_find(&patch, (const float(*)[3])point, eye));
        for (int k = 0; k < 4; k++) { /* corners */
            double u = k & 1 ? 0.5 : -0.5, v = k & 2 ? 0.5 : -0.5;
            double x = (double)patch.middle[0] + u * (double)patch.across[0] +
                       v * (double)patch.down[0];
            double y = (double)patch.middle[1] + u * (double)patch.across[1] +
                       v * (double)patch.down[1];
            double pu = m * 176 / length * ((x - cx) * ex + (y - cy) * ey);
            double pv = 176 / length * ((y - cy) * ex - (x - cx) * ey);
            assert_float_equal(pu, u * MI_GAZE_W, 1e-3);
            assert_float_equal(pv, v * MI_GAZE_H, 1e-3);
        }
        const float *iris = point[eye ? 473 : 468];
        float at[2];
        mi_eye_patch_iris(&patch, (const float(*)[3])point, eye, at);
        double px = (double)iris[0] - cx, py = (double)iris[1] - cy;
        assert_float_equal(at[0], 48 + m * 176 / length * (px * ex + py * ey), 1e-3);
        assert_float_equal(at[1], 32 + 176 / length * (py * ex - px * ey), 1e-3);
        point[eye ? 473 : 468][0] = NAN;
        mi_eye_patch_iris(&patch, (const float(*)[3])point, eye, at);
        assert_true(at[0] < -500 && at[1] < -500);
    }
    memset(point, 0, sizeof point);
    assert_false(mi_eye_patch_find(&patch, (const float(*)[3])point, 0));
    point[33][0] = NAN;
    assert_false(mi_eye_patch_find(&patch, (const float(*)[3])point, 0));
}

static void test_head(void **state)
{
    (void)state;
    for (int k = 0; k < 3; k++) {
        float point[MI_POINTS][3], head[2], want[2];
        float yaw = k == 1 ? 20 : 0, pitch = k == 2 ? 20 : 0;
        mi_pose pose = posed(yaw, pitch, 10, 120, 300, 200);
        mean_points(point);
        posed_points(&pose, point, point);
        mi_gaze_head((const float(*)[3])point, head);
        mi_gaze_direction(yaw, pitch, want);
        assert_true(mi_gaze_angle(head, want) < 6); /* coarse, as the network learnt it */
    }
    const float ahead[2] = {0, 0};
    float side[2];
    mi_gaze_direction(-30, 0, side);
    assert_float_equal(mi_gaze_angle(ahead, side), 30, 1e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_it_works), cmocka_unit_test(test_near_target),
        cmocka_unit_test(test_on_target),      cmocka_unit_test(test_blink),
        cmocka_unit_test(test_each_eye),       cmocka_unit_test(test_turn),
        cmocka_unit_test(test_apart_eases),    cmocka_unit_test(test_learns),
        cmocka_unit_test(test_first_frame),    cmocka_unit_test(test_second_frame),
        cmocka_unit_test(test_doubt),          cmocka_unit_test(test_wild),
        cmocka_unit_test(test_patch),          cmocka_unit_test(test_head)};
    return cmocka_run_group_tests_name("gaze_manners", tests, NULL, NULL);
}
