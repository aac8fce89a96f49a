/* Has at hand what a filter is asked for. The thread that processes. */
#ifndef MI_FILTER_OPEN_H
#define MI_FILTER_OPEN_H

#include "filter_state.h"

/* What is lost or does not fit frames like `in` goes; what is wanted and lacking is made, and tried
 * once more where the device was lost over it. */
int mi_filter_bring_up(mien_filter *filter, const mien_frame *in);

/* After a run in which the device was lost. Once in a stream it is opened again, and the frame is
 * filtered there. The style's history is gone; faces that were followed or covered still are. */
int mi_filter_recover(mien_filter *filter, const mien_frame *in, const mien_frame *out,
                      mi_stream_values *values);

#endif
