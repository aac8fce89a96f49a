/* The turning of eyes from frame to frame, end to end below the public API, on drawn eyes whose
 * gaze is known exactly: where they look afterwards, what holds still, what follows at once, what
 * is left alone.
 *
 * The network is a small one that finds the iris as the middle of what is dark in a patch, and
 * moves all that is around it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dice.h"
#include "face_stand.h"
#include "gaze_chain.h"
#include "gaze_patch.h"
#include "onnx_file.h"
#include "posed_face.h"
#include "test_files.h"

enum { W = STAND_W, H = STAND_H };
static const double BALL = 0.118 * 176, IRIS = 0.0655 * 176, WIDE = 36, HIGH = 20;
static const double SPOT = 2.5, MIRRORED = 0.54; /* a lamp's image: radius; share of the turn */
static const double DEGREES = 57.29577951;

static device_rig rig;
static char folder[TEST_FOLDER], model[TEST_PATH];

static const face_effect gaze_effect = {"gaze model", &mi_gaze_chain};

static bool in_eye(double u, double v, double grow)
{
    u = (u - MI_GAZE_W / 2.0) / (WIDE + grow);
    v = (v - MI_GAZE_H / 2.0) / (HIGH + grow);
    return u * u + v * v < 1;
}

static void cut_one(onnx_writer *w, const char *name, int64_t from, int64_t to)
{
    char a[20], b[20], inputs[60];
    snprintf(a, sizeof a, "%s.from", name);
    snprintf(b, sizeof b, "%s.to", name);
    snprintf(inputs, sizeof inputs, "x %s %s axes", a, b);
    onnx_ints(w, a, 3, LIST(from, 0, 0));
    onnx_ints(w, b, 3, LIST(to, 1, 1));
    onnx_node(w, "Slice", inputs, name);
}

/* state: middle of what is dark, by BALL from the patch's; how much of it there is. */
static void write_state(onnx_writer *w)
{
    static float map[3 * MI_GAZE_W * MI_GAZE_H];
    const float dark[8] = {-1 / 3.0f, -1 / 3.0f, -1 / 3.0f}, some[6] = {0, 0, 0.05f, 0, 0, 0.01f};
    enum { N = MI_GAZE_W * MI_GAZE_H };
    for (int i = 0; i < N; i++) {
        map[i] = (float)((i % MI_GAZE_W + 0.5 - MI_GAZE_W / 2.0) / BALL);
        map[N + i] = (float)((MI_GAZE_H / 2.0 - i / MI_GAZE_W - 0.5) / BALL);
        map[2 * N + i] = 1;
    }
    onnx_floats(w, "dark.w", 4, LIST(1, 8, 1, 1), dark);
    onnx_floats(w, "dark.b", 1, LIST(1), (const float[]){0.35f});
    onnx_node(w, "Conv", "x dark.w dark.b", "darkness");
    onnx_node(w, "Relu", "darkness", "heat");
    onnx_floats(w, "map", 4, LIST(3, 1, MI_GAZE_H, MI_GAZE_W), map);
    onnx_floats(w, "map.b", 1, LIST(3), (const float[]){0, 0, 1e-3f});
    onnx_node(w, "Conv", "heat map map.b", "sums");
    onnx_int(w, "zero", 0);
    onnx_int(w, "one", 1);
    onnx_int(w, "two", 2);
    onnx_int(w, "three", 3);
    onnx_node(w, "Slice", "sums zero two one", "moments");
    onnx_node(w, "Slice", "sums two three one", "mass");
    onnx_node(w, "Div", "moments mass", "gaze");
    onnx_floats(w, "some", 4, LIST(2, 3, 1, 1), some);
    onnx_floats(w, "low", 0, NULL, (const float[]){0});
    onnx_floats(w, "high", 0, NULL, (const float[]){1});
    onnx_node(w, "Conv", "sums some", "amounts");
    onnx_node(w, "Clip", "amounts low high", "kept");
    onnx_node(w, "Concat", "gaze kept", "state");
    onnx_attr_int(w, "axis", 1);
}

