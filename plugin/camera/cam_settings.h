/* The values of all parameters of the library's table, as text. */
#ifndef CAM_SETTINGS_H
#define CAM_SETTINGS_H

#include <gst/gst.h>
#include <mien/mien.h>

typedef struct CamSettings {
    const mien_param_info *table;
    gsize count;
    gchar **values; /* [count] what the user wants */
    gchar **forced; /* [count] what is in force in its place, or NULL */
} CamSettings;

CamSettings *cam_settings_new(void);
void cam_settings_free(CamSettings *settings);

/* Row of a name, or -1. */
gint cam_settings_find(const CamSettings *settings, const gchar *name);

/* Borrowed until the next change; NULL for an unknown name. */
const gchar *cam_settings_get(const CamSettings *settings, const gchar *name);

/* Checks and keeps a value. NULL if it was taken, else a line that names what is wrong, which the
 * caller frees. */
gchar *cam_settings_set(CamSettings *settings, const gchar *name, const gchar *value);

/* The same for the words "name=value" up to NULL; either all of them are taken, or none. A style
 * has to be installed, or a file, by now. */
gchar *cam_settings_set_words(CamSettings *settings, gchar **words);

/* Puts a value that is right into force while the user's own, which stays, is what it is now; NULL:
 * the user's own. */
void cam_settings_force(CamSettings *settings, const gchar *name, const gchar *value);

/* What a filter should have; borrowed until the next change. */
const gchar *cam_settings_in_force(const CamSettings *settings, gint row);

/* Moves a value by a twentieth of its range or to the next choice; `steps` may be negative.
 * Texts and flags stay. TRUE if it changed. */
gboolean cam_settings_step(CamSettings *settings, gint row, gint steps);

/* Gives an element `mien` the value of one row, or all, that is in force. */
void cam_settings_apply(const CamSettings *settings, gint row, GstElement *element);
void cam_settings_apply_all(const CamSettings *settings, GstElement *element);

/* Takes over what an element `mien` made of its values: one that does not find a style goes back to
 * the one before. TRUE: something was other than in `settings`. */
gboolean cam_settings_adopt(CamSettings *settings, GstElement *element);

#endif
