/* The planner without a device: places in memory, and what it makes of known graphs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph_maker.h"
#include "model_file.h"
#include "net/planner.h"
#include "net/small_layer.h"
#include "plan_memory.h"

/* No two living pieces share memory, and a piece lives from its first use to its last, which
 * plan_life() works out from the steps alone. */
static void check_memory(const mi_plan *plan)
{
    int32_t *first = calloc((size_t)plan->pieces, sizeof *first);
    int32_t *last = calloc((size_t)plan->pieces, sizeof *last);
    assert_true(first && last);
    for (int32_t b = 0; b < plan->pieces; b++) {
        plan_life(plan, b, &first[b], &last[b]);
        if (b != plan->input && last[b] >= 0) {
            const mi_step *maker = &plan->step[first[b]];
            assert_true(maker->out == b || maker->stats == b); /* written before it is read */
            assert_true(plan->piece[b].at >= 0);
            assert_true(plan->piece[b].at + plan->piece[b].vec4s <= plan->vec4s);
        }
    }
    for (int32_t a = 0; a < plan->pieces; a++)
        for (int32_t b = 0; b < a; b++) {
            const mi_piece *p = &plan->piece[a], *q = &plan->piece[b];
            bool together = first[a] <= last[b] && first[b] <= last[a];
            bool shared = p->at < q->at + q->vec4s && q->at < p->at + p->vec4s;
            if (a != plan->input && b != plan->input && together && shared)
                fail_msg("pieces %d and %d live and lie together", (int)a, (int)b);
        }
    for (int32_t i = 0; i < plan->steps; i++) {
        const mi_step *s = &plan->step[i];
        assert_true(s->in0 != s->out && s->out >= 0 && s->out != plan->input);
        assert_non_null(s->node);
        assert_true(s->groups[0] > 0 && s->groups[1] > 0 && s->groups[2] > 0);
        assert_non_null(mi_kernel_shader(&s->variant));
    }
    free(first);
    free(last);
}

static mi_plan plan_as(graph_maker *m, int32_t output, bool lanes8, mi_winograd winograd)
{
    mi_plan plan;
    mi_log log;
    mi_log_init(&log, NULL);
    mi_graph *g = maker_finish(m, output);
    mi_plan_rules rules = {.family = lanes8 ? MI_FAMILY_LANES8 : MI_FAMILY_PLAIN, .force = -1,
                           .winograd = winograd};
    int status = mi_plan_create_by(&plan, g, &rules, &log);
    if (status != MIEN_OK)
        fail_msg("%s", log.error);
    mi_log_finish(&log);
    mi_graph_destroy(&g); /* the plan does without it */
    check_memory(&plan);
    return plan;
}

static mi_plan plan_of(graph_maker *m, int32_t output, bool lanes8)
{
    return plan_as(m, output, lanes8, MI_WINOGRAD_WHERE_IT_PAYS);
}

static int32_t conv3(graph_maker *m, int32_t x, int32_t co)
{
    return maker_add_conv(m, x, &(maker_conv){.co = co, .kh = 3, .kw = 3, .pad_t = 1, .pad_l = 1,
                                              .pad_b = 1, .pad_r = 1, .bias = true});
}

/* Graphs of any shape: chains with branches, norms, concats. */
static void test_memory(void **state)
{
    (void)state;
    dice d = dice_of(11);
    for (int32_t round = 0; round < 200; round++) {
        graph_maker m;
        maker_init(&m, &d, 3, 8, 8);
        int32_t t[40] = {0}, count = 1;
        while (count < 24) {
            int32_t x = t[dice_int(&d, count > 6 ? count - 6 : 0, count - 1)], y;
            int32_t other = t[dice_int(&d, 0, count - 1)];
            mi_tensor s = maker_shape(&m, x), o = maker_shape(&m, other);
            switch (dice_int(&d, 0, 6)) {
            case 0:
                y = maker_add_norm(&m, x);
                break;
            case 1:
                y = maker_add_act(&m, x, MI_ACT_TANH, 0, 0);
                break;
            case 2:
                y = s.c == o.c ? maker_add_binary(&m, MI_OP_ADD, x, other)
                               : conv3(&m, x, o.c);
                break;
            case 3:
                y = s.c + o.c < 30 ? maker_add_concat(&m, (const int32_t[]){x, other}, 2)
                                   : conv3(&m, x, 3);
                break;
            case 4:
                y = maker_add_pad(&m, x, MI_PAD_EDGE, 0, 1, 1, 1, 1, 0, 0);
                y = maker_add_conv(&m, y, &(maker_conv){.co = 4, .kh = 3, .kw = 3});
                break;
            default:
                y = conv3(&m, x, dice_int(&d, 1, 9));
            }
            t[count++] = y;
        }
        mi_plan plan = plan_as(&m, t[count - 1], round % 2,
                               round % 3 ? MI_WINOGRAD_WHERE_IT_PAYS : MI_WINOGRAD_WHERE_IT_CAN);
        mi_plan_destroy(&plan);
    }
}

