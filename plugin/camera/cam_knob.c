#include "cam_knob.h"

#include <math.h>
#include <string.h>

enum { STEPS = 100, SCALE_WIDTH = 160, NOTE_WIDTH = 11 /* letters */ };

struct CamKnob {
    gchar *name, *type, *help, *unit, *usual;
    double min, max;
    gchar **choices; /* or NULL */
    gint digits;     /* of a number, after the point */
    GtkWidget *label, *widget, *note, *reset; /* note: of a number, or NULL */
    GPtrArray *values;  /* of a drop-down: what its rows stand for */
    GPtrArray *toggles; /* of flags: check buttons, borrowed */
    gboolean showing;   /* it is this program that changes the widget */
    void (*turned)(CamKnob *knob, gpointer data);
    gpointer data;
};

static void tend_reset(CamKnob *knob);

static void report(CamKnob *knob)
{
    tend_reset(knob);
    if (!knob->showing)
        knob->turned(knob, knob->data);
}

/* ---- numbers */

/* A step is a power of ten, a hundredth of the range or a bit less. */
static double step_of(CamKnob *knob)
{
    double step = pow(10, floor(log10((knob->max - knob->min) / STEPS)));
    if (!strcmp(knob->type, "int"))
        step = fmax(1, step);
    knob->digits = (gint)fmax(0, -log10(step) + 0.5);
    return step;
}

static gchar *print_number(const CamKnob *knob, double number)
{
    gchar text[G_ASCII_DTOSTR_BUF_SIZE];
    double unit = pow(10, knob->digits), rounded = round(number * unit) / unit;
    return g_strdup(g_ascii_formatd(text, sizeof text, "%g", rounded == 0 ? 0 : rounded));
}

static void print_note(CamKnob *knob)
{
    gchar *text = print_number(knob, gtk_range_get_value(GTK_RANGE(knob->widget)));
    gchar *whole = g_strdup_printf("%s%s%s", text, *knob->unit ? " " : "", knob->unit);
    gtk_label_set_text(GTK_LABEL(knob->note), whole);
    g_free(whole);
    g_free(text);
}

/* The wheel scrolls the panel; it must not turn the knob over which the pointer comes to lie. */
static void leave_wheel(GtkWidget *widget)
{
    GListModel *controllers = gtk_widget_observe_controllers(widget);
    for (guint i = g_list_model_get_n_items(controllers); i > 0; i--) {
        GtkEventController *controller = g_list_model_get_item(controllers, i - 1);
        if (GTK_IS_EVENT_CONTROLLER_SCROLL(controller))
            gtk_widget_remove_controller(widget, controller);
        g_object_unref(controller);
    }
    g_object_unref(controllers);
}

static void make_scale(CamKnob *knob)
{
    double step = step_of(knob);
    knob->widget =
        gtk_scale_new_with_range(GTK_ORIENTATION_HORIZONTAL, knob->min, knob->max, step);
    GtkScale *scale = GTK_SCALE(knob->widget);
    leave_wheel(knob->widget);
    gtk_scale_set_digits(scale, knob->digits);
    knob->note = gtk_label_new("");
    gtk_label_set_xalign(GTK_LABEL(knob->note), 1);
    gtk_label_set_width_chars(GTK_LABEL(knob->note), NOTE_WIDTH);
    print_note(knob);
    g_signal_connect_swapped(knob->widget, "value-changed", G_CALLBACK(print_note), knob);
    gtk_scale_add_mark(scale, g_ascii_strtod(knob->usual, NULL), GTK_POS_BOTTOM, NULL);
    gtk_widget_set_size_request(knob->widget, SCALE_WIDTH, -1);
    g_signal_connect_swapped(knob->widget, "value-changed", G_CALLBACK(report), knob);
}

/* ---- choices */

static void add_choice(CamKnob *knob, const gchar *value)
{
    GListModel *rows = gtk_drop_down_get_model(GTK_DROP_DOWN(knob->widget));
    gtk_string_list_append(GTK_STRING_LIST(rows), *value ? value : "(none)");
    g_ptr_array_add(knob->values, g_strdup(value));
}

static void make_drop_down(CamKnob *knob)
{
    knob->values = g_ptr_array_new_with_free_func(g_free);
    knob->widget = gtk_drop_down_new_from_strings((const char *const[]){NULL});
    knob->showing = TRUE;
    if (!strcmp(knob->type, "string"))
        add_choice(knob, "");
    for (gchar **choice = knob->choices; *choice; choice++)
        add_choice(knob, *choice);
    knob->showing = FALSE;
    g_signal_connect_swapped(knob->widget, "notify::selected", G_CALLBACK(report), knob);
}

