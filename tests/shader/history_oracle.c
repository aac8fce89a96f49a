#include "history_oracle.h"

#include <math.h>

static const double SHIFT = 0.8, SHIFT_MAX = 8.0 / 255;

static size_t inside(int32_t v, int32_t size)
{
    return (size_t)(v < 0 ? 0 : v > size - 1 ? size - 1 : v);
}

size_t history_place(int k, int32_t x, int32_t y, int32_t w, int32_t h)
{
    return (inside(y + k / 3 - 1, h) * (size_t)w + inside(x + k % 3 - 1, w)) * 4;
}

double history_error(const double difference[9])
{
    double mean = 0, error = 0;
    for (int k = 0; k < 9; k++)
        mean += difference[k] / 9;
    double light = fmin(fmax(SHIFT * mean, -SHIFT_MAX), SHIFT_MAX);
    for (int k = 0; k < 9; k++)
        error += fabs(difference[k] - light) / 9;
    return error;
}

void history_ycocg(const double rgb[3], double c[3])
{
    c[0] = rgb[0] / 4 + rgb[1] / 2 + rgb[2] / 4;
    c[1] = (rgb[0] - rgb[2]) / 2;
    c[2] = rgb[1] / 2 - rgb[0] / 4 - rgb[2] / 4;
}

void history_rgb(const double ycocg[3], double rgb[3])
{
    rgb[0] = ycocg[0] - ycocg[2] + ycocg[1];
    rgb[1] = ycocg[0] + ycocg[2];
    rgb[2] = ycocg[0] - ycocg[2] - ycocg[1];
}
