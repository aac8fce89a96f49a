#include "kernels.h"

#include "conv_any.spv.h"
#include "conv_any_lanes8.spv.h"
#include "conv_depth.spv.h"
#include "conv_depth3_s1.spv.h"
#include "conv_depth3_s1_lanes8.spv.h"
#include "conv_depth3_s2.spv.h"
#include "conv_depth3_s2_lanes8.spv.h"
#include "conv_depth_lanes8.spv.h"
#include "conv_full.spv.h"
#include "conv_full_lanes8.spv.h"
#include "conv_gemm.spv.h"
#include "conv_gemm_half.spv.h"
#include "conv_gemm_packed.spv.h"
#include "conv_pair_s1_q2.spv.h"
#include "conv_pair_s1_q2_lanes8.spv.h"
#include "conv_pair_s1_q4.spv.h"
#include "conv_pair_s1_q4_lanes8.spv.h"
#include "conv_pair_s1_q8.spv.h"
#include "conv_pair_s1_q8_lanes8.spv.h"
#include "conv_pair_s2_q2.spv.h"
#include "conv_pair_s2_q2_lanes8.spv.h"
#include "conv_pair_s2_q4.spv.h"
#include "conv_pair_s2_q4_lanes8.spv.h"
#include "conv_pair_s2_q8.spv.h"
#include "conv_pair_s2_q8_lanes8.spv.h"
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
#include "conv_tile_s1_r3.spv.h"
#include "conv_tile_s1_r3_lanes8.spv.h"
#include "conv_tile_s2_q1.spv.h"
#include "conv_tile_s2_q1_lanes8.spv.h"
#include "conv_tile_s2_q2.spv.h"
#include "conv_tile_s2_q2_lanes8.spv.h"
#include "conv_tile_s2_r3.spv.h"
#include "conv_tile_s2_r3_lanes8.spv.h"
#include "conv_tile_sum_d2s.spv.h"
#include "conv_tile_sum_d2s_lanes8.spv.h"
#include "conv_tile_sum_q1.spv.h"
#include "conv_tile_sum_q1_lanes8.spv.h"
#include "conv_tile_sum_q2.spv.h"
#include "conv_tile_sum_q2_lanes8.spv.h"
#include "conv_tile_up_q1.spv.h"
#include "conv_tile_up_q1_lanes8.spv.h"
#include "conv_tile_up_q2.spv.h"
#include "conv_tile_up_q2_lanes8.spv.h"
#include "conv_transpose.spv.h"
#include "conv_transpose_lanes8.spv.h"
#include "conv_wide_k5_q1.spv.h"
#include "conv_wide_k5_q1_lanes8.spv.h"
#include "conv_wide_k5_q2.spv.h"
#include "conv_wide_k5_q2_lanes8.spv.h"
#include "conv_wide_k5_s2.spv.h"
#include "conv_wide_k5_s2_lanes8.spv.h"
#include "conv_wide_k7_q1.spv.h"
#include "conv_wide_k7_q1_lanes8.spv.h"
#include "conv_wide_k7_q2.spv.h"
#include "conv_wide_k7_q2_lanes8.spv.h"
#include "conv_wide_k7_s2.spv.h"
#include "conv_wide_k7_s2_lanes8.spv.h"
#include "conv_wide_k9_q1.spv.h"
#include "conv_wide_k9_q1_lanes8.spv.h"
#include "conv_wide_k9_q2.spv.h"
#include "conv_wide_k9_q2_lanes8.spv.h"
#include "copy.spv.h"
#include "copy_lanes8.spv.h"
#include "elementwise.spv.h"
#include "elementwise_lanes8.spv.h"
#include "norm_apply.spv.h"
#include "norm_apply_lanes8.spv.h"
#include "norm_scale.spv.h"
#include "norm_scale_lanes8.spv.h"
#include "norm_sum.spv.h"
#include "norm_sum_lanes8.spv.h"
#include "pool.spv.h"
#include "pool_lanes8.spv.h"
#include "rearrange.spv.h"
#include "rearrange_lanes8.spv.h"
#include "resize.spv.h"
#include "resize_lanes8.spv.h"
#include "resize_table.spv.h"
#include "resize_table_lanes8.spv.h"
#include "small_lanes8.spv.h"
#include "wino_in.spv.h"
#include "wino_in_lanes8.spv.h"
#include "wino_in_sum.spv.h"
#include "wino_in_sum_lanes8.spv.h"
#include "wino_in_up.spv.h"
#include "wino_in_up_lanes8.spv.h"
#include "wino_out_d2s.spv.h"
#include "wino_out_d2s_lanes8.spv.h"
#include "wino_out_q2.spv.h"
#include "wino_out_q2_lanes8.spv.h"
#include "wino_out_q3.spv.h"
#include "wino_out_q3_lanes8.spv.h"
#include "wino_out_q4.spv.h"
#include "wino_out_q4_lanes8.spv.h"
#include "wino_out_up_q2.spv.h"
#include "wino_out_up_q2_lanes8.spv.h"
#include "wino_out_up_q3.spv.h"
#include "wino_out_up_q3_lanes8.spv.h"
#include "wino_out_up_q4.spv.h"
#include "wino_out_up_q4_lanes8.spv.h"

