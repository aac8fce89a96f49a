/* mien-cam-preview: what readers of a mien-cam see, in a window with a slider for each parameter.
 * It is a caller at the control socket and no more, so that it cannot take the camera down. */
#include <errno.h>
#include <gst/gst.h>
#include <gtk/gtk.h>
#include <locale.h>
#include <mien/mien.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cam_asker.h"
#include "cam_call.h"
#include "cam_knob.h"
#include "cam_view.h"

enum { ASK_MS = 250, WIDTH = 1000, HEIGHT = 600, PANEL = 400, GAP = 8 };
#define PATIENCE (3 * G_USEC_PER_SEC)  /* without an answer: it hangs */
#define REMEMBER (6 * G_USEC_PER_SEC) /* how long an error is shown */

typedef struct {
    GMainLoop *loop;
    CamAsker *asker;
    CamSight *sight; /* or NULL: there is no picture yet */
    gint64 tried;    /* when it was asked for, us */
    gint status;     /* for main() */

    GPtrArray *knobs;
    GHashTable *dirty; /* knobs that the user has turned and mien-cam does not know of */
    gboolean cover_dirty, showing;

    GtkWidget *window, *picture, *panel, *more, *cover, *label;
    gint handy, rest;  /* rows in panel and more */
    gchar *error;      /* the last one, or NULL */
    gint64 error_time; /* us */
} CamWindow;

static void say(const gchar *line)
{
    fprintf(stderr, "mien-cam-preview: %s\n", line);
}

/* ---- the picture */

static gboolean draw(GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
    (void)clock;
    CamWindow *self = data;
    guint8 *bgra = self->sight ? cam_sight_take(self->sight) : NULL;
    if (!bgra)
        return G_SOURCE_CONTINUE;
    const GstVideoInfo *info = cam_sight_info(self->sight);
    gsize row = (gsize)info->width * 4;
    GBytes *bytes = g_bytes_new_take(bgra, row * (gsize)info->height);
    GdkTexture *texture = gdk_memory_texture_new(
        info->width, info->height, GDK_MEMORY_B8G8R8A8_PREMULTIPLIED, bytes, row);
    gtk_picture_set_paintable(GTK_PICTURE(widget), GDK_PAINTABLE(texture));
    g_object_unref(texture);
    g_bytes_unref(bytes);
    return G_SOURCE_CONTINUE;
}

static void keep_error(CamWindow *self, const gchar *line)
{
    g_free(self->error);
    self->error = g_strdup(line);
    self->error_time = g_get_monotonic_time();
}

static void hear_picture(gpointer data, const gchar *error, gchar **lines, gint fd)
{
    CamWindow *self = data;
    gchar *trouble = NULL;
    if (error || fd < 0 || !lines[0] || !g_str_has_prefix(lines[0], "picture=")) {
        if (fd >= 0)
            close(fd);
        keep_error(self, error ? error : "mien-cam sends no picture");
        return;
    }
    self->sight = cam_sight_new(fd, lines[0] + strlen("picture="), &trouble);
    if (trouble)
        keep_error(self, trouble);
    g_free(trouble);
}

/* ---- what mien-cam is told, and says: one question at a time, so that an answer is never older
 * than what the user has done since */

static void ask_next(CamWindow *self);

static void hear_set(gpointer data, const gchar *error, gchar **lines, gint fd)
{
    (void)lines;
    (void)fd;
    if (error)
        keep_error(data, error);
    ask_next(data);
}

static void tell(CamWindow *self)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter next;
    gpointer knob;
    g_ptr_array_add(words, g_strdup("set"));
    g_hash_table_iter_init(&next, self->dirty);
    while (g_hash_table_iter_next(&next, &knob, NULL)) {
        gchar *value = cam_knob_value(knob);
        g_ptr_array_add(words, g_strdup_printf("%s=%s", cam_knob_name(knob), value));
        g_free(value);
    }
    g_hash_table_remove_all(self->dirty);
    g_ptr_array_add(words, NULL);
    cam_asker_ask(self->asker, (const gchar *const *)words->pdata, hear_set, self);
    g_ptr_array_unref(words);
}

