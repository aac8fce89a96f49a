#include "face_track.h"

#include <math.h>
#include <string.h>

#include "face_search.h"

/* Limits, in seconds, shares of a square's side, or as said. Thresholds of presence: 0.5 is
 * MediaPipe's; weaker sights are kept for so many frames if they are just where they had to be. */
static const float PRESENCE_MIN = 0.5f, PRESENCE_KEEP = 0.35f;
static const int32_t WEAK_FRAMES = 2;
/* A lost face is looked for that long after the last trace of it. */
static const double LOST_FORGET = 3;
/* How near to its place a detector has to see something for that, and by how much of the way the
 * place goes there. */
static const float TRACE_REACH = 0.7f, TRACE_GAIN = 0.5f;
static const double DRIFT_DECAY = 0.4; /* a lost face slows down over this time */
static const float VELOCITY_GAIN = 0.5f;
static const float LEAP = 0.1f; /* sides of the square from where a face should be, in one frame */
static const float POINT_MOST = 1e5f; /* pixels: no point of a face is farther off */
static const float LEAVING_SPEED = 3; /* sides a second, of a lost face at the border */
/* Motion a frame from which on the square goes before the face, and from which on fully. Below it
 * stays on the steadied points: a square that trembles makes the points tremble. */
static const float LEAD_FROM = 0.01f, LEAD_FULL = 0.05f;
/* Two tracks with more than this in common (of the smaller face) are on the same face. */
static const float SAME_FACE = 0.5f;
static const double YOUNG = 0.15; /* a second track on a face that is younger never was one */
/* Appearance: see mi_appearance_distance(). */
/* Jump within one frame that only another person makes: a head that turns and hands before it
 * reach 0.22, two people 0.42 (half of pairs of one studio) or 1.0 (of pictures of all kinds). */
static const float OTHER_PERSON = 0.5f;
static const float ALIKE = 0.4f;        /* most for a face that was lost for long */
static const float ALIKE_NEAR = 0.65f;  /* ... not long ago, and is just where it should be */
static const float NEAR_SECONDS = 1;
static const float ALIKE_COVERED = 1.1f; /* ... and still half covered by another face */
static const float BARE_LEAST = 0.7f; /* of the middle of a face's square; else it is covered */
static const double ADOPT_SECONDS = 1; /* a new face this young may turn out to be a lost one */
static const double REFERENCE_SECONDS = 1.5; /* over which the reference is averaged */
static const float REFERENCE_PRESENCE = 0.8f;
/* Faces that have met are compared both ways for this long; evidence that swaps them. */
static const double MEETING_SECONDS = 1.5;
static const float MEETING_OVERLAP = 0.1f, SWAP_EVIDENCE = 0.12f, EVIDENCE_GAIN = 0.4f;

static float distance(const mi_roi *a, const mi_roi *b)
{
    return hypotf(a->x - b->x, a->y - b->y);
}

static mi_meeting *meeting_of(mi_track *track, int32_t i, int32_t j)
{
    return i < j ? &track->meeting[i][j] : &track->meeting[j][i];
}

static void forget_meetings(mi_track *track, int32_t slot)
{
    for (int32_t j = 0; j < MI_FACES; j++)
        if (j != slot)
            *meeting_of(track, slot, j) = (mi_meeting){.since = MEETING_SECONDS};
}

static void drop(mi_track *track, int32_t slot)
{
    track->slot[slot].id = 0;
    forget_meetings(track, slot);
}

void mi_track_reset(mi_track *track)
{
    for (int32_t i = 0; i < MI_FACES; i++)
        drop(track, i);
    track->fresh = true;
    track->hurry = 0;
    track->since_loss = INFINITY;
    track->gave_up = false;
    track->since_detection = 0;
    track->turn = track->near_turn = 0;
    track->candidates = 0;
}

void mi_track_set_size(mi_track *track, int32_t width, int32_t height)
{
    track->width = width;
    track->height = height;
    mi_track_reset(track);
}

