/* libmien: real-time video filters that run generator networks on every frame.
 *
 * One object, mien_filter, takes frames in host memory and gives frames of the same format and
 * size back, one for one, with no added delay. The generator runs as Vulkan compute shaders on
 * a device that the library opens for itself (a CPU driver such as lavapipe will do).
 *
 * Threads: a filter is used by one thread at a time, except for the functions marked "any
 * thread". Different filters are independent. The library has no globals, reads no environment
 * variable, prints nothing and installs no handler; messages go to the log callback.
 *
 * Errors: functions that return int return a mien_status; a negative one is an error, and its
 * text, one line that names the culprit, goes to the log at MIEN_LOG_ERROR and is kept for
 * mien_filter_error().
 */
#ifndef MIEN_MIEN_H
#define MIEN_MIEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define MIEN_API __declspec(dllexport)
#elif defined(__GNUC__)
#define MIEN_API __attribute__((visibility("default")))
#else
#define MIEN_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Changes when a function or structure of this header changes incompatibly. */
#define MIEN_API_VERSION 1

/* 0: success; > 0: success with a condition; < 0: error. Values never change. */
typedef enum mien_status {
    MIEN_OK = 0,
    MIEN_BYPASSED = 1,         /* no effect was on: the frame passed untouched */
    MIEN_ERR_INVALID = -1,     /* an argument, frame or value out of its range */
    MIEN_ERR_NOMEM = -2,       /* host or device memory ran out */
    MIEN_ERR_UNSUPPORTED = -3, /* valid, but not what this build or device can do */
    MIEN_ERR_NO_DEVICE = -4,   /* no (such) Vulkan device */
    MIEN_ERR_DEVICE_LOST = -5, /* the device failed while it ran */
    MIEN_ERR_IO = -6,          /* a file is missing or cannot be read */
    MIEN_ERR_MODEL = -7        /* a model file is damaged or is no usable network */
} mien_status;

/* A short constant English text for a status. Never NULL. Any thread. */
MIEN_API const char *mien_status_text(int status);

/* Version of the library, for example "0.1.0". Any thread. */
MIEN_API const char *mien_version(void);

typedef enum mien_log_level {
    MIEN_LOG_ERROR = 1,
    MIEN_LOG_WARNING = 2,
    MIEN_LOG_INFO = 3,
    MIEN_LOG_DEBUG = 4
} mien_log_level;

/* Where messages go. `write` gets one line without a newline, valid during the call only; it is
 * called on the thread that called the library. A NULL `write` drops everything. */
typedef struct mien_log {
    void (*write)(void *opaque, mien_log_level level, const char *line);
    void *opaque;
    mien_log_level level; /* messages above it are not made; 0 means MIEN_LOG_WARNING */
} mien_log;

/* Pixel formats, 8 bits a sample. Chroma planes of 4:2:0 are (width+1)/2 by (height+1)/2. */
typedef enum mien_format {
    MIEN_FORMAT_I420 = 1, /* planes Y, U, V */
    MIEN_FORMAT_NV12 = 2, /* planes Y, interleaved UV */
    MIEN_FORMAT_YUY2 = 3, /* one plane, bytes Y0 U Y1 V; rows of ((width+1)/2)*4 bytes */
    MIEN_FORMAT_RGBA = 4, /* bytes R G B A; alpha is kept as it is, colour is not premultiplied */
    MIEN_FORMAT_BGRA = 5,
    MIEN_FORMAT_RGBX = 6, /* the fourth byte is kept as it is */
    MIEN_FORMAT_BGRX = 7
} mien_format;

typedef enum mien_matrix {
    MIEN_MATRIX_AUTO = 0, /* BT.709 from 720 lines on, else BT.601 */
    MIEN_MATRIX_BT601 = 1,
    MIEN_MATRIX_BT709 = 2
} mien_matrix;

typedef enum mien_range {
    MIEN_RANGE_AUTO = 0, /* limited */
    MIEN_RANGE_LIMITED = 1,
    MIEN_RANGE_FULL = 2
} mien_range;

/* Where chroma samples of a subsampled format lie. */
typedef enum mien_siting {
    MIEN_SITING_AUTO = 0,   /* left */
    MIEN_SITING_LEFT = 1,   /* on the left luma column, between two lines (MPEG-2, H.264) */
    MIEN_SITING_CENTER = 2, /* in the middle of the luma samples (JPEG, MPEG-1) */
    MIEN_SITING_TOPLEFT = 3 /* on the top left luma sample */
} mien_siting;

#define MIEN_SIZE_MIN 16
#define MIEN_SIZE_MAX 8192
#define MIEN_NO_PTS INT64_MIN

/* A picture in host memory. The caller owns the planes; the library reads or writes them during
 * the call only. matrix, range and siting matter for YUV formats only. */
