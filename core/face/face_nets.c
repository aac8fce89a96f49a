#include "face_nets.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../crop.h"
#include "../model_file.h"
#include "../net/net_check.h"
#include "../stage.h"
#include "face_glasses.h"
#include "face_refine.h"

#include "branch_crop.spv.h"
#include "branch_place.spv.h"
#include "face/face_push.h"
#include "half.spv.h"
#include "look.spv.h"

enum net_id { SHORT, FULL, MESH, LIPS, EYE_LEFT, EYE_RIGHT, VISIBLE, NETS };
enum { BRANCHES = 3, HALF_SIZE = MI_MESH_SIZE / 2, FEATURE_QUADS = 8, MATRIX = 2 };
enum { PLACE, CROP_BRANCH, HALF, LOOK, SHADERS };

typedef struct net_row {
    const char *file;
    int32_t size; /* of its square input */
    const char *output[4];
} net_row;

static const net_row net_table[NETS] = {
    [SHORT] = {"face-detect-short", 128, {"scores0", "boxes0", "scores1", "boxes1"}},
    [FULL] = {"face-detect-full", 192, {"scores0", "boxes0"}},
    [MESH] = {"face-mesh", MI_MESH_SIZE, {"mesh", "flag", "features"}},
    [LIPS] = {"face-lips", MI_BRANCH_SIZE, {"points"}},
    [EYE_LEFT] = {"face-eye-left", MI_BRANCH_SIZE, {"points", "iris"}},
    [EYE_RIGHT] = {"face-eye-right", MI_BRANCH_SIZE, {"points", "iris"}},
    [VISIBLE] = {"face-visible", HALF_SIZE, {"visible"}},
};

/* A result in the readback buffer. */
typedef struct piece {
    int32_t net, output;
    int32_t at, vec4s;
} piece;

enum { PIECES = 9 };

struct mi_face_nets {
    mvk_device *device;
    mi_transfer *transfer;
    mi_log *log;
    mi_net net[NETS];
    mvk_set set[NETS]; /* differ in the weights they show */
    int32_t base[NETS];
    int32_t outputs[NETS];
    int32_t size_out[NETS][4]; /* vec4 of each output */
    mi_branch branch[BRANCHES];
    mvk_pipeline *shader[SHADERS];
    mi_picture crop, half;
    int32_t look, matrix[BRANCHES], subset[BRANCHES], feature[BRANCHES];
    mvk_buffer arena, uniform, readback;
    mvk_commands detect[MI_DETECTORS], sight[MI_FACES];
    mi_crop look_into;
    piece seen[PIECES]; /* of one face; face i's are seen_vec4s * i further */
    int32_t seen_pieces, look_at, seen_vec4s;
    piece map[MI_DETECTORS][MI_DETECTOR_MAPS];
    float *plane; /* a detector's maps in C,H,W order */
};

static int open_net(mi_face_nets *f, int id, const char *models)
{
    const net_row *row = &net_table[id];
    mi_model_file file = {.bytes = NULL};
    mi_graph *graph = NULL;
    snprintf(file.path, sizeof file.path, "%s/%s.onnx", mi_models_folder(models), row->file);
    if (!mi_is_file(file.path))
        return mi_fail(f->log, MIEN_ERR_IO, "face network '%.200s' is missing: run "
                       "models/fetch_faces.sh", file.path);
    int status = mi_model_read(&file, "face network", f->log);
    int32_t count = 0;
    while (count < 4 && row->output[count])
        count++;
    if (status == MIEN_OK)
        status = mi_graph_of_outputs(&graph, file.bytes, file.size, file.path, row->size,
                                     row->size, row->output, count, f->log);
    if (status == MIEN_OK && id >= LIPS && id <= EYE_RIGHT &&
        !mi_branch_read(&f->branch[id - LIPS], mi_graph_meta(graph, "mien.subset"),
                        mi_graph_meta(graph, "mien.rotation")))
        status = mi_fail(f->log, MIEN_ERR_MODEL, "'%.200s' does not say which points it refines",
                         file.path);
    if (status == MIEN_OK)
        status = mi_net_open(&f->net[id], f->device, graph, file.bytes, file.size, file.path,
                             f->log);
    if (status == MIEN_OK)
        for (int32_t k = 0; k < count; k++) {
            const mi_tensor *t = &graph->tensor[graph->output[k]];
            f->size_out[id][k] = (t->c + 3) / 4 * t->h * t->w;
        }
    f->outputs[id] = count;
    mi_graph_destroy(&graph);
    mi_model_close(&file);
    return status;
}

