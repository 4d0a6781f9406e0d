"""The values of one weight, as a tensor of Keras's backend."""

import math
from typing import TYPE_CHECKING, Any

from initreg.backend import load_keras
from initreg.config.base import InitializerConfig
from initreg.config.drawing import Fitted, draw_fitted
from initreg.draws.distributions import Constant
from initreg.draws.dtypes import FLOATS
from initreg.draws.moments import Moments
from initreg.draws.regions import Region
from initreg.draws.seeds import derive_seed
from initreg.draws.streams import CHUNK
from initreg.errors import ConfigError, Fault
from initreg.models.additions import Addition
from initreg.models.tensors import is_sharded, spread, to_shards, to_tensor, zeros_or_ones
from initreg.registry.building import build

if TYPE_CHECKING:
    import numpy as np


def make_tensor(
    fitted: Fitted,
    dtype: str,
    seed: int,
    path: str,
    *,
    sharding: Any = None,
    moments: Moments | None = None,
    addition: Addition | None = None,
) -> Any:
    """Make the values of one weight: with NumPy if they are portable, otherwise with Keras.

    The first row that fits decides. A config without a Keras class of its own can only be drawn by
    NumPy.

    ============  ========  =========  =========================================================
    Keras class   portable  dtype      tensor
    ============  ========  =========  =========================================================
    no            no        any        none: raises `ConfigError`
    no            yes       not float  drawn by NumPy as float32, then cast
    any           any       not float  made by the Keras class, with a seed derived from the path
    any           no        float      made by the Keras class, with a seed derived from the path
    any           yes       float      drawn by NumPy; over several devices, shard by shard
    ============  ========  =========  =========================================================

    `moments` collects the values of floats. `sharding` places the tensor on JAX's devices.
    `addition` is what the layer adds: it replaces a part of the values.
    """
    if addition is not None:
        return _with_addition(fitted, dtype, seed, path, sharding, moments, addition)
    config = fitted.config
    is_float, is_portable, has_class = dtype in FLOATS, fitted.is_portable, not config.is_drawn()
    if not has_class and not is_portable:
        problem = f"{config} can't be drawn: it holds what only Keras can make."
        raise ConfigError([Fault(problem)])
    if not has_class and not is_float:
        values = draw_fitted(fitted, "float32", seed, path)
        return spread(load_keras().ops.cast(values, dtype), sharding)
    if not is_float or not is_portable:
        tensor = _built(fitted, dtype, seed, path)
        if moments is not None and is_float:
            moments.add(load_keras().ops.convert_to_numpy(tensor))
        return spread(tensor, sharding)
    return _drawn(fitted, dtype, seed, path, sharding, moments)


def _with_addition(
    fitted: Fitted,
    dtype: str,
    seed: int,
    path: str,
    sharding: Any,
    moments: Moments | None,
    addition: Addition,
) -> Any:
    import numpy as np

    values = draw_fitted(fitted, dtype, seed, path)
    if values is None:  # only Keras can make them
        tensor = make_tensor(fitted, dtype, seed, path)
        values = np.array(load_keras().ops.convert_to_numpy(tensor))
    values[addition.part] = addition.value
    if moments is not None:
        moments.add(values)
    return to_tensor(values, sharding)


def _built(fitted: Fitted, dtype: str, seed: int, path: str) -> Any:
    """Make a tensor with the config's Keras class."""
    config, shape = fitted.config, fitted.shape
    tensor = build(seeded(config, seed, path))(shape, dtype=dtype)
    if tuple(tensor.shape) != shape:
        problem = f"{config} fills the shape {list(tensor.shape)}, not {list(shape)}."
        raise ConfigError([Fault(problem)])
    return tensor


def _drawn(
    fitted: Fitted, dtype: str, seed: int, path: str, sharding: Any, moments: Moments | None
) -> Any:
    """Draw a tensor with NumPy, whole or shard by shard."""

    def draw(region: Region | None = None) -> Any:
        return draw_fitted(fitted, dtype, seed, path, region=region, moments=moments)

    if isinstance(fitted.distribution, Constant) and sharding is None:
        value = float(fitted.distribution.value)
        if (tensor := zeros_or_ones(value, fitted.shape, dtype)) is not None:
            if moments is not None and 0 not in fitted.shape:
                moments.add_constant(value)
            return tensor
    if not is_sharded(sharding):
        return to_tensor(draw(), sharding)
    if fitted.distribution is None or math.prod(fitted.shape) <= CHUNK:
        # The values depend on each other, or are too few to draw them again for each shard.
        whole = draw()
        return to_shards(lambda region: _part(whole, region), fitted.shape, sharding)
    return to_shards(draw, fitted.shape, sharding)


def _part(whole: "np.ndarray[Any, Any]", region: Region) -> "np.ndarray[Any, Any]":
    """Copy a region, so that keeping it doesn't keep the whole array alive."""
    part = whole[tuple(region)]
    return part if part.size == whole.size else part.copy()


def seeded(config: InitializerConfig, seed: int, path: str) -> InitializerConfig:
    """Return the config with seeds for one weight, each derived from a seed and the path.

    A seed that the config has already takes the place of `seed`.
    """
    field = config.parameter_fields.get("seed")
    if field is not None and (own := getattr(config, field)) is not None:
        config = config.model_copy(update={field: derive_seed(own, path)})
    return config.with_seed(derive_seed(seed, path))
