"""Drawn values held against the distribution that they should follow."""

from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from initreg.draws.distributions import Distribution

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

ALPHA = 1e-6
"""How often the check of a distribution would refuse right values, were its seeds drawn anew."""

_ROUNDING = 2.0**-21  # of a value in float32, relative to how far out the values lie
_GRID = 2048  # quantiles at which shares are counted
_FEWEST = 1000  # values from which on a mean is as good as normal


def rounding(distribution: Distribution) -> float:
    """Return how far rounding may move a value in float32."""
    return _ROUNDING * (abs(distribution.mean) + distribution.stddev)


def misfit(values: "Array", distribution: Distribution, alpha: float) -> str | None:
    """Say how values, of float64, do not follow a distribution; None where they may well do.

    Right values are refused with a probability of `alpha` at most: a third of it for the mean and
    a third for the spread, by the normal approximation, a third for the shares below each
    quantile, as in the test of Kolmogorov and Smirnov.

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
            found = f"{values.std():.6g}, not {spread:.6g} ± {width:.2g}"
            return f"have the standard deviation {found}"
    ordered = np.sort(values)
    below = np.searchsorted(ordered, quantiles - slack, "left") / count
    up_to = np.searchsorted(ordered, quantiles + slack, "right") / count
    beyond = np.maximum(below - shares, shares - up_to)
    worst = int(np.argmax(beyond))
    if beyond[worst] > (np.log(6 / alpha) / (2 * count)) ** 0.5:
        share = max((below[worst], up_to[worst]), key=lambda each: abs(each - shares[worst]))
        return f"lie below {quantiles[worst]:.6g} in {share:.2%} of all, not in {shares[worst]:.2%}"
    return None
