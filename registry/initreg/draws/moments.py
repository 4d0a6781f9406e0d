"""The mean and the standard deviation of values that are added part by part."""

import math
from typing import TYPE_CHECKING, Any

from initreg.draws.dtypes import FLOATS

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class Moments:
    """Collects the mean and the standard deviation of a weight while its parts are drawn."""

    def __init__(self) -> None:
        # Of each part: how many values, their mean, and the sum of squared distances from it.
        self._parts: list[tuple[int, float, float]] = []

    def add(self, values: "Array") -> None:
        """Add an array of values. Several threads may call this at once."""
        import numpy as np

        if not values.size:
            return
        if values.dtype.type not in (np.float32, np.float64):  # the name of a dtype takes long
            values = values.astype(FLOATS[values.dtype.name].drawn_in)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            mean = float(np.add.reduce(values, axis=None)) / values.size
            centered = np.subtract(values, values.dtype.type(mean))
            squares = float(np.add.reduce(np.multiply(centered, centered), axis=None))
        if values.dtype == np.float32 and not 1e-30 < squares < 1e38:  # beyond what float32 holds
            self.add(values.astype(np.float64))
        else:
            self._parts.append((values.size, mean, squares))

    def add_constant(self, value: float) -> None:
        """Add any number of values that are all the same."""
        self._parts.append((1, value, 0.0 if math.isfinite(value) else math.nan))

    @property
    def mean(self) -> float:
        """The mean of all values so far; NaN if there are none."""
        count = sum(n for n, _, _ in self._parts)
        return sum(n * mean for n, mean, _ in self._parts) / count if count else float("nan")

    @property
    def stddev(self) -> float:
        """The standard deviation of all values so far; NaN if there are none."""
        count, mean = sum(n for n, _, _ in self._parts), self.mean
        total = sum(
            squares + n * (part_mean - mean) * (part_mean - mean)
            for n, part_mean, squares in self._parts
        )
        return (total / count) ** 0.5 if count else float("nan")
