/* Parameter values and their text form; the table is params.def. */
#ifndef MI_PARAMS_H
#define MI_PARAMS_H

#include "log.h"

enum { MI_TEXT_MAX = 1024 }; /* bytes of a text parameter with its end */

typedef enum mi_param_id {
#define MI_PARAM_STRING(id, name, def, help) MI_PARAM_##id,
#define MI_PARAM_FLOAT(id, name, def, min, max, unit, help) MI_PARAM_##id,
#define MI_PARAM_INT(id, name, def, min, max, help) MI_PARAM_##id,
#define MI_PARAM_ENUM(id, name, def, choices, help) MI_PARAM_##id,
#define MI_PARAM_FLAGS(id, name, def, choices, help) MI_PARAM_##id,
#include "params.def"
#undef MI_PARAM_STRING
#undef MI_PARAM_FLOAT
#undef MI_PARAM_INT
#undef MI_PARAM_ENUM
#undef MI_PARAM_FLAGS
    MI_PARAM_COUNT
} mi_param_id;

typedef enum mi_quality { MI_QUALITY_AUTO = 0, MI_QUALITY_LOW, MI_QUALITY_HIGH } mi_quality;

typedef struct mi_value {
    double number;          /* float, int; enum: index of the choice; flags: bit i: choice i */
    char text[MI_TEXT_MAX]; /* string */
} mi_value;

typedef struct mi_params {
    mi_value value[MI_PARAM_COUNT];
} mi_params;

void mi_params_default(mi_params *params);

/* Both return MIEN_OK or fail with a line that names the parameter. */
int mi_params_set(mi_params *params, const char *name, const char *value, mi_log *log);
int mi_params_set_all(mi_params *params, const char *text, mi_log *log);

int mi_params_get(const mi_params *params, const char *name, char *text, size_t size, mi_log *log);

#endif
