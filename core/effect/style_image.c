#include "style_image.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../net/protobuf.h"
#include "graph_edit.h"

static const char *const order_word[] = {NULL, "RGB", "BGR"}; /* in files */
static const char *const said_order[] = {NULL, "rgb", "bgr"}; /* in parameters */
static const char *const range_word[] = {NULL, "0..1", "-1..1", "0..255", "imagenet", "caffe"};
/* The choices of style-input: two orders, then the ranges. */
enum { ORDERS = 2, RANGES = 5 };

/* value of the model = value of mien * scale + shift, for red, green, blue */
typedef struct colours {
    float scale[3], shift[3];
} colours;

static const colours formula[] = {
    [MI_RANGE_UNIT] = {{1, 1, 1}, {0, 0, 0}},
    [MI_RANGE_SIGNED] = {{2, 2, 2}, {-1, -1, -1}},
    [MI_RANGE_BYTE] = {{255, 255, 255}, {0, 0, 0}},
    /* mean .485 .456 .406, deviation .229 .224 .225 */
    [MI_RANGE_IMAGENET] = {{4.3668122f, 4.4642857f, 4.4444444f},
                           {-2.1179039f, -2.0357143f, -1.8044444f}},
    [MI_RANGE_CAFFE] = {{255, 255, 255}, {-123.68f, -116.779f, -103.939f}},
};

static int one_of(uint32_t flags, int32_t first, int32_t count, const char *const *word,
                  const char *param, int32_t *found, mi_log *log)
{
    *found = 0;
    for (int32_t k = 0; k < count; k++) {
        if (!(flags >> (first + k) & 1))
            continue;
        if (*found)
            return mi_fail(log, MIEN_ERR_INVALID, "%s: %s and %s contradict each other", param,
                           word[*found], word[k + 1]);
        *found = k + 1;
    }
    return MIEN_OK;
}

static int image_of_words(mi_image *image, uint32_t flags, const char *param, mi_log *log)
{
    int32_t order = 0, range = 0;
    int status = one_of(flags, 0, ORDERS, said_order, param, &order, log);
    if (status == MIEN_OK)
        status = one_of(flags, ORDERS, RANGES, range_word, param, &range, log);
    *image = (mi_image){(mi_image_order)order, (mi_image_range)range};
    return status;
}

int mi_images_of_words(mi_images *images, uint32_t input, uint32_t output, mi_log *log)
{
    int status = image_of_words(&images->in, input, "style-input", log);
    return status == MIEN_OK ? image_of_words(&images->out, output, "style-output", log) : status;
}

typedef struct key_row {
    const char *key, *text;
    int32_t value;
} key_row;

/* A key's value by a table of its texts; 0 if the file has no such key. */
static int look_up(const mi_graph *g, const char *key, const char *const *word, int32_t words,
                   const char *name, int32_t *value, mi_log *log)
{
    const char *text = mi_graph_meta(g, key);
    char known[80] = "", found[MI_VIEW_TEXT];
    *value = 0;
    for (int32_t k = 1; text && k <= words; k++) {
        if (strcmp(text, word[k]) == 0) {
            *value = k;
            return MIEN_OK;
        }
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", k == 1 ? "" : ", ", word[k]);
    }
    if (!text)
        return MIEN_OK;
    mi_view_text((mi_view){(const uint8_t *)text, strlen(text)}, found);
    return mi_fail(log, MIEN_ERR_MODEL, "'%.200s': %s is '%.40s', none of %s", name, key, found,
                   known);
}

/* Those of ONNX's MetadataProps.md that fit. */
static const key_row standard_keys[] = {
    {"Image.BitmapPixelFormat", "Rgb8", MI_ORDER_RGB},
    {"Image.BitmapPixelFormat", "Bgr8", MI_ORDER_BGR},
    {"Image.NominalPixelRange", "Normalized_0_1", MI_RANGE_UNIT},
    {"Image.NominalPixelRange", "Normalized_1_1", MI_RANGE_SIGNED},
    {"Image.NominalPixelRange", "NominalRange_0_255", MI_RANGE_BYTE},
};

