/* The supervision of one end: attempts, their pauses, hanging, and what the user is told. Time is
 * made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cam_link.h"

#define S ((gint64)G_USEC_PER_SEC)

static void test_attempts(void **state)
{
    (void)state;
    static const gint64 PAUSES[] = {S / 4, S / 2, S, 2 * S, 2 * S, 2 * S};
    CamLink link;
    gint64 now = 7 * S;
    cam_link_init(&link, 10 * S, 5 * S);
    assert_int_equal(cam_link_tick(&link, now), CAM_LINK_OPEN); /* at once */
    for (gsize i = 0; i < G_N_ELEMENTS(PAUSES); i++) {
        cam_link_failed(&link, now, "gone");
        assert_int_equal(cam_link_tick(&link, now + PAUSES[i] - 1), CAM_LINK_REST);
        now += PAUSES[i];
        assert_int_equal(cam_link_tick(&link, now), CAM_LINK_OPEN);
    }
    for (int i = 0; i < 200; i++) /* no shift runs over */
        cam_link_failed(&link, now, "gone");
    assert_int_equal(link.next, now + 2 * S);
    cam_link_hurry(&link, now);
    assert_int_equal(cam_link_tick(&link, now), CAM_LINK_OPEN);
    cam_link_clear(&link);
}

static void test_a_trouble_is_told_once(void **state)
{
    (void)state;
    CamLink link;
    cam_link_init(&link, 10 * S, 5 * S);
    assert_true(cam_link_failed(&link, 0, "gone"));
    assert_false(cam_link_failed(&link, S, "gone"));
    assert_true(cam_link_failed(&link, 2 * S, "busy"));
    assert_true(cam_link_failed(&link, 3 * S, "gone"));
    cam_link_opened(&link, 4 * S); /* open, but without a frame, is no news */
    assert_false(cam_link_failed(&link, 5 * S, "gone"));
    cam_link_opened(&link, 6 * S);
    assert_true(cam_link_flowed(&link, 7 * S));
    assert_null(link.said);
    assert_false(cam_link_flowed(&link, 8 * S));
    assert_true(cam_link_failed(&link, 9 * S, "gone"));
    assert_false(cam_link_flowed(&link, 9 * S)); /* a late frame of a closed pipeline */
    assert_int_equal(link.state, CAM_LINK_WAITING);
    cam_link_clear(&link);
}

static void test_hanging(void **state)
{
    (void)state;
    CamLink link;
    cam_link_init(&link, 10 * S, 5 * S);
    cam_link_opened(&link, 0);
    assert_int_equal(cam_link_tick(&link, 10 * S), CAM_LINK_REST);
    assert_int_equal(cam_link_tick(&link, 10 * S + 1), CAM_LINK_REOPEN); /* never a frame */
    cam_link_failed(&link, 11 * S, "none");
    cam_link_opened(&link, 12 * S);
    for (gint64 t = 12; t < 60; t += 4) {
        cam_link_flowed(&link, t * S);
        assert_int_equal(cam_link_tick(&link, (t + 4) * S), CAM_LINK_REST);
    }
    assert_int_equal(cam_link_tick(&link, 62 * S), CAM_LINK_REOPEN);
    cam_link_clear(&link);
    cam_link_init(&link, 0, 0); /* no limits */
    cam_link_opened(&link, 0);
    assert_int_equal(cam_link_tick(&link, 100000 * S), CAM_LINK_REST);
    cam_link_flowed(&link, 100000 * S);
    assert_int_equal(cam_link_tick(&link, 200000 * S), CAM_LINK_REST);
    cam_link_clear(&link);
}

/* A camera that gives a frame and dies is not opened four times a second for ever; one that ran
 * for a while is soon. */
static void test_flapping(void **state)
{
    (void)state;
    CamLink link;
    gint64 now = 0, opened = 0;
    cam_link_init(&link, 10 * S, 5 * S);
    for (; now < 60 * S; now += S / 10) {
        if (cam_link_tick(&link, now) == CAM_LINK_OPEN) {
            opened++;
            cam_link_opened(&link, now);
            cam_link_flowed(&link, now);
            cam_link_failed(&link, now, "broken");
        }
    }
    assert_in_range(opened, 25, 40);
    cam_link_opened(&link, now);
    for (int i = 0; i < 60; i++, now += S / 10) {
        cam_link_flowed(&link, now);
        cam_link_tick(&link, now);
    }
    cam_link_failed(&link, now, "unplugged");
    assert_int_equal(link.next, now + S / 4);
    cam_link_clear(&link);
}

/* The program was stopped for a minute, and nobody has seen a frame: nothing hangs for that. */
static void test_standing_still(void **state)
{
    (void)state;
    CamLink link;
    cam_link_init(&link, 10 * S, 5 * S);
    cam_link_opened(&link, 0);
    cam_link_excuse(&link, 60 * S);
    assert_int_equal(cam_link_tick(&link, 65 * S), CAM_LINK_REST);
    assert_int_equal(cam_link_tick(&link, 70 * S + 1), CAM_LINK_REOPEN);
    cam_link_flowed(&link, 66 * S);
    cam_link_excuse(&link, 60 * S);
    assert_int_equal(cam_link_tick(&link, 130 * S), CAM_LINK_REST);
    assert_int_equal(cam_link_tick(&link, 132 * S), CAM_LINK_REOPEN);
    cam_link_clear(&link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attempts),
        cmocka_unit_test(test_a_trouble_is_told_once),
        cmocka_unit_test(test_hanging),
        cmocka_unit_test(test_flapping),
        cmocka_unit_test(test_standing_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
