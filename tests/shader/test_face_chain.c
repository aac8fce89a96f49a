/* An effect on faces from frame to frame, end to end below the public API, on faces whose motion is
 * known exactly: what holds still, what follows at once, what starts anew, what is left alone.
 *
 * The effect is a small network that adds fine detail of the picture to itself, so that noise of
 * the sensor and trembling of the points make it flicker as a real generator does. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "face_chain.h"
#include "face_stand.h"
#include "onnx_file.h"
#include "posed_face.h"
#include "test_files.h"

enum { W = STAND_W, H = STAND_H, FRAMES = 40, GRID = 40, WAVES = 24, POINTS = GRID * GRID };

static device_rig rig;
static char folder[TEST_FOLDER], model[TEST_PATH];

static const face_effect age_effect = {"age model", &mi_face_chain};

/* y = (x - mean of 5x5 around it) * 2 * the fourth channel; no gain. */
static void write_model(const char *path, int64_t side, int64_t channels)
{
    enum { K = 5 };
    float weight[4 * 4 * K * K] = {0};
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < K * K; i++)
            weight[(c * 4 + c) * K * K + i] = 2 * ((i == K * K / 2) - 1.0f / (K * K));
    onnx_writer w;
    onnx_writer_init(&w, 13);
    onnx_floats(&w, "w", 4, (const int64_t[]){channels, channels, K, K}, weight);
    onnx_ints(&w, "from", 1, (const int64_t[]){channels - 1});
    onnx_ints(&w, "to", 1, (const int64_t[]){channels});
    onnx_ints(&w, "axis", 1, (const int64_t[]){1});
    onnx_node(&w, "Conv", "x w", "fine");
    onnx_attr_ints(&w, "pads", 4, (const int64_t[]){2, 2, 2, 2});
    onnx_node(&w, "Slice", "x from to axis", "wanted");
    onnx_node(&w, "Mul", "fine wanted", "y");
    onnx_file_write(&w, LIST(1, channels, side, side), path);
}

/* A surface of waves 0.12 to 1 long, in outer-eye distances, kept as samples. */
enum { SAMPLES = 640 };
static const double REACH = 2.8; /* of the samples, to either side of 0 */

typedef struct texture {
    float at[SAMPLES * SAMPLES];
} texture;

static texture *make_texture(uint64_t seed)
{
    texture *t = rig_room(sizeof *t);
    dice d = dice_of(seed);
    for (int k = 0; k < WAVES; k++) {
        double length = 0.12 * exp((double)dice_float(&d, 0, 2.1f));
        double angle = (double)dice_float(&d, 0, 6.2831853f);
        double fx = cos(angle) * 6.2831853 / length, fy = sin(angle) * 6.2831853 / length;
        double phase = (double)dice_float(&d, 0, 6.2831853f);
        for (int i = 0; i < SAMPLES * SAMPLES; i++) {
            double x = ((i % SAMPLES) * 2.0 / SAMPLES - 1) * REACH;
            double y = ((i / SAMPLES) * 2.0 / SAMPLES - 1) * REACH;
            t->at[i] += (float)sin(fx * x + fy * y + phase);
        }
    }
    return t;
}

static double texture_at(const texture *t, double x, double y)
{
    x = (x / REACH + 1) * SAMPLES / 2;
    y = (y / REACH + 1) * SAMPLES / 2;
    x = x < 0 ? 0 : x > SAMPLES - 2 ? SAMPLES - 2 : x;
    y = y < 0 ? 0 : y > SAMPLES - 2 ? SAMPLES - 2 : y;
    int i = (int)x, j = (int)y;
    double ax = x - i, ay = y - j;
    const float *a = &t->at[j * SAMPLES + i], *b = a + SAMPLES;
    double v = (1 - ay) * ((1 - ax) * (double)a[0] + ax * (double)a[1]) +
               ay * ((1 - ax) * (double)b[0] + ax * (double)b[1]);
    return 128 + 34 * v / sqrt(WAVES / 2.0);
}

enum { SURFACES = 3 };
static texture *surface[SURFACES]; /* skin, a wall, another skin */

