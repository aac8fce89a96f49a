#include "cam_app.h"

#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "cam_call.h"
#include "cam_control.h"
#include "cam_effects.h"
#include "cam_keys.h"
#include "cam_link.h"
#include "cam_notify.h"
#include "cam_output.h"
#include "cam_preview.h"
#include "cam_say.h"
#include "cam_source.h"

enum { TICK_MS = 100, BLACK_MS = 200, SIGNAL_COUNT = 3 };
#define AWAY (1 * G_USEC_PER_SEC)          /* without a frame for so long: black frames */
#define CAMERA_START (15 * G_USEC_PER_SEC) /* some take seconds to warm up */
#define CAMERA_STALL (5 * G_USEC_PER_SEC)
#define FILTER_STALL (120 * G_USEC_PER_SEC) /* a first start compiles and measures kernels */
#define SLEPT (2 * G_USEC_PER_SEC)

typedef struct CamApp {
    const CamOptions *options;
    GMainLoop *loop;
    CamFeed *feed;
    CamTap tap;
    CamEffects effects;
    gint status; /* for main() */
    guint signals[SIGNAL_COUNT]; /* sources, or 0 */

    CamSource *source;
    CamLink source_link;
    CamPipeEvents source_events;
    gchar *source_trouble; /* of the pipeline; it is closed at the next tick */
    gboolean ended;        /* a file, which is opened again at the next tick */
    gboolean repeated;     /* it was: no news */
    gboolean tempo_told;   /* that the file does not have one */
    gchar *card;           /* name of the last camera that gave frames */
    guint64 frames;        /* from cameras at the last tick */

    CamOutput *output;
    CamLink output_link;
    CamPipeEvents output_events;
    gchar *output_trouble;
    gboolean filters_fault; /* it is the filter's */
    gchar *where;   /* the output that was opened first, or NULL */
    guint64 done;   /* frames at the last tick */
    gboolean ready; /* the filter has shown that it works */
    gint64 black;   /* time of the last black frame, us; 0: the camera is there */

    CamPreview *preview;
    CamView *view; /* since somebody wanted to see it */

    CamReach reach;
    CamControl *control;
    CamKeyActions key_actions;
    CamKeys *keys;
    gint64 asleep; /* how much further the clock that counts sleep is */
    gint64 ticked; /* time of the last tick, us */
} CamApp;

static CamSettings *settings(CamApp *app)
{
    return app->options->settings;
}

static CamPaceCounts count(CamApp *app)
{
    gint64 last;
    CamPaceCounts counts = {.came = cam_feed_count(app->feed, &last)};
    g_mutex_lock(&app->tap.lock);
    counts.done = app->tap.done;
    counts.busy = app->tap.busy;
    g_mutex_unlock(&app->tap.lock);
    return counts;
}

static GstElement *filter(CamApp *app)
{
    return app->output ? cam_output_filter(app->output) : NULL;
}

/* ---- the camera */

static void source_failed(gpointer data, GstMessage *error)
{
    CamApp *app = data;
    g_free(app->source_trouble);
    app->source_trouble = cam_source_explain(app->source, error);
}

static void source_ended(gpointer data)
{
    CamApp *app = data;
    app->ended = app->source && !cam_source_rewind(app->source);
}

static void lose_source(CamApp *app, const gchar *trouble)
{
    gint64 now = g_get_monotonic_time();
    app->ended = app->repeated = FALSE;
    g_clear_pointer(&app->source, cam_source_close);
    if (cam_link_failed(&app->source_link, now, trouble))
        cam_say("%s", trouble);
    cam_notify_status(trouble);
    g_clear_pointer(&app->source_trouble, g_free); /* `trouble`, or of what is closed */
}

static void open_source(CamApp *app)
{
    gchar *trouble = NULL;
    app->source =
        cam_source_open(app->options, app->feed, app->card, &app->source_events, &trouble);
    if (app->source)
        cam_link_opened(&app->source_link, g_get_monotonic_time());
    else
        lose_source(app, trouble);
    g_free(trouble);
}

