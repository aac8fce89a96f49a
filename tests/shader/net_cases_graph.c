/* Whole graphs: memory that is reused, random ones, the project's own models; what is refused. */
#include "net_cases.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/gemm.h"
#include "test_files.h"

/* A node whose operands are both smaller than the result: refused with its name, not computed
 * wrongly. */
void cases_refused(void **state)
{
    net_session *s = *state;
    dice d = dice_of(s->seed);
    graph_maker m;
    maker_init(&m, &d, 3, 4, 5);
    static const int32_t zero[3] = {0, 0, 0}, one[3] = {1, 1, 1};
    int32_t a = maker_add_slice(&m, 0, zero, one, (const int32_t[]){3, 1, 5});
    int32_t b = maker_add_slice(&m, 0, zero, one, (const int32_t[]){3, 4, 1});
    mi_graph *g = maker_finish(&m, maker_add_binary(&m, MI_OP_ADD, a, b));
    free(g->node[2].name);
    g->node[2].name = strdup("culprit");
    mi_log log;
    mi_log_init(&log, NULL);
    mi_plan plan;
    assert_int_equal(mi_plan_create(&plan, g, false, &log), MIEN_ERR_UNSUPPORTED);
    assert_non_null(strstr(log.error, "culprit"));
    assert_null(plan.step); /* on failure it is empty */
    mi_net net;
    assert_int_equal(mi_net_create(&net, s->rig.device, g, false, &log), MIEN_ERR_UNSUPPORTED);
    mi_net_destroy(&net);
    mi_log_finish(&log);
    mi_graph_destroy(&g);
}

/* Long chains with branches that stay alive: places of the arena are used again and again. */
void cases_chain(void **state)
{
    net_session *s = *state;
    dice d = dice_of(s->seed * 107 + 1);
    for (int32_t round = 0; round < 2 * s->times; round++) {
        graph_maker m;
        maker_init(&m, &d, 3, 12, 17);
        int32_t x = maker_add_conv(&m, 0, &(maker_conv){.co = 6, .kh = 3, .kw = 3, .pad_t = 1,
                                                        .pad_l = 1, .pad_b = 1, .pad_r = 1});
        int32_t old = x, older = x;
        for (int32_t k = 0; k < 6; k++) {
            int32_t c = dice_int(&d, 3, 9);
            int32_t y = maker_add_conv(&m, x, &(maker_conv){.co = c, .bias = true});
            y = maker_add_norm(&m, y);
            y = maker_add_act(&m, y, MI_ACT_RELU, 0, 0);
            y = maker_add_conv(&m, y, &(maker_conv){.co = 6, .kh = 3, .kw = 3, .pad_t = 1,
                                                    .pad_l = 1, .pad_b = 1, .pad_r = 1});
            y = maker_add_binary(&m, MI_OP_ADD, k % 2 ? old : older, y);
            older = old;
            old = x;
            x = y;
        }
        int32_t parts[3] = {x, old, older};
        session_check(s, &m, maker_add_concat(&m, parts, 3), &d, "chain");
    }
    graph_maker m; /* the input is read to the end, and the result is an early value's sum */
    maker_init(&m, &d, 3, 9, 9);
    int32_t x = maker_add_act(&m, 0, MI_ACT_TANH, 0, 0), first = x;
    for (int32_t k = 0; k < 4; k++)
        x = maker_add_binary(&m, k % 2 ? MI_OP_SUB : MI_OP_MUL, x, 0);
    session_check(s, &m, maker_add_binary(&m, MI_OP_ADD, x, first), &d, "input read late");
}

typedef struct pool {
    int32_t tensor[64];
    int32_t count;
} pool;

/* The newer, the likelier, so that graphs are deep. */
static int32_t pick(const pool *p, dice *d)
{
    int32_t back = dice_int(d, 0, 3);
    return p->tensor[back < p->count ? p->count - 1 - back : 0];
}

