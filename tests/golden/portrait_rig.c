#include "portrait_rig.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "test_files.h"

static bool has_networks(const char *models)
{
    char path[600];
    snprintf(path, sizeof path, "%s/face-mesh.onnx", models);
    return access(path, R_OK) == 0;
}

uint8_t *portrait_open(int argc, char **argv)
{
    enum { BYTES = PORTRAIT_SIDE * PORTRAIT_SIDE * 4 };
    if (argc > 1 && !has_networks(argv[1])) {
        printf("skipped: no face networks in %s: run models/fetch_faces.sh\n", argv[1]);
        return NULL;
    }
    size_t size = 0;
    uint8_t *bytes = argc > 2 ? test_file_read(argv[2], &size) : NULL;
    if (size == BYTES)
        return bytes;
    printf("skipped: no portrait: portrait.sh makes it with python3-imageio and ffmpeg\n");
    free(bytes);
    return NULL;
}
