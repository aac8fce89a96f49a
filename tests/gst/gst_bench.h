/* What the tests of the element share: a harness with a bus, pictures, and their difference. */
#ifndef GST_BENCH_H
#define GST_BENCH_H

#include <gst/check/gstharness.h>
#include <gst/gst.h>
#include <gst/video/video.h>

extern const char *const bench_formats[]; /* every format of the element, ends with NULL */

typedef struct Bench {
    GstHarness *harness;
    GstElement *element; /* borrowed */
    GstBus *bus;
    GstVideoInfo info; /* of the frames */
    guint64 pushed;    /* frames so far; sets their time, 25 a second */
} Bench;

/* An element that has seen no caps yet; `bench_start` gives it some and may be called again. */
void bench_open(Bench *bench);
void bench_start(Bench *bench, const char *format, int width, int height);
void bench_close(Bench *bench);

/* A picture with edges, gradients and noise in every plane; the same for the same seed. Padding
 * bytes are filled too. */
GstBuffer *bench_picture(Bench *bench, guint seed);

/* Pushes a picture, which it takes; the result is NULL if the element did not take it or gave
 * nothing. `bench_run` makes the picture as well. */
GstBuffer *bench_push(Bench *bench, GstBuffer *picture);
GstBuffer *bench_run(Bench *bench, guint seed);

/* Are all bytes the same? PSNR over all bytes, 99 for equal ones. */
gboolean bench_same(GstBuffer *a, GstBuffer *b);
double bench_psnr(GstBuffer *a, GstBuffer *b);

/* Takes the first message of the type off the bus: its text, which the caller frees, and its
 * error; NULL if there is none. */
gchar *bench_message(Bench *bench, GstMessageType type, GQuark *domain, gint *code);

#endif
