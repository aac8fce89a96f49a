#include "chain.h"

#include <stdlib.h>
#include <string.h>

#include "blend/blend.h"
#include "compose/compose.h"
#include "effect/style.h"
#include "net/net_check.h"
#include "stage.h"
#include "stage_times.h"

/* Two parities, since pictures and history alternate; with motion and, for smooth = 0, without. */
enum { PARITIES = 2, MODES = 2, MODE_MOTION = 0, MODE_PLAIN = 1 };
/* Frames beyond the device's largest storage buffer are exported in bands of rows. */
enum { BANDS_MAX = 8 };
enum { STAGE_NET = 2, STAGES = 5 };
static const char *const stage_name[STAGES] = {"import", "motion", "network", "blend", "export"};

struct mi_chain {
    mvk_device *device;
    mi_log *log;
    mi_picture picture[PARITIES];
    mi_views views;
    mi_compose compose[MI_VIEWS];
    int32_t kinds; /* of views that are at hand */
    mi_view view;  /* of the last frame */
    mi_blend blend;
    mi_net net;
    int32_t fine;     /* native luma, see compose.h */
    int32_t net_base; /* the network's part of the arena */
    mvk_buffer arena;
    mi_transfer *transfer;
    mvk_buffer uniform;
    mvk_set set[BANDS_MAX]; /* differ in what part of the frame out they show */
    int32_t bands, band_rows, band_bytes;
    bool steady; /* the native luma is steadied: there is room for it */
    mvk_commands list[PARITIES][MODES][MI_VIEWS];
    mvk_commands reframe[PARITIES]; /* the history into another view, see blend.h */
    bool timing;
    int parity;
    bool has_motion_past; /* the last frame ran with motion: its pyramid is there */
    const mvk_commands *last; /* list that ran */
    bool ran;
};

/* Only one-plane formats of four bytes a pixel get too large for one binding. */
static int create_sets(mi_chain *c, const mien_frame *shape, size_t bytes)
{
    mvk_bindings bindings = {.arena = &c->arena, .weights = &c->net.weights,
                             .frame_in = mi_transfer_in(c->transfer),
                             .frame_out = mi_transfer_out(c->transfer),
                             .uniform = &c->uniform};
    size_t limit = c->device->limits.maxStorageBufferRange;
    size_t pitch = bytes / (size_t)shape->height;
    c->bands = 1;
    c->band_rows = shape->height;
    if (bytes > limit && mien_format_planes(shape->format) == 1) {
        c->band_rows = (int32_t)(limit / pitch) / MI_BAND_ROWS * MI_BAND_ROWS;
        c->bands = c->band_rows > 0 ? (shape->height + c->band_rows - 1) / c->band_rows
                                    : BANDS_MAX + 1;
        if (c->bands > BANDS_MAX)
            return mi_fail(c->log, MIEN_ERR_UNSUPPORTED, "frames of %dx%d are too large for '%s'",
                           (int)shape->width, (int)shape->height, c->device->name);
        c->band_bytes = (int32_t)((size_t)c->band_rows * pitch);
    }
    for (int32_t i = 0; i < c->bands; i++) {
        bindings.out_offset = (VkDeviceSize)i * (VkDeviceSize)c->band_bytes;
        VkDeviceSize rest = bytes - bindings.out_offset;
        bool last = i + 1 == c->bands;
        bindings.out_size = last ? rest : (VkDeviceSize)c->band_bytes;
        int status = mvk_set_create(c->device, &c->set[i], &bindings);
        if (status != MIEN_OK)
            return status;
    }
    return MIEN_OK;
}

static int create_buffers(mi_chain *c, const mien_frame *shape, const mi_arena *arena)
{
    mvk_device *d = c->device;
    if (arena->vec4s > INT32_MAX / 4)
        return mi_fail(c->log, MIEN_ERR_UNSUPPORTED, "frames of %dx%d need too much memory",
                       (int)shape->width, (int)shape->height);
    int status = mvk_buffer_create(d, &c->arena, (VkDeviceSize)arena->vec4s * 16,
                                   MVK_MEMORY_DEVICE);
    if (status == MIEN_OK)
        status = mvk_buffer_create(d, &c->uniform, sizeof(struct frame_uniform),
                                   MVK_MEMORY_UPLOAD);
    if (status != MIEN_OK)
        return status;
    return create_sets(c, shape, c->transfer->bytes);
}

