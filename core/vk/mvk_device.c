#include "mvk.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../hash.h"

enum { DEVICES_MAX = 16 };

int mvk_fail(mvk_device *device, VkResult result, const char *what)
{
    switch (result) {
    case VK_ERROR_OUT_OF_HOST_MEMORY:
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
        return mi_fail(device->log, MIEN_ERR_NOMEM, "%s: out of memory on '%s'", what,
                       device->name);
    case VK_ERROR_DEVICE_LOST:
        device->lost = true;
        return mi_fail(device->log, MIEN_ERR_DEVICE_LOST, "%s: device '%s' was lost", what,
                       device->name);
    default:
        return mi_fail(device->log, MIEN_ERR_UNSUPPORTED, "%s failed on '%s' (Vulkan error %d)",
                       what, device->name, (int)result);
    }
}

/* Messages of the validation layers, when a host has switched them on. Those about the work of a
 * thread of this layer wait for the caller's thread, which alone may write to the log. */
static VKAPI_ATTR VkBool32 VKAPI_CALL on_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                                 VkDebugUtilsMessageTypeFlagsEXT type,
                                                 const VkDebugUtilsMessengerCallbackDataEXT *data,
                                                 void *opaque)
{
    (void)type;
    mvk_device *d = opaque;
    bool error = severity >= VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
    if (d->aside && !pthread_equal(d->caller, pthread_self()))
        mvk_aside_put(d->aside, data->pMessage);
    else
        mi_log_write(d->log, error ? MIEN_LOG_ERROR : MIEN_LOG_WARNING, "Vulkan validation: %s",
                     data->pMessage);
    return VK_FALSE;
}

static bool has_instance_extension(const char *name)
{
    VkExtensionProperties list[128];
    uint32_t count = 128;
    if (vkEnumerateInstanceExtensionProperties(NULL, &count, list) < 0)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(list[i].extensionName, name) == 0)
            return true;
    return false;
}

static int create_instance(mvk_device *d)
{
    uint32_t version = VK_API_VERSION_1_0;
    if (vkEnumerateInstanceVersion(&version) != VK_SUCCESS || version < VK_API_VERSION_1_2)
        return mi_fail(d->log, MIEN_ERR_NO_DEVICE, "the Vulkan loader is older than 1.2");
    const char *debug = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
    bool messages = has_instance_extension(debug);
    VkApplicationInfo app = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                             .pEngineName = "mien",
                             .apiVersion = VK_API_VERSION_1_2};
    VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                 .pApplicationInfo = &app,
                                 .enabledExtensionCount = messages,
                                 .ppEnabledExtensionNames = &debug};
    VkResult r = vkCreateInstance(&info, NULL, &d->instance);
    if (r != VK_SUCCESS)
        return mi_fail(d->log, MIEN_ERR_NO_DEVICE,
                       "no Vulkan driver was found (error %d); on Debian install "
                       "mesa-vulkan-drivers",
                       (int)r);
    PFN_vkCreateDebugUtilsMessengerEXT create =
        (PFN_vkCreateDebugUtilsMessengerEXT)vkGetInstanceProcAddr(
            d->instance, "vkCreateDebugUtilsMessengerEXT");
    if (messages && create) {
        VkDebugUtilsMessengerCreateInfoEXT m = {
            .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
            .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
                               VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
            .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
            .pfnUserCallback = on_message,
            .pUserData = d};
        create(d->instance, &m, NULL, &d->messenger);
    }
    return MIEN_OK;
}

static int rank_of(VkPhysicalDeviceType type)
{
    switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
        return 4;
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
        return 3;
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
        return 2;
    default:
        return 1;
    }
}

static bool contains_nocase(const char *text, const char *part)
{
    size_t n = strlen(part);
    for (; *text; text++) {
        size_t i = 0;
        while (i < n && text[i] &&
               tolower((unsigned char)text[i]) == tolower((unsigned char)part[i]))
            i++;
        if (i == n)
            return true;
    }
    return n == 0;
}

