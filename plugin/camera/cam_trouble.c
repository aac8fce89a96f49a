#include "cam_trouble.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static gboolean has_open(const gchar *pid, const gchar *path)
{
    gchar *folder = g_strdup_printf("/proc/%s/fd", pid);
    GDir *files = g_dir_open(folder, 0, NULL);
    gboolean found = FALSE;
    const gchar *name;
    while (files && !found && (name = g_dir_read_name(files))) {
        gchar *link = g_build_filename(folder, name, NULL);
        gchar *target = g_file_read_link(link, NULL);
        found = !g_strcmp0(target, path);
        g_free(target);
        g_free(link);
    }
    g_clear_pointer(&files, g_dir_close);
    g_free(folder);
    return found;
}

static gchar *program_name(const gchar *pid)
{
    gchar *file = g_strdup_printf("/proc/%s/comm", pid), *name = NULL;
    if (!g_file_get_contents(file, &name, NULL, NULL))
        name = g_strdup("?");
    g_free(file);
    return g_strchomp(name);
}

gchar *cam_trouble_holders(const gchar *path)
{
    GString *text = g_string_new(NULL);
    GDir *processes = g_dir_open("/proc", 0, NULL);
    const gchar *pid;
    while (processes && (pid = g_dir_read_name(processes))) {
        if (!g_ascii_isdigit(*pid) || g_ascii_strtoll(pid, NULL, 10) == getpid() ||
            !has_open(pid, path))
            continue;
        gchar *name = program_name(pid);
        g_string_append_printf(text, "%s%s (%s)", text->len ? ", " : "", name, pid);
        g_free(name);
    }
    g_clear_pointer(&processes, g_dir_close);
    return g_string_free(text, text->len == 0);
}

gchar *cam_trouble_device(const gchar *what, const gchar *path, gint fault)
{
    gchar *holders, *line;
    switch (fault) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return g_strdup_printf("%s %s is not there: waiting for it", what, path);
    case EACCES:
    case EPERM:
        return g_strdup_printf("no permission to open %s %s: join the group that owns it (sudo "
                               "usermod -aG video $USER) and log in again; trying on",
                               what, path);
    case EBUSY:
        holders = cam_trouble_holders(path);
        line = g_strdup_printf("%s %s is in use by %s: waiting until it is free", what, path,
                               holders ? holders : "another program");
        g_free(holders);
        return line;
    default:
        return g_strdup_printf("%s %s: %s; trying on", what, path, g_strerror(fault));
    }
}

/* What opening it says, or 0: a device that goes has its file for a moment longer. */
static gint try_open(const gchar *path)
{
    gint file = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return errno;
    close(file);
    return 0;
}

/* The errno that a resource error of an element amounts to, or 0. */
static gint find_fault(const GError *error, const gchar *path)
{
    if (access(path, F_OK) != 0)
        return ENODEV;
    if (error->domain != GST_RESOURCE_ERROR)
        return 0;
    switch (error->code) {
    case GST_RESOURCE_ERROR_BUSY:
        return EBUSY;
    case GST_RESOURCE_ERROR_NOT_FOUND:
        return ENODEV;
    default:
        return try_open(path);
    }
}

gchar *cam_trouble_message(const gchar *what, const gchar *path, GstMessage *message)
{
    GError *error;
    gst_message_parse_error(message, &error, NULL);
    gint fault = path ? find_fault(error, path) : 0;
    gchar *line = fault ? cam_trouble_device(what, path, fault)
                        : g_strdup_printf("%s%s%s: %s", what, path ? " " : "", path ? path : "",
                                          g_strstrip(error->message));
    g_error_free(error);
    return g_strdelimit(line, "\n", ' ');
}