static int64_t least_of_pieces(const mi_plan *plan)
{
    int64_t most = 0;
    for (int32_t t = 0; t < plan->steps; t++) {
        int64_t living = 0;
        for (int32_t b = 0; b < plan->pieces; b++)
            if (b != plan->input && plan->piece[b].first <= t && t <= plan->piece[b].last)
                living += plan->piece[b].vec4s;
        most = living > most ? living : most;
    }
    return most;
}

static void check_places(const mi_plan *plan)
{
    for (int32_t a = 0; a < plan->pieces; a++) {
        const mi_piece *p = &plan->piece[a];
        if (a == plan->input)
            continue;
        assert_true(p->at >= 0 && p->at + p->vec4s <= plan->vec4s);
        for (int32_t b = 0; b < a; b++) {
            const mi_piece *q = &plan->piece[b];
            if (b != plan->input && p->first <= q->last && q->first <= p->last)
                assert_true(p->at + p->vec4s <= q->at || q->at + q->vec4s <= p->at);
        }
    }
}

/* Pieces of any size and life: never two at one place, and seldom much more memory than what
 * lives at once. */
static void test_places(void **state)
{
    (void)state;
    enum { ROUNDS = 300, MOST = 60 };
    mi_piece piece[MOST];
    double sum = 0;
    dice d = dice_of(15);
    for (int32_t round = 0; round < ROUNDS; round++) {
        mi_plan plan = {.piece = piece, .pieces = dice_int(&d, 1, MOST), .steps = 2 * MOST};
        plan.input = dice_int(&d, -1, plan.pieces - 1);
        for (int32_t i = 0; i < plan.pieces; i++) {
            bool skip = dice_int(&d, 0, 4) == 0; /* lives over many steps */
            piece[i] = (mi_piece){.vec4s = round % 2 ? 1 << dice_int(&d, 0, 8)
                                                     : dice_int(&d, 1, 300),
                                  .first = i, .last = i + dice_int(&d, 0, skip ? MOST - 1 : 3)};
        }
        assert_int_equal(mi_place_pieces(&plan), MIEN_OK);
        check_places(&plan);
        int64_t least = least_of_pieces(&plan);
        assert_true(plan.vec4s >= least);
        double ratio = least > 0 ? (double)plan.vec4s / (double)least : 1;
        sum += ratio;
        if (ratio > 1.5)
            fail_msg("round %d: %.3f times the least", (int)round, ratio);
    }
    if (sum / ROUNDS > 1.06)
        fail_msg("%.3f times the least on average", sum / ROUNDS);
}

static void test_too_much(void **state)
{
    (void)state;
    mi_piece piece[5];
    for (int32_t i = 0; i < 5; i++)
        piece[i] = (mi_piece){.vec4s = INT32_MAX / 2, .first = 0, .last = i};
    mi_plan plan = {.piece = piece, .pieces = 2, .steps = 5, .input = -1};
    assert_int_equal(mi_place_pieces(&plan), MIEN_OK);
    plan.pieces = 5;
    assert_int_equal(mi_place_pieces(&plan), MIEN_ERR_UNSUPPORTED);
}

