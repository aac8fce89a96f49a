/* Restricting effects to faces and covering lost ones: which bytes change, and into what. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "compose/area_rows.h"
#include "compose/face_area.h"
#include "compose/face_outline.h"
#include "dice.h"
#include "made_face.h"
#include "test_frames.h"

static const frame_layout layouts[] = {{0, false}, {7, false}, {13, true}};
static const int32_t sizes[][2] = {{160, 120}, {161, 121}, {97, 143}};
enum { LAYOUTS = sizeof layouts / sizeof layouts[0], SIZES = sizeof sizes / sizeof sizes[0] };

static mi_guarded guarded(const mien_face *face, float amount, float cover)
{
    return (mi_guarded){.face = face, .amount = amount, .cover = cover, .margin = 1.1f};
}

/* A style's output: other colours, the same alpha. */
static void other_colours(const mien_frame *to, const mien_frame *from, uint64_t seed)
{
    test_frame_noise(to, seed);
    if (!mi_format_is_yuv(to->format))
        for (int32_t y = 0; y < to->height; y++) {
            size_t bytes;
            uint8_t *a = test_frame_row(to, 0, y, &bytes), *b = test_frame_row(from, 0, y, &bytes);
            for (size_t i = 3; i < bytes; i += 4)
                a[i] = b[i];
        }
}

/* The mask of an outline over a frame. */
typedef struct mask_map {
    int32_t w, h;
    uint8_t *at;
} mask_map;

static mask_map map_of(const mi_outline *o, mi_edge edge, const mien_frame *f)
{
    mask_map m = {f->width, f->height, calloc((size_t)f->width, (size_t)f->height)};
    assert_non_null(m.at);
    for (int32_t y = o->y0; y < o->y1; y++)
        mi_outline_row(o, edge, 255, y, o->x0, o->x1, m.at + (ptrdiff_t)y * m.w + o->x0);
    return m;
}

/* Does a sample of a colour part with all of its pixels lie wholly inside (1), wholly outside
 * (-1), or between? */
static int sample_side(const mask_map *m, const mi_part *part, int32_t sx, int32_t sy)
{
    int side = 2;
    for (int32_t y = sy * part->sub_y; y < (sy + 1) * part->sub_y && y < m->h; y++)
        for (int32_t x = sx * part->sub_x; x < (sx + 1) * part->sub_x && x < m->w; x++) {
            uint8_t mask = m->at[y * m->w + x];
            int at = mask == 255 ? 1 : mask == 0 ? -1 : 0;
            side = side == 2 || side == at ? at : 0;
        }
    return side;
}

/* Mean of the mask over a sample's pixels, 0..1. */
static double sample_mask(const mask_map *m, const mi_part *part, int32_t sx, int32_t sy)
{
    double sum = 0, count = 0;
    for (int32_t y = sy * part->sub_y; y < (sy + 1) * part->sub_y && y < m->h; y++)
        for (int32_t x = sx * part->sub_x; x < (sx + 1) * part->sub_x && x < m->w; x++, count++)
            sum += m->at[y * m->w + x] / 255.0;
    return sum / count;
}

static uint8_t *sample(const mien_frame *f, const mi_part *part, int32_t x, int32_t y)
{
    return f->data[part->plane] + y * f->stride[part->plane] + part->offset + x * part->step;
}

typedef void (*judge)(const mien_frame *f, const mi_part *part, int32_t x, int32_t y, int side,
                      double mask, void *with);

/* Calls `of` for every sample of every part; returns how many lay inside. */
static int for_samples(const mien_frame *f, const mi_outline *o, mi_edge edge, judge of, void *with)
{
    mi_part part[3];
    mask_map m = map_of(o, edge, f);
    int inside = 0;
    mi_parts(f->format, part);
    for (int k = 0; k < 3; k++)
        for (int32_t y = 0; y * part[k].sub_y < f->height; y++)
            for (int32_t x = 0; x * part[k].sub_x < f->width; x++) {
                int side = sample_side(&m, &part[k], x, y);
                inside += side == 1;
                of(f, &part[k], x, y, side, sample_mask(&m, &part[k], x, y), with);
            }
    free(m.at);
    return inside;
}

typedef struct mixed {
    const mien_frame *in, *styled;
    bool background;
} mixed;

