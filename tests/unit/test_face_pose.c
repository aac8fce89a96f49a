/* The head's pose from points: round trips, signs, points that say nothing. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "posed_face.h"

enum { NOSE_TIP = 1, LEFT_CORNER = 33, RIGHT_CORNER = 263, CHIN = 152, ROUNDS = 300 };

static mi_pose fitted(float point[MI_POINTS][3])
{
    mi_pose pose;
    mi_pose_fit(&pose, &mi_mean_face, (const float(*)[3])point);
    return pose;
}

static float apart(float a, float b) /* of two angles, degrees */
{
    float d = fabsf(a - b);
    return d > 180 ? 360 - d : d;
}

static void test_round_trip(void **state)
{
    (void)state;
    dice d = dice_of(1);
    for (int round = 0; round < ROUNDS; round++) {
        float yaw = dice_float(&d, -179, 179), pitch = dice_float(&d, -85, 85);
        float roll = dice_float(&d, -179, 179), scale = dice_float(&d, 5, 2000);
        mi_pose truth = posed(yaw, pitch, roll, scale, dice_float(&d, -500, 4000),
                              dice_float(&d, -500, 4000));
        float point[MI_POINTS][3], found[3];
        mean_points(point);
        posed_points(&truth, point, point);
        mi_pose pose = fitted(point);
        mi_pose_angles(&pose, &found[0], &found[1], &found[2]);
        assert_true(apart(found[0], yaw) < 0.3f && apart(found[1], pitch) < 0.1f &&
                    apart(found[2], roll) < 0.3f);
        assert_float_equal(pose.scale / scale, 1, 1e-3);
        assert_true(pose.misfit >= 0 && pose.misfit < 2e-3f);
        for (int k = 0; k < 3; k++)
            assert_float_equal(pose.t[k], truth.t[k], 1e-3 * scale + 2e-3);
    }
}

static void test_signs(void **state)
{
    (void)state;
    float point[MI_POINTS][3], seen[MI_POINTS][3];
    mean_points(point);
    mi_pose pose = posed(20, 0, 0, 100, 300, 200);
    posed_points(&pose, point, seen);
    assert_true(seen[NOSE_TIP][0] > 300 + 10); /* yaw: the nose goes to the viewer's right */
    pose = posed(0, 20, 0, 100, 300, 200);
    posed_points(&pose, point, seen);
    float up = seen[NOSE_TIP][1];
    pose = posed(0, -20, 0, 100, 300, 200);
    posed_points(&pose, point, seen);
    assert_true(up < seen[NOSE_TIP][1] - 20); /* pitch: the nose goes up */
    pose = posed(0, 0, 20, 100, 300, 200);
    posed_points(&pose, point, seen);
    assert_true(seen[RIGHT_CORNER][1] > seen[LEFT_CORNER][1] + 20 && seen[CHIN][0] < 300 - 20);
}

static void test_mean_face_looks_ahead(void **state)
{
    (void)state;
    const float(*p)[3] = mi_mean_face.point;
    assert_float_equal(p[RIGHT_CORNER][0] - p[LEFT_CORNER][0], 1, 1e-3);
    for (int k = 0; k < 3; k++)
        assert_float_equal(p[RIGHT_CORNER][k] + p[LEFT_CORNER][k], 0, 1e-3);
    assert_float_equal(p[NOSE_TIP][0], 0, 1e-3);
    assert_true(p[NOSE_TIP][2] < -0.3f && p[CHIN][1] > 0.8f);
}

static void test_triangles_cover_the_face_once(void **state)
{
    (void)state;
    const mi_shape *s = &mi_mean_face;
    bool used[MI_MESH_POINTS] = {false};
    assert_true(s->triangles > 800 && s->triangles < 1000);
    for (int32_t i = 0; i < s->triangles; i++) {
        const uint16_t *t = s->triangle[i];
        const float *a = s->uv[t[0]], *b = s->uv[t[1]], *c = s->uv[t[2]];
        assert_true((b[0] - a[0]) * (c[1] - a[1]) > (b[1] - a[1]) * (c[0] - a[0]));
        for (int k = 0; k < 3; k++) {
            assert_in_range(t[k], 0, MI_MESH_POINTS - 1);
            used[t[k]] = true;
            assert_true(s->uv[t[k]][0] > 0 && s->uv[t[k]][0] < 1);
            assert_true(s->uv[t[k]][1] > 0 && s->uv[t[k]][1] < 1);
        }
    }
    for (int i = 0; i < MI_MESH_POINTS; i++)
        assert_true(used[i] && s->weight[i] >= 0 && s->weight[i] <= 1);
}

