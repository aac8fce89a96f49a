/* Devices that compute wrongly and devices that are lost, through the public interface.
 *
 *   test_filter_trust MODELS [PORTRAIT.rgba]
 *
 * The library is linked with --wrap, so that faults can be put between it and the driver: a
 * second device, kernels that compute something else, a queue that loses its device or is late.
 * MODELS: the folder of the networks that ship. With the portrait, as for test_filter_faces, what
 * needs a face is run, without it the rest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portrait_scene.h"
#include "net/net_check.h"

enum { SIDE = PORTRAIT_SIDE, WIDTH = 160, HEIGHT = 120 };

static const frame_layout tight = {0, false};

/* What is wrong at present. */
static struct {
    uint32_t devices;      /* how many the loader shows; all of them are the first one */
    uint32_t wrong_device; /* bit i: every kernel of networks is wrong on device i */
    bool wrong_fast;       /* kernels for devices of a kind are */
    int lose_after;        /* submissions until the device is lost; < 0: never */
    bool lose_in_check;    /* the next check of a network loses it */
    VkResult submit_error; /* what the submission returns that loses it; 0: that it is lost */
    bool hang;             /* the next wait for the device ends before the work does */
    double part_work;      /* multiply-adds of a submission, of devices that are opened; 0: any */
    uint32_t driver;       /* added to the driver's version */
} fault = {.devices = 1, .lose_after = -1};

static int checks, submits, fast_pipelines;
static bool busy;     /* something was submitted whose end nobody has seen */
static int busy_frees; /* of memory, while it was so */

VkResult __wrap_vkQueueSubmit(VkQueue, uint32_t, const VkSubmitInfo *, VkFence);
VkResult __real_vkQueueSubmit(VkQueue, uint32_t, const VkSubmitInfo *, VkFence);
VkResult __wrap_vkWaitForFences(VkDevice, uint32_t, const VkFence *, VkBool32, uint64_t);
VkResult __real_vkWaitForFences(VkDevice, uint32_t, const VkFence *, VkBool32, uint64_t);
VkResult __wrap_vkDeviceWaitIdle(VkDevice);
VkResult __real_vkDeviceWaitIdle(VkDevice);
void __wrap_vkFreeMemory(VkDevice, VkDeviceMemory, const VkAllocationCallbacks *);
void __real_vkFreeMemory(VkDevice, VkDeviceMemory, const VkAllocationCallbacks *);
int __wrap_mvk_device_create(mvk_device **, const mvk_device_config *, mi_log *);
int __real_mvk_device_create(mvk_device **, const mvk_device_config *, mi_log *);
VkResult __wrap_vkEnumeratePhysicalDevices(VkInstance, uint32_t *, VkPhysicalDevice *);
VkResult __real_vkEnumeratePhysicalDevices(VkInstance, uint32_t *, VkPhysicalDevice *);
void __wrap_vkGetPhysicalDeviceProperties(VkPhysicalDevice, VkPhysicalDeviceProperties *);
void __real_vkGetPhysicalDeviceProperties(VkPhysicalDevice, VkPhysicalDeviceProperties *);
int __wrap_mvk_pipeline_create(mvk_device *, mvk_pipeline **, const mvk_shader *,
                               const uint32_t *, uint32_t);
int __real_mvk_pipeline_create(mvk_device *, mvk_pipeline **, const mvk_shader *,
                               const uint32_t *, uint32_t);
int __wrap_mi_net_check(mvk_device *, const mi_pair *, const void *, size_t, const char *, bool,
                        mi_verdict *, mi_log *);
int __real_mi_net_check(mvk_device *, const mi_pair *, const void *, size_t, const char *, bool,
                        mi_verdict *, mi_log *);

VkResult __wrap_vkQueueSubmit(VkQueue queue, uint32_t count, const VkSubmitInfo *info,
                              VkFence fence)
{
    submits++;
    if (fault.lose_after >= 0 && fault.lose_after-- == 0)
        return fault.submit_error ? fault.submit_error : VK_ERROR_DEVICE_LOST;
    busy = true;
    return __real_vkQueueSubmit(queue, count, info, fence);
}

