"""The standard normal distribution, the same to the last digit on every machine.

`exp` and `erf` differ in the last digit between C libraries and Python versions. Random values
depend on the shares computed here, so these are computed with `decimal`, whose results don't depend
on the machine: to 40 digits, and then rounded to a float once.
"""

import math
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from statistics import NormalDist


@cache
def standard() -> "NormalDist":
    """Return `statistics.NormalDist()`, for uses that don't need reproducible last digits."""
    from statistics import NormalDist  # takes longer to import than the rest of this module

    return NormalDist()


FAR = 39.0
"""Beyond this many standard deviations, density and share are too small for a float."""

_TWO_PI = "6.28318530717958647692528676655900576839433879875021"


# Cached, because each batch of values needs the same few shares, and one takes up to 0.4 ms.
@lru_cache(maxsize=256)
def density(x: float) -> float:
    """Return the density at `x`."""
    from decimal import Context, Decimal, localcontext

    if abs(x) > FAR:
        return 0.0
    with localcontext(Context(prec=40)):
        return float((-(Decimal(x) ** 2) / 2).exp() / Decimal(_TWO_PI).sqrt())


@lru_cache(maxsize=256)
def share_below(x: float) -> float:
    """Return the share of values below `x`: the distribution function.

    Uses a series near 0, and a continued fraction in the tail. Source: Abramowitz, Stegun,
    Handbook of Mathematical Functions (1964), 26.2.11 and 26.2.14.
    """
    from decimal import Context, Decimal, localcontext

    if x > 0:
        return 1.0 - share_below(-x)
    if x < -FAR:
        return 0.0
    with localcontext(Context(prec=40)):
        z = -Decimal(x)
        density_at = (-z * z / 2).exp() / Decimal(_TWO_PI).sqrt()
        if z > 1:
            fraction = z
            for k in range(500, 0, -1):
                fraction = z + k / fraction
            return float(density_at / fraction)
        term = total = z
        for k in range(3, 80, 2):
            term *= z * z / k
            total += term
        return float(Decimal("0.5") - density_at * total)


def share_between(low: float, high: float) -> float:
    """Return the share of values between two bounds."""
    if low + high > 0:  # mirror: in the right tail, the difference of two shares near 1 is coarse
        low, high = -high, -low
    return share_below(high) - share_below(low)


def moments_between(low: float, high: float) -> tuple[float, float]:
    """Return the mean and the variance of the values between two bounds.

    Source: Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions 1 (1994), 13.10.1.
    """
    if (high - low) * (1 + max(abs(low), abs(high))) < 0.5:
        return _moments_of_narrow(low, high)
    mass = share_between(low, high)
    at_low, at_high = density(low), density(high)
    mean = (at_low - at_high) / mass
    low, high = max(low, -FAR), min(high, FAR)  # because inf × 0 is NaN
    return mean, 1 + (low * at_low - high * at_high) / mass - mean * mean


def _moments_of_narrow(low: float, high: float) -> tuple[float, float]:
    """Return the moments for a narrow interval, by Simpson's rule.

    There, the closed form loses all precision: it subtracts numbers that are nearly equal.
    """
    middle, half = low / 2 + high / 2, high / 2 - low / 2
    steps = 32
    points = [half * (2 * k / steps - 1) for k in range(steps + 1)]  # measured from the middle
    weights = [1.0, *(4.0, 2.0) * (steps // 2 - 1), 4.0, 1.0]
    # The density at each point, relative to the density in the middle.
    shares = [w * math.exp(-u * (middle + u / 2)) for w, u in zip(weights, points, strict=True)]
    total = math.fsum(shares)
    mean = math.fsum(map(math.prod, zip(shares, points, strict=True))) / total
    squares = math.fsum(s * (u - mean) ** 2 for s, u in zip(shares, points, strict=True))
    return middle + mean, squares / total
