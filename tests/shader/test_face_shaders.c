/* The shaders of the face analysis against the scalar oracle. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crop.h"
#include "dice.h"
#include "face/face_refine.h"
#include "face_oracle.h"
#include "pixel_layout.h"
#include "rig_tests.h"
#include "stage.h"
#include "test_frames.h"

#include "branch_crop.spv.h"
#include "branch_place.spv.h"
#include "face/face_push.h"
#include "face/face_uniform.h"
#include "half.spv.h"
#include "look.spv.h"

#define SHADER(name) {#name, mi_spv_##name, sizeof mi_spv_##name}

enum { TAIL = 64, FIRST = 5, GAP = 3, FILLED = 1000 }; /* bytes; vec4; what the rig fills with */
enum { FEATURE = MI_FEATURE_SIZE * MI_FEATURE_SIZE, CELL = 12, ROUNDS = 40 };

static const float PI = 3.14159265f;

static device_rig rig;

static mvk_pipeline *compile(const mvk_shader *shader)
{
    mvk_pipeline *pipeline;
    assert_int_equal(mvk_pipeline_create(rig.device, &pipeline, shader, NULL, 0),
                     MIEN_OK);
    return pipeline;
}

static mi_crop crop_of(mien_format format, bool smooth)
{
    const mien_frame any = {.format = format, .width = 16, .height = 16};
    mi_crop crop;
    assert_int_equal(mi_crop_create(&crop, rig.device, &any, smooth, smooth ? 2 : 1),
                     MIEN_OK);
    return crop;
}

static void larger(double *worst, double value)
{
    *worst = isnan(value) ? INFINITY : fmax(*worst, value);
}

/* What lies between and behind the results must be as it was. */
static void check_gap(const float *memory, int64_t vec4)
{
    for (int64_t i = vec4 * 4; i < (vec4 + GAP) * 4; i++)
        assert_true(memory[i] >= FILLED);
}

/* ---- crops of the frame ---- */

typedef struct crop_job {
    mi_picture to;
    oracle_crop crop;
    float more[5]; /* the fourth channel, the second quad */
} crop_job;

/* A square within the frame, over its border, beyond it, or around all of it; some are upright. */
static mi_roi random_roi(dice *d, const mien_frame *f)
{
    float w = (float)f->width, h = (float)f->height, least = fminf(w, h);
    mi_roi roi = {.angle = dice_int(d, 0, 3) ? dice_float(d, -PI, PI) : 0};
    switch (dice_int(d, 0, 4)) {
    case 0: /* within */
        roi.side = dice_float(d, 0.2f, 0.7f) * least;
        roi.x = dice_float(d, 0.5f * least, w - 0.5f * least);
        roi.y = dice_float(d, 0.5f * least, h - 0.5f * least);
        break;
    case 1: /* beyond */
        roi.side = dice_float(d, 3, least);
        roi.x = dice_flip(d) ? -roi.side : w + roi.side;
        roi.y = dice_float(d, -h, 2 * h);
        break;
    case 2: /* around, as for the detectors */
        roi = (mi_roi){w / 2, h / 2, fmaxf(w, h), 0};
        break;
    default: /* anywhere */
        roi.side = dice_float(d, 2, 2 * fmaxf(w, h));
        roi.x = dice_float(d, -0.1f * w, 1.1f * w);
        roi.y = dice_float(d, -0.1f * h, 1.1f * h);
    }
    return roi;
}

static crop_job random_job(dice *d, const mien_frame *f, bool smooth, mi_arena *arena)
{
    static const float scale[] = {1, 2, -0.5f}, shift[] = {0, -1, 0.25f};
    int32_t w = dice_int(d, 4, 40), h = dice_flip(d) ? w : dice_int(d, 4, 40);
    int32_t how = dice_int(d, 0, 2), taps = dice_int(d, 1, 8);
    crop_job job = {.to = mi_picture_take(arena, w, h)};
    if (smooth)
        mi_arena_take(arena, w * h);
    job.crop = (oracle_crop){.roi = random_roi(d, f), .w = w, .h = h, .smooth = smooth,
                             .black = dice_flip(d) && !smooth, .stretch = 1,
                             .scale = (double)scale[how], .shift = (double)shift[how]};
    if (smooth) {
        job.crop.mirror = dice_flip(d);
        job.crop.stretch = (double)dice_float(d, 0.3f, 1);
        job.crop.shear = (double)dice_float(d, -0.4f, 0.4f);
    }
    dice_fill(d, job.more, 5, -1, 1);
    float most = ceilf(job.crop.roi.side / (float)(w < h ? w : h)); /* as the host chooses it */
    job.crop.taps = dice_int(d, 0, 2) == 0 ? taps : most < 8 ? (int32_t)most : 8;
    mi_arena_take(arena, GAP);
    return job;
}

