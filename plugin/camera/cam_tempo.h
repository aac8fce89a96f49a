/* Times for frames that come without: those of raw streams (.264, .mjpeg), which else play as fast
 * as they can be decoded. */
#ifndef CAM_TEMPO_H
#define CAM_TEMPO_H

#include <gst/gst.h>

typedef struct CamTempo CamTempo;

/* Looks after the frames, of raw video, that pass the pad; it ends with the pad. `fps`: what the
 * user wants, or 0: what the stream says, or a usual camera's. */
CamTempo *cam_tempo_new(GstPad *pad, gint fps);

/* Frames a second of times that it has made; 0: none was needed so far. Any thread. */
double cam_tempo_rate(CamTempo *tempo);

#endif
