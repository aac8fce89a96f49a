#include "model_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const long FILE_MAX = 256L << 20;

const char *mi_models_folder(const char *models)
{
    if (models[0])
        return models;
#ifdef MIEN_MODELS_SOURCE
    struct stat s;
    if (stat(MIEN_MODELS_INSTALLED, &s) != 0)
        return MIEN_MODELS_SOURCE;
#endif
    return MIEN_MODELS_INSTALLED;
}

bool mi_is_file(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISREG(s.st_mode);
}

int mi_model_read(mi_model_file *file, const char *what, mi_log *log)
{
    int status = MIEN_OK;
    FILE *f = fopen(file->path, "rb");
    if (!f)
        return mi_fail(log, MIEN_ERR_IO, "%s '%.200s': %s", what, file->path, strerror(errno));
    long size = fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;
    if (size <= 0 || size > FILE_MAX) {
        status = mi_fail(log, MIEN_ERR_MODEL, "%s '%.200s' is %s", what, file->path,
                         size == 0 ? "empty" : size < 0 ? "not readable" : "larger than 256 MB");
        goto error;
    }
    rewind(f);
    file->size = (size_t)size;
    file->bytes = malloc(file->size);
    if (!file->bytes)
        status = mi_fail(log, MIEN_ERR_NOMEM, "out of memory");
    else if (fread(file->bytes, 1, file->size, f) != file->size)
        status = mi_fail(log, MIEN_ERR_IO, "%s '%.200s' cannot be read", what, file->path);
error:
    fclose(f);
    if (status != MIEN_OK)
        mi_model_close(file);
    return status;
}

void mi_model_close(mi_model_file *file)
{
    free(file->bytes);
    memset(file, 0, sizeof *file);
}