static struct face_square square_of(const oracle_crop *o, const float more[5])
{
    float c = o->roi.side * cosf(o->roi.angle), s = o->roi.side * sinf(o->roi.angle);
    float stretch = (float)o->stretch, shear = (float)o->shear, way = o->mirror ? -1 : 1;
    return (struct face_square){
        .place = {o->roi.x, o->roi.y, way * c, way * s},
        .down = {shear * c - stretch * s, shear * s + stretch * c, 0, more[0]},
        .more = {more[1], more[2], more[3], more[4]},
        .how = {(float)o->taps, (float)o->scale, (float)o->shift, o->black ? 1.0f : 0.0f}};
}

typedef struct crop_tally {
    double worst;
    int64_t pixels, unsure;
} crop_tally;

static void check_crop(const mien_frame *f, const crop_job *job, const float *memory,
                       crop_tally *tally)
{
    const oracle_crop *o = &job->crop;
    size_t pixels = (size_t)o->w * (size_t)o->h;
    double *want = rig_room(pixels * 3 * sizeof *want);
    bool *sure = rig_room(pixels * sizeof *sure);
    face_oracle_crop(f, o, want, sure);
    for (size_t i = 0; i < pixels; i++) {
        const float *got = memory + ((size_t)job->to.at + i) * 4;
        tally->pixels++;
        tally->unsure += !sure[i];
        if (got[3] != job->more[0] ||
            (o->smooth && memcmp(got + 4 * pixels, job->more + 1, 16) != 0))
            fail_msg("the numbers beside the colours are wrong");
        for (size_t k = 0; k < 3 && sure[i]; k++) {
            double off = fabs((double)got[k] - want[3 * i + k]) / fabs(o->scale);
            larger(&tally->worst, off);
            if (!(off < 1e-3))
                fail_msg("%s %dx%d matrix %d range %d siting %d, square %g %g side %g angle %g, "
                         "%dx%d of %d samples, black %d: pixel (%zu, %zu) channel %zu is %g, not "
                         "%g", test_format_name(f->format), (int)f->width, (int)f->height,
                         (int)f->matrix, (int)f->range, (int)f->siting, (double)o->roi.x,
                         (double)o->roi.y, (double)o->roi.side, (double)o->roi.angle, (int)o->w,
                         (int)o->h, (int)o->taps, (int)o->black, i % (size_t)o->w,
                         i / (size_t)o->w, k, (double)got[k], want[3 * i + k]);
        }
    }
    check_gap(memory, job->to.at + (int64_t)pixels * (o->smooth ? 2 : 1));
    free(want);
    free(sure);
}

static void fill_frame(const rig_memory *m, const mien_frame *f, size_t packed)
{
    uint8_t *bytes = rig_room(packed + TAIL);
    memset(bytes, 0x3c, packed + TAIL); /* the padding of rows: any value */
    mi_frame_pack(bytes, f);
    rig_write(&rig, &m->frame_in, 0, bytes, packed + TAIL);
    free(bytes);
}

static void run_crops(mvk_pipeline *pipeline, const mien_frame *f, const crop_job *job,
                      int32_t jobs, const mi_arena *arena, float *result)
{
    size_t offset[3], pitch[3];
    size_t packed = mi_frame_packed(f->format, f->width, f->height, offset, pitch);
    rig_memory m;
    rig_memory_create(&rig, &m, &(rig_sizes){.arena = arena->vec4s, .frame = packed + TAIL,
                                             .uniform = sizeof(struct face_uniform)});
    fill_frame(&m, f, packed);
    struct face_uniform *u = m.uniform.map;
    memset(u, 0, sizeof *u);
    mvk_commands list;
    rig_begin(&rig, &m, &list);
    for (int32_t i = 0; i < jobs; i++) {
        struct pixel_push p = mi_pixel_layout(f);
        p.low = job[i].to.at;
        p.low_w = job[i].to.w;
        p.low_h = job[i].to.h;
        p.square = FACE_SQUARES - 1 - i;
        u->square[p.square] = square_of(&job[i].crop, job[i].more);
        mvk_dispatch(rig.device, &list, pipeline, &p, sizeof p, mi_groups(p.low_w, 8),
                     mi_groups(p.low_h, 4), 1);
    }
    rig_run(&rig, &list);
    rig_read(&rig, &m.arena, 0, result, (size_t)arena->vec4s * 16);
    rig_memory_destroy(&rig, &m);
}

