#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cam_view.h"

struct CamSight {
    GstVideoInfo info, shown; /* as it comes, and BGRA */
    GstVideoConverter *converter;
    const CamViewHead *head;
    gsize bytes;
    uint64_t taken; /* number of the last frame */
};

static const CamViewHead *map(gint fd, gsize *bytes)
{
    struct stat about;
    if (fstat(fd, &about) != 0 || about.st_size < (off_t)sizeof(CamViewHead))
        return NULL;
    *bytes = (gsize)about.st_size;
    void *memory = mmap(NULL, *bytes, PROT_READ, MAP_SHARED, fd, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static gboolean read_caps(const gchar *text, GstVideoInfo *info)
{
    GstCaps *caps = gst_caps_from_string(text);
    gboolean good = caps && gst_caps_is_fixed(caps) && gst_video_info_from_caps(info, caps);
    g_clear_pointer(&caps, gst_caps_unref);
    return good;
}

static gboolean is_whole(const CamSight *sight)
{
    const CamViewHead *head = sight->head;
    return head && head->magic == CAM_VIEW_MAGIC && head->slots > 0 &&
           head->start >= sizeof *head && head->start <= sight->bytes &&
           head->size >= sight->info.size &&
           head->size <= (sight->bytes - head->start) / head->slots;
}

CamSight *cam_sight_new(gint fd, const gchar *caps, gchar **trouble)
{
    CamSight *sight = g_new0(CamSight, 1);
    if (read_caps(caps, &sight->info)) {
        sight->head = map(fd, &sight->bytes);
        gst_video_info_set_format(&sight->shown, GST_VIDEO_FORMAT_BGRA,
                                  (guint)sight->info.width, (guint)sight->info.height);
        sight->shown.fps_n = sight->info.fps_n;
        sight->shown.fps_d = sight->info.fps_d;
        sight->converter = gst_video_converter_new(&sight->info, &sight->shown, NULL);
    }
    close(fd);
    if (sight->converter && is_whole(sight))
        return sight;
    *trouble = g_strdup_printf("the picture cannot be read: %s", caps);
    cam_sight_free(sight);
    return NULL;
}

void cam_sight_free(CamSight *sight)
{
    if (sight->head)
        munmap((void *)sight->head, sight->bytes);
    g_clear_pointer(&sight->converter, gst_video_converter_free);
    g_free(sight);
}

const GstVideoInfo *cam_sight_info(const CamSight *sight)
{
    return &sight->info;
}

static gboolean convert(CamSight *sight, uint64_t number, guint8 *bgra)
{
    const CamViewHead *head = sight->head;
    const guint8 *bytes =
        (const guint8 *)head + head->start + number % head->slots * head->size;
    GstBuffer *a = gst_buffer_new_wrapped_full(GST_MEMORY_FLAG_READONLY, (gpointer)bytes,
                                               sight->info.size, 0, sight->info.size, NULL, NULL);
    GstBuffer *b = gst_buffer_new_wrapped_full(0, bgra, sight->shown.size, 0, sight->shown.size,
                                               NULL, NULL);
    GstVideoFrame from, to;
    gboolean done = FALSE;
    if (gst_video_frame_map(&from, &sight->info, a, GST_MAP_READ)) {
        done = gst_video_frame_map(&to, &sight->shown, b, GST_MAP_WRITE);
        if (done) {
            gst_video_converter_frame(sight->converter, &from, &to);
            gst_video_frame_unmap(&to);
        }
        gst_video_frame_unmap(&from);
    }
    gst_buffer_unref(a);
    gst_buffer_unref(b);
    return done;
}

guint8 *cam_sight_take(CamSight *sight)
{
    const CamViewHead *head = sight->head;
    uint64_t number = atomic_load(&head->done);
    if (number == sight->taken)
        return NULL;
    guint8 *bgra = g_malloc(sight->shown.size);
    gboolean good = convert(sight, number, bgra);
    atomic_thread_fence(memory_order_acquire); /* after what went before */
    if (good && atomic_load(&head->begun) < number + head->slots) {
        sight->taken = number;
        return bgra;
    }
    g_free(bgra);
    return NULL;
}
