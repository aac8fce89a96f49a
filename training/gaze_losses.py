"""How far a turned eye is from the one that was asked for."""
import torch
import torch.nn.functional as F

from gaze_patch import BALL, HEIGHT, WIDTH

WEIGHTS = {"picture": 4.0, "edges": 4.0, "flow": 0.35, "bend": 1.0, "matte": 1.0, "gaze": 2.0,
           "iris": 0.4, "lids": 0.2, "sure": 0.4, "open": 0.5, "calm": 0.05}


def _grid(flow):
    y, x = torch.meshgrid(torch.arange(HEIGHT, dtype=torch.float32),
                          torch.arange(WIDTH, dtype=torch.float32), indexing="ij")
    return torch.stack([(x + flow[:, 0] + 0.5) * (2 / WIDTH) - 1,
                        (y + flow[:, 1] + 0.5) * (2 / HEIGHT) - 1], -1)


def warp(image, flow):
    return F.grid_sample(image, _grid(flow), mode="bilinear", padding_mode="border",
                         align_corners=False)


def compose(image, flow, blend):
    """The turned eye; `blend` as logits. As the head of gaze_network.py says."""
    b = torch.sigmoid(blend)
    new = (warp(image, flow) * 2 * b[:, 1:2] + b[:, 2:] - 0.5).clamp(0, 1)
    return image + b[:, :1] * (new - image)


def _steps(x):
    return x[:, :, :, 1:] - x[:, :, :, :-1], x[:, :, 1:] - x[:, :, :-1]


def _mean(x, weight):
    """Over each sample by its weights, then over samples."""
    return ((x * weight).sum((1, 2, 3)) / (weight.sum((1, 2, 3)) + 20)).mean()


def parts(answer, batch):
    """{name: loss}"""
    state, places, flow, blend = answer[0].flatten(1), answer[1].flatten(1), *answer[2:]
    b = torch.sigmoid(blend)
    out = compose(batch.seen, flow, blend)
    matte, iris = batch.matte, batch.iris
    # In the dark the same errors are as visible: the camera's user turns the light up.
    level = (batch.target.mean(1, keepdim=True) * matte).sum((1, 2, 3)) / (matte.sum((1, 2, 3)) + 1)
    near = F.max_pool2d(matte, 5, 1, 2)
    weight = (near * (1 + iris) + 0.02) / (level + 0.15)[:, None, None, None]
    loss = {"picture": _mean((out - batch.target).abs().mean(1, keepdim=True), weight)}
    a, c = _steps(out - batch.target)
    loss["edges"] = (_mean(a.abs().mean(1, keepdim=True), weight[:, :, :, 1:]) +
                     _mean(c.abs().mean(1, keepdim=True), weight[:, :, 1:])) / 2
    loss["flow"] = _mean((flow - batch.flow).abs().mean(1, keepdim=True), batch.flow_known)
    # Inside the iris the flow may be stretched as one, not bent.
    bend = sum(F.pad(d, (0, WIDTH - d.shape[3], 0, HEIGHT - d.shape[2])).abs().mean(1, keepdim=True)
               for s in _steps(flow) for d in _steps(s))
    loss["bend"] = _mean(bend, iris * matte)
    loss["matte"] = F.binary_cross_entropy_with_logits(
        blend[:, :1], matte, weight=0.3 + 0.7 * near)
    off = F.smooth_l1_loss(state[:, :2] * BALL, batch.gaze * BALL, reduction="none", beta=0.5)
    loss["gaze"] = (off.mean(1) * batch.gaze_known).mean() * 0.5
    off = (places.view_as(batch.places) - batch.places).abs().clamp(max=10 / BALL) * BALL
    loss["iris"] = (off[:, 0].mean(1) * batch.sure).mean()
    loss["lids"] = (off[:, 1:].mean((1, 2)) * (0.2 + batch.sure)).mean()
    loss["sure"] = F.binary_cross_entropy_with_logits(state[:, 2], batch.sure)
    loss["open"] = (torch.sigmoid(state[:, 3]) - batch.open).abs().mean()
    loss["calm"] = _mean((b[:, 1:2] - 0.5).abs() + (b[:, 2:] - 0.5).abs(), near)
    return loss