/* A text may be one that is not among the choices: the path of a file. */
static guint find_choice(CamKnob *knob, const gchar *value)
{
    guint at;
    if (!g_ptr_array_find_with_equal_func(knob->values, value, g_str_equal, &at)) {
        at = knob->values->len;
        add_choice(knob, value);
    }
    return at;
}

/* ---- flags */

static void make_toggles(CamKnob *knob)
{
    knob->toggles = g_ptr_array_new();
    knob->widget = gtk_flow_box_new();
    gtk_flow_box_set_selection_mode(GTK_FLOW_BOX(knob->widget), GTK_SELECTION_NONE);
    for (gchar **choice = knob->choices; *choice; choice++) {
        GtkWidget *toggle = gtk_check_button_new_with_label(*choice);
        g_ptr_array_add(knob->toggles, toggle);
        gtk_flow_box_append(GTK_FLOW_BOX(knob->widget), toggle);
        g_signal_connect_swapped(toggle, "toggled", G_CALLBACK(report), knob);
    }
}

static gchar *join_toggles(const CamKnob *knob)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < knob->toggles->len; i++)
        if (gtk_check_button_get_active(knob->toggles->pdata[i]))
            g_string_append_printf(text, "%s%s", text->len ? "+" : "", knob->choices[i]);
    if (!text->len)
        g_string_append(text, "none");
    return g_string_free(text, FALSE);
}

static void show_toggles(CamKnob *knob, const gchar *value)
{
    gchar **words = g_strsplit(value, "+", -1);
    for (guint i = 0; i < knob->toggles->len; i++)
        gtk_check_button_set_active(
            knob->toggles->pdata[i],
            g_strv_contains((const gchar *const *)words, knob->choices[i]));
    g_strfreev(words);
}

/* ---- all of them */

static gboolean is_number(const CamKnob *knob)
{
    return !strcmp(knob->type, "float") || !strcmp(knob->type, "int");
}

/* The default as the widget would say it. */
static gchar *print_usual(const CamKnob *knob)
{
    return is_number(knob) ? print_number(knob, g_ascii_strtod(knob->usual, NULL))
                           : g_strdup(knob->usual);
}

static void tend_reset(CamKnob *knob)
{
    gchar *value = cam_knob_value(knob), *usual = print_usual(knob);
    gtk_widget_set_sensitive(knob->reset, strcmp(value, usual) != 0);
    g_free(usual);
    g_free(value);
}

static void show_value(CamKnob *knob, const gchar *value)
{
    knob->showing = TRUE;
    if (is_number(knob))
        gtk_range_set_value(GTK_RANGE(knob->widget), g_ascii_strtod(value, NULL));
    else if (knob->toggles)
        show_toggles(knob, value);
    else if (knob->values)
        gtk_drop_down_set_selected(GTK_DROP_DOWN(knob->widget), find_choice(knob, value));
    else
        gtk_editable_set_text(GTK_EDITABLE(knob->widget), value);
    knob->showing = FALSE;
    tend_reset(knob);
}

static void reset(CamKnob *knob)
{
    show_value(knob, knob->usual);
    report(knob);
}

static void make_reset(CamKnob *knob)
{
    gchar *usual = print_usual(knob), *name = g_strdup_printf("reset %s", knob->name);
    gchar *tip = g_strdup_printf("back to %s%s%s", *usual ? usual : "(none)",
                                 *knob->unit ? " " : "", knob->unit);
    knob->reset = gtk_button_new_from_icon_name("view-refresh-symbolic");
    gtk_button_set_has_frame(GTK_BUTTON(knob->reset), FALSE);
    gtk_widget_set_valign(knob->reset, GTK_ALIGN_CENTER);
    gtk_widget_set_tooltip_text(knob->reset, tip);
    gtk_accessible_update_property(GTK_ACCESSIBLE(knob->reset), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   name, -1);
    g_signal_connect_swapped(knob->reset, "clicked", G_CALLBACK(reset), knob);
    g_free(tip);
    g_free(name);
    g_free(usual);
}

static void make_widget(CamKnob *knob)
{
    make_reset(knob);
    if (is_number(knob)) {
        make_scale(knob);
    } else if (!strcmp(knob->type, "flags")) {
        make_toggles(knob);
    } else if (knob->choices) {
        make_drop_down(knob);
    } else {
        knob->widget = gtk_entry_new();
        g_signal_connect_swapped(knob->widget, "activate", G_CALLBACK(report), knob);
    }
    knob->label = gtk_label_new(knob->name);
    gtk_label_set_xalign(GTK_LABEL(knob->label), 0);
    gtk_widget_set_tooltip_text(knob->label, knob->help);
    gtk_widget_set_tooltip_text(knob->widget, knob->help);
    gtk_widget_set_hexpand(knob->widget, TRUE);
    gtk_accessible_update_property(GTK_ACCESSIBLE(knob->widget), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   knob->name, -1);
    tend_reset(knob);
}

