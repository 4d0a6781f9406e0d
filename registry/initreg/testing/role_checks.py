"""Check the roles of a layer by counting: what the layer computes says what its fans are."""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from initreg.backend import load_keras
from initreg.draws.shapes import Shape
from initreg.models.roles.finding import role_of
from initreg.models.roles.role import Role
from initreg.near_names import did_you_mean
from initreg.wording import first_line, shown

if TYPE_CHECKING:
    import numpy as np

_COUNTED = ("kernel", "recurrent_kernel", "embedding", "scale", "lora_a", "lora_b")

_SUPPORTED = (
    "check_roles counts layers with one input whose outputs are linear in it: no look-ups, states "
    "or strides. For others, pass weight=… and call=…, which computes the products with this "
    "weight alone."
)


def check_roles(
    layer: Any,
    input_shape: Sequence[int],
    weight: str | None = None,
    call: Callable[[Any, Any], Any] | None = None,
) -> list[str]:
    """Raise `AssertionError` if a role of the layer has other fans than the layer computes with.

    >>> import keras
    >>> check_roles(keras.layers.Conv2D(4, 3), (9, 9, 2))
    ['kernel']

    `input_shape` is that of one input, without the batch. It is large enough to have an interior:
    the receptive field of an inner value is inside. Each weight in turn is 1, and all others are 0.
    Then an output for inputs of 1 is fan_in, and the sum of the outputs for a single 1 is fan_out;
    the largest of each counts. If a role has blocks and a layout, the weight is 1 in the first
    block.

    The outputs must be linear in the inputs. If they are not, or are 0 because other weights are,
    pass the name of one `weight` and a function `call(layer, inputs)` that computes the products
    with this weight alone. Build a layer with several inputs first. With strides, a fan is a mean
    over positions, which can't be counted: test the layer without strides.

    Returns the names of the weights that are counted. Biases, statistics, positions, and weights of
    role `other` or `unknown` are not; it fails if only weights of role `unknown` are left. The
    values of the layer's weights are lost.
    """
    shape = _checked_shape(layer, input_shape)
    _build(layer, shape)
    roles = [(variable, role_of(layer, variable)) for variable in layer.weights]
    chosen = [(v, role) for v, role in roles if weight in (None, v.name)]
    if not chosen:
        what = "weights" if weight is None else f"weight {weight!r}"
        near = did_you_mean(weight, [v.name for v, _ in roles])
        raise AssertionError(f"{layer.name} has no {what}.{near}")
    for variable, role in roles:
        if role.kind != "statistic":  # a variance of 0 would scale the outputs
            _fill(variable, 0)
    counted = [(variable, role) for variable, role in chosen if role.kind in _COUNTED]
    if not counted and (unknown := [v.name for v, role in chosen if role.kind == "unknown"]):
        what = f"{' and '.join(unknown)} of {layer.name}"
        has = "has no role" if len(unknown) == 1 else "have no roles"
        raise AssertionError(f"{what} {has}. Return one from initreg_roles.")
    for variable, role in counted:
        variable.assign(_first_block(role, tuple(variable.shape)))
        _compare(f"{variable.name} of {layer.name}", role, _count(layer, shape, call))
        _fill(variable, 0)
    return [variable.name for variable, _ in counted]


def _checked_shape(layer: Any, shape: Any) -> Shape:
    if isinstance(layer, type) or not isinstance(layer, load_keras().layers.Layer):
        raise TypeError(f"check_roles takes a layer, such as Dense(4), not {shown(layer)}.")
    if isinstance(shape, list | tuple) and all(type(n) is int and n > 0 for n in shape):
        return tuple(shape)
    problem = f"input_shape must be the sizes of one input, without the batch, not {shown(shape)}."
    raise ValueError(f"{problem} For example: (9, 9, 2)")


def _build(layer: Any, shape: Shape) -> None:
    if layer.built:
        return
    try:
        layer.build((None, *shape))
    except Exception as error:  # the plugin's code
        problem = f"{layer.name} can't be built for one input of shape {shape}: "
        raise AssertionError(f"{problem}{first_line(error)}\n{_SUPPORTED}") from error


def _fill(variable: Any, value: int) -> None:
    variable.assign(load_keras().ops.full(variable.shape, value, variable.dtype))


def _compare(what: str, role: Role, counted: tuple[float, float]) -> None:
    if not any(counted):
        raise AssertionError(
            f"{what} reaches no output while all other weights are 0. Pass weight="
            f"{what.partition(' ')[0]!r} and call=…, which computes the products with it alone."
        )
    fans = role.fan_in, role.fan_out
    if any(abs(a - b) > 1e-3 * b for a, b in zip(counted, fans, strict=True)):
        raise AssertionError(
            f"{what} has fan_in {role.fan_in:g} and fan_out {role.fan_out:g} in its role, "
            f"but {counted[0]:g} and {counted[1]:g} are counted.\n{_SUPPORTED}"
        )


def _first_block(role: Role, shape: Shape) -> "np.ndarray[Any, Any]":
    """Return values that are 1 in the first block, and 0 in the others."""
    import numpy as np

    layout = role.layout
    if layout is None or role.blocks == 1:
        return np.ones(shape, "float32")
    values = np.zeros(layout.shape, "float32")
    where: list[Any] = [slice(None)] * len(layout.shape)
    count = 1
    for axis in layout.block_axes:  # heads come after the blocks that count
        if count < role.blocks:
            where[axis] = 0
            count *= layout.shape[axis]
    values[tuple(where)] = 1
    return values.reshape(shape)


def _count(layer: Any, shape: Shape, call: Callable[[Any, Any], Any] | None) -> tuple[float, float]:
    import numpy as np

    def outputs(inputs: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        result = call(layer, inputs) if call else _called(layer, inputs)
        return np.asarray(load_keras().ops.convert_to_numpy(result), "float64")

    size = math.prod(shape)
    ones = np.ones((1, *shape), "float32")
    sums = outputs(np.eye(size, dtype="float32").reshape(size, *shape)).reshape(size, -1).sum(1)
    most = outputs(ones)
    if call is None and not np.allclose(outputs(2 * ones), 2 * most, rtol=1e-2):
        raise AssertionError(f"{layer.name} is not linear in its inputs. {_SUPPORTED}")
    return float(most.max()), float(sums.max())


def _called(layer: Any, inputs: Any) -> Any:
    try:
        return layer(inputs)
    except Exception as error:  # the plugin's code
        problem = f"{layer.name} can't be called with one input: {first_line(error)}"
        raise AssertionError(f"{problem}\n{_SUPPORTED}") from error
