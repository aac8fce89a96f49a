"""Procedural colour print after Hokusai's Great Wave (about 1831).

Few flat colours (paper, sand, pale blue, Prussian blue) and dark blue lines.
"""
import torch

import picture_filters as pf

# Chosen by eye after the print, light to dark.
PAPER = (0.945, 0.905, 0.80)
SAND = (0.86, 0.74, 0.57)
CLAY = (0.66, 0.42, 0.31)
SKY = (0.62, 0.73, 0.74)
SEA = (0.27, 0.43, 0.58)
PRUSSIAN = (0.085, 0.14, 0.29)


def _colour(rgb):
    return torch.tensor(rgb).view(1, 3, 1, 1)


def _blocks(grey, light, middle):
    """Three printed tones with narrow soft borders."""
    x = _colour(PRUSSIAN)
    x = x + (_colour(middle) - x) * pf.smoothstep(grey, 0.24, 0.32)
    x = x + (_colour(light) - x) * pf.smoothstep(grey, 0.47, 0.55)
    return x + (_colour(PAPER) - x) * pf.smoothstep(grey, 0.70, 0.78)


def ukiyoe(rgb):
    """`rgb` at twice the size of the network picture."""
    flow, _ = pf.tangent_flow(rgb, 4.0)
    flat = pf.flow_bilateral(rgb, flow, 4.0, 0.12, 3)
    grey = pf.luma(flat).clamp_min(0.001) ** 0.8
    grey = grey + 0.45 * (0.60 - pf.blur(grey, 26.0))
    red, blue = pf.blur(rgb[:, :1], 5.0), pf.blur(rgb[:, 2:], 5.0)
    warm = pf.smoothstep((red - blue) / (red + blue + 0.03), 0.02, 0.10)
    cool = _blocks(grey, SKY, SEA)
    colour = cool + (_blocks(grey, SAND, CLAY) - cool) * warm
    fine = pf.luma(pf.flow_bilateral(rgb, flow, 2.0, 0.07, 1)) ** 0.7
    edges = pf.flow_dog(fine, flow, 1.7, 0.987, 6.0)
    line = 0.92 * pf.smoothstep(-edges, 0.0, 0.016)
    return (colour + (_colour(PRUSSIAN) - colour) * line).clamp(0, 1)
