"""The fans of a weight, counted from its shape as Keras does."""

import math
from collections.abc import Sequence

from initreg.public import public


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
