#include "overlay.h"

#include <math.h>
#include <stdio.h>

#include "../face_points.h"
#include "draw.h"
#include "face_outline.h"

enum { MESH = 468, IRIS = 5, RIM = 4 }; /* points of the mesh; points of an iris, of its rim */
static const float GLASSES = 0.7f; /* misses and false alarms are as frequent there */

static const uint32_t WHITE = 0xffffff, DARK = 0x101418, GREEN = 0x40e070, RED = 0xff4038,
                      CYAN = 0x50d8ff, YELLOW = 0xffd840;
static const float FAR = 32768; /* pixels: beyond all frames */

/* What all parts of the overlay share: sizes grow with the frame. */
typedef struct overlay_view {
    mi_canvas canvas;
    float letter;  /* pixels: height of capitals */
    float line;    /* pixels: width of a line */
    mi_ink panel;  /* behind text */
    mi_ink text;
} overlay_view;

static overlay_view view_of(const mien_frame *out)
{
    overlay_view v = {.canvas = mi_canvas_of(out)};
    int32_t side = out->width < out->height ? out->width : out->height;
    v.letter = 5 + (float)side / 100; /* 10 pixels at 640x480, 16 at 1920x1080 */
    v.line = fmaxf(0.14f * v.letter, 1.2f);
    v.panel = mi_ink_of(&v.canvas, DARK, 0.72f);
    v.text = mi_ink_of(&v.canvas, WHITE, 1);
    return v;
}

static float clamp(float value, float low, float high)
{
    return fminf(fmaxf(value, low), high);
}

static mi_spot spot_of(const mien_face *face, int32_t point)
{
    return (mi_spot){clamp(face->point[point][0], -FAR, FAR),
                     clamp(face->point[point][1], -FAR, FAR)};
}

static mi_spot middle(mi_spot a, mi_spot b)
{
    return (mi_spot){(a.x + b.x) / 2, (a.y + b.y) / 2};
}

/* Lines of text on a dark panel. */
enum { LINES_MAX = 20, LINE_TEXT = 64 };
typedef struct text_lines {
    char text[LINES_MAX][LINE_TEXT];
    int32_t count;
} text_lines;

static float lines_height(const overlay_view *v, int32_t count)
{
    return v->letter * (1.65f * (float)count + 0.55f);
}

static float lines_width(const overlay_view *v, const text_lines *lines)
{
    float width = 0;
    for (int32_t i = 0; i < lines->count; i++)
        width = fmaxf(width, mi_text_width(v->letter, lines->text[i]));
    return width + 1.2f * v->letter;
}

/* The top left corner of line i on a panel. */
static mi_spot line_spot(const overlay_view *v, mi_spot corner, int32_t i)
{
    return (mi_spot){corner.x + 0.6f * v->letter,
                     corner.y + v->letter * (0.55f + 1.65f * (float)i)};
}

static void draw_lines(const overlay_view *v, mi_spot corner, const text_lines *lines)
{
    mi_draw_panel(&v->canvas, corner, lines_width(v, lines), lines_height(v, lines->count),
                  0.4f * v->letter, &v->panel);
    for (int32_t i = 0; i < lines->count; i++)
        mi_draw_text(&v->canvas, line_spot(v, corner, i), v->letter, &v->text, lines->text[i]);
}

/* 0: red, 0.5: yellow, 1: green. */
static uint32_t visible_colour(float visible)
{
    float t = clamp(visible, 0, 1), r = t < 0.5f ? 1 : 2 - 2 * t, g = t < 0.5f ? 2 * t : 1;
    return (uint32_t)(70 + 185 * r) << 16 | (uint32_t)(60 + 170 * g) << 8 | 60;
}

static void region_spots(const mien_face *f, mi_spot spot[MIEN_FACE_REGIONS])
{
    for (int eye = 0; eye < 2; eye++)
        spot[MIEN_REGION_LEFT_EYE + eye] =
            middle(spot_of(f, mi_upper_lid[eye][0]), spot_of(f, mi_upper_lid[eye][MI_LID - 1]));
    spot[MIEN_REGION_NOSE] = spot_of(f, 4); /* its tip */
    spot[MIEN_REGION_MOUTH] = middle(spot_of(f, mi_lip_outline[0]),
                                     spot_of(f, mi_lip_outline[MI_LIPS / 2]));
    spot[MIEN_REGION_LEFT_CHEEK] = spot_of(f, 50); /* cheek bones */
    spot[MIEN_REGION_RIGHT_CHEEK] = spot_of(f, 280);
    spot[MIEN_REGION_FOREHEAD] = spot_of(f, 151); /* its middle */
    spot[MIEN_REGION_CHIN] = spot_of(f, 199);     /* its middle */
}

