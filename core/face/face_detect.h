/* From the detectors' output maps to faces, and squares for the mesh network. */
#ifndef MI_FACE_DETECT_H
#define MI_FACE_DETECT_H

#include "face.h"

typedef enum mi_detector {
    MI_DETECTOR_SHORT = 0, /* BlazeFace short range: 128x128, near faces */
    MI_DETECTOR_FULL = 1,  /* BlazeFace full range: 192x192, small faces too */
    MI_DETECTORS = 2
} mi_detector;

enum { MI_DETECTIONS = 32, MI_DETECTOR_MAPS = 4 };

/* Shape of map i of a detector: planes of grid x grid values. Planes 0 where there is no such
 * map. Short: scores 2x16x16, boxes 32x16x16, scores 6x8x8, boxes 96x8x8; full: scores 1x48x48,
 * boxes 16x48x48. Anchor a of a cell: score plane a, box planes 16a .. 16a+15. */
void mi_detector_map(mi_detector detector, int map, int32_t *planes, int32_t *grid);
int32_t mi_detector_size(mi_detector detector); /* pixels of its square input */

/* Decodes the maps (each in C,H,W order) of one run on the square `roi` of the frame (angle 0)
 * into faces with a score of at least `threshold`, overlapping boxes merged (weighted by score),
 * best first. Returns how many. */
int32_t mi_detect_decode(mi_detector detector, const float *const map[MI_DETECTOR_MAPS],
                         const mi_roi *roi, float threshold, mi_detection out[MI_DETECTIONS]);

/* Merges overlapping faces of several runs in place; returns how many are left. */
int32_t mi_detect_merge(mi_detection *faces, int32_t count);

/* The square that the mesh network wants for a detected face, and for a face whose points are
 * known. */
mi_roi mi_roi_of_detection(const mi_detection *face);
mi_roi mi_roi_of_points(const float point[MI_POINTS][3]);

#endif
