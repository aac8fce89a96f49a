#include "faces.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../clock.h"
#include "face_cut.h"
#include "face_nets.h"
#include "face_track.h"

/* Of mi_sight.flag: between what upright faces have and what upside-down ones have as the detector
 * places them. */
static const float UPRIGHT_FLAG = 20, PRESENCE_MIN = 0.5f;
/* Less, and it is no new face, but one too small or too blurred for its points to be right:
 * docs/faces.md, Conditions, says which those are. */
static const float NEW_FLAG = 10;
/* Sides of its square, or logarithms of their ratio. */
static const float ASTRAY = 0.1f;

enum { EDGES_MAX = 1500 }; /* 468 points, 898 triangles: 1365 by Euler's formula */

struct mi_faces {
    mi_log *log;
    mi_face_nets *nets;
    mi_track track;
    mi_cut cut;
    bool was_cut;
    int32_t followed; /* in this frame, */
    bool told;        /* and the track was told what they look like */
    mi_look_at look[MI_FACES];
    mi_sight sight[MI_FACES];
    mi_sight closer[MI_FACES], turned[MI_FACES]; /* of faces that are new */
    mi_sight in_turn[MI_FACES]; /* as the networks hand them out */
    mi_detection found[MI_DETECTIONS * MI_DETECTOR_RUNS];
    mien_face face[MI_FACES];
    int32_t count;
    double detect_ms, look_ms;
    int32_t looks; /* into a square, in the last run */
    uint16_t edge[EDGES_MAX][2];
    int32_t edges;
};

static bool has_side(uint16_t a, uint16_t b)
{
    for (int32_t i = 0; i < mi_mean_face.triangles; i++) {
        const uint16_t *t = mi_mean_face.triangle[i];
        for (int k = 0; k < 3; k++)
            if (t[k] == a && t[(k + 1) % 3] == b)
                return true;
    }
    return false;
}

/* Each line once: triangles turn the same way, so a line between two of them is there both ways
 * round. */
static void find_edges(mi_faces *f)
{
    for (int32_t i = 0; i < mi_mean_face.triangles; i++)
        for (int k = 0; k < 3 && f->edges < EDGES_MAX; k++) {
            uint16_t a = mi_mean_face.triangle[i][k], b = mi_mean_face.triangle[i][(k + 1) % 3];
            if (a < b || !has_side(b, a)) {
                f->edge[f->edges][0] = a;
                f->edge[f->edges++][1] = b;
            }
        }
}

int mi_faces_create(mi_faces **faces, mvk_device *device, const mi_faces_config *config,
                    mi_log *log)
{
    const mien_frame *shape = &config->shape;
    *faces = NULL;
    mi_faces *f = calloc(1, sizeof *f);
    if (!f)
        return mi_fail(log, MIEN_ERR_NOMEM, "out of memory");
    f->log = log;
    find_edges(f);
    int status = mi_face_nets_create(&f->nets, device, shape, config->transfer, config->models,
                                     log);
    if (status == MIEN_OK)
        mi_track_init(&f->track, shape->width, shape->height, config->max_faces);
    else
        mi_faces_destroy(&f);
    *faces = f;
    return status;
}

void mi_faces_close(mi_faces *f)
{
    mi_face_nets_destroy(&f->nets);
}

int mi_faces_reopen(mi_faces *f, mvk_device *device, const mi_faces_config *config)
{
    return mi_face_nets_create(&f->nets, device, &config->shape, config->transfer, config->models,
                               f->log);
}

void mi_faces_destroy(mi_faces **faces)
{
    if (!*faces)
        return;
    mi_face_nets_destroy(&(*faces)->nets);
    free(*faces);
    *faces = NULL;
}

void mi_faces_set_max(mi_faces *f, int32_t max_faces)
{
    mi_track_set_max(&f->track, max_faces);
}

static void tell(mi_faces *f, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        mi_track_sight(&f->track, f->look[i].slot, &f->sight[i]);
}

/* The networks' looks into those of `count` squares that are wanted (NULL: all), counted: seen[i]
 * gets what is in roi[i]. */
