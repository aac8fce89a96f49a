/* A small frei0r host: the plugin's entry points, pictures, and what it prints. */
#ifndef FREI0R_HOST_H
#define FREI0R_HOST_H

#include <frei0r.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Host {
    void *library;
    int (*init)(void);
    void (*deinit)(void);
    void (*plugin_info)(f0r_plugin_info_t *info);
    void (*param_info)(f0r_param_info_t *info, int index);
    f0r_instance_t (*construct)(unsigned width, unsigned height);
    void (*destruct)(f0r_instance_t instance);
    void (*set)(f0r_instance_t instance, f0r_param_t value, int index);
    void (*get)(f0r_instance_t instance, f0r_param_t value, int index);
    void (*update)(f0r_instance_t instance, double time, const uint32_t *in, uint32_t *out);
} Host;

/* Ends the program with a word if the file is no frei0r plugin. */
void host_open(Host *host, const char *path);
void host_close(Host *host);

/* By name; a name that does not exist ends the program. */
int host_find(const Host *host, const char *name);
void host_set_text(const Host *host, f0r_instance_t instance, const char *name, const char *text);
void host_set_share(const Host *host, f0r_instance_t instance, const char *name, double share);
double host_get_share(const Host *host, f0r_instance_t instance, const char *name);
const char *host_get_text(const Host *host, f0r_instance_t instance, const char *name);

/* A picture of squares, gradients and noise, the same for the same seed, aligned as frei0r asks;
 * free() it. */
uint32_t *host_picture(int width, int height, unsigned seed);
double host_psnr(const uint32_t *a, const uint32_t *b, int pixels);

/* From here to host_heard() stderr goes to a file; host_heard() puts it back and returns the
 * lines' number and, in `text`, what they say. */
void host_listen(void);
int host_heard(char *text, size_t size);

#endif
