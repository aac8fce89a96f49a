#include "frei0r_instance.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frei0r_values.h"

/* Hosts hand over all parameters again and again: GStreamer at the start, Kdenlive before every
 * frame. So a value counts only when it differs from what the host said last; else the single
 * parameters, at their defaults, would undo what parameter 0 has set. */
struct instance {
    int32_t width, height;
    mien_filter *filter;
    bool started;         /* a frame was worked on */
    pthread_mutex_t lock; /* guards the rest */
    bool failed;          /* said so: frames pass unchanged until a parameter changes */
    size_t count;         /* of rows of the table */
    char **said;          /* [1 + count] texts that the host set last */
    char **shown;         /* [1 + count] texts that the host was given last, or NULL */
};

/* frei0r has no way to report an error to the host, so the user reads it on stderr. */
static void write_line(void *opaque, mien_log_level level, const char *line)
{
    (void)opaque;
    fprintf(stderr, "mien: %s%s\n", level == MIEN_LOG_WARNING ? "warning: " : "", line);
}

static const mien_param_info *find_row(int index)
{
    return &mien_params(NULL)[index - 1];
}

/* A row's default in the words that the host's own default comes in: "1", not "1.0". */
static char *default_text(const mien_param_info *row)
{
    char number[64];
    if (!values_is_number(row))
        return strdup(row->default_text);
    values_from_share(row, values_to_share(row, row->default_text), number, sizeof number);
    return strdup(number);
}

static bool fill_defaults(instance *self)
{
    self->said[0] = strdup("");
    bool ok = self->said[0] != NULL;
    for (size_t i = 1; i <= self->count; i++) {
        self->said[i] = default_text(find_row((int)i));
        ok = ok && self->said[i];
    }
    return ok;
}

instance *instance_create(unsigned width, unsigned height)
{
    mien_log log = {.write = write_line, .level = MIEN_LOG_WARNING};
    instance *self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    pthread_mutex_init(&self->lock, NULL);
    self->width = width > INT32_MAX ? INT32_MAX : (int32_t)width;
    self->height = height > INT32_MAX ? INT32_MAX : (int32_t)height;
    mien_params(&self->count);
    self->said = calloc(self->count + 1, sizeof *self->said);
    self->shown = calloc(self->count + 1, sizeof *self->shown);
    if (!self->said || !self->shown || !fill_defaults(self) ||
        mien_filter_create(&self->filter, &log) != MIEN_OK) {
        instance_destroy(self);
        return NULL;
    }
    return self;
}

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; texts && i < count; i++)
        free(texts[i]);
    free(texts);
}

void instance_destroy(instance *self)
{
    if (!self)
        return;
    mien_filter_destroy(&self->filter);
    free_texts(self->said, self->count + 1);
    free_texts(self->shown, self->count + 1);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

/* An emptied parameter 0 leaves what the single parameters say. */
static void apply_singles(instance *self)
{
    for (size_t i = 1; i <= self->count; i++)
        mien_filter_set(self->filter, find_row((int)i)->name, self->said[i]);
}

static void apply(instance *self, int index)
{
    const char *text = self->said[index];
    self->failed = false;
    if (index > 0)
        mien_filter_set(self->filter, find_row(index)->name, text);
    else if (*text)
        mien_filter_set_all(self->filter, text);
    else
        apply_singles(self);
}

void instance_set(instance *self, int index, const void *value)
{
    char number[64];
    const char *text = number;
    if (!value || index < 0 || (size_t)index > self->count)
        return;
    if (index > 0 && values_is_number(find_row(index)))
        values_from_share(find_row(index), *(const double *)value, number, sizeof number);
    else
        text = *(char *const *)value;
    if (!text)
        text = "";

    pthread_mutex_lock(&self->lock);
    char *copy = strcmp(self->said[index], text) == 0 ? NULL : strdup(text);
    if (copy) {
        free(self->said[index]);
        self->said[index] = copy;
        apply(self, index);
    }
    pthread_mutex_unlock(&self->lock);
}

void instance_get(instance *self, int index, void *value)
{
    char text[VALUES_TEXT_MAX] = "";
    if (!value || index < 0 || (size_t)index > self->count)
        return;
    if (index > 0)
        mien_filter_get(self->filter, find_row(index)->name, text, sizeof text);
    if (index > 0 && values_is_number(find_row(index))) {
        *(double *)value = values_to_share(find_row(index), text);
        return;
    }
    pthread_mutex_lock(&self->lock);
    char *copy = strdup(index > 0 ? text : self->said[0]);
    if (copy) {
        free(self->shown[index]);
        self->shown[index] = copy;
    }
    *(char **)value = self->shown[index];
    pthread_mutex_unlock(&self->lock);
}

static bool has_failed(instance *self)
{
    pthread_mutex_lock(&self->lock);
    bool failed = self->failed;
    pthread_mutex_unlock(&self->lock);
    return failed;
}

/* The library is not asked again at every frame: its line would come every time, and so would
 * the search for a device or a file. */
static void note_failure(instance *self)
{
    fprintf(stderr, "mien: frames pass unchanged from here on\n");
    pthread_mutex_lock(&self->lock);
    self->failed = true;
    pthread_mutex_unlock(&self->lock);
}

/* The library reads no environment: the folder that the user's names is for the plugin to tell,
 * unless the host does. */
static void choose_cache(mien_filter *filter)
{
    const char *base = getenv("XDG_CACHE_HOME");
    char folder[VALUES_TEXT_MAX];
    if (mien_filter_get(filter, "cache", folder, sizeof folder) < 0 || folder[0] || !base ||
        base[0] != '/')
        return;
    int n = snprintf(folder, sizeof folder, "%s/mien", base);
    if (n > 0 && (size_t)n < sizeof folder)
        mien_filter_set(filter, "cache", folder);
}

void instance_update(instance *self, const uint32_t *in, uint32_t *out)
{
    ptrdiff_t stride = (ptrdiff_t)self->width * 4;
    mien_frame from = {.format = MIEN_FORMAT_RGBA,
                       .width = self->width,
                       .height = self->height,
                       .data = {(uint8_t *)in}, /* only read */
                       .stride = {stride},
                       .pts_ns = MIEN_NO_PTS}; /* hosts' times cannot be used: unset or unitless */
    mien_frame to = from;
    to.data[0] = (uint8_t *)out;
    if (!has_failed(self) && !mien_filter_is_bypass(self->filter)) {
        if (!self->started)
            choose_cache(self->filter);
        self->started = true;
        if (mien_filter_process(self->filter, &from, &to) >= 0)
            return;
        note_failure(self);
    }
    if (in != out)
        memcpy(out, in, (size_t)stride * (size_t)self->height);
}
