"""Check the roles of a layer by counting: what the layer computes says what its fans are."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from initreg.backend import load_keras
from initreg.draws.shapes import Shape
from initreg.models.roles.finding import role_of
from initreg.models.roles.role import Role

if TYPE_CHECKING:
    import numpy as np

_COUNTED = ("kernel", "recurrent_kernel", "embedding", "scale", "lora_a", "lora_b")


def check_roles(
    layer: Any,
    input_shape: Sequence[int],
    weight: str | None = None,
    call: Callable[[Any, Any], Any] | None = None,
) -> None:
    """Raise `AssertionError` if a role of the layer has other fans than the layer computes with.

    >>> import keras
    >>> check_roles(keras.layers.Conv2D(4, 3), (9, 9, 2))

    `input_shape` is that of one input, without the batch. It is large enough to have an interior:
    the receptive field of an inner value is inside. Each weight in turn is 1, and all others are 0.
    Then an output for inputs of 1 is fan_in, and the sum of the outputs for a single 1 is fan_out;
    the largest of each counts. If a role has blocks and a layout, the weight is 1 in the first
    block.

    The outputs must be linear in the inputs. If they are not, or are 0 because other weights are,
    pass the name of one `weight` and a function `call(layer, inputs)` that computes the products
    with this weight alone. Biases, statistics, positions, and weights of role `other` are not
    counted; a weight of role `unknown` fails. The values of the layer's weights are lost.
    """
    keras = load_keras()
    if not layer.built:
        layer.build((None, *input_shape))
    weights = [v for v in layer.weights if weight in (None, v.name)]
    assert weights, f"{layer.name} has no weight {weight!r}."  # noqa: S101
    for variable in layer.weights:
        variable.assign(keras.ops.zeros(variable.shape, variable.dtype))
    for variable in weights:
        role = role_of(layer, variable)
        what = f"{variable.name} of {layer.name}"
        if role.kind == "unknown":
            raise AssertionError(f"{what} has no role. Return one from initreg_roles.")
        if role.kind not in _COUNTED:
            continue
        variable.assign(_first_block(role, tuple(variable.shape)))
        counted = _count(layer, tuple(input_shape), call)
        variable.assign(keras.ops.zeros(variable.shape, variable.dtype))
        if not any(counted):
            raise AssertionError(
                f"{what} reaches no output while all other weights are 0. Pass weight="
                f"{variable.name!r} and call=…, which computes the products with it alone."
            )
        if any(abs(a - b) > 1e-3 * b for a, b in zip(counted, _fans(role), strict=True)):
            raise AssertionError(
                f"{what} has fan_in {role.fan_in:g} and fan_out {role.fan_out:g} in its role, "
                f"but {counted[0]:g} and {counted[1]:g} are counted."
            )


def _fans(role: Role) -> tuple[float, float]:
    return role.fan_in, role.fan_out


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
        result = call(layer, inputs) if call else layer(inputs)
        return np.asarray(load_keras().ops.convert_to_numpy(result))

    size = int(np.prod(shape))
    single = np.eye(size, dtype="float32").reshape(size, *shape)
    sums = outputs(single).reshape(size, -1).sum(axis=1)
    return float(outputs(np.ones((1, *shape), "float32")).max()), float(sums.max())
