"""From what the axes of a weight do to its role: the fans, the blocks and the layout."""

import math
from collections.abc import Sequence

from initreg.draws.fans import Layout
from initreg.models.roles.role import Kind, Role


def matrix(
    kind: Kind,
    shape: Sequence[int],
    inputs: Sequence[int],
    outputs: Sequence[int],
    blocks: Sequence[int] = (),
    why: str = "",
    *,
    head: int | None = None,
) -> Role:
    """Return the role of a weight that is one matrix, or one in each block.

    >>> role = matrix("kernel", (128, 4, 64), inputs=[0], outputs=[2], blocks=[1])
    >>> role.fan_in, role.fan_out, role.blocks
    (128, 64, 4)

    The arguments are axes of `shape`. A `head` is one of the inputs or outputs that is a block in
    the layout. The fans count all heads, because a layer sums over the heads or reaches all of
    them.
    """
    sizes = tuple(shape)
    fan_in = math.prod([sizes[axis] for axis in inputs])
    fan_out = math.prod([sizes[axis] for axis in outputs])
    count = math.prod([sizes[axis] for axis in blocks])
    if not inputs:  # a matrix of one row
        inputs, sizes = (len(sizes),), (*sizes, 1)
    if not outputs:  # a matrix of one column
        outputs, sizes = (len(sizes),), (*sizes, 1)
    if head is not None:
        inputs = [axis for axis in inputs if axis != head]
        outputs = [axis for axis in outputs if axis != head]
        blocks = (*blocks, head)
    layout = Layout(sizes, tuple(inputs), tuple(outputs), tuple(blocks))
    return Role(kind, fan_in, fan_out, count, why, layout)


def single(kind: Kind, why: str, blocks: int = 1) -> Role:
    """Return the role of a weight with one number for each value: a bias, a scale, a statistic.

    Both fans are 1. A scale takes part in one product of each output value. A bias is added, and
    multiplies no input.
    """
    return Role(kind, 1, 1, blocks, why)


def ratio(number: int, divisor: int) -> float:
    """Divide, and keep a whole number an `int`.

    >>> ratio(576, 4), ratio(9, 4)
    (144, 2.25)
    """
    return number / divisor if number % divisor else number // divisor
