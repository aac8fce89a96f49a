/* The public object: parameters from any thread, ramps, and a stream that fits the frames. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ramp.h"
#include "stream.h"

static const double RAMP_SECONDS = 0.2;
static const double FRAME_SECONDS = 1.0 / 30; /* taken where frames have no time */
static const double FRAME_SECONDS_MAX = 0.2;  /* a longer gap counts as this */

struct mien_filter {
    mi_log log;
    char error[MI_ERROR_TEXT]; /* what mien_filter_error() last handed out */
    pthread_mutex_t lock;      /* guards wanted, analysis, showing and passed */
    mi_params wanted;          /* as set, from any thread */
    bool analysis;             /* faces are wanted for their own sake */
    bool showing;              /* the last output had some of an effect */
    bool passed;               /* the host was told that frames may pass: the stream runs */

    /* The rest belongs to the thread that processes. */
    mi_params now; /* wanted, latched at the start of a frame */
    bool analysis_now;
    mvk_device *device;
    char device_selector[MI_TEXT_MAX]; /* what `device` was opened with */
    uint32_t wrong_devices; /* bit i: device i of the loader computes wrongly */
    bool recovered;         /* a lost device was opened again for this stream */
    mi_stream *stream;      /* for frames of one shape */
    mi_params style_params; /* that the stream's style was made with */
    double strength;       /* share of the style in the last output, ramped */
    double smooth;         /* ramped */
    mi_effect_wish effects; /* on faces, in the last output, ramped */
    mi_area_shares shares; /* where the style is, ramped */
    bool fresh;            /* the next frame has no past: no ramp, no history */
    bool idle;             /* nothing was done to the last frame */
    bool timing;
    int64_t last_pts;
    uint64_t frames;
};

int mien_filter_create(mien_filter **filter, const mien_log *log)
{
    if (!filter)
        return MIEN_ERR_INVALID;
    mien_filter *f = calloc(1, sizeof *f);
    *filter = f;
    if (!f)
        return MIEN_ERR_NOMEM;
    mi_log_init(&f->log, log);
    pthread_mutex_init(&f->lock, NULL);
    mi_params_default(&f->wanted);
    f->now = f->wanted;
    f->shares = mi_area_shares_of(MI_AREA_FRAME);
    f->fresh = true;
    f->last_pts = MIEN_NO_PTS;
    return MIEN_OK;
}

void mien_filter_destroy(mien_filter **filter)
{
    mien_filter *f = filter ? *filter : NULL;
    if (!f)
        return;
    *filter = NULL;
    mi_stream_destroy(&f->stream);
    mvk_device_destroy(&f->device);
    pthread_mutex_destroy(&f->lock);
    mi_log_finish(&f->log);
    free(f);
}

int mien_filter_set(mien_filter *f, const char *name, const char *value)
{
    if (!f)
        return MIEN_ERR_INVALID;
    pthread_mutex_lock(&f->lock);
    int status = mi_params_set(&f->wanted, name, value, &f->log);
    pthread_mutex_unlock(&f->lock);
    return status;
}

int mien_filter_set_all(mien_filter *f, const char *text)
{
    if (!f)
        return MIEN_ERR_INVALID;
    pthread_mutex_lock(&f->lock);
    int status = mi_params_set_all(&f->wanted, text, &f->log);
    pthread_mutex_unlock(&f->lock);
    return status;
}

int mien_filter_get(mien_filter *f, const char *name, char *text, size_t size)
{
    if (!f)
        return MIEN_ERR_INVALID;
    pthread_mutex_lock(&f->lock);
    int status = mi_params_get(&f->wanted, name, text, size, &f->log);
    pthread_mutex_unlock(&f->lock);
    return status;
}

static bool wants_style(const mi_params *p)
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
           (wants_style(p) && p->value[MI_PARAM_STYLE_AREA].number != MI_AREA_FRAME);
}

/* Is there anything to do with these parameters? */
static bool wants_work(const mi_params *p, bool analysis)
{
    return wants_style(p) || wants_faces(p, analysis) || p->value[MI_PARAM_OVERLAY].number != 0;
}

int mien_filter_set_analysis(mien_filter *f, bool on)
{
    if (!f)
        return MIEN_ERR_INVALID;
    pthread_mutex_lock(&f->lock);
    f->analysis = on;
    pthread_mutex_unlock(&f->lock);
    return MIEN_OK;
}

