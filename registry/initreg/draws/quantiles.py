"""Turn random words into values: each word gives the quantile at that word.

A word is a signed integer, and all words are equally likely. So word / 2³² + 1/2 is a random number
p between 0 and 1, and the quantile function of a distribution turns p into a value that follows
this distribution. Other methods for normal values (ziggurat, polar) reject some words and take
new ones, so the position of a value doesn't determine its words. Here each value depends on one
word, so any part of a weight can be drawn alone (see `streams`).

The values are the same to the last bit on every machine. This module uses only integers and the
operations that IEEE 754 rounds exactly: sums, products, quotients and square roots. NumPy's
logarithm differs in the last digit between processors and versions, so `_minus_log` is our own.

The quantiles of the normal distribution are those of Wichura, Algorithm AS 241: The Percentage
Points of the Normal Distribution (1988): PPND7, to about 7 digits, for float32, and PPND16, to
about 16 digits, for float64. With q = p - 1/2:

- if |q| ≤ 0.425, the value is q times a rational function (a quotient of two polynomials) of
  0.425² - q²;
- otherwise, with r = sqrt(-log(min(p, 1 - p))), it is ± a rational function of r - 1.6 if r ≤ 5,
  or of r - 5 if r > 5.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

# The constants of AS 241, under their names there.
_SPLIT1 = 0.425  # the largest |q| of the central part
_SPLIT2 = 5.0  # the largest r of the near tail, and what is subtracted from r in the far tail
_CONST2 = 1.6  # what is subtracted from r in the near tail
_ROOT_HALF = math.sqrt(0.5)


class _Tables(NamedTuple):
    """Coefficients, in ascending order: the numerator and the denominator of each part.

    They are scalars of NumPy, because converting them takes as long as computing 200 values.
    """

    center: tuple[Sequence[float], Sequence[float]]
    tail: tuple[Sequence[float], Sequence[float]]
    far: tuple[Sequence[float], Sequence[float]] | None
    log: Sequence[float]  # of the series in `_minus_log`


def _tables_of(dtype: Any, **tables: Any) -> _Tables:
    def typed(values: Any) -> Any:
        if isinstance(values, float):
            return dtype(values)
        return None if values is None else tuple(map(typed, values))

    return _Tables(**{name: typed(values) for name, values in tables.items()})


_PPND7 = _tables_of(
    np.float32,
    center=(
        (3.3871327179e0, 5.0434271938e1, 1.5929113202e2, 5.9109374720e1),
        (1.0, 1.7895169469e1, 7.8757757664e1, 6.7187563600e1),
    ),
    tail=(
        (1.4234372777e0, 2.7568153900e0, 1.3067284816e0, 1.7023821103e-1),
        (1.0, 7.3700164250e-1, 1.2021132975e-1),
    ),
    far=None,  # r ≤ 5 for words of 32 bits: p ≥ 2⁻³³, so r ≤ 4.8
    log=tuple(2 / (2 * k + 1) for k in range(5)),
)
_PPND16 = _tables_of(
    np.float64,
    center=(
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
    """Return the tables for the dtype of an array, and this dtype."""
    scalar = out.dtype.type
    return (_PPND7 if scalar is np.float32 else _PPND16), scalar


def _polynomial(coefficients: Sequence[float], x: "Array", out: "Array") -> "Array":
    """Compute a polynomial into `out`, by Horner's method."""
    np.multiply(x, coefficients[-1], out=out)
    for coefficient in coefficients[-2:0:-1]:
        np.add(out, coefficient, out=out)
        np.multiply(out, x, out=out)
    np.add(out, coefficients[0], out=out)
    return out


def _quotient(table: tuple[Sequence[float], Sequence[float]], x: "Array", out: "Array") -> "Array":
    """Compute a rational function into `out`."""
    _polynomial(table[0], x, out)
    np.divide(out, _polynomial(table[1], x, np.empty_like(out)), out=out)
    return out


def _minus_log(x: "Array", terms: Sequence[float]) -> "Array":
    """Return -log(x), for 0 < x < 1.

    x is m · 2ᵉ, with a mantissa m between 1/2 and 1. With h = sqrt(1/2) and s = (m - h) / (m + h),

        log(x) = (e - 1/2) log(2) + log(m / h)
        log(m / h) = 2 artanh(s) = 2 (s + s³/3 + s⁵/5 + …)

    |s| < 0.18, so a few terms are enough: 5 for float32, 11 for float64.
    """
    scalar = x.dtype.type
    mantissa, exponent = np.frexp(x)
    s = np.divide(mantissa - scalar(_ROOT_HALF), mantissa + scalar(_ROOT_HALF))
    series = _polynomial(terms, s * s, np.empty_like(s))
    result: Array = np.subtract(scalar(0.5), exponent.astype(scalar))
    result *= scalar(math.log(2))
    result -= np.multiply(series, s, out=series)
    return result


