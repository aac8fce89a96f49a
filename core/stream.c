#include "stream.h"

#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "face/faces.h"
#include "face_effects.h"
#include "stage_times.h"
#include "transfer.h"

struct mi_stream {
    mvk_device *device;
    mi_log *log;
    mien_frame shape;
    mi_transfer transfer;
    mi_chain *chain;
    mi_views views;     /* of the last style */
    mi_viewer viewer;
    bool had_views;     /* when it was closed */
    bool has_view;      /* the viewer was asked about this frame */
    mi_faces *faces;
    mi_face_effects effects;
    mi_face_area *area;
    mi_guard guard;
    bool timing;
    bool has_list;      /* faces were analysed in the last frame */
    bool had_list;      /* and in the one before it */
    bool had_style;     /* when it was closed */
    bool style_ran;     /* in the last frame */
    bool guarding;      /* there was an effect in faces, or a cover, in the last frame */
    bool has_guarded;   /* the guard was asked about this frame, and says: */
    int32_t guarded_count;
    mi_guarded guarded[MIEN_FACES_MAX];
    mi_on_lost cover;   /* the last kind that was wanted: what fades stays of its kind */
};

int mi_stream_create(mi_stream **stream, mvk_device *device, const mien_frame *shape, mi_log *log)
{
    *stream = NULL;
    mi_stream *s = calloc(1, sizeof *s);
    if (!s)
        return mi_fail(log, MIEN_ERR_NOMEM, "out of memory");
    s->device = device;
    s->log = log;
    s->shape = *shape;
    int status = mi_transfer_create(&s->transfer, device, shape);
    if (status != MIEN_OK)
        mi_stream_destroy(&s);
    *stream = s;
    return status;
}

void mi_stream_destroy(mi_stream **stream)
{
    mi_stream *s = *stream;
    if (!s)
        return;
    *stream = NULL;
    mi_stream_close(s);
    mi_faces_destroy(&s->faces);
    mi_face_area_destroy(&s->area);
    free(s);
}

void mi_stream_close(mi_stream *s)
{
    s->had_style = s->chain != NULL;
    s->had_views = s->chain && mi_chain_has_views(s->chain);
    mi_chain_destroy(&s->chain);
    mi_face_effects_close(&s->effects);
    if (s->faces)
        mi_faces_close(s->faces);
    mi_transfer_destroy(&s->transfer);
}

static mi_faces_config faces_config(mi_stream *s, const mi_params *params)
{
    return (mi_faces_config){.shape = s->shape,
                             .transfer = &s->transfer,
                             .models = params->value[MI_PARAM_MODELS].text,
                             .max_faces = (int32_t)params->value[MI_PARAM_MAX_FACES].number};
}

static mi_effects_place effects_place(mi_stream *s, const mi_params *params)
{
    return (mi_effects_place){.device = s->device, .transfer = &s->transfer, .shape = &s->shape,
                              .models = params->value[MI_PARAM_MODELS].text};
}

int mi_stream_reopen(mi_stream *s, mvk_device *device, const mi_params *style,
                     const mi_params *faces)
{
    s->device = device;
    int status = mi_transfer_create(&s->transfer, device, &s->shape);
    if (status == MIEN_OK && s->had_style)
        status = mi_stream_set_style(s, style);
    if (status == MIEN_OK && s->had_views)
        status = mi_stream_add_views(s);
    if (status == MIEN_OK && s->faces) {
        mi_faces_config config = faces_config(s, faces);
        status = mi_faces_reopen(s->faces, device, &config);
    }
    mi_effects_place place = effects_place(s, faces);
    return status == MIEN_OK ? mi_face_effects_reopen(&s->effects, &place, s->log) : status;
}

const mien_frame *mi_stream_shape(const mi_stream *s)
{
    return &s->shape;
}

int mi_stream_set_style(mi_stream *s, const mi_params *params)
{
    mi_chain_config config = {.transfer = &s->transfer,
                              .shape = s->shape,
                              .style = params->value[MI_PARAM_STYLE].text,
                              .models = params->value[MI_PARAM_MODELS].text,
                              .style_input = (uint32_t)params->value[MI_PARAM_STYLE_INPUT].number,
                              .style_output = (uint32_t)params->value[MI_PARAM_STYLE_OUTPUT].number,
                              .quality = (mi_quality)params->value[MI_PARAM_QUALITY].number};
    mi_chain *made = NULL;
    int status = mi_chain_create(&made, s->device, &config, s->log);
    if (status != MIEN_OK)
        return status;
    mi_chain_destroy(&s->chain);
    s->chain = made;
    if (!mi_views_same(&s->views, mi_chain_views(made)))
        s->viewer = (mi_viewer){.started = false};
    s->views = *mi_chain_views(made);
    mi_chain_set_timing(made, s->timing);
    return MIEN_OK;
}