/* Where the face is in a frame, exactly: upright mean face, turned in the picture, scaled. */
typedef struct place {
    double x, y, scale, angle;
} place;

static place place_at(int frame, double speed)
{
    double t = frame * speed / 30;
    return (place){.x = 160 + 18 * sin(2.1 * t), .y = 95 + 9 * sin(3.3 * t + 1),
                   .scale = 68 * (1 + 0.08 * sin(1.7 * t)), .angle = 0.15 * sin(2.9 * t)};
}

typedef enum hand {
    NO_HAND,
    GREY_HAND, /* a flat surface */
    SKIN_HAND  /* looks much like what is behind it */
} hand;

typedef struct scene {
    const texture *skin;
    double noise;
    double tremble; /* of the points, pixels */
    double speed;   /* 0: stands still */
    hand hand;      /* over the left half of the face */
    dice dice;
} scene;

static void face_of_frame(const place *p, double fx, double fy, double *x, double *y)
{
    double c = p->scale * cos(p->angle), s = p->scale * sin(p->angle);
    *x = p->x + c * fx - s * fy;
    *y = p->y + s * fx + c * fy;
}

static const double SKIN_HAND_LIKE = 0.55;

static void draw(scene *s, const place *p, const mien_frame *f)
{
    for (int32_t y = 0; y < H; y++)
        for (int32_t x = 0; x < W; x++) {
            double dx = (x + 0.5 - p->x) / p->scale, dy = (y + 0.5 - p->y) / p->scale;
            double c = cos(p->angle), n = sin(p->angle);
            double fx = c * dx + n * dy, fy = c * dy - n * dx;
            bool face = pow(fx / 0.85, 2) + pow((fy - 0.33) / 1.0, 2) < 1;
            double v = face ? texture_at(s->skin, fx, fy)
                            : texture_at(surface[1], x / 60.0 - 2, y / 60.0 - 2);
            if (s->hand && x < p->x)
                v = s->hand == GREY_HAND ? 90 : 128 + SKIN_HAND_LIKE * (v - 128);
            uint8_t *to = f->data[0] + y * f->stride[0] + 4 * x;
            for (int k = 0; k < 3; k++) {
                double b = v + s->noise * (double)dice_normal(&s->dice);
                to[k] = (uint8_t)(b < 0 ? 0 : b > 255 ? 255 : b + 0.5);
            }
            to[3] = (uint8_t)(x + y);
        }
}

static mien_face face_at(scene *s, const place *p, uint32_t id)
{
    mien_face face = {.id = id, .presence = 1};
    float point[MI_POINTS][3];
    float away = (float)s->tremble;
    mi_pose pose = posed(0, 0, (float)(p->angle * 57.29577951),
                         (float)p->scale + away * 0.4f * dice_normal(&s->dice),
                         (float)p->x + away * dice_normal(&s->dice),
                         (float)p->y + away * dice_normal(&s->dice));
    mean_points(point);
    posed_points(&pose, point, face.point);
    return face;
}

typedef struct stage {
    scene scene;
    face_stand stand;
    int frame;
} stage;

static void stage_up(stage *s, double noise, double tremble, double speed)
{
    s->scene = (scene){.skin = surface[0], .noise = noise,
                       .tremble = tremble, .speed = speed, .dice = dice_of(3)};
    s->frame = 0;
    face_stand_up(&s->stand, &rig, &age_effect, MIEN_FORMAT_RGBA, model);
}

static void stage_down(stage *s)
{
    face_stand_down(&s->stand);
}

static const mi_face_chain_values usual = {.wanted = 1, .smooth = 0.8f, .dt = 1.0 / 30};

/* The next frame, with a face of this id. Returns where it is. */
static place step(stage *s, const mi_face_chain_values *values, uint32_t id)
{
    place p = place_at(s->frame, s->scene.speed);
    draw(&s->scene, &p, &s->stand.in.frame);
    mien_face face = face_at(&s->scene, &p, id);
    assert_true(face_stand_run_one(&s->stand, &face, values));
    s->frame++;
    return p;
}

