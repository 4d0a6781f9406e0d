"""Each distribution agrees with SciPy's, and fills arrays with values inside its bounds."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ml_dtypes import bfloat16
from scipy import stats

from initreg import Constant, Normal, TruncatedNormal, Uniform, draw
from initreg.draws.streams import CHUNK
from tests.support.drawing import (
    ALPHA,
    MILLION,
    SEED,
    Triangle,
    each_half,
    each_whole,
    numpy_dtype,
)

numbers = st.floats(-1e6, 1e6)
scales = st.floats(1e-6, 1e6)
bounds = st.floats(-3, 3)
spread = st.one_of(
    st.builds(Normal, numbers, scales),
    st.builds(TruncatedNormal, numbers, scales),
    st.builds(
        lambda loc, scale, low, width: TruncatedNormal(loc, scale, low, low + width),
        *(numbers, scales, bounds, st.floats(0.1, 4)),
    ),
    st.builds(lambda low, width: Uniform(low, low + width), numbers, scales),
)
shares = st.floats(1e-6, 1 - 1e-6)


def size(distribution):
    return abs(distribution.mean) + distribution.stddev


@given(spread)
def test_moments_and_support_agree_with_scipy(distribution):
    twin = distribution.scipy()
    tolerance = 1e-9 * size(distribution)
    assert math.isclose(distribution.mean, twin.mean(), rel_tol=1e-9, abs_tol=tolerance)
    # SciPy's variance of a narrow truncated normal is accurate to about 1e-7.
    assert math.isclose(distribution.stddev, twin.std(), rel_tol=1e-6)
    assert distribution.support == pytest.approx(twin.support(), rel=1e-9, abs=tolerance)


@given(spread, shares)
def test_density_and_quantiles_agree_with_scipy(distribution, share):
    twin = distribution.scipy()
    x = distribution.ppf(share)
    tolerance = 1e-7 * distribution.stddev + 1e-12 * abs(distribution.mean)
    assert math.isclose(x, twin.ppf(share), rel_tol=1e-9, abs_tol=tolerance)
    middle = distribution.ppf(0.5)
    assert math.isclose(distribution.pdf(middle), twin.pdf(middle), rel_tol=1e-6)


@given(spread)
def test_quantiles_and_density_stay_within_the_support(distribution):
    low, high = distribution.support
    assert (distribution.ppf(0), distribution.ppf(1)) == (low, high)
    assert low <= distribution.ppf(1e-9) <= distribution.ppf(0.5) <= distribution.ppf(1 - 1e-9)
    if math.isfinite(low):
        assert distribution.pdf(low - distribution.stddev) == 0
        assert distribution.pdf(high + distribution.stddev) == 0


@pytest.mark.parametrize(
    "distribution",
    [Constant(0.1), Normal(0.1, 0.0), TruncatedNormal(0.1, 0.0), Uniform(0.1, 0.1)],
    ids=lambda distribution: type(distribution).__name__,
)
def test_a_distribution_without_spread(distribution):
    assert distribution.mean == pytest.approx(0.1)
    assert distribution.stddev == 0
    assert distribution.support == (0.1, 0.1)
    assert {distribution.ppf(q) for q in (0, 0.3, 1)} == {0.1}
    assert (distribution.pdf(0.1), distribution.pdf(0.2)) == (math.inf, 0.0)
    twin = distribution.scipy()
    assert (twin.mean(), twin.std()) == (pytest.approx(0.1), 0)
    assert (twin.cdf(0.09), twin.cdf(0.1)) == (0, 1)


@given(spread)
def test_distributions_are_values(distribution):
    assert pickle.loads(pickle.dumps(distribution)) == distribution
    assert hash(distribution) == hash(pickle.loads(pickle.dumps(distribution)))
    with pytest.raises((AttributeError, TypeError)):
        distribution.anything = 1


def test_a_uniform_distribution_over_almost_all_floats():
    wide = Uniform(-1.7e308, 1.7e308)
    assert wide.mean == 0
    assert wide.stddev == pytest.approx(1.7e308 / math.sqrt(3))
    assert wide.ppf(0.5) == 0


@pytest.mark.parametrize(
    "make",
    [
        lambda: Uniform(1, 0),
        lambda: Uniform(0, math.nan),
        lambda: Normal(0, -1),
        lambda: Normal(math.nan, 1),
        lambda: TruncatedNormal(0, -1),
        lambda: TruncatedNormal(0, 1, 1, -1),
        lambda: Constant(math.nan),
    ],
)
def test_invalid_parameters_are_rejected(make):
    with pytest.raises(ValueError, match=r"\(.*\) is not a valid distribution$"):
        make()


@each_whole
def test_the_abstract_methods_are_enough(dtype):
    distribution = Triangle()
    shape = (2, CHUNK // 2 + 1000)
    values = draw(distribution, shape, seed=SEED, dtype=dtype, threads=1)
    assert values.dtype == dtype
    assert stats.kstest(values.ravel(), distribution.scipy().cdf).pvalue > ALPHA
    together = draw(distribution, shape, seed=SEED, dtype=dtype, threads=2)
    np.testing.assert_array_equal(values, together)
    half = draw(distribution, 99, seed=SEED, dtype="bfloat16")
    assert half.dtype == bfloat16


# Bounds ---------------------------------------------------------------------------------------

BOUNDED = [
    Uniform(0.1, 0.3),
    Uniform(-0.7, 0.1),
    Uniform(1.0, 1.0 + 1e-7),
    Uniform(1e6 + 0.1, 1e6 + 0.3),
    Uniform(-1e-40, 3e-40),
    Uniform(0.0, 1e-30),
    Uniform(-3e38, 3.3e38),
    TruncatedNormal(0.1, 0.3),
    TruncatedNormal(0.0, 0.02, -2.1, 1.3),
    TruncatedNormal(0.0, 1.0, 3.0, 8.0),
    TruncatedNormal(0.0, 1.0, -12.0, -9.0),
    TruncatedNormal(0.0, 1.0, 20.0, 21.0),
    TruncatedNormal(5.0, 0.1, -8.0, 8.0),
    TruncatedNormal(1e6, 0.1, -0.1, 0.3),
    TruncatedNormal(0.0, 1e-36),
    TruncatedNormal(0.0, 1e38, -3.0, 1.0),
    TruncatedNormal(0.0, 0.1, 2.0, math.inf),
]


@each_whole
@pytest.mark.parametrize("distribution", BOUNDED, ids=str)
def test_no_value_is_outside_the_bounds(distribution, dtype):
    low, high = distribution.support
    values = draw(distribution, MILLION, seed=SEED, dtype=dtype).astype(np.float64)
    assert low <= values.min() <= values.max() <= high
    # Also the words of the outermost values, which are rarely drawn.
    word = np.iinfo({"float32": np.int32, "float64": np.int64}[dtype])
    words = np.array([word.min, word.min + 1, word.max - 1, word.max], word.dtype)
    ends = np.empty(4, dtype)
    with np.errstate(under="ignore"):
        distribution.fill(words, ends)
    assert low <= float(ends[0]) <= float(ends[1]) <= float(ends[2]) <= float(ends[3]) <= high


@pytest.mark.parametrize("distribution", BOUNDED, ids=str)
@each_half
def test_halves_stay_within_the_bounds_rounded_to_halves(distribution, dtype):
    with np.errstate(over="ignore"):
        low, high = np.array(distribution.support).astype(numpy_dtype(dtype)).astype(np.float64)
    values = draw(distribution, 10**5, seed=SEED, dtype=dtype).astype(np.float64)
    assert low <= values.min() <= values.max() <= high


@each_whole
@pytest.mark.parametrize("value", [0.1, 0.3, 0.7, -1e6 / 3])
def test_if_no_number_is_within_the_bounds_the_nearest_is_drawn(value, dtype):
    nearest = np.dtype(dtype).type(value)
    for distribution in (
        Constant(value),
        Normal(value, 0.0),
        TruncatedNormal(value, 0.0),
        Uniform(value, value),
    ):
        assert set(draw(distribution, 9, seed=1, dtype=dtype)) == {nearest}


def test_a_uniform_distribution_over_almost_all_floats_is_even():
    for dtype, end in (("float32", 3.4e38), ("float64", 1.79e308)):
        values = draw(Uniform(-end, end), 10**5, seed=SEED, dtype=dtype).astype(np.float64) / end
        assert stats.kstest(values, stats.uniform(-1, 2).cdf).pvalue > ALPHA
