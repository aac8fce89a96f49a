#include "face_search.h"

#include <math.h>

/* A run costs about as much as a look at a face, of the full range detector some of them (bench_net
 * with face-detect-short.onnx, face-detect-full.onnx and face-mesh.onnx): with a face followed and
 * slots free one in many frames is enough. */
static const double SECONDS_WITH_FACES = 0.4;
static const double SECONDS_WITHOUT = 0.07;
/* The first detection ends when a face is found; this many runs for others follow at the pace of
 * SECONDS_WITHOUT. */
static const int32_t HURRY_RUNS = 6;
/* Side of the square in which a lost face is looked for, in sides of its own: the face then has
 * 28 of the 128 pixels of the short range detector's input. */
static const float NEAR_SIDES = 3;
enum { NEAR_RUNS = 2, WHOLE_RUNS = 4 };

/* The runs on the frame: the whole with each detector, then two squares with the full range one,
 * which together cover the frame, for small faces. Fewer where the frame is nearly square. */
static int32_t whole_runs(const mi_track *track, mi_detect_at run[WHOLE_RUNS])
{
    float w = (float)track->width, h = (float)track->height;
    float longer = fmaxf(w, h), part = fmaxf(fminf(w, h), 0.55f * longer);
    mi_roi whole = {w / 2, h / 2, longer, 0}, first = whole, second = whole;
    first.side = second.side = part;
    *(w > h ? &first.x : &first.y) = part / 2;
    *(w > h ? &second.x : &second.y) = longer - part / 2;
    run[0] = (mi_detect_at){MI_DETECTOR_SHORT, whole};
    run[1] = (mi_detect_at){MI_DETECTOR_FULL, whole};
    run[2] = (mi_detect_at){MI_DETECTOR_FULL, first};
    run[3] = (mi_detect_at){MI_DETECTOR_FULL, second};
    return part < 0.87f * longer ? 4 : 2;
}

/* The next of the runs on the frame, one at a time: the short range one, cheap and right for a
 * face that comes to the camera, takes turns with the others. */
static int32_t next_whole(mi_track *track, mi_detect_at run[1])
{
    static const int32_t order[] = {1, 0, 2, 0, 3, 0};
    mi_detect_at all[WHOLE_RUNS];
    int32_t count = whole_runs(track, all), length = count == WHOLE_RUNS ? 6 : 2;
    run[0] = all[order[track->turn % length]];
    track->turn = (track->turn + 1) % length;
    return 1;
}

static bool is_missed(const mi_followed *f)
{
    return f->id && !f->lost && f->found.verdict == MI_MISSED;
}

static bool is_unsure(const mi_followed *f)
{
    return f->id && !f->lost && f->found.verdict != MI_SURE;
}

/* Lost a moment ago: waited for. */
static bool is_awaited(const mi_followed *f)
{
    return is_missed(f) || (f->id && f->lost && f->gone < MI_LOST_SOON);
}

static mi_roi place_of(const mi_followed *f)
{
    return f->lost ? f->square : f->expected;
}

/* Squares around the faces that are missed or unsure, those that were seen latest first. */
static int32_t near_runs(const mi_track *track, bool all, mi_detect_at run[NEAR_RUNS])
{
    double gone[NEAR_RUNS];
    int32_t count = 0;
    float longer = (float)(track->width > track->height ? track->width : track->height);
    for (int32_t i = 0; i < MI_FACES; i++) {
        const mi_followed *f = &track->slot[i];
        if (!is_unsure(f) && !is_awaited(f) && !(all && f->id && f->lost))
            continue;
        int32_t at = count < NEAR_RUNS ? count++ : NEAR_RUNS;
        for (; at > 0 && gone[at - 1] > f->gone; at--)
            if (at < NEAR_RUNS) {
                run[at] = run[at - 1];
                gone[at] = gone[at - 1];
            }
        if (at == NEAR_RUNS)
            continue;
        mi_roi place = place_of(f);
        place.angle = 0;
        place.side = fminf(NEAR_SIDES * place.side, longer);
        run[at] = (mi_detect_at){MI_DETECTOR_SHORT, place};
        gone[at] = f->gone;
    }
    return count;
}

