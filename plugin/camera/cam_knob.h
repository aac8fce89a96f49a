/* A parameter in the preview's window: its name and what changes it, made from a line of the answer
 * to "params". The window has no list of parameters of its own. */
#ifndef CAM_KNOB_H
#define CAM_KNOB_H

#include <gtk/gtk.h>

typedef struct CamKnob CamKnob;

/* `turned`: the user has changed it. NULL for a line that is no parameter's. The widgets have to be
 * put into a window; they end with it. */
CamKnob *cam_knob_new(const gchar *line, void (*turned)(CamKnob *knob, gpointer data),
                      gpointer data);
void cam_knob_free(CamKnob *knob); /* before its widgets */

const gchar *cam_knob_name(const CamKnob *knob);
GtkWidget *cam_knob_label(const CamKnob *knob);
GtkWidget *cam_knob_widget(const CamKnob *knob);
GtkWidget *cam_knob_note(const CamKnob *knob); /* beside it, its value; or NULL */
GtkWidget *cam_knob_reset(const CamKnob *knob); /* a button: back to its default */

/* Numbers and choices; not texts to write and sets of flags. */
gboolean cam_knob_is_handy(const CamKnob *knob);

gchar *cam_knob_value(const CamKnob *knob); /* what the user sees; the caller frees it */

/* What is so by now; a text that is being written stays. */
void cam_knob_show(CamKnob *knob, const gchar *value);

#endif
