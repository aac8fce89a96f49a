#include "pack.h"

#include <stdlib.h>
#include <string.h>

int32_t mi_blob_take(mi_blob *blob, size_t vec4s)
{
    size_t need = blob->vec4s + vec4s;
    if (need > blob->capacity || !blob->data) { /* also for nothing: an address to add to */
        size_t capacity = need + need / 2 + 256;
        float *data = need > INT32_MAX ? NULL : realloc(blob->data, capacity * 4 * sizeof(float));
        if (!data) {
            blob->failed = true;
            return 0;
        }
        blob->data = data;
        blob->capacity = capacity;
    }
    int32_t at = (int32_t)blob->vec4s;
    memset(blob->data + blob->vec4s * 4, 0, vec4s * 4 * sizeof(float));
    blob->vec4s = need;
    return at;
}

void mi_blob_free(mi_blob *blob)
{
    free(blob->data);
    memset(blob, 0, sizeof *blob);
}

static size_t quads(int32_t channels)
{
    return ((size_t)channels + 3) / 4;
}

/* Weight from input channel ci to output channel co at a tap; 0 across groups. */
static float weight_at(const mi_filter_bank *b, int32_t co, int32_t ci, int32_t tap)
{
    int32_t taps = b->kh * b->kw, ci_group = b->ci / b->groups, co_group = b->co / b->groups;
    if (co / co_group != ci / ci_group)
        return 0;
    int64_t filter = b->transpose ? (int64_t)ci * co_group + co % co_group
                                  : (int64_t)co * ci_group + ci % ci_group;
    float w = b->weight[filter * taps + tap];
    return b->scale ? w * b->scale[co] : w;
}

int32_t mi_pack_dense(mi_blob *blob, const mi_filter_bank *b, int32_t width, const int32_t *order)
{
    size_t taps = (size_t)b->kh * (size_t)b->kw, ci_quads = quads(b->ci);
    size_t block = (taps * 4 * (size_t)width + 31) / 32 * 8;
    size_t blocks = ((size_t)b->co + (size_t)width - 1) / (size_t)width;
    int32_t at = mi_blob_take(blob, blocks * ci_quads * block);
    if (blob->failed)
        return 0;
    for (int32_t o = 0; o < b->co; o++) {
        int32_t co = order ? order[o] : o;
        for (int32_t ci = 0; ci < b->ci; ci++) {
            size_t part = (size_t)(o / width) * ci_quads + (size_t)ci / 4;
            float *to = blob->data + ((size_t)at + part * block) * 4;
            for (size_t t = 0; t < taps; t++)
                to[(t * 4 + (size_t)ci % 4) * (size_t)width + (size_t)(o % width)] =
                    weight_at(b, co, ci, (int32_t)t);
        }
    }
    return at;
}

int32_t mi_pack_pair(mi_blob *blob, const mi_filter_bank *depth, const mi_filter_bank *point,
                     int32_t width)
{
    enum { TAPS = 9 };
    size_t ci_quads = quads(point->ci), first = TAPS + 1; /* vec4 before the 1x1's */
    size_t block = (first + (size_t)width + 7) / 8 * 8;
    size_t blocks = ((size_t)point->co + (size_t)width - 1) / (size_t)width;
    int32_t at = mi_blob_take(blob, blocks * ci_quads * block);
    if (blob->failed)
        return 0;
    for (size_t b = 0; b < blocks; b++)
        for (int32_t ci = 0; ci < point->ci; ci++) {
            size_t part = b * ci_quads + (size_t)ci / 4, channel = (size_t)ci % 4;
            float *to = blob->data + ((size_t)at + part * block) * 4;
            for (size_t t = 0; t < TAPS; t++)
                to[t * 4 + channel] = weight_at(depth, ci, ci, (int32_t)t);
            to[TAPS * 4 + channel] = depth->bias ? depth->bias[ci] : 0;
            for (int32_t o = 0; o < width && (int32_t)b * width + o < point->co; o++)
                to[first * 4 + channel * (size_t)width + (size_t)o] =
                    weight_at(point, (int32_t)b * width + o, ci, 0);
        }
    return at;
}

/* The nearest half, ties to even; 65504 for what is larger. No number stays none. */
static uint32_t half_of(float value)
{
    uint32_t bits, sign;
    memcpy(&bits, &value, sizeof bits);
    sign = bits >> 16 & 0x8000;
    bits &= 0x7fffffff;
    if (bits > 0x7f800000)
        return sign | 0x7e00;
    if (bits >= 0x477fe000)
        return sign | 0x7bff;
    if (bits < 0x33000000)
        return sign;
    /* below 2^-14 a half has a fixed step: the fraction with its leading one is moved there */
    uint32_t exponent = bits >> 23, shift = exponent < 113 ? 126 - exponent : 13;
    uint32_t whole = exponent < 113 ? (bits & 0x7fffff) | 0x800000 : bits - (112u << 23);
    uint32_t half = whole >> shift, rest = whole & ((1u << shift) - 1), middle = 1u << (shift - 1);
    return sign | (half + (rest > middle || (rest == middle && (half & 1))));
}

static void put_half(float *row, size_t lane, float value)
{
    uint32_t word, half = half_of(value);
    memcpy(&word, row + lane / 2, sizeof word);
    word |= half << (lane % 2 * 16);
    memcpy(row + lane / 2, &word, sizeof word);
}

