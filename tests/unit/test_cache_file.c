/* The cache folder: blobs come back, and whatever else lies there is left alone. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "cache_file.h"
#include "test_files.h"

enum { DEVICE = 0x1234 };

static char top[TEST_FOLDER], folder[TEST_PATH - 40], file[TEST_PATH];
static mi_log test_log;
static char last_line[600];
static int lines;

static void keep_line(void *opaque, mien_log_level level, const char *line)
{
    (void)opaque;
    assert_int_equal(level, MIEN_LOG_INFO);
    snprintf(last_line, sizeof last_line, "%s", line);
    lines++;
}

static mi_cache open_cache(const char *where, uint64_t device, const char *driver)
{
    mi_cache c;
    mi_cache_open(&c, where, &test_log);
    mi_cache_identify(&c, device, driver, strlen(driver));
    return c;
}

static int setup(void **state)
{
    (void)state;
    mi_log_init(&test_log, &(mien_log){keep_line, NULL, MIEN_LOG_INFO});
    test_folder_make(top, "cache");
    snprintf(folder, sizeof folder, "%s/a/mien", top); /* two folders are made */
    snprintf(file, sizeof file, "%s/thing-%016x", folder, DEVICE);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    mi_log_finish(&test_log);
    test_folder_remove(top);
    return 0;
}

static void expect(const mi_cache *c, const char *name, const char *text)
{
    void *data;
    size_t size;
    lines = 0;
    bool there = mi_cache_read(c, name, &data, &size);
    assert_int_equal(there, text != NULL);
    if (text) {
        assert_int_equal(size, strlen(text));
        assert_memory_equal(data, text, size);
    } else {
        assert_null(data);
        assert_int_equal(size, 0);
    }
    free(data);
}

static void test_comes_back(void **state)
{
    (void)state;
    mi_cache c = open_cache(folder, DEVICE, "driver 1");
    expect(&c, "thing", NULL);
    assert_int_equal(lines, 0);
    mi_cache_write(&c, "thing", "some bytes", 10);
    expect(&c, "thing", "some bytes");
    expect(&c, "other", NULL);
    mi_cache_write(&c, "thing", "others", 6);
    mi_cache_write(&c, "other", "", 0);
    expect(&c, "thing", "others");
    expect(&c, "other", "");
    assert_int_equal(lines, 0);
    struct stat s;
    assert_int_equal(stat(file, &s), 0);
    assert_int_equal(s.st_mode & 077, 0); /* nobody else's */
}

static void test_identity(void **state)
{
    (void)state;
    mi_cache c = open_cache(folder, DEVICE, "driver 1");
    mi_cache_write(&c, "thing", "first", 5);
    mi_cache other = open_cache(folder, DEVICE + 1, "driver 1");
    expect(&other, "thing", NULL);
    assert_int_equal(lines, 0);
    mi_cache_write(&other, "thing", "second", 6);
    expect(&c, "thing", "first");
    mi_cache updated = open_cache(folder, DEVICE, "driver 2");
    expect(&updated, "thing", NULL);
    assert_int_equal(lines, 1);
    assert_non_null(strstr(last_line, "another driver"));
    assert_non_null(strstr(last_line, file));
    mi_cache_write(&updated, "thing", "third", 5);
    expect(&updated, "thing", "third");
    expect(&c, "thing", NULL);
}

static void test_remove(void **state)
{
    (void)state;
    mi_cache c = open_cache(folder, DEVICE, "driver 1");
    mi_cache_write(&c, "thing", "some", 4);
    mi_cache_write(&c, "other", "more", 4);
    assert_true(mi_cache_remove(&c, "thing"));
    expect(&c, "thing", NULL);
    expect(&c, "other", "more");
    assert_false(mi_cache_remove(&c, "thing"));
    mi_cache none = open_cache("none", DEVICE, "driver 1");
    assert_false(mi_cache_remove(&none, "other"));
}

static void test_damage(void **state)
{
    (void)state;
    const char text[] = "a blob of some length, to be damaged at every byte";
    mi_cache c = open_cache(folder, DEVICE, "driver 1");
    mi_cache_write(&c, "thing", text, sizeof text - 1);
    size_t size;
    uint8_t *bytes = test_file_read(file, &size);
    assert_non_null(bytes);
    for (size_t i = 0; i <= 2 * size; i++) { /* a flipped bit, then a cut */
        if (i < size)
            bytes[i] ^= 0x10;
        test_file_write(file, bytes, i < size ? size : i - size);
        if (i < size)
            bytes[i] ^= 0x10;
        expect(&c, "thing", i == 2 * size ? text : NULL);
        assert_int_equal(lines, i < 2 * size);
    }
    free(bytes);
    FILE *f = fopen(file, "ab");
    assert_non_null(f);
    fputc('x', f);
    fclose(f);
    expect(&c, "thing", NULL);
    mi_cache_write(&c, "thing", "new", 3);
    expect(&c, "thing", "new");
}

