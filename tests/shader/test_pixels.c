/* Import and export of pixel formats against the scalar oracle. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compose/compose.h"
#include "dice.h"
#include "frame_uniform.h"
#include "pixel_oracle.h"
#include "rig_tests.h"
#include "test_frames.h"

enum { TAIL = 64, LOW_AT = 5 }; /* bytes behind the frame; vec4 before the picture */

static const int32_t scales[] = {1, 2, 3, 4, 5, 6, 7, 8, 16};
static const double IMPORT_LIMIT = 1e-3;

static device_rig rig;

/* One format at one scale: the pipelines are compiled once, the rest is push constants. */
typedef struct bench {
    mien_format format;
    int32_t scale;
    mi_compose compiled;
    dice dice;
} bench;

/* A frame shape on the bench. */
typedef struct stand {
    test_frame in, out, want;
    pixel_view view;
    bool part; /* only that is exported */
    size_t pixels, packed;
    mi_compose compose; /* the shape's push constants, the bench's pipelines */
    rig_memory memory;
    mi_picture low;
    int64_t still_at, fine_at; /* vec4 */
} stand;

static void upload_frame(stand *s)
{
    uint8_t *bytes = rig_room(s->packed + TAIL);
    memset(bytes, 0x3c, s->packed + TAIL); /* the padding of rows: any value */
    mi_frame_pack(bytes, &s->in.frame);
    rig_write(&rig, &s->memory.frame_in, 0, bytes, s->packed + TAIL);
    memset(bytes, TEST_CANARY, s->packed + TAIL);
    rig_write(&rig, &s->memory.frame_out, 0, bytes, s->packed + TAIL);
    free(bytes);
}

static void look_at(stand *s, const pixel_view *view)
{
    s->view = *view;
    s->pixels = (size_t)view->w * (size_t)view->h;
    s->low = (mi_picture){LOW_AT, view->w, view->h};
}

static void stand_up(stand *s, bench *b, int32_t width, int32_t height, int32_t variant)
{
    memset(s, 0, sizeof *s);
    s->in = test_frame_make(b->format, width, height, &(frame_layout){.padding = 3});
    s->in.frame.matrix = (mien_matrix)(variant % 3);
    s->in.frame.range = (mien_range)(variant / 3 % 3);
    s->in.frame.siting = (mien_siting)((variant + b->scale) % 4);
    s->out = test_frame_make(b->format, width, height, &(frame_layout){.upside_down = true});
    s->want = test_frame_make(b->format, width, height, &(frame_layout){.padding = 1});
    test_frame_noise(&s->in.frame, (uint64_t)variant + 7);
    int32_t low_w = (width + b->scale - 1) / b->scale + dice_int(&b->dice, 0, 3);
    int32_t low_h = (height + b->scale - 1) / b->scale + dice_int(&b->dice, 0, 3);
    look_at(s, &(pixel_view){.scale = b->scale, .w = low_w, .h = low_h});

    mi_compose shape;
    assert_int_equal(mi_compose_create(&shape, rig.device, &s->in.frame, b->scale), MIEN_OK);
    s->compose = b->compiled;
    s->compose.push = shape.push;
    mi_compose_destroy(&shape);

    size_t offset[3], pitch[3];
    s->packed = mi_frame_packed(b->format, width, height, offset, pitch);
    s->still_at = LOW_AT + (int64_t)s->pixels + 4;
    s->fine_at = s->still_at + ((int64_t)s->pixels + 3) / 4 + 1;
    int64_t end = s->fine_at + mi_compose_fine_vec4s(&s->in.frame) + 4;
    rig_memory_create(&rig, &s->memory, &(rig_sizes){.arena = end, .frame = s->packed + TAIL,
                                                     .uniform = sizeof(struct frame_uniform)});
    struct frame_uniform whole = {0};
    rig_write(&rig, &s->memory.uniform, 0, &whole, sizeof whole);
    upload_frame(s);
}

static void take_down(stand *s)
{
    rig_memory_destroy(&rig, &s->memory);
    test_frame_free(&s->in);
    test_frame_free(&s->out);
    test_frame_free(&s->want);
}

