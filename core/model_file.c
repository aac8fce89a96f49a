#include "model_file.h"

#include <dirent.h>
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

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The name of a style of which this is a file's name, which is cut, or NULL: it is none. */
static char *style_of_file(const char *folder, char *file)
{
    char path[2 * MI_TEXT_MAX];
    size_t length = strlen(file);
    int used = snprintf(path, sizeof path, "%s/%s", folder, file);
    if (used < 0 || (size_t)used >= sizeof path || length <= strlen("style-.onnx") ||
        strncmp(file, "style-", 6) != 0 || strcmp(file + length - 5, ".onnx") != 0 ||
        !mi_is_file(path))
        return NULL;
    file[length - 5] = '\0';
    return file + 6;
}

/* How many fit into the list as whole names. */
static size_t join_names(char *const *name, size_t names, const char *joint, char *list,
                         size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < names; i++) {
        int more = snprintf(list + used, size - used, "%s%s", i ? joint : "", name[i]);
        if (more < 0 || (size_t)more >= size - used) {
            list[used] = '\0';
            return i;
        }
        used += (size_t)more;
    }
    return names;
}

bool mi_style_names(const char *folder, const char *joint, char *list, size_t size)
{
    enum { NAMES = 256 };
    char *name[NAMES];
    size_t names = 0;
    list[0] = '\0';
    DIR *dir = opendir(folder);
    if (!dir)
        return true;
    for (struct dirent *e; names < NAMES && (e = readdir(dir)) != NULL;) {
        char *style = style_of_file(folder, e->d_name);
        name[names] = style ? strdup(style) : NULL;
        names += name[names] != NULL;
    }
    closedir(dir);
    qsort(name, names, sizeof name[0], compare_names);
    bool whole = join_names(name, names, joint, list, size) == names;
    for (size_t i = 0; i < names; i++)
        free(name[i]);
    return whole;
}

int mien_style_names(const char *models, char *text, size_t size)
{
    if (!models || !text || !size)
        return MIEN_ERR_INVALID;
    return mi_style_names(mi_models_folder(models), "|", text, size) ? MIEN_OK : MIEN_ERR_INVALID;
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
