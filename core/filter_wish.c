/* What a filter is asked for, and what is taken back of it. */
#include <string.h>

#include "filter_wish.h"

bool mi_wish_has_style(const mi_params *p)
{
    return p->value[MI_PARAM_STYLE].text[0] && p->value[MI_PARAM_STYLE_STRENGTH].number > 0;
}

/* Do these parameters need faces? */
static bool wants_faces(const mi_params *p, bool analysis)
{
    mi_effect_wish effects = mi_effect_wish_of(p);
    unsigned overlay = (unsigned)p->value[MI_PARAM_OVERLAY].number;
    return analysis || mi_effect_wish_any(&effects) ||
           (overlay & ~(unsigned)MI_OVERLAY_TIMING) != 0 ||
           (mi_wish_has_style(p) && p->value[MI_PARAM_STYLE_AREA].number != MI_AREA_FRAME);
}

bool mi_wish_has_work(const mi_params *p, bool analysis)
{
    return mi_wish_has_style(p) || wants_faces(p, analysis) ||
           p->value[MI_PARAM_OVERLAY].number != 0;
}

static bool same_value(const mi_params *a, const mi_params *b, mi_param_id id)
{
    return a->value[id].number == b->value[id].number &&
           strcmp(a->value[id].text, b->value[id].text) == 0;
}

/* What a style is made of. */
static const mi_param_id makes_style[] = {MI_PARAM_STYLE, MI_PARAM_STYLE_INPUT,
                                          MI_PARAM_STYLE_OUTPUT, MI_PARAM_MODELS,
                                          MI_PARAM_DEVICE, MI_PARAM_QUALITY};
enum { MAKE_STYLE = sizeof makes_style / sizeof makes_style[0] };

/* Would these parameters make the same style? */
static bool same_style(const mi_params *a, const mi_params *b)
{
    for (int i = 0; i < MAKE_STYLE; i++)
        if (!same_value(a, b, makes_style[i]))
            return false;
    return true;
}

bool mi_filter_has_style(const mien_filter *f)
{
    return f->stream && mi_stream_has_style(f->stream);
}

bool mi_filter_is_current(const mien_filter *f)
{
    return mi_filter_has_style(f) && mi_wish_has_style(&f->now) &&
           same_style(&f->style_params, &f->now);
}

bool mi_filter_is_covering(const mien_filter *f)
{
    return f->stream && mi_stream_is_covering(f->stream);
}

bool mi_filter_needs_faces(const mien_filter *f)
{
    bool in_areas = mi_filter_has_style(f) && f->strength > 0 && !mi_area_is_frame(f->shares);
    return wants_faces(&f->now, f->analysis_now) || mi_effect_wish_any(&f->effects) || in_areas ||
           mi_filter_is_covering(f);
}

bool mi_filter_is_fading(const mien_filter *f)
{
    return mi_filter_has_style(f) && !f->fresh && f->strength > 0;
}

void mi_wish_keep_device(mien_filter *f)
{
    pthread_mutex_lock(&f->lock);
    bool still_wanted = same_value(&f->wanted, &f->now, MI_PARAM_DEVICE);
    memcpy(f->now.value[MI_PARAM_DEVICE].text, f->device_selector, sizeof f->device_selector);
    if (still_wanted)
        f->wanted.value[MI_PARAM_DEVICE] = f->now.value[MI_PARAM_DEVICE];
    pthread_mutex_unlock(&f->lock);
}

void mi_wish_keep_style(mien_filter *f)
{
    pthread_mutex_lock(&f->lock);
    bool still_wanted = same_style(&f->wanted, &f->now);
    for (int i = 0; i < MAKE_STYLE; i++) {
        mi_param_id id = makes_style[i];
        f->now.value[id] = f->style_params.value[id];
        if (still_wanted)
            f->wanted.value[id] = f->style_params.value[id];
    }
    pthread_mutex_unlock(&f->lock);
}

static void drop_faces_wish(mi_params *p)
{
    double *overlay = &p->value[MI_PARAM_OVERLAY].number;
    *overlay = (unsigned)*overlay & MI_OVERLAY_TIMING;
    p->value[MI_PARAM_STYLE_AREA].number = MI_AREA_FRAME;
    for (int i = 0; i < MI_EFFECTS; i++)
        mi_effect_wish_drop(p, (mi_effect)i);
}

void mi_wish_drop_faces(mien_filter *f)
{
    pthread_mutex_lock(&f->lock);
    drop_faces_wish(&f->wanted);
    drop_faces_wish(&f->now);
    f->analysis = f->analysis_now = false;
    f->shares = mi_area_shares_of(MI_AREA_FRAME);
    pthread_mutex_unlock(&f->lock);
}

void mi_wish_drop_effect(mien_filter *f, mi_effect effect)
{
    pthread_mutex_lock(&f->lock);
    mi_effect_wish_drop(&f->wanted, effect);
    mi_effect_wish_drop(&f->now, effect);
    pthread_mutex_unlock(&f->lock);
}
