#include "gstmienerror.h"

#include <mien/mien.h>

typedef struct {
    GQuark domain;
    gint code;
} Failure;

static Failure classify(int status)
{
    switch (status) {
    case MIEN_ERR_INVALID:
        return (Failure){GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS};
    case MIEN_ERR_NOMEM:
        return (Failure){GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT};
    case MIEN_ERR_NO_DEVICE:
        return (Failure){GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_INIT};
    case MIEN_ERR_IO:
        return (Failure){GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND};
    case MIEN_ERR_MODEL:
        return (Failure){GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ};
    default:
        return (Failure){GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED};
    }
}

void gst_mien_post(GstElement *element, GstMessageType type, int status, const char *text)
{
    Failure failure = classify(status);
    const char *kind = mien_status_text(status);
    gst_element_message_full(element, type, failure.domain, failure.code,
                             g_strdup(text && *text ? text : kind), g_strdup(kind), __FILE__,
                             GST_FUNCTION, __LINE__);
}
