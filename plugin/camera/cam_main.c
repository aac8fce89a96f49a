/* mien-cam: a camera through mien's effects, as a camera for other programs. */
#include <locale.h>
#include <mien/mien.h>
#include <stdio.h>

#include "cam_app.h"
#include "cam_call.h"
#include "cam_list.h"
#include "cam_say.h"
#include "cam_source.h"

GST_PLUGIN_STATIC_DECLARE(mien);

static int run(const CamOptions *options)
{
    if (options->version) {
        printf("mien-cam %s\n", mien_version());
        return 0;
    }
    if (options->command) {
        gchar *path = cam_call_path(options->control);
        int status = path ? cam_call_send(path, options->command) : 2;
        if (!path)
            cam_say("without a control socket there is no command");
        g_free(path);
        return status;
    }
    gst_init(NULL, NULL);
    /* The element is part of this program: no other version of it can get in, and none is missing
     * where GStreamer does not look. */
    GST_PLUGIN_STATIC_REGISTER(mien);
    if (options->list)
        return cam_list();
    gchar *trouble = cam_source_check(options);
    if (!trouble)
        return cam_app_run(options);
    cam_say("%s", trouble);
    g_free(trouble);
    return 2;
}

int main(int argc, char **argv)
{
    gchar *trouble, **words = g_new0(gchar *, (gsize)argc + 1);
    for (int i = 0; i < argc; i++)
        words[i] = g_strdup(argv[i]);
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
    CamOptions *options = cam_options_parse(words, &trouble);
    g_strfreev(words);
    if (!options) {
        cam_say("%s", trouble);
        g_free(trouble);
        return 2;
    }
    int status = run(options);
    cam_options_free(options);
    return status;
}
