/* Pipelines: one of a kind on a device, built together, and what a driver wants to keep of them
 * kept. lavapipe keeps nothing, so a driver is put before it that does (linked with --wrap). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "device_rig.h"
#include "half.spv.h"
#include "look.spv.h"
#include "pool.spv.h"
#include "test_files.h"

#define SHADER(name) {#name, mi_spv_##name, sizeof mi_spv_##name}

static const mvk_shader half = SHADER(half), look = SHADER(look), pool = SHADER(pool);
static device_rig rig;
static char folder[TEST_FOLDER];

/* The driver: what it was given at its creation, and what it hands out. */
static uint8_t given[256], handed[256];
static size_t given_bytes, handed_bytes;
static size_t together; /* bytes of what was merged; 0: as many as of all others */
static VkPipelineCache into;
static int created, merged;

VkResult __wrap_vkCreatePipelineCache(VkDevice, const VkPipelineCacheCreateInfo *,
                                      const VkAllocationCallbacks *, VkPipelineCache *);
VkResult __real_vkCreatePipelineCache(VkDevice, const VkPipelineCacheCreateInfo *,
                                      const VkAllocationCallbacks *, VkPipelineCache *);
VkResult __wrap_vkGetPipelineCacheData(VkDevice, VkPipelineCache, size_t *, void *);
VkResult __wrap_vkMergePipelineCaches(VkDevice, VkPipelineCache, uint32_t,
                                      const VkPipelineCache *);

VkResult __wrap_vkCreatePipelineCache(VkDevice device, const VkPipelineCacheCreateInfo *info,
                                      const VkAllocationCallbacks *callbacks,
                                      VkPipelineCache *cache)
{
    VkPipelineCacheCreateInfo empty = *info;
    given_bytes = info->initialDataSize;
    assert_true(given_bytes <= sizeof given);
    if (given_bytes)
        memcpy(given, info->pInitialData, given_bytes);
    created++;
    empty.initialDataSize = 0;
    return __real_vkCreatePipelineCache(device, &empty, callbacks, cache);
}

VkResult __wrap_vkGetPipelineCacheData(VkDevice device, VkPipelineCache cache, size_t *size,
                                       void *data)
{
    (void)device;
    size_t bytes = together && cache == into ? together : handed_bytes;
    if (data) {
        assert_true(bytes <= sizeof handed);
        memcpy(data, handed, bytes);
    }
    *size = bytes;
    return VK_SUCCESS;
}

VkResult __wrap_vkMergePipelineCaches(VkDevice device, VkPipelineCache to, uint32_t count,
                                      const VkPipelineCache *from)
{
    (void)device;
    (void)from;
    into = to;
    merged += (int)count;
    return VK_SUCCESS;
}

static void hand_out(size_t bytes)
{
    VkPhysicalDeviceProperties p;
    vkGetPhysicalDeviceProperties(rig.device->physical, &p);
    VkPipelineCacheHeaderVersionOne h = {.headerSize = sizeof h,
                                         .headerVersion = VK_PIPELINE_CACHE_HEADER_VERSION_ONE,
                                         .vendorID = p.vendorID,
                                         .deviceID = p.deviceID};
    memcpy(h.pipelineCacheUUID, p.pipelineCacheUUID, VK_UUID_SIZE);
    memset(handed, 0x5a, sizeof handed);
    memcpy(handed, &h, sizeof h);
    handed_bytes = bytes;
}

static mvk_device *open_device(void)
{
    mvk_device *d;
    assert_int_equal(mvk_device_create(&d, &(mvk_device_config){"", folder}, &rig.log), MIEN_OK);
    return d;
}

static void build_one(mvk_device *d, const mvk_shader *shader)
{
    mvk_pipeline *p;
    assert_int_equal(mvk_pipeline_create(d, &p, shader, NULL, 0), MIEN_OK);
    assert_int_equal(mvk_pipelines_build(d), MIEN_OK);
    assert_true(p->handle);
    mvk_pipeline_destroy(d, &p);
}