static void write_model(const char *path, int64_t side, bool with_blend)
{
    static float matte[3 * MI_GAZE_W * MI_GAZE_H];
    const float none[24] = {0}, ball[2] = {(float)-BALL, (float)BALL};
    onnx_writer w;
    onnx_writer_init(&w, 13);
    onnx_ints(&w, "axes", 3, LIST(1, 2, 3));
    write_state(&w);
    cut_one(&w, "wanted", 3, 5);
    cut_one(&w, "share", 5, 6);
    onnx_node(&w, "Mul", "gaze share", "present");
    onnx_node(&w, "Sub", "wanted present", "turn");
    onnx_floats(&w, "ball", 4, LIST(1, 2, 1, 1), ball);
    onnx_node(&w, "Mul", "turn ball", "stiff");
    onnx_floats(&w, "none2", 4, LIST(2, 8, 1, 1), none);
    onnx_node(&w, "Conv", "x none2", "bend");
    onnx_node(&w, "Add", "bend stiff", "flow");
    for (int i = 0; i < MI_GAZE_W * MI_GAZE_H; i++)
        matte[i] = in_eye(i % MI_GAZE_W + 0.5, i / MI_GAZE_W + 0.5, 3);
    for (int i = MI_GAZE_W * MI_GAZE_H; i < 3 * MI_GAZE_W * MI_GAZE_H; i++)
        matte[i] = 0.5f;
    onnx_floats(&w, "none3", 4, LIST(3, 8, 1, 1), none);
    onnx_floats(&w, "matte", 4, LIST(1, 3, MI_GAZE_H, MI_GAZE_W), matte);
    onnx_node(&w, "Conv", "x none3", "nothing");
    onnx_node(&w, "Add", "nothing matte", with_blend ? "blend" : "maps");
    onnx_node(&w, "Relu", "flow", "y");
    onnx_file_write(&w, LIST(1, 8, side, MI_GAZE_W), path);
}

typedef struct stage {
    double gaze[2];       /* degrees, of the drawn eyes */
    double open;          /* of the lids, 0..1 */
    double noise, tremble; /* levels; pixels */
    double roll;          /* degrees, of the head */
    double speed;         /* of the head's motion, about 50 pixels a second at 1 */
    bool lamp;            /* is in the room: the irises mirror it */
    int frame;
    dice dice;
    face_stand stand;
    mi_eye_patch patch[MI_EYES]; /* as drawn */
    mi_gaze_chain_values values;
    uint32_t id; /* of the face */
} stage;

static void stage_up(stage *s, mien_format format)
{
    memset(s, 0, sizeof *s);
    s->open = 1;
    s->id = 1;
    s->dice = dice_of(4);
    s->values = (mi_gaze_chain_values){.wanted = 1, .smooth = 0.8f, .dt = 1.0 / 30};
    face_stand_up(&s->stand, &rig, &gaze_effect, format, model);
}

static void stage_down(stage *s)
{
    face_stand_down(&s->stand);
}

/* Where a position of the frame lies in a patch. */
static void patch_place(const mi_eye_patch *p, double x, double y, double *u, double *v)
{
    double ax = (double)p->across[0], ay = (double)p->across[1];
    double dx = (double)p->down[0], dy = (double)p->down[1], area = ax * dy - ay * dx;
    x -= (double)p->middle[0];
    y -= (double)p->middle[1];
    *u = ((x * dy - y * dx) / area + 0.5) * MI_GAZE_W;
    *v = ((ax * y - ay * x) / area + 0.5) * MI_GAZE_H;
}

/* Pixels of a patch from the middle of something on the eye that goes so far with the iris. */
static double away_from(const stage *s, int eye, double u, double v, double share)
{
    float look[2];
    mi_gaze_direction((float)s->gaze[0], (float)s->gaze[1], look);
    share *= BALL;
    return hypot(u - MI_GAZE_W / 2.0 - share * (double)(mi_eye_mirror(eye) * look[0]),
                 v - MI_GAZE_H / 2.0 + share * (double)look[1]);
}

