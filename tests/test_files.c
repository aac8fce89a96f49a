#define _XOPEN_SOURCE 700 /* nftw */
#include "test_files.h"

#include <errno.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool ok, const char *what, const char *path)
{
    if (ok)
        return;
    fprintf(stderr, "'%s' cannot be %s: %s\n", path, what, strerror(errno));
    exit(1);
}

void *test_file_read(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    must(fseek(f, 0, SEEK_END) == 0, "read", path);
    long length = ftell(f);
    must(length >= 0 && fseek(f, 0, SEEK_SET) == 0, "read", path);
    *size = (size_t)length;
    void *bytes = malloc(*size ? *size : 1);
    must(bytes && fread(bytes, 1, *size, f) == *size, "read", path);
    fclose(f);
    return bytes;
}

void test_file_write(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    must(f && fwrite(bytes, 1, size, f) == size && fclose(f) == 0, "written", path);
}

void test_folder_make(char folder[TEST_FOLDER], const char *name)
{
    const char *temporary = getenv("TMPDIR");
    int length = snprintf(folder, TEST_FOLDER, "%s/mien-%s-XXXXXX",
                          temporary && *temporary ? temporary : "/tmp", name);
    errno = ENAMETOOLONG;
    must(length < TEST_FOLDER && mkdtemp(folder), "made", folder);
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *walk)
{
    (void)s;
    (void)type;
    (void)walk;
    must(remove(path) == 0, "removed", path);
    return 0;
}

void test_folder_remove(const char *folder)
{
    if (nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        must(errno == ENOENT, "removed", folder);
}