typedef struct mien_frame {
    mien_format format;
    int32_t width, height; /* pixels, MIEN_SIZE_MIN..MIEN_SIZE_MAX, odd ones too */
    uint8_t *data[3];      /* first byte of the top row of each plane */
    ptrdiff_t stride[3];   /* bytes from one row to the next; may be negative */
    mien_matrix matrix;
    mien_range range;
    mien_siting siting;
    int64_t pts_ns; /* time of the frame, ns, or MIEN_NO_PTS: then 1/30 s a frame is taken */
} mien_frame;

/* Planes of a format (1..3), or 0 for a value that is no format. Any thread. */
MIEN_API int mien_format_planes(mien_format format);

/* Bytes of a row that hold picture, and rows, of a plane; 0 if there is no such plane. The
 * library touches no other byte of a frame. Any thread. */
MIEN_API size_t mien_format_row_bytes(mien_format format, int plane, int32_t width);
MIEN_API int32_t mien_format_rows(mien_format format, int plane, int32_t height);

typedef enum mien_param_type {
    MIEN_PARAM_FLOAT = 1,
    MIEN_PARAM_INT = 2,
    MIEN_PARAM_STRING = 3,
    MIEN_PARAM_ENUM = 4, /* one of `choices` */
    MIEN_PARAM_FLAGS = 5 /* any of `choices` joined by '+', as "a+c"; "none" or "": none of them */
} mien_param_type;

/* One row of the parameter table that feeds every front end. All texts are constant. */
typedef struct mien_param_info {
    const char *name; /* as users write it, words joined by '-' */
    mien_param_type type;
    const char *default_text; /* the default as text */
    double min, max;          /* MIEN_PARAM_FLOAT and _INT */
    const char *choices;      /* MIEN_PARAM_ENUM and _FLAGS: words joined by '|'; else NULL */
    const char *unit;         /* "" if none */
    const char *help;         /* one line */
} mien_param_info;

/* The parameter table; *count gets its length. Any thread. */
MIEN_API const mien_param_info *mien_params(size_t *count);

/* Checks a value as mien_filter_set() would, without a filter. On failure a line of text goes
 * to error[0..size) if size > 0. Any thread. */
MIEN_API int mien_param_check(const char *name, const char *value, char *error, size_t size);

/* Writes the names of the styles in a folder of models ("": the installed one), in the order of
 * the alphabet and joined by '|', to text[0..size), always terminated; "" if there is none. Returns
 * MIEN_ERR_INVALID when they do not all fit: the first ones are there. Any thread. */
MIEN_API int mien_style_names(const char *models, char *text, size_t size);

typedef struct mien_filter mien_filter;

/* Makes a filter. Cheap: no device is opened and no file read before the first frame that needs
 * them (or mien_filter_prepare()). `log` may be NULL and is copied. */
MIEN_API int mien_filter_create(mien_filter **filter, const mien_log *log);

/* Waits for the device and frees everything. *filter may be NULL and is set to NULL. */
MIEN_API void mien_filter_destroy(mien_filter **filter);

/* Sets a parameter from text; takes effect at the next frame, numbers ramp over 200 ms. A bad
 * name or value changes nothing and returns MIEN_ERR_INVALID. Any thread. */
MIEN_API int mien_filter_set(mien_filter *filter, const char *name, const char *value);

/* The same for several: "name=value" words parted by spaces or ':'. A value that holds one of
 * them is put in single quotes. Stops at the first error. Any thread. */
MIEN_API int mien_filter_set_all(mien_filter *filter, const char *text);

/* Writes a parameter's present value as text, always terminated; returns MIEN_ERR_INVALID for an
 * unknown name or when it does not fit. Any thread. */
MIEN_API int mien_filter_get(mien_filter *filter, const char *name, char *text, size_t size);

/* True if frames would pass untouched with the present parameters and no ramp is under way: a
 * host may then skip the filter. Any thread. */
MIEN_API bool mien_filter_is_bypass(mien_filter *filter);

/* Does the slow work ahead of the first frame: opens the device, loads networks, compiles
 * shaders, allocates memory for frames like `frame` (its planes may be NULL). Without it the
 * first mien_filter_process() does so. */
MIEN_API int mien_filter_prepare(mien_filter *filter, const mien_frame *frame);

/* Filters one frame. `out` has the format and size of `in`; it may be the same frame or share
 * its planes exactly (in place), and must not overlap otherwise. The frame size and format may
 * change between calls. Returns MIEN_OK, MIEN_BYPASSED (out is a copy of in) or an error, then
 * out is unchanged. A device that is lost is opened again once; when it is lost again, this is
 * MIEN_ERR_DEVICE_LOST until mien_filter_reset(). */
MIEN_API int mien_filter_process(mien_filter *filter, const mien_frame *in, const mien_frame *out);

/* Forgets the past, what went wrong too: call it at a seek or any other break in the stream. */
MIEN_API int mien_filter_reset(mien_filter *filter);

