#include "cam_pipewire.h"

#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct CamPulse {
    int fd;
    guint watch;
    void (*ended)(gpointer data);
    gpointer data;
};

/* As PipeWire's own clients look for it. */
static gchar *socket_path(void)
{
    const gchar *name = g_getenv("PIPEWIRE_REMOTE"), *folder = g_getenv("PIPEWIRE_RUNTIME_DIR");
    name = name && *name ? name : "pipewire-0";
    if (g_path_is_absolute(name))
        return g_strdup(name);
    return g_build_filename(folder && *folder ? folder : g_get_user_runtime_dir(), name, NULL);
}

static int connect_to_it(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    gchar *path = socket_path();
    gsize length = g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    g_free(path);
    if (length >= sizeof address.sun_path)
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

gboolean cam_pipewire_is_there(void)
{
    int fd = connect_to_it();
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static gboolean hear_end(gint fd, GIOCondition condition, gpointer data)
{
    (void)fd;
    (void)condition;
    CamPulse *pulse = data;
    pulse->watch = 0;
    pulse->ended(pulse->data);
    return G_SOURCE_REMOVE;
}

CamPulse *cam_pulse_open(void (*ended)(gpointer data), gpointer data)
{
    int fd = connect_to_it();
    if (fd < 0)
        return NULL;
    CamPulse *pulse = g_new0(CamPulse, 1);
    pulse->fd = fd;
    pulse->ended = ended;
    pulse->data = data;
    pulse->watch = g_unix_fd_add(fd, G_IO_HUP | G_IO_ERR, hear_end, pulse); /* not to read */
    return pulse;
}

gint cam_pulse_fd(const CamPulse *pulse)
{
    return pulse->fd;
}

void cam_pulse_leave(CamPulse *pulse)
{
    if (pulse->watch)
        g_source_remove(pulse->watch);
    pulse->watch = 0;
}

void cam_pulse_close(CamPulse *pulse)
{
    close(pulse->fd);
    g_free(pulse);
}

/* PipeWire's device provider is asked by its name: others would list V4L2 devices once more. */
GList *cam_pipewire_cameras(void)
{
    if (!cam_pipewire_is_there())
        return NULL;
    GstDeviceProvider *provider =
        gst_device_provider_factory_get_by_name("pipewiredeviceprovider");
    GList *all = provider ? gst_device_provider_get_devices(provider) : NULL, *cameras = NULL;
    for (GList *d = all; d; d = d->next)
        if (gst_device_has_classes(d->data, "Video/Source"))
            cameras = g_list_append(cameras, gst_object_ref(d->data));
    g_list_free_full(all, gst_object_unref);
    gst_clear_object(&provider);
    return cameras;
}

gchar *cam_pipewire_node(GstDevice *camera)
{
    GstStructure *about = gst_device_get_properties(camera);
    gchar *node = about ? g_strdup(gst_structure_get_string(about, "node.name")) : NULL;
    g_clear_pointer(&about, gst_structure_free);
    return node;
}

static gboolean fits(GstDevice *camera, const gchar *node, const gchar *wanted)
{
    if (!node)
        return FALSE;
    if (!*wanted)
        return strcmp(node, CAM_PIPEWIRE_NODE) != 0;
    gchar *name = gst_device_get_display_name(camera);
    gboolean found = !strcmp(node, wanted) || (name && strstr(name, wanted));
    g_free(name);
    return found;
}

gchar *cam_pipewire_find(const gchar *wanted)
{
    GList *cameras = cam_pipewire_cameras();
    gchar *found = NULL;
    for (GList *c = cameras; c && !found; c = c->next) {
        gchar *node = cam_pipewire_node(c->data);
        if (fits(c->data, node, wanted))
            found = g_steal_pointer(&node);
        g_free(node);
    }
    g_list_free_full(cameras, gst_object_unref);
    return found;
}
