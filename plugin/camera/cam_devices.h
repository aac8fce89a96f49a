/* The V4L2 devices of the machine: cameras, and v4l2loopback devices. */
#ifndef CAM_DEVICES_H
#define CAM_DEVICES_H

#include "cam_mode.h"

typedef struct CamDevice {
    gchar *path, *card, *driver;
    gboolean loopback; /* made by v4l2loopback */
    gboolean capture;  /* gives frames */
    gboolean output;   /* takes frames */
    gint fault;        /* errno of the attempt to look at it; then all else but path is empty */
    GArray *modes;     /* of CamMode: what it gives */
} CamDevice;

/* Looks at one device. Never NULL. `wish` (or NULL) is asked for where a driver takes any size or
 * rate within a range. */
CamDevice *cam_device_look(const gchar *path, const CamWish *wish);
void cam_device_free(CamDevice *device);

/* All /dev/video*, by number. The caller unrefs the array, which frees the devices. */
GPtrArray *cam_devices_scan(const CamWish *wish);

/* A camera, as opposed to a loopback device (of this program, maybe) or something else. */
gboolean cam_device_is_camera(const CamDevice *device);

#endif
