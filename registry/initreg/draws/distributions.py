"""What the values of one weight follow, where they are independent of each other.

Each distribution knows its moments, support, density and quantiles without any library, fills
arrays of NumPy, and gives its frozen SciPy twin for all else.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from initreg.draws.normal import FAR, density, share_below, standard
from initreg.public import public

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@public
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

    def fill(self, words: "Array", out: "Array") -> None:
        """Fill `out` with values, each of them the quantile at its own random word.

        `out` is flat, of float32 with words of 32 bits or of float64 with words of 64, which are
        signed integers, each as likely as any other. This one asks `ppf` for each value; override
        it with what works on whole arrays, and gives the same values for the same words however
        the array is cut.
        """
        import numpy as np

        from initreg.draws.quantiles import fill_centered

        at = np.empty(words.shape)
        fill_centered(words, at)
        low, high = self.support
        out[...] = [min(max(self.ppf(q + 0.5), low), high) for q in at.tolist()]


def _require(holds: bool, distribution: Distribution) -> None:
    if not holds:  # a spread below 0, bounds in the wrong order, or NaN
        raise ValueError(f"{distribution} is no distribution")


def _scale(out: "Array", loc: float, scale: float) -> None:
    import numpy as np

    kind = out.dtype.type
    np.multiply(out, kind(scale), out=out)
    if loc:
        np.add(out, kind(loc), out=out)


def _keep_within(out: "Array", low: float, high: float) -> None:
    """Move what rounding has led beyond the bounds to the outermost number within them."""
    import numpy as np

    kind = out.dtype.type
    least, most = kind(low), kind(high)
    # As Python's floats: NumPy would round the bound to the type, and find both equal.
    if float(least) < low:
        least = np.nextafter(least, kind(math.inf))
    if float(most) > high:
        most = np.nextafter(most, kind(-math.inf))
    if least > most:  # no number lies within: then the nearest to it
        least = most = kind(low)
    np.clip(out, least, most, out=out)


def _point_pdf(x: float, value: float) -> float:
    return math.inf if x == value else 0.0


def _point_scipy(value: float) -> Any:
    from scipy import stats

    # Shifted from 0, where SciPy's variance of it is exactly 0 on every machine.
    return stats.rv_discrete(values=((0,), (1.0,)))(loc=value)


@public
@dataclass(frozen=True, slots=True)
class Constant(Distribution):
    """One value everywhere.

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
    """Every value between `low` and `high` alike.

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
        return min(max(x, self.low), self.high)  # rounding may lead outside

    def scipy(self) -> Any:
        if self.low == self.high:
            return _point_scipy(self.low)
        from scipy import stats

        return stats.uniform(self.low, self.high - self.low)

    def fill(self, words: "Array", out: "Array") -> None:
        import numpy as np

        from initreg.draws.quantiles import fill_centered

        kind = out.dtype.type
        fill_centered(words, out)
        width = self.high - self.low
        if width > float(np.finfo(kind).max):  # half of it is no more than the bounds themselves
            np.multiply(out, kind(2), out=out)
            width = self.high / 2 - self.low / 2
        np.multiply(out, kind(width), out=out)
        np.add(out, kind(self.mean), out=out)
        _keep_within(out, self.low, self.high)


def _moments_within(low: float, high: float) -> tuple[float, float]:
    """Return mean and variance of a standard normal distribution, cut to a narrow interval.

    By Simpson's rule about the middle: the closed form is a difference of numbers that are equal.
    """
    middle, half = low / 2 + high / 2, high / 2 - low / 2
    steps = 32
    places = [half * (2 * k / steps - 1) for k in range(steps + 1)]
    weights = [1.0, *(4.0, 2.0) * (steps // 2 - 1), 4.0, 1.0]
    shares = [w * math.exp(-u * (middle + u / 2)) for w, u in zip(weights, places, strict=True)]
    whole = math.fsum(shares)
    mean = math.fsum(map(math.prod, zip(shares, places, strict=True))) / whole
    squares = math.fsum(s * (u - mean) ** 2 for s, u in zip(shares, places, strict=True))
    return middle + mean, squares / whole


@public
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

    def __post_init__(self) -> None:
        _require(self.loc == self.loc and self.scale >= 0 and self.low <= self.high, self)

    @property
    def mean(self) -> float:
        return self.loc + self.scale * self._moments[0]

    @property
    def stddev(self) -> float:
        return self.scale * math.sqrt(self._moments[1])

    @property
    def _moments(self) -> tuple[float, float]:
        """The mean, in scales from `loc`, and the variance."""
        if (self.high - self.low) * (1 + max(abs(self.low), abs(self.high))) < 0.5:
            return _moments_within(self.low, self.high)
        low, high = density(self.low), density(self.high)
        shift = (low - high) / self._mass
        inner, outer = max(self.low, -FAR), min(self.high, FAR)  # not infinite: inf × 0 is none
        return shift, 1 + (inner * low - outer * high) / self._mass - shift * shift

    @property
    def support(self) -> tuple[float, float]:
        return self.loc + self.scale * self.low, self.loc + self.scale * self.high

    @property
    def _mass(self) -> float:
        low, high, _ = self._leftward
        return share_below(high) - share_below(low)

    @property
    def _leftward(self) -> tuple[float, float, float]:
        """The bounds, mirrored where the larger part of the cut lies on the right; and the sign.

        In the left tail a float tells shares apart that are all 1 in the right one.
        """
        if self.low + self.high > 0:
            return -self.high, -self.low, -1.0
        return self.low, self.high, 1.0

    def pdf(self, x: float) -> float:
        if self.scale == 0:
            return _point_pdf(x, self.loc)
        z = (x - self.loc) / self.scale
        inside = self.low <= z <= self.high
        return standard().pdf(z) / (self._mass * self.scale) if inside else 0.0

    def ppf(self, q: float) -> float:
        if q in (0, 1):
            return self.support[int(q)]
        low, _, sign = self._leftward
        share = q if sign > 0 else 1 - q
        z = sign * standard().inv_cdf(share_below(low) + share * self._mass)
        return self.loc + self.scale * min(max(z, self.low), self.high)

    def scipy(self) -> Any:
        if self.scale == 0:
            return _point_scipy(self.loc)
        from scipy import stats

        return stats.truncnorm(self.low, self.high, loc=self.loc, scale=self.scale)

    def fill(self, words: "Array", out: "Array") -> None:
        import numpy as np

        from initreg.draws.quantiles import LARGEST_MASS, fill_between, fill_normal

        if self.low == -self.high and self._mass <= LARGEST_MASS:
            fill_normal(words, out, self._mass)
        else:
            low, high, sign = self._leftward
            exact = np.empty(out.shape)
            mirrored = words if sign > 0 else ~words  # so that values rise with their words
            fill_between(mirrored, exact, share_below(low), share_below(high), share_below(-high))
            np.multiply(exact, sign, out=exact)
            np.copyto(out, exact, casting="same_kind")
        _scale(out, self.loc, self.scale)
        _keep_within(out, *self.support)


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