void mi_track_init(mi_track *track, int32_t width, int32_t height, int32_t max_faces)
{
    memset(track, 0, sizeof *track);
    track->next_id = 1;
    track->max_faces = max_faces;
    mi_track_set_size(track, width, height);
}

void mi_track_set_eager(mi_track *track, bool eager)
{
    track->eager = eager;
}

static int32_t used(const mi_track *track)
{
    int32_t count = 0;
    for (int32_t i = 0; i < MI_FACES; i++)
        count += track->slot[i].id != 0;
    return count;
}

void mi_track_set_max(mi_track *track, int32_t max_faces)
{
    track->max_faces = max_faces;
    while (used(track) > max_faces) {
        int32_t latest = 0;
        for (int32_t i = 1; i < MI_FACES; i++)
            if (track->slot[i].id > track->slot[latest].id)
                latest = i;
        drop(track, latest);
    }
}

/* Share of a face's box that lies within the frame. */
static float share_within(const mi_track *track, const mi_roi *square)
{
    float half = square->side / MI_SQUARE_SCALE / 2;
    float w = fminf(square->x + half, (float)track->width) - fmaxf(square->x - half, 0);
    float h = fminf(square->y + half, (float)track->height) - fmaxf(square->y - half, 0);
    return w > 0 && h > 0 ? w * h / (4 * half * half) : 0;
}

/* A lost face that has left most of itself behind the border leaves the frame altogether and waits
 * there: it may come back. */
static void leave(mi_track *track, mi_followed *f)
{
    float share = share_within(track, &f->square), speed = LEAVING_SPEED * f->square.side;
    float dx = f->square.x - 0.5f * (float)track->width;
    float dy = f->square.y - 0.5f * (float)track->height, far = hypotf(dx, dy);
    if (share >= 0.25f || far <= 0)
        return;
    f->vx = share > 0 ? speed * dx / far : 0;
    f->vy = share > 0 ? speed * dy / far : 0;
}

static void shift(mi_followed *f, float dx, float dy)
{
    f->square.x += dx;
    f->square.y += dy;
    f->face.x += dx;
    f->face.y += dy;
    for (int i = 0; i < MIEN_FACE_POINTS; i++) {
        f->face.point[i][0] += dx;
        f->face.point[i][1] += dy;
    }
}

static void give_up(mi_track *track, int32_t slot)
{
    drop(track, slot);
    track->gave_up = true;
}

/* A lost face goes on as it went, ever slower. */
static void drift(mi_track *track, int32_t slot)
{
    mi_followed *f = &track->slot[slot];
    leave(track, f);
    float decay = (float)exp(-track->dt / DRIFT_DECAY);
    float dx = f->vx * (float)track->dt, dy = f->vy * (float)track->dt;
    f->vx *= decay;
    f->vy *= decay;
    f->gone += track->dt;
    f->silent += track->dt;
    shift(f, dx, dy);
    float x = f->square.x - 0.5f * (float)track->width;
    float y = f->square.y - 0.5f * (float)track->height;
    bool there = hypotf(x, y) < 2 * (float)(track->width + track->height); /* false for NaN */
    if (f->silent > LOST_FORGET || !there)
        give_up(track, slot);
}

/* Where a face should be now. */
static void expect(mi_followed *f, double dt)
{
    float dx = f->vx * (float)dt, dy = f->vy * (float)dt;
    float motion = hypotf(dx, dy) / f->square.side;
    float lead = fminf(fmaxf((motion - LEAD_FROM) / (LEAD_FULL - LEAD_FROM), 0), 1);
    f->expected = f->square;
    f->expected.x += dx * lead;
    f->expected.y += dy * lead;
}