static void name_case(const stand *s, const bench *b, char *text, size_t size)
{
    const mien_frame *f = &s->in.frame;
    snprintf(text, size, "%s %dx%d 1/%d matrix %d range %d siting %d", test_format_name(b->format),
             (int)f->width, (int)f->height, (int)b->scale, (int)f->matrix, (int)f->range,
             (int)f->siting);
}

static void check_import(stand *s, const bench *b)
{
    char text[120];
    float *got = rig_room((s->pixels + 4) * 16), *want = rig_room(s->pixels * 16);
    struct frame_uniform u = {.view_x = s->view.x, .view_y = s->view.y};
    rig_write(&rig, &s->memory.uniform, 0, &u, sizeof u);
    mvk_commands list;
    rig_begin(&rig, &s->memory, &list);
    mi_compose_record_import(&s->compose, &list, s->low);
    rig_run(&rig, &list);
    rig_read(&rig, &s->memory.arena, LOW_AT * 16, got, (s->pixels + 4) * 16);
    pixel_oracle_import(&s->in.frame, &s->view, want);
    name_case(s, b, text, sizeof text);
    for (size_t i = 0; i < s->pixels * 4; i++)
        if (!(fabs((double)got[i] - want[i]) < IMPORT_LIMIT))
            fail_msg("import of %s: pixel (%zu, %zu) channel %zu is %g, not %g", text,
                     i / 4 % (size_t)s->view.w, i / 4 / (size_t)s->view.w, i % 4,
                     (double)got[i], (double)want[i]);
    for (size_t i = s->pixels * 4; i < (s->pixels + 4) * 4; i++)
        assert_true(got[i] >= 1000); /* what the rig fills memory with */
    free(got);
    free(want);
}

static float *random_model(const stand *s, dice *d)
{
    float *model = rig_room(s->pixels * 16);
    for (size_t i = 0; i < s->pixels; i++) {
        model[4 * i] = dice_float(d, -0.3f, 0.9f);
        model[4 * i + 1] = dice_float(d, -0.6f, 0.6f);
        model[4 * i + 2] = dice_float(d, -0.6f, 0.6f);
        model[4 * i + 3] = dice_float(d, 0, 1.25f);
    }
    return model;
}

/* How an export is run: `plain` and `fresh` take the luma as it is, the latter remembering it;
 * with `steady` it is mixed with the past. */
typedef struct export_run {
    float strength;
    bool plain, fresh;
    const pixel_steady *steady;
} export_run;

static void check_export(stand *s, bench *b, const export_run *run)
{
    char text[120];
    float *model = random_model(s, &b->dice), strength = run->strength;
    struct frame_uniform u = {.strength = strength, .fresh = run->fresh,
                              .alpha = run->steady ? (float)run->steady->alpha : 1,
                              .view_x = s->view.x, .view_y = s->view.y};
    if (run->steady)
        rig_write(&rig, &s->memory.arena, (size_t)s->still_at * 16, run->steady->still,
                  s->pixels * sizeof(float));
    rig_write(&rig, &s->memory.arena, LOW_AT * 16, model, s->pixels * 16);
    rig_write(&rig, &s->memory.uniform, 0, &u, sizeof u);
    mvk_commands list;
    rig_begin(&rig, &s->memory, &list);
    mi_compose_record_export(&s->compose, &list,
                             &(mi_export){.model = s->low, .still = (int32_t)(4 * s->still_at),
                                          .fine = (int32_t)s->fine_at, .plain = run->plain,
                                          .part = s->part});
    rig_run(&rig, &list);
    uint8_t *bytes = rig_room(s->packed + TAIL);
    rig_read(&rig, &s->memory.frame_out, 0, bytes, s->packed + TAIL);
    mi_frame_unpack(&s->out.frame, bytes);
    pixel_oracle_export(&s->in.frame, &s->want.frame, &s->view, s->part, model,
                        (double)strength, run->steady);
    test_frame_take_unseen(&s->want.frame, &s->out.frame);
    name_case(s, b, text, sizeof text);
    int off = test_frame_difference(&s->out.frame, &s->want.frame);
    if (off > (strength > 0 ? 1 : 0))
        fail_msg("export of %s, strength %g, plain %d, fresh %d: off by %d levels", text,
                 (double)strength, run->plain, run->fresh, off);
    if (strength <= 0 && !s->part)
        assert_true(test_frame_equal(&s->out.frame, &s->in.frame));
    for (size_t i = s->packed; i < s->packed + TAIL; i++)
        if (bytes[i] != TEST_CANARY)
            fail_msg("export of %s: byte %zu behind the frame was written", text, i - s->packed);
    assert_true(test_frame_intact(&s->out));
    free(bytes);
    free(model);
}

