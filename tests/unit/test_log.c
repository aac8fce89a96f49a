/* Status texts, the version, and the log: levels, cut lines, the kept error, several threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "log.h"
#include "progress.h"

typedef struct sink {
    int lines;
    mien_log_level level;
    char line[2 * MI_ERROR_TEXT];
} sink;

static void keep(void *opaque, mien_log_level level, const char *line)
{
    sink *s = opaque;
    s->lines++;
    s->level = level;
    snprintf(s->line, sizeof s->line, "%s", line);
}

static void test_status(void **state)
{
    (void)state;
    static const char *seen[16];
    size_t count = 0;
    for (int status = MIEN_ERR_MODEL; status <= MIEN_BYPASSED; status++) {
        const char *text = mien_status_text(status);
        assert_true(text && text[0] && !strchr(text, '\n'));
        assert_string_not_equal(text, mien_status_text(12345));
        for (size_t i = 0; i < count; i++)
            assert_string_not_equal(text, seen[i]);
        seen[count++] = text;
    }
    assert_int_equal(count, 9);
    assert_non_null(mien_status_text(-1000));
    assert_non_null(mien_status_text(INT32_MAX));
    /* Values never change: programs are compiled with them. */
    assert_int_equal(MIEN_OK, 0);
    assert_int_equal(MIEN_BYPASSED, 1);
    assert_int_equal(MIEN_ERR_INVALID, -1);
    assert_int_equal(MIEN_ERR_NOMEM, -2);
    assert_int_equal(MIEN_ERR_UNSUPPORTED, -3);
    assert_int_equal(MIEN_ERR_NO_DEVICE, -4);
    assert_int_equal(MIEN_ERR_DEVICE_LOST, -5);
    assert_int_equal(MIEN_ERR_IO, -6);
    assert_int_equal(MIEN_ERR_MODEL, -7);
    int major = -1, minor = -1, patch = -1;
    assert_int_equal(sscanf(mien_version(), "%d.%d.%d", &major, &minor, &patch), 3);
}

static void test_levels(void **state)
{
    (void)state;
    for (int limit = MIEN_LOG_ERROR; limit <= MIEN_LOG_DEBUG; limit++)
        for (int level = MIEN_LOG_ERROR; level <= MIEN_LOG_DEBUG; level++) {
            sink s = {0};
            mi_log log;
            mi_log_init(&log, &(mien_log){keep, &s, (mien_log_level)limit});
            mi_log_write(&log, (mien_log_level)level, "%s %d", "line", level);
            assert_int_equal(s.lines, level <= limit);
            if (s.lines)
                assert_int_equal(s.level, level);
            assert_string_equal(log.error, ""); /* no failure, even at that level */
            mi_log_finish(&log);
        }
    sink s = {0};
    mi_log log;
    mi_log_init(&log, &(mien_log){keep, &s, (mien_log_level)0}); /* 0: warnings */
    mi_log_write(&log, MIEN_LOG_INFO, "no");
    mi_log_write(&log, MIEN_LOG_WARNING, "yes");
    assert_int_equal(s.lines, 1);
    assert_string_equal(s.line, "yes");
    mi_log_finish(&log);
}

/* Lines of progress: none at first, then a few a second, and how long it took at the end. */
static void test_progress(void **state)
{
    (void)state;
    const struct timespec half = {.tv_nsec = 550000000};
    sink s = {0};
    mi_log log;
    mi_progress p;
    mi_log_init(&log, &(mien_log){keep, &s, MIEN_LOG_INFO});
    mi_progress_begin(&p, &log, "counting", 40);
    for (uint32_t i = 0; i < 10; i++)
        mi_progress_step(&p, i);
    mi_progress_end(&p);
    assert_int_equal(s.lines, 0);
    mi_progress_begin(&p, &log, "counting", 40);
    nanosleep(&half, NULL);
    mi_progress_step(&p, 12);
    assert_int_equal(s.lines, 1);
    assert_int_equal(s.level, MIEN_LOG_INFO);
    assert_string_equal(s.line, "counting: 12 of 40");
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    do {
        mi_progress_step(&p, 13);
        clock_gettime(CLOCK_MONOTONIC, &to);
    } while ((double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec) < 0.6);
    assert_in_range(s.lines, 2, 3);
    mi_progress_end(&p);
    assert_non_null(strstr(s.line, "counting: 40 done in "));
    mi_log_finish(&log);
}

static void test_fail(void **state)
{
    (void)state;
    sink s = {0};
    mi_log log;
    char text[MI_ERROR_TEXT];
    mi_log_init(&log, &(mien_log){keep, &s, MIEN_LOG_ERROR});
    mi_log_error(&log, text);
    assert_string_equal(text, "");
    assert_int_equal(mi_fail(&log, MIEN_ERR_IO, "file '%s' is %d", "a", 7), MIEN_ERR_IO);
    mi_log_error(&log, text);
    assert_string_equal(text, "file 'a' is 7");
    assert_string_equal(s.line, text);
    assert_int_equal(s.level, MIEN_LOG_ERROR);
    char endless[3 * MI_ERROR_TEXT];
    memset(endless, 'e', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    mi_fail(&log, MIEN_ERR_IO, "%s", endless);
    mi_log_error(&log, text);
    assert_int_equal(strlen(text), MI_ERROR_TEXT - 1);
    assert_string_equal(s.line, text);
    mi_log_finish(&log);

    mi_log_init(&log, NULL); /* nowhere to write: the text is kept all the same */
    mi_log_write(&log, MIEN_LOG_ERROR, "nothing");
    mi_fail(&log, MIEN_ERR_MODEL, "kept");
    mi_log_error(&log, text);
    assert_string_equal(text, "kept");
    mi_log_finish(&log);
    assert_int_equal(mi_fail(NULL, MIEN_ERR_NOMEM, "no log"), MIEN_ERR_NOMEM);
    mi_log_write(NULL, MIEN_LOG_ERROR, "no log");
}

static void *fail_often(void *opaque)
{
    for (int i = 0; i < 2000; i++)
        mi_fail(opaque, MIEN_ERR_IO, "%s", i % 2 ? "aaaaaaaaaaaaaaaaaaaa" : "bbbb");
    return NULL;
}

/* A text read while others write is one of theirs, never a mixture. */
static void test_threads(void **state)
{
    (void)state;
    mi_log log;
    pthread_t thread[2];
    mi_log_init(&log, NULL);
    mi_fail(&log, MIEN_ERR_IO, "bbbb");
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, fail_often, &log), 0);
    for (int i = 0; i < 2000; i++) {
        char text[MI_ERROR_TEXT];
        mi_log_error(&log, text);
        assert_true(strcmp(text, "bbbb") == 0 || strcmp(text, "aaaaaaaaaaaaaaaaaaaa") == 0);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    mi_log_finish(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_status), cmocka_unit_test(test_levels),
                                       cmocka_unit_test(test_progress), cmocka_unit_test(test_fail),
                                       cmocka_unit_test(test_threads)};
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
