/* The language of the control socket: a line of words in, lines out.
 *
 *   set NAME=VALUE...   changes parameters; all of them or, if one is wrong, none
 *   get [NAME...]       NAME=VALUE, one a line; without names all
 *   status              KEY=VALUE, one a line (man mien-cam lists them)
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
    void (*quit)(gpointer data);
    gpointer data;
} CamReach;

/* The answer to one line, which the caller frees; all its lines end with a newline. */
gchar *cam_protocol_answer(const CamReach *reach, const gchar *line);

#endif