int32_t mi_track_begin(mi_track *track, double dt, mi_look_at look[MI_FACES])
{
    int32_t count = 0;
    track->dt = fmin(fmax(dt, 1e-3), 0.2); /* NaN becomes 1e-3 */
    track->since_detection += track->dt;
    track->since_loss += track->dt;
    track->gave_up = track->gave_up && track->since_loss < MI_EAGER_SECONDS;
    track->resolved = false;
    track->candidates = 0;
    for (int32_t i = 0; i < MI_FACES; i++) {
        mi_followed *f = &track->slot[i];
        if (f->id && f->lost) {
            drift(track, i);
        } else if (f->id) {
            expect(f, track->dt);
            f->found.verdict = MI_MISSED;
            look[count++] = (mi_look_at){i, f->expected};
        }
    }
    return count;
}

/* Could these points be a face? `kept`: it is one that was followed; limits are wider then, so
 * that a face at the border does not come and go. */
static bool plausible(const mi_track *track, const mi_sight *sight, const mi_roi *square,
                      bool kept)
{
    int32_t within = 0;
    for (int i = 0; i < MI_POINTS; i++) {
        const float *p = sight->point[i];
        if (!(fabsf(p[0]) < POINT_MOST && fabsf(p[1]) < POINT_MOST && fabsf(p[2]) < POINT_MOST))
            return false; /* NaN too */
        within += i < MI_MESH_POINTS && p[0] >= 0 && p[1] >= 0 && p[0] < (float)track->width &&
                  p[1] < (float)track->height;
    }
    float edge = square->side / MI_SQUARE_SCALE, growth = square->side / sight->roi.side;
    float width = hypotf(sight->point[263][0] - sight->point[33][0],
                         sight->point[263][1] - sight->point[33][1]);
    return (float)within >= (kept ? 0.45f : 0.6f) * MI_MESH_POINTS &&
           edge >= (kept ? 0.8f : 1) * MI_FACE_EDGE_MIN && width > 0.1f * edge &&
           growth > (kept ? 0.5f : 0.4f) && growth < (kept ? 1.6f : 1.9f) &&
           distance(square, &sight->roi) < 0.4f * sight->roi.side;
}

/* Is it so near to where it should be that little presence will do? */
static bool fits(const mi_roi *square, const mi_roi *expected)
{
    float growth = square->side / expected->side;
    return distance(square, expected) < 0.12f * expected->side && growth > 0.8f && growth < 1.25f;
}

static void judge(const mi_track *track, mi_found *found, const mi_sight *sight,
                  const mi_followed *kept)
{
    found->sight = *sight;
    found->verdict = MI_MISSED;
    found->square = mi_roi_of_points(sight->point);
    if (!(sight->presence >= PRESENCE_KEEP) ||
        !plausible(track, sight, &found->square, kept != NULL))
        return;
    mi_appearance_of(&found->look, sight, &found->square, track->width, track->height);
    if (sight->presence >= PRESENCE_MIN)
        found->verdict = MI_SURE;
    else if (kept && kept->weak < WEAK_FRAMES && fits(&found->square, &kept->expected))
        found->verdict = MI_WEAK;
}

void mi_track_sight(mi_track *track, int32_t slot, const mi_sight *sight)
{
    if (slot >= MI_FACES && slot < MI_FACES + track->candidates)
        judge(track, &track->candidate[slot - MI_FACES], sight, NULL);
    else if (slot >= 0 && slot < MI_FACES && track->slot[slot].id && !track->slot[slot].lost)
        judge(track, &track->slot[slot].found, sight, &track->slot[slot]);
}

static bool is_seen(const mi_followed *f)
{
    return f->id && !f->lost && f->found.verdict != MI_MISSED;
}

bool mi_track_is_held(const mi_followed *f)
{
    return f->id && f->lost && f->silent < MI_LOST_SOON && f->gone < LOST_FORGET;
}

/* A slot for one more face: a free one, or that of a lost face that is not held, the one without a
 * trace for longest; -1 if there is none. */
static int32_t take_slot(mi_track *track)
{
    int32_t oldest = -1, unused = -1;
    for (int32_t i = 0; i < MI_FACES; i++) {
        const mi_followed *f = &track->slot[i];
        if (!f->id)
            unused = i;
        else if (f->lost && !mi_track_is_held(f) &&
                 (oldest < 0 || f->silent > track->slot[oldest].silent))
            oldest = i;
    }
    if (unused >= 0 && used(track) < track->max_faces)
        return unused;
    if (oldest >= 0)
        give_up(track, oldest);
    return oldest;
}

