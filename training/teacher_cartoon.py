"""Procedural cartoon: clean flats, soft shading steps, thin dark lines."""
import torch

import picture_filters as pf


def cartoon(rgb):
    """`rgb` at twice the size of the network picture, for clean thin lines."""
    flow, _ = pf.tangent_flow(rgb, 3.0)
    flat = pf.flow_bilateral(rgb, flow, 4.0, 0.11, 4)
    outline = pf.flow_bilateral(rgb, flow, 2.0, 0.10, 1)
    # The root gives lines in dark hair and on dark skin their share.
    edges = pf.flow_dog(pf.luma(outline).clamp_min(0.002) ** 0.7, flow,
                        1.6, 0.985, 5.0)
    ink = pf.smoothstep(-edges, 0.002, 0.019)
    lifted = pf.luma(flat).clamp_min(1e-4) ** 0.82
    stepped = pf.soft_steps(lifted, 5, 4.0)
    # Steps on a bright wall would be contours that crawl with the noise.
    calm = pf.smoothstep(lifted, 0.75, 0.9)
    stepped = stepped + (lifted - stepped) * calm
    # What is darker than its surroundings carries the likeness of small
    # faces (eyes, brows, nostrils, mouth): it survives the flattening.
    dark = (pf.luma(outline) - pf.luma(flat)).clamp(-0.3, 0)
    stepped = stepped + 1.0 * dark
    colour = pf.saturate(pf.with_luma(flat, stepped), 1.5)
    line = torch.tensor([0.09, 0.045, 0.05]).view(1, 3, 1, 1) + 0.18 * colour
    return (colour * (1 - ink) + line * ink).clamp(0, 1)
