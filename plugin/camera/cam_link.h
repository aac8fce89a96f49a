/* One end of the way from the camera to its readers: waits, opens, runs, fails, tries again.
 * Knows times and no devices, so that a test can play years of bad luck in a moment. */
#ifndef CAM_LINK_H
#define CAM_LINK_H

#include <glib.h>

typedef enum CamLinkState {
    CAM_LINK_WAITING,  /* closed until the next attempt */
    CAM_LINK_STARTING, /* open, no frame yet */
    CAM_LINK_RUNNING   /* open, frames flow */
} CamLinkState;

typedef enum CamLinkOrder {
    CAM_LINK_REST,  /* nothing to do */
    CAM_LINK_OPEN,  /* open it, then say cam_link_opened() or cam_link_failed() */
    CAM_LINK_REOPEN /* it hangs: close it, then say cam_link_failed() */
} CamLinkOrder;

/* All times are microseconds of one clock that never goes back. */
typedef struct CamLink {
    CamLinkState state;
    gint64 start_limit, stall_limit; /* how long it may be open without a frame; 0: for ever */
    gint64 next;                     /* time of the next attempt, WAITING */
    gint64 since;                    /* when this state began */
    gint64 flow;                     /* time of the last frame, RUNNING */
    guint attempts;                  /* that failed in a row */
    gchar *said;                     /* the trouble that the user was told about, or NULL */
} CamLink;

void cam_link_init(CamLink *link, gint64 start_limit, gint64 stall_limit);
void cam_link_clear(CamLink *link);

/* To be asked now and then. Attempts follow at 0.25, 0.5, 1 and then every 2 seconds; the count
 * starts anew after 5 seconds of flow. */
CamLinkOrder cam_link_tick(CamLink *link, gint64 now);

void cam_link_opened(CamLink *link, gint64 now);

/* Frames came. TRUE: the first ones since it was opened. */
gboolean cam_link_flowed(CamLink *link, gint64 now);

/* It could not be opened, or broke, and is closed. TRUE: the user should read `trouble`, which is
 * other than the last one, or flow lay between. */
gboolean cam_link_failed(CamLink *link, gint64 now, const gchar *trouble);

/* The program itself stood still for so long: no fault of the link's. */
void cam_link_excuse(CamLink *link, gint64 span);

/* The next attempt is due now: something has changed. */
void cam_link_hurry(CamLink *link, gint64 now);

#endif
