#include "portrait_rig.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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
    uint8_t *bytes = malloc(BYTES);
    FILE *f = fopen(argv[2], "rb");
    bool whole = bytes && f && fread(bytes, BYTES, 1, f) == 1;
    if (f)
        fclose(f);
    if (whole)
        return bytes;
    printf("what needs a face is left out: no portrait\n");
    free(bytes);
    return NULL;
}
