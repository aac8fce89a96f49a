/* The public interface where faces matter: analysis, style-area, on-lost, overlay, max-faces.
 *
 *   test_filter_faces MODELS [PORTRAIT.rgba [TEST]]
 *
 * MODELS: folder with the face networks; without them the program skips itself. The portrait is
 * 512x512 RGBA, one face at about (225, 128). Styles: those of filter_rig. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "filter_rig.h"
#include "portrait_rig.h"

enum { SIDE = PORTRAIT_SIDE };

static const frame_layout tight = {0, false};

/* A frame with the portrait, its top left corner at (x, y), what is uncovered grey. */
static test_frame frame_with(int32_t w, int32_t h, int32_t x, int32_t y)
{
    test_frame t = test_frame_make(MIEN_FORMAT_RGBA, w, h, &tight);
    for (int32_t row = 0; row < h; row++)
        for (int32_t col = 0; col < w; col++) {
            uint8_t *to = t.frame.data[0] + row * t.frame.stride[0] + col * 4;
            int32_t px = col - x, py = row - y;
            bool inside = px >= 0 && px < SIDE && py >= 0 && py < SIDE;
            memset(to, 120, 4);
            if (inside)
                memcpy(to, portrait_bytes() + ((size_t)py * SIDE + (size_t)px) * 4, 4);
        }
    return t;
}

static const uint8_t *pixel(const mien_frame *f, float x, float y)
{
    return f->data[0] + (int32_t)y * f->stride[0] + (int32_t)x * 4;
}

/* Wipes the face out: the box's means of 16 pixels. */
static void wipe(const mien_frame *f, int32_t x, int32_t y, int32_t w, int32_t h)
{
    for (int32_t by = y; by < y + h; by += 64)
        for (int32_t bx = x; bx < x + w; bx += 64) {
            long sum[3] = {0};
            for (int32_t i = 0; i < 64 * 64; i++)
                for (int c = 0; c < 3; c++)
                    sum[c] += pixel(f, (float)(bx + i % 64), (float)(by + i / 64))[c];
            for (int32_t i = 0; i < 64 * 64; i++)
                for (int c = 0; c < 3; c++)
                    ((uint8_t *)pixel(f, (float)(bx + i % 64), (float)(by + i / 64)))[c] =
                        (uint8_t)(sum[c] / 4096);
        }
}

static size_t found(const mien_filter *f, mien_face face[MIEN_FACES_MAX])
{
    size_t count;
    assert_int_equal(mien_filter_faces(f, face, MIEN_FACES_MAX, &count), MIEN_OK);
    return count;
}

static void test_analysis(void **state)
{
    (void)state;
    static mien_face face[MIEN_FACES_MAX];
    mien_filter *f = portrait_filter(NULL, "");
    test_frame in = frame_with(640, 480, 40, 20), kept = frame_with(640, 480, 40, 20);
    assert_true(mien_filter_is_bypass(f));
    assert_int_equal(found(f, face), 0);
    assert_int_equal(mien_filter_set_analysis(f, true), MIEN_OK);
    assert_false(mien_filter_is_bypass(f));
    for (int i = 0; i < 3; i++) {
        filter_run(f, &in.frame, &in.frame, MIEN_OK); /* in place */
        assert_true(test_frame_equal(&in.frame, &kept.frame));
        assert_int_equal(found(f, face), 1);
        assert_int_equal(face[0].id, 1);
        assert_false(face[0].lost);
        assert_true(face[0].presence > 0.9f && fabsf(face[0].yaw) < 40);
        /* nose tip, and the box around all */
        assert_true(hypotf(face[0].point[1][0] - 262, face[0].point[1][1] - 160) < 25);
        for (int p = 0; p < 468; p++)
            assert_true(face[0].point[p][0] >= face[0].x - 1 &&
                        face[0].point[p][0] <= face[0].x + face[0].width + 1);
    }
    size_t count = 9;
    assert_int_equal(mien_filter_faces(f, face, 0, &count), MIEN_OK);
    assert_int_equal(count, 0);
    assert_int_equal(mien_filter_faces(f, NULL, 0, &count), MIEN_OK);
    assert_int_equal(mien_filter_faces(f, NULL, 1, &count), MIEN_ERR_INVALID);
    mien_filter_set_analysis(f, false);
    assert_true(mien_filter_is_bypass(f));
    filter_run(f, &in.frame, &in.frame, MIEN_BYPASSED);
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&kept);
}