static void repeat_source(CamApp *app)
{
    app->ended = FALSE;
    g_clear_pointer(&app->source, cam_source_close);
    open_source(app);
    app->repeated = app->source != NULL;
}

static void greet_source(CamApp *app)
{
    cam_say("camera: %s", app->source->label);
    cam_notify_status(app->source->label);
    g_free(app->card);
    app->card = g_strdup(app->source->card);
}

/* Once, though such a file is opened again for each turn. */
static void tell_tempo(CamApp *app)
{
    double rate = app->source && app->source->tempo ? cam_tempo_rate(app->source->tempo) : 0;
    if (app->tempo_told || rate <= 0)
        return;
    cam_say("%s does not say when its frames are due: they come at %g a second (--fps for another "
            "rate)", app->source->label, rate);
    app->tempo_told = TRUE;
}

static void tend_source(CamApp *app, gint64 now)
{
    gint64 last;
    guint64 frames = cam_feed_count(app->feed, &last);
    if (frames != app->frames && cam_link_flowed(&app->source_link, now)) {
        if (!app->repeated)
            greet_source(app);
        app->repeated = FALSE;
    }
    app->frames = frames;
    tell_tempo(app);
    if (app->ended)
        repeat_source(app);
    if (app->source_trouble)
        lose_source(app, app->source_trouble);
    switch (cam_link_tick(&app->source_link, now)) {
    case CAM_LINK_OPEN:
        open_source(app);
        break;
    case CAM_LINK_REOPEN:
        lose_source(app, "the camera gives no frames: it is opened again");
        break;
    default:
        break;
    }
}

/* ---- the output */

static void output_failed(gpointer data, GstMessage *error)
{
    CamApp *app = data;
    g_free(app->output_trouble);
    app->output_trouble =
        cam_output_explain(app->output, error, &app->filters_fault);
    /* A style that is not there, no Vulkan: trying on is of no use. */
    if (app->filters_fault && !app->ready) {
        app->status = 1;
        g_main_loop_quit(app->loop);
    }
}

static void output_warned(gpointer data, const gchar *line)
{
    CamApp *app = data;
    cam_say("%s", line);
    cam_effects_warned(&app->effects, filter(app));
}

static void lose_output(CamApp *app, const gchar *trouble)
{
    if (app->output)
        cam_output_close(app->output, app->feed);
    app->output = NULL;
    if (cam_link_failed(&app->output_link, g_get_monotonic_time(), trouble))
        cam_say("%s", trouble);
    cam_notify_status(trouble);
    g_clear_pointer(&app->output_trouble, g_free); /* `trouble`, or of what is closed */
}

static void open_output(CamApp *app, const GstVideoInfo *info)
{
    gchar *trouble = NULL;
    app->output = cam_output_open(app->options, app->where, app->feed, info, &app->tap,
                                  &app->output_events, &trouble);
    if (!app->output) {
        lose_output(app, trouble);
        g_free(trouble);
        return;
    }
    if (!app->where)
        app->where = g_strdup(cam_output_where(app->output));
    cam_link_opened(&app->output_link, g_get_monotonic_time());
    cam_effects_opened(&app->effects, count(app));
}

static void greet_output(CamApp *app)
{
    GstVideoInfo info;
    gchar *label = cam_output_label(app->output);
    cam_feed_info(app->feed, &info);
    cam_say("output: %s, %s %dx%d", label, gst_video_format_to_string(info.finfo->format),
            info.width, info.height);
    g_free(label);
    app->ready = TRUE;
    cam_notify("READY=1");
}

/* A value that cannot be had, set while there was no effect to stay with, costs the readers a
 * moment and not their camera. */
static void mend_output(CamApp *app)
{
    gboolean filters = app->filters_fault;
    lose_output(app, app->output_trouble);
    if (!filters || !cam_effects_failed(&app->effects))
        return;
    cam_say("the values from before are taken again");
    cam_link_hurry(&app->output_link, g_get_monotonic_time());
}

