#include <mien/mien.h>

#include "version.h"

const char *mien_status_text(int status)
{
    switch (status) {
    case MIEN_OK:
        return "success";
    case MIEN_BYPASSED:
        return "no effect is on";
    case MIEN_ERR_INVALID:
        return "invalid argument";
    case MIEN_ERR_NOMEM:
        return "out of memory";
    case MIEN_ERR_UNSUPPORTED:
        return "not supported";
    case MIEN_ERR_NO_DEVICE:
        return "no usable Vulkan device";
    case MIEN_ERR_DEVICE_LOST:
        return "Vulkan device lost";
    case MIEN_ERR_IO:
        return "file cannot be read";
    case MIEN_ERR_MODEL:
        return "model file is damaged";
    default:
        return "unknown status";
    }
}

const char *mien_version(void)
{
    return MIEN_VERSION;
}