static int32_t square_conv(graph_maker *m, int32_t x, int32_t co, int32_t k, int32_t stride)
{
    return maker_add_conv(m, x, &(maker_conv){.co = co, .kh = k, .kw = k, .sh = stride,
                                              .sw = stride, .pad_t = k / 2, .pad_l = k / 2,
                                              .pad_b = k / 2, .pad_r = k / 2, .bias = true});
}

static int32_t random_step(graph_maker *m, const pool *p, dice *d)
{
    int32_t x = pick(p, d);
    mi_tensor t = maker_shape(m, x);
    bool small = t.h * t.w < 400, large = t.h > 6 && t.w > 6;
    switch (dice_int(d, 0, 11)) {
    case 0:
    case 1:
        return square_conv(m, x, dice_int(d, 1, 12), 3, large ? dice_int(d, 1, 2) : 1);
    case 2:
        return square_conv(m, x, dice_int(d, 1, 12), 1, 1);
    case 3:
        return maker_add_act(m, x, dice_flip(d) ? MI_ACT_RELU : MI_ACT_TANH, 0, 0);
    case 4:
        return maker_add_norm(m, x);
    case 5:
        return maker_add_affine(m, x);
    case 6:
    case 7: { /* with a tensor of the same size, or one that is made to fit */
        int32_t other = pick(p, d);
        mi_tensor o = maker_shape(m, other);
        if (o.h != t.h || o.w != t.w || o.c != t.c) {
            other = square_conv(m, other, t.c, 1, 1);
            if (o.h != t.h || o.w != t.w)
                other = maker_add_resize(m, other, MI_RESIZE_LINEAR_HALF_PIXEL, t.h, t.w);
        }
        return maker_add_binary(m, dice_flip(d) ? MI_OP_ADD : MI_OP_MUL, x, other);
    }
    case 8: {
        int32_t parts[2] = {x, square_conv(m, x, dice_int(d, 1, 6), 1, 1)};
        return t.c < 24 ? maker_add_concat(m, parts, 2) : parts[1];
    }
    case 9:
        if (!small)
            return maker_add_pool(m, x, MI_OP_AVERAGE_POOL, &(maker_conv){.kh = 2, .kw = 2,
                                                                          .sh = 2, .sw = 2});
        x = maker_add_resize(m, x, MI_RESIZE_NEAREST_FLOOR, t.h * 2, t.w * 2);
        return dice_flip(d) ? square_conv(m, x, dice_int(d, 1, 12), 3, 1) : x;
    case 10:
        if (!small || t.c > 12)
            return square_conv(m, x, 4, 1, 1);
        x = square_conv(m, x, 12, 3, 1);
        return maker_add_depth_to_space(m, x, 2, dice_flip(d));
    default: {
        mi_pad_mode mode = large ? (mi_pad_mode)dice_int(d, 0, 2) : MI_PAD_EDGE;
        x = maker_add_pad(m, x, mode, 0, 1, 1, 1, 1, 0, 0);
        return maker_add_conv(m, x, &(maker_conv){.co = dice_int(d, 1, 12), .kh = 3, .kw = 3});
    }
    }
}

void cases_random_graph(void **state)
{
    net_session *s = *state;
    dice d = dice_of(s->seed * 107 + 2);
    for (int32_t round = 0; round < 8 * s->times; round++) {
        graph_maker m;
        pool p = {.count = 1};
        maker_init(&m, &d, 3, dice_int(&d, 7, 16), dice_int(&d, 7, 24));
        int32_t wanted = dice_int(&d, 10, 20);
        while (m.graph->nodes < wanted)
            p.tensor[p.count++] = random_step(&m, &p, &d);
        char text[60];
        snprintf(text, sizeof text, "random graph %d", (int)round);
        session_check(s, &m, p.tensor[p.count - 1], &d, text);
    }
}

static bool is_model(const char *name, const char *begin)
{
    size_t n = strlen(name);
    return n >= 6 && strncmp(name, begin, strlen(begin)) == 0 && !strcmp(name + n - 5, ".onnx");
}

