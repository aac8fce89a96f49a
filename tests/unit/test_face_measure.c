/* What is said of a face: angles, gaze, lids, what is visible. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "face/face_glasses.h"
#include "face/face_measure.h"
#include "face_points.h"
#include "posed_face.h"

enum { WIDTH = 1280, HEIGHT = 720 };

static const float UNIT = 180; /* pixels of the outer-eye distance */
/* Of the irises' motion in the picture, what the mesh network shows (face_gaze.c). */
static const float ACROSS = 0.66f, DOWN = 0.25f, BALL = 0.118f;

typedef struct scene {
    float yaw, pitch, roll, x, y;
    float look_x, look_y; /* sines of the eyes' directions in the head */
    float closed;         /* 0..1 */
    mi_sight sight;
} scene;

static scene made_scene(void)
{
    scene s = {.x = 640, .y = 300, .sight = {.presence = 1}};
    s.sight.roi = (mi_roi){.x = 640, .y = 360, .side = 600};
    for (int i = 0; i < MI_VISIBLE * MI_VISIBLE; i++)
        s.sight.visible[i] = 1;
    return s;
}

static mien_face measured(const scene *s)
{
    mien_face face = {0};
    mean_points(face.point);
    for (int eye = 0; eye < 2; eye++) {
        for (int i = 0; i < 5; i++) {
            face.point[MI_MESH_POINTS + 5 * eye + i][0] += BALL * ACROSS * s->look_x;
            face.point[MI_MESH_POINTS + 5 * eye + i][1] += BALL * DOWN * s->look_y;
        }
        for (int i = 1; i < MI_LID - 1; i++) {
            float *upper = face.point[mi_upper_lid[eye][i]];
            upper[1] += s->closed * (face.point[mi_lower_lid[eye][i]][1] - upper[1]);
        }
    }
    mi_pose pose = posed(s->yaw, s->pitch, s->roll, UNIT, s->x, s->y);
    posed_points(&pose, face.point, face.point);
    mi_pose_fit(&pose, &mi_mean_face, (const float(*)[3])face.point);
    mi_measure(&face, &mi_mean_face, &pose, &s->sight, WIDTH, HEIGHT);
    return face;
}

static void test_frontal(void **state)
{
    (void)state;
    scene s = made_scene();
    s.sight.glasses = 0.7f;
    mien_face f = measured(&s);
    assert_float_equal(f.yaw, 0, 0.1);
    assert_float_equal(f.pitch, 0, 0.1);
    assert_float_equal(f.roll, 0, 0.1);
    assert_true(f.pose_confidence > 0.99f && f.gaze_confidence > 0.99f);
    assert_float_equal(f.gaze_yaw, 0, 0.2);
    assert_float_equal(f.gaze_pitch, 0, 0.2);
    assert_float_equal(f.glasses, 0.7, 1e-6);
    for (int eye = 0; eye < 2; eye++)
        assert_true(f.aperture[eye] > 0.25f && f.aperture[eye] < 0.38f);
    for (int i = 0; i < MIEN_FACE_REGIONS; i++)
        assert_float_equal(f.visible[i], 1, 1e-3);
    assert_true(f.width > 1.4f * UNIT && f.width < 1.8f * UNIT);
    assert_true(f.height > 1.6f * UNIT && f.height < 2.2f * UNIT);
    for (int i = 0; i < MI_POINTS; i++) {
        assert_true(f.point[i][0] >= f.x && f.point[i][0] <= f.x + f.width + 1e-3f);
        assert_true(f.point[i][1] >= f.y && f.point[i][1] <= f.y + f.height + 1e-3f);
    }
}

static void test_angles(void **state)
{
    (void)state;
    scene s = made_scene();
    s.yaw = 25;
    s.pitch = -15;
    s.roll = 40;
    mien_face f = measured(&s);
    assert_float_equal(f.yaw, 25, 0.2);
    assert_float_equal(f.pitch, -15, 0.2);
    assert_float_equal(f.roll, 40, 0.2);
    assert_true(f.pose_confidence > 0.99f);
    s.yaw = 88;
    assert_true(measured(&s).pose_confidence < 0.01f);
    s.yaw = 0;
    s.sight.presence = 0.4f;
    assert_true(measured(&s).pose_confidence < 0.41f);
    s.sight.presence = 0;
    f = measured(&s);
    assert_true(f.pose_confidence == 0 && f.gaze_confidence == 0);
}