/* The networks that ship need at most 1.2 times what no placement can do without. */
static void test_shipped(void **state)
{
    static const struct {
        const char *name;
        int32_t width, height;
        const char *output[4];
    } row[] = {{"style-cartoon", 640, 360, {NULL}},
               {"style-great-wave", 428, 240, {NULL}},
               {"style-starry-night", 428, 240, {NULL}},
               {"style-woodcut", 428, 240, {NULL}},
               {"style-woodcut", 1280, 720, {NULL}},
               {"face-visible", 96, 96, {NULL}},
               {"face-detect-short", 128, 128, {"scores0", "boxes0", "scores1", "boxes1"}},
               {"face-detect-full", 192, 192, {"scores0", "boxes0"}},
               {"face-mesh", 192, 192, {"mesh", "flag", "features"}},
               {"face-lips", 16, 16, {"points"}},
               {"face-eye-left", 16, 16, {"points", "iris"}},
               {"face-eye-right", 16, 16, {"points", "iris"}}};
    (void)state;
    int measured = 0;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        mi_model_file file = {.bytes = NULL};
        mi_graph *g = NULL;
        mi_plan plan;
        int32_t outputs = 0;
        snprintf(file.path, sizeof file.path, "%s/%s.onnx", mi_models_folder(""), row[i].name);
        if (!mi_is_file(file.path)) {
            print_message("%s is not there: models/fetch_faces.sh gets it\n", file.path);
            continue;
        }
        while (outputs < 4 && row[i].output[outputs])
            outputs++;
        assert_int_equal(mi_model_read(&file, "network", NULL), MIEN_OK);
        assert_int_equal(mi_graph_of_outputs(&g, file.bytes, file.size, file.path, row[i].height,
                                             row[i].width, outputs ? row[i].output : NULL,
                                             outputs, NULL), MIEN_OK);
        assert_int_equal(mi_plan_create(&plan, g, true, NULL), MIEN_OK);
        check_memory(&plan);
        int64_t weights = (int64_t)plan.blob.vec4s, least = weights + plan_least_vec4s(&plan);
        double ratio = (double)(weights + plan.vec4s) / (double)least;
        print_message("%-20s %4dx%-4d %8.2f MB, %.3f times the least\n", row[i].name,
                      (int)row[i].width, (int)row[i].height,
                      (double)(weights + plan.vec4s) * 16e-6, ratio);
        assert_true(ratio >= 1 && ratio <= 1.2);
        measured++;
        mi_plan_destroy(&plan);
        mi_graph_destroy(&g);
        mi_model_close(&file);
    }
    assert_true(measured >= 6); /* those that are in the repository */
}

/* A chain of one width needs little more than two pieces, however long it is. */
static void test_reuse(void **state)
{
    (void)state;
    dice d = dice_of(12);
    graph_maker m;
    maker_init(&m, &d, 4, 16, 16);
    int32_t x = 0;
    for (int32_t k = 0; k < 30; k++)
        x = conv3(&m, x, 4);
    mi_plan plan = plan_of(&m, x, false);
    assert_int_equal(plan.steps, 30);
    assert_int_equal(plan.vec4s, 2 * 16 * 16);
    assert_true(plan.mac > 30 * 16 * 16 * 4 * 4 * 9 * 0.99);
    mi_plan_destroy(&plan);
}

/* What is meant to be one step is one. */
static void test_fusion(void **state)
{
    (void)state;
    dice d = dice_of(13);
    graph_maker m;
    maker_init(&m, &d, 3, 16, 16);
    int32_t x = maker_add_resize(&m, 0, MI_RESIZE_NEAREST_FLOOR, 32, 32);
    x = maker_add_pad(&m, x, MI_PAD_EDGE, 0, 1, 1, 1, 1, 0, 0);
    x = maker_add_conv(&m, x, &(maker_conv){.co = 8, .kh = 3, .kw = 3});
    x = maker_add_act(&m, maker_add_affine(&m, x), MI_ACT_RELU, 0, 0);
    mi_plan plan = plan_of(&m, x, true);
    assert_int_equal(plan.steps, 1);
    assert_true(plan.step[0].variant.up && plan.step[0].variant.lanes8);
    assert_int_equal(plan.step[0].spec[0], MI_ACT_RELU);
    mi_plan_destroy(&plan);

    maker_init(&m, &d, 3, 16, 16);
    x = maker_add_depth_to_space(&m, conv3(&m, 0, 12), 2, true);
    x = maker_add_act(&m, x, MI_ACT_SIGMOID, 0, 0);
    plan = plan_of(&m, x, false);
    assert_int_equal(plan.steps, 1);
    assert_true(plan.step[0].variant.d2s && !plan.step[0].variant.lanes8);
    mi_plan_destroy(&plan);

    maker_init(&m, &d, 4, 16, 16);
    x = maker_add_act(&m, conv3(&m, 0, 4), MI_ACT_RELU, 0, 0);
    x = maker_add_act(&m, maker_add_binary(&m, MI_OP_ADD, conv3(&m, x, 4), x), MI_ACT_RELU, 0, 0);
    plan = plan_of(&m, x, false);
    assert_int_equal(plan.steps, 2); /* a residual block */
    mi_plan_destroy(&plan);

    for (int32_t lanes8 = 0; lanes8 < 2; lanes8++) { /* one with norms */
        maker_init(&m, &d, 4, 16, 16);
        int32_t in = maker_add_act(&m, conv3(&m, 0, 4), MI_ACT_RELU, 0, 0);
        x = maker_add_act(&m, maker_add_norm(&m, conv3(&m, in, 4)), MI_ACT_RELU, 0, 0);
        x = maker_add_binary(&m, MI_OP_ADD, in, maker_add_norm(&m, conv3(&m, x, 4)));
        plan = plan_of(&m, x, lanes8);
        /* convolutions; scales and what applies them; sums where no convolution leaves them */
        assert_int_equal(plan.steps, 3 + 2 * 2 + (lanes8 ? 0 : 2));
        mi_plan_destroy(&plan);
    }

    maker_init(&m, &d, 8, 16, 16);
    x = maker_add_conv(&m, 0, &(maker_conv){.co = 8, .kh = 3, .kw = 3, .groups = 8});
    x = maker_add_prelu(&m, maker_add_conv(&m, x, &(maker_conv){.co = 12}), false);
    plan = plan_of(&m, x, true);
    assert_int_equal(plan.steps, 1); /* depthwise and 1x1 */
    mi_plan_destroy(&plan);
}

