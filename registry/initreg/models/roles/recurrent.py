"""The weights of recurrent cells. The fans are those of one gate."""

from dataclasses import replace
from typing import Any

from initreg.draws.fans import Layout
from initreg.draws.shapes import Shape
from initreg.models.roles.axes import matrix, single
from initreg.models.roles.convolutions import convolved_gates
from initreg.models.roles.role import Kind, Role

_KINDS: dict[str, Kind] = {"kernel": "kernel", "recurrent_kernel": "recurrent_kernel"}
_FROM = {"kernel": "the input", "recurrent_kernel": "the state"}


def simple_cell(layer: Any, name: str, shape: Shape) -> Role | None:
    """Describe a weight of SimpleRNN's cell, or return None."""
    return _gated(name, shape, layer.units, 1)


def gru_cell(layer: Any, name: str, shape: Shape) -> Role | None:
    """Describe a weight of GRU's cell, or return None."""
    return _gated(name, shape, layer.units, 3)


def lstm_cell(layer: Any, name: str, shape: Shape) -> Role | None:
    """Describe a weight of LSTM's cell, or return None."""
    return _gated(name, shape, layer.units, 4)


def convolutional_cell(layer: Any, name: str, shape: Shape) -> Role | None:
    """Describe a weight of a ConvLSTM's cell, or return None."""
    if name == "bias":
        return _bias(shape, 4)
    if name not in _KINDS or shape[-1] != 4 * layer.filters or len(shape) != layer.rank + 2:
        return None
    strides = layer.strides if name == "kernel" else ()  # the state is convolved without strides
    return convolved_gates(_KINDS[name], shape, strides, 4)


def _gated(name: str, shape: Shape, units: int, gates: int) -> Role | None:
    if name == "bias":
        return _bias(shape, gates)
    if name not in _KINDS or len(shape) != 2 or shape[1] != gates * units:
        return None
    why = f"contracts {_FROM[name]}"
    if gates == 1:
        return matrix(_KINDS[name], shape, (0,), (1,), (), why)
    sizes = (shape[0], gates, units)
    return matrix(_KINDS[name], sizes, (0,), (2,), (1,), f"{why}, for each of {gates} gates")


def _bias(shape: Shape, gates: int) -> Role | None:
    """Describe a bias. That of a GRU may have two rows: for the input, and for the state."""
    if gates == 1:
        return single("bias", "is added to each output")
    if not shape or shape[-1] % gates:
        return None
    *rows, last = shape
    axes = tuple(range(len(shape) + 1))
    gate = len(rows)
    outputs = tuple(axis for axis in axes if axis != gate)
    layout = Layout((*rows, gates, last // gates), (), outputs, (gate,))
    return replace(single("bias", "is added to each gate", gates), layout=layout)