/* Nothing came out. As long as nothing went in, that is no fault. */
static void tend_output(CamApp *app, gint64 now)
{
    GstVideoInfo info;
    guint64 done = count(app).done;
    gboolean fed = app->source_link.state == CAM_LINK_RUNNING;
    if (done != app->done) {
        if (cam_link_flowed(&app->output_link, now))
            greet_output(app);
    } else if (!fed && app->output_link.state == CAM_LINK_RUNNING) {
        cam_link_flowed(&app->output_link, now);
    }
    app->done = done;
    if (app->output_trouble)
        mend_output(app);
    if (!cam_feed_info(app->feed, &info))
        return;
    CamLinkOrder order = cam_link_tick(&app->output_link, now);
    if (order == CAM_LINK_OPEN)
        open_output(app, &info);
    else if (order == CAM_LINK_REOPEN)
        lose_output(app, "no frame comes out: the output is opened again");
}

/* Readers that wait for frames, or come while the camera is away, see black. */
static void tend_black(CamApp *app, gint64 now)
{
    gint64 last;
    cam_feed_count(app->feed, &last);
    if (!app->output || now - last < AWAY)
        app->black = 0;
    else if (now - app->black >= BLACK_MS * 1000) {
        cam_feed_black(app->feed);
        app->black = now;
    }
}

/* ---- what comes from outside */

