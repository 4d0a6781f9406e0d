"""Values drawn through Keras, and their statistics beside what theory expects."""

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from initreg.backend import load_keras
from initreg.config.base import InitializerConfig
from initreg.config.drawing import distribution_of
from initreg.draws.distributions import Distribution
from initreg.draws.dtypes import checked_dtype
from initreg.draws.seeds import MAX_SEED, checked_seed
from initreg.draws.shapes import Shape, checked_shape
from initreg.errors import ConfigError, Fault, InitregError
from initreg.public import public
from initreg.registry.building import build
from initreg.registry.registry import default_registry
from initreg.version import __version__
from initreg.wording import first_line

if TYPE_CHECKING:
    import numpy as np

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_BYTES = {"float16": 2, "bfloat16": 2, "float32": 4, "float64": 8}

# A draw and its statistics hold at once: the values, copies of them, what the backend computes
# with, and arrays of float64. tests/benchmarks/sample_memory.py measures the peaks.
_COPIES = 4
_COPIES_OF_STRUCTURED = 6  # a factorization works on copies of its own
_WORKING_BYTES = 32


@public
@dataclass(frozen=True, eq=False)
class Sample:
    """Values that one initializer drew, and all that it takes to draw them again.

    `seed` is None where nothing is drawn at random. `distribution` is what theory expects of the
    values, None where they depend on each other.
    """

    config: InitializerConfig
    seed: int | None
    backend: str
    versions: dict[str, str]
    values: "np.ndarray[Any, Any]"
    dtype: str
    distribution: Distribution | None

    @property
    def spec(self) -> str:
        """The canonical spec, as it was given."""
        return default_registry().describe(self.config)

    @property
    def shape(self) -> Shape:
        """The shape of the values."""
        return tuple(self.values.shape)

    @property
    def count(self) -> int:
        """How many values there are."""
        return self.values.size

    @cached_property
    def finite(self) -> "np.ndarray[Any, Any]":
        """The finite values, flat."""
        import numpy as np

        finite: np.ndarray[Any, Any] = self.values[np.isfinite(self.values)]
        return finite

    @cached_property
    def statistics(self) -> dict[str, float]:
        """Mean, standard deviation, extremes and quantiles of the finite values; none if empty."""
        import numpy as np

        values = self.finite
        if not values.size:
            return {}
        with np.errstate(over="ignore", invalid="ignore"):  # float64 itself overflows near 1e308
            found = {
                "mean": float(values.mean(dtype=np.float64)),
                "stddev": float(values.std(dtype=np.float64)),
                "min": float(values.min()),
                "max": float(values.max()),
            }
            # In float64, since the distance of two float16 can be more than a float16 holds.
            exact = values.astype(np.float64)
            quantiles = np.quantile(exact, QUANTILES, overwrite_input=True)
        return found | dict(zip(map(_percent, QUANTILES), map(float, quantiles), strict=True))

    @cached_property
    def expected(self) -> dict[str, float]:
        """What theory expects of each statistic: of the extremes, their median over many draws."""
        theory, count = self.distribution, self.finite.size
        if theory is None or not count:
            return {}
        half = 0.5 ** (1 / count)
        expected = {
            "mean": theory.mean,
            "stddev": theory.stddev,
            "min": theory.ppf(1 - half),
            "max": theory.ppf(half),
        }
        return expected | {_percent(q): theory.ppf(q) for q in QUANTILES}

    def histogram(self, bins: int) -> tuple[list[float], list[int]]:
        """Count the finite values in `bins` equal steps; return their edges and the counts.

        Both are empty where there is no such step: for no values, for values as close together as
        numbers can be, or too far apart.
        """
        import numpy as np

        values = self.finite.astype(np.float64)
        if not values.size:
            return [], []
        with np.errstate(over="ignore", invalid="ignore"):
            try:
                counts, edges = np.histogram(values, bins=bins)
            except (ValueError, IndexError):  # the latter from NumPy 2.0
                return [], []
            steps = np.diff(edges)
        # NumPy before 2.1 gives bins without width in place of an error.
        if not (np.isfinite(steps).all() and (steps > 0).all()):
            return [], []
        return edges.tolist(), counts.tolist()


