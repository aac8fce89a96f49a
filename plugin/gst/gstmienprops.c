#include "gstmienprops.h"

static const GParamFlags TEXT_FLAGS =
    (GParamFlags)(G_PARAM_READWRITE | GST_PARAM_MUTABLE_PLAYING);
static const GParamFlags NUMBER_FLAGS =
    (GParamFlags)(G_PARAM_READWRITE | GST_PARAM_MUTABLE_PLAYING | GST_PARAM_CONTROLLABLE);

/* "style-strength" -> "GstMienStyleStrength". */
static gchar *make_type_name(const char *name)
{
    GString *type = g_string_new("GstMien");
    gboolean upper = TRUE;
    for (; *name; name++) {
        if (*name != '-')
            g_string_append_c(type, upper ? g_ascii_toupper(*name) : *name);
        upper = *name == '-';
    }
    return g_string_free(type, FALSE);
}

/* "a|b|c" as a registered enumeration. GLib keeps the values for ever, so they are not freed. */
static GType make_enum(const mien_param_info *info)
{
    gchar *type_name = make_type_name(info->name);
    GType type = g_type_from_name(type_name);
    if (type == 0) {
        gchar **words = g_strsplit(info->choices, "|", -1);
        guint count = g_strv_length(words);
        GEnumValue *values = g_new0(GEnumValue, count + 1);
        for (guint i = 0; i < count; i++)
            values[i] = (GEnumValue){(gint)i, words[i], words[i]};
        g_free(words);
        type = g_enum_register_static(type_name, values);
        gst_type_mark_as_plugin_api(type, 0);
    }
    g_free(type_name);
    return type;
}

/* "a|b|c" as registered flags; none of them is "none", as gst-launch reads and writes it. */
static GType make_flags(const mien_param_info *info)
{
    gchar *type_name = make_type_name(info->name);
    GType type = g_type_from_name(type_name);
    if (type == 0) {
        gchar **words = g_strsplit(info->choices, "|", -1);
        guint count = g_strv_length(words);
        GFlagsValue *values = g_new0(GFlagsValue, count + 2);
        values[0] = (GFlagsValue){0, "none", "none"};
        for (guint i = 0; i < count; i++)
            values[i + 1] = (GFlagsValue){1u << i, words[i], words[i]};
        g_free(words);
        type = g_flags_register_static(type_name, values);
        gst_type_mark_as_plugin_api(type, 0);
    }
    g_free(type_name);
    return type;
}

/* The bits of "a+c"; words that are none of the type's count nothing. */
static guint find_flags(GType type, const gchar *text)
{
    GFlagsClass *klass = g_type_class_ref(type);
    gchar **words = g_strsplit(text, "+", -1);
    guint found = 0;
    for (gchar **word = words; *word; word++) {
        GFlagsValue *value = g_flags_get_value_by_nick(klass, *word);
        found |= value ? value->value : 0;
    }
    g_strfreev(words);
    g_type_class_unref(klass);
    return found;
}

static gchar *print_flags(GType type, guint bits)
{
    GFlagsClass *klass = g_type_class_ref(type);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < klass->n_values; i++)
        if (klass->values[i].value & bits)
            g_string_append_printf(text, "%s%s", text->len ? "+" : "",
                                   klass->values[i].value_nick);
    g_type_class_unref(klass);
    return g_string_free(text, FALSE);
}

static gint find_enum(GType type, const gchar *nick)
{
    GEnumClass *klass = g_type_class_ref(type);
    GEnumValue *value = g_enum_get_value_by_nick(klass, nick);
    gint found = value ? value->value : 0;
    g_type_class_unref(klass);
    return found;
}

static GParamSpec *make_spec(const mien_param_info *info, const gchar *blurb)
{
    const char *name = info->name;
    double number = g_ascii_strtod(info->default_text, NULL);
    switch (info->type) {
    case MIEN_PARAM_FLOAT:
        return g_param_spec_double(name, name, blurb, info->min, info->max, number, NUMBER_FLAGS);
    case MIEN_PARAM_INT:
        return g_param_spec_int(name, name, blurb, (gint)info->min, (gint)info->max, (gint)number,
                                NUMBER_FLAGS);
    case MIEN_PARAM_ENUM: {
        GType type = make_enum(info);
        return g_param_spec_enum(name, name, blurb, type, find_enum(type, info->default_text),
                                 NUMBER_FLAGS);
    }
    case MIEN_PARAM_FLAGS: { /* a GstController cannot drive flags */
        GType type = make_flags(info);
        return g_param_spec_flags(name, name, blurb, type, find_flags(type, info->default_text),
                                  TEXT_FLAGS);
    }
    default:
        return g_param_spec_string(name, name, blurb, info->default_text, TEXT_FLAGS);
    }
}

void gst_mien_props_install(GObjectClass *klass)
{
    size_t count;
    const mien_param_info *table = mien_params(&count);
    for (size_t i = 0; i < count; i++) {
        gchar *blurb = table[i].unit[0] ? g_strdup_printf("%s (%s)", table[i].help, table[i].unit)
                                        : g_strdup(table[i].help);
        g_object_class_install_property(klass, (guint)i + 1, make_spec(&table[i], blurb));
        g_free(blurb);
    }
}

gchar *gst_mien_props_to_text(const GValue *value)
{
    if (G_VALUE_HOLDS_DOUBLE(value)) {
        gchar text[G_ASCII_DTOSTR_BUF_SIZE];
        return g_strdup(g_ascii_dtostr(text, sizeof text, g_value_get_double(value)));
    }
    if (G_VALUE_HOLDS_INT(value))
        return g_strdup_printf("%d", g_value_get_int(value));
    if (G_VALUE_HOLDS_ENUM(value)) {
        GEnumClass *klass = g_type_class_ref(G_VALUE_TYPE(value));
        GEnumValue *choice = g_enum_get_value(klass, g_value_get_enum(value));
        gchar *text = g_strdup(choice ? choice->value_nick : "");
        g_type_class_unref(klass);
        return text;
    }
    if (G_VALUE_HOLDS_FLAGS(value))
        return print_flags(G_VALUE_TYPE(value), g_value_get_flags(value));
    const gchar *text = g_value_get_string(value);
    return g_strdup(text ? text : "");
}

void gst_mien_props_from_text(GValue *value, const gchar *text)
{
    if (G_VALUE_HOLDS_DOUBLE(value))
        g_value_set_double(value, g_ascii_strtod(text, NULL));
    else if (G_VALUE_HOLDS_INT(value))
        g_value_set_int(value, (gint)g_ascii_strtoll(text, NULL, 10));
    else if (G_VALUE_HOLDS_ENUM(value))
        g_value_set_enum(value, find_enum(G_VALUE_TYPE(value), text));
    else if (G_VALUE_HOLDS_FLAGS(value))
        g_value_set_flags(value, find_flags(G_VALUE_TYPE(value), text));
    else
        g_value_set_string(value, text);
}

void gst_mien_props_copy(mien_filter *to, mien_filter *from)
{
    gchar text[GST_MIEN_TEXT_MAX];
    size_t count;
    const mien_param_info *table = mien_params(&count);
    for (size_t i = 0; i < count; i++)
        if (mien_filter_get(from, table[i].name, text, sizeof text) == MIEN_OK)
            mien_filter_set(to, table[i].name, text);
}