/* What the user wants, if nothing is on its way. */
static void ask_next(CamWindow *self)
{
    gint64 since;
    if (cam_asker_waits(self->asker, &since))
        return;
    if (g_hash_table_size(self->dirty)) {
        tell(self);
    } else if (self->cover_dirty) {
        gboolean on = gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(self->cover));
        self->cover_dirty = FALSE;
        cam_asker_ask(self->asker, (const gchar *const[]){"cover", on ? "on" : "off", NULL},
                      hear_set, self);
    }
}

static void turned(CamKnob *knob, gpointer data)
{
    CamWindow *self = data;
    g_hash_table_add(self->dirty, knob);
    ask_next(self);
}

static void cover_turned(CamWindow *self)
{
    if (self->showing)
        return;
    self->cover_dirty = TRUE;
    ask_next(self);
}

static CamKnob *find_knob(CamWindow *self, const gchar *line, const gchar *equals)
{
    for (guint i = 0; i < self->knobs->len; i++) {
        const gchar *name = cam_knob_name(self->knobs->pdata[i]);
        if (strlen(name) == (gsize)(equals - line) && g_str_has_prefix(line, name))
            return self->knobs->pdata[i];
    }
    return NULL;
}

static void hear_values(gpointer data, const gchar *error, gchar **lines, gint fd)
{
    (void)fd;
    CamWindow *self = data;
    for (; !error && *lines; lines++) {
        const gchar *equals = strchr(*lines, '=');
        CamKnob *knob = equals ? find_knob(self, *lines, equals) : NULL;
        if (knob && !g_hash_table_contains(self->dirty, knob))
            cam_knob_show(knob, equals + 1);
    }
    ask_next(self);
}

static const gchar *find(gchar **lines, const gchar *key)
{
    gsize length = strlen(key);
    for (; *lines; lines++)
        if (!strncmp(*lines, key, length) && (*lines)[length] == '=')
            return *lines + length + 1;
    return NULL;
}

static void print_status(CamWindow *self, gchar **lines)
{
    const gchar *camera = find(lines, "camera"), *trouble = find(lines, "camera-trouble");
    const gchar *output = find(lines, "output"), *ours = find(lines, "output-trouble");
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%s \342\206\222 %s\n", camera && *camera ? camera : "no camera",
                           output && *output ? output : "no output");
    g_string_append_printf(text, "%s of %s frames a second, %s ms of work each, quality %s",
                           find(lines, "rate-out"), find(lines, "rate-in"),
                           find(lines, "filter-ms"), find(lines, "quality"));
    if (trouble && g_strcmp0(find(lines, "camera-state"), "running"))
        g_string_append_printf(text, "\n%s", trouble);
    if (ours && g_strcmp0(find(lines, "output-state"), "running"))
        g_string_append_printf(text, "\n%s", ours);
    if (self->error && g_get_monotonic_time() - self->error_time < REMEMBER)
        g_string_append_printf(text, "\n%s", self->error);
    gtk_label_set_text(GTK_LABEL(self->label), text->str);
    g_string_free(text, TRUE);
}

static void hear_status(gpointer data, const gchar *error, gchar **lines, gint fd)
{
    (void)fd;
    CamWindow *self = data;
    if (error)
        return;
    print_status(self, lines);
    self->showing = TRUE;
    if (!self->cover_dirty)
        gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(self->cover),
                                     !g_strcmp0(find(lines, "cover"), "on"));
    self->showing = FALSE;
    ask_next(self);
}

static gboolean ask(gpointer data)
{
    CamWindow *self = data;
    gint64 since, now = g_get_monotonic_time();
    if (cam_asker_waits(self->asker, &since)) {
        if (now - since > PATIENCE)
            gtk_label_set_text(GTK_LABEL(self->label), "mien-cam does not answer");
        return G_SOURCE_CONTINUE;
    }
    if (!self->sight && now - self->tried > G_USEC_PER_SEC) {
        self->tried = now;
        cam_asker_ask(self->asker, (const gchar *const[]){"watch", NULL}, hear_picture, self);
    }
    cam_asker_ask(self->asker, (const gchar *const[]){"get", NULL}, hear_values, self);
    cam_asker_ask(self->asker, (const gchar *const[]){"status", NULL}, hear_status, self);
    return G_SOURCE_CONTINUE;
}

