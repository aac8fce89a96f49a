/* The face analysis of a stream: networks, tracks and cuts put together. One thread. */
#ifndef MI_FACES_H
#define MI_FACES_H

#include "../transfer.h"
#include "face.h"

typedef struct mi_faces mi_faces;

typedef struct mi_faces_config {
    mien_frame shape; /* of the frames; planes are not looked at */
    mi_transfer *transfer; /* where they lie; outlives the object */
    const char *models;
    int32_t max_faces; /* 1..MI_FACES */
} mi_faces_config;

int mi_faces_create(mi_faces **faces, mvk_device *device, const mi_faces_config *config,
                    mi_log *log);
void mi_faces_destroy(mi_faces **faces); /* *faces may be NULL */

/* What lies on the device goes; what is known of faces stays for the same networks on another
 * device. Between the two, and after a reopening that failed, only mi_faces_destroy() may
 * follow. */
void mi_faces_close(mi_faces *faces);
int mi_faces_reopen(mi_faces *faces, mvk_device *device, const mi_faces_config *config);

void mi_faces_set_max(mi_faces *faces, int32_t max_faces);

/* What a frame is like besides its pixels. */
typedef struct mi_faces_step {
    double dt;   /* seconds since the last frame, > 0 */
    bool reset;  /* this frame has no past */
    bool eager;  /* a face that comes back must be found in the same frame */
    bool again;  /* the last run failed and was of this frame: it goes on where it stopped */
} mi_faces_step;

/* Analyses the frame `in`, which was put into the transfer. A submission and a wait for the faces
 * that are followed, one more for each detection and for new faces; no allocation. */
int mi_faces_run(mi_faces *faces, const mien_frame *in, const mi_faces_step *step);

/* The faces of the last frame, valid until the next run; *count of them. */
const mien_face *mi_faces_list(const mi_faces *faces, int32_t *count);

/* The skin of a face of that list; as long valid. */
const mi_face_skin *mi_faces_skin(const mi_faces *faces, uint32_t id);

/* The lines of the mesh: *count pairs of points. */
const uint16_t (*mi_faces_edges(const mi_faces *faces, int32_t *count))[2];

/* Did the last frame start a new scene? */
bool mi_faces_was_cut(const mi_faces *faces);

/* Time of the last run in detectors and in the networks that look at faces, milliseconds of wall
 * clock; multiply-accumulates of the latter: of all looks, those at what was no face too. */
void mi_faces_times(const mi_faces *faces, double *detect_ms, double *look_ms, double *mac);

#endif
