/* Device, stream, style and faces are brought in line with what is asked for, and opened again when
 * they are lost. */
#include <stdio.h>
#include <string.h>

#include "filter_open.h"
#include "filter_wish.h"

static void drop_stream(mien_filter *f)
{
    mi_stream_destroy(&f->stream);
    f->strength = 0;
}

/* The old device and what was made on it go only when the new one is there. */
static int change_device(mien_filter *f, const char *selector)
{
    mvk_device *made;
    mvk_device_config config = {.selector = selector,
                                .cache = f->now.value[MI_PARAM_CACHE].text,
                                .skip = f->wrong_devices};
    int status = mvk_device_create(&made, &config, &f->log);
    if (status != MIEN_OK)
        return status;
    drop_stream(f);
    mvk_device_destroy(&f->device);
    f->device = made;
    if (selector != f->device_selector)
        snprintf(f->device_selector, sizeof f->device_selector, "%s", selector);
    return MIEN_OK;
}

/* Opens the device that is wanted, unless it is open or the old one still fades a style out. */
static int open_device(mien_filter *f)
{
    const char *selector = f->now.value[MI_PARAM_DEVICE].text;
    bool same = strcmp(selector, f->device_selector) == 0;
    if (f->device && (same || mi_filter_is_fading(f)))
        return MIEN_OK;
    uint32_t wrong = f->wrong_devices;
    if (!same)
        f->wrong_devices = 0; /* another wish, another choice */
    int status = change_device(f, selector);
    if (status != MIEN_OK)
        f->wrong_devices = wrong;
    if (status != MIEN_OK && f->device) {
        mi_wish_keep_device(f);
        return MIEN_OK;
    }
    return status;
}

/* Takes the next device where this one was found to compute wrongly. False: it was not, or there
 * is no other one. */
static bool leave_wrong_device(mien_filter *f)
{
    if (!f->device || !f->device->wrong)
        return false;
    double strength = f->strength;
    f->wrong_devices |= 1u << f->device->index;
    if (change_device(f, f->device_selector) != MIEN_OK) {
        f->wrong_devices &= ~(1u << f->device->index); /* it is right for what runs on it */
        f->device->wrong = false;
        return false;
    }
    f->strength = strength; /* the style goes on there */
    mi_log_write(&f->log, MIEN_LOG_WARNING, "device '%s' is used instead", f->device->name);
    return true;
}

/* A device, and a stream for frames like `frame`. */
static int open_stream(mien_filter *f, const mien_frame *frame)
{
    int status = open_device(f);
    if (status != MIEN_OK || f->stream)
        return status;
    return mi_stream_create(&f->stream, f->device, frame, &f->log);
}

static int make_style(mien_filter *f, const mien_frame *frame)
{
    int status = open_stream(f, frame);
    if (status == MIEN_OK)
        status = mi_stream_set_style(f->stream, &f->now);
    if (status == MIEN_OK)
        f->style_params = f->now;
    return status;
}

/* Brings the style in line with what is wanted. A change fades the old one out first and the new
 * one in, so nothing pops. A device that is lost over it is no fault of the style: it is still
 * wanted on the next one. */
static int update_style(mien_filter *f, const mien_frame *in, bool had_style)
{
    double strength = f->strength;
    if (!mi_wish_has_style(&f->now) || mi_filter_is_current(f) || mi_filter_is_fading(f))
        return MIEN_OK;
    int status = open_device(f);
    if (status == MIEN_OK && !mi_filter_is_current(f)) /* it is if only the device was wrong */
        status = make_style(f, in);
    while (status != MIEN_OK && leave_wrong_device(f))
        status = make_style(f, in);
    if (status != MIEN_OK && status != MIEN_ERR_DEVICE_LOST && had_style) {
        mi_wish_keep_style(f);
        status = mi_filter_has_style(f) ? MIEN_OK : make_style(f, in);
    }
    f->strength = strength;
    return status;
}

/* In faces alone a style is drawn more finely. */
static int update_views(mien_filter *f)
{
    bool faces = f->now.value[MI_PARAM_STYLE_AREA].number == MI_AREA_FACE;
    return faces && mi_filter_has_style(f) ? mi_stream_add_views(f->stream) : MIEN_OK;
}