/* Visibility at a position: that of the regions, the near ones first. */
static float visible_at(const mien_face *f, const mi_spot spot[MIEN_FACE_REGIONS], float side,
                        float x, float y)
{
    float sum = 0, weights = 0, soft = 0.003f * side * side + 1;
    for (int i = 0; i < MIEN_FACE_REGIONS; i++) {
        float dx = x - spot[i].x, dy = y - spot[i].y, square = dx * dx + dy * dy + soft;
        float weight = 1 / (square * square);
        sum += weight * f->visible[i];
        weights += weight;
    }
    return sum / fmaxf(weights, 1e-30f);
}

static void draw_mask(const overlay_view *v, const mien_face *f)
{
    enum { STRIP = 256 };
    mi_spot spot[MIEN_FACE_REGIONS];
    mi_outline o;
    mi_outline_make(&o, f, 1, 0, 0, v->canvas.frame.width, v->canvas.frame.height);
    region_spots(f, spot);
    for (int32_t y = o.y0; y < o.y1; y += 2)
        for (int32_t x0 = o.x0; x0 < o.x1; x0 += STRIP) {
            uint8_t mask[2][STRIP] = {{0}};
            int32_t x1 = x0 + STRIP < o.x1 ? x0 + STRIP : o.x1;
            for (int32_t k = 0; k < 2 && y + k < o.y1; k++)
                mi_outline_row(&o, MI_EDGE_MIDDLE, 255, y + k, x0, x1, mask[k]);
            for (int32_t x = x0; x < x1; x += 2) {
                int32_t i = x - x0;
                float share[4] = {(float)mask[0][i] / 255, (float)mask[0][i + 1] / 255,
                                  (float)mask[1][i] / 255, (float)mask[1][i + 1] / 255};
                float seen = visible_at(f, spot, o.side, (float)(x + 1), (float)(y + 1));
                mi_ink ink = mi_ink_of(&v->canvas, visible_colour(seen), 0.42f);
                mi_draw_quad(&v->canvas, x, y, share, &ink);
            }
        }
}

static void draw_mesh(const overlay_view *v, const mi_overlay *overlay, const mien_face *f)
{
    mi_ink ink = mi_ink_of(&v->canvas, f->lost ? RED : WHITE, overlay->edge ? 0.38f : 0.8f);
    float width = clamp(f->width / 300, 0.5f, 0.6f * v->line);
    for (int32_t i = 0; overlay->edge && i < overlay->edges; i++)
        if (overlay->edge[i][0] < MIEN_FACE_POINTS && overlay->edge[i][1] < MIEN_FACE_POINTS)
            mi_draw_line(&v->canvas, spot_of(f, overlay->edge[i][0]),
                         spot_of(f, overlay->edge[i][1]), width, &ink);
    for (int32_t i = 0; !overlay->edge && i < MESH; i++)
        mi_draw_circle(&v->canvas, spot_of(f, i), width, 0, &ink);
}

static void draw_lid(const overlay_view *v, const mien_face *f, const uint16_t point[MI_LID],
                     float width, const mi_ink *ink)
{
    mi_spot spot[MI_LID];
    for (int i = 0; i < MI_LID; i++)
        spot[i] = spot_of(f, point[i]);
    mi_draw_path(&v->canvas, spot, MI_LID, width, ink);
}

static void draw_irises(const overlay_view *v, const mien_face *f)
{
    mi_ink lid = mi_ink_of(&v->canvas, f->lost ? RED : YELLOW, 0.85f);
    mi_ink iris = mi_ink_of(&v->canvas, f->lost ? RED : CYAN, 0.95f);
    float width = clamp(f->width / 160, 0.7f, v->line);
    for (int eye = 0; eye < 2; eye++) {
        int32_t first = MESH + IRIS * eye;
        mi_spot at = spot_of(f, first);
        float radius = 0;
        for (int32_t i = 1; i <= RIM; i++) {
            mi_spot rim = spot_of(f, first + i);
            radius += hypotf(rim.x - at.x, rim.y - at.y) / RIM;
        }
        draw_lid(v, f, mi_upper_lid[eye], width, &lid);
        draw_lid(v, f, mi_lower_lid[eye], width, &lid);
        mi_draw_circle(&v->canvas, at, radius, width, &iris);
        mi_draw_circle(&v->canvas, at, 0.9f * width, 0, &iris);
    }
}

