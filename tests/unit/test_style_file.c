/* Finding and reading style files: names, paths, and every way in which that can fail. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "effect/style.h"
#include "test_files.h"

static char folder[TEST_FOLDER];
static mi_log test_log;

static void path_of(char path[TEST_PATH], const char *name)
{
    snprintf(path, TEST_PATH, "%s/%s", folder, name);
}

static void write_file(const char *name, const char *text)
{
    char path[TEST_PATH];
    path_of(path, name);
    test_file_write(path, text, strlen(text));
}

static int setup(void **state)
{
    (void)state;
    mi_log_init(&test_log, NULL);
    test_folder_make(folder, "style");
    write_file("style-zebra.onnx", "zebra bytes");
    write_file("style-apple.onnx", "apple");
    write_file("style-.onnx", "no name");
    write_file("style-other.txt", "not a model");
    write_file("age-grey.onnx", "another role");
    write_file("plain.onnx", "a path");
    write_file("empty.onnx", "");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    mi_log_finish(&test_log);
    test_folder_remove(folder);
    return 0;
}

static void opens(const char *style, const char *models, const char *bytes)
{
    mi_model_file file;
    int status = mi_style_open(&file, style, models, &test_log);
    if (status != MIEN_OK)
        fail_msg("%s: %s", style, test_log.error);
    assert_int_equal(file.size, strlen(bytes));
    assert_memory_equal(file.bytes, bytes, file.size);
    assert_true(file.path[0] != '\0');
    mi_model_close(&file);
    assert_null(file.bytes);
    mi_model_close(&file); /* once more does no harm */
}

static void refuses(const char *style, const char *models, int status, const char *part)
{
    mi_model_file file;
    int got = mi_style_open(&file, style, models, &test_log);
    if (got != status || !strstr(test_log.error, part))
        fail_msg("'%s' in '%s': status %d, '%s'", style, models, got, test_log.error);
    assert_null(file.bytes);
}

static void test_found(void **state)
{
    (void)state;
    char path[TEST_PATH];
    opens("zebra", folder, "zebra bytes");
    opens("apple", folder, "apple");
    path_of(path, "plain.onnx");
    opens(path, folder, "a path");
    opens(path, "/nowhere", "a path");
    char here[1024];
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(folder), 0);
    opens("plain.onnx", "/nowhere", "a path"); /* by its bare name */
    assert_int_equal(chdir(here), 0);
}

static void test_missing(void **state)
{
    (void)state;
    char path[TEST_PATH];
    refuses("nosuch", folder, MIEN_ERR_IO, "'nosuch'");
    refuses("nosuch", folder, MIEN_ERR_IO, "apple, zebra"); /* the known ones, in order */
    assert_null(strstr(test_log.error, "other"));
    assert_null(strstr(test_log.error, "grey"));
    refuses("nosuch", "/nowhere", MIEN_ERR_IO, "/nowhere");
    path_of(path, "nosuch.onnx");
    refuses(path, folder, MIEN_ERR_IO, path);
    refuses("/nowhere/at/all.onnx", folder, MIEN_ERR_IO, "/nowhere/at/all.onnx");
    char endless[1000];
    memset(endless, 'n', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    refuses(endless, folder, MIEN_ERR_IO, "nnn");
    endless[0] = '/';
    refuses(endless, folder, MIEN_ERR_IO, "nnn");
}

static void test_names(void **state)
{
    (void)state;
    char names[64], none[4] = "x";
    assert_int_equal(mien_style_names(folder, names, sizeof names), MIEN_OK);
    assert_string_equal(names, "apple|zebra");
    assert_int_equal(mien_style_names(folder, names, 12), MIEN_OK);
    assert_string_equal(names, "apple|zebra");
    assert_int_equal(mien_style_names(folder, names, 11), MIEN_ERR_INVALID);
    assert_string_equal(names, "apple"); /* whole names */
    assert_int_equal(mien_style_names(folder, names, 1), MIEN_ERR_INVALID);
    assert_string_equal(names, "");
    assert_int_equal(mien_style_names("/nowhere", none, sizeof none), MIEN_OK);
    assert_string_equal(none, "");
    assert_int_equal(mien_style_names(folder, names, 0), MIEN_ERR_INVALID);
    assert_int_equal(mien_style_names(NULL, names, sizeof names), MIEN_ERR_INVALID);
}

/* A style that is a folder must not be listed as one, nor opened. */
static void test_folder(void **state)
{
    (void)state;
    char path[TEST_PATH];
    path_of(path, "style-folder.onnx");
    assert_int_equal(mkdir(path, 0700), 0);
    refuses("folder", folder, MIEN_ERR_IO, "'folder'");
    refuses(path, folder, MIEN_ERR_IO, path);
    refuses("nosuch", folder, MIEN_ERR_IO, "there are: apple, zebra");
    assert_int_equal(rmdir(path), 0);
}

static void test_sizes(void **state)
{
    (void)state;
    char path[TEST_PATH];
    path_of(path, "empty.onnx");
    refuses(path, folder, MIEN_ERR_MODEL, "empty");
    path_of(path, "large.onnx");
    FILE *f = fopen(path, "wb"); /* a hole: takes no room on the disk */
    assert_non_null(f);
    assert_int_equal(fseek(f, (256L << 20) + 1, SEEK_SET), 0);
    fputc('x', f);
    fclose(f);
    refuses(path, folder, MIEN_ERR_MODEL, "larger than 256 MB");
    assert_int_equal(unlink(path), 0);
}

static void test_unreadable(void **state)
{
    (void)state;
    if (geteuid() == 0)
        skip(); /* root reads everything */
    char path[TEST_PATH];
    path_of(path, "plain.onnx");
    assert_int_equal(chmod(path, 0), 0);
    refuses(path, folder, MIEN_ERR_IO, strerror(EACCES));
    assert_int_equal(chmod(path, 0600), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),  cmocka_unit_test(test_missing),
        cmocka_unit_test(test_sizes),  cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_names),  cmocka_unit_test(test_folder)};
    return cmocka_run_group_tests_name("style file", tests, setup, teardown);
}