def _percent(quantile: float) -> str:
    return f"{quantile:.0%}"


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

    `spec` is what `validate` takes. Without a `shape`, it is one that suits the initializer: 64,32
    for most. `seed` fills one that the spec leaves open; without it, one is drawn and kept in the
    result, so that the draw can be repeated. `dtype` is float16, bfloat16, float32 or float64.

    Raises the errors of `resolve`, and `ConfigError` for a shape or dtype that is not to be had,
    such as one too large for this machine's memory.
    """
    import random

    config = default_registry().validate(spec)
    shape = checked_shape(config.example_shape() if shape is None else shape)
    checked_dtype(dtype)
    distribution = distribution_of(config, shape)
    _require_memory(shape, dtype, _COPIES if distribution else _COPIES_OF_STRUCTURED)
    drawn = random.SystemRandom().randint(0, MAX_SEED) if seed is None else checked_seed(seed)
    keras = load_keras()
    initializer = build(config, drawn)
    values = _draw(keras, initializer, config, shape, dtype)
    # The seed in force: the one filled in, or the one that the spec brings.
    seeded = config.with_seed(drawn)
    used = drawn if seeded != config else getattr(config, "seed", None)
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


def _draw(
    keras: Any, initializer: Any, config: InitializerConfig, shape: Shape, dtype: str
) -> "np.ndarray[Any, Any]":
    import numpy as np

    try:
        with np.errstate(over="ignore", invalid="ignore"):  # the values show what overflowed
            tensor = initializer(shape, dtype=dtype)
            values = np.asarray(keras.ops.convert_to_numpy(tensor))
    except InitregError:
        raise
    except Exception as error:  # the backend's own refusal, or a plugin's code
        problem = (
            f"{config} can't draw the shape {list(shape)} in {dtype} on "
            f"{keras.config.backend()}: {type(error).__name__}: {first_line(error)}\n"
            f"`initreg show {config.initializer_name}` says which shapes and dtypes it takes."
        )
        raise ConfigError([Fault(problem)]) from error
    if values.shape != shape:  # a constant's list broadcasts to a larger shape, too
        problem = f"{config} fills the shape {list(values.shape)}, not {list(shape)}."
        raise ConfigError([Fault(problem)])
    if values.dtype.name != dtype:
        hint = " Set JAX_ENABLE_X64=1." if dtype == "float64" else ""
        problem = f"{keras.config.backend()} drew {values.dtype.name} in place of {dtype}.{hint}"
        raise ConfigError([Fault(problem)])
    # NumPy's statistics and files do not know bfloat16; every value of it is a float32.
    return values.astype(np.float32) if dtype == "bfloat16" else values


def _require_memory(shape: Shape, dtype: str, copies: int) -> None:
    count = math.prod(shape)
    needed = count * (copies * _BYTES[dtype] + _WORKING_BYTES)
    available = available_memory()
    if needed > available:
        problem = (
            f"The shape {list(shape)} is too large: {count:,} values of {dtype} are "
            f"{_readable(count * _BYTES[dtype])}, and drawing them takes about "
            f"{_readable(needed)}. {_readable(available)} are available."
        )
        raise ConfigError([Fault(problem)])


def available_memory() -> int:
    """Return the bytes of memory that this process may still take, as far as it can be told."""
    limits = [2**63]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                limits.append(int(line.split()[1]) * 1024)
        group = Path("/sys/fs/cgroup")
        limit = int((group / "memory.max").read_text())
        limits.append(limit - int((group / "memory.current").read_text()))
    except (OSError, ValueError):  # not Linux, or no limit ("max")
        pass
    return min(limits)


def _readable(size: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB"):
        if size < 1024 or unit == "PiB":
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1024
    raise AssertionError


def _versions(backend: str) -> dict[str, str]:
    versions = {"initreg": __version__}
    for name in ("keras", backend, "numpy"):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # tensorflow-cpu is TensorFlow under another name
            versions[name] = str(getattr(__import__(name), "__version__", "unknown"))
    return versions