static void record_in(mi_chain *c, mvk_commands *list, int parity, int32_t view)
{
    mvk_bind_set(c->device, list, &c->set[0]);
    mi_compose_record_import(&c->compose[view], list, c->picture[parity]);
    mvk_barrier(list);
}

static void record_resolve(mi_chain *c, mvk_commands *list, int parity, int mode)
{
    mi_blend_record_resolve(&c->blend, list, c->picture, mi_net_output(&c->net, 0, c->net_base),
                            parity, mode == MODE_PLAIN);
}

static void record_out(mi_chain *c, mvk_commands *list, int mode, int32_t view)
{
    mi_export from = {.model = c->blend.model, .still = c->blend.still, .fine = c->fine,
                      .plain = mode == MODE_PLAIN || !c->steady, .rows = c->band_rows,
                      .part = view > 0};
    for (int32_t i = 0; i < c->bands; i++) {
        if (i > 0)
            mvk_bind_set(c->device, list, &c->set[i]);
        mi_compose_record_export(&c->compose[view], list, &from);
        from.first_row += c->band_rows;
        from.out_base += c->band_bytes;
    }
    mi_transfer_record_out(c->transfer, list);
    mvk_barrier_host(list);
}

static int record(mi_chain *c, int parity, int mode, int32_t view)
{
    mvk_commands *list = &c->list[parity][mode][view];
    mvk_commands_destroy(c->device, list);
    int status = mvk_commands_create(c->device, list, c->timing ? STAGES + 1 : 0);
    if (status == MIEN_OK)
        status = mvk_commands_begin(c->device, list);
    if (status != MIEN_OK)
        return status;
    mvk_mark(list);
    record_in(c, list, parity, view);
    mvk_mark(list);
    if (mode == MODE_MOTION)
        mi_blend_record_motion(&c->blend, list, c->picture, parity);
    mvk_mark(list);
    mi_net_record(&c->net, list, c->net_base, c->picture[parity].at, false);
    mvk_mark(list);
    record_resolve(c, list, parity, mode);
    mvk_mark(list);
    record_out(c, list, mode, view);
    mvk_mark(list);
    return mvk_commands_end(c->device, list);
}

static int record_reframe(mi_chain *c, int parity)
{
    mvk_commands *list = &c->reframe[parity];
    mvk_commands_destroy(c->device, list);
    int status = mvk_commands_create(c->device, list, 0);
    if (status == MIEN_OK)
        status = mvk_commands_begin(c->device, list);
    if (status != MIEN_OK)
        return status;
    mvk_bind_set(c->device, list, &c->set[0]);
    mi_blend_record_reframe(&c->blend, list, parity);
    return mvk_commands_end(c->device, list);
}

static int record_all(mi_chain *c)
{
    int status = MIEN_OK;
    for (int parity = 0; parity < PARITIES && status == MIEN_OK; parity++) {
        for (int mode = 0; mode < MODES && status == MIEN_OK; mode++)
            for (int32_t view = 0; view < c->kinds && status == MIEN_OK; view++)
                status = record(c, parity, mode, view);
        if (status == MIEN_OK && c->kinds > 1)
            status = record_reframe(c, parity);
    }
    return status;
}

/* What a first run runs, from `view` on; what is the same in all views, with the first one alone.
 * Finer ones may come in mid-stream: they write what the next frame writes anyway, and leave the
 * steadied luma alone. */
static void record_first(mi_chain *c, mvk_commands *list, int32_t view)
{
    for (int32_t v = view; v < c->kinds; v++)
        record_in(c, list, c->parity, v);
    if (view > 0) {
        mi_blend_record_reframe(&c->blend, list, c->parity);
    } else {
        mi_blend_record_motion(&c->blend, list, c->picture, 0);
        mi_net_record(&c->net, list, c->net_base, c->picture[0].at, false);
        for (int mode = 0; mode < MODES; mode++)
            record_resolve(c, list, 0, mode);
    }
    for (int32_t v = view; v < c->kinds; v++) {
        record_out(c, list, MODE_PLAIN, v);
        mvk_barrier(list);
    }
}