/* Is the pixel inverted (1), as it was (0), or something else (-1)? */
static int kind(const mien_frame *in, const mien_frame *out, float x, float y)
{
    const uint8_t *a = pixel(in, x, y), *b = pixel(out, x, y);
    bool same = memcmp(a, b, 4) == 0, inverted = true;
    for (int c = 0; c < 3; c++)
        inverted = inverted && abs(255 - a[c] - b[c]) <= 12;
    return same ? 0 : inverted ? 1 : -1; /* mid grey is both */
}

/* Every byte outside twice the face's box is the input's; the middle of the face is not. */
static void test_style_area(void **state)
{
    (void)state;
    static mien_face face[MIEN_FACES_MAX];
    mien_filter *f = portrait_filter(NULL, "smooth=0 style-area=face");
    test_frame in = frame_with(640, 480, 40, 20), out = frame_with(640, 480, 40, 20);
    for (int round = 0; round < 2; round++) {
        bool in_place = round == 1;
        test_frame_copy(&out.frame, &in.frame);
        filter_run(f, in_place ? &out.frame : &in.frame, &out.frame, MIEN_OK);
        assert_int_equal(found(f, face), 1);
        const mien_face *q = &face[0];
        assert_int_equal(kind(&in.frame, &out.frame, q->point[50][0], q->point[50][1]), 1);
        assert_int_equal(kind(&in.frame, &out.frame, q->point[9][0], q->point[9][1]), 1);
        float x0 = q->x - q->width / 2, x1 = q->x + 1.5f * q->width;
        float y0 = q->y - q->height / 2, y1 = q->y + 1.5f * q->height;
        for (int32_t y = 0; y < 480; y++)
            for (int32_t x = 0; x < 640; x++)
                if ((float)x < x0 || (float)x > x1 || (float)y < y0 || (float)y > y1)
                    assert_int_equal(kind(&in.frame, &out.frame, (float)x, (float)y), 0);
    }
    assert_int_equal(mien_filter_set(f, "style-area", "background"), MIEN_OK);
    for (int i = 0; i < 12; i++)
        filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_int_equal(found(f, face), 1);
    assert_int_equal(kind(&in.frame, &out.frame, face[0].point[50][0], face[0].point[50][1]), 0);
    assert_int_equal(kind(&in.frame, &out.frame, 600, 440), 1);
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&out);
}

/* A portrait with a dark corner, a filter on it, and what two places of its output were: the face's
 * middle and the corner. */
typedef struct areas {
    mien_filter *filter;
    test_frame in, out;
    float at[2][2];  /* the places */
    int from[2], to[2]; /* levels of red without the style and with all of it */
    int is[2];
} areas;

/* The red around a place: in a face alone a style is drawn more finely than in all of the frame,
 * yet nothing may get brighter or darker by that. */
static int level(const mien_frame *frame, const float at[2])
{
    enum { REACH = 4, ACROSS = 2 * REACH + 1, COUNT = ACROSS * ACROSS };
    int sum = 0;
    for (int i = 0; i < COUNT; i++)
        sum += pixel(frame, at[0] + (float)(i % ACROSS - REACH),
                     at[1] + (float)(i / ACROSS - REACH))[0];
    return (sum + COUNT / 2) / COUNT;
}

static void areas_next(areas *a)
{
    int status = mien_filter_process(a->filter, &a->in.frame, &a->out.frame);
    assert_true(status == MIEN_OK || status == MIEN_BYPASSED);
    for (int k = 0; k < 2; k++)
        a->is[k] = level(&a->out.frame, a->at[k]);
}

