/* Which face is which from frame to frame, when to detect, where to look. Pure logic: whoever
 * owns the networks asks it and tells it, in this order a frame:
 *
 *   mi_track_begin()       time passes; squares in which to look for the faces that are followed
 *   mi_track_sight()       once for each such square: what was seen there
 *   mi_track_wants()       is a detection wanted in this frame, and where?
 *   mi_track_detections()  if so: what was found; gives squares of faces that are new or regained
 *   mi_track_sight()       for each of these
 *   mi_track_end()         the faces of this frame
 *
 * No allocation. One thread. */
#ifndef MI_FACE_TRACK_H
#define MI_FACE_TRACK_H

#include "face_detect.h"
#include "face_measure.h"

/* A square to look into; slot is handed back to mi_track_sight(). */
typedef struct mi_look_at {
    int32_t slot;
    mi_roi roi;
} mi_look_at;

/* A run of a detector that is wanted. */
typedef struct mi_detect_at {
    mi_detector detector;
    mi_roi roi; /* angle 0; may reach beyond the frame, where it is black */
} mi_detect_at;

typedef struct mi_track {
    int32_t max_faces;
    /* ... owned by face_track.c */
} mi_track;

/* For frames of this size. max_faces: 1..MI_FACES. */
void mi_track_init(mi_track *track, int32_t width, int32_t height, int32_t max_faces);
/* Faces beyond a smaller number are dropped, latest first. */
void mi_track_set_max(mi_track *track, int32_t max_faces);
/* Forgets every face (seek, cut). Ids are not used again. */
void mi_track_reset(mi_track *track);

int32_t mi_track_begin(mi_track *track, double dt, mi_look_at look[MI_FACES]);
void mi_track_sight(mi_track *track, int32_t slot, const mi_sight *sight);
/* Returns how many runs are wanted now (0: no detection); run them in order; when `found_enough`
 * (asked after each run) says so, the rest can be left out. */
int32_t mi_track_wants(mi_track *track, mi_detect_at run[4]);
bool mi_track_found_enough(const mi_track *track, const mi_detection *faces, int32_t count);
int32_t mi_track_detections(mi_track *track, const mi_detection *faces, int32_t count,
                            mi_look_at look[MI_FACES]);
/* Writes the faces, in the order in which they were first seen, lost ones that are still looked
 * for too, and returns their number. */
int32_t mi_track_end(mi_track *track, mien_face faces[MI_FACES]);

#endif