bool mien_filter_is_bypass(mien_filter *f)
{
    if (!f)
        return true;
    pthread_mutex_lock(&f->lock);
    bool bypass = !f->showing && !wants_work(&f->wanted, f->analysis);
    f->passed = f->passed || bypass;
    pthread_mutex_unlock(&f->lock);
    return bypass;
}

const char *mien_filter_error(const mien_filter *filter)
{
    if (!filter)
        return "";
    mien_filter *f = (mien_filter *)filter; /* the log's lock and the copy are no visible state */
    mi_log_error(&f->log, f->error);
    return f->error;
}

int mien_filter_reset(mien_filter *f)
{
    if (!f)
        return MIEN_ERR_INVALID;
    f->fresh = true;
    f->recovered = false;
    f->last_pts = MIEN_NO_PTS;
    return MIEN_OK;
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

static bool has_style(const mien_filter *f)
{
    return f->stream && mi_stream_has_style(f->stream);
}

/* Is the style that is there the one that is wanted? */
static bool is_current(const mien_filter *f)
{
    return has_style(f) && wants_style(&f->now) && same_style(&f->style_params, &f->now);
}

static void drop_stream(mien_filter *f)
{
    mi_stream_destroy(&f->stream);
    f->strength = 0;
}

static bool is_covering(const mien_filter *f)
{
    return f->stream && mi_stream_is_covering(f->stream);
}

/* Are faces needed in this frame? Also for what is switched off but still fades. */
static bool needs_faces(const mien_filter *f)
{
    bool in_areas = has_style(f) && f->strength > 0 && !mi_area_is_frame(f->shares);
    return wants_faces(&f->now, f->analysis_now) || mi_effect_wish_any(&f->effects) || in_areas ||
           is_covering(f);
}

/* Does the old style have to fade out before anything that ends it? */
static bool is_fading(const mien_filter *f)
{
    return has_style(f) && !f->fresh && f->strength > 0;
}

/* A device that cannot be had while another one works must not end the stream: the wish is taken
 * back. The line about it is in the log. */
static void keep_device(mien_filter *f)
{
    pthread_mutex_lock(&f->lock);
    bool still_wanted = same_value(&f->wanted, &f->now, MI_PARAM_DEVICE);
    memcpy(f->now.value[MI_PARAM_DEVICE].text, f->device_selector, sizeof f->device_selector);
    if (still_wanted)
        f->wanted.value[MI_PARAM_DEVICE] = f->now.value[MI_PARAM_DEVICE];
    pthread_mutex_unlock(&f->lock);
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
    if (f->device && (same || is_fading(f)))
        return MIEN_OK;
    uint32_t wrong = f->wrong_devices;
    if (!same)
        f->wrong_devices = 0; /* another wish, another choice */
    int status = change_device(f, selector);
    if (status != MIEN_OK)
        f->wrong_devices = wrong;
    if (status != MIEN_OK && f->device) {
        keep_device(f);
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

static double frame_seconds(mien_filter *f, const mien_frame *in)
{
    double dt = FRAME_SECONDS;
    if (in->pts_ns != MIEN_NO_PTS && f->last_pts != MIEN_NO_PTS && in->pts_ns > f->last_pts)
        dt = (double)(in->pts_ns - f->last_pts) * 1e-9;
    f->last_pts = in->pts_ns;
    return dt < FRAME_SECONDS_MAX ? dt : FRAME_SECONDS_MAX;
}

/* From one area to another the style goes over gradually; one that is off is there at once. */
static void step_shares(mien_filter *f, double step)
{
    mi_area_shares to = mi_area_shares_of((mi_style_area)f->now.value[MI_PARAM_STYLE_AREA].number);
    f->shares.faces = (float)mi_ramp(f->shares.faces, to.faces, step);
    f->shares.rest = (float)mi_ramp(f->shares.rest, to.rest, step);
}

static void latch(mien_filter *f)
{
    pthread_mutex_lock(&f->lock);
    f->now = f->wanted;
    f->analysis_now = f->analysis;
    pthread_mutex_unlock(&f->lock);
}

static void publish_showing(mien_filter *f, bool showing)
{
    pthread_mutex_lock(&f->lock);
    f->showing = showing;
    pthread_mutex_unlock(&f->lock);
}

/* A style that cannot be loaded while another one plays must not end the stream: the wish is
 * taken back. The line about it is in the log. */
static void keep_old_style(mien_filter *f)
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

/* The same for what needs faces, when the networks for them cannot be had. */
static void keep_without_faces(mien_filter *f)
{
    pthread_mutex_lock(&f->lock);
    drop_faces_wish(&f->wanted);
    drop_faces_wish(&f->now);
    f->analysis = f->analysis_now = false;
    f->shares = mi_area_shares_of(MI_AREA_FRAME);
    pthread_mutex_unlock(&f->lock);
}

/* The same for an effect on faces, when its model cannot be had. */
static void keep_without(mien_filter *f, mi_effect effect)
{
    pthread_mutex_lock(&f->lock);
    mi_effect_wish_drop(&f->wanted, effect);
    mi_effect_wish_drop(&f->now, effect);
    pthread_mutex_unlock(&f->lock);
}

/* Did frames pass by the library since the last one it saw? Then the stream is under way, and an
 * effect that comes on now fades in. */
static bool take_passed(mien_filter *f)
{
    pthread_mutex_lock(&f->lock);
    bool passed = f->passed;
    f->passed = false;
    pthread_mutex_unlock(&f->lock);
    return passed;
}

/* Brings the style in line with what is wanted. A change fades the old one out first and the new
 * one in, so nothing pops. A device that is lost over it is no fault of the style: it is still
 * wanted on the next one. */
static int update_style(mien_filter *f, const mien_frame *in, bool had_style)
{
    double strength = f->strength;
    if (!wants_style(&f->now) || is_current(f) || is_fading(f))
        return MIEN_OK;
    int status = open_device(f);
    if (status == MIEN_OK && !is_current(f)) /* which it is if only the device was wrong */
        status = make_style(f, in);
    while (status != MIEN_OK && leave_wrong_device(f))
        status = make_style(f, in);
    if (status != MIEN_OK && status != MIEN_ERR_DEVICE_LOST && had_style) {
        keep_old_style(f);
        status = has_style(f) ? MIEN_OK : make_style(f, in);
    }
    f->strength = strength;
    return status;
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
    if (!needs_faces(f))
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
    bool shows = found ? effect < MI_EFFECTS && f->effects.number[effect] != 0
                       : mi_effect_wish_any(&f->effects);
    if (status == MIEN_OK || status == MIEN_ERR_DEVICE_LOST || f->frames == 0 || shows)
        return status;
    if (found)
        keep_without(f, (mi_effect)effect);
    else
        keep_without_faces(f);
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
    bool had_style = has_style(f);
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
        status = update_faces(f, in);
    if (status == MIEN_OK && wants_work(&f->now, f->analysis_now))
        status = open_stream(f, in);
    return status;
}

/* The same, and once more where the device was lost over it. */
static int bring_up(mien_filter *f, const mien_frame *in)
{
    int status = update_stream(f, in);
    if (status == MIEN_ERR_DEVICE_LOST && !f->recovered)
        status = update_stream(f, in);
    return status;
}

int mien_filter_prepare(mien_filter *f, const mien_frame *frame)
{
    if (!f)
        return MIEN_ERR_INVALID;
    int status = mi_frame_check(frame, false, &f->log);
    if (status != MIEN_OK)
        return status;
    latch(f);
    return wants_work(&f->now, f->analysis_now) ? bring_up(f, frame) : MIEN_OK;
}

static int check_pair(mien_filter *f, const mien_frame *in, const mien_frame *out)
{
    int status = mi_frame_check(in, true, &f->log);
    if (status == MIEN_OK)
        status = mi_frame_check(out, true, &f->log);
    if (status == MIEN_OK &&
        (in->format != out->format || in->width != out->width || in->height != out->height))
        status = mi_fail(&f->log, MIEN_ERR_INVALID,
                         "the output frame's format or size differs from the input's");
    return status;
}

/* Once in a stream a lost device is opened again, and the frame is filtered there. The style's
 * history is gone; faces that were followed or covered still are. */
static int recover(mien_filter *f, const mien_frame *in, const mien_frame *out,
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

int mien_filter_process(mien_filter *f, const mien_frame *in, const mien_frame *out)
{
    if (!f)
        return MIEN_ERR_INVALID;
    int status = check_pair(f, in, out);
    if (status != MIEN_OK)
        return status;
    latch(f);
    double dt = frame_seconds(f, in);
    status = bring_up(f, in);
    if (status != MIEN_OK)
        return status;

    double target = is_current(f) ? f->now.value[MI_PARAM_STYLE_STRENGTH].number : 0;
    double smooth = f->now.value[MI_PARAM_SMOOTH].number;
    bool was_off = f->strength <= 0;
    bool passed = take_passed(f);
    double step = f->fresh && !passed ? 1 : dt / RAMP_SECONDS;
    f->strength = has_style(f) ? mi_ramp(f->strength, target, step) : 0;
    f->smooth = mi_ramp(f->smooth, smooth, step);
    mi_effect_wish wanted = mi_effect_wish_of(&f->now);
    mi_effect_wish_step(&f->effects, &wanted, step);
    step_shares(f, was_off ? 1 : step);
    bool faces = needs_faces(f);
    unsigned overlay = (unsigned)f->now.value[MI_PARAM_OVERLAY].number;
    mi_stream_values values = {.strength = (float)f->strength,
                               .effects = f->effects,
                               .smooth = (float)f->smooth,
                               .dt = dt,
                               .fresh = f->fresh,
                               .style_fresh = was_off,
                               .faces_fresh = passed || f->idle,
                               .faces = faces && f->stream && mi_stream_has_faces(f->stream),
                               .max_faces = (int32_t)f->now.value[MI_PARAM_MAX_FACES].number,
                               .shares = f->shares,
                               .on_lost = (mi_on_lost)f->now.value[MI_PARAM_ON_LOST].number,
                               .overlay = overlay,
                               .timing = f->timing || overlay & MI_OVERLAY_TIMING};
    f->fresh = false;
    bool showing = f->strength > 0 || mi_effect_wish_any(&f->effects) || is_covering(f);
    publish_showing(f, showing);
    f->idle = !showing && !wants_work(&f->now, f->analysis_now);
    if (f->idle) {
        mi_frame_copy(out, in);
        return MIEN_BYPASSED;
    }
    status = mi_stream_run(f->stream, in, out, &values);
    if (status == MIEN_ERR_DEVICE_LOST)
        status = recover(f, in, out, &values);
    if (status == MIEN_OK)
        f->frames++;
    return status;
}

int mien_filter_faces(const mien_filter *f, mien_face *faces, size_t max, size_t *count)
{
    if (!f || !count || (!faces && max > 0))
        return MIEN_ERR_INVALID;
    int32_t n = 0;
    const mien_face *list = f->stream ? mi_stream_faces(f->stream, &n) : NULL;
    *count = (size_t)n < max ? (size_t)n : max;
    if (*count)
        memcpy(faces, list, *count * sizeof *faces);
    return MIEN_OK;
}

const char *mien_face_region_name(mien_face_region region)
{
    static const char *const name[MIEN_FACE_REGIONS] = {
        "left-eye", "right-eye", "nose", "mouth", "left-cheek", "right-cheek", "forehead", "chin"};
    return (unsigned)region < MIEN_FACE_REGIONS ? name[region] : NULL;
}

int mien_filter_set_timing(mien_filter *f, bool on)
{
    if (!f)
        return MIEN_ERR_INVALID;
    f->timing = on;
    return MIEN_OK;
}

int mien_filter_stats(const mien_filter *f, mien_stats *stats)
{
    if (!f || !stats)
        return MIEN_ERR_INVALID;
    memset(stats, 0, sizeof *stats);
    stats->device = "";
    if (f->device) {
        stats->device = f->device->name;
        stats->device_bytes = f->device->bytes;
    }
    stats->frames = f->frames;
    if (f->stream)
        mi_stream_stats(f->stream, stats);
    return MIEN_OK;
}

int mien_filter_measure_peak(mien_filter *f, double *gflops, double *gflops_core)
{
    if (!f || !gflops || !gflops_core)
        return MIEN_ERR_INVALID;
    if (!f->device)
        return mi_fail(&f->log, MIEN_ERR_INVALID, "no device is open yet");
    return mvk_measure_peak(f->device, gflops, gflops_core);
}
