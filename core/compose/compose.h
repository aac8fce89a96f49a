/* Import of frame bytes into a low-resolution picture and export of a style at native resolution,
 * for every pixel format. */
#ifndef MI_COMPOSE_H
#define MI_COMPOSE_H

#include "../pixel_layout.h"
#include "../stage.h"

typedef struct mi_compose {
    mvk_device *device;
    mvk_pipeline *import_pipeline, *export_pipeline;
    struct pixel_push push;
    int32_t scale;
} mi_compose;

/* `shape`: format, size and colour of the frames. `scale`: frame pixels a low-resolution pixel
 * each way, 1..16. The frame lies packed (mi_frame_packed) in the frame slots of the set. */
int mi_compose_create(mi_compose *compose, mvk_device *device, const mien_frame *shape,
                      int32_t scale);
void mi_compose_destroy(mi_compose *compose);

/* Frame in from the uniform's view_x and view_y on -> `low`: R'G'B' 0..1 and luma. */
void mi_compose_record_import(const mi_compose *compose, mvk_commands *commands, mi_picture low);

/* Arena room (vec4) for the steadied native luma of a frame. */
int64_t mi_compose_fine_vec4s(const mien_frame *shape);

/* What the export reads besides the frame. */
typedef struct mi_export {
    mi_picture model; /* see blend/resolve.comp */
    int32_t still;    /* plane of floats of the model's size: how surely a pixel stands still */
    int32_t fine;     /* arena place (vec4) of mi_compose_fine_vec4s() */
    bool plain;       /* luma is not steadied: still and fine are not touched */
    int32_t first_row, rows; /* a band of the frame, from a multiple of MI_BAND_ROWS on;
                                * rows 0: all of it */
    bool part;        /* only what the model shows, in whole blocks of 8x2 pixels, from the
                       * uniform's view_x and view_y on */
    int32_t out_base; /* byte of the packed frame at which the set's frame-out slot starts */
} mi_export;

enum { MI_BAND_ROWS = 64 };

/* Frame in and what blending left -> frame out. */
void mi_compose_record_export(const mi_compose *compose, mvk_commands *commands,
                              const mi_export *from);

#endif
