/* Everything that frames of one shape need on a device, and the way of a frame through it:
 * faces -> effects on them -> style -> areas of faces -> covers -> overlay. One thread. */
#ifndef MI_STREAM_H
#define MI_STREAM_H

#include "compose/face_area.h"
#include "compose/overlay.h"
#include "effect_wish.h"
#include "frame.h"
#include "params.h"
#include "vk/mvk.h"

typedef struct mi_stream mi_stream;

/* `shape`: format, size and colour of the frames; planes are not looked at. Nothing is loaded
 * before it is asked for below. The device outlives the stream. */
int mi_stream_create(mi_stream **stream, mvk_device *device, const mien_frame *shape, mi_log *log);
void mi_stream_destroy(mi_stream **stream); /* *stream may be NULL */

const mien_frame *mi_stream_shape(const mi_stream *stream);

/* Loads the style, models and quality of `params`; where that fails, what was there stays. */
int mi_stream_set_style(mi_stream *stream, const mi_params *params);
bool mi_stream_has_style(const mi_stream *stream);

/* Has the style draw faces more finely than it could the frame, where it is wanted in them alone.
 * Does nothing if it can already. A failure ends the stream's style. */
int mi_stream_add_views(mi_stream *stream);

/* Loads the face analysis, unless it is there. */
int mi_stream_add_faces(mi_stream *stream, const mi_params *params);
bool mi_stream_has_faces(const mi_stream *stream);
/* Loads an effect on faces, unless it is there with the network that the quality asks for; where
 * that fails, what was there stays, and the same is not tried again. */
int mi_stream_add_effect(mi_stream *stream, mi_effect effect, const mi_params *params);
bool mi_stream_has_effect(const mi_stream *stream, mi_effect effect);
/* Is a lost face still covered? Then faces are needed though no style may be left. */
bool mi_stream_is_covering(const mi_stream *stream);

/* What lies on the device goes, for instance because the device is lost; what is known of faces
 * and covers stays. Only mi_stream_reopen() or mi_stream_destroy() may follow. */
void mi_stream_close(mi_stream *stream);
/* The same on another device, loaded with the parameters that it was loaded with: `style` for the
 * style, `faces` for the face analysis and the effects on faces. After a failure only
 * mi_stream_destroy() may follow. */
int mi_stream_reopen(mi_stream *stream, mvk_device *device, const mi_params *style,
                     const mi_params *faces);

/* What may differ from frame to frame. */
typedef struct mi_stream_values {
    float strength;      /* 0..1, share of the style in the output; 0: no style */
    mi_effect_wish effects; /* on faces; those that were not added do nothing */
    float smooth;        /* 0..1 */
    double dt;           /* seconds since the last frame, > 0 */
    bool fresh;          /* this frame has no past */
    bool style_fresh;    /* the style has none, */
    bool faces_fresh;    /* nor have the faces: frames were not analysed */
    bool again;          /* the last run was of this frame and failed; the stream was reopened */
    bool faces;          /* analyse faces; those below need it */
    int32_t max_faces;
    mi_area_shares shares; /* where the style is */
    mi_on_lost on_lost;
    unsigned overlay;    /* MI_OVERLAY_* */
    bool timing;         /* measure the stages; a change takes some time once */
} mi_stream_values;

/* Filters one frame; `out` may be `in` or share its planes. One submission and one wait for the
 * style, one of each for every effect on faces, for the faces that are followed and for each
 * detection; no allocation. */
int mi_stream_run(mi_stream *stream, const mien_frame *in, const mien_frame *out,
                  const mi_stream_values *values);

/* The faces of the last frame and their number; none where they were not analysed. */
const mien_face *mi_stream_faces(const mi_stream *stream, int32_t *count);

/* What there is to say of the last frame; the times of its stages if they were measured. */
void mi_stream_stats(const mi_stream *stream, mien_stats *stats);

#endif
