/* Work that is too much for a device at once is done in pieces: the same bytes come out.
 *
 *   test_filter_split MODELS [PORTRAIT.rgba]
 *
 * Linked with --wrap: devices get the limits of a test, and dispatches and submissions are
 * counted. MODELS and the portrait as for test_filter_trust. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "filter_rig.h"
#include "portrait_rig.h"
#include "net/kernels.h"

enum { SIDE = PORTRAIT_SIDE, BLOCKS_MAX = 5000 };

static double dispatch_work, part_work; /* of devices that are opened; 0: as they are */
static int dispatches, blocks, submits;
static uint32_t block[BLOCKS_MAX][6]; /* first group and number of groups */

int __wrap_mvk_device_create(mvk_device **, const mvk_device_config *, mi_log *);
int __real_mvk_device_create(mvk_device **, const mvk_device_config *, mi_log *);
VkResult __wrap_vkQueueSubmit(VkQueue, uint32_t, const VkSubmitInfo *, VkFence);
VkResult __real_vkQueueSubmit(VkQueue, uint32_t, const VkSubmitInfo *, VkFence);
void __wrap_vkCmdDispatch(VkCommandBuffer, uint32_t, uint32_t, uint32_t);
void __real_vkCmdDispatch(VkCommandBuffer, uint32_t, uint32_t, uint32_t);
void __wrap_vkCmdDispatchBase(VkCommandBuffer, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t,
                              uint32_t);
void __real_vkCmdDispatchBase(VkCommandBuffer, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t,
                              uint32_t);

int __wrap_mvk_device_create(mvk_device **device, const mvk_device_config *config, mi_log *log)
{
    int status = __real_mvk_device_create(device, config, log);
    if (status == MIEN_OK && dispatch_work > 0) {
        (*device)->dispatch_work = dispatch_work;
        (*device)->part_work = part_work;
    }
    return status;
}

VkResult __wrap_vkQueueSubmit(VkQueue queue, uint32_t count, const VkSubmitInfo *info,
                              VkFence fence)
{
    submits++;
    return __real_vkQueueSubmit(queue, count, info, fence);
}

static void note(uint32_t a, uint32_t b, uint32_t c, uint32_t x, uint32_t y, uint32_t z)
{
    const uint32_t now[6] = {a, b, c, x, y, z};
    dispatches++;
    if (blocks < BLOCKS_MAX)
        memcpy(block[blocks++], now, sizeof now);
}

void __wrap_vkCmdDispatch(VkCommandBuffer buffer, uint32_t x, uint32_t y, uint32_t z)
{
    note(0, 0, 0, x, y, z);
    __real_vkCmdDispatch(buffer, x, y, z);
}

void __wrap_vkCmdDispatchBase(VkCommandBuffer buffer, uint32_t a, uint32_t b, uint32_t c,
                              uint32_t x, uint32_t y, uint32_t z)
{
    note(a, b, c, x, y, z);
    __real_vkCmdDispatchBase(buffer, a, b, c, x, y, z);
}

/* Every group is in one block, no block has more than its share of the work, and each part has
 * room for what is in it. */
static void expect_blocks(const uint32_t groups[3], double work, uint32_t parts)
{
    static uint8_t seen[64][64][64];
    double all = (double)groups[0] * groups[1] * groups[2], sum = 0;
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < blocks; i++) {
        const uint32_t *b = block[i];
        double share = work * b[3] * b[4] * b[5] / all;
        assert_true(share <= dispatch_work * (1 + 1e-9) || b[3] * b[4] * b[5] == 1);
        sum += share;
        for (uint32_t z = b[2]; z < b[2] + b[5]; z++)
            for (uint32_t y = b[1]; y < b[1] + b[4]; y++)
                for (uint32_t x = b[0]; x < b[0] + b[3]; x++) {
                    assert_true(x < groups[0] && y < groups[1] && z < groups[2]);
                    assert_int_equal(seen[z][y][x]++, 0);
                }
    }
    assert_true(fabs(sum - work) <= 1e-6 * work);
    assert_true(parts + 1 >= work / part_work || (int)parts + 1 == blocks);
    assert_true(parts <= 2 * work / part_work + 1 || (int)parts + 1 == blocks);
}

