/* The plugin: registers the element `mien`. Nothing here or below touches a device before a
 * frame needs one, so scanning the plugin works on a machine without Vulkan devices. */
#include "gstmienfilter.h"

GST_DEBUG_CATEGORY(gst_mien_debug);

static gboolean plugin_init(GstPlugin *plugin)
{
    GST_DEBUG_CATEGORY_INIT(gst_mien_debug, "mien", 0, "mien video filter and its library");
    return gst_element_register(plugin, "mien", GST_RANK_NONE, GST_TYPE_MIEN);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, mien,
                  "real-time video filters that run generator networks on Vulkan compute",
                  plugin_init, GST_MIEN_VERSION, "MIT/X11", "mien", "mien")
