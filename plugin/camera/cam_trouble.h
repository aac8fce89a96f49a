/* What went wrong, as one line that says what to do. The caller frees all lines. */
#ifndef CAM_TROUBLE_H
#define CAM_TROUBLE_H

#include <gst/gst.h>

/* A device file that cannot be used because of `fault`, an errno: gone, busy, not allowed.
 * `what`: "camera" or "loopback device". */
gchar *cam_trouble_device(const gchar *what, const gchar *path, gint fault);

/* An error of a pipeline. With a path, its code may mean the device's fault. */
gchar *cam_trouble_message(const gchar *what, const gchar *path, GstMessage *message);

/* Programs that have a file open, as "ffmpeg (1234), zoom (99)", or NULL: none that this user may
 * see. This process is left out. */
gchar *cam_trouble_holders(const gchar *path);

#endif
