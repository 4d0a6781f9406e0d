"""Each word gives its quantile, computed by arithmetic that is the same on every machine."""

import ast
import inspect
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from initreg import Distribution, Normal, TruncatedNormal, Uniform
from initreg.draws import quantiles
from initreg.draws.quantiles import LARGEST_MASS, fill_between, fill_centered, fill_normal

WIDTHS = {np.float32: np.int32, np.float64: np.int64}
each_dtype = pytest.mark.parametrize("dtype", WIDTHS, ids=lambda dtype: dtype.__name__)


def spread_words(dtype, count=200_001):
    """Return words from the smallest to the largest, dense at both ends and around 0."""
    info = np.iinfo(WIDTHS[dtype])
    evenly = np.linspace(-1, 1, count).astype(np.longdouble) * np.longdouble(info.max)
    near = [2**i for i in range(info.bits - 1)]
    edges = [*near, *(info.max - n for n in near), 0]
    words = np.concatenate([evenly.astype(info.dtype), np.array(edges, info.dtype)])
    return np.unique(np.concatenate([words, ~words]))


def share(words):
    """Return the distance of p from the nearer of 0 and 1, and whether that is 0."""
    if words.dtype.itemsize == 8:
        words, step = words >> 11, 2.0**-53
    else:
        words, step = words.astype(np.int64), 2.0**-32
    from_end = np.where(words < 0, words, ~words) + int(0.5 / step)
    return (from_end + 0.5) * step, words < 0


def expected_normal(words):
    p, left = share(words)
    return np.where(left, stats.norm.ppf(p), stats.norm.isf(p))


def filled(fill, words, dtype, *arguments):
    out = np.empty(len(words), dtype)
    fill(words, out, *arguments)
    return out


@each_dtype
def test_normal_values_agree_with_the_quantiles_of_scipy(dtype):
    words = spread_words(dtype)
    values = filled(fill_normal, words, dtype)
    tolerance = {np.float32: 1.5e-6, np.float64: 2e-14}[dtype]
    assert np.isfinite(values).all()
    assert abs(values - expected_normal(words)).max() < tolerance
    # Near 0, an absolute tolerance says little.
    middle = abs(values) < 1e-3
    relative = values[middle] / expected_normal(words[middle]) - 1
    assert abs(relative).max() < {np.float32: 5e-7, np.float64: 2e-15}[dtype]


@each_dtype
@pytest.mark.parametrize("bound", [0.01, 1.0, 2.0, 3.0])
def test_values_truncated_around_the_mean_agree_with_the_quantiles_of_scipy(dtype, bound):
    words = spread_words(dtype, 20_001)
    mass = 1 - 2 * stats.norm.sf(bound)
    assert mass < LARGEST_MASS
    values = filled(fill_normal, words, dtype, mass)
    p, left = share(words)
    tail = stats.norm.sf(bound) + p * mass
    expected = np.where(left, stats.norm.ppf(tail), stats.norm.isf(tail))
    # The share beyond 3 standard deviations is 0.00135: float32 has only 45,000 numbers for it.
    tolerance = {np.float32: 1.5e-6 if bound < 3 else 2e-5, np.float64: 2e-14}[dtype]
    assert abs(values - expected).max() < tolerance


@pytest.mark.parametrize("words", [np.int32, np.int64], ids=["32 bits", "64 bits"])
@pytest.mark.parametrize(
    ("low", "high"),
    [(-1, 0.5), (-8, 8), (-9, 5), (-3.1, 3.1), (-8, -3), (-12, -9), (-30, -29.9), (-np.inf, -2)],
    ids=str,
)
def test_values_within_any_bounds_agree_with_the_quantiles_of_scipy(words, low, high):
    dtype = {np.int32: np.float32, np.int64: np.float64}[words]
    words = spread_words(dtype, 2001)
    below, above = stats.norm.cdf(high), stats.norm.sf(high)
    values = filled(fill_between, words, np.float64, stats.norm.cdf(low), below, above)
    p, left = share(words)
    ends = stats.norm.cdf(low) + p * (below - stats.norm.cdf(low)), above
    from_left = np.where(left, ends[0], below - p * (below - stats.norm.cdf(low)))
    from_right = above + p * (below - stats.norm.cdf(low))
    expected = np.where(
        left | (from_left < 0.5), stats.norm.ppf(from_left), stats.norm.isf(from_right)
    )
    # SciPy's quantiles are accurate to about 1e-13 there.
    assert abs(values - expected).max() < (2e-14 if low > -10 else 1e-12)