static int remove_folder(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static void test_shared(void **state)
{
    (void)state;
    mvk_device *d = rig.device;
    const uint32_t one[2] = {1, 2}, other[2] = {1, 3};
    mvk_pipeline *a, *b, *c, *e, *f;
    assert_int_equal(mvk_pipeline_create(d, &a, &pool, one, 2), MIEN_OK);
    assert_int_equal(mvk_pipeline_create(d, &b, &pool, one, 2), MIEN_OK);
    assert_int_equal(mvk_pipeline_create(d, &c, &pool, other, 2), MIEN_OK);
    assert_int_equal(mvk_pipeline_create(d, &e, &pool, one, 1), MIEN_OK);
    assert_int_equal(mvk_pipeline_create(d, &f, &look, one, 2), MIEN_OK);
    assert_ptr_equal(a, b);
    assert_true(a != c && a != e && a != f && c != e && c != f && e != f);
    mvk_pipeline_destroy(d, &a);
    assert_null(a);
    mvk_pipeline_destroy(d, &a); /* nothing */
    assert_int_equal(mvk_pipelines_build(d), MIEN_OK);
    assert_true(b->handle && c->handle && e->handle && f->handle);
    mvk_pipeline_destroy(d, &c); /* from the middle of the list */
    mvk_pipeline_destroy(d, &f);
    mvk_pipeline_destroy(d, &b);
    mvk_pipeline_destroy(d, &e);
    assert_null(d->pipelines);
}

/* Many at once: the threads take each one once. */
static void test_many(void **state)
{
    (void)state;
    enum { MANY = 40 };
    mvk_device *d = rig.device;
    mvk_pipeline *p[MANY];
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(mvk_pipeline_create(d, &p[i], i % 2 ? &look : &pool, &i, 1), MIEN_OK);
    assert_int_equal(mvk_pipelines_build(d), MIEN_OK);
    for (uint32_t i = 0; i < MANY; i++)
        assert_true(p[i]->handle);
    for (uint32_t i = 0; i < MANY; i++)
        mvk_pipeline_destroy(d, &p[i]);
    assert_null(d->pipelines);
}

static void test_kept(void **state)
{
    (void)state;
    hand_out(sizeof(VkPipelineCacheHeaderVersionOne)); /* as drivers that keep nothing */
    mvk_device *d = open_device();
    assert_int_equal(given_bytes, 0);
    build_one(d, &half);
    mvk_device_destroy(&d);
    d = open_device();
    assert_int_equal(given_bytes, 0);
    hand_out(100);
    build_one(d, &half);
    mvk_device_destroy(&d);

    merged = 0;
    d = open_device();
    assert_int_equal(given_bytes, 100);
    assert_memory_equal(given, handed, 100);
    created = 0;
    build_one(d, &half); /* the driver knew it: nothing is stored */
    assert_int_equal(created + merged, 0);
    hand_out(120);
    build_one(d, &half); /* what another process stored meanwhile goes in */
    assert_int_equal(created, 1);
    assert_int_equal(merged, 1);
    mvk_device_destroy(&d);
    d = open_device();
    assert_int_equal(given_bytes, 120);
    mvk_device_destroy(&d);
}

static void expect_given(size_t bytes)
{
    mvk_device *d = open_device();
    assert_int_equal(given_bytes, bytes);
    mvk_device_destroy(&d);
}

/* Too much for a file with what others stored: they go. Too much without it: all goes. */
static void test_full(void **state)
{
    (void)state;
    mi_cache_remove(&rig.device->cache, "pipelines");
    hand_out(sizeof(VkPipelineCacheHeaderVersionOne));
    mvk_device *d = open_device();
    hand_out(100);
    build_one(d, &half);
    expect_given(100);
    hand_out(140);
    together = MI_CACHE_MAX + (size_t)1;
    into = VK_NULL_HANDLE; /* what was merged before is gone, and its handle may be another's */
    build_one(d, &half);
    together = 0;
    expect_given(140);
    handed_bytes = MI_CACHE_MAX + (size_t)1;
    build_one(d, &half);
    hand_out(140);
    expect_given(0);
    handed_bytes = MI_CACHE_MAX + (size_t)2;
    build_one(d, &half); /* nothing is there to go */
    hand_out(160);
    build_one(d, &half);
    mvk_device_destroy(&d);
    expect_given(160);
}

/* A file that is whole, but of a driver that this one must not be given. */
static void test_foreign(void **state)
{
    (void)state;
    static const size_t field[] = {
        offsetof(VkPipelineCacheHeaderVersionOne, headerSize),
        offsetof(VkPipelineCacheHeaderVersionOne, headerVersion),
        offsetof(VkPipelineCacheHeaderVersionOne, vendorID),
        offsetof(VkPipelineCacheHeaderVersionOne, deviceID),
        offsetof(VkPipelineCacheHeaderVersionOne, pipelineCacheUUID)};
    for (size_t i = 0; i <= sizeof field / sizeof field[0]; i++) {
        hand_out(80);
        size_t size = 80;
        if (i < sizeof field / sizeof field[0])
            handed[field[i]] ^= 0xff;
        else
            size = 20; /* no whole header */
        mi_cache_write(&rig.device->cache, "pipelines", handed, size);
        mvk_device *d = open_device();
        assert_int_equal(given_bytes, 0);
        mvk_device_destroy(&d);
    }
    hand_out(80);
    mi_cache_write(&rig.device->cache, "pipelines", handed, 80);
    mvk_device *d = open_device();
    assert_int_equal(given_bytes, 80);
    mvk_device_destroy(&d);
}

/* What is recorded without having been built is compiled then; a list of first runs is in parts. */
static void test_lists(void **state)
{
    (void)state;
    enum { LISTS = 3 };
    static const int32_t push[MVK_PUSH_BYTES / 4];
    mvk_device *d = rig.device;
    rig_memory memory;
    mvk_pipeline *p[2 * LISTS];
    mvk_commands list[LISTS];
    const mvk_commands *lists[LISTS];
    rig_memory_create(&rig, &memory, &(rig_sizes){.arena = 64, .weights = 4});
    for (uint32_t i = 0; i < 2 * LISTS; i++)
        assert_int_equal(mvk_pipeline_create(d, &p[i], &half, &i, 1), MIEN_OK);
    for (uint32_t k = 0; k < LISTS; k++) {
        lists[k] = &list[k];
        rig_begin(&rig, &memory, &list[k]);
        mvk_commands_first(&list[k]);
        for (uint32_t i = 0; i < 4; i++) {
            mvk_dispatch(d, &list[k], p[2 * k + i / 2], push, 4, 1, 1, 1);
            mvk_barrier(&list[k]);
        }
        assert_true(p[2 * k]->handle && p[2 * k + 1]->handle);
        assert_int_equal(list[k].parts, 2);
        mvk_barrier_host(&list[k]);
        assert_int_equal(mvk_commands_end(d, &list[k]), MIEN_OK);
    }
    assert_int_equal(mvk_submit_first(d, &list[0]), MIEN_OK);
    assert_int_equal(mvk_submit(d, &list[0]), MIEN_OK);
    assert_int_equal(mvk_submit_lists(d, lists, LISTS), MIEN_OK);
    for (uint32_t k = 0; k < LISTS; k++)
        mvk_commands_destroy(d, &list[k]);
    rig_begin(&rig, &memory, &list[0]);
    mvk_commands_first(&list[0]);
    mvk_dispatch(d, &list[0], p[0], push, 4, 1, 1, 1); /* has run */
    assert_int_equal(list[0].parts, 0);
    rig_run(&rig, &list[0]);
    for (uint32_t i = 0; i < 2 * LISTS; i++)
        mvk_pipeline_destroy(d, &p[i]);
    rig_memory_destroy(&rig, &memory);
}

int main(void)
{
    if (!rig_open(&rig))
        return RIG_SKIPPED;
    test_folder_make(folder, "pipelines");
    mi_cache_open(&rig.device->cache, folder, &rig.log);
    mvk_device *same = open_device(); /* for its identity */
    rig.device->cache = same->cache;
    mvk_device_destroy(&same);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared), cmocka_unit_test(test_many),    cmocka_unit_test(test_kept),
        cmocka_unit_test(test_full),   cmocka_unit_test(test_foreign), cmocka_unit_test(test_lists),
    };
    int failed = cmocka_run_group_tests(tests, NULL, remove_folder);
    int lines = rig.validation_lines;
    rig_close(&rig);
    return failed || lines;
}
