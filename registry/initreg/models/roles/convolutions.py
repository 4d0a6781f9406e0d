"""The kernels of convolutions. A fan counts the taps of a kernel, whatever its dilation."""

import math
from collections.abc import Sequence
from typing import Any

from initreg.draws.fans import Layout
from initreg.draws.shapes import Shape
from initreg.models.roles.axes import matrix, ratio, single
from initreg.models.roles.role import Kind, Role


def convolution(layer: Any, name: str, shape: Shape) -> Role | None:
    """Describe a weight of Conv1D, Conv2D or Conv3D, or return None."""
    if name == "bias":
        return _bias()
    rank = layer.rank
    if name == "kernel" and len(shape) == rank + 2:
        return _convolved("kernel", shape, layer.strides, layer.groups)
    if name == "lora_kernel_a" and len(shape) == rank + 2:
        # Each group convolves with the same kernel, to as many channels as the rank.
        return _convolved("lora_a", shape, layer.strides)
    if name == "lora_kernel_b" and len(shape) == 2:
        groups = layer.groups
        if groups == 1:
            return matrix("lora_b", shape, (0,), (1,), (), "maps the rank of LoRA to the output")
        sizes = (shape[0], groups, shape[1] // groups)
        why = f"maps the rank of LoRA to the output, in {groups} groups"
        return matrix("lora_b", sizes, (0,), (2,), (1,), why)
    return None


def transposed(layer: Any, name: str, shape: Shape) -> Role | None:
    """Describe a weight of a transposed convolution, or return None.

    Its kernel has the output channels before the input channels. With a stride, some positions of
    the output get more products than others: fan_in is the mean over positions.
    """
    if name == "bias":
        return _bias()
    if name != "kernel" or len(shape) != layer.rank + 2:
        return None
    *window, filters, channels = shape
    taps, steps, rank = math.prod(window), math.prod(layer.strides), len(window)
    layout = Layout(shape, (*range(rank), rank + 1), (rank,))
    why = f"{_by(window)} taps of {channels} channels"
    if steps > 1:
        why += f", stride {_by(layer.strides)}: the mean over positions"
    return Role("kernel", ratio(taps * channels, steps), taps * filters, 1, why, layout)


def depthwise(layer: Any, name: str, shape: Shape) -> Role | None:
    """Describe a weight of a depthwise convolution, or return None."""
    if name == "bias":
        return _bias()
    if name != "kernel" or len(shape) != layer.rank + 2:
        return None
    return _depthwise(shape, layer.strides)


def separable(layer: Any, name: str, shape: Shape) -> Role | None:
    """Describe a weight of a separable convolution, or return None."""
    if name == "bias":
        return _bias()
    if len(shape) != layer.rank + 2:
        return None
    if name == "depthwise_kernel":
        return _depthwise(shape, layer.strides)
    if name == "pointwise_kernel":
        return _convolved("kernel", shape, ())
    return None


def spectrogram(layer: Any, name: str, shape: Shape) -> Role | None:
    """Describe a kernel of STFTSpectrogram, which convolves a signal with the waves of a Fourier
    transform.
    """
    if name in ("real_kernel", "imag_kernel") and len(shape) == 3:
        return _convolved("kernel", shape, (layer._frame_step,))
    return None


def convolved_gates(
    kind: Kind, shape: Shape, strides: Sequence[int], gates: int, why: str = ""
) -> Role:
    """Return the role of a convolution's kernel that has the kernels of several gates."""
    *window, channels, filters = shape
    taps, rank = math.prod(window), len(window)
    sizes = (*window, channels, gates, filters // gates)
    layout = Layout(sizes, tuple(range(rank + 1)), (rank + 2,), (rank + 1,))
    fan_out = ratio(taps * filters // gates, math.prod(strides))
    why = f"{_taps(window, channels, strides)}, for each of {gates} gates"
    return Role(kind, taps * channels, fan_out, gates, why, layout)


def _convolved(kind: Kind, shape: Shape, strides: Sequence[int], groups: int = 1) -> Role:
    *window, channels, filters = shape
    taps, rank = math.prod(window), len(window)
    fan_out = ratio(taps * (filters // groups), math.prod(strides))
    why = _taps(window, channels, strides)
    inputs = tuple(range(rank + 1))
    if groups == 1:
        return Role(kind, taps * channels, fan_out, 1, why, Layout(shape, inputs, (rank + 1,)))
    layout = Layout(
        (*window, channels, groups, filters // groups), inputs, (rank + 2,), (rank + 1,)
    )
    return Role(kind, taps * channels, fan_out, groups, f"{why}, in {groups} groups", layout)


def _depthwise(shape: Shape, strides: Sequence[int]) -> Role:
    *window, channels, multiplier = shape
    taps, rank = math.prod(window), len(window)
    layout = Layout(shape, tuple(range(rank)), (rank + 1,), (rank,))
    fan_out = ratio(taps * multiplier, math.prod(strides))
    why = f"{_taps(window, 1, strides)}, for each of {channels} channels"
    return Role("kernel", taps, fan_out, channels, why, layout)


def _bias() -> Role:
    return single("bias", "is added to each output")


def _taps(window: Sequence[int], channels: int, strides: Sequence[int]) -> str:
    text = f"{_by(window)} taps of {channels} channel{'' if channels == 1 else 's'}"
    return f"{text}, stride {_by(strides)}" if math.prod(strides) > 1 else text


def _by(sizes: Sequence[int]) -> str:
    return "×".join(map(str, sizes))
