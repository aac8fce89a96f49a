/* The tracker on a simulated stage: identities, losses, and when it detects. */
#include <setjmp.h>
#include <stdarg.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "face_stage.h"

static const double DT = 1.0 / 30;
static const float UNLIKE = 0.8f; /* half of the pairs differ by less than 0.5 then */

static void play(stage *s, int32_t frames)
{
    for (int32_t i = 0; i < frames; i++)
        stage_frame(s, DT);
}

static void test_one_face(void **state)
{
    (void)state;
    stage s;
    int32_t runs = 0, looks = 0;
    stage_start(&s, 1280, 720, 1, 1);
    stage_actor *a = stage_enter(&s, 0, 600, 300, 200, UNLIKE);
    stage_frame(&s, DT);
    assert_int_equal(s.runs, 1); /* the first was enough */
    assert_int_equal(s.count, 1);
    assert_int_equal(stage_id(&s, 0), 1);
    for (int i = 0; i < 300; i++) {
        a->x = 600 + 150 * sinf((float)i / 9);
        a->angle = 0.4f * sinf((float)i / 14);
        a->edge = 200 + 60 * sinf((float)i / 20);
        s.light = 1 + 0.4f * sinf((float)i / 11);
        stage_frame(&s, DT);
        assert_int_equal(stage_id(&s, 0), 1);
        runs += s.runs;
        looks += s.looks;
    }
    assert_int_equal(runs, 0);    /* all slots are full */
    assert_int_equal(looks, 300); /* the mesh network once a frame */
    stage_stop(&s);
}

/* With slots free it looks for others now and then. */
static void test_free_slots(void **state)
{
    (void)state;
    stage s;
    int32_t runs = 0;
    stage_start(&s, 1280, 720, 4, 2);
    stage_enter(&s, 0, 600, 300, 200, UNLIKE);
    play(&s, 30);
    for (int i = 0; i < 300; i++) {
        stage_frame(&s, DT);
        runs += s.runs;
    }
    assert_in_range(runs, 24, 26); /* every 400 ms in 10 s */
    stage_enter(&s, 1, 200, 500, 160, UNLIKE);
    stage_enter(&s, 2, 1100, 200, 60, UNLIKE); /* small: full range only */
    play(&s, 75);
    assert_int_equal(s.count, 3);
    assert_true(stage_id(&s, 1) > 1 && stage_id(&s, 2) > 1);
    stage_stop(&s);
}

/* Nobody is there: a run about every 70 ms, of all kinds; eager: in every frame, for 10 s. */
static void test_nobody(void **state)
{
    (void)state;
    stage s;
    int32_t runs = 0, kinds[4] = {0};
    stage_start(&s, 1280, 720, 4, 3);
    stage_frame(&s, DT);
    assert_int_equal(s.runs, 4); /* the first frame leaves nothing out */
    for (int i = 0; i < 300; i++) {
        stage_frame(&s, DT);
        runs += s.runs;
        for (int32_t k = 0; k < s.runs; k++) {
            assert_true(s.run[k].roi.angle == 0);
            if (s.run[k].detector == MI_DETECTOR_SHORT)
                kinds[0]++;
            else
                kinds[s.run[k].roi.side > 1000 ? 1 : s.run[k].roi.x < 640 ? 2 : 3]++;
        }
        assert_int_equal(s.count, 0);
    }
    assert_in_range(runs, 140, 150); /* every other frame: 67 ms */
    assert_true(kinds[0] > 65 && kinds[1] > 20 && kinds[2] > 20 && kinds[3] > 20);
    /* slower and faster streams: by the clock */
    runs = 0;
    for (int i = 0; i < 600; i++) {
        stage_frame(&s, 1.0 / 60);
        runs += s.runs;
    }
    assert_in_range(runs, 140, 150);
    runs = 0;
    for (int i = 0; i < 100; i++) {
        stage_frame(&s, 0.1);
        runs += s.runs;
    }
    assert_int_equal(runs, 100);
    stage_stop(&s);

    stage_start(&s, 1280, 720, 4, 3);
    mi_track_set_eager(s.track, true);
    play(&s, 30);
    runs = 0;
    for (int i = 0; i < 30; i++) {
        stage_frame(&s, DT);
        runs += s.runs > 0;
    }
    assert_in_range(runs, 14, 16); /* there was nobody yet */
    stage_actor *a = stage_enter(&s, 0, 600, 300, 200, UNLIKE);
    play(&s, 30);
    assert_int_equal(s.count, 1);
    a->there = false;
    play(&s, 100);
    assert_int_equal(s.count, 0);
    for (int i = 0; i < 190; i++) {
        stage_frame(&s, DT);
        assert_true(s.runs > 0);
    }
    s.miss = 0;
    a->there = true;
    stage_frame(&s, DT);
    assert_int_equal(s.count, 1); /* in its first frame */
    stage_stop(&s);
}

