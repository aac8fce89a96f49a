"""Procedural painting in the colours of Van Gogh's Starry Night (1889).

Cool and neutral things take the blue sky's colours, warm ones (skin, wood,
lamps) the ochres; strokes follow the forms: layers that follow the shading and
flow-aligned streaks, lit from above like thick paint.
"""
import torch

import picture_filters as pf

# Colours by brightness, dark to light, chosen by eye: blues and yellows after the
# painting, ochres after the painter's portraits of the same year.
COOL = ((0.04, 0.06, 0.16), (0.08, 0.15, 0.38), (0.16, 0.32, 0.62),
        (0.36, 0.56, 0.76), (0.66, 0.79, 0.80), (0.97, 0.95, 0.74))
WARM = ((0.07, 0.06, 0.12), (0.30, 0.15, 0.12), (0.62, 0.34, 0.15),
        (0.87, 0.60, 0.24), (0.97, 0.82, 0.46), (1.00, 0.97, 0.78))


def _ramp(grey, colours):
    table = torch.tensor(colours)
    at = grey.clamp(0, 1)[:, 0] * (len(colours) - 1)
    low = at.floor().long().clamp_max(len(colours) - 2)
    mix = (at - low)[..., None]
    return (table[low] * (1 - mix) + table[low + 1] * mix).permute(0, 3, 1, 2)


def _relief(grey):
    """Light from the upper left on paint as thick as it is bright."""
    d = torch.roll(grey, (-1, -1), (2, 3)) - torch.roll(grey, (1, 1), (2, 3))
    d[..., (0, -1), :] = 0
    d[..., (0, -1)] = 0
    return -d


def starry(rgb):
    """`rgb` at twice the size of the network picture."""
    flow, _ = pf.tangent_flow(rgb, 5.0)
    base = pf.smooth_along(pf.kuwahara(rgb, 7), flow, 6.0)
    grey = pf.luma(base).clamp_min(0.001) ** 0.9
    grey = grey + 0.35 * (0.5 - pf.blur(grey, 30.0))
    fine = pf.smooth_across(grey, flow, 2.0)
    wide = pf.smooth_across(grey, flow, 4.5)
    streaks = pf.smooth_along(fine - wide, flow, 8.0)
    # Layers of paint follow the shading. Few and monotone: a student of this
    # size does not learn finer bands, whatever the number of steps.
    layers = pf.soft_steps(pf.blur(grey, 2.0), 5, 7.0)
    # Eyes, brows and mouth must not drown in the strokes.
    dark = (pf.luma(rgb) - pf.luma(base)).clamp(-0.3, 0)
    painted = layers + 2.8 * streaks + 0.8 * dark
    # Relative, and over some distance: a highlight on skin stays skin.
    red, blue = pf.blur(rgb[:, :1], 6.0), pf.blur(rgb[:, 2:], 6.0)
    warm = pf.smoothstep((red - blue) / (red + blue + 0.03), 0.02, 0.10)
    cool = _ramp(painted, COOL)
    colour = cool + (_ramp(painted, WARM) - cool) * warm
    colour = 0.85 * colour + 0.15 * pf.saturate(base, 1.5)
    return (colour + 1.1 * _relief(painted)).clamp(0, 1)
