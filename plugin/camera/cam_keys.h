/* Keys in the terminal, while the program is in its foreground. */
#ifndef CAM_KEYS_H
#define CAM_KEYS_H

#include "cam_settings.h"

typedef struct CamKeys CamKeys;

typedef struct CamKeyActions {
    CamSettings *settings;
    void (*changed)(gpointer data); /* settings have new values */
    void (*cover)(gpointer data);   /* on, or off again; it says so itself */
    void (*quit)(gpointer data);
    gpointer data;
} CamKeyActions;

/* Listens to the standard input; NULL if it is no terminal of this program's. `actions` is kept by
 * pointer. */
CamKeys *cam_keys_open(const CamKeyActions *actions);
void cam_keys_close(CamKeys *keys); /* the terminal is as before */

/* What one key does: a line for the user, which the caller frees, or NULL. *row is the parameter
 * that is chosen. Up and down come as 'A' and 'B', right and left as 'C' and 'D', as terminals
 * send them after ESC [. */
gchar *cam_keys_press(const CamKeyActions *actions, gint *row, gchar key);

#endif
