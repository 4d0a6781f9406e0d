"""The verbs over the default registry: validate, resolve, describe, draw."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from initreg.config.base import InitializerConfig
from initreg.config.drawing import draw_config
from initreg.draws.distributions import Distribution
from initreg.draws.filling import draw_distribution
from initreg.draws.seeds import checked_seed, derive_key
from initreg.draws.shapes import checked_shape
from initreg.errors import ConfigError, Fault
from initreg.public import public
from initreg.registry.registry import default_registry, is_spec

if TYPE_CHECKING:
    import numpy as np


@public
def validate(spec: object) -> InitializerConfig:
    """Check a spec, and return its config.

    >>> validate("random_normal(stddev=0.02)") == validate(
    ...     {"class_name": "RandomNormal", "config": {"stddev": "0.02"}}
    ... )
    True
    >>> print(validate("RandomNormal(0.0, 0.05, seed=7)"))
    random_normal(seed=7)

    `spec` is text, a `Spec`, ``{"type": name, **parameters}``, Keras's ``{"class_name": …,
    "config": …}`` or a config, which comes back as it is. Needs no Keras.

    Raises `SpecSyntaxError` for text that is no spec, `UnknownInitializerError` or
    `AmbiguousInitializerError` for a name, and `ConfigError` with all faults of the parameters.
    """
    return default_registry().validate(spec)


@public
def resolve(spec: object, seed: int | None = None, *, portable: bool = False) -> Any:
    """Make the Keras initializer of a spec: a fresh one each call.

    >>> resolve("random_normal(mean=0,stddev=0.05)", seed=42).get_config()
    {'seed': 42, 'mean': 0.0, 'stddev': 0.05}

    It takes all that `validate` takes, and what `keras.initializers.get` takes beside: None,
    initializers (returned as they are, or copied to fill an open seed), classes, callables and
    arrays, and the names of custom objects. The result of a built-in name is Keras's own class, so
    a model saved with it loads without initreg.

    `seed`, 0 … 2³²−1, fills a seed that the spec leaves open; initializers nested in it get seeds
    derived from it (see `derive_seed`). A seed that the spec gives is kept.

    A `portable` one fills a weight with the values that `draw` gives, the same on every backend. It
    is a class of initreg, which `load_model` and `custom_objects` bring back from a saved model.

    Raises the errors of `validate`, `BackendError` where Keras's backend is missing, and
    `PluginError` where the plugin can't build what its schema took.
    """
    if not portable or spec is None:
        return default_registry().resolve(spec, seed)
    registry = default_registry()
    config = registry.validate(spec) if is_spec(spec) else registry.config_of(spec)
    from initreg.models.portable import Portable  # imports Keras

    return Portable(config, seed)


@public
def draw(
    spec: object,
    shape: Iterable[int] | int,
    *,
    seed: int,
    path: str = "",
    dtype: str = "float32",
    threads: int | None = None,
) -> "np.ndarray[Any, Any]":
    """Draw a weight's values with NumPy alone: the same on every machine and backend.

    >>> values = draw("random_normal(stddev=0.02)", (300, 100), seed=42, path="dense/kernel")
    >>> values.shape, str(values.dtype), round(float(values.std()), 3)
    ((300, 100), 'float32', 0.02)

    `spec` is what `validate` takes, or a `Distribution`. The values depend on the spec, the shape,
    the dtype and the key, which is the seed with the path: not on `threads`, of which there are as
    many as cores. A seed in the spec takes the place of `seed`. `dtype` is float16, bfloat16,
    float32 or float64; the first two are the values of float32, cast.

    Raises the errors of `validate`, and `ConfigError` for a shape, dtype or seed that is not to be
    had, and for an initializer that only Keras can call: one with neither a distribution nor a draw
    of its own.

    Source of the quantiles: Wichura, Algorithm AS 241 (1988).
    """
    sizes = checked_shape(shape)
    seed = checked_seed(seed)
    if isinstance(spec, Distribution):
        return draw_distribution(spec, sizes, dtype, derive_key(seed, path), threads=threads)
    config = default_registry().validate(spec)
    values = draw_config(config, sizes, dtype, seed, path, threads=threads)
    if values is None:
        problem = (
            f"{config} has no portable draw: its plugin says neither what its values follow nor "
            "how NumPy makes them. Keras can: initreg.sample, or initreg.resolve."
        )
        raise ConfigError([Fault(problem)])
    return values


@public
def describe(initializer: Any) -> str:
    """Write a Keras initializer as the shortest spec.

    >>> import keras
    >>> describe(keras.initializers.RandomNormal(stddev=0.02, seed=7))
    'random_normal(stddev=0.02, seed=7)'

    It takes what `validate` takes, too. Raises `UnknownInitializerError` for a class that no
    installed plugin builds, and `ConfigError` for what is no initializer, or holds what no spec
    can say (such as a `SeedGenerator`).
    """
    return default_registry().describe(initializer)