static void test_gaze(void **state)
{
    (void)state;
    for (int step = -3; step <= 3; step++) {
        float angle = 8.0f * (float)step, sine = sinf(angle * 0.017453293f);
        scene s = made_scene();
        s.look_x = sine;
        mien_face f = measured(&s);
        assert_float_equal(f.gaze_yaw, angle, 0.2 * fabsf(angle) + 0.3);
        assert_float_equal(f.gaze_pitch, 0, 0.3);
        s.look_x = 0;
        s.look_y = -0.7f * sine;
        f = measured(&s);
        assert_float_equal(f.gaze_pitch, 0.7f * angle, 0.2 * fabsf(angle) + 0.3);
        assert_float_equal(f.gaze_yaw, 0, 0.3);
        /* A head on its side: its right is the picture's down, its up the picture's right. */
        s.roll = 90;
        f = measured(&s);
        assert_float_equal(f.gaze_yaw, 0.7f * angle, 0.2 * fabsf(angle) + 0.3);
        assert_float_equal(f.gaze_pitch, 0, 0.3);
        s.look_y = 0;
        s.look_x = sine;
        f = measured(&s);
        assert_float_equal(f.gaze_pitch, -angle, 0.2 * fabsf(angle) + 0.3);
    }
}

static void test_gaze_confidence(void **state)
{
    (void)state;
    scene s = made_scene();
    s.closed = 0.95f;
    mien_face f = measured(&s);
    assert_true(f.gaze_confidence < 0.01f && f.aperture[0] < 0.1f && f.aperture[1] < 0.1f);
    s.closed = 0;
    s.yaw = 30;
    assert_true(measured(&s).gaze_confidence > 0.8f);
    s.yaw = 58;
    assert_true(measured(&s).gaze_confidence < 0.01f);
    s.yaw = 0;
    s.pitch = -56;
    assert_true(measured(&s).gaze_confidence < 0.01f);
    s.pitch = 0;
    for (int row = 0; row < MI_VISIBLE; row++) /* one half of the face is hidden, then all */
        memset(s.sight.visible + MI_VISIBLE * row, 0, sizeof(float) * MI_VISIBLE / 2);
    f = measured(&s);
    assert_true(f.gaze_confidence > 0.5f && f.gaze_confidence < 0.9f);
    memset(s.sight.visible, 0, sizeof s.sight.visible);
    assert_true(measured(&s).gaze_confidence < 0.01f);
}

static void test_aperture_of_a_turned_head(void **state)
{
    (void)state;
    scene s = made_scene();
    mien_face frontal = measured(&s);
    s.yaw = 40;
    s.pitch = 15;
    mien_face turned = measured(&s);
    for (int eye = 0; eye < 2; eye++)
        assert_float_equal(turned.aperture[eye] / frontal.aperture[eye], 1, 0.25);
    s.closed = 0.5f;
    turned = measured(&s);
    for (int eye = 0; eye < 2; eye++)
        assert_float_equal(turned.aperture[eye] / frontal.aperture[eye], 0.5, 0.2);
}

static void test_profile_hides(void **state)
{
    (void)state;
    scene s = made_scene();
    s.yaw = 60; /* the nose to the viewer's right: the right cheek is turned away */
    mien_face f = measured(&s);
    assert_true(f.visible[MIEN_REGION_RIGHT_CHEEK] < 0.05f);
    assert_true(f.visible[MIEN_REGION_RIGHT_EYE] < 0.3f);
    assert_true(f.visible[MIEN_REGION_LEFT_CHEEK] > 0.95f);
    assert_true(f.visible[MIEN_REGION_LEFT_EYE] > 0.95f);
    s.yaw = -60;
    f = measured(&s);
    assert_true(f.visible[MIEN_REGION_LEFT_CHEEK] < 0.05f);
    assert_true(f.visible[MIEN_REGION_RIGHT_CHEEK] > 0.95f);
    s.yaw = 180;
    f = measured(&s);
    for (int i = 0; i < MIEN_FACE_REGIONS; i++)
        assert_true(f.visible[i] < 0.01f);
}

