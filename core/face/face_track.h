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
 * A square that gets no sight counts as one in which nothing was seen. The
 * detector's square is rough: of a face that is new, a second sight in the square of the first
 * one's points (1 to 3 % of the face better) should be told. No allocation. One thread. About
 * 400 KB: not for the stack. */
#ifndef MI_FACE_TRACK_H
#define MI_FACE_TRACK_H

#include "face_match.h"
#include "face_measure.h"

enum { MI_TRACK_SLOTS = 2 * MI_FACES }; /* values of mi_look_at.slot: 0..MI_TRACK_SLOTS - 1 */

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

typedef enum mi_verdict {
    MI_MISSED = 0, /* no face there */
    MI_WEAK = 1,   /* hardly a face, but just where it had to be: kept for a frame or two */
    MI_SURE = 2
} mi_verdict;

/* A sight and what follows from it alone. */
typedef struct mi_found {
    mi_verdict verdict;
    mi_roi square; /* around the points */
    mi_appearance look;
    mi_sight sight;
} mi_found;

/* One face. Owned by face_track.c. */
typedef struct mi_followed {
    uint32_t id; /* 0: none */
    bool lost;
    bool moving;  /* vx, vy are known */
    bool leapt;   /* in the last frame it was far from where it should have been */
    int32_t weak; /* frames in a row with MI_WEAK */
    int32_t frames; /* 0: found or regained in this frame */
    double age;     /* seconds in which it was seen */
    double gone;    /* seconds since it was seen last */
    double silent;  /* seconds since there was a trace of it: it was seen or, lost, a detector took
                     * what is at its place for a face */
    mi_roi square;  /* where it was or, if lost, would be now */
    mi_roi expected; /* where it should be in this frame */
    mi_roi last;     /* around the raw points of the frame before */
    float vx, vy;    /* pixels a second */
    mi_appearance reference, before; /* over the last seconds; in the frame before */
    mi_found found;  /* in this frame, while not lost */
    mi_smooth smooth;
    mi_face_skin skin;
    mien_face face;
} mi_followed;

/* Two faces that met. Index: [lower slot][higher slot]. */
typedef struct mi_meeting {
    double since;   /* seconds since they covered each other */
    float evidence; /* that they have been taken for each other: difference of distances */
} mi_meeting;

typedef struct mi_track {
    int32_t max_faces;
    int32_t width, height;
    uint32_t next_id;
    bool eager;
    bool fresh;    /* no detection since the start */
    bool resolved; /* the sights of this frame have been compared with each other */
    double dt;
    double since_detection, since_loss; /* seconds; the latter since a face was last lost */
    bool gave_up;      /* one that was lost in these last seconds is not even looked for any more */
    int32_t turn;      /* counts runs on the whole frame */
    int32_t hurry;     /* runs that are to follow the first detection soon */
    int32_t near_turn; /* counts detections for faces that were lost just now */
    mi_followed slot[MI_FACES];
    int32_t candidates;
    mi_found candidate[MI_FACES];
    mi_roi asked[MI_FACES]; /* where a detector saw each candidate */
    mi_meeting meeting[MI_FACES][MI_FACES];
} mi_track;

/* For frames of this size. max_faces: 1..MI_FACES. */
void mi_track_init(mi_track *track, int32_t width, int32_t height, int32_t max_faces);
/* Faces beyond a smaller number are dropped, latest first. */
void mi_track_set_max(mi_track *track, int32_t max_faces);
/* While on and for 10 s after a face was lost, until it is found again, it detects in every frame
 * as long as slots are free: a face that comes back is then found in its first frame. Off at
 * first. */
void mi_track_set_eager(mi_track *track, bool eager);
/* Forgets every face (seek, cut). Ids are not used again. */
void mi_track_reset(mi_track *track);
/* The same, for frames of another size. */
void mi_track_set_size(mi_track *track, int32_t width, int32_t height);

/* dt: seconds since the last frame. */
int32_t mi_track_begin(mi_track *track, double dt, mi_look_at look[MI_FACES]);
void mi_track_sight(mi_track *track, int32_t slot, const mi_sight *sight);
/* Returns how many runs are wanted now (0: no detection); run them in order; when `found_enough`
 * (asked after each run with all that was found so far) says so, the rest can be left out. */
int32_t mi_track_wants(mi_track *track, mi_detect_at run[MI_DETECTOR_RUNS]);
bool mi_track_found_enough(const mi_track *track, const mi_detection *faces, int32_t count);
/* `faces`: of all runs together, merged with mi_detect_merge() if there was more than one. */
int32_t mi_track_detections(mi_track *track, const mi_detection *faces, int32_t count,
                            mi_look_at look[MI_FACES]);
/* Writes the faces, in the order in which they were first seen, lost ones that are still looked
 * for too, and returns their number, at most max_faces. A face that was taken for another for
 * some frames gets its own id back: its points then jump. */
int32_t mi_track_end(mi_track *track, mien_face faces[MI_FACES]);

/* After that, the skin of a face that it wrote; of a lost one as it was seen last. Valid until the
 * next frame; NULL if there is no such face. */
const mi_face_skin *mi_track_skin(const mi_track *track, uint32_t id);

#endif
