/* A failure of the library as a message on the bus. */
#ifndef GST_MIEN_ERROR_H
#define GST_MIEN_ERROR_H

#include <gst/gst.h>

/* Posts an error (or a warning) whose text is the library's line and whose domain and code tell
 * applications what kind of failure `status` is. */
void gst_mien_post(GstElement *element, GstMessageType type, int status, const char *text);

#endif