/* Alpha or the fourth byte of RGB is the input's, to the bit. */
static void check_fourth(const stand *s, mien_format format)
{
    for (int32_t y = 0; format >= MIEN_FORMAT_RGBA && y < s->in.frame.height; y++) {
        size_t bytes;
        const uint8_t *a = test_frame_row(&s->in.frame, 0, y, &bytes);
        const uint8_t *z = test_frame_row(&s->out.frame, 0, y, &bytes);
        for (size_t i = 3; i < bytes; i += 4)
            assert_int_equal(a[i], z[i]);
    }
}

/* A second frame, a little different in most places and very much in some, onto the first one's
 * past. */
static void check_steady(stand *s, bench *b)
{
    size_t frame = (size_t)s->in.frame.width * (size_t)s->in.frame.height;
    float *still = rig_room(s->pixels * sizeof *still), *past = rig_room(frame * sizeof *past);
    check_export(s, b, &(export_run){.strength = 1, .fresh = true});
    pixel_oracle_luma(&s->in.frame, past);
    for (int p = 0; p < mien_format_planes(b->format); p++)
        for (int32_t y = 0; y < mien_format_rows(b->format, p, s->in.frame.height); y++) {
            size_t bytes;
            uint8_t *row = test_frame_row(&s->in.frame, p, y, &bytes);
            for (size_t i = 0; i < bytes; i++) {
                int v = row[i] + dice_int(&b->dice, -9, 9) * (i % 7 == 0 ? 4 : 1);
                row[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
            }
        }
    upload_frame(s);
    dice_fill(&b->dice, still, s->pixels, -0.2f, 1.2f);
    for (size_t i = 0; i < s->pixels; i++)
        still[i] = still[i] < 0 ? 0 : still[i] > 1 ? 1 : still[i];
    pixel_steady steady = {still, 0.25, past};
    check_export(s, b, &(export_run){.strength = 1, .steady = &steady});
    check_export(s, b, &(export_run){.strength = 0.7f, .steady = &steady}); /* and once more */
    free(still);
    free(past);
}

static void check_format(mien_format format)
{
    static const int32_t size[][2] = {{16, 16}, {17, 19}, {38, 21}, {67, 34}};
    int32_t variant = 0;
    /* the other orders of RGB are the same but for the order: every second scale */
    size_t step = format > MIEN_FORMAT_RGBA ? 2 : 1;
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i += step) {
        bench b = {.format = format, .scale = scales[i], .dice = dice_of(42 + i)};
        mien_frame any = {.format = format, .width = 16, .height = 16};
        assert_int_equal(mi_compose_create(&b.compiled, rig.device, &any, b.scale), MIEN_OK);
        bool yuv = format <= MIEN_FORMAT_YUY2;
        for (int32_t k = 0; k < (yuv ? 5 : 3); k++) {
            stand s;
            stand_up(&s, &b, size[k % 4][0], size[k % 4][1], variant++);
            check_import(&s, &b);
            check_export(&s, &b, &(export_run){.strength = 1, .plain = true});
            check_fourth(&s, format);
            check_export(&s, &b, &(export_run){.strength = k % 2 ? 0.4f : 0, .fresh = true});
            check_fourth(&s, format);
            check_steady(&s, &b);
            check_fourth(&s, format);
            take_down(&s);
        }
        mi_compose_destroy(&b.compiled);
    }
}

