#include "face_detect.h"

#include <math.h>
#include <string.h>

enum {
    ANCHORS_MAX = 6,
    CANDIDATES = 256, /* boxes over the threshold that are merged; a face makes 5 to 30 */
    BOX_VALUES = 16   /* centre, size, six key points */
};

/* A face must overlap a better one by less than this to count as another (intersection over
 * union; MediaPipe's min_suppression_threshold for both detectors). */
static const float SAME_OVERLAP = 0.3f;
/* Of two runs on different squares one may see a part of the face only; its box then lies within
 * the better one. Share of the smaller box. */
static const float PART_OVERLAP = 0.6f;
/* MediaPipe clips logits here; also keeps expf() finite. */
static const float LOGIT_MAX = 100.0f;
/* Outer corners of the eyes, left and right. */
enum { LEFT_CORNER = 33, RIGHT_CORNER = 263 };

/* One pair of maps of a detector: scores and boxes on the same grid. */
typedef struct map_pair {
    int32_t grid, anchors;
} map_pair;

typedef struct detector_info {
    int32_t size; /* pixels of the input */
    float threshold;
    int32_t pairs;
    map_pair pair[MI_DETECTOR_MAPS / 2];
} detector_info;

/* Anchors lie in the middle of the cells and have size 1 (the whole input), so boxes are offsets
 * and sizes in pixels of the input.
 *
 * Thresholds: MediaPipe has 0.5 and 0.6. Here the mesh network's presence has the last word, so
 * they may be low: with 0.4 the full range finds smaller faces. The short range is for near faces
 * only. What both find together, by size, is in docs/faces.md, Conditions. */
static const detector_info detectors[MI_DETECTORS] = {
    [MI_DETECTOR_SHORT] = {128, 0.5f, 2, {{16, 2}, {8, 6}}},
    [MI_DETECTOR_FULL] = {192, 0.4f, 1, {{48, 1}}},
};

/* A value of the maps that passed the threshold. */
typedef struct candidate {
    float score;
    int32_t pair, anchor, cell;
} candidate;

void mi_detector_map(mi_detector detector, int map, int32_t *planes, int32_t *grid)
{
    const detector_info *info = &detectors[detector];
    if (map < 0 || map / 2 >= info->pairs) {
        *planes = *grid = 0;
        return;
    }
    const map_pair *pair = &info->pair[map / 2];
    *planes = map % 2 ? pair->anchors * BOX_VALUES : pair->anchors;
    *grid = pair->grid;
}

int32_t mi_detector_size(mi_detector detector)
{
    return detectors[detector].size;
}

float mi_detector_threshold(mi_detector detector)
{
    return detectors[detector].threshold;
}

/* Keeps the best CANDIDATES in order, best first. Equal ones stay in the order of the maps. */
static int32_t insert(candidate *list, int32_t count, const candidate *one)
{
    if (count == CANDIDATES && list[count - 1].score >= one->score)
        return count;
    int32_t at = count < CANDIDATES ? count : CANDIDATES - 1;
    for (; at > 0 && list[at - 1].score < one->score; at--)
        list[at] = list[at - 1];
    list[at] = *one;
    return count < CANDIDATES ? count + 1 : count;
}

static int32_t collect(const detector_info *info, const float *const map[MI_DETECTOR_MAPS],
                       float threshold, candidate list[CANDIDATES])
{
    int32_t count = 0;
    for (int32_t p = 0; p < info->pairs; p++) {
        int32_t cells = info->pair[p].grid * info->pair[p].grid;
        for (int32_t i = 0; i < info->pair[p].anchors * cells; i++) {
            float logit = map[2 * p][i];
            if (isnan(logit))
                continue;
            logit = fminf(fmaxf(logit, -LOGIT_MAX), LOGIT_MAX);
            candidate one = {1 / (1 + expf(-logit)), p, i / cells, i % cells};
            if (one.score >= threshold)
                count = insert(list, count, &one);
        }
    }
    return count;
}

/* False for a box that is none. */
static bool decode_box(const detector_info *info, const float *const map[MI_DETECTOR_MAPS],
                       const mi_roi *roi, const candidate *from, mi_detection *face)
{
    int32_t grid = info->pair[from->pair].grid, cells = grid * grid;
    const float *value = map[2 * from->pair + 1] + (size_t)from->anchor * BOX_VALUES *
                                                       (size_t)cells + from->cell;
    float unit = roi->side / (float)info->size; /* frame pixels of one input pixel */
    float column = ((float)(from->cell % grid) + 0.5f) / (float)grid;
    float row = ((float)(from->cell / grid) + 0.5f) / (float)grid;
    float x = roi->x + (column - 0.5f) * roi->side, y = roi->y + (row - 0.5f) * roi->side;
    float v[BOX_VALUES];
    for (int i = 0; i < BOX_VALUES; i++) {
        v[i] = value[i * cells];
        /* far outside the input: no network means that */
        if (!(fabsf(v[i]) < 8 * (float)info->size))
            return false;
        v[i] *= unit;
    }
    if (v[2] <= 0 || v[3] <= 0)
        return false;
    *face = (mi_detection){.x = x + v[0] - v[2] / 2, .y = y + v[1] - v[3] / 2,
                           .w = v[2], .h = v[3], .score = from->score};
    for (int k = 0; k < 6; k++) {
        face->key[k][0] = x + v[4 + 2 * k];
        face->key[k][1] = y + v[5 + 2 * k];
    }
    return true;
}

