"""A million values drawn by Keras follow the distribution of the config."""

import keras
import numpy as np
import pytest
from scipy import stats

from initreg import resolve, validate
from initreg.config.drawing import distribution_of
from initreg.draws.distributions import Constant, Normal
from tests.support.drawing import ALPHA, SEED

pytestmark = [pytest.mark.keras, pytest.mark.slow]

CASES = [
    ("random_normal", (1000, 1000)),
    ("random_normal(mean=3, stddev=0.02)", (10**6,)),
    ("truncated_normal(mean=-1, stddev=2)", (100, 100, 100)),
    ("random_uniform", (1000, 1000)),
    ("random_uniform(minval=2, maxval=5)", (10**6,)),
    ("glorot_uniform", (500, 2000)),
    ("glorot_normal(input_axes=[2], output_axes=[0, 1])", (100, 10, 1000)),
    ("lecun_normal", (3, 3, 1112, 100)),
    ("lecun_uniform(input_axes=[0, -1], output_axes=[1])", (10, 1000, 100)),
    ("he_uniform", (500, 2000)),
    ("he_normal", (10**6,)),
    ("he_normal(input_axes=[0], output_axes=[1, 2])", (10, 100, 1000)),
    ("glorot_uniform(input_axes=[0, 1], output_axes=[1, 2])", (10, 100, 1000)),
    ("variance_scaling(2, fan_out, untruncated_normal)", (500, 2000)),
    ("variance_scaling(0.5, fan_avg, uniform)", (3, 3, 100, 1112)),
    ("variance_scaling(3, fan_in, normal, input_axes=[1], output_axes=[0])", (500, 2000)),
    ("variance_scaling(1e-3, fan_avg, uniform, input_axes=[], output_axes=[0])", (500, 2000)),
]


def drawn(config, shape):
    tensor = resolve(config, seed=SEED)(shape)
    return np.asarray(keras.ops.convert_to_numpy(tensor)).ravel().astype("float64")


@pytest.mark.parametrize(("text", "shape"), CASES, ids=lambda value: str(value))
def test_values_follow_the_stated_distribution(text, shape):
    config = validate(text)
    distribution = distribution_of(config, shape)
    values = drawn(config, shape)
    assert values.size >= 10**6
    assert stats.kstest(values, distribution.scipy().cdf).pvalue > ALPHA
    low, high = distribution.support
    # float32 may round outward; torch's truncated normal exceeds its bounds 4 times in a million.
    slack = 1e-6 * distribution.stddev
    assert np.mean((values < low - slack) | (values > high + slack)) < 1e-5


@pytest.mark.parametrize("stated", [Normal(0.0, 0.051), Normal(0.001, 0.05)], ids=str)
def test_the_test_sees_a_difference_of_two_percent(stated):
    values = drawn(validate("random_normal"), (1000, 1000))
    assert stats.kstest(values, stated.scipy().cdf).pvalue < ALPHA


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("zeros", 0.0),
        ("ones", 1.0),
        ("constant(0.25)", 0.25),
        ("random_normal(0.25, 0)", 0.25),
        ("truncated_normal(0.25, 0)", 0.25),
        ("random_uniform(0.25, 0.25)", 0.25),
    ],
)
def test_values_without_spread(text, value):
    distribution = distribution_of(validate(text), (5, 7))
    assert set(drawn(validate(text), (5, 7))) == {value}
    assert (distribution.mean, distribution.stddev) == (value, 0.0)
    assert text.count("(") or distribution == Constant(value)


@pytest.mark.parametrize("text", ["orthogonal", "identity", "stft", "constant([1, 2])"])
def test_dependent_values_have_no_distribution(text):
    assert distribution_of(validate(text), (4, 4)) is None