/* The steps of a 3x3 convolution and its multiply-adds. */
static mi_plan plan_conv3(int32_t ci, int32_t co, int32_t size, bool lanes8, mi_winograd winograd)
{
    dice d = dice_of(16);
    graph_maker m;
    maker_init(&m, &d, ci, size, size);
    mi_plan plan = plan_as(&m, conv3(&m, 0, co), lanes8, winograd);
    assert_true(fabs(plan.mac / ((double)size * size * ci * co * 9) - 1) < 1e-9);
    return plan;
}

static mi_kernel first_kernel(int32_t ci, int32_t co, int32_t size, bool lanes8,
                              mi_winograd winograd)
{
    mi_plan plan = plan_conv3(ci, co, size, lanes8, winograd);
    mi_kernel kernel = plan.step[0].variant.kernel;
    mi_plan_destroy(&plan);
    return kernel;
}

/* Winograd's kernels are there where they pay, on a device where that was measured. */
static void test_winograd(void **state)
{
    (void)state;
    const mi_winograd pays = MI_WINOGRAD_WHERE_IT_PAYS;
    assert_int_equal(first_kernel(128, 128, 64, true, pays), MI_KERNEL_WINO_IN);
    assert_int_equal(first_kernel(128, 128, 64, false, pays), MI_KERNEL_CONV_TILE);
    assert_int_equal(first_kernel(128, 128, 64, true, MI_WINOGRAD_NEVER), MI_KERNEL_CONV_TILE);
    assert_int_equal(first_kernel(4, 128, 64, true, pays), MI_KERNEL_CONV_TILE);
    assert_int_equal(first_kernel(128, 4, 64, true, pays), MI_KERNEL_CONV_TILE);
    assert_int_equal(first_kernel(128, 128, 4, true, pays), MI_KERNEL_CONV_TILE);
    assert_int_equal(first_kernel(4, 4, 4, false, MI_WINOGRAD_WHERE_IT_CAN), MI_KERNEL_WINO_IN);
}

/* The last layer of a U-Net: joint, ReLU, convolution and depth to space are two steps. */
static void test_winograd_head(void **state)
{
    (void)state;
    enum { CI = 16, H = 64, W = 72 };
    dice d = dice_of(17);
    graph_maker m;
    maker_init(&m, &d, CI, H, W);
    maker_conv half = {.co = CI, .kh = 2, .kw = 2, .sh = 2, .sw = 2};
    int32_t x = maker_add_resize(&m, maker_add_conv(&m, 0, &half), MI_RESIZE_NEAREST_FLOOR, H, W);
    x = maker_add_act(&m, maker_add_binary(&m, MI_OP_ADD, 0, x), MI_ACT_RELU, 0, 0);
    x = maker_add_depth_to_space(&m, conv3(&m, x, 12), 2, true);
    mi_plan plan = plan_of(&m, x, true);
    assert_int_equal(plan.steps, 3);
    const mi_step *before = &plan.step[0], *in = before + 1, *out = before + 2;
    assert_int_equal(in->variant.kernel, MI_KERNEL_WINO_IN);
    assert_int_equal(out->variant.kernel, MI_KERNEL_WINO_OUT);
    assert_true(in->variant.sum && out->variant.d2s);
    assert_int_equal(in->in2, before->out);
    assert_int_equal(out->in2, MI_BUFFER_NONE);
    assert_true(fabs(out->mac / (H * W * CI * 12 * 9.0) - 1) < 1e-9);
    mi_plan_destroy(&plan);
}