VkResult __wrap_vkWaitForFences(VkDevice device, uint32_t count, const VkFence *fence, VkBool32 all,
                                uint64_t limit)
{
    if (fault.hang) {
        fault.hang = false;
        return VK_TIMEOUT;
    }
    VkResult r = __real_vkWaitForFences(device, count, fence, all, limit);
    busy = busy && r != VK_SUCCESS;
    return r;
}

VkResult __wrap_vkDeviceWaitIdle(VkDevice device)
{
    busy = false;
    return __real_vkDeviceWaitIdle(device);
}

void __wrap_vkFreeMemory(VkDevice device, VkDeviceMemory memory,
                         const VkAllocationCallbacks *callbacks)
{
    busy_frees += busy;
    __real_vkFreeMemory(device, memory, callbacks);
}

int __wrap_mvk_device_create(mvk_device **device, const mvk_device_config *config, mi_log *log)
{
    int status = __real_mvk_device_create(device, config, log);
    if (status == MIEN_OK && fault.part_work > 0)
        (*device)->part_work = fault.part_work;
    return status;
}

VkResult __wrap_vkEnumeratePhysicalDevices(VkInstance instance, uint32_t *count,
                                           VkPhysicalDevice *list)
{
    uint32_t room = list ? *count : 0;
    VkResult r = __real_vkEnumeratePhysicalDevices(instance, count, list);
    for (uint32_t i = 1; r >= 0 && i < fault.devices && i < room; i++)
        list[i] = list[0];
    if (r >= 0)
        *count = fault.devices;
    return r;
}

void __wrap_vkGetPhysicalDeviceProperties(VkPhysicalDevice device, VkPhysicalDeviceProperties *p)
{
    __real_vkGetPhysicalDeviceProperties(device, p);
    p->driverVersion += fault.driver;
}

/* A wrong kernel: one with another activation. */
int __wrap_mvk_pipeline_create(mvk_device *device, mvk_pipeline **pipeline,
                               const mvk_shader *shader, const uint32_t *spec, uint32_t specs)
{
    uint32_t other[MVK_SPEC_MAX];
    bool net = strstr(shader->name, "conv") != NULL;
    bool fast = net && strstr(shader->name, "lanes8"); /* pictures have such forms too */
    bool wrong = (fast && fault.wrong_fast) || (fault.wrong_device >> device->index & 1);
    fast_pipelines += fast;
    if (!wrong || !net)
        return __real_mvk_pipeline_create(device, pipeline, shader, spec, specs);
    memcpy(other, spec, specs * sizeof *spec);
    other[0] = MI_ACT_ABS;
    return __real_mvk_pipeline_create(device, pipeline, shader, other, specs);
}

int __wrap_mi_net_check(mvk_device *device, const mi_pair *pair, const void *bytes, size_t size,
                        const char *name, bool safe, mi_verdict *verdict, mi_log *log)
{
    checks++;
    if (fault.lose_in_check)
        fault.lose_after = 0;
    fault.lose_in_check = false;
    return __real_mi_net_check(device, pair, bytes, size, name, safe, verdict, log);
}

/* No fault, and a cache folder that is empty. */
static int setup(void **state)
{
    char cache[TEST_PATH];
    (void)state;
    memset(&fault, 0, sizeof fault);
    fault.devices = 1;
    fault.lose_after = -1;
    checks = submits = fast_pipelines = busy_frees = 0;
    busy = false;
    snprintf(cache, sizeof cache, "%s/cache", filter_rig_models());
    test_folder_remove(cache);
    return 0;
}

/* A filter with a network that ships. */
static mien_filter *make(filter_log *log, const char *params)
{
    mien_filter *f = filter_make(log, params);
    assert_int_equal(mien_filter_set(f, "models", portrait_models()), MIEN_OK);
    return f;
}

