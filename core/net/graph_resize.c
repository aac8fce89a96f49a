/* Resize and Upsample. ONNX has eight ways to compute coordinates and four to round them; the
 * graph has five in all. They differ only in some scales, so the way that a model asks for is
 * compared with those that there are, value by value for the sizes at hand. */
#include "graph_build.h"

#include <math.h>

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
enum { NEAREST = 0, LINEAR, BILINEAR };
static const char *const mode_text[] = {"nearest", "linear", "bilinear"};

typedef struct axis {
    int64_t in, out;
    float scale;
} axis;

/* In float, as runtimes do. */
static float source(coordinate way, const axis *a, int64_t at)
{
    float x = (float)at, in = (float)a->in, out = (float)a->out;
    switch (way) {
    case HALF_PIXEL:
        return (x + 0.5f) / a->scale - 0.5f;
    case PYTORCH_HALF_PIXEL:
        return a->out > 1 ? (x + 0.5f) / a->scale - 0.5f : 0;
    case ALIGN_CORNERS:
        return a->out > 1 ? x * (in - 1) / (out - 1) : 0;
    case ASYMMETRIC:
        return x / a->scale;
    case TF_HALF_PIXEL:
        return (x + 0.5f) / a->scale;
    case HALF_PIXEL_SYMMETRIC:
        return in / 2 * (1 - out / (a->scale * in)) + (x + 0.5f) / a->scale - 0.5f;
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

static bool same_axis(const axis *a, bool is_nearest, const way *want, const way *have)
{
    if (want->coord == have->coord && (!is_nearest || want->round == have->round))
        return true;
    for (int64_t at = 0; at < a->out; at++) {
        float x, y;
        if (is_nearest) {
            x = nearest(want->coord, want->round, a, at);
            y = nearest(have->coord, have->round, a, at);
            if (x != y)
                return false;
        } else {
            x = clamped(source(want->coord, a, at), a);
            y = clamped(source(have->coord, a, at), a);
            if (!(fabsf(x - y) <= 1e-4f))
                return false;
        }
    }
    return true;
}

static int choose(const mi_build *b, const axis axes[2], bool is_nearest, const way *want,
                  mi_resize_mode *mode)
{
    for (size_t k = 0; k < sizeof ways / sizeof *ways; k++) {
        if ((ways[k].mode <= MI_RESIZE_NEAREST_ROUND) != is_nearest)
            continue;
        if (same_axis(&axes[0], is_nearest, want, &ways[k]) &&
            same_axis(&axes[1], is_nearest, want, &ways[k])) {
            *mode = ways[k].mode;
            return 0;
        }
    }
    return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "%s coordinates, %s, from %lldx%lld to %lldx%lld",
                         coordinate_text[want->coord],
                         is_nearest ? rounding_text[want->round] : "linear",
                         (long long)axes[1].in, (long long)axes[0].in, (long long)axes[1].out,
                         (long long)axes[0].out);
}

/* The scale or size of each of the four dimensions, in the order of the model. */
static int read_sizes(const mi_build *b, const int64_t dim[4], float scale[4], int64_t out[4])
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
    for (int32_t k = 0; k < 4; k++) {
        scale[k] = 1;
        out[k] = dim[k];
    }
    for (int32_t k = 0; k < axes; k++) {
        int32_t at;
        status = mi_build_axis(b, list[k], 4, &at);
        if (status < 0)
            return status;
        if (by_scale && !(scales[k] > 0 && scales[k] < 65536))
            return mi_build_fail(b, MIEN_ERR_MODEL, "a scale of %g", (double)scales[k]);
        if (!by_scale && (sizes[k] < 1 || sizes[k] > MI_ONNX_VALUES_MAX))
            return mi_build_fail(b, MIEN_ERR_MODEL, "a size of %lld", (long long)sizes[k]);
        scale[at] = by_scale ? scales[k] : (float)sizes[k] / (float)dim[at];
        out[at] = by_scale ? (int64_t)(scales[k] * (float)dim[at]) : sizes[k];
        if (out[at] < 1 || out[at] > SIDE_MAX)
            return mi_build_fail(b, MIEN_ERR_MODEL, "its result has a side of %lld",
                                 (long long)out[at]);
    }
    return 0;
}

static int read_way(const mi_build *b, bool *is_nearest, way *want)
{
    int32_t mode, coord = 0, round = 0;
    static const char *const stretch[] = {"stretch"};
    int status = mi_build_choice(b, "mode", mode_text, 3, &mode);
    if (status < 0)
        return status;
    *is_nearest = mode == NEAREST;
    if (mi_view_is(b->at->type, "Upsample") || b->model.opset < 11) {
        want->coord = ASYMMETRIC;
        want->round = FLOOR;
        return 0;
    }
    status = mi_build_choice(b, "coordinate_transformation_mode", coordinate_text, 6, &coord);
    if (status >= 0)
        status = mi_build_choice(b, "nearest_mode", rounding_text, 4, &round);
    int32_t ignored;
    if (status >= 0)
        status = mi_build_choice(b, "keep_aspect_ratio_policy", stretch, 1, &ignored);
    want->coord = (coordinate)coord;
    want->round = (rounding)round;
    return status;
}

int mi_build_resize(mi_build *b)
{
    mi_value *x;
    way want;
    bool is_nearest;
    int32_t antialias = 0, rank;
    int64_t dim[MI_ONNX_RANK], out[4];
    float scale[4];
    int status = mi_build_run(b, 0, true, &x);
    if (status >= 0)
        status = read_way(b, &is_nearest, &want);
    if (status >= 0)
        status = mi_build_int(b, "antialias", 0, 0, 1, &antialias);
    if (status < 0)
        return status;
    mi_build_dims(b, x, &rank, dim);
    status = read_sizes(b, dim, scale, out);
    if (status < 0)
        return status;
    int32_t rows = x->nhwc ? 1 : 2, channels = x->nhwc ? 3 : 1;
    if (out[0] != 1 || out[channels] != dim[channels])
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "scales the channels or the batch");
    axis axes[2];
    bool same = true;
    for (int32_t k = 0; k < 2; k++) {
        axes[k] = (axis){dim[rows + k], out[rows + k], scale[rows + k]};
        same = same && axes[k].in == axes[k].out && axes[k].scale == 1;
        if (antialias && axes[k].scale < 1)
            return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "antialias");
    }
    if (same)
        return mi_build_out_alias(b, x);
    mi_node *node;
    status = mi_build_node(b, MI_OP_RESIZE, x->tensor, dim[channels], axes[0].out, axes[1].out,
                           &node);
    if (status >= 0)
        status = choose(b, axes, is_nearest, &want, &node->resize);
    if (status < 0)
        return status;
    node->resize_scale_h = axes[0].scale;
    node->resize_scale_w = axes[1].scale;
    return mi_build_out_run(b, 0, node->out, x->nhwc);
}