static void check_crops(mien_format format, bool smooth)
{
    mi_crop crop = crop_of(format, smooth);
    dice d = dice_of(90 + (uint64_t)format);
    crop_tally tally = {0};
    /* matrix, range and siting mean nothing to RGB */
    for (int32_t variant = 0; variant < (format <= MIEN_FORMAT_YUY2 ? 36 : 9); variant++) {
        test_frame made = test_frame_make(format, dice_int(&d, 16, 99), dice_int(&d, 16, 99),
                                          &(frame_layout){.padding = dice_int(&d, 0, 5),
                                                          .upside_down = dice_flip(&d)});
        made.frame.matrix = (mien_matrix)(variant % 3);
        made.frame.range = (mien_range)(variant / 3 % 3);
        made.frame.siting = (mien_siting)(variant / 9);
        test_frame_noise(&made.frame, (uint64_t)variant + 3);
        crop_job job[FACE_SQUARES];
        mi_arena arena = {FIRST};
        for (int32_t i = 0; i < FACE_SQUARES; i++)
            job[i] = random_job(&d, &made.frame, smooth, &arena);
        float *result = rig_room((size_t)arena.vec4s * 16);
        run_crops(crop.pipeline, &made.frame, job, FACE_SQUARES, &arena, result);
        for (int32_t i = 0; i < FACE_SQUARES; i++)
            check_crop(&made.frame, &job[i], result, &tally);
        free(result);
        test_frame_free(&made);
    }
    print_message("%s, smooth %d: %lld pixels, worst %.2g of 1, %.2f %% left out\n",
                  test_format_name(format), smooth, (long long)tally.pixels, tally.worst,
                  100 * (double)tally.unsure / (double)tally.pixels);
    assert_true(tally.unsure * 20 < tally.pixels);
    mi_crop_destroy(&crop);
}

static void check_format(mien_format format)
{
    check_crops(format, false);
    check_crops(format, true);
}

FORMAT_TESTS(check_format)

/* What a square is, apart from how shader and oracle go about it: colours that grow evenly to the
 * right (red) and down (green), seen in squares of all angles. */
static void test_slopes(void **state)
{
    (void)state;
    enum { SIZE = 120, CROP = 24, JOBS = FACE_SQUARES };
    mi_crop crop = crop_of(MIEN_FORMAT_RGBA, false);
    test_frame made = test_frame_make(MIEN_FORMAT_RGBA, SIZE, SIZE, &(frame_layout){0});
    for (int32_t y = 0; y < SIZE; y++)
        for (int32_t x = 0; x < SIZE; x++) {
            uint8_t *to = made.frame.data[0] + y * made.frame.stride[0] + 4 * x;
            to[0] = (uint8_t)(2 * x + 1);
            to[1] = (uint8_t)(2 * y + 1);
        }
    crop_job job[JOBS];
    mi_arena arena = {FIRST};
    for (int32_t i = 0; i < JOBS; i++) {
        job[i] = (crop_job){.to = mi_picture_take(&arena, CROP, CROP)};
        job[i].crop = (oracle_crop){.roi = {57, 63, 20 + 6 * (float)i, (float)i - 4}, .stretch = 1,
                                    .w = CROP, .h = CROP, .scale = 1};
        job[i].crop.taps = (int32_t)ceilf(job[i].crop.roi.side / CROP);
        mi_arena_take(&arena, GAP);
    }
    float *result = rig_room((size_t)arena.vec4s * 16);
    run_crops(crop.pipeline, &made.frame, job, JOBS, &arena, result);
    for (int32_t i = 0; i < JOBS; i++) {
        const mi_roi *roi = &job[i].crop.roi;
        double c = cos((double)roi->angle), s = sin((double)roi->angle), side = (double)roi->side;
        double mean[2] = {0}, most = 0;
        for (int32_t k = 0; k < CROP * CROP; k++) {
            int32_t column = k % CROP, row = k / CROP;
            double u = (column + 0.5) / CROP - 0.5, v = (row + 0.5) / CROP - 0.5;
            double at[2] = {57 + side * (u * c - v * s), 63 + side * (u * s + v * c)};
            for (int axis = 0; axis < 2; axis++) {
                double off = (double)result[4 * (job[i].to.at + k) + axis] * 255 / 2 - at[axis];
                mean[axis] += off / (CROP * CROP);
                larger(&most, fabs(off));
            }
        }
        /* a nearest sample stands for up to half a pixel to either side */
        bool nearest = job[i].crop.taps > 1;
        if (!(most < (nearest ? 0.5 : 1e-3) && fmax(fabs(mean[0]), fabs(mean[1])) < 0.05))
            fail_msg("square %d: %g %g off in the mean, %g at most", (int)i, mean[0], mean[1],
                     most);
    }
    free(result);
    test_frame_free(&made);
    mi_crop_destroy(&crop);
}