static test_frame picture(void)
{
    test_frame t = test_frame_make(MIEN_FORMAT_RGBA, WIDTH, HEIGHT, &tight);
    frame_gradient(&t.frame);
    return t;
}

/* The first frame of a style that ships. */
static test_frame styled(filter_log *log, int status)
{
    memset(log, 0, sizeof *log);
    mien_filter *f = make(log, "style=cartoon");
    test_frame in = picture(), out = picture();
    filter_run(f, &in.frame, &out.frame, status);
    mien_filter_destroy(&f);
    test_frame_free(&in);
    return out;
}

static void expect_checks(int wanted)
{
    filter_log log;
    checks = 0;
    test_frame out = styled(&log, MIEN_OK);
    test_frame_free(&out);
    assert_int_equal(checks, wanted);
    assert_false(filter_log_has(&log, MIEN_LOG_WARNING, ""));
}

/* A network is checked once on a device and driver. */
static void test_checked_once(void **state)
{
    (void)state;
    expect_checks(1);
    expect_checks(0);
    fault.driver = 1;
    expect_checks(1);
    expect_checks(0);
    fault.driver = 0;
    expect_checks(1); /* one driver is kept */
    setup(state);
    filter_log log = {.lines = 0};
    mien_filter *f = make(&log, "style=cartoon cache=none");
    test_frame t = picture();
    filter_run(f, &t.frame, &t.frame, MIEN_OK);
    mien_filter_destroy(&f);
    assert_int_equal(checks, 1);
    expect_checks(1); /* nothing was stored */
    test_frame_free(&t);
}

static void test_wrong_fast_kernels(void **state)
{
    (void)state;
    filter_log log;
    test_frame want = styled(&log, MIEN_OK);
    if (fast_pipelines == 0) {
        print_message("the device has no fast kernels\n");
        test_frame_free(&want);
        skip();
    }
    setup(state);
    fault.wrong_fast = true;
    test_frame out = styled(&log, MIEN_OK);
    assert_int_equal(checks, 2);
    assert_true(filter_log_has(&log, MIEN_LOG_WARNING, "llvmpipe"));
    assert_true(filter_log_has(&log, MIEN_LOG_WARNING, "style-cartoon.onnx"));
    assert_true(filter_log_has(&log, MIEN_LOG_WARNING, "safe ones"));
    assert_true(test_frame_difference(&want.frame, &out.frame) <= 1);
    test_frame_free(&out);
    checks = fast_pipelines = 0; /* the next start knows */
    out = styled(&log, MIEN_OK);
    assert_int_equal(checks, 0);
    assert_int_equal(fast_pipelines, 0);
    assert_true(test_frame_difference(&want.frame, &out.frame) <= 1);
    test_frame_free(&out);
    test_frame_free(&want);
}

static void test_wrong_device(void **state)
{
    (void)state;
    filter_log log;
    test_frame want = styled(&log, MIEN_OK);
    setup(state);
    fault.devices = 3;
    fault.wrong_device = 3;
    test_frame out = styled(&log, MIEN_OK);
    assert_true(filter_log_has(&log, MIEN_LOG_ERROR, "llvmpipe"));
    assert_true(filter_log_has(&log, MIEN_LOG_ERROR, "style-cartoon.onnx"));
    assert_true(filter_log_has(&log, MIEN_LOG_WARNING, "is used instead"));
    assert_int_equal(test_frame_difference(&want.frame, &out.frame), 0);
    test_frame_free(&out);
    test_frame_free(&want);
}

static void test_no_right_device(void **state)
{
    (void)state;
    filter_log log = {.lines = 0};
    fault.devices = 2;
    fault.wrong_device = 3;
    mien_filter *f = make(&log, "style=cartoon");
    test_frame in = picture(), out = picture();
    filter_run(f, &in.frame, &out.frame, MIEN_ERR_UNSUPPORTED);
    assert_non_null(strstr(mien_filter_error(f), "computes wrongly"));
    assert_true(test_frame_equal(&in.frame, &out.frame)); /* nothing wrong was shown */
    fault.wrong_device = 0; /* nothing of it is kept */
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&out);
}

