"""Portable draws: a weight's values from NumPy, the same on every backend and machine.

They depend on the seed, the path, the shape and the distribution alone: not on threads, on the
order of chunks, or on which part of a weight a device holds.
"""

import math
import operator
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from initreg.config import InitializerConfig, held_by, says_how
from initreg.distributions import Constant, Distribution
from initreg.errors import ConfigError, Fault, InitregError, PluginError
from initreg.faults import place_in, shown
from initreg.moments import Moments
from initreg.parameters import Shape
from initreg.regions import Batch, Region, batches, runs_of, words_of
from initreg.seeds import derive_key
from initreg.streams import CHUNK

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

DTYPES = ("float16", "bfloat16", "float32", "float64")

_ALIGNMENT = 64  # bytes, as JAX and TensorFlow ask for


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
    import numpy as np

    seed = seed_in_force(config, seed)
    distribution = distribution_of(config, shape)
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
    out = _empty(values.size, as_dtype(dtype)).reshape(values.shape)
    with np.errstate(over="ignore", under="ignore"):
        _cast(values, out)
    if moments is not None:
        moments.add(out)
    return out


def _cast(values: "Array", out: "Array") -> None:
    """Copy values of float64; to a half by way of float32, as all draws of halves go."""
    import numpy as np

    if out.dtype.itemsize < 4:
        values = values.astype(np.float32)
    np.copyto(out, values, casting="unsafe")


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


def checked_shape(shape: Iterable[int] | int) -> Shape:
    """Return a shape as a tuple; raises `ConfigError` for what is none."""
    try:
        sizes: tuple[Any, ...] = tuple(shape)  # type: ignore[arg-type]
    except TypeError:
        sizes = (shape,)
    try:
        whole = tuple(operator.index(n) for n in sizes)
    except TypeError:
        whole = (-1,)
    if any(isinstance(n, bool) for n in sizes) or any(n < 0 for n in whole):
        raise ConfigError([Fault(f"A shape holds whole numbers from 0 up, not {list(sizes)}.")])
    return whole


def checked_dtype(dtype: str) -> str:
    """Return the name of a float; raises `ConfigError` for any other."""
    if dtype not in DTYPES:
        raise ConfigError([Fault(f"dtype must be one of {', '.join(DTYPES)}, not {dtype!r}.")])
    return dtype


def as_dtype(dtype: str) -> "np.dtype[Any]":
    """Return NumPy's dtype of a float; raises `ConfigError` for what is none."""
    import numpy as np

    kind: Any = checked_dtype(dtype)
    if kind == "bfloat16":
        from ml_dtypes import bfloat16 as kind
    found: np.dtype[Any] = np.dtype(kind)
    return found


def draw_distribution(
    distribution: Distribution,
    shape: Shape,
    dtype: str,
    key: int,
    *,
    region: Region | None = None,
    threads: int | None = None,
    moments: Moments | None = None,
) -> "Array":
    """Draw the values of a weight, or of a region of it, in threads.

    `shape` is that of the whole weight. float16 and bfloat16 are the values of float32, cast.
    """
    import numpy as np

    region = [slice(0, size) for size in shape] if region is None else region
    flat = _empty(math.prod(part.stop - part.start for part in region), as_dtype(dtype))
    out = flat.reshape([part.stop - part.start for part in region])
    wide = dtype == "float64"
    runs = runs_of(shape, region)
    if isinstance(distribution, Constant):
        with np.errstate(over="ignore", under="ignore"):
            _cast(np.array(distribution.value), flat)
        if moments is not None:
            moments.add(flat[:1])
        return out

    def fill(batch: Batch) -> None:
        words = [words_of(key, part, runs, wide) for part in batch.parts]
        joined = words[0] if len(words) == 1 else np.concatenate(words)
        target = flat[batch.start : batch.start + len(joined)]
        # What a dtype can't hold becomes infinite or 0, or NaN by -inf + inf: the values show it.
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):  # each thread's own
            if target.dtype.itemsize >= 4:
                distribution.fill(joined, target)
            else:
                exact = np.empty(len(joined), np.float32)
                distribution.fill(joined, exact)
                np.copyto(target, exact, casting="unsafe")
        if moments is not None:
            moments.add(target)

    _in_threads(fill, batches(*runs), len(flat), threads)
    return out


def _empty(count: int, dtype: "np.dtype[Any]") -> "Array":
    """Return a new array that starts where a backend can take it over without a copy."""
    import numpy as np

    held = np.empty(count * dtype.itemsize + _ALIGNMENT, np.uint8)
    start = -held.ctypes.data % _ALIGNMENT
    return held[start : start + count * dtype.itemsize].view(dtype)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _in_threads(
    work: Callable[[Batch], None], items: Iterator[Batch], size: int, threads: int | None
) -> None:
    """Call `work` with each item, in as many threads as there are cores; raise what one raises."""
    count = min(threads or _cores(), -(-size // CHUNK))
    if count <= 1:
        for item in items:
            work(item)
        return
    lock, failed = threading.Lock(), list[BaseException]()

    def run() -> None:
        try:
            while not failed:
                with lock:
                    item = next(items, None)
                if item is None:
                    return
                work(item)
        except BaseException as error:
            failed.append(error)

    helpers = [threading.Thread(target=run, name="initreg-draw") for _ in range(count - 1)]
    for helper in helpers:
        helper.start()
    try:
        run()
    except BaseException as error:  # an interrupt: let the others stop, too
        failed.append(error)
    for helper in helpers:
        helper.join()
    if failed:
        raise failed[0]
