#include "stored_pair.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "onnx.h"

static const char KEY[] = "mien.check";
enum { SIZE_MAX_PIXELS = 4096, WORD = 80 };

/* The next word; false at the end, or if it is too long. */
static bool take_word(mi_view *text, char word[WORD])
{
    size_t n = 0;
    while (text->size && strchr(" \n\t\r", *text->data)) {
        text->data++;
        text->size--;
    }
    while (n < text->size && !strchr(" \n\t\r", text->data[n]))
        n++;
    if (n == 0 || n >= WORD)
        return false;
    memcpy(word, text->data, n);
    word[n] = '\0';
    text->data += n;
    text->size -= n;
    return true;
}

/* A whole word of digits, up to `most`. */
static bool to_number(const char *word, unsigned long most, unsigned long *number)
{
    char *end;
    if (word[0] < '0' || word[0] > '9')
        return false;
    *number = strtoul(word, &end, 10);
    return *end == '\0' && *number <= most;
}

static bool to_float(const char *word, float *value)
{
    char *end;
    if (strlen(word) != 8)
        return false;
    uint32_t bits = (uint32_t)strtoul(word, &end, 16);
    memcpy(value, &bits, sizeof *value);
    return *end == '\0' && isfinite(*value);
}

static bool take_number(mi_view *text, unsigned long most, unsigned long *number)
{
    char word[WORD];
    return take_word(text, word) && to_number(word, most, number);
}

static bool take_head(mi_pair *p, mi_view *text)
{
    char word[WORD];
    unsigned long h, w, seed;
    if (!take_word(text, word) || strcmp(word, "input") != 0 ||
        !take_number(text, SIZE_MAX_PIXELS, &h) || !take_number(text, SIZE_MAX_PIXELS, &w) ||
        !take_number(text, UINT32_MAX, &seed) || h == 0 || w == 0)
        return false;
    p->height = (int32_t)h;
    p->width = (int32_t)w;
    p->seed = (uint32_t)seed;
    return true;
}

static bool add_output(mi_pair *p, mi_view *text)
{
    char word[WORD];
    if (p->outputs == MI_GRAPH_OUTPUTS || !take_word(text, word) || strlen(word) >= MI_PAIR_NAME)
        return false;
    mi_pair_output *o = &p->output[p->outputs++];
    strcpy(o->name, word);
    return take_word(text, word) && to_float(word, &o->limit) && o->limit > 0;
}

static bool add_point(mi_pair *p, char *word)
{
    unsigned long at;
    char *colon = strchr(word, ':');
    mi_pair_output *o = p->outputs ? &p->output[p->outputs - 1] : NULL;
    if (!o || !colon || o->points == MI_PAIR_POINTS)
        return false;
    *colon = '\0';
    mi_pair_point *point = &o->point[o->points++];
    if (!to_number(word, INT32_MAX, &at) || !to_float(colon + 1, &point->value))
        return false;
    point->at = (int32_t)at;
    return true;
}

static bool parse(mi_pair *p, mi_view text)
{
    char word[WORD];
    bool good = take_head(p, &text);
    while (good && take_word(&text, word))
        good = strcmp(word, "output") == 0 ? add_output(p, &text) : add_point(p, word);
    for (int32_t i = 0; i < p->outputs; i++)
        good = good && p->output[i].points > 0;
    return good && text.size == 0 && p->outputs > 0;
}

int mi_pair_read(mi_pair *p, const void *bytes, size_t size, const char *name, mi_log *log)
{
    mi_onnx model;
    memset(p, 0, sizeof *p);
    int status = mi_onnx_read(&model, (mi_view){bytes, size}, name, log);
    for (int32_t i = 0; i < model.metas && status == MIEN_OK; i++) {
        const mi_onnx_meta *m = &model.meta[i];
        if (m->key.size == sizeof KEY - 1 && memcmp(m->key.data, KEY, m->key.size) == 0 &&
            !parse(p, m->value))
            status = mi_fail(log, MIEN_ERR_MODEL, "'%.200s': its %s is damaged", name, KEY);
    }
    mi_onnx_finish(&model);
    return status;
}

/* A hash of i, 0..1. */
static float noise(uint32_t i, uint32_t seed)
{
    uint32_t h = i * 2654435761u + seed * 40503u;
    h ^= h >> 16;
    h *= 0x85ebca6bu;
    h ^= h >> 13;
    h *= 0xc2b2ae35u;
    h ^= h >> 16;
    return (float)(h >> 8) / (float)(1 << 24);
}

void mi_pair_input(const mi_pair *p, int32_t channels, float *value)
{
    uint32_t i = 0;
    for (int32_t c = 0; c < channels; c++)
        for (int32_t y = 0; y < p->height; y++)
            for (int32_t x = 0; x < p->width; x++, i++) {
                float ramp = (float)(x + y + 1) / (float)(p->width + p->height);
                value[i] = (noise(i, p->seed) + ramp) / 2;
            }
}