static void test_border_hides(void **state)
{
    (void)state;
    scene s = made_scene();
    s.x = 0;
    s.sight.roi.x = 0;
    mien_face f = measured(&s);
    assert_true(f.visible[MIEN_REGION_LEFT_EYE] == 0 && f.visible[MIEN_REGION_LEFT_CHEEK] == 0);
    assert_true(f.visible[MIEN_REGION_RIGHT_EYE] > 0.99f);
    assert_true(f.visible[MIEN_REGION_MOUTH] > 0.3f && f.visible[MIEN_REGION_MOUTH] < 0.75f);
    s = made_scene();
    s.y = HEIGHT - 50;
    s.sight.roi.y = s.y;
    f = measured(&s);
    assert_true(f.visible[MIEN_REGION_CHIN] == 0 && f.visible[MIEN_REGION_MOUTH] == 0);
    assert_true(f.visible[MIEN_REGION_FOREHEAD] > 0.99f);
}

/* Covers all cells within `reach` pixels of a place of the frame. */
static void cover(mi_sight *sight, float x, float y, float reach)
{
    float c = cosf(sight->roi.angle), s = sinf(sight->roi.angle);
    for (int row = 0; row < MI_VISIBLE; row++)
        for (int column = 0; column < MI_VISIBLE; column++) {
            float u = ((float)column + 0.5f) / MI_VISIBLE - 0.5f;
            float v = ((float)row + 0.5f) / MI_VISIBLE - 0.5f;
            float px = sight->roi.x + sight->roi.side * (u * c - v * s);
            float py = sight->roi.y + sight->roi.side * (u * s + v * c);
            if (hypotf(px - x, py - y) < reach)
                sight->visible[row * MI_VISIBLE + column] = 0;
        }
}

static void test_hand_hides(void **state)
{
    (void)state;
    static const float rolls[] = {0, 35, -90, 180};
    for (int i = 0; i < 4; i++) {
        scene s = made_scene();
        s.roll = rolls[i];
        s.sight.roi.angle = rolls[i] * 0.017453293f;
        s.sight.roi.y = 310;
        mien_face f = measured(&s);
        cover(&s.sight, f.point[13][0], f.point[13][1], 0.42f * UNIT);
        f = measured(&s);
        assert_true(f.visible[MIEN_REGION_MOUTH] < 0.1f);
        assert_true(f.visible[MIEN_REGION_LEFT_EYE] > 0.95f);
        assert_true(f.visible[MIEN_REGION_RIGHT_EYE] > 0.95f);
        assert_true(f.visible[MIEN_REGION_FOREHEAD] > 0.95f);
        s = made_scene();
        s.roll = rolls[i];
        s.sight.roi.angle = rolls[i] * 0.017453293f;
        s.sight.roi.y = 310;
        cover(&s.sight, f.point[468][0], f.point[468][1], 0.35f * UNIT);
        f = measured(&s);
        assert_true(f.visible[MIEN_REGION_LEFT_EYE] < 0.1f);
        assert_true(f.visible[MIEN_REGION_RIGHT_EYE] > 0.95f);
        assert_true(f.visible[MIEN_REGION_MOUTH] > 0.95f);
    }
}

static void assert_sound(const mien_face *f)
{
    const float share[] = {f->pose_confidence, f->gaze_confidence, f->glasses, f->aperture[0],
                           f->aperture[1]};
    for (size_t i = 0; i < sizeof share / sizeof share[0]; i++)
        assert_true(share[i] >= 0 && share[i] <= 1);
    for (int i = 0; i < MIEN_FACE_REGIONS; i++)
        assert_true(f->visible[i] >= 0 && f->visible[i] <= 1);
    assert_true(fabsf(f->yaw) <= 180 && fabsf(f->pitch) <= 90 && fabsf(f->roll) <= 180);
    assert_true(fabsf(f->gaze_yaw) <= 180 && fabsf(f->gaze_pitch) <= 90);
    assert_true(isfinite(f->x) && isfinite(f->y) && f->width >= 0 && f->height >= 0);
}