FORMAT_TESTS(check_format)

/* Chroma that grows evenly to the right and down, laid where the siting says: the imported
 * picture must show the slope at the centres of its pixels. Says what siting is, apart from how
 * the shader goes about it. */
static void test_siting(void **state)
{
    (void)state;
    enum { SIZE = 48 };
    for (size_t i = 0; i < 4; i++)
        for (int32_t siting = 1; siting <= 3; siting++) {
            bench b = {.format = MIEN_FORMAT_I420, .scale = scales[i], .dice = dice_of(i)};
            mien_frame any = {.format = b.format, .width = SIZE, .height = SIZE};
            stand s;
            assert_int_equal(mi_compose_create(&b.compiled, rig.device, &any, b.scale), MIEN_OK);
            stand_up(&s, &b, SIZE, SIZE, 3 * MIEN_RANGE_FULL);
            s.in.frame.siting = (mien_siting)siting;
            double site_x = siting == MIEN_SITING_CENTER ? 0.5 : 0;
            double site_y = siting == MIEN_SITING_TOPLEFT ? 0 : 0.5;
            for (int32_t y = 0; y < SIZE; y++)
                memset(s.in.frame.data[0] + y * s.in.frame.stride[0], 128, SIZE);
            for (int32_t y = 0; y < SIZE / 2; y++)
                for (int32_t x = 0; x < SIZE / 2; x++) {
                    double cx = 2 * x + site_x, cy = 2 * y + site_y;
                    s.in.frame.data[1][y * s.in.frame.stride[1] + x] = (uint8_t)(80 + 2 * cx);
                    s.in.frame.data[2][y * s.in.frame.stride[2] + x] = (uint8_t)(80 + 2 * cy);
                }
            mi_compose shape;
            assert_int_equal(mi_compose_create(&shape, rig.device, &s.in.frame, b.scale), MIEN_OK);
            s.compose.push = shape.push;
            mi_compose_destroy(&shape);
            uint8_t *bytes = rig_room(s.packed);
            mi_frame_pack(bytes, &s.in.frame);
            rig_write(&rig, &s.memory.frame_in, 0, bytes, s.packed);
            free(bytes);
            mvk_commands list;
            rig_begin(&rig, &s.memory, &list);
            mi_compose_record_import(&s.compose, &list, s.low);
            rig_run(&rig, &list);
            float *low = rig_room(s.pixels * 16);
            rig_read(&rig, &s.memory.arena, LOW_AT * 16, low, s.pixels * 16);
            /* away from the border; a block of whole chroma samples may be off by half of one */
            double limit = (b.scale < 4 ? 0.3 : 1.1) * 2 / 255;
            for (int32_t y = 8 / b.scale + 1; y < 40 / b.scale; y++)
                for (int32_t x = 8 / b.scale + 1; x < 40 / b.scale; x++) {
                    const float *p = low + ((size_t)y * (size_t)s.view.w + (size_t)x) * 4;
                    double centre_x = x * b.scale + (b.scale - 1) / 2.0;
                    double centre_y = y * b.scale + (b.scale - 1) / 2.0;
                    double cb = (p[2] - p[3]) / (2 * (1 - 0.114));
                    double cr = (p[0] - p[3]) / (2 * (1 - 0.299));
                    double want_b = (80 + 2 * centre_x - 128) / 255;
                    double want_r = (80 + 2 * centre_y - 128) / 255;
                    if (fabs(cb - want_b) > limit || fabs(cr - want_r) > limit)
                        fail_msg("1/%d siting %d at (%d, %d): chroma %g %g, not %g %g",
                                 (int)b.scale, (int)siting, (int)x, (int)y, cb, cr, want_b,
                                 want_r);
                }
            free(low);
            take_down(&s);
            mi_compose_destroy(&b.compiled);
        }
}

/* Pictures that show a part of the frame: inside, at its edges, and beyond them. Bytes of the
 * frame out that are not shown stay as they are. */
