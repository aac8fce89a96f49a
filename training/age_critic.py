"""The critic of the age training: which textures are old faces, which are made ones?

It judges patches, and only by their lines and folds: log luma less what is coarse, so that light,
colour and exposure of a set of pictures tell it nothing, and where on the face they lie.
"""
import torch
import torch.nn.functional as F
from torch import nn

from age_bank import DARK, LUMA
from age_network import SIDE

CROP, COARSE = 160, 25          # texels
RATE = 3e-4
# R1: of a patch's slope at real pictures, and how often. With 1.0 it learned nothing at all.
PENALTY, PENALTY_EVERY = 0.03, 4
SHARE = 0.08                    # its gradient at the picture, of that of all other losses


class Critic(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        across = torch.linspace(-1, 1, SIDE)
        self.register_buffer("place", torch.stack([across.expand(SIDE, SIDE).abs(),
                                                   across[:, None].expand(SIDE, SIDE)])[None])
        self.register_buffer("luma", torch.from_numpy(LUMA).view(1, 3, 1, 1))
        widths = (3, width, 2 * width, 3 * width)
        self.convs = nn.ModuleList(nn.Conv2d(i, o, 4, 2, 1) for i, o in zip(widths, widths[1:]))
        self.last = nn.Conv2d(widths[-1], 1, 3, 1, 1)

    def forward(self, rgb, y0, x0):
        """[n,3,CROP,CROP] that lie at (y0, x0) of the texture -> a map, above 0: real."""
        log = ((rgb * self.luma).sum(1, keepdim=True).clamp_min(0) + DARK).log()
        coarse = F.avg_pool2d(F.pad(log, (COARSE // 2,) * 4, mode="replicate"), COARSE, 1)
        place = self.place[:, :, y0:y0 + CROP, x0:x0 + CROP].expand(len(rgb), -1, -1, -1)
        x = torch.cat([4 * (log - coarse), place], 1)
        for conv in self.convs:
            x = F.leaky_relu(conv(x), 0.2)
        return self.last(x)


class Realism:
    """The critic with its optimiser."""

    def __init__(self, device):
        self.critic = Critic().to(device)
        self.optimiser = torch.optim.Adam(self.critic.parameters(), lr=RATE, betas=(0.5, 0.99))
        self.steps = 0

    def state(self):
        return {"critic": self.critic.state_dict(), "optimiser": self.optimiser.state_dict(),
                "steps": self.steps}

    def resume(self, state):
        self.critic.load_state_dict(state["critic"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.steps = state["steps"]

    def _learn(self, real, made, y0, x0):
        """A step of the critic. Its loss: log 4 (1.39) when it knows nothing."""
        slope = self.steps % PENALTY_EVERY == 0
        real.requires_grad_(slope)
        found = self.critic(real, y0, x0)
        loss = F.softplus(-found).mean() + F.softplus(self.critic(made, y0, x0)).mean()
        total = loss
        if slope:
            g, = torch.autograd.grad(found.sum(), real, create_graph=True)
            total = loss + PENALTY * PENALTY_EVERY / 2 * g.square().sum() / found.numel()
        self.optimiser.zero_grad()
        total.backward()
        self.optimiser.step()
        self.steps += 1
        return loss.detach()

    def judge(self, real, made):
        """[n,3,SIDE,SIDE] each. (its loss, how real it finds what is made: to be made small)"""
        y0, x0 = (int(torch.randint(0, SIDE - CROP + 1, ())) for _ in range(2))
        real, made = (x[..., y0:y0 + CROP, x0:x0 + CROP].float().contiguous() for x in (real, made))
        loss = self._learn(real, made.detach(), y0, x0)
        for p in self.critic.parameters():
            p.requires_grad_(False)
        doubt = F.softplus(-self.critic(made, y0, x0)).mean()
        for p in self.critic.parameters():
            p.requires_grad_(True)
        return loss, doubt


def balanced(other, doubt, made):
    """`doubt` times what makes its gradient at the pictures that were made SHARE of the others'."""
    a, b = (torch.autograd.grad(loss, made, retain_graph=True)[0].norm()
            for loss in (other, doubt))
    return SHARE * (a / (b + 1e-9)).clamp(max=1e3) * doubt