static void start(mi_track *track, int32_t slot, const mi_found *found)
{
    mi_followed *f = &track->slot[slot];
    f->id = track->next_id++;
    f->lost = f->moving = f->leapt = false;
    f->weak = f->frames = 0;
    f->age = f->gone = f->silent = 0;
    f->vx = f->vy = 0;
    f->reference.known = f->before.known = false;
    f->found = *found;
    f->square = f->expected = f->last = found->square;
    forget_meetings(track, slot);
}

/* Share of the middle of a sight's square that shows bare face. */
static float bare_share(const mi_sight *sight)
{
    enum { FROM = MI_VISIBLE / 4, TO = MI_VISIBLE - FROM };
    float sum = 0;
    for (int32_t y = FROM; y < TO; y++)
        for (int32_t x = FROM; x < TO; x++)
            sum += sight->visible[y * MI_VISIBLE + x];
    return sum / ((TO - FROM) * (TO - FROM));
}

/* Does a thing or another face that is seen cover some of this one? What it looks like says little
 * then. */
static bool is_covered(const mi_track *track, const mi_found *found)
{
    if (bare_share(&found->sight) < BARE_LEAST)
        return true;
    for (int32_t i = 0; i < MI_FACES; i++) {
        const mi_followed *f = &track->slot[i];
        if (is_seen(f) && &f->found != found &&
            mi_roi_overlap(&f->found.square, &found->square) > MEETING_OVERLAP)
            return true;
    }
    return false;
}

/* Another face may have come in between two frames, in the same place: a cut that was not noticed.
 * It is a new one then, and the old one is lost. */
static void split_persons(mi_track *track)
{
    for (int32_t i = 0; i < MI_FACES; i++) {
        mi_followed *f = &track->slot[i];
        if (!is_seen(f) || f->found.verdict != MI_SURE || f->age < YOUNG ||
            is_covered(track, &f->found) ||
            mi_appearance_distance(&f->before, &f->found.look) < OTHER_PERSON ||
            mi_appearance_distance(&f->reference, &f->found.look) < OTHER_PERSON)
            continue;
        int32_t slot = take_slot(track);
        start(track, slot >= 0 ? slot : i, &f->found);
        if (slot >= 0)
            f->found.verdict = MI_MISSED;
    }
}

/* How badly a track fits what it sees: another look, another place than expected. */
static float mismatch(const mi_followed *f)
{
    return mi_appearance_distance(&f->reference, &f->found.look) +
           distance(&f->found.square, &f->expected) / f->expected.side;
}

/* A sight that belongs to another track is none. */
static void part_doubles(mi_track *track)
{
    for (int32_t i = 0; i < MI_FACES; i++)
        for (int32_t j = 0; j < i; j++) {
            mi_followed *a = &track->slot[i], *b = &track->slot[j];
            if (!is_seen(a) || !is_seen(b) ||
                mi_roi_overlap(&a->found.square, &b->found.square) <= SAME_FACE)
                continue;
            bool old_a = a->age >= YOUNG, old_b = b->age >= YOUNG;
            bool keep_a = old_a == old_b ? mismatch(a) < mismatch(b) : old_a;
            int32_t loser = keep_a ? j : i;
            track->slot[loser].found.verdict = MI_MISSED;
            meeting_of(track, i, j)->since = 0;
            if (track->slot[loser].age < YOUNG)
                drop(track, loser);
        }
}

void mi_track_resolve(mi_track *track)
{
    if (track->resolved)
        return;
    track->resolved = true;
    split_persons(track);
    part_doubles(track);
}

