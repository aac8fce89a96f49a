/* The control socket: a Unix stream socket that only this user can open. */
#ifndef CAM_CONTROL_H
#define CAM_CONTROL_H

#include "cam_protocol.h"

typedef struct CamControl CamControl;

/* Listens; `reach` is kept by pointer, requests are answered on the main thread. NULL and
 * *trouble, a line which the caller frees, if another one listens there or it cannot be made. */
CamControl *cam_control_open(const gchar *path, const CamReach *reach, gchar **trouble);
void cam_control_close(CamControl *control);

#endif
