#include "kernels.h"

#include "conv_any.spv.h"
#include "conv_any_lanes8.spv.h"
#include "conv_depth.spv.h"
#include "conv_depth3_s1.spv.h"
#include "conv_depth3_s2.spv.h"
#include "conv_full.spv.h"
#include "conv_point_q1.spv.h"
#include "conv_point_q1_lanes8.spv.h"
#include "conv_point_q2.spv.h"
#include "conv_point_q2_lanes8.spv.h"
#include "conv_point_q3.spv.h"
#include "conv_point_q3_lanes8.spv.h"
#include "conv_point_q4.spv.h"
#include "conv_point_q4_lanes8.spv.h"
#include "conv_tile_d2s.spv.h"
#include "conv_tile_d2s_lanes8.spv.h"
#include "conv_tile_q1.spv.h"
#include "conv_tile_q1_lanes8.spv.h"
#include "conv_tile_q2.spv.h"
#include "conv_tile_q2_lanes8.spv.h"
#include "conv_tile_q3.spv.h"
#include "conv_tile_q3_lanes8.spv.h"
#include "conv_tile_s2_q1.spv.h"
#include "conv_tile_s2_q1_lanes8.spv.h"
#include "conv_tile_s2_q2.spv.h"
#include "conv_tile_s2_q2_lanes8.spv.h"
#include "conv_tile_s2_q3.spv.h"
#include "conv_tile_s2_q3_lanes8.spv.h"
#include "conv_tile_sum_d2s.spv.h"
#include "conv_tile_sum_d2s_lanes8.spv.h"
#include "conv_tile_sum_q1.spv.h"
#include "conv_tile_sum_q1_lanes8.spv.h"
#include "conv_tile_sum_q2.spv.h"
#include "conv_tile_sum_q2_lanes8.spv.h"
#include "conv_tile_sum_q3.spv.h"
#include "conv_tile_sum_q3_lanes8.spv.h"
#include "conv_tile_up_q1.spv.h"
#include "conv_tile_up_q1_lanes8.spv.h"
#include "conv_tile_up_q2.spv.h"
#include "conv_tile_up_q2_lanes8.spv.h"
#include "conv_tile_up_q3.spv.h"
#include "conv_tile_up_q3_lanes8.spv.h"
#include "conv_transpose.spv.h"
#include "elementwise.spv.h"
#include "norm_apply.spv.h"
#include "norm_scale.spv.h"
#include "norm_sum.spv.h"
#include "pool.spv.h"
#include "rearrange.spv.h"
#include "resize.spv.h"

#define SHADER(name) {#name, mi_spv_##name, sizeof mi_spv_##name}
/* A variant for any device and its twin for subgroups of 8. */
#define PAIR(kernel, q, stride, up, sum, d2s, name) \
    {{kernel, q, stride, up, sum, d2s, false}, SHADER(name)}, \
    {{kernel, q, stride, up, sum, d2s, true}, SHADER(name##_lanes8)}

static const struct {
    mi_variant variant;
    mvk_shader shader;
} table[] = {
    PAIR(MI_KERNEL_CONV_TILE, 1, 1, false, false, false, conv_tile_q1),
    PAIR(MI_KERNEL_CONV_TILE, 2, 1, false, false, false, conv_tile_q2),
    PAIR(MI_KERNEL_CONV_TILE, 3, 1, false, false, false, conv_tile_q3),
    PAIR(MI_KERNEL_CONV_TILE, 1, 2, false, false, false, conv_tile_s2_q1),
    PAIR(MI_KERNEL_CONV_TILE, 2, 2, false, false, false, conv_tile_s2_q2),
    PAIR(MI_KERNEL_CONV_TILE, 3, 2, false, false, false, conv_tile_s2_q3),
    PAIR(MI_KERNEL_CONV_TILE, 1, 1, true, false, false, conv_tile_up_q1),
    PAIR(MI_KERNEL_CONV_TILE, 2, 1, true, false, false, conv_tile_up_q2),
    PAIR(MI_KERNEL_CONV_TILE, 3, 1, true, false, false, conv_tile_up_q3),
    PAIR(MI_KERNEL_CONV_TILE, 3, 1, false, false, true, conv_tile_d2s),
    PAIR(MI_KERNEL_CONV_TILE, 1, 1, false, true, false, conv_tile_sum_q1),
    PAIR(MI_KERNEL_CONV_TILE, 2, 1, false, true, false, conv_tile_sum_q2),
    PAIR(MI_KERNEL_CONV_TILE, 3, 1, false, true, false, conv_tile_sum_q3),
    PAIR(MI_KERNEL_CONV_TILE, 3, 1, false, true, true, conv_tile_sum_d2s),
    PAIR(MI_KERNEL_CONV_POINT, 1, 1, false, false, false, conv_point_q1),
    PAIR(MI_KERNEL_CONV_POINT, 2, 1, false, false, false, conv_point_q2),
    PAIR(MI_KERNEL_CONV_POINT, 3, 1, false, false, false, conv_point_q3),
    PAIR(MI_KERNEL_CONV_POINT, 4, 1, false, false, false, conv_point_q4),
    PAIR(MI_KERNEL_CONV_ANY, 2, 0, false, false, false, conv_any),
    {{.kernel = MI_KERNEL_CONV_DEPTH}, SHADER(conv_depth)},
    {{.kernel = MI_KERNEL_CONV_DEPTH, .stride = 1}, SHADER(conv_depth3_s1)},
    {{.kernel = MI_KERNEL_CONV_DEPTH, .stride = 2}, SHADER(conv_depth3_s2)},
    {{.kernel = MI_KERNEL_CONV_FULL}, SHADER(conv_full)},
    {{.kernel = MI_KERNEL_CONV_TRANSPOSE}, SHADER(conv_transpose)},
    {{.kernel = MI_KERNEL_ELEMENTWISE}, SHADER(elementwise)},
    {{.kernel = MI_KERNEL_NORM_SUM}, SHADER(norm_sum)},
    {{.kernel = MI_KERNEL_NORM_SCALE}, SHADER(norm_scale)},
    {{.kernel = MI_KERNEL_NORM_APPLY}, SHADER(norm_apply)},
    {{.kernel = MI_KERNEL_REARRANGE}, SHADER(rearrange)},
    {{.kernel = MI_KERNEL_RESIZE}, SHADER(resize)},
    {{.kernel = MI_KERNEL_POOL}, SHADER(pool)},
};

const mvk_shader *mi_kernel_shader(const mi_variant *v)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const mi_variant *t = &table[i].variant;
        if (t->kernel == v->kernel && t->q == v->q && t->stride == v->stride && t->up == v->up &&
            t->sum == v->sum && t->d2s == v->d2s && t->lanes8 == v->lanes8)
            return &table[i].shader;
    }
    return NULL;
}

bool mi_kernel_lanes8(const mvk_device *device)
{
    return device->type == VK_PHYSICAL_DEVICE_TYPE_CPU && device->subgroup == 8 &&
           device->subgroup_shuffle;
}
