"""`Sample`: the values of one weight, with their statistics and the expected ones."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from initreg.config.base import InitializerConfig
from initreg.draws.distributions import Distribution
from initreg.draws.dtypes import FLOATS
from initreg.draws.shapes import Shape
from initreg.public import public
from initreg.registry.registry import default_registry

if TYPE_CHECKING:
    import numpy as np

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


@public
@dataclass(frozen=True, eq=False)
class Sample:
    """Values that an initializer drew, and what is needed to draw them again.

    `seed` is the seed that was used; None if nothing is drawn at random. The values follow
    `distribution`; it is None if they depend on each other. `values` of a bfloat16 are kept as
    float32, because NumPy can't compute with bfloat16 or write it to a file.
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
        """The canonical spec, without a seed that was filled in."""
        return default_registry().describe(self.config)

    @property
    def shape(self) -> Shape:
        """The shape of the values."""
        return tuple(self.values.shape)

    @property
    def count(self) -> int:
        """The number of values."""
        return self.values.size

    @property
    def digits(self) -> int:
        """The decimal digits that give each of `values` back exactly."""
        return FLOATS[self.dtype].digits

    @cached_property
    def finite(self) -> "np.ndarray[Any, Any]":
        """The finite values, as a flat array."""
        import numpy as np

        finite: np.ndarray[Any, Any] = self.values[np.isfinite(self.values)]
        return finite

    @cached_property
    def statistics(self) -> dict[str, float]:
        """Mean, standard deviation, extremes and quantiles of the finite values.

        Empty if there are no finite values.
        """
        import numpy as np

        values = self.finite
        if not values.size:
            return {}
        with np.errstate(over="ignore", invalid="ignore"):  # float64 itself overflows near 1e308
            statistics = {
                "mean": float(values.mean(dtype=np.float64)),
                "stddev": float(values.std(dtype=np.float64)),
                "min": float(values.min()),
                "max": float(values.max()),
            }
            # In float64, because the difference of two float16 can overflow a float16.
            exact = values.astype(np.float64)
            quantiles = np.quantile(exact, QUANTILES, overwrite_input=True)
        return statistics | dict(zip(map(_percent, QUANTILES), map(float, quantiles), strict=True))

    @cached_property
    def expected(self) -> dict[str, float]:
        """Theoretical value of each statistic (for min and max: the median over many draws).

        Empty without values, or without a known distribution.
        """
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
        """Count the finite values in `bins` steps of equal width. Return the edges and the counts.

        Both are empty if there is no such step: without values, or if they are so close together
        or so far apart that a float can't hold the width of a step.
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
        # NumPy before 2.1 returns bins without width instead of raising an error.
        if not (np.isfinite(steps).all() and (steps > 0).all()):
            return [], []
        return edges.tolist(), counts.tolist()


def _percent(quantile: float) -> str:
    return f"{quantile:.0%}"
