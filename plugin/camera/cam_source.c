#include "cam_source.h"

#include <errno.h>
#include <string.h>

#include "cam_devices.h"
#include "cam_say.h"
#include "cam_trouble.h"

/* The newest frame only, so that slow decoding costs frames, not time. */
#define NEWEST "queue leaky=downstream max-size-buffers=1 max-size-bytes=0 max-size-time=0 ! "
/* Whatever came, in the output's format; without need they do nothing. */
#define SHAPE                                                                                      \
    "videoconvert name=convert n-threads=2 ! videoscale n-threads=2 ! capsfilter name=shape ! "    \
    "appsink name=frames max-buffers=1 drop=true sync="

static const gchar V4L2_RAW[] = "v4l2src name=camera ! capsfilter name=mode ! " NEWEST SHAPE
                                "false";
static const gchar V4L2_JPEG[] = "v4l2src name=camera ! capsfilter name=mode ! " NEWEST
                                 "jpegdec max-errors=-1 ! " SHAPE "false";
static const gchar PIPEWIRE[] = "pipewiresrc name=camera do-timestamp=true ! "
                                "capsfilter name=mode ! " NEWEST SHAPE "false";
static const gchar TEST[] = "videotestsrc name=camera is-live=true ! capsfilter name=mode ! " SHAPE
                            "false";
static const gchar PLAY[] = "filesrc name=camera ! decodebin ! " SHAPE "true";

static void set_caps(GstElement *pipe, const gchar *name, GstCaps *caps)
{
    g_object_set(cam_pipe_find(pipe, name), "caps", caps, NULL);
    gst_caps_unref(caps);
}

/* The output's format, and its size once that is settled: a camera that comes back, or another
 * one, fits in. Readers take all YUV for limited range, which a JPEG's is not; a raw camera's
 * colours are taken as they are, for most drivers do not say. */
static void set_shape(GstElement *pipe, const CamOptions *options, CamFeed *feed, gboolean raw)
{
    GstVideoInfo info;
    gchar *colours = NULL;
    GstCaps *caps = gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, options->format,
                                        "pixel-aspect-ratio", GST_TYPE_FRACTION, 1, 1, NULL);
    if (cam_feed_info(feed, &info)) {
        gst_caps_set_simple(caps, "width", G_TYPE_INT, info.width, "height", G_TYPE_INT,
                            info.height, NULL);
        colours = gst_video_colorimetry_to_string(&info.colorimetry);
    } else if (!raw) {
        GstCaps *limited =
            gst_caps_from_string("video/x-raw, colorimetry=(string){ bt601, bt709 }");
        GstCaps *both = gst_caps_intersect(caps, limited);
        gst_caps_unref(limited);
        gst_caps_unref(caps);
        caps = both;
    }
    if (colours)
        gst_caps_set_simple(caps, "colorimetry", G_TYPE_STRING, colours, NULL);
    g_free(colours);
    set_caps(pipe, "shape", caps);
}

static void set_wish(GstElement *pipe, const CamWish *wish, gint width, gint height, gint fps)
{
    GstCaps *caps = gst_caps_new_empty_simple("video/x-raw");
    width = wish->width ? wish->width : width;
    height = wish->height ? wish->height : height;
    fps = wish->fps ? wish->fps : fps;
    if (width)
        gst_caps_set_simple(caps, "width", G_TYPE_INT, width, "height", G_TYPE_INT, height, NULL);
    if (fps)
        gst_caps_set_simple(caps, "framerate", GST_TYPE_FRACTION, fps, 1, NULL);
    set_caps(pipe, "mode", caps);
}

static CamSource *make(const gchar *words, gchar **trouble)
{
    GstElement *pipe = cam_pipe_new(words, trouble);
    if (!pipe)
        return NULL;
    CamSource *source = g_new0(CamSource, 1);
    source->pipe = pipe;
    return source;
}

/* After a colon in the camera's text. */
static const gchar *find_part(const gchar *text)
{
    const gchar *colon = strchr(text, ':');
    return colon ? colon + 1 : "";
}

static gboolean is_kind(const gchar *text, const gchar *kind)
{
    gsize length = strlen(kind);
    return !strncmp(text, kind, length) && (text[length] == 0 || text[length] == ':');
}

gchar *cam_source_check(const CamOptions *options)
{
    const gchar *pattern = find_part(options->camera);
    GstElement *camera = NULL;
    if (!is_kind(options->camera, "test") || !*pattern ||
        !(camera = gst_element_factory_make("videotestsrc", NULL)))
        return NULL; /* without the element the pipeline says so */
    GParamSpec *spec = g_object_class_find_property(G_OBJECT_GET_CLASS(camera), "pattern");
    gboolean known =
        g_enum_get_value_by_nick(G_PARAM_SPEC_ENUM(spec)->enum_class, pattern) != NULL;
    gst_object_unref(camera);
    return known ? NULL
                 : g_strdup_printf("--camera '%s': there is no test picture '%s' (gst-inspect-1.0 "
                                   "videotestsrc lists them)", options->camera, pattern);
}

