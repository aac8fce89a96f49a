/* What temporal consistency costs: milliseconds of process CPU time a frame, medians.
 *
 *   bench_blend [--rounds N] [--size WxH]
 *
 * The face's row is one face of a third of the height of a 1280x720 frame (I420) that stands still
 * before a webcam, all that an effect on it takes beside its network: the maps of its skin on the
 * host, its history, and what puts it into the frame. The picture's rows are those of a style that
 * runs at WxH pixels (default: 428x240, what most styles choose for 1280x720 on a CPU), of a
 * picture that stands still and of one that moves. On a GPU, CPU time says nothing. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_clock.h"
#include "blend/blend.h"
#include "blend/skin.h"
#include "compose/face_apply.h"
#include "crop.h"
#include "device_rig.h"
#include "dice.h"
#include "face/face_maps.h"
#include "posed_face.h"

enum { ROUNDS = 31, ROUNDS_MAX = 1000, WIDTH = 1280, HEIGHT = 720, SQUARE = 256 };

static const float KR = 0.2126f, KB = 0.0722f;
static const float SPEED_X = 2.3f, SPEED_Y = -1.4f; /* pixels a frame of what moves */

typedef struct options {
    int rounds;
    int32_t w, h;
} options;

/* Times of one thing, and what it costs. */
typedef struct series {
    double ms[ROUNDS_MAX];
    int count;
} series;

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(series *s)
{
    qsort(s->ms, (size_t)s->count, sizeof s->ms[0], compare);
    return s->ms[s->count / 2];
}

static void end_list(device_rig *rig, mvk_commands *list)
{
    mvk_barrier_host(list);
    if (mvk_commands_end(rig->device, list) != MIEN_OK ||
        mvk_submit(rig->device, list) != MIEN_OK) { /* the first run may compile */
        fprintf(stderr, "bench_blend: a command list cannot be run\n");
        exit(1);
    }
}

static void run_timed(device_rig *rig, const mvk_commands *list, series *to)
{
    double start = bench_clock_ms(CLOCK_PROCESS_CPUTIME_ID);
    mvk_submit(rig->device, list);
    to->ms[to->count++] = bench_clock_ms(CLOCK_PROCESS_CPUTIME_ID) - start;
}

static void must(int status)
{
    if (status == MIEN_OK)
        return;
    fprintf(stderr, "bench_blend: no memory or no shader\n");
    exit(1);
}

/* Luma in all channels: waves in two directions, and a webcam's noise. */
static void draw(device_rig *rig, const rig_memory *m, mi_picture p, float dx, float dy,
                 uint64_t seed)
{
    float *data = rig_room((size_t)p.w * (size_t)p.h * 16);
    dice d = dice_of(seed);
    for (int32_t y = 0; y < p.h; y++)
        for (int32_t x = 0; x < p.w; x++) {
            float u = (float)x - dx, v = (float)y - dy;
            float luma = 0.5f + 0.15f * (sinf(u / 3) * sinf(v / 4) + sinf(u / 17 + v / 11)) +
                         1.5f / 255 * dice_normal(&d);
            for (int k = 0; k < 4; k++)
                data[((size_t)y * (size_t)p.w + (size_t)x) * 4 + (size_t)k] = luma;
        }
    rig_write(rig, &m->arena, (size_t)p.at * 16, data, (size_t)p.w * (size_t)p.h * 16);
    free(data);
}

/* ---- an effect on a face ---- */

typedef struct face_bench {
    mi_skin skin;
    mi_face_apply apply;
    rig_memory memory;
    mi_picture crop, texture, result;
    int32_t maps_at;
    mi_atlas atlas;
    float point[MI_POINTS][3];
    mvk_commands history, shown;
} face_bench;

static void fill(device_rig *rig, const rig_memory *m, mi_picture p, float low, float high)
{
    size_t floats = (size_t)p.w * (size_t)p.h * 4;
    float *data = rig_room(floats * sizeof *data);
    dice d = dice_of(1);
    dice_fill(&d, data, floats, low, high);
    rig_write(rig, &m->arena, (size_t)p.at * 16, data, floats * sizeof *data);
    free(data);
}

static void make_maps(face_bench *f, float *room, mi_roi *square, mi_extent *extent)
{
    mi_maps maps = {(float(*)[4])room, (float(*)[4])(room + MI_TEXELS * 4)};
    *square = mi_face_square((const float(*)[3])f->point);
    *extent = mi_maps_make(&maps, &f->atlas, square, (const float(*)[3])f->point, NULL);
}

