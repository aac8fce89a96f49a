#include "portrait_rig.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test_files.h"

static bool has_networks(const char *models)
{
    char path[600];
    snprintf(path, sizeof path, "%s/face-mesh.onnx", models);
    return access(path, R_OK) == 0;
}

static uint8_t *open_portrait(const char *models, const char *path)
{
    enum { BYTES = PORTRAIT_SIDE * PORTRAIT_SIDE * 4 };
    if (!has_networks(models)) {
        printf("skipped: no face networks in %s: run models/fetch_faces.sh\n", models);
        return NULL;
    }
    size_t size = 0;
    uint8_t *bytes = test_file_read(path, &size);
    if (size == BYTES)
        return bytes;
    printf("skipped: no portrait: portrait.sh makes it with python3-imageio and ffmpeg\n");
    free(bytes);
    return NULL;
}

int portrait_tests_main(const portrait_tests *tests, int argc, char **argv)
{
    *tests->models = argc > 1 ? argv[1] : "";
    if (argc < 3 && tests->faceless.test)
        return filter_tests_run(&tests->faceless, NULL);
    *tests->portrait = open_portrait(*tests->models, argc > 2 ? argv[2] : "");
    if (!*tests->portrait)
        return TEST_SKIPPED;
    int status = filter_tests_run(&tests->with_face, argc > 3 ? argv[3] : NULL);
    free(*tests->portrait);
    return status;
}

mien_filter *portrait_filter(filter_log *log, const char *models, const char *params)
{
    char path[300];
    mien_filter *f = filter_make(log, params);
    assert_int_equal(mien_filter_set(f, "models", models), MIEN_OK);
    snprintf(path, sizeof path, "%s/style-invert.onnx", filter_rig_models());
    if (strstr(params, "style-area"))
        assert_int_equal(mien_filter_set(f, "style", path), MIEN_OK);
    return f;
}