/* Candidates that are no face, or one that is followed, or seen better from another square. */
static void sift_candidates(mi_track *track)
{
    for (int32_t c = 0; c < track->candidates; c++) {
        mi_found *found = &track->candidate[c];
        for (int32_t i = 0; i < MI_FACES && found->verdict; i++)
            if (is_seen(&track->slot[i]) && track->slot[i].found.verdict == MI_SURE &&
                mi_roi_overlap(&track->slot[i].found.square, &found->square) > SAME_FACE)
                found->verdict = MI_MISSED;
        for (int32_t k = 0; k < c && found->verdict; k++) {
            mi_found *other = &track->candidate[k];
            if (!other->verdict || mi_roi_overlap(&other->square, &found->square) <= SAME_FACE)
                continue;
            bool worse = other->sight.presence >= found->sight.presence;
            (worse ? found : other)->verdict = MI_MISSED;
        }
    }
}

/* What a detector took for a face and the other networks did not may be a lost one all the same,
 * turned away or half covered: it is not given up then, and its place goes along. */
static void trace_lost(mi_track *track)
{
    for (int32_t c = 0; c < track->candidates; c++) {
        const mi_roi *at = &track->asked[c];
        mi_followed *nearest = NULL;
        for (int32_t i = 0; i < MI_FACES && track->candidate[c].verdict == MI_MISSED; i++) {
            mi_followed *f = &track->slot[i];
            if (f->id && f->lost && distance(&f->square, at) < TRACE_REACH * f->square.side &&
                (!nearest || distance(&f->square, at) < distance(&nearest->square, at)))
                nearest = f;
        }
        if (!nearest)
            continue;
        nearest->silent = 0;
        shift(nearest, TRACE_GAIN * (at->x - nearest->square.x),
              TRACE_GAIN * (at->y - nearest->square.y));
    }
}

/* 0..1: how unlike a face that was lost and one that was found are; more: they are not the same.
 * Where and how it looks count together: the longer ago, the less the place says. */
static float unlike(const mi_followed *f, const mi_found *found, bool covered, double dt)
{
    const mi_roi *place = f->lost ? &f->square : &f->expected;
    float gone = (float)(f->lost ? f->gone : dt);
    float reach = (0.6f + 3 * gone) * place->side + hypotf(f->vx, f->vy) * gone;
    float far = distance(place, &found->square) / reach;
    float size = fabsf(logf(found->square.side / place->side)) / (0.5f + 0.5f * gone);
    float look = fminf(mi_appearance_distance(&f->reference, &found->look),
                       mi_appearance_distance(&f->before, &found->look));
    bool near = gone < NEAR_SECONDS && far < 0.3f && size < 0.3f;
    look /= covered ? ALIKE_COVERED : near ? ALIKE_NEAR : ALIKE;
    if (far > 1 || size > 1 || look > 1)
        return INFINITY;
    return 0.3f * far + 0.1f * size + 0.6f * look;
}

static void regain(mi_followed *f, const mi_found *found)
{
    if (f->found.verdict == MI_WEAK && !f->lost &&
        f->found.sight.presence >= found->sight.presence)
        return;
    if (f->lost || distance(&f->square, &found->square) > 0.1f * f->square.side) {
        f->frames = 0;
        f->moving = false;
    }
    if (f->lost)
        f->vx = f->vy = 0;
    f->lost = false;
    f->found = *found;
}

/* Gives candidates to the faces that miss one. */
static void match_candidates(mi_track *track)
{
    float cost[MI_FACES][MI_FACES];
    int32_t slot_of[MI_FACES], column_of[MI_FACES], rows = 0;
    for (int32_t i = 0; i < MI_FACES; i++) {
        const mi_followed *f = &track->slot[i];
        if (!f->id || (!f->lost && f->found.verdict == MI_SURE))
            continue;
        for (int32_t c = 0; c < track->candidates; c++) {
            const mi_found *found = &track->candidate[c];
            cost[rows][c] = found->verdict == MI_SURE
                                ? unlike(f, found, is_covered(track, found), track->dt)
                                : INFINITY;
        }
        slot_of[rows++] = i;
    }
    mi_assign(cost, rows, track->candidates, column_of);
    for (int32_t r = 0; r < rows; r++)
        if (column_of[r] >= 0) {
            regain(&track->slot[slot_of[r]], &track->candidate[column_of[r]]);
            track->candidate[column_of[r]].verdict = MI_MISSED;
        }
}