static void face_up(device_rig *rig, face_bench *f)
{
    mien_frame shape = {.format = MIEN_FORMAT_I420, .width = WIDTH, .height = HEIGHT};
    mi_arena arena = {0};
    mi_atlas_make(&f->atlas);
    mi_pose pose = posed(10, 5, 5, 130, 0.5f * WIDTH, 0.5f * HEIGHT);
    mean_points(f->point);
    posed_points(&pose, f->point, f->point);
    f->crop = mi_picture_take(&arena, SQUARE, SQUARE);
    f->texture = mi_picture_take(&arena, 2 * MI_MAP, 2 * MI_MAP);
    f->result = mi_picture_take(&arena, 2 * MI_MAP, 2 * MI_MAP);
    must(mi_skin_create(&f->skin, rig->device, &arena, SQUARE, MI_MAP, KR, KB));
    must(mi_face_apply_create(&f->apply, rig->device, &arena, &shape, SQUARE));
    f->maps_at = mi_arena_take(&arena, 2 * MI_TEXELS);
    rig_memory_create(rig, &f->memory, &(rig_sizes){.arena = arena.vec4s,
                                                    .frame = WIDTH * HEIGHT * 3 / 2,
                                                    .uniform = sizeof(struct skin_uniform)});
    must(mvk_buffer_clear(rig->device, &f->memory.arena));
    fill(rig, &f->memory, f->result, -0.1f, 0.1f);
}

static void face_record(device_rig *rig, face_bench *f, float *room)
{
    float tile[MI_TEXELS];
    mi_roi square;
    mi_extent extent;
    make_maps(f, room, &square, &extent);
    rig_write(rig, &f->memory.arena, (size_t)f->maps_at * 16, room, 2 * MI_TEXELS * 16);
    int32_t tiles = mi_atlas_tiles(&f->atlas, MI_SKIN_TILE_W / 2, MI_SKIN_TILE_H / 2, tile);
    float share[MI_TEXELS];
    mi_atlas_shares(&f->atlas, share);
    must(mi_skin_set_atlas(&f->skin, &f->memory.arena, tile, tiles, share));
    struct skin_uniform u = {.alpha = 0.12f, .settle = 0.15f, .carry = 1, .amount = 1};
    u.crop.square[0] = mi_crop_square(square.x, square.y, square.side, square.angle, SQUARE, 1);
    mi_face_apply_extent(&f->apply, &u, square.side, extent.square, extent.frame);
    rig_write(rig, &f->memory.uniform, 0, &u, sizeof u);
    mi_skin_frame frame = {.at = f->maps_at, .uv = f->maps_at + MI_TEXELS, .crop = f->crop.at,
                           .texture = f->texture.at, .result = f->result.at};
    struct skin_push shown = mi_skin_shown(&f->skin, &frame);
    rig_begin(rig, &f->memory, &f->history);
    mi_skin_unwrap_record(&f->skin, &f->history, 0, &frame);
    mi_skin_blend_record(&f->skin, &f->history, 0, &frame);
    end_list(rig, &f->history);
    rig_begin(rig, &f->memory, &f->shown);
    mi_face_apply_record(&f->apply, &f->shown, &shown, &f->memory.uniform);
    end_list(rig, &f->shown);
}

static void bench_face(device_rig *rig, int rounds)
{
    static series maps, history, shown;
    face_bench *f = rig_room(sizeof *f);
    float *room = rig_room(2 * MI_TEXELS * 16);
    face_up(rig, f);
    face_record(rig, f, room);
    for (int i = 0; i < rounds; i++) {
        mi_roi square;
        mi_extent extent;
        double start = bench_clock_ms(CLOCK_PROCESS_CPUTIME_ID);
        make_maps(f, room, &square, &extent);
        maps.ms[maps.count++] = bench_clock_ms(CLOCK_PROCESS_CPUTIME_ID) - start;
        draw(rig, &f->memory, f->crop, 0, 0, (uint64_t)i + 1);
        run_timed(rig, &f->history, &history);
        run_timed(rig, &f->shown, &shown);
    }
    double part[] = {median(&maps), median(&history), median(&shown)};
    printf("one face, %dx%d: maps %.2f + history %.2f + into the frame %.2f = %.2f ms CPU\n",
           WIDTH, HEIGHT, part[0], part[1], part[2], part[0] + part[1] + part[2]);
    mvk_commands_destroy(rig->device, &f->history);
    mvk_commands_destroy(rig->device, &f->shown);
    rig_memory_destroy(rig, &f->memory);
    mi_skin_destroy(&f->skin);
    mi_face_apply_destroy(&f->apply);
    free(room);
    free(f);
}