/* Where a shape differs from what the code counts on, results would be read from elsewhere. */
static int check_shapes(const mi_face_nets *f)
{
    const int32_t eye = (2 * f->branch[1].count + 3) / 4;
    const struct {
        int id, output;
        int32_t vec4s;
    } want[] = {{SHORT, 0, 256},   {SHORT, 1, 8 * 256}, {SHORT, 2, 2 * 64}, {SHORT, 3, 24 * 64},
                {FULL, 0, 2304},   {FULL, 1, 4 * 2304}, {MESH, 0, 351},     {MESH, 1, 1},
                {MESH, 2, FEATURE_QUADS * MI_FEATURE_SIZE * MI_FEATURE_SIZE},
                {LIPS, 0, (2 * f->branch[0].count + 3) / 4},
                {EYE_LEFT, 0, eye}, {EYE_LEFT, 1, 3}, {EYE_RIGHT, 0, eye}, {EYE_RIGHT, 1, 3},
                {VISIBLE, 0, MI_VISIBLE * MI_VISIBLE}};
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        if (f->size_out[want[i].id][want[i].output] != want[i].vec4s)
            return mi_fail(f->log, MIEN_ERR_MODEL, "face network '%s': output '%s' is of the "
                           "wrong size: run models/fetch_faces.sh", net_table[want[i].id].file,
                           net_table[want[i].id].output[want[i].output]);
    return MIEN_OK;
}

#define SHADER(name) {#name, mi_spv_##name, sizeof mi_spv_##name}

static int make_shaders(mi_face_nets *f, const mien_frame *shape)
{
    static const mvk_shader shader[SHADERS] = {
        [PLACE] = SHADER(branch_place), [CROP_BRANCH] = SHADER(branch_crop),
        [HALF] = SHADER(half), [LOOK] = SHADER(look)};
    int status = mi_crop_create(&f->look_into, f->device, shape, false, 1);
    for (int i = 0; i < SHADERS && status == MIEN_OK; i++)
        status = mvk_pipeline_create(f->device, &f->shader[i], &shader[i], NULL, 0);
    return status;
}

/* Detectors and mesh run one after the other and share their working memory. */
static void lay_out(mi_face_nets *f, mi_arena *arena)
{
    int32_t most = 0;
    f->crop = mi_picture_take(arena, MI_MESH_SIZE, MI_MESH_SIZE);
    f->half = mi_picture_take(arena, HALF_SIZE, HALF_SIZE);
    f->look = mi_arena_take(arena, MI_LOOK * MI_LOOK);
    for (int i = SHORT; i <= MESH; i++)
        most = f->net[i].plan.vec4s > most ? f->net[i].plan.vec4s : most;
    f->base[SHORT] = f->base[FULL] = f->base[MESH] = mi_arena_take(arena, most);
    for (int i = LIPS; i < NETS; i++)
        f->base[i] = mi_arena_take(arena, f->net[i].plan.vec4s);
    for (int i = 0; i < BRANCHES; i++) {
        f->matrix[i] = mi_arena_take(arena, MATRIX);
        f->subset[i] = mi_arena_take(arena, MI_SUBSET_MAX / 4);
        f->feature[i] = mi_arena_take(arena, FEATURE_QUADS * MI_BRANCH_SIZE * MI_BRANCH_SIZE);
    }
}