static double change_at(const stage *s, int32_t x, int32_t y)
{
    x = x < 0 ? 0 : x > W - 1 ? W - 1 : x;
    y = y < 0 ? 0 : y > H - 1 ? H - 1 : y;
    const mien_frame *in = &s->stand.in.frame, *out = &s->stand.out.frame;
    const uint8_t *a = in->data[0] + y * in->stride[0] + 4 * x;
    const uint8_t *b = out->data[0] + y * out->stride[0] + 4 * x;
    return b[1] - a[1];
}

/* What the effect changed, on a grid that is fixed to the face. */
static void effect_on_face(const stage *s, const place *p, double change[POINTS])
{
    for (int i = 0; i < POINTS; i++) {
        double x, y, fx = -0.5 + (i % GRID) / (GRID - 1.0), fy = -0.3 + 1.2 * (i / GRID) / GRID;
        face_of_frame(p, fx, fy, &x, &y);
        x -= 0.5;
        y -= 0.5;
        int32_t qx = (int32_t)floor(x), qy = (int32_t)floor(y);
        double ax = x - qx, ay = y - qy;
        change[i] = (1 - ay) * ((1 - ax) * change_at(s, qx, qy) + ax * change_at(s, qx + 1, qy)) +
                    ay * ((1 - ax) * change_at(s, qx, qy + 1) + ax * change_at(s, qx + 1, qy + 1));
    }
}

static double rms(const double *a, const double *b)
{
    double sum = 0;
    for (int i = 0; i < POINTS; i++)
        sum += (a[i] - (b ? b[i] : 0)) * (a[i] - (b ? b[i] : 0));
    return sqrt(sum / POINTS);
}

typedef struct figures {
    double ntre;     /* rms of the change from frame to frame, by the rms of the effect */
    double strength; /* rms of the effect, levels */
} figures;

/* Of the last 3/4 of a run. */
static figures measure(double noise, double tremble, double speed, float smooth)
{
    stage s;
    double now[POINTS], before[POINTS], change = 0, effect = 0;
    mi_face_chain_values v = usual;
    v.smooth = smooth;
    stage_up(&s, noise, tremble, speed);
    for (int i = 0; i < FRAMES; i++) {
        place p = step(&s, &v, 1);
        effect_on_face(&s, &p, now);
        if (i > FRAMES / 4) {
            change += pow(rms(now, before), 2);
            effect += pow(rms(now, NULL), 2);
        }
        memcpy(before, now, sizeof now);
    }
    stage_down(&s);
    figures f = {sqrt(change / effect), sqrt(effect / (FRAMES - FRAMES / 4 - 1))};
    print_message("noise %g, trembling %g px, speed %g, smooth %g: NTRE %.3f, effect %.2f levels\n",
                  noise, tremble, speed, (double)smooth, f.ntre, f.strength);
    return f;
}

static void test_holds_still(void **state)
{
    (void)state;
    static const double speed[] = {0, 1, 3};
    for (int i = 0; i < 3; i++) {
        figures bare = measure(2, 0.3, speed[i], 0), smooth = measure(2, 0.3, speed[i], 0.8f);
        assert_true(bare.strength > 4);
        assert_true(smooth.ntre < 0.4 * bare.ntre);
        assert_true(smooth.strength > 0.9 * bare.strength);
    }
}

/* Without noise nothing may be lost to the history, and it may add no motion of its own. */
static void test_is_sharp(void **state)
{
    (void)state;
    figures bare = measure(0, 0, 1, 0), smooth = measure(0, 0, 1, 0.8f);
    assert_true(smooth.ntre <= bare.ntre + 0.01);
    assert_true(smooth.strength > 0.93 * bare.strength);
}

static void run_on(stage *s, int frames, uint32_t id, double change[POINTS])
{
    for (int i = 0; i < frames; i++) {
        place p = step(s, &usual, id);
        effect_on_face(s, &p, change);
    }
}