static int look_into(mi_faces *f, const mi_roi *roi, const bool *wanted, int32_t count,
                     mi_sight *seen)
{
    mi_roi square[MI_FACES];
    int32_t from[MI_FACES], n = 0;
    for (int32_t i = 0; i < count; i++)
        if (!wanted || wanted[i]) {
            from[n] = i;
            square[n++] = roi[i];
        }
    if (n == 0)
        return MIEN_OK;
    double start = mi_now_ms();
    int status = mi_face_nets_look(f->nets, square, n, f->in_turn);
    f->look_ms += mi_now_ms() - start;
    f->looks += n;
    for (int32_t i = 0; i < n && status == MIEN_OK; i++)
        seen[from[i]] = f->in_turn[i];
    return status;
}

/* Looks into the first `count` squares of f->look. */
static int look(mi_faces *f, int32_t count)
{
    mi_roi roi[MI_FACES];
    for (int32_t i = 0; i < count; i++)
        roi[i] = f->look[i].roi;
    return look_into(f, roi, NULL, count, f->sight);
}

/* Looks at the faces among those sights that are wanted in the squares of their own points, which
 * are better than the detector's rough boxes. What is no face stays as it was seen. `closer` may be
 * `sight`. */
static int look_closer(mi_faces *f, const mi_sight *sight, const bool *wanted, int32_t count,
                       mi_sight *closer)
{
    mi_roi roi[MI_FACES];
    bool is_face[MI_FACES];
    for (int32_t i = 0; i < count; i++) {
        bool here = !wanted || wanted[i];
        is_face[i] = here && sight[i].presence >= PRESENCE_MIN;
        if (is_face[i])
            roi[i] = mi_roi_of_points((const float(*)[3])sight[i].point);
        else if (here && closer != sight)
            closer[i] = sight[i];
    }
    return look_into(f, roi, is_face, count, closer);
}

/* Those of `seen` that are a face more surely take the place of what was seen before. */
static void prefer(mi_faces *f, const mi_sight *seen, const bool *doubtful, int32_t count,
                   bool *replaced)
{
    for (int32_t i = 0; i < count; i++)
        if (doubtful[i] && seen[i].flag > f->sight[i].flag) {
            f->sight[i] = seen[i];
            replaced[i] = true;
        }
}

/* Looks into the squares of doubtful faces turned by `turn`, and then closer. */
static int look_turned(mi_faces *f, const bool *doubtful, int32_t count, float turn, bool *replaced)
{
    mi_roi roi[MI_FACES];
    for (int32_t i = 0; i < count; i++) {
        roi[i] = f->look[i].roi;
        roi[i].angle += turn;
    }
    int status = look_into(f, roi, doubtful, count, f->turned);
    if (status == MIEN_OK)
        status = look_closer(f, f->turned, doubtful, count, f->turned);
    if (status == MIEN_OK)
        prefer(f, f->turned, doubtful, count, replaced);
    return status;
}

/* Is it far from the middle of the square, or of another size? The networks are right in the square
 * of a face's own points only: after a leap, or a cut that was not noticed, they are 8 % of the
 * face off. */
static bool is_astray(const mi_sight *sight)
{
    const mi_roi *roi = &sight->roi;
    mi_roi own = mi_roi_of_points((const float(*)[3])sight->point);
    float away = hypotf(own.x - roi->x, own.y - roi->y) / roi->side;
    return sight->presence >= PRESENCE_MIN && /* false for NaN */
           (away > ASTRAY || fabsf(logf(own.side / roi->side)) > ASTRAY);
}

/* Looks at the faces that are followed; at those that are not where they were thought to be, twice
 * more: with 8 %, 1 % and 0.6 % they are where they will stay. */
static int look_followed(mi_faces *f)
{
    bool astray[MI_FACES];
    int status = look(f, f->followed);
    for (int32_t i = 0; i < f->followed && status == MIEN_OK; i++)
        astray[i] = is_astray(&f->sight[i]);
    if (status == MIEN_OK)
        status = look_closer(f, f->sight, astray, f->followed, f->closer);
    if (status == MIEN_OK)
        status = look_closer(f, f->closer, astray, f->followed, f->closer);
    for (int32_t i = 0; i < f->followed && status == MIEN_OK; i++)
        if (astray[i] && f->closer[i].presence >= PRESENCE_MIN)
            f->sight[i] = f->closer[i];
    return status;
}