static void judge_mix(const mien_frame *f, const mi_part *part, int32_t x, int32_t y, int side,
                      double mask, void *with)
{
    const mixed *m = with;
    int is = *sample(f, part, x, y), a = *sample(m->in, part, x, y);
    int b = *sample(m->styled, part, x, y);
    int style = side == 0 ? 0 : (side == 1) != m->background ? 1 : -1;
    double want = m->background ? b + (a - b) * mask : a + (b - a) * mask;
    if ((style == 1 && is != b) || (style == -1 && is != a) || fabs(is - want) > 1.6)
        fail_msg("%s part %d/%d at %d,%d, side %d: %d of %d and %d", test_format_name(f->format),
                 part->plane, part->offset, (int)x, (int)y, side, is, a, b);
}

static void restrict_case(mien_format format, const int32_t size[2], const frame_layout *layout,
                          const mien_face *face)
{
    test_frame in = test_frame_make(format, size[0], size[1], &layouts[0]);
    test_frame styled = test_frame_make(format, size[0], size[1], layout);
    test_frame out = test_frame_make(format, size[0], size[1], layout);
    test_frame_noise(&in.frame, 1);
    other_colours(&styled.frame, &in.frame, 2);
    mi_face_area *area;
    assert_int_equal(mi_face_area_create(&area, &in.frame, NULL), MIEN_OK);
    mi_outline o;
    mi_outline_make(&o, face, 1, 0, 0, size[0], size[1]);
    for (int where = MI_AREA_FRAME; where <= MI_AREA_BACKGROUND; where++) {
        mi_guarded g = guarded(face, 1, 0);
        mixed m = {&in.frame, &styled.frame, where == MI_AREA_BACKGROUND};
        test_frame_copy(&out.frame, &styled.frame);
        mi_face_area_restrict(area, &in.frame, &out.frame, &g, 1,
                              mi_area_shares_of((mi_style_area)where));
        if (where == MI_AREA_FRAME)
            assert_true(test_frame_equal(&out.frame, &styled.frame));
        else
            assert_true(for_samples(&out.frame, &o, MI_EDGE_MIDDLE, judge_mix, &m) > 100);
        g.amount = 0;
        test_frame_copy(&out.frame, &styled.frame);
        mi_face_area_restrict(area, &in.frame, &out.frame, &g, 1,
                              mi_area_shares_of((mi_style_area)where));
        assert_true(test_frame_equal(&out.frame,
                                     where == MI_AREA_FACE ? &in.frame : &styled.frame));
        assert_true(test_frame_intact(&out));
    }
    mi_face_area_destroy(&area);
    assert_null(area);
    test_frame_free(&in);
    test_frame_free(&styled);
    test_frame_free(&out);
}

static void test_restrict(void **state)
{
    (void)state;
    for (int f = 0; f < TEST_FORMATS; f++)
        for (int i = 0; i < SIZES; i++)
            for (int l = 0; l < LAYOUTS; l++) {
                float w = (float)sizes[i][0], h = (float)sizes[i][1];
                mien_face middle = made_face(1, 0.5f * w, 0.5f * h, 0.4f * w, 0.5f * h);
                mien_face corner = made_face(1, w, h, 0.6f * w, 0.6f * h);
                restrict_case(test_formats[f], sizes[i], &layouts[l], &middle);
                restrict_case(test_formats[f], sizes[i], &layouts[l], &corner);
            }
}

/* Half an effect is half way between, and faces that overlap take the larger share; so it is from
 * one area to another. */
