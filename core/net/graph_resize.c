/* Resize and Upsample. ONNX has six ways to compute coordinates, four to round them and three to
 * interpolate; the graph's kernels know five of them all. They differ only in some scales, so the
 * way that a model asks for is compared with these, value by value for the sizes at hand; what is
 * none of them becomes a table of weights. */
#include "graph_build.h"

#include <math.h>
#include <stdlib.h>

typedef enum coordinate {
    HALF_PIXEL = 0, /* the default */
    PYTORCH_HALF_PIXEL,
    ALIGN_CORNERS,
    ASYMMETRIC,
    TF_HALF_PIXEL,
    HALF_PIXEL_SYMMETRIC
} coordinate;

static const char *const coordinate_text[] = {
    "half_pixel", "pytorch_half_pixel",   "align_corners",
    "asymmetric", "tf_half_pixel_for_nn", "half_pixel_symmetric"};

typedef enum rounding { PREFER_FLOOR = 0, PREFER_CEIL, FLOOR, CEIL } rounding;
static const char *const rounding_text[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                            "ceil"};

enum { SIDE_MAX = 1 << 16 };
enum { NEAREST = 0, LINEAR, BILINEAR, CUBIC };
static const char *const mode_text[] = {"nearest", "linear", "bilinear", "cubic"};

typedef struct axis {
    int64_t in, out;
    float scale;
    float length; /* of the result, before it is rounded down; what align_corners goes by */
} axis;

/* In float, as runtimes do. */
static float source(coordinate way, const axis *a, int64_t at)
{
    float x = (float)at, in = (float)a->in, out = a->length;
    switch (way) {
    case HALF_PIXEL:
        return (x + 0.5f) / a->scale - 0.5f;
    case PYTORCH_HALF_PIXEL:
        return a->out > 1 ? (x + 0.5f) / a->scale - 0.5f : 0;
    case ALIGN_CORNERS:
        return a->out > 1 && out > 1 ? x * (in - 1) / (out - 1) : 0;
    case ASYMMETRIC:
        return x / a->scale;
    case TF_HALF_PIXEL:
        return (x + 0.5f) / a->scale;
    case HALF_PIXEL_SYMMETRIC:
        return in / 2 * (1 - (float)a->out / (a->scale * in)) + (x + 0.5f) / a->scale - 0.5f;
    }
    return 0;
}

static float clamped(float x, const axis *a)
{
    return x > 0 ? fminf(x, (float)(a->in - 1)) : 0;
}

static float nearest(coordinate way, rounding round, const axis *a, int64_t at)
{
    float x = source(way, a, at), down = floorf(x);
    switch (round) {
    case PREFER_FLOOR:
        x = ceilf(x - 0.5f);
        break;
    case PREFER_CEIL:
        x = floorf(x + 0.5f);
        break;
    case FLOOR:
        x = down;
        break;
    case CEIL:
        x = ceilf(x);
        break;
    }
    return clamped(x, a);
}

typedef struct way {
    mi_resize_mode mode;
    coordinate coord;
    rounding round;
} way;

static const way ways[] = {
    {MI_RESIZE_NEAREST_FLOOR, ASYMMETRIC, FLOOR},
    {MI_RESIZE_NEAREST_ROUND, HALF_PIXEL, PREFER_FLOOR},
    {MI_RESIZE_LINEAR_HALF_PIXEL, HALF_PIXEL, FLOOR},
    {MI_RESIZE_LINEAR_ALIGN_CORNERS, ALIGN_CORNERS, FLOOR},
    {MI_RESIZE_LINEAR_ASYMMETRIC, ASYMMETRIC, FLOOR},
};

typedef struct request {
    way by;
    int32_t mode; /* NEAREST and so on */
    bool antialias, exclude_outside;
    float cubic;
} request;

static bool same_axis(const axis *a, const request *want, const way *have)
{
    for (int64_t at = 0; at < a->out; at++) {
        if (want->mode == NEAREST) {
            float x = nearest(want->by.coord, want->by.round, a, at);
            float y = nearest(have->coord, have->round, a, at);
            if (x < y || x > y)
                return false;
        } else {
            axis plain = *a; /* the kernel knows whole lengths */
            plain.length = (float)a->out;
            float x = clamped(source(want->by.coord, a, at), a);
            float y = clamped(source(have->coord, &plain, at), a);
            if (!(fabsf(x - y) <= 1e-4f))
                return false;
        }
    }
    return true;
}

static mi_resize_mode choose(const axis axes[2], const request *want)
{
    bool is_nearest = want->mode == NEAREST;
    bool wide = want->antialias && (axes[0].scale < 1 || axes[1].scale < 1);
    if (want->mode == CUBIC || (wide && !is_nearest) || want->exclude_outside)
        return MI_RESIZE_TABLE;
    for (size_t k = 0; k < sizeof ways / sizeof *ways; k++)
        if ((ways[k].mode <= MI_RESIZE_NEAREST_ROUND) == is_nearest &&
            same_axis(&axes[0], want, &ways[k]) && same_axis(&axes[1], want, &ways[k]))
            return ways[k].mode;
    return MI_RESIZE_TABLE;
}