/* Some drivers compile at the first run: let that happen here and not in a frame. */
static int warm_up(mi_chain *c, int32_t view)
{
    struct frame_uniform u = {.strength = 1, .alpha = 1, .fresh = 1, .past_step = 1};
    mvk_commands first;
    memcpy(c->uniform.map, &u, sizeof u);
    int status = mvk_commands_create(c->device, &first, 0);
    if (status != MIEN_OK)
        return status;
    status = mvk_commands_begin(c->device, &first);
    if (status == MIEN_OK) {
        mvk_commands_first(&first);
        record_first(c, &first, view);
        status = mvk_commands_end(c->device, &first);
    }
    if (status == MIEN_OK)
        status = mvk_submit_first(c->device, &first);
    mvk_commands_destroy(c->device, &first);
    return status;
}

/* The pipelines of views from c->kinds on, up to `count`. */
static int create_views(mi_chain *c, const mien_frame *shape, int32_t count)
{
    int status = MIEN_OK;
    while (status == MIEN_OK && c->kinds < count) {
        status = mi_compose_create(&c->compose[c->kinds], c->device, shape,
                                   c->views.scale[c->kinds]);
        c->kinds += status == MIEN_OK;
    }
    return status;
}

static int compile_views(mi_chain *c, int32_t from)
{
    int status = mvk_pipelines_build(c->device);
    if (status == MIEN_OK)
        status = record_all(c);
    return status == MIEN_OK ? warm_up(c, from) : status;
}

static int create_parts(mi_chain *c, const mi_chain_config *config)
{
    const mien_frame *shape = &config->shape;
    mi_model_file file;
    mi_graph *graph = NULL;
    mi_arena arena = {0};
    mi_style_fit fit;
    float kr, kb;
    int status = mi_style_open(&file, config->style, config->models, c->log);
    if (status != MIEN_OK)
        return status;
    status = mi_style_fit_to(&fit, &file, c->device, config->quality, shape->width, shape->height,
                             mi_style_holds(config->style_input), c->log);
    if (status == MIEN_OK)
        status = mi_style_graph(&graph, &file, &fit, config->style_input, config->style_output,
                                c->device, c->log);
    if (status == MIEN_OK)
        status = mi_net_open(&c->net, c->device, graph, file.bytes, file.size, file.path, c->log);
    if (status != MIEN_OK)
        goto error;
    mi_log_write(c->log, MIEN_LOG_INFO, "style '%s': network at %dx%d (1/%d), %.3f GMAC a frame",
                 file.path, (int)fit.net_w, (int)fit.net_h, (int)fit.scale,
                 c->net.plan.mac * 1e-9);
    for (int i = 0; i < PARITIES; i++)
        c->picture[i] = mi_picture_take(&arena, fit.w, fit.h);
    mi_luma_weights(shape, &kr, &kb);
    status = mi_blend_create(&c->blend, c->device, &arena, fit.w, fit.h, kr, kb);
    if (status != MIEN_OK)
        goto error;
    c->net_base = mi_arena_take(&arena, c->net.plan.vec4s);
    int64_t fine = mi_compose_fine_vec4s(shape);
    c->steady = (arena.vec4s + fine) * 16 <= (int64_t)c->device->limits.maxStorageBufferRange;
    if (c->steady)
        c->fine = mi_arena_take(&arena, fine);
    mi_views_init(&c->views, shape->width, shape->height, fit.w, fit.h, fit.scale);
    status = create_views(c, shape, 1);
    if (status == MIEN_OK)
        status = create_buffers(c, shape, &arena);
    if (status == MIEN_OK)
        status = mvk_buffer_clear(c->device, &c->arena); /* the first vec4 is zero by contract */
    if (status == MIEN_OK)
        status = compile_views(c, 0);
error:
    mi_graph_destroy(&graph);
    mi_model_close(&file);
    return status;
}

