/* Parameters from one thread while another one processes; filters in threads of their own. Meant
 * to be run under ThreadSanitizer too. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "filter_rig.h"
#include "filter_tests.h"

enum { FRAMES = 120, WIDTH = 40, HEIGHT = 30 };

typedef struct setter {
    mien_filter *filter;
    atomic_bool stop;
    int failures;
} setter;

/* What any thread may call. cmocka's checks are for the main thread: failures are counted. */
static void *set_on(void *opaque)
{
    setter *s = opaque;
    static const char *const styles[] = {"invert", "grey", "nosuch", "", "sharp"};
    for (int i = 0; !atomic_load(&s->stop); i++) {
        char text[64];
        s->failures += mien_filter_set(s->filter, "style-strength", i % 3 ? "1" : "0.3") != 0;
        s->failures += mien_filter_set(s->filter, "smooth", i % 2 ? "0.8" : "0") != 0;
        s->failures += mien_filter_set(s->filter, "smooth", "9") != MIEN_ERR_INVALID;
        s->failures += mien_filter_set_all(s->filter, "quality=low smooth=0.5") != 0;
        s->failures += mien_filter_get(s->filter, "style", text, sizeof text) != 0;
        s->failures += mien_param_check("smooth", "0.4", text, sizeof text) != 0;
        s->failures += !mien_version()[0] || !mien_status_text(-1)[0];
        mien_filter_is_bypass(s->filter);
        if (i % 400 == 0)
            mien_filter_set(s->filter, "style", styles[i / 400 % 5]);
    }
    return NULL;
}

static void test_live_parameters(void **state)
{
    (void)state;
    setter s = {.filter = filter_make(NULL, "style=invert")};
    pthread_t thread;
    test_frame in = test_frame_make(MIEN_FORMAT_YUY2, WIDTH, HEIGHT, &(frame_layout){3, false});
    test_frame out = test_frame_make(MIEN_FORMAT_YUY2, WIDTH, HEIGHT, &(frame_layout){3, true});
    frame_gradient(&in.frame);
    filter_run(s.filter, &in.frame, &out.frame, MIEN_OK);
    assert_int_equal(pthread_create(&thread, NULL, set_on, &s), 0);
    for (int i = 0; i < FRAMES; i++) {
        /* An unknown style with none playing is an error by contract; nothing else is. */
        int status = mien_filter_process(s.filter, &in.frame, &out.frame);
        if (status < 0)
            assert_non_null(strstr(mien_filter_error(s.filter), "no"));
        if (i % 16 == 0)
            mien_filter_reset(s.filter);
    }
    atomic_store(&s.stop, true);
    pthread_join(thread, NULL);
    assert_int_equal(s.failures, 0);
    assert_true(test_frame_intact(&out));
    mien_filter_destroy(&s.filter);
    test_frame_free(&in);
    test_frame_free(&out);
}

typedef struct worker {
    mien_filter *filter;
    test_frame out;
    int status; /* the first that was not MIEN_OK */
} worker;

static void *work(void *opaque)
{
    worker *w = opaque;
    test_frame in = test_frame_make(MIEN_FORMAT_NV12, WIDTH, HEIGHT, &(frame_layout){0, false});
    for (int i = 0; i < 30 && w->status == MIEN_OK; i++) {
        test_frame_noise(&in.frame, (uint64_t)i / 3);
        w->status = mien_filter_process(w->filter, &in.frame, &w->out.frame);
    }
    test_frame_free(&in);
    return NULL;
}

/* Different filters do not know of each other: same frames, same bytes. */
static void test_two_filters(void **state)
{
    (void)state;
    worker w[3];
    pthread_t thread[2];
    for (int i = 0; i < 3; i++)
        w[i] = (worker){.filter = filter_make(NULL, "style=sharp"),
                        .out = test_frame_make(MIEN_FORMAT_NV12, WIDTH, HEIGHT,
                                               &(frame_layout){i, i == 1})};
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, work, &w[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    work(&w[2]); /* alone */
    for (int i = 0; i < 3; i++) {
        assert_int_equal(w[i].status, MIEN_OK);
        assert_true(test_frame_equal(&w[i].out.frame, &w[2].out.frame));
    }
    for (int i = 0; i < 3; i++) {
        mien_filter_destroy(&w[i].filter);
        test_frame_free(&w[i].out);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_live_parameters),
                                       cmocka_unit_test(test_two_filters)};
    const filter_group group = {"filter threads", tests, sizeof tests / sizeof tests[0]};
    return filter_tests_run(&group, argc > 2 ? argv[2] : NULL);
}