/* A device that is wrong only for a style that is asked for while another one plays. */
static void test_wrong_later(void **state)
{
    (void)state;
    char path[300];
    filter_log log = {.lines = 0};
    mien_filter *f = make(&log, "");
    test_frame in = picture(), out = picture();
    snprintf(path, sizeof path, "%s/style-invert.onnx", filter_rig_models());
    assert_int_equal(mien_filter_set(f, "style", path), MIEN_OK);
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    double inverted = frame_mean(&out.frame);
    fault.wrong_device = 1;
    assert_int_equal(mien_filter_set(f, "style", "cartoon"), MIEN_OK);
    for (int i = 0; i < 20; i++)
        filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_true(filter_log_has(&log, MIEN_LOG_ERROR, "wrongly"));
    double now = frame_mean(&out.frame);
    assert_true(now - inverted < 2 && inverted - now < 2); /* the old one plays on */
    fault.devices = 2; /* the other one has it right */
    assert_int_equal(mien_filter_set(f, "style", "cartoon"), MIEN_OK);
    for (int i = 0; i < 20; i++)
        filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_true(filter_log_has(&log, MIEN_LOG_WARNING, "is used instead"));
    filter_log other;
    fault.wrong_device = 0;
    test_frame want = styled(&other, MIEN_OK);
    assert_true(test_frame_difference(&want.frame, &out.frame) <= 1);
    mien_filter_destroy(&f);
    test_frame_free(&want);
    test_frame_free(&in);
    test_frame_free(&out);
}

/* Twenty frames: time enough for one style to go and another one to come. */
static void play(mien_filter *f, const test_frame *in, const test_frame *out)
{
    for (int i = 0; i < 20; i++)
        filter_run(f, &in->frame, &out->frame, MIEN_OK);
}

/* A wish for a device that is not there does not make a wrong one right: the next time one is
 * opened, it is passed over like before. */
static void test_wrong_stays_wrong(void **state)
{
    (void)state;
    filter_log log;
    test_frame want = styled(&log, MIEN_OK);
    setup(state);
    memset(&log, 0, sizeof log);
    fault.devices = 2;
    fault.wrong_device = 1;
    mien_filter *f = make(&log, "style=cartoon");
    test_frame in = picture(), out = picture();
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_true(filter_log_has(&log, MIEN_LOG_WARNING, "is used instead"));
    assert_int_equal(mien_filter_set(f, "device", "nosuch"), MIEN_OK);
    play(f, &in, &out);
    assert_true(filter_log_has(&log, MIEN_LOG_ERROR, "nosuch"));
    fault.lose_after = 0;
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_true(filter_log_has(&log, MIEN_LOG_WARNING, "was lost: it is opened again"));
    assert_int_equal(test_frame_difference(&want.frame, &out.frame), 0); /* as without a past */
    mien_filter_destroy(&f);
    test_frame_free(&want);
    test_frame_free(&in);
    test_frame_free(&out);
}

static void test_lost(void **state)
{
    (void)state;
    filter_log log = {.lines = 0};
    mien_filter *f = make(&log, "style=cartoon");
    test_frame in = picture(), want = picture(), out = picture();
    filter_run(f, &in.frame, &want.frame, MIEN_OK); /* the first of a stream: no history */
    for (int i = 0; i < 3; i++)
        filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_false(filter_log_has(&log, MIEN_LOG_WARNING, "lost"));
    fault.lose_after = 0;
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_true(filter_log_has(&log, MIEN_LOG_WARNING, "was lost: it is opened again"));
    assert_int_equal(test_frame_difference(&want.frame, &out.frame), 0); /* as without a past */
    for (int i = 0; i < 3; i++)
        filter_run(f, &in.frame, &out.frame, MIEN_OK);
    fault.lose_after = 0;
    test_frame_copy(&out.frame, &in.frame);
    filter_run(f, &in.frame, &out.frame, MIEN_ERR_DEVICE_LOST);
    filter_run(f, &in.frame, &out.frame, MIEN_ERR_DEVICE_LOST); /* an end is an end, */
    assert_true(test_frame_equal(&in.frame, &out.frame));
    assert_int_equal(mien_filter_reset(f), MIEN_OK); /* but for another stream */
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_int_equal(test_frame_difference(&want.frame, &out.frame), 0);
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&want);
    test_frame_free(&out);
}

