/* What a filter is asked for by its parameters, and what it still owes to those before: an effect
 * that is switched off fades. */
#ifndef MI_FILTER_WISH_H
#define MI_FILTER_WISH_H

#include "filter_state.h"

/* Do these parameters ask for a style? */
bool mi_wish_has_style(const mi_params *params);
/* Is there anything to do with them? `analysis`: faces are wanted for their own sake. */
bool mi_wish_has_work(const mi_params *params, bool analysis);

/* The rest is for the thread that processes. */

bool mi_filter_has_style(const mien_filter *filter);
/* Is the style that is there the one that is wanted? */
bool mi_filter_is_current(const mien_filter *filter);
/* Does the old style have to fade out before anything that ends it? */
bool mi_filter_is_fading(const mien_filter *filter);
bool mi_filter_is_covering(const mien_filter *filter);
/* Are faces needed in this frame? Also for what is switched off but still fades. */
bool mi_filter_needs_faces(const mien_filter *filter);

/* What cannot be had while the stream runs must not end it: the wish is taken back, in favour of
 * the device or the style that is there. The line about it is in the log. They take the lock. */
void mi_wish_keep_device(mien_filter *filter);
void mi_wish_keep_style(mien_filter *filter);
void mi_wish_drop_faces(mien_filter *filter); /* all that needs the networks for faces */
void mi_wish_drop_effect(mien_filter *filter, mi_effect effect);

#endif
