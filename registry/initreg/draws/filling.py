"""Fill an array with the values of a distribution, chunk by chunk and in threads.

The values depend only on the key (made of the seed and the path), the shape, the dtype and the
distribution. They don't depend on the number of threads, on the order in which chunks are drawn,
or on which part of a weight a device holds.
"""

import math
import os
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from initreg.draws.distributions import Constant, Distribution
from initreg.draws.dtypes import FLOATS, as_dtype
from initreg.draws.moments import Moments
from initreg.draws.regions import Batch, Region, batches, runs_of, words_of
from initreg.draws.shapes import Shape
from initreg.draws.streams import CHUNK, Stream

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


_ALIGNMENT = 64  # bytes: JAX and TensorFlow copy an array that starts elsewhere


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
    """Draw the values of a weight, or of a region of it.

    `shape` is the shape of the whole weight. `threads` is one per core by default.
    """
    import numpy as np

    sizes = shape if region is None else tuple(part.stop - part.start for part in region)
    flat = empty(math.prod(sizes), as_dtype(dtype))
    out = flat.reshape(sizes)
    if isinstance(distribution, Constant):
        flat.fill(value := constant_in(distribution, dtype))
        if moments is not None and len(flat):
            moments.add_constant(value)
        return out
    drawn_in = FLOATS[dtype].drawn_in
    is_wide = drawn_in == "float64"

    def fill(start: int, words: "Array") -> None:
        target = flat[start : start + len(words)]
        # Values that the dtype can't hold become infinite, 0, or NaN (-inf + inf). `errstate`
        # counts for one thread only, so it is set here.
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            if drawn_in == dtype:
                distribution.fill(words, target)
            else:
                exact = np.empty(len(words), drawn_in)
                distribution.fill(words, exact)
                np.copyto(target, exact, casting="unsafe")
        if moments is not None:
            moments.add(target)

    if region is None and 0 < len(flat) <= CHUNK:  # most weights: one stream, from its start
        fill(0, Stream(key, 0, wide=is_wide).words(0, len(flat)))
        return out
    runs = runs_of(shape, [slice(0, size) for size in shape] if region is None else region)

    def fill_batch(batch: Batch) -> None:
        fill(batch.start, words_of(key, batch, runs, wide=is_wide))

    _in_threads(fill_batch, batches(runs), len(flat), threads)
    return out


def constant_in(distribution: Constant, dtype: str) -> float:
    """Return the value of a weight that is constant: the nearest one that its dtype holds."""
    if distribution.value in (0.0, 1.0):
        return float(distribution.value)
    import numpy as np

    out = np.empty(1, as_dtype(dtype))
    with np.errstate(over="ignore", under="ignore"):
        cast(np.array(distribution.value), out)
    return float(out[0])


def empty(count: int, dtype: "np.dtype[Any]") -> "Array":
    """Return a new array, aligned so that a backend can use its memory without a copy."""
    import numpy as np

    size = count * dtype.itemsize
    buffer = np.empty(size + _ALIGNMENT, np.uint8)
    start = -buffer.__array_interface__["data"][0] % _ALIGNMENT
    return buffer[start : start + size].view(dtype)


def cast(values: "Array", out: "Array") -> None:
    """Copy values of float64 into `out`, through the dtype that random values are drawn in."""
    import numpy as np

    name = out.dtype.name
    if (drawn_in := FLOATS[name].drawn_in) != name:
        values = values.astype(drawn_in)
    np.copyto(out, values, casting="unsafe")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _in_threads(
    work: Callable[[Batch], None], queue: Iterator[Batch], size: int, threads: int | None
) -> None:
    """Call `work` with each batch, in several threads. Raise the first error of any of them."""
    count = -(-size // CHUNK)
    if count > 1:
        count = min(threads or _cores(), count)
    if count <= 1:
        for batch in queue:
            work(batch)
        return
    lock, errors = threading.Lock(), list[BaseException]()

    def run() -> None:
        try:
            while not errors:
                with lock:
                    batch = next(queue, None)
                if batch is None:
                    return
                work(batch)
        except BaseException as error:
            errors.append(error)

    helpers = [threading.Thread(target=run, name="initreg-draw") for _ in range(count - 1)]
    for helper in helpers:
        helper.start()
    try:
        run()
    except BaseException as error:  # an interrupt between two batches: stop the helpers, too
        errors.append(error)
    for helper in helpers:
        helper.join()
    if errors:
        raise errors[0]