static void test_shares(void **state)
{
    (void)state;
    test_frame in = test_frame_make(MIEN_FORMAT_I420, 320, 200, &layouts[1]);
    test_frame out = test_frame_make(MIEN_FORMAT_I420, 320, 200, &layouts[1]);
    mien_face face[3] = {made_face(1, 80, 100, 60, 90), made_face(2, 110, 100, 60, 90),
                         made_face(3, 250, 100, 60, 90)};
    mi_guarded g[3] = {guarded(&face[0], 0.5f, 0), guarded(&face[1], 1, 0),
                       guarded(&face[2], 0.25f, 0)};
    mi_face_area *area;
    assert_int_equal(mi_face_area_create(&area, &in.frame, NULL), MIEN_OK);
    static const mi_area_shares shares[] = {{1, 0}, {0, 1}, {0.75f, 0.25f}, {0.2f, 0.6f},
                                            {1, 0.4f}, {0.5f, 1}, {0, 0}, {0.5f, 0.5f}};
    for (size_t k = 0; k < sizeof shares / sizeof shares[0]; k++) {
        mi_part part[3];
        mi_parts(MIEN_FORMAT_I420, part);
        for (int p = 0; p < 3; p++)
            for (int32_t y = 0; y < mien_format_rows(MIEN_FORMAT_I420, p, 200); y++) {
                size_t bytes;
                memset(test_frame_row(&in.frame, p, y, &bytes), 40, 160 / part[p].sub_x * 2);
                memset(test_frame_row(&out.frame, p, y, &bytes), 200, 160 / part[p].sub_x * 2);
            }
        mi_face_area_restrict(area, &in.frame, &out.frame, g, 3, shares[k]);
        double faces = (double)shares[k].faces, rest = (double)shares[k].rest;
        const struct {
            int32_t x;
            double share;
        } at[] = {{60, 0.5}, {95, 1}, {110, 1}, {250, 0.25}, {5, 0}, {310, 0}, {190, 0}};
        for (size_t i = 0; i < sizeof at / sizeof at[0]; i++)
            for (int p = 0; p < 3; p++) {
                double share = rest + (faces - rest) * at[i].share;
                int is = *sample(&out.frame, &part[p], at[i].x / part[p].sub_x,
                                 100 / part[p].sub_y);
                if (fabs(is - (40 + 160 * share)) > 1)
                    fail_msg("plane %d at %d: %d, share %g", p, (int)at[i].x, is, share);
            }
    }
    mi_face_area_destroy(&area);
    test_frame_free(&in);
    test_frame_free(&out);
}

static void judge_black(const mien_frame *f, const mi_part *part, int32_t x, int32_t y, int side,
                        double mask, void *with)
{
    (void)mask;
    const mien_frame *before = with;
    mi_part parts[3];
    uint8_t black[3];
    mi_parts(f->format, parts);
    int k = part->plane == parts[2].plane && part->offset == parts[2].offset   ? 2
            : part->plane == parts[1].plane && part->offset == parts[1].offset ? 1
                                                                               : 0;
    mi_black(f, black);
    int is = *sample(f, part, x, y), was = *sample(before, part, x, y);
    if ((side == 1 && is != black[k]) || (side == -1 && is != was))
        fail_msg("%s at %d,%d: %d", test_format_name(f->format), (int)x, (int)y, is);
}

static double variance(const mien_frame *f, const mi_outline *o)
{
    double sum = 0, square = 0, count = 0;
    mi_part part[3];
    mask_map m = map_of(o, MI_EDGE_OUTSIDE, f);
    mi_parts(f->format, part);
    for (int k = 0; k < 3; k++)
        for (int32_t y = 0; y * part[k].sub_y < f->height; y++)
            for (int32_t x = 0; x * part[k].sub_x < f->width; x++)
                if (sample_side(&m, &part[k], x, y) == 1) {
                    double v = *sample(f, &part[k], x, y);
                    sum += v;
                    square += v * v;
                    count++;
                }
    free(m.at);
    return square / count - sum * sum / count / count;
}

static void judge_outside(const mien_frame *f, const mi_part *part, int32_t x, int32_t y, int side,
                          double mask, void *with)
{
    (void)mask;
    if (side == -1 && *sample(f, part, x, y) != *sample(with, part, x, y))
        fail_msg("%s at %d,%d: changed outside", test_format_name(f->format), (int)x, (int)y);
}

static bool same_alpha(const mien_frame *a, const mien_frame *b)
{
    for (int32_t y = 0; !mi_format_is_yuv(a->format) && y < a->height; y++) {
        size_t bytes;
        const uint8_t *s = test_frame_row(a, 0, y, &bytes), *t = test_frame_row(b, 0, y, &bytes);
        for (size_t i = 3; i < bytes; i += 4)
            if (s[i] != t[i])
                return false;
    }
    return true;
}

