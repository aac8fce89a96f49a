#include "style.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../net/onnx_external.h"
#include "style_image.h"
#include "style_trial.h"

/* Bytes of the files beside a model. */
enum { DATA_MAX = 256 << 20 };

static int find_file(char *path, size_t size, const char *style, const char *models, mi_log *log)
{
    const char *folder = mi_models_folder(models);
    bool is_path = strchr(style, '/') != NULL;
    if (is_path)
        snprintf(path, size, "%s", style);
    else
        snprintf(path, size, "%s/style-%s.onnx", folder, style);
    if (mi_is_file(path))
        return MIEN_OK;
    if (!is_path && mi_is_file(style)) { /* a file in the working folder, by its bare name */
        snprintf(path, size, "%s", style);
        return MIEN_OK;
    }
    if (is_path)
        return mi_fail(log, MIEN_ERR_IO, "style file '%.200s' does not exist", style);
    char list[256];
    mi_style_names(folder, ", ", list, sizeof list);
    if (!list[0])
        return mi_fail(log, MIEN_ERR_IO, "style '%.60s': there are no models in '%.200s'", style,
                       folder);
    return mi_fail(log, MIEN_ERR_IO, "there is no style '%.60s'; there are: %s", style, list);
}

typedef struct beside {
    const char *path; /* of the model */
    mi_log *log;
} beside;

/* A name in the model's folder or below it, and nothing else: a model is somebody else's file. */
static bool stays_below(const char *location)
{
    for (const char *part = location; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return false;
    }
    return location[0] != '/';
}

/* Part of a file that lies beside the model. */
static int read_beside(void *opaque, const char *location, uint64_t offset, size_t size,
                       uint8_t *to)
{
    const beside *model = opaque;
    const char *slash = strrchr(model->path, '/');
    int folder = slash ? (int)(slash - model->path) + 1 : 0;
    char path[3 * MI_TEXT_MAX];
    if (!stays_below(location))
        return mi_fail(model->log, MIEN_ERR_MODEL,
                       "'%.200s': its data file '%.200s' is not in its folder", model->path,
                       location);
    snprintf(path, sizeof path, "%.*s%s", folder, model->path, location);
    FILE *f = fopen(path, "rb");
    if (!f)
        return mi_fail(model->log, MIEN_ERR_IO, "'%.200s': its data file '%.200s': %s",
                       model->path, location, strerror(errno));
    bool ok = fseek(f, (long)offset, SEEK_SET) == 0 && fread(to, 1, size, f) == size;
    fclose(f);
    return ok ? MIEN_OK
              : mi_fail(model->log, MIEN_ERR_MODEL, "'%.200s': its data file '%.200s' is too short",
                        model->path, location);
}

/* Exporters write large values, or all of them, to a file of their own. */
static int bring_in(mi_model_file *file, mi_log *log)
{
    beside model = {file->path, log};
    uint8_t *made;
    size_t size;
    int status = mi_onnx_bring_in(&made, &size, (mi_view){file->bytes, file->size}, file->path,
                                  DATA_MAX, read_beside, &model, log);
    if (made) {
        free(file->bytes);
        file->bytes = made;
        file->size = size;
    }
    return status;
}

int mi_style_open(mi_model_file *file, const char *style, const char *models, mi_log *log)
{
    memset(file, 0, sizeof *file);
    int status = find_file(file->path, sizeof file->path, style, models, log);
    if (status == MIEN_OK)
        status = mi_model_read(file, "style file", log);
    if (status == MIEN_OK)
        status = bring_in(file, log);
    if (status != MIEN_OK)
        mi_model_close(file);
    return status;
}

/* The last of style-input's choices. */
enum { HOLD_FLAG = 7 };

bool mi_style_holds(uint32_t input)
{
    return input >> HOLD_FLAG & 1;
}

/* What values the network gives for a picture as it takes them, as far as that is known. */
static int look(const mi_model_file *file, const mi_style_fit *fit, const mi_image *in,
                mvk_device *device, float *low, float *high, mi_log *log)
{
    mi_graph *graph;
    int status = mi_style_probe(&graph, file, fit, log);
    if (status == MIEN_OK)
        status = mi_image_take(graph, in, log);
    if (status == MIEN_OK)
        status = mi_style_trial(graph, device, low, high, log);
    mi_graph_destroy(&graph);
    return status;
}

/* Fills in what neither the user nor the file says: what the network's ends tell, or else what it
 * makes of a picture. A line says what was taken. */
static int guess_images(mi_images *images, const mi_graph *bare, const mi_model_file *file,
                        const mi_style_fit *fit, mvk_device *device, mi_log *log)
{
    bool said = images->in.range != MI_RANGE_UNKNOWN && images->out.range != MI_RANGE_UNKNOWN &&
                images->in.order != MI_ORDER_UNKNOWN && images->out.order != MI_ORDER_UNKNOWN;
    float low = 1, high = 0; /* nothing */
    char in[32], out[32];
    if (!mi_images_of_network(images, bare) && images->out.range == MI_RANGE_UNKNOWN) {
        int status = look(file, fit, &images->in, device, &low, &high, log);
        if (status != MIEN_OK)
            return status;
    }
    mi_images_of_values(images, low, high);
    mi_log_write(log, MIEN_LOG_INFO, "style '%s': takes %s, gives %s%s", file->path,
                 mi_image_text(&images->in, in), mi_image_text(&images->out, out),
                 said ? "" : "; in part a guess, style-input and style-output can say it");
    return MIEN_OK;
}

int mi_style_graph(mi_graph **graph, const mi_model_file *file, const mi_style_fit *fit,
                   uint32_t input, uint32_t output, mvk_device *device, mi_log *log)
{
    mi_images images;
    int status = mi_images_of_words(&images, input, output, log);
    *graph = NULL;
    if (status == MIEN_OK)
        status = mi_style_bare(graph, file, fit, log);
    if (status == MIEN_OK)
        status = mi_images_of_file(&images, *graph, file->path, log);
    if (status == MIEN_OK)
        status = guess_images(&images, *graph, file, fit, device, log);
    if (status == MIEN_OK)
        status = mi_images_wrap(*graph, &images, log);
    if (status == MIEN_OK)
        status = mi_style_frame(*graph, fit, log);
    if (status != MIEN_OK)
        mi_graph_destroy(graph);
    return status;
}
