"""`Role`: what a weight does in its layer. Importing this imports no Keras."""

from dataclasses import dataclass
from typing import Literal

from initreg.draws.fans import Fans, Layout
from initreg.public import public

Kind = Literal[
    "kernel",
    "recurrent_kernel",
    "embedding",
    "bias",
    "scale",
    "offset",
    "statistic",
    "lora_a",
    "lora_b",
    "position",
    "other",
    "unknown",
]


@public
@dataclass(frozen=True, slots=True)
class Role:
    """What a weight does in its layer: its kind and its fans.

    >>> Role("kernel", fan_in=768, fan_out=768, why="contracts axis c of abc,cde->abde").fan_in
    768

    `fan_in` and `fan_out` are those of one block, as in `Fans`. `blocks` is the number of gates,
    experts or groups. `why` is a phrase that says where the fans come from, and `layout` is how
    the weight is a matrix, if it is one.
    """

    kind: Kind
    fan_in: int | float
    fan_out: int | float
    blocks: int = 1
    why: str = ""
    layout: Layout | None = None

    @property
    def fans(self) -> Fans:
        """The fans and the layout, as the methods of a config take them."""
        return Fans(self.fan_in, self.fan_out, self.layout)
