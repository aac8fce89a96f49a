/* The parameter table, values as text, lists of them. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "params.h"
#include "test_files.h"

static mi_log test_log;
static mi_params params;

static int setup(void **state)
{
    (void)state;
    mi_log_init(&test_log, NULL);
    mi_params_default(&params);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    mi_log_finish(&test_log);
    setlocale(LC_ALL, "C");
    return 0;
}

static void gives(const char *name, const char *value)
{
    char text[MI_TEXT_MAX];
    assert_int_equal(mi_params_get(&params, name, text, sizeof text, &test_log), MIEN_OK);
    assert_string_equal(text, value);
}

static void refuses(const char *name, const char *value, const char *part)
{
    mi_params before = params;
    char text[MI_ERROR_TEXT];
    assert_int_equal(mi_params_set(&params, name, value, &test_log), MIEN_ERR_INVALID);
    if (!strstr(test_log.error, part))
        fail_msg("'%s' does not say '%s'", test_log.error, part);
    assert_memory_equal(&before, &params, sizeof params);
    assert_int_equal(mien_param_check(name, value, text, sizeof text), MIEN_ERR_INVALID);
    assert_string_equal(text, test_log.error);
}

/* What every row must keep to; front ends are made from it. */
static void test_table(void **state)
{
    (void)state;
    size_t count;
    const mien_param_info *p = mien_params(&count);
    assert_ptr_equal(p, mien_params(NULL));
    assert_int_equal(count, MI_PARAM_COUNT);
    for (size_t i = 0; i < count; i++) {
        assert_true(p[i].name && p[i].name[0]);
        assert_int_equal(strspn(p[i].name, "abcdefghijklmnopqrstuvwxyz-"), strlen(p[i].name));
        assert_true(p[i].help && p[i].help[0] && !strchr(p[i].help, '\n'));
        assert_non_null(p[i].default_text);
        assert_non_null(p[i].unit);
        assert_true((p[i].choices != NULL) ==
                    (p[i].type == MIEN_PARAM_ENUM || p[i].type == MIEN_PARAM_FLAGS));
        if (p[i].type == MIEN_PARAM_FLOAT || p[i].type == MIEN_PARAM_INT)
            assert_true(p[i].min < p[i].max);
        assert_int_equal(mien_param_check(p[i].name, p[i].default_text, NULL, 0), MIEN_OK);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(p[i].name, p[k].name);
    }
}

/* Each default is in force, and what is got can be set again. */
static void test_defaults(void **state)
{
    (void)state;
    size_t count;
    const mien_param_info *p = mien_params(&count);
    for (size_t i = 0; i < count; i++) {
        char text[MI_TEXT_MAX];
        assert_int_equal(mi_params_get(&params, p[i].name, text, sizeof text, &test_log), MIEN_OK);
        if (p[i].type == MIEN_PARAM_FLOAT)
            assert_true(fabs(strtod(text, NULL) - strtod(p[i].default_text, NULL)) < 1e-9);
        else
            assert_string_equal(text, p[i].default_text);
        assert_int_equal(mi_params_set(&params, p[i].name, text, &test_log), MIEN_OK);
    }
    gives("style", "");
    gives("style-strength", "1");
    gives("smooth", "0.8");
    gives("quality", "auto");
    gives("max-faces", "4");
    gives("overlay", "none");
}

static void set(const char *name, const char *value)
{
    int status = mi_params_set(&params, name, value, &test_log);
    if (status != MIEN_OK)
        fail_msg("%s=%s: %s", name, value, test_log.error);
}