/* Two blocks of a small picture, the second with a pooled residual: 6 layers. */
static mi_plan plan_blocks(int32_t channels, int32_t size, bool lanes8, mi_small small)
{
    dice d = dice_of(18);
    graph_maker m;
    mi_plan plan;
    mi_log log;
    maker_conv depth = {.co = channels, .kh = 3, .kw = 3, .pad_b = 1, .pad_r = 1,
                        .groups = channels, .pad_t = 1, .pad_l = 1};
    maker_conv point = {.co = channels, .bias = true};
    maker_init(&m, &d, channels, size, size);
    int32_t x = maker_add_conv(&m, maker_add_conv(&m, 0, &depth), &point);
    x = maker_add_prelu(&m, maker_add_binary(&m, MI_OP_ADD, x, 0), false);
    depth.sh = depth.sw = 2;
    int32_t side = maker_add_pool(&m, x, MI_OP_MAX_POOL, &(maker_conv){.kh = 2, .kw = 2, .sh = 2,
                                                                       .sw = 2});
    int32_t y = maker_add_conv(&m, maker_add_conv(&m, x, &depth), &point);
    y = maker_add_act(&m, maker_add_binary(&m, MI_OP_ADD, side, y), MI_ACT_RELU, 0, 0);
    mi_graph *g = maker_finish(&m, maker_add_conv(&m, y, &point));
    mi_log_init(&log, NULL);
    mi_plan_rules rules = {.family = lanes8 ? MI_FAMILY_LANES8 : MI_FAMILY_PLAIN, .force = -1,
                           .small = small};
    assert_int_equal(mi_plan_create_by(&plan, g, &rules, &log), MIEN_OK);
    mi_log_finish(&log);
    mi_graph_destroy(&g);
    check_memory(&plan);
    return plan;
}

static int32_t steps_of_blocks(int32_t channels, int32_t size, bool lanes8, mi_small small)
{
    mi_plan plan = plan_blocks(channels, size, lanes8, small);
    int32_t steps = plan.steps, together = mi_plan_together(&plan, 0);
    mi_plan_destroy(&plan);
    assert_true(together == 1 || together == steps);
    return together;
}

/* Dispatches of a network that turns a picture into a pixel and, last of all, uses what that comes
 * to, behind layers of pictures. */
static int32_t dispatches_of_pixels(bool lanes8)
{
    dice d = dice_of(19);
    graph_maker m;
    mi_plan plan;
    mi_log log;
    maker_init(&m, &d, 8, 32, 32);
    maker_conv point = {.co = 8, .bias = true}, five = {.co = 8, .kh = 5, .kw = 5};
    int32_t from[3] = {1, 0, 0}, one[3] = {1, 1, 1}, count[3] = {2, 1, 1};
    int32_t x = maker_add_pool(&m, 0, MI_OP_GLOBAL_MAX_POOL, &(maker_conv){0});
    x = maker_add_conv(&m, x, &point);
    int32_t y = maker_add_conv(&m, maker_add_conv(&m, 0, &five), &five);
    int32_t a = maker_add_slice(&m, x, from, one, count);
    int32_t b = maker_add_binary(&m, MI_OP_MUL, a, maker_constant(&m, 2, 1, 1, 1, 2));
    x = maker_add_conv(&m, maker_add_concat(&m, (const int32_t[]){a, b}, 2), &point);
    mi_graph *g = maker_finish(&m, maker_add_binary(&m, MI_OP_MUL, y, x));
    mi_log_init(&log, NULL);
    mi_plan_rules rules = {.family = lanes8 ? MI_FAMILY_LANES8 : MI_FAMILY_PLAIN, .force = -1};
    assert_int_equal(mi_plan_create_by(&plan, g, &rules, &log), MIEN_OK);
    check_memory(&plan);
    int32_t dispatches = 0;
    for (int32_t i = 0; i < plan.steps; i += mi_plan_together(&plan, i))
        dispatches++;
    mi_plan_destroy(&plan);
    mi_log_finish(&log);
    mi_graph_destroy(&g);
    return dispatches;
}

