/* The public object: parameters from any thread, ramps, and a stream that fits the frames. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "filter_open.h"
#include "filter_wish.h"
#include "ramp.h"

static const double RAMP_SECONDS = 0.2;
static const double FRAME_SECONDS = 1.0 / 30; /* taken where frames have no time */
static const double FRAME_SECONDS_MAX = 0.2;  /* a longer gap counts as this */

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
    bool bypass = !f->showing && !mi_wish_has_work(&f->wanted, f->analysis);
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

int mien_filter_prepare(mien_filter *f, const mien_frame *frame)
{
    if (!f)
        return MIEN_ERR_INVALID;
    int status = mi_frame_check(frame, false, &f->log);
    if (status != MIEN_OK)
        return status;
    latch(f);
    return mi_wish_has_work(&f->now, f->analysis_now) ? mi_filter_bring_up(f, frame) : MIEN_OK;
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

/* Goes on with what is ramped, by a frame. */
static mi_stream_values step_values(mien_filter *f, double dt)
{
    const mi_value *now = f->now.value;
    unsigned overlay = (unsigned)now[MI_PARAM_OVERLAY].number;
    bool was_off = f->strength <= 0;
    bool passed = take_passed(f);
    double step = f->fresh && !passed ? 1 : dt / RAMP_SECONDS;
    double target = mi_filter_is_current(f) ? now[MI_PARAM_STYLE_STRENGTH].number : 0;
    f->strength = mi_filter_has_style(f) ? mi_ramp(f->strength, target, step) : 0;
    f->smooth = mi_ramp(f->smooth, now[MI_PARAM_SMOOTH].number, step);
    mi_effect_wish wanted = mi_effect_wish_of(&f->now);
    mi_effect_wish_step(&f->effects, &wanted, step);
    step_shares(f, was_off ? 1 : step);
    bool faces = mi_filter_needs_faces(f) && f->stream && mi_stream_has_faces(f->stream);
    mi_stream_values values = {.strength = (float)f->strength,
                               .effects = f->effects,
                               .smooth = (float)f->smooth,
                               .dt = dt,
                               .fresh = f->fresh,
                               .style_fresh = was_off,
                               .faces_fresh = passed || f->idle,
                               .faces = faces,
                               .max_faces = (int32_t)now[MI_PARAM_MAX_FACES].number,
                               .shares = f->shares,
                               .on_lost = (mi_on_lost)now[MI_PARAM_ON_LOST].number,
                               .overlay = overlay,
                               .timing = f->timing || overlay & MI_OVERLAY_TIMING};
    f->fresh = false;
    return values;
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
    status = mi_filter_bring_up(f, in);
    if (status != MIEN_OK)
        return status;
    mi_stream_values values = step_values(f, dt);
    bool showing = f->strength > 0 || mi_effect_wish_any(&f->effects) || mi_filter_is_covering(f);
    publish_showing(f, showing);
    f->idle = !showing && !mi_wish_has_work(&f->now, f->analysis_now);
    if (f->idle) {
        mi_frame_copy(out, in);
        return MIEN_BYPASSED;
    }
    status = mi_stream_run(f->stream, in, out, &values);
    if (status == MIEN_ERR_DEVICE_LOST)
        status = mi_filter_recover(f, in, out, &values);
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
