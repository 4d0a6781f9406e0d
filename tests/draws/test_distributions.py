"""Each distribution agrees with its SciPy twin, and one without spread has one value."""

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from initreg import Constant, Normal, TruncatedNormal, Uniform

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
def test_moments_and_support_are_those_of_scipy(distribution):
    twin = distribution.scipy()
    tolerance = 1e-9 * size(distribution)
    assert math.isclose(distribution.mean, twin.mean(), rel_tol=1e-9, abs_tol=tolerance)
    # SciPy's own variance of a narrow truncated normal is good to about 1e-7.
    assert math.isclose(distribution.stddev, twin.std(), rel_tol=1e-6)
    assert distribution.support == pytest.approx(twin.support(), rel=1e-9, abs=tolerance)


@given(spread, shares)
def test_density_and_quantiles_are_those_of_scipy(distribution, share):
    twin = distribution.scipy()
    x = distribution.ppf(share)
    tolerance = 1e-7 * distribution.stddev + 1e-12 * abs(distribution.mean)
    assert math.isclose(x, twin.ppf(share), rel_tol=1e-9, abs_tol=tolerance)
    middle = distribution.ppf(0.5)
    assert math.isclose(distribution.pdf(middle), twin.pdf(middle), rel_tol=1e-6)


@given(spread)
def test_there_is_nothing_outside_the_support(distribution):
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
def test_what_is_no_distribution_is_refused(make):
    with pytest.raises(ValueError, match=r"\(.*\) is no distribution"):
        make()
