/* The frei0r plugin as a host sees it. Takes the path of mien.so. What needs no Vulkan device
 * runs everywhere; the styled part is skipped without one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <math.h>
#include <mien/mien.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "frei0r_host.h"

enum { WIDTH = 128, HEIGHT = 96, PIXELS = WIDTH * HEIGHT };

static void tells_what_it_is(void **state)
{
    Host *host = *state;
    f0r_plugin_info_t info;
    size_t count;
    mien_params(&count);
    host->plugin_info(&info);
    assert_string_equal(info.name, "mien");
    assert_int_equal(info.plugin_type, F0R_PLUGIN_TYPE_FILTER);
    assert_int_equal(info.color_model, F0R_COLOR_MODEL_RGBA8888);
    assert_int_equal(info.frei0r_version, FREI0R_MAJOR_VERSION);
    assert_int_equal(info.num_params, (int)count + 1);
}

static void parameters_follow_the_table(void **state)
{
    Host *host = *state;
    f0r_param_info_t param;
    size_t count;
    const mien_param_info *table = mien_params(&count);
    host->param_info(&param, 0);
    assert_int_equal(param.type, F0R_PARAM_STRING);
    assert_non_null(strstr(param.explanation, "name=value"));
    f0r_instance_t instance = host->construct(WIDTH, HEIGHT);
    for (size_t i = 0; i < count; i++) {
        host->param_info(&param, (int)i + 1);
        assert_string_equal(param.name, table[i].name);
        assert_non_null(strstr(param.explanation, table[i].help));
        if (table[i].type == MIEN_PARAM_FLOAT || table[i].type == MIEN_PARAM_INT) {
            assert_int_equal(param.type, F0R_PARAM_DOUBLE);
            assert_non_null(strstr(param.explanation, "0..1 stands for"));
            double value = strtod(table[i].default_text, NULL);
            double share = (value - table[i].min) / (table[i].max - table[i].min);
            assert_true(fabs(host_get_share(host, instance, param.name) - share) < 1e-6);
        } else {
            assert_int_equal(param.type, F0R_PARAM_STRING);
            assert_string_equal(host_get_text(host, instance, param.name),
                                table[i].default_text);
        }
        if (table[i].choices)
            assert_non_null(strstr(param.explanation, table[i].choices));
    }
    host->destruct(instance);
}

static void values_come_back(void **state)
{
    Host *host = *state;
    f0r_instance_t instance = host->construct(WIDTH, HEIGHT);
    host_set_share(host, instance, "style-strength", 0.25);
    assert_true(fabs(host_get_share(host, instance, "style-strength") - 0.25) < 1e-6);
    host_set_share(host, instance, "style-strength", 7); /* hosts may overshoot */
    assert_true(host_get_share(host, instance, "style-strength") == 1);
    host_set_share(host, instance, "style-strength", NAN);
    assert_true(host_get_share(host, instance, "style-strength") == 0);
    host_set_text(host, instance, "style", "some name");
    host_set_text(host, instance, "quality", "low");
    host_set_share(host, instance, "max-faces", 0.9); /* 7.3 faces: the nearest whole number */
    assert_true(fabs(host_get_share(host, instance, "max-faces") - 6.0 / 7) < 1e-6);
    host_set_text(host, instance, "overlay", "mesh+faces");
    assert_string_equal(host_get_text(host, instance, "overlay"), "faces+mesh");
    assert_string_equal(host_get_text(host, instance, "style"), "some name");
    assert_string_equal(host_get_text(host, instance, "quality"), "low");
    host_set_text(host, instance, "params", "quality=high style='a b:c' smooth=0.5");
    assert_string_equal(host_get_text(host, instance, "params"),
                        "quality=high style='a b:c' smooth=0.5");
    assert_string_equal(host_get_text(host, instance, "style"), "a b:c");
    assert_string_equal(host_get_text(host, instance, "quality"), "high");
    assert_true(fabs(host_get_share(host, instance, "smooth") - 0.5) < 1e-6);

    double share = 0.5; /* numbers beyond the last parameter are ignored */
    host->set(instance, &share, 999);
    host->set(instance, &share, -1);
    host->get(instance, &share, 999);
    host->destruct(instance);
}

/* GStreamer hands over every parameter at the start, Kdenlive before every frame: defaults that
 * are merely repeated must not undo parameter 0. */