static void start_candidates(mi_track *track)
{
    for (int32_t c = 0; c < track->candidates; c++) {
        if (track->candidate[c].verdict != MI_SURE)
            continue;
        int32_t slot = take_slot(track);
        if (slot >= 0)
            start(track, slot, &track->candidate[c]);
    }
}

static void measure_velocity(mi_followed *f, double dt)
{
    float vx = (f->found.square.x - f->last.x) / (float)dt;
    float vy = (f->found.square.y - f->last.y) / (float)dt;
    if (f->frames > 0 && f->found.sight.presence >= REFERENCE_PRESENCE) {
        float gain = f->moving ? VELOCITY_GAIN : 1;
        f->vx += gain * (vx - f->vx);
        f->vy += gain * (vy - f->vy);
        f->moving = true;
    }
    f->last = f->found.square;
}

static bool is_alone(mi_track *track, int32_t slot)
{
    for (int32_t j = 0; j < MI_FACES; j++)
        if (j != slot && track->slot[j].id && meeting_of(track, slot, j)->since < 0.2)
            return false;
    return true;
}

/* The reference follows while it is certain whose face this is; at first it is a plain mean. */
static void learn_look(mi_track *track, int32_t slot)
{
    mi_followed *f = &track->slot[slot];
    f->before = f->found.look;
    bool doubtful = f->found.sight.presence < REFERENCE_PRESENCE ||
                    bare_share(&f->found.sight) < BARE_LEAST;
    if (doubtful && f->reference.known)
        return;
    if (is_alone(track, slot) || !f->reference.known)
        mi_appearance_blend(&f->reference, &f->found.look,
                            (float)(track->dt / fmin(f->age + track->dt, REFERENCE_SECONDS)));
}

/* One leap is no motion, but a cut that was not noticed: it has no speed, and no past. After a
 * second one it is motion. */
static void watch_leaps(mi_followed *f)
{
    bool leaps = f->frames > 0 &&
                 distance(&f->found.square, &f->expected) > LEAP * f->expected.side;
    if (leaps && !f->leapt) {
        f->frames = 0;
        f->moving = false;
        f->vx = f->vy = 0;
    }
    f->leapt = leaps;
}

static void accept(mi_track *track, int32_t slot)
{
    mi_followed *f = &track->slot[slot];
    const mi_sight *sight = &f->found.sight;
    mi_pose pose;
    watch_leaps(f);
    measure_velocity(f, track->dt);
    if (f->frames == 0)
        mi_smooth_reset(&f->smooth);
    f->frames = 1;
    mi_measure_bare(sight, f->skin.bare);
    mi_smooth_step(&f->smooth, &mi_mean_face, sight->point, f->skin.bare, track->dt,
                   f->face.point, &pose);
    mi_smooth_skin(&f->smooth, f->skin.point);
    f->face.presence = sight->presence;
    mi_measure(&f->face, &mi_mean_face, &pose, sight, track->width, track->height);
    f->square = mi_roi_of_points((const float(*)[3])f->face.point);
    f->weak = f->found.verdict == MI_WEAK ? f->weak + 1 : 0;
    f->gone = f->silent = 0;
    learn_look(track, slot);
    f->age += track->dt;
}

static void lose(mi_track *track, int32_t slot)
{
    mi_followed *f = &track->slot[slot];
    f->lost = true;
    f->weak = 0;
    track->since_loss = 0;
    drift(track, slot);
}

static void swap_persons(mi_followed *a, mi_followed *b)
{
    uint32_t id = a->id;
    double age = a->age;
    mi_appearance reference = a->reference;
    a->id = b->id;
    a->age = b->age;
    a->reference = b->reference;
    b->id = id;
    b->age = age;
    b->reference = reference;
    a->frames = b->frames = 0;
}