bool mi_stream_has_style(const mi_stream *s)
{
    return s->chain != NULL;
}

int mi_stream_add_views(mi_stream *s)
{
    int status = mi_chain_add_views(s->chain, &s->shape);
    if (status != MIEN_OK)
        mi_chain_destroy(&s->chain);
    return status;
}

int mi_stream_add_faces(mi_stream *s, const mi_params *params)
{
    if (s->faces)
        return MIEN_OK;
    mi_faces_config config = faces_config(s, params);
    int status = s->area ? MIEN_OK : mi_face_area_create(&s->area, &s->shape, s->log);
    if (status == MIEN_OK)
        status = mi_faces_create(&s->faces, s->device, &config, s->log);
    return status;
}

bool mi_stream_has_faces(const mi_stream *s)
{
    return s->faces != NULL;
}

int mi_stream_add_effect(mi_stream *s, mi_effect effect, const mi_params *params)
{
    mi_quality quality = (mi_quality)params->value[MI_PARAM_QUALITY].number;
    mi_effects_place place = effects_place(s, params);
    return mi_face_effects_add(&s->effects, effect, quality, &place, s->log);
}

bool mi_stream_has_effect(const mi_stream *s, mi_effect effect)
{
    return mi_face_effects_has(&s->effects, effect);
}

bool mi_stream_is_covering(const mi_stream *s)
{
    return s->guarding && mi_guard_covers(&s->guard);
}

/* What becomes of lost faces. A style around faces leaves them bare: where one is lost there is
 * nothing to hide, and the style closes over it. Turned eyes hide nothing either. */
static mi_on_lost on_lost(const mi_stream_values *v)
{
    bool hidden = mi_effect_wish_hides(&v->effects) ||
                  (v->strength > 0 && v->shares.faces > v->shares.rest);
    return hidden ? v->on_lost : MI_LOST_PASS;
}

static int find_faces(mi_stream *s, const mien_frame *in, const mi_stream_values *v)
{
    mi_faces_step step = {.dt = v->dt, .reset = v->fresh || v->faces_fresh || !s->had_list,
                          .eager = on_lost(v) != MI_LOST_PASS,
                          .again = v->again};
    mi_faces_set_max(s->faces, v->max_faces);
    return mi_faces_run(s->faces, in, &step);
}

/* A view of the input as it lies packed for the device, where effects on faces have changed it: it
 * stays when `out` is `in`. */
static mien_frame packed_input(const mi_stream *s)
{
    size_t offset[3], pitch[3];
    mien_frame view = s->shape;
    mi_frame_packed(s->shape.format, s->shape.width, s->shape.height, offset, pitch);
    for (int i = 0; i < mien_format_planes(s->shape.format); i++) {
        view.data[i] = (uint8_t *)mi_transfer_input(&s->transfer, s->effects.changed) + offset[i];
        view.stride[i] = (ptrdiff_t)pitch[i];
    }
    return view;
}

static bool has_past(const mi_stream *s, const mi_stream_values *v)
{
    return !v->fresh && !v->faces_fresh && !mi_faces_was_cut(s->faces);
}

/* Is the style in some areas only? */
static bool is_styled_apart(const mi_stream *s, const mi_stream_values *v)
{
    return s->style_ran && !mi_area_is_frame(v->shares);
}

/* What each face gets in this frame, whatever the effect; once a frame. */
static void guard_faces(mi_stream *s, const mi_stream_values *v)
{
    int32_t count;
    const mien_face *face = mi_stream_faces(s, &count);
    bool effects = mi_effect_wish_any(&v->effects), guarded = s->guarding;
    if (s->has_guarded)
        return;
    s->has_guarded = true;
    s->guarding = s->has_list && (is_styled_apart(s, v) || effects || mi_stream_is_covering(s));
    s->guarded_count = 0;
    if (s->guarding)
        s->guarded_count = mi_guard_step(&s->guard, face, count, v->strength > 0 || effects,
                                         on_lost(v), v->dt, !guarded || !has_past(s, v),
                                         s->guarded);
}

static int change_faces(mi_stream *s, const mi_stream_values *v)
{
    float amount[MIEN_FACES_MAX];
    const mi_face_skin *skin[MIEN_FACES_MAX];
    int32_t count;
    const mien_face *face = mi_stream_faces(s, &count);
    mi_effect_frame frame = {.wish = v->effects, .smooth = v->smooth, .dt = v->dt,
                             .reset = s->has_list && !has_past(s, v), .skin = skin};
    for (int32_t i = 0; i < s->guarded_count; i++) {
        amount[i] = s->guarded[i].amount;
        skin[i] = mi_faces_skin(s->faces, face[i].id);
    }
    return mi_face_effects_run(&s->effects, face, amount, s->guarded_count, &frame);
}

