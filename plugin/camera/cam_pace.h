/* Does the filter keep up with the camera? And if it was made cheaper because it did not, could it
 * be as it was again? */
#ifndef CAM_PACE_H
#define CAM_PACE_H

#include <glib.h>

/* Counts since the start, as they are now. */
typedef struct CamPaceCounts {
    guint64 came; /* frames from the camera */
    guint64 done; /* frames that the filter has finished */
    gint64 busy;  /* microseconds that the filter has worked */
} CamPaceCounts;

typedef enum CamPaceVerdict {
    CAM_PACE_FINE, /* or not known yet */
    CAM_PACE_SLOW, /* too much for the machine */
    CAM_PACE_ROOM  /* it is cheap now, and could be dear again */
} CamPaceVerdict;

typedef struct CamPace {
    CamPaceCounts from; /* at the start of the window */
    gint64 start;       /* of the window, microseconds; 0: none yet */
    guint slow;         /* windows in a row that were too slow */
    double came, done;  /* frames a second in the last whole window */
    double busy;        /* milliseconds a frame in it */

    gboolean cheap;   /* cam_pace_lowered() was the last of the two */
    double dear;      /* milliseconds a frame before that */
    double times;     /* how many times as much that is as after it; 0: not measured yet */
    gint64 roomy;     /* microseconds of room in a row */
    gint64 patience;  /* microseconds of room that it takes to be dear again */
    gint64 raised;    /* time of the last cam_pace_raised(); 0: never */
} CamPace;

/* To be called now and then with a clock in microseconds. Looks at windows of 2 s.
 *
 * SLOW: in two windows in a row more than a tenth of the frames was dropped while the filter was at
 * work for most of the time (a reader that holds things up is not the filter's fault). Then it
 * starts anew.
 *
 * ROOM: for 20 s on end nothing was dropped, and the dear filter, by what the cheap one takes now
 * and by how the two compared when it was lowered, would work for less than 60 % of the time. If
 * that proves wrong within a minute and those 20 s, they become 40, and so on up to an hour, so
 * that a machine at the edge does not swing. */
CamPaceVerdict cam_pace_look(CamPace *pace, gint64 now, CamPaceCounts counts);

/* Forget what was seen, and leave out the next `rest` microseconds: something was opened or
 * changed, and the filter loads. */
void cam_pace_rest(CamPace *pace, gint64 now, gint64 rest, CamPaceCounts counts);

/* What was done about a verdict: the filter was made cheaper, or dear again. */
void cam_pace_lowered(CamPace *pace, gint64 now);
void cam_pace_raised(CamPace *pace, gint64 now);

/* Somebody else decides now what the filter costs: there is nothing to raise. */
void cam_pace_settle(CamPace *pace);

#endif
