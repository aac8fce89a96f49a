/* Opening the networks of effects on faces, whose inputs and outputs have fixed shapes. */
#ifndef MI_EFFECT_NET_H
#define MI_EFFECT_NET_H

#include "../net/net.h"

typedef struct mi_net_shape {
    const char *name; /* of an output; NULL: the file's first one */
    int32_t c, h, w;
} mi_net_shape;

/* Reads the model `path` and opens it with `outputs` outputs, 1..MI_GRAPH_OUTPUTS. `what` is how
 * messages call it ("age model"). Shapes other than these: MIEN_ERR_MODEL with a line that names
 * the input or output and how it has to be. */
int mi_effect_net_open(mi_net *net, mvk_device *device, const char *path, const char *what,
                       const mi_net_shape *input, const mi_net_shape *output, int32_t outputs,
                       mi_log *log);

#endif
