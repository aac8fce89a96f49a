/* From the detectors' output maps to faces, and squares for the mesh network. */
#ifndef MI_FACE_DETECT_H
#define MI_FACE_DETECT_H

#include "face.h"

typedef enum mi_detector {
    MI_DETECTOR_SHORT = 0, /* BlazeFace short range: 128x128, near faces */
    MI_DETECTOR_FULL = 1,  /* BlazeFace full range: 192x192, small faces too */
    MI_DETECTORS = 2
} mi_detector;

enum {
    MI_DETECTIONS = 32,
    MI_DETECTOR_MAPS = 4,
    MI_DETECTOR_RUNS = 4, /* at most this many in one frame */
    /* Faces with a longer box edge below this (pixels) are not looked at: the mesh would stand on
     * less than a pixel a feature, and an effect on them could not be seen. */
    MI_FACE_EDGE_MIN = 24
};

/* Side of the mesh network's square over the longer edge of the face (MediaPipe:
 * face_detection_front_detection_to_roi, face_landmark_landmarks_to_roi). */
#define MI_SQUARE_SCALE 1.5f

/* Shape of map i of a detector: planes of grid x grid values. Planes 0 where there is no such
 * map. Short: scores 2x16x16, boxes 32x16x16, scores 6x8x8, boxes 96x8x8; full: scores 1x48x48,
 * boxes 16x48x48. Anchor a of a cell: score plane a, box planes 16a .. 16a+15. */
void mi_detector_map(mi_detector detector, int map, int32_t *planes, int32_t *grid);
int32_t mi_detector_size(mi_detector detector); /* pixels of its square input */
float mi_detector_threshold(mi_detector detector); /* score from which on a face is looked at */

/* Decodes the maps (each in C,H,W order) of one run on the square `roi` of the frame (angle 0)
 * into faces with a score of at least `threshold`, overlapping boxes merged (weighted by score),
 * best first, those under MI_FACE_EDGE_MIN left out. Returns how many. Any values will do, NaN
 * too: what is no box is left out. */
int32_t mi_detect_decode(mi_detector detector, const float *const map[MI_DETECTOR_MAPS],
                         const mi_roi *roi, float threshold, mi_detection out[MI_DETECTIONS]);

/* Merges overlapping faces of several runs in place, best first; also what lies within a better
 * one (another run saw a part). count: at most MI_DETECTIONS * MI_DETECTOR_RUNS. Returns how many
 * are left. */
int32_t mi_detect_merge(mi_detection *faces, int32_t count);

/* Intersection over union of the boxes, 0..1. */
float mi_detection_overlap(const mi_detection *a, const mi_detection *b);

/* The square that the mesh network wants for a detected face, and for a face whose points are
 * known. */
mi_roi mi_roi_of_detection(const mi_detection *face);
mi_roi mi_roi_of_points(const float point[MI_POINTS][3]);

#endif
