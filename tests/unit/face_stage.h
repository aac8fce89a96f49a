/* A stage for tests of the tracker: faces that move as told, and what the networks would see of
 * them. Simulated: points with noise, presence that falls with what covers a face and with a
 * square that is off, points that are drawn to the face in front, coarse colours of what is
 * in front, detections with noise that miss small, covered and some other faces. */
#ifndef FACE_STAGE_H
#define FACE_STAGE_H

#include "face/face_track.h"

enum { STAGE_ACTORS = 10, STAGE_PALETTE = 8 };

typedef struct stage_actor {
    bool there;
    float x, y;  /* middle, pixels */
    float edge;  /* longer edge of the face, pixels */
    float angle; /* radians */
    float depth; /* smaller is nearer: covers the others */
    bool is_blank; /* covers, but is no face: a hand, a wall */
    float hue[STAGE_PALETTE * STAGE_PALETTE][3]; /* over 1.5 edges */
} stage_actor;

typedef struct stage {
    int32_t width, height;
    float light;     /* gain of this frame's colours */
    float noise;     /* of points, in edges */
    float presence;  /* factor on all presence */
    float miss;      /* share of detections that fail */
    bool ghost;      /* a detection where no face is */
    uint64_t random;
    float mean_edge, middle[2]; /* of the mean face, in its units */
    stage_actor actor[STAGE_ACTORS];
    mi_track *track;
    /* What the last frame took and gave. */
    int32_t runs, looks, count;
    mi_detect_at run[MI_DETECTOR_RUNS];
    mien_face face[MI_FACES];
} stage;

void stage_start(stage *s, int32_t width, int32_t height, int32_t max_faces, uint64_t seed);
void stage_stop(stage *s);
float stage_random(stage *s);        /* 0..1 */
float stage_normal(stage *s);        /* mean 0, deviation 1 */
/* Puts a new person there; `unlike` 0..1: how much people differ. */
stage_actor *stage_enter(stage *s, int32_t index, float x, float y, float edge, float unlike);
/* One frame as face_track.h says. */
void stage_frame(stage *s, double dt);
/* Id of the face that is shown (not lost) on an actor, 0 if none. */
uint32_t stage_id(const stage *s, int32_t index);
bool stage_is_lost(const stage *s, uint32_t id); /* reported, as lost */
bool stage_has(const stage *s, uint32_t id);     /* reported at all */
/* What the mesh network would see in a square. */
void stage_sight(stage *s, const mi_roi *roi, mi_sight *sight);

#endif
