#include "filter_tests.h"

#include "filter_rig.h"

int filter_tests_run(const filter_group *group, const char *only)
{
    if (!filter_rig_open()) {
        print_message("skipped: there is no Vulkan device\n");
        return TEST_SKIPPED;
    }
    if (only)
        cmocka_set_test_filter(only);
    int failed = _cmocka_run_group_tests(group->name, group->test, group->count, NULL, NULL);
    filter_rig_close();
    return failed;
}
