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
    if (argc < 3 || !has_networks(argv[1])) {
        printf("what needs a face is left out: no face networks: run models/fetch_faces.sh\n");
        return NULL;
    }
    size_t size = 0;
    uint8_t *bytes = test_file_read(argv[2], &size);
    if (size == BYTES)
        return bytes;
    printf("what needs a face is left out: no portrait\n");
    free(bytes);
    return NULL;
}
