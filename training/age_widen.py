"""A wider age network that begins by doing what a trained one does.

What is wider has copies of channels that are there, and what reads a channel divides its weight
among the copies: unevenly and at random, so that they become different ones (Net2Net). Residuals
that are new add nothing yet, as does what measures at coarse widths.
"""
import torch

from age_network import SIDE, AgeNet

UNEVEN = 0.5        # of the weights' RMS: deviation of what one copy has more than another


def _copied(count, wanted, rng):
    """[wanted]: the channel that each is a copy of; the first `count` are themselves."""
    more = torch.randperm(count, generator=rng)[:wanted - count]
    assert wanted - count <= count
    return torch.cat([torch.arange(count), more])


def _divided(weight, channel, rng):
    """[o,i,...] -> [o,len(channel),...]: the copies' weights add up to the weight there was."""
    count = weight.shape[1]
    out = weight[:, channel].clone()
    uneven = UNEVEN * weight.square().mean().sqrt()
    for k in range(count, len(channel)):
        first = int(channel[k])
        part = weight[:, first] / 2 + uneven * torch.randn(weight[:, first].shape, generator=rng)
        out[:, k], out[:, first] = part, weight[:, first] - part
    return out


def _take_conv(to, base, inputs, outputs, rng):
    """Channels of what goes in and comes out; None: they stay."""
    weight = base.conv.weight.data
    weight = weight if inputs is None else _divided(weight, inputs, rng)
    rows = slice(None) if outputs is None else outputs
    to.conv.weight.data.copy_(weight[rows])
    to.conv.bias.data.copy_(base.conv.bias.data[rows])
    if base.norm is not None:
        for name, value in base.norm.state_dict().items():
            mine = to.norm.state_dict()[name]
            mine.copy_(value[rows] if value.dim() else value)


def _take_residuals(to, base, channel, rng):
    for k, conv in enumerate(to):
        if k < len(base):
            _take_conv(conv, base[k], channel, channel, rng)
        else:
            conv.norm.weight.data.zero_()
            conv.norm.bias.data.zero_()


@torch.no_grad()
def widened(base, shape):
    """An AgeNet of `shape`, at least as wide and deep as `base`, an AgeNet that is not folded."""
    rng = torch.Generator().manual_seed(1)
    net = AgeNet(shape)
    a, b, c, d = (_copied(n, w, rng) for n, w in zip(base.shape.widths, shape.widths))
    for name, inputs, outputs in (
            ("stem", None, a), ("down", a, b), ("deep", b, c), ("far", c, d), ("older", a, None),
            ("younger", a, None), ("gate", a, None), ("tone", None, None), ("edges", None, None),
            ("sharp", None, None), ("told", None, d), ("share", None, None),
            ("whole", None, None)):
        _take_conv(getattr(net, name), getattr(base, name), inputs, outputs, rng)
    for name, channel in (("middle", b), ("coarse", c), ("body", d)):
        _take_residuals(getattr(net, name), getattr(base, name), channel, rng)
    for k, (inputs, outputs) in enumerate(((d, c), (c, b), (b, a))):
        _take_conv(net.lift[k], base.lift[k], inputs, outputs, rng)
        _take_residuals(net.rise[k], base.rise[k], outputs, rng)
    net.place.data.copy_(base.place.data[:, c])
    net.lines.data.copy_(base.lines.data)
    return net


@torch.no_grad()
def check(base, net):
    """Both do the same."""
    x = torch.rand(1, 4, SIDE, SIDE, generator=torch.Generator().manual_seed(2))
    one, other = (n.eval()(x) for n in (base, net))
    if (one - other).abs().max() > 1e-4 * one.abs().max():
        raise SystemExit("the wider network does not begin as the one it is made of")