@each_dtype
def test_extreme_words(dtype):
    info = np.iinfo(WIDTHS[dtype])
    words = np.array([info.min, -1, 0, info.max], info.dtype)
    lowest, before, after, highest = filled(fill_normal, words, dtype).tolist()
    end = {np.float32: 2.0**-33, np.float64: 2.0**-54}[dtype]
    assert (lowest, before) == (-highest, -after)
    assert highest == pytest.approx(stats.norm.isf(end), abs=1e-6)
    assert after == pytest.approx(end * np.sqrt(2 * np.pi), rel=1e-6)
    centered = filled(fill_centered, words, dtype).tolist()
    assert centered == [-centered[3], -centered[2], end, np.dtype(dtype).type(0.5 - end)]


@each_dtype
@pytest.mark.parametrize("mass", [0.3, 0.9545, LARGEST_MASS, 1.0])
def test_values_are_symmetric_and_rise_with_the_words(dtype, mass):
    words = spread_words(dtype)
    values = filled(fill_normal, words, dtype, mass)
    # A float32 rounds the word itself. Near the bounds, its last digit changes the value most.
    tolerance = 0 if dtype is np.float64 else 1e-6 if mass in (0.3, 0.9545, 1) else 1e-5
    assert abs(values + filled(fill_normal, ~words, dtype, mass)).max() <= tolerance
    # Words that differ by less than a float's last digit may give values in the wrong order.
    step = 4 * np.spacing(np.maximum(abs(values[1:]), dtype(1e-3)))
    assert (np.diff(values) >= -step).all()
    apart = spread_words(dtype, 2001)[::8]
    assert (np.diff(filled(fill_normal, apart, dtype, mass)) >= 0).all()
    centered = filled(fill_centered, words, dtype)
    tolerance = 0 if dtype is np.float64 else 2.0**-24
    assert abs(centered + filled(fill_centered, ~words, dtype)).max() <= tolerance
    assert (np.diff(centered) >= 0).all()


DISTRIBUTIONS = [
    Normal(1.0, 0.02),
    Uniform(-0.3, 0.7),
    TruncatedNormal(0.0, 0.02),
    TruncatedNormal(0.0, 1.0, 3, 8),
    TruncatedNormal(0.0, 1.0, -1, 4),
]


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=str)
@pytest.mark.parametrize("dtype", WIDTHS, ids=lambda dtype: dtype.__name__)
@given(data=st.data())
def test_the_value_of_a_word_depends_on_no_other_word(distribution, dtype, data):
    words = data.draw(arrays(WIDTHS[dtype], st.integers(0, 70)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(words)), max_size=3)))
    whole = filled(lambda words, out: distribution.fill(words, out), words, dtype)
    parts = [
        filled(lambda words, out: distribution.fill(words, out), part, dtype)
        for part in np.split(words, cuts)
    ]
    np.testing.assert_array_equal(whole, np.concatenate(parts))


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=str)
@pytest.mark.parametrize("dtype", WIDTHS, ids=lambda dtype: dtype.__name__)
def test_fill_agrees_with_the_quantiles_of_ppf(distribution, dtype):
    words = spread_words(dtype, 201)[40:-40]  # without the ends, where `ppf` is less accurate
    values = filled(lambda words, out: distribution.fill(words, out), words, dtype)
    stated = filled(lambda words, out: Distribution.fill(distribution, words, out), words, dtype)
    np.testing.assert_allclose(values, stated, rtol=2e-6, atol=1e-6 * distribution.stddev)


# IEEE 754 defines the result of each of these to the last bit. NumPy's logarithms, exponentials and
# powers differ between processors, so values that depend on them would, too.
EXACT = {
    *("abs", "add", "copysign", "divide", "frexp", "multiply", "sqrt", "subtract"),
    # Not arithmetic:
    *("copyto", "empty", "empty_like", "flatnonzero", "float32", "float64", "ndarray", "where"),
}


def test_only_operations_that_ieee_754_rounds_exactly_are_used():
    tree = ast.parse(inspect.getsource(quantiles))
    called = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", None) == "np"
    }
    assert called <= EXACT
    imported = {
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert imported == {"Any", "NamedTuple", "Sequence", "TYPE_CHECKING", "math", "numpy"}
    # `math` is used for constants only, and each is the float nearest to the exact value.
    assert (math.log(2), math.sqrt(0.5)) == (0.6931471805599453, 0.7071067811865476)
    assert {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", None) == "math"
    } <= {"log", "sqrt"}
    # `**` on an array would be a power.
    assert not [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Pow)
        and not isinstance(node.left, ast.Constant | ast.Name)
    ]
