#include "style_trial.h"

#include <math.h>
#include <stdlib.h>

#include "../net/net_once.h"

/* Of the values, this share may lie beyond the bounds on each side. */
static const double BEYOND = 0.01;

/* Soft shapes in colours, as in any picture. */
static float value_at(int32_t c, int32_t y, int32_t x)
{
    double slow = sin(0.11 * x + 0.7 * c) * cos(0.07 * y - 0.4 * c);
    double fast = sin(0.9 * x + 1.3 * y + c) * sin(0.5 * y);
    return (float)(0.5 + 0.38 * slow + 0.1 * fast);
}

static void fill_picture(const mi_tensor *in, float *value)
{
    for (int32_t c = 0; c < in->c; c++)
        for (int32_t y = 0; y < in->h; y++)
            for (int32_t x = 0; x < in->w; x++)
                *value++ = value_at(c, y, x);
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Values that are no numbers are left out. */
static void find_bounds(const mi_tensor *out, float *value, float *low, float *high)
{
    size_t count = (size_t)out->c * (size_t)out->h * (size_t)out->w, kept = 0;
    for (size_t k = 0; k < count; k++)
        if (isfinite(value[k]))
            value[kept++] = value[k];
    *low = 0;
    *high = 1;
    if (!kept)
        return;
    qsort(value, kept, sizeof *value, compare);
    size_t beyond = (size_t)(BEYOND * (double)kept);
    *low = value[beyond];
    *high = value[kept - 1 - beyond];
}

int mi_style_trial(const mi_graph *g, mvk_device *device, float *low, float *high, mi_log *log)
{
    const mi_tensor *from = &g->tensor[g->input], *to = &g->tensor[g->output[0]];
    float *in = mi_net_values(from), *out = mi_net_values(to);
    /* A GPU's fast kernels would be measured first, at a size that no frame has. */
    bool safe = mi_kernel_family(device) == MI_FAMILY_SIMT;
    int status = in && out ? MIEN_OK : mi_fail(log, MIEN_ERR_NOMEM, "out of memory");
    if (status == MIEN_OK) {
        fill_picture(from, in);
        status = mi_net_once(device, g, safe, in, &out, log);
    }
    if (status == MIEN_OK)
        find_bounds(to, out, low, high);
    free(in);
    free(out);
    return status;
}