/* How the style sees this frame: where it is wanted in faces alone, closer. */
static mi_view style_view(mi_stream *s, const mi_stream_values *v)
{
    if (!mi_chain_has_views(s->chain))
        return (mi_view){0, 0, 0};
    if (!s->has_view) {
        mi_frame_part faces = mi_face_area_part(&s->shape, s->guarded, s->guarded_count);
        mi_viewer_step(&s->viewer, &s->views, v->shares.rest <= 0 ? &faces : NULL, v->dt,
                       v->fresh);
    }
    s->has_view = true;
    return s->viewer.view;
}

static int run_style(mi_stream *s, const mi_stream_values *v)
{
    mi_chain_values values = {.strength = v->strength, .smooth = v->smooth, .dt = v->dt,
                              .reset = v->fresh || v->style_fresh, .view = style_view(s, v)};
    return mi_chain_run(s->chain, &values);
}

/* A face that may have to be covered is worked on before it is lost: what it was is kept. */
static bool needs_areas(const mi_stream *s, const mi_stream_values *v)
{
    return is_styled_apart(s, v) || mi_stream_is_covering(s) ||
           (s->guarding && on_lost(v) != MI_LOST_PASS);
}

static void work_on_areas(mi_stream *s, const mien_frame *in, const mien_frame *out,
                          const mi_stream_values *v)
{
    mien_frame packed = packed_input(s);
    bool other = s->effects.changed || in->data[0] == out->data[0];
    if (s->style_ran)
        mi_face_area_restrict(s->area, other ? &packed : in, out, s->guarded, s->guarded_count,
                              v->shares);
    s->cover = on_lost(v) != MI_LOST_PASS ? on_lost(v) : s->cover;
    mi_face_area_cover(s->area, out, s->guarded, s->guarded_count, s->cover);
    mi_face_area_keep(s->area, out, s->guarded, s->guarded_count);
}

static void draw_overlay(const mi_stream *s, const mien_frame *out, unsigned flags,
                         const mien_face *face, int32_t count)
{
    mien_stats stats = {.device = s->device->name};
    mi_stream_stats(s, &stats);
    mi_overlay overlay = {.flags = flags, .stats = &stats};
    if (s->faces)
        overlay.edge = mi_faces_edges(s->faces, &overlay.edges);
    mi_overlay_draw(&overlay, out, face, count);
}

static void set_timing(mi_stream *s, bool on)
{
    s->timing = on;
    if (s->chain)
        mi_chain_set_timing(s->chain, on);
}

int mi_stream_run(mi_stream *s, const mien_frame *in, const mien_frame *out,
                  const mi_stream_values *v)
{
    int status = MIEN_OK;
    int32_t count = 0;
    const mien_face *face = NULL;
    s->style_ran = s->chain && v->strength > 0;
    set_timing(s, v->timing);
    if (v->faces || s->style_ran)
        mi_transfer_put(&s->transfer, in);
    if (!v->again) {
        s->had_list = s->has_list;
        s->has_list = s->has_guarded = s->has_view = false;
    }
    if (v->faces && !s->has_list)
        status = find_faces(s, in, v);
    s->has_list = v->faces && status == MIEN_OK;
    if (status != MIEN_OK)
        return status;
    guard_faces(s, v);
    status = change_faces(s, v);
    if (status != MIEN_OK)
        return status;
    if (s->style_ran) {
        status = run_style(s, v);
        if (status != MIEN_OK)
            return status;
    }
    /* From here on nothing fails: the output is written. */
    if (s->style_ran)
        mi_transfer_take(&s->transfer, out);
    else if (s->effects.changed)
        mi_frame_unpack(out, mi_transfer_input(&s->transfer, true));
    else
        mi_frame_copy(out, in);
    if (needs_areas(s, v))
        work_on_areas(s, in, out, v);
    face = mi_stream_faces(s, &count);
    if (v->overlay)
        draw_overlay(s, out, v->overlay, face, count);
    return MIEN_OK;
}

const mien_face *mi_stream_faces(const mi_stream *s, int32_t *count)
{
    *count = 0;
    return s->has_list ? mi_faces_list(s->faces, count) : NULL;
}

void mi_stream_stats(const mi_stream *s, mien_stats *stats)
{
    double detect_ms, look_ms, mac;
    if (s->timing && s->has_list) {
        mi_faces_times(s->faces, &detect_ms, &look_ms, &mac);
        mi_add_stage(stats, "detect", detect_ms, 0);
        mi_add_stage(stats, "faces", look_ms, 2e-9 * mac);
    }
    if (s->timing)
        mi_face_effects_stats(&s->effects, stats);
    if (s->chain)
        mi_chain_stats(s->chain, s->style_ran, stats);
}