static void take_word(CamKnob *knob, const gchar *word)
{
    const gchar *value = strchr(word, '=');
    if (!value)
        return;
    value++;
    if (g_str_has_prefix(word, "min="))
        knob->min = g_ascii_strtod(value, NULL);
    else if (g_str_has_prefix(word, "max="))
        knob->max = g_ascii_strtod(value, NULL);
    else if (g_str_has_prefix(word, "choices=")) {
        g_strfreev(knob->choices);
        knob->choices = g_strsplit(value, "|", -1);
    } else {
        gchar **text = g_str_has_prefix(word, "help=")      ? &knob->help
                       : g_str_has_prefix(word, "unit=")    ? &knob->unit
                       : g_str_has_prefix(word, "default=") ? &knob->usual
                                                            : NULL;
        if (text) {
            g_free(*text);
            *text = g_strdup(value);
        }
    }
}

/* Is it complete enough for a widget? */
static gboolean is_whole(const CamKnob *knob)
{
    if (is_number(knob))
        return knob->max > knob->min;
    return knob->choices || !strcmp(knob->type, "string");
}

CamKnob *cam_knob_new(const gchar *line, void (*turned)(CamKnob *knob, gpointer data),
                      gpointer data)
{
    gchar **words = NULL;
    const gchar *type = NULL;
    if (!g_shell_parse_argv(line, NULL, &words, NULL) || !(type = strchr(words[0], '='))) {
        g_strfreev(words);
        return NULL;
    }
    CamKnob *knob = g_new0(CamKnob, 1);
    knob->name = g_strndup(words[0], (gsize)(type - words[0]));
    knob->type = g_strdup(type + 1);
    knob->help = g_strdup("");
    knob->unit = g_strdup("");
    knob->usual = g_strdup("");
    knob->turned = turned;
    knob->data = data;
    for (gchar **word = words + 1; *word; word++)
        take_word(knob, *word);
    g_strfreev(words);
    if (is_whole(knob)) {
        make_widget(knob);
        return knob;
    }
    cam_knob_free(knob);
    return NULL;
}

void cam_knob_free(CamKnob *knob)
{
    if (knob->widget)
        g_signal_handlers_disconnect_by_data(knob->widget, knob);
    if (knob->reset)
        g_signal_handlers_disconnect_by_data(knob->reset, knob);
    for (guint i = 0; knob->toggles && i < knob->toggles->len; i++)
        g_signal_handlers_disconnect_by_data(knob->toggles->pdata[i], knob);
    g_clear_pointer(&knob->toggles, g_ptr_array_unref);
    g_clear_pointer(&knob->values, g_ptr_array_unref);
    g_strfreev(knob->choices);
    g_free(knob->name);
    g_free(knob->type);
    g_free(knob->help);
    g_free(knob->unit);
    g_free(knob->usual);
    g_free(knob);
}

const gchar *cam_knob_name(const CamKnob *knob)
{
    return knob->name;
}

GtkWidget *cam_knob_label(const CamKnob *knob)
{
    return knob->label;
}

GtkWidget *cam_knob_note(const CamKnob *knob)
{
    return knob->note;
}

GtkWidget *cam_knob_reset(const CamKnob *knob)
{
    return knob->reset;
}

GtkWidget *cam_knob_widget(const CamKnob *knob)
{
    return knob->widget;
}

gboolean cam_knob_is_handy(const CamKnob *knob)
{
    return is_number(knob) || knob->values;
}

gchar *cam_knob_value(const CamKnob *knob)
{
    if (is_number(knob))
        return print_number(knob, gtk_range_get_value(GTK_RANGE(knob->widget)));
    if (knob->toggles)
        return join_toggles(knob);
    if (knob->values)
        return g_strdup(
            knob->values->pdata[gtk_drop_down_get_selected(GTK_DROP_DOWN(knob->widget))]);
    return g_strdup(gtk_editable_get_text(GTK_EDITABLE(knob->widget)));
}

static gboolean is_being_written(const CamKnob *knob)
{
    return gtk_widget_get_state_flags(knob->widget) & GTK_STATE_FLAG_FOCUS_WITHIN;
}

void cam_knob_show(CamKnob *knob, const gchar *value)
{
    if (!GTK_IS_ENTRY(knob->widget) || !is_being_written(knob))
        show_value(knob, value);
}
