"""Procedural chiaroscuro woodcut: paper, a tone block and a black key block.

Old prints of this kind use no grey: a warm middle tone and black are printed
over each other, and shapes are carved along the form.
"""
import torch

import picture_filters as pf

PAPER = (0.955, 0.90, 0.79)
TONE = (0.74, 0.52, 0.33)
INK = (0.085, 0.065, 0.06)


def _colour(rgb):
    return torch.tensor(rgb).view(1, 3, 1, 1)


def woodcut(rgb):
    """`rgb` at twice the size of the network picture."""
    flow, _ = pf.tangent_flow(rgb, 4.0)
    grey = pf.luma(pf.flow_bilateral(rgb, flow, 3.0, 0.12, 2))
    grey = grey.clamp_min(0.001) ** 0.75
    # Dark and light faces must both show all three tones.
    near = pf.blur(grey, 26.0)
    grey = grey + 0.55 * (0.56 - near)
    fine = pf.smooth_across(grey, flow, 1.5)
    wide = pf.smooth_across(grey, flow, 2.6)
    cut = pf.smooth_along(fine + 5.0 * (fine - wide), flow, 5.0)
    key = pf.smoothstep(cut, 0.33, 0.40)
    # Thin outlines where both sides have one tone: a white shirt on a wall.
    outline = pf.luma(pf.flow_bilateral(rgb, flow, 2.0, 0.06, 1))
    edges = pf.flow_dog(outline, flow, 1.8, 0.99, 6.0)
    key = key * (1 - 0.8 * pf.smoothstep(-edges, 0.0, 0.012))
    light = pf.smoothstep(cut, 0.58, 0.66)
    tone = _colour(TONE) + (_colour(PAPER) - _colour(TONE)) * light
    return (_colour(INK) + (tone - _colour(INK)) * key).clamp(0, 1)