static void test_expression_leaves_pose(void **state)
{
    (void)state;
    float point[MI_POINTS][3];
    mean_points(point);
    for (int i = 0; i < MI_MESH_POINTS; i++)
        if (!(mi_mean_face.weight[i] > 0))
            point[i][1] += 0.3f; /* jaw, lips, lids */
    mi_pose truth = posed(15, -10, 5, 120, 640, 360), pose;
    posed_points(&truth, point, point);
    pose = fitted(point);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            assert_float_equal(pose.r[i][k], truth.r[i][k], 1e-3);
    assert_true(pose.misfit < 2e-3f);
}

static void test_noise(void **state)
{
    (void)state;
    dice d = dice_of(2);
    float point[MI_POINTS][3], found[3];
    mean_points(point);
    for (int i = 0; i < MI_POINTS; i++)
        for (int k = 0; k < 3; k++)
            point[i][k] += 0.02f * dice_normal(&d);
    mi_pose pose = posed(-25, 12, -40, 150, 100, 90);
    posed_points(&pose, point, point);
    pose = fitted(point);
    mi_pose_angles(&pose, &found[0], &found[1], &found[2]);
    assert_float_equal(found[0], -25, 1);
    assert_float_equal(found[1], 12, 1);
    assert_float_equal(found[2], -40, 1);
    assert_float_equal(pose.misfit, 0.02 * sqrt(3.0), 0.006);
}

static void assert_no_turn(const mi_pose *pose)
{
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            assert_true(pose->r[i][k] == (i == k));
    assert_true(pose->scale == 1 && pose->misfit == 1);
    assert_true(pose->t[0] == 0 && pose->t[1] == 0 && pose->t[2] == 0);
}

static void test_degenerate(void **state)
{
    (void)state;
    float point[MI_POINTS][3] = {{0}};
    mi_pose pose = fitted(point);
    assert_no_turn(&pose);
    for (int i = 0; i < MI_POINTS; i++)
        for (int k = 0; k < 3; k++)
            point[i][k] = 100.0f * (float)(k + 1);
    pose = fitted(point); /* one place */
    assert_no_turn(&pose);
    mean_points(point);
    for (int i = 0; i < MI_POINTS; i++)
        point[i][1] = point[i][2] = 2 * point[i][0];
    pose = fitted(point); /* a line */
    assert_no_turn(&pose);
    static const float bad[] = {NAN, INFINITY, -INFINITY, 1e30f};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mean_points(point);
        point[NOSE_TIP][i % 3] = bad[i];
        pose = fitted(point);
        assert_no_turn(&pose);
    }
    mi_shape empty = mi_mean_face;
    memset(empty.weight, 0, sizeof empty.weight);
    mean_points(point);
    mi_pose_fit(&pose, &empty, (const float(*)[3])point);
    assert_no_turn(&pose);
}

static void test_mirrored_is_still_a_turn(void **state)
{
    (void)state;
    float point[MI_POINTS][3];
    mean_points(point);
    for (int i = 0; i < MI_POINTS; i++)
        point[i][2] = -point[i][2];
    mi_pose pose = fitted(point);
    const float(*r)[3] = (const float(*)[3])pose.r;
    float det = r[0][0] * (r[1][1] * r[2][2] - r[1][2] * r[2][1]) -
                r[0][1] * (r[1][0] * r[2][2] - r[1][2] * r[2][0]) +
                r[0][2] * (r[1][0] * r[2][1] - r[1][1] * r[2][0]);
    assert_float_equal(det, 1, 1e-4);
    assert_true(pose.misfit > 0.05f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_signs),
        cmocka_unit_test(test_mean_face_looks_ahead),
        cmocka_unit_test(test_triangles_cover_the_face_once),
        cmocka_unit_test(test_expression_leaves_pose),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_degenerate),
        cmocka_unit_test(test_mirrored_is_still_a_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