/* Looks at faces that the detector has just found, into no square twice. Its eyes are the wrong way
 * round where a head is turned far: the mesh network then makes an upright face of whatever it is
 * shown, but is less sure of it. Doubtful ones are looked at the other ways round too. */
static int look_new(mi_faces *f, int32_t count)
{
    static const float turn[] = {3.14159265f, 1.57079633f, -1.57079633f};
    bool doubtful[MI_FACES] = {false}, replaced[MI_FACES] = {false};
    int status = look(f, count);
    if (status == MIEN_OK)
        status = look_closer(f, f->sight, NULL, count, f->closer);
    if (status != MIEN_OK)
        return status;
    for (int32_t i = 0; i < count; i++)
        doubtful[i] = f->sight[i].flag < UPRIGHT_FLAG;
    prefer(f, f->closer, doubtful, count, replaced);
    for (size_t k = 0; k < sizeof turn / sizeof turn[0] && status == MIEN_OK; k++)
        status = look_turned(f, doubtful, count, turn[k], replaced);
    if (status == MIEN_OK)
        status = look_closer(f, f->sight, replaced, count, f->closer);
    if (status != MIEN_OK)
        return status;
    for (int32_t i = 0; i < count; i++) {
        if (f->closer[i].presence >= PRESENCE_MIN)
            f->sight[i] = f->closer[i];
        if (f->sight[i].flag < NEW_FLAG)
            f->sight[i].presence = 0;
    }
    tell(f, count);
    return MIEN_OK;
}

static int detect(mi_faces *f)
{
    mi_detect_at run[MI_DETECTOR_RUNS];
    int32_t runs = mi_track_wants(&f->track, run), count = 0;
    double start = mi_now_ms();
    if (runs == 0)
        return MIEN_OK;
    for (int32_t i = 0; i < runs; i++) {
        int32_t more;
        int status = mi_face_nets_detect(f->nets, run[i].detector, &run[i].roi, f->found + count,
                                         &more);
        if (status != MIEN_OK)
            return status;
        count += more;
        if (mi_track_found_enough(&f->track, f->found, count))
            break;
    }
    count = mi_detect_merge(f->found, count);
    f->detect_ms += mi_now_ms() - start;
    return look_new(f, mi_track_detections(&f->track, f->found, count, f->look));
}

static void begin(mi_faces *f, const mien_frame *in, const mi_faces_step *step)
{
    f->detect_ms = f->look_ms = 0;
    f->looks = 0;
    if (step->reset)
        mi_cut_reset(&f->cut);
    f->was_cut = mi_cut_step(&f->cut, in);
    if (step->reset || f->was_cut)
        mi_track_reset(&f->track);
    mi_track_set_eager(&f->track, step->eager);
    f->followed = mi_track_begin(&f->track, step->dt, f->look);
    f->told = false;
}

int mi_faces_run(mi_faces *f, const mien_frame *in, const mi_faces_step *step)
{
    int status = MIEN_OK;
    if (!step->again)
        begin(f, in, step);
    if (!f->told) {
        status = look_followed(f);
        if (status == MIEN_OK)
            tell(f, f->followed);
        f->told = status == MIEN_OK;
    }
    if (status == MIEN_OK)
        status = detect(f);
    f->count = status == MIEN_OK ? mi_track_end(&f->track, f->face) : 0;
    return status;
}

const mien_face *mi_faces_list(const mi_faces *f, int32_t *count)
{
    *count = f->count;
    return f->face;
}

const mi_face_skin *mi_faces_skin(const mi_faces *f, uint32_t id)
{
    return mi_track_skin(&f->track, id);
}

const uint16_t (*mi_faces_edges(const mi_faces *f, int32_t *count))[2]
{
    *count = f->edges;
    return f->edge;
}

bool mi_faces_was_cut(const mi_faces *f)
{
    return f->was_cut;
}

void mi_faces_times(const mi_faces *f, double *detect_ms, double *look_ms, double *mac)
{
    *detect_ms = f->detect_ms;
    *look_ms = f->look_ms;
    *mac = f->looks * mi_face_nets_mac(f->nets);
}
