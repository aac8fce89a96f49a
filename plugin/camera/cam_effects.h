/* The values that the filter works with: brings the user's changes to it, goes back where it
 * refuses one, and lowers and raises `quality` with the machine's pace. Of the main thread. */
#ifndef CAM_EFFECTS_H
#define CAM_EFFECTS_H

#include "cam_pace.h"
#include "cam_settings.h"

typedef struct CamEffects {
    CamSettings *settings; /* borrowed */
    gchar **applied;       /* [count] what the filter has */
    gchar **good;          /* [count] the user's values with which frames came out last */
    gboolean proven;       /* `good` is up to date */
    gint64 since;          /* time of the last change, us */
    guint64 done;          /* frames that were done then */
    CamPace pace;
} CamEffects;

void cam_effects_init(CamEffects *effects, CamSettings *settings);
void cam_effects_clear(CamEffects *effects);

/* A filter was opened with what is in force. */
void cam_effects_opened(CamEffects *effects, CamPaceCounts counts);

/* The settings have changed: tells the filter, or NULL, if none is open. */
void cam_effects_apply(CamEffects *effects, GstElement *filter, CamPaceCounts counts);

/* The filter has warned: what it did not take is taken back. */
void cam_effects_warned(CamEffects *effects, GstElement *filter);

/* It failed. TRUE: with values that never worked; those that did are back, and it is worth trying
 * again at once. */
gboolean cam_effects_failed(CamEffects *effects);

/* To be called now and then; `flowing`: frames come from a camera and go to an output. */
void cam_effects_tend(CamEffects *effects, GstElement *filter, gboolean flowing,
                      CamPaceCounts counts);

#endif
