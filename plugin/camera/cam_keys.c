#include "cam_keys.h"

#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cam_say.h"

#define HELP                                                                                       \
    "keys: up and down choose a parameter, left and right change it, c covers the camera, q quits"

enum { LOOK_MS = 500 };

struct CamKeys {
    const CamKeyActions *actions;
    struct termios before;
    guint watch; /* 0: the keys are another program's */
    guint timer;
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
    case 'c':
        actions->cover(actions->data);
        return NULL;
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
    if (got <= 0) { /* the terminal is gone or another program's; this one may stay */
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

static gboolean in_foreground(void)
{
    return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

/* Keys at once, and not shown. */
static void set_terminal(void)
{
    struct termios now;
    if (tcgetattr(STDIN_FILENO, &now) != 0 || !(now.c_lflag & (ICANON | ECHO)))
        return;
    now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    now.c_cc[VMIN] = 1;
    now.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &now);
}

/* A shell may send the program to the background and bring it back; it sets the terminal for
 * itself then. */
static gboolean tend_terminal(gpointer data)
{
    CamKeys *keys = data;
    if (!in_foreground())
        return G_SOURCE_CONTINUE;
    set_terminal();
    if (!keys->watch)
        keys->watch = g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, read_keys, keys);
    return G_SOURCE_CONTINUE;
}

CamKeys *cam_keys_open(const CamKeyActions *actions)
{
    struct termios now;
    if (!isatty(STDIN_FILENO) || !in_foreground() || tcgetattr(STDIN_FILENO, &now) != 0)
        return NULL;
    signal(SIGTTIN, SIG_IGN); /* in the background reading fails rather than stop the program */
    CamKeys *keys = g_new0(CamKeys, 1);
    keys->actions = actions;
    keys->before = now;
    tend_terminal(keys);
    keys->timer = g_timeout_add(LOOK_MS, tend_terminal, keys);
    cam_say(HELP);
    return keys;
}

void cam_keys_close(CamKeys *keys)
{
    g_source_remove(keys->timer);
    if (keys->watch)
        g_source_remove(keys->watch);
    if (in_foreground()) /* else it is another program's, and setting it would stop this one */
        tcsetattr(STDIN_FILENO, TCSANOW, &keys->before);
    signal(SIGTTIN, SIG_DFL);
    g_free(keys);
}