/* Lost and back: the same face within 3 s, wherever it was going; another one later. */
static void test_regain(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 16; seed++) {
        stage s;
        stage_start(&s, 1280, 720, 1 + (int32_t)(seed % 4), seed);
        stage_actor *a = stage_enter(&s, 0, 400, 300, 140, UNLIKE);
        play(&s, 40);
        a->there = false;
        for (int i = 0; i < 15; i++) {
            stage_frame(&s, DT);
            a->x += 6;
            assert_int_equal(s.count, 1);
            assert_true(s.face[0].lost && s.face[0].id == 1);
            assert_true(s.runs > 0); /* in every frame while it is missing for so short a time */
        }
        a->there = true;
        s.light = 0.7f;
        play(&s, 5);
        assert_int_equal(stage_id(&s, 0), 1);
        a->there = false;
        play(&s, 60);
        assert_true(stage_is_lost(&s, 1));
        a->there = true;
        a->y += 60;
        play(&s, 12);
        assert_int_equal(stage_id(&s, 0), 1);
        a->there = false;
        play(&s, 85);
        assert_true(stage_has(&s, 1));
        play(&s, 7);
        assert_int_equal(s.count, 0); /* forgotten */
        a->there = true;
        play(&s, 20);
        assert_int_equal(stage_id(&s, 0), 2);
        stage_stop(&s);
    }
}

/* A face is lost that only the detector still sees, and walks on: as long as that goes on it is not
 * given up, and its place goes along. */
static void test_trace(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 8; seed++) {
        stage s;
        stage_start(&s, 1280, 720, 1 + (int32_t)(seed % 3), seed);
        mi_track_set_eager(s.track, seed % 2);
        stage_actor *a = stage_enter(&s, 0, 300, 300, 140, UNLIKE);
        play(&s, 30);
        assert_int_equal(stage_id(&s, 0), 1);
        s.presence = 0.2f;
        for (int i = 0; i < 240; i++) {
            a->x += 2;
            stage_frame(&s, DT);
            assert_true(s.count == 1 && stage_is_lost(&s, 1));
            mi_roi square = mi_roi_of_points((const float(*)[3])s.face[0].point);
            if (i > 60 && hypotf(square.x - a->x, square.y - a->y) > 0.35f * a->edge)
                fail_msg("seed %d frame %d: %.0f pixels off", (int)seed, i,
                         (double)hypotf(square.x - a->x, square.y - a->y));
        }
        s.presence = 1;
        play(&s, 6);
        assert_int_equal(stage_id(&s, 0), 1);
        s.presence = 0.2f;
        play(&s, 60);
        a->there = false;
        play(&s, 80);
        assert_true(stage_is_lost(&s, 1));
        play(&s, 16);
        assert_int_equal(s.count, 0);
        stage_stop(&s);
    }
}

/* Something that is no face where one was lost: it keeps the slot for 3 s, not for ever. */
static void test_false_trace(void **state)
{
    (void)state;
    stage s;
    stage_start(&s, 1280, 720, 1, 4);
    s.miss = 0;
    stage_actor *a = stage_enter(&s, 0, 65, 65, 110, UNLIKE);
    play(&s, 30);
    assert_int_equal(stage_id(&s, 0), 1);
    a->there = false;
    s.ghost = true;
    play(&s, 30);
    stage_enter(&s, 1, 800, 400, 200, UNLIKE);
    play(&s, 50);
    assert_true(s.count == 1 && stage_is_lost(&s, 1));
    play(&s, 20);
    assert_true(s.count == 1 && stage_id(&s, 1) == 2);
    stage_stop(&s);
}