static void test_nowhere(void **state)
{
    (void)state;
    lines = 0;
    mi_cache none = open_cache("none", DEVICE, "driver 1");
    mi_cache_write(&none, "thing", "lost", 4);
    expect(&none, "thing", NULL);
    mi_cache unknown;
    mi_cache_open(&unknown, folder, &test_log);
    mi_cache_write(&unknown, "thing", "lost", 4);
    expect(&unknown, "thing", NULL);
    assert_int_equal(lines, 0);
}

static void test_home(void **state)
{
    (void)state;
    mi_cache c;
    mi_cache_open(&c, "", &test_log);
    if (c.folder[0]) { /* not every user has a home */
        assert_int_equal(c.folder[0], '/');
        assert_non_null(strstr(c.folder, "/.cache/mien"));
    }
}

static void test_unwritable(void **state)
{
    (void)state;
    char under[TEST_PATH + 8];
    snprintf(under, sizeof under, "%s/below", file); /* a file stands in the way */
    mi_cache c = open_cache(folder, DEVICE, "driver 1");
    mi_cache_write(&c, "thing", "x", 1);
    c = open_cache(under, DEVICE, "driver 1");
    expect(&c, "thing", NULL);
    mi_cache_write(&c, "thing", "x", 1);
    assert_int_equal(lines, 1);
    assert_non_null(strstr(last_line, under));
    mi_cache_write(&c, "thing", "x", 1);
    assert_int_equal(lines, 1); /* said once */
}

static void test_large(void **state)
{
    (void)state;
    char *bytes = calloc(1, MI_CACHE_MAX + 1);
    assert_non_null(bytes);
    mi_cache c = open_cache(folder, DEVICE, "driver 1");
    mi_cache_write(&c, "large", bytes, MI_CACHE_MAX + 1);
    expect(&c, "large", NULL);
    free(bytes);
}

/* Every reader sees a whole blob while others write, and no temporary file remains. */
static void test_processes(void **state)
{
    (void)state;
    enum { PROCESSES = 4, ROUNDS = 50, SIZE = 20000 };
    static char bytes[SIZE];
    pid_t child[PROCESSES];
    mi_cache c = open_cache(folder, DEVICE, "driver 1");
    for (int i = 0; i < PROCESSES; i++) {
        memset(bytes, 'a' + i, SIZE);
        child[i] = fork();
        assert_true(child[i] >= 0);
        if (child[i] == 0) {
            for (int k = 0; k < ROUNDS; k++)
                mi_cache_write(&c, "shared", bytes, SIZE);
            _exit(0);
        }
    }
    lines = 0;
    for (int k = 0; k < 4 * ROUNDS; k++) {
        void *data;
        size_t size;
        if (!mi_cache_read(&c, "shared", &data, &size))
            continue;
        assert_int_equal(size, SIZE);
        memset(bytes, *(char *)data, SIZE);
        assert_memory_equal(data, bytes, SIZE);
        free(data);
    }
    assert_int_equal(lines, 0);
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_int_equal(status, 0);
    }
    char command[TEST_PATH];
    snprintf(command, sizeof command, "! ls '%s' | grep -q '\\.'", folder);
    assert_int_equal(system(command), 0);
}

static void leave(const char *end, time_t age, char path[TEST_PATH + 20])
{
    snprintf(path, TEST_PATH + 20, "%s%s", file, end);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    const struct timespec then = {.tv_sec = time(NULL) - age}, both[2] = {then, then};
    assert_int_equal(futimens(fd, both), 0);
    close(fd);
}

/* What a process left that ended while it wrote goes in time; not what one is writing now. */
static void test_left_over(void **state)
{
    (void)state;
    char old[TEST_PATH + 20], young[TEST_PATH + 20], longer[TEST_PATH + 20];
    mi_cache c = open_cache(folder, DEVICE, "driver 1");
    mi_cache_write(&c, "thing", "some", 4);
    leave(".aB3dE6", 2 * 3600, old);
    leave(".Zz9yX8", 60, young);
    leave("5.aB3dE6", 2 * 3600, longer); /* of a blob with another name */
    mi_cache_write(&c, "other", "more", 4);
    assert_int_equal(access(old, F_OK), 0);
    mi_cache_write(&c, "thing", "more", 4);
    assert_int_equal(access(old, F_OK), -1);
    assert_int_equal(access(young, F_OK), 0);
    assert_int_equal(access(longer, F_OK), 0);
    expect(&c, "thing", "more");
    assert_int_equal(unlink(young) | unlink(longer), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comes_back), cmocka_unit_test(test_identity),
        cmocka_unit_test(test_remove),     cmocka_unit_test(test_damage),
        cmocka_unit_test(test_nowhere),    cmocka_unit_test(test_home),
        cmocka_unit_test(test_unwritable), cmocka_unit_test(test_large),
        cmocka_unit_test(test_processes),  cmocka_unit_test(test_left_over),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
