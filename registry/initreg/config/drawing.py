"""Portable draws: a weight's values from NumPy, the same on every backend and machine.

They depend on the seed, the path, the shape and the distribution alone: not on threads, on the
order of chunks, or on which part of a weight a device holds.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from initreg.config.base import InitializerConfig, held_by, says_how
from initreg.draws.distributions import Distribution
from initreg.draws.dtypes import as_dtype
from initreg.draws.filling import cast, draw_distribution, empty
from initreg.draws.moments import Moments
from initreg.draws.regions import Region
from initreg.draws.seeds import derive_key
from initreg.draws.shapes import Shape
from initreg.errors import ConfigError, Fault, InitregError, PluginError
from initreg.wording import place_in, shown

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class Fitted(NamedTuple):
    """A config with the shape of one weight, and what the config says of that shape.

    A plugin computes the distribution, so it is requested once for each weight.
    """

    config: InitializerConfig
    shape: Shape
    distribution: Distribution | None

    @property
    def is_portable(self) -> bool:
        """Return True if the weight gets the same values on every backend."""
        return self.distribution is not None or draws_itself(self.config)


def fit(config: InitializerConfig, shape: Shape) -> Fitted:
    """Fit a config to the shape of a weight; raises `ConfigError` if it does not fit."""
    return Fitted(config, shape, distribution_of(config, shape))


def draw_config(
    config: InitializerConfig,
    shape: Shape,
    dtype: str,
    seed: int,
    path: str = "",
    *,
    region: Region | None = None,
    threads: int | None = None,
    moments: Moments | None = None,
) -> "Array | None":
    """Draw a config's values; None where only Keras can make them.

    A seed that the config brings takes the place of `seed`. Raises `ConfigError` where the config
    does not fit the shape.
    """
    fitted = fit(config, shape)
    return draw_fitted(fitted, dtype, seed, path, region=region, threads=threads, moments=moments)


def draw_fitted(
    fitted: Fitted,
    dtype: str,
    seed: int,
    path: str = "",
    *,
    region: Region | None = None,
    threads: int | None = None,
    moments: Moments | None = None,
) -> "Array | None":
    """Draw what `draw_config` draws, without requesting the distribution again."""
    import numpy as np

    config, shape, distribution = fitted
    seed = seed_in_force(config, seed)
    if distribution is not None:
        key = derive_key(seed, path)
        return draw_distribution(
            distribution, shape, dtype, key, region=region, threads=threads, moments=moments
        )
    if not draws_itself(config):
        return None
    try:
        values = config.draw(shape, seed, path)
        if values is None or values.shape != shape:
            made = "nothing" if values is None else f"the shape {list(values.shape)}"
            raise TypeError(f"draw() gave {made}")
    except InitregError:
        raise
    except Exception as error:  # the plugin's code
        raise _failure(config, shape, error) from error
    if region is not None:
        values = values[tuple(region)]
    out = empty(values.size, as_dtype(dtype)).reshape(values.shape)
    with np.errstate(over="ignore", under="ignore"):
        cast(values, out)
    if moments is not None:
        moments.add(out)
    return out


def own_seed(config: InitializerConfig) -> int | None:
    """Return the seed that a config brings, if any.

    One without the parameter, that holds a single other, draws as that one does, from its seed.
    """
    if "seed" not in config.parameter_fields:
        held = [*held_by(config)]
        return own_seed(held[0]) if len(held) == 1 else None
    own = getattr(config, "seed", None)
    return None if own is None else int(own)


def seed_in_force(config: InitializerConfig, seed: int) -> int:
    """Return the seed that a config brings, else `seed`."""
    own = own_seed(config)
    return seed if own is None else own


def draws_itself(config: InitializerConfig) -> bool:
    """Whether a config has a portable draw of its own, beside any distribution.

    One that holds other initializers has, where each of them can be drawn so.
    """
    kind = type(config)
    return kind.draw is not InitializerConfig.draw and all(map(_is_drawable, held_by(config)))


def _is_drawable(config: InitializerConfig) -> bool:
    return says_how(type(config)) and all(map(_is_drawable, held_by(config)))


def distribution_of(config: InitializerConfig, shape: Shape) -> Distribution | None:
    """Return what a weight's values follow; raises `ConfigError` where `shape` is none for it."""
    try:
        distribution = config.distribution(shape)
        if distribution is None or isinstance(distribution, Distribution):
            return distribution
        raise TypeError(f"distribution() returned {shown(distribution)}, which is none")
    except InitregError:
        raise
    except Exception as error:  # the plugin's code
        raise _failure(config, shape, error) from error


def _failure(config: InitializerConfig, shape: Shape, error: Exception) -> InitregError:
    """Tell what a plugin raised: by a `ValueError` it refuses a shape, all else is its mistake."""
    if isinstance(error, ValueError):
        return ConfigError([Fault(f"{config} does not fit the shape {list(shape)}: {error}")])
    place = place_in(error, type(config).__module__.partition(".")[0])
    problem = f"{config} fails for the shape {list(shape)}: {type(error).__name__}: {error}{place}"
    return PluginError(problem)
