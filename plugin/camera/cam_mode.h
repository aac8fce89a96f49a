/* What a camera can give, and which of it suits best. No device is touched here. */
#ifndef CAM_MODE_H
#define CAM_MODE_H

#include <gst/gst.h>

typedef struct CamMode {
    guint32 fourcc; /* V4L2's code of the format */
    gint width, height; /* pixels */
    gint fps_n, fps_d;  /* frames a second as a fraction; 0/1: the driver does not say */
    gboolean emulated;  /* libv4l2 makes it of something that only libv4l2 knows */
} CamMode;

/* What the user wants; 0: anything. */
typedef struct CamWish {
    gint width, height; /* both or none; without them 1280x720 is what suits best */
    gint fps;           /* frames a second; without it 30 */
    guint32 fourcc;     /* if no mode has it, none is chosen */
} CamWish;

/* The mode that suits best, or NULL: none is of a known format. The size counts most: the wanted
 * one, else the largest inside it, else the smallest; but where no size was asked for, modes
 * below 15 frames a second come last. Then the rate; then raw formats before MJPEG, which costs
 * decoding. */
const CamMode *cam_mode_choose(const CamMode *modes, gsize count, const CamWish *wish);

/* GStreamer's caps for a mode, or NULL for a format that is not known. The caller owns them. */
GstCaps *cam_mode_caps(const CamMode *mode);

/* Is it a format that this program takes? */
gboolean cam_mode_is_known(const CamMode *mode);

/* Needs a JPEG decoder. */
gboolean cam_mode_is_jpeg(const CamMode *mode);

/* "MJPG" of a code and back; 0 for a text that is no code. "yuy2" and "mjpeg" are understood,
 * too. `text` has 5 bytes. */
void cam_mode_print_fourcc(guint32 fourcc, gchar *text);
guint32 cam_mode_read_fourcc(const gchar *text);

#endif
