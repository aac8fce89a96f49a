#include "face_stage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of the mean face: longer edge in its units, and its middle. */
static void mean_extent(float *edge, float middle[2])
{
    float low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (int i = 0; i < MI_MESH_POINTS; i++)
        for (int c = 0; c < 2; c++) {
            low[c] = fminf(low[c], mi_mean_face.point[i][c]);
            high[c] = fmaxf(high[c], mi_mean_face.point[i][c]);
        }
    *edge = fmaxf(high[0] - low[0], high[1] - low[1]);
    for (int c = 0; c < 2; c++)
        middle[c] = (low[c] + high[c]) / 2;
}

float stage_random(stage *s)
{
    s->random = s->random * 6364136223846793005u + 1442695040888963407u;
    return (float)(s->random >> 40) / 16777216.0f;
}

float stage_normal(stage *s)
{
    float sum = -2;
    for (int i = 0; i < 4; i++)
        sum += stage_random(s);
    return sum * 1.732f;
}

void stage_start(stage *s, int32_t width, int32_t height, int32_t max_faces, uint64_t seed)
{
    memset(s, 0, sizeof *s);
    s->width = width;
    s->height = height;
    s->light = s->presence = 1;
    s->noise = 0.002f;
    s->miss = 0.05f;
    s->random = seed * 2654435761u + 12345;
    mean_extent(&s->mean_edge, s->middle);
    s->track = malloc(sizeof *s->track);
    mi_track_init(s->track, width, height, max_faces);
}

void stage_stop(stage *s)
{
    free(s->track);
}

/* Something like a face: light skin, dark hair around, eyes and mouth; people differ by smooth
 * random fields. */
static void paint(stage *s, stage_actor *actor, float unlike)
{
    float wave[3][6];
    for (int c = 0; c < 3; c++)
        for (int k = 0; k < 6; k++)
            wave[c][k] = 0.5f * unlike * (stage_random(s) - 0.5f);
    for (int i = 0; i < STAGE_PALETTE * STAGE_PALETTE; i++) {
        float x = ((float)(i % STAGE_PALETTE) + 0.5f) / STAGE_PALETTE * 2 - 1;
        float y = ((float)(i / STAGE_PALETTE) + 0.5f) / STAGE_PALETTE * 2 - 1;
        float skin = x * x + y * y < 0.5f ? 0.6f : 0.3f;
        skin -= y < 0 && y > -0.4f && fabsf(x) > 0.2f && fabsf(x) < 0.6f ? 0.2f : 0;
        float field = wave[0][0] * x + wave[0][1] * y + wave[0][2] * cosf(3 * x) +
                      wave[0][3] * cosf(3 * y) + wave[0][4] * sinf(4 * x * y + wave[0][5] * 6);
        for (int c = 0; c < 3; c++) {
            float tint = 0.2f * (wave[c][1] + wave[c][2] * x + wave[c][3] * y);
            float hue = (skin + field) * (1 - 0.15f * (float)c) + tint;
            actor->hue[i][c] = fminf(fmaxf(hue, 0.05f), 1);
        }
    }
}

stage_actor *stage_enter(stage *s, int32_t index, float x, float y, float edge, float unlike)
{
    stage_actor *actor = &s->actor[index];
    *actor = (stage_actor){.there = true, .x = x, .y = y, .edge = edge, .depth = (float)index};
    paint(s, actor, unlike);
    return actor;
}

/* Does the head (hair too) of an actor cover this place? */
static bool covers(const stage_actor *a, float x, float y, float *u, float *v)
{
    float c = cosf(a->angle), n = sinf(a->angle), dx = x - a->x, dy = y - a->y;
    *u = (c * dx + n * dy) / (1.5f * a->edge) + 0.5f;
    *v = (c * dy - n * dx) / (1.5f * a->edge) + 0.5f;
    float across = (*u - 0.5f) * 1.5f, down = (*v - 0.5f) * 1.5f;
    return across * across / 0.3f + down * down / 0.4f < 1;
}

static const stage_actor *front_at(const stage *s, float x, float y, float *u, float *v)
{
    const stage_actor *front = NULL;
    for (int i = 0; i < STAGE_ACTORS; i++) {
        float p, q;
        const stage_actor *a = &s->actor[i];
        if (!a->there || fabsf(x - a->x) > a->edge || fabsf(y - a->y) > a->edge ||
            (front && front->depth <= a->depth) || !covers(a, x, y, &p, &q))
            continue;
        front = a;
        *u = p;
        *v = q;
    }
    return front;
}

