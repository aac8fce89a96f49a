/* SPDX-License-Identifier: MIT
 *
 * The FFmpeg filter `mien`: hands frames to libmien. It lives in FFmpeg's tree (add_to_tree.sh
 * puts it there), because libavfilter loads no filters from outside. For FFmpeg 5.1 and later.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mien/mien.h>

#include "libavutil/avstring.h"
#include "libavutil/detection_bbox.h"
#include "libavutil/internal.h"
#include "libavutil/mem.h"
#include "libavutil/opt.h"
#include "libavutil/pixdesc.h"

#include "avfilter.h"
#include "filters.h"
#include "formats.h"
#include "version.h"
#include "video.h"

/* Links carry colorspace and range since FFmpeg 7.0, filters are FFFilter since 8.0. */
#define LINKS_HAVE_COLOR (LIBAVFILTER_VERSION_MAJOR >= 10)
#define FILTERS_ARE_PRIVATE (LIBAVFILTER_VERSION_MAJOR >= 11)

/* The library's parameter table (core/params.def, copied here by add_to_tree.sh) becomes the
 * fields and the options: it is the only place that lists them. */
typedef struct MienContext {
    const AVClass *class;
#define MI_PARAM_STRING(id, name, def, help) char *opt_##id;
#define MI_PARAM_FLOAT(id, name, def, min, max, unit, help) double opt_##id;
#define MI_PARAM_INT(id, name, def, min, max, help) double opt_##id;
#define MI_PARAM_ENUM(id, name, def, choices, help) char *opt_##id;
#define MI_PARAM_FLAGS(id, name, def, choices, help) char *opt_##id;
#include "vf_mien_params.def"
#undef MI_PARAM_STRING
#undef MI_PARAM_FLOAT
#undef MI_PARAM_INT
#undef MI_PARAM_ENUM
#undef MI_PARAM_FLAGS

    int face_meta;     /* FFmpeg's own option, not in the table */

    mien_filter *filter;
    mien_frame shape;  /* of the last frame, without planes; format 0: none yet */
    int64_t last_pts;  /* in the link's time base */
    int gap;           /* the last frame did not come through the library */
    int color_warned;
    mien_face faces[MIEN_FACES_MAX];
} MienContext;

#define OFFSET(id) offsetof(MienContext, opt_##id)
#define FLAGS AV_OPT_FLAG_FILTERING_PARAM | AV_OPT_FLAG_VIDEO_PARAM | AV_OPT_FLAG_RUNTIME_PARAM

static const AVOption mien_options[] = {
#define MI_PARAM_STRING(id, name, def, help) \
    { name, help, OFFSET(id), AV_OPT_TYPE_STRING, { .str = def }, 0, 0, FLAGS },
#define MI_PARAM_FLOAT(id, name, def, min, max, unit, help) \
    { name, sizeof(unit) > 1 ? help ", " unit : help, OFFSET(id), AV_OPT_TYPE_DOUBLE, \
      { .dbl = def }, min, max, FLAGS },
/* FFmpeg rounds what is given to its own int options; so the library sees it and says no. */
#define MI_PARAM_INT(id, name, def, min, max, help) \
    { name, help, OFFSET(id), AV_OPT_TYPE_DOUBLE, { .dbl = def }, min, max, FLAGS },
/* The choices are one text: the library checks the word, and the help shows them. */
#define MI_PARAM_ENUM(id, name, def, choices, help) \
    { name, help " (" choices ")", OFFSET(id), AV_OPT_TYPE_STRING, { .str = def }, 0, 0, FLAGS },
#define MI_PARAM_FLAGS(id, name, def, choices, help) MI_PARAM_ENUM(id, name, def, choices, help)
#include "vf_mien_params.def"
#undef MI_PARAM_STRING
#undef MI_PARAM_FLOAT
#undef MI_PARAM_INT
#undef MI_PARAM_ENUM
#undef MI_PARAM_FLAGS
    { "face_meta", "attach the faces of a frame to it as detection bounding boxes",
      offsetof(MienContext, face_meta), AV_OPT_TYPE_BOOL, { .i64 = 0 }, 0, 1, FLAGS },
    { NULL }
};

