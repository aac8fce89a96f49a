/* The control socket as seen by those who ask: commands, and the window of the preview. */
#ifndef CAM_CALL_H
#define CAM_CALL_H

#include <glib.h>
#include <sys/un.h>

/* Path of the socket that an option names: "" is mien-cam.sock in the user's runtime folder, and
 * "none" is NULL. The caller frees it. */
gchar *cam_call_path(const gchar *option);

/* FALSE: the path is too long. */
gboolean cam_call_address(struct sockaddr_un *address, const gchar *path);

/* A connected socket, which the caller closes, or -1 and errno. Reading and writing end with
 * EAGAIN after ten seconds: a program that is stopped takes no callers once its queue is full, and
 * a caller without a limit would wait for ever. */
int cam_call_connect(const gchar *path);

/* A request that means `words`, NULL at their end, with its newline. The caller frees it. */
gchar *cam_call_request(const gchar *const *words);

/* Sends `words` and prints the answer to stdout, or what is wrong to stderr. The exit status for
 * main(). */
int cam_call_send(const gchar *path, gchar **words);

#endif
