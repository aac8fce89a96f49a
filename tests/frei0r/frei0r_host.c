#include "frei0r_host.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    FILE *file;
    int before;
} ear;

static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

/* ISO C has no conversion between data and function pointers; POSIX says that they are alike. */
static void find(Host *host, const char *name, void *function)
{
    void *symbol = dlsym(host->library, name);
    if (!symbol)
        give_up(name, "no such entry point");
    memcpy(function, &symbol, sizeof symbol);
}

void host_open(Host *host, const char *path)
{
    host->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!host->library)
        give_up(path, dlerror());
    find(host, "f0r_init", &host->init);
    find(host, "f0r_deinit", &host->deinit);
    find(host, "f0r_get_plugin_info", &host->plugin_info);
    find(host, "f0r_get_param_info", &host->param_info);
    find(host, "f0r_construct", &host->construct);
    find(host, "f0r_destruct", &host->destruct);
    find(host, "f0r_set_param_value", &host->set);
    find(host, "f0r_get_param_value", &host->get);
    find(host, "f0r_update", &host->update);
    if (host->init() != 1)
        give_up(path, "f0r_init failed");
}

void host_close(Host *host)
{
    host->deinit();
    dlclose(host->library);
}

int host_find(const Host *host, const char *name)
{
    f0r_plugin_info_t plugin;
    f0r_param_info_t param;
    host->plugin_info(&plugin);
    for (int i = 0; i < plugin.num_params; i++) {
        host->param_info(&param, i);
        if (strcmp(param.name, name) == 0)
            return i;
    }
    give_up(name, "no such parameter");
    return -1;
}

void host_set_text(const Host *host, f0r_instance_t instance, const char *name, const char *text)
{
    char copy[2048]; /* gone after the call, as frei0r allows */
    char *pointer = copy;
    snprintf(copy, sizeof copy, "%s", text);
    host->set(instance, &pointer, host_find(host, name));
    memset(copy, 'x', sizeof copy);
}

void host_set_share(const Host *host, f0r_instance_t instance, const char *name, double share)
{
    host->set(instance, &share, host_find(host, name));
}

double host_get_share(const Host *host, f0r_instance_t instance, const char *name)
{
    double share = -1;
    host->get(instance, &share, host_find(host, name));
    return share;
}

const char *host_get_text(const Host *host, f0r_instance_t instance, const char *name)
{
    char *text = NULL;
    host->get(instance, &text, host_find(host, name));
    return text;
}

uint32_t *host_picture(int width, int height, unsigned seed)
{
    size_t size = (size_t)width * (size_t)height * 4;
    void *memory = NULL;
    if (posix_memalign(&memory, 16, size))
        give_up("picture", "out of memory");
    uint8_t *p = memory;
    for (size_t i = 0; i < size; i++) {
        unsigned x = (unsigned)(i / 4) % (unsigned)width, y = (unsigned)(i / 4) / (unsigned)width;
        unsigned noise = (unsigned)(i * 2654435761u) ^ (seed * 40503u);
        unsigned square = (x / 24 + y / 16) % 2 ? 90 : 0;
        p[i] = (uint8_t)(x + y * (1 + i % 3) / 2 + square + seed * 3 + (noise >> 24) % 7);
    }
    return memory;
}

double host_psnr(const uint32_t *a, const uint32_t *b, int pixels)
{
    const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;
    double sum = 0;
    for (int i = 0; i < pixels * 4; i++)
        sum += (x[i] - y[i]) * (x[i] - y[i]);
    return sum > 0 ? 10 * log10(255.0 * 255.0 * pixels * 4 / sum) : 99;
}

void host_listen(void)
{
    fflush(stderr);
    ear.file = tmpfile();
    ear.before = dup(STDERR_FILENO);
    if (!ear.file || ear.before < 0 || dup2(fileno(ear.file), STDERR_FILENO) < 0)
        give_up("stderr", "cannot be caught");
}

int host_heard(char *text, size_t size)
{
    int lines = 0;
    fflush(stderr);
    dup2(ear.before, STDERR_FILENO);
    close(ear.before);
    rewind(ear.file);
    size_t n = fread(text, 1, size - 1, ear.file);
    text[n] = '\0';
    fclose(ear.file);
    for (const char *p = text; (p = strchr(p, '\n')); p++)
        lines++;
    return lines;
}
