#include "cam_effects.h"

#include "cam_say.h"

#define LOADING (4 * G_USEC_PER_SEC) /* the filter after a change: no time to judge its pace */
#define PROOF (1 * G_USEC_PER_SEC)   /* with frames so long after a change: it works */
#define NAG (60 * G_USEC_PER_SEC)    /* advice is not repeated sooner */
enum { PROOF_FRAMES = 3 };

void cam_effects_init(CamEffects *effects, CamSettings *settings)
{
    *effects = (CamEffects){.settings = settings,
                            .applied = g_new0(gchar *, settings->count),
                            .good = g_new0(gchar *, settings->count)};
}

void cam_effects_clear(CamEffects *effects)
{
    for (gsize i = 0; i < effects->settings->count; i++) {
        g_free(effects->applied[i]);
        g_free(effects->good[i]);
    }
    g_free(effects->applied);
    g_free(effects->good);
}

static void remember(gchar **place, const gchar *value)
{
    g_free(*place);
    *place = g_strdup(value);
}

static void rest_pace(CamEffects *effects, CamPaceCounts counts)
{
    cam_pace_rest(&effects->pace, g_get_monotonic_time(), LOADING, counts);
}

void cam_effects_opened(CamEffects *effects, CamPaceCounts counts)
{
    for (gsize i = 0; i < effects->settings->count; i++)
        remember(&effects->applied[i], cam_settings_in_force(effects->settings, (gint)i));
    effects->proven = FALSE;
    effects->since = g_get_monotonic_time();
    effects->done = counts.done;
    rest_pace(effects, counts);
}

static void bring(CamEffects *effects, GstElement *filter, CamPaceCounts counts)
{
    CamSettings *settings = effects->settings;
    for (gsize i = 0; filter && i < settings->count; i++)
        if (g_strcmp0(effects->applied[i], cam_settings_in_force(settings, (gint)i)))
            cam_settings_apply(settings, (gint)i, filter);
    cam_effects_opened(effects, counts);
}

void cam_effects_apply(CamEffects *effects, GstElement *filter, CamPaceCounts counts)
{
    CamSettings *settings = effects->settings;
    if (effects->pace.cheap && !settings->forced[cam_settings_find(settings, "quality")])
        cam_pace_settle(&effects->pace);
    bring(effects, filter, counts);
}

void cam_effects_warned(CamEffects *effects, GstElement *filter)
{
    CamSettings *settings = effects->settings;
    if (cam_settings_adopt(settings, filter))
        for (gsize i = 0; i < settings->count; i++)
            remember(&effects->applied[i], cam_settings_in_force(settings, (gint)i));
}

gboolean cam_effects_failed(CamEffects *effects)
{
    CamSettings *settings = effects->settings;
    gboolean changed = FALSE;
    for (gsize i = 0; i < settings->count; i++)
        if (effects->good[i] && g_strcmp0(effects->good[i], settings->values[i])) {
            g_free(cam_settings_set(settings, settings->table[i].name, effects->good[i]));
            changed = TRUE;
        }
    return changed;
}

static void keep_good(CamEffects *effects, CamPaceCounts counts)
{
    if (effects->proven || counts.done < effects->done + PROOF_FRAMES ||
        g_get_monotonic_time() - effects->since < PROOF)
        return;
    for (gsize i = 0; i < effects->settings->count; i++)
        remember(&effects->good[i], effects->settings->values[i]);
    effects->proven = TRUE;
}

/* Only styles become cheaper than with quality=auto. */
static gboolean heeds_low(const CamEffects *effects)
{
    return *cam_settings_get(effects->settings, "style") != 0;
}

/* Age has a larger network besides. */
static gboolean heeds_high(const CamEffects *effects)
{
    const gchar *age = cam_settings_get(effects->settings, "age");
    return heeds_low(effects) || g_ascii_strtod(age, NULL) != 0;
}

static void slow_down(CamEffects *effects, GstElement *filter, CamPaceCounts counts)
{
    CamSettings *settings = effects->settings;
    CamPace *pace = &effects->pace;
    const gchar *quality =
        cam_settings_in_force(settings, cam_settings_find(settings, "quality"));
    gchar *rates = g_strdup_printf("the machine is slow: %.0f of %.0f frames a second come "
                                   "through, %.0f ms each", pace->done, pace->came, pace->busy);
    if (heeds_low(effects) && !g_strcmp0(quality, "auto")) {
        cam_pace_lowered(pace, g_get_monotonic_time());
        cam_settings_force(settings, "quality", "low");
        bring(effects, filter, counts);
        cam_say("%s: quality is low from now on", rates);
    } else {
        gboolean high = heeds_high(effects) && !g_strcmp0(quality, "high");
        cam_say("%s: %s would help", rates, high ? "quality=auto or low" : "a smaller --size");
        cam_pace_rest(pace, g_get_monotonic_time(), NAG, counts);
    }
    g_free(rates);
}

static void speed_up(CamEffects *effects, GstElement *filter, CamPaceCounts counts)
{
    cam_say("the machine has room again, %.0f ms a frame at %.0f frames a second: quality is auto "
            "from now on", effects->pace.busy, effects->pace.came);
    cam_pace_raised(&effects->pace, g_get_monotonic_time());
    cam_settings_force(effects->settings, "quality", NULL);
    bring(effects, filter, counts);
}

void cam_effects_tend(CamEffects *effects, GstElement *filter, gboolean flowing,
                      CamPaceCounts counts)
{
    if (!flowing) {
        rest_pace(effects, counts);
        return;
    }
    keep_good(effects, counts);
    switch (cam_pace_look(&effects->pace, g_get_monotonic_time(), counts)) {
    case CAM_PACE_SLOW:
        slow_down(effects, filter, counts);
        break;
    case CAM_PACE_ROOM:
        speed_up(effects, filter, counts);
        break;
    default:
        break;
    }
}