static void cover_case(mien_format format, const int32_t size[2], const frame_layout *layout,
                       const mien_face *face)
{
    test_frame before = test_frame_make(format, size[0], size[1], &layouts[0]);
    test_frame out = test_frame_make(format, size[0], size[1], layout);
    test_frame_noise(&before.frame, 3);
    mi_face_area *area;
    assert_int_equal(mi_face_area_create(&area, &out.frame, NULL), MIEN_OK);
    mi_guarded g = guarded(face, 1, 1);
    mi_outline o;
    mi_outline_make(&o, face, g.margin, 0, 0, size[0], size[1]);
    double was = variance(&before.frame, &o);
    static const mi_on_lost ways[] = {MI_LOST_BLACK, MI_LOST_BLUR, MI_LOST_HOLD, MI_LOST_PASS};
    for (int i = 0; i < 4; i++) {
        test_frame_copy(&out.frame, &before.frame);
        mi_face_area_cover(area, &out.frame, &g, 1, ways[i]);
        if (ways[i] == MI_LOST_BLACK) {
            assert_true(for_samples(&out.frame, &o, MI_EDGE_OUTSIDE, judge_black,
                                    &before.frame) > 100);
        } else { /* nothing is kept: hold blurs as well */
            for_samples(&out.frame, &o, MI_EDGE_OUTSIDE, judge_outside, &before.frame);
            double is = variance(&out.frame, &o);
            if (is > 0.1 * was) /* noise of few pixels a cell */
                fail_msg("%s: variance %g of %g", test_format_name(format), is, was);
        }
        assert_true(test_frame_intact(&out));
        assert_true(same_alpha(&out.frame, &before.frame));
    }
    g.cover = 0;
    test_frame_copy(&out.frame, &before.frame);
    mi_face_area_cover(area, &out.frame, &g, 1, MI_LOST_BLACK);
    assert_true(test_frame_equal(&out.frame, &before.frame));
    mi_face_area_destroy(&area);
    test_frame_free(&before);
    test_frame_free(&out);
}

static void test_cover(void **state)
{
    (void)state;
    for (int f = 0; f < TEST_FORMATS; f++)
        for (int i = 0; i < SIZES; i++)
            for (int l = 0; l < LAYOUTS; l++) {
                float w = (float)sizes[i][0], h = (float)sizes[i][1];
                mien_face middle = made_face(1, 0.45f * w, 0.5f * h, 0.5f * w, 0.5f * h);
                mien_face corner = made_face(1, w, h, 0.9f * w, 0.9f * h);
                cover_case(test_formats[f], sizes[i], &layouts[l], &middle);
                cover_case(test_formats[f], sizes[i], &layouts[l], &corner);
            }
}

/* What a cover becomes where another face is in front: nothing. */
typedef struct before_cover {
    const mien_frame *before;
    mask_map front;
    int changed, kept;
} before_cover;

static void judge_front(const mien_frame *f, const mi_part *part, int32_t x, int32_t y, int side,
                        double mask, void *with)
{
    (void)mask;
    before_cover *b = with;
    int front = sample_side(&b->front, part, x, y);
    bool same = *sample(f, part, x, y) == *sample(b->before, part, x, y);
    if (front == 1 && !same)
        fail_msg("%s at %d,%d: covered in front", test_format_name(f->format), (int)x, (int)y);
    b->kept += front == 1 && side == 1;
    b->changed += front == -1 && side == 1 && !same;
}

static void front_case(mien_format format, const int32_t size[2], const frame_layout *layout)
{
    float w = (float)size[0], h = (float)size[1];
    test_frame before = test_frame_make(format, size[0], size[1], &layouts[0]);
    test_frame out = test_frame_make(format, size[0], size[1], layout);
    test_frame_noise(&before.frame, 3);
    test_frame_copy(&out.frame, &before.frame);
    mi_face_area *area;
    assert_int_equal(mi_face_area_create(&area, &out.frame, NULL), MIEN_OK);
    mien_face lost = made_face(1, 0.45f * w, 0.5f * h, 0.5f * w, 0.5f * h);
    mien_face front = made_face(2, 0.6f * w, 0.55f * h, 0.4f * w, 0.4f * h);
    mi_guarded g[2] = {guarded(&front, 1, 0), guarded(&lost, 1, 1)};
    mi_outline o;
    mi_outline_make(&o, &front, 1, 0, 0, size[0], size[1]);
    before_cover b = {.before = &before.frame, .front = map_of(&o, MI_EDGE_MIDDLE, &out.frame)};
    mi_outline_make(&o, &lost, g[1].margin, 0, 0, size[0], size[1]);
    g[0].in_front = true;
    mi_face_area_cover(area, &out.frame, g, 2, MI_LOST_BLACK);
    for_samples(&out.frame, &o, MI_EDGE_OUTSIDE, judge_front, &b);
    assert_true(b.kept > 100 && b.changed > 100);
    assert_true(test_frame_intact(&out));
    free(b.front.at);
    mi_face_area_destroy(&area);
    test_frame_free(&before);
    test_frame_free(&out);
}

static void test_cover_behind(void **state)
{
    (void)state;
    for (int f = 0; f < TEST_FORMATS; f++)
        for (int i = 0; i < SIZES; i++)
            for (int l = 0; l < LAYOUTS; l++)
                front_case(test_formats[f], sizes[i], &layouts[l]);
}