static gint64 clock_us(clockid_t clock)
{
    struct timespec time = {0};
    clock_gettime(clock, &time);
    return (gint64)time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

/* Cameras seldom outlive a suspended machine, and some then give nothing without a word. */
static void tend_sleep(CamApp *app)
{
    gint64 asleep = clock_us(CLOCK_BOOTTIME) - clock_us(CLOCK_MONOTONIC);
    if (asleep - app->asleep > SLEPT && app->source) {
        lose_source(app, "the machine slept: the camera is opened again");
        cam_link_hurry(&app->source_link, g_get_monotonic_time());
    }
    app->asleep = asleep;
}

/* The program itself may have stood still, by job control or for want of memory: then the others
 * have missed nothing. */
static void tend_stop(CamApp *app, gint64 now)
{
    gint64 span = app->ticked ? now - app->ticked : 0;
    app->ticked = now;
    if (span < SLEPT)
        return;
    cam_link_excuse(&app->source_link, span);
    cam_link_excuse(&app->output_link, span);
    app->black = now; /* the camera's next frame comes before a black one */
    cam_effects_tend(&app->effects, filter(app), FALSE, count(app));
}

static gboolean is_flowing(const CamApp *app)
{
    return (app->source_link.state == CAM_LINK_RUNNING || app->repeated) &&
           app->output_link.state == CAM_LINK_RUNNING;
}

static gboolean tick(gpointer data)
{
    CamApp *app = data;
    gint64 now = g_get_monotonic_time();
    tend_stop(app, now);
    tend_sleep(app);
    tend_source(app, now);
    tend_output(app, now);
    tend_black(app, now);
    cam_effects_tend(&app->effects, filter(app), is_flowing(app), count(app));
    cam_notify("WATCHDOG=1");
    return G_SOURCE_CONTINUE;
}

static void changed(gpointer data)
{
    CamApp *app = data;
    cam_effects_apply(&app->effects, filter(app), count(app));
}

static const gchar *state_name(CamLinkState state)
{
    return state == CAM_LINK_RUNNING    ? "running"
           : state == CAM_LINK_STARTING ? "starting"
                                        : "waiting";
}

static void cover(gpointer data, gboolean on)
{
    CamApp *app = data;
    g_mutex_lock(&app->tap.lock);
    gboolean was = app->tap.covered;
    app->tap.covered = on;
    g_mutex_unlock(&app->tap.lock);
    if (was != on)
        cam_say(on ? "the camera is covered: readers see black" : "the camera is not covered");
}

static gboolean is_covered(CamApp *app)
{
    g_mutex_lock(&app->tap.lock);
    gboolean covered = app->tap.covered;
    g_mutex_unlock(&app->tap.lock);
    return covered;
}

static void print_status(gpointer data, GString *answer)
{
    CamApp *app = data;
    GstVideoInfo info;
    CamPaceCounts counts = count(app);
    g_string_append_printf(answer, "camera=%s\ncamera-state=%s\n",
                           app->source ? app->source->label : "",
                           state_name(app->source_link.state));
    if (app->source_link.said)
        g_string_append_printf(answer, "camera-trouble=%s\n", app->source_link.said);
    gchar *label = app->output ? cam_output_label(app->output) : g_strdup("");
    g_string_append_printf(answer, "output=%s\noutput-state=%s\n", label,
                           state_name(app->output_link.state));
    g_free(label);
    if (app->output_link.said)
        g_string_append_printf(answer, "output-trouble=%s\n", app->output_link.said);
    if (cam_feed_info(app->feed, &info))
        g_string_append_printf(answer, "size=%dx%d\n", info.width, info.height);
    g_mutex_lock(&app->tap.lock);
    gint64 delay = app->tap.delay;
    g_mutex_unlock(&app->tap.lock);
    g_string_append_printf(answer,
                           "frames-in=%" G_GUINT64_FORMAT "\nframes-out=%" G_GUINT64_FORMAT
                           "\nrate-in=%.1f\nrate-out=%.1f\nfilter-ms=%.1f\ndelay-ms=%.1f\n",
                           counts.came, counts.done, app->effects.pace.came,
                           app->effects.pace.done, app->effects.pace.busy, (double)delay / 1000);
    g_string_append_printf(answer, "cover=%s\n", is_covered(app) ? "on" : "off");
    g_string_append_printf(answer, "quality=%s\n",
                           cam_settings_in_force(settings(app),
                                                 cam_settings_find(settings(app), "quality")));
}

static gchar *watch_picture(gpointer data, GString *answer, gint *fd)
{
    CamApp *app = data;
    GstVideoInfo info;
    gchar *trouble = NULL;
    if (!cam_feed_info(app->feed, &info))
        return g_strdup("there is no picture yet: the camera has given none");
    CamView *view = app->view ? app->view : cam_view_new(&info, &trouble);
    if (!view)
        return trouble;
    app->view = view;
    g_mutex_lock(&app->tap.lock);
    app->tap.view = view;
    g_mutex_unlock(&app->tap.lock);
    cam_view_watch(view, 1);
    gchar *caps = cam_view_caps(view);
    g_string_append_printf(answer, "picture=%s\n", caps);
    g_free(caps);
    *fd = cam_view_fd(view);
    return NULL;
}

static void unwatch_picture(gpointer data)
{
    cam_view_watch(((CamApp *)data)->view, -1);
}

static void preview_closed(gpointer data)
{
    CamApp *app = data;
    cam_say("the preview is closed (mien-cam-preview opens it again)");
    g_clear_pointer(&app->preview, cam_preview_close);
}

static void open_preview(CamApp *app)
{
    gchar *path = cam_call_path(app->options->control), *trouble = NULL;
    app->preview = cam_preview_open(path, preview_closed, app, &trouble);
    if (!app->preview)
        cam_say("%s", trouble);
    g_free(trouble);
    g_free(path);
}

static void quit(gpointer data)
{
    g_main_loop_quit(((CamApp *)data)->loop);
}

static void turn_cover(gpointer data)
{
    cover(data, !is_covered(data));
}

static gboolean quit_on_signal(gpointer data)
{
    quit(data);
    return G_SOURCE_CONTINUE;
}

static gboolean open_control(CamApp *app)
{
    gchar *path = cam_call_path(app->options->control), *trouble = NULL;
    app->reach = (CamReach){.settings = settings(app),
                            .changed = changed,
                            .status = print_status,
                            .cover = cover,
                            .watch = watch_picture,
                            .unwatch = unwatch_picture,
                            .quit = quit,
                            .data = app};
    if (path)
        app->control = cam_control_open(path, &app->reach, &trouble);
    if (trouble)
        cam_say("%s", trouble);
    g_free(path);
    g_free(trouble);
    return app->control || !path;
}

/* With a size that is given the output need not wait for a camera. */
static void assume_shape(CamApp *app)
{
    const CamWish *wish = &app->options->wish;
    GstVideoInfo info;
    if (!wish->width)
        return;
    gst_video_info_set_format(&info, gst_video_format_from_string(app->options->format),
                              (guint)wish->width, (guint)wish->height);
    info.fps_n = wish->fps ? wish->fps : 30;
    info.fps_d = 1;
    cam_feed_set_info(app->feed, &info);
}

static void begin(CamApp *app)
{
    app->loop = g_main_loop_new(NULL, FALSE);
    app->feed = cam_feed_new();
    g_mutex_init(&app->tap.lock);
    cam_link_init(&app->source_link, CAMERA_START, CAMERA_STALL);
    cam_link_init(&app->output_link, FILTER_STALL, FILTER_STALL);
    app->source_events = (CamPipeEvents){source_failed, NULL, source_ended, app};
    app->output_events = (CamPipeEvents){output_failed, output_warned, NULL, app};
    cam_effects_init(&app->effects, settings(app));
    app->asleep = clock_us(CLOCK_BOOTTIME) - clock_us(CLOCK_MONOTONIC);
    assume_shape(app);
}

static void end(CamApp *app)
{
    g_clear_pointer(&app->source, cam_source_close);
    if (app->output)
        cam_output_close(app->output, app->feed);
    cam_feed_free(app->feed);
    g_clear_pointer(&app->view, cam_view_free);
    cam_link_clear(&app->source_link);
    cam_link_clear(&app->output_link);
    cam_effects_clear(&app->effects);
    g_free(app->source_trouble);
    g_free(app->output_trouble);
    g_free(app->card);
    g_free(app->where);
    g_mutex_clear(&app->tap.lock);
    g_main_loop_unref(app->loop);
}

/* What was ignored when the program was started stays so: nohup, or a script's background. A second
 * signal, while the pipelines close, ends the program at once. */
static void hear_signals(CamApp *app)
{
    static const gint SIGNALS[SIGNAL_COUNT] = {SIGINT, SIGTERM, SIGHUP};
    for (gsize i = 0; i < SIGNAL_COUNT; i++) {
        struct sigaction now;
        if (sigaction(SIGNALS[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            app->signals[i] = g_unix_signal_add(SIGNALS[i], quit_on_signal, app);
    }
    signal(SIGPIPE, SIG_IGN); /* whoever read what it says may go */
}

static void leave_signals(CamApp *app)
{
    for (gsize i = 0; i < SIGNAL_COUNT; i++)
        if (app->signals[i])
            g_source_remove(app->signals[i]);
}

int cam_app_run(const CamOptions *options)
{
    CamApp app = {.options = options};
    begin(&app);
    if (!open_control(&app)) {
        end(&app);
        return 1;
    }
    if (options->preview)
        open_preview(&app);
    app.key_actions = (CamKeyActions){settings(&app), changed, turn_cover, quit, &app};
    app.keys = options->keys ? cam_keys_open(&app.key_actions) : NULL;
    hear_signals(&app);
    guint timer = g_timeout_add(TICK_MS, tick, &app);
    tick(&app);
    g_main_loop_run(app.loop);
    cam_notify("STOPPING=1");
    if (app.status && app.output_trouble)
        cam_say("%s", app.output_trouble);
    g_source_remove(timer);
    leave_signals(&app);
    g_clear_pointer(&app.preview, cam_preview_close);
    g_clear_pointer(&app.keys, cam_keys_close);
    g_clear_pointer(&app.control, cam_control_close);
    end(&app);
    return app.status;
}