/* Eager, one of two is lost while the other one is followed: wherever it comes back within 10 s it
 * is found in its first frame; later detection is as slow as ever. */
static void test_eager(void **state)
{
    (void)state;
    static const int32_t gap[] = {3, 10, 20, 31, 60, 85, 99, 150, 222, 290};
    for (size_t k = 0; k < sizeof gap / sizeof gap[0]; k++)
        for (int32_t off = 0; off < 3; off++) {
            stage s;
            stage_start(&s, 1280, 720, 4, k);
            mi_track_set_eager(s.track, true);
            stage_enter(&s, 0, 300, 300, 140, UNLIKE);
            stage_actor *a = stage_enter(&s, 1, 800, 300, 140, UNLIKE);
            play(&s, 60);
            assert_true(s.count == 2 && stage_id(&s, 1));
            s.miss = 0;
            a->there = false;
            play(&s, gap[k] + off);
            a->there = true;
            a->x += 30 * (float)off;
            stage_frame(&s, DT);
            if (!stage_id(&s, 1))
                fail_msg("after %d frames: not found at once", gap[k] + off);
            int32_t runs = 0;
            a->there = false;
            play(&s, 310);
            for (int i = 0; i < 120; i++) {
                stage_frame(&s, DT);
                runs += s.runs;
            }
            assert_in_range(runs, 9, 11); /* every 400 ms */
            stage_stop(&s);
        }
}

/* How unlike two people of the stage are, by the tracker's measure. */
static float distance_of(stage *s, int32_t i, int32_t j)
{
    mi_appearance look[2];
    stage alone = *s;
    int32_t index[2] = {i, j};
    for (int k = 0; k < 2; k++) {
        mi_sight sight;
        for (int32_t n = 0; n < STAGE_ACTORS; n++)
            alone.actor[n].there = n == index[k];
        const stage_actor *a = &alone.actor[index[k]];
        mi_roi square = {a->x, a->y, 1.5f * a->edge, a->angle};
        stage_sight(&alone, &square, &sight);
        square = mi_roi_of_points((const float(*)[3])sight.point);
        mi_appearance_of(&look[k], &sight, &square, s->width, s->height);
    }
    return mi_appearance_distance(&look[0], &look[1]);
}

/* Another person in the place of one who left, also from one frame to the next. */
static void test_other_person(void **state)
{
    (void)state;
    int32_t fresh = 0, all = 0, fast = 0;
    for (uint64_t seed = 0; seed < 40; seed++) {
        stage s;
        stage_start(&s, 1280, 720, 1 + (int32_t)(seed % 3), seed);
        stage_actor *a = stage_enter(&s, 0, 400, 300, 140, UNLIKE);
        stage_enter(&s, 1, 410, 310, 150, UNLIKE)->there = false;
        play(&s, 40);
        if (distance_of(&s, 0, 1) < 0.7f) {
            stage_stop(&s);
            continue;
        }
        assert_int_equal(stage_id(&s, 0), 1);
        a->there = false;
        play(&s, 30);
        s.actor[1].there = true;
        play(&s, 20);
        all++;
        fresh += stage_id(&s, 1) == 2;
        s.actor[1].there = false;
        a->there = true;
        play(&s, 1);
        fast += stage_id(&s, 0) != 0 && stage_id(&s, 0) != 2;
        stage_stop(&s);
    }
    printf("another person: new id %d of %d, without a gap %d\n", fresh, all, fast);
    assert_true(all >= 15);
    assert_int_equal(fresh, all);
    assert_true(fast * 10 >= all * 9);
}

/* Two faces that pass each other; how: 0 both move, 1 the front one passes, 2 the rear one does, 3
 * they meet and go back. True if both have their ids afterwards. */
