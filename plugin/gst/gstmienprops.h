/* The library's parameter table as GObject properties; a property's id is its row plus one. */
#ifndef GST_MIEN_PROPS_H
#define GST_MIEN_PROPS_H

#include <gst/gst.h>
#include <mien/mien.h>

enum { GST_MIEN_TEXT_MAX = 4096 }; /* bytes for the text of any value */

/* Adds one property a row. Numbers and choices can be driven by a GstController. */
void gst_mien_props_install(GObjectClass *klass);

/* A property's value as the text that the library reads, newly allocated. */
gchar *gst_mien_props_to_text(const GValue *value);

/* The same the other way round; `value` is initialised with the property's type. */
void gst_mien_props_from_text(GValue *value, const gchar *text);

/* Gives `to` all parameters of `from`. */
void gst_mien_props_copy(mien_filter *to, mien_filter *from);

#endif
