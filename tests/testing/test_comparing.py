"""Compare values with a distribution: how often right ones are rejected, and wrong ones found."""

import numpy as np
import pytest

from initreg import Constant, Normal, TruncatedNormal, Uniform, draw
from initreg.testing.comparing import ALPHA, misfit

RIGHT = [Normal(), Normal(3, 1e-3), Uniform(-1, 2), TruncatedNormal(0, 1), Constant(0.1)]


@pytest.mark.slow
@pytest.mark.parametrize("distribution", RIGHT, ids=str)
def test_right_values_are_rejected_as_rarely_as_stated(distribution):
    rejected = 0
    for seed in range(300):
        values = draw(distribution, 2000, seed=seed).astype(np.float64)
        rejected += misfit(values, distribution, 0.1) is not None
    assert rejected <= 51  # 30 on average are allowed; more than 51 happens once in 10,000 runs


@pytest.mark.slow
@pytest.mark.parametrize("distribution", RIGHT, ids=str)
@pytest.mark.parametrize("count", [1, 2, 50, 2**16])
def test_right_values_pass(distribution, count):
    for seed in range(20):
        values = draw(distribution, count, seed=seed).astype(np.float64)
        assert misfit(values, distribution, ALPHA) is None


@pytest.mark.parametrize(
    ("drawn", "stated", "says"),
    [
        (Normal(0.03, 1), Normal(), "have the mean 0.0"),
        (Normal(0, 1.02), Normal(), "have the standard deviation 1.02"),
        (TruncatedNormal(0, 1), Normal(), "have the standard deviation 0.88"),
        (TruncatedNormal(0, 1 / 0.8796256610342398), Normal(), "lie below -"),
        (Uniform(-(3**0.5), 3**0.5), Normal(), "lie below -"),
        (Constant(0.5), Constant(0.1), "have the mean 0.5, not 0.1"),
        (Normal(0, 1), Constant(0), "have the mean -0.001"),
    ],
    ids=lambda value: str(value),
)
def test_small_differences_are_found(drawn, stated, says):
    values = draw(drawn, 2**16, seed=1).astype(np.float64)
    assert says in (misfit(values, stated, ALPHA) or "nothing")


def test_few_values_are_compared_by_their_shares_only():
    values = draw(Normal(5, 1), 30, seed=1).astype(np.float64)
    assert "lie below" in (misfit(values, Normal(), ALPHA) or "")
