"""Streams of random words, which depend only on a key and a position.

The values of a weight are counted in C order and divided into chunks. Each chunk has a stream of
its own, seeded by the weight's key and the number of the chunk. Each value takes one word of it. So
the word of any value is known without drawing the values before it, and any part of a weight can be
drawn alone: in any order, in any number of threads, on any device that holds this part.

The words come from NumPy's bit generator `PCG64DXSM`, and the values are made by `quantiles`. NumPy
promises the same words from its bit generators in every version (NEP 19), but not the same normal
values from its `Generator`. A counter-based generator such as Philox can start anywhere, too, but
takes 1.8 times as long for each word. `PCG64DXSM` jumps to any position of its stream (`advance`)
in about 1 µs.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

CHUNK = 1 << 18
"""Values per chunk. Changing it changes every weight larger than one chunk."""

_APART = 1 << 12  # for gaps shorter than this, drawing and discarding beats `advance()`


class Stream:
    """The words of one chunk: signed integers of 32 bits, or of 64 bits if `wide`.

    >>> whole = Stream(7, chunk=0).words(0, 10)
    >>> Stream(7, chunk=0).words(3, 8).tolist() == whole[3:8].tolist()
    True
    """

    def __init__(self, key: int, chunk: int, *, wide: bool = False) -> None:
        import numpy as np

        self._generator = np.random.PCG64DXSM(np.random.SeedSequence(key, spawn_key=(chunk,)))
        self._position = 0  # counted in what the generator returns: 64 bits at a time
        self._per_draw = 1 if wide else 2  # words in 64 bits
        self._dtype = "<i8" if wide else "<i4"

    def words(self, start: int, stop: int) -> "np.ndarray[Any, Any]":
        """Return the words of the values ``start:stop``, in a new array."""
        first, last = start // self._per_draw, -(-stop // self._per_draw)
        if first != self._position:
            self._generator.advance((first - self._position) % 2**128)
        self._position = last
        # Little-endian, so that the two halves of 64 bits have the same order on every machine.
        raw = self._generator.random_raw(last - first).astype("<u8", copy=False)
        return raw.view(self._dtype)[start - first * self._per_draw :][: stop - start]

    def runs(self, starts: "np.ndarray[Any, Any]", length: int) -> "np.ndarray[Any, Any]":
        """Return the words of runs of `length` values that begin at `starts`, one after the other.

        >>> import numpy as np
        >>> Stream(7, chunk=0).runs(np.array([2, 6]), 2).tolist() == [
        ...     *Stream(7, chunk=0).words(2, 4).tolist(), *Stream(7, chunk=0).words(6, 8).tolist()
        ... ]
        True
        """
        import numpy as np

        # Draw runs that are close together at once, with the words between them; then pick theirs.
        breaks = np.flatnonzero(np.diff(starts) - length >= _APART) + 1
        parts = []
        for group in np.split(starts, breaks):
            first, last = int(group[0]), int(group[-1]) + length
            words = self.words(first, last)
            if last - first > len(group) * length:
                words = words[(group - first)[:, None] + np.arange(length)].reshape(-1)
            parts.append(words)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