/* On a dark rim, so that it shows on any ground. */
static void draw_strong_line(const overlay_view *v, mi_spot a, mi_spot b, float width,
                             const mi_ink *ink)
{
    mi_ink rim = mi_ink_of(&v->canvas, DARK, 0.6f * ink->alpha);
    mi_draw_line(&v->canvas, a, b, 2 * width, &rim);
    mi_draw_line(&v->canvas, a, b, width, ink);
}

/* Where the eyes look: as long as the face is wide at 45 degrees; a mere dot is eye contact. */
static void draw_gaze(const overlay_view *v, const mien_face *f)
{
    if (f->gaze_confidence <= 0)
        return;
    const float radian = 0.017453293f;
    mi_spot from = middle(spot_of(f, MESH), spot_of(f, MESH + IRIS));
    float across = tanf(radian * clamp(f->gaze_yaw, -70, 70));
    float up = tanf(radian * clamp(f->gaze_pitch, -70, 70));
    float side = clamp(f->width, 1, FAR);
    mi_spot to = {from.x + side * across, from.y - side * up};
    mi_ink ink = mi_ink_of(&v->canvas, CYAN, 0.35f + 0.65f * clamp(f->gaze_confidence, 0, 1));
    mi_ink rim = mi_ink_of(&v->canvas, DARK, 0.6f * ink.alpha);
    float width = 1.4f * v->line, length = hypotf(to.x - from.x, to.y - from.y);
    mi_draw_circle(&v->canvas, from, 2 * width, 0, &rim);
    if (length > 3 * width) {
        float head = fminf(5 * width, 0.6f * length) / length;
        float ux = head * (to.x - from.x), uy = head * (to.y - from.y);
        mi_spot wing[3] = {{to.x - ux - 0.6f * uy, to.y - uy + 0.6f * ux}, to,
                           {to.x - ux + 0.6f * uy, to.y - uy - 0.6f * ux}};
        mi_draw_path(&v->canvas, wing, 3, 2 * width, &rim);
        draw_strong_line(v, from, to, width, &ink);
        mi_draw_path(&v->canvas, wing, 3, width, &ink);
    }
    mi_draw_circle(&v->canvas, from, 1.4f * width, 0, &ink);
}

static void draw_regions(const overlay_view *v, const mien_face *f)
{
    mi_spot spot[MIEN_FACE_REGIONS];
    mi_ink rim = mi_ink_of(&v->canvas, DARK, 0.8f);
    float radius = clamp(f->width / 50, 1.6f, 2 * v->line);
    region_spots(f, spot);
    /* Beside the eyes: what the eyes do is to be seen. */
    spot[MIEN_REGION_LEFT_EYE] = spot_of(f, mi_upper_lid[0][0]);
    spot[MIEN_REGION_RIGHT_EYE] = spot_of(f, mi_upper_lid[1][MI_LID - 1]);
    for (int i = 0; i < MIEN_FACE_REGIONS; i++) {
        mi_ink ink = mi_ink_of(&v->canvas, visible_colour(f->visible[i]), 1);
        mi_draw_circle(&v->canvas, spot[i], 1.45f * radius, 0, &rim);
        mi_draw_circle(&v->canvas, spot[i], radius, 0, &ink);
    }
}

static void draw_box(const overlay_view *v, const mien_face *f, const mi_ink *ink)
{
    float x0 = clamp(f->x, -FAR, FAR), y0 = clamp(f->y, -FAR, FAR);
    float x1 = clamp(f->x + f->width, x0, FAR), y1 = clamp(f->y + f->height, y0, FAR);
    mi_spot corner[4] = {{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}};
    for (int i = 0; i < 4; i++) {
        mi_spot a = corner[i], b = corner[(i + 1) % 4];
        if (f->lost)
            mi_draw_dashes(&v->canvas, a, b, v->line, 0.8f * v->letter, ink);
        else
            mi_draw_line(&v->canvas, a, b, v->line, ink);
    }
}

/* Whole degrees; there is no -0. */
static int degrees(float angle)
{
    return (int)lrintf(clamp(angle, -999, 999));
}

static int percent(float share)
{
    return (int)lrintf(100 * clamp(share, 0, 1));
}

