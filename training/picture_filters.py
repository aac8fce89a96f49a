"""Filters that the procedural teachers are made of, on [B,C,H,W] tensors.

They follow the published methods: structure-tensor flow and flow-based
bilateral filter (Kyprianidis & Doellner 2008), flow-based difference of
Gaussians (Kang et al. 2007), XDoG (Winnemoeller et al. 2012), generalised
Kuwahara filter (Papari et al. 2007). Lengths are in pixels.
"""
import math

import torch
import torch.nn.functional as F

REC601 = (0.299, 0.587, 0.114)


def luma(rgb):
    r, g, b = REC601
    return r * rgb[:, 0:1] + g * rgb[:, 1:2] + b * rgb[:, 2:3]


def with_luma(rgb, wanted):
    """Shift to another luma; the colour differences stay."""
    return rgb + (wanted - luma(rgb))


def saturate(rgb, amount):
    grey = luma(rgb)
    return grey + (rgb - grey) * amount


def smoothstep(x, low, high):
    t = ((x - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def _depthwise(x, kernel):
    """Correlate every channel with one 2-D kernel, replicated border."""
    kh, kw = kernel.shape
    x = F.pad(x, (kw // 2, kw // 2, kh // 2, kh // 2), mode="replicate")
    c = x.shape[1]
    return F.conv2d(x, kernel.expand(c, 1, kh, kw), groups=c)


def _bell(sigma):
    radius = max(1, math.ceil(2.5 * sigma))
    x = torch.arange(-radius, radius + 1, dtype=torch.float32)
    k = torch.exp(-0.5 * (x / sigma) ** 2)
    return k / k.sum()


def blur(x, sigma):
    k = _bell(sigma)
    return _depthwise(_depthwise(x, k[None, :]), k[:, None])


def tangent_flow(rgb, sigma):
    """Unit vectors (x, y) along edges, and how one-directional (0..1)."""
    k = torch.tensor([[-3., 0., 3.], [-10., 0., 10.], [-3., 0., 3.]]) / 32
    gx, gy = _depthwise(rgb, k), _depthwise(rgb, k.t().contiguous())
    tensor = torch.cat([(gx * gx).sum(1, True), (gx * gy).sum(1, True),
                        (gy * gy).sum(1, True)], 1)
    e, f, g = blur(tensor, sigma).split(1, 1)
    root = torch.sqrt((e - g) ** 2 + 4 * f * f + 1e-12)
    angle = 0.5 * torch.atan2(2 * f, e - g) + math.pi / 2
    flow = torch.cat([torch.cos(angle), torch.sin(angle)], 1)
    return flow, root / (e + g + 1e-6)


def _grid(x):
    h, w = x.shape[-2:]
    ys, xs = torch.meshgrid(torch.arange(h) + 0.5, torch.arange(w) + 0.5,
                            indexing="ij")
    return torch.stack([xs, ys])[None].expand(x.shape[0], -1, -1, -1)


def _sample(x, at, mode="bilinear"):
    h, w = x.shape[-2:]
    scale = torch.tensor([2 / w, 2 / h]).view(1, 2, 1, 1)
    grid = (at * scale - 1).permute(0, 2, 3, 1)
    return F.grid_sample(x, grid, mode=mode, padding_mode="border",
                         align_corners=False)


def _walk(sigma):
    """(distance, weight) of the samples of a Gaussian, sparse where it is wide."""
    spacing = max(1.0, sigma / 3)
    count = math.ceil(2 * sigma / spacing)
    return spacing, [math.exp(-0.5 * ((i + 1) * spacing / sigma) ** 2)
                     for i in range(count)]


def _range_weight(a, b, sigma):
    if sigma is None:
        return 1.0
    return torch.exp(((a - b) ** 2).sum(1, True) * (-0.5 / sigma ** 2))


def smooth_along(x, flow, sigma, range_sigma=None):
    """Gaussian (or bilateral) smoothing along the stream lines."""
    total, weight = x.clone(), torch.ones_like(x[:, :1])
    start = _grid(x)
    spacing, bell = _walk(sigma)
    for sign in (1, -1):
        at, direction = start, flow * sign
        for b in bell:
            at = at + spacing * direction
            value = _sample(x, at)
            w = b * _range_weight(value, x, range_sigma)
            total, weight = total + value * w, weight + w
            # Flow has no sign: keep walking the way we came.
            turn = _sample(flow, at, "nearest")
            direction = turn * torch.sign((turn * direction).sum(1, True) + 1e-9)
    return total / weight


def smooth_across(x, flow, sigma, range_sigma=None):
    """Gaussian (or bilateral) smoothing perpendicular to the flow."""
    normal = torch.cat([-flow[:, 1:], flow[:, :1]], 1)
    start = _grid(x)
    total, weight = x.clone(), torch.ones_like(x[:, :1])
    for step in range(1, math.ceil(2 * sigma) + 1):
        for sign in (1, -1):
            value = _sample(x, start + normal * (sign * step))
            w = math.exp(-0.5 * (step / sigma) ** 2) \
                * _range_weight(value, x, range_sigma)
            total, weight = total + value * w, weight + w
    return total / weight


def flow_bilateral(rgb, flow, sigma, range_sigma, rounds):
    for _ in range(rounds):
        rgb = smooth_across(rgb, flow, sigma, range_sigma)
        rgb = smooth_along(rgb, flow, sigma, range_sigma)
    return rgb


def flow_dog(grey, flow, sigma, tau, length):
    """Difference of Gaussians across the flow, gathered along it.

    Negative on dark lines; about (1 - tau) * grey where there is none."""
    narrow = smooth_across(grey, flow, sigma)
    wide = smooth_across(grey, flow, 1.6 * sigma)
    return smooth_along(narrow - tau * wide, flow, length)


def soft_steps(x, steps, sharpness):
    """Posterise softly: plateaus joined by tanh ramps, continuous."""
    nearest = torch.round(x * steps) / steps
    ramp = torch.tanh(sharpness * (x - nearest) * steps)
    return nearest + ramp / (2 * steps * math.tanh(sharpness / 2))


def kuwahara(rgb, radius, sharpness=8.0, sectors=8):
    """Generalised Kuwahara: means of the calmest sectors win."""
    n = 2 * radius + 1
    c = torch.arange(n, dtype=torch.float32) - radius
    ys, xs = torch.meshgrid(c, c, indexing="ij")
    disc = torch.exp(-(xs ** 2 + ys ** 2) / (2 * (radius / 2) ** 2))
    total, weight = 0, 0
    for i in range(sectors):
        away = torch.atan2(ys, xs) - 2 * math.pi * i / sectors
        away = torch.remainder(away + math.pi, 2 * math.pi) - math.pi
        kernel = disc * torch.exp(-0.5 * (away / (math.pi / sectors)) ** 2)
        kernel[radius, radius] = disc[radius, radius]
        kernel = kernel / kernel.sum()
        mean = _depthwise(rgb, kernel)
        spread = (_depthwise(rgb * rgb, kernel) - mean * mean).clamp_min(0)
        spread = torch.sqrt(spread.sum(1, True) + 1e-8)
        w = 1 / (1 + (255 * spread) ** (sharpness / 2))
        total, weight = total + mean * w, weight + w
    return total / weight
