"""The parts of a weight that a draw fills at once.

A region of a weight, such as one device's shard, is a list of runs: values that stand side by side
in C order. The runs are cut at the borders of chunks, and gathered into batches of some size.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from initreg.draws.streams import CHUNK, Stream

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Region: TypeAlias = Sequence[slice]
"""A part of a weight: a slice of each axis, of step 1."""


class Part(NamedTuple):
    """The runs ``first:last`` as far as they lie in one chunk."""

    chunk: int
    first: int
    last: int


class Batch(NamedTuple):
    """Parts to fill at once, and where in the output their values start."""

    start: int
    parts: list[Part]


def runs_of(shape: Sequence[int], region: Region) -> "tuple[Array, int]":
    """Return where the runs of a region start in the weight, and how many values each has.

    A run is as long as its values stand side by side in C order.
    """
    import numpy as np

    axis = len(shape)
    length = 1
    while axis:
        axis -= 1
        taken = region[axis].stop - region[axis].start
        length *= taken
        if taken != shape[axis]:
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
    return starts, length


def batches(starts: "Array", length: int) -> Iterator[Batch]:
    """Cut runs into batches of some `CHUNK` values, so that few calls fill them."""
    import numpy as np

    if not length or not len(starts):
        return
    done, held, parts = 0, 0, list[Part]()
    for chunk in range(int(starts[0]) // CHUNK, (int(starts[-1]) + length - 1) // CHUNK + 1):
        low, high = chunk * CHUNK, (chunk + 1) * CHUNK
        first = int(np.searchsorted(starts, low - length, "right"))
        last = int(np.searchsorted(starts, high, "left"))
        if first == last:
            continue
        before = max(0, low - int(starts[first]))
        behind = max(0, int(starts[last - 1]) + length - high)
        parts.append(Part(chunk, first, last))
        held += (last - first) * length - before - behind
        if held >= CHUNK // 2:
            yield Batch(done, parts)
            done, held, parts = done + held, 0, []
    if parts:
        yield Batch(done, parts)


def words_of(key: int, part: Part, runs: "tuple[Array, int]", wide: bool) -> "Array":
    """Return the words of the values of one part."""
    import numpy as np

    starts, length = runs
    own = starts[part.first : part.last] - part.chunk * CHUNK
    stream = Stream(key, part.chunk, wide=wide)
    pieces = []
    if own[0] < 0:  # a run that began in a chunk before
        pieces.append(stream.words(0, min(int(own[0]) + length, CHUNK)))
        own = own[1:]
    cut = len(own) and int(own[-1]) + length > CHUNK  # one that goes on in the next
    whole = own[:-1] if cut else own
    if len(whole):
        pieces.append(stream.runs(whole, length))
    if cut:
        pieces.append(stream.words(int(own[-1]), CHUNK))
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
