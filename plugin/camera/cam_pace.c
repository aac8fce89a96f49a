#include "cam_pace.h"

#define WINDOW (2 * G_USEC_PER_SEC)
#define WINDOWS 2
#define KEPT 0.9  /* share of the frames that has to come through */
#define BUSY 0.75 /* share of the time from which on it is the filter's fault */

void cam_pace_rest(CamPace *pace, gint64 now, gint64 rest, CamPaceCounts counts)
{
    pace->start = now + rest;
    pace->from = counts;
    pace->slow = 0;
}

static void measure(CamPace *pace, gint64 span, CamPaceCounts counts)
{
    double seconds = (double)span / G_USEC_PER_SEC;
    guint64 done = counts.done - pace->from.done;
    pace->came = (double)(counts.came - pace->from.came) / seconds;
    pace->done = (double)done / seconds;
    pace->busy = done ? (double)(counts.busy - pace->from.busy) / 1000 / (double)done : 0;
}

gboolean cam_pace_look(CamPace *pace, gint64 now, CamPaceCounts counts)
{
    if (pace->start == 0 || now < pace->start) {
        pace->start = MAX(pace->start, now);
        pace->from = counts;
        return FALSE;
    }
    gint64 span = now - pace->start;
    if (span < WINDOW)
        return FALSE;
    measure(pace, span, counts);
    gboolean busy = (double)(counts.busy - pace->from.busy) > BUSY * (double)span;
    gboolean dropped = pace->done < KEPT * pace->came;
    pace->slow = busy && dropped ? pace->slow + 1 : 0;
    pace->from = counts;
    pace->start = now;
    if (pace->slow < WINDOWS)
        return FALSE;
    pace->slow = 0;
    return TRUE;
}
