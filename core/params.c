#include "params.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char NO_FLAGS[] = "none";

static const mien_param_info table[MI_PARAM_COUNT] = {
#define MI_PARAM_STRING(id, name, def, help) {name, MIEN_PARAM_STRING, def, 0, 0, NULL, "", help},
#define MI_PARAM_FLOAT(id, name, def, min, max, unit, help) \
    {name, MIEN_PARAM_FLOAT, #def, min, max, NULL, unit, help},
#define MI_PARAM_INT(id, name, def, min, max, help) \
    {name, MIEN_PARAM_INT, #def, min, max, NULL, "", help},
#define MI_PARAM_ENUM(id, name, def, choices, help) \
    {name, MIEN_PARAM_ENUM, def, 0, 0, choices, "", help},
#define MI_PARAM_FLAGS(id, name, def, choices, help) \
    {name, MIEN_PARAM_FLAGS, def, 0, 0, choices, "", help},
#include "params.def"
#undef MI_PARAM_STRING
#undef MI_PARAM_FLOAT
#undef MI_PARAM_INT
#undef MI_PARAM_ENUM
#undef MI_PARAM_FLAGS
};

const mien_param_info *mien_params(size_t *count)
{
    if (count)
        *count = MI_PARAM_COUNT;
    return table;
}

/* strtod follows the locale of the host program; numbers here always have a '.'. Digits, sign,
 * point and exponent only. */
static bool parse_number(const char *text, double *number)
{
    char copy[64];
    size_t n = strlen(text);
    if (n == 0 || n >= sizeof copy || strspn(text, "+-.0123456789eE") != n)
        return false;
    memcpy(copy, text, n + 1);
    char *dot = strchr(copy, '.');
    const struct lconv *conv = localeconv();
    if (dot && conv && conv->decimal_point && conv->decimal_point[0] && !conv->decimal_point[1])
        *dot = conv->decimal_point[0];
    char *end;
    *number = strtod(copy, &end);
    return end != copy && *end == '\0' && isfinite(*number);
}

static void print_number(double number, char *text, size_t size)
{
    snprintf(text, size, "%.9g", number);
    char *comma = strchr(text, ',');
    if (comma)
        *comma = '.';
}

/* Position of `word` (length n) in "a|b|c", or -1. */
static int find_choice(const char *choices, const char *word, size_t n)
{
    for (int i = 0;; i++) {
        size_t len = strcspn(choices, "|");
        if (len == n && memcmp(choices, word, n) == 0)
            return i;
        if (choices[len] == '\0')
            return -1;
        choices += len + 1;
    }
}

/* The bits of the words in "a+c", or -1 if one of them is no choice. */
static int find_flags(const char *choices, const char *text)
{
    int bits = 0;
    if (text[0] == '\0' || strcmp(text, NO_FLAGS) == 0)
        return 0;
    for (;; text++) {
        size_t n = strcspn(text, "+");
        int choice = find_choice(choices, text, n);
        if (choice < 0)
            return -1;
        bits |= 1 << choice;
        text += n;
        if (*text == '\0')
            return bits;
    }
}

/* The words of `bits`, which find_flags() reads, or as much of them as fits. */
static void print_flags(const char *choices, int bits, char *text, size_t size)
{
    size_t used = 0;
    snprintf(text, size, "%s", NO_FLAGS);
    for (int i = 0; bits >> i && used < size; i++) {
        int n = (int)strcspn(choices, "|");
        if (bits >> i & 1)
            used += (size_t)snprintf(text + used, size - used, "%s%.*s", used ? "+" : "", n,
                                     choices);
        choices += choices[n] ? n + 1 : n;
    }
}

static int find_param(const char *name, mi_log *log)
{
    for (int i = 0; name && i < MI_PARAM_COUNT; i++)
        if (strcmp(table[i].name, name) == 0)
            return i;
    char names[256] = "";
    for (int i = 0; i < MI_PARAM_COUNT; i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", table[i].name);
    }
    return mi_fail(log, MIEN_ERR_INVALID, "there is no parameter '%.60s'; there are: %s",
                   name ? name : "", names);
}

static int parse_choice(const mien_param_info *info, const char *text, mi_value *value,
                        mi_log *log)
{
    bool flags = info->type == MIEN_PARAM_FLAGS;
    int choice = flags ? find_flags(info->choices, text)
                       : find_choice(info->choices, text, strlen(text));
    if (choice < 0)
        return mi_fail(log, MIEN_ERR_INVALID, "%s='%.60s' is not %s %s", info->name, text,
                       flags ? "none or words joined by '+' of" : "one of", info->choices);
    value->number = choice;
    return MIEN_OK;
}

static int parse_value(const mien_param_info *info, const char *text, mi_value *value, mi_log *log)
{
    if (!text)
        return mi_fail(log, MIEN_ERR_INVALID, "parameter '%s' was given no value", info->name);
    if (info->type == MIEN_PARAM_STRING) {
        size_t n = strlen(text);
        if (n >= MI_TEXT_MAX)
            return mi_fail(log, MIEN_ERR_INVALID, "%s: a text of %zu bytes is too long (limit %d)",
                           info->name, n, MI_TEXT_MAX - 1);
        memcpy(value->text, text, n + 1);
        return MIEN_OK;
    }
    if (info->type == MIEN_PARAM_ENUM || info->type == MIEN_PARAM_FLAGS)
        return parse_choice(info, text, value, log);
    double number;
    if (!parse_number(text, &number))
        return mi_fail(log, MIEN_ERR_INVALID, "%s='%.60s' is not a number", info->name, text);
    if (info->type == MIEN_PARAM_INT && number != floor(number))
        return mi_fail(log, MIEN_ERR_INVALID, "%s='%.60s' is not a whole number", info->name,
                       text);
    if (number < info->min || number > info->max)
        return mi_fail(log, MIEN_ERR_INVALID, "%s=%s is out of range %g..%g", info->name, text,
                       info->min, info->max);
    value->number = number;
    return MIEN_OK;
}

void mi_params_default(mi_params *params)
{
    memset(params, 0, sizeof *params);
    for (int i = 0; i < MI_PARAM_COUNT; i++)
        parse_value(&table[i], table[i].default_text, &params->value[i], NULL);
}

int mi_params_set(mi_params *params, const char *name, const char *value, mi_log *log)
{
    int i = find_param(name, log);
    return i < 0 ? i : parse_value(&table[i], value, &params->value[i], log);
}

int mien_param_check(const char *name, const char *value, char *error, size_t size)
{
    mi_log log;
    mi_value scratch;
    mi_log_init(&log, NULL);
    int i = find_param(name, &log);
    int status = i < 0 ? i : parse_value(&table[i], value, &scratch, &log);
    if (error && size > 0)
        snprintf(error, size, "%s", log.error);
    mi_log_finish(&log);
    return status;
}

/* Reads one word up to a space or ':' into `word`; single quotes protect both. */
static int take_word(const char **text, char *word, size_t size, mi_log *log)
{
    size_t n = 0;
    bool quoted = false;
    const char *p = *text;
    for (; *p && (quoted || (*p != ' ' && *p != ':')); p++) {
        if (*p == '\'') {
            quoted = !quoted;
            continue;
        }
        if (n + 1 >= size)
            return mi_fail(log, MIEN_ERR_INVALID, "'%.60s...' is too long", *text);
        word[n++] = *p;
    }
    if (quoted)
        return mi_fail(log, MIEN_ERR_INVALID, "a quote is not closed in '%.60s'", *text);
    word[n] = '\0';
    *text = p;
    return MIEN_OK;
}

int mi_params_set_all(mi_params *params, const char *text, mi_log *log)
{
    char word[MI_TEXT_MAX + 64];
    if (!text)
        return mi_fail(log, MIEN_ERR_INVALID, "no parameters were given");
    while (*text) {
        if (*text == ' ' || *text == ':') {
            text++;
            continue;
        }
        int status = take_word(&text, word, sizeof word, log);
        if (status < 0)
            return status;
        char *equals = strchr(word, '=');
        if (!equals)
            return mi_fail(log, MIEN_ERR_INVALID, "'%.60s' is not name=value", word);
        *equals = '\0';
        status = mi_params_set(params, word, equals + 1, log);
        if (status < 0)
            return status;
    }
    return MIEN_OK;
}

int mi_params_get(const mi_params *params, const char *name, char *text, size_t size, mi_log *log)
{
    int i = find_param(name, log);
    if (i < 0)
        return i;
    if (!text || size == 0)
        return mi_fail(log, MIEN_ERR_INVALID, "%s: no room for the value", name);
    char made[MI_TEXT_MAX];
    const char *from = params->value[i].text;
    size_t n;
    if (table[i].type == MIEN_PARAM_ENUM) {
        from = table[i].choices;
        for (int k = (int)params->value[i].number; k > 0; k--)
            from += strcspn(from, "|") + 1;
        n = strcspn(from, "|");
    } else if (table[i].type == MIEN_PARAM_STRING) {
        n = strlen(from);
    } else {
        if (table[i].type == MIEN_PARAM_FLAGS)
            print_flags(table[i].choices, (int)params->value[i].number, made, sizeof made);
        else
            print_number(params->value[i].number, made, sizeof made);
        from = made;
        n = strlen(from);
    }
    if (n >= size) {
        text[0] = '\0';
        return mi_fail(log, MIEN_ERR_INVALID, "%s: its value does not fit", name);
    }
    memcpy(text, from, n);
    text[n] = '\0';
    return MIEN_OK;
}