static void test_values(void **state)
{
    (void)state;
    static const char *const good[][2] = {
        {"0", "0"}, {"1", "1"}, {"0.25", "0.25"}, {".5", "0.5"}, {"1.", "1"}, {"+0.5", "0.5"},
        {"5e-1", "0.5"}, {"2.5E-1", "0.25"}, {"-0", "-0"}, {"1e-3", "0.001"}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        set("smooth", good[i][0]);
        if (strcmp(good[i][1], "-0") != 0)
            gives("smooth", good[i][1]);
    }
    size_t count;
    const mien_param_info *p = mien_params(&count);
    for (size_t i = 0; i < count; i++) {
        if (p[i].type == MIEN_PARAM_FLOAT) { /* both ends are allowed, nothing beyond */
            char text[32];
            snprintf(text, sizeof text, "%.9g", p[i].min);
            set(p[i].name, text);
            snprintf(text, sizeof text, "%.9g", p[i].max);
            set(p[i].name, text);
            snprintf(text, sizeof text, "%.9g", p[i].max + 0.001);
            refuses(p[i].name, text, "out of range");
            snprintf(text, sizeof text, "%.9g", p[i].min - 0.001);
            refuses(p[i].name, text, "out of range");
        }
        if (p[i].type == MIEN_PARAM_INT) { /* the same in steps of one */
            char text[32];
            for (int k = (int)p[i].min; k <= (int)p[i].max; k++) {
                snprintf(text, sizeof text, "%d", k);
                set(p[i].name, text);
                gives(p[i].name, text);
            }
            snprintf(text, sizeof text, "%d", (int)p[i].max + 1);
            refuses(p[i].name, text, "out of range");
            snprintf(text, sizeof text, "%d", (int)p[i].min - 1);
            refuses(p[i].name, text, "out of range");
            snprintf(text, sizeof text, "%.1f", p[i].min + 0.5);
            refuses(p[i].name, text, "is not a whole number");
            refuses(p[i].name, "few", "is not a number");
        }
        if (p[i].type == MIEN_PARAM_ENUM) { /* each choice is one, parts of them are not */
            char choices[128], *rest = choices;
            snprintf(choices, sizeof choices, "%s", p[i].choices);
            for (char *word; (word = strtok_r(rest, "|", &rest)) != NULL;) {
                set(p[i].name, word);
                gives(p[i].name, word);
            }
            refuses(p[i].name, p[i].choices, "is not one of");
            refuses(p[i].name, "", "is not one of");
            refuses(p[i].name, "AUTO", "is not one of");
            refuses(p[i].name, "au", "is not one of");
        }
    }
    set("style", "a b:c'd=e");
    gives("style", "a b:c'd=e");
}

