"""What the values of one weight follow, where they are independent of each other.

Each distribution knows its moments, support, density and quantiles without any library, and its
frozen SciPy twin for all else.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from statistics import NormalDist


@cache
def _standard() -> "NormalDist":
    from statistics import NormalDist  # takes longer to import than the rest of this module

    return NormalDist()


class Distribution(ABC):
    """The distribution of one weight's values.

    `mean` and `stddev` are those of the values, `support` the interval that they stay in.
    """

    @property
    @abstractmethod
    def mean(self) -> float:
        """The mean of the values."""

    @property
    @abstractmethod
    def stddev(self) -> float:
        """The standard deviation of the values."""

    @property
    @abstractmethod
    def support(self) -> tuple[float, float]:
        """The least and the largest possible value."""

    @abstractmethod
    def pdf(self, x: float) -> float:
        """Return the density at `x`; infinite at the one value of a distribution without spread."""

    @abstractmethod
    def ppf(self, q: float) -> float:
        """Return the value below which the share `q` of the values lies, 0 ≤ q ≤ 1."""

    @abstractmethod
    def scipy(self) -> Any:
        """Return the frozen SciPy distribution of the same values (imports `scipy.stats`)."""


def _point_pdf(x: float, value: float) -> float:
    return math.inf if x == value else 0.0


def _point_scipy(value: float) -> Any:
    from scipy import stats

    # Shifted from 0, where SciPy's variance of it is exactly 0 on every machine.
    return stats.rv_discrete(values=((0,), (1.0,)))(loc=value)


@dataclass(frozen=True, slots=True)
class Constant(Distribution):
    """One value everywhere.

    >>> Constant(0.1).stddev
    0.0
    """

    value: float

    @property
    def mean(self) -> float:
        return self.value

    @property
    def stddev(self) -> float:
        return 0.0

    @property
    def support(self) -> tuple[float, float]:
        return self.value, self.value

    def pdf(self, x: float) -> float:
        return _point_pdf(x, self.value)

    def ppf(self, q: float) -> float:
        return self.value

    def scipy(self) -> Any:
        return _point_scipy(self.value)


@dataclass(frozen=True, slots=True)
class Uniform(Distribution):
    """Every value between `low` and `high` alike.

    >>> round(Uniform(-0.05, 0.05).stddev, 6)
    0.028868
    """

    low: float
    high: float

    @property
    def mean(self) -> float:
        return self.low / 2 + self.high / 2

    @property
    def stddev(self) -> float:
        return (self.high / 2 - self.low / 2) / math.sqrt(3)

    @property
    def support(self) -> tuple[float, float]:
        return self.low, self.high

    def pdf(self, x: float) -> float:
        if self.low == self.high:
            return _point_pdf(x, self.low)
        return 1 / (self.high - self.low) if self.low <= x <= self.high else 0.0

    def ppf(self, q: float) -> float:
        x = self.low * (1 - q) + self.high * q
        return min(max(x, self.low), self.high)  # rounding may lead outside

    def scipy(self) -> Any:
        if self.low == self.high:
            return _point_scipy(self.low)
        from scipy import stats

        return stats.uniform(self.low, self.high - self.low)


@dataclass(frozen=True, slots=True)
class TruncatedNormal(Distribution):
    """A normal distribution of mean `loc` and standard deviation `scale`, cut off at both ends.

    The bounds `low` and `high` count in scales from `loc`, as in `scipy.stats.truncnorm`. What lies
    beyond them is drawn again, so the spread of the values is smaller than `scale`.

    >>> round(TruncatedNormal(0.0, 1.0).stddev, 6)
    0.879626

    Source: Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions 1 (1994), 13.10.1.
    """

    loc: float
    scale: float
    low: float = -2.0
    high: float = 2.0

    @property
    def mean(self) -> float:
        low, high = _standard().pdf(self.low), _standard().pdf(self.high)
        return self.loc + self.scale * (low - high) / self._mass

    @property
    def stddev(self) -> float:
        low, high = _standard().pdf(self.low), _standard().pdf(self.high)
        shift = (low - high) / self._mass
        variance = 1 + (self.low * low - self.high * high) / self._mass - shift**2
        return self.scale * math.sqrt(variance)

    @property
    def support(self) -> tuple[float, float]:
        return self.loc + self.scale * self.low, self.loc + self.scale * self.high

    @property
    def _mass(self) -> float:
        return _standard().cdf(self.high) - _standard().cdf(self.low)

    def pdf(self, x: float) -> float:
        if self.scale == 0:
            return _point_pdf(x, self.loc)
        z = (x - self.loc) / self.scale
        inside = self.low <= z <= self.high
        return _standard().pdf(z) / (self._mass * self.scale) if inside else 0.0

    def ppf(self, q: float) -> float:
        if q in (0, 1):
            return self.support[int(q)]
        z = _standard().inv_cdf(_standard().cdf(self.low) + q * self._mass)
        return self.loc + self.scale * min(max(z, self.low), self.high)

    def scipy(self) -> Any:
        if self.scale == 0:
            return _point_scipy(self.loc)
        from scipy import stats

        return stats.truncnorm(self.low, self.high, loc=self.loc, scale=self.scale)


@dataclass(frozen=True, slots=True)
class Normal(Distribution):
    """A normal distribution.

    >>> Normal(0.0, 0.05).support
    (-inf, inf)
    """

    mean: float = 0.0
    stddev: float = 1.0

    @property
    def support(self) -> tuple[float, float]:
        return (-math.inf, math.inf) if self.stddev else (self.mean, self.mean)

    def pdf(self, x: float) -> float:
        if self.stddev == 0:
            return _point_pdf(x, self.mean)
        return _standard().pdf((x - self.mean) / self.stddev) / self.stddev

    def ppf(self, q: float) -> float:
        if q in (0, 1):
            return self.support[int(q)]
        return self.mean + self.stddev * _standard().inv_cdf(q)

    def scipy(self) -> Any:
        if self.stddev == 0:
            return _point_scipy(self.mean)
        from scipy import stats

        return stats.norm(self.mean, self.stddev)