/* Lost while the style is made, at whichever submission: the stream begins all the same. */
static void test_lost_at_start(void **state)
{
    (void)state;
    filter_log log;
    test_frame want = styled(&log, MIEN_OK);
    int all = submits;
    assert_in_range(all, 3, 200);
    for (int i = 0; i < all; i += 1 + all / 6) {
        setup(state);
        fault.lose_after = i;
        test_frame out = styled(&log, MIEN_OK);
        assert_true(filter_log_has(&log, MIEN_LOG_WARNING, "was lost: it is opened again"));
        assert_int_equal(test_frame_difference(&want.frame, &out.frame), 0);
        test_frame_free(&out);
    }
    test_frame_free(&want);
}

/* A device that is not done in time is lost, but what it works on is not freed under its hands. */
static void test_late(void **state)
{
    (void)state;
    filter_log log = {.lines = 0};
    mien_filter *f = make(&log, "style=cartoon");
    test_frame in = picture(), want = picture(), out = picture();
    filter_run(f, &in.frame, &want.frame, MIEN_OK);
    fault.hang = true;
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_true(filter_log_has(&log, MIEN_LOG_ERROR, "did not finish in 120 s"));
    assert_true(filter_log_has(&log, MIEN_LOG_WARNING, "was lost: it is opened again"));
    assert_int_equal(test_frame_difference(&want.frame, &out.frame), 0);
    fault.hang = true;
    filter_run(f, &in.frame, &out.frame, MIEN_ERR_DEVICE_LOST);
    mien_filter_destroy(&f);
    assert_int_equal(busy_frees, 0);
    test_frame_free(&in);
    test_frame_free(&want);
    test_frame_free(&out);
}

/* A later part of a frame's work cannot be submitted: the earlier ones are waited for, whether the
 * device is lost or only short of memory. */
static void test_part_fails(void **state)
{
    (void)state;
    filter_log log = {.lines = 0};
    fault.part_work = 5e6;
    mien_filter *f = make(&log, "style=cartoon smooth=0");
    test_frame in = picture(), want = picture(), out = picture();
    filter_run(f, &in.frame, &want.frame, MIEN_OK);
    submits = 0;
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    int parts = submits;
    assert_true(parts >= 3);
    fault.submit_error = VK_ERROR_OUT_OF_DEVICE_MEMORY;
    for (int i = 0; i < parts; i++) {
        fault.lose_after = i;
        filter_run(f, &in.frame, &out.frame, MIEN_ERR_NOMEM);
        assert_false(busy);
        filter_run(f, &in.frame, &out.frame, MIEN_OK);
        assert_int_equal(test_frame_difference(&want.frame, &out.frame), 0);
    }
    fault.submit_error = VK_ERROR_DEVICE_LOST;
    fault.lose_after = 1;
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_true(filter_log_has(&log, MIEN_LOG_WARNING, "was lost: it is opened again"));
    assert_int_equal(test_frame_difference(&want.frame, &out.frame), 0);
    assert_int_equal(busy_frees, 0);
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&want);
    test_frame_free(&out);
}

static void expect_style(mien_filter *f, const char *name)
{
    char text[64];
    assert_int_equal(mien_filter_get(f, "style", text, sizeof text), MIEN_OK);
    assert_string_equal(text, name);
}

