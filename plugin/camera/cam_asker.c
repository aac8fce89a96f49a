#include "cam_asker.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cam_call.h"

typedef struct {
    CamHeard heard;
    gpointer data;
    gint64 asked; /* when, us */
} Question;

struct CamAsker {
    gint fd;
    guint watch; /* 0: the other side has hung up */
    gint came;   /* a descriptor for the answer that is on its way, or -1 */
    GString *text;
    GPtrArray *lines; /* of that answer */
    GQueue questions; /* without an answer */
    void (*lost)(gpointer data);
    gpointer data;
};

static void drop_descriptor(CamAsker *asker)
{
    if (asker->came >= 0)
        close(asker->came);
    asker->came = -1;
}

static void lose(CamAsker *asker)
{
    asker->watch = 0;
    asker->lost(asker->data);
}

static ssize_t receive(CamAsker *asker, gchar *bytes, gsize size)
{
    union {
        gchar bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr aligned;
    } rights;
    struct iovec part = {bytes, size};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = rights.bytes,
                             .msg_controllen = sizeof rights.bytes};
    ssize_t got = recvmsg(asker->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    struct cmsghdr *head = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
        head->cmsg_len == CMSG_LEN(sizeof asker->came)) {
        drop_descriptor(asker);
        memcpy(&asker->came, CMSG_DATA(head), sizeof asker->came);
    }
    return got;
}

static void answer(CamAsker *asker, const gchar *error)
{
    Question *question = g_queue_pop_head(&asker->questions);
    gint fd = asker->came;
    if (!question) /* nobody asked */
        return;
    g_ptr_array_add(asker->lines, NULL);
    asker->came = -1;
    question->heard(question->data, error, (gchar **)asker->lines->pdata, fd);
    g_free(question);
}

static void take_line(CamAsker *asker, const gchar *line)
{
    gboolean good = !strcmp(line, "ok");
    if (!good && !g_str_has_prefix(line, "error ")) {
        g_ptr_array_add(asker->lines, g_strdup(line));
        return;
    }
    answer(asker, good ? NULL : line + strlen("error "));
    g_ptr_array_set_size(asker->lines, 0);
}

static gboolean hear(gint fd, GIOCondition condition, gpointer data)
{
    (void)fd;
    (void)condition;
    CamAsker *asker = data;
    gchar part[4096], *end;
    ssize_t got = receive(asker, part, sizeof part);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (got <= 0) {
        lose(asker);
        return G_SOURCE_REMOVE;
    }
    g_string_append_len(asker->text, part, got);
    while ((end = strchr(asker->text->str, '\n'))) {
        gchar *line = g_strndup(asker->text->str, (gsize)(end - asker->text->str));
        g_string_erase(asker->text, 0, end - asker->text->str + 1);
        take_line(asker, line);
        g_free(line);
    }
    return G_SOURCE_CONTINUE;
}

CamAsker *cam_asker_new(gint fd, void (*lost)(gpointer data), gpointer data)
{
    CamAsker *asker = g_new0(CamAsker, 1);
    asker->fd = fd;
    asker->came = -1;
    asker->text = g_string_new(NULL);
    asker->lines = g_ptr_array_new_with_free_func(g_free);
    g_queue_init(&asker->questions);
    asker->lost = lost;
    asker->data = data;
    asker->watch = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, hear, asker);
    return asker;
}

void cam_asker_free(CamAsker *asker)
{
    if (asker->watch)
        g_source_remove(asker->watch);
    close(asker->fd);
    drop_descriptor(asker);
    g_string_free(asker->text, TRUE);
    g_ptr_array_unref(asker->lines);
    g_queue_clear_full(&asker->questions, g_free);
    g_free(asker);
}

/* What cannot be sent is noticed by the one who hears. */
void cam_asker_ask(CamAsker *asker, const gchar *const *words, CamHeard heard, gpointer data)
{
    gchar *request = cam_call_request(words);
    Question *question = g_new(Question, 1);
    *question = (Question){heard, data, g_get_monotonic_time()};
    g_queue_push_tail(&asker->questions, question);
    gsize length = strlen(request);
    if (send(asker->fd, request, length, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)length)
        shutdown(asker->fd, SHUT_RDWR);
    g_free(request);
}

guint cam_asker_waits(const CamAsker *asker, gint64 *since)
{
    const Question *oldest = g_queue_peek_head((GQueue *)&asker->questions);
    *since = oldest ? oldest->asked : 0;
    return asker->questions.length;
}
