"""The styles: name, network shape, teacher and loss weights of each."""
import dataclasses
import typing

import teacher_cartoon
import teacher_starry
import teacher_ukiyoe
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
    "cartoon": Style("Cartoon", Shape(quarter=24, body=2),
                     teacher_cartoon.cartoon),
    "great-wave": Style("Great Wave", Shape(quarter=32, body=4),
                        teacher_ukiyoe.ukiyoe),
    "starry-night": Style("Starry Night", Shape(quarter=32, body=4),
                          teacher_starry.starry),
    "woodcut": Style("Woodcut", Shape(quarter=32, body=4),
                     teacher_woodcut.woodcut),
}
