"""Find the role of a weight: from the table of Keras's layers, or from a plugin."""

from typing import Any

from initreg.draws.fans import Fans
from initreg.draws.shapes import Shape
from initreg.models.keras_internals import layers_of
from initreg.models.paths import owners_of, variable_in, weights_of
from initreg.models.roles.asking import ask_plugin
from initreg.models.roles.dense import einsum_dense, einsum_keras_fans
from initreg.models.roles.role import Role
from initreg.models.roles.table import described, described_by, is_known
from initreg.near_names import did_you_mean
from initreg.public import public
from initreg.registry.registry import default_registry
from initreg.wording import listed, shown


@public
def role_of(layer: Any, weight: Any) -> Role:
    """Return the role of a weight of a layer: what it does, and its true fans.

    >>> import keras
    >>> layer = keras.layers.DepthwiseConv2D(3)
    >>> layer.build((None, 8, 8, 64))
    >>> role = role_of(layer, "kernel")
    >>> role.kind, role.fan_in, role.fan_out
    ('kernel', 9, 9)

    `weight` is a variable of the layer or of a layer in it, or its name. If neither initreg nor a
    plugin knows the layer or the weight, the role is `unknown`, with the fans that Keras uses.
    Raises `ValueError` if the layer has no such weight.
    """
    owner, variable = _found(layer, weight)
    return role_for(owner, _name_in(owner, variable), tuple(variable.shape))


def role_for(layer: Any, name: str, shape: Shape) -> Role:
    """Return the role of a weight of a layer, also before the layer has created it."""
    role = (
        described(layer, name, shape) if is_known(type(layer)) else _found_role(layer, name, shape)
    )
    if role is not None:
        return role
    fans = keras_fans(layer, name, shape)
    why = f"nobody has described {name} of {type(layer).__name__}: these are Keras's fans"
    return Role("unknown", fans.fan_in, fans.fan_out, why=why)


def keras_fans(layer: Any, name: str, shape: Shape) -> Fans:
    """Return the fans that Keras's VarianceScaling uses for a weight.

    Keras counts them from the shape alone. Only EinsumDense says which axes of its kernel are
    inputs.
    """
    if name == "kernel" and any(described_by(base) is einsum_dense for base in type(layer).__mro__):
        fans = einsum_keras_fans(layer, shape)
        if fans is not None:
            return fans
    return Fans.of_shape(shape)


def _found_role(layer: Any, name: str, shape: Shape) -> Role | None:
    """Ask who describes each base class of the layer, from the layer's own class upwards.

    A plugin goes before the table, which knows layers of keras-hub by the names of weights alone.
    """
    hooks = default_registry().role_hooks()
    for base in type(layer).__mro__:
        role = None
        if functions := hooks.get(f"{base.__module__}:{base.__qualname__}"):
            role = ask_plugin(functions, base, layer, name, shape)
        if role is None and (describe := described_by(base)):
            role = describe(layer, name, shape)
        if role is not None:
            return role
    return None


def _name_in(layer: Any, variable: Any) -> str:
    """Return the name of a weight in its layer, with automatic names counted within the layer."""
    found = next((each for each in weights_of(layer) if each.variable is variable), None)
    return variable.name if found is None else variable_in(found.counted)


def _found(layer: Any, weight: Any) -> tuple[Any, Any]:
    """Return the layer that owns the weight, and the variable."""
    owners = owners_of(layers_of(layer))
    weights = [(owners.get(id(variable), layer), variable) for variable in layer.weights]
    if not isinstance(weight, str):
        named = [(owner, variable) for owner, variable in weights if variable is weight]
    else:
        named = [(owner, variable) for owner, variable in weights if variable.name == weight]
        named = [(owner, variable) for owner, variable in named if owner is layer] or named
    if len(named) == 1:
        return named[0]
    if named:
        paths = listed([variable.path for _, variable in named], 3)
        raise ValueError(
            f"{layer.name} has {len(named)} weights named {weight!r}: {paths}. Pass the variable."
        )
    what = repr(weight) if isinstance(weight, str) else getattr(weight, "path", shown(weight))
    if not weights:
        raise ValueError(f"{layer.name} has no weight {what}. Build the layer first.")
    names = sorted({variable.name for _, variable in weights})
    near = did_you_mean(weight, names)
    raise ValueError(f"{layer.name} has no weight {what}.{near} It has {listed(names, 8)}.")
