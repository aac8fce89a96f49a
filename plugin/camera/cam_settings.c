#include "cam_settings.h"

#include <math.h>
#include <string.h>

CamSettings *cam_settings_new(void)
{
    CamSettings *settings = g_new0(CamSettings, 1);
    size_t count;
    settings->table = mien_params(&count);
    settings->count = count;
    settings->values = g_new0(gchar *, count);
    settings->forced = g_new0(gchar *, count);
    for (gsize i = 0; i < count; i++)
        settings->values[i] = g_strdup(settings->table[i].default_text);
    return settings;
}

void cam_settings_free(CamSettings *settings)
{
    for (gsize i = 0; i < settings->count; i++) {
        g_free(settings->values[i]);
        g_free(settings->forced[i]);
    }
    g_free(settings->values);
    g_free(settings->forced);
    g_free(settings);
}

gint cam_settings_find(const CamSettings *settings, const gchar *name)
{
    for (gsize i = 0; i < settings->count; i++)
        if (!g_strcmp0(settings->table[i].name, name))
            return (gint)i;
    return -1;
}

const gchar *cam_settings_get(const CamSettings *settings, const gchar *name)
{
    gint row = cam_settings_find(settings, name);
    return row < 0 ? NULL : settings->values[row];
}

static void keep(CamSettings *settings, gint row, const gchar *value)
{
    gchar *copy = g_strdup(value); /* `value` may be the old one */
    g_free(settings->values[row]);
    settings->values[row] = copy;
    g_clear_pointer(&settings->forced[row], g_free);
}

void cam_settings_force(CamSettings *settings, const gchar *name, const gchar *value)
{
    gint row = cam_settings_find(settings, name);
    g_free(settings->forced[row]);
    settings->forced[row] = g_strdup(value);
}

const gchar *cam_settings_in_force(const CamSettings *settings, gint row)
{
    return settings->forced[row] ? settings->forced[row] : settings->values[row];
}

static gchar *check(const gchar *name, const gchar *value)
{
    gchar line[512];
    return mien_param_check(name, value, line, sizeof line) < 0 ? g_strdup(line) : NULL;
}

gchar *cam_settings_set(CamSettings *settings, const gchar *name, const gchar *value)
{
    gchar *trouble = check(name, value);
    if (!trouble)
        keep(settings, cam_settings_find(settings, name), value);
    return trouble;
}

/* What `words` say a parameter is to be, or what it is. */
static const gchar *wanted(const CamSettings *settings, gchar **words, const gchar *name)
{
    const gchar *value = cam_settings_get(settings, name);
    gsize length = strlen(name);
    for (; *words; words++)
        if (!strncmp(*words, name, length) && (*words)[length] == '=')
            value = *words + length + 1;
    return value;
}

/* A style's name is looked up here already: who mistypes it hears so, and not the readers, whose
 * camera goes for a moment where the filter has no other style to stay with. */
static gchar *check_style(const CamSettings *settings, gchar **words)
{
    gchar names[4096];
    const gchar *style = wanted(settings, words, "style");
    if (strchr(style, '/') && !g_file_test(style, G_FILE_TEST_EXISTS))
        return g_strdup_printf("there is no file '%s' for a style", style);
    if (!*style || !strcmp(style, cam_settings_get(settings, "style")) ||
        g_file_test(style, G_FILE_TEST_EXISTS) ||
        mien_style_names(wanted(settings, words, "models"), names, sizeof names) != MIEN_OK)
        return NULL;
    gchar **list = g_strsplit(names, "|", -1);
    gchar *text = g_strjoinv(", ", list), *trouble = NULL;
    if (!g_strv_contains((const gchar *const *)list, style))
        trouble = g_strdup_printf("there is no style or file '%s'; there are: %s", style,
                                  *text ? text : "none");
    g_free(text);
    g_strfreev(list);
    return trouble;
}