static uint8_t outline_at(const mi_outline *o, mi_edge edge, float x, float y)
{
    uint8_t mask = 0;
    int32_t at = (int32_t)x;
    mi_outline_row(o, edge, 200, (int32_t)y, at, at + 1, &mask);
    return mask;
}

/* The outline holds the face and its forehead, and grows about its middle. */
static void test_outline(void **state)
{
    (void)state;
    mien_face face = made_face(1, 160.5f, 120.5f, 100, 130);
    mi_outline o;
    mi_outline_make(&o, &face, 1, 0, 0, 320, 240);
    assert_true(fabsf(o.side - 100) < 1 && fabsf(o.feather - 5) < 0.1f);
    assert_true(fabsf((float)(o.x0 + o.x1) / 2 - 160.5f) < 2 && abs(o.x1 - o.x0 - 110) < 4);
    /* 130 and 12 % of that above */
    assert_true(abs(o.y0 - 35) < 3 && abs(o.y1 - 191) < 3 && o.x0 % 2 == 0 && o.y0 % 2 == 0);
    for (int i = 0; i < 468; i++) /* 0.3: the hull has 64 corners at most */
        assert_true(outline_at(&o, MI_EDGE_OUTSIDE, face.point[i][0],
                               face.point[i][1]) > 190);
    static const struct {
        float x;
        uint8_t middle, outside; /* of 200 */
    } at[] = {{100, 0, 0}, {106.5f, 0, 42}, {110.5f, 100, 200}, {114, 200, 200}, {160, 200, 200}};
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        int m = outline_at(&o, MI_EDGE_MIDDLE, at[i].x, 120);
        int s = outline_at(&o, MI_EDGE_OUTSIDE, at[i].x, 120);
        if (abs(m - at[i].middle) > 30 || abs(s - at[i].outside) > 30)
            fail_msg("at %g: %d and %d", at[i].x, m, s);
    }
    mi_outline_make(&o, &face, 1.5f, 20, 8, 320, 240);
    assert_true(fabsf((float)(o.x0 + o.x1) / 2 - 180.5f) < 2 && abs(o.x1 - o.x0 - 160) < 4);
    assert_true(fabsf((float)(o.y0 + o.y1) / 2 - 120.7f) < 1.5f && abs(o.y1 - o.y0 - 228) < 5);
    assert_true(fabsf(o.feather - 5) < 0.1f); /* of the face, not of its margin */
    mi_outline_make(&o, &face, 1, 1e9f, 0, 320, 240);
    assert_true(o.x0 == o.x1);
}

/* The last pixel of an odd row of YUY2 stands alone; what is no picture has no weight. */
static void test_mask_bytes(void **state)
{
    (void)state;
    uint8_t a[5] = {0, 10, 100, 200, 250}, b[5] = {40, 50, 60, 0, 255}, bytes[20];
    const uint8_t *const both[2] = {a, b}, *const one[2] = {a, a};
    memset(bytes, 77, sizeof bytes);
    mi_mask_bytes(MIEN_FORMAT_YUY2, 0, one, 5, bytes);
    static const uint8_t yuy2[] = {0, 5, 10, 5, 100, 150, 200, 150, 250, 250, 0, 250, 77};
    assert_memory_equal(bytes, yuy2, sizeof yuy2);
    mi_mask_bytes(MIEN_FORMAT_I420, 2, both, 5, bytes);
    static const uint8_t i420[] = {25, 90, 253, 5};
    assert_memory_equal(bytes, i420, sizeof i420);
    mi_mask_bytes(MIEN_FORMAT_NV12, 1, both, 5, bytes);
    static const uint8_t nv12[] = {25, 25, 90, 90, 253, 253, 200};
    assert_memory_equal(bytes, nv12, sizeof nv12);
    mi_mask_bytes(MIEN_FORMAT_BGRX, 0, one, 2, bytes);
    static const uint8_t bgrx[] = {0, 0, 0, 0, 10, 10, 10, 0, 250};
    assert_memory_equal(bytes, bgrx, sizeof bgrx);
}

/* Full range black, and limited. */
static void test_black_levels(void **state)
{
    (void)state;
    mien_frame f = {.format = MIEN_FORMAT_NV12};
    uint8_t black[3];
    mi_black(&f, black);
    assert_true(black[0] == 16 && black[1] == 128 && black[2] == 128);
    f.range = MIEN_RANGE_FULL;
    mi_black(&f, black);
    assert_true(black[0] == 0 && black[1] == 128 && black[2] == 128);
    f.format = MIEN_FORMAT_BGRA;
    f.range = MIEN_RANGE_LIMITED;
    mi_black(&f, black);
    assert_true(black[0] == 0 && black[1] == 0 && black[2] == 0);
}

