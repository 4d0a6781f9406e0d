"""Fill an array with the values of a distribution, chunk by chunk and in threads.

They depend on the seed, the path, the shape and the distribution alone: not on threads, on the
order of chunks, or on which part of a weight a device holds.
"""

import math
import os
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from initreg.draws.distributions import Constant, Distribution
from initreg.draws.dtypes import as_dtype
from initreg.draws.moments import Moments
from initreg.draws.regions import Batch, Region, batches, runs_of, words_of
from initreg.draws.shapes import Shape
from initreg.draws.streams import CHUNK

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


_ALIGNMENT = 64  # bytes, as JAX and TensorFlow ask for


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
    flat = empty(math.prod(part.stop - part.start for part in region), as_dtype(dtype))
    out = flat.reshape([part.stop - part.start for part in region])
    wide = dtype == "float64"
    runs = runs_of(shape, region)
    if isinstance(distribution, Constant):
        with np.errstate(over="ignore", under="ignore"):
            cast(np.array(distribution.value), flat)
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


def empty(count: int, dtype: "np.dtype[Any]") -> "Array":
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


def cast(values: "Array", out: "Array") -> None:
    """Copy values of float64; to a half by way of float32, as all draws of halves go."""
    import numpy as np

    if out.dtype.itemsize < 4:
        values = values.astype(np.float32)
    np.copyto(out, values, casting="unsafe")
