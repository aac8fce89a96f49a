/* Numbers that go gradually to where they are wanted. */
#ifndef MI_RAMP_H
#define MI_RAMP_H

/* `value`, gone towards `target` by `step` at most. */
static inline double mi_ramp(double value, double target, double step)
{
    step += 1e-6; /* sums of steps end at the target, not a rounding error before it */
    return value < target ? (value + step < target ? value + step : target)
                          : (value - step > target ? value - step : target);
}

#endif