/* What is read back of a face: every output of the mesh but its features, and of the others. */
static void lay_out_results(mi_face_nets *f)
{
    int32_t at = 0;
    for (int id = MESH; id < NETS; id++)
        for (int32_t k = 0; k < f->outputs[id]; k++) {
            if (id == MESH && k == 2)
                continue;
            f->seen[f->seen_pieces++] = (piece){id, k, at, f->size_out[id][k]};
            at += f->size_out[id][k];
        }
    f->look_at = at;
    f->seen_vec4s = at + MI_LOOK * MI_LOOK;
    for (int id = SHORT; id <= FULL; id++) {
        at = 0;
        for (int32_t k = 0; k < f->outputs[id]; k++) {
            f->map[id][k] = (piece){id, k, at, f->size_out[id][k]};
            at += f->size_out[id][k];
        }
    }
}

static int fill_constants(mi_face_nets *f)
{
    int status = mvk_buffer_write(f->device, &f->arena, 0, (float[8]){0}, 32);
    for (int i = 0; i < BRANCHES && status == MIEN_OK; i++) {
        float number[MI_SUBSET_MAX] = {0};
        for (int32_t k = 0; k < f->branch[i].count; k++)
            number[k] = f->branch[i].subset[k];
        status = mvk_buffer_write(f->device, &f->arena, (VkDeviceSize)f->subset[i] * 16, number,
                                  sizeof number);
    }
    return status;
}

static int make_buffers(mi_face_nets *f)
{
    mi_arena arena = {0};
    lay_out(f, &arena);
    lay_out_results(f);
    int32_t most = f->seen_vec4s * MI_FACES;
    for (int id = SHORT; id <= FULL; id++) {
        const piece *last = &f->map[id][f->outputs[id] - 1];
        most = last->at + last->vec4s > most ? last->at + last->vec4s : most;
    }
    int status = mvk_buffer_create(f->device, &f->arena, (VkDeviceSize)arena.vec4s * 16,
                                   MVK_MEMORY_DEVICE);
    if (status == MIEN_OK)
        status = mvk_buffer_create(f->device, &f->uniform, sizeof(struct face_uniform),
                                   MVK_MEMORY_UPLOAD);
    if (status == MIEN_OK)
        status = mvk_buffer_create(f->device, &f->readback, (VkDeviceSize)most * 16,
                                   MVK_MEMORY_READBACK);
    if (status != MIEN_OK)
        return status;
    memset(f->uniform.map, 0, sizeof(struct face_uniform));
    f->plane = malloc((size_t)most * 16);
    if (!f->plane)
        return mi_fail(f->log, MIEN_ERR_NOMEM, "out of memory");
    for (int i = 0; i < NETS && status == MIEN_OK; i++) {
        mvk_bindings bindings = {.arena = &f->arena, .weights = &f->net[i].weights,
                                 .frame_in = mi_transfer_in(f->transfer),
                                 .uniform = &f->uniform};
        status = mvk_set_create(f->device, &f->set[i], &bindings);
    }
    return status == MIEN_OK ? fill_constants(f) : status;
}

static void record_crop(const mi_face_nets *f, mvk_commands *list, int32_t square, int32_t size)
{
    mi_crop_record(&f->look_into, list, (mi_picture){f->crop.at, size, size}, square);
}

static void record_net(const mi_face_nets *f, mvk_commands *list, int id, int32_t input)
{
    mvk_bind_set(f->device, list, &f->set[id]);
    mi_net_record(&f->net[id], list, f->base[id], input, false);
}

static void record_read(const mi_face_nets *f, mvk_commands *list, const piece *from, int32_t to)
{
    int32_t at = mi_net_output(&f->net[from->net], from->output, f->base[from->net]);
    mvk_copy(list, &f->arena, &f->readback, (VkDeviceSize)at * 16, (VkDeviceSize)to * 16,
             (VkDeviceSize)from->vec4s * 16);
}

static void record_detect(const mi_face_nets *f, mvk_commands *list, int id)
{
    mvk_bind_set(f->device, list, &f->set[id]);
    record_crop(f, list, MI_FACES + id, net_table[id].size);
    record_net(f, list, id, f->crop.at);
    for (int32_t k = 0; k < f->outputs[id]; k++)
        record_read(f, list, &f->map[id][k], f->map[id][k].at);
}

