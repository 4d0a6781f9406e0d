"""A sample draws one weight through Keras, and knows what theory expects of it."""

import math
import re

import keras
import numpy as np
import pytest

from initreg import ConfigError, InitializerConfig, PluginError, Sample, sample, sampling
from initreg.draws.distributions import Constant, Distribution

pytestmark = pytest.mark.keras

BACKEND = keras.config.backend()
SPECS = ["random_normal", "he_uniform", "zeros"]


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), [3, 4]], ids=str)
def test_any_shape_can_be_drawn(spec, shape):
    drawn = sample(spec, shape, seed=1)
    assert drawn.shape == tuple(shape)
    assert drawn.count == math.prod(shape)
    assert drawn.values.dtype == "float32"
    assert set(drawn.statistics) == set(drawn.expected)
    assert bool(drawn.statistics) == bool(drawn.count)
    edges, counts = drawn.histogram(5)
    assert sum(counts) == drawn.count
    assert (len(edges), len(counts)) == ((6, 5) if drawn.count else (0, 0))


def test_the_values_are_those_of_keras():
    initializer = keras.initializers.RandomNormal(stddev=0.5, seed=3)
    expected = keras.ops.convert_to_numpy(initializer((4, 5)))
    drawn = sample("random_normal(stddev=0.5)", (4, 5), seed=3)
    assert np.array_equal(drawn.values, expected)
    assert (drawn.backend, drawn.dtype) == (BACKEND, "float32")
    assert drawn.versions["keras"] == keras.__version__
    assert set(drawn.versions) == {"initreg", "keras", BACKEND, "numpy"}


def test_a_sample_can_be_drawn_again():
    first = sample("he_normal")
    again = sample(first.spec, first.shape, first.seed)
    assert np.array_equal(first.values, again.values)
    assert first.spec == "he_normal"
    assert sample("he_normal").seed != first.seed


@pytest.mark.parametrize(
    ("spec", "seed", "used"),
    [
        ("random_normal", 5, 5),
        ("random_normal(seed=4)", 5, 4),
        ("random_normal(seed=4)", None, 4),
        ("zeros", 5, None),
        ("identity", None, None),
    ],
)
def test_the_seed_in_force_is_told(spec, seed, used):
    assert sample(spec, (2, 2), seed).seed == used


