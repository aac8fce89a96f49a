#include "rig_tests.h"

#include <string.h>

int rig_tests_main(device_rig *rig, const rig_group *group, int argc, char **argv)
{
    if (!rig_open(rig)) {
        rig_close(rig);
        return RIG_SKIPPED;
    }
    bool plain = argc > 1 && strcmp(argv[1], "--plain") == 0;
    int filter = plain ? 2 : 1;
    rig->device->as_gpu = plain;
    if (argc > filter)
        cmocka_set_test_filter(argv[filter]);
    int failed = _cmocka_run_group_tests(group->name, group->test, group->count, group->setup,
                                         group->teardown);
    int lines = rig->validation_lines;
    rig_close(rig);
    return failed || lines ? 1 : 0;
}