AVFILTER_DEFINE_CLASS(mien);

static const struct {
    enum AVPixelFormat pix_fmt;
    mien_format format;
} formats[] = {
    { AV_PIX_FMT_YUV420P,  MIEN_FORMAT_I420 },
    { AV_PIX_FMT_YUVJ420P, MIEN_FORMAT_I420 },
    { AV_PIX_FMT_NV12,     MIEN_FORMAT_NV12 },
    { AV_PIX_FMT_YUYV422,  MIEN_FORMAT_YUY2 },
    { AV_PIX_FMT_RGBA,     MIEN_FORMAT_RGBA },
    { AV_PIX_FMT_BGRA,     MIEN_FORMAT_BGRA },
    { AV_PIX_FMT_RGB0,     MIEN_FORMAT_RGBX },
    { AV_PIX_FMT_BGR0,     MIEN_FORMAT_BGRX },
};

static const enum AVPixelFormat pix_fmts[] = {
    AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_NV12, AV_PIX_FMT_YUYV422,
    AV_PIX_FMT_RGBA, AV_PIX_FMT_BGRA, AV_PIX_FMT_RGB0, AV_PIX_FMT_BGR0,
    AV_PIX_FMT_NONE
};

static int averror(int status)
{
    switch (status) {
    case MIEN_ERR_INVALID:     return AVERROR(EINVAL);
    case MIEN_ERR_NOMEM:       return AVERROR(ENOMEM);
    case MIEN_ERR_UNSUPPORTED: return AVERROR(ENOTSUP);
    case MIEN_ERR_NO_DEVICE:   return AVERROR(ENODEV);
    case MIEN_ERR_IO:          return AVERROR(ENOENT);
    case MIEN_ERR_MODEL:       return AVERROR_INVALIDDATA;
    default:                   return AVERROR_EXTERNAL;
    }
}

static void write_log(void *ctx, mien_log_level level, const char *line)
{
    static const int levels[] = {
        [MIEN_LOG_ERROR]   = AV_LOG_ERROR,
        [MIEN_LOG_WARNING] = AV_LOG_WARNING,
        [MIEN_LOG_INFO]    = AV_LOG_VERBOSE, /* FFmpeg shows its own "info" by default */
        [MIEN_LOG_DEBUG]   = AV_LOG_DEBUG,
    };
    av_log(ctx, levels[level], "%s\n", line);
}

/* Hands the present value of one option to the library, which logs what it refuses. */
static int apply_option(MienContext *s, const AVOption *o)
{
    const uint8_t *field = (const uint8_t *)s + o->offset;
    char number[64];
    const char *value = number;
    int status;

    if (o->type == AV_OPT_TYPE_BOOL) {
        status = mien_filter_set_analysis(s->filter, s->face_meta);
        return status < 0 ? averror(status) : 0;
    }
    if (o->type == AV_OPT_TYPE_STRING) {
        const char *text = *(char *const *)field;
        value = text ? text : "";
    } else {
        char *comma;
        snprintf(number, sizeof(number), "%.9g", *(const double *)field);
        if ((comma = strchr(number, ','))) /* the host's locale */
            *comma = '.';
    }
    status = mien_filter_set(s->filter, o->name, value);
    return status < 0 ? averror(status) : 0;
}

/* The library reads no environment: the folder that the user's names is for the filter to tell,
 * unless the option does. */
static int choose_cache(AVFilterContext *ctx)
{
    MienContext *s   = ctx->priv;
    const char *base = getenv("XDG_CACHE_HOME");
    char *folder;
    int status;

    if (!base || base[0] != '/' || (s->opt_CACHE && s->opt_CACHE[0]))
        return 0;
    folder = av_asprintf("%s/mien", base);
    if (!folder)
        return AVERROR(ENOMEM);
    status = mien_filter_set(s->filter, "cache", folder);
    av_free(folder);
    return status < 0 ? averror(status) : 0;
}