/* Loads the effects on faces that are wanted or still fade; *effect: the one that failed. */
static int add_effects(mien_filter *f, int *effect)
{
    mi_effect_wish wanted = mi_effect_wish_of(&f->now);
    int status = MIEN_OK;
    for (*effect = 0; *effect < MI_EFFECTS; ++*effect) {
        if (wanted.number[*effect] != 0 || f->effects.number[*effect] != 0)
            status = mi_stream_add_effect(f->stream, (mi_effect)*effect, &f->now);
        if (status != MIEN_OK)
            return status;
    }
    return status;
}

/* Has the face analysis and the effects on faces at hand if they are wanted. One that cannot be had
 * while the stream runs is no longer wanted, unless it shows: a stream must not go on bare. */
static int update_faces(mien_filter *f, const mien_frame *in)
{
    int effect = MI_EFFECTS;
    if (!mi_filter_needs_faces(f))
        return MIEN_OK;
    int status = open_stream(f, in);
    if (status != MIEN_OK)
        return status;
    status = mi_stream_add_faces(f->stream, &f->now);
    bool found = status == MIEN_OK;
    if (found)
        status = add_effects(f, &effect);
    if (status != MIEN_OK && leave_wrong_device(f)) {
        status = update_style(f, in, true);
        return status == MIEN_OK ? update_faces(f, in) : status;
    }
    if (found && status != MIEN_OK && status != MIEN_ERR_DEVICE_LOST &&
        mi_stream_has_effect(f->stream, (mi_effect)effect))
        return update_faces(f, in); /* it goes on with the network that it has */
    bool shows = found ? effect < MI_EFFECTS && f->effects.number[effect] != 0
                       : mi_effect_wish_any(&f->effects);
    if (status == MIEN_OK || status == MIEN_ERR_DEVICE_LOST || f->frames == 0 || shows)
        return status;
    if (found)
        mi_wish_drop_effect(f, (mi_effect)effect);
    else
        mi_wish_drop_faces(f);
    return update_faces(f, in); /* the others */
}

/* Once in a stream. */
static void say_recovery(mien_filter *f)
{
    f->recovered = true;
    mi_log_write(&f->log, MIEN_LOG_WARNING, "device '%s' was lost: it is opened again",
                 f->device->name);
}

/* What is lost or does not fit the frame goes; what is wanted and lacking is made. */
static int update_stream(mien_filter *f, const mien_frame *in)
{
    bool had_style = mi_filter_has_style(f);
    double strength = f->strength;
    if (f->device && f->device->lost) {
        if (f->recovered)
            return mi_fail(&f->log, MIEN_ERR_DEVICE_LOST, "device '%s' was lost again",
                           f->device->name);
        say_recovery(f);
        drop_stream(f);
        mvk_device_destroy(&f->device);
    }
    if (f->stream && !mi_frame_same_shape(mi_stream_shape(f->stream), in))
        mi_stream_destroy(&f->stream);
    f->strength = strength;
    int status = update_style(f, in, had_style);
    if (status == MIEN_OK)
        status = update_views(f);
    if (status == MIEN_OK)
        status = update_faces(f, in);
    if (status == MIEN_OK && mi_wish_has_work(&f->now, f->analysis_now))
        status = open_stream(f, in);
    return status;
}

int mi_filter_bring_up(mien_filter *f, const mien_frame *in)
{
    int status = update_stream(f, in);
    if (status == MIEN_ERR_DEVICE_LOST && !f->recovered)
        status = update_stream(f, in);
    return status;
}

int mi_filter_recover(mien_filter *f, const mien_frame *in, const mien_frame *out,
                      mi_stream_values *values)
{
    if (f->recovered)
        return MIEN_ERR_DEVICE_LOST;
    say_recovery(f);
    mi_stream *stream = f->stream;
    f->stream = NULL; /* out of change_device()'s reach */
    mi_stream_close(stream);
    double strength = f->strength;
    int status = change_device(f, f->device_selector);
    f->strength = strength;
    f->stream = stream;
    if (status == MIEN_OK)
        status = mi_stream_reopen(stream, f->device, &f->style_params, &f->now);
    if (status != MIEN_OK) {
        drop_stream(f);
        return status;
    }
    values->again = values->style_fresh = true;
    return mi_stream_run(stream, in, out, values);
}