static void test_anything_goes(void **state)
{
    (void)state;
    dice d = dice_of(11);
    for (int round = 0; round < 200; round++) {
        scene s = made_scene();
        s.yaw = dice_float(&d, -180, 180);
        s.pitch = dice_float(&d, -90, 90);
        s.roll = dice_float(&d, -180, 180);
        s.x = dice_float(&d, -2000, 4000);
        s.look_x = dice_float(&d, -9, 9);
        s.look_y = dice_float(&d, -9, 9);
        s.closed = dice_float(&d, -1, 3);
        mi_sight *sight = &s.sight;
        float *odd[] = {&sight->roi.x, &sight->roi.side, &sight->roi.angle, &sight->presence,
                        &sight->glasses, &sight->visible[300]};
        static const float values[] = {NAN, INFINITY, -INFINITY, -7, 1e30f, 0};
        for (int i = 0; i < 3; i++)
            *odd[dice_int(&d, 0, 5)] = values[dice_int(&d, 0, 5)];
        mien_face f = measured(&s);
        assert_sound(&f);
    }
    mien_face none = {0};
    scene s = made_scene();
    mi_pose pose;
    mi_pose_fit(&pose, &mi_mean_face, (const float(*)[3])none.point);
    mi_measure(&none, &mi_mean_face, &pose, &s.sight, WIDTH, HEIGHT);
    assert_sound(&none);
    assert_true(none.pose_confidence == 0 && none.gaze_confidence == 0);
}

/* A face of 120 pixels between the outer corners in the middle of a square of 240. */
static void test_glasses(void **state)
{
    (void)state;
    enum { SIZE = 240, CELL = SIZE / MI_VISIBLE };
    static float point[MI_POINTS][3], map[MI_VISIBLE * MI_VISIBLE][2];
    for (int i = 0; i < MI_MESH_POINTS; i++)
        for (int k = 0; k < 3; k++)
            point[i][k] = SIZE / 2 + 120 * mi_mean_face.point[i][k];
    const float(*p)[3] = (const float(*)[3])point;
    assert_true(mi_glasses_value(&map[0][1], 2, p, SIZE) == 0);
    int32_t eye = (int32_t)point[159][1] / CELL * MI_VISIBLE + (int32_t)point[159][0] / CELL;
    int32_t mouth = (int32_t)point[13][1] / CELL * MI_VISIBLE + (int32_t)point[13][0] / CELL;
    map[mouth][1] = 1;
    assert_true(mi_glasses_value(&map[0][1], 2, p, SIZE) == 0);
    map[eye][1] = 1;
    assert_in_range((int)(1000 * mi_glasses_value(&map[0][1], 2, p, SIZE)), 5, 200);
    for (int i = 0; i < MI_VISIBLE * MI_VISIBLE; i++)
        map[i][1] = i % MI_VISIBLE < MI_VISIBLE / 2; /* one half of the eyes' surroundings */
    assert_true(fabsf(mi_glasses_value(&map[0][1], 2, p, SIZE) - 1) < 0.1f);
    memset(point, 0, sizeof point); /* no face at all */
    assert_true(mi_glasses_value(&map[0][1], 2, p, SIZE) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frontal),
        cmocka_unit_test(test_glasses),
        cmocka_unit_test(test_angles),
        cmocka_unit_test(test_gaze),
        cmocka_unit_test(test_gaze_confidence),
        cmocka_unit_test(test_aperture_of_a_turned_head),
        cmocka_unit_test(test_profile_hides),
        cmocka_unit_test(test_border_hides),
        cmocka_unit_test(test_hand_hides),
        cmocka_unit_test(test_anything_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
