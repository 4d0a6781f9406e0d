"""Pass NumPy arrays to Keras's backend: whole, or separately for each device."""

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
    """Make a tensor of Keras's backend from an array, which must not be written to afterwards.

    On JAX, it is placed as `sharding` says, or on the default device.
    """
    keras = load_keras()
    backend = keras.config.backend()
    if backend == "jax":
        import jax

        return jax.device_put(array, sharding)  # compiles nothing, unlike jnp.asarray
    if not array.flags.writeable:  # torch warns about a broadcast array
        array = array.copy()
    if backend == "tensorflow":  # Keras's own conversion takes three times as long
        return importlib.import_module("tensorflow").convert_to_tensor(array)
    if backend == "torch":  # from_numpy shares the memory; Keras's own conversion copies it
        torch = importlib.import_module("torch")
        if array.dtype.kind == "f":
            tensor = torch.from_numpy(array)
        else:  # NumPy doesn't have this float, so pass its bits
            tensor = torch.from_numpy(array.view("int16")).view(getattr(torch, array.dtype.name))
        return keras.ops.convert_to_tensor(tensor)  # moves it to Keras's device
    return keras.ops.convert_to_tensor(array, dtype=array.dtype.name)


def zeros_or_ones(value: float, shape: Shape, dtype: str) -> Any:
    """Make a tensor of zeros or of ones; None if `value` is neither, or an array is faster.

    Only for these numbers, all backends have the same bits: TensorFlow drops the sign of -0.0.
    """
    ops = load_keras().ops
    make = {"0.0": ops.zeros, "1.0": ops.ones}.get(str(value))
    if make is None or load_keras().config.backend() not in ("torch", "tensorflow"):
        return None  # JAX would compile a function for each shape
    return make(shape, dtype=dtype)


def to_shards(draw: Callable[[Region], "Array"], shape: Shape, sharding: Any) -> Any:
    """Make a JAX array of which each device of this process holds its shard.

    `draw` is called once for each region, and its values are on their devices before the next
    call. So the host never holds more than one shard besides those of its devices.
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
    """Place a tensor on the devices of a sharding; return it unchanged without one."""
    if sharding is None:
        return tensor
    import jax

    return jax.device_put(tensor, sharding)


def concrete(layout: Any) -> Any:
    """Return the sharding for a layout over an abstract mesh.

    Keras calls an initializer with such a layout, which doesn't name devices, after setting the
    mesh that does. Raises `ConfigError` if no mesh is set.
    """
    import jax

    if isinstance(layout.mesh, jax.sharding.Mesh):
        return layout
    mesh = _mesh_in_force()
    if mesh is None or mesh.empty:
        problem = (
            f"The layout {layout} doesn't name devices, and no mesh is set. "
            "Call the initializer inside jax.set_mesh(mesh)."
        )
        raise ConfigError([Fault(problem)])
    return jax.sharding.NamedSharding(mesh, layout.spec)


def _mesh_in_force() -> Any:
    import jax

    if hasattr(jax.sharding, "get_mesh"):
        return jax.sharding.get_mesh()
    # JAX before 0.8.1. A variable with a layout of its own may be on another mesh than this one.
    distribution = load_keras().distribution.distribution()
    return distribution and distribution.device_mesh.backend_mesh


def sharding_of(variable: Any) -> Any:
    """Return the sharding of a committed JAX variable.

    None on other backends, and for uncommitted values, so that JAX may still move them after
    `apply`.
    """
    if load_keras().config.backend() != "jax":
        return None
    value = variable.value
    is_committed = getattr(value, "committed", getattr(value, "_committed", True))
    return value.sharding if is_committed else None


def is_sharded(sharding: Any) -> bool:
    """Return True if a sharding has several devices."""
    return sharding is not None and len(sharding.device_set) > 1


def read(variable: Any) -> Any:
    """Take a snapshot of a variable's value, so that `write` can restore it."""
    keras = load_keras()
    if keras.config.backend() == "torch":
        value = variable.value.data
        return value if _can_be_replaced(value) else value.clone()
    if keras.config.backend() == "tensorflow":
        return variable.value.read_value()  # convert_to_tensor returns the variable itself
    return keras.ops.convert_to_tensor(variable.value)


def write(variable: Any, tensor: Any) -> None:
    """Give a variable a new value of the same shape and dtype."""
    if load_keras().config.backend() == "torch" and _can_be_replaced(value := variable.value):
        value.data = tensor.data.to(value.device)
    else:
        variable.assign(tensor)


def _can_be_replaced(tensor: Any) -> bool:
    """Return True if a torch parameter can take over another tensor's memory without a copy.

    It can't if other processes share its memory. On CUDA, torch always reports shared memory.
    """
    return not tensor.untyped_storage().is_shared()