static av_cold int init(AVFilterContext *ctx)
{
    MienContext *s = ctx->priv;
    int verbosity  = av_log_get_level();
    mien_log log   = {
        .write  = write_log,
        .opaque = ctx,
        .level  = verbosity >= AV_LOG_DEBUG   ? MIEN_LOG_DEBUG :
                  verbosity >= AV_LOG_VERBOSE ? MIEN_LOG_INFO  : MIEN_LOG_WARNING,
    };
    int status     = mien_filter_create(&s->filter, &log);

    if (status < 0)
        return averror(status);
    s->last_pts = AV_NOPTS_VALUE;
    for (const AVOption *o = mien_options; o->name; o++) {
        int ret = apply_option(s, o);
        if (ret < 0)
            return ret;
    }
    status = choose_cache(ctx);
    if (status < 0)
        return status;
    av_log(ctx, AV_LOG_VERBOSE, "libmien %s\n", mien_version());
    return 0;
}

static av_cold void uninit(AVFilterContext *ctx)
{
    MienContext *s = ctx->priv;

    mien_filter_destroy(&s->filter);
}

static mien_matrix matrix_of(AVFilterContext *ctx, enum AVColorSpace space)
{
    MienContext *s = ctx->priv;

    switch (space) {
    case AVCOL_SPC_BT709:
        return MIEN_MATRIX_BT709;
    case AVCOL_SPC_FCC:
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
        return MIEN_MATRIX_BT601;
    case AVCOL_SPC_RGB:
    case AVCOL_SPC_UNSPECIFIED:
        return MIEN_MATRIX_AUTO;
    default:
        if (!s->color_warned) {
            const char *name = av_color_space_name(space);
            av_log(ctx, AV_LOG_WARNING, "colour matrix %s is taken as bt709\n",
                   name ? name : "(unknown)");
        }
        s->color_warned = 1;
        return MIEN_MATRIX_BT709;
    }
}

static mien_range range_of(enum AVPixelFormat pix_fmt, enum AVColorRange range)
{
    if (range == AVCOL_RANGE_JPEG || pix_fmt == AV_PIX_FMT_YUVJ420P)
        return MIEN_RANGE_FULL;
    return range == AVCOL_RANGE_MPEG ? MIEN_RANGE_LIMITED : MIEN_RANGE_AUTO;
}

/* The three sitings that the library knows, or the one that is nearest in the horizontal, where
 * a wrong half sample shows most. */
static mien_siting siting_of(enum AVChromaLocation location)
{
    switch (location) {
    case AVCHROMA_LOC_LEFT:
    case AVCHROMA_LOC_BOTTOMLEFT:
        return MIEN_SITING_LEFT;
    case AVCHROMA_LOC_CENTER:
    case AVCHROMA_LOC_TOP:
    case AVCHROMA_LOC_BOTTOM:
        return MIEN_SITING_CENTER;
    case AVCHROMA_LOC_TOPLEFT:
        return MIEN_SITING_TOPLEFT;
    default:
        return MIEN_SITING_AUTO;
    }
}

static mien_frame make_shape(AVFilterContext *ctx, enum AVPixelFormat pix_fmt, int width,
                             int height, enum AVColorSpace space, enum AVColorRange range,
                             enum AVChromaLocation location)
{
    mien_frame shape = {
        .width  = width,
        .height = height,
        .pts_ns = MIEN_NO_PTS,
    };

