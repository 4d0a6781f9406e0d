"""Distributions of the values of one weight, if these are independent of each other.

Each distribution computes its moments, support, density and quantiles without any library, and
fills NumPy arrays. For everything else, `scipy` returns the same distribution as SciPy's object.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from initreg.draws.dtypes import FLOATS
from initreg.draws.normal import moments_between, share_below, share_between, standard
from initreg.public import public

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@public
class Distribution(ABC):
    """The distribution of one weight's values.

    A subclass defines `mean`, `stddev`, `support`, `pdf`, `ppf` and `scipy`. Override `fill` to
    draw faster.
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
        """The smallest and the largest possible value."""

    @abstractmethod
    def pdf(self, x: float) -> float:
        """Return the density at `x`: infinity at the value of a distribution without spread."""

    @abstractmethod
    def ppf(self, q: float) -> float:
        """Return the quantile of `q`, 0 ≤ q ≤ 1: a share `q` of the values lies below it."""

    @abstractmethod
    def scipy(self) -> Any:
        """Return the frozen SciPy distribution of the same values. Imports `scipy.stats`."""

    def fill(self, words: "Array", out: "Array") -> None:
        """Fill `out` with one value for each random word: the quantile at that word.

        Words are signed integers, all equally likely: the smallest stands for the share 0, the
        largest for 1. Both arrays are flat. `out` is float32 with words of 32 bits, or float64 with
        words of 64 bits.

        The default calls `ppf` for each word. An override can work on whole arrays, but each value
        must depend on its own word alone, because weights are drawn in parts.
        """
        import numpy as np

        from initreg.draws.quantiles import fill_centered

        centered = np.empty(words.shape)
        fill_centered(words, centered)
        low, high = self.support
        out[...] = [min(max(self.ppf(q + 0.5), low), high) for q in centered.tolist()]


def _require(valid: bool, distribution: Distribution) -> None:
    if not valid:  # a spread below 0, bounds in the wrong order, or NaN
        raise ValueError(f"{distribution} is not a valid distribution")


def _scale(out: "Array", loc: float, scale: float) -> None:
    import numpy as np

    scalar = out.dtype.type
    np.multiply(out, scalar(scale), out=out)
    if loc:
        np.add(out, scalar(loc), out=out)


def _keep_within(out: "Array", low: float, high: float) -> None:
    """Clip values that rounding pushed outside the bounds."""
    import numpy as np

    scalar = out.dtype.type
    # The bounds may lie between two numbers of the dtype: clip to the nearest ones within.
    least, most = scalar(low), scalar(high)
    # Compare Python floats. NumPy would round the bound to the dtype, and find the two equal.
    if float(least) < low:
        least = np.nextafter(least, scalar(math.inf))
    if float(most) > high:
        most = np.nextafter(most, scalar(-math.inf))
    if least > most:  # the dtype has no number within the bounds
        least = most = scalar(low)
    out.clip(least, most, out=out)


def _point_pdf(x: float, value: float) -> float:
    return math.inf if x == value else 0.0


def _point_scipy(value: float) -> Any:
    from scipy import stats

    # Shifted by `loc`, because SciPy's variance at 0 is exactly 0 on every machine.
    return stats.rv_discrete(values=((0,), (1.0,)))(loc=value)


@public
@dataclass(frozen=True, slots=True)
class Constant(Distribution):
    """Every value is the same.

    >>> Constant(0.1).stddev
    0.0
    """

    value: float

    def __post_init__(self) -> None:
        _require(self.value == self.value, self)

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

    def fill(self, words: "Array", out: "Array") -> None:
        out.fill(self.value)