static CamSource *make_test(const CamOptions *options, gchar **trouble)
{
    const gchar *named = find_part(options->camera), *pattern = *named ? named : "smpte";
    CamSource *source = make(TEST, trouble);
    if (!source)
        return NULL;
    set_wish(source->pipe, &options->wish, 1280, 720, 30);
    gst_util_set_object_arg(G_OBJECT(cam_pipe_find(source->pipe, "camera")), "pattern",
                            pattern);
    source->label = g_strdup_printf("test picture %s", pattern);
    return source;
}

static void lose_pipewire(gpointer data)
{
    CamSource *source = data;
    GST_ELEMENT_ERROR(cam_pipe_find(source->pipe, "camera"), RESOURCE, READ,
                      ("PipeWire has ended: waiting"), (NULL));
}

static CamSource *make_pipewire(const CamOptions *options, gchar **trouble)
{
    const gchar *wanted = find_part(options->camera);
    gchar *node = cam_pipewire_find(wanted);
    CamSource *source = node ? make(PIPEWIRE, trouble) : NULL;
    if (source) {
        /* Without a name of its own it would have that of this program's camera. */
        GstStructure *names = gst_structure_new("props", "node.name", G_TYPE_STRING,
                                                CAM_PIPEWIRE_NODE "-input", NULL);
        source->pulse = cam_pulse_open(lose_pipewire, source);
        g_object_set(cam_pipe_find(source->pipe, "camera"), "target-object", node, "fd",
                     source->pulse ? cam_pulse_fd(source->pulse) : -1, "stream-properties", names,
                     NULL);
        gst_structure_free(names);
        set_wish(source->pipe, &options->wish, 0, 0, 0);
        source->label = g_strdup_printf("PipeWire camera %s", node);
    } else if (!node) {
        *trouble = g_strdup_printf("PipeWire has no %scamera%s%s: waiting for one",
                                   *wanted ? "" : "other ", *wanted ? " " : "", wanted);
    }
    g_free(node);
    return source;
}

static CamSource *make_file(const CamOptions *options, gchar **trouble)
{
    CamSource *source = make(PLAY, trouble);
    if (!source)
        return NULL;
    g_object_set(cam_pipe_find(source->pipe, "camera"), "location", options->camera, NULL);
    GstPad *pad = gst_element_get_static_pad(cam_pipe_find(source->pipe, "convert"), "sink");
    source->tempo = cam_tempo_new(pad, options->wish.fps);
    gst_object_unref(pad);
    source->label = g_strdup_printf("file %s", options->camera);
    return source;
}

/* Where any camera will do, the one that was there before comes first. */
static gint rank(const CamDevice *device, const gchar *wanted, const gchar *before)
{
    gchar *name = g_utf8_casefold(device->card, -1), *part = g_utf8_casefold(wanted, -1);
    gboolean fits = strstr(name, part) != NULL;
    g_free(name);
    g_free(part);
    if (!cam_device_is_camera(device) || !fits)
        return 0;
    return g_strcmp0(device->card, before) ? 1 : 2;
}

static gchar *explain_no_camera(const GPtrArray *devices, const gchar *wanted)
{
    for (guint i = 0; i < devices->len; i++) {
        const CamDevice *device = devices->pdata[i];
        if (device->fault)
            return cam_trouble_device("camera", device->path, device->fault);
    }
    if (*wanted)
        return g_strdup_printf("no file, device or camera called '%s': waiting for one (mien-cam "
                               "--list shows what is there)", wanted);
    return g_strdup("there is no camera: waiting for one to be plugged in");
}

/* The device to take, which the caller frees, or NULL and *trouble. */
static CamDevice *find_device(const CamOptions *options, const gchar *before, gchar **trouble)
{
    const gchar *wanted = options->camera;
    CamDevice *best = NULL;
    guint at = 0;
    gint score = 0;
    if (g_str_has_prefix(wanted, "/dev/")) {
        best = cam_device_look(wanted, &options->wish);
        if (best->fault)
            *trouble = cam_trouble_device("camera", wanted, best->fault);
        else if (!best->capture)
            *trouble = g_strdup_printf("%s (%s) gives no frames now: waiting", wanted, best->card);
        if (*trouble)
            g_clear_pointer(&best, cam_device_free);
        return best;
    }
    GPtrArray *devices = cam_devices_scan(&options->wish);
    for (guint i = 0; i < devices->len; i++) {
        gint found = rank(devices->pdata[i], wanted, before);
        if (found > score) {
            score = found;
            at = i;
        }
    }
    if (score)
        best = g_ptr_array_steal_index(devices, at);
    else
        *trouble = explain_no_camera(devices, wanted);
    g_ptr_array_unref(devices);
    return best;
}

