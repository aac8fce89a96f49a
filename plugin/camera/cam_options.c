#include "cam_options.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    CamOptions *options;
    gchar *size, *input_format;
    gboolean no_keys;
} Parse;

static gboolean read_parameter(const gchar *option, const gchar *value, gpointer data,
                               GError **error)
{
    Parse *parse = data;
    gchar *trouble = cam_settings_set(parse->options->settings, option + strlen("--"), value);
    if (!trouble)
        return TRUE;
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, trouble);
    g_free(trouble);
    return FALSE;
}

/* Every row of the library's table is an option: what it learns, the camera can. */
static void add_parameters(GOptionGroup *group, const CamSettings *settings)
{
    GOptionEntry *rows = g_new0(GOptionEntry, settings->count + 1);
    GOptionArgFunc read = read_parameter;
    gpointer function; /* ISO C has no cast for it */
    memcpy(&function, &read, sizeof function);
    for (gsize i = 0; i < settings->count; i++) {
        rows[i] = (GOptionEntry){.long_name = settings->table[i].name,
                                 .arg = G_OPTION_ARG_CALLBACK,
                                 .arg_data = function,
                                 .description = settings->table[i].help,
                                 .arg_description = settings->table[i].choices
                                                        ? settings->table[i].choices
                                                        : "VALUE"};
    }
    g_option_group_add_entries(group, rows);
    g_free(rows);
}

static void add_own(GOptionGroup *group, Parse *parse)
{
    CamOptions *o = parse->options;
    const GOptionEntry rows[] = {
        {"camera", 'c', 0, G_OPTION_ARG_STRING, &o->camera,
         "device file, part of its name, a video file, pipewire[:NAME], test[:PATTERN]", "CAMERA"},
        {"output", 'o', 0, G_OPTION_ARG_STRING, &o->output,
         "loopback device file, pipewire, or none", "OUTPUT"},
        {"list", 'l', 0, G_OPTION_ARG_NONE, &o->list, "show cameras and loopback devices", NULL},
        {"size", 's', 0, G_OPTION_ARG_STRING, &parse->size, "of the camera's frames", "WxH"},
        {"fps", 'r', 0, G_OPTION_ARG_INT, &o->wish.fps, "frames a second of the camera", "N"},
        {"input-format", 0, 0, G_OPTION_ARG_STRING, &parse->input_format,
         "of the camera: YUYV, NV12, MJPG, ...", "FORMAT"},
        {"format", 0, 0, G_OPTION_ARG_STRING, &o->format, "of the output", "YUY2|I420|NV12"},
        {"name", 0, 0, G_OPTION_ARG_STRING, &o->name, "of a PipeWire camera", "NAME"},
        {"preview", 'p', 0, G_OPTION_ARG_NONE, &o->preview,
         "a window with the result and sliders", NULL},
        {"control", 0, 0, G_OPTION_ARG_STRING, &o->control,
         "path of the control socket, or none", "PATH"},
        {"no-keys", 0, 0, G_OPTION_ARG_NONE, &parse->no_keys, "leave the terminal alone", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &o->version, "print the version", NULL},
        {0}};
    g_option_group_add_entries(group, rows);
}

static gchar *check(Parse *parse)
{
    CamOptions *o = parse->options;
    gint used = 0;
    if (parse->size &&
        (sscanf(parse->size, "%5dx%5d%n", &o->wish.width, &o->wish.height, &used) != 2 ||
         parse->size[used] || o->wish.width < MIEN_SIZE_MIN || o->wish.width > MIEN_SIZE_MAX ||
         o->wish.height < MIEN_SIZE_MIN || o->wish.height > MIEN_SIZE_MAX))
        return g_strdup_printf("--size '%s' is not WIDTHxHEIGHT, each %d to %d", parse->size,
                               MIEN_SIZE_MIN, MIEN_SIZE_MAX);
    if (o->wish.fps < 0 || o->wish.fps > 1000)
        return g_strdup_printf("--fps %d is not 1 to 1000", o->wish.fps);
    if (parse->input_format &&
        !(o->wish.fourcc = cam_mode_read_fourcc(parse->input_format)))
        return g_strdup_printf("--input-format '%s' is not known (YUYV, NV12, MJPG and others)",
                               parse->input_format);
    static const gchar *const FORMATS[] = {"YUY2", "I420", "NV12", NULL};
    if (!g_strv_contains(FORMATS, o->format))
        return g_strdup_printf("--format '%s' is not YUY2, I420 or NV12", o->format);
    static const gchar *const OUTPUTS[] = {"", "pipewire", "none", NULL};
    if (*o->output != '/' && !g_strv_contains(OUTPUTS, o->output))
        return g_strdup_printf("--output '%s' is not a device file such as /dev/video10, pipewire "
                               "or none", o->output);
    if (!*o->name)
        return g_strdup("--name '' is no name");
    if (o->preview && !strcmp(o->control, "none"))
        return g_strdup("--preview needs the control socket: not with --control none");
    return NULL;
}

static gchar *check_command(gchar **command)
{
    static const gchar *const KNOWN[] = {"set", "get", "params", "status", "cover", "quit", NULL};
    if (command && !g_strv_contains(KNOWN, *command))
        return g_strdup_printf("'%s' is no command (set, get, params, status, cover, quit)",
                               *command);
    if (command && !strcmp(*command, "set") && !command[1])
        return g_strdup("set needs NAME=VALUE");
    return NULL;
}

static void set_default(gchar **text, const gchar *value)
{
    if (!*text)
        *text = g_strdup(value);
}

CamOptions *cam_options_parse(gchar **words, gchar **trouble)
{
    CamOptions *o = g_new0(CamOptions, 1);
    o->settings = cam_settings_new();
    Parse parse = {.options = o};
    GOptionContext *context = g_option_context_new("[set NAME=VALUE... | get [NAME] | params | "
                                                   "status | cover on|off | quit]");
    g_option_context_set_summary(context, "A camera through mien's effects, as a camera for other "
                                          "programs. The commands go to one that runs.");
    g_option_context_set_description(context, "man mien-cam says more.\n");
    GOptionGroup *group = g_option_group_new("main", "", "", &parse, NULL);
    g_option_context_set_main_group(context, group);
    add_own(group, &parse);
    add_parameters(group, o->settings);
    gchar **rest = g_strdupv(words);
    GError *error = NULL;
    *trouble = NULL;
    if (!g_option_context_parse_strv(context, &rest, &error)) {
        *trouble = g_strdup(error->message);
        g_error_free(error);
    }
    set_default(&o->camera, "");
    set_default(&o->output, "");
    set_default(&o->control, "");
    set_default(&o->name, "mien camera");
    set_default(&o->format, "YUY2");
    o->keys = !parse.no_keys;
    if (!*trouble)
        *trouble = check(&parse);
    if (!*trouble && rest[1]) {
        o->command = g_strdupv(rest + 1);
        *trouble = check_command(o->command);
    }
    g_strfreev(rest);
    g_free(parse.size);
    g_free(parse.input_format);
    g_option_context_free(context);
    if (*trouble)
        g_clear_pointer(&o, cam_options_free);
    return o;
}

void cam_options_free(CamOptions *options)
{
    g_free(options->camera);
    g_free(options->output);
    g_free(options->name);
    g_free(options->control);
    g_free(options->format);
    g_strfreev(options->command);
    cam_settings_free(options->settings);
    g_free(options);
}
