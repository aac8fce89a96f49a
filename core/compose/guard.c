#include "guard.h"

#include <math.h>
#include <string.h>

#include "../ramp.h"

static const double FADE_SECONDS = 0.2;
static const double PASS_SECONDS = 0.15;
/* A lost face is taken to go on as it went, slower and slower: v T (1 - exp(-t / T)). */
static const double SLOWING_SECONDS = 0.5;
static const float SPEED_MAX = 6; /* sizes a second: what is faster is no head, but a mix-up */
static const float NEAR = 0.5f;   /* sizes: two faces that are seen are not as near as that */
static const float NEAR_LOST = 1.5f; /* sizes: a new face as near to a lost one may be that one */
static const float SAME_PLACE = 0.3f; /* sizes: a new face so near one lost now is there instead */
static const float ASTRAY = 0.25f;   /* sizes: by which a guess of where a lost face is may differ
                                      * from what the tracker says */
static const float WHOLE = 0.7f;     /* mean of a face's visible regions: seen whole */
static const float MARGIN_LEAST = 1.1f; /* of a cover */
static const float MARGIN_MOST = 1.6f;
static const float MARGIN_GROWTH = 0.25f; /* a second, of a face that stood still */

void mi_guard_reset(mi_guard *guard)
{
    memset(guard, 0, sizeof *guard);
}

bool mi_guard_covers(const mi_guard *guard)
{
    for (int32_t i = 0; i < guard->count; i++)
        if (guard->memory[i].cover > 0)
            return true;
    return false;
}

static float step_to(float value, float target, double step)
{
    return (float)mi_ramp((double)value, (double)target, step);
}

static mi_guard_memory recall(const mi_guard *guard, uint32_t id)
{
    for (int32_t i = 0; i < guard->count; i++)
        if (guard->memory[i].id == id)
            return guard->memory[i];
    return (mi_guard_memory){.id = id, .margin = 1, .size = 1};
}

/* Position and speed of a face that is seen. */
static void sight(mi_guard_memory *m, const mien_face *face, double dt)
{
    float x = face->x + face->width / 2, y = face->y + face->height / 2;
    m->size = fmaxf(fminf(face->width, face->height), 1);
    if (m->sightings > 0) {
        float seconds = (float)(m->lost_seconds + fmax(dt, 1e-3));
        /* A single step is half tremble; where there is an older speed, half of it stays. */
        float weight = m->sightings > 1 && !m->lost ? 0.5f : 1;
        m->speed_x += weight * ((x - m->x) / seconds - m->speed_x);
        m->speed_y += weight * ((y - m->y) / seconds - m->speed_y);
        if (hypotf(m->speed_x, m->speed_y) > SPEED_MAX * m->size)
            m->speed_x = m->speed_y = 0;
    }
    m->sightings = m->sightings < 2 ? m->sightings + 1 : 2;
    m->x = x;
    m->y = y;
    m->lost_seconds = 0;
}

static double gone_seconds(const mi_guard_memory *m)
{
    return SLOWING_SECONDS * (1 - exp(-m->lost_seconds / SLOWING_SECONDS));
}

/* The margin has room for both that the face stopped when it was lost and that it went on at its
 * speed: the outline scaled by m about its middle holds the outline moved by (m - 1) half sizes. */
static float lost_margin(const mi_guard_memory *m)
{
    double speed = hypot(m->speed_x, m->speed_y) / m->size, gone = gone_seconds(m);
    double error = speed * fmax(gone, m->lost_seconds - gone);
    float margin = MARGIN_LEAST + (float)(MARGIN_GROWTH * m->lost_seconds + 2 * error);
    return fminf(margin, MARGIN_MOST);
}

static void step_lost(mi_guard_memory *m, bool changing, mi_on_lost on_lost, double dt)
{
    bool changed = m->amount > 0 || m->cover > 0;
    bool covers = changing && changed && on_lost != MI_LOST_PASS && !m->replaced;
    float margin = lost_margin(m);
    m->margin = m->cover > 0 ? fmaxf(m->margin, margin) : margin;
    m->cover = covers ? 1 : m->replaced ? 0 : step_to(m->cover, 0, dt / FADE_SECONDS);
    m->amount = step_to(m->amount, covers ? 1 : 0,
                        dt / (on_lost == MI_LOST_PASS ? PASS_SECONDS : FADE_SECONDS));
}

static void step_seen(mi_guard_memory *m, bool changing, double dt, bool fresh)
{
    m->amount = step_to(m->amount, changing ? 1 : 0, fresh ? 1 : dt / FADE_SECONDS);
    /* The cover stays until the effect below it is whole: no bit of the bare face shows. */
    if (!changing || m->amount >= 1)
        m->cover = step_to(m->cover, 0, dt / FADE_SECONDS);
    m->margin = m->cover > 0 ? step_to(m->margin, MARGIN_LEAST,
                                       (MARGIN_MOST - MARGIN_LEAST) * dt / FADE_SECONDS)
                             : 1;
}

/* Where a lost face is thought to be, from its own speed, as seen from its points. Far from what
 * the tracker says, the tracker knows better: it has found out that ids were mixed up. */
