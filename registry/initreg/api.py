"""The main functions, with the default registry: validate, resolve, describe, draw."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from initreg.config.base import InitializerConfig
from initreg.config.drawing import draw_config
from initreg.draws.distributions import Distribution
from initreg.draws.fan_checks import checked_fans
from initreg.draws.fans import Fans
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
    """Check a spec, and return it as a config.

    >>> validate("random_normal(stddev=0.02)") == validate(
    ...     {"class_name": "RandomNormal", "config": {"stddev": "0.02"}}
    ... )
    True
    >>> print(validate("RandomNormal(0.0, 0.05, seed=7)"))
    random_normal(seed=7)

    `spec` is text, a `Spec`, ``{"type": name, **parameters}``, Keras's ``{"class_name": …,
    "config": …}`` or a config, which is returned unchanged. Does not import Keras.

    Raises `SpecSyntaxError` for text that is not a valid spec, `UnknownInitializerError` or
    `AmbiguousInitializerError` for a name, and `ConfigError` with all faults of the parameters.
    """
    return default_registry().validate(spec)


@public
def resolve(spec: object, seed: int | None = None, *, portable: bool = False) -> Any:
    """Make the Keras initializer of a spec. Each call makes a new one.

    >>> resolve("random_normal(mean=0,stddev=0.05)", seed=42).get_config()
    {'seed': 42, 'mean': 0.0, 'stddev': 0.05}

    `spec` is anything that `validate` or `keras.initializers.get` accepts. Beside specs, that is
    None, initializers (returned unchanged, or copied to fill an open seed), classes, callables,
    arrays, and the names of custom objects. A built-in name gives a class of Keras's own, so a
    model saved with it loads without initreg.

    `seed`, 0 … 2³²−1, is used if the spec has no seed. Nested initializers get seeds derived from
    it (see `derive_seed`). A seed in the spec is kept.

    With `portable`, the initializer fills a weight with the values of `draw`, which are the same on
    every backend. It is a class of initreg: load a model saved with it by `load_model`, or with
    `custom_objects`.

    Raises the errors of `validate`, `BackendError` if Keras's backend is missing, and `PluginError`
    if the plugin can't build a config that its schema accepts.
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
    fans: Fans | tuple[float, float] | None = None,
    threads: int | None = None,
) -> "np.ndarray[Any, Any]":
    """Draw a weight's values with NumPy. They are the same on every machine and backend.

    >>> values = draw("random_normal(stddev=0.02)", (300, 100), seed=42, path="dense/kernel")
    >>> values.shape, str(values.dtype), round(float(values.std()), 3)
    ((300, 100), 'float32', 0.02)

    `spec` is anything that `validate` accepts, or a `Distribution`. The values depend on the spec,
    the shape, the dtype, the seed and the path. They do not depend on `threads`, which defaults to
    the number of cores. A seed in the spec replaces `seed`. `dtype` is float16, bfloat16, float32
    or float64; values of the first two are drawn as float32 and cast. `fans` are the fan-in and the
    fan-out of the weight. Without them, they are counted from the shape as Keras does.

    Raises the errors of `validate`, and `ConfigError` for an invalid shape, dtype, seed or fans,
    and for an initializer whose class defines neither `distribution` nor `draw`, so that only Keras
    can draw from it.

    Source of the quantiles: Wichura, Algorithm AS 241 (1988).
    """
    sizes = checked_shape(shape)
    seed = checked_seed(seed)
    known = checked_fans(fans, sizes)
    if isinstance(spec, Distribution):
        return draw_distribution(spec, sizes, dtype, derive_key(seed, path), threads=threads)
    config = default_registry().validate(spec)
    values = draw_config(config, sizes, dtype, seed, path, fans=known, threads=threads)
    if values is None:
        problem = (
            f"{config} can't be drawn without Keras: its class defines neither distribution() nor "
            "draw(). Use initreg.sample or initreg.resolve."
        )
        raise ConfigError([Fault(problem)])
    return values


@public
def describe(initializer: Any) -> str:
    """Return the shortest spec of a Keras initializer.

    >>> import keras
    >>> describe(keras.initializers.RandomNormal(stddev=0.02, seed=7))
    'random_normal(stddev=0.02, seed=7)'

    It also accepts anything that `validate` accepts. Raises `UnknownInitializerError` for a class
    that no installed plugin builds, and `ConfigError` for a value that is not an initializer, or
    has parameters that no spec can express (such as a `SeedGenerator`).
    """
    return default_registry().describe(initializer)
