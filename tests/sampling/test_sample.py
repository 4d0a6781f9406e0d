"""A sample knows the statistics of its values, and the expected ones."""

import math

import numpy as np
import pytest

from initreg import Constant, Sample, sample
from initreg.draws.dtypes import FLOATS

pytestmark = pytest.mark.keras


def test_statistics_describe_the_values():
    drawn = sample("random_normal(1, 0.5)", (200, 300), seed=1)
    statistics, values = drawn.statistics, drawn.values.astype("float64")
    assert statistics["mean"] == pytest.approx(values.mean())
    assert statistics["stddev"] == pytest.approx(values.std())
    assert (statistics["min"], statistics["max"]) == (values.min(), values.max())
    assert statistics["95%"] == pytest.approx(np.quantile(values, 0.95))
    assert list(statistics) == [
        "mean",
        "stddev",
        "min",
        "max",
        "1%",
        "5%",
        "25%",
        "50%",
        "75%",
        "95%",
        "99%",
    ]


def test_expected_statistics_come_from_the_distribution():
    drawn = sample("random_normal(1, 0.5)", (100,), seed=1)
    assert (drawn.expected["mean"], drawn.expected["stddev"]) == (1.0, 0.5)
    # The median of the largest of 100 values is the quantile of 0.5 ** (1 / 100).
    assert drawn.expected["max"] == pytest.approx(drawn.distribution.scipy().ppf(0.5**0.01))
    assert drawn.expected["min"] == pytest.approx(2 - drawn.expected["max"])
    assert drawn.expected["50%"] == pytest.approx(1)


def test_without_a_distribution_nothing_is_expected():
    drawn = sample("orthogonal", (4, 4), seed=1)
    assert drawn.distribution is None
    assert drawn.expected == {}
    assert drawn.statistics["stddev"] == pytest.approx(0.5, abs=0.05)


def test_values_without_spread():
    drawn = sample("random_normal(0.5, 0)", (3, 3), seed=1)
    assert set(drawn.values.flat) == {0.5}
    assert drawn.expected == drawn.statistics
    assert sample("constant(0.5)").distribution == Constant(0.5)


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")  # from NumPy, rightly
def test_infinite_values_are_left_out_of_the_statistics():
    drawn = sample("random_normal(6e4, 1e4)", (64, 64), seed=1, dtype="float16")
    assert 0 < drawn.finite.size < drawn.count
    assert math.isfinite(drawn.statistics["mean"])
    assert sum(drawn.histogram(4)[1]) == drawn.finite.size


def test_a_sample_is_frozen():
    drawn = sample("zeros", (2,))
    assert isinstance(drawn, Sample)
    with pytest.raises(AttributeError):
        drawn.seed = 1


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")  # in NumPy, rightly
def test_its_digits_give_each_value_back(dtype):
    kept = FLOATS[dtype].kept_in
    values = np.random.default_rng(1).integers(0, 256, (1000, np.dtype(kept).itemsize), np.uint8)
    values = values.view(kept).ravel()
    drawn = Sample(None, 1, "numpy", {}, values[np.isfinite(values)], dtype, None)
    written = [f"{value:.{drawn.digits}g}" for value in drawn.values.tolist()]
    np.testing.assert_array_equal(np.array(written, "float64").astype(kept), drawn.values)