/* What a frame without a past looks like, of the same scene: the frame that `s` has just made. */
static void bare_effect(stage *s, double change[POINTS])
{
    mi_face_chain_values v = usual;
    stage again;
    stage_up(&again, 0, 0, s->scene.speed);
    again.scene = s->scene;
    again.scene.noise = 0;
    again.frame = s->frame - 1;
    v.reset = true;
    place p = step(&again, &v, 1);
    effect_on_face(&again, &p, change);
    stage_down(&again);
}

/* Another person in the same place, or another scene, has no past. */
static void test_starts_anew(void **state)
{
    (void)state;
    for (int cut = 0; cut < 2; cut++) {
        double change[POINTS], bare[POINTS];
        mi_face_chain_values v = usual;
        stage s;
        stage_up(&s, 0, 0, 0);
        run_on(&s, 12, 1, change);
        s.scene.skin = surface[2];
        v.reset = cut;
        place p = step(&s, &v, cut ? 1 : 2);
        effect_on_face(&s, &p, change);
        bare_effect(&s, bare);
        assert_true(rms(change, bare) < 0.02 * rms(bare, NULL));
        stage_down(&s);
    }
}

/* Something else in front of the face is not painted with what is behind it, and what comes out
 * from behind it is as before at once. */
static void test_hand(void **state)
{
    (void)state;
    double before[POINTS], behind[POINTS], after[POINTS], ghost = 0;
    int covered = 0;
    stage s;
    stage_up(&s, 2, 0.1, 0);
    run_on(&s, 15, 1, before);
    s.scene.hand = GREY_HAND;
    for (int i = 0; i < 10; i++) {
        place p = step(&s, &usual, 1);
        effect_on_face(&s, &p, behind);
        for (int k = 0; k < POINTS; k++)
            if (k % GRID < GRID / 2 - 3) { /* as far from the hand's edge as the network sees */
                ghost += behind[k] * behind[k];
                covered++;
            }
    }
    ghost = sqrt(ghost / covered);
    s.scene.hand = NO_HAND;
    run_on(&s, 2, 1, after);
    double back = rms(after, before) / rms(before, NULL);
    print_message("ghost %.2f levels of %.2f, back after two frames but for %.3f\n", ghost,
                  rms(before, NULL), back);
    assert_true(ghost < 1.2);
    assert_true(back < 0.25);
    stage_down(&s);
}

/* How far from before a face is two frames after a hand of the skin's colour has left it; `told`:
 * what covers its points is known. */
static double back_from_skin_hand(bool told)
{
    double before[POINTS], after[POINTS];
    mi_face_skin skin;
    const mi_face_skin *of_face[] = {&skin};
    mi_face_chain_values v = usual;
    stage s;
    stage_up(&s, 2, 0.1, 0);
    run_on(&s, 15, 1, before);
    s.scene.hand = SKIN_HAND;
    place p = place_at(0, 0);
    mien_face face = face_at(&s.scene, &p, 1);
    memcpy(skin.point, face.point, sizeof skin.point);
    for (int i = 0; i < MI_POINTS; i++)
        skin.bare[i] = face.point[i][0] > (float)p.x ? 1 : 0;
    v.skin = told ? of_face : NULL;
    for (int i = 0; i < 20; i++)
        step(&s, &v, 1);
    s.scene.hand = NO_HAND;
    run_on(&s, 2, 1, after);
    stage_down(&s);
    return rms(after, before) / rms(before, NULL);
}

/* A hand looks like skin: what the picture does not tell, the face's own networks do. */
static void test_hand_like_skin(void **state)
{
    (void)state;
    double back = back_from_skin_hand(true), fooled = back_from_skin_hand(false);
    print_message("behind a hand like skin: back but for %.3f, untold %.3f\n", back, fooled);
    assert_true(back < 0.2);
    assert_true(fooled > 1.3 * back);
}

/* A new value is there at once: the history is scaled with it. */
static void test_follows_the_slider(void **state)
{
    (void)state;
    double half[POINTS], whole[POINTS];
    mi_face_chain_values v = usual;
    stage s;
    stage_up(&s, 1, 0.1, 1);
    v.wanted = 0.5f;
    for (int i = 0; i < 15; i++) {
        place p = step(&s, &v, 1);
        effect_on_face(&s, &p, half);
    }
    run_on(&s, 1, 1, whole);
    assert_true(rms(whole, NULL) > 1.9 * rms(half, NULL));
    stage_down(&s);
}

