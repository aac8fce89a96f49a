/* Questions to the control socket that nobody has to wait for: answers come on the main loop. */
#ifndef CAM_ASKER_H
#define CAM_ASKER_H

#include <glib.h>

typedef struct CamAsker CamAsker;

/* An answer. `error`: NULL, or a line that says what is wrong. `lines` ("NAME=VALUE"), up to NULL,
 * last as long as the call. `fd` is the receiver's to close, or -1. */
typedef void (*CamHeard)(gpointer data, const gchar *error, gchar **lines, gint fd);

/* Takes a connected socket. `lost` is told that the other side has hung up, once. */
CamAsker *cam_asker_new(gint fd, void (*lost)(gpointer data), gpointer data);
void cam_asker_free(CamAsker *asker); /* not from inside an answer */

/* Sends the words of a request, NULL at their end. Answers come in the order of the requests. */
void cam_asker_ask(CamAsker *asker, const gchar *const *words, CamHeard heard, gpointer data);

/* Requests without an answer, and when the oldest was sent: monotonic time in us. */
guint cam_asker_waits(const CamAsker *asker, gint64 *since);

#endif
