/* The command line. */
#ifndef CAM_OPTIONS_H
#define CAM_OPTIONS_H

#include "cam_mode.h"
#include "cam_settings.h"

typedef struct CamOptions {
    gchar *camera;  /* "" (the first one), a device file, part of a camera's name, a file,
                     * "pipewire[:NAME]" or "test[:PATTERN]" */
    gchar *output;  /* "" (a loopback device, else PipeWire), a device file, "pipewire" or "none" */
    gchar *name;    /* what readers of a PipeWire camera see */
    gchar *control; /* path of the socket, "none", or "": the usual one */
    gchar *format;  /* of the output: YUY2, I420, NV12 */
    CamWish wish;
    gboolean list, keys, preview, version;
    CamSettings *settings;
    gchar **command; /* words after the options; NULL: none */
} CamOptions;

/* NULL and *trouble, one line which the caller frees, if the words cannot be used. */
CamOptions *cam_options_parse(gchar **words, gchar **trouble);
void cam_options_free(CamOptions *options);

#endif
