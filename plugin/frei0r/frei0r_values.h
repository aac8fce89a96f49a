/* The library's parameter table in frei0r's words: numbers are 0..1, all else is text. */
#ifndef FREI0R_VALUES_H
#define FREI0R_VALUES_H

#include <stdbool.h>
#include <stddef.h>

#include <mien/mien.h>

enum { VALUES_TEXT_MAX = 4096 }; /* bytes for the text of any value */

/* Is the parameter a frei0r double, that is 0..1 for its range? Otherwise it is a string. */
bool values_is_number(const mien_param_info *info);

/* A frei0r double as the library's text, and back. Neither depends on the host's locale. Values
 * beyond 0..1 and NaN are brought into the range. */
void values_from_share(const mien_param_info *info, double share, char *text, size_t size);
double values_to_share(const mien_param_info *info, const char *text);

/* The help line with what 0 and 1 stand for, or with the choices. */
void values_explain(const mien_param_info *info, char *text, size_t size);

#endif
