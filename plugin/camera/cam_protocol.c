#include "cam_protocol.h"

#include <string.h>

static gchar *finish(GString *answer, const gchar *trouble)
{
    if (trouble) {
        gchar *line = g_strdelimit(g_strdup(trouble), "\n\r", ' ');
        g_string_append_printf(answer, "error %s\n", line);
        g_free(line);
    } else {
        g_string_append(answer, "ok\n");
    }
    return g_string_free(answer, FALSE);
}

static gchar *set(const CamReach *reach, gchar **words)
{
    if (!*words)
        return g_strdup("set needs NAME=VALUE");
    gchar *trouble = cam_settings_set_words(reach->settings, words);
    if (!trouble)
        reach->changed(reach->data);
    return trouble;
}

static void print(const CamSettings *settings, gsize row, GString *answer)
{
    gchar *value = g_strdelimit(g_strdup(settings->values[row]), "\n\r", ' ');
    g_string_append_printf(answer, "%s=%s\n", settings->table[row].name, value);
    g_free(value);
}

static gchar *get(const CamReach *reach, gchar **names, GString *answer)
{
    const CamSettings *settings = reach->settings;
    for (gsize i = 0; !*names && i < settings->count; i++)
        print(settings, i, answer);
    for (; *names; names++) {
        gint row = cam_settings_find(settings, *names);
        if (row < 0)
            return g_strdup_printf("there is no parameter '%s'", *names);
        print(settings, (gsize)row, answer);
    }
    return NULL;
}

static void add_word(GString *line, const gchar *key, const gchar *value)
{
    gchar *quoted = g_shell_quote(value);
    g_string_append_printf(line, " %s=%s", key, quoted);
    g_free(quoted);
}

/* Of texts only the style has names to choose from; it may be the path of a file, too. */
static void add_choices(const CamSettings *settings, const mien_param_info *info, GString *answer)
{
    gchar names[4096];
    if (info->choices)
        add_word(answer, "choices", info->choices);
    else if (!strcmp(info->name, "style") &&
             mien_style_names(cam_settings_get(settings, "models"), names, sizeof names) ==
                 MIEN_OK)
        add_word(answer, "choices", names);
}

static void describe(const CamSettings *settings, const mien_param_info *info, GString *answer)
{
    static const gchar *const TYPES[] = {[MIEN_PARAM_FLOAT] = "float",
                                         [MIEN_PARAM_INT] = "int",
                                         [MIEN_PARAM_STRING] = "string",
                                         [MIEN_PARAM_ENUM] = "enum",
                                         [MIEN_PARAM_FLAGS] = "flags"};
    gchar number[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append_printf(answer, "%s=%s", info->name, TYPES[info->type]);
    if (info->type == MIEN_PARAM_FLOAT || info->type == MIEN_PARAM_INT) {
        add_word(answer, "min", g_ascii_formatd(number, sizeof number, "%g", info->min));
        add_word(answer, "max", g_ascii_formatd(number, sizeof number, "%g", info->max));
    }
    add_choices(settings, info, answer);
    add_word(answer, "default", info->default_text);
    add_word(answer, "unit", info->unit);
    add_word(answer, "help", info->help);
    g_string_append_c(answer, '\n');
}

static gchar *cover(const CamReach *reach, gchar **words)
{
    gboolean on = !g_strcmp0(words[0], "on");
    if (!words[0] || words[1] || (!on && strcmp(words[0], "off")))
        return g_strdup("cover needs on or off");
    reach->cover(reach->data, on);
    return NULL;
}

static gchar *obey_alone(const CamReach *reach, const gchar *verb, GString *answer, gint *fd)
{
    if (!strcmp(verb, "status"))
        reach->status(reach->data, answer);
    else if (!strcmp(verb, "quit"))
        reach->quit(reach->data);
    else if (!strcmp(verb, "watch"))
        return reach->watch(reach->data, answer, fd);
    else if (!strcmp(verb, "params"))
        for (gsize i = 0; i < reach->settings->count; i++)
            describe(reach->settings, &reach->settings->table[i], answer);
    else
        return g_strdup_printf("'%s' is not set, get, params, status, cover, watch or quit", verb);
    return NULL;
}

static gchar *obey(const CamReach *reach, gchar **words, GString *answer, gint *fd)
{
    if (!strcmp(*words, "set"))
        return set(reach, words + 1);
    if (!strcmp(*words, "get"))
        return get(reach, words + 1, answer);
    if (!strcmp(*words, "cover"))
        return cover(reach, words + 1);
    if (words[1])
        return g_strdup_printf("'%s' takes no more words", *words);
    return obey_alone(reach, *words, answer, fd);
}

gchar *cam_protocol_answer(const CamReach *reach, const gchar *line, gint *fd)
{
    gchar **words = NULL;
    GString *answer = g_string_new(NULL);
    *fd = -1;
    if (!g_utf8_validate(line, -1, NULL))
        return finish(answer, "the line is not UTF-8");
    if (!g_shell_parse_argv(line, NULL, &words, NULL))
        return finish(answer, "no words, or a quote that does not end");
    gchar *trouble = obey(reach, words, answer, fd);
    g_strfreev(words);
    gchar *text = finish(answer, trouble);
    g_free(trouble);
    return text;
}