static void record_branches(const mi_face_nets *f, mvk_commands *list)
{
    int32_t mesh = mi_net_output(&f->net[MESH], 0, f->base[MESH]);
    int32_t features = mi_net_output(&f->net[MESH], 2, f->base[MESH]);
    for (int i = 0; i < BRANCHES; i++) {
        const mi_branch *b = &f->branch[i];
        struct face_push p = {.to = f->matrix[i], .size = MI_BRANCH_SIZE, .points = 4 * mesh,
                              .subset = f->subset[i], .count = b->count, .left = b->left,
                              .right = b->right};
        mvk_dispatch(f->device, list, f->shader[PLACE], &p, sizeof p, 1, 1, 1);
    }
    mvk_barrier(list);
    for (int i = 0; i < BRANCHES; i++) {
        struct face_push p = {.from = features, .to = f->feature[i], .size = MI_BRANCH_SIZE,
                              .subset = f->matrix[i]};
        mvk_dispatch(f->device, list, f->shader[CROP_BRANCH], &p, sizeof p,
                     mi_groups(MI_BRANCH_SIZE, 8), mi_groups(MI_BRANCH_SIZE, 4), FEATURE_QUADS);
    }
    for (int i = 0; i < BRANCHES; i++)
        record_net(f, list, LIPS + i, f->feature[i]);
}

static void record_sight(const mi_face_nets *f, mvk_commands *list, int32_t slot)
{
    struct face_push half = {.from = f->crop.at, .to = f->half.at, .size = HALF_SIZE};
    struct face_push look = {.from = f->half.at, .to = f->look, .size = MI_LOOK};
    mvk_barrier(list); /* the last face's results were copied */
    mvk_bind_set(f->device, list, &f->set[MESH]);
    record_crop(f, list, slot, MI_MESH_SIZE);
    mvk_barrier(list);
    mvk_dispatch(f->device, list, f->shader[HALF], &half, sizeof half, mi_groups(HALF_SIZE, 8),
                 mi_groups(HALF_SIZE, 4), 1);
    mvk_barrier(list);
    mvk_dispatch(f->device, list, f->shader[LOOK], &look, sizeof look,
                 mi_groups(MI_LOOK * MI_LOOK, 8), 1, 1);
    record_net(f, list, MESH, f->crop.at);
    record_branches(f, list);
    record_net(f, list, VISIBLE, f->half.at);
    int32_t base = slot * f->seen_vec4s;
    for (int32_t i = 0; i < f->seen_pieces; i++)
        record_read(f, list, &f->seen[i], base + f->seen[i].at);
    mvk_copy(list, &f->arena, &f->readback, (VkDeviceSize)f->look * 16,
             (VkDeviceSize)(base + f->look_at) * 16, MI_LOOK * MI_LOOK * 16);
}

static int begin(mi_face_nets *f, mvk_commands *list)
{
    int status = mvk_commands_create(f->device, list, 0);
    return status == MIEN_OK ? mvk_commands_begin(f->device, list) : status;
}

static int end(mi_face_nets *f, mvk_commands *list)
{
    mvk_barrier_host(list);
    return mvk_commands_end(f->device, list);
}

static int record_all(mi_face_nets *f)
{
    int status = MIEN_OK;
    for (int id = SHORT; id <= FULL && status == MIEN_OK; id++) {
        status = begin(f, &f->detect[id]);
        if (status == MIEN_OK) {
            record_detect(f, &f->detect[id], id);
            status = end(f, &f->detect[id]);
        }
    }
    for (int32_t i = 0; i < MI_FACES && status == MIEN_OK; i++) {
        status = begin(f, &f->sight[i]);
        if (status == MIEN_OK) {
            record_sight(f, &f->sight[i], i);
            status = end(f, &f->sight[i]);
        }
    }
    return status;
}

/* Tells the crop shader about a square. */
static void set_square(mi_face_nets *f, int32_t index, const mi_roi *roi, int32_t size,
                       bool symmetric, bool black)
{
    struct face_square *s = &((struct face_uniform *)f->uniform.map)->square[index];
    *s = mi_crop_square(roi->x, roi->y, roi->side, roi->angle, size, 0);
    if (symmetric) { /* -1..1 */
        s->how[1] = 2;
        s->how[2] = -1;
    }
    s->how[3] = black;
}

