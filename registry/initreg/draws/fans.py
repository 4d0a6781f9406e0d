"""The fans of a weight, and which of its axes are summed over."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from initreg.draws.shapes import Shape
from initreg.public import public

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@public
@dataclass(frozen=True, slots=True)
class Layout:
    """How to read a weight as a matrix, or as one matrix in each block.

    >>> Layout(shape=(128, 4, 64), input_axes=(0,), output_axes=(2,), block_axes=(1,)).blocks
    4

    This is the kernel of an LSTM of 64 units on 128 inputs: four gates, each with a matrix of
    128 × 64. The weight is reshaped to `shape`, and the axes are those of `shape`. A layer sums
    over the `input_axes`, which include the receptive field of a convolution. The `output_axes`
    number the outputs, and the `block_axes` the blocks: gates, heads, experts or groups.
    """

    shape: Shape
    input_axes: tuple[int, ...]
    output_axes: tuple[int, ...]
    block_axes: tuple[int, ...] = ()

    @property
    def blocks(self) -> int:
        """The number of blocks."""
        return math.prod(self.shape[axis] for axis in self.block_axes)

    @property
    def matrix_shape(self) -> tuple[int, int]:
        """The inputs and outputs of one block."""
        return (
            math.prod(self.shape[axis] for axis in self.input_axes),
            math.prod(self.shape[axis] for axis in self.output_axes),
        )

    def to_matrices(self, weight: "Array") -> "Array":
        """Return the blocks of a weight, as an array of (blocks, inputs, outputs).

        >>> import numpy as np
        >>> heads = Layout((2, 3, 4), input_axes=(1,), output_axes=(2,), block_axes=(0,))
        >>> heads.to_matrices(np.zeros((6, 4))).shape
        (2, 3, 4)
        """
        parts = weight.reshape(self.shape).transpose(self._order())
        return parts.reshape(self.blocks, *self.matrix_shape)

    def from_matrices(self, matrices: "Array", shape: Shape) -> "Array":
        """Return the weight of a shape whose blocks are these. The inverse of `to_matrices`."""
        order = self._order()
        parts = matrices.reshape([self.shape[axis] for axis in order])
        back = sorted(range(len(order)), key=order.__getitem__)
        return parts.transpose(back).reshape(shape)

    def _order(self) -> tuple[int, ...]:
        return (*self.block_axes, *self.input_axes, *self.output_axes)


@public
@dataclass(frozen=True, slots=True)
class Fans:
    """The fans of a weight, and its layout if a layer says what its axes do.

    >>> Fans.of_shape((3, 3, 16, 32))
    Fans(fan_in=144, fan_out=288, layout=None)

    `fan_in` is how many products with the weight are added into one output value, away from the
    borders; `fan_out` is how many output values one input value reaches. Both are those of one
    block, if the weight has several. They are not always whole numbers: a transposed
    convolution with a stride adds more products at some positions than at others, and the fan is
    the mean.
    """

    fan_in: int | float
    fan_out: int | float
    layout: Layout | None = None

    @classmethod
    def of_shape(
        cls,
        shape: Sequence[int],
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> Self:
        """Return the fans that Keras counts from a shape, as `compute_fans` does."""
        return cls(*compute_fans(shape, input_axes, output_axes))


@public
def compute_fans(
    shape: Sequence[int],
    input_axes: Sequence[int] | None = None,
    output_axes: Sequence[int] | None = None,
) -> tuple[int, int]:
    """Return the fan-in and fan-out of a weight, counted as Keras does.

    >>> compute_fans((3, 3, 16, 32))
    (144, 288)
    >>> compute_fans((8, 4, 16), input_axes=[0, 1], output_axes=[2])
    (32, 16)

    Without `input_axes` and `output_axes`, the last two axes are the input and output channels, and
    all axes before them are the receptive field. Both fans of a vector are its length, both fans of
    a scalar are 1. Raises `ValueError` for an axis that `shape` does not have.

    Source: `keras.initializers.VarianceScaling` (Keras 3.15).
    """
    if input_axes is not None and output_axes is not None:
        for axis in (*input_axes, *output_axes):
            if not -len(shape) <= axis < len(shape):
                raise ValueError(f"The shape {tuple(shape)} has no axis {axis}.")
        return (
            math.prod(shape[axis] for axis in input_axes),
            math.prod(shape[axis] for axis in output_axes),
        )
    if len(shape) < 2:
        return (int(shape[0]), int(shape[0])) if shape else (1, 1)
    receptive_field = math.prod(shape[:-2])
    return int(shape[-2] * receptive_field), int(shape[-1] * receptive_field)