static bool is_number(const char *text)
{
    return *text && strspn(text, "0123456789") == strlen(text);
}

static bool matches(const VkPhysicalDeviceProperties *p, uint32_t index, const char *selector)
{
    if (selector[0] == '\0')
        return true;
    if (strcmp(selector, "cpu") == 0)
        return p->deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
    if (is_number(selector))
        return strtoul(selector, NULL, 10) == index;
    return contains_nocase(p->deviceName, selector);
}

static int choose_physical(mvk_device *d, const char *selector, uint32_t skip)
{
    VkPhysicalDevice list[DEVICES_MAX];
    uint32_t count = DEVICES_MAX;
    VkResult r = vkEnumeratePhysicalDevices(d->instance, &count, list);
    if (r < 0 || count == 0)
        return mi_fail(d->log, MIEN_ERR_NO_DEVICE,
                       "there is no Vulkan device; on Debian install mesa-vulkan-drivers");
    int best = 0;
    char names[MI_ERROR_TEXT / 2] = "";
    for (uint32_t i = 0; i < count; i++) {
        VkPhysicalDeviceProperties p;
        vkGetPhysicalDeviceProperties(list[i], &p);
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%u: %.60s", i ? ", " : "", i, p.deviceName);
        int rank = rank_of(p.deviceType);
        if (p.apiVersion < VK_API_VERSION_1_2 || !matches(&p, i, selector) || rank <= best ||
            (skip >> i & 1))
            continue;
        best = rank;
        d->index = i;
        d->physical = list[i];
        d->type = p.deviceType;
        d->limits = p.limits;
        memcpy(d->name, p.deviceName, sizeof d->name);
    }
    if (best > 0)
        return MIEN_OK;
    if (skip)
        return mi_fail(d->log, MIEN_ERR_NO_DEVICE, "every Vulkan 1.2 device that matches "
                       "device='%.60s' computes wrongly; there are: %s", selector, names);
    return mi_fail(d->log, MIEN_ERR_NO_DEVICE, "no Vulkan 1.2 device matches device='%.60s'; "
                   "there are: %s", selector, names);
}

/* 20 ms a dispatch and half a second a submission on the slowest devices of a kind that anybody
 * would use, with kernels that are not tuned: 10 % of 40 and of 400 GFLOP/s. Windows ends what
 * takes two seconds, drivers of small GPUs under Linux less; on a CPU nobody watches. */
static void limit_work(mvk_device *d)
{
    double rate = d->type == VK_PHYSICAL_DEVICE_TYPE_CPU            ? INFINITY
                  : d->type == VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU ? 20e9
                                                                    : 2e9;
    d->dispatch_work = 0.02 * rate;
    d->part_work = 0.5 * rate;
}

static int find_queue(mvk_device *d)
{
    VkQueueFamilyProperties list[32];
    uint32_t count = 32;
    vkGetPhysicalDeviceQueueFamilyProperties(d->physical, &count, list);
    for (uint32_t i = 0; i < count; i++)
        if (list[i].queueFlags & VK_QUEUE_COMPUTE_BIT) {
            d->family = i;
            return MIEN_OK;
        }
    return mi_fail(d->log, MIEN_ERR_NO_DEVICE, "device '%s' has no compute queue", d->name);
}

static void read_properties(mvk_device *d)
{
    VkPhysicalDeviceSubgroupProperties subgroup = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES};
    VkPhysicalDeviceProperties2 p = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                     .pNext = &subgroup};
    vkGetPhysicalDeviceProperties2(d->physical, &p);
    d->subgroup = subgroup.subgroupSize;
    d->subgroup_shuffle =
        (subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT) &&
        (subgroup.supportedOperations & VK_SUBGROUP_FEATURE_SHUFFLE_BIT);
    VkPhysicalDeviceVulkan12Features more = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES};
    VkPhysicalDeviceFeatures2 features = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
                                          .pNext = &more};
    vkGetPhysicalDeviceFeatures2(d->physical, &features);
    d->float64 = features.features.shaderFloat64;
    d->float16 = more.shaderFloat16;
    vkGetPhysicalDeviceMemoryProperties(d->physical, &d->memory);
    const VkMemoryPropertyFlags all = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT |
                                      VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                      VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    bool shared = d->type != VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU;
    for (uint32_t i = 0; i < d->memory.memoryTypeCount; i++)
        if (shared && (d->memory.memoryTypes[i].propertyFlags & all) == all)
            d->unified = true;
}