static bool crossing(uint64_t seed, int how, float unlike, int32_t *hidden)
{
    stage s;
    stage_start(&s, 1280, 720, 4, seed);
    s.miss = 0.1f;
    float edge = 80 + 80 * stage_random(&s), gap = 3.2f * edge;
    float off = 0.25f * edge * (2 * stage_random(&s) - 1);
    stage_actor *a = stage_enter(&s, 0, 640 - gap / 2, 340, edge, unlike);
    stage_actor *b = stage_enter(&s, 1, 640 + gap / 2, 340 + off,
                                 edge * (0.9f + 0.2f * stage_random(&s)), unlike);
    play(&s, 45);
    uint32_t id[2] = {stage_id(&s, 0), stage_id(&s, 1)};
    /* from a stroll, hidden for a second, to a rush */
    float speed = edge * (0.03f + 0.12f * stage_random(&s)) * (how == 0 || how == 3 ? 1 : 1.5f);
    float va = how == 2 ? 0 : speed, vb = how == 1 ? 0 : -speed;
    float way = how == 1 || how == 2 ? gap + 1.8f * edge : gap;
    bool back = false;
    *hidden = 0;
    for (float gone = 0; gone < way; gone += speed) {
        if (how == 3 && !back && gone > gap / 2) {
            back = true;
            va = -va;
            vb = -vb;
        }
        a->x += va * (1 + 0.1f * stage_normal(&s));
        b->x += vb * (1 + 0.1f * stage_normal(&s));
        stage_frame(&s, DT);
        *hidden += stage_id(&s, 1) == 0;
    }
    play(&s, 30);
    bool kept = id[0] && id[1] && stage_id(&s, 0) == id[0] && stage_id(&s, 1) == id[1];
    if (!kept)
        printf("  seed %d, way %d: ids %u %u became %u %u; edge %.0f, speed %.3f, distance %.2f\n",
               (int)seed, how, id[0], id[1], stage_id(&s, 0), stage_id(&s, 1), (double)edge,
               (double)(speed / edge), (double)distance_of(&s, 0, 1));
    stage_stop(&s);
    return kept;
}

static void test_crossing(void **state)
{
    int32_t seeds = *(const int32_t *)*state;
    static const char *const name[] = {"both move", "front moves", "rear moves", "meet, go back"};
    static const float unlike[] = {0.8f, 0.4f, 0.25f};
    for (int u = 0; u < 3; u++) {
        int32_t kept_all = 0;
        for (int how = 0; how < 4; how++) {
            int32_t kept = 0, hidden = 0, frames;
            for (int32_t n = 0; n < seeds; n++) {
                kept += crossing((uint64_t)(7 * n + how), how, unlike[u], &frames);
                hidden += frames;
            }
            printf("crossing, unlike %.2f, %s: %d of %d keep their ids, not seen for %.1f frames\n",
                   (double)unlike[u], name[how], kept, seeds, (double)hidden / seeds);
            kept_all += kept;
        }
        assert_true(kept_all >= (u == 0 ? 0.95 : u == 1 ? 0.9 : 0.8) * 4 * seeds);
    }
}

/* Two faces behind a wall for a second; half of them change places there. Only their looks tell
 * them apart. */
static void test_wall(void **state)
{
    int32_t seeds = 4 * *(const int32_t *)*state;
    static const float unlike[] = {0.8f, 0.4f};
    for (int u = 0; u < 2; u++) {
        int32_t kept = 0;
        for (int32_t n = 0; n < seeds; n++) {
            stage s;
            stage_start(&s, 1280, 720, 2, (uint64_t)(n + 1000));
            stage_actor *a = stage_enter(&s, 1, 520, 340, 110, unlike[u]);
            stage_actor *b = stage_enter(&s, 2, 720, 350, 115, unlike[u]);
            stage_actor *wall = stage_enter(&s, 0, 620, 340, 700, 1);
            wall->is_blank = true;
            wall->there = false;
            play(&s, 40);
            uint32_t id[2] = {stage_id(&s, 1), stage_id(&s, 2)};
            wall->there = true;
            play(&s, 15);
            if (n % 2) {
                a->x = 720;
                b->x = 520;
            }
            play(&s, 15);
            wall->there = false;
            s.light = 0.8f;
            play(&s, 15);
            kept += id[0] && id[1] && stage_id(&s, 1) == id[0] && stage_id(&s, 2) == id[1];
            stage_stop(&s);
        }
        printf("wall, unlike %.2f: %d of %d keep their ids\n", (double)unlike[u], kept, seeds);
        assert_true(kept >= (u == 0 ? 0.95 : 0.85) * seeds);
    }
}

