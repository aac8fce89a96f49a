/* What --list prints: cameras and loopback devices with their formats. */
#ifndef CAM_LIST_H
#define CAM_LIST_H

/* The exit status for main(). */
int cam_list(void);

#endif