def test_statistics_are_those_of_the_values():
    drawn = sample("random_normal(1, 0.5)", (200, 300), seed=1)
    found, values = drawn.statistics, drawn.values.astype("float64")
    assert found["mean"] == pytest.approx(values.mean())
    assert found["stddev"] == pytest.approx(values.std())
    assert (found["min"], found["max"]) == (values.min(), values.max())
    assert found["95%"] == pytest.approx(np.quantile(values, 0.95))
    assert list(found) == [
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


def test_theory_expects_what_the_distribution_says():
    drawn = sample("random_normal(1, 0.5)", (100,), seed=1)
    assert (drawn.expected["mean"], drawn.expected["stddev"]) == (1.0, 0.5)
    # Half of all draws of 100 have their largest value below this: 0.5 ** (1 / 100).
    assert drawn.expected["max"] == pytest.approx(drawn.distribution.scipy().ppf(0.5**0.01))
    assert drawn.expected["min"] == pytest.approx(2 - drawn.expected["max"])
    assert drawn.expected["50%"] == pytest.approx(1)


def test_nothing_is_expected_of_values_that_depend_on_each_other():
    drawn = sample("orthogonal", (4, 4), seed=1)
    assert drawn.distribution is None
    assert drawn.expected == {}
    assert drawn.statistics["stddev"] == pytest.approx(0.5, abs=0.05)


def test_no_spread_at_all():
    drawn = sample("random_normal(0.5, 0)", (3, 3), seed=1)
    assert set(drawn.values.flat) == {0.5}
    assert drawn.expected == drawn.statistics
    assert sample("constant(0.5)").distribution == Constant(0.5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("spec", SPECS)
def test_dtypes(spec, dtype):
    drawn = sample(spec, (8, 8), seed=1, dtype=dtype)
    assert drawn.dtype == dtype
    assert drawn.values.dtype == ("float32" if dtype == "bfloat16" else dtype)
    assert all(map(math.isfinite, drawn.statistics.values()))


@pytest.mark.filterwarnings("ignore:Explicitly requested dtype:UserWarning")  # JAX, on its way
def test_float64_is_drawn_or_refused():
    if BACKEND == "jax":
        with pytest.raises(ConfigError) as caught:
            sample("random_normal", dtype="float64")
        assert str(caught.value) == "jax drew float32 in place of float64. Set JAX_ENABLE_X64=1."
    else:
        assert sample("random_normal", dtype="float64").values.dtype == "float64"


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")  # NumPy, rightly
def test_what_overflows_is_left_out_of_the_statistics():
    drawn = sample("random_normal(6e4, 1e4)", (64, 64), seed=1, dtype="float16")
    assert 0 < drawn.finite.size < drawn.count
    assert math.isfinite(drawn.statistics["mean"])
    assert sum(drawn.histogram(4)[1]) == drawn.finite.size


@pytest.mark.parametrize(
    ("spec", "shape", "options", "message"),
    [
        ("zeros", (-1,), {}, "A shape holds whole numbers from 0 up, not [-1]."),
        ("zeros", (2.0,), {}, "A shape holds whole numbers from 0 up, not [2.0]."),
        ("zeros", (True,), {}, "A shape holds whole numbers from 0 up, not [True]."),
        ("zeros", "64", {}, "A shape holds whole numbers from 0 up, not ['6', '4']."),
        (
            "zeros",
            (2,),
            {"dtype": "int32"},
            "dtype must be one of float16, bfloat16, float32, float64, not 'int32'.",
        ),
        ("normal", (2,), {"seed": -1}, "seed must be a whole number, 0 … 4294967295, not -1."),
        ("constant([1, 2])", (), {}, "constant(value=[1, 2]) fills the shape [2], not []."),
        ("constant([1, 2])", (1,), {}, "constant(value=[1, 2]) fills the shape [2], not [1]."),
        (
            "he_normal(input_axes=[5], output_axes=[1])",
            (4, 4),
            {},
            "he_normal(input_axes=[5], output_axes=[1]) does not fit the shape [4, 4]: "
            "The shape (4, 4) has no axis 5.",
        ),
    ],
)
def test_refusals(spec, shape, options, message):
    with pytest.raises(ConfigError) as caught:
        sample(spec, shape, **options)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("spec", "shape"),
    [
        ("identity", (3,)),
        ("orthogonal", (3,)),
        ("constant([1, 2])", (3,)),
    ],
)
def test_what_keras_refuses_is_said_shortly(spec, shape):
    with pytest.raises(ConfigError) as caught:
        sample(spec, shape)
    start = f" can't draw the shape {list(shape)} in float32 on {BACKEND}: "
    assert start in str(caught.value)
    assert len(str(caught.value).splitlines()) == 2
    assert str(caught.value).endswith("` says which shapes and dtypes it takes.")


@pytest.mark.parametrize("shape", [(10**7, 10**7), (10**30,), (2**62, 4)], ids=str)
def test_a_shape_too_large_is_refused_before_keras_sees_it(shape):
    with pytest.raises(ConfigError, match="is too large") as caught:
        sample("random_normal", shape)
    assert "values of float32 are" in str(caught.value)


def test_the_size_is_told(monkeypatch):
    monkeypatch.setattr(sampling, "available_memory", lambda: 3 * 2**20)
    with pytest.raises(ConfigError) as caught:
        sample("random_normal", (1024, 1024))
    assert str(caught.value) == (
        "The shape [1024, 1024] is too large: 1,048,576 values of float32 are 4.0 MiB, and "
        "drawing them takes about 48.0 MiB. 3.0 MiB are available."
    )


def test_this_machine_s_memory_is_known():
    assert 2**20 < sampling.available_memory() < 2**50


class Odd(InitializerConfig, name="odd", builds="keras.initializers:Zeros"):
    def distribution(self, shape) -> Distribution:
        raise ZeroDivisionError("no fans")


def test_a_distribution_that_fails_is_named():
    with pytest.raises(PluginError) as caught:
        sample(Odd(), (2, 2))
    assert re.fullmatch(
        r"odd fails for the shape \[2, 2\]: ZeroDivisionError: no fans \(\S+, line \d+\)",
        str(caught.value),
    )


class Rubbish(InitializerConfig, name="rubbish", builds="keras.initializers:Zeros"):
    def distribution(self, shape):
        return "normal"


def test_a_result_that_is_not_a_distribution_is_named():
    with pytest.raises(
        PluginError, match="distribution\\(\\) returned 'normal', not a Distribution"
    ):
        sample(Rubbish(), (2, 2))


def test_one_size_is_a_vector():
    assert sample("zeros", 3).shape == (3,)


def test_a_sample_is_frozen():
    drawn = sample("zeros", (2,))
    assert isinstance(drawn, Sample)
    with pytest.raises(AttributeError):
        drawn.seed = 1