/* ---- the window */

static void place(CamWindow *self, const CamKnob *knob)
{
    gboolean handy = cam_knob_is_handy(knob);
    gint row = handy ? self->handy++ : self->rest++;
    GtkGrid *grid = GTK_GRID(handy ? self->panel : self->more);
    GtkWidget *note = cam_knob_note(knob);
    gtk_grid_attach(grid, cam_knob_label(knob), 0, row, 1, 1);
    gtk_grid_attach(grid, cam_knob_widget(knob), 1, row, note ? 1 : 2, 1);
    if (note)
        gtk_grid_attach(grid, note, 2, row, 1, 1);
    gtk_grid_attach(grid, cam_knob_reset(knob), 3, row, 1, 1);
}

static void hear_parameters(gpointer data, const gchar *error, gchar **lines, gint fd)
{
    (void)fd;
    CamWindow *self = data;
    for (; !error && *lines; lines++) {
        CamKnob *knob = cam_knob_new(*lines, turned, self);
        if (!knob)
            continue;
        place(self, knob);
        g_ptr_array_add(self->knobs, knob);
    }
    if (error)
        keep_error(self, error);
    ask(self);
}

static void lost(gpointer data)
{
    CamWindow *self = data;
    say("mien-cam has ended");
    g_main_loop_quit(self->loop);
}

static gboolean closed(CamWindow *self)
{
    g_main_loop_quit(self->loop);
    return TRUE; /* it is destroyed later */
}

static GtkWidget *make_grid(void)
{
    GtkWidget *grid = gtk_grid_new();
    gtk_grid_set_row_spacing(GTK_GRID(grid), GAP / 2);
    gtk_grid_set_column_spacing(GTK_GRID(grid), GAP);
    return grid;
}

/* Beside the picture: sliders and choices, and what is seldom wanted below them, folded up. */
static GtkWidget *make_panel(CamWindow *self)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, GAP), *folds, *scrolled;
    self->panel = make_grid();
    self->more = make_grid();
    folds = gtk_expander_new("more");
    gtk_expander_set_child(GTK_EXPANDER(folds), self->more);
    gtk_box_append(GTK_BOX(box), self->panel);
    gtk_box_append(GTK_BOX(box), folds);
    scrolled = gtk_scrolled_window_new();
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), box);
    gtk_widget_set_size_request(scrolled, PANEL, -1);
    gtk_widget_set_hexpand(scrolled, FALSE);
    return scrolled;
}

static GtkWidget *make_foot(CamWindow *self)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, GAP);
    self->cover = gtk_toggle_button_new_with_label("Cover the camera");
    gtk_widget_set_valign(self->cover, GTK_ALIGN_CENTER);
    gtk_widget_set_tooltip_text(self->cover, "readers see black");
    g_signal_connect_swapped(self->cover, "toggled", G_CALLBACK(cover_turned), self);
    self->label = gtk_label_new("");
    gtk_label_set_xalign(GTK_LABEL(self->label), 0);
    gtk_label_set_wrap(GTK_LABEL(self->label), TRUE);
    gtk_widget_set_hexpand(self->label, TRUE);
    gtk_box_append(GTK_BOX(box), self->label);
    gtk_box_append(GTK_BOX(box), self->cover);
    return box;
}

static void set_margin(GtkWidget *widget)
{
    gtk_widget_set_margin_start(widget, GAP);
    gtk_widget_set_margin_end(widget, GAP);
    gtk_widget_set_margin_top(widget, GAP);
    gtk_widget_set_margin_bottom(widget, GAP);
}