int mi_chain_create(mi_chain **chain, mvk_device *device, const mi_chain_config *config,
                    mi_log *log)
{
    mi_chain *c = calloc(1, sizeof *c);
    *chain = NULL;
    if (!c)
        return mi_fail(log, MIEN_ERR_NOMEM, "out of memory");
    c->device = device;
    c->transfer = config->transfer;
    c->log = log;
    int status = create_parts(c, config);
    if (status != MIEN_OK)
        mi_chain_destroy(&c);
    *chain = c;
    return status;
}

void mi_chain_destroy(mi_chain **chain)
{
    mi_chain *c = *chain;
    if (!c)
        return;
    *chain = NULL;
    mvk_device *d = c->device;
    for (int parity = 0; parity < PARITIES; parity++) {
        for (int mode = 0; mode < MODES; mode++)
            for (int32_t view = 0; view < MI_VIEWS; view++)
                mvk_commands_destroy(d, &c->list[parity][mode][view]);
        mvk_commands_destroy(d, &c->reframe[parity]);
    }
    for (int32_t i = 0; i < BANDS_MAX; i++)
        mvk_set_destroy(d, &c->set[i]);
    mvk_buffer_destroy(d, &c->arena);
    mvk_buffer_destroy(d, &c->uniform);
    for (int32_t view = 0; view < MI_VIEWS; view++)
        mi_compose_destroy(&c->compose[view]);
    mi_blend_destroy(&c->blend);
    mi_net_destroy(&c->net);
    free(c);
}

int mi_chain_add_views(mi_chain *c, const mien_frame *shape)
{
    int32_t had = c->kinds;
    if (c->bands > 1 || had == c->views.kinds)
        return MIEN_OK;
    int status = mi_blend_add_reframe(&c->blend);
    if (status == MIEN_OK)
        status = create_views(c, shape, c->views.kinds);
    return status == MIEN_OK ? compile_views(c, had) : status;
}

bool mi_chain_has_views(const mi_chain *c)
{
    return c->kinds > 1;
}

const mi_views *mi_chain_views(const mi_chain *c)
{
    return &c->views;
}

static bool same_view(mi_view a, mi_view b)
{
    return a.kind == b.kind && a.x == b.x && a.y == b.y;
}

int mi_chain_run(mi_chain *c, const mi_chain_values *values)
{
    int mode = values->smooth > 0 ? MODE_MOTION : MODE_PLAIN, parity = c->parity;
    bool fresh = values->reset || !c->has_motion_past || mode == MODE_PLAIN;
    mi_view view = values->view;
    mi_view_move move = mi_view_moved(&c->views, c->view, view);
    struct frame_uniform u = {.strength = values->strength,
                              .alpha = mi_blend_alpha(values->smooth, values->dt),
                              .fresh = fresh, .view_x = view.x, .view_y = view.y,
                              .past_x = move.x, .past_y = move.y, .past_step = move.step};
    memcpy(c->uniform.map, &u, sizeof u);
    const mvk_commands *list[3];
    uint32_t lists = mi_transfer_upload(c->transfer, list);
    if (!fresh && !same_view(view, c->view)) {
        list[lists++] = &c->reframe[parity];
        parity = 1 - parity;
    }
    list[lists++] = c->last = &c->list[parity][mode][view.kind];
    int status = mvk_submit_lists(c->device, list, lists);
    if (status != MIEN_OK)
        return status;
    c->ran = true;
    c->view = view;
    c->has_motion_past = mode == MODE_MOTION;
    c->parity = 1 - parity;
    return MIEN_OK;
}

void mi_chain_set_timing(mi_chain *c, bool on)
{
    if (c->timing == on)
        return;
    c->timing = on;
    c->ran = false;
    record_all(c); /* the same commands as before: it failed only if memory is gone, and then the
                      next submit says so */
}

void mi_chain_stats(const mi_chain *c, bool ran, mien_stats *stats)
{
    double ms[STAGES];
    stats->net_width = c->picture[0].w;
    stats->net_height = c->picture[0].h;
    stats->net_gmac = c->net.plan.mac * 1e-9;
    if (!ran || !c->ran || !c->timing)
        return;
    uint32_t n = mvk_read_marks(c->device, c->last, ms, STAGES);
    for (uint32_t i = 0; i < n; i++)
        mi_add_stage(stats, stage_name[i], ms[i], i == STAGE_NET ? 2 * stats->net_gmac : 0);
}