static float intersection(const mi_detection *a, const mi_detection *b)
{
    float w = fminf(a->x + a->w, b->x + b->w) - fmaxf(a->x, b->x);
    float h = fminf(a->y + a->h, b->y + b->h) - fmaxf(a->y, b->y);
    return w > 0 && h > 0 ? w * h : 0;
}

float mi_detection_overlap(const mi_detection *a, const mi_detection *b)
{
    float both = intersection(a, b), all = a->w * a->h + b->w * b->h - both;
    return all > 0 ? both / all : 0;
}

static bool is_part(const mi_detection *a, const mi_detection *b)
{
    return intersection(a, b) > PART_OVERLAP * fminf(a->w * a->h, b->w * b->h);
}

static void add_weighted(mi_detection *sum, const mi_detection *face)
{
    sum->x += face->x * face->score;
    sum->y += face->y * face->score;
    sum->w += face->w * face->score;
    sum->h += face->h * face->score;
    for (int k = 0; k < 6; k++) {
        sum->key[k][0] += face->key[k][0] * face->score;
        sum->key[k][1] += face->key[k][1] * face->score;
    }
}

/* The mean of weighted sums; the score is that of the best. */
static mi_detection weighted_mean(const mi_detection *sum, float weight, float score)
{
    mi_detection mean = {.x = sum->x / weight, .y = sum->y / weight, .w = sum->w / weight,
                         .h = sum->h / weight, .score = score};
    for (int k = 0; k < 6; k++) {
        mean.key[k][0] = sum->key[k][0] / weight;
        mean.key[k][1] = sum->key[k][1] / weight;
    }
    return mean;
}

/* Weighted suppression as MediaPipe does it: the best face becomes the mean of all that overlap
 * it, these go, and so on. `face` is sorted, best first, and is used up. `parts`: what lies
 * within a better one goes too, without weight in the mean. */
static int32_t suppress(mi_detection *face, int32_t count, bool parts, mi_detection *out,
                        int32_t room)
{
    int32_t made = 0;
    while (count > 0 && made < room) {
        mi_detection best = face[0], sum = {0};
        float weight = 0;
        int32_t left = 0;
        for (int32_t i = 0; i < count; i++) {
            bool same = i == 0 || mi_detection_overlap(&best, &face[i]) > SAME_OVERLAP;
            if (same) {
                add_weighted(&sum, &face[i]);
                weight += face[i].score;
            } else if (!(parts && is_part(&best, &face[i]))) {
                face[left++] = face[i];
            }
        }
        out[made++] = weighted_mean(&sum, weight, best.score);
        count = left;
    }
    return made;
}

static int32_t drop_small(mi_detection *face, int32_t count)
{
    int32_t left = 0;
    for (int32_t i = 0; i < count; i++)
        if (fmaxf(face[i].w, face[i].h) >= MI_FACE_EDGE_MIN)
            face[left++] = face[i];
    return left;
}

int32_t mi_detect_decode(mi_detector detector, const float *const map[MI_DETECTOR_MAPS],
                         const mi_roi *roi, float threshold, mi_detection out[MI_DETECTIONS])
{
    const detector_info *info = &detectors[detector];
    candidate list[CANDIDATES];
    mi_detection face[CANDIDATES];
    /* a weight of 0 has no mean */
    int32_t found = collect(info, map, fmaxf(threshold, 1e-3f), list), count = 0;
    for (int32_t i = 0; i < found; i++)
        if (decode_box(info, map, roi, &list[i], &face[count]))
            count++;
    return drop_small(out, suppress(face, count, false, out, MI_DETECTIONS));
}

int32_t mi_detect_merge(mi_detection *faces, int32_t count)
{
    mi_detection sorted[MI_DETECTIONS * MI_DETECTOR_RUNS];
    int32_t room = (int32_t)(sizeof sorted / sizeof sorted[0]), kept = 0;
    for (int32_t i = 0; i < count && i < room; i++) {
        int32_t at = kept++;
        for (; at > 0 && sorted[at - 1].score < faces[i].score; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = faces[i];
    }
    return suppress(sorted, kept, true, faces, kept);
}

mi_roi mi_roi_of_detection(const mi_detection *face)
{
    const float *left = face->key[0], *right = face->key[1];
    return (mi_roi){.x = face->x + face->w / 2,
                    .y = face->y + face->h / 2,
                    .side = MI_SQUARE_SCALE * fmaxf(face->w, face->h),
                    .angle = atan2f(right[1] - left[1], right[0] - left[0])};
}

mi_roi mi_roi_of_points(const float point[MI_POINTS][3])
{
    const float *left = point[LEFT_CORNER], *right = point[RIGHT_CORNER];
    float angle = atan2f(right[1] - left[1], right[0] - left[0]);
    float c = cosf(angle), s = sinf(angle);
    float low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (int i = 0; i < MI_MESH_POINTS; i++) {
        float along = c * point[i][0] + s * point[i][1];
        float across = c * point[i][1] - s * point[i][0];
        low[0] = fminf(low[0], along);
        high[0] = fmaxf(high[0], along);
        low[1] = fminf(low[1], across);
        high[1] = fmaxf(high[1], across);
    }
    float along = (low[0] + high[0]) / 2, across = (low[1] + high[1]) / 2;
    return (mi_roi){.x = c * along - s * across,
                    .y = s * along + c * across,
                    .side = MI_SQUARE_SCALE * fmaxf(high[0] - low[0], high[1] - low[1]),
                    .angle = angle};
}