    for (size_t i = 0; i < FF_ARRAY_ELEMS(formats); i++)
        if (formats[i].pix_fmt == pix_fmt)
            shape.format = formats[i].format;
    if (shape.format >= MIEN_FORMAT_RGBA)
        return shape; /* the rest concerns YUV only, and a change of it would cost a new start */
    shape.matrix = matrix_of(ctx, space);
    shape.range  = range_of(pix_fmt, range);
    shape.siting = siting_of(location);
    return shape;
}

static void set_planes(mien_frame *to, const AVFrame *frame)
{
    for (int p = 0; p < 3; p++) {
        to->data[p]   = frame->data[p];
        to->stride[p] = frame->linesize[p];
    }
}

/* Loads what the options ask for now, so that a wrong style or device ends the program before
 * the first frame. */
static int config_input(AVFilterLink *inlink)
{
    AVFilterContext *ctx    = inlink->dst;
    MienContext *s          = ctx->priv;
    enum AVColorSpace space = AVCOL_SPC_UNSPECIFIED;
    enum AVColorRange range = AVCOL_RANGE_UNSPECIFIED;
    int status;

#if LINKS_HAVE_COLOR
    space = inlink->colorspace;
    range = inlink->color_range;
#endif
    s->shape = make_shape(ctx, inlink->format, inlink->w, inlink->h, space, range,
                          AVCHROMA_LOC_UNSPECIFIED);
    status   = mien_filter_prepare(s->filter, &s->shape);
    return status < 0 ? averror(status) : 0;
}

/* The boxes of the faces that are seen in the frame. Filters such as drawbox and drawtext read
 * them; what else is known of a face has no place there. */
static int attach_faces(MienContext *s, AVFrame *frame)
{
    AVDetectionBBoxHeader *header;
    size_t count = 0, seen = 0;
    int status = mien_filter_faces(s->filter, s->faces, MIEN_FACES_MAX, &count);

    if (status < 0)
        return averror(status);
    for (size_t i = 0; i < count; i++)
        if (!s->faces[i].lost)
            s->faces[seen++] = s->faces[i];
    if (!seen)
        return 0;
    /* One side data of a kind: the boxes of an earlier detector give way. */
    av_frame_remove_side_data(frame, AV_FRAME_DATA_DETECTION_BBOXES);
    header = av_detection_bbox_create_side_data(frame, seen);
    if (!header)
        return AVERROR(ENOMEM);
    av_strlcpy(header->source, "mien", sizeof(header->source));
    for (size_t i = 0; i < seen; i++) {
        const mien_face *face = &s->faces[i];
        AVDetectionBBox *box  = av_get_detection_bbox(header, i);

        box->x = av_clip(lrintf(face->x), 0, frame->width);
        box->y = av_clip(lrintf(face->y), 0, frame->height);
        box->w = av_clip(lrintf(face->x + face->width), box->x, frame->width) - box->x;
        box->h = av_clip(lrintf(face->y + face->height), box->y, frame->height) - box->y;
        av_strlcpy(box->detect_label, "face", sizeof(box->detect_label));
        box->detect_confidence = av_make_q(lrintf(face->presence * 10000), 10000);
    }
    return 0;
}