/* A picture in which neighbours are alike leaves nothing of a pattern finer than a cell. */
static void test_blur_hides(void **state)
{
    (void)state;
    test_frame f = test_frame_make(MIEN_FORMAT_I420, 320, 240, &layouts[0]);
    mien_face face = made_face(1, 160, 120, 120, 160);
    mi_guarded g = guarded(&face, 1, 1);
    mi_face_area *area;
    mi_outline o;
    assert_int_equal(mi_face_area_create(&area, &f.frame, NULL), MIEN_OK);
    mi_outline_make(&o, &face, g.margin, 0, 0, 320, 240);
    for (int p = 0; p < 3; p++)
        for (int32_t y = 0; y < mien_format_rows(MIEN_FORMAT_I420, p, 240); y++) {
            size_t bytes;
            uint8_t *row = test_frame_row(&f.frame, p, y, &bytes);
            for (size_t x = 0; x < bytes; x++) /* squares of 2/3 of a cell */
                row[x] = (x / 10 + (size_t)y / 10) & 1 ? 200 : 50;
        }
    double was = variance(&f.frame, &o);
    mi_face_area_cover(area, &f.frame, &g, 1, MI_LOST_BLUR);
    double is = variance(&f.frame, &o);
    if (is > 0.02 * was)
        fail_msg("variance %g of %g", is, was);
    /* A slope stays one: what is shown is a mean, not flat. */
    for (int32_t y = 0; y < 240; y++)
        for (int32_t x = 0; x < 320; x++)
            f.frame.data[0][y * f.frame.stride[0] + x] = (uint8_t)((x + y) / 3 + 40);
    mi_face_area_cover(area, &f.frame, &g, 1, MI_LOST_BLUR);
    for (int32_t i = -30; i < 30; i++) {
        int across = f.frame.data[0][120 * f.frame.stride[0] + 160 + i];
        int down = f.frame.data[0][(120 + i) * f.frame.stride[0] + 160];
        assert_true(abs(across - ((280 + i) / 3 + 40)) <= 2);
        assert_true(abs(down - ((280 + i) / 3 + 40)) <= 2);
    }
    mi_face_area_destroy(&area);
    test_frame_free(&f);
}

typedef struct held {
    const mien_frame *earlier;
    int32_t dx, dy;
} held;

static void judge_held(const mien_frame *f, const mi_part *part, int32_t x, int32_t y, int side,
                       double mask, void *with)
{
    (void)mask;
    const held *h = with;
    int32_t fx = x - h->dx / part->sub_x, fy = y - h->dy / part->sub_y;
    if (side != 1 || fx < 0 || fy < 0 || fx * part->sub_x >= f->width ||
        fy * part->sub_y >= f->height)
        return;
    if (*sample(f, part, x, y) != *sample(h->earlier, part, fx, fy))
        fail_msg("%s at %d,%d moved %d,%d: not what was shown", test_format_name(f->format),
                 (int)x, (int)y, (int)h->dx, (int)h->dy);
}

static int32_t whole(float move, int32_t step)
{
    return step * (int32_t)lrintf(move / (float)step);
}

