/* Tells systemd how the service is: sd_notify's protocol, of which this needs next to nothing. */
#ifndef CAM_NOTIFY_H
#define CAM_NOTIFY_H

#include <glib.h>

/* Sends lines such as "READY=1" or "WATCHDOG=1"; nothing happens outside systemd. */
void cam_notify(const gchar *lines);

/* "STATUS=" with a text for systemctl status. */
void cam_notify_status(const gchar *text);

#endif