/* Text of the last error of this filter, or "". Valid until the next call on it. */
MIEN_API const char *mien_filter_error(const mien_filter *filter);

/* Faces. Coordinates are pixels of the frame, x to the right, y down; the middle of the top left
 * pixel is (0.5, 0.5). "Left" and "right" are the viewer's, on an upright face. */
#define MIEN_FACES_MAX 8
#define MIEN_FACE_POINTS 478

typedef enum mien_face_region {
    MIEN_REGION_LEFT_EYE = 0,
    MIEN_REGION_RIGHT_EYE = 1,
    MIEN_REGION_NOSE = 2,
    MIEN_REGION_MOUTH = 3,
    MIEN_REGION_LEFT_CHEEK = 4,
    MIEN_REGION_RIGHT_CHEEK = 5,
    MIEN_REGION_FOREHEAD = 6,
    MIEN_REGION_CHIN = 7
} mien_face_region;
#define MIEN_FACE_REGIONS 8

/* A short constant name of a region ("left-eye"), or NULL. Any thread. */
MIEN_API const char *mien_face_region_name(mien_face_region region);

typedef struct mien_face {
    uint32_t id;               /* > 0; kept while the face is followed, also over a short loss */
    bool lost;                 /* not seen in this frame: all below is what was last known, moved
                                * on as the face moved; it is left out 3 s after the last trace */
    float presence;            /* 0..1: how sure it is that this is a face */
    float x, y, width, height; /* box around the points */
    /* Steadied points in the order of MediaPipe's face mesh with irises: 0..467 the mesh, 468..472
     * the left iris (centre, then four on its rim), 473..477 the right one. z: depth on the scale
     * of x and y, smaller is nearer to the camera, 0 near the middle of the head. */
    float point[MIEN_FACE_POINTS][3];
    /* The head's turn in degrees, as seen from the camera: yaw > 0 to the viewer's right, pitch > 0
     * up, roll > 0 clockwise. pose_confidence 0..1. */
    float yaw, pitch, roll, pose_confidence;
    /* Where both eyes look, in degrees from the line to the camera (0, 0: eye contact): yaw > 0 to
     * the viewer's right, pitch > 0 up. Each person has an offset: 80 people who look at the
     * camera are given a yaw of 0.5 +- 2.4 and a pitch of 1.4 +- 6.1 (mean and standard deviation;
     * docs/faces.md, People). Meaningless where gaze_confidence (0..1) is 0: eyes closed or
     * hidden. */
    float gaze_yaw, gaze_pitch, gaze_confidence;
    /* Opening of the left and right lids: height over width, about 0.3 open, below 0.1 closed. */
    float aperture[2];
    float glasses;                      /* 0..1: how sure it is that glasses are worn */
    float visible[MIEN_FACE_REGIONS];   /* 0..1: seen and not covered (hand, hair, mask, profile) */
} mien_face;

/* Faces are looked for when an effect or the overlay needs them, or after
 * mien_filter_set_analysis(filter, true); then frames count as processed even where they leave
 * unchanged. Any thread. */
MIEN_API int mien_filter_set_analysis(mien_filter *filter, bool on);

/* Copies the faces of the last processed frame to faces[0..max) and their number, at most `max`,
 * to *count. Faces come in the order in which they were first seen. */
MIEN_API int mien_filter_faces(const mien_filter *filter, mien_face *faces, size_t max,
                               size_t *count);

/* What the last frame cost, for looking and tuning. */
typedef struct mien_stage_time {
    const char *name; /* constant text */
    double ms;        /* device time, wall clock, milliseconds */
    double gflop;     /* arithmetic of the network in it, GFLOP (1 MAC = 2 FLOP); else 0 */
} mien_stage_time;

typedef struct mien_stats {
    const char *device;  /* name of the device in use, or "" */
    int32_t net_width;   /* size of the picture that the network sees, pixels; 0: none */
    int32_t net_height;
    double net_gmac;     /* 1e9 multiply-accumulates of the network a frame */
    uint64_t frames;     /* frames processed on the device since the filter was made */
    size_t device_bytes; /* device memory held */
    size_t stages;       /* valid entries of stage[] */
    mien_stage_time stage[16];
} mien_stats;

/* Fills *stats; strings stay valid until the next call on the filter. Stage times are taken only
 * after mien_filter_set_timing(filter, true). */
MIEN_API int mien_filter_stats(const mien_filter *filter, mien_stats *stats);
MIEN_API int mien_filter_set_timing(mien_filter *filter, bool on);

/* Measures the fp32 multiply-add peak of the filter's device, 1e9 FLOP (a multiply-add counts 2):
 * *gflops a second of wall clock, *gflops_core a second of process CPU time (of use on CPU devices
 * only). Takes about 0.2 s; MIEN_ERR_INVALID before a device is open. */
MIEN_API int mien_filter_measure_peak(mien_filter *filter, double *gflops, double *gflops_core);

#ifdef __cplusplus
}
#endif
#endif
