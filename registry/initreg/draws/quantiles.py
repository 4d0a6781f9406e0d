"""Random words to values: each word gives the value at its quantile, the same on every machine.

Only what IEEE 754 rounds exactly takes part (sums, products, quotients, roots), and integers. So
there is no difference between processors, systems or versions of NumPy, whose logarithms differ in
the last digit from one to the other; the logarithm here is our own.

Normal values come from the inverse of the normal distribution function: Wichura, Algorithm AS 241
(1988), PPND7 for float32 and PPND16 for float64.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

_NEAR = 0.425  # up to here from the middle, one quotient does
_SPLIT, _MIDDLE, _FAR = 5.0, 1.6, 5.0  # of the tail, in sqrt(-log p)
_ROOT_HALF = math.sqrt(0.5)


class _Tables(NamedTuple):
    """Coefficients, the constant one first: numerator and denominator of each part."""

    near: tuple[Sequence[float], Sequence[float]]
    tail: tuple[Sequence[float], Sequence[float]]
    far: tuple[Sequence[float], Sequence[float]] | None
    log: Sequence[float]


_PPND7 = _Tables(
    near=(
        (3.3871327179e0, 5.0434271938e1, 1.5929113202e2, 5.9109374720e1),
        (1.0, 1.7895169469e1, 7.8757757664e1, 6.7187563600e1),
    ),
    tail=(
        (1.4234372777e0, 2.7568153900e0, 1.3067284816e0, 1.7023821103e-1),
        (1.0, 7.3700164250e-1, 1.2021132975e-1),
    ),
    far=None,  # no word of 32 bits leads there
    log=tuple(2 / (2 * k + 1) for k in range(5)),
)
_PPND16 = _Tables(
    near=(
        (
            3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
            1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
            3.3430575583588128105e4, 2.5090809287301226727e3,
        ),
        (
            1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
            2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
            5.2264952788528545610e3,
        ),
    ),
    tail=(
        (
            1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
            3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
            2.27238449892691845833e-2, 7.74545014278341407640e-4,
        ),
        (
            1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
            1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
            1.05075007164441684324e-9,
        ),
    ),
    far=(
        (
            6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
            2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
            2.71155556874348757815e-5, 2.01033439929228813265e-7,
        ),
        (
            1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
            7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
            2.04426310338993978564e-15,
        ),
    ),
    log=tuple(2 / (2 * k + 1) for k in range(11)),
)  # fmt: skip


def _tables(out: "Array") -> tuple[_Tables, Any]:
    """Return the tables for an array, and the type of its scalars."""
    return (_PPND7, np.float32) if out.dtype == np.float32 else (_PPND16, np.float64)


def _polynomial(coefficients: Sequence[float], x: "Array", out: "Array") -> "Array":
    kind = out.dtype.type
    np.multiply(x, kind(coefficients[-1]), out=out)
    for coefficient in coefficients[-2:0:-1]:
        np.add(out, kind(coefficient), out=out)
        np.multiply(out, x, out=out)
    np.add(out, kind(coefficients[0]), out=out)
    return out


def _quotient(parts: tuple[Sequence[float], Sequence[float]], x: "Array", out: "Array") -> "Array":
    _polynomial(parts[0], x, out)
    np.divide(out, _polynomial(parts[1], x, np.empty_like(out)), out=out)
    return out


def _minus_log(x: "Array", terms: Sequence[float]) -> "Array":
    """Return -log(x), 0 < x < 1: of the exponent, and of the mantissa by the series of artanh."""
    kind = x.dtype.type
    mantissa, exponent = np.frexp(x)
    s = np.divide(mantissa - kind(_ROOT_HALF), mantissa + kind(_ROOT_HALF))
    series = _polynomial(terms, s * s, np.empty_like(s))
    whole: Array = np.subtract(kind(0.5), exponent.astype(kind))
    whole *= kind(math.log(2))
    whole -= np.multiply(series, s, out=series)
    return whole


def fill_centered(words: "Array", out: "Array") -> None:
    """Fill `out` with values spread evenly between -1/2 and 1/2.

    Values of float32 take words of 32 bits, those of float64 words of either size. Only a float32
    is ever rounded to 1/2 itself.
    """
    words, step = _whole(words)
    kind = out.dtype.type
    np.copyto(out, words, casting="unsafe")
    np.add(out, kind(0.5), out=out)  # between two words, so that both halves are alike
    np.multiply(out, kind(step), out=out)


def _whole(words: "Array") -> "tuple[Array, float]":
    """Return words as a float can tell them apart, and the step from one to the next."""
    return (words >> 11, 2.0**-53) if words.dtype.itemsize == 8 else (words, 2.0**-32)


def fill_normal(words: "Array", out: "Array", mass: float = 1.0) -> None:
    """Fill `out` with values of the standard normal distribution.

    A `mass` of at most `LARGEST_MASS` is the share of it, about its mean, that they stay in.
    """
    tables, kind = _tables(out)
    # In one piece: glibc gives what is freed back to the system, page by page, but for so much.
    q, r, rest = np.empty((3, len(out)), out.dtype)
    fill_centered(words, q)
    if mass < 1:
        np.multiply(q, kind(mass), out=q)
    np.multiply(q, q, out=r)
    np.subtract(kind(_NEAR**2), r, out=r)
    _polynomial(tables.near[0], r, out)
    np.divide(out, _polynomial(tables.near[1], r, rest), out=out)
    np.multiply(out, q, out=out)
    far = np.flatnonzero(r < 0)
    if not len(far):
        return
    sides = q[far]
    if mass < 1:
        p = np.subtract(kind(0.5), np.abs(sides))
    else:
        # The distance of the words from either end: exact, where 1/2 - |q| is coarse.
        ends, step = _whole(words[far])
        ends = np.where(ends < 0, ends, ~ends) - ends.dtype.type(-0.5 / step)
        p = np.multiply(np.add(ends.astype(kind), kind(0.5)), kind(step))
    out[far] = np.copysign(_tail(p, tables), sides)


LARGEST_MASS = 0.9975
"""Of a cut about the mean; beyond, a float32 is too coarse for the shares near its ends."""


def fill_between(words: "Array", out: "Array", low: float, high: float, above: float) -> None:
    """Fill `out`, of float64, with normal values whose distribution function is in ``low:high``.

    ``0 ≤ low < high ≤ 1``, and `above` is 1 - high, which near 0 tells more apart. Mirror a cut
    whose larger part lies on the right.
    """
    centered = np.empty_like(out)
    fill_centered(words, centered)
    np.add(centered, 0.5, out=out)
    np.multiply(out, high - low, out=out)
    np.add(out, low, out=out)
    q = np.subtract(out, 0.5)
    r = np.multiply(q, q)
    np.subtract(_NEAR**2, r, out=r)
    far = np.flatnonzero(r < 0)
    sides = q[far]
    p = np.where(sides < 0, out[far], (0.5 - centered[far]) * (high - low) + above)
    _quotient(_PPND16.near, r, out)
    np.multiply(out, q, out=out)
    out[far] = np.copysign(_tail(p, _PPND16), sides)


def _tail(p: "Array", tables: _Tables) -> "Array":
    """Return how far out the values lie beyond which the share `p` is found, on one side."""
    kind = p.dtype.type
    r = np.sqrt(_minus_log(p, tables.log))
    found = _quotient(tables.tail, r - kind(_MIDDLE), np.empty_like(r))
    if tables.far is not None:
        beyond = np.flatnonzero(r > _SPLIT)
        if len(beyond):
            rest = r[beyond] - kind(_FAR)
            found[beyond] = _quotient(tables.far, rest, np.empty_like(rest))
    return found
