"""The standard normal distribution, the same to the last digit on every machine.

C libraries differ in the last digit of `exp` and `erf`, and versions of Python in how they ask for
it. What is drawn depends on these, so they are computed in decimals.
"""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from statistics import NormalDist


@cache
def standard() -> "NormalDist":
    """Return it as Python has it, for what need not be exact."""
    from statistics import NormalDist  # takes longer to import than the rest of this module

    return NormalDist()


FAR = 39.0
"""Standard deviations: what lies further out is less than any float."""

_TWO_PI = "6.28318530717958647692528676655900576839433879875021"


@cache
def density(x: float) -> float:
    """Return the density at `x`."""
    from decimal import Context, Decimal, localcontext

    if abs(x) > FAR:
        return 0.0
    with localcontext(Context(prec=40)):
        return float((-(Decimal(x) ** 2) / 2).exp() / Decimal(_TWO_PI).sqrt())


@cache
def share_below(x: float) -> float:
    """Return the share below `x`. Source: Abramowitz, Stegun (1964), 26.2.11 and 26.2.14."""
    from decimal import Context, Decimal, localcontext

    if x > 0:
        return 1.0 - share_below(-x)
    if x < -FAR:
        return 0.0
    with localcontext(Context(prec=40)):
        z = -Decimal(x)
        density = (-z * z / 2).exp() / Decimal(_TWO_PI).sqrt()
        if z > 1:
            fraction = z
            for k in range(500, 0, -1):
                fraction = z + k / fraction
            return float(density / fraction)
        term = total = z
        for k in range(3, 80, 2):
            term *= z * z / k
            total += term
        return float(Decimal("0.5") - density * total)
