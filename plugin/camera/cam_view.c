#define _GNU_SOURCE /* memfd_create() */
#include "cam_view.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cam_packed.h"

enum { PAGE = 4096 };

struct CamView {
    gint fd;
    GstVideoInfo info;
    CamViewHead *head; /* and all the memory after it */
    gsize bytes;
    GstBuffer *slot[CAM_VIEW_SLOTS]; /* in it */
    uint64_t number;                 /* of the last frame */
    atomic_int watchers;
};

static gsize align(gsize bytes)
{
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

/* Its length is fixed and it is only for reading, so that no program that looks on does harm. */
static gboolean make_memory(CamView *view)
{
    gsize slot = align(view->info.size);
    view->bytes = PAGE + CAM_VIEW_SLOTS * slot;
    view->fd = memfd_create("mien-cam picture", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (view->fd < 0 || ftruncate(view->fd, (off_t)view->bytes) != 0)
        return FALSE;
    void *memory = mmap(NULL, view->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, view->fd, 0);
    if (memory == MAP_FAILED)
        return FALSE;
    view->head = memory;
    *view->head = (CamViewHead){CAM_VIEW_MAGIC, CAM_VIEW_SLOTS, PAGE, slot, 0, 0};
    for (gint i = 0; i < CAM_VIEW_SLOTS; i++)
        view->slot[i] = gst_buffer_new_wrapped_full(0, (guint8 *)memory + PAGE + (gsize)i * slot,
                                                    slot, 0, view->info.size, NULL, NULL);
    return fcntl(view->fd, F_ADD_SEALS,
                 F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) == 0;
}

CamView *cam_view_new(const GstVideoInfo *info, gchar **trouble)
{
    CamView *view = g_new0(CamView, 1);
    view->info = *info;
    if (make_memory(view))
        return view;
    *trouble = g_strdup_printf("no memory for the picture: %s", g_strerror(errno));
    cam_view_free(view);
    return NULL;
}

void cam_view_free(CamView *view)
{
    for (gint i = 0; i < CAM_VIEW_SLOTS; i++)
        gst_clear_buffer(&view->slot[i]);
    if (view->head)
        munmap(view->head, view->bytes);
    if (view->fd >= 0)
        close(view->fd);
    g_free(view);
}

gint cam_view_fd(const CamView *view)
{
    return view->fd;
}

gchar *cam_view_caps(const CamView *view)
{
    GstCaps *caps = gst_video_info_to_caps(&view->info);
    gchar *text = gst_caps_to_string(caps);
    gst_caps_unref(caps);
    return text;
}

void cam_view_watch(CamView *view, gint watchers)
{
    atomic_fetch_add(&view->watchers, watchers);
}

void cam_view_write(CamView *view, GstBuffer *buffer)
{
    GstVideoFrame from, to;
    uint64_t number = view->number + 1;
    if (atomic_load(&view->watchers) <= 0 ||
        !gst_video_frame_map(&from, &view->info, buffer, GST_MAP_READ))
        return;
    if (gst_video_frame_map(&to, &view->info, view->slot[number % CAM_VIEW_SLOTS],
                            GST_MAP_WRITE)) {
        view->number = number;
        atomic_store(&view->head->begun, number);
        atomic_thread_fence(memory_order_release); /* before what follows */
        cam_packed_copy_frame(&to, &from);
        atomic_store(&view->head->done, number);
        gst_video_frame_unmap(&to);
    }
    gst_video_frame_unmap(&from);
}