static void repeated_defaults_change_nothing(void **state)
{
    Host *host = *state;
    f0r_plugin_info_t plugin;
    f0r_param_info_t param;
    host->plugin_info(&plugin);
    f0r_instance_t fresh = host->construct(WIDTH, HEIGHT);
    f0r_instance_t instance = host->construct(WIDTH, HEIGHT);
    host_set_text(host, instance, "params", "style=x style-strength=0.5 quality=low smooth=0");
    for (int i = 1; i < plugin.num_params; i++) {
        host->param_info(&param, i);
        double share;
        char *text;
        void *value = param.type == F0R_PARAM_DOUBLE ? (void *)&share : (void *)&text;
        host->get(fresh, value, i);
        host->set(instance, value, i);
    }
    assert_string_equal(host_get_text(host, instance, "style"), "x");
    assert_string_equal(host_get_text(host, instance, "quality"), "low");
    assert_true(fabs(host_get_share(host, instance, "style-strength") - 0.5) < 1e-6);
    assert_true(host_get_share(host, instance, "smooth") == 0);

    host_set_share(host, instance, "smooth", 0.25); /* a real change counts */
    assert_true(fabs(host_get_share(host, instance, "smooth") - 0.25) < 1e-6);
    host_set_text(host, instance, "params", ""); /* only the single parameters are left */
    assert_string_equal(host_get_text(host, instance, "style"), "");
    assert_true(host_get_share(host, instance, "style-strength") == 1);
    assert_true(fabs(host_get_share(host, instance, "smooth") - 0.25) < 1e-6);
    host->destruct(instance);
    host->destruct(fresh);
}

/* Editors run in the user's locale. */
static void numbers_do_not_follow_the_locale(void **state)
{
    Host *host = *state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "nl_NL.UTF-8"};
    const char *found = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && !found; i++)
        found = setlocale(LC_NUMERIC, names[i]);
    if (!found)
        skip(); /* no locale with a decimal comma is installed */
    f0r_instance_t instance = host->construct(WIDTH, HEIGHT);
    host_set_share(host, instance, "style-strength", 0.25);
    assert_true(fabs(host_get_share(host, instance, "style-strength") - 0.25) < 1e-6);
    host_set_text(host, instance, "params", "style-strength=0.75");
    assert_true(fabs(host_get_share(host, instance, "style-strength") - 0.75) < 1e-6);
    host->destruct(instance);
    setlocale(LC_NUMERIC, "C");
}

static void instances_are_cheap(void **state)
{
    Host *host = *state;
    enum { COUNT = 50 };
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = 0; i < COUNT; i++) {
        f0r_instance_t instance = host->construct(640, 480);
        assert_non_null(instance);
        host_set_text(host, instance, "params", "style=cartoon device=cpu");
        host_get_text(host, instance, "style");
        host->destruct(instance);
    }
    clock_gettime(CLOCK_MONOTONIC, &b);
    double ms = (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) * 1e-6;
    if (ms / COUNT >= 5)
        fail_msg("%.1f ms an instance", ms / COUNT);
}

static void bypass_is_exact(void **state)
{
    Host *host = *state;
    static const int sizes[][2] = {{128, 96}, {16, 16}, {8, 8}, {37, 29}, {640, 480}};
    char text[512];
    host_listen();
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        int width = sizes[s][0], height = sizes[s][1];
        size_t size = (size_t)width * (size_t)height * 4;
        f0r_instance_t instance = host->construct((unsigned)width, (unsigned)height);
        uint32_t *in = host_picture(width, height, 1);
        uint32_t *copy = host_picture(width, height, 1);
        uint32_t *out = host_picture(width, height, 2);
        host->update(instance, -3.7e20, in, out); /* a time as ffmpeg gives it */
        int same = memcmp(in, out, size) == 0;
        host->update(instance, 0.04, in, in);
        same = same && memcmp(in, copy, size) == 0;
        host->destruct(instance);
        free(in);
        free(copy);
        free(out);
        assert_true(same);
    }
    assert_int_equal(host_heard(text, sizeof text), 0);
}