/* ---- means of cells ---- */

static void check_cells(const mvk_shader *shader, int32_t k, bool flat)
{
    mvk_pipeline *pipeline = compile(shader);
    dice d = dice_of((uint64_t)k);
    double worst = 0;
    for (int32_t size = 1; size < 40; size += dice_int(&d, 1, 6)) {
        size_t in = (size_t)(size * k) * (size_t)(size * k), out = (size_t)(size * size);
        struct face_push p = {.from = FIRST, .to = FIRST + (int32_t)in + GAP, .size = size};
        size_t all = (size_t)p.to + out + GAP;
        rig_memory m;
        rig_memory_create(&rig, &m, &(rig_sizes){.arena = (int64_t)all});
        float *from = rig_room(in * 16), *result = rig_room(all * 16);
        double *want = rig_room(out * 4 * sizeof *want);
        dice_fill(&d, from, in * 4, -1, 1);
        rig_write(&rig, &m.arena, (size_t)p.from * 16, from, in * 16);
        mvk_commands list;
        rig_begin(&rig, &m, &list);
        mvk_dispatch(rig.device, &list, pipeline, &p, sizeof p,
                     mi_groups(flat ? size * size : size, 8), flat ? 1 : mi_groups(size, 4), 1);
        rig_run(&rig, &list);
        rig_read(&rig, &m.arena, 0, result, all * 16);
        face_oracle_cells(from, size, k, want);
        for (size_t i = 0; i < out * 4; i++)
            larger(&worst, fabs((double)result[(size_t)p.to * 4 + i] - want[i]));
        check_gap(result, p.from + (int64_t)in);
        check_gap(result, p.to + (int64_t)out);
        free(from);
        free(result);
        free(want);
        rig_memory_destroy(&rig, &m);
    }
    print_message("worst %.2g\n", worst);
    assert_true(worst < 1e-5);
    mvk_pipeline_destroy(rig.device, &pipeline);
}

static void test_half(void **state)
{
    (void)state;
    check_cells(&(mvk_shader)SHADER(half), 2, false);
}

static void test_look(void **state)
{
    (void)state;
    check_cells(&(mvk_shader)SHADER(look), CELL, true);
}

/* ---- branches ---- */

/* A branch with random points, and a mesh in which they lie around a place, turned by any angle. */
static void random_branch(dice *d, mi_branch *b, float *mesh)
{
    *b = (mi_branch){.count = dice_int(d, 16, MI_SUBSET_MAX), .iris = -1};
    dice_fill(d, mesh, 3 * MI_MESH_POINTS, -40, 232);
    for (int32_t i = 0, at = dice_int(d, 0, 9); i < b->count; i++) {
        b->subset[i] = (uint16_t)at; /* no two alike */
        at += dice_int(d, 1, 3);
    }
    b->left = b->subset[dice_int(d, 0, b->count / 2)];
    b->right = b->subset[dice_int(d, b->count / 2 + 1, b->count - 1)];
    float x = dice_float(d, -10, 202), y = dice_float(d, -10, 202), angle = dice_float(d, -PI, PI);
    float w = dice_float(d, 4, 60), h = dice_float(d, 2, 40), c = cosf(angle), s = sinf(angle);
    for (int32_t i = 0; i < b->count; i++) {
        float u = dice_float(d, -w, w), v = dice_float(d, -h, h), *p = mesh + 3 * b->subset[i];
        p[0] = x + c * u - s * v;
        p[1] = y + s * u + c * v;
    }
    float *left = mesh + 3 * b->left, *right = mesh + 3 * b->right;
    left[0] = x - c * w; /* as corners of an eye or a mouth */
    left[1] = y - s * w;
    right[0] = x + c * w;
    right[1] = y + s * w;
}

