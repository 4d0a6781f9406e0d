"""A config's values, drawn with NumPy, and the seed that they depend on."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from initreg import (
    ConfigError,
    Fans,
    InitializerConfig,
    Layout,
    Normal,
    PluginError,
    draw,
    validate,
)
from initreg.config.drawing import distribution_of, draw_config, fill_seed, seed_in_force
from initreg.draws.dtypes import FLOATS
from tests.support.drawing import SEED, each_dtype, each_half, numpy_dtype


@each_dtype
@pytest.mark.parametrize("spec", ["orthogonal", "identity", "constant([1, 2, 3])"])
def test_a_structured_draw_is_a_new_aligned_array(spec, dtype):
    values = draw(spec, (2, 3), seed=1, dtype=dtype)  # from a transposed or a broadcast array
    assert (values.shape, values.dtype) == ((2, 3), numpy_dtype(dtype))
    assert values.flags.c_contiguous
    assert values.flags.writeable
    assert values.ctypes.data % 64 == 0


@pytest.mark.parametrize(
    "spec", [f"constant({1 + 2**-11 + 2**-40})", "orthogonal", "identity(1.1)"]
)
@each_half
def test_halves_without_a_distribution_are_cast_from_float32(spec, dtype):
    exact = draw(spec, (20, 10), seed=SEED)
    halves = draw(spec, (20, 10), seed=SEED, dtype=dtype)
    np.testing.assert_array_equal(halves, exact.astype(numpy_dtype(dtype)))


@given(st.data())
@pytest.mark.parametrize("spec", ["orthogonal", "identity(0.5)", "constant([1, 2, 3, 4, 5, 6])"])
def test_a_region_of_a_structured_weight_is_that_part_of_the_whole(spec, data):
    shape = (5, 6)
    starts = [data.draw(st.integers(0, size)) for size in shape]
    region = [
        slice(start, data.draw(st.integers(start, size)))
        for start, size in zip(starts, shape, strict=True)
    ]
    config = validate(spec)
    whole = draw_config(config, shape, "float32", 7, "a")
    part = draw_config(config, shape, "float32", 7, "a", region=region)
    np.testing.assert_array_equal(part, whole[tuple(region)])


class Returns(InitializerConfig, name="returns", builds="builtins:dict"):
    """Return from `draw` what the test wants."""

    what: str

    def draw(self, shape, fans, seed, path=""):
        return {"list": [1.0, 2.0], "other shape": np.zeros(3), "none": None}[self.what]


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("list", "'list' object has no attribute 'shape'"),
        ("other shape", "draw() returned the shape [3]"),
        ("none", "draw() returned None"),
    ],
)
def test_a_plugin_whose_draw_returns_the_wrong_thing(what, text):
    with pytest.raises(PluginError) as caught:
        draw_config(Returns(what=what), (2,), "float32", 1)
    assert text in str(caught.value)
    assert str(caught.value).startswith("returns(")


_number = st.floats(allow_nan=False, allow_infinity=False)
_parameters = st.one_of(
    st.tuples(st.just("random_normal"), st.tuples(_number, _number.map(abs))),
    st.tuples(st.just("truncated_normal"), st.tuples(_number, _number.map(abs))),
    st.tuples(st.just("random_uniform"), st.tuples(_number, _number).map(sorted)),
    st.tuples(st.just("constant"), st.tuples(_number)),
    st.tuples(st.just("variance_scaling"), st.tuples(_number.map(abs).filter(bool))),
    st.tuples(st.just("orthogonal"), st.tuples(_number)),
    st.tuples(st.just("identity"), st.tuples(_number)),
)


@given(_parameters, st.integers(0, 40), st.sampled_from([*FLOATS]), st.integers(0, 2**32 - 1))
@example(("random_uniform", (-1.7e308, 1.7e308)), 9, "float64", 1)
@example(("random_uniform", (-3e38, 3e38)), 9, "float32", 1)
@example(("random_normal", (-1e300, 1e300)), 9, "float32", 1)
@example(("truncated_normal", (0.0, 1.5e308)), 9, "float64", 1)
def test_any_parameters_give_values_of_the_dtype(parameters, count, dtype, seed):
    name, numbers = parameters
    fields = list(type(validate(name)).model_fields)
    config = validate({"type": name, **dict(zip(fields, numbers, strict=False))})
    shape = (2, count)
    values = draw(config, shape, seed=seed, dtype=dtype)
    assert (values.shape, values.dtype) == (shape, numpy_dtype(dtype))
    distribution = distribution_of(config, shape)
    if distribution is None:
        reach = abs(numbers[0])
    else:
        ends = [abs(end) for end in distribution.support if math.isfinite(end)]
        spread = 9 * distribution.stddev if isinstance(distribution, Normal) else 0.0
        unbounded = distribution.support == (-math.inf, math.inf) and not spread
        reach = math.inf if unbounded else max([abs(distribution.mean) + spread, *ends])
    if reach <= FLOATS[dtype].largest:
        assert np.isfinite(values.astype(np.float64)).all()


@pytest.mark.parametrize(
    ("spec", "used"),
    [
        ("he_normal", 5),
        ("he_normal(seed=4)", 4),
        ("he_normal(seed=0)", 0),
        ("zeros", None),
        ("scaled(he_normal, 2)", 5),
        ("scaled(he_normal(seed=4), 2)", 4),
        ("scaled(zeros, 2)", None),
    ],
)
def test_the_seed_that_is_used_is_returned_with_the_filled_config(spec, used):
    config = validate(spec)
    filled, seed = fill_seed(config, 5)
    assert seed == used
    assert filled == config.with_seed(5)
    assert (filled is config) == (used != 5)
    assert seed_in_force(config, 5) == (5 if used is None else used)


@pytest.mark.parametrize(
    "spec",
    [
        "lecun_normal",
        "glorot_uniform",
        "variance_scaling(2, fan_out, uniform)",
        "kaiming(nonlinearity=linear)",
        "kaiming(mode=fan_out, distribution=normal)",
        "xavier",
        "scaled(lecun_normal, 3)",
        "scaled(scaled(xavier, 2), 0.5)",
    ],
)
def test_fans_set_the_spread(spec):
    config, shape = validate(spec), (8, 4, 16)
    counted = Fans.of_shape(shape)
    quarter = Fans(counted.fan_in / 4, counted.fan_out / 4)
    narrow, wide = (distribution_of(config, shape, fans) for fans in (counted, quarter))
    assert wide.stddev == pytest.approx(2 * narrow.stddev, rel=1e-12)
    pair = (quarter.fan_in, quarter.fan_out)
    drawn = draw(config, shape, seed=SEED, fans=pair, dtype="float64")
    np.testing.assert_allclose(drawn, 2 * draw(config, shape, seed=SEED, dtype="float64"))
    np.testing.assert_array_equal(
        draw(config, shape, seed=SEED, fans=counted), draw(config, shape, seed=SEED)
    )


def test_a_fan_below_one_counts_and_a_fan_of_zero_does_not():
    config = validate("lecun_normal")
    assert distribution_of(config, (2, 3), Fans(0.25, 1)).stddev == pytest.approx(2)
    assert distribution_of(config, (0, 3), Fans(0, 0)).stddev == pytest.approx(1)


def test_explicit_axes_replace_the_fans():
    config = validate("he_normal(input_axes=[1], output_axes=[0])")
    assert distribution_of(config, (2, 50), Fans(3, 3)).stddev == pytest.approx(0.2)


TWO = "fans must be Fans, or two numbers, fan_in and fan_out, not "
FAN_IN = "fans: fan_in must be a finite int or float above 0, not "
FAN_OUT = "fans: fan_out must be a finite int or float above 0, not "
LAYOUT = "fans: layout.shape is [3], which has another size than the weight's [2, 2]"


@pytest.mark.parametrize(
    ("fans", "text"),
    [
        (3, f"{TWO}3."),
        ((1, 2, 3), f"{TWO}(1, 2, 3)."),
        ("12", f"{TWO}'12'."),
        ((-1, 2), f"{FAN_IN}-1"),
        ((math.nan, 1), f"{FAN_IN}nan"),
        ((1, math.inf), f"{FAN_OUT}inf"),
        (("a", 1), f"{FAN_IN}'a'"),
        ((True, 1), f"{FAN_IN}True"),
        (Fans(0, 1), f"{FAN_IN}0"),
        (Fans(1, 1, Layout((3,), (0,), ())), LAYOUT),
    ],
)
def test_fans_that_do_not_fit_the_weight(fans, text):
    with pytest.raises(ConfigError) as caught:
        draw("he_normal", (2, 2), seed=1, fans=fans)
    assert str(caught.value) == text