/* 0..255: skin, or the white of an eye, its iris and what that mirrors, with soft edges. */
static double grey_at(const stage *s, double x, double y)
{
    double u, v;
    for (int eye = 0; eye < MI_EYES; eye++) {
        patch_place(&s->patch[eye], x, y, &u, &v);
        double high = (v - MI_GAZE_H / 2.0) / HIGH;
        if (!in_eye(u, v, 0) || fabs(high) > s->open)
            continue;
        double iris = fmin(fmax(IRIS - away_from(s, eye, u, v, 1) + 0.5, 0), 1);
        double spot = fmin(fmax(SPOT - away_from(s, eye, u, v, MIRRORED) + 0.5, 0), 1);
        return 215 - 190 * iris + (s->lamp ? 225 * spot * iris : 0);
    }
    patch_place(&s->patch[0], x, y, &u, &v);
    return 150 + 25 * sin(u / 10) * cos(v / 13);
}

static void draw(stage *s, const mien_frame *f)
{
    for (int32_t y = 0; y < H; y++)
        for (int32_t x = 0; x < W; x++) {
            double v = grey_at(s, x + 0.5, y + 0.5) + s->noise * (double)dice_normal(&s->dice);
            uint8_t b = (uint8_t)fmin(fmax(v + 0.5, 0), 255);
            if (f->format == MIEN_FORMAT_RGBA)
                memset(f->data[0] + y * f->stride[0] + 4 * x, b, 4);
            else
                f->data[0][y * f->stride[0] + x] = b;
        }
    for (int32_t y = 0; f->format == MIEN_FORMAT_I420 && y < H / 2; y++)
        for (int k = 1; k < 3; k++)
            memset(f->data[k] + y * f->stride[k], 128, W / 2);
}

/* Its point, where it is drawn. */
static void put_iris(const stage *s, int eye, float point[3])
{
    const mi_eye_patch *p = &s->patch[eye];
    float look[2];
    mi_gaze_direction((float)s->gaze[0], (float)s->gaze[1], look);
    for (int k = 0; k < 2; k++)
        point[k] = p->middle[k] +
                   MI_GAZE_BALL * (mi_eye_mirror(eye) * look[0] / MI_GAZE_W * p->across[k] -
                                   look[1] / MI_GAZE_H * p->down[k]);
}

static mien_face face_of(stage *s, uint32_t id, double scale, double x, double y)
{
    mien_face face = {.id = id, .presence = 1, .aperture = {0.3f, 0.3f}, .gaze_confidence = 1,
                      .gaze_yaw = (float)s->gaze[0], .gaze_pitch = (float)s->gaze[1]};
    float point[MI_POINTS][3], t = (float)s->tremble;
    mi_pose pose = posed(0, 0, (float)s->roll, (float)scale, (float)x, (float)y);
    for (int k = 0; k < MIEN_FACE_REGIONS; k++)
        face.visible[k] = 1;
    mean_points(point);
    posed_points(&pose, point, face.point);
    for (int eye = 0; eye < MI_EYES; eye++)
        assert_true(mi_eye_patch_find(&s->patch[eye], (const float(*)[3])face.point, eye));
    pose.t[0] += t * dice_normal(&s->dice);
    pose.t[1] += t * dice_normal(&s->dice);
    pose.scale += 0.4f * t * dice_normal(&s->dice);
    posed_points(&pose, point, face.point);
    for (int eye = 0; eye < MI_EYES; eye++)
        put_iris(s, eye, face.point[eye == 0 ? 468 : 473]);
    return face;
}

static void step(stage *s)
{
    double t = s->speed * s->frame++ / 30;
    s->roll = s->speed > 0 ? 8 * sin(2.9 * t) : s->roll;
    mien_face face = face_of(s, s->id, 120 + 6 * sin(1.7 * t), 160 + 18 * sin(2.1 * t),
                             110 + 9 * sin(3.3 * t));
    draw(s, &s->stand.in.frame);
    assert_true(face_stand_run_one(&s->stand, &face, &s->values));
}

static void steps(stage *s, int count)
{
    for (int i = 0; i < count; i++)
        step(s);
}