static void test_eight(void **state)
{
    (void)state;
    stage s;
    stage_start(&s, 1920, 1080, 8, 5);
    for (int32_t i = 0; i < 8; i++)
        stage_enter(&s, i, 200 + 480 * (float)(i % 4), 300 + 480 * (float)(i / 4), 150, UNLIKE);
    play(&s, 60);
    assert_int_equal(s.count, 8);
    uint32_t id[8], mask = 0;
    for (int32_t i = 0; i < 8; i++) {
        id[i] = stage_id(&s, i);
        mask |= 1u << id[i];
        assert_true(i == 0 || s.face[i].id > s.face[i - 1].id);
    }
    assert_int_equal(mask, 0x1fe);
    for (int k = 0; k < 60; k++) {
        for (int32_t i = 0; i < 8; i++) {
            s.actor[i].x += 4 * sinf((float)(k + 7 * i) / 5);
            s.actor[i].y += 4 * cosf((float)(k + 3 * i) / 5);
        }
        stage_frame(&s, DT);
        assert_int_equal(s.runs, 0);
        for (int32_t i = 0; i < 8; i++)
            assert_int_equal(stage_id(&s, i), id[i]);
    }
    mi_track_set_max(s.track, 3); /* the first three stay */
    play(&s, 60);
    assert_int_equal(s.count, 3);
    for (int32_t i = 0; i < 3; i++)
        assert_int_equal(s.face[i].id, i + 1);
    mi_track_set_max(s.track, 5);
    play(&s, 90);
    assert_int_equal(s.count, 5);
    assert_true(s.face[3].id > 8 && s.face[4].id > 8); /* never used again */
    stage_stop(&s);
}

/* With more faces than slots the large ones are taken. */
static void test_large_first(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        stage s;
        stage_start(&s, 1280, 720, 2, seed);
        s.miss = 0;
        for (int32_t i = 0; i < 5; i++)
            stage_enter(&s, i, 150 + 240 * (float)i, 360, i == 1 || i == 3 ? 230 : 110, UNLIKE);
        play(&s, 5);
        assert_int_equal(s.count, 2);
        assert_true(stage_id(&s, 1) && stage_id(&s, 3));
        stage_stop(&s);
    }
}

static void test_tiny(void **state)
{
    (void)state;
    stage s;
    stage_start(&s, 320, 240, 4, 6);
    stage_actor *a = stage_enter(&s, 0, 160, 120, 21, UNLIKE);
    play(&s, 60);
    assert_int_equal(s.count, 0);
    a->edge = 40; /* the detector's box is a fifth smaller */
    play(&s, 20);
    assert_int_equal(s.count, 1);
    while (a->edge > 12) {
        a->edge *= 0.98f;
        stage_frame(&s, DT);
    }
    play(&s, 100);
    assert_int_equal(s.count, 0);
    stage_stop(&s);
}

static bool is_outside(const mien_face *f)
{
    return f->x > 640 || f->y > 480 || f->x + f->width < 0 || f->y + f->height < 0;
}

/* Out through each border, followed as far as half of it is there, and soon lost beyond it; who
 * comes back within three seconds is the same one, later another. */