static areas areas_open(const char *params)
{
    static const float at[2][2] = {{265, 190}, {600, 440}};
    areas a = {.filter = portrait_filter(NULL, params)};
    a.in = frame_with(640, 480, 40, 20);
    a.out = frame_with(640, 480, 40, 20);
    memcpy(a.at, at, sizeof at);
    for (int32_t y = 400; y < 480; y++)
        memset((uint8_t *)pixel(&a.in.frame, 560, (float)y), 40, 80 * 4);
    for (int k = 0; k < 2; k++) {
        a.from[k] = level(&a.in.frame, at[k]);
        a.to[k] = 255 - a.from[k];
        assert_true(abs(a.to[k] - a.from[k]) > 60);
    }
    for (int i = 0; i < 3; i++)
        areas_next(&a);
    return a;
}

static void areas_close(areas *a)
{
    mien_filter_destroy(&a->filter);
    test_frame_free(&a->in);
    test_frame_free(&a->out);
}

/* Goes on for 8 frames, which are more than 200 ms: from frame to frame each place goes no farther
 * than a sixth of the way from bare to styled, in the end it is styled or not, and what was so
 * before is so all the time. */
static void areas_settle(areas *a, const char *what, bool face, bool corner)
{
    const bool styled[2] = {face, corner};
    const int first[2] = {a->is[0], a->is[1]};
    for (int i = 0; i < 8; i++) {
        int was[2] = {a->is[0], a->is[1]};
        areas_next(a);
        for (int k = 0; k < 2; k++) {
            int way = abs(a->to[k] - a->from[k]), end = styled[k] ? a->to[k] : a->from[k];
            bool stays = abs(first[k] - end) <= 12;
            if (abs(a->is[k] - was[k]) > way / 6 + 5 || (stays && abs(a->is[k] - first[k]) > 3))
                fail_msg("%s: from %d to %d in frame %d (%s)", what, was[k], a->is[k], i,
                         k ? "corner" : "face");
            if (i == 7 && abs(a->is[k] - end) > 12)
                fail_msg("%s: ends at %d (%s)", what, a->is[k], k ? "corner" : "face");
        }
    }
}

/* Nothing pops when the area or the style is changed: what is in both areas stays as it is. */
static void test_change_of_area(void **state)
{
    (void)state;
    static const char *const name[] = {"frame", "face", "background"};
    for (int i = 0; i < 6; i++) {
        char params[64], what[64];
        int from = i / 2, to = (from + 1 + i % 2) % 3;
        snprintf(params, sizeof params, "smooth=0 style-area=%s", name[from]);
        snprintf(what, sizeof what, "%s to %s", name[from], name[to]);
        areas a = areas_open(params);
        assert_int_equal(mien_filter_set(a.filter, "style-area", name[to]), MIEN_OK);
        areas_settle(&a, what, to != 2, to != 1);
        assert_int_equal(mien_filter_set(a.filter, "style", ""), MIEN_OK);
        areas_settle(&a, "style off", false, false);
        assert_true(mien_filter_is_bypass(a.filter));
        areas_close(&a);
    }
}

/* What inverting is off from the inverted input, at most, around a place. */
static int worst_inverted(const mien_frame *in, const mien_frame *out, float x, float y)
{
    int worst = 0;
    for (int i = 0; i < 32 * 32; i++) {
        float at_x = x + (float)(i % 32 - 16), at_y = y + (float)(i / 32 - 16);
        for (int k = 0; k < 3; k++) {
            int off = abs(255 - pixel(in, at_x, at_y)[k] - pixel(out, at_x, at_y)[k]);
            worst = off > worst ? off : worst;
        }
    }
    return worst;
}

/* A style in faces alone has all of the frame's resolution there, where it has half in all of the
 * frame on a slow device; with and without smoothing, from the first frame on, and again after the
 * area was another one. */
