"""Procedural watercolour: pale washes with darker rims over a pencil drawing."""
import torch

import picture_filters as pf

PAPER = (0.985, 0.975, 0.945)
PENCIL = (0.30, 0.27, 0.30)


def _colour(rgb):
    return torch.tensor(rgb).view(1, 3, 1, 1)


def watercolour(rgb):
    """`rgb` at twice the size of the network picture."""
    flow, _ = pf.tangent_flow(rgb, 4.0)
    wash = pf.smooth_along(pf.kuwahara(rgb, 8), flow, 5.0)
    grey = pf.luma(wash).clamp_min(0.001)
    # Paint lets paper through: bright parts are left out, darks stay glassy.
    lifted = 0.20 + 0.80 * grey ** 0.75
    lifted = pf.soft_steps(lifted, 5, 3.0)
    colour = pf.saturate(pf.with_luma(wash, lifted), 1.55)
    blank = pf.smoothstep(lifted, 0.80, 0.97)
    colour = colour + (_colour(PAPER) - colour) * blank
    # Pigment gathers where a wash ends.
    rim = (pf.blur(grey, 3.0) - grey).abs()
    colour = colour * (1 - (2.2 * rim).clamp(0, 0.35))
    fine = pf.luma(pf.flow_bilateral(rgb, flow, 1.5, 0.08, 1)) ** 0.7
    edges = pf.flow_dog(fine, flow, 1.3, 0.985, 4.0)
    pencil = 0.75 * pf.smoothstep(-edges, 0.0, 0.03)
    return (colour + (_colour(PENCIL) - colour) * pencil).clamp(0, 1)
