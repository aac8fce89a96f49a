#include "style.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "style_image.h"

enum { ALIGN_DEFAULT = 4, ALIGN_MAX = 64, PROBE = 64, SCALE_MAX = 16 };

/* Multiply-accumulates a frame that fit a device class at a quality. CPU, auto: what two cores
 * of 2020s servers do in about half of a 25 frames/s period with these kernels. */
static double mac_budget(const mvk_device *device, mi_quality quality)
{
    static const double cpu[] = {[MI_QUALITY_AUTO] = 0.36e9, [MI_QUALITY_LOW] = 0.16e9,
                                 [MI_QUALITY_HIGH] = 1.5e9};
    static const double gpu[] = {[MI_QUALITY_AUTO] = 4e9, [MI_QUALITY_LOW] = 1e9,
                                 [MI_QUALITY_HIGH] = 16e9};
    return device->type == VK_PHYSICAL_DEVICE_TYPE_CPU ? cpu[quality] : gpu[quality];
}

/* Pixels of the network's picture above which blending alone would cost too much. */
static double pixel_budget(const mvk_device *device)
{
    return device->type == VK_PHYSICAL_DEVICE_TYPE_CPU ? 0.26e6 : 2.2e6;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "a, b, c" of the styles in a folder. */
static void list_styles(const char *folder, char *list, size_t size)
{
    enum { NAMES = 64 };
    char *name[NAMES];
    size_t names = 0;
    list[0] = '\0';
    DIR *dir = opendir(folder);
    if (!dir)
        return;
    for (struct dirent *e; names < NAMES && (e = readdir(dir)) != NULL;) {
        size_t n = strlen(e->d_name);
        char path[2 * MI_TEXT_MAX];
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (n > 11 && strncmp(e->d_name, "style-", 6) == 0 &&
            strcmp(e->d_name + n - 5, ".onnx") == 0 && mi_is_file(path)) {
            e->d_name[n - 5] = '\0';
            name[names] = strdup(e->d_name + 6);
            names += name[names] != NULL;
        }
    }
    closedir(dir);
    qsort(name, names, sizeof name[0], compare_names);
    for (size_t i = 0; i < names; i++) {
        size_t used = strlen(list);
        snprintf(list + used, size - used, "%s%s", i ? ", " : "", name[i]);
        free(name[i]);
    }
}

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
    list_styles(folder, list, sizeof list);
    if (!list[0])
        return mi_fail(log, MIEN_ERR_IO, "style '%.60s': there are no models in '%.200s'", style,
                       folder);
    return mi_fail(log, MIEN_ERR_IO, "there is no style '%.60s'; there are: %s", style, list);
}

int mi_style_open(mi_model_file *file, const char *style, const char *models, mi_log *log)
{
    memset(file, 0, sizeof *file);
    int status = find_file(file->path, sizeof file->path, style, models, log);
    return status == MIEN_OK ? mi_model_read(file, "style file", log) : status;
}

static int32_t round_up(int32_t v, int32_t to)
{
    return (v + to - 1) / to * to;
}

int mi_style_choose_scale(const mi_model_file *file, const mvk_device *device, mi_quality quality,
                          int32_t width, int32_t height, int32_t *scale, int32_t *w, int32_t *h,
                          mi_log *log)
{
    int32_t fixed_h, fixed_w;
    int status = mi_onnx_input_size(file->bytes, file->size, file->path, &fixed_h, &fixed_w, log);
    if (status != MIEN_OK)
        return status;
    if (fixed_h || fixed_w)
        return mi_fail(log, MIEN_ERR_UNSUPPORTED,
                       "'%.200s' takes pictures of %dx%d only; export it with dynamic height and "
                       "width", file->path, (int)fixed_w, (int)fixed_h);
    mi_graph *probe = NULL;
    status = mi_graph_from_onnx(&probe, file->bytes, file->size, file->path, PROBE, PROBE, log);
    if (status != MIEN_OK)
        return status;
    double mac_pixel = probe->mac / (PROBE * PROBE);
    const char *text = mi_graph_meta(probe, "mien.align");
    long align = text ? strtol(text, NULL, 10) : ALIGN_DEFAULT;
    mi_graph_destroy(&probe);
    if (align < 1 || align > ALIGN_MAX)
        return mi_fail(log, MIEN_ERR_MODEL, "'%.200s': mien.align is %ld, not 1..%d", file->path,
                       align, ALIGN_MAX);
    for (*scale = 1; *scale <= SCALE_MAX; ++*scale) {
        *w = round_up((width + *scale - 1) / *scale, (int32_t)align);
        *h = round_up((height + *scale - 1) / *scale, (int32_t)align);
        double pixels = (double)*w * *h;
        if (pixels <= pixel_budget(device) && pixels * mac_pixel <= mac_budget(device, quality))
            return MIEN_OK;
    }
    *scale = SCALE_MAX; /* a heavy network on a slow device runs, but not live */
    return MIEN_OK;
}

int mi_style_graph(mi_graph **graph, const mi_model_file *file, int32_t w, int32_t h, mi_log *log)
{
    int status = mi_graph_from_onnx(graph, file->bytes, file->size, file->path, h, w, log);
    if (status != MIEN_OK)
        return status;
    const mi_tensor *in = &(*graph)->tensor[(*graph)->input];
    const mi_tensor *out = &(*graph)->tensor[(*graph)->output[0]];
    if (in->c == 3 && out->c == 3 && out->h == h && out->w == w)
        status = mi_style_wrap(*graph, file->path, log);
    else
        status = mi_fail(log, MIEN_ERR_MODEL,
                         "'%.200s' makes %dx%dx%d of a %dx%dx%d picture: a style takes and gives "
                         "3 channels of one size", file->path, (int)out->w, (int)out->h,
                         (int)out->c, (int)w, (int)h, (int)in->c);
    if (status != MIEN_OK)
        mi_graph_destroy(graph);
    return status;
}