static void test_closer(void **state)
{
    (void)state;
    static const char *const area[] = {"face", "frame", "face"};
    static mien_face face[MIEN_FACES_MAX];
    test_frame in = frame_with(1280, 720, 40, 20), out = frame_with(1280, 720, 40, 20);
    for (int smooth = 0; smooth < 10; smooth += 8) {
        char params[40];
        snprintf(params, sizeof params, "smooth=0.%d style-area=face", smooth);
        mien_filter *f = portrait_filter(NULL, params);
        mien_stats stats;
        for (int i = 0; i < 3; i++) {
            assert_int_equal(mien_filter_set(f, "style-area", area[i]), MIEN_OK);
            for (int n = 0; n < (i == 0 ? 1 : 70); n++)
                filter_run(f, &in.frame, &out.frame, MIEN_OK);
            if (i == 0)
                assert_int_equal(found(f, face), 1);
            const float *nose = face[0].point[4]; /* where it was then: it stands still */
            int worst = worst_inverted(&in.frame, &out.frame, nose[0], nose[1]);
            print_message("smooth=0.%d, style-area=%s: off by %d\n", smooth, area[i], worst);
            assert_int_equal(mien_filter_stats(f, &stats), MIEN_OK);
            if (i != 1 || stats.net_width >= 1280)
                assert_true(worst <= 3);
            else
                assert_true(worst > 12);
        }
        mien_filter_destroy(&f);
    }
    test_frame_free(&in);
    test_frame_free(&out);
}

/* The mean difference of two frames in the face's middle. */
static double change_at(const mien_frame *a, const mien_frame *b, const float at[2])
{
    int sum = 0;
    for (int i = 0; i < 32 * 32; i++) {
        float x = at[0] + (float)(i % 32 - 16), y = at[1] + (float)(i / 32 - 16);
        sum += abs(pixel(a, x, y)[1] - pixel(b, x, y)[1]);
    }
    return sum / (32.0 * 32);
}

/* That finer views come with frame `first` costs a still, noisy face none of its past. */
static void views_come(int first)
{
    static const float nose[2] = {265, 148};
    mien_filter *f = portrait_filter(NULL, "style-area=frame");
    test_frame in[2], out[2];
    double usual = 0, change = 0;
    for (int k = 0; k < 2; k++) {
        in[k] = frame_with(1280, 720, 40, 20);
        out[k] = frame_with(1280, 720, 40, 20);
    }
    for (int n = 0; n <= first; n++) {
        dice d = dice_of((uint64_t)n);
        for (int32_t i = 0; i < 96 * 96; i++) {
            float x = nose[0] + (float)(i % 96 - 48), y = nose[1] + (float)(i / 96 - 48);
            int v = pixel(&in[1].frame, x, y)[1] + dice_int(&d, -5, 5);
            memset((uint8_t *)pixel(&in[0].frame, x, y), v < 0 ? 0 : v > 255 ? 255 : v, 3);
        }
        if (n == first)
            assert_int_equal(mien_filter_set(f, "style-area", "face"), MIEN_OK);
        filter_run(f, &in[0].frame, &out[n % 2].frame, MIEN_OK);
        usual = change;
        change = change_at(&out[0].frame, &out[1].frame, nose);
    }
    print_message("from frame to frame %.2f, when views come %.2f\n", usual, change);
    assert_true(change < 1.3 * usual);
    mien_filter_destroy(&f);
    for (int k = 0; k < 2; k++) {
        test_frame_free(&in[k]);
        test_frame_free(&out[k]);
    }
}

/* The history lies in two places, of even and of odd frames. */
static void test_closer_later(void **state)
{
    (void)state;
    views_come(20);
    views_come(21);
}

/* A changed face is lost in mid-stream and found again: at no frame does its middle show what is
 * there. */
