/* Does the filter keep up with the camera? */
#ifndef CAM_PACE_H
#define CAM_PACE_H

#include <glib.h>

/* Counts since the start, as they are now. */
typedef struct CamPaceCounts {
    guint64 came; /* frames from the camera */
    guint64 done; /* frames that the filter has finished */
    gint64 busy;  /* microseconds that the filter has worked */
} CamPaceCounts;

typedef struct CamPace {
    CamPaceCounts from; /* at the start of the window */
    gint64 start;       /* of the window, microseconds; 0: none yet */
    guint slow;         /* windows in a row that were too slow */
    double came, done;  /* frames a second in the last whole window */
    double busy;        /* milliseconds a frame in it */
} CamPace;

/* To be called now and then with a clock in microseconds. TRUE: in two windows of 2 s in a row
 * more than a tenth of the frames was dropped while the filter was at work for most of the time
 * (a reader that holds things up is not the filter's fault). Then it starts anew. */
gboolean cam_pace_look(CamPace *pace, gint64 now, CamPaceCounts counts);

/* Forget what was seen, and leave out the next `rest` microseconds: something was opened or
 * changed, and the filter loads. */
void cam_pace_rest(CamPace *pace, gint64 now, gint64 rest, CamPaceCounts counts);

#endif