/* Files of the cache are told apart by the device, and are good for one version of its driver. */
static void open_cache(mvk_device *d, const char *folder)
{
    VkPhysicalDeviceProperties p;
    struct {
        uint32_t version, api;
        uint8_t uuid[VK_UUID_SIZE]; /* changes with the driver's build */
    } driver = {0};
    vkGetPhysicalDeviceProperties(d->physical, &p);
    uint64_t device = mi_hash(MI_HASH_START, &p.vendorID, sizeof p.vendorID);
    device = mi_hash(device, &p.deviceID, sizeof p.deviceID);
    device = mi_hash(device, p.deviceName, strlen(p.deviceName));
    driver.version = p.driverVersion;
    driver.api = p.apiVersion;
    memcpy(driver.uuid, p.pipelineCacheUUID, sizeof driver.uuid);
    mi_cache_open(&d->cache, folder, d->log);
    mi_cache_identify(&d->cache, device, &driver, sizeof driver);
}

static int create_device(mvk_device *d)
{
    float priority = 1;
    VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                     .queueFamilyIndex = d->family,
                                     .queueCount = 1,
                                     .pQueuePriorities = &priority};
    VkPhysicalDeviceFeatures features = {.shaderFloat64 = d->float64};
    VkPhysicalDeviceVulkan12Features more = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
        .shaderFloat16 = d->float16};
    VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                               .pNext = &more,
                               .queueCreateInfoCount = 1,
                               .pQueueCreateInfos = &queue,
                               .pEnabledFeatures = &features};
    VkResult r = vkCreateDevice(d->physical, &info, NULL, &d->device);
    if (r != VK_SUCCESS)
        return mvk_fail(d, r, "vkCreateDevice");
    vkGetDeviceQueue(d->device, d->family, 0, &d->queue);
    return MIEN_OK;
}

static int create_layout(mvk_device *d)
{
    static const VkDescriptorType type[MVK_SLOTS] = {
        [MVK_SLOT_ARENA] = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
        [MVK_SLOT_ARENA_VEC4] = VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER,
        [MVK_SLOT_ARENA_FLOAT] = VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER,
        [MVK_SLOT_WEIGHTS] = VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER,
        [MVK_SLOT_FRAME_IN] = VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER,
        [MVK_SLOT_FRAME_OUT] = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
        [MVK_SLOT_UNIFORM] = VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER,
        [MVK_SLOT_WEIGHT_BITS] = VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER,
        [MVK_SLOT_ARENA_NOW] = VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER};
    enum { SETS = 32 };
    VkDescriptorSetLayoutBinding binding[MVK_SLOTS];
    for (uint32_t i = 0; i < MVK_SLOTS; i++)
        binding[i] = (VkDescriptorSetLayoutBinding){.binding = i,
                                                    .descriptorType = type[i],
                                                    .descriptorCount = 1,
                                                    .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
    VkDescriptorSetLayoutCreateInfo set = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = MVK_SLOTS,
        .pBindings = binding};
    VkResult r = vkCreateDescriptorSetLayout(d->device, &set, NULL, &d->set_layout);
    if (r != VK_SUCCESS)
        return mvk_fail(d, r, "vkCreateDescriptorSetLayout");
    VkPushConstantRange push = {VK_SHADER_STAGE_COMPUTE_BIT, 0, MVK_PUSH_BYTES};
    VkPipelineLayoutCreateInfo layout = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                         .setLayoutCount = 1,
                                         .pSetLayouts = &d->set_layout,
                                         .pushConstantRangeCount = 1,
                                         .pPushConstantRanges = &push};
    r = vkCreatePipelineLayout(d->device, &layout, NULL, &d->pipeline_layout);
    if (r != VK_SUCCESS)
        return mvk_fail(d, r, "vkCreatePipelineLayout");
    VkDescriptorPoolSize size[] = {{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 2 * SETS},
                                   {VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, 5 * SETS},
                                   {VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER, SETS},
                                   {VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, SETS}};
    VkDescriptorPoolCreateInfo pool = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
        .flags = VK_DESCRIPTOR_POOL_CREATE_FREE_DESCRIPTOR_SET_BIT,
        .maxSets = SETS,
        .poolSizeCount = 4,
        .pPoolSizes = size};
    r = vkCreateDescriptorPool(d->device, &pool, NULL, &d->descriptor_pool);
    return r == VK_SUCCESS ? MIEN_OK : mvk_fail(d, r, "vkCreateDescriptorPool");
}