/* Lost over the style that takes the place of another one: the new one is still wanted, and comes.
 * Lost once more over the next one: an end, and the wish stands for another stream. */
static void test_lost_over_next(void **state)
{
    (void)state;
    filter_log log;
    test_frame want = styled(&log, MIEN_OK);
    setup(state);
    memset(&log, 0, sizeof log);
    mien_filter *f = make(&log, "style=woodcut");
    test_frame in = picture(), out = picture();
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_true(test_frame_difference(&want.frame, &out.frame) > 20);
    assert_int_equal(mien_filter_set(f, "style", "cartoon"), MIEN_OK);
    fault.lose_in_check = true;
    play(f, &in, &out);
    assert_true(filter_log_has(&log, MIEN_LOG_WARNING, "was lost: it is opened again"));
    expect_style(f, "cartoon");
    assert_true(test_frame_difference(&want.frame, &out.frame) <= 1);

    assert_int_equal(mien_filter_set(f, "style", "great-wave"), MIEN_OK);
    fault.lose_in_check = true;
    int frames = 0, status;
    while ((status = mien_filter_process(f, &in.frame, &out.frame)) == MIEN_OK)
        assert_true(++frames < 20);
    assert_int_equal(status, MIEN_ERR_DEVICE_LOST);
    expect_style(f, "great-wave");
    assert_int_equal(mien_filter_reset(f), MIEN_OK);
    play(f, &in, &out);
    expect_style(f, "great-wave");
    assert_true(test_frame_difference(&want.frame, &out.frame) > 20);
    mien_filter_destroy(&f);
    test_frame_free(&want);
    test_frame_free(&in);
    test_frame_free(&out);
}

/* The portrait, from frame 4 on with the face wiped out, so that it is lost and covered. */
static void draw(const mien_frame *to, int frame)
{
    for (int32_t y = 0; y < to->height; y++)
        for (int32_t x = 0; x < to->width; x++) {
            const uint8_t *from = portrait_bytes() + ((size_t)y * SIDE + (size_t)x) * 4;
            bool wiped = frame >= 4 && x >= 120 && x < 330 && y >= 20 && y < 260;
            memcpy(to->data[0] + y * to->stride[0] + x * 4, from, 4);
            if (wiped)
                memset(to->data[0] + y * to->stride[0] + x * 4, 150, 3);
        }
}

enum { FRAMES = 8 };

/* Runs the frames; the device is lost at submission `at` of frame `frame`. Returns how many
 * submissions that frame took. */
static int run_faces(const char *params, test_frame out[FRAMES], mien_face face[FRAMES], int frame,
                     int at)
{
    filter_log log = {.lines = 0};
    mien_filter *f = portrait_filter(&log, params);
    int took = 0;
    for (int i = 0; i < FRAMES; i++) {
        size_t count;
        draw(&out[i].frame, i);
        submits = 0;
        fault.lose_after = i == frame ? at : -1;
        filter_run(f, &out[i].frame, &out[i].frame, MIEN_OK);
        took = i == frame ? submits : took;
        assert_int_equal(mien_filter_faces(f, &face[i], 1, &count), MIEN_OK);
        assert_int_equal(count, 1);
    }
    assert_int_equal(filter_log_has(&log, MIEN_LOG_WARNING, "lost"), at >= 0);
    mien_filter_destroy(&f);
    return took;
}

/* Faces keep their ids, styles and covers when the device is lost: the output is what it would
 * have been, byte for byte. */
