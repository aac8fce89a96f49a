/* The main() of a program of tests of the public interface. */
#ifndef MIEN_TEST_FILTER_TESTS_H
#define MIEN_TEST_FILTER_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { TEST_SKIPPED = 77 };

typedef struct filter_group {
    const char *name;
    const struct CMUnitTest *test;
    size_t count;
} filter_group;

/* Runs the group in the rig and gives the program's exit status. `only`: names of tests that are
 * run, with * and ?; NULL: all. */
int filter_tests_run(const filter_group *group, const char *only);

#endif