static void lost_case(const char *on_lost, bool bare_allowed)
{
    static mien_face face[MIEN_FACES_MAX];
    char params[80];
    snprintf(params, sizeof params, "smooth=0 style-area=face on-lost=%s", on_lost);
    mien_filter *f = portrait_filter(NULL, params);
    int bare = 0, lost = 0, returned = 0;
    for (int i = 0; i < 34; i++) {
        test_frame in = frame_with(640, 480, 40 + 2 * i, 20), out = frame_with(640, 480, 0, 0);
        if (i >= 10 && i < 20)
            wipe(&in.frame, 190 + 2 * i, 40, 192, 256);
        filter_run(f, &in.frame, &out.frame, MIEN_OK);
        size_t count = found(f, face);
        assert_true(count >= 1);
        lost += face[0].lost;
        returned += i > 20 && count == 1 && !face[0].lost && face[0].id == 1;
        float x = 225.0f + 40 + 2 * (float)i + 12, y = 148;
        for (int k = -1; k <= 1; k++)
            bare += kind(&in.frame, &out.frame, x + (float)k * 12, y) == 0;
        if (i >= 11 && i < 20 && strcmp(on_lost, "black") == 0)
            assert_true(pixel(&out.frame, x, y)[1] == 0);
        test_frame_free(&in);
        test_frame_free(&out);
    }
    print_message("on-lost=%s: lost in %d frames, bare at %d places, back in %d frames\n", on_lost,
                  lost, bare, returned);
    assert_true(lost >= 8);
    assert_true(returned >= 12);
    assert_true(bare_allowed ? bare > 0 : bare == 0);
    mien_filter_destroy(&f);
}

static void test_on_lost(void **state)
{
    (void)state;
    lost_case("black", false);
    lost_case("blur", false);
    lost_case("hold", false);
    lost_case("pass", true);
}

/* Two portraits side by side. */
static test_frame two_portraits(void)
{
    test_frame two = frame_with(1100, 520, 0, 0), right = frame_with(1100, 520, 560, 8);
    for (int32_t y = 0; y < 520; y++)
        memcpy(two.frame.data[0] + y * two.frame.stride[0] + 560 * 4,
               right.frame.data[0] + y * right.frame.stride[0] + 560 * 4, 540 * 4);
    test_frame_free(&right);
    return two;
}

/* One of two changed faces is away for so long that it is given up, and comes back while the other
 * one is there all the time: wholly changed in its first frame. */
static void test_given_up(void **state)
{
    (void)state;
    enum { AWAY = 12, BACK = 32, FRAMES = 40, AWAY_MS = 200, FRAME_MS = 33 };
    static const float at[][2] = {{225, 170}, {213, 165}, {237, 165}};
    static mien_face face[MIEN_FACES_MAX];
    mien_filter *f = portrait_filter(NULL, "smooth=0 style-area=face on-lost=blur");
    test_frame two = two_portraits(), one = two_portraits(), out = two_portraits();
    int bare = 0, away = 0;
    int64_t ms = 0;
    wipe(&one.frame, 150, 20, 192, 256);
    for (int i = 0; i < FRAMES; i++) {
        const mien_frame *in = i >= AWAY && i < BACK ? &one.frame : &two.frame;
        mien_frame timed = *in;
        ms += i < BACK ? AWAY_MS : FRAME_MS;
        timed.pts_ns = out.frame.pts_ns = ms * 1000 * 1000;
        filter_run(f, &timed, &out.frame, MIEN_OK);
        size_t count = found(f, face);
        if (i + 1 == AWAY)
            assert_int_equal(count, 2);
        away += i + 1 == BACK && count == 1;
        for (int k = 0; k < 3 && i >= BACK; k++)
            bare += abs(pixel(in, at[k][0], at[k][1])[0] -
                        pixel(&out.frame, at[k][0], at[k][1])[0]) < 60;
        if (i == BACK)
            assert_int_equal(count, 2); /* found in its first frame */
    }
    assert_int_equal(away, 1);
    assert_int_equal(bare, 0);
    for (int k = 0; k < 3; k++)
        assert_int_equal(kind(&two.frame, &out.frame, at[k][0], at[k][1]), 1);
    mien_filter_destroy(&f);
    test_frame_free(&two);
    test_frame_free(&one);
    test_frame_free(&out);
}

/* A covered face is given up, and the style is switched off. Whoever is there when it comes on
 * again has been seen bare meanwhile: the style fades in as on anybody, with no cover. */
