/* The face networks on a device: detectors, mesh with its refining branches, and what covers a
 * face. Knows frames and squares; tracks nothing. One thread. */
#ifndef MI_FACE_NETS_H
#define MI_FACE_NETS_H

#include "../net/net.h"
#include "../transfer.h"
#include "face_detect.h"

typedef struct mi_face_nets mi_face_nets;

/* Loads the networks from the folder `models` ("": the library's own). The frames lie in
 * `transfer`, which outlives the object. MIEN_ERR_IO with a line that says how to fetch what is
 * missing. */
int mi_face_nets_create(mi_face_nets **nets, mvk_device *device, const mien_frame *shape,
                        mi_transfer *transfer, const char *models, mi_log *log);
void mi_face_nets_destroy(mi_face_nets **nets); /* *nets may be NULL */

/* Looks at squares of the frame that was put into the transfer: sight[i] gets what is in roi[i].
 * count: 1..MI_FACES. One submission, one wait, no allocation. */
int mi_face_nets_look(mi_face_nets *nets, const mi_roi *roi, int32_t count, mi_sight *sight);

/* Runs a detector on a square (angle 0). *count faces of at least the detector's threshold, best
 * first. One submission, one wait, no allocation. */
int mi_face_nets_detect(mi_face_nets *nets, mi_detector detector, const mi_roi *roi,
                        mi_detection found[MI_DETECTIONS], int32_t *count);

/* Multiply-accumulates of all networks that look at one face. */
double mi_face_nets_mac(const mi_face_nets *nets);

#endif
