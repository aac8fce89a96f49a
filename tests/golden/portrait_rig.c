#include "portrait_rig.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *models = "";
static uint8_t *portrait;

static bool has_networks(void)
{
    char path[600];
    snprintf(path, sizeof path, "%s/face-mesh.onnx", models);
    return access(path, R_OK) == 0;
}

static uint8_t *open_portrait(const char *path)
{
    enum { BYTES = PORTRAIT_SIDE * PORTRAIT_SIDE * 4 };
    if (!has_networks()) {
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
    models = argc > 1 ? argv[1] : "";
    if (argc < 3 && tests->faceless.test)
        return filter_tests_run(&tests->faceless, NULL);
    portrait = open_portrait(argc > 2 ? argv[2] : "");
    if (!portrait)
        return TEST_SKIPPED;
    int status = filter_tests_run(&tests->with_face, argc > 3 ? argv[3] : NULL);
    free(portrait);
    portrait = NULL;
    return status;
}

const char *portrait_models(void)
{
    return models;
}

const uint8_t *portrait_bytes(void)
{
    return portrait;
}

mien_filter *portrait_filter(filter_log *log, const char *params)
{
    char path[300];
    mien_filter *f = filter_make(log, params);
    assert_int_equal(mien_filter_set(f, "models", models), MIEN_OK);
    snprintf(path, sizeof path, "%s/style-invert.onnx", filter_rig_models());
    if (strstr(params, "style-area"))
        assert_int_equal(mien_filter_set(f, "style", path), MIEN_OK);
    return f;
}

void portrait_folder_make(char folder[TEST_FOLDER])
{
    static const char *const part[] = {"detect-full", "detect-short", "eye-left", "eye-right",
                                       "lips", "mesh", "visible"};
    test_folder_make(folder, "portrait");
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
        char from[600], to[TEST_PATH];
        size_t size;
        snprintf(from, sizeof from, "%s/face-%s.onnx", models, part[i]);
        snprintf(to, sizeof to, "%s/face-%s.onnx", folder, part[i]);
        void *bytes = test_file_read(from, &size);
        assert_non_null(bytes);
        test_file_write(to, bytes, size);
        free(bytes);
    }
}
