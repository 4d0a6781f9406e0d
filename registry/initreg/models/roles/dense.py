"""The weights of Dense and EinsumDense, which attention layers consist of, with LoRA."""

import re
from functools import lru_cache
from typing import Any

from initreg.draws.fans import Fans
from initreg.draws.shapes import Shape
from initreg.models.roles.axes import matrix, single
from initreg.models.roles.quantized import is_packed, packed, quantization
from initreg.models.roles.role import Kind, Role


def dense(layer: Any, name: str, shape: Shape) -> Role | None:
    """Describe a weight of Dense, or return None."""
    if name == "kernel" and len(shape) == 2:
        if shape[1] != layer.units:
            return packed(layer, shape)
        return matrix("kernel", shape, (0,), (1,), (), "contracts the last axis of the input")
    if name == "bias":
        return single("bias", "is added to each output")
    if name == "lora_kernel_a" and len(shape) == 2:
        return matrix("lora_a", shape, (0,), (1,), (), "maps the input to the rank of LoRA")
    if name == "lora_kernel_b" and len(shape) == 2:
        return matrix("lora_b", shape, (0,), (1,), (), "maps the rank of LoRA to the output")
    return quantization(name)


RANK = "#"  # the axis of LoRA's rank, among the letters of an equation


def einsum_dense(layer: Any, name: str, shape: Shape) -> Role | None:
    """Describe a weight of EinsumDense, or return None.

    The axes of the kernel that are not in the output are summed over: they are inputs. Those that
    are in the output and not in the input are outputs. Those in all three number blocks. If there
    are exactly two inputs and one output, or one input and two outputs, then the first of the two
    (in the order of the equation's input or output) numbers heads: it is a block of the layout,
    and counts in the fans.
    """
    if name == "bias":
        return single("bias", "is added to each output")
    if name not in ("kernel", "lora_kernel_a", "lora_kernel_b"):
        return quantization(name)
    axes = split(layer.equation)
    if axes is None:
        return None
    inputs, kernel, outputs = axes
    if name == "kernel":
        if len(shape) != len(kernel) or is_packed(layer):
            return packed(layer, shape)
        return _contracted("kernel", shape, kernel, inputs, outputs, layer.equation)
    last = kernel[-1]
    if last in outputs:  # a comes first
        between = (outputs if last in inputs else outputs.replace(last, "")) + RANK
        first = (kernel[:-1] + RANK, inputs, between)
        second = (RANK + last, last + RANK if last in inputs else RANK, outputs)
        a, b = first, second
    else:  # b comes first: it sums over the kernel's last axis
        between = inputs.replace(last, RANK)
        a, b = (kernel[:-1] + RANK, between, outputs), (RANK + last, inputs, between)
    letters, come, go = a if name == "lora_kernel_a" else b
    if len(shape) != len(letters):
        return None
    kind: Kind = "lora_a" if name == "lora_kernel_a" else "lora_b"
    return _contracted(kind, shape, letters, come, go, f"{layer.equation} with LoRA")


@lru_cache(maxsize=512)
def split(equation: str) -> tuple[str, str, str] | None:
    """Return the letters of the input, the kernel and the output; None if Keras can't read it."""
    parts = re.fullmatch(
        r"(?:\.\.\.)?([a-zA-Z]+)(?:\.\.\.)?,([a-zA-Z]+)->(?:\.\.\.)?([a-zA-Z]+)(?:\.\.\.)?",
        equation.replace(" ", ""),
    )
    return (parts[1], parts[2], parts[3]) if parts else None


def _contracted(
    kind: Kind, shape: Shape, letters: str, inputs: str, outputs: str, equation: str
) -> Role:
    ins, outs, shared, head, why, hidden = _sorted_axes(letters, inputs, outputs, equation)
    if hidden:
        return Role("unknown", *_keras_fans(shape, letters, outputs), why=why)
    return matrix(kind, shape, ins, outs, shared, why, head=head)


@lru_cache(maxsize=512)
def _sorted_axes(
    letters: str, inputs: str, outputs: str, equation: str
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], int | None, str, bool]:
    """Sort the axes of a weight: inputs, outputs, blocks, the head; then why, and if it is hidden.

    The fans are hidden if the layer also sums over axes that only the input has: their length is
    not known here.
    """
    ins: list[int] = []
    outs: list[int] = []
    shared: list[int] = []
    for axis, letter in enumerate(letters):
        if letter not in outputs:
            ins.append(axis)
        else:
            (shared if letter in inputs else outs).append(axis)
    if hidden := [letter for letter in inputs if letter not in letters and letter not in outputs]:
        why = f"{equation} also sums over {_named(hidden)} of the input, whose length isn't known"
        return (), (), (), None, why, True
    head = None
    if len(ins) == 2 and len(outs) == 1:
        head = min(ins, key=lambda axis: inputs.find(letters[axis]))
    elif len(ins) == 1 and len(outs) == 2:
        head = min(outs, key=lambda axis: outputs.find(letters[axis]))
    names = [letters[axis] for axis in ins]
    why = f"contracts {_named(names)} of {equation}" if ins else f"contracts no axis of {equation}"
    if shared:
        why += f", for each value of {_named([letters[axis] for axis in shared])}"
    return tuple(ins), tuple(outs), tuple(shared), head, why.replace(RANK, "rank"), False


def _named(letters: list[str]) -> str:
    if len(letters) == 1:
        return f"axis {letters[0]}"
    return f"axes {', '.join(letters[:-1])} and {letters[-1]}"


def einsum_keras_fans(layer: Any, shape: Shape) -> Fans | None:
    """Return the fans that EinsumDense passes to Keras's VarianceScaling for its kernel."""
    axes = split(layer.equation)
    if axes is None or len(shape) != len(axes[1]):
        return None
    return Fans(*_keras_fans(shape, axes[1], axes[2]))


def _keras_fans(shape: Shape, letters: str, outputs: str) -> tuple[float, float]:
    sizes = list(zip(letters, shape, strict=True))
    ins = [axis for axis, (letter, _) in enumerate(sizes) if letter not in outputs]
    outs = [axis for axis, (letter, _) in enumerate(sizes) if letter in outputs]
    fans = Fans.of_shape(shape, ins, outs)
    return fans.fan_in, fans.fan_out


def additive_attention(layer: Any, name: str, shape: Shape) -> Role | None:
    """Describe the weight of AdditiveAttention, which sums over it as a Dense of one unit does."""
    if name != "scale" or len(shape) != 1:
        return None
    return matrix("kernel", shape, (0,), (), (), "sums tanh(query + key) over the last axis")
