/* The functions that a frei0r host calls. */
#include <pthread.h>

/* The library is built with hidden symbols; these must be seen. */
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif
#include <frei0r.h>
#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#include "frei0r_instance.h"
#include "frei0r_values.h"

enum { EXPLAINED_MAX = 64, EXPLANATION_MAX = 256 };

/* frei0r takes explanations as pointers and never says when it is done with them. */
static char explanations[EXPLAINED_MAX][EXPLANATION_MAX];
static pthread_once_t explained = PTHREAD_ONCE_INIT;

static void explain(void)
{
    size_t count;
    const mien_param_info *table = mien_params(&count);
    for (size_t i = 0; i < count && i < EXPLAINED_MAX; i++)
        values_explain(&table[i], explanations[i], EXPLANATION_MAX);
}

int f0r_init(void)
{
    pthread_once(&explained, explain);
    return 1; /* success, in frei0r's words */
}

void f0r_deinit(void)
{
}

void f0r_get_plugin_info(f0r_plugin_info_t *info)
{
    size_t count;
    mien_params(&count);
    *info = (f0r_plugin_info_t){
        .name = "mien",
        .author = "The mien authors",
        .plugin_type = F0R_PLUGIN_TYPE_FILTER,
        .color_model = F0R_COLOR_MODEL_RGBA8888,
        .frei0r_version = FREI0R_MAJOR_VERSION,
        .major_version = 0,
        .minor_version = 1,
        .num_params = (int)count + 1,
        .explanation = "Runs generator networks on every frame (Vulkan compute)",
    };
}

void f0r_get_param_info(f0r_param_info_t *info, int index)
{
    size_t count;
    const mien_param_info *table = mien_params(&count);
    if (index <= 0 || (size_t)index > count) {
        *info = (f0r_param_info_t){
            .name = "params",
            .type = F0R_PARAM_STRING,
            .explanation = "name=value words parted by spaces, as style=cartoon smooth=0.5; they "
                           "go over the single parameters, which have the same names",
        };
        return;
    }
    const mien_param_info *row = &table[index - 1];
    *info = (f0r_param_info_t){
        .name = row->name,
        .type = values_is_number(row) ? F0R_PARAM_DOUBLE : F0R_PARAM_STRING,
        .explanation = index <= EXPLAINED_MAX ? explanations[index - 1] : row->help,
    };
}

f0r_instance_t f0r_construct(unsigned int width, unsigned int height)
{
    return instance_create(width, height);
}

void f0r_destruct(f0r_instance_t self)
{
    instance_destroy(self);
}

void f0r_set_param_value(f0r_instance_t self, f0r_param_t value, int index)
{
    instance_set(self, index, value);
}

void f0r_get_param_value(f0r_instance_t self, f0r_param_t value, int index)
{
    instance_get(self, index, value);
}

void f0r_update(f0r_instance_t self, double time, const uint32_t *in, uint32_t *out)
{
    (void)time;
    instance_update(self, in, out);
}
