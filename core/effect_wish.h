/* What is asked of the effects on faces: a row in the table of effect_wish.c for each number. Pure
 * values, any thread. */
#ifndef MI_EFFECT_WISH_H
#define MI_EFFECT_WISH_H

#include "params.h"

/* The first MI_EFFECTS say how much there is to be of an effect, 0: nothing; they are numbers of
 * the effects themselves, in the order in which these run. The others say more about one. */
typedef enum mi_effect {
    MI_EFFECT_GAZE = 0,
    MI_EFFECT_AGE,
    MI_EFFECTS,
    MI_ASKED_GAZE_X = MI_EFFECTS,
    MI_ASKED_GAZE_Y,
    MI_ASKED_GAZE_LEARN,
    MI_ASKED
} mi_effect;

/* In the units of their parameters. */
typedef struct mi_effect_wish {
    double number[MI_ASKED];
} mi_effect_wish;

mi_effect_wish mi_effect_wish_of(const mi_params *params);

/* Is a face hidden that was changed so? Turned eyes hide nobody. */
bool mi_effect_wish_hides(const mi_effect_wish *wish);

/* Is there anything to be done? */
bool mi_effect_wish_any(const mi_effect_wish *wish);

/* Goes from what is shown towards what is wanted, each number by `share` of the end of its range.
 * What nobody sees, because there is nothing of its effect yet, is there at once. */
void mi_effect_wish_step(mi_effect_wish *shown, const mi_effect_wish *wanted, double share);

/* The effect is not wanted any more. */
void mi_effect_wish_drop(mi_params *params, mi_effect effect);

#endif
