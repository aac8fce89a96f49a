/* The language of the control socket: a line of words in, lines out.
 *
 *   set NAME=VALUE...   changes parameters; all of them or, if one is wrong, none
 *   get [NAME...]       NAME=VALUE, one a line; without names all
 *   params              NAME=WORDS, one a line: what can be set, and to what
 *   status              KEY=VALUE, one a line (man mien-cam lists them)
 *   cover on|off        black in place of the camera's picture
 *   watch               the picture: KEY=VALUE, and a file descriptor (cam_view.h)
 *   quit                ends the program
 *
 * Words are quoted as in a shell. An answer ends with the line "ok" or "error TEXT". */
#ifndef CAM_PROTOCOL_H
#define CAM_PROTOCOL_H

#include "cam_settings.h"

/* What a request can reach. */
typedef struct CamReach {
    CamSettings *settings;
    void (*changed)(gpointer data);                 /* settings have new values */
    void (*status)(gpointer data, GString *answer); /* appends the lines */
    void (*cover)(gpointer data, gboolean on);
    /* Appends lines; *fd is for the caller, borrowed. A line that says why not, or NULL: the
     * picture is kept up until as many calls of `unwatch`. */
    gchar *(*watch)(gpointer data, GString *answer, gint *fd);
    void (*unwatch)(gpointer data);
    void (*quit)(gpointer data);
    gpointer data;
} CamReach;

/* The answer to one line, which the caller frees; all its lines end with a newline. *fd goes with
 * it, or is -1; with one, the caller is a watcher, and `unwatch` is due when it goes. */
gchar *cam_protocol_answer(const CamReach *reach, const gchar *line, gint *fd);

#endif