/* Where an eye of the frame that came out looks, degrees. */
static void gaze_out(const stage *s, int eye, double gaze[2])
{
    double sum = 0, right = 0, up = 0;
    const mien_frame *f = &s->stand.out.frame;
    int every = f->format == MIEN_FORMAT_RGBA ? 4 : 1;
    for (int32_t y = 0; y < H; y++)
        for (int32_t x = 0; x < W; x++) {
            double u, v, dark = 100 - f->data[0][y * f->stride[0] + every * x];
            patch_place(&s->patch[eye], x + 0.5, y + 0.5, &u, &v);
            if (!in_eye(u, v, 0) || dark <= 0)
                continue;
            sum += dark;
            right += dark * (u - MI_GAZE_W / 2.0) * (double)mi_eye_mirror(eye);
            up += dark * (MI_GAZE_H / 2.0 - v);
        }
    gaze[0] = asin(right / sum / BALL) * DEGREES;
    gaze[1] = asin(up / sum / BALL) * DEGREES;
}

/* Degrees by which the worse eye misses this. */
static double miss(const stage *s, double yaw, double pitch)
{
    double worst = 0;
    for (int eye = 0; eye < MI_EYES; eye++) {
        double gaze[2];
        gaze_out(s, eye, gaze);
        worst = fmax(worst, hypot(gaze[0] - yaw, gaze[1] - pitch));
    }
    return worst;
}

static void test_looks_at_target(void **state)
{
    (void)state;
    static const double looks[][2] = {{10, 0}, {-12, 4}, {0, -9}, {15, 3}};
    for (int format = 0; format < 2; format++)
        for (int k = 0; k < 4; k++) {
            stage s;
            stage_up(&s, format ? MIEN_FORMAT_I420 : MIEN_FORMAT_RGBA);
            memcpy(s.gaze, looks[k], sizeof s.gaze);
            s.roll = 12.0 * k;
            steps(&s, 1); /* the first frame is no different */
            double first = miss(&s, 0, 0);
            steps(&s, 8);
            double camera = miss(&s, 0, 0);
            s.values.yaw = 4;
            s.values.pitch = -3;
            steps(&s, 2);
            double target = miss(&s, 4, -3);
            print_message("%g, %g: off by %.2f, %.2f, %.2f degrees\n", looks[k][0], looks[k][1],
                          first, camera, target);
            assert_true(first < 0.7 && camera < 0.7 && target < 0.7);
            stage_down(&s);
        }
}

/* What is bright on the iris of a frame whose eyes look so. */
typedef struct spot {
    double light;      /* sum of what it is brighter by, levels */
    double right, down; /* from where a mirror image belongs, pixels of the patch */
} spot;

static spot spot_of(const stage *s, const mien_frame *f, int eye, double yaw, double pitch)
{
    stage there = *s;
    spot found = {0};
    int every = f->format == MIEN_FORMAT_RGBA ? 4 : 1;
    there.gaze[0] = yaw;
    there.gaze[1] = pitch;
    for (int32_t y = 0; y < H; y++)
        for (int32_t x = 0; x < W; x++) {
            double u, v, right, down;
            patch_place(&s->patch[eye], x + 0.5, y + 0.5, &u, &v);
            double light = f->data[0][y * f->stride[0] + every * x] - 60;
            if (light <= 0 || away_from(&there, eye, u, v, 1) > IRIS - 2.5)
                continue;
            float look[2];
            mi_gaze_direction((float)yaw, (float)pitch, look);
            right = u - MI_GAZE_W / 2.0 -
                    MIRRORED * BALL * (double)(mi_eye_mirror(eye) * look[0]);
            down = v - MI_GAZE_H / 2.0 + MIRRORED * BALL * (double)look[1];
            found.right += (light * right - found.right * light) / (found.light + light);
            found.down += (light * down - found.down * light) / (found.light + light);
            found.light += light;
        }
    return found;
}

