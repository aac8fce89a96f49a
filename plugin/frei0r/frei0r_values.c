#include "frei0r_values.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

bool values_is_number(const mien_param_info *info)
{
    return info->type == MIEN_PARAM_FLOAT || info->type == MIEN_PARAM_INT;
}

/* Editors set a locale whose decimal point may be a comma; the library's texts have points. This
 * thread alone gets the C locale for a moment. Without memory for it the host's is used. */
typedef struct {
    locale_t c, before;
} Locale;

static Locale enter_c_locale(void)
{
    Locale locale = {newlocale(LC_NUMERIC_MASK, "C", (locale_t)0), (locale_t)0};
    if (locale.c)
        locale.before = uselocale(locale.c);
    return locale;
}

static void leave_c_locale(Locale locale)
{
    if (!locale.c)
        return;
    uselocale(locale.before);
    freelocale(locale.c);
}

void values_from_share(const mien_param_info *info, double share, char *text, size_t size)
{
    if (!(share >= 0))
        share = 0;
    double range = info->max - info->min;
    double value = info->min + range * fmin(share, 1);
    if (fabs(value) < range * 1e-9)
        value = 0; /* not the rounding error of a share that means it */
    Locale locale = enter_c_locale();
    if (info->type == MIEN_PARAM_INT)
        snprintf(text, size, "%.0f", value);
    else
        snprintf(text, size, "%.9g", value);
    leave_c_locale(locale);
}

double values_to_share(const mien_param_info *info, const char *text)
{
    Locale locale = enter_c_locale();
    double value = strtod(text, NULL);
    leave_c_locale(locale);
    return info->max > info->min ? (value - info->min) / (info->max - info->min) : 0;
}

void values_explain(const mien_param_info *info, char *text, size_t size)
{
    const char *gap = info->unit[0] ? " " : "";
    if (values_is_number(info))
        snprintf(text, size, "%s; 0..1 stands for %g..%g%s%s", info->help, info->min, info->max,
                 gap, info->unit);
    else if (info->type == MIEN_PARAM_ENUM)
        snprintf(text, size, "%s; one of %s", info->help, info->choices);
    else if (info->type == MIEN_PARAM_FLAGS)
        snprintf(text, size, "%s; of %s", info->help, info->choices);
    else
        snprintf(text, size, "%s", info->help);
}
