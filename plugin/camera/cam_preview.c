#include "cam_preview.h"

#include <signal.h>

#define PROGRAM "mien-cam-preview"

struct CamPreview {
    GPid process; /* 0: it has ended */
    guint watch;
    void (*closed)(gpointer data);
    gpointer data;
};

/* The one that lies beside this program, else the installed one. */
static gchar *find_program(void)
{
    gchar *own = g_file_read_link("/proc/self/exe", NULL);
    gchar *folder = g_path_get_dirname(own ? own : ".");
    gchar *path = g_build_filename(folder, PROGRAM, NULL);
    if (!own || !g_file_test(path, G_FILE_TEST_IS_EXECUTABLE)) {
        g_free(path);
        path = g_find_program_in_path(PROGRAM);
    }
    g_free(folder);
    g_free(own);
    return path;
}

static void ended(GPid process, gint status, gpointer data)
{
    (void)status;
    CamPreview *self = data;
    g_spawn_close_pid(process);
    self->process = 0;
    self->watch = 0;
    self->closed(self->data);
}

CamPreview *cam_preview_open(const gchar *socket, void (*closed)(gpointer data), gpointer data,
                             gchar **trouble)
{
    gchar *path = find_program();
    if (!path) {
        *trouble = g_strdup("no preview: " PROGRAM " is not installed");
        return NULL;
    }
    gchar *words[] = {path, "--control", (gchar *)socket, NULL};
    GError *error = NULL;
    GPid process;
    if (!g_spawn_async(NULL, words, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &process,
                       &error)) {
        *trouble = g_strdup_printf("no preview: %s", error->message);
        g_error_free(error);
        g_free(path);
        return NULL;
    }
    g_free(path);
    CamPreview *self = g_new0(CamPreview, 1);
    self->process = process;
    self->closed = closed;
    self->data = data;
    self->watch = g_child_watch_add(process, ended, self);
    return self;
}

void cam_preview_close(CamPreview *preview)
{
    if (preview->watch)
        g_source_remove(preview->watch);
    if (preview->process)
        kill(preview->process, SIGTERM);
    g_free(preview);
}
