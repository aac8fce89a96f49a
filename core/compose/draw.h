/* Anti-aliased strokes, areas and text on a host frame of any pixel format. Positions are pixels;
 * the middle of the top left one is (0.5, 0.5). What lies outside the frame is left out, any
 * finite position will do. No allocation; any thread. */
#ifndef MI_DRAW_H
#define MI_DRAW_H

#include "area_rows.h"

typedef struct mi_canvas {
    mien_frame frame;
    mi_part part[3];
    float kr, kb; /* luma weights of the frame's matrix */
} mi_canvas;

/* A colour as the frame's samples. */
typedef struct mi_ink {
    float sample[3]; /* Y, U, V or R, G, B; 0..255 */
    float alpha;     /* 0..1 */
} mi_ink;

typedef struct mi_spot {
    float x, y;
} mi_spot;

/* The frame's planes are borrowed. */
mi_canvas mi_canvas_of(const mien_frame *frame);

/* rgb: 0xRRGGBB, R'G'B' */
mi_ink mi_ink_of(const mi_canvas *canvas, uint32_t rgb, float alpha);

/* Mixes ink into the pixels (x, y), (x+1, y), (x, y+1), (x+1, y+1), x and y even; share[4] in that
 * order: how much of each is covered, 0..1. */
void mi_draw_quad(const mi_canvas *canvas, int32_t x, int32_t y, const float share[4],
                  const mi_ink *ink);

/* A line with round ends. */
void mi_draw_line(const mi_canvas *canvas, mi_spot a, mi_spot b, float width, const mi_ink *ink);

/* A line in dashes as long as the gaps between them. */
void mi_draw_dashes(const mi_canvas *canvas, mi_spot a, mi_spot b, float width, float dash,
                    const mi_ink *ink);

/* Lines through 1..MI_PATH_MAX points, as one stroke: where they meet the ink does not double. */
enum { MI_PATH_MAX = 32 };
void mi_draw_path(const mi_canvas *canvas, const mi_spot *spot, int32_t count, float width,
                  const mi_ink *ink);

/* A disc, or with width > 0 a ring of that width around the radius. */
void mi_draw_circle(const mi_canvas *canvas, mi_spot middle, float radius, float width,
                    const mi_ink *ink);

/* A filled rectangle with rounded corners. */
void mi_draw_panel(const mi_canvas *canvas, mi_spot corner, float width, float height,
                   float radius, const mi_ink *ink);

/* Text, ASCII, one line, in letters `size` pixels tall, from the top left corner of its capitals
 * on. Letters reach 1/4 of size below the base line. mi_text_width(): where it ends. */
float mi_text_width(float size, const char *text);
void mi_draw_text(const mi_canvas *canvas, mi_spot corner, float size, const mi_ink *ink,
                  const char *text);

#endif
