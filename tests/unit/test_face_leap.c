/* Faces that leap within their square: where the tracker then expects them. */
#include <setjmp.h>
#include <stdarg.h>
#include <math.h>
#include <stdlib.h>

#include <cmocka.h>

#include "face_stage.h"

static void play(stage *s, int32_t frames)
{
    for (int32_t i = 0; i < frames; i++)
        stage_frame(s, 1.0 / 30);
}

/* How far the first face is from where it was expected in the last frame. */
static float surprise(const stage *s)
{
    for (int32_t i = 0; i < MI_FACES; i++)
        if (s->track->slot[i].id == 1)
            return fabsf(s->track->slot[i].expected.x - s->actor[0].x);
    return INFINITY;
}

/* A leap within the square (a cut that was not noticed) is no speed; a second one is. */
static void test_leap(void **state)
{
    (void)state;
    stage s;
    stage_start(&s, 1280, 720, 1, 8);
    stage_actor *a = stage_enter(&s, 0, 600, 300, 200, 0.8f);
    play(&s, 10);
    a->x += 45;
    play(&s, 1);
    assert_int_equal(stage_id(&s, 0), 1);
    assert_true(surprise(&s) > 40);
    play(&s, 1);
    assert_true(surprise(&s) < 5);
    play(&s, 10);
    for (int i = 0; i < 3; i++) {
        a->x += 45;
        play(&s, 1);
    }
    assert_int_equal(stage_id(&s, 0), 1);
    assert_true(surprise(&s) < 15);
    stage_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_leap)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
