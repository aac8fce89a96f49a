#include "cam_keys.h"

#include <glib-unix.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cam_say.h"

#define HELP "keys: up and down choose a parameter, left and right change it, q quits"

struct CamKeys {
    const CamKeyActions *actions;
    struct termios before;
    guint watch;
    gint row;
};

static gboolean can_step(const CamSettings *settings, gint row)
{
    mien_param_type type = settings->table[row].type;
    return type == MIEN_PARAM_FLOAT || type == MIEN_PARAM_INT || type == MIEN_PARAM_ENUM;
}

static void choose(const CamSettings *settings, gint *row, gint by)
{
    gint count = (gint)settings->count;
    for (gint i = 0; i < count; i++) {
        *row = (*row + by + count) % count;
        if (can_step(settings, *row))
            return;
    }
}

static gchar *print(const CamSettings *settings, gint row)
{
    return g_strdup_printf("%s %s", settings->table[row].name, settings->values[row]);
}

gchar *cam_keys_press(const CamKeyActions *actions, gint *row, gchar key)
{
    CamSettings *settings = actions->settings;
    switch (key) {
    case 'A':
    case 'B':
        choose(settings, row, key == 'A' ? -1 : 1);
        return print(settings, *row);
    case 'C':
    case 'D':
    case '+':
    case '-':
        if (!can_step(settings, *row))
            choose(settings, row, 1);
        if (cam_settings_step(settings, *row, key == 'C' || key == '+' ? 1 : -1))
            actions->changed(actions->data);
        return print(settings, *row);
    case 'q':
        actions->quit(actions->data);
        return NULL;
    case 'h':
    case '?':
        return g_strdup(HELP);
    default:
        return NULL;
    }
}

static gboolean read_keys(gint fd, GIOCondition condition, gpointer data)
{
    (void)condition;
    CamKeys *keys = data;
    gchar bytes[64];
    ssize_t got = read(fd, bytes, sizeof bytes);
    if (got <= 0) { /* the terminal is gone; the program may stay */
        keys->watch = 0;
        return G_SOURCE_REMOVE;
    }
    for (ssize_t i = 0; i < got; i++) {
        if (bytes[i] == '\033' && i + 2 < got && (bytes[i + 1] == '[' || bytes[i + 1] == 'O'))
            i += 2;
        else if (strchr("ABCD", bytes[i]))
            continue; /* letters, not arrows */
        gchar *line = cam_keys_press(keys->actions, &keys->row, bytes[i]);
        if (line)
            cam_say("%s", line);
        g_free(line);
    }
    return G_SOURCE_CONTINUE;
}

CamKeys *cam_keys_open(const CamKeyActions *actions)
{
    struct termios now;
    if (!isatty(STDIN_FILENO) || tcgetpgrp(STDIN_FILENO) != getpgrp() ||
        tcgetattr(STDIN_FILENO, &now) != 0)
        return NULL;
    CamKeys *keys = g_new0(CamKeys, 1);
    keys->actions = actions;
    keys->before = now;
    now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    now.c_cc[VMIN] = 1;
    now.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &now);
    keys->watch = g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, read_keys, keys);
    cam_say(HELP);
    return keys;
}

void cam_keys_close(CamKeys *keys)
{
    if (keys->watch)
        g_source_remove(keys->watch);
    tcsetattr(STDIN_FILENO, TCSANOW, &keys->before);
    g_free(keys);
}