/* Share of the face that is in the picture and not covered; *by gets who covers most. */
static float visible(const stage *s, const stage_actor *a, const stage_actor **by)
{
    int32_t seen = 0, all = 0, most = 0, hidden[STAGE_ACTORS] = {0};
    *by = NULL;
    for (int j = 0; j < 10; j++)
        for (int i = 0; i < 10; i++) {
            float x = a->x + a->edge * (((float)i + 0.5f) / 10 - 0.5f) * 0.9f, u, v;
            float y = a->y + a->edge * (((float)j + 0.5f) / 10 - 0.5f);
            const stage_actor *front = front_at(s, x, y, &u, &v);
            all++;
            if (front == a || !front)
                seen += x >= 0 && y >= 0 && x < (float)s->width && y < (float)s->height;
            else if (++hidden[front - s->actor] > most) {
                most = hidden[front - s->actor];
                *by = front;
            }
        }
    return (float)seen / (float)all;
}

static void place_points(stage *s, const stage_actor *a, float point[MI_POINTS][3])
{
    const float *middle = s->middle;
    float edge = s->mean_edge, c = cosf(a->angle), n = sinf(a->angle);
    for (int i = 0; i < MI_POINTS; i++) {
        /* irises: the middle of the lids */
        const float *p = mi_mean_face.point[i < MI_MESH_POINTS ? i : i < 473 ? 159 : 386];
        float x = (p[0] - middle[0]) / edge * a->edge, y = (p[1] - middle[1]) / edge * a->edge;
        point[i][0] = a->x + c * x - n * y + s->noise * a->edge * stage_normal(s);
        point[i][1] = a->y + n * x + c * y + s->noise * a->edge * stage_normal(s);
        point[i][2] = p[2] / edge * a->edge;
    }
}

static float hue_at(const stage_actor *a, float u, float v, int channel)
{
    float x = fminf(fmaxf(u * STAGE_PALETTE - 0.5f, 0), STAGE_PALETTE - 1.001f);
    float y = fminf(fmaxf(v * STAGE_PALETTE - 0.5f, 0), STAGE_PALETTE - 1.001f);
    int32_t column = (int32_t)x, row = (int32_t)y;
    const float(*hue)[3] = &a->hue[row * STAGE_PALETTE + column];
    float fx = x - (float)column, fy = y - (float)row;
    float above = hue[0][channel] * (1 - fx) + hue[1][channel] * fx;
    float below = hue[STAGE_PALETTE][channel] * (1 - fx) + hue[STAGE_PALETTE + 1][channel] * fx;
    return above * (1 - fy) + below * fy;
}

static void paint_look(stage *s, const mi_roi *roi, float look[MI_LOOK * MI_LOOK][3])
{
    float co = cosf(roi->angle), si = sinf(roi->angle);
    for (int i = 0; i < MI_LOOK * MI_LOOK; i++) {
        float sum[3] = {0};
        for (int k = 0; k < 9; k++) {
            float u = ((float)(i % MI_LOOK) + (float)(k % 3) / 3 + 0.17f) / MI_LOOK - 0.5f;
            float v = ((float)(i / MI_LOOK) + (float)(k / 3) / 3 + 0.17f) / MI_LOOK - 0.5f;
            float x = roi->x + roi->side * (u * co - v * si), p = 0;
            float y = roi->y + roi->side * (u * si + v * co), q = 0;
            const stage_actor *front = front_at(s, x, y, &p, &q);
            for (int c = 0; c < 3; c++)
                sum[c] += front ? hue_at(front, p, q, c)
                                : 0.4f + 0.1f * sinf(x / 97 + (float)c) * cosf(y / 61);
        }
        for (int c = 0; c < 3; c++)
            look[i][c] = fminf(fmaxf(s->light * sum[c] / 9 + 0.01f * stage_normal(s), 0), 1);
    }
}

/* How well a square suits a face, 0..1. */
static float suits(const mi_roi *roi, const stage_actor *a)
{
    float off = hypotf(roi->x - a->x, roi->y - a->y) / (1.5f * a->edge);
    float size = fabsf(logf(roi->side / (1.5f * a->edge)));
    float turn = fabsf(remainderf(roi->angle - a->angle, 6.2831853f));
    float fit = (0.45f - off) / 0.2f;
    fit = fminf(fit, (0.7f - size) / 0.3f);
    return fminf(fmaxf(fminf(fit, (1.2f - turn) / 0.5f), 0), 1);
}