static void hold_case(mien_format format, const int32_t size[2], const frame_layout *layout)
{
    test_frame shown = test_frame_make(format, size[0], size[1], layout);
    test_frame out = test_frame_make(format, size[0], size[1], layout);
    mi_face_area *area;
    assert_int_equal(mi_face_area_create(&area, &out.frame, NULL), MIEN_OK);
    mien_face face = made_face(5, 0.4f * (float)size[0], 0.4f * (float)size[1], 40, 50);
    mien_face other = made_face(6, 0.5f * (float)size[0], 0.5f * (float)size[1], 40, 50);
    mi_guarded g[2] = {guarded(&other, 1, 0), guarded(&face, 1, 0)};
    for (int i = 0; i < 2; i++) { /* the last one counts */
        test_frame_noise(&shown.frame, 20 + (uint64_t)i);
        mi_face_area_keep(area, &shown.frame, g, 2);
    }
    int32_t sub_x = mi_format_is_yuv(format) ? 2 : 1;
    int32_t sub_y = mi_format_is_yuv(format) && format != MIEN_FORMAT_YUY2 ? 2 : 1;
    face.lost = true;
    for (int i = 1; i <= 4; i++) { /* again and again, moving on, the other one is kept anew */
        made_face_move(&face, 3.4f, -1.7f);
        g[1].move_x = 2.2f * (float)i;
        g[1].move_y = -(float)i;
        g[1].cover = 1;
        g[1].margin = 1.1f + 0.1f * (float)i;
        held h = {&shown.frame, whole(5.6f * (float)i, sub_x), whole(-2.7f * (float)i, sub_y)};
        mi_outline o;
        mi_outline_make(&o, &face, g[1].margin, g[1].move_x, g[1].move_y, size[0], size[1]);
        test_frame_noise(&out.frame, 30 + (uint64_t)i);
        mi_face_area_cover(area, &out.frame, g, 2, MI_LOST_HOLD);
        assert_true(for_samples(&out.frame, &o, MI_EDGE_OUTSIDE, judge_held, &h) > 100);
        mi_face_area_keep(area, &out.frame, g, 2);
        assert_true(test_frame_intact(&out));
    }
    /* Given up: what was kept of it is gone, so the same id is blurred. */
    mi_face_area_keep(area, &out.frame, g, 1);
    mi_outline o;
    mi_outline_make(&o, &face, 1.1f, g[1].move_x, g[1].move_y, size[0], size[1]);
    test_frame_noise(&out.frame, 40);
    double was = variance(&out.frame, &o);
    mi_face_area_cover(area, &out.frame, g, 2, MI_LOST_HOLD);
    assert_true(variance(&out.frame, &o) < 0.2 * was);
    mi_face_area_destroy(&area);
    test_frame_free(&shown);
    test_frame_free(&out);
}

static void test_hold(void **state)
{
    (void)state;
    for (int f = 0; f < TEST_FORMATS; f++)
        for (int i = 0; i < SIZES; i++)
            for (int l = 0; l < LAYOUTS; l++)
                hold_case(test_formats[f], sizes[i], &layouts[l]);
}

/* More faces than the room for what is kept: some blur, none breaks. */
static void test_hold_no_room(void **state)
{
    (void)state;
    test_frame f = test_frame_make(MIEN_FORMAT_RGBA, 64, 64, &layouts[0]);
    mi_face_area *area;
    mien_face face[MIEN_FACES_MAX];
    mi_guarded g[MIEN_FACES_MAX];
    assert_int_equal(mi_face_area_create(&area, &f.frame, NULL), MIEN_OK);
    test_frame_noise(&f.frame, 1);
    for (uint32_t i = 0; i < MIEN_FACES_MAX; i++) {
        face[i] = made_face(i + 1, 32, 32, 80, 80);
        g[i] = guarded(&face[i], 1, 0);
    }
    mi_face_area_keep(area, &f.frame, g, MIEN_FACES_MAX);
    for (int i = 0; i < MIEN_FACES_MAX; i++) {
        face[i].lost = true;
        g[i].cover = 1;
        mi_outline o;
        mi_outline_make(&o, &face[i], 1.1f, 0, 0, 64, 64);
        test_frame out = test_frame_make(MIEN_FORMAT_RGBA, 64, 64, &layouts[0]);
        test_frame_noise(&out.frame, 2);
        mi_face_area_cover(area, &out.frame, &g[i], 1, MI_LOST_HOLD);
        double is = variance(&out.frame, &o);
        assert_true(i < 2 ? is > 3000 : is < 1000); /* room for two whole frames */
        test_frame_free(&out);
    }
    mi_face_area_destroy(&area);
    test_frame_free(&f);
}

