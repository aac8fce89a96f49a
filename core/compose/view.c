#include "view.h"

/* Views begin at multiples of so many of their pixels: the network's strides, the words of rows and
 * halved chroma all divide it, and what is drawn does not change when a view moves. */
enum { GRID = 8 };
/* Pixels of the picture that must lie around what is shown, and without which a finer view is not
 * taken up: a network's edges are its least certain part, and what moves needs a past. */
enum { LEAST = 4, ROOM = 6 };
static const double settle = 1.0; /* seconds */

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t most(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

void mi_views_init(mi_views *v, int32_t frame_w, int32_t frame_h, int32_t w, int32_t h,
                   int32_t scale)
{
    *v = (mi_views){.frame_w = frame_w, .frame_h = frame_h, .w = w, .h = h};
    v->scale[v->kinds++] = scale;
    if (scale > 2)
        v->scale[v->kinds++] = (scale + 1) / 2;
    if (scale > 1)
        v->scale[v->kinds++] = 1;
}

bool mi_views_same(const mi_views *a, const mi_views *b)
{
    return a->frame_w == b->frame_w && a->frame_h == b->frame_h && a->w == b->w && a->h == b->h &&
           a->scale[0] == b->scale[0]; /* the others follow from it */
}

/* From where on `size` pixels have from..to in their middle and lie within the frame, if they do
 * anywhere. */
static int32_t place(int32_t from, int32_t to, int32_t size, int32_t grid, int32_t frame)
{
    int32_t at = most((from + to - size) / 2 + grid / 2, 0) / grid * grid;
    int32_t last = (most(frame - size, 0) + grid - 1) / grid * grid;
    return least(at, last);
}

static mi_view placed(const mi_views *v, int32_t kind, const mi_frame_part *p)
{
    int32_t s = v->scale[kind];
    if (kind == 0)
        return (mi_view){0, 0, 0};
    return (mi_view){kind, place(p->x0, p->x1, v->w * s, GRID * s, v->frame_w),
                     place(p->y0, p->y1, v->h * s, GRID * s, v->frame_h)};
}

static bool holds_along(int32_t from, int32_t to, int32_t around, int32_t at, int32_t size,
                        int32_t frame)
{
    return most(from - around, 0) >= at && least(to + around, frame) <= at + size;
}

static bool holds(const mi_views *v, mi_view view, const mi_frame_part *p, int32_t around)
{
    int32_t s = v->scale[view.kind];
    return view.kind == 0 ||
           (holds_along(p->x0, p->x1, around * s, view.x, v->w * s, v->frame_w) &&
            holds_along(p->y0, p->y1, around * s, view.y, v->h * s, v->frame_h));
}

/* The finest view with this room around the part. */
static mi_view finest(const mi_views *v, const mi_frame_part *p, int32_t around)
{
    int32_t kind = v->kinds - 1;
    while (!holds(v, placed(v, kind, p), p, around))
        kind--;
    return placed(v, kind, p);
}

mi_view mi_viewer_step(mi_viewer *viewer, const mi_views *v, const mi_frame_part *p, double dt,
                       bool reset)
{
    mi_view *view = &viewer->view;
    if (p && (p->x0 >= p->x1 || p->y0 >= p->y1))
        return *view;
    mi_view fine = p ? finest(v, p, ROOM) : (mi_view){0, 0, 0};
    viewer->roomy = fine.kind > view->kind ? viewer->roomy + dt : 0;
    if (!p || reset || !viewer->started || viewer->roomy >= settle) {
        *view = fine;
        viewer->roomy = 0;
    }
    viewer->started = true;
    if (p && !holds(v, *view, p, LEAST))
        *view = placed(v, view->kind, p);
    if (p && !holds(v, *view, p, LEAST))
        *view = fine;
    return *view;
}

mi_view_move mi_view_moved(const mi_views *v, mi_view past, mi_view now)
{
    float s = (float)v->scale[now.kind], before = (float)v->scale[past.kind];
    return (mi_view_move){.x = (0.5f * s + (float)(now.x - past.x)) / before - 0.5f,
                          .y = (0.5f * s + (float)(now.y - past.y)) / before - 0.5f,
                          .step = s / before};
}
