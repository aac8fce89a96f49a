/* Nothing is allocated after the first frame: by the library on the host, and on the device. Linked
 * with the library's objects and with --wrap of what they could allocate with, so that only the
 * library's own calls are counted and not what a driver does inside.
 *
 *   test_filter_memory MODELS [PORTRAIT.rgba]
 *
 * MODELS: folder with the face networks. PORTRAIT: 512x512 RGBA, one face at about (225, 128). With
 * it, what needs a face is run, without it the rest. Styles: those of filter_rig. */
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vulkan/vulkan.h>

#include "portrait_scene.h"

enum { WIDTH = 448, HEIGHT = 320, SHOWN = 1000 };

static bool watching;
static long calls;
static const char *first_calls[SHOWN];

static void count_call(const char *name)
{
    if (!watching)
        return;
    if (calls < SHOWN)
        first_calls[calls] = name;
    calls++;
}

#define WRAP(type, name, parameters, arguments) \
    type __real_##name parameters; \
    type __wrap_##name parameters; \
    type __wrap_##name parameters \
    { \
        count_call(#name); \
        return __real_##name arguments; \
    }

WRAP(void *, malloc, (size_t size), (size))
WRAP(void *, calloc, (size_t count, size_t size), (count, size))
WRAP(void *, realloc, (void *old, size_t size), (old, size))
WRAP(void *, aligned_alloc, (size_t align, size_t size), (align, size))
WRAP(int, posix_memalign, (void **to, size_t align, size_t size), (to, align, size))
WRAP(char *, strdup, (const char *text), (text))
WRAP(FILE *, fopen, (const char *path, const char *mode), (path, mode))
WRAP(FILE *, fopen64, (const char *path, const char *mode), (path, mode))
WRAP(FILE *, fdopen, (int file, const char *mode), (file, mode))
WRAP(DIR *, opendir, (const char *path), (path))
WRAP(int, pthread_create,
     (pthread_t *to, const pthread_attr_t *how, void *(*run)(void *), void *opaque),
     (to, how, run, opaque))

/* The C library's may allocate: it counts too. */
typedef int comparison(const void *, const void *);
void __real_qsort(void *data, size_t count, size_t size, comparison *compare);
void __wrap_qsort(void *data, size_t count, size_t size, comparison *compare);
void __wrap_qsort(void *data, size_t count, size_t size, comparison *compare)
{
    count_call("qsort");
    __real_qsort(data, count, size, compare);
}

#define WRAP_CREATE(name, info, handle) \
    WRAP(VkResult, name, (VkDevice d, const info *i, const VkAllocationCallbacks *a, handle *to), \
         (d, i, a, to))
WRAP_CREATE(vkAllocateMemory, VkMemoryAllocateInfo, VkDeviceMemory)
WRAP_CREATE(vkCreateBuffer, VkBufferCreateInfo, VkBuffer)
WRAP_CREATE(vkCreateBufferView, VkBufferViewCreateInfo, VkBufferView)
WRAP_CREATE(vkCreateCommandPool, VkCommandPoolCreateInfo, VkCommandPool)
WRAP_CREATE(vkCreateDescriptorPool, VkDescriptorPoolCreateInfo, VkDescriptorPool)
WRAP_CREATE(vkCreateFence, VkFenceCreateInfo, VkFence)
WRAP_CREATE(vkCreatePipelineCache, VkPipelineCacheCreateInfo, VkPipelineCache)
WRAP_CREATE(vkCreateQueryPool, VkQueryPoolCreateInfo, VkQueryPool)
WRAP_CREATE(vkCreateShaderModule, VkShaderModuleCreateInfo, VkShaderModule)
WRAP(VkResult, vkAllocateCommandBuffers,
     (VkDevice d, const VkCommandBufferAllocateInfo *i, VkCommandBuffer *to), (d, i, to))
WRAP(VkResult, vkAllocateDescriptorSets,
     (VkDevice d, const VkDescriptorSetAllocateInfo *i, VkDescriptorSet *to), (d, i, to))
WRAP(VkResult, vkBeginCommandBuffer, (VkCommandBuffer c, const VkCommandBufferBeginInfo *i),
     (c, i))
WRAP(VkResult, vkCreateComputePipelines,
     (VkDevice d, VkPipelineCache c, uint32_t n, const VkComputePipelineCreateInfo *i,
      const VkAllocationCallbacks *a, VkPipeline *to), (d, c, n, i, a, to))

/* Processes a frame. The first one must allocate (else nothing was measured), the others must
 * not. */
static void run_watched(mien_filter *f, const test_frame *in, const test_frame *out, int n)
{
    mien_stats before, after;
    mien_filter_stats(f, &before);
    calls = 0;
    watching = true;
    int status = mien_filter_process(f, &in->frame, &out->frame);
    watching = false;
    mien_filter_stats(f, &after);
    if (status != MIEN_OK)
        fail_msg("status %d: %s", status, mien_filter_error(f));
    if (n == 0) {
        assert_true(calls > 0 && after.device_bytes > 0);
        return;
    }
    for (long i = 0; i < calls && i < 8; i++)
        print_error("%s, frame %d: %s\n", test_format_name(in->frame.format), n, first_calls[i]);
    assert_int_equal(calls, 0);
    assert_true(after.device_bytes == before.device_bytes);
}

/* What a host changes while a stream runs, in turns; none of it a reason for new memory. */
typedef const char *const changes[4][2];

static changes of_style = {
    {"style-strength", "0.4"}, {"smooth", "0"}, {"style-strength", "1"}, {"smooth", "0.9"}};
static changes of_age = {{"age", "-20"}, {"smooth", "0"}, {"age", "0"}, {"age", "45"}};

static void change(mien_filter *f, int n, changes set)
{
    const char *const *pair = set[n / 3 % 4];
    if (n % 3 == 0)
        assert_int_equal(mien_filter_set(f, pair[0], pair[1]), MIEN_OK);
}

static void test_style(void **state)
{
    (void)state;
    for (int i = 0; i < TEST_FORMATS; i++)
        for (int timing = 0; timing < 2; timing++) {
            const frame_layout layout = {timing ? 5 : 0, timing == 1};
            test_frame in = test_frame_make(test_formats[i], 162, 94, &layout);
            test_frame out = test_frame_make(test_formats[i], 162, 94, &layout);
            mien_filter *f = filter_make(NULL, "style=sharp");
            mien_filter_set_timing(f, timing == 1);
            for (int n = 0; n < 14; n++) {
                test_frame_noise(&in.frame, (uint64_t)n);
                run_watched(f, &in, n % 2 ? &in : &out, n);
                change(f, n, of_style);
            }
            mien_filter_destroy(&f);
            test_frame_free(&in);
            test_frame_free(&out);
        }
}

/* Another style is another first frame: here something is counted, and so it would be elsewhere. */
static void test_count(void **state)
{
    (void)state;
    static const frame_layout tight = {0, false};
    test_frame in = test_frame_make(MIEN_FORMAT_NV12, 64, 48, &tight);
    mien_filter *f = filter_make(NULL, "style=sharp");
    test_frame_noise(&in.frame, 3);
    run_watched(f, &in, &in, 0);
    run_watched(f, &in, &in, 1);
    assert_int_equal(mien_filter_set(f, "style", "invert"), MIEN_OK);
    long host = 0, device = 0;
    calls = 0;
    for (int n = 0; n < 20 && calls == 0; n++) { /* the old one fades out first */
        watching = true;
        int status = mien_filter_process(f, &in.frame, &in.frame);
        watching = false;
        assert_int_equal(status, MIEN_OK);
    }
    for (long i = 0; i < calls && i < SHOWN; i++) {
        host += strncmp(first_calls[i], "vk", 2) != 0;
        device += strncmp(first_calls[i], "vk", 2) == 0;
    }
    assert_true(host > 0 && device > 0);
    mien_filter_destroy(&f);
    test_frame_free(&in);
}

/* A face that moves, is lost, and comes back, in `frames` frames. Returns in how many frames it
 * was seen. */
static int run_scene(mien_filter *f, mien_format format, int frames, changes set)
{
    static mien_face face[MIEN_FACES_MAX];
    int seen = 0;
    for (int n = 0; n < frames; n++) {
        size_t count;
        bool hidden = n >= frames / 2 && n < frames * 3 / 4;
        scene s = {.x = {-60 + 2 * n}, .count = hidden ? 0 : 1};
        test_frame in = scene_make(&s, format, WIDTH, HEIGHT, &scene_tight);
        test_frame out = scene_make(&s, format, WIDTH, HEIGHT, &scene_tight);
        run_watched(f, &in, n % 2 ? &in : &out, n);
        change(f, n, set);
        assert_int_equal(mien_filter_faces(f, face, MIEN_FACES_MAX, &count), MIEN_OK);
        seen += count > 0 && !face[0].lost;
        test_frame_free(&in);
        test_frame_free(&out);
    }
    return seen;
}

static void test_overlay(void **state)
{
    (void)state;
    for (int i = 0; i < TEST_FORMATS; i++) {
        mien_filter *f = portrait_filter(NULL, "overlay=faces+mesh+iris+mask+timing");
        assert_true(run_scene(f, test_formats[i], 8, of_style) >= 4);
        mien_filter_destroy(&f);
    }
}

static void test_areas(void **state)
{
    (void)state;
    static const char *const params[] = {
        "style-area=face on-lost=hold", "style-area=face on-lost=blur",
        "style-area=face on-lost=black", "style-area=face on-lost=pass",
        "style-area=background overlay=mask"};
    for (size_t k = 0; k < sizeof params / sizeof params[0]; k++) {
        mien_filter *f = portrait_filter(NULL, params[k]);
        assert_true(run_scene(f, MIEN_FORMAT_I420, 12, of_style) >= 6);
        mien_filter_destroy(&f);
    }
    for (int i = 1; i < TEST_FORMATS; i++) {
        mien_filter *f = portrait_filter(NULL, params[i % 3]);
        assert_true(run_scene(f, test_formats[i], 8, of_style) >= 4);
        mien_filter_destroy(&f);
    }
}

/* Eyes turned, alone and with the rest; the slider moves. */
static void test_gaze(void **state)
{
    (void)state;
    for (int i = 0; i < TEST_FORMATS; i++) {
        mien_filter *f = portrait_filter(NULL, i % 2 ? "gaze=1 gaze-x=12 style-area=face"
                                               : "gaze=1 gaze-x=12 overlay=timing");
        assert_true(run_scene(f, test_formats[i], 8, of_style) >= 4);
        mien_filter_destroy(&f);
    }
}

/* Faces made older and younger, alone and with the rest, while the slider moves: through 0, and off
 * and on again. */
static void test_age(void **state)
{
    (void)state;
    for (int i = 0; i < TEST_FORMATS; i += 3) {
        mien_filter *f = portrait_filter(NULL, i % 2 ? "age=30 overlay=timing style-area=face"
                                                     : "age=30 overlay=timing");
        assert_true(run_scene(f, test_formats[i], 18, of_age) >= 8);
        mien_filter_destroy(&f);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_style), cmocka_unit_test(test_count)};
    const struct CMUnitTest face_tests[] = {cmocka_unit_test(test_overlay),
                                            cmocka_unit_test(test_areas),
                                            cmocka_unit_test(test_gaze),
                                            cmocka_unit_test(test_age)};
    const portrait_tests all = {
        .faceless = {"memory", tests, sizeof tests / sizeof tests[0]},
        .with_face = {"memory, with a face", face_tests, sizeof face_tests / sizeof face_tests[0]}};
    return portrait_tests_main(&all, argc, argv);
}
