/* When the filter counts as too slow. Time and frames are made up. */
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
} Play;

/* Looks ten times a second: `came` and `done` frames a second, `busy` the share of the time in
 * which the filter works. The number of verdicts. */
static int play(Play *play, gint seconds, guint64 came, guint64 done, double busy)
{
    int slow = 0;
    for (gint i = 0; i < seconds * 10; i++) {
        play->now += S / 10;
        play->counts.came += came / 10;
        play->counts.done += done / 10;
        play->counts.busy += (gint64)(busy * (double)S / 10);
        slow += cam_pace_look(&play->pace, play->now, play->counts);
    }
    return slow;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
