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

static gchar *obey(const CamReach *reach, gchar **words, GString *answer)
{
    const gchar *verb = *words;
    if (!strcmp(verb, "set"))
        return set(reach, words + 1);
    if (!strcmp(verb, "get"))
        return get(reach, words + 1, answer);
    if (words[1])
        return g_strdup_printf("'%s' takes no more words", verb);
    if (!strcmp(verb, "status"))
        reach->status(reach->data, answer);
    else if (!strcmp(verb, "quit"))
        reach->quit(reach->data);
    else
        return g_strdup_printf("'%s' is not set, get, status or quit", verb);
    return NULL;
}

gchar *cam_protocol_answer(const CamReach *reach, const gchar *line)
{
    gchar **words = NULL;
    GString *answer = g_string_new(NULL);
    if (!g_utf8_validate(line, -1, NULL))
        return finish(answer, "the line is not UTF-8");
    if (!g_shell_parse_argv(line, NULL, &words, NULL))
        return finish(answer, "no words, or a quote that does not end");
    gchar *trouble = obey(reach, words, answer);
    g_strfreev(words);
    gchar *text = finish(answer, trouble);
    g_free(trouble);
    return text;
}