/* Where the host puts known points tells the matrix that it has. */
static oracle_map map_of_host(const mi_branch *b, const float *mesh)
{
    enum { REACH = 64 }; /* of a branch's output */
    static float out[MI_POINTS][3];
    float known[2 * MI_SUBSET_MAX] = {0, 0, REACH, 0, 0, REACH};
    mi_branch_apply(b, mesh, known, NULL, out);
    oracle_map map;
    for (int k = 0; k < 2; k++) {
        map.m[k][2] = (double)out[b->subset[0]][k] / 4; /* the feature map has a quarter as many */
        for (int i = 0; i < 2; i++)
            map.m[k][i] = ((double)out[b->subset[1 + i]][k] - (double)out[b->subset[0]][k]) / REACH;
    }
    return map;
}

/* How far two maps lie apart at most within a branch's grid, pixels of the feature map. */
static double map_difference(const oracle_map *a, const oracle_map *b)
{
    double most = 0;
    for (int corner = 0; corner < 4; corner++)
        for (int k = 0; k < 2; k++) {
            const double *p = a->m[k], *q = b->m[k];
            double x = corner & 1 ? MI_BRANCH_SIZE : 0, y = corner & 2 ? MI_BRANCH_SIZE : 0;
            larger(&most, fabs((p[0] - q[0]) * x + (p[1] - q[1]) * y + p[2] - q[2]));
        }
    return most;
}

static void test_branch_place(void **state)
{
    (void)state;
    enum { MESH_VEC4 = MI_MESH_POINTS * 3 / 4, SUBSET_VEC4 = MI_SUBSET_MAX / 4 };
    mvk_pipeline *pipeline = compile(&(mvk_shader)SHADER(branch_place));
    dice d = dice_of(1);
    rig_memory m;
    const int32_t mesh_at = FIRST, subset_at = mesh_at + MESH_VEC4, to = subset_at + SUBSET_VEC4;
    const int64_t all = to + 2 + GAP;
    rig_memory_create(&rig, &m, &(rig_sizes){.arena = all});
    float *mesh = rig_room(MESH_VEC4 * 16), *result = rig_room((size_t)all * 16);
    double device = 0, host = 0, both = 0;
    for (int32_t round = 0; round < ROUNDS; round++) {
        mi_branch b;
        float number[MI_SUBSET_MAX] = {0};
        random_branch(&d, &b, mesh);
        for (int32_t i = 0; i < b.count; i++)
            number[i] = b.subset[i];
        rig_write(&rig, &m.arena, (size_t)mesh_at * 16, mesh, MESH_VEC4 * 16);
        rig_write(&rig, &m.arena, (size_t)subset_at * 16, number, sizeof number);
        struct face_push p = {.to = to, .size = MI_BRANCH_SIZE, .points = 4 * mesh_at,
                              .subset = subset_at, .count = b.count, .left = b.left,
                              .right = b.right};
        mvk_commands list;
        rig_begin(&rig, &m, &list);
        mvk_dispatch(rig.device, &list, pipeline, &p, sizeof p, 1, 1, 1);
        rig_run(&rig, &list);
        rig_read(&rig, &m.arena, 0, result, (size_t)all * 16);
        oracle_map want = face_oracle_place(mesh, b.subset, b.count, b.left, b.right,
                                            MI_BRANCH_SIZE);
        oracle_map apply = map_of_host(&b, mesh), got;
        for (int k = 0; k < 2; k++) {
            const float *row = result + 4 * (to + k);
            assert_true(row[3] == 0);
            for (int i = 0; i < 3; i++)
                got.m[k][i] = (double)row[i];
        }
        larger(&device, map_difference(&got, &want));
        larger(&host, map_difference(&apply, &want));
        larger(&both, map_difference(&got, &apply));
        check_gap(result, to + 2);
    }
    print_message("pixels of the feature map: device %.2g, host %.2g, from each other %.2g\n",
                  device, host, both);
    assert_true(device < 1e-3 && host < 1e-4 && both < 1e-3);
    free(mesh);
    free(result);
    rig_memory_destroy(&rig, &m);
    mvk_pipeline_destroy(rig.device, &pipeline);
}

