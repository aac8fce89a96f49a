/* What part of the frame a style's picture shows, and how finely. The picture has one size, so that
 * the network costs the same: where a style is wanted in faces alone, they are drawn at more of the
 * frame's resolution than the whole frame could be. Host code; one thread. */
#ifndef MI_VIEW_H
#define MI_VIEW_H

#include <stdbool.h>
#include <stdint.h>

/* Pixels of the frame: x0 <= x < x1, y0 <= y < y1; empty where x0 >= x1. */
typedef struct mi_frame_part {
    int32_t x0, y0, x1, y1;
} mi_frame_part;

enum { MI_VIEWS = 3 };

/* What views there are. */
typedef struct mi_views {
    int32_t frame_w, frame_h, w, h;
    int32_t scale[MI_VIEWS]; /* frame pixels a picture pixel, from the whole frame's to 1 */
    int32_t kinds;           /* how many of them there are */
} mi_views;

typedef struct mi_view {
    int32_t kind; /* which of the scales; 0: all of the frame is seen */
    int32_t x, y; /* the frame's pixel at which the picture begins: multiples of 8 x the scale */
} mi_view;

/* Of pictures of w x h that show a frame whole at 1 / scale of its resolution. */
void mi_views_init(mi_views *views, int32_t frame_w, int32_t frame_h, int32_t w, int32_t h,
                   int32_t scale);
bool mi_views_same(const mi_views *a, const mi_views *b);

/* Goes from view to view; all zero at the start. */
typedef struct mi_viewer {
    mi_view view;
    bool started;
    double roomy; /* seconds for which a finer view has been enough */
} mi_viewer;

/* The view of a frame of which `part` must be seen; NULL: all of it, empty: it does not matter.
 * A view stays for as long as it can; a finer one is taken up when it has been enough for a second,
 * or in a frame without past (`reset`). dt: seconds since the last frame. */
mi_view mi_viewer_step(mi_viewer *viewer, const mi_views *views, const mi_frame_part *part,
                       double dt, bool reset);

/* What lies at pixel n of a picture of the view `now` lay at n * step + (x, y) in one of `past`;
 * pixels' middles are whole numbers. */
typedef struct mi_view_move {
    float x, y, step;
} mi_view_move;

mi_view_move mi_view_moved(const mi_views *views, mi_view past, mi_view now);

#endif
