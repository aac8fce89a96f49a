#include "cam_list.h"

#include <stdio.h>
#include <string.h>

#include "cam_devices.h"
#include "cam_pipewire.h"
#include "cam_trouble.h"

static gint count_rates(const GArray *modes, guint from)
{
    const CamMode *all = (const CamMode *)modes->data;
    guint to = from + 1;
    while (to < modes->len && all[to].fourcc == all[from].fourcc &&
           all[to].width == all[from].width && all[to].height == all[from].height)
        to++;
    return (gint)(to - from);
}

static void print_rates(const CamMode *modes, gint count)
{
    for (gint i = 0; i < count; i++)
        if (modes[i].fps_n > 0)
            printf("%s%.3g", i ? ", " : " at ", (double)modes[i].fps_n / modes[i].fps_d);
}

/* A line a format and size. What libv4l2 makes of other formats is left out, unless there is
 * nothing else. */
static void print_modes(const CamDevice *device)
{
    const CamMode *modes = (const CamMode *)device->modes->data;
    gboolean native = FALSE;
    gchar code[5];
    /* formats that this program does not take are no use to show */
    for (guint i = device->modes->len; i > 0; i--)
        if (!cam_mode_is_known(&g_array_index(device->modes, CamMode, i - 1)))
            g_array_remove_index(device->modes, i - 1);
    modes = (const CamMode *)device->modes->data;
    for (guint i = 0; i < device->modes->len; i++)
        native |= !modes[i].emulated;
    for (guint i = 0; i < device->modes->len;) {
        gint rates = count_rates(device->modes, i);
        if (!modes[i].emulated || !native) {
            cam_mode_print_fourcc(modes[i].fourcc, code);
            printf("    %-4s %4dx%-4d", code, modes[i].width, modes[i].height);
            print_rates(modes + i, rates);
            putchar('\n');
        }
        i += (guint)rates;
    }
}

static void print_camera(const CamDevice *device)
{
    if (device->fault) {
        gchar *line = cam_trouble_device("camera", device->path, device->fault);
        printf("  %s\n", line);
        g_free(line);
        return;
    }
    printf("  %s  %s\n", device->path, device->card);
    print_modes(device);
}

static void print_loopback(const CamDevice *device)
{
    printf("  %s  %s%s\n", device->path, device->card,
           device->output ? "" : "  (another program writes to it)");
    print_modes(device);
}

static gboolean is_v4l2(GstDevice *device)
{
    GstStructure *about = gst_device_get_properties(device);
    const gchar *api = about ? gst_structure_get_string(about, "device.api") : NULL;
    gboolean is = api && !strcmp(api, "v4l2");
    g_clear_pointer(&about, gst_structure_free);
    return is;
}

static void print_pipewire_camera(GstDevice *device)
{
    gchar *node = cam_pipewire_node(device), *name = gst_device_get_display_name(device);
    printf("  pipewire:%s  %s%s\n", node ? node : "", name,
           is_v4l2(device) ? "  (a V4L2 device)" : "");
    g_free(node);
    g_free(name);
}

int cam_list(void)
{
    GPtrArray *devices = cam_devices_scan(NULL);
    GList *cameras = cam_pipewire_cameras();
    guint count = 0;
    printf("cameras:\n");
    for (guint i = 0; i < devices->len; i++) {
        const CamDevice *device = devices->pdata[i];
        if (device->fault || cam_device_is_camera(device)) {
            print_camera(device);
            count++;
        }
    }
    for (GList *c = cameras; c; c = c->next, count++)
        print_pipewire_camera(c->data);
    if (!count)
        printf("  none\n");
    printf("loopback devices:\n");
    count = 0;
    for (guint i = 0; i < devices->len; i++)
        if (((const CamDevice *)devices->pdata[i])->loopback) {
            print_loopback(devices->pdata[i]);
            count++;
        }
    if (!count)
        printf("  none (as root: modprobe v4l2loopback exclusive_caps=1 card_label=mien)\n");
    g_list_free_full(cameras, gst_object_unref);
    g_ptr_array_unref(devices);
    return 0;
}
