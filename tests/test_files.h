/* Files and folders of tests. Whatever fails but for what is said here ends the program with one
 * line that names the file: a test cannot go on without it, nor is it to be skipped. */
#ifndef MIEN_TEST_FILES_H
#define MIEN_TEST_FILES_H

#include <stddef.h>
#include <stdint.h>

enum { TEST_FOLDER = 200, TEST_PATH = TEST_FOLDER + 120 }; /* bytes of a path with its end */

/* A file's bytes in a block exactly as large, so that sanitizers see what is read behind it; the
 * caller's to free. NULL: it cannot be opened. */
void *test_file_read(const char *path, size_t *size);

/* Makes the file, or puts other bytes into it. */
void test_file_write(const char *path, const void *bytes, size_t size);

/* A new folder in $TMPDIR, or /tmp; `name` is part of its own. */
void test_folder_make(char folder[TEST_FOLDER], const char *name);

/* The folder with all that is in it, if it is there. */
void test_folder_remove(const char *folder);

#endif
