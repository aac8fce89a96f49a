#include "style_fit.h"

#include <math.h>
#include <stdlib.h>

#include "../net/plan.h"
#include "graph_edit.h"

enum { ALIGN_DEFAULT = 4, ALIGN_MAX = 64, SCALE_MAX = 16, TIMES_MAX = 8, BORDER_MAX = 64 };
/* Sizes at which a network is tried: no squares, and multiples of ALIGN_MAX. */
enum { SMALL_W = 64, SMALL_H = 128, LARGE_W = 128, LARGE_H = 192 };

/* Multiply-accumulates a frame that fit a device class at a quality. CPU, auto: with
 * motion and blending two cores of 2020s servers then make 25 frames/s of 1280x720 and have half of
 * their time left (README, Cost). */
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

/* Bytes of the arena that a network may take: blending and the frame's own share lie there too. */
static double arena_budget(const mvk_device *device)
{
    return 0.8 * (double)device->limits.maxStorageBufferRange;
}

/* Fewer pixels make nothing that is worth a look: a heavy network on a slow device rather runs
 * slower than live. */
static double pixel_floor(mi_quality quality)
{
    static const double pixels[] = {[MI_QUALITY_AUTO] = 256 * 144, [MI_QUALITY_LOW] = 0,
                                    [MI_QUALITY_HIGH] = 512 * 288};
    return pixels[quality];
}

static int32_t round_up(int32_t v, int32_t to)
{
    return (v + to - 1) / to * to;
}

static int32_t divide_up(int32_t v, int32_t by)
{
    return (v + by - 1) / by;
}

/* What a network makes of a size. */
typedef struct outcome {
    int32_t w, h;
    double mac;
    double bytes; /* of the arena; only if asked for */
    long align; /* as the file says; 0: it does not */
} outcome;

static int plan_bytes(const mi_graph *g, double *bytes, mi_log *log)
{
    mi_plan plan;
    int status = mi_plan_create(&plan, g, false, log);
    if (status != MIEN_OK)
        return status;
    *bytes = (double)plan.vec4s * 16;
    mi_plan_destroy(&plan);
    return MIEN_OK;
}

static int try_size(const mi_model_file *file, int32_t w, int32_t h, bool count_bytes, outcome *o,
                    mi_log *log)
{
    mi_graph *g;
    int status = mi_graph_of_size(&g, file->bytes, file->size, file->path, h, w, log);
    if (status != MIEN_OK)
        return status;
    const mi_tensor *in = &g->tensor[g->input], *out = &g->tensor[g->output[0]];
    const char *align = mi_graph_meta(g, "mien.align");
    *o = (outcome){.w = out->w, .h = out->h, .mac = g->mac,
                   .align = align ? strtol(align, NULL, 10) : 0};
    if ((in->c != 3 && in->c != 1) || (out->c != 3 && out->c != 1))
        status = mi_fail(log, MIEN_ERR_MODEL,
                         "'%.200s' makes %d channels of %d: a style takes and gives 3 or 1",
                         file->path, (int)out->c, (int)in->c);
    else if (align && (o->align < 1 || o->align > ALIGN_MAX))
        status = mi_fail(log, MIEN_ERR_MODEL, "'%.200s': mien.align is %ld, not 1..%d",
                         file->path, o->align, ALIGN_MAX);
    if (status == MIEN_OK && count_bytes)
        status = plan_bytes(g, &o->bytes, log);
    mi_graph_destroy(&g);
    return status;
}

/* How output and input sizes are related at any size: out = in * up / down - 2 * border. */
typedef struct relation {
    int32_t up, down, border;
    int32_t align;      /* of the input */
    double mac_pixel, bytes_pixel; /* of the input */
} relation;

static bool holds_along(const relation *r, int32_t in, int64_t out)
{
    return out * r->down == (int64_t)(in - 2 * r->border) * r->up;
}

static bool holds(const relation *r, int32_t w, int32_t h, const outcome *o)
{
    return holds_along(r, w, o->w) && holds_along(r, h, o->h);
}

/* From what became of the two sizes. */
static bool relate(const outcome *small, const outcome *large, relation *r)
{
    *r = (relation){1, 1, 0, 0, large->mac / (LARGE_W * LARGE_H),
                    large->bytes / (LARGE_W * LARGE_H)};
    for (int32_t times = 1; times <= TIMES_MAX; times++) {
        r->up = times;
        r->down = 1;
        if (holds(r, SMALL_W, SMALL_H, small) && holds(r, LARGE_W, LARGE_H, large))
            return true;
        r->up = 1;
        r->down = times;
        if (holds(r, SMALL_W, SMALL_H, small) && holds(r, LARGE_W, LARGE_H, large))
            return true;
    }
    r->down = 1;
    r->border = (SMALL_W - small->w) / 2;
    return r->border > 0 && r->border <= BORDER_MAX && holds(r, SMALL_W, SMALL_H, small) &&
           holds(r, LARGE_W, LARGE_H, large);
}