static int filter_frame(AVFilterLink *inlink, AVFrame *in)
{
    AVFilterContext *ctx  = inlink->dst;
    AVFilterLink *outlink = ctx->outputs[0];
    MienContext *s        = ctx->priv;
    AVFrame *out          = in;
    mien_frame from, to;
    int status;

    if (ctx->is_disabled) {
        s->gap = 1;
        return ff_filter_frame(outlink, in);
    }
    if (s->gap || (in->pts != AV_NOPTS_VALUE && s->last_pts != AV_NOPTS_VALUE &&
                   in->pts < s->last_pts))
        mien_filter_reset(s->filter);
    s->gap      = 0;
    s->last_pts = in->pts;

    s->shape = from = make_shape(ctx, in->format, in->width, in->height, in->colorspace,
                                 in->color_range, in->chroma_location);
    set_planes(&from, in);
    if (in->pts != AV_NOPTS_VALUE)
        from.pts_ns = av_rescale_q(in->pts, inlink->time_base, av_make_q(1, 1000000000));

    /* In place where the frame is ours. In bypass nothing is written, so any frame will do; the
     * library is called all the same, because its ramps follow the frame times. */
    if (!av_frame_is_writable(in) && !mien_filter_is_bypass(s->filter)) {
        int ret;
        out = ff_get_video_buffer(outlink, in->width, in->height);
        if (!out) {
            av_frame_free(&in);
            return AVERROR(ENOMEM);
        }
        if ((ret = av_frame_copy_props(out, in)) < 0) {
            av_frame_free(&out);
            av_frame_free(&in);
            return ret;
        }
    }
    to = from;
    set_planes(&to, out);
    status = mien_filter_process(s->filter, &from, &to);
    if (out != in)
        av_frame_free(&in);
    status = status < 0 ? averror(status) : s->face_meta ? attach_faces(s, out) : 0;
    if (status < 0) {
        av_frame_free(&out);
        return status;
    }
    return ff_filter_frame(outlink, out);
}

/* A change at run time. What cannot be done is refused here, with the old value kept, and the
 * stream goes on. */
static int process_command(AVFilterContext *ctx, const char *cmd, const char *arg, char *res,
                           int res_len, int flags)
{
    MienContext *s   = ctx->priv;
    const AVOption *o = av_opt_find(s, cmd, NULL, 0, 0);
    uint8_t *old     = NULL;
    char line[256];
    int ret;

    if (!o) {
        /* No error: a command may be meant for another filter of the graph. */
        mien_param_check(cmd, arg, line, sizeof(line));
        av_log(ctx, AV_LOG_WARNING, "%s\n", line);
        return AVERROR(ENOSYS);
    }
    if ((ret = av_opt_get(s, cmd, 0, &old)) < 0)
        return ret;
    ret = ff_filter_process_command(ctx, cmd, arg, res, res_len, flags);
    if (ret >= 0)
        ret = apply_option(s, o);
    if (ret >= 0 && s->shape.format) {
        int status = mien_filter_prepare(s->filter, &s->shape);
        if (status < 0)
            ret = averror(status);
    }
    if (ret < 0) {
        av_log(ctx, AV_LOG_ERROR, "%s=%s was refused, it stays '%s'\n", cmd, arg ? arg : "", old);
        if (av_opt_set(s, cmd, old, 0) >= 0)
            apply_option(s, o);
    }
    av_free(old);
    return ret;
}

static const AVFilterPad mien_inputs[] = {
    {
        .name         = "default",
        .type         = AVMEDIA_TYPE_VIDEO,
        .filter_frame = filter_frame,
        .config_props = config_input,
    },
};

static const AVFilterPad mien_outputs[] = {
    {
        .name = "default",
        .type = AVMEDIA_TYPE_VIDEO,
    },
};

#define MIEN_DESCRIPTION \
    NULL_IF_CONFIG_SMALL("Change how people look with generator networks on Vulkan (libmien).")

#if FILTERS_ARE_PRIVATE
const FFFilter ff_vf_mien = {
    .p.name          = "mien",
    .p.description   = MIEN_DESCRIPTION,
    .p.priv_class    = &mien_class,
    .p.flags         = AVFILTER_FLAG_SUPPORT_TIMELINE_INTERNAL,
#else
const AVFilter ff_vf_mien = {
    .name            = "mien",
    .description     = MIEN_DESCRIPTION,
    .priv_class      = &mien_class,
    .flags           = AVFILTER_FLAG_SUPPORT_TIMELINE_INTERNAL,
#endif
    .priv_size       = sizeof(MienContext),
    .init            = init,
    .uninit          = uninit,
    .process_command = process_command,
    FILTER_INPUTS(mien_inputs),
    FILTER_OUTPUTS(mien_outputs),
    FILTER_PIXFMTS_ARRAY(pix_fmts),
};