static void check_views(mien_format format, int32_t scale)
{
    enum { WIDTH = 107, HEIGHT = 86 };
    int32_t grid = 8 * scale;
    const pixel_view view[] = {{scale, 16, 12, grid, 0},
                               {scale, 24, 18, grid, grid},
                               {scale, 16, 16, WIDTH / grid * grid, HEIGHT / grid * grid}};
    bench b = {.format = format, .scale = scale, .dice = dice_of(7)};
    mien_frame any = {.format = format, .width = 16, .height = 16};
    assert_int_equal(mi_compose_create(&b.compiled, rig.device, &any, scale), MIEN_OK);
    for (size_t i = 0; i < sizeof view / sizeof view[0]; i++) {
        stand s;
        stand_up(&s, &b, WIDTH, HEIGHT, (int32_t)i);
        look_at(&s, &view[i]);
        s.part = true;
        check_import(&s, &b);
        check_export(&s, &b, &(export_run){.strength = 1, .plain = true});
        check_steady(&s, &b);
        take_down(&s);
    }
    mi_compose_destroy(&b.compiled);
}

static void test_views(void **state)
{
    (void)state;
    for (size_t i = 0; i < TEST_FORMATS; i++)
        for (int32_t scale = 1; scale <= 3; scale++)
            check_views(test_formats[i], scale);
}

/* In bands of rows, each through a set that shows its part of the output only: the same bytes. */
static void test_bands(void **state)
{
    (void)state;
    static const mien_format formats[] = {MIEN_FORMAT_BGRA, MIEN_FORMAT_YUY2};
    enum { WIDTH = 48, HEIGHT = 2 * MI_BAND_ROWS + 11, BANDS = 3 };
    for (size_t i = 0; i < 2; i++) {
        bench b = {.format = formats[i], .scale = 3, .dice = dice_of(i)};
        mien_frame any = {.format = b.format, .width = 16, .height = 16};
        assert_int_equal(mi_compose_create(&b.compiled, rig.device, &any, b.scale), MIEN_OK);
        stand s;
        stand_up(&s, &b, WIDTH, HEIGHT, 1);
        check_export(&s, &b, &(export_run){.strength = 1, .plain = true}); /* whole, and right */
        uint8_t *whole = rig_room(s.packed), *parts = rig_room(s.packed);
        rig_read(&rig, &s.memory.frame_out, 0, whole, s.packed);
        upload_frame(&s); /* the output is wiped */
        size_t band = s.packed / HEIGHT * MI_BAND_ROWS;
        mvk_set set[BANDS];
        mvk_commands list;
        rig_begin(&rig, &s.memory, &list);
        for (int k = 0; k < BANDS; k++) {
            mvk_bindings show = {.arena = &s.memory.arena, .weights = &s.memory.weights,
                                 .frame_in = &s.memory.frame_in,
                                 .frame_out = &s.memory.frame_out, .uniform = &s.memory.uniform,
                                 .out_offset = (VkDeviceSize)k * band,
                                 .out_size = k + 1 < BANDS ? band : s.packed - 2 * band};
            assert_int_equal(mvk_set_create(rig.device, &set[k], &show), MIEN_OK);
            mvk_bind_set(rig.device, &list, &set[k]);
            mi_compose_record_export(&s.compose, &list,
                                     &(mi_export){.model = s.low, .plain = true,
                                                  .first_row = k * MI_BAND_ROWS,
                                                  .rows = MI_BAND_ROWS,
                                                  .out_base = (int32_t)((size_t)k * band)});
        }
        rig_run(&rig, &list);
        rig_read(&rig, &s.memory.frame_out, 0, parts, s.packed);
        assert_memory_equal(whole, parts, s.packed);
        for (int k = 0; k < BANDS; k++)
            mvk_set_destroy(rig.device, &set[k]);
        free(whole);
        free(parts);
        take_down(&s);
        mi_compose_destroy(&b.compiled);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        FORMAT_TEST_LIST, cmocka_unit_test(test_siting), cmocka_unit_test(test_views),
        cmocka_unit_test(test_bands)};
    const rig_group group = {"pixels", tests, sizeof tests / sizeof tests[0], NULL, NULL};
    return rig_tests_main(&rig, &group, argc, argv);
}