static void test_border(void **state)
{
    (void)state;
    static const float way[4][2] = {{-1, 0}, {1, 0}, {0, -1}, {0, 1}};
    for (int w = 0; w < 4; w++) {
        stage s;
        stage_start(&s, 640, 480, 2, (uint64_t)w);
        stage_actor *a = stage_enter(&s, 0, 320, 240, 120, UNLIKE);
        int32_t inside = 0, outside = 0, frames = 0;
        play(&s, 20);
        while (a->x > -200 && a->x < 840 && a->y > -200 && a->y < 680) {
            a->x += 8 * way[w][0];
            a->y += 8 * way[w][1];
            stage_frame(&s, DT);
            bool out = a->x < -60 || a->x > 700 || a->y < -60 || a->y > 540;
            outside += out;
            inside += out && s.count > 0 && !is_outside(&s.face[0]);
            frames += s.count == 1 && !s.face[0].lost;
        }
        assert_true(frames >= 20); /* followed as far as half of it is there */
        assert_true(outside > 15);
        assert_true(inside <= 10);
        assert_int_equal(s.count, 1);
        assert_true(s.face[0].lost && is_outside(&s.face[0]));
        a->x = 320 + 200 * way[w][0];
        a->y = 240 + 120 * way[w][1];
        play(&s, 20);
        assert_int_equal(s.count, 1);
        assert_true(!s.face[0].lost && stage_id(&s, 0) == 1);
        a->x = -2000;
        play(&s, 110);
        assert_int_equal(s.count, 0);
        a->x = 320;
        a->y = 240;
        play(&s, 20);
        assert_int_equal(s.count, 1);
        assert_true(stage_id(&s, 0) == 2);
        stage_stop(&s);
    }
}

/* From rest to a third of the face a frame within three frames, and back. */
static void test_acceleration(void **state)
{
    (void)state;
    int32_t followed = 0, frames = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        stage s;
        stage_start(&s, 1280, 720, 1, seed);
        stage_actor *a = stage_enter(&s, 0, 200, 300, 150, UNLIKE);
        play(&s, 30);
        float v = 0;
        for (int i = 0; i < 60; i++) {
            float wanted = i < 16 ? 50 : i < 30 ? 0 : i < 46 ? -50 : 0;
            v += fminf(fmaxf(wanted - v, -18), 18);
            a->x += v;
            stage_frame(&s, DT);
            followed += stage_id(&s, 0) == 1;
            frames++;
        }
        assert_int_equal(stage_id(&s, 0), 1);
        stage_stop(&s);
    }
    printf("acceleration: followed in %d of %d frames\n", followed, frames);
    assert_true(followed >= 0.97 * frames);
}

/* A sudden jump: found again in the same frame. */
static void test_jump(void **state)
{
    (void)state;
    int32_t same = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        stage s;
        stage_start(&s, 1280, 720, 1, seed);
        stage_actor *a = stage_enter(&s, 0, 400, 300, 150, UNLIKE);
        play(&s, 30);
        s.miss = 0;
        a->x += 110;
        stage_frame(&s, DT);
        same += stage_id(&s, 0) == 1;
        stage_stop(&s);
    }
    assert_int_equal(same, 20);
}

/* A detection without a face behind it makes no face, weak sights lose none at once. */
static void test_presence(void **state)
{
    (void)state;
    stage s;
    stage_start(&s, 1280, 720, 4, 7);
    s.ghost = true;
    play(&s, 100);
    assert_int_equal(s.count, 0);
    s.ghost = false;
    stage_enter(&s, 0, 600, 300, 200, UNLIKE);
    play(&s, 30);
    s.presence = 0.42f;
    stage_frame(&s, DT);
    assert_true(s.runs > 0); /* unsure: ask the detector */
    assert_true(s.count == 1 && !s.face[0].lost);
    stage_frame(&s, DT);
    assert_true(!s.face[0].lost);
    stage_frame(&s, DT);
    assert_true(s.face[0].lost); /* not for ever */
    s.presence = 1;
    play(&s, 3);
    assert_true(!s.face[0].lost && s.face[0].id == 1);
    s.presence = 0.2f;
    stage_frame(&s, DT);
    assert_true(s.face[0].lost);
    stage_stop(&s);
}

