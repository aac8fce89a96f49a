/* What the program tells its user: lines on stderr, so that a log has them, too. */
#ifndef CAM_SAY_H
#define CAM_SAY_H

#include <glib.h>

void cam_say(const gchar *format, ...) G_GNUC_PRINTF(1, 2);

#endif
