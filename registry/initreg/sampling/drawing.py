"""Draw a sample of an initializer through Keras."""

from collections.abc import Iterable
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

from initreg.backend import load_keras
from initreg.config.base import InitializerConfig
from initreg.config.drawing import distribution_of, fill_seed
from initreg.draws.dtypes import FLOATS, checked_dtype
from initreg.draws.seeds import random_seed
from initreg.draws.shapes import Shape, checked_shape
from initreg.errors import ConfigError, Fault, InitregError
from initreg.public import public
from initreg.registry.building import build
from initreg.registry.registry import default_registry
from initreg.sampling.memory import require_memory
from initreg.sampling.sample import Sample
from initreg.version import __version__
from initreg.wording import first_line

if TYPE_CHECKING:
    import numpy as np


@public
def sample(
    spec: object,
    shape: Iterable[int] | int | None = None,
    seed: int | None = None,
    dtype: str = "float32",
) -> Sample:
    """Draw one weight's values through Keras.

    >>> drawn = sample("random_normal(stddev=0.02)", shape=(100, 100), seed=42)
    >>> drawn.seed, round(drawn.statistics["stddev"], 3), drawn.expected["stddev"]
    (42, 0.02, 0.02)

    `spec` is anything that `validate` accepts. For most initializers, the default `shape`
    is 64,32. `seed` fills a seed that the spec leaves open. Without it, a random seed is used and
    kept in the result, so that the draw can be repeated. `dtype` is float16, bfloat16, float32 or
    float64.

    Raises the errors of `resolve`, and `ConfigError` for a shape or dtype that can't be drawn, such
    as a shape too large for this machine's memory.
    """
    config = default_registry().validate(spec)
    shape = checked_shape(config.example_shape() if shape is None else shape)
    checked_dtype(dtype)
    distribution = distribution_of(config, shape)
    require_memory(shape, dtype, structured=distribution is None)
    filled, used = fill_seed(config, random_seed() if seed is None else seed)
    keras = load_keras()
    values = _fill(keras, build(filled), config, shape, dtype)
    backend = keras.config.backend()
    return Sample(
        config=config,
        seed=used,
        backend=backend,
        versions=_versions(backend),
        values=values,
        dtype=dtype,
        distribution=distribution,
    )


def _fill(
    keras: Any, initializer: Any, config: InitializerConfig, shape: Shape, dtype: str
) -> "np.ndarray[Any, Any]":
    """Call a Keras initializer, and check what it returns."""
    import numpy as np

    backend = keras.config.backend()
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # the values show what overflowed
            tensor = initializer(shape, dtype=dtype)
            values = np.asarray(keras.ops.convert_to_numpy(tensor))
    except InitregError:
        raise
    except Exception as error:  # the backend rejects the shape or dtype, or a plugin's code fails
        problem = (
            f"{config} can't draw the shape {list(shape)} in {dtype} on "
            f"{backend}: {type(error).__name__}: {first_line(error)}\n"
            f"`initreg show {config.initializer_name}` says which shapes and dtypes it takes."
        )
        raise ConfigError([Fault(problem)]) from error
    if values.shape != shape:  # Keras broadcasts a constant's list to a larger shape, too
        problem = f"{config} fills the shape {list(values.shape)}, not {list(shape)}."
        raise ConfigError([Fault(problem)])
    if values.dtype.name != dtype:
        hint = " Set JAX_ENABLE_X64=1." if dtype == "float64" else ""
        problem = f"{backend} drew {values.dtype.name} instead of {dtype}.{hint}"
        raise ConfigError([Fault(problem)])
    return values.astype(FLOATS[dtype].kept_in, copy=False)


def _versions(backend: str) -> dict[str, str]:
    versions = {"initreg": __version__}
    for name in ("keras", backend, "numpy"):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # tensorflow-cpu is TensorFlow under another name
            versions[name] = str(getattr(import_module(name), "__version__", "unknown"))
    return versions