static int32_t count_slots(const mi_track *track, bool (*is)(const mi_followed *f))
{
    int32_t count = 0;
    for (int32_t i = 0; i < MI_FACES; i++)
        count += is(&track->slot[i]);
    return count;
}

static bool is_followed(const mi_followed *f)
{
    return f->id && !f->lost;
}

static bool is_lost(const mi_followed *f)
{
    return f->id && f->lost;
}

/* Faces that are missed or unsure: where they should be and, in the frame in which it happened (or
 * in each, if eager), the whole frame too; then in turns. */
static int32_t urgent_runs(mi_track *track, mi_detect_at run[MI_DETECTOR_RUNS])
{
    bool now = count_slots(track, is_missed) > 0 ||
               (track->eager && count_slots(track, is_awaited) > 0);
    track->near_turn = now ? 0 : track->near_turn + 1;
    if (track->near_turn % 2 == 1)
        return next_whole(track, run);
    int32_t count = near_runs(track, false, run);
    if (now) {
        mi_detect_at all[WHOLE_RUNS];
        whole_runs(track, all);
        run[count++] = all[1];
    }
    return count;
}

/* A face may come back in this very frame: the whole of it with both detectors. Where one is still
 * looked for, in every other frame also around its place, for small ones. */
static int32_t eager_runs(mi_track *track, int32_t lost, mi_detect_at run[MI_DETECTOR_RUNS])
{
    mi_detect_at all[WHOLE_RUNS];
    int32_t count = lost > 0 && ++track->near_turn % 2 == 0 ? near_runs(track, true, run) : 0;
    whole_runs(track, all);
    run[count++] = all[0];
    run[count++] = all[1];
    return count;
}

static int32_t choose_runs(mi_track *track, mi_detect_at run[MI_DETECTOR_RUNS])
{
    if (track->fresh) {
        track->hurry = HURRY_RUNS;
        return whole_runs(track, run);
    }
    if (count_slots(track, is_unsure) + count_slots(track, is_awaited) > 0)
        return urgent_runs(track, run);
    int32_t followed = count_slots(track, is_followed), lost = count_slots(track, is_lost);
    if (followed == track->max_faces)
        return 0;
    bool missing = followed == 0 || lost > 0 || track->gave_up;
    if (track->eager && missing && track->since_loss < MI_EAGER_SECONDS)
        return eager_runs(track, lost, run);
    /* half a frame: times of frames tremble, and a frame too early is nearer than one too late */
    double waited = track->since_detection + track->dt / 2;
    bool often = lost > 0 || followed == 0 || track->hurry > 0;
    if (waited < (often ? SECONDS_WITHOUT : SECONDS_WITH_FACES))
        return 0;
    track->hurry -= track->hurry > 0;
    track->near_turn++;
    return lost > 0 && track->near_turn % 2 == 0 ? near_runs(track, true, run)
                                                 : next_whole(track, run);
}

int32_t mi_track_wants(mi_track *track, mi_detect_at run[MI_DETECTOR_RUNS])
{
    mi_track_resolve(track);
    int32_t count = choose_runs(track, run);
    if (count > 0)
        track->since_detection = 0;
    track->fresh = false;
    return count;
}

static bool is_box(const mi_detection *face)
{
    return isfinite(face->x) && isfinite(face->y) && face->w > 0 && face->h > 0 &&
           isfinite(face->w) && isfinite(face->h) && face->score > 0 &&
           isfinite(mi_roi_of_detection(face).angle);
}

