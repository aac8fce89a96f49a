/* The program at work: keeps camera and output going, whatever happens to them. */
#ifndef CAM_APP_H
#define CAM_APP_H

#include "cam_options.h"

/* Runs until it is told to end. The exit status for main(). */
int cam_app_run(const CamOptions *options);

#endif
