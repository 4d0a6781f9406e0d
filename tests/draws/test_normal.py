"""The normal distribution, computed with decimals, agrees with SciPy."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from initreg.draws.normal import FAR, density, moments_between, share_below, share_between

numbers = st.floats(-12, 12)


@given(numbers)
def test_density_and_share_agree_with_scipy(x):
    assert density(x) == pytest.approx(stats.norm.pdf(x), rel=1e-12)
    assert share_below(x) == pytest.approx(stats.norm.cdf(x), rel=1e-12)


# Random values depend on these, so they never change: each is the float nearest to the exact value.
def test_golden_values():
    assert density(0.0) == 0.3989422804014327
    assert [share_below(x) for x in (-2.0, -1.0, -0.5, 0.0, 2.0)] == [
        0.02275013194817921,
        0.15865525393145705,
        0.3085375387259869,
        0.5,
        0.9772498680518208,
    ]
    assert share_below(-30.0) == 4.906713927148187e-198


def test_nothing_is_far_out():
    for x in (FAR + 1, math.inf):
        assert (density(x), density(-x), share_below(-x), share_below(x)) == (0, 0, 0, 1)


@given(numbers, st.floats(1e-3, 5))
def test_the_share_between_two_bounds_agrees_with_scipy(low, width):
    high = low + width
    if low + high > 0:  # by the right tail, since shares near 1 are coarse
        expected = stats.norm.sf(low) - stats.norm.sf(high)
    else:
        expected = stats.norm.cdf(high) - stats.norm.cdf(low)
    assert share_between(low, high) == pytest.approx(expected, rel=1e-9)
    assert share_between(low, high) == share_between(-high, -low)


@pytest.mark.parametrize(
    ("low", "high"),
    [(-1.0, 1.0), (-math.inf, 0.5), (2.0, 2.1), (0.24, 0.74), (3.0, 8.0)],
    ids=str,
)
def test_the_moments_between_two_bounds_agree_with_scipy(low, high):
    mean, variance = moments_between(low, high)
    twin = stats.truncnorm(low, high)
    assert mean == pytest.approx(twin.mean(), rel=1e-9)
    assert variance == pytest.approx(twin.var(), rel=1e-6)


def test_the_values_of_a_narrow_interval_are_almost_uniform():
    mean, variance = moments_between(2.0, 2.001)
    assert mean == pytest.approx(2.0005, rel=1e-6)
    assert variance == pytest.approx(0.001**2 / 12, rel=1e-6)
