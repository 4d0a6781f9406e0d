"""Find the random words that a region of a weight needs.

A region is a box in a weight, such as the shard of one device. The values of a weight are counted
in C order, so a region is a list of *runs*: values with consecutive numbers. Columns 2 and 3 of a
weight of shape (4, 6) are four runs of two values:

     0   1  [ 2   3]  4   5
     6   7  [ 8   9] 10  11
    12  13  [14  15] 16  17
    18  19  [20  21] 22  23

A weight is drawn in chunks, each with a stream of random words of its own (see `streams`). If a
chunk had 9 values here, the second run would be in two chunks: value 8 is the last one of chunk 0,
value 9 the first one of chunk 1. So runs are split between chunks into *parts*. A part may hold few
values, so several are gathered into a *batch*, which is filled by one call.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from initreg.draws.streams import CHUNK, Stream

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Region: TypeAlias = Sequence[slice]
"""A part of a weight: one slice for each axis, with step 1."""


class Runs(NamedTuple):
    """Runs of equal length: the number of the first value of each, in ascending order."""

    starts: "Array"
    length: int


class Part(NamedTuple):
    """The part of the runs ``first:last`` that is in one chunk."""

    chunk: int
    first: int
    last: int


class Batch(NamedTuple):
    """Parts to fill in one call, and the position of their first value in the output."""

    start: int
    parts: list[Part]


def runs_of(shape: Sequence[int], region: Region) -> Runs:
    """Return the runs that make up a region, as long as possible.

    >>> runs_of((4, 6), [slice(0, 4), slice(2, 4)])
    Runs(starts=array([ 2,  8, 14, 20]), length=2)
    >>> runs_of((4, 6), [slice(1, 3), slice(0, 6)])
    Runs(starts=array([6]), length=12)
    """
    import numpy as np

    # The last axes that are taken whole are one run, together with the axis before them.
    axis = len(shape)
    length = 1
    while axis:
        axis -= 1
        size = region[axis].stop - region[axis].start
        length *= size
        if size != shape[axis]:
            break
    strides = [1]
    for size in reversed(shape[1:]):
        strides.insert(0, strides[0] * size)
    starts = np.zeros(1, np.int64)
    for position, part in enumerate(region[:axis]):
        steps = np.arange(part.start, part.stop, dtype=np.int64) * strides[position]
        starts = (starts[:, None] + steps).reshape(-1)
    if shape:
        starts += region[axis].start * strides[axis]
    return Runs(starts, length)


def batches(runs: Runs) -> Iterator[Batch]:
    """Group runs into batches of about `CHUNK` values, because each call costs some time."""
    import numpy as np

    starts, length = runs
    if not length or not len(starts):
        return
    position, count, parts = 0, 0, list[Part]()
    for chunk in range(int(starts[0]) // CHUNK, (int(starts[-1]) + length - 1) // CHUNK + 1):
        low, high = chunk * CHUNK, (chunk + 1) * CHUNK
        first = int(np.searchsorted(starts, low - length, "right"))
        last = int(np.searchsorted(starts, high, "left"))
        if first == last:
            continue
        before = max(0, low - int(starts[first]))  # values of the first run in earlier chunks
        after = max(0, int(starts[last - 1]) + length - high)  # of the last run, in later ones
        parts.append(Part(chunk, first, last))
        count += (last - first) * length - before - after
        if count >= CHUNK // 2:
            yield Batch(position, parts)
            position, count, parts = position + count, 0, []
    if parts:
        yield Batch(position, parts)


def words_of(key: int, batch: Batch, runs: Runs, *, wide: bool) -> "Array":
    """Return the random words of a batch, one for each value, in C order."""
    import numpy as np

    words = [piece for part in batch.parts for piece in _pieces(key, part, runs, wide)]
    return words[0] if len(words) == 1 else np.concatenate(words)


def _pieces(key: int, part: Part, runs: Runs, wide: bool) -> "Iterator[Array]":
    """Yield the words of one part. Its first and its last run may be cut by the chunk's borders."""
    starts = runs.starts[part.first : part.last] - part.chunk * CHUNK
    stream = Stream(key, part.chunk, wide=wide)
    if starts[0] < 0:  # this run began in an earlier chunk
        yield stream.words(0, min(int(starts[0]) + runs.length, CHUNK))
        starts = starts[1:]
    cut = len(starts) > 0 and int(starts[-1]) + runs.length > CHUNK
    whole = starts[:-1] if cut else starts
    if len(whole):
        yield stream.runs(whole, runs.length)
    if cut:  # this run continues in the next chunk
        yield stream.words(int(starts[-1]), CHUNK)
