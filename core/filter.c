/* The public object: parameters from any thread, ramps, and a chain that fits the frames. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "frame.h"
#include "params.h"

static const double RAMP_SECONDS = 0.2;
static const double FRAME_SECONDS = 1.0 / 30; /* taken where frames have no time */
static const double FRAME_SECONDS_MAX = 0.2;  /* a longer gap counts as this */

struct mien_filter {
    mi_log log;
    char error[MI_ERROR_TEXT]; /* what mien_filter_error() last handed out */
    pthread_mutex_t lock;      /* guards wanted, showing and passed */
    mi_params wanted;          /* as set, from any thread */
    bool showing;              /* the last output had some of the style */
    bool passed;               /* the host was told that frames may pass: the stream runs */

    /* The rest belongs to the thread that processes. */
    mi_params now; /* wanted, latched at the start of a frame */
    mvk_device *device;
    char device_selector[MI_TEXT_MAX]; /* what `device` was opened with */
    mi_chain *chain;
    mien_frame shape;      /* of the frames that `chain` was made for */
    mi_params chain_params; /* that `chain` was made with */
    double strength;       /* share of the style in the last output, ramped */
    double smooth;         /* ramped */
    bool fresh;            /* the next frame has no past: no ramp, no history */
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
    mi_chain_destroy(&f->chain);
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

bool mien_filter_is_bypass(mien_filter *f)
{
    if (!f)
        return true;
    pthread_mutex_lock(&f->lock);
    bool bypass = !f->showing && !wants_style(&f->wanted);
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
    f->last_pts = MIEN_NO_PTS;
    return MIEN_OK;
}

static bool same_text(const mi_params *a, const mi_params *b, mi_param_id id)
{
    return strcmp(a->value[id].text, b->value[id].text) == 0;
}

/* Would these parameters make the same chain? */
static bool same_chain(const mi_params *a, const mi_params *b)
{
    return same_text(a, b, MI_PARAM_STYLE) && same_text(a, b, MI_PARAM_MODELS) &&
           same_text(a, b, MI_PARAM_DEVICE) &&
           a->value[MI_PARAM_QUALITY].number == b->value[MI_PARAM_QUALITY].number;
}

static void drop_chain(mien_filter *f)
{
    mi_chain_destroy(&f->chain);
    f->strength = 0;
}

/* Opens the device that is wanted, unless it is open. The old one and its chain go only when the
 * new one is there. */
static int open_device(mien_filter *f)
{
    const char *selector = f->now.value[MI_PARAM_DEVICE].text;
    if (f->device && strcmp(selector, f->device_selector) == 0)
        return MIEN_OK;
    mvk_device *made;
    int status = mvk_device_create(&made, selector, &f->log);
    if (status != MIEN_OK)
        return status;
    drop_chain(f);
    mvk_device_destroy(&f->device);
    f->device = made;
    memcpy(f->device_selector, selector, sizeof f->device_selector);
    return MIEN_OK;
}

/* Makes a chain for frames like `frame` with the latched parameters. */
static int make_chain(mien_filter *f, const mien_frame *frame)
{
    int status = open_device(f);
    if (status != MIEN_OK)
        return status;
    mi_chain_config config = {.shape = *frame,
                              .style = f->now.value[MI_PARAM_STYLE].text,
                              .models = f->now.value[MI_PARAM_MODELS].text,
                              .quality = (mi_quality)f->now.value[MI_PARAM_QUALITY].number};
    mi_chain *made = NULL;
    status = mi_chain_create(&made, f->device, &config, &f->log);
    if (status != MIEN_OK)
        return status;
    mi_chain_destroy(&f->chain);
    f->chain = made;
    f->shape = *frame;
    f->chain_params = f->now;
    mi_chain_set_timing(made, f->timing);
    return MIEN_OK;
}

static double step_to(double value, double target, double step)
{
    step += 1e-6; /* sums of steps end at the target, not a rounding error before it */
    return value < target ? (value + step < target ? value + step : target)
                          : (value - step > target ? value - step : target);
}

static double frame_seconds(mien_filter *f, const mien_frame *in)
{
    double dt = FRAME_SECONDS;
    if (in->pts_ns != MIEN_NO_PTS && f->last_pts != MIEN_NO_PTS && in->pts_ns > f->last_pts)
        dt = (double)(in->pts_ns - f->last_pts) * 1e-9;
    f->last_pts = in->pts_ns;
    return dt < FRAME_SECONDS_MAX ? dt : FRAME_SECONDS_MAX;
}

static void latch(mien_filter *f)
{
    pthread_mutex_lock(&f->lock);
    f->now = f->wanted;
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
    if (same_chain(&f->wanted, &f->now)) {
        double strength = f->wanted.value[MI_PARAM_STYLE_STRENGTH].number;
        double smooth = f->wanted.value[MI_PARAM_SMOOTH].number;
        f->wanted = f->chain_params;
        f->wanted.value[MI_PARAM_STYLE_STRENGTH].number = strength;
        f->wanted.value[MI_PARAM_SMOOTH].number = smooth;
    }
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

/* Brings the chain in line with the frame and the wanted style. A change of style fades the old
 * one out first and the new one in, so nothing pops. */
static int update_chain(mien_filter *f, const mien_frame *in)
{
    if (f->device && f->device->lost) { /* a new one may do */
        drop_chain(f);
        mvk_device_destroy(&f->device);
    }
    bool wanted = wants_style(&f->now), had_chain = f->chain != NULL;
    double strength = f->strength;
    if (f->chain && !mi_frame_same_shape(&f->shape, in))
        mi_chain_destroy(&f->chain);
    if (!wanted || (f->chain && same_chain(&f->chain_params, &f->now)))
        return MIEN_OK;
    if (f->chain && !f->fresh && f->strength > 0)
        return MIEN_OK; /* still fading out */
    int status = make_chain(f, in);
    if (status != MIEN_OK && had_chain) {
        keep_old_style(f);
        f->now = f->chain_params;
        status = f->chain ? MIEN_OK : make_chain(f, in);
    }
    f->strength = strength;
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
    return wants_style(&f->now) ? update_chain(f, frame) : MIEN_OK;
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

int mien_filter_process(mien_filter *f, const mien_frame *in, const mien_frame *out)
{
    if (!f)
        return MIEN_ERR_INVALID;
    int status = check_pair(f, in, out);
    if (status != MIEN_OK)
        return status;
    latch(f);
    double dt = frame_seconds(f, in);
    status = update_chain(f, in);
    if (status != MIEN_OK)
        return status;

    bool current = f->chain && wants_style(&f->now) && same_chain(&f->chain_params, &f->now);
    double target = current ? f->now.value[MI_PARAM_STYLE_STRENGTH].number : 0;
    double smooth = f->now.value[MI_PARAM_SMOOTH].number;
    bool was_off = f->strength <= 0;
    double step = f->fresh && !take_passed(f) ? 1 : dt / RAMP_SECONDS;
    f->strength = step_to(f->strength, target, step);
    f->smooth = step_to(f->smooth, smooth, step);
    bool fresh = f->fresh;
    f->fresh = false;
    publish_showing(f, f->strength > 0);
    if (!f->chain || f->strength <= 0) {
        mi_frame_copy(out, in);
        return MIEN_BYPASSED;
    }
    mi_chain_values values = {.strength = (float)f->strength,
                              .smooth = (float)f->smooth,
                              .dt = dt,
                              .reset = fresh || was_off};
    status = mi_chain_run(f->chain, in, out, &values);
    if (status == MIEN_OK)
        f->frames++;
    return status;
}

int mien_filter_set_timing(mien_filter *f, bool on)
{
    if (!f)
        return MIEN_ERR_INVALID;
    f->timing = on;
    if (f->chain)
        mi_chain_set_timing(f->chain, on);
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
    if (f->chain)
        mi_chain_stats(f->chain, stats);
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