static void test_lost_with_faces(void **state)
{
    (void)state;
    static const char params[] = "smooth=0 style-area=face on-lost=hold max-faces=1";
    static mien_face want_face[FRAMES], face[FRAMES];
    test_frame want[FRAMES], out[FRAMES];
    for (int i = 0; i < FRAMES; i++) {
        want[i] = test_frame_make(MIEN_FORMAT_RGBA, SIDE, SIDE, &tight);
        out[i] = test_frame_make(MIEN_FORMAT_RGBA, SIDE, SIDE, &tight);
    }
    run_faces(params, want, want_face, -1, -1);
    assert_false(want_face[3].lost);
    assert_true(want_face[FRAMES - 1].lost);
    for (int frame = 2; frame < 6; frame += 3) { /* while it is followed; while it is covered */
        int took = run_faces(params, out, face, frame, -1);
        for (int at = 0; at < took; at++) {
            run_faces(params, out, face, frame, at);
            for (int i = 0; i < FRAMES; i++) {
                assert_int_equal(face[i].id, want_face[i].id);
                assert_int_equal(face[i].lost, want_face[i].lost);
                assert_int_equal(test_frame_difference(&want[i].frame, &out[i].frame), 0);
            }
        }
    }
    for (int i = 0; i < FRAMES; i++) {
        test_frame_free(&want[i]);
        test_frame_free(&out[i]);
    }
}

/* An effect on faces, lost at every submission of a frame: what the undisturbed stream changes in
 * each of the frames 1 .. last is changed here too, for the most part. */
static void lost_with_effect(const char *params, const scene_parts *parts, int frame, int last)
{
    static const scene all = {.count = 1};
    static mien_face face[FRAMES];
    test_frame in[FRAMES], out[FRAMES];
    long want[FRAMES];
    for (int i = 0; i < FRAMES; i++) {
        in[i] = test_frame_make(MIEN_FORMAT_RGBA, SIDE, SIDE, &tight);
        out[i] = test_frame_make(MIEN_FORMAT_RGBA, SIDE, SIDE, &tight);
        draw(&in[i].frame, i);
    }
    int took = run_faces(params, out, face, frame, -1);
    for (int i = 1; i <= last; i++) {
        want[i] = scene_compare(&all, parts, &in[i].frame, &out[i].frame).inside;
        assert_true(want[i] > 3000);
    }
    assert_true(took >= 1);
    for (int at = 0; at < took; at++) {
        run_faces(params, out, face, frame, at);
        for (int i = 1; i <= last; i++) {
            scene_change c = scene_compare(&all, parts, &in[i].frame, &out[i].frame);
            assert_true(c.inside > want[i] * 3 / 4 && c.elsewhere == 0);
        }
    }
    for (int i = 0; i < FRAMES; i++) {
        test_frame_free(&in[i]);
        test_frame_free(&out[i]);
    }
}

/* Faces stay changed when the device is lost, also in the frame in which it is. */
static void test_lost_with_gaze(void **state)
{
    (void)state;
    static const scene_parts eyes = {{{180, 84, 88, 35}}, 1};
    lost_with_effect("gaze=1 gaze-x=12 max-faces=1", &eyes, 2, 3);
}

/* The same, and covered when they are lost: while they are followed, or covered already. */
static void test_lost_with_age(void **state)
{
    (void)state;
    static const scene_parts head = {{{110, 0, 230, 270}}, 1};
    lost_with_effect("age=30 max-faces=1", &head, 2, FRAMES - 1);
    lost_with_effect("age=30 max-faces=1", &head, 5, FRAMES - 1);
}

/* The network of an effect turns out to be computed wrongly: at the start another device is taken.
 * In mid-stream it is as if the model were not there, or goes on on the other device. */