/* A lamp's image on the eye goes half as far as the eye is turned, and stays as bright. */
static void test_highlight(void **state)
{
    (void)state;
    for (int format = 0; format < 2; format++) {
        stage s;
        stage_up(&s, format ? MIEN_FORMAT_I420 : MIEN_FORMAT_RGBA);
        s.lamp = true;
        s.gaze[0] = 13;
        s.gaze[1] = -6;
        s.roll = 9;
        steps(&s, 5);
        for (int eye = 0; eye < MI_EYES; eye++) {
            spot in = spot_of(&s, &s.stand.in.frame, eye, s.gaze[0], s.gaze[1]);
            spot out = spot_of(&s, &s.stand.out.frame, eye, 0, 0);
            print_message("highlight of %.0f levels: %.2f of it, off by %.2f, %.2f\n", in.light,
                          out.light / in.light, out.right, out.down);
            assert_true(in.light > 300 && hypot(in.right, in.down) < 0.3);
            assert_true(fabs(out.light / in.light - 1) < 0.15);
            assert_true(hypot(out.right, out.down) < 0.5);
        }
        assert_true(miss(&s, 0, 0) < 1);
        stage_down(&s);
    }
}

typedef struct figures {
    double tremble; /* root mean square of the motion of irises that stand still, degrees, */
    double ntre;    /* and of what the correction changes on the eye from frame to frame, by that of
                     * the correction */
} figures;

/* What was changed, in the coordinates of the drawn eye. */
static void correction(const stage *s, double change[MI_GAZE_W * MI_GAZE_H])
{
    const mi_eye_patch *p = &s->patch[0];
    for (int i = 0; i < MI_GAZE_W * MI_GAZE_H; i++) {
        double u = (i % MI_GAZE_W + 0.5) / MI_GAZE_W - 0.5, sum = 0;
        double v = (i / MI_GAZE_W + 0.5) / MI_GAZE_H - 0.5;
        double x = (double)p->middle[0] + u * (double)p->across[0] + v * (double)p->down[0];
        double y = (double)p->middle[1] + u * (double)p->across[1] + v * (double)p->down[1];
        int32_t x0 = (int32_t)floor(x - 0.5), y0 = (int32_t)floor(y - 0.5);
        for (int k = 0; k < 4; k++) {
            int32_t at = 4 * (x0 + k % 2), row = y0 + k / 2;
            double near = (1 - fabs(x - 0.5 - x0 - k % 2)) * (1 - fabs(y - 0.5 - y0 - k / 2));
            sum += near * (s->stand.out.frame.data[0][row * s->stand.out.frame.stride[0] + at] -
                           s->stand.in.frame.data[0][row * s->stand.in.frame.stride[0] + at]);
        }
        change[i] = sum;
    }
}

/* Of the last 3/4 of a run on eyes that keep looking aside. */
static figures measure(double noise, double points, double speed, float smooth)
{
    enum { FRAMES = 40, SKIP = 10, N = MI_GAZE_W * MI_GAZE_H };
    static double now[N], before[N];
    double sum[2] = {0}, squares = 0, moved = 0, all_of_it = 0, n = FRAMES - SKIP;
    stage s;
    stage_up(&s, MIEN_FORMAT_RGBA);
    s.gaze[0] = 10;
    s.noise = noise;
    s.tremble = points;
    s.speed = speed;
    s.values.smooth = smooth;
    for (int i = 0; i < FRAMES; i++) {
        double gaze[2];
        step(&s);
        gaze_out(&s, 0, gaze);
        correction(&s, now);
        for (int k = 0; k < 2 && i >= SKIP; k++) {
            sum[k] += gaze[k];
            squares += gaze[k] * gaze[k];
        }
        for (int k = 0; k < N && i >= SKIP; k++) {
            moved += (now[k] - before[k]) * (now[k] - before[k]);
            all_of_it += now[k] * now[k];
        }
        memcpy(before, now, sizeof now);
    }
    stage_down(&s);
    figures f = {sqrt(squares / n - (sum[0] * sum[0] + sum[1] * sum[1]) / (n * n)),
                 sqrt(moved / all_of_it)};
    print_message("noise %g, points tremble by %g px, speed %g, smooth %g: irises by %.3f degrees, "
                  "NTRE %.3f\n", noise, points, speed, (double)smooth, f.tremble, f.ntre);
    return f;
}

