/* What the two halves of the tracker share: face_track.c (the faces), face_search.c (when and
 * where to detect). */
#ifndef MI_FACE_SEARCH_H
#define MI_FACE_SEARCH_H

#include "face_track.h"

/* Seconds for which a lost face is looked for in every frame and its slot is kept for it. */
#define MI_LOST_SOON 0.5
/* Seconds after a loss for which detection is eager, see mi_track_set_eager(). */
#define MI_EAGER_SECONDS 10.0

/* Is this a lost face whose slot no other may have? Not much longer than it gives signs of life,
 * and with them no longer than others are looked for: they may be of something else. */
bool mi_track_is_held(const mi_followed *followed);

/* Compares the sights of this frame with each other; does nothing the second time in a frame. */
void mi_track_resolve(mi_track *track);

#endif