static void test_wrong_for_age(void **state)
{
    static const scene_parts face = {{{177, 69, 96, 110}}, 1};
    filter_log log = {.lines = 0};
    char text[32];
    test_frame in = scene_rgba(&scene_one), want = scene_rgba(&scene_one);
    test_frame out = scene_rgba(&scene_one);
    mien_filter *f = portrait_filter(NULL, "age=30");
    filter_run(f, &in.frame, &want.frame, MIEN_OK);
    mien_filter_destroy(&f);
    setup(state);
    fault.devices = 2;
    fault.wrong_device = 1;
    f = portrait_filter(&log, "age=30");
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_true(filter_log_has(&log, MIEN_LOG_WARNING, "is used instead"));
    assert_true(test_frame_difference(&want.frame, &out.frame) <= 1);
    mien_filter_destroy(&f);

    setup(state);
    memset(&log, 0, sizeof log);
    f = portrait_filter(&log, "overlay=timing");
    mien_filter_set_analysis(f, true);
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    fault.wrong_device = 1;
    assert_int_equal(mien_filter_set(f, "age", "30"), MIEN_OK);
    for (int i = 0; i < 3; i++)
        filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_true(filter_log_has(&log, MIEN_LOG_ERROR, "face-age.onnx"));
    assert_int_equal(scene_compare(&scene_one, &face, &in.frame, &out.frame).inside, 0);
    assert_int_equal(mien_filter_get(f, "age", text, sizeof text), MIEN_OK);
    assert_string_equal(text, "0");
    assert_false(filter_log_has(&log, MIEN_LOG_WARNING, "is used instead"));
    fault.devices = 2;
    assert_int_equal(mien_filter_set(f, "age", "30"), MIEN_OK);
    for (int i = 0; i < 8; i++)
        filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_true(filter_log_has(&log, MIEN_LOG_WARNING, "is used instead"));
    long change = scene_compare(&scene_one, &face, &in.frame, &out.frame).inside;
    long whole = scene_compare(&scene_one, &face, &in.frame, &want.frame).inside;
    assert_true(change > whole * 3 / 4);
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&want);
    test_frame_free(&out);
}

/* The same of the larger network, in mid-stream and with no other device: faces stay as they are
 * changed. */
static void test_wrong_for_high(void **state)
{
    (void)state;
    filter_log log = {.lines = 0};
    test_frame in = scene_rgba(&scene_one), out = scene_rgba(&scene_one);
    test_frame want = scene_rgba(&scene_one);
    mien_filter *f = portrait_filter(&log, "age=30"), *base = portrait_filter(NULL, "age=30");
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    filter_run(base, &in.frame, &want.frame, MIEN_OK);
    fault.wrong_device = 1;
    assert_int_equal(mien_filter_set(f, "quality", "high"), MIEN_OK);
    for (int i = 0; i < 3; i++) {
        filter_run(f, &in.frame, &out.frame, MIEN_OK);
        filter_run(base, &in.frame, &want.frame, MIEN_OK);
        assert_int_equal(test_frame_difference(&want.frame, &out.frame), 0);
    }
    assert_true(filter_log_has(&log, MIEN_LOG_ERROR, "face-age-high.onnx"));
    mien_filter_destroy(&base);
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&out);
    test_frame_free(&want);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_checked_once, setup),
        cmocka_unit_test_setup(test_wrong_fast_kernels, setup),
        cmocka_unit_test_setup(test_wrong_device, setup),
        cmocka_unit_test_setup(test_no_right_device, setup),
        cmocka_unit_test_setup(test_wrong_later, setup),
        cmocka_unit_test_setup(test_wrong_stays_wrong, setup),
        cmocka_unit_test_setup(test_lost, setup),
        cmocka_unit_test_setup(test_lost_at_start, setup),
        cmocka_unit_test_setup(test_lost_over_next, setup),
        cmocka_unit_test_setup(test_late, setup),
        cmocka_unit_test_setup(test_part_fails, setup),
    };
    const struct CMUnitTest face_tests[] = {cmocka_unit_test_setup(test_lost_with_faces, setup),
                                            cmocka_unit_test_setup(test_lost_with_gaze, setup),
                                            cmocka_unit_test_setup(test_lost_with_age, setup),
                                            cmocka_unit_test_setup(test_wrong_for_age, setup),
                                            cmocka_unit_test_setup(test_wrong_for_high, setup)};
    const portrait_tests all = {
        .faceless = {"trust", tests, sizeof tests / sizeof tests[0]},
        .with_face = {"trust, with a face", face_tests, sizeof face_tests / sizeof face_tests[0]}};
    return portrait_tests_main(&all, argc, argv);
}