static void test_pause(void **state)
{
    (void)state;
    static mien_face face[MIEN_FACES_MAX];
    areas a = areas_open("smooth=0 style-area=face on-lost=black");
    char style[300];
    test_frame bare = frame_with(640, 480, 40, 20);
    test_frame_copy(&bare.frame, &a.in.frame);
    wipe(&a.in.frame, 190, 40, 192, 256);
    int frames = 0;
    do {
        a.in.frame.pts_ns = (int64_t)frames * 200 * 1000 * 1000;
        areas_next(&a);
        assert_true(++frames < 100);
        assert_true(frames > 3 || a.is[0] == 0);
    } while (found(a.filter, face) > 0);
    a.in.frame.pts_ns = MIEN_NO_PTS;
    mien_filter_get(a.filter, "style", style, sizeof style);
    assert_int_equal(mien_filter_set(a.filter, "style", ""), MIEN_OK);
    for (int i = 0; i < 8; i++)
        areas_next(&a);
    assert_true(mien_filter_is_bypass(a.filter));
    test_frame_copy(&a.in.frame, &bare.frame);
    areas_next(&a);
    assert_int_equal(a.is[0], a.from[0]);
    assert_int_equal(mien_filter_set(a.filter, "style", style), MIEN_OK);
    areas_settle(&a, "after a pause", true, false);
    areas_close(&a);
    test_frame_free(&bare);
}

/* What covers a lost face fades too when it is no longer wanted, and over a style that stays it
 * lets nothing bare through. */
static void test_cover_fades(void **state)
{
    (void)state;
    static const char *const change[] = {"style=''", "style-area=frame", "style-area=background",
                                         "on-lost=pass"};
    for (int c = 0; c < 4; c++) {
        areas a = areas_open("smooth=0 style-area=face on-lost=black");
        wipe(&a.in.frame, 190, 40, 192, 256);
        for (int i = 0; i < 3; i++)
            areas_next(&a);
        assert_int_equal(a.is[0], 0);
        assert_int_equal(mien_filter_set_all(a.filter, change[c]), MIEN_OK);
        a.from[0] = pixel(&a.in.frame, a.at[0][0], a.at[0][1])[0];
        for (int i = 0; i < 14; i++) {
            int was = a.is[0];
            areas_next(&a);
            if (abs(a.is[0] - was) > 255 / 6 + 5)
                fail_msg("%s: from %d to %d in frame %d", change[c], was, a.is[0], i);
            if (c == 1)
                assert_true(a.is[0] <= 255 - a.from[0] + 5);
        }
        bool styled = c == 1 || c == 2; /* around faces it closes over a lost one */
        assert_true(abs(a.is[0] - (styled ? 255 - a.from[0] : a.from[0])) <= 5);
        assert_int_equal(mien_filter_is_bypass(a.filter), c == 0);
        areas_close(&a);
    }
}

static void test_overlay(void **state)
{
    (void)state;
    static const char *const flags[] = {"faces", "mesh", "iris", "mask", "timing",
                                        "faces+mesh+iris+mask+timing"};
    test_frame in = frame_with(640, 480, 40, 20), out = frame_with(640, 480, 40, 20);
    mien_filter *f = portrait_filter(NULL, "");
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        assert_int_equal(mien_filter_set(f, "overlay", flags[i]), MIEN_OK);
        assert_false(mien_filter_is_bypass(f));
        for (int k = 0; k < 2; k++) /* timings are those of the frame before */
            filter_run(f, &in.frame, &out.frame, MIEN_OK);
        if (test_frame_equal(&in.frame, &out.frame))
            fail_msg("overlay=%s draws nothing", flags[i]);
    }
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&out);
}

/* What the statistics say of a stage in the last frame; 0 if there is none. */
static double gflop_of(const mien_filter *f, const char *stage)
{
    mien_stats stats;
    double gflop = 0;
    assert_int_equal(mien_filter_stats(f, &stats), MIEN_OK);
    for (size_t i = 0; i < stats.stages; i++)
        gflop += strcmp(stats.stage[i].name, stage) == 0 ? stats.stage[i].gflop : 0;
    return gflop;
}

