/* What users say to the program: options, parameters, requests and keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/videodev2.h>
#include <string.h>

#include "cam_call.h"
#include "cam_protocol.h"
#include "cam_keys.h"
#include "cam_options.h"

GST_PLUGIN_STATIC_DECLARE(mien);

static CamOptions *parse(gchar **trouble, const gchar *line)
{
    gchar **words = NULL;
    assert_true(g_shell_parse_argv(line, NULL, &words, NULL));
    CamOptions *options = cam_options_parse(words, trouble);
    g_strfreev(words);
    return options;
}

static CamOptions *accept_line(const gchar *line)
{
    gchar *trouble;
    CamOptions *options = parse(&trouble, line);
    if (trouble)
        print_error("%s: %s\n", line, trouble);
    assert_non_null(options);
    assert_null(trouble);
    return options;
}

static void refuse_line(const gchar *line, const gchar *culprit)
{
    gchar *trouble;
    assert_null(parse(&trouble, line));
    assert_non_null(trouble);
    if (!strstr(trouble, culprit) || strchr(trouble, '\n'))
        fail_msg("%s: '%s' does not name %s in one line", line, trouble, culprit);
    g_free(trouble);
}

static void test_defaults(void **state)
{
    (void)state;
    CamOptions *o = accept_line("mien-cam");
    assert_string_equal(o->camera, "");
    assert_string_equal(o->output, "");
    assert_string_equal(o->format, "YUY2");
    assert_int_equal(o->wish.width, 0);
    assert_true(o->keys);
    assert_false(o->list || o->preview || o->version);
    assert_null(o->command);
    cam_options_free(o);
}

/* Every row of the table is an option; values are checked as the library would. */
static void test_parameters_are_options(void **state)
{
    (void)state;
    size_t count;
    const mien_param_info *table = mien_params(&count);
    for (size_t i = 0; i < count; i++) {
        gchar *line = g_strdup_printf("mien-cam '--%s=%s'", table[i].name, table[i].default_text);
        CamOptions *o = accept_line(line);
        assert_string_equal(cam_settings_get(o->settings, table[i].name), table[i].default_text);
        cam_options_free(o);
        g_free(line);
        if (table[i].type != MIEN_PARAM_STRING) {
            line = g_strdup_printf("mien-cam --%s nonsense", table[i].name);
            refuse_line(line, table[i].name);
            g_free(line);
        }
    }
    CamOptions *o = accept_line("mien-cam --style cartoon --style-area=background "
                                "--style-strength 0.25");
    assert_string_equal(cam_settings_get(o->settings, "style"), "cartoon");
    assert_string_equal(cam_settings_get(o->settings, "style-area"), "background");
    assert_string_equal(cam_settings_get(o->settings, "style-strength"), "0.25");
    cam_options_free(o);
}

static void test_options(void **state)
{
    (void)state;
    CamOptions *o = accept_line("mien-cam -c 'HD Webcam' -o pipewire -s 640x480 -r 25 "
                                "--input-format mjpeg --format NV12 --no-keys --control none");
    assert_string_equal(o->camera, "HD Webcam");
    assert_string_equal(o->output, "pipewire");
    assert_int_equal(o->wish.width, 640);
    assert_int_equal(o->wish.height, 480);
    assert_int_equal(o->wish.fps, 25);
    assert_int_equal(o->wish.fourcc, V4L2_PIX_FMT_MJPEG);
    assert_false(o->keys);
    cam_options_free(o);
    o = accept_line("mien-cam --control /x set style-strength=0.5 smooth=0");
    assert_string_equal(o->command[0], "set");
    assert_string_equal(o->command[2], "smooth=0");
    cam_options_free(o);
    refuse_line("mien-cam --sighs 3", "--sighs");
    refuse_line("mien-cam --size 640", "640");
    refuse_line("mien-cam --size 640x480x3", "640x480x3");
    refuse_line("mien-cam --size 8x8", "8x8");
    refuse_line("mien-cam --size 99999x720", "99999x720");
    refuse_line("mien-cam --fps -1", "-1");
    refuse_line("mien-cam --fps fast", "fast");
    refuse_line("mien-cam --input-format H264", "H264");
    refuse_line("mien-cam --format RGB", "RGB");
    refuse_line("mien-cam --output video10", "video10");
    refuse_line("mien-cam --name ''", "--name");
    refuse_line("mien-cam dance", "dance");
    refuse_line("mien-cam set", "NAME=VALUE");
    refuse_line("mien-cam --style-strength 7", "style-strength");
}

