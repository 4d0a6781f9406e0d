"""Portable draws: the values of a weight from NumPy, the same on every backend and machine.

A plugin can describe the values by a `distribution`, or make them by `draw`. This decides how a
weight is drawn:

===================  ========  ======================  =========  ==================
distribution()       draw()    nested configs          portable?  drawn by
===================  ========  ======================  =========  ==================
a distribution       any       any                     yes        NumPy, from it
None                 given     all of them drawable    yes        NumPy, by `draw`
None                 given     one is not drawable     no         Keras
None                 not given any                     no         Keras
===================  ========  ======================  =========  ==================

A nested config is *drawable* if its class overrides `distribution` or `draw`, and so do the configs
nested in it. "Keras" means what `build` makes: the class in `builds`, or what the plugin's own
`build` returns. A class with neither (`is_drawn`) builds initreg's `Portable`, which draws as in
the table; in the last two rows, it raises `ConfigError`.

Portable values depend only on the seed, the path, the shape and the distribution: not on threads,
on the order of chunks, or on which part of a weight a device holds.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from initreg.config.base import InitializerConfig, nested_configs, overrides
from initreg.draws.distributions import Distribution
from initreg.draws.dtypes import as_dtype
from initreg.draws.fans import Fans
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


# Who draws ----------------------------------------------------------------------------------------


class Fitted(NamedTuple):
    """A config, the shape and the fans of a weight, and the distribution that they give.

    A plugin computes the distribution, so it is requested once for each weight and kept here.
    """

    config: InitializerConfig
    shape: Shape
    fans: Fans
    distribution: Distribution | None

    @property
    def is_portable(self) -> bool:
        """Return True if the weight gets the same values on every backend."""
        return self.distribution is not None or _has_own_draw(self.config)


def fit(config: InitializerConfig, shape: Shape, fans: Fans | None = None) -> Fitted:
    """Fit a config to a weight. Raises `ConfigError` if it doesn't fit the shape.

    Without `fans`, they are counted from the shape as Keras does.
    """
    fans = fans or Fans.of_shape(shape)
    return Fitted(config, shape, fans, distribution_of(config, shape, fans))


def _has_own_draw(config: InitializerConfig) -> bool:
    """Return True if the config overrides `draw` and every nested config is drawable."""
    return overrides(type(config), "draw") and all(map(_is_drawable, nested_configs(config)))


def _is_drawable(config: InitializerConfig) -> bool:
    config_class = type(config)
    has_values = overrides(config_class, "distribution") or overrides(config_class, "draw")
    return has_values and all(map(_is_drawable, nested_configs(config)))


# Seeds --------------------------------------------------------------------------------------------


def own_seed(config: InitializerConfig) -> int | None:
    """Return the seed that a config sets, or None.

    A config without a `seed` parameter that wraps exactly one other uses that one's seed.
    """
    if (field := config.parameter_fields.get("seed")) is not None:
        seed = getattr(config, field)
        return None if seed is None else int(seed)
    nested = nested_configs(config)
    return own_seed(nested[0]) if len(nested) == 1 else None


def seed_in_force(config: InitializerConfig, seed: int) -> int:
    """Return the config's own seed, or `seed` if it has none."""
    own = own_seed(config)
    return seed if own is None else own


def fill_seed(config: InitializerConfig, seed: int) -> tuple[InitializerConfig, int | None]:
    """Fill the open seeds of a config, and return it with the seed that is used.

    This is `seed`, or the config's own seed if none is open. None if nothing is drawn at random.
    """
    filled = config.with_seed(seed)
    return filled, own_seed(config) if filled is config else seed


# Values -------------------------------------------------------------------------------------------


def draw_config(
    config: InitializerConfig,
    shape: Shape,
    dtype: str,
    seed: int,
    path: str = "",
    *,
    fans: Fans | None = None,
    region: Region | None = None,
    threads: int | None = None,
    moments: Moments | None = None,
) -> "Array | None":
    """Draw the values of a weight, or of a region of it. Return None if only Keras can make them.

    A seed in the config replaces `seed`. Without `fans`, they are counted from the shape as Keras
    does. Raises `ConfigError` if the config doesn't fit the shape.
    """
    fitted = fit(config, shape, fans)
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

    config, shape, fans, distribution = fitted
    seed = seed_in_force(config, seed)
    if distribution is not None:
        key = derive_key(seed, path)
        return draw_distribution(
            distribution, shape, dtype, key, region=region, threads=threads, moments=moments
        )
    if not _has_own_draw(config):
        return None
    try:
        values = config.draw(shape, fans, seed, path)
        if values is None or values.shape != shape:
            result = "None" if values is None else f"the shape {list(values.shape)}"
            raise TypeError(f"draw() returned {result}")
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


def distribution_of(
    config: InitializerConfig, shape: Shape, fans: Fans | None = None
) -> Distribution | None:
    """Return the distribution of a weight's values, if the config has one.

    Without `fans`, they are counted from the shape as Keras does. Raises `ConfigError` if the
    config doesn't fit the shape.
    """
    try:
        distribution = config.distribution(shape, fans or Fans.of_shape(shape))
        if distribution is None or isinstance(distribution, Distribution):
            return distribution
        raise TypeError(f"distribution() returned {shown(distribution)}, not a Distribution")
    except InitregError:
        raise
    except Exception as error:  # the plugin's code
        raise _failure(config, shape, error) from error


def _failure(config: InitializerConfig, shape: Shape, error: Exception) -> InitregError:
    """Convert a plugin's exception.

    `ValueError` means that the shape isn't supported. Anything else is a mistake in the plugin.
    """
    if isinstance(error, ValueError):
        return ConfigError([Fault(f"{config} does not fit the shape {list(shape)}: {error}")])
    place = place_in(error, type(config).__module__.partition(".")[0])
    problem = f"{config} fails for the shape {list(shape)}: {type(error).__name__}: {error}{place}"
    return PluginError(problem)