static void draw_labels(const overlay_view *v, const mien_face *f)
{
    bool gaze = f->gaze_confidence > 0 && !f->lost;
    text_lines name = {.count = 1}, angles = {.count = gaze ? 2 : 1};
    snprintf(name.text[0], LINE_TEXT, "#%u  %s%d%%", (unsigned)f->id, f->lost ? "lost  " : "",
             percent(f->presence));
    snprintf(angles.text[0], LINE_TEXT, "yaw %+d  pitch %+d  roll %+d", degrees(f->yaw),
             degrees(f->pitch), degrees(f->roll));
    snprintf(angles.text[1], LINE_TEXT, "gaze %+d %+d  lids %.2f %.2f%s", degrees(f->gaze_yaw),
             degrees(f->gaze_pitch), (double)clamp(f->aperture[0], 0, 9),
             (double)clamp(f->aperture[1], 0, 9), f->glasses > GLASSES ? "  glasses" : "");
    float w = (float)v->canvas.frame.width, h = (float)v->canvas.frame.height, gap = 2 * v->line;
    /* Above and below the box, but in sight as long as the box is. */
    float above = lines_height(v, 1), below = lines_height(v, angles.count);
    float x = clamp(f->x, -FAR, FAR), y0 = clamp(f->y, -FAR, FAR);
    float y1 = clamp(f->y + f->height, -FAR, FAR);
    if (x > w || y0 > h || y1 < 0 || x + f->width < 0)
        return;
    mi_spot top = {clamp(x, 0, fmaxf(w - lines_width(v, &name), 0)), fmaxf(y0 - gap - above, 0)};
    mi_spot bottom = {clamp(x, 0, fmaxf(w - lines_width(v, &angles), 0)),
                      fminf(y1 + gap, h - below)};
    draw_lines(v, top, &name);
    if (bottom.y > top.y + above)
        draw_lines(v, bottom, &angles);
}

static void draw_face(const overlay_view *v, const mien_face *f)
{
    mi_ink ink = mi_ink_of(&v->canvas, f->lost ? RED : GREEN, 0.9f);
    draw_box(v, f, &ink);
    if (!f->lost) { /* what is not seen has no visibility and no gaze */
        draw_regions(v, f);
        draw_gaze(v, f);
    }
    draw_labels(v, f);
}

/* Milliseconds of the stages and their sum, figures flush right. */
static void draw_timing(const overlay_view *v, const mien_stats *stats)
{
    text_lines name = {0}, ms = {0};
    double total = 0;
    for (size_t i = 0; i < stats->stages && i < LINES_MAX - 1; i++, name.count++) {
        const mien_stage_time *stage = &stats->stage[i];
        snprintf(name.text[name.count], LINE_TEXT, "%s", stage->name ? stage->name : "-");
        snprintf(ms.text[name.count], LINE_TEXT, "%.1f", stage->ms);
        total += stage->ms;
    }
    snprintf(name.text[name.count], LINE_TEXT, "total ms");
    snprintf(ms.text[name.count++], LINE_TEXT, "%.1f", total);
    ms.count = name.count;
    float width = lines_width(v, &name) + lines_width(v, &ms);
    mi_spot corner = {0.8f * v->letter, 0.8f * v->letter};
    float gap = 0.35f * v->letter; /* around the line above the sum */
    mi_draw_panel(&v->canvas, corner, width, lines_height(v, name.count) + gap,
                  0.4f * v->letter, &v->panel);
    for (int32_t i = 0; i < name.count; i++) {
        mi_spot at = line_spot(v, corner, i);
        at.y += i + 1 == name.count ? gap : 0;
        mi_draw_text(&v->canvas, at, v->letter, &v->text, name.text[i]);
        at.x = corner.x + width - 0.6f * v->letter - mi_text_width(v->letter, ms.text[i]);
        mi_draw_text(&v->canvas, at, v->letter, &v->text, ms.text[i]);
    }
    if (name.count > 1) {
        mi_ink ink = mi_ink_of(&v->canvas, WHITE, 0.5f);
        float y = line_spot(v, corner, name.count - 1).y - 0.15f * v->letter;
        mi_draw_line(&v->canvas, (mi_spot){corner.x + 0.6f * v->letter, y},
                     (mi_spot){corner.x + width - 0.6f * v->letter, y}, 0.7f * v->line, &ink);
    }
}

void mi_overlay_draw(const mi_overlay *overlay, const mien_frame *out, const mien_face *faces,
                     int32_t count)
{
    overlay_view v = view_of(out);
    for (int32_t i = 0; i < count; i++) {
        if (overlay->flags & MI_OVERLAY_MASK && !faces[i].lost)
            draw_mask(&v, &faces[i]);
        if (overlay->flags & MI_OVERLAY_MESH)
            draw_mesh(&v, overlay, &faces[i]);
        if (overlay->flags & MI_OVERLAY_IRIS)
            draw_irises(&v, &faces[i]);
    }
    for (int32_t i = 0; overlay->flags & MI_OVERLAY_FACES && i < count; i++)
        draw_face(&v, &faces[i]);
    if (overlay->flags & MI_OVERLAY_TIMING && overlay->stats)
        draw_timing(&v, overlay->stats);
}
