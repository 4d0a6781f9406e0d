"""The mean and the standard deviation of values that come part by part."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class Moments:
    """The mean and the standard deviation of values that are added part by part."""

    def __init__(self) -> None:
        self._parts: list[tuple[int, float, float]] = []

    def add(self, values: "Array") -> None:
        """Add values; safe to call from many threads."""
        import numpy as np

        if not values.size:
            return
        if values.dtype.itemsize < 4:
            values = values.astype(np.float32)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            mean = float(np.add.reduce(values, axis=None)) / values.size
            centered = np.subtract(values, values.dtype.type(mean))
            spread = float(np.add.reduce(np.multiply(centered, centered), axis=None))
        if values.dtype == np.float32 and not 1e-30 < spread < 1e38:  # the squares may leave it
            self.add(values.astype(np.float64))
        else:
            self._parts.append((values.size, mean, spread))

    @property
    def mean(self) -> float:
        """The mean of all values so far; NaN where there are none."""
        count = sum(n for n, _, _ in self._parts)
        return sum(n * mean for n, mean, _ in self._parts) / count if count else float("nan")

    @property
    def stddev(self) -> float:
        """The standard deviation of all values so far."""
        count, whole = sum(n for n, _, _ in self._parts), self.mean
        total = sum(spread + n * (mean - whole) * (mean - whole) for n, mean, spread in self._parts)
        return (total / count) ** 0.5 if count else float("nan")