static void test_holds_still(void **state)
{
    (void)state;
    static const double points[] = {0.07, 0.25, 0.25}, speed[] = {0, 0, 1};
    for (int i = 0; i < 3; i++) {
        figures bare = measure(3, points[i], speed[i], 0);
        figures smooth = measure(3, points[i], speed[i], 0.8f);
        assert_true(smooth.tremble < 0.3);
        assert_true(smooth.tremble < 0.6 * bare.tremble);
    }
    for (int i = 0; i < 2; i++) { /* what moves between pixels differs a little by itself */
        figures steady = measure(0, 0, i, 0);
        figures bare = measure(0, 0.25, i, 0), smooth = measure(0, 0.25, i, 0.8f);
        assert_true(smooth.ntre - steady.ntre < 0.2 * (bare.ntre - steady.ntre));
    }
}

/* Eyes that are said to look at the camera for a while do, wherever the network has them; so do
 * those of the next face. */
static void test_learns(void **state)
{
    (void)state;
    stage s;
    stage_up(&s, MIEN_FORMAT_RGBA);
    s.gaze[0] = 7;
    s.gaze[1] = -4;
    steps(&s, 5);
    assert_true(miss(&s, 0, 0) < 0.8);
    s.values.learn = 0.5;
    steps(&s, 40);
    assert_true(miss(&s, 7, -4) < 0.8);
    s.gaze[0] = 17;
    steps(&s, 10);
    assert_true(miss(&s, 7, -4) < 0.8);
    s.id++;
    steps(&s, 3);
    assert_true(miss(&s, 7, -4) < 0.8);
    s.values.learn = 0;
    steps(&s, 3);
    assert_true(miss(&s, 7, -4) < 0.8);
    stage_down(&s);
}

/* A saccade does not show: not late, not for a frame. */
static void test_saccade(void **state)
{
    (void)state;
    static const double looks[][2] = {{14, 0}, {6, -6}, {-12, 3}, {8, 8}};
    stage s;
    stage_up(&s, MIEN_FORMAT_RGBA);
    s.gaze[0] = 8;
    steps(&s, 20);
    for (int k = 0; k < 4; k++) {
        memcpy(s.gaze, looks[k], sizeof s.gaze);
        step(&s);
        double at_once = miss(&s, 0, 0);
        steps(&s, 5);
        print_message("%.2f degrees at once, %.2f then\n", at_once, miss(&s, 0, 0));
        assert_true(at_once < 0.8);
        assert_true(miss(&s, 0, 0) < 0.8);
    }
    stage_down(&s);
}

/* Closed lids are left alone to the bit, and the eye is on the target when they open. */
static void test_blink(void **state)
{
    (void)state;
    static const double open[] = {0.8, 0.4, 0, 0, 0, 0.4, 0.8, 1};
    stage s;
    stage_up(&s, MIEN_FORMAT_RGBA);
    s.gaze[0] = 10;
    steps(&s, 15);
    for (int k = 0; k < 8; k++) {
        s.open = open[k];
        step(&s);
        if (open[k] <= 0)
            assert_true(test_frame_equal(&s.stand.in.frame, &s.stand.out.frame));
        else if (open[k] >= 0.8)
            assert_true(miss(&s, 0, 0) < 0.8);
    }
    stage_down(&s);
}

/* A look away is followed, and comes without a jump. */
static void test_look_away(void **state)
{
    (void)state;
    double gaze[2], before = 0, fastest = 0;
    stage s;
    stage_up(&s, MIEN_FORMAT_RGBA);
    s.gaze[0] = 18;
    steps(&s, 15);
    assert_true(miss(&s, 0, 0) < 0.8);
    s.gaze[0] = 31;
    for (int i = 0; i < 10; i++) {
        step(&s);
        gaze_out(&s, 0, gaze);
        fastest = fmax(fastest, fabs(gaze[0] - before));
        before = gaze[0];
    }
    assert_true(test_frame_equal(&s.stand.in.frame, &s.stand.out.frame));
    assert_true(fastest < 31 / 4.0);
    s.gaze[0] = 18;
    steps(&s, 10);
    assert_true(miss(&s, 0, 0) < 0.8);
    stage_down(&s);
}

/* Another scene, or another person in the same place, is on the target at once where it would be
 * led there softly. */