/* How much better two faces, the first one seen, would fit the other way round. */
static float swap_gain(const mi_followed *a, const mi_followed *b)
{
    float straight = mi_appearance_distance(&a->reference, &a->found.look);
    float cross = mi_appearance_distance(&b->reference, &a->found.look);
    if (!is_seen(b))
        return straight - cross;
    straight += mi_appearance_distance(&b->reference, &b->found.look);
    cross += mi_appearance_distance(&a->reference, &b->found.look);
    return (straight - cross) / 2;
}

/* A face that seemed new, seen clearer now, is one that was lost: it gets its identity back. */
static void adopt_lost(mi_track *track, int32_t slot)
{
    mi_followed *young = &track->slot[slot];
    if (!is_seen(young) || young->age > ADOPT_SECONDS || is_covered(track, &young->found))
        return;
    for (int32_t i = 0; i < MI_FACES; i++) {
        mi_followed *lost = &track->slot[i];
        /* it can only be one that was gone when it came */
        if (lost->id == 0 || !lost->lost || lost->gone < young->age ||
            unlike(lost, &young->found, false, track->dt) > 0.75f)
            continue;
        swap_persons(young, lost);
        drop(track, i);
        return;
    }
}

static void watch_meeting(mi_track *track, int32_t i, int32_t j)
{
    mi_followed *a = &track->slot[i], *b = &track->slot[j];
    mi_meeting *m = meeting_of(track, i, j);
    bool both = is_seen(a) && is_seen(b);
    if (!is_seen(a)) {
        mi_followed *other = a;
        a = b;
        b = other;
    }
    bool touch = mi_roi_overlap(&a->square, &b->square) > MEETING_OVERLAP;
    m->since = touch ? 0 : m->since + track->dt;
    if (touch && both)
        m->evidence = 0; /* what covers what is not known: such looks say nothing */
    else if (m->since < MEETING_SECONDS)
        m->evidence += EVIDENCE_GAIN * (swap_gain(a, b) - m->evidence);
    else
        m->evidence = 0;
    if (m->evidence > SWAP_EVIDENCE) {
        swap_persons(a, b);
        m->evidence = 0;
    }
}

static void watch_meetings(mi_track *track)
{
    for (int32_t i = 0; i < MI_FACES; i++)
        for (int32_t j = i + 1; j < MI_FACES; j++)
            if (track->slot[i].id && track->slot[j].id &&
                (is_seen(&track->slot[i]) || is_seen(&track->slot[j])))
                watch_meeting(track, i, j);
}

static int32_t write_faces(const mi_track *track, mien_face faces[MI_FACES])
{
    int32_t order[MI_FACES], count = 0;
    for (int32_t i = 0; i < MI_FACES; i++) {
        if (!track->slot[i].id)
            continue;
        int32_t at = count++;
        for (; at > 0 && track->slot[order[at - 1]].id > track->slot[i].id; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    for (int32_t k = 0; k < count; k++) {
        const mi_followed *f = &track->slot[order[k]];
        faces[k] = f->face;
        faces[k].id = f->id;
        faces[k].lost = f->lost;
    }
    return count;
}

int32_t mi_track_end(mi_track *track, mien_face faces[MI_FACES])
{
    mi_track_resolve(track);
    trace_lost(track);
    sift_candidates(track);
    match_candidates(track);
    start_candidates(track);
    for (int32_t i = 0; i < MI_FACES; i++) {
        if (!track->slot[i].id || track->slot[i].lost)
            continue;
        if (track->slot[i].found.verdict != MI_MISSED)
            accept(track, i);
        else
            lose(track, i);
    }
    watch_meetings(track);
    for (int32_t i = 0; i < MI_FACES; i++)
        adopt_lost(track, i);
    return write_faces(track, faces);
}

const mi_face_skin *mi_track_skin(const mi_track *track, uint32_t id)
{
    for (int32_t i = 0; i < MI_FACES; i++)
        if (id && track->slot[i].id == id)
            return &track->slot[i].skin;
    return NULL;
}
