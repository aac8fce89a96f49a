/* Model files: where they are, and their bytes. */
#ifndef MI_MODEL_FILE_H
#define MI_MODEL_FILE_H

#include "params.h"

typedef struct mi_model_file {
    char path[2 * MI_TEXT_MAX];
    void *bytes;
    size_t size;
} mi_model_file;

/* The folder that the parameter `models` means: "" is where the library finds its own. */
const char *mi_models_folder(const char *models);

bool mi_is_file(const char *path);

/* The styles of a folder in the order of the alphabet, with `joint` between them; "" where there is
 * none. False: as many whole names as there is room for in list[0..size). */
bool mi_style_names(const char *folder, const char *joint, char *list, size_t size);

/* Reads file->path. `what` is how messages call it ("style file"). */
int mi_model_read(mi_model_file *file, const char *what, mi_log *log);
void mi_model_close(mi_model_file *file); /* zeroed; may be zero already */

#endif