static void bad_values_are_said_once(void **state)
{
    Host *host = *state;
    char text[2048];
    static const char *const bad[][2] = {{"params", "style-strength=7"},
                                         {"params", "no-such-thing=1"},
                                         {"params", "nonsense"},
                                         {"params", "max-faces=2.5"},
                                         {"overlay", "faces+eyes"},
                                         {"quality", "best"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        f0r_instance_t instance = host->construct(WIDTH, HEIGHT);
        host_listen();
        for (int k = 0; k < 3; k++)
            host_set_text(host, instance, bad[i][0], bad[i][1]);
        int lines = host_heard(text, sizeof text);
        host->destruct(instance);
        char culprit[64];
        snprintf(culprit, sizeof culprit, "%.*s", (int)strcspn(bad[i][1], "="), bad[i][1]);
        if (lines != 1 || strncmp(text, "mien: ", 6) != 0 || !strstr(text, culprit))
            fail_msg("%d lines: %s", lines, text);
    }
}

/* frei0r knows no errors: the frames pass, and the reason stands on stderr once, not per frame. */
static void failure_passes_frames(void **state)
{
    Host *host = *state;
    char text[2048];
    f0r_instance_t instance = host->construct(WIDTH, HEIGHT);
    uint32_t *in = host_picture(WIDTH, HEIGHT, 1), *out = host_picture(WIDTH, HEIGHT, 2);
    host_set_text(host, instance, "params", "style=no-such-style device=no-such-device");
    host_listen();
    for (int i = 0; i < 5; i++) {
        out[0] ^= 1;
        host->update(instance, i * 0.04, in, out);
    }
    int lines = host_heard(text, sizeof text);
    int same = memcmp(in, out, PIXELS * 4) == 0;
    host_listen();
    host_set_text(host, instance, "style", "another"); /* a change is a new try */
    host->update(instance, 0, in, out);
    char again[2048];
    int more = host_heard(again, sizeof again);
    host->destruct(instance);
    free(in);
    free(out);
    assert_true(same);
    if (lines != 2 || !strstr(text, "no-such-") || more != 2)
        fail_msg("%d and %d lines: %s%s", lines, more, text, again);
}

static int no_device(void)
{
    mien_filter *filter;
    mien_frame frame = {.format = MIEN_FORMAT_RGBA, .width = 64, .height = 48};
    if (mien_filter_create(&filter, NULL) != MIEN_OK)
        return 0;
    mien_filter_set_all(filter, "device=cpu quality=low style=cartoon");
    int status = mien_filter_prepare(filter, &frame);
    mien_filter_destroy(&filter);
    return status == MIEN_ERR_NO_DEVICE;
}

static void styles_the_picture(void **state)
{
    Host *host = *state;
    if (no_device())
        skip();
    uint32_t *in = host_picture(WIDTH, HEIGHT, 1), *copy = host_picture(WIDTH, HEIGHT, 1);
    uint32_t *out = host_picture(WIDTH, HEIGHT, 2), *again = host_picture(WIDTH, HEIGHT, 3);
    f0r_instance_t instance = host->construct(WIDTH, HEIGHT);
    host_set_text(host, instance, "params", "style=cartoon device=cpu quality=low");
    host->update(instance, 0, in, out);
    assert_memory_equal(in, copy, PIXELS * 4);
    double psnr = host_psnr(in, out, PIXELS);
    if (!(psnr > 3 && psnr < 40))
        fail_msg("%.1f dB to the input", psnr);
    for (int i = 0; i < PIXELS; i++)
        assert_int_equal(((uint8_t *)in)[i * 4 + 3], ((uint8_t *)out)[i * 4 + 3]);

    f0r_instance_t other = host->construct(WIDTH, HEIGHT);
    host_set_text(host, other, "params", "style=cartoon device=cpu quality=low");
    memcpy(again, in, PIXELS * 4);
    host->update(other, 0, again, again); /* in place */
    assert_true(host_psnr(out, again, PIXELS) > 50);
    host->destruct(other);

    host_set_share(host, instance, "style-strength", 0); /* live; the ramp takes 200 ms */
    for (int i = 0; i < 10; i++)
        host->update(instance, 0, in, out);
    assert_memory_equal(in, out, PIXELS * 4);
    host->destruct(instance);
    free(in);
    free(copy);
    free(out);
    free(again);
}

typedef struct {
    const Host *host;
    f0r_instance_t instance;
} Fiddler;

static void *fiddle(void *data)
{
    Fiddler *fiddler = data;
    for (int i = 0; i < 200; i++) {
        struct timespec nap = {0, 200000};
        host_set_share(fiddler->host, fiddler->instance, "style-strength", (i % 11) / 10.0);
        host_set_text(fiddler->host, fiddler->instance, "params",
                      i % 2 ? "device=cpu smooth=0" : "device=cpu smooth=1");
        host_get_text(fiddler->host, fiddler->instance, "style");
        nanosleep(&nap, NULL);
    }
    return NULL;
}

static void parameters_change_from_another_thread(void **state)
{
    Host *host = *state;
    pthread_t thread;
    uint32_t *in = host_picture(WIDTH, HEIGHT, 1), *out = host_picture(WIDTH, HEIGHT, 2);
    f0r_instance_t instance = host->construct(WIDTH, HEIGHT);
    Fiddler fiddler = {host, instance};
    if (!no_device())
        host_set_text(host, instance, "params", "style=cartoon device=cpu quality=low");
    assert_int_equal(pthread_create(&thread, NULL, fiddle, &fiddler), 0);
    for (int i = 0; i < 20; i++)
        host->update(instance, 0, in, out);
    pthread_join(thread, NULL);
    host->destruct(instance);
    free(in);
    free(out);
}

int main(int argc, char **argv)
{
    Host host;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(tells_what_it_is, &host),
        cmocka_unit_test_prestate(parameters_follow_the_table, &host),
        cmocka_unit_test_prestate(values_come_back, &host),
        cmocka_unit_test_prestate(repeated_defaults_change_nothing, &host),
        cmocka_unit_test_prestate(numbers_do_not_follow_the_locale, &host),
        cmocka_unit_test_prestate(instances_are_cheap, &host),
        cmocka_unit_test_prestate(bypass_is_exact, &host),
        cmocka_unit_test_prestate(bad_values_are_said_once, &host),
        cmocka_unit_test_prestate(failure_passes_frames, &host),
        cmocka_unit_test_prestate(styles_the_picture, &host),
        cmocka_unit_test_prestate(parameters_change_from_another_thread, &host),
    };
    if (argc != 2) {
        fprintf(stderr, "usage: test_frei0r FILE, the path of mien.so\n");
        return 1;
    }
    host_open(&host, argv[1]);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    host_close(&host);
    return failed;
}