/* A network of a fixed size and with several outputs. */
typedef struct face_row {
    const char *file;
    int32_t size;
    const char *output[4];
    float low, high; /* of the input */
} face_row;

static const face_row face_table[] = {
    {"face-detect-short.onnx", 128, {"scores0", "boxes0", "scores1", "boxes1"}, -1, 1},
    {"face-detect-full.onnx", 192, {"scores0", "boxes0"}, -1, 1},
    {"face-mesh.onnx", 192, {"mesh", "flag", "features"}, 0, 1},
    {"face-lips.onnx", 16, {"points"}, -1, 1},
    {"face-eye-left.onnx", 16, {"points", "iris"}, -1, 1},
    {"face-eye-right.onnx", 16, {"points", "iris"}, -1, 1},
    {"face-visible.onnx", 96, {"visible"}, 0, 1},
    {"face-age.onnx", 256, {"change"}, 0, 1},
    {"face-age-high.onnx", 256, {"change"}, 0, 1},
};

/* NULL if there is no such file. `row` NULL: the first output, on a picture of any size. */
static mi_graph *graph_of(net_session *s, const char *name, const face_row *row)
{
    char path[1200];
    size_t size = 0;
    mi_graph *g;
    snprintf(path, sizeof path, "%s/%s", s->models, name);
    uint8_t *bytes = test_file_read(path, &size);
    if (!bytes)
        return NULL;
    int32_t count = 0;
    while (row && count < 4 && row->output[count])
        count++;
    if (row)
        assert_int_equal(mi_graph_of_outputs(&g, bytes, size, name, row->size, row->size,
                                             row->output, count, &s->rig.log), MIEN_OK);
    else
        assert_int_equal(mi_graph_from_onnx(&g, bytes, size, name, 72, 100, &s->rig.log), MIEN_OK);
    free(bytes);
    return g;
}

/* Frees the graph. */
static bool check_model(net_session *s, mi_graph *g, const trial_options *options, dice *d)
{
    bool ok = true;
    for (int32_t family = MI_FAMILY_PLAIN; family <= MI_FAMILY_SIMT; family++) {
        trial_options o = *options;
        o.lanes8 = family == MI_FAMILY_LANES8;
        o.gpu = family == MI_FAMILY_SIMT;
        o.own_net = true;
        ok = net_trial_run(&s->trial, g, d, &o) && ok;
    }
    trial_options halves = *options; /* in every convolution, which no device would do */
    halves.choice = mi_gemm_stored(1, MI_STORAGE_PACKED);
    ok = net_trial_run(&s->trial, g, d, &halves) && ok;
    mi_graph_destroy(&g);
    return ok;
}

void cases_models(void **state)
{
    net_session *s = *state;
    dice d = dice_of(s->seed * 107 + 3);
    DIR *dir = s->models ? opendir(s->models) : NULL;
    int32_t seen = 0, failed = 0;
    if (!dir)
        skip();
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (!is_model(e->d_name, "style-"))
            continue;
        mi_graph *g = graph_of(s, e->d_name, NULL);
        assert_non_null(g);
        failed += !check_model(s, g, &(trial_options){.what = e->d_name, .high = 1}, &d);
        seen++;
    }
    closedir(dir);
    assert_true(seen > 0);
    assert_int_equal(failed, 0);
}

/* Those that were fetched, with all their outputs. */
void cases_face_models(void **state)
{
    net_session *s = *state;
    dice d = dice_of(s->seed * 107 + 4);
    int32_t seen = 0, failed = 0;
    for (size_t k = 0; s->models && k < sizeof face_table / sizeof face_table[0]; k++) {
        const face_row *row = &face_table[k];
        mi_graph *g = graph_of(s, row->file, row);
        if (!g)
            continue;
        failed += !check_model(s, g, &(trial_options){.what = row->file, .low = row->low,
                                                      .high = row->high}, &d);
        seen++;
    }
    if (!seen) {
        print_message("no face networks; run models/fetch_faces.sh\n");
        skip();
    }
    assert_int_equal(failed, 0);
}