/* Arithmetic counts where it is done: a face that is lost costs no look, a new one several. */
static void test_stats(void **state)
{
    (void)state;
    static mien_face face[MIEN_FACES_MAX];
    mien_filter *f = portrait_filter(NULL, "overlay=faces");
    test_frame in = frame_with(640, 480, 40, 20), out = frame_with(640, 480, 40, 20);
    test_frame nobody = frame_with(640, 480, 40, 20);
    wipe(&nobody.frame, 190, 40, 192, 256);
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    mien_stats stats;
    assert_int_equal(mien_filter_stats(f, &stats), MIEN_OK);
    assert_int_equal(stats.stages, 0); /* this overlay shows no times */
    mien_filter_set_timing(f, true);
    mien_filter_reset(f);
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    double first = gflop_of(f, "faces");
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    double one = gflop_of(f, "faces");
    assert_true(one > 0.01 && fabs(first / one - 2) < 1e-6); /* found, and looked at closer */
    for (int i = 0; i < 6; i++)
        filter_run(f, &nobody.frame, &out.frame, MIEN_OK);
    assert_int_equal(found(f, face), 1);
    assert_true(face[0].lost);
    assert_true(gflop_of(f, "faces") == 0);
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&out);
    test_frame_free(&nobody);
}

static void test_several(void **state)
{
    (void)state;
    static mien_face face[MIEN_FACES_MAX];
    mien_filter *f = portrait_filter(NULL, "max-faces=2");
    test_frame in = two_portraits();
    mien_filter_set_analysis(f, true);
    for (int i = 0; i < 16; i++)
        filter_run(f, &in.frame, &in.frame, MIEN_OK);
    assert_int_equal(found(f, face), 2);
    assert_true(face[0].id != face[1].id);
    assert_true(fabsf(face[0].x - face[1].x) > 400);
    assert_int_equal(mien_filter_set(f, "max-faces", "1"), MIEN_OK);
    filter_run(f, &in.frame, &in.frame, MIEN_OK);
    assert_int_equal(found(f, face), 1);
    mien_filter_destroy(&f);
    test_frame_free(&in);
}

/* Nothing is seen where there is no face, and nothing happens to the picture. */
static void test_no_faces(void **state)
{
    (void)state;
    static mien_face face[MIEN_FACES_MAX];
    static const int32_t size[][2] = {{16, 16}, {33, 17}, {720, 1280}, {640, 480}};
    for (size_t i = 0; i < sizeof size / sizeof size[0]; i++)
        for (int k = 0; k < 3; k++) {
            mien_filter *f = portrait_filter(NULL, "smooth=0 style-area=face");
            test_frame in = test_frame_make(test_formats[i], size[i][0], size[i][1], &tight);
            test_frame out = test_frame_make(test_formats[i], size[i][0], size[i][1], &tight);
            if (k == 2)
                test_frame_noise(&in.frame, 7);
            else
                frame_fill(&in.frame, (const uint8_t[3]){(uint8_t)(k * 128), (uint8_t)(k * 128),
                                                          (uint8_t)(k * 128)});
            for (int n = 0; n < 2; n++) {
                filter_run(f, &in.frame, &out.frame, MIEN_OK);
                assert_int_equal(found(f, face), 0);
                assert_true(test_frame_equal(&in.frame, &out.frame));
            }
            mien_filter_destroy(&f);
            test_frame_free(&in);
            test_frame_free(&out);
        }
}

/* Cut by the border on each side, upside down, and in a tall frame. */
static void test_odd_places(void **state)
{
    (void)state;
    static mien_face face[MIEN_FACES_MAX];
    static const int32_t place[][2] = {{-200, 0}, {250, 0}, {0, -110}, {0, 350}, {-90, 40}};
    for (size_t i = 0; i < sizeof place / sizeof place[0]; i++) {
        mien_filter *f = portrait_filter(NULL, "smooth=0 style-area=face overlay=faces+mesh");
        test_frame in = frame_with(480, 640, place[i][0], place[i][1]);
        test_frame out = frame_with(480, 640, 0, 0);
        for (int n = 0; n < 3; n++)
            filter_run(f, &in.frame, &out.frame, MIEN_OK);
        found(f, face);
        mien_filter_destroy(&f);
        test_frame_free(&in);
        test_frame_free(&out);
    }
    mien_filter *f = portrait_filter(NULL, "");
    test_frame in = frame_with(512, 512, 0, 0), turned = frame_with(512, 512, 0, 0);
    for (int32_t i = 0; i < 512 * 512; i++)
        memcpy(turned.frame.data[0] + (512 * 512 - 1 - i) * 4, in.frame.data[0] + i * 4, 4);
    mien_filter_set_analysis(f, true);
    filter_run(f, &turned.frame, &turned.frame, MIEN_OK);
    if (found(f, face) > 0) { /* then it is seen as what it is */
        assert_true(fabsf(face[0].roll) > 135);
        assert_true(face[0].point[10][1] > face[0].point[152][1]);
    }
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&turned);
}