int32_t mi_pack_matrix(mi_blob *blob, const mi_filter_bank *b, int32_t part, const int32_t *order,
                       bool halves)
{
    size_t taps = (size_t)b->kh * (size_t)b->kw;
    size_t columns = ((size_t)b->co + (size_t)part - 1) / (size_t)part;
    size_t width = halves ? (columns + 1) / 2 : columns;
    int32_t at = mi_blob_take(blob, quads(b->ci) * taps * 4 * width);
    if (blob->failed)
        return 0;
    for (int32_t o = 0; o < b->co; o++) {
        int32_t co = order ? order[o] : o;
        size_t lane = (size_t)(o / part) * 4 + (size_t)(o % part);
        for (int32_t ci = 0; ci < b->ci; ci++)
            for (size_t t = 0; t < taps; t++) {
                size_t row = ((size_t)ci / 4 * taps + t) * 4 + (size_t)ci % 4;
                float *to = blob->data + ((size_t)at + row * width) * 4;
                float w = weight_at(b, co, ci, (int32_t)t);
                if (halves)
                    put_half(to, lane, w);
                else
                    to[lane] = w;
            }
    }
    return at;
}

int32_t mi_pack_small(mi_blob *blob, const mi_filter_bank *b)
{
    enum { WIDTH = 32 }; /* channels of a block, in and out */
    size_t taps = (size_t)b->kh * (size_t)b->kw;
    size_t in = ((size_t)b->ci + WIDTH - 1) / WIDTH, out = ((size_t)b->co + WIDTH - 1) / WIDTH;
    int32_t at = mi_blob_take(blob, out * taps * in * WIDTH * WIDTH / 4);
    if (blob->failed)
        return 0;
    for (int32_t co = 0; co < b->co; co++)
        for (int32_t ci = 0; ci < b->ci; ci++)
            for (size_t t = 0; t < taps; t++) {
                size_t block = ((size_t)co / WIDTH * taps + t) * in + (size_t)ci / WIDTH;
                size_t row = block * WIDTH + (size_t)ci % WIDTH;
                blob->data[(size_t)at * 4 + row * WIDTH + (size_t)co % WIDTH] =
                    weight_at(b, co, ci, (int32_t)t);
            }
    return at;
}

int32_t mi_pack_depthwise(mi_blob *blob, const mi_filter_bank *b)
{
    size_t taps = (size_t)b->kh * (size_t)b->kw;
    int32_t at = mi_blob_take(blob, quads(b->co) * taps);
    if (blob->failed)
        return 0;
    for (int32_t c = 0; c < b->co; c++)
        for (size_t t = 0; t < taps; t++)
            blob->data[((size_t)at + (size_t)c / 4 * taps + t) * 4 + (size_t)c % 4] =
                weight_at(b, c, c, (int32_t)t);
    return at;
}

int32_t mi_pack_transpose(mi_blob *blob, const mi_filter_bank *b)
{
    size_t taps = (size_t)b->kh * (size_t)b->kw, ci_quads = quads(b->ci);
    int32_t at = mi_blob_take(blob, quads(b->co) * ci_quads * taps * 4);
    if (blob->failed)
        return 0;
    for (int32_t co = 0; co < b->co; co++)
        for (int32_t ci = 0; ci < b->ci; ci++)
            for (size_t t = 0; t < taps; t++) {
                size_t part = ((size_t)co / 4 * ci_quads + (size_t)ci / 4) * taps + t;
                blob->data[((size_t)at + part * 4 + (size_t)ci % 4) * 4 + (size_t)co % 4] =
                    weight_at(b, co, ci, (int32_t)t);
            }
    return at;
}

int32_t mi_pack_bias(mi_blob *blob, const mi_filter_bank *b, int32_t part, int32_t parts,
                     const int32_t *order)
{
    size_t stored = ((size_t)b->co + (size_t)part - 1) / (size_t)part;
    int32_t at = mi_blob_take(blob, (stored + (size_t)parts - 1) / (size_t)parts * (size_t)parts);
    if (blob->failed)
        return 0;
    for (int32_t o = 0; o < b->co; o++) {
        int32_t co = order ? order[o] : o;
        float bias = b->bias ? b->bias[co] : 0;
        if (b->scale)
            bias = bias * b->scale[co] + b->shift[co];
        blob->data[((size_t)at + (size_t)(o / part)) * 4 + (size_t)(o % part)] = bias;
    }
    return at;
}

int32_t mi_pack_vector(mi_blob *blob, const float *values, int32_t channels, bool broadcast)
{
    int32_t at = mi_blob_take(blob, quads(channels));
    if (blob->failed)
        return 0;
    for (int32_t c = 0; c < channels; c++)
        blob->data[(size_t)at * 4 + (size_t)c] = values[broadcast ? 0 : c];
    return at;
}

int32_t mi_pack_tensor(mi_blob *blob, const mi_tensor *t)
{
    size_t plane = (size_t)t->h * (size_t)t->w;
    int32_t at = mi_blob_take(blob, quads(t->c) * plane);
    if (blob->failed)
        return 0;
    for (int32_t c = 0; c < t->c; c++)
        for (size_t i = 0; i < plane; i++)
            blob->data[((size_t)at + (size_t)c / 4 * plane + i) * 4 + (size_t)c % 4] =
                t->data[(size_t)c * plane + i];
    return at;
}