static void test_reset(void **state)
{
    (void)state;
    stage s;
    stage_start(&s, 1280, 720, 4, 8);
    stage_enter(&s, 0, 600, 300, 200, UNLIKE);
    play(&s, 10);
    mi_track_reset(s.track);
    s.miss = 1;
    stage_frame(&s, DT);
    assert_int_equal(s.count, 0);
    assert_int_equal(s.runs, 4);
    s.miss = 0;
    play(&s, 12);
    assert_int_equal(stage_id(&s, 0), 2);
    s.width = 720; /* portrait: two squares above each other */
    s.height = 1280;
    mi_track_set_size(s.track, 720, 1280);
    s.miss = 1;
    stage_frame(&s, DT);
    assert_int_equal(s.runs, 4);
    assert_true(s.run[2].roi.y < 640 && s.run[3].roi.y > 640 && s.run[2].roi.x == 360);
    s.miss = 0;
    play(&s, 12);
    assert_int_equal(stage_id(&s, 0), 3);
    mi_track_set_size(s.track, 600, 600);
    s.actor[0].there = false;
    stage_frame(&s, DT);
    assert_int_equal(s.runs, 2); /* squares in a square would show nothing new */
    stage_stop(&s);
}

/* A wall slides over the face and off again: the face is lost, moves with its own motion only, and
 * is itself again. */
static void test_covered(void **state)
{
    (void)state;
    stage s;
    stage_start(&s, 1280, 720, 2, 9);
    stage_enter(&s, 1, 600, 300, 150, UNLIKE);
    stage_actor *wall = stage_enter(&s, 0, 100, 300, 220, UNLIKE);
    wall->is_blank = true;
    wall->there = false;
    play(&s, 30);
    assert_int_equal(stage_id(&s, 1), 1);
    wall->there = true;
    int32_t lost = 0;
    while (wall->x < 1100) {
        wall->x += 15;
        stage_frame(&s, DT);
        assert_int_equal(s.count, 1);
        assert_true(s.face[0].id == 1);
        lost += s.face[0].lost;
        assert_true(fabsf(s.face[0].point[1][0] - 600) < 60);
    }
    assert_in_range(lost, 5, 25);
    assert_int_equal(stage_id(&s, 1), 1);
    stage_stop(&s);
}

static float wild(stage *s)
{
    static const float odd[] = {0, -1, 1e-30f, 1e30f, -1e30f, INFINITY, -INFINITY, NAN};
    float r = stage_random(s);
    return r < 0.02f ? odd[(int)(stage_random(s) * 8) % 8] : 700 * stage_random(s) - 30;
}