static void place_lost(const mi_guard_memory *m, mi_guarded *g)
{
    if (m->sightings == 0) /* nothing better is known than its points */
        return;
    float gone = (float)gone_seconds(m), x = m->speed_x * gone, y = m->speed_y * gone;
    float move_x = m->x + x - g->face->x - g->face->width / 2;
    float move_y = m->y + y - g->face->y - g->face->height / 2;
    if (hypotf(move_x, move_y) <= hypotf(x, y) + ASTRAY * m->size) {
        g->move_x = move_x;
        g->move_y = move_y;
    }
}

static bool is_whole(const mien_face *face)
{
    float sum = 0;
    for (int i = 0; i < MIEN_FACE_REGIONS; i++)
        sum += face->visible[i];
    return sum >= WHOLE * MIEN_FACE_REGIONS; /* false for NaN */
}

static mi_guarded guard_face(mi_guard_memory *m, const mien_face *face, bool changing,
                             mi_on_lost on_lost, double dt, bool fresh)
{
    mi_guarded g = {.face = face};
    if (face->lost) {
        m->lost_seconds += dt;
        step_lost(m, changing, on_lost, dt);
        place_lost(m, &g);
    } else {
        sight(m, face, dt);
        step_seen(m, changing, dt, fresh);
    }
    m->lost = face->lost;
    m->shown_x = face->x + face->width / 2 + g.move_x;
    m->shown_y = face->y + face->height / 2 + g.move_y;
    g.amount = m->amount;
    g.cover = m->cover;
    g.margin = m->cover > 0 ? m->margin : 1;
    g.in_front = !face->lost && m->amount >= 1 && !(m->cover > 0) && is_whole(face);
    return g;
}

/* Has a lost face that was changed gone for good, now or before? */
static bool has_given_up(const mi_guard *guard, const mien_face *faces, int32_t count)
{
    bool gone = guard->gave_up;
    for (int32_t i = 0; i < guard->count; i++) {
        const mi_guard_memory *m = &guard->memory[i];
        bool there = false;
        for (int32_t k = 0; k < count && !there; k++)
            there = faces[k].id == m->id;
        gone = gone || (!there && m->lost && (m->amount > 0 || m->cover > 0));
    }
    return gone;
}

static void start_covered(mi_guard_memory *m)
{
    m->amount = m->cover = 1;
    m->margin = MARGIN_LEAST;
}

static bool is_seen(const mien_face *faces, int32_t count, uint32_t id)
{
    for (int32_t i = 0; i < count; i++)
        if (faces[i].id == id)
            return !faces[i].lost;
    return false;
}

/* The effect that was where this face is now, of others of the last frame. */
static float effect_there(const mi_guard *guard, const mien_face *faces, int32_t count,
                          const mien_face *face, bool is_new)
{
    float most = 0, x = face->x + face->width / 2, y = face->y + face->height / 2;
    for (int32_t i = 0; i < guard->count; i++) {
        const mi_guard_memory *m = &guard->memory[i];
        bool back = is_new && !is_seen(faces, count, m->id);
        float reach = (back ? NEAR_LOST : NEAR) * fmaxf(m->size, fminf(face->width, face->height));
        if (m->id != face->id && hypotf(m->shown_x - x, m->shown_y - y) < reach)
            most = fmaxf(most, m->cover > 0 ? 1 : m->amount);
    }
    return most;
}

/* Is a face new, where one was that is lost now and was seen in the last frame? */
static bool is_replaced(const mi_guard *guard, const mi_guard_memory *m, const mien_face *faces,
                        int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        const mien_face *face = &faces[i];
        float x = face->x + face->width / 2, y = face->y + face->height / 2;
        bool is_new = !face->lost && recall(guard, face->id).sightings == 0;
        if (is_new && hypotf(m->shown_x - x, m->shown_y - y) < SAME_PLACE * m->size)
            return true;
    }
    return false;
}

int32_t mi_guard_step(mi_guard *guard, const mien_face *faces, int32_t count, bool changing,
                      mi_on_lost on_lost, double dt, bool fresh, mi_guarded out[MIEN_FACES_MAX])
{
    mi_guard next = {.count = count < MIEN_FACES_MAX ? count : MIEN_FACES_MAX};
    if (fresh)
        mi_guard_reset(guard);
    next.gave_up = changing && on_lost != MI_LOST_PASS && has_given_up(guard, faces, next.count);
    for (int32_t i = 0; i < next.count; i++) {
        mi_guard_memory *m = &next.memory[i];
        *m = recall(guard, faces[i].id);
        if (next.gave_up && !faces[i].lost && m->sightings == 0)
            start_covered(m);
        else if (!faces[i].lost)
            m->amount = fmaxf(m->amount, effect_there(guard, faces, next.count, &faces[i],
                                                      m->sightings == 0));
        if (!faces[i].lost)
            m->replaced = false;
        else if (!m->lost && m->sightings > 0)
            m->replaced = is_replaced(guard, m, faces, next.count);
        out[i] = guard_face(m, &faces[i], changing, on_lost, dt, fresh);
    }
    *guard = next;
    return next.count;
}