static int32_t standard_value(const mi_graph *g, const char *key)
{
    const char *text = mi_graph_meta(g, key);
    for (size_t k = 0; text && k < sizeof standard_keys / sizeof standard_keys[0]; k++)
        if (strcmp(key, standard_keys[k].key) == 0 && strcmp(text, standard_keys[k].text) == 0)
            return standard_keys[k].value;
    return 0;
}

static int image_of_file(mi_image *image, const mi_graph *g, const char *range_key,
                         const char *order_key, const char *name, mi_log *log)
{
    int32_t range = 0, order = 0;
    int status = look_up(g, range_key, range_word, RANGES, name, &range, log);
    if (status == MIEN_OK)
        status = look_up(g, order_key, order_word, ORDERS, name, &order, log);
    range = range ? range : standard_value(g, "Image.NominalPixelRange");
    order = order ? order : standard_value(g, "Image.BitmapPixelFormat");
    if (image->range == MI_RANGE_UNKNOWN)
        image->range = (mi_image_range)range;
    if (image->order == MI_ORDER_UNKNOWN)
        image->order = (mi_image_order)order;
    return status;
}

int mi_images_of_file(mi_images *images, const mi_graph *g, const char *name, mi_log *log)
{
    int status = image_of_file(&images->in, g, "mien.input.range", "mien.input.order", name, log);
    return status == MIEN_OK ? image_of_file(&images->out, g, "mien.output.range",
                                             "mien.output.order", name, log)
                             : status;
}

/* y = x * scale + shift, a mean over the channels. */
typedef struct line {
    double scale, shift;
} line;

static double mean_of(const mi_tensor *t)
{
    double sum = 0;
    size_t count = (size_t)t->c * (size_t)t->h * (size_t)t->w;
    for (size_t k = 0; k < count; k++)
        sum += (double)t->data[k];
    return sum / (double)count;
}

/* What a node does to values as such, if that is a line: *x is its run-time input. */
static bool line_of(const mi_graph *g, const mi_node *n, int32_t *x, line *l)
{
    *x = n->in[0];
    *l = (line){1, 0};
    switch (n->op) {
    case MI_OP_PAD:
    case MI_OP_RESIZE:
    case MI_OP_SLICE:
    case MI_OP_COPY:
    case MI_OP_DEPTH_TO_SPACE:
        return true;
    case MI_OP_ACT:
        *l = (line){n->act == MI_ACT_NEG ? -1 : 1, 0};
        return n->act == MI_ACT_NONE || n->act == MI_ACT_NEG || n->act == MI_ACT_FLOOR;
    case MI_OP_AFFINE:
        *l = (line){mean_of(&g->tensor[n->in[1]]), mean_of(&g->tensor[n->in[2]])};
        return true;
    case MI_OP_ADD:
    case MI_OP_SUB:
    case MI_OP_MUL:
    case MI_OP_DIV:
        break;
    default:
        return false;
    }
    bool left = g->tensor[n->in[0]].data != NULL;
    if (!left && !g->tensor[n->in[1]].data)
        return false;
    double c = mean_of(&g->tensor[n->in[left ? 0 : 1]]);
    *x = n->in[left ? 1 : 0];
    if (n->op == MI_OP_MUL)
        *l = (line){c, 0};
    else if (n->op == MI_OP_DIV)
        *l = (line){left ? 0 : 1 / c, 0};
    else if (n->op == MI_OP_ADD)
        *l = (line){1, c};
    else
        *l = (line){left ? -1 : 1, left ? c : -c};
    return l->scale < 0 || l->scale > 0;
}

static mi_image_range range_of(double low, double high)
{
    if (high - low > 12 || high > 12)
        return MI_RANGE_BYTE;
    return low < -0.25 ? MI_RANGE_SIGNED : MI_RANGE_UNIT;
}

/* The bounds of an activation's results. */
static bool bounds_of(const mi_node *n, double *low, double *high)
{
    bool known = n->op == MI_OP_ACT;
    *low = 0;
    *high = 1;
    if (known && (n->act == MI_ACT_TANH || n->act == MI_ACT_SOFTSIGN || n->act == MI_ACT_ERF))
        *low = -1;
    else if (known && n->act == MI_ACT_CLIP) {
        *low = (double)n->act_a;
        *high = (double)n->act_b;
        known = *high - *low < 1000;
    } else {
        known = known && (n->act == MI_ACT_SIGMOID || n->act == MI_ACT_HARD_SIGMOID);
    }
    return known;
}

