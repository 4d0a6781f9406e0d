"""Compare drawn values with the distribution that they should follow."""

from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from initreg.draws.distributions import Distribution

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

ALPHA = 1e-6
"""False-alarm probability of the distribution check, per run with fresh seeds."""

_ROUNDING = 2.0**-21  # error of a value in float32, relative to the size of the values
_GRID = 2048  # number of quantiles at which shares are compared
_FEWEST = 1000  # number of values from which the mean is close enough to normal


def rounding(distribution: Distribution) -> float:
    """Return how far rounding to float32 may move a value."""
    return _ROUNDING * (abs(distribution.mean) + distribution.stddev)


def misfit(values: "Array", distribution: Distribution, alpha: float) -> str | None:
    """Describe how values (in float64) differ from a distribution; return None if they fit.

    Values that do follow the distribution are rejected with probability `alpha` at most. The mean
    and the standard deviation, compared by the normal approximation, use a third of it each. The
    last third is for the shape: at each of many quantiles, the share of values below it is compared
    with the expected share, as in the test of Kolmogorov and Smirnov.

    Source of the bound for the shares: Massart, The tight constant in the
    Dvoretzky–Kiefer–Wolfowitz inequality, 1990.
    """
    import numpy as np

    count, slack = len(values), rounding(distribution)
    shares = (np.arange(_GRID) + 0.5) / _GRID
    quantiles = np.array([distribution.ppf(share) for share in shares.tolist()])
    mean, spread = distribution.mean, distribution.stddev
    fourth = float(np.mean((quantiles - mean) ** 4))
    if count >= _FEWEST and np.isfinite([mean, spread, fourth]).all():
        z = NormalDist().inv_cdf(1 - alpha / 6)
        apart = z * spread / count**0.5 + slack
        if abs(values.mean() - mean) > apart:
            return f"have the mean {values.mean():.6g}, not {mean:.6g} ± {apart:.2g}"
        room = z * (max(0.0, fourth - spread**4) / count) ** 0.5 + 2 * spread * slack + slack**2
        if abs(values.var() - spread**2) > room:
            width = room / (2 * spread) if spread else slack
            difference = f"{values.std():.6g}, not {spread:.6g} ± {width:.2g}"
            return f"have the standard deviation {difference}"
    ordered = np.sort(values)
    below = np.searchsorted(ordered, quantiles - slack, "left") / count
    up_to = np.searchsorted(ordered, quantiles + slack, "right") / count
    beyond = np.maximum(below - shares, shares - up_to)
    worst = int(np.argmax(beyond))
    if beyond[worst] > (np.log(6 / alpha) / (2 * count)) ** 0.5:
        expected = shares[worst]
        share = max((below[worst], up_to[worst]), key=lambda share: abs(share - expected))
        return f"lie below {quantiles[worst]:.6g} in {share:.2%} of cases, not {expected:.2%}"
    return None