/* Some drivers compile at the first run: let that happen here and not in a frame. What is seen of
 * no picture matters to nobody. */
static int warm_up(mi_face_nets *f)
{
    const mi_roi roi = {.side = MI_MESH_SIZE};
    mvk_commands first;
    set_square(f, 0, &roi, MI_MESH_SIZE, false, false);
    for (int id = SHORT; id <= FULL; id++)
        set_square(f, MI_FACES + id, &roi, net_table[id].size, true, true);
    int status = mvk_commands_create(f->device, &first, 0);
    if (status != MIEN_OK)
        return status;
    status = mvk_commands_begin(f->device, &first);
    if (status == MIEN_OK) {
        mvk_commands_first(&first);
        for (int id = SHORT; id <= FULL; id++)
            record_detect(f, &first, id);
        record_sight(f, &first, 0);
        status = end(f, &first);
    }
    if (status == MIEN_OK)
        status = mvk_submit_first(f->device, &first);
    mvk_commands_destroy(f->device, &first);
    return status;
}

int mi_face_nets_create(mi_face_nets **nets, mvk_device *device, const mien_frame *shape,
                        mi_transfer *transfer, const char *models, mi_log *log)
{
    *nets = NULL;
    mi_face_nets *f = calloc(1, sizeof *f);
    if (!f)
        return mi_fail(log, MIEN_ERR_NOMEM, "out of memory");
    f->device = device;
    f->transfer = transfer;
    f->log = log;
    int status = MIEN_OK;
    for (int i = 0; i < NETS && status == MIEN_OK; i++)
        status = open_net(f, i, models);
    f->branch[EYE_LEFT - LIPS].iris = MI_MESH_POINTS;
    f->branch[EYE_RIGHT - LIPS].iris = MI_MESH_POINTS + 5;
    if (status == MIEN_OK)
        status = check_shapes(f);
    if (status == MIEN_OK)
        status = make_shaders(f, shape);
    if (status == MIEN_OK)
        status = make_buffers(f);
    if (status == MIEN_OK)
        status = mvk_pipelines_build(device);
    if (status == MIEN_OK)
        status = record_all(f);
    if (status == MIEN_OK)
        status = warm_up(f);
    if (status != MIEN_OK)
        mi_face_nets_destroy(&f);
    *nets = f;
    return status;
}

void mi_face_nets_destroy(mi_face_nets **nets)
{
    mi_face_nets *f = *nets;
    if (!f)
        return;
    *nets = NULL;
    for (int32_t i = 0; i < MI_FACES; i++)
        mvk_commands_destroy(f->device, &f->sight[i]);
    for (int i = 0; i < MI_DETECTORS; i++)
        mvk_commands_destroy(f->device, &f->detect[i]);
    for (int i = 0; i < NETS; i++) {
        mvk_set_destroy(f->device, &f->set[i]);
        mi_net_destroy(&f->net[i]);
    }
    mi_crop_destroy(&f->look_into);
    for (int i = 0; i < SHADERS; i++)
        mvk_pipeline_destroy(f->device, &f->shader[i]);
    mvk_buffer_destroy(f->device, &f->arena);
    mvk_buffer_destroy(f->device, &f->uniform);
    mvk_buffer_destroy(f->device, &f->readback);
    free(f->plane);
    free(f);
}

static const float *result(const mi_face_nets *f, int32_t vec4)
{
    return (const float *)f->readback.map + (size_t)vec4 * 4;
}

static float sigmoid(float x)
{
    return 1 / (1 + expf(-x));
}

static const float *seen(const mi_face_nets *f, int32_t slot, int id, int32_t output)
{
    for (int32_t i = 0; i < f->seen_pieces; i++)
        if (f->seen[i].net == id && f->seen[i].output == output)
            return result(f, slot * f->seen_vec4s + f->seen[i].at);
    return NULL;
}