/* Points anywhere: nothing but picture bytes is touched (and a sanitizer sees the rest). */
static void test_wild_faces(void **state)
{
    (void)state;
    dice d = dice_of(11);
    for (int round = 0; round < 300; round++) {
        mien_format format = test_formats[dice_int(&d, 0, TEST_FORMATS - 1)];
        int32_t w = dice_int(&d, 16, 90), h = dice_int(&d, 16, 90);
        const frame_layout *layout = &layouts[dice_int(&d, 0, LAYOUTS - 1)];
        test_frame in = test_frame_make(format, w, h, layout);
        test_frame out = test_frame_make(format, w, h, layout);
        test_frame_noise(&in.frame, (uint64_t)round);
        mi_face_area *area;
        assert_int_equal(mi_face_area_create(&area, &in.frame, NULL), MIEN_OK);
        mien_face face[3];
        mi_guarded g[3];
        for (uint32_t i = 0; i < 3; i++) {
            float reach = powf(10, dice_float(&d, -2, 9)), size = powf(10, dice_float(&d, -2, 5));
            face[i] = made_face(i + 1, dice_float(&d, -reach, reach), dice_float(&d, -reach, reach),
                                size, size * dice_float(&d, 0, 2));
            if (dice_int(&d, 0, 3) == 0)
                for (int k = 0; k < MIEN_FACE_POINTS; k++)
                    face[i].point[k][dice_int(&d, 0, 1)] += dice_float(&d, -reach, reach);
            g[i] = (mi_guarded){.face = &face[i],
                                .amount = dice_float(&d, 0, 1),
                                .cover = dice_flip(&d) ? dice_float(&d, 0, 1) : 0,
                                .margin = dice_float(&d, 1, 1.6f),
                                .in_front = dice_flip(&d),
                                .move_x = dice_float(&d, -reach, reach),
                                .move_y = dice_float(&d, -50, 50)};
        }
        for (int i = 0; i < 3; i++) {
            mi_face_area_restrict(area, &in.frame, &out.frame, g, 3,
                                  (mi_area_shares){dice_float(&d, 0, 1), dice_float(&d, 0, 1)});
            mi_face_area_cover(area, &out.frame, g, 3, (mi_on_lost)dice_int(&d, 0, 3));
            mi_face_area_keep(area, &out.frame, g, 3);
            for (int k = 0; k < 3; k++)
                g[k].cover = dice_flip(&d) ? dice_float(&d, 0, 1) : 0;
        }
        assert_true(test_frame_intact(&out));
        mi_face_area_destroy(&area);
        test_frame_free(&in);
        test_frame_free(&out);
    }
}

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

/* What a face of 300x400 pixels costs; the bound is loose, sanitizers and slow machines pass. */
static void test_cost(void **state)
{
    (void)state;
    static const char *const names[] = {"face", "background", "hold", "blur", "black", "keep"};
    static const mien_format formats[] = {MIEN_FORMAT_I420, MIEN_FORMAT_RGBA};
    enum { ROUNDS = 5 };
    for (int f = 0; f < 2; f++) {
        test_frame in = test_frame_make(formats[f], 1280, 720, &layouts[0]);
        test_frame out = test_frame_make(formats[f], 1280, 720, &layouts[0]);
        test_frame_noise(&in.frame, 1);
        mi_face_area *area;
        assert_int_equal(mi_face_area_create(&area, &in.frame, NULL), MIEN_OK);
        mien_face face = made_face(1, 640, 360, 300, 400);
        mi_guarded g = guarded(&face, 1, 0);
        double best[6];
        for (int k = 0; k < 6; k++)
            for (int round = 0; round < ROUNDS; round++) {
                g.cover = 0;
                mi_face_area_keep(area, &out.frame, &g, 1); /* something to hold */
                g.cover = k >= 2 && k < 5 ? 1 : 0;
                double start = cpu_ms();
                if (k < 2)
                    mi_face_area_restrict(area, &in.frame, &out.frame, &g, 1,
                                          mi_area_shares_of(k == 0 ? MI_AREA_FACE
                                                                   : MI_AREA_BACKGROUND));
                else if (k < 5)
                    mi_face_area_cover(area, &out.frame, &g, 1, (mi_on_lost)(k - 1));
                else
                    mi_face_area_keep(area, &out.frame, &g, 1);
                double ms = cpu_ms() - start;
                best[k] = round == 0 || ms < best[k] ? ms : best[k];
            }
        printf("%s, a face of 300x400 in 1280x720, CPU ms:", test_format_name(formats[f]));
        for (int k = 0; k < 6; k++) {
            printf(" %s %.2f", names[k], best[k]);
            assert_true(best[k] < 40);
        }
        printf("\n");
        mi_face_area_destroy(&area);
        test_frame_free(&in);
        test_frame_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restrict),     cmocka_unit_test(test_shares),
        cmocka_unit_test(test_cover),        cmocka_unit_test(test_cover_behind),
        cmocka_unit_test(test_outline),      cmocka_unit_test(test_mask_bytes),
        cmocka_unit_test(test_black_levels), cmocka_unit_test(test_blur_hides),
        cmocka_unit_test(test_hold),         cmocka_unit_test(test_hold_no_room),
        cmocka_unit_test(test_wild_faces),   cmocka_unit_test(test_cost)};
    return cmocka_run_group_tests_name("face area", tests, NULL, NULL);
}