/* Without the networks: an error at the start, and in mid-stream the stream goes on. */
static void test_missing_networks(void **state)
{
    (void)state;
    filter_log log = {.lines = 0};
    test_frame in = frame_with(640, 480, 0, 0), out = frame_with(640, 480, 0, 0);
    mien_filter *f = filter_make(&log, "overlay=mesh");
    filter_run(f, &in.frame, &out.frame, MIEN_ERR_IO);
    assert_true(filter_log_has(&log, MIEN_LOG_ERROR, "models/fetch_faces.sh"));
    mien_filter_destroy(&f);
    f = filter_make(&log, "style=invert");
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_int_equal(mien_filter_set(f, "style-area", "face"), MIEN_OK);
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    char text[32];
    assert_int_equal(mien_filter_get(f, "style-area", text, sizeof text), MIEN_OK);
    assert_string_equal(text, "frame");
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&out);
}

/* A device that is not there, set while no style runs: the analysis goes on with the old one. */
static void test_missing_device(void **state)
{
    (void)state;
    static const char *const params[] = {"", "overlay=faces", "overlay=timing"};
    static mien_face face[MIEN_FACES_MAX];
    test_frame in = frame_with(640, 480, 40, 20), out = frame_with(640, 480, 40, 20);
    for (int k = 0; k < 3; k++) {
        filter_log log = {.lines = 0};
        char text[32], overlay[32];
        mien_filter *f = portrait_filter(&log, params[k]);
        mien_filter_set_analysis(f, k == 0);
        mien_filter_get(f, "overlay", overlay, sizeof overlay);
        for (int i = 0; i < 6; i++) {
            filter_run(f, &in.frame, &out.frame, MIEN_OK);
            assert_int_equal(found(f, face), k < 2);
            assert_true(k == 2 || face[0].id == 1);
            assert_int_equal(mien_filter_get(f, "device", text, sizeof text), MIEN_OK);
            assert_string_equal(text, "");
            assert_int_equal(filter_log_has(&log, MIEN_LOG_ERROR, "'nosuch'"), i > 2);
            if (i == 2)
                assert_int_equal(mien_filter_set(f, "device", "nosuch"), MIEN_OK);
        }
        assert_int_equal(mien_filter_get(f, "overlay", text, sizeof text), MIEN_OK);
        assert_string_equal(text, overlay);
        mien_filter_destroy(&f);
    }
    test_frame_free(&in);
    test_frame_free(&out);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_analysis),  cmocka_unit_test(test_style_area),
        cmocka_unit_test(test_closer),    cmocka_unit_test(test_closer_later),
        cmocka_unit_test(test_change_of_area),
        cmocka_unit_test(test_on_lost),   cmocka_unit_test(test_cover_fades),
        cmocka_unit_test(test_given_up),  cmocka_unit_test(test_pause),
        cmocka_unit_test(test_overlay),   cmocka_unit_test(test_stats),
        cmocka_unit_test(test_several),   cmocka_unit_test(test_no_faces),
        cmocka_unit_test(test_odd_places), cmocka_unit_test(test_missing_networks),
        cmocka_unit_test(test_missing_device)};
    const portrait_tests all = {.with_face = {"faces", tests, sizeof tests / sizeof tests[0]}};
    return portrait_tests_main(&all, argc, argv);
}