static void place_points(const mi_roi *roi, float point[MI_POINTS][3])
{
    float scale = roi->side / MI_MESH_SIZE, c = scale * cosf(roi->angle);
    float s = scale * sinf(roi->angle);
    for (int32_t i = 0; i < MI_POINTS; i++) {
        float x = point[i][0] - MI_MESH_SIZE / 2, y = point[i][1] - MI_MESH_SIZE / 2;
        point[i][0] = roi->x + c * x - s * y;
        point[i][1] = roi->y + s * x + c * y;
        point[i][2] *= scale;
    }
}

static void read_sight(const mi_face_nets *f, int32_t slot, const mi_roi *roi, mi_sight *sight)
{
    const float *mesh = seen(f, slot, MESH, 0);
    memset(sight, 0, sizeof *sight);
    sight->roi = *roi;
    sight->flag = seen(f, slot, MESH, 1)[0];
    sight->presence = sigmoid(sight->flag);
    memcpy(sight->point, mesh, MI_MESH_POINTS * 3 * sizeof(float));
    for (int i = 0; i < BRANCHES; i++)
        mi_branch_apply(&f->branch[i], mesh, seen(f, slot, LIPS + i, 0),
                        seen(f, slot, LIPS + i, 1), sight->point);
    const float *map = seen(f, slot, VISIBLE, 0);
    for (int32_t i = 0; i < MI_VISIBLE * MI_VISIBLE; i++)
        sight->visible[i] = map[4 * i];
    sight->glasses = mi_glasses_value(map + 1, 4, (const float(*)[3])sight->point, MI_MESH_SIZE);
    place_points(roi, sight->point);
    const float *look = result(f, slot * f->seen_vec4s + f->look_at);
    for (int32_t i = 0; i < MI_LOOK * MI_LOOK; i++)
        memcpy(sight->look[i], look + 4 * i, sizeof sight->look[i]);
}

int mi_face_nets_look(mi_face_nets *f, const mi_roi *roi, int32_t count, mi_sight *sight)
{
    const mvk_commands *list[1 + MI_FACES];
    uint32_t lists = mi_transfer_upload(f->transfer, list);
    for (int32_t i = 0; i < count; i++) {
        set_square(f, i, &roi[i], MI_MESH_SIZE, false, false);
        list[lists++] = &f->sight[i];
    }
    int status = mvk_submit_lists(f->device, list, lists);
    for (int32_t i = 0; i < count && status == MIEN_OK; i++)
        read_sight(f, i, &roi[i], &sight[i]);
    return status;
}

int mi_face_nets_detect(mi_face_nets *f, mi_detector detector, const mi_roi *roi,
                        mi_detection found[MI_DETECTIONS], int32_t *count)
{
    const mvk_commands *list[2];
    uint32_t lists = mi_transfer_upload(f->transfer, list);
    *count = 0;
    set_square(f, MI_FACES + (int32_t)detector, roi, mi_detector_size(detector), true, true);
    list[lists++] = &f->detect[detector];
    int status = mvk_submit_lists(f->device, list, lists);
    if (status != MIEN_OK)
        return status;
    const float *map[MI_DETECTOR_MAPS] = {NULL};
    float *to = f->plane;
    for (int k = 0; k < MI_DETECTOR_MAPS; k++) {
        int32_t planes, grid;
        mi_detector_map(detector, k, &planes, &grid);
        if (!planes)
            continue;
        const float *from = result(f, f->map[detector][k].at);
        int32_t cells = grid * grid;
        map[k] = to;
        for (int32_t c = 0; c < planes; c++)
            for (int32_t i = 0; i < cells; i++)
                *to++ = from[(c / 4 * cells + i) * 4 + c % 4];
    }
    *count = mi_detect_decode(detector, map, roi, mi_detector_threshold(detector), found);
    return MIEN_OK;
}

double mi_face_nets_mac(const mi_face_nets *f)
{
    double sum = 0;
    for (int id = MESH; id < NETS; id++)
        sum += f->net[id].plan.mac;
    return sum;
}