static const mi_node *maker(const mi_graph *g, int32_t t)
{
    for (int32_t k = 0; k < g->nodes; k++)
        if (g->node[k].out == t)
            return &g->node[k];
    return NULL;
}

static mi_image_range range_behind(const mi_graph *g)
{
    int32_t t = g->output[0];
    line sum = {1, 0}, step;
    const mi_node *n;
    while ((n = maker(g, t)) != NULL) {
        double low, high;
        if (bounds_of(n, &low, &high)) {
            low = low * sum.scale + sum.shift;
            high = high * sum.scale + sum.shift;
            return range_of(fmin(low, high), fmax(low, high));
        }
        if (!line_of(g, n, &t, &step))
            break;
        sum.shift += sum.scale * step.shift;
        sum.scale *= step.scale;
    }
    return MI_RANGE_UNKNOWN;
}

/* The only reader of a tensor. */
static const mi_node *reader(const mi_graph *g, int32_t t)
{
    const mi_node *found = NULL;
    for (int32_t k = 0; k < g->nodes; k++)
        for (int32_t i = 0; i < g->node[k].inputs; i++)
            if (g->node[k].in[i] == t) {
                if (found && found != &g->node[k])
                    return NULL;
                found = &g->node[k];
            }
    return found;
}

/* Networks work on values about 1: what brings a picture there tells where it was. */
static mi_image_range range_ahead(const mi_graph *g)
{
    int32_t t = g->input, x;
    line sum = {1, 0}, step;
    const mi_node *n;
    bool any = false;
    while ((n = reader(g, t)) != NULL && line_of(g, n, &x, &step) && x == t) {
        any = any || step.scale < 1 || step.scale > 1 || step.shift < 0 || step.shift > 0;
        sum.shift = sum.shift * step.scale + step.shift;
        sum.scale *= step.scale;
        t = n->out;
    }
    double scale = fabs(sum.scale);
    if (!any)
        return MI_RANGE_UNKNOWN;
    if (scale < 0.1 || fabs(sum.shift) > 16)
        return MI_RANGE_BYTE;
    if ((scale > 1.5 && sum.shift < -0.2) || scale > 16)
        return MI_RANGE_UNIT;
    return scale < 0.75 && sum.shift > 0.25 ? MI_RANGE_SIGNED : MI_RANGE_UNKNOWN;
}

static bool is_plain(mi_image_range range)
{
    return range == MI_RANGE_UNIT || range == MI_RANGE_SIGNED || range == MI_RANGE_BYTE;
}

static void order_by_range(mi_image *image)
{
    if (image->order == MI_ORDER_UNKNOWN && image->range == MI_RANGE_CAFFE)
        image->order = MI_ORDER_BGR;
}

/* One side is taken to be like the other where that alone is known. */
static void even_out(mi_images *images)
{
    mi_image *in = &images->in, *out = &images->out;
    order_by_range(in);
    order_by_range(out);
    if (in->order == MI_ORDER_UNKNOWN)
        in->order = out->order;
    if (out->order == MI_ORDER_UNKNOWN)
        out->order = in->order;
    if (in->range == MI_RANGE_UNKNOWN && is_plain(out->range))
        in->range = out->range;
}

bool mi_images_of_network(mi_images *images, const mi_graph *g)
{
    if (images->in.range == MI_RANGE_UNKNOWN)
        images->in.range = g->bytes ? MI_RANGE_BYTE : range_ahead(g);
    if (images->out.range == MI_RANGE_UNKNOWN)
        images->out.range = range_behind(g);
    even_out(images);
    return images->in.range != MI_RANGE_UNKNOWN && images->out.range != MI_RANGE_UNKNOWN;
}