/* What a filter does not take is asked for no more; what is only in force in a value's place stays
 * apart from it until the user sets that value. */
static void test_force_and_adopt(void **state)
{
    (void)state;
    GstElement *filter = gst_element_factory_make("mien", NULL);
    CamSettings *settings = cam_settings_new();
    gint quality = cam_settings_find(settings, "quality");
    cam_settings_apply_all(settings, filter);
    assert_false(cam_settings_adopt(settings, filter));
    cam_settings_force(settings, "quality", "low");
    cam_settings_apply_all(settings, filter);
    assert_false(cam_settings_adopt(settings, filter));
    assert_string_equal(cam_settings_get(settings, "quality"), "auto");
    assert_string_equal(cam_settings_in_force(settings, quality), "low");
    assert_null(cam_settings_set(settings, "quality", "auto"));
    assert_string_equal(cam_settings_in_force(settings, quality), "auto");
    assert_null(cam_settings_set(settings, "overlay", "faces+mesh"));
    assert_null(cam_settings_set(settings, "smooth", "0.1"));
    assert_null(cam_settings_set(settings, "style", "a"));
    cam_settings_apply_all(settings, filter);
    assert_false(cam_settings_adopt(settings, filter));
    assert_null(cam_settings_set(settings, "style", "b")); /* which it has not heard of */
    assert_true(cam_settings_adopt(settings, filter));
    assert_string_equal(cam_settings_get(settings, "style"), "a");
    assert_string_equal(cam_settings_get(settings, "smooth"), "0.1");
    assert_string_equal(cam_settings_get(settings, "overlay"), "faces+mesh");
    cam_settings_free(settings);
    gst_object_unref(filter);
}

typedef struct Heard {
    int changes, quits, covers;
    gboolean covered;
} Heard;

static void count_change(gpointer data)
{
    ((Heard *)data)->changes++;
}

static void count_quit(gpointer data)
{
    ((Heard *)data)->quits++;
}

static void keep_cover(gpointer data, gboolean on)
{
    ((Heard *)data)->covered = on;
    ((Heard *)data)->covers++;
}

static void turn_cover(gpointer data)
{
    keep_cover(data, !((Heard *)data)->covered);
}

static gchar *refuse_watch(gpointer data, GString *answer, gint *fd)
{
    (void)data;
    (void)answer;
    (void)fd;
    return g_strdup("no picture");
}

static void print_status(gpointer data, GString *answer)
{
    (void)data;
    g_string_append(answer, "camera-state=running\n");
}

static void ask(const CamReach *reach, const gchar *line, const gchar *expected)
{
    gint fd;
    gchar *answer = cam_protocol_answer(reach, line, &fd);
    assert_int_equal(fd, -1);
    assert_string_equal(answer, expected);
    g_free(answer);
}

static void ask_wrong(const CamReach *reach, const gchar *line, const gchar *culprit)
{
    gint fd;
    gchar *answer = cam_protocol_answer(reach, line, &fd);
    assert_int_equal(fd, -1);
    if (!g_str_has_prefix(answer, "error ") || !strstr(answer, culprit) ||
        strchr(answer, '\n') != answer + strlen(answer) - 1)
        fail_msg("'%s': %s", line, answer);
    g_free(answer);
}