def fill_centered(words: "Array", out: "Array") -> None:
    """Fill `out` with p - 1/2: values spread evenly between -1/2 and 1/2.

    `out` is float32 with words of 32 bits, or float64 with words of either size. A float32 may be
    rounded to 1/2 itself, a float64 never.
    """
    words, step = _representable(words)
    scalar = out.dtype.type
    np.copyto(out, words, casting="unsafe")
    # Signed words are -n … n - 1. With 1/2 added, they are symmetric about 0.
    np.add(out, scalar(0.5), out=out)
    np.multiply(out, scalar(step), out=out)


def _representable(words: "Array") -> "tuple[Array, float]":
    """Return words with no more bits than a float64 holds, and the difference in p between two."""
    return (words >> 11, 2.0**-53) if words.dtype.itemsize == 8 else (words, 2.0**-32)


def fill_normal(words: "Array", out: "Array", mass: float = 1.0) -> None:
    """Fill `out` with values of the standard normal distribution.

    With ``mass < 1``, draw from the central `mass` of the distribution only. `mass` must be 1, or
    at most `LARGEST_MASS`.
    """
    tables, scalar = _tables(out)
    # One allocation is faster than three: glibc gives the memory of three smaller ones back to the
    # system after each batch, and gets it again, page by page, for the next.
    q, r, denominator = np.empty((3, len(out)), out.dtype)
    fill_centered(words, q)
    if mass < 1:
        np.multiply(q, scalar(mass), out=q)
    np.multiply(q, q, out=r)
    np.subtract(scalar(_SPLIT1**2), r, out=r)
    # Compute the central part for all values, and then replace the tails, 15 % of them.
    _polynomial(tables.center[0], r, out)
    np.divide(out, _polynomial(tables.center[1], r, denominator), out=out)
    np.multiply(out, q, out=out)
    tails = np.flatnonzero(r < 0)
    if not len(tails):
        return
    sides = q[tails]
    if mass < 1:
        p = np.subtract(scalar(0.5), np.abs(sides))
    else:
        # 1/2 - |q| is coarse near 0. The distance of a word from its end is exact.
        ends, step = _representable(words[tails])
        ends = np.where(ends < 0, ends, ~ends) - ends.dtype.type(-0.5 / step)
        p = np.multiply(np.add(ends.astype(scalar), scalar(0.5)), scalar(step))
    out[tails] = np.copysign(_tail(p, tables), sides)


LARGEST_MASS = 0.9975
"""The largest `mass` of `fill_normal` below 1. Closer to 1, a float32 is too coarse for the shares
near the ends; `fill_between` computes with float64."""


def fill_between(words: "Array", out: "Array", low: float, high: float, above: float) -> None:
    """Fill a float64 `out` with the normal quantiles of p between `low` and `high`.

    ``0 ≤ low < high ≤ 1``. `above` is 1 - high: the caller computes it, because a difference from 1
    loses the digits of a small share. If the interval is mostly above 1/2, mirror it first.
    """
    centered = np.empty_like(out)
    fill_centered(words, centered)
    np.add(centered, 0.5, out=out)
    np.multiply(out, high - low, out=out)
    np.add(out, low, out=out)
    q = np.subtract(out, 0.5)
    r = np.multiply(q, q)
    np.subtract(_SPLIT1**2, r, out=r)
    tails = np.flatnonzero(r < 0)
    sides = q[tails]
    p = np.where(sides < 0, out[tails], (0.5 - centered[tails]) * (high - low) + above)
    _quotient(_PPND16.center, r, out)
    np.multiply(out, q, out=out)
    out[tails] = np.copysign(_tail(p, _PPND16), sides)


def _tail(p: "Array", tables: _Tables) -> "Array":
    """Return the distance from the mean beyond which the share `p` lies, on one side."""
    scalar = p.dtype.type
    r = np.sqrt(_minus_log(p, tables.log))
    distance = _quotient(tables.tail, r - scalar(_CONST2), np.empty_like(r))
    if tables.far is not None:
        far = np.flatnonzero(r > _SPLIT2)
        if len(far):
            rest = r[far] - scalar(_SPLIT2)
            distance[far] = _quotient(tables.far, rest, np.empty_like(rest))
    return distance