#define SHADER(name) {#name, mi_spv_##name, sizeof mi_spv_##name}
/* A variant for any device and its twin for subgroups of 8. */
#define TWINS(name, ...) \
    {{__VA_ARGS__, .lanes8 = false}, SHADER(name)}, \
    {{__VA_ARGS__, .lanes8 = true}, SHADER(name##_lanes8)}
#define TILE(name, ...) TWINS(name, .kernel = MI_KERNEL_CONV_TILE, __VA_ARGS__)
#define WIDE(name, ...) TWINS(name, .kernel = MI_KERNEL_CONV_WIDE, __VA_ARGS__)
#define GEMM(name, kind) {{.kernel = MI_KERNEL_CONV_GEMM, .storage = kind}, SHADER(name)}
#define POINT(name, ...) TWINS(name, .kernel = MI_KERNEL_CONV_POINT, .stride = 1, __VA_ARGS__)

static const struct {
    mi_variant variant;
    mvk_shader shader;
} table[] = {
    TILE(conv_tile_q1, .q = 1, .stride = 1, .rows = 5),
    TILE(conv_tile_q2, .q = 2, .stride = 1, .rows = 5),
    TILE(conv_tile_s2_q1, .q = 1, .stride = 2, .rows = 4),
    TILE(conv_tile_s2_q2, .q = 2, .stride = 2, .rows = 4),
    TILE(conv_tile_s1_r3, .q = 2, .stride = 1, .rows = 3),
    TILE(conv_tile_s2_r3, .q = 2, .stride = 2, .rows = 3),
    TILE(conv_tile_up_q1, .q = 1, .stride = 1, .rows = 4, .up = true),
    TILE(conv_tile_up_q2, .q = 2, .stride = 1, .rows = 4, .up = true),
    TILE(conv_tile_sum_q1, .q = 1, .stride = 1, .rows = 4, .sum = true),
    TILE(conv_tile_sum_q2, .q = 2, .stride = 1, .rows = 4, .sum = true),
    TILE(conv_tile_d2s, .stride = 1, .rows = 6, .d2s = true),
    TILE(conv_tile_sum_d2s, .stride = 1, .rows = 6, .sum = true, .d2s = true),
    POINT(conv_point_q1, .q = 1),
    POINT(conv_point_q2, .q = 2),
    POINT(conv_point_q3, .q = 3),
    POINT(conv_point_q4, .q = 4),
    TWINS(conv_any, .kernel = MI_KERNEL_CONV_ANY, .q = 2),
    WIDE(conv_wide_k5_q1, .k = 5, .stride = 1, .q = 1, .rows = 6),
    WIDE(conv_wide_k5_q2, .k = 5, .stride = 1, .q = 2, .rows = 4),
    WIDE(conv_wide_k7_q1, .k = 7, .stride = 1, .q = 1, .rows = 6),
    WIDE(conv_wide_k7_q2, .k = 7, .stride = 1, .q = 2, .rows = 4),
    WIDE(conv_wide_k9_q1, .k = 9, .stride = 1, .q = 1, .rows = 6),
    WIDE(conv_wide_k9_q2, .k = 9, .stride = 1, .q = 2, .rows = 4),
    WIDE(conv_wide_k5_s2, .k = 5, .stride = 2, .q = 2, .rows = 4),
    WIDE(conv_wide_k7_s2, .k = 7, .stride = 2, .q = 2, .rows = 4),
    GEMM(conv_gemm, 0),
    GEMM(conv_gemm_packed, 1),
    GEMM(conv_gemm_half, 2),
    TWINS(conv_depth, .kernel = MI_KERNEL_CONV_DEPTH),
    TWINS(conv_depth3_s1, .kernel = MI_KERNEL_CONV_DEPTH, .stride = 1),
    TWINS(conv_depth3_s2, .kernel = MI_KERNEL_CONV_DEPTH, .stride = 2),
    TWINS(conv_pair_s1_q2, .kernel = MI_KERNEL_CONV_PAIR, .q = 2, .stride = 1, .rows = 4),
    TWINS(conv_pair_s1_q4, .kernel = MI_KERNEL_CONV_PAIR, .q = 4, .stride = 1, .rows = 4),
    TWINS(conv_pair_s1_q8, .kernel = MI_KERNEL_CONV_PAIR, .q = 8, .stride = 1, .rows = 4),
    TWINS(conv_pair_s2_q2, .kernel = MI_KERNEL_CONV_PAIR, .q = 2, .stride = 2, .rows = 4),
    TWINS(conv_pair_s2_q4, .kernel = MI_KERNEL_CONV_PAIR, .q = 4, .stride = 2, .rows = 4),
    TWINS(conv_pair_s2_q8, .kernel = MI_KERNEL_CONV_PAIR, .q = 8, .stride = 2, .rows = 4),
    TWINS(conv_full, .kernel = MI_KERNEL_CONV_FULL),
    TWINS(conv_transpose, .kernel = MI_KERNEL_CONV_TRANSPOSE),
    TWINS(elementwise, .kernel = MI_KERNEL_ELEMENTWISE),
    TWINS(norm_sum, .kernel = MI_KERNEL_NORM_SUM),
    TWINS(norm_scale, .kernel = MI_KERNEL_NORM_SCALE),
    TWINS(norm_apply, .kernel = MI_KERNEL_NORM_APPLY),
    TWINS(rearrange, .kernel = MI_KERNEL_REARRANGE),
    TWINS(resize, .kernel = MI_KERNEL_RESIZE),
    TWINS(pool, .kernel = MI_KERNEL_POOL),
    TWINS(copy, .kernel = MI_KERNEL_COPY),
    TWINS(resize_table, .kernel = MI_KERNEL_RESIZE_TABLE),
    {{.kernel = MI_KERNEL_SMALL, .lanes8 = true}, SHADER(small_lanes8)},
    TWINS(wino_in, .kernel = MI_KERNEL_WINO_IN),
    TWINS(wino_in_up, .kernel = MI_KERNEL_WINO_IN, .up = true),
    TWINS(wino_in_sum, .kernel = MI_KERNEL_WINO_IN, .sum = true),
    TWINS(wino_out_d2s, .kernel = MI_KERNEL_WINO_OUT, .q = 4, .d2s = true),
    TWINS(wino_out_q2, .kernel = MI_KERNEL_WINO_OUT, .q = 2),
    TWINS(wino_out_q3, .kernel = MI_KERNEL_WINO_OUT, .q = 3),
    TWINS(wino_out_q4, .kernel = MI_KERNEL_WINO_OUT, .q = 4),
    TWINS(wino_out_up_q2, .kernel = MI_KERNEL_WINO_OUT, .q = 2, .up = true),
    TWINS(wino_out_up_q3, .kernel = MI_KERNEL_WINO_OUT, .q = 3, .up = true),
    TWINS(wino_out_up_q4, .kernel = MI_KERNEL_WINO_OUT, .q = 4, .up = true),
};

const mvk_shader *mi_kernel_shader(const mi_variant *v)
{
    mi_variant wanted = *v;
    if (v->kernel == MI_KERNEL_CONV_GEMM)
        wanted.up = wanted.sum = wanted.d2s = false;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (mi_variant_same(&table[i].variant, &wanted))
            return &table[i].shader;
    return NULL;
}

bool mi_variant_same(const mi_variant *a, const mi_variant *b)
{
    return a->kernel == b->kernel && a->q == b->q && a->stride == b->stride &&
           a->rows == b->rows && a->k == b->k && a->up == b->up && a->sum == b->sum &&
           a->d2s == b->d2s && a->lanes8 == b->lanes8 && a->storage == b->storage;
}

/* By words, which is faster than by bytes: it is done at every start. */
uint64_t mi_kernels_hash(uint64_t hash)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        for (size_t k = 0; k < table[i].shader.bytes / 4; k++)
            hash = (hash ^ table[i].shader.code[k]) * UINT64_C(1099511628211);
    return hash;
}

mi_family mi_kernel_family(const mvk_device *d)
{
    bool gpu = d->type == VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU ||
               d->type == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU ||
               d->type == VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU;
    if (gpu || d->as_gpu)
        return MI_FAMILY_SIMT;
    bool lanes8 = d->type == VK_PHYSICAL_DEVICE_TYPE_CPU && d->subgroup == 8 &&
                  d->subgroup_shuffle && d->float64;
    return lanes8 ? MI_FAMILY_LANES8 : MI_FAMILY_PLAIN;
}