/* Any of the words in any order; they come back in the table's, and as bits. */
static void test_flags(void **state)
{
    (void)state;
    const mi_value *overlay = &params.value[MI_PARAM_OVERLAY];
    static const struct {
        const char *text, *got;
        int bits;
    } good[] = {{"faces", "faces", 1},        {"mesh+faces", "faces+mesh", 3},
                {"", "none", 0},              {"iris+iris", "iris", 4},
                {"timing", "timing", 16},     {"none", "none", 0},
                {"mask+faces", "faces+mask", 9},
                {"faces+mesh+iris+mask+timing", "faces+mesh+iris+mask+timing", 31}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        set("overlay", good[i].text);
        gives("overlay", good[i].got);
        assert_int_equal((int)overlay->number, good[i].bits);
    }
    static const char *const bad[] = {"+", "faces+", "+faces", "faces++mesh", "Faces", "face",
                                      "facesmesh", "faces|mesh", "faces,mesh", "faces+none",
                                      "none+none", " faces", "3", "mesh+faces+nosuch"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refuses("overlay", bad[i], "faces|mesh|iris|mask|timing");
    refuses("overlay", NULL, "overlay");
    char text[11]; /* one byte too few for the words and their end */
    set("overlay", "faces+mesh");
    assert_int_equal(mi_params_get(&params, "overlay", text, sizeof text - 1, &test_log),
                     MIEN_ERR_INVALID);
    assert_string_equal(text, "");
    assert_int_equal(mi_params_get(&params, "overlay", text, sizeof text, &test_log), MIEN_OK);
    assert_string_equal(text, "faces+mesh");
}

static void test_bad_values(void **state)
{
    (void)state;
    static const char too_long[] = /* as a number may be */
        "0.000000000000000000000000000000000000000000000000000000000000000001";
    static const char *const bad[] = {
        "", " ", "x", "0.5x", "0,5", "nan", "inf", "-inf", "0x1", "1 ", " 1", "--1", "1e", "e1",
        ".", "+", "1.5.1", "infinity", "1e999", too_long};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refuses("smooth", bad[i], strcmp(bad[i], "1e999") ? "smooth" : "");
    refuses("smooth", NULL, "smooth");
    refuses("style", NULL, "style");
    refuses("smooth", "1.01", "0..1");
    refuses("nosuch", "1", "nosuch");
    refuses("", "1", "there are: age, gaze, gaze-x, gaze-y, gaze-learn, style, style-strength");
    refuses(NULL, "1", "there is no parameter");
    refuses("Smooth", "1", "Smooth");
    refuses("smooth ", "1", "smooth ");
    char longest[MI_TEXT_MAX + 1];
    memset(longest, 'a', sizeof longest);
    longest[MI_TEXT_MAX] = '\0';
    refuses("style", longest, "too long");
    longest[MI_TEXT_MAX - 1] = '\0';
    set("style", longest);
    gives("style", longest);
    refuses(longest, "1", "there is no parameter");
}

static char locale_folder[TEST_FOLDER]; /* "": not made */

/* Most systems have no such locale installed, but the means to make one. */
static bool make_locale(void)
{
    char command[TEST_PATH];
    test_folder_make(locale_folder, "locale");
    setenv("LOCPATH", locale_folder, 1);
    snprintf(command, sizeof command,
             "localedef -i de_DE -f UTF-8 '%s/de_DE.UTF-8' >/dev/null 2>&1", locale_folder);
    return system(command) == 0;
}

/* Numbers have a point whatever the host's locale writes. */
static void test_locale(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE",
                                        "nl_NL.UTF-8", "pl_PL.UTF-8"};
    const char *got = make_locale() ? setlocale(LC_ALL, "de_DE.UTF-8") : NULL;
    for (size_t i = 0; !got && i < sizeof names / sizeof names[0]; i++)
        got = setlocale(LC_ALL, names[i]);
    if (!got || localeconv()->decimal_point[0] != ',') {
        print_message("no locale with a decimal comma is installed\n");
        skip();
    }
    set("smooth", "0.25");
    gives("smooth", "0.25");
    refuses("smooth", "0,25", "is not a number");
    char text[16];
    snprintf(text, sizeof text, "%g", 0.5);
    assert_string_equal(text, "0,5"); /* the locale was in force all the time */
}

static void set_all(const char *text)
{
    int status = mi_params_set_all(&params, text, &test_log);
    if (status != MIEN_OK)
        fail_msg("'%s': %s", text, test_log.error);
}

static void test_set_all(void **state)
{
    (void)state;
    set_all("");
    set_all("  : ::  ");
    set_all("smooth=0.5 style-strength=0.25:quality=low");
    gives("smooth", "0.5");
    gives("style-strength", "0.25");
    gives("quality", "low");
    set_all(":smooth=0.75:: quality=high ");
    gives("smooth", "0.75");
    gives("quality", "high");
    set_all("style='/a folder/c:d.onnx' smooth=0.1");
    gives("style", "/a folder/c:d.onnx");
    gives("smooth", "0.1");
    set_all("'style=x y'");
    gives("style", "x y");
    set_all("style=a'b c'd");
    gives("style", "ab cd");
    set_all("style=a=b");
    gives("style", "a=b");
    set_all("overlay=mesh+iris:max-faces=2 on-lost=blur");
    gives("overlay", "mesh+iris");
    gives("max-faces", "2");
    gives("on-lost", "blur");
    set_all("style=''");
    gives("style", "");
    set_all("style=");
    gives("style", "");
    set_all("smooth=0 smooth=1"); /* the last one counts */
    gives("smooth", "1");
}

