"""Count the fans of a weight from what its layer computes, without looking at any role.

All other weights are 0, or isolate the products with this one, so that the outputs are linear in
the inputs. With the weight and all inputs 1, an output value is fan_in. With the weight 1 and one
input 1, the sum of the outputs is fan_out. Both are means over interior positions.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any

import keras
import numpy as np
import pytest

import initreg

WHOLE = (Ellipsis,)


def called(layer, inputs):
    return layer(inputs)


def nothing(layer):
    pass


@dataclass(frozen=True)
class Case:
    """A weight of a layer, its fans as a person counts them, and how to isolate its products.

    `shape` is that of one input, without the batch. `weight` is the name of the weight, or a
    function that returns it. `isolate` sets other weights. `call` computes the outputs from the
    inputs. `inputs` and `outputs` select the values that take part, and `part` the part of the
    weight: one gate. `spatial` is the number of positions' axes, and `period` how often the
    interior of a strided layer repeats.
    """

    id: str
    make: Callable[[], Any]
    shape: tuple[int, ...]
    fan_in: float
    fan_out: float
    kind: str = "kernel"
    blocks: int = 1
    weight: Any = "kernel"
    isolate: Callable[[Any], None] = nothing
    call: Callable[[Any, Any], Any] = called
    inputs: Any = WHOLE
    outputs: Any = WHOLE
    part: Any = WHOLE
    spatial: int = 0
    period: int = 1
    first: bool = False  # the channels come before the positions
    draws: int = 8  # more for a weight of few values
    dilated_transpose: bool = False
    build: Callable[[Any, tuple[int | None, ...]], None] = field(
        default=lambda layer, shape: layer.build(shape)
    )

    @property
    def on_tensorflow(self) -> bool:
        return not (self.first or self.dilated_transpose)

    def built(self) -> "Counter":
        if not self.on_tensorflow and keras.config.backend() == "tensorflow":
            pytest.skip("TensorFlow has no such convolution on a CPU")
        with initreg.scope(seed=0):  # only because JAX then compiles nothing
            return Counter(self, self.layer())

    def layer(self) -> Any:
        layer = self.make()
        self.build(layer, (None, *self.shape))
        return layer


class Counter:
    """A built layer, and the one weight of it that counts."""

    def __init__(self, case: Case, layer: Any) -> None:
        self.case, self.layer = case, layer
        self.batch = 4 if case.spatial == 3 else 16
        self.weight = case.weight(layer) if callable(case.weight) else named(layer, case.weight)
        for variable in layer.weights:
            variable.assign(np.zeros(variable.shape))
        case.isolate(layer)

    @cached_property
    def axes(self) -> list[int]:
        """The axes of the positions, in a batch."""
        start = 2 if self.case.first else 1
        return list(range(start, start + self.case.spatial))

    def set(self, values: Any) -> None:
        """Set the part of the weight that counts; the rest is 0."""
        whole = np.zeros(self.weight.shape, "float32")
        whole[self.case.part] = np.broadcast_to(values, whole.shape)[self.case.part]
        self.weight.assign(whole)

    def outputs(self, inputs: np.ndarray) -> np.ndarray:
        """Return the outputs that take part."""
        count = len(inputs)
        # Few sizes of batches, because JAX compiles the layer for each.
        masked = np.zeros((max(count, self.batch), *inputs.shape[1:]), "float32")
        chosen = in_each(self.case.inputs)
        masked[:count][chosen] = inputs[chosen]
        outputs = self.case.call(self.layer, masked)
        return keras.ops.convert_to_numpy(outputs)[:count][in_each(self.case.outputs)]

    def middle(self, values: np.ndarray) -> np.ndarray:
        """Cut one period out of the middle of each axis of positions."""
        where = [slice(None)] * values.ndim
        for axis in self.axes:
            start = (values.shape[axis] - self.case.period) // 2
            assert start > 0, "no interior: use a larger input"
            where[axis] = slice(start, start + self.case.period)
        return values[tuple(where)]

    def count(self) -> tuple[float, float]:
        """Return fan_in and fan_out."""
        self.set(1)
        size, period = self.case.shape, self.case.period
        ones = np.ones((1, *size))
        values = self.middle(self.outputs(ones)).mean(axis=tuple(self.axes))
        assert np.allclose(values, values.flat[0]), "outputs have different fans"
        # One input of 1 in each copy: at each position of a period.
        positions = list(product(range(period), repeat=self.case.spatial))
        hot = np.zeros((len(positions), *size))
        for copy, offsets in enumerate(positions):
            where = [copy] + [0] * len(size)
            for axis, offset in zip(self.axes, offsets, strict=True):
                where[axis] = (size[axis - 1] - period) // 2 + offset
            hot[tuple(where)] = 1
        total = self.outputs(hot).sum() / len(positions)
        return float(values.flat[0]), float(total)

    def variance(self, draw: Callable[[int], np.ndarray]) -> tuple[float, float]:
        """Return the variance of interior outputs, and its standard error.

        `draw` returns values of the weight for a seed.
        """
        generator = np.random.default_rng(1)
        draws = self.case.draws
        squares = []
        for seed in range(draws):
            self.set(draw(seed))
            inputs = generator.normal(size=(self.batch, *self.case.shape))
            squares.append(np.square(self.middle(self.outputs(inputs))).mean())
        return float(np.mean(squares)), float(np.std(squares, ddof=1) / draws**0.5)

    def reached(self, element: int) -> tuple[frozenset[int], frozenset[int]]:
        """Return the input and output channels between which one element of the weight is."""
        values = np.zeros(int(np.prod(self.weight.shape)), "float32")
        values[element] = 1
        self.set(values.reshape(self.weight.shape))
        channels = [n for axis, n in enumerate(self.case.shape, 1) if axis not in self.axes]
        count = int(np.prod(channels))
        hot = np.eye(count).reshape(count, *channels)
        for axis in self.axes:
            hot = np.expand_dims(hot, axis)
        hot = np.broadcast_to(hot, (count, *self.case.shape))
        outputs = self.outputs(hot)
        outputs = np.abs(outputs).sum(axis=tuple(self.axes)).reshape(count, -1)
        return tuple(frozenset(np.flatnonzero(outputs.sum(axis=axis))) for axis in (1, 0))


def in_each(selection: Any) -> tuple[Any, ...]:
    """Select the same values in each input or output of a batch."""
    return (slice(None), *(selection if isinstance(selection, tuple) else (selection,)))


def named(layer: Any, name: str) -> Any:
    (variable,) = [variable for variable in layer.weights if variable.name == name]
    return variable
