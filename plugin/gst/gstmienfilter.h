/* The element `mien`: frames in place through libmien. */
#ifndef GST_MIEN_FILTER_H
#define GST_MIEN_FILTER_H

#include <gst/gst.h>
#include <gst/video/gstvideofilter.h>
#include <gst/video/video.h>

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN(gst_mien_debug);

#define GST_TYPE_MIEN (gst_mien_get_type())
G_DECLARE_FINAL_TYPE(GstMien, gst_mien, GST, MIEN, GstVideoFilter)

G_END_DECLS
#endif