/* The smallest number of which sizes must be multiples for that; 0: none. */
static int32_t find_align(const mi_model_file *file, const relation *r)
{
    outcome o;
    for (int32_t align = ALIGN_DEFAULT; align <= ALIGN_MAX; align *= 2) {
        int32_t unit = align < 16 ? 16 / align : 1; /* small enough to be quick */
        int32_t w = align * (4 * unit + 1), h = align * (3 * unit + 2);
        if (try_size(file, w, h, false, &o, NULL) == MIEN_OK && holds(r, w, h, &o))
            return align;
    }
    return 0;
}

/* Runs the network at any size? With a log, a line says why not. */
static int find_relation(const mi_model_file *file, relation *r, mi_log *log)
{
    outcome small, large;
    int status = try_size(file, SMALL_W, SMALL_H, false, &small, log);
    if (status == MIEN_OK)
        status = try_size(file, LARGE_W, LARGE_H, true, &large, log);
    if (status != MIEN_OK)
        return status;
    if (!relate(&small, &large, r))
        return mi_fail(log, MIEN_ERR_MODEL,
                       "'%.200s' makes %dx%d of %dx%d and %dx%d of %dx%d: neither the same size "
                       "nor a whole part or multiple of it", file->path, (int)small.w,
                       (int)small.h, SMALL_W, SMALL_H, (int)large.w, (int)large.h, LARGE_W,
                       LARGE_H);
    r->align = small.align ? (int32_t)small.align : find_align(file, r);
    if (!r->align)
        return mi_fail(log, MIEN_ERR_MODEL,
                       "'%.200s': its output's size follows the input's at no multiple of %d",
                       file->path, ALIGN_MAX);
    return MIEN_OK;
}

/* Does what was chosen last fit the memory that the device can show at once? */
static bool fits_arena(const mi_style_fit *f, const relation *r, const mvk_device *device)
{
    return (double)f->net_w * f->net_h * r->bytes_pixel <= arena_budget(device);
}

/* The network runs on the frame at a fraction of its size that fits the device. */
static void fit_free(mi_style_fit *f, const relation *r, const mvk_device *device,
                     mi_quality quality, int32_t width, int32_t height)
{
    int32_t margin = 2 * r->border;
    for (int32_t scale = 1; scale <= SCALE_MAX; scale++) {
        int32_t w = divide_up(width, scale * r->up), h = divide_up(height, scale * r->up);
        if (scale > 1 && (double)w * h < pixel_floor(quality) && fits_arena(f, r, device))
            break;
        f->scale = scale;
        f->net_w = round_up(w + margin, r->align);
        f->net_h = round_up(h + margin, r->align);
        f->inner_w = f->net_w - margin;
        f->inner_h = f->net_h - margin;
        f->w = f->inner_w * r->up;
        f->h = f->inner_h * r->up;
        double net = (double)f->net_w * f->net_h, picture = (double)f->w * f->h;
        if (picture <= pixel_budget(device) && fits_arena(f, r, device) &&
            net * r->mac_pixel <= mac_budget(device, quality))
            break;
    }
    f->left = f->top = r->border;
    f->out_w = f->crop_w = f->inner_w * r->up / r->down;
    f->out_h = f->crop_h = f->inner_h * r->up / r->down;
    f->crop_x = f->crop_y = 0;
}

/* The frame as it is into a size that does not fit it: the whole of it, its proportions kept, the
 * rest mirrored. */
static void fit_held(mi_style_fit *f, const outcome *o, int32_t width, int32_t height)
{
    double fit_w = (double)f->fixed_w / width, fit_h = (double)f->fixed_h / height;
    double by = fit_w < fit_h ? fit_w : fit_h;
    f->net_w = f->fixed_w;
    f->net_h = f->fixed_h;
    f->inner_w = (int32_t)lrint(fmax(1, fmin(f->fixed_w, width * by)));
    f->inner_h = (int32_t)lrint(fmax(1, fmin(f->fixed_h, height * by)));
    /* A mirror shows less than there is. */
    f->inner_w = f->inner_w > f->fixed_w / 3 ? f->inner_w : f->fixed_w / 3 + 1;
    f->inner_h = f->inner_h > f->fixed_h / 3 ? f->inner_h : f->fixed_h / 3 + 1;
    f->left = (f->fixed_w - f->inner_w) / 2;
    f->top = (f->fixed_h - f->inner_h) / 2;
    /* More detail than the network gives would be none. */
    double x = (double)o->w / f->net_w, y = (double)o->h / f->net_h;
    f->scale = (int32_t)lrint(fmax(1, fmin(SCALE_MAX, width / (f->inner_w * fmax(1, x)))));
    f->w = round_up(divide_up(width, f->scale), ALIGN_DEFAULT);
    f->h = round_up(divide_up(height, f->scale), ALIGN_DEFAULT);
    f->out_w = o->w;
    f->out_h = o->h;
    f->crop_x = (int32_t)lrint(f->left * x);
    f->crop_y = (int32_t)lrint(f->top * y);
    f->crop_w = (int32_t)lrint(fmax(1, fmin(o->w - f->crop_x, f->inner_w * x)));
    f->crop_h = (int32_t)lrint(fmax(1, fmin(o->h - f->crop_y, f->inner_h * y)));
}