static gchar *print_mode(const CamDevice *device, const CamMode *mode)
{
    gchar code[5];
    cam_mode_print_fourcc(mode->fourcc, code);
    double rate = mode->fps_n ? (double)mode->fps_n / mode->fps_d : 0;
    return g_strdup_printf("%s (%s), %s %dx%d at %g frames/s", device->path, device->card, code,
                           mode->width, mode->height, rate);
}

/* The user asked for something that the camera does not have. */
static gboolean is_second_best(const CamMode *mode, const CamWish *wish)
{
    return (wish->width && (wish->width != mode->width || wish->height != mode->height)) ||
           (wish->fps && mode->fps_n && ABS(wish->fps - (double)mode->fps_n / mode->fps_d) > 0.5);
}

static CamSource *make_v4l2(const CamOptions *options, const gchar *before, gchar **trouble)
{
    CamDevice *device = find_device(options, before, trouble);
    CamSource *source = NULL;
    if (!device)
        return NULL;
    const CamMode *mode = cam_mode_choose((const CamMode *)device->modes->data, device->modes->len,
                                          &options->wish);
    if (mode) {
        /* v4l2src looks for this when it is made; libv4l2 then translates rare formats. */
        if (mode->emulated)
            g_setenv("GST_V4L2_USE_LIBV4L2", "1", TRUE);
        source = make(cam_mode_is_jpeg(mode) ? V4L2_JPEG : V4L2_RAW, trouble);
    } else {
        *trouble = g_strdup_printf("camera %s (%s) has no format that can be used%s; mien-cam "
                                   "--list shows its formats", device->path, device->card,
                                   options->wish.fourcc ? " and was asked for" : "");
    }
    if (source) {
        g_object_set(cam_pipe_find(source->pipe, "camera"), "device", device->path, NULL);
        set_caps(source->pipe, "mode", cam_mode_caps(mode));
        source->path = g_strdup(device->path);
        source->card = g_strdup(device->card);
        source->raw = !cam_mode_is_jpeg(mode);
        source->label = print_mode(device, mode);
        if (is_second_best(mode, &options->wish))
            cam_say("the camera has no such size or rate: the nearest one is taken");
    }
    cam_device_free(device);
    return source;
}

CamSource *cam_source_open(const CamOptions *options, CamFeed *feed, const gchar *card,
                           const CamPipeEvents *events, gchar **trouble)
{
    const gchar *camera = options->camera;
    CamSource *source;
    *trouble = NULL;
    if (is_kind(camera, "test"))
        source = make_test(options, trouble);
    else if (is_kind(camera, "pipewire"))
        source = make_pipewire(options, trouble);
    else if (g_file_test(camera, G_FILE_TEST_IS_REGULAR))
        source = make_file(options, trouble);
    else
        source = make_v4l2(options, card, trouble);
    if (!source)
        return NULL;
    set_shape(source->pipe, options, feed, source->raw);
    cam_feed_take_from(feed, GST_APP_SINK(cam_pipe_find(source->pipe, "frames")));
    if (source->pulse) { /* pipewiresrc waits up to 30 s for a link between it and the camera */
        source->starter = cam_pipe_start_aside(source->pipe, events);
        return source;
    }
    GstMessage *error = cam_pipe_start(source->pipe, events);
    if (error) {
        *trouble = cam_source_explain(source, error);
        gst_message_unref(error);
        g_clear_pointer(&source, cam_source_close);
    }
    return source;
}

static gpointer end_source(gpointer data)
{
    CamSource *source = data;
    g_clear_pointer(&source->starter, g_thread_join);
    cam_pipe_stop(source->pipe);
    g_clear_pointer(&source->pulse, cam_pulse_close);
    g_free(source->label);
    g_free(source->path);
    g_free(source->card);
    g_free(source);
    return NULL;
}

static gboolean is_starting(const CamSource *source)
{
    GstState state;
    gst_element_get_state(source->pipe, &state, NULL, 0);
    return source->starter && state != GST_STATE_PLAYING;
}

/* What waits for PipeWire cannot be stopped before it has waited long enough; the program does not
 * stand still for it, nor for its own end. */
void cam_source_close(CamSource *source)
{
    cam_pipe_leave(source->pipe);
    if (source->pulse)
        cam_pulse_leave(source->pulse);
    if (is_starting(source)) {
        cam_feed_leave(GST_APP_SINK(cam_pipe_find(source->pipe, "frames")));
        g_thread_unref(g_thread_new("end", end_source, source));
    } else {
        end_source(source);
    }
}

gboolean cam_source_rewind(CamSource *source)
{
    return gst_element_seek_simple(source->pipe, GST_FORMAT_TIME,
                                   GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_KEY_UNIT, 0);
}

gchar *cam_source_explain(const CamSource *source, GstMessage *error)
{
    return source->path ? cam_trouble_message("camera", source->path, error)
                        : cam_trouble_message(source->label, NULL, error);
}
