/* When the filter counts as too slow, and when there is room to make it dear again. Time and frames
 * are made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cam_pace.h"

#define S ((gint64)G_USEC_PER_SEC)

typedef struct Play {
    CamPace pace;
    CamPaceCounts counts;
    gint64 now;
    int room; /* verdicts of room in the last play() */
} Play;

/* Looks ten times a second: `came` and `done` frames a second, `busy` the share of the time in
 * which the filter works. The number of verdicts. */
static int play(Play *play, gint seconds, guint64 came, guint64 done, double busy)
{
    int slow = 0;
    play->room = 0;
    for (gint i = 0; i < seconds * 10; i++) {
        play->now += S / 10;
        play->counts.came += came / 10;
        play->counts.done += done / 10;
        play->counts.busy += (gint64)(busy * (double)S / 10);
        CamPaceVerdict verdict = cam_pace_look(&play->pace, play->now, play->counts);
        slow += verdict == CAM_PACE_SLOW;
        play->room += verdict == CAM_PACE_ROOM;
    }
    return slow;
}

/* Too slow with 45 ms a frame at 30 frames a second; half of that once it is lowered. */
static void lower(Play *p)
{
    assert_in_range(play(p, 6, 30, 20, 0.9), 1, 2);
    cam_pace_lowered(&p->pace, p->now);
    cam_pace_rest(&p->pace, p->now, 0, p->counts);
    assert_int_equal(play(p, 3, 30, 30, 0.675), 0);
    assert_true(p->pace.times > 1.9 && p->pace.times < 2.1);
}

static void test_verdicts(void **state)
{
    (void)state;
    Play p = {.now = 5 * S};
    assert_int_equal(play(&p, 20, 30, 30, 0.9), 0); /* keeps up, if barely */
    assert_int_equal((int)(p.pace.came + 0.5), 30);
    assert_int_equal((int)(p.pace.busy + 0.5), 30); /* 0.9 s for 30 frames */
    assert_int_equal(play(&p, 20, 30, 10, 0.2), 0); /* a reader holds it up */
    assert_int_equal(play(&p, 3, 30, 20, 1.0), 0);  /* too short to say */
    assert_int_equal(play(&p, 4, 30, 30, 0.5), 0);
    assert_in_range(play(&p, 6, 30, 20, 1.0), 1, 1);
    assert_in_range(play(&p, 8, 30, 20, 1.0), 2, 2); /* and again: low is slow, too */
    Play stuck = {.now = 5 * S};
    assert_in_range(play(&stuck, 5, 30, 0, 0), 0, 0); /* loads: no work is finished */
    assert_true(stuck.pace.busy == 0);
}

static void test_rest(void **state)
{
    (void)state;
    Play p = {.now = 5 * S};
    assert_int_equal(play(&p, 4, 30, 10, 1.0), 0);
    cam_pace_rest(&p.pace, p.now, 4 * S, p.counts);
    assert_int_equal(play(&p, 7, 30, 10, 1.0), 0); /* 4 of rest, and not yet two windows */
    assert_int_equal(play(&p, 3, 30, 10, 1.0), 1);
}

static void test_room(void **state)
{
    (void)state;
    Play p = {.now = 5 * S};
    play(&p, 100, 30, 30, 0.1);
    assert_int_equal(p.room, 0); /* there is nothing to raise */
    lower(&p);
    play(&p, 100, 30, 30, 0.4); /* 80 % of the time if it were dear */
    assert_int_equal(p.room, 0);
    play(&p, 100, 30, 20, 0.1); /* frames are dropped, whoever does it */
    assert_int_equal(p.room, 0);
    for (int i = 0; i < 10; i++) { /* room for a while and then not */
        play(&p, 15, 30, 30, 0.1);
        assert_int_equal(p.room, 0);
        play(&p, 4, 30, 30, 0.5);
    }
    play(&p, 18, 30, 30, 0.2);
    assert_int_equal(p.room, 0);
    play(&p, 6, 30, 30, 0.2);
    assert_int_equal(p.room, 1);
    cam_pace_raised(&p.pace, p.now);
    play(&p, 100, 30, 30, 0.2);
    assert_int_equal(p.room, 0);
}

/* A camera that halves its rate in the dark leaves room as well. */
static void test_room_by_rate(void **state)
{
    (void)state;
    Play p = {.now = 5 * S};
    lower(&p);
    play(&p, 30, 10, 10, 0.25); /* 25 ms, which would be 50, ten times a second */
    assert_int_equal(p.room, 1);
}

/* At the edge: there is room, and as soon as it is used there is none. */
static void test_no_swing(void **state)
{
    (void)state;
    Play p = {.now = 5 * S};
    int raised = 0;
    gint64 last = 0, end = p.now + 4 * 3600 * S;
    lower(&p);
    while (p.now < end) {
        play(&p, 2, 30, 30, 0.25);
        if (!p.room)
            continue;
        raised++;
        assert_true(p.now - last >= 20 * S);
        last = p.now;
        cam_pace_raised(&p.pace, p.now);
        lower(&p);
    }
    assert_in_range(raised, 5, 12); /* 20 s, 40 s, ... 1 h; every 20 s it would be 700 times */
    Play calm = {.now = 5 * S};
    lower(&calm);
    for (int i = 0; i < 5; i++) { /* raised for long each time: no reason for more patience */
        play(&calm, 24, 30, 30, 0.2);
        assert_int_equal(calm.room, 1);
        cam_pace_raised(&calm.pace, calm.now);
        play(&calm, 200, 30, 30, 0.4);
        lower(&calm);
    }
}

/* The user has chosen: that is not raised, and tells nothing of the next lowering. */
static void test_settled(void **state)
{
    (void)state;
    Play p = {.now = 5 * S};
    lower(&p);
    cam_pace_settle(&p.pace);
    play(&p, 100, 30, 30, 0.1);
    assert_int_equal(p.room, 0);
    lower(&p);
    play(&p, 24, 30, 30, 0.1);
    assert_int_equal(p.room, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_rest),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_room_by_rate),
        cmocka_unit_test(test_no_swing),
        cmocka_unit_test(test_settled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