void mi_images_of_values(mi_images *images, float low, float high)
{
    /* Sharpened pictures of 0..1 go below 0 too, but not far. */
    double bottom = low < -0.4f ? (double)low : 0;
    if (images->out.range == MI_RANGE_UNKNOWN)
        images->out.range = low <= high ? range_of(bottom, (double)high) : MI_RANGE_UNIT;
    even_out(images);
    if (images->in.range == MI_RANGE_UNKNOWN)
        images->in.range = MI_RANGE_UNIT;
    if (images->in.order == MI_ORDER_UNKNOWN)
        images->in.order = images->out.order = MI_ORDER_RGB;
}

const char *mi_image_text(const mi_image *image, char text[32])
{
    snprintf(text, 32, "%s %s", order_word[image->order] ? order_word[image->order] : "?",
             range_word[image->range] ? range_word[image->range] : "?");
    return text;
}

/* Shares of gray, as BT.601 has them. */
static const float gray[3] = {0.299f, 0.587f, 0.114f};

/* Channel c of the model is a sum of colours, and the other way round. */
static void fill_in(const mi_image *image, int32_t channels, float *weight, float *bias)
{
    const colours *f = &formula[image->range];
    for (int32_t c = 0; c < channels; c++)
        for (int32_t k = 0; k < 3; k++) {
            int32_t colour = image->order == MI_ORDER_BGR ? 2 - c : c;
            float share = channels == 1 ? gray[k] : k == colour ? 1 : 0;
            weight[c * 3 + k] = share * f->scale[k];
            bias[c] += share * f->shift[k];
        }
}

static void fill_out(const mi_image *image, int32_t channels, float *weight, float *bias)
{
    const colours *f = &formula[image->range];
    for (int32_t k = 0; k < 3; k++) {
        int32_t from = channels == 1 ? 0 : image->order == MI_ORDER_BGR ? 2 - k : k;
        weight[k * channels + from] = 1 / f->scale[k];
        bias[k] = -f->shift[k] / f->scale[k];
    }
}

static bool does_nothing(const mi_image *image, int32_t channels)
{
    return channels == 3 && image->order == MI_ORDER_RGB && image->range == MI_RANGE_UNIT;
}

/* A 1x1 convolution that scales, shifts and mixes channels: ahead of the network or behind it. */
static int add_mix(mi_graph *g, const mi_image *image, bool ahead)
{
    const mi_tensor t = g->tensor[ahead ? g->input : g->output[0]];
    if (does_nothing(image, t.c))
        return MIEN_OK;
    int32_t out = ahead ? t.c : 3;
    float *weight = calloc(9, sizeof *weight), *bias = calloc(3, sizeof *bias);
    if (weight && bias)
        (ahead ? fill_in : fill_out)(image, t.c, weight, bias);
    int32_t w = mi_edit_constant(g, out, ahead ? 3 : t.c, 1, weight);
    int32_t b = mi_edit_constant(g, out, 1, 1, bias);
    mi_node node = {.op = MI_OP_CONV, .in = {-1, w, b}, .inputs = 3,
                    .conv = {.kh = 1, .kw = 1, .stride_h = 1, .stride_w = 1, .dilation_h = 1,
                             .dilation_w = 1, .groups = 1}};
    if (w < 0 || b < 0)
        return MIEN_ERR_NOMEM;
    return ahead ? mi_edit_front(g, &node, 3, t.h, t.w, "picture to model")
                 : mi_edit_back(g, &node, 3, t.h, t.w, "model to picture");
}

int mi_image_take(mi_graph *g, const mi_image *input, mi_log *log)
{
    mi_image in = *input;
    if (in.order == MI_ORDER_UNKNOWN)
        in.order = MI_ORDER_RGB;
    if (in.range == MI_RANGE_UNKNOWN)
        in.range = MI_RANGE_UNIT;
    int status = add_mix(g, &in, true);
    return status == MIEN_OK ? status : mi_fail(log, status, "out of memory");
}

int mi_images_wrap(mi_graph *g, const mi_images *images, mi_log *log)
{
    int status = mi_image_take(g, &images->in, log);
    if (status != MIEN_OK)
        return status;
    status = add_mix(g, &images->out, false);
    return status == MIEN_OK ? status : mi_fail(log, status, "out of memory");
}
