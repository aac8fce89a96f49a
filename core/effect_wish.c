#include "effect_wish.h"

#include "ramp.h"

static const struct {
    mi_param_id param;
    mi_effect effect; /* that it says something about */
    bool hides;       /* who is there */
} row[MI_ASKED] = {[MI_EFFECT_GAZE] = {MI_PARAM_GAZE, MI_EFFECT_GAZE, false},
                   [MI_EFFECT_AGE] = {MI_PARAM_AGE, MI_EFFECT_AGE, true},
                   [MI_ASKED_GAZE_X] = {MI_PARAM_GAZE_X, MI_EFFECT_GAZE, false},
                   [MI_ASKED_GAZE_Y] = {MI_PARAM_GAZE_Y, MI_EFFECT_GAZE, false},
                   [MI_ASKED_GAZE_LEARN] = {MI_PARAM_GAZE_LEARN, MI_EFFECT_GAZE, false}};

mi_effect_wish mi_effect_wish_of(const mi_params *params)
{
    mi_effect_wish wish;
    for (int i = 0; i < MI_ASKED; i++)
        wish.number[i] = params->value[row[i].param].number;
    return wish;
}

bool mi_effect_wish_any(const mi_effect_wish *wish)
{
    for (int i = 0; i < MI_EFFECTS; i++)
        if (wish->number[i] != 0)
            return true;
    return false;
}

bool mi_effect_wish_hides(const mi_effect_wish *wish)
{
    for (int i = 0; i < MI_EFFECTS; i++)
        if (row[i].hides && wish->number[i] != 0)
            return true;
    return false;
}

void mi_effect_wish_step(mi_effect_wish *shown, const mi_effect_wish *wanted, double share)
{
    for (int i = MI_ASKED - 1; i >= 0; i--) { /* an effect's own number is looked at before */
        bool unseen = i >= MI_EFFECTS && shown->number[row[i].effect] == 0;
        double step = unseen ? 1 : share, end = mien_params(NULL)[row[i].param].max;
        shown->number[i] = end * mi_ramp(shown->number[i] / end, wanted->number[i] / end, step);
    }
}

void mi_effect_wish_drop(mi_params *params, mi_effect effect)
{
    params->value[row[effect].param].number = 0;
}
