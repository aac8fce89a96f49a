/* How a network is fitted to frames: the size at which it runs and what is done ahead of it and
 * behind it so that a picture of one size goes in and comes out. */
#ifndef MI_STYLE_FIT_H
#define MI_STYLE_FIT_H

#include "../model_file.h"
#include "../net/graph.h"
#include "../vk/mvk.h"

typedef struct mi_style_fit {
    int32_t scale;        /* frame pixels a picture pixel, each way */
    int32_t w, h;         /* the picture, covering the frame */
    int32_t inner_w, inner_h; /* to which it is brought before the network */
    int32_t net_w, net_h; /* the network's: `left` and `top` and the rest are mirrored around */
    int32_t left, top;
    int32_t out_w, out_h; /* what the network gives, */
    int32_t crop_x, crop_y, crop_w, crop_h; /* and the part of it that is the picture */
    int32_t fixed_w, fixed_h; /* the size that the file declares; 0: none */
    bool held;                /* and is held to */
} mi_style_fit;

/* Chooses all of this, so that work and picture fit the device and the quality asked for. A file
 * that declares a size is run at another one where its nodes allow it, unless `hold`. */
int mi_style_fit_to(mi_style_fit *fit, const mi_model_file *file, const mvk_device *device,
                    mi_quality quality, int32_t width, int32_t height, bool hold, mi_log *log);

/* The network alone, at its size. */
int mi_style_bare(mi_graph **graph, const mi_model_file *file, const mi_style_fit *fit,
                  mi_log *log);
/* The same at a small size that it takes, for a look at what it makes of pictures. */
int mi_style_probe(mi_graph **graph, const mi_model_file *file, const mi_style_fit *fit,
                   mi_log *log);
/* Puts the rest around it, ahead of and behind 3-channel pictures: MIEN_ERR_NOMEM with a line. */
int mi_style_frame(mi_graph *graph, const mi_style_fit *fit, mi_log *log);

#endif
