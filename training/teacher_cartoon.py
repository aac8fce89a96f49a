"""Procedural cartoon: clean flats, soft shading steps, confident dark lines."""
import torch

import picture_filters as pf

INK = (0.10, 0.045, 0.06)


def cartoon(rgb):
    """`rgb` at twice the size of the network picture, for clean thin lines."""
    flow, _ = pf.tangent_flow(rgb, 3.5)
    flat = pf.flow_bilateral(rgb, flow, 4.0, 0.17, 4)
    outline = pf.flow_bilateral(rgb, flow, 2.0, 0.10, 1)
    # The root gives lines in dark hair and on dark skin their share.
    fine = pf.luma(outline).clamp_min(0.002) ** 0.6
    thin = pf.flow_dog(fine, flow, 1.6, 0.985, 5.0)
    bold = pf.flow_dog(fine, flow, 3.0, 0.98, 7.0)
    ink = torch.maximum(pf.smoothstep(-thin, 0.0, 0.012),
                        pf.smoothstep(-bold, 0.0, 0.016))
    # Local contrast first: features of a small or evenly lit face stand out.
    grey = pf.luma(flat)
    grey = grey + 0.5 * (grey - pf.blur(grey, 14.0))
    lifted = grey.clamp_min(1e-4) ** 0.72
    stepped = pf.soft_steps(lifted, 4, 8.0)
    # Steps on a bright wall would be contours that crawl with the noise.
    calm = pf.smoothstep(lifted, 0.80, 0.92)
    stepped = stepped + (lifted - stepped) * calm
    # What is darker than its surroundings carries the likeness of small
    # faces (eyes, brows, nostrils, mouth): it survives the flattening.
    dark = (pf.luma(outline) - pf.luma(flat)).clamp(-0.3, 0)
    colour = pf.saturate(pf.with_luma(flat, stepped + 1.4 * dark), 1.65)
    line = torch.tensor(INK).view(1, 3, 1, 1) + 0.10 * colour
    return (colour * (1 - ink) + line * ink).clamp(0, 1)