/* ---- a style on the whole picture ---- */

static void bench_picture(device_rig *rig, const options *o, bool moving)
{
    static series motion, history;
    mi_arena arena = {0};
    mi_blend blend;
    mi_picture picture[2];
    rig_memory memory;
    mvk_commands list[2][2];
    motion.count = history.count = 0;
    for (int i = 0; i < 2; i++)
        picture[i] = mi_picture_take(&arena, o->w, o->h);
    must(mi_blend_create(&blend, rig->device, &arena, o->w, o->h, KR, KB));
    rig_memory_create(rig, &memory, &(rig_sizes){.arena = arena.vec4s,
                                                 .uniform = sizeof(struct frame_uniform)});
    must(mvk_buffer_clear(rig->device, &memory.arena));
    struct frame_uniform u = {.strength = 1, .alpha = mi_blend_alpha(0.8f, 1 / 30.0)};
    rig_write(rig, &memory.uniform, 0, &u, sizeof u);
    for (int i = 0; i < 2; i++)
        draw(rig, &memory, picture[i], moving ? i * SPEED_X : 0, moving ? i * SPEED_Y : 0,
             (uint64_t)i);
    for (int i = 0; i < 2; i++) {
        rig_begin(rig, &memory, &list[i][0]);
        mi_blend_record_motion(&blend, &list[i][0], picture, i);
        end_list(rig, &list[i][0]);
        rig_begin(rig, &memory, &list[i][1]);
        mi_blend_record_resolve(&blend, &list[i][1], picture, picture[i].at, i, false);
        end_list(rig, &list[i][1]);
    }
    for (int i = 0; i < o->rounds; i++) {
        run_timed(rig, &list[i % 2][0], &motion);
        run_timed(rig, &list[i % 2][1], &history);
    }
    double part[] = {median(&motion), median(&history)};
    printf("a picture of %dx%d that %s: motion %.2f + history %.2f = %.2f ms CPU\n", (int)o->w,
           (int)o->h, moving ? "moves" : "stands still", part[0], part[1], part[0] + part[1]);
    for (int i = 0; i < 4; i++)
        mvk_commands_destroy(rig->device, &list[i / 2][i % 2]);
    rig_memory_destroy(rig, &memory);
    mi_blend_destroy(&blend);
}

static int usage(void)
{
    fprintf(stderr, "usage: bench_blend [--rounds 1..%d] [--size WxH, 16x16..4096x4096]\n",
            ROUNDS_MAX);
    return 2;
}

static bool take_options(options *o, int argc, char **argv)
{
    *o = (options){.rounds = ROUNDS, .w = 428, .h = 240};
    for (int i = 1; i < argc; i += 2) {
        int w = 0, h = 0, end = 0;
        if (i + 1 == argc)
            return false;
        if (strcmp(argv[i], "--rounds") == 0 &&
            sscanf(argv[i + 1], "%d%n", &o->rounds, &end) == 1 && !argv[i + 1][end])
            continue;
        if (strcmp(argv[i], "--size") != 0 ||
            sscanf(argv[i + 1], "%dx%d%n", &w, &h, &end) != 2 || argv[i + 1][end])
            return false;
        o->w = w;
        o->h = h;
    }
    return o->rounds >= 1 && o->rounds <= ROUNDS_MAX && o->w >= 16 && o->w <= 4096 &&
           o->h >= 16 && o->h <= 4096;
}

int main(int argc, char **argv)
{
    device_rig rig;
    options o;
    if (!take_options(&o, argc, argv))
        return usage();
    if (!rig_open(&rig)) {
        rig_close(&rig);
        return RIG_SKIPPED;
    }
    bench_face(&rig, o.rounds);
    bench_picture(&rig, &o, false);
    bench_picture(&rig, &o, true);
    int lines = rig.validation_lines;
    rig_close(&rig);
    return lines > 0;
}