static void test_starts_anew(void **state)
{
    (void)state;
    enum { ANYBODY, CUT, OTHER };
    for (int kind = ANYBODY; kind <= OTHER; kind++) {
        stage s;
        stage_up(&s, MIEN_FORMAT_RGBA);
        s.gaze[0] = 31;
        steps(&s, 10);
        s.gaze[0] = 10;
        s.values.reset = kind == CUT;
        s.id += kind == OTHER;
        step(&s);
        double off = miss(&s, 0, 0);
        print_message("after a look away %.2f degrees\n", off);
        assert_true(kind == ANYBODY ? off > 3 : off < 0.8);
        stage_down(&s);
    }
}

static void test_leaves_the_rest_alone(void **state)
{
    (void)state;
    stage s;
    int inside = 0;
    stage_up(&s, MIEN_FORMAT_RGBA);
    s.gaze[0] = 10;
    s.noise = 3;
    steps(&s, 3);
    const mien_frame *in = &s.stand.in.frame, *out = &s.stand.out.frame;
    for (int32_t y = 0; y < H; y++)
        for (int32_t x = 0; x < W; x++) {
            double u[2], v[2];
            for (int eye = 0; eye < MI_EYES; eye++)
                patch_place(&s.patch[eye], x + 0.5, y + 0.5, &u[eye], &v[eye]);
            bool same = memcmp(in->data[0] + y * in->stride[0] + 4 * x,
                               out->data[0] + y * out->stride[0] + 4 * x, 4) == 0;
            bool near = in_eye(u[0], v[0], 5) || in_eye(u[1], v[1], 5);
            inside += near && !same;
            if (!near && !same)
                fail_msg("pixel (%d, %d) beside the eyes was changed", (int)x, (int)y);
        }
    assert_true(inside > 300);
    mien_face face = face_of(&s, s.id, 120, 160, 110);
    mi_gaze_chain_values nothing = s.values;
    nothing.wanted = 0;
    face_stand_check_idle(&s.stand, &face, &s.values, &nothing);
    stage_down(&s);
}

/* All over the frame and beyond its border; the eyes of the last one are drawn. */
static void crowd(void *test, uint32_t id, mien_face face[MIEN_FACES_MAX])
{
    stage *s = test;
    for (int i = 0; i < MIEN_FACES_MAX; i++) {
        s->roll = 50 * i;
        face[i] = face_of(s, id + (uint32_t)i, 12 + 60 * i, 60 * i - 40, 40 * i - 30);
    }
    draw(s, &s->stand.in.frame);
}

static void test_many_faces(void **state)
{
    (void)state;
    stage s;
    stage_up(&s, MIEN_FORMAT_RGBA);
    s.gaze[0] = 10;
    s.tremble = 0.2;
    face_stand_check_crowd(&s.stand, crowd, &s, &s.values);
    stage_down(&s);
}

static void test_bad_models(void **state)
{
    (void)state;
    char path[TEST_PATH];
    face_stand_check_no_model(&rig, &gaze_effect, folder);
    snprintf(path, sizeof path, "%s/mute.onnx", folder);
    write_model(path, MI_GAZE_H, false);
    face_stand_check_refused(&rig, &gaze_effect, path, MIEN_ERR_MODEL, "blend");
}

static int make_model(void **state)
{
    (void)state;
    test_folder_make(folder, "gaze-chain");
    snprintf(model, sizeof model, "%s/made.onnx", folder);
    write_model(model, MI_GAZE_H, true);
    return 0;
}

static int remove_model(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_looks_at_target), cmocka_unit_test(test_highlight),
        cmocka_unit_test(test_holds_still),     cmocka_unit_test(test_learns),
        cmocka_unit_test(test_saccade),         cmocka_unit_test(test_blink),
        cmocka_unit_test(test_look_away),       cmocka_unit_test(test_starts_anew),
        cmocka_unit_test(test_leaves_the_rest_alone), cmocka_unit_test(test_many_faces),
        cmocka_unit_test(test_bad_models)};
    const rig_group group = {"gaze chain", tests, sizeof tests / sizeof tests[0],
                             make_model, remove_model};
    return rig_tests_main(&rig, &group, argc, argv);
}
