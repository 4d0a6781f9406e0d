"""Arrays of NumPy handed to Keras's backend: whole, or each device's shard by itself."""

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from initreg.backend import load_keras
from initreg.draws.regions import Region
from initreg.draws.shapes import Shape
from initreg.errors import ConfigError, Fault

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


def to_tensor(array: "Array", sharding: Any = None) -> Any:
    """Hand an array over to Keras's backend; nobody may write to it from then on.

    Without a `sharding` of JAX, it goes to the default device.
    """
    keras = load_keras()
    backend = keras.config.backend()
    if backend == "jax":
        import jax

        return jax.device_put(array, sharding)  # compiles nothing, where jnp.asarray does
    if not array.flags.writeable:  # a broadcast, of which torch warns
        array = array.copy()
    if backend == "tensorflow":  # Keras's own conversion takes three times as long
        return importlib.import_module("tensorflow").convert_to_tensor(array)
    if backend == "torch":  # it takes the array over, where Keras's own conversion copies it
        torch = importlib.import_module("torch")
        if array.dtype.kind == "f":
            taken = torch.from_numpy(array)
        else:  # a float that NumPy doesn't have: hand its bits over
            taken = torch.from_numpy(array.view("int16")).view(getattr(torch, array.dtype.name))
        return keras.ops.convert_to_tensor(taken)  # on Keras's device
    return keras.ops.convert_to_tensor(array, dtype=array.dtype.name)


def to_shards(draw: Callable[[Region], "Array"], shape: Shape, sharding: Any) -> Any:
    """Make an array of JAX of which each device of this process holds its shard.

    `draw` is called once for each region, and what it gives is handed over before the next: the
    host never holds more than one shard beside those of its devices.
    """
    import jax

    devices: dict[tuple[tuple[int, int], ...], list[Any]] = {}
    for device, index in sharding.addressable_devices_indices_map(shape).items():
        region = tuple(part.indices(size)[:2] for part, size in zip(index, shape, strict=True))
        devices.setdefault(region, []).append(device)
    shards = []
    for region, holders in devices.items():
        values = draw([slice(start, stop) for start, stop in region])
        placed = [jax.device_put(values, device) for device in holders]
        for shard in placed:
            shard.block_until_ready()
        shards += placed
    return jax.make_array_from_single_device_arrays(shape, sharding, shards)


def spread(tensor: Any, sharding: Any) -> Any:
    """Spread a whole tensor over the devices of a sharding; leave it, if there is one or none."""
    if not is_sharded(sharding):
        return tensor
    import jax

    return jax.device_put(tensor, sharding)


def concrete(layout: Any) -> Any:
    """Return the sharding that Keras means by a layout over an abstract mesh.

    Keras calls an initializer with such a layout, which names no devices, and has set the mesh that
    does. Raises `ConfigError` where none is set.
    """
    import jax

    if isinstance(layout.mesh, jax.sharding.Mesh):
        return layout
    mesh = _mesh_in_force()
    if mesh is None or mesh.empty:
        problem = (
            f"The layout {layout} names no devices, and no mesh is set. "
            "Call the initializer inside jax.set_mesh(mesh)."
        )
        raise ConfigError([Fault(problem)])
    return jax.sharding.NamedSharding(mesh, layout.spec)


def _mesh_in_force() -> Any:
    import jax

    if hasattr(jax.sharding, "get_mesh"):
        return jax.sharding.get_mesh()
    # JAX before 0.8.1. A variable with a layout of its own may mean another mesh than this one.
    distribution = load_keras().distribution.distribution()
    return distribution and distribution.device_mesh.backend_mesh


def sharding_of(variable: Any) -> Any:
    """Return how a variable lies on JAX's devices.

    None on any other backend, and where JAX may still move it: so it can after an `apply`.
    """
    if load_keras().config.backend() != "jax":
        return None
    value = variable.value
    is_committed = getattr(value, "committed", getattr(value, "_committed", True))
    return value.sharding if is_committed else None


def is_sharded(sharding: Any) -> bool:
    """Whether a sharding takes in several devices."""
    return sharding is not None and len(sharding.device_set) > 1


def read(variable: Any) -> Any:
    """Return what `write` puts back: a variable's value, which a later `write` does not change."""
    keras = load_keras()
    if keras.config.backend() == "torch":
        held = variable.value.data
        return held if _changes_hands(held) else held.clone()
    if keras.config.backend() == "tensorflow":
        return variable.value.read_value()  # Keras takes the variable itself for a tensor
    return keras.ops.convert_to_tensor(variable.value)


def write(variable: Any, tensor: Any) -> None:
    """Give a variable a new value of the same shape and dtype."""
    if load_keras().config.backend() == "torch" and _changes_hands(variable.value):
        variable.value.data = tensor.data.to(variable.value.device)
    else:
        variable.assign(tensor)


def _changes_hands(tensor: Any) -> bool:
    """Whether a parameter of torch can take a new storage over, without a copy.

    Other processes may share the old one; of a CUDA device's, torch says that they can.
    """
    return not tensor.is_shared()