static int create_pools(mvk_device *d)
{
    VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                    .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
                                    .queueFamilyIndex = d->family};
    VkResult r = vkCreateCommandPool(d->device, &pool, NULL, &d->command_pool);
    if (r != VK_SUCCESS)
        return mvk_fail(d, r, "vkCreateCommandPool");
    VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    r = vkCreateFence(d->device, &fence, NULL, &d->fence);
    return r == VK_SUCCESS ? MIEN_OK : mvk_fail(d, r, "vkCreateFence");
}

int mvk_device_create(mvk_device **device, const mvk_device_config *config, mi_log *log)
{
    *device = NULL;
    mvk_device *d = calloc(1, sizeof *d);
    if (!d)
        return mi_fail(log, MIEN_ERR_NOMEM, "out of memory");
    d->log = log;
    int status = create_instance(d);
    if (status == MIEN_OK)
        status = choose_physical(d, config->selector, config->skip);
    if (status == MIEN_OK)
        status = find_queue(d);
    if (status == MIEN_OK) {
        read_properties(d);
        limit_work(d);
        open_cache(d, config->cache);
        status = create_device(d);
    }
    if (status == MIEN_OK)
        status = create_layout(d);
    if (status == MIEN_OK)
        status = create_pools(d);
    if (status == MIEN_OK)
        status = mvk_pipeline_cache_open(d);
    if (status != MIEN_OK) {
        mvk_device_destroy(&d);
        return status;
    }
    mi_log_write(log, MIEN_LOG_INFO, "device '%s', subgroups of %u", d->name, d->subgroup);
    *device = d;
    return MIEN_OK;
}

void mvk_device_destroy(mvk_device **device)
{
    mvk_device *d = *device;
    if (!d)
        return;
    *device = NULL;
    if (d->device) {
        vkDeviceWaitIdle(d->device);
        vkDestroyFence(d->device, d->fence, NULL);
        vkDestroyPipelineCache(d->device, d->pipeline_cache, NULL);
        vkDestroyCommandPool(d->device, d->command_pool, NULL);
        vkDestroyDescriptorPool(d->device, d->descriptor_pool, NULL);
        vkDestroyPipelineLayout(d->device, d->pipeline_layout, NULL);
        vkDestroyDescriptorSetLayout(d->device, d->set_layout, NULL);
        vkDestroyDevice(d->device, NULL);
    }
    if (d->messenger) {
        PFN_vkDestroyDebugUtilsMessengerEXT destroy =
            (PFN_vkDestroyDebugUtilsMessengerEXT)vkGetInstanceProcAddr(
                d->instance, "vkDestroyDebugUtilsMessengerEXT");
        if (destroy)
            destroy(d->instance, d->messenger, NULL);
    }
    if (d->instance)
        vkDestroyInstance(d->instance, NULL);
    free(d);
}