void stage_sight(stage *s, const mi_roi *roi, mi_sight *sight)
{
    const stage_actor *best = NULL, *by, *best_by = NULL;
    float most = 0, shown = 0;
    memset(sight, 0, sizeof *sight);
    sight->roi = *roi;
    for (int i = 0; i < STAGE_ACTORS; i++) {
        const stage_actor *a = &s->actor[i];
        if (!a->there || a->is_blank)
            continue;
        float share = visible(s, a, &by), fit = suits(roi, a) * share;
        if (fit > most) {
            most = fit;
            best = a;
            best_by = by;
            shown = share;
        }
    }
    for (int i = 0; i < MI_VISIBLE * MI_VISIBLE; i++)
        sight->visible[i] = 1;
    paint_look(s, roi, sight->look);
    if (!best) {
        /* points of a face that is not there, in the square */
        stage_actor none = {.x = roi->x, .y = roi->y, .edge = roi->side / 1.5f,
                            .angle = roi->angle};
        place_points(s, &none, sight->point);
        sight->presence = 0.05f * stage_random(s);
        return;
    }
    stage_actor drawn = *best;
    if (best_by && !best_by->is_blank) {
        float pull = 0.5f * (1 - shown); /* the network fits to what it sees */
        drawn.x += pull * (best_by->x - best->x);
        drawn.y += pull * (best_by->y - best->y);
    }
    place_points(s, &drawn, sight->point);
    float presence = 1 / (1 + expf(-(most - 0.4f) * 14));
    sight->presence = fminf(s->presence * presence * (1 - 0.03f * stage_random(s)), 1);
}

static int32_t detect(stage *s, const mi_detect_at *run, mi_detection *out)
{
    int32_t count = 0;
    float pixel = (float)mi_detector_size(run->detector) / run->roi.side;
    float least = run->detector == MI_DETECTOR_SHORT ? 14 : 7;
    for (int i = 0; i < STAGE_ACTORS; i++) {
        const stage_actor *a = &s->actor[i], *by;
        float half = run->roi.side / 2;
        if (!a->there || a->is_blank || fabsf(a->x - run->roi.x) > half ||
            fabsf(a->y - run->roi.y) > half || a->edge * pixel < least ||
            visible(s, a, &by) < 0.6f || stage_random(s) < s->miss)
            continue;
        mi_detection *d = &out[count++];
        float edge = 0.8f * a->edge * (1 + 0.04f * stage_normal(s)); /* tighter than the mesh */
        float x = a->x + 0.03f * edge * stage_normal(s), y = a->y + 0.03f * edge * stage_normal(s);
        float angle = a->angle + 0.05f * stage_normal(s);
        *d = (mi_detection){.x = x - edge / 2, .y = y - edge / 2, .w = edge, .h = edge,
                            .score = 0.6f + 0.35f * stage_random(s)};
        for (int k = 0; k < 2; k++) {
            float side = (k ? 0.2f : -0.2f) * edge;
            d->key[k][0] = x + side * cosf(angle);
            d->key[k][1] = y + side * sinf(angle);
        }
    }
    if (s->ghost)
        out[count++] = (mi_detection){.x = 20, .y = 20, .w = 90, .h = 90, .score = 0.9f,
                                      .key = {{40, 50}, {80, 50}}};
    return count;
}

static void give_sights(stage *s, const mi_look_at *look, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        mi_sight sight;
        stage_sight(s, &look[i].roi, &sight);
        mi_track_sight(s->track, look[i].slot, &sight);
    }
    s->looks += count;
}

void stage_frame(stage *s, double dt)
{
    mi_look_at look[MI_FACES];
    mi_detection found[MI_DETECTIONS * MI_DETECTOR_RUNS];
    s->looks = s->runs = 0;
    give_sights(s, look, mi_track_begin(s->track, dt, look));
    int32_t runs = mi_track_wants(s->track, s->run), count = 0;
    while (s->runs < runs) {
        count += detect(s, &s->run[s->runs++], found + count);
        if (mi_track_found_enough(s->track, found, count))
            break;
    }
    if (s->runs > 1)
        count = mi_detect_merge(found, count);
    if (runs > 0)
        give_sights(s, look, mi_track_detections(s->track, found, count, look));
    s->count = mi_track_end(s->track, s->face);
}

uint32_t stage_id(const stage *s, int32_t index)
{
    const stage_actor *a = &s->actor[index];
    for (int32_t i = 0; i < s->count; i++) {
        const mien_face *f = &s->face[i];
        mi_roi square = mi_roi_of_points(f->point);
        if (!f->lost && hypotf(square.x - a->x, square.y - a->y) < 0.25f * a->edge)
            return f->id;
    }
    return 0;
}

bool stage_has(const stage *s, uint32_t id)
{
    for (int32_t i = 0; i < s->count; i++)
        if (s->face[i].id == id)
            return true;
    return false;
}

bool stage_is_lost(const stage *s, uint32_t id)
{
    for (int32_t i = 0; i < s->count; i++)
        if (s->face[i].id == id)
            return s->face[i].lost;
    return false;
}