static void test_pixels(void **state)
{
    (void)state;
    assert_int_equal(dispatches_of_pixels(false), 10); /* every step */
    assert_int_equal(dispatches_of_pixels(true), 5);  /* pool, all pixels, two layers, product */
}

/* Layers of a small picture are one dispatch where that pays. */
static void test_small(void **state)
{
    (void)state;
    const mi_small pays = MI_SMALL_WHERE_IT_PAYS;
    assert_int_equal(steps_of_blocks(64, 8, true, pays), 6);
    assert_int_equal(steps_of_blocks(64, 8, true, MI_SMALL_NEVER), 1);
    assert_int_equal(steps_of_blocks(64, 8, false, pays), 1);
    assert_int_equal(steps_of_blocks(64, 64, true, pays), 1);
    assert_int_equal(steps_of_blocks(8, 32, true, pays), 1); /* most lanes would be idle */
    assert_int_equal(steps_of_blocks(8, 32, true, MI_SMALL_WHERE_IT_CAN), 6);

    mi_plan plan = plan_blocks(32, 4, true, pays);
    for (int32_t i = 0; i < plan.steps; i++) {
        const mi_step *s = &plan.step[i];
        int32_t record[SMALL_VEC4S * 4];
        assert_int_equal(s->record, plan.step[0].record + i * SMALL_VEC4S);
        memcpy(record, plan.blob.data + (size_t)s->record * 4, sizeof record);
        assert_int_equal(record[0], i == 5 || s->push.kh == 1 ? SMALL_DENSE
                                    : s->push.kh == 2         ? SMALL_WINDOW
                                                              : SMALL_DEPTH);
        assert_int_equal(record[1], i == 0 ? 0 : plan.piece[s->in0].at);
        assert_int_equal(record[3], plan.piece[s->out].at);
        assert_int_equal(record[21], i == 0   ? SMALL_IN0_IS_INPUT
                                     : i == 1 ? SMALL_IN1_IS_INPUT /* the residual */
                                              : 0);
        assert_int_equal(mi_plan_together(&plan, i), plan.steps - i);
    }
    mi_plan_destroy(&plan);
}

/* A large picture goes in bands of whole rows of tiles through one piece of a few megabytes. */
static void test_bands(void **state)
{
    (void)state;
    enum { SIZE = 1078 };
    mi_plan plan = plan_conv3(32, 32, SIZE, true, MI_WINOGRAD_WHERE_IT_PAYS);
    int32_t row = 0;
    assert_true(plan.steps > 4 && plan.steps % 2 == 0);
    for (int32_t i = 0; i < plan.steps; i += 2) {
        const mi_step *in = &plan.step[i], *out = in + 1;
        assert_int_equal(in->variant.kernel, MI_KERNEL_WINO_IN);
        assert_int_equal(out->variant.kernel, MI_KERNEL_WINO_OUT);
        assert_int_equal(in->push.ys, row);
        assert_int_equal(out->push.ys, row);
        assert_true(in->out == out->in0 && in->out == plan.step[0].out);
        assert_int_equal(out->push.qs, in->push.c1 * in->push.c2);
        row += in->push.c1;
    }
    assert_int_equal(row, (SIZE + 3) / 4);
    assert_true(plan.vec4s <= SIZE * SIZE * 8 + (4 << 20) / 16);
    mi_plan_destroy(&plan);
}

/* A graph whose result is its input has nothing to run. */
static void test_nothing(void **state)
{
    (void)state;
    dice d = dice_of(14);
    graph_maker m;
    mi_plan plan;
    mi_log log;
    mi_log_init(&log, NULL);
    maker_init(&m, &d, 3, 16, 16);
    mi_graph *g = maker_finish(&m, 0);
    assert_int_equal(mi_plan_create(&plan, g, false, &log), MIEN_ERR_MODEL);
    assert_true(log.error[0] != '\0');
    assert_null(plan.step);
    assert_null(plan.piece);
    mi_plan_destroy(&plan); /* may be empty */
    mi_log_finish(&log);
    mi_graph_destroy(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory), cmocka_unit_test(test_places),
        cmocka_unit_test(test_too_much), cmocka_unit_test(test_shipped),
        cmocka_unit_test(test_reuse),
        cmocka_unit_test(test_fusion), cmocka_unit_test(test_winograd),
        cmocka_unit_test(test_winograd_head), cmocka_unit_test(test_small),
        cmocka_unit_test(test_pixels),
        cmocka_unit_test(test_bands), cmocka_unit_test(test_nothing)};
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
