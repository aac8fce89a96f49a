/* The main() of a program of cmocka tests that share one device. */
#ifndef MIEN_TEST_RIG_TESTS_H
#define MIEN_TEST_RIG_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device_rig.h"

typedef struct rig_group {
    const char *name;
    const struct CMUnitTest *test;
    size_t count;
    CMFixtureFunction setup, teardown; /* of the group, with the device open; may be NULL */
} rig_group;

/* Opens `rig`, runs the group and gives the program's exit status: a message of the validation
 * layers is a failure, too. Arguments: [--plain] [FILTER]; with --plain the device is given the
 * shaders that any device runs, not those made for its kind. */
int rig_tests_main(device_rig *rig, const rig_group *group, int argc, char **argv);

#endif