/* A face that is followed and was seen well in this frame? */
static bool is_known(const mi_track *track, const mi_roi *square)
{
    for (int32_t i = 0; i < MI_FACES; i++) {
        const mi_followed *f = &track->slot[i];
        if (f->id && !f->lost && f->found.verdict == MI_SURE &&
            mi_roi_overlap(&f->found.square, square) > 0.5f)
            return true;
    }
    return false;
}

/* Could this be that face, which is missed, unsure or lost? */
static bool is_near(const mi_followed *f, const mi_roi *square)
{
    mi_roi place = place_of(f);
    float reach = (0.6f + 3 * (float)f->gone) * place.side;
    return hypotf(place.x - square->x, place.y - square->y) < reach;
}

static bool is_wanted(const mi_track *track, const mi_roi *square)
{
    for (int32_t i = 0; i < MI_FACES; i++) {
        const mi_followed *f = &track->slot[i];
        if ((is_unsure(f) || is_lost(f)) && is_near(f, square))
            return true;
    }
    return false;
}

/* Slots for faces that were never seen before. */
static int32_t room(const mi_track *track)
{
    int32_t taken = 0;
    for (int32_t i = 0; i < MI_FACES; i++)
        taken += is_followed(&track->slot[i]) || mi_track_is_held(&track->slot[i]);
    return track->max_faces - taken;
}

bool mi_track_found_enough(const mi_track *track, const mi_detection *faces, int32_t count)
{
    bool urgent = false;
    if (track->eager && (track->gave_up || count_slots(track, is_lost) > 0))
        return false; /* something was found, but the face that is missed may be elsewhere */
    for (int32_t i = 0; i < MI_FACES; i++) {
        const mi_followed *f = &track->slot[i];
        if (!is_unsure(f) && !is_awaited(f))
            continue;
        bool there = false;
        urgent = true;
        for (int32_t k = 0; k < count && !there; k++) {
            mi_roi square = mi_roi_of_detection(&faces[k]);
            there = is_near(f, &square) && !is_known(track, &square);
        }
        if (!there)
            return false;
    }
    if (urgent)
        return true;
    for (int32_t k = 0; k < count; k++) {
        mi_roi square = mi_roi_of_detection(&faces[k]);
        if (faces[k].score >= 0.6f && !is_known(track, &square))
            return true;
    }
    return false;
}

/* Order in which faces get a look: those that are waited for, then large and certain ones. */
static float rank_of(const mi_track *track, const mi_detection *face, bool wanted)
{
    float edge = fmaxf(face->w, face->h) / (float)(track->width + track->height);
    return (wanted ? 10 : 0) + face->score * fminf(edge, 1);
}

int32_t mi_track_detections(mi_track *track, const mi_detection *faces, int32_t count,
                            mi_look_at look[MI_FACES])
{
    float rank[MI_FACES];
    int32_t kept = 0, fresh = 0, left = 0, free_slots = room(track);
    mi_track_resolve(track);
    for (int32_t k = 0; k < count; k++) {
        if (!is_box(&faces[k]) || fmaxf(faces[k].w, faces[k].h) < MI_FACE_EDGE_MIN)
            continue;
        mi_roi square = mi_roi_of_detection(&faces[k]);
        if (is_known(track, &square))
            continue;
        float value = rank_of(track, &faces[k], is_wanted(track, &square));
        if (kept == MI_FACES && rank[kept - 1] >= value)
            continue;
        int32_t at = kept < MI_FACES ? kept++ : MI_FACES - 1;
        for (; at > 0 && rank[at - 1] < value; at--) {
            rank[at] = rank[at - 1];
            look[at] = look[at - 1];
        }
        rank[at] = value;
        look[at].roi = square;
    }
    for (int32_t k = 0; k < kept; k++) {
        if (rank[k] < 10 && fresh++ >= free_slots)
            break;
        look[left] = (mi_look_at){MI_FACES + left, look[k].roi};
        track->asked[left] = look[k].roi;
        track->candidate[left++].verdict = MI_MISSED;
    }
    track->candidates = left;
    return left;
}