/* Another surface in earnest (light, make-up) is taken over after the patience of a second. */
static void test_gives_up_what_does_not_fit(void **state)
{
    (void)state;
    double change[POINTS], bare[POINTS];
    stage s;
    stage_up(&s, 0, 0, 0);
    run_on(&s, 12, 1, change);
    s.scene.skin = surface[2];
    run_on(&s, 45, 1, change);
    bare_effect(&s, bare);
    assert_true(rms(change, bare) < 0.1 * rms(bare, NULL));
    stage_down(&s);
}

static void test_leaves_the_rest_alone(void **state)
{
    (void)state;
    stage s;
    mi_face_chain_values nothing = usual;
    nothing.wanted = 0;
    stage_up(&s, 2, 0, 0);
    place p = step(&s, &usual, 1);
    int inside = 0;
    for (int32_t y = 0; y < H; y++)
        for (int32_t x = 0; x < W; x++) {
            double fx = (x + 0.5 - p.x) / p.scale, fy = (y + 0.5 - p.y) / p.scale;
            bool near = fabs(fx) < 0.85 && fy > -0.7 && fy < 1.35;
            inside += near && change_at(&s, x, y) != 0;
            if (!near && change_at(&s, x, y) != 0)
                fail_msg("pixel (%d, %d) beside the face was changed", (int)x, (int)y);
        }
    assert_true(inside > 1000);
    mien_face face = face_at(&s.scene, &p, 1);
    face_stand_check_idle(&s.stand, &face, &usual, &nothing);
    stage_down(&s);
}

/* All over the frame and beyond its border. */
static void crowd(void *test, uint32_t id, mien_face face[MIEN_FACES_MAX])
{
    stage *s = test;
    place p = place_at(0, 0);
    draw(&s->scene, &p, &s->stand.in.frame);
    for (int i = 0; i < MIEN_FACES_MAX; i++) {
        place at = {.x = 60 * i - 40, .y = 40 * i - 30, .scale = 10 + 20 * i, .angle = i};
        face[i] = face_at(&s->scene, &at, id + (uint32_t)i);
    }
}

static void test_many_faces(void **state)
{
    (void)state;
    stage s;
    stage_up(&s, 2, 0, 0);
    face_stand_check_crowd(&s.stand, crowd, &s, &usual);
    stage_down(&s);
}

static void test_bad_models(void **state)
{
    (void)state;
    char path[TEST_PATH];
    face_stand_check_no_model(&rig, &age_effect, folder);
    snprintf(path, sizeof path, "%s/three.onnx", folder);
    write_model(path, 256, 3);
    face_stand_check_refused(&rig, &age_effect, path, MIEN_ERR_MODEL, "1x4x256x256");
}

static int set_up(void **state)
{
    (void)state;
    test_folder_make(folder, "face-chain");
    snprintf(model, sizeof model, "%s/fine.onnx", folder);
    write_model(model, 256, 4);
    for (int i = 0; i < SURFACES; i++)
        surface[i] = make_texture((uint64_t)i + 1);
    return 0;
}

static int take_down(void **state)
{
    (void)state;
    for (int i = 0; i < SURFACES; i++)
        free(surface[i]);
    test_folder_remove(folder);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_holds_still),
        cmocka_unit_test(test_is_sharp),
        cmocka_unit_test(test_starts_anew),
        cmocka_unit_test(test_hand),
        cmocka_unit_test(test_hand_like_skin),
        cmocka_unit_test(test_follows_the_slider),
        cmocka_unit_test(test_gives_up_what_does_not_fit),
        cmocka_unit_test(test_leaves_the_rest_alone),
        cmocka_unit_test(test_many_faces),
        cmocka_unit_test(test_bad_models)};
    const rig_group group = {"face chain", tests, sizeof tests / sizeof tests[0],
                             set_up, take_down};
    return rig_tests_main(&rig, &group, argc, argv);
}