static void test_blocks(void **state)
{
    (void)state;
    const mvk_shader *shader = mi_kernel_shader(&(mi_variant){.kernel = MI_KERNEL_POOL});
    dice seed = dice_of(5);
    mi_log log;
    mvk_device *d;
    mvk_pipeline *p;
    mi_log_init(&log, NULL);
    dispatch_work = part_work = 1;
    assert_int_equal(mvk_device_create(&d, &(mvk_device_config){"", "none", 0}, &log), MIEN_OK);
    assert_int_equal(mvk_pipeline_create(d, &p, shader, NULL, 0), MIEN_OK);
    for (int i = 0; i < 200; i++) {
        const uint32_t groups[3] = {1 + (uint32_t)dice_int(&seed, 0, 59),
                                    1 + (uint32_t)dice_int(&seed, 0, 59),
                                    1 + (uint32_t)dice_int(&seed, 0, 9)};
        double work = 1e6 * groups[0] * groups[1] * groups[2];
        mvk_commands list;
        d->dispatch_work = dispatch_work = work / (1 + dice_int(&seed, 0, 299));
        d->part_work = part_work = work / (1 + dice_int(&seed, 0, 19));
        blocks = 0;
        assert_int_equal(mvk_commands_create(d, &list, 0), MIEN_OK);
        assert_int_equal(mvk_commands_begin(d, &list), MIEN_OK);
        mvk_dispatch_work(d, &list, p, NULL, 0, groups, work);
        assert_int_equal(mvk_commands_end(d, &list), MIEN_OK);
        expect_blocks(groups, work, list.parts);
        mvk_commands_destroy(d, &list);
    }
    mvk_pipeline_destroy(d, &p);
    mvk_device_destroy(&d);
    mi_log_finish(&log);
}

/* The second frame of a style that ships, and of one in faces, so that everything runs. */
static void run(test_frame *out, const char *params)
{
    const frame_layout tight = {0, false};
    const uint8_t *portrait = portrait_bytes();
    mien_filter *f = filter_make(NULL, params);
    assert_int_equal(mien_filter_set(f, "models", portrait_models()), MIEN_OK);
    *out = test_frame_make(MIEN_FORMAT_RGBA, SIDE, SIDE, &tight);
    for (int i = 0; i < 2; i++) {
        for (int32_t y = 0; y < SIDE; y++)
            for (int32_t k = 0; k < SIDE * 4; k++)
                out->frame.data[0][y * out->frame.stride[0] + k] =
                    portrait ? portrait[y * SIDE * 4 + k] : (uint8_t)(y * k / 997 + i);
        dispatches = submits = 0;
        filter_run(f, &out->frame, &out->frame, MIEN_OK);
    }
    mien_filter_destroy(&f);
}

static void expect_same(const char *params)
{
    static const double limits[][2] = {{1e6, INFINITY}, {3e4, 3e6}, {2e5, 2.1e5}};
    test_frame want, out;
    dispatch_work = 0;
    run(&want, params);
    int whole = submits;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        dispatch_work = limits[i][0];
        part_work = limits[i][1];
        run(&out, params);
        if (isinf(part_work))
            assert_int_equal(submits, whole);
        else
            assert_true(submits > whole + 5);
        assert_true(test_frame_equal(&want.frame, &out.frame));
        test_frame_free(&out);
    }
    test_frame_free(&want);
}

static void test_style(void **state)
{
    (void)state;
    expect_same("style=cartoon");
}

static void test_faces(void **state)
{
    (void)state;
    expect_same("style=cartoon style-area=face overlay=mesh");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_blocks), cmocka_unit_test(test_style)};
    const struct CMUnitTest face_tests[] = {cmocka_unit_test(test_faces)};
    const portrait_tests all = {
        .faceless = {"split", tests, sizeof tests / sizeof tests[0]},
        .with_face = {"split, with a face", face_tests, sizeof face_tests / sizeof face_tests[0]}};
    return portrait_tests_main(&all, argc, argv);
}
