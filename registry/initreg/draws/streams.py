"""Keyed streams of random words: the same for a key and a place, on every machine.

A weight's values are counted in C order and cut into chunks. Each chunk has a stream of its own,
and each value of it one word, so any part of a weight can be drawn by itself: in any order, in any
number of threads, on any device that holds that part alone.

The words are those of NumPy's bit generator `PCG64DXSM`. NumPy keeps those from version to version
(NEP 19), where it may change how its `Generator` makes normal values of them.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

CHUNK = 1 << 18
"""Values in a chunk. Another number here would change each weight of more values than that."""

_APART = 1 << 12  # words that are sooner drawn and dropped than leapt over


class Stream:
    """The words of one chunk, of 32 bits, or of 64 where they are `wide`: signed integers.

    >>> whole = Stream(7, chunk=0).words(0, 10)
    >>> Stream(7, chunk=0).words(3, 8).tolist() == whole[3:8].tolist()
    True
    """

    def __init__(self, key: int, chunk: int, *, wide: bool = False) -> None:
        import numpy as np

        self._generator = np.random.PCG64DXSM(np.random.SeedSequence(key, spawn_key=(chunk,)))
        self._position = 0  # in what the generator gives at a time: 64 bits
        self._each = 1 if wide else 2
        self._dtype = "<i8" if wide else "<i4"

    def words(self, start: int, stop: int) -> "np.ndarray[Any, Any]":
        """Return the words of the values ``start:stop``, an array that the caller may write to."""
        first, last = start // self._each, -(-stop // self._each)
        if first != self._position:
            self._generator.advance((first - self._position) % 2**128)
        self._position = last
        # Little-endian, so that the halves of 64 bits have one order everywhere.
        raw = self._generator.random_raw(last - first).astype("<u8", copy=False)
        return raw.view(self._dtype)[start - first * self._each :][: stop - start]

    def runs(self, starts: "np.ndarray[Any, Any]", length: int) -> "np.ndarray[Any, Any]":
        """Return the words of runs of `length` values, which start at `starts`, in that order.

        >>> import numpy as np
        >>> Stream(7, chunk=0).runs(np.array([2, 6]), 2).tolist() == [
        ...     *Stream(7, chunk=0).words(2, 4).tolist(), *Stream(7, chunk=0).words(6, 8).tolist()
        ... ]
        True
        """
        import numpy as np

        breaks = np.flatnonzero(np.diff(starts) - length >= _APART) + 1
        parts = []
        for group in np.split(starts, breaks):
            first, last = int(group[0]), int(group[-1]) + length
            words = self.words(first, last)
            if last - first > len(group) * length:
                words = words[(group - first)[:, None] + np.arange(length)].reshape(-1)
            parts.append(words)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