/* Keys' cubic convolution, and a triangle. */
static double kernel_at(const request *want, double x)
{
    double a = want->cubic;
    x = fabs(x);
    if (want->mode != CUBIC)
        return x < 1 ? 1 - x : 0;
    if (x < 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/* How far a kernel reaches, in samples of the source. */
static double kernel_reach(const request *want, const axis *a)
{
    double reach = want->mode == NEAREST ? 0 : want->mode == CUBIC ? 2 : 1;
    return want->antialias && a->scale < 1 ? reach / (double)a->scale : reach;
}

/* The weights for place `at`: a window of `taps` sources from *first on. */
static void weigh(const axis *a, const request *want, int64_t at, int32_t taps, float *first,
                  float *weight)
{
    bool is_nearest = want->mode == NEAREST;
    float x = is_nearest ? nearest(want->by.coord, want->by.round, a, at)
                         : source(want->by.coord, a, at);
    double reach = kernel_reach(want, a), sum = 0;
    double squeeze = want->antialias && a->scale < 1 ? (double)a->scale : 1;
    int64_t low = (int64_t)ceil((double)x - reach), high = (int64_t)floor((double)x + reach);
    int64_t begin = low < 0 ? 0 : low;
    begin = begin > a->in - taps ? a->in - taps : begin;
    for (int32_t k = 0; k < taps; k++)
        weight[k] = 0;
    for (int64_t k = low; k <= high; k++) {
        bool outside = k < 0 || k >= a->in;
        int64_t from = k < 0 ? 0 : k >= a->in ? a->in - 1 : k;
        double w = is_nearest ? 1 : kernel_at(want, ((double)k - (double)x) * squeeze);
        if ((outside && want->exclude_outside) || from < begin || from >= begin + taps)
            continue;
        weight[from - begin] += (float)w;
        sum += w;
    }
    for (int32_t k = 0; k < taps; k++)
        weight[k] = (float)(weight[k] / (fabs(sum) > 0 ? sum : 1));
    *first = (float)begin;
}

static int add_table(mi_build *b, const axis *a, const request *want, int32_t *taps,
                     int32_t *tensor)
{
    double most = 2 * kernel_reach(want, a) + 1;
    *taps = (int32_t)(most < (double)a->in ? most : (double)a->in);
    int64_t width = (*taps + 4) / 4 * 4;
    float *data;
    int status = mi_build_values(b, width * a->out, &data);
    if (status < 0)
        return status;
    for (int64_t at = 0; at < a->out; at++)
        weigh(a, want, at, *taps, data + at * width, data + at * width + 1);
    return mi_build_data(b, data, 1, (int32_t)a->out, (int32_t)width, tensor);
}

/* The scale or size of each of the four dimensions, in the order of the model. */
static int read_sizes(const mi_build *b, const int64_t dim[4], axis each[4])
{
    bool upsample = mi_view_is(b->at->type, "Upsample");
    bool old = upsample || b->model.opset < 11;
    float scales[4];
    int64_t sizes[4], list[4] = {0, 1, 2, 3};
    int32_t scale_count, size_count = -1, axes = -1;
    int status = mi_build_floats(b, "scales", old ? 1 : 2, scales, 4, &scale_count);
    if (status >= 0 && !old)
        status = mi_build_list(b, "sizes", 3, sizes, 4, &size_count);
    if (status >= 0 && !old)
        status = mi_build_list(b, "axes", -1, list, 4, &axes);
    if (status < 0)
        return status;
    axes = axes < 0 ? 4 : axes;
    bool by_scale = scale_count > 0;
    if ((by_scale ? scale_count : size_count) != axes || (by_scale && size_count > 0))
        return mi_build_fail(b, MIEN_ERR_MODEL, "wants either scales or sizes, for %d dimensions",
                             (int)axes);
    for (int32_t k = 0; k < 4; k++)
        each[k] = (axis){dim[k], dim[k], 1, (float)dim[k]};
    for (int32_t k = 0; k < axes; k++) {
        int32_t at;
        status = mi_build_axis(b, list[k], 4, &at);
        if (status < 0)
            return status;
        if (by_scale && !(scales[k] > 0 && scales[k] < 65536))
            return mi_build_fail(b, MIEN_ERR_MODEL, "a scale of %g", (double)scales[k]);
        if (!by_scale && (sizes[k] < 1 || sizes[k] > MI_ONNX_VALUES_MAX))
            return mi_build_fail(b, MIEN_ERR_MODEL, "a size of %lld", (long long)sizes[k]);
        axis *a = &each[at];
        a->scale = by_scale ? scales[k] : (float)sizes[k] / (float)dim[at];
        a->out = by_scale ? (int64_t)(scales[k] * (float)dim[at]) : sizes[k];
        a->length = by_scale ? scales[k] * (float)dim[at] : (float)sizes[k];
        if (a->out < 1 || a->out > SIDE_MAX)
            return mi_build_fail(b, MIEN_ERR_MODEL, "its result has a side of %lld",
                                 (long long)a->out);
    }
    return 0;
}

static int read_request(const mi_build *b, request *want)
{
    int32_t coord = 0, round = 0, ignored, antialias = 0, exclude = 0;
    static const char *const stretch[] = {"stretch"};
    *want = (request){.by = {.coord = ASYMMETRIC, .round = FLOOR}};
    int status = mi_build_choice(b, "mode", mode_text, 4, &want->mode);
    if (status < 0 || mi_view_is(b->at->type, "Upsample") || b->model.opset < 11)
        return status;
    status = mi_build_choice(b, "coordinate_transformation_mode", coordinate_text, 6, &coord);
    if (status >= 0)
        status = mi_build_choice(b, "nearest_mode", rounding_text, 4, &round);
    if (status >= 0)
        status = mi_build_choice(b, "keep_aspect_ratio_policy", stretch, 1, &ignored);
    if (status >= 0)
        status = mi_build_int(b, "antialias", 0, 0, 1, &antialias);
    if (status >= 0)
        status = mi_build_int(b, "exclude_outside", 0, 0, 1, &exclude);
    if (status >= 0)
        status = mi_build_float(b, "cubic_coeff_a", -0.75f, &want->cubic);
    want->by.coord = (coordinate)coord;
    want->by.round = (rounding)round;
    want->antialias = antialias;
    want->exclude_outside = exclude;
    return status;
}

static int emit_resize(mi_build *b, int32_t x, int64_t c, const axis axes[2],
                       const request *want, int32_t *tensor)
{
    int32_t rows = -1, columns = -1, taps_h = 0, taps_w = 0;
    mi_resize_mode mode = choose(axes, want);
    int status = 0;
    if (mode == MI_RESIZE_TABLE)
        status = add_table(b, &axes[0], want, &taps_h, &rows);
    if (status >= 0 && mode == MI_RESIZE_TABLE)
        status = add_table(b, &axes[1], want, &taps_w, &columns);
    mi_node *node;
    if (status >= 0)
        status = mi_build_node(b, MI_OP_RESIZE, x, c, axes[0].out, axes[1].out, &node);
    if (status < 0)
        return status;
    if (mode == MI_RESIZE_TABLE) {
        mi_build_connect(b, node, rows);
        mi_build_connect(b, node, columns);
    }
    node->resize = mode;
    node->resize_taps_h = taps_h;
    node->resize_taps_w = taps_w;
    node->resize_scale_h = axes[0].scale;
    node->resize_scale_w = axes[1].scale;
    *tensor = node->out;
    return 0;
}

/* The result lies like x, with other rows and columns. */
int mi_build_resize(mi_build *b)
{
    mi_value *in, x;
    request want;
    int32_t rank, size[4];
    int64_t dim[MI_ONNX_RANK];
    axis each[4];
    mi_axis at[MI_LAYOUT_RANK];
    int status = mi_build_run(b, 0, &in);
    if (status >= 0)
        status = read_request(b, &want);
    if (status < 0)
        return status;
    mi_build_dims(in, &rank, dim);
    if (rank != 4)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "input 0 has %d dimensions, not 4",
                             (int)rank);
    status = read_sizes(b, dim, each);
    if (status < 0)
        return status;
    bool changed[4], any = false;
    for (int32_t k = 0; k < 4; k++) {
        changed[k] = each[k].out != dim[k] || each[k].scale < 1 || each[k].scale > 1;
        any = any || changed[k];
    }
    if (!any)
        return mi_build_out(b, 0, in);
    /* Of N,C,H,W or N,H,W,C. */
    int32_t rows = changed[1] ? 1 : 2, others = changed[1] ? 3 : 1;
    if (changed[0] || changed[others])
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "scales the channels or the batch");
    at[0] = at[others] = MI_AXIS_C;
    at[rows] = MI_AXIS_H;
    at[rows + 1] = MI_AXIS_W;
    x = *in;
    mi_layout_make(&x.layout, rank, in->layout.dim, at, -1);
    status = mi_build_lay(b, in, &x.layout, &x.tensor);
    if (status >= 0)
        status = emit_resize(b, x.tensor, dim[0] * dim[others], &each[rows], &want, &x.tensor);
    if (status < 0)
        return status;
    for (int32_t k = 0; k < 4; k++)
        size[k] = (int32_t)each[k].out;
    mi_layout_make(&x.layout, rank, size, at, -1);
    return mi_build_out(b, 0, &x);
}
