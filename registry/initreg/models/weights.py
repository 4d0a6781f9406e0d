"""One weight's values as a tensor of Keras's backend."""

import math
from typing import TYPE_CHECKING, Any

from initreg.backend import load_keras
from initreg.config.base import InitializerConfig
from initreg.config.drawing import distribution_of, draw_config, is_portable
from initreg.draws.dtypes import FLOATS
from initreg.draws.moments import Moments
from initreg.draws.regions import Region
from initreg.draws.seeds import derive_seed
from initreg.draws.shapes import Shape
from initreg.draws.streams import CHUNK
from initreg.errors import ConfigError, Fault
from initreg.models.tensors import is_sharded, spread, to_shards, to_tensor
from initreg.registry.building import build

if TYPE_CHECKING:
    import numpy as np


def make_tensor(
    config: InitializerConfig,
    shape: Shape,
    dtype: str,
    seed: int,
    path: str,
    *,
    sharding: Any = None,
    moments: Moments | None = None,
) -> Any:
    """Draw a weight portably, or else through Keras with a seed of its own.

    With a `sharding` over several devices, each one's shard is drawn by itself.
    """
    portable = is_portable(config, shape)
    if config.is_drawn() and not portable:
        problem = f"{config} can't be drawn: it holds what only Keras can make."
        raise ConfigError([Fault(problem)])
    if dtype not in FLOATS and config.is_drawn():
        values = draw_config(config, shape, "float32", seed, path)
        return spread(load_keras().ops.cast(values, dtype), sharding)
    if dtype not in FLOATS or not portable:
        tensor = build(seeded(config, seed, path))(shape, dtype=dtype)
        if tuple(tensor.shape) != shape:
            filled = f"{config} fills the shape {list(tensor.shape)}, not {list(shape)}."
            raise ConfigError([Fault(filled)])
        if moments is not None and dtype in FLOATS:
            moments.add(load_keras().ops.convert_to_numpy(tensor))
        return spread(tensor, sharding)

    def drawn(region: Region | None = None) -> Any:
        return draw_config(config, shape, dtype, seed, path, region=region, moments=moments)

    if not is_sharded(sharding):
        return to_tensor(drawn(), sharding)
    if distribution_of(config, shape) is None or math.prod(shape) <= CHUNK:
        # Values that depend on each other, or too few to draw for each shard anew.
        whole = drawn()
        return to_shards(lambda region: _part(whole, region), shape, sharding)
    return to_shards(drawn, shape, sharding)


def _part(whole: "np.ndarray[Any, Any]", region: Region) -> "np.ndarray[Any, Any]":
    """Cut a region out, so that who keeps it does not keep the whole."""
    part = whole[tuple(region)]
    return part if part.size == whole.size else part.copy()


def seeded(config: InitializerConfig, seed: int, path: str) -> InitializerConfig:
    """Return a config whose seeds are those of one weight: each made of its seed and the path."""
    field = config.parameter_fields.get("seed")
    if field is not None and (own := getattr(config, field)) is not None:
        config = config.model_copy(update={field: derive_seed(own, path)})
    return config.with_seed(derive_seed(seed, path))