static void test_requests(void **state)
{
    (void)state;
    Heard heard = {0};
    CamSettings *settings = cam_settings_new();
    CamReach reach = {.settings = settings,
                      .changed = count_change,
                      .status = print_status,
                      .cover = keep_cover,
                      .watch = refuse_watch,
                      .quit = count_quit,
                      .data = &heard};
    ask(&reach, "set style-strength=0.5", "ok\n");
    ask(&reach, "  get   style-strength ", "style-strength=0.5\nok\n");
    ask(&reach, "set 'cache=/a b/c' smooth=0.1", "ok\n");
    ask(&reach, "get cache smooth", "cache=/a b/c\nsmooth=0.1\nok\n");
    ask(&reach, "set cache=", "ok\n");
    ask(&reach, "get cache", "cache=\nok\n");
    ask_wrong(&reach, "set smooth=0.9 style=no-such-style", "'no-such-style'; there are: ");
    ask_wrong(&reach, "set 'style=/a b/c.onnx'", "'/a b/c.onnx'");
    ask_wrong(&reach, "set style=cartoon models=/no/such/folder", "there are: none");
    assert_int_equal(heard.changes, 3);
    ask_wrong(&reach, "set smooth=0.9 style-strength=3", "style-strength");
    ask(&reach, "get smooth", "smooth=0.1\nok\n"); /* all or none */
    ask_wrong(&reach, "set smooth", "smooth");
    ask_wrong(&reach, "set", "NAME=VALUE");
    ask_wrong(&reach, "set sighs=1", "sighs");
    ask_wrong(&reach, "get sighs", "sighs");
    ask_wrong(&reach, "dance", "dance");
    ask_wrong(&reach, "status now", "status");
    ask_wrong(&reach, "", "no words");
    ask_wrong(&reach, "set 'style=x", "quote");
    ask_wrong(&reach, "set style=\xff\xfe", "UTF-8");
    assert_int_equal(heard.changes, 3);
    ask(&reach, "status", "camera-state=running\nok\n");
    ask(&reach, "cover on", "ok\n");
    assert_true(heard.covered);
    ask(&reach, "cover off", "ok\n");
    assert_false(heard.covered);
    ask_wrong(&reach, "cover", "on or off");
    ask_wrong(&reach, "cover up", "on or off");
    ask_wrong(&reach, "cover on off", "on or off");
    assert_int_equal(heard.covers, 2);
    ask_wrong(&reach, "watch", "no picture");
    ask(&reach, "quit", "ok\n");
    assert_int_equal(heard.quits, 1);
    cam_settings_free(settings);
}

/* The words of a command line arrive as they were, whatever is in them. */
static void test_request_of_words(void **state)
{
    (void)state;
    const gchar *words[] = {"set", "style=/a 'b' \"c\" $d.onnx", NULL};
    gchar *request = cam_call_request(words), **again = NULL;
    assert_int_equal(request[strlen(request) - 1], '\n');
    request[strlen(request) - 1] = 0;
    assert_true(g_shell_parse_argv(request, NULL, &again, NULL));
    assert_string_equal(again[1], words[1]);
    assert_null(again[2]);
    g_strfreev(again);
    g_free(request);
}

static void press(const CamKeyActions *actions, gint *row, gchar key, const gchar *expected)
{
    gchar *line = cam_keys_press(actions, row, key);
    if (expected)
        assert_string_equal(line, expected);
    else
        assert_null(line);
    g_free(line);
}

static void test_keys(void **state)
{
    (void)state;
    Heard heard = {0};
    CamSettings *settings = cam_settings_new();
    CamKeyActions actions = {settings, count_change, turn_cover, count_quit, &heard};
    gint row = cam_settings_find(settings, "style-strength");
    press(&actions, &row, 'D', "style-strength 0.95");
    press(&actions, &row, 'C', "style-strength 1");
    assert_int_equal(heard.changes, 2);
    press(&actions, &row, 'C', "style-strength 1"); /* the end of the range */
    assert_int_equal(heard.changes, 2);
    for (int i = 0; i < 30; i++)
        g_free(cam_keys_press(&actions, &row, '-'));
    assert_string_equal(cam_settings_get(settings, "style-strength"), "0");
    press(&actions, &row, 'B', "style-area frame");
    press(&actions, &row, 'D', "style-area background"); /* choices go round */
    press(&actions, &row, 'C', "style-area frame");
    for (gsize i = 0; i < 2 * settings->count; i++) { /* texts and flags are passed over */
        g_free(cam_keys_press(&actions, &row, 'A'));
        assert_int_not_equal(settings->table[row].type, MIEN_PARAM_STRING);
        assert_int_not_equal(settings->table[row].type, MIEN_PARAM_FLAGS);
    }
    row = cam_settings_find(settings, "style"); /* a text */
    press(&actions, &row, 'C', "style-strength 0.05");
    press(&actions, &row, 'x', NULL);
    press(&actions, &row, 'c', NULL);
    assert_true(heard.covered);
    press(&actions, &row, 'c', NULL);
    assert_false(heard.covered);
    press(&actions, &row, 'q', NULL);
    assert_int_equal(heard.quits, 1);
    cam_settings_free(settings);
}

static void test_control_path(void **state)
{
    (void)state;
    assert_null(cam_call_path("none"));
    gchar *path = cam_call_path("/a/b");
    assert_string_equal(path, "/a/b");
    g_free(path);
    path = cam_call_path("");
    assert_true(g_str_has_suffix(path, "/mien-cam.sock"));
    g_free(path);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_parameters_are_options),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_force_and_adopt),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_request_of_words),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_control_path),
    };
    gst_init(&argc, &argv);
    GST_PLUGIN_STATIC_REGISTER(mien);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
