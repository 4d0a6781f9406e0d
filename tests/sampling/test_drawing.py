"""A sample is drawn through Keras, and can be drawn again."""

import math
import re

import keras
import numpy as np
import pytest

from initreg import ConfigError, Distribution, InitializerConfig, PluginError, sample

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


@pytest.mark.slow
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
        ("scaled(he_normal(seed=4), 2)", 5, 4),
        ("scaled(he_normal, 2)", 5, 5),
    ],
)
def test_the_seed_that_was_used_is_returned(spec, seed, used):
    assert sample(spec, (2, 2), seed).seed == used


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("spec", SPECS)
def test_dtypes(spec, dtype):
    drawn = sample(spec, (8, 8), seed=1, dtype=dtype)
    assert drawn.dtype == dtype
    assert drawn.values.dtype == ("float32" if dtype == "bfloat16" else dtype)
    assert all(map(math.isfinite, drawn.statistics.values()))


@pytest.mark.filterwarnings("ignore:Explicitly requested dtype:UserWarning")  # from JAX
def test_float64_is_drawn_or_rejected():
    if BACKEND == "jax":
        with pytest.raises(ConfigError) as caught:
            sample("random_normal", dtype="float64")
        assert str(caught.value) == "jax drew float32 instead of float64. Set JAX_ENABLE_X64=1."
    else:
        assert sample("random_normal", dtype="float64").values.dtype == "float64"


@pytest.mark.parametrize(
    ("spec", "shape", "options", "message"),
    [
        ("zeros", (-1,), {}, "A shape must be whole numbers, 0 or more, not [-1]."),
        ("zeros", (2.0,), {}, "A shape must be whole numbers, 0 or more, not [2.0]."),
        ("zeros", (True,), {}, "A shape must be whole numbers, 0 or more, not [True]."),
        ("zeros", "64", {}, "A shape must be whole numbers, 0 or more, not ['6', '4']."),
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
def test_errors(spec, shape, options, message):
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
def test_an_error_of_keras_is_reported_in_two_lines(spec, shape):
    with pytest.raises(ConfigError) as caught:
        sample(spec, shape)
    start = f" can't draw the shape {list(shape)} in float32 on {BACKEND}: "
    assert start in str(caught.value)
    assert len(str(caught.value).splitlines()) == 2
    assert str(caught.value).endswith("` says which shapes and dtypes it takes.")


class Odd(InitializerConfig, name="odd", builds="keras.initializers:Zeros"):
    def distribution(self, shape, fans) -> Distribution:
        raise ZeroDivisionError("no fans")


def test_a_distribution_that_fails_is_named():
    with pytest.raises(PluginError) as caught:
        sample(Odd(), (2, 2))
    assert re.fullmatch(
        r"odd fails for the shape \[2, 2\]: ZeroDivisionError: no fans \(\S+, line \d+\)",
        str(caught.value),
    )


class Rubbish(InitializerConfig, name="rubbish", builds="keras.initializers:Zeros"):
    def distribution(self, shape, fans):
        return "normal"


def test_a_result_that_is_not_a_distribution_is_named():
    with pytest.raises(
        PluginError, match="distribution\\(\\) returned 'normal', not a Distribution"
    ):
        sample(Rubbish(), (2, 2))


def test_one_size_is_a_vector():
    assert sample("zeros", 3).shape == (3,)