static void test_set_all_errors(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } bad[] = {{"smooth", "smooth"},         {"=1", "there is no parameter ''"},
               {"smooth=2", "out of range"}, {"style='open", "quote"},
               {"nosuch=1", "nosuch"},       {"smooth=0.5;style=x", "is not a number"},
               {"'", "quote"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(mi_params_set_all(&params, bad[i].text, &test_log), MIEN_ERR_INVALID);
        if (!strstr(test_log.error, bad[i].part))
            fail_msg("'%s' gives '%s'", bad[i].text, test_log.error);
    }
    assert_int_equal(mi_params_set_all(&params, NULL, &test_log), MIEN_ERR_INVALID);
    /* what stood before the error has been taken */
    assert_int_equal(mi_params_set_all(&params, "quality=low smooth=7 style=x", &test_log),
                     MIEN_ERR_INVALID);
    gives("quality", "low");
    gives("smooth", "0.8");
    gives("style", "");
    char *endless = malloc(5000);
    assert_non_null(endless);
    memset(endless, 'a', 4999);
    endless[4999] = '\0';
    assert_int_equal(mi_params_set_all(&params, endless, &test_log), MIEN_ERR_INVALID);
    assert_non_null(strstr(test_log.error, "too long"));
    free(endless);
}

static void test_get(void **state)
{
    (void)state;
    char text[8] = "before";
    assert_int_equal(mi_params_get(&params, "nosuch", text, sizeof text, &test_log),
                     MIEN_ERR_INVALID);
    assert_int_equal(mi_params_get(&params, NULL, text, sizeof text, &test_log), MIEN_ERR_INVALID);
    assert_int_equal(mi_params_get(&params, "smooth", NULL, 8, &test_log), MIEN_ERR_INVALID);
    assert_int_equal(mi_params_get(&params, "smooth", text, 0, &test_log), MIEN_ERR_INVALID);
    set("style", "12345678");
    memset(text, 'x', sizeof text);
    assert_int_equal(mi_params_get(&params, "style", text, sizeof text, &test_log),
                     MIEN_ERR_INVALID);
    assert_string_equal(text, ""); /* terminated even so */
    set("style", "1234567");
    assert_int_equal(mi_params_get(&params, "style", text, sizeof text, &test_log), MIEN_OK);
    assert_string_equal(text, "1234567");
}

/* The error text may be cut or not wanted. */
static void test_check(void **state)
{
    (void)state;
    char text[10];
    memset(text, 'x', sizeof text);
    assert_int_equal(mien_param_check("smooth", "9", text, sizeof text), MIEN_ERR_INVALID);
    assert_int_equal(strlen(text), sizeof text - 1);
    assert_int_equal(mien_param_check("smooth", "9", text, 0), MIEN_ERR_INVALID);
    assert_int_equal(mien_param_check("smooth", "9", NULL, 10), MIEN_ERR_INVALID);
    assert_int_equal(mien_param_check("smooth", "0.9", text, sizeof text), MIEN_OK);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_table, setup, teardown),
        cmocka_unit_test_setup_teardown(test_defaults, setup, teardown),
        cmocka_unit_test_setup_teardown(test_values, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flags, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_values, setup, teardown),
        cmocka_unit_test_setup_teardown(test_locale, setup, teardown),
        cmocka_unit_test_setup_teardown(test_set_all, setup, teardown),
        cmocka_unit_test_setup_teardown(test_set_all_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_get, setup, teardown),
        cmocka_unit_test_setup_teardown(test_check, setup, teardown)};
    int failed = cmocka_run_group_tests_name("params", tests, NULL, NULL);
    if (*locale_folder)
        test_folder_remove(locale_folder);
    return failed;
}