gchar *cam_settings_set_words(CamSettings *settings, gchar **words)
{
    gchar *unknown = check_style(settings, words);
    if (unknown)
        return unknown;
    for (gint pass = 0; pass < 2; pass++)
        for (gchar **word = words; *word; word++) {
            gchar *value = strchr(*word, '=');
            if (!value)
                return g_strdup_printf("'%s' is not name=value", *word);
            gchar *name = g_strndup(*word, (gsize)(value - *word));
            gchar *trouble =
                pass ? cam_settings_set(settings, name, value + 1) : check(name, value + 1);
            g_free(name);
            if (trouble)
                return trouble;
        }
    return NULL;
}

static gchar *step_number(const mien_param_info *info, const gchar *value, gint steps)
{
    gchar text[G_ASCII_DTOSTR_BUF_SIZE];
    double by = (info->max - info->min) / 20;
    if (info->type == MIEN_PARAM_INT)
        by = fmax(1, round(by));
    double number = CLAMP(g_ascii_strtod(value, NULL) + steps * by, info->min, info->max);
    if (fabs(number) < by * 1e-6) /* no 1e-17 for a nought */
        number = 0;
    return g_strdup(g_ascii_formatd(text, sizeof text, "%g", number));
}

static gchar *step_choice(const mien_param_info *info, const gchar *value, gint steps)
{
    gchar **words = g_strsplit(info->choices, "|", -1);
    gint count = (gint)g_strv_length(words), at = 0;
    while (at < count - 1 && g_strcmp0(words[at], value))
        at++;
    gchar *next = g_strdup(words[((at + steps) % count + count) % count]);
    g_strfreev(words);
    return next;
}

gboolean cam_settings_step(CamSettings *settings, gint row, gint steps)
{
    const mien_param_info *info = &settings->table[row];
    gchar *next;
    if (info->type == MIEN_PARAM_FLOAT || info->type == MIEN_PARAM_INT)
        next = step_number(info, settings->values[row], steps);
    else if (info->type == MIEN_PARAM_ENUM)
        next = step_choice(info, settings->values[row], steps);
    else
        return FALSE;
    gboolean changed = g_strcmp0(next, settings->values[row]) != 0;
    keep(settings, row, next);
    g_free(next);
    return changed;
}

void cam_settings_apply(const CamSettings *settings, gint row, GstElement *element)
{
    const mien_param_info *info = &settings->table[row];
    const gchar *value = cam_settings_in_force(settings, row);
    switch (info->type) {
    case MIEN_PARAM_FLOAT:
        g_object_set(element, info->name, g_ascii_strtod(value, NULL), NULL);
        break;
    case MIEN_PARAM_INT:
        g_object_set(element, info->name, (gint)g_ascii_strtod(value, NULL), NULL);
        break;
    case MIEN_PARAM_STRING:
        g_object_set(element, info->name, value, NULL);
        break;
    default: /* GStreamer calls an empty set of flags by its name */
        gst_util_set_object_arg(G_OBJECT(element), info->name, *value ? value : "none");
    }
}

void cam_settings_apply_all(const CamSettings *settings, GstElement *element)
{
    for (gsize i = 0; i < settings->count; i++)
        cam_settings_apply(settings, (gint)i, element);
}

/* Numbers are never refused, and their text may be another one for the same number. */
static gboolean can_be_refused(const mien_param_info *info)
{
    return info->type != MIEN_PARAM_FLOAT && info->type != MIEN_PARAM_INT;
}

static gchar *read_text(GstElement *element, const gchar *name)
{
    GValue value = G_VALUE_INIT;
    g_object_get_property(G_OBJECT(element), name, &value);
    gchar *text = G_VALUE_HOLDS_STRING(&value) ? g_value_dup_string(&value)
                                               : gst_value_serialize(&value);
    g_value_unset(&value);
    return text ? text : g_strdup("");
}

gboolean cam_settings_adopt(CamSettings *settings, GstElement *element)
{
    gboolean changed = FALSE;
    for (gsize i = 0; i < settings->count; i++) {
        if (!can_be_refused(&settings->table[i]))
            continue;
        gchar *text = read_text(element, settings->table[i].name);
        if (g_strcmp0(text, cam_settings_in_force(settings, (gint)i))) {
            keep(settings, (gint)i, text);
            changed = TRUE;
        }
        g_free(text);
    }
    return changed;
}
