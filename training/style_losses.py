"""What a student is asked for, besides looking like its teacher."""
import torch
import torch.nn.functional as F


def slopes(a, b):
    """Mean difference of the horizontal and vertical derivatives.

    Plain L1 forgives a line that is blurred; this does not."""
    d = a - b
    return (d[..., 1:] - d[..., :-1]).abs().mean() \
        + (d[..., 1:, :] - d[..., :-1, :]).abs().mean()


class Perceptual:
    """L1 in feature space, each layer scaled by its own magnitude."""

    def __init__(self, features):
        self.features = features

    def __call__(self, picture, target):
        with torch.no_grad():
            wanted = self.features(target)
        found = self.features(picture)
        return sum((f - w).abs().mean() / (w.abs().mean() + 1e-3)
                   for f, w in zip(found, wanted)) / len(found)


def shifted_pair(a, b, shift):
    """The parts of two crops that show the same scene, b cut `shift` later."""
    dy, dx = shift
    h, w = a.shape[-2:]
    return a[..., dy:, dx:], b[..., :h - dy, :w - dx]


def disagreement(a, b, shift):
    """The same scene, other noise, moved by a few pixels: outputs must agree.

    This is the flow-free temporal loss with a known motion."""
    return F.l1_loss(*shifted_pair(a, b, shift))
