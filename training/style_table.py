"""The styles: name, network shape, teacher and loss weights of each."""
import dataclasses
import typing

import teacher_cartoon
import teacher_starry
import teacher_woodcut
from style_network import Shape


@dataclasses.dataclass(frozen=True)
class Style:
    title: str
    shape: Shape
    # RGB 0..1 tensor of twice the network's size -> picture of that size.
    teacher: typing.Callable
    l1: float = 1.0
    slopes: float = 1.0
    perceptual: float = 0.25
    stability: float = 1.0


STYLES = {
    "cartoon": Style("Cartoon", Shape(half=16, quarter=24, units=1),
                     teacher_cartoon.cartoon),
    "starry-night": Style("Starry night", Shape(half=16, quarter=32, units=2),
                          teacher_starry.starry),
    "woodcut": Style("Woodcut", Shape(half=16, quarter=32, units=2),
                     teacher_woodcut.woodcut),
}