/* Anything may come from a network. */
static void test_fuzz(void **state)
{
    (void)state;
    stage s;
    stage_start(&s, 640, 480, 8, 10);
    for (int n = 0; n < 3000; n++) {
        mi_look_at look[MI_FACES];
        mi_sight sight;
        mi_detection found[MI_DETECTIONS];
        mi_detect_at run[MI_DETECTOR_RUNS];
        memset(&sight, 0, sizeof sight);
        float dt = stage_random(&s) < 0.05f ? wild(&s) : 0.03f;
        int32_t looks = mi_track_begin(s.track, (double)dt, look), phase = 0;
        do {
            assert_in_range(looks, 0, MI_FACES);
            for (int32_t i = 0; i < looks; i++) {
                assert_in_range(look[i].slot, 0, MI_TRACK_SLOTS - 1);
                assert_true(isfinite(look[i].roi.x) && isfinite(look[i].roi.y) &&
                            isfinite(look[i].roi.angle) && look[i].roi.side > 0);
                stage_enter(&s, 0, 640 * stage_random(&s), 480 * stage_random(&s),
                            10 + 200 * stage_random(&s), 1);
                mi_roi other = {s.actor[0].x, s.actor[0].y, 1.5f * s.actor[0].edge, 0};
                stage_sight(&s, stage_random(&s) < 0.3f ? &other : &look[i].roi, &sight);
                sight.roi = look[i].roi;
                if (stage_random(&s) < 0.2f)
                    sight.point[(int)(stage_random(&s) * 477)][(int)(stage_random(&s) * 3) % 3] =
                        wild(&s);
                sight.look[9][1] = wild(&s);
                sight.presence = stage_random(&s) < 0.5f ? sight.presence : wild(&s) / 600;
                mi_track_sight(s.track, look[i].slot, &sight);
                mi_track_sight(s.track, (int32_t)(wild(&s) > 300) * 40 - 10, &sight);
            }
            looks = 0;
            if (phase++ > 0 || mi_track_wants(s.track, run) == 0)
                continue;
            int32_t count = (int32_t)(stage_random(&s) * MI_DETECTIONS);
            for (int32_t i = 0; i < count; i++) {
                float *value = &found[i].x;
                for (size_t k = 0; k < sizeof found[i] / sizeof *value; k++)
                    value[k] = wild(&s);
                found[i].score = stage_random(&s);
            }
            mi_track_found_enough(s.track, found, count);
            looks = mi_track_detections(s.track, found, count, look);
        } while (phase < 2);
        if (stage_random(&s) < 0.01f)
            mi_track_set_max(s.track, 1 + (int32_t)(stage_random(&s) * 8) % 8);
        mien_face face[MI_FACES];
        int32_t count = mi_track_end(s.track, face);
        assert_in_range(count, 0, s.track->max_faces);
        for (int32_t i = 0; i < count; i++) {
            assert_true(i == 0 || face[i].id > face[i - 1].id);
            for (int p = 0; p < MI_POINTS; p++)
                assert_true(isfinite(face[i].point[p][0]) && isfinite(face[i].point[p][1]));
            const mi_face_skin *skin = mi_track_skin(s.track, face[i].id);
            for (int p = 0; p < MI_POINTS; p++) {
                assert_true(skin->bare[p] >= 0 && skin->bare[p] <= 1);
                assert_true(isfinite(skin->point[p][0]) && isfinite(skin->point[p][1]));
            }
        }
    }
    stage_stop(&s);
}

static void test_assign(void **state)
{
    (void)state;
    float cost[MI_FACES][MI_FACES] = {{0.1f, 0.2f}, {0.2f, 0.9f}};
    int32_t column[MI_FACES];
    mi_assign(cost, 2, 2, column);
    assert_true(column[0] == 1 && column[1] == 0); /* not the greedy one */
    cost[1][0] = NAN;
    cost[1][1] = 1.5f;
    mi_assign(cost, 2, 2, column);
    assert_true(column[0] == 0 && column[1] == -1);
    mi_assign(cost, 2, 0, column);
    assert_true(column[0] == -1 && column[1] == -1);
    mi_assign(cost, 0, 3, column);
    for (int i = 0; i < MI_FACES; i++)
        for (int j = 0; j < MI_FACES; j++)
            cost[i][j] = j == (3 * i) % 8 ? 0.1f : 0.3f;
    mi_assign(cost, 8, 8, column);
    for (int i = 0; i < MI_FACES; i++)
        assert_int_equal(column[i], (3 * i) % 8);
}

/* test_face_track [SEEDS]: how many times each crossing is played. */
int main(int argc, char **argv)
{
    int32_t seeds = argc > 1 ? atoi(argv[1]) : 8;
    if (seeds < 1)
        return 2;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_face),     cmocka_unit_test(test_free_slots),
        cmocka_unit_test(test_nobody),       cmocka_unit_test(test_regain),
        cmocka_unit_test(test_trace),        cmocka_unit_test(test_false_trace),
        cmocka_unit_test(test_eager),
        cmocka_unit_test(test_other_person), cmocka_unit_test_prestate(test_crossing, &seeds),
        cmocka_unit_test_prestate(test_wall, &seeds),
        cmocka_unit_test(test_eight),        cmocka_unit_test(test_large_first),
        cmocka_unit_test(test_tiny),         cmocka_unit_test(test_border),
        cmocka_unit_test(test_acceleration), cmocka_unit_test(test_jump),
        cmocka_unit_test(test_presence),     cmocka_unit_test(test_reset),
        cmocka_unit_test(test_covered),      cmocka_unit_test(test_fuzz),
        cmocka_unit_test(test_assign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