int mi_style_fit_to(mi_style_fit *f, const mi_model_file *file, const mvk_device *device,
                    mi_quality quality, int32_t width, int32_t height, bool hold, mi_log *log)
{
    relation r;
    outcome o;
    *f = (mi_style_fit){.scale = 1};
    int status = mi_onnx_input_size(file->bytes, file->size, file->path, &f->fixed_h,
                                    &f->fixed_w, log);
    if (status != MIEN_OK)
        return status;
    bool declared = f->fixed_w > 0 && f->fixed_h > 0;
    f->held = declared && (hold || find_relation(file, &r, NULL) != MIEN_OK);
    if (!declared)
        status = find_relation(file, &r, log);
    if (f->held)
        status = try_size(file, f->fixed_w, f->fixed_h, false, &o, log);
    if (status != MIEN_OK)
        return status;
    if (f->held)
        fit_held(f, &o, width, height);
    else
        fit_free(f, &r, device, quality, width, height);
    return MIEN_OK;
}

int mi_style_bare(mi_graph **graph, const mi_model_file *file, const mi_style_fit *f,
                  mi_log *log)
{
    int status = mi_graph_of_size(graph, file->bytes, file->size, file->path, f->net_h, f->net_w,
                                  log);
    if (status != MIEN_OK)
        return status;
    const mi_tensor *out = &(*graph)->tensor[(*graph)->output[0]];
    if (out->w == f->out_w && out->h == f->out_h)
        return MIEN_OK;
    status = mi_fail(log, MIEN_ERR_MODEL, "'%.200s' makes %dx%d of %dx%d, not %dx%d", file->path,
                     (int)out->w, (int)out->h, (int)f->net_w, (int)f->net_h, (int)f->out_w,
                     (int)f->out_h);
    mi_graph_destroy(graph);
    return status;
}

int mi_style_probe(mi_graph **graph, const mi_model_file *file, const mi_style_fit *f,
                   mi_log *log)
{
    return mi_graph_of_size(graph, file->bytes, file->size, file->path,
                            f->held ? f->fixed_h : SMALL_H, f->held ? f->fixed_w : SMALL_W, log);
}

static mi_node resize_node(int32_t from_w, int32_t from_h, int32_t w, int32_t h)
{
    mi_node node = {.op = MI_OP_RESIZE, .inputs = 1, .resize = MI_RESIZE_LINEAR_HALF_PIXEL,
                    .resize_scale_h = (float)h / (float)from_h,
                    .resize_scale_w = (float)w / (float)from_w};
    return node;
}

/* To a size that the network takes: means of whole pixels where that is possible. */
static mi_node shrink_node(const mi_style_fit *f)
{
    int32_t by = f->w / f->inner_w;
    if (by < 2 || f->inner_w * by != f->w || f->inner_h * by != f->h)
        return resize_node(f->w, f->h, f->inner_w, f->inner_h);
    mi_node node = {.op = MI_OP_AVERAGE_POOL, .inputs = 1,
                    .conv = {.kh = by, .kw = by, .stride_h = by, .stride_w = by,
                             .dilation_h = 1, .dilation_w = 1, .groups = 1}};
    return node;
}

static int frame_front(mi_graph *g, const mi_style_fit *f)
{
    int status = MIEN_OK;
    int32_t right = f->net_w - f->inner_w - f->left, bottom = f->net_h - f->inner_h - f->top;
    if (f->left || f->top || right || bottom) {
        mi_node pad = {.op = MI_OP_PAD, .inputs = 1, .pad_mode = MI_PAD_REFLECT,
                       .pad = {.t = f->top, .l = f->left, .b = bottom, .r = right}};
        status = mi_edit_front(g, &pad, 3, f->inner_h, f->inner_w, "mirrored border");
    }
    if (status == MIEN_OK && (f->w != f->inner_w || f->h != f->inner_h)) {
        mi_node shrink = shrink_node(f);
        status = mi_edit_front(g, &shrink, 3, f->h, f->w, "to the network's size");
    }
    return status;
}

static int frame_back(mi_graph *g, const mi_style_fit *f)
{
    int status = MIEN_OK;
    if (f->crop_w != f->out_w || f->crop_h != f->out_h) {
        mi_node crop = {.op = MI_OP_SLICE, .inputs = 1,
                        .begin = {.h = f->crop_y, .w = f->crop_x}, .step = {1, 1, 1}};
        status = mi_edit_back(g, &crop, 3, f->crop_h, f->crop_w, "without the border");
    }
    if (status == MIEN_OK && (f->w != f->crop_w || f->h != f->crop_h)) {
        mi_node grow = resize_node(f->crop_w, f->crop_h, f->w, f->h);
        status = mi_edit_back(g, &grow, 3, f->h, f->w, "to the picture's size");
    }
    return status;
}

int mi_style_frame(mi_graph *g, const mi_style_fit *f, mi_log *log)
{
    int status = frame_front(g, f);
    if (status == MIEN_OK)
        status = frame_back(g, f);
    return status == MIEN_OK ? status : mi_fail(log, status, "out of memory");
}