@public
@dataclass(frozen=True, slots=True)
class Uniform(Distribution):
    """All values between `low` and `high` are equally likely.

    >>> round(Uniform(-0.05, 0.05).stddev, 6)
    0.028868
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        _require(self.low <= self.high, self)

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
        return min(max(x, self.low), self.high)  # rounding may push it outside

    def scipy(self) -> Any:
        if self.low == self.high:
            return _point_scipy(self.low)
        from scipy import stats

        return stats.uniform(self.low, self.high - self.low)

    def fill(self, words: "Array", out: "Array") -> None:
        import numpy as np

        from initreg.draws.quantiles import fill_centered

        scalar = out.dtype.type
        fill_centered(words, out)
        width = self.high - self.low
        if width > FLOATS[out.dtype.name].largest:  # then multiply by 2 and by half the width
            np.multiply(out, scalar(2), out=out)
            width = self.high / 2 - self.low / 2
        np.multiply(out, scalar(width), out=out)
        np.add(out, scalar(self.mean), out=out)
        _keep_within(out, self.low, self.high)


@public
@dataclass(frozen=True, slots=True)
class Normal(Distribution):
    """A normal distribution.

    >>> Normal(0.0, 0.05).support
    (-inf, inf)
    """

    mean: float = 0.0
    stddev: float = 1.0

    def __post_init__(self) -> None:
        _require(self.mean == self.mean and self.stddev >= 0, self)

    @property
    def support(self) -> tuple[float, float]:
        return (-math.inf, math.inf) if self.stddev else (self.mean, self.mean)

    def pdf(self, x: float) -> float:
        if self.stddev == 0:
            return _point_pdf(x, self.mean)
        return standard().pdf((x - self.mean) / self.stddev) / self.stddev

    def ppf(self, q: float) -> float:
        if q in (0, 1):
            return self.support[int(q)]
        return self.mean + self.stddev * standard().inv_cdf(q)

    def scipy(self) -> Any:
        if self.stddev == 0:
            return _point_scipy(self.mean)
        from scipy import stats

        return stats.norm(self.mean, self.stddev)

    def fill(self, words: "Array", out: "Array") -> None:
        from initreg.draws.quantiles import fill_normal

        fill_normal(words, out)
        _scale(out, self.mean, self.stddev)


@public
@dataclass(frozen=True, slots=True)
class TruncatedNormal(Distribution):
    """A normal distribution with mean `loc` and standard deviation `scale`, truncated at both ends.

    As in `scipy.stats.truncnorm`, the bounds `low` and `high` are multiples of `scale`, measured
    from `loc`. No value is outside them, so the standard deviation of the values is smaller than
    `scale`.

    >>> round(TruncatedNormal(0.0, 1.0).stddev, 6)
    0.879626

    Source: Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions 1 (1994), 13.10.1.
    """

    loc: float
    scale: float
    low: float = -2.0
    high: float = 2.0

    def __post_init__(self) -> None:
        _require(self.loc == self.loc and self.scale >= 0 and self.low <= self.high, self)

    @property
    def mean(self) -> float:
        return self.loc + self.scale * moments_between(self.low, self.high)[0]

    @property
    def stddev(self) -> float:
        return self.scale * math.sqrt(moments_between(self.low, self.high)[1])

    @property
    def support(self) -> tuple[float, float]:
        return self.loc + self.scale * self.low, self.loc + self.scale * self.high

    @property
    def _leftward(self) -> tuple[float, float, float]:
        """The bounds, and 1; or the bounds mirrored, and -1, if the interval is mostly positive.

        In the left tail, a float can distinguish shares such as 1e-20 and 2e-20. In the right tail,
        where they are 1 - 1e-20 and 1 - 2e-20, both are rounded to 1.
        """
        if self.low + self.high > 0:
            return -self.high, -self.low, -1.0
        return self.low, self.high, 1.0

    def pdf(self, x: float) -> float:
        if self.scale == 0:
            return _point_pdf(x, self.loc)
        z = (x - self.loc) / self.scale
        inside = self.low <= z <= self.high
        mass = share_between(self.low, self.high)
        return standard().pdf(z) / (mass * self.scale) if inside else 0.0

    def ppf(self, q: float) -> float:
        if q in (0, 1):
            return self.support[int(q)]
        low, _, sign = self._leftward
        share = q if sign > 0 else 1 - q
        z = sign * standard().inv_cdf(share_below(low) + share * share_between(self.low, self.high))
        return self.loc + self.scale * min(max(z, self.low), self.high)

    def scipy(self) -> Any:
        if self.scale == 0:
            return _point_scipy(self.loc)
        from scipy import stats

        return stats.truncnorm(self.low, self.high, loc=self.loc, scale=self.scale)

    def fill(self, words: "Array", out: "Array") -> None:
        import numpy as np

        from initreg.draws.quantiles import LARGEST_MASS, fill_between, fill_normal

        mass = share_between(self.low, self.high)
        if self.low == -self.high and mass <= LARGEST_MASS:
            fill_normal(words, out, mass)
        else:
            low, high, sign = self._leftward
            exact = np.empty(out.shape)
            mirrored = words if sign > 0 else ~words  # so that larger words give larger values
            fill_between(mirrored, exact, share_below(low), share_below(high), share_below(-high))
            np.multiply(exact, sign, out=exact)
            np.copyto(out, exact, casting="same_kind")
        _scale(out, self.loc, self.scale)
        _keep_within(out, *self.support)
