#include "cam_pace.h"

#define WINDOW (2 * G_USEC_PER_SEC)
#define WINDOWS 2
#define KEPT 0.9  /* share of the frames that has to come through */
#define BUSY 0.75 /* share of the time from which on it is the filter's fault */
#define ROOM 0.6  /* share of the time that the dear filter may take: well below BUSY */
#define PATIENCE_FIRST (20 * G_USEC_PER_SEC)
#define PATIENCE_LONGEST ((gint64)3600 * G_USEC_PER_SEC)
#define RELAPSE (60 * G_USEC_PER_SEC) /* lowered again so soon: it was raised too soon */

void cam_pace_rest(CamPace *pace, gint64 now, gint64 rest, CamPaceCounts counts)
{
    pace->start = now + rest;
    pace->from = counts;
    pace->slow = 0;
    pace->roomy = 0;
}

void cam_pace_lowered(CamPace *pace, gint64 now)
{
    gboolean relapse = pace->raised && now - pace->raised < RELAPSE + pace->patience;
    pace->patience = relapse ? MIN(PATIENCE_LONGEST, 2 * pace->patience) : PATIENCE_FIRST;
    pace->cheap = TRUE;
    pace->dear = pace->busy;
    pace->times = 0;
    pace->roomy = 0;
}

void cam_pace_raised(CamPace *pace, gint64 now)
{
    pace->cheap = FALSE;
    pace->raised = now;
}

void cam_pace_settle(CamPace *pace)
{
    pace->cheap = FALSE;
    pace->raised = 0;
}

static void measure(CamPace *pace, gint64 span, CamPaceCounts counts)
{
    double seconds = (double)span / G_USEC_PER_SEC;
    guint64 done = counts.done - pace->from.done;
    pace->came = (double)(counts.came - pace->from.came) / seconds;
    pace->done = (double)done / seconds;
    pace->busy = done ? (double)(counts.busy - pace->from.busy) / 1000 / (double)done : 0;
}

/* The window that was just measured: does it speak for the dear filter? */
static gboolean has_room(CamPace *pace, gboolean dropped)
{
    if (!pace->cheap || pace->busy <= 0)
        return FALSE;
    if (pace->times <= 0) /* the load is what it was when it was lowered, a moment ago */
        pace->times = MAX(1, pace->dear / pace->busy);
    return !dropped && pace->busy * pace->times * pace->came < ROOM * 1000;
}

CamPaceVerdict cam_pace_look(CamPace *pace, gint64 now, CamPaceCounts counts)
{
    if (pace->start == 0 || now < pace->start) {
        pace->start = MAX(pace->start, now);
        pace->from = counts;
        return CAM_PACE_FINE;
    }
    gint64 span = now - pace->start;
    if (span < WINDOW)
        return CAM_PACE_FINE;
    measure(pace, span, counts);
    gboolean busy = (double)(counts.busy - pace->from.busy) > BUSY * (double)span;
    gboolean dropped = pace->done < KEPT * pace->came;
    pace->slow = busy && dropped ? pace->slow + 1 : 0;
    pace->roomy = has_room(pace, dropped) ? pace->roomy + span : 0;
    pace->from = counts;
    pace->start = now;
    if (pace->slow >= WINDOWS) {
        pace->slow = 0;
        return CAM_PACE_SLOW;
    }
    if (pace->cheap && pace->roomy >= pace->patience) {
        pace->roomy = 0;
        return CAM_PACE_ROOM;
    }
    return CAM_PACE_FINE;
}