static void add_keys(GtkWidget *window)
{
    GtkEventController *keys = gtk_shortcut_controller_new();
    gtk_shortcut_controller_add_shortcut(
        GTK_SHORTCUT_CONTROLLER(keys),
        gtk_shortcut_new(gtk_shortcut_trigger_parse_string("<Control>q|<Control>w"),
                         gtk_named_action_new("window.close")));
    gtk_widget_add_controller(window, keys);
}

static void make_window(CamWindow *self)
{
    GtkWidget *rows = gtk_box_new(GTK_ORIENTATION_VERTICAL, GAP);
    GtkWidget *columns = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, GAP);
    self->window = gtk_window_new();
    gtk_window_set_title(GTK_WINDOW(self->window), "mien-cam");
    gtk_window_set_default_size(GTK_WINDOW(self->window), WIDTH, HEIGHT);
    g_signal_connect_swapped(self->window, "close-request", G_CALLBACK(closed), self);
    add_keys(self->window);
    self->picture = gtk_picture_new();
    gtk_widget_set_hexpand(self->picture, TRUE);
    gtk_widget_set_vexpand(self->picture, TRUE);
    gtk_widget_add_tick_callback(self->picture, draw, self, NULL);
    gtk_box_append(GTK_BOX(columns), self->picture);
    gtk_box_append(GTK_BOX(columns), make_panel(self));
    gtk_box_append(GTK_BOX(rows), columns);
    gtk_box_append(GTK_BOX(rows), make_foot(self));
    set_margin(rows);
    gtk_window_set_child(GTK_WINDOW(self->window), rows);
    gtk_window_present(GTK_WINDOW(self->window));
}

static void free_knob(gpointer knob)
{
    cam_knob_free(knob);
}

static gint show(gint fd)
{
    CamWindow self = {.loop = g_main_loop_new(NULL, FALSE),
                      .knobs = g_ptr_array_new_with_free_func(free_knob),
                      .dirty = g_hash_table_new(NULL, NULL)};
    make_window(&self);
    self.asker = cam_asker_new(fd, lost, &self);
    cam_asker_ask(self.asker, (const gchar *const[]){"params", NULL}, hear_parameters, &self);
    guint timer = g_timeout_add(ASK_MS, ask, &self);
    g_main_loop_run(self.loop);
    g_source_remove(timer);
    cam_asker_free(self.asker);
    g_ptr_array_unref(self.knobs);
    g_hash_table_unref(self.dirty);
    gtk_window_destroy(GTK_WINDOW(self.window));
    g_clear_pointer(&self.sight, cam_sight_free);
    g_free(self.error);
    g_main_loop_unref(self.loop);
    return self.status;
}

static gint call_and_show(const gchar *option)
{
    gchar *path = cam_call_path(option);
    gint fd = path ? cam_call_connect(path) : -1;
    if (!path)
        say("without a control socket there is nothing to see");
    else if (fd < 0)
        fprintf(stderr, "mien-cam-preview: no mien-cam is running at %s (%s)\n", path,
                g_strerror(errno));
    g_free(path);
    if (fd < 0)
        return 1;
    if (gtk_init_check())
        return show(fd);
    say("there is no display to show a window on");
    close(fd);
    return 1;
}

int main(int argc, char **argv)
{
    gchar *control = NULL;
    gboolean version = FALSE;
    const GOptionEntry rows[] = {
        {"control", 0, 0, G_OPTION_ARG_STRING, &control, "path of the control socket", "PATH"},
        {"version", 0, 0, G_OPTION_ARG_NONE, &version, "print the version", NULL},
        {0}};
    GError *error = NULL;
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
    GOptionContext *context = g_option_context_new("- what readers of mien-cam see, and sliders");
    g_option_context_add_main_entries(context, rows, NULL);
    gboolean good = g_option_context_parse(context, &argc, &argv, &error) && argc == 1;
    g_option_context_free(context);
    if (!good) {
        say(error ? error->message : "it takes no words");
        g_clear_error(&error);
        return 2;
    }
    if (version) {
        printf("mien-cam-preview %s\n", mien_version());
        return 0;
    }
    gst_init(NULL, NULL);
    gint status = call_and_show(control ? control : "");
    g_free(control);
    return status;
}