typedef struct branch_tally {
    double worst;
    int32_t outside, unsure, samples;
} branch_tally;

static void check_branch(mvk_pipeline *pipeline, dice *d, const oracle_map *map,
                         branch_tally *tally)
{
    int32_t quads = dice_int(d, 1, 8), size = dice_flip(d) ? MI_BRANCH_SIZE : dice_int(d, 3, 20);
    size_t in = (size_t)(quads * FEATURE), grid = (size_t)(size * size), out = grid * (size_t)quads;
    struct face_push p = {.from = FIRST, .subset = FIRST + (int32_t)in,
                          .to = FIRST + (int32_t)in + 2, .size = size};
    size_t all = (size_t)p.to + out + GAP;
    rig_memory m;
    rig_memory_create(&rig, &m, &(rig_sizes){.arena = (int64_t)all});
    float *from = rig_room(in * 16), *result = rig_room(all * 16);
    double *want = rig_room(out * 4 * sizeof *want);
    bool *sure = rig_room(grid * sizeof *sure);
    dice_fill(d, from, in * 4, -1, 1);
    float matrix[8] = {0};
    for (int k = 0; k < 6; k++)
        matrix[k / 3 * 4 + k % 3] = (float)map->m[k / 3][k % 3];
    rig_write(&rig, &m.arena, (size_t)p.from * 16, from, in * 16);
    rig_write(&rig, &m.arena, (size_t)p.subset * 16, matrix, sizeof matrix);
    mvk_commands list;
    rig_begin(&rig, &m, &list);
    mvk_dispatch(rig.device, &list, pipeline, &p, sizeof p, mi_groups(size, 8), mi_groups(size, 4),
                 (uint32_t)quads);
    rig_run(&rig, &list);
    rig_read(&rig, &m.arena, 0, result, all * 16);
    face_oracle_branch(from, quads, size, map, want, sure);
    for (size_t i = 0; i < out * 4; i++) {
        bool counts = sure[i / 4 % grid];
        tally->samples++;
        tally->unsure += !counts;
        tally->outside += want[i] == 0;
        if (counts)
            larger(&tally->worst, fabs((double)result[(size_t)p.to * 4 + i] - want[i]));
    }
    check_gap(result, p.to + (int64_t)out);
    free(from);
    free(result);
    free(want);
    free(sure);
    rig_memory_destroy(&rig, &m);
}

static void test_branch_crop(void **state)
{
    (void)state;
    mvk_pipeline *pipeline = compile(&(mvk_shader)SHADER(branch_crop));
    dice d = dice_of(2);
    branch_tally tally = {0};
    float *mesh = rig_room(MI_MESH_POINTS * 3 * sizeof *mesh);
    for (int32_t round = 0; round < ROUNDS; round++) {
        mi_branch b;
        random_branch(&d, &b, mesh);
        oracle_map map = face_oracle_place(mesh, b.subset, b.count, b.left, b.right,
                                           MI_BRANCH_SIZE);
        for (int k = 0; k < 6; k++)
            map.m[k / 3][k % 3] = (double)(float)map.m[k / 3][k % 3];
        check_branch(pipeline, &d, &map, &tally);
    }
    /* just within the map's corner; then just beyond its border */
    check_branch(pipeline, &d, &(oracle_map){{{1, 0, 31.9995}, {0, 1, 0.0005}}}, &tally);
    check_branch(pipeline, &d, &(oracle_map){{{0, -1, 48.4}, {1, 0, -0.4}}}, &tally);
    print_message("%d samples, %d outside of the map, %d left out, worst %.2g\n",
                  (int)tally.samples, (int)tally.outside, (int)tally.unsure, tally.worst);
    assert_true(tally.worst < 1e-3);
    assert_true(tally.outside * 20 > tally.samples && tally.outside * 2 < tally.samples);
    assert_true(tally.unsure * 50 < tally.samples);
    free(mesh);
    mvk_pipeline_destroy(rig.device, &pipeline);
}

/* What the host makes of a branch's output besides: z stays the mesh's, an iris has its lids'. */
static void test_branch_apply(void **state)
{
    (void)state;
    static float mesh[3 * MI_MESH_POINTS], out[MI_POINTS][3];
    enum { IRIS = 473, LIDS = 16 };
    dice d = dice_of(3);
    mi_branch b;
    random_branch(&d, &b, mesh);
    b.iris = IRIS;
    memcpy(out, mesh, sizeof mesh);
    float points[2 * MI_SUBSET_MAX], iris[10];
    dice_fill(&d, points, 2 * MI_SUBSET_MAX, -5, 70);
    memcpy(iris, points + 2 * (b.count - 5), sizeof iris); /* the last five once more */
    mi_branch_apply(&b, mesh, points, iris, out);
    oracle_map map = face_oracle_place(mesh, b.subset, b.count, b.left, b.right, MI_BRANCH_SIZE);
    double depth = 0, worst = 0;
    for (int32_t i = 0; i < LIDS; i++)
        depth += (double)mesh[3 * b.subset[i] + 2] / LIDS;
    for (int32_t i = 0; i < b.count; i++)
        for (int k = 0; k < 2; k++)
            larger(&worst, fabs((double)out[b.subset[i]][k] -
                                (map.m[k][0] * (double)points[2 * i] +
                                 map.m[k][1] * (double)points[2 * i + 1] + 4 * map.m[k][2])));
    assert_true(worst < 1e-3);
    for (int32_t i = 0; i < MI_MESH_POINTS; i++) {
        bool refined = false;
        for (int32_t k = 0; k < b.count; k++)
            refined = refined || b.subset[k] == i;
        assert_true(out[i][2] == mesh[3 * i + 2]);
        assert_true(refined || (out[i][0] == mesh[3 * i] && out[i][1] == mesh[3 * i + 1]));
    }
    for (int32_t i = 0; i < 5; i++) {
        const float *as = out[b.subset[b.count - 5 + i]], *at = out[IRIS + i];
        assert_true(at[0] == as[0] && at[1] == as[1]);
        assert_true(fabs((double)at[2] - depth) < 1e-3);
        assert_true(out[MI_MESH_POINTS + i][0] == 0); /* the other iris */
    }
}

static void test_branch_read(void **state)
{
    (void)state;
    static const char sixteen[] = "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 467";
    char many[4 * (MI_SUBSET_MAX + 1) + 1] = "";
    mi_branch b;
    assert_true(mi_branch_read(&b, sixteen, "33 263"));
    assert_true(b.count == 16 && b.subset[0] == 0 && b.subset[15] == 467 && b.iris == -1);
    assert_true(b.left == 33 && b.right == 263);
    static const char *const bad[][2] = {
        {NULL, "33 263"}, {sixteen, NULL}, {sixteen, "33"}, {sixteen, "33 33"},
        {sixteen, "33 468"}, {sixteen, "33 263 5"}, {sixteen, "33 -1"}, {sixteen, "33 x"},
        {"", "33 263"}, {"0 1 2 3 4 5 6 7 8 9 10 11 12 13 14", "33 263"},
        {"0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 468", "33 263"},
        {"0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15,16", "33 263"},
        {"0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 99999999999999999999", "33 263"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (mi_branch_read(&b, bad[i][0], bad[i][1]))
            fail_msg("'%s' with '%s' was taken", bad[i][0] ? bad[i][0] : "none",
                     bad[i][1] ? bad[i][1] : "none");
    for (int32_t i = 0; i < MI_SUBSET_MAX; i++)
        strcat(many, "123 ");
    assert_true(mi_branch_read(&b, many, "0 1"));
    assert_int_equal(b.count, MI_SUBSET_MAX);
    assert_false(mi_branch_read(&b, strcat(many, "123"), "0 1"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        FORMAT_TEST_LIST, cmocka_unit_test(test_slopes), cmocka_unit_test(test_half),
        cmocka_unit_test(test_look), cmocka_unit_test(test_branch_place),
        cmocka_unit_test(test_branch_crop), cmocka_unit_test(test_branch_apply),
        cmocka_unit_test(test_branch_read)};
    const rig_group group = {"face shaders", tests, sizeof tests / sizeof tests[0], NULL, NULL};
    return rig_tests_main(&rig, &group, argc, argv);
}
