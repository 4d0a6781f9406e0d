"""The extras at their limits: nested seeds, half precision, narrow bounds, missing files."""

import math

import keras
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import initreg
from initreg import ConfigError, TruncatedNormal, Uniform, draw, resolve, validate
from initreg.config.drawing import distribution_of
from tests.support.drawing import values

pytestmark = pytest.mark.keras


# Seeds --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("base", ["random_normal(seed=7)", "orthogonal(seed=7)"])
def test_the_seed_of_a_base_is_kept(base):
    specs = [f"scaled({base}, 2)", f"scaled(scaled({base}, 4), 0.5)"]
    for spec in specs:
        first, other = (draw(spec, (4, 3), seed=seed) for seed in (1, 2))
        np.testing.assert_array_equal(first, other)
        np.testing.assert_allclose(first, 2 * draw(base, (4, 3), seed=3), rtol=1e-6)
        one, two = (values(resolve(spec, seed, portable=True), (4, 3)) for seed in (1, 2))
        np.testing.assert_array_equal(one, two)


def test_gates_with_one_seed_differ():
    [one, two] = np.split(
        draw("per_gate([he_normal(seed=1), he_normal(seed=1)])", (4, 6), seed=1), 2, 1
    )
    assert not np.allclose(one, two)


@pytest.mark.parametrize(
    ("spec", "shape"),
    [
        ("scaled(stft, 2)", (256, 1, 129)),
        ("scaled(scaled(stft, 4), 0.5)", (256, 1, 129)),
        ("per_gate([scaled(stft, 2), scaled(stft, 2)])", (256, 1, 258)),
    ],
)
def test_what_is_not_portable_is_made_by_keras(spec, shape):
    expected = values(resolve(spec), shape)
    np.testing.assert_allclose(values(resolve(spec, portable=True), shape), expected, rtol=1e-6)
    np.testing.assert_allclose(
        expected[..., :129], 2 * values(resolve("stft"), (256, 1, 129)), rtol=1e-6
    )
    with pytest.raises(ConfigError, match="can't be drawn without Keras"):
        draw(spec, shape, seed=1)


# Half precision -----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_small_factor_prevents_overflow_in_half_precision(dtype):
    tensor = resolve("scaled(random_normal(stddev=1e6), 1e-6)", seed=1)
    assert 0.9 < values(tensor, (1000,), dtype).std() < 1.1
    assert (values(resolve("scaled(constant(1e-9), 1e9)"), (3,), dtype) == 1).all()


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("spec", ["scaled(orthogonal, 3)", "per_gate([orthogonal, orthogonal])"])
def test_orthogonal_matrices_in_half_precision(spec, dtype):
    initializer = resolve(spec, seed=1)
    tensor, exact = values(initializer, (4, 8), dtype), values(initializer, (4, 8))
    np.testing.assert_allclose(tensor, exact, rtol=2**-7)


# Bounds -------------------------------------------------------------------------------------------

numbers = st.floats(-5, 5) | st.floats(-1e300, 1e300)
spreads = st.floats(1e-3, 5) | st.floats(0, 1e300)


@given(numbers, spreads, numbers, st.floats(0, 5) | st.floats(0, 1e300))
@example(0.0, 1.0, 0.0, 1e-9)
@example(0.0, 1e9, -1.0, 2.0)
@example(0.0, 1.0, 1.0, 2**-52)
@example(0.1, 0.3, -0.1, 0.8)
def test_no_value_of_trunc_normal_is_outside_its_bounds(mean, stddev, low, width):
    high = low + width
    width = high - low  # as rounded by floats
    parameters = {"mean": mean, "stddev": stddev, "low": low, "high": high}
    try:
        config = validate({"type": "trunc_normal", **parameters})
    except ConfigError as error:
        assert "too far from the mean" in str(error) or "if stddev is 0" in str(error)
        return
    follows = distribution_of(config, (3,))
    assert low <= follows.support[0] <= follows.support[1] <= high
    off = 1e-6 * width + 1e-9 * abs(mean) + 1e-300
    assert low - off <= follows.mean <= high + off
    assert 0 <= follows.stddev <= width / math.sqrt(12) * 1.001 + off
    drawn = draw(config, 100, seed=1, dtype="float64")
    assert low <= drawn.min() <= drawn.max() <= high


def test_between_close_bounds_values_are_uniform():
    assert distribution_of(validate("trunc_normal(0, 1e6, -1, 1)"), (3,)) == Uniform(-1, 1)
    near = distribution_of(validate("trunc_normal(0, 1, 0, 0.01)"), (3,))
    assert isinstance(near, TruncatedNormal)
    assert near.stddev == pytest.approx(Uniform(0, 0.01).stddev, rel=1e-4)


# Files --------------------------------------------------------------------------------------------


@pytest.fixture
def weights(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "weights.npy"
    np.save(path, np.arange(6.0).reshape(3, 2))
    return path


@pytest.mark.parametrize(
    "path", ["https://a.b/c.npy", "file:///c.npy", "//server/c.npy", "\\\\server\\c.npz"]
)
def test_only_local_files_are_read(path):
    with pytest.raises(ConfigError, match="path must be the path of a file on this machine"):
        validate({"type": "from_file", "path": path})


def test_a_damaged_archive_is_reported(weights):
    np.savez_compressed("some.npz", a=np.ones((300, 20)))
    damaged = bytearray(weights.with_name("some.npz").read_bytes())
    damaged[60] ^= 0xFF
    weights.with_name("some.npz").write_bytes(damaged)
    with pytest.raises(ConfigError, match=r"some\.npz: .*decompressing"):
        draw('from_file("some.npz")', (300, 20), seed=1)
    weights.rename("other.npz")
    with pytest.raises(ConfigError, match=r"other\.npz: it contains a single array"):
        draw('from_file("other.npz")', (3, 2), seed=1)


def test_the_example_shape_is_that_of_the_file(weights):
    assert initreg.sample('from_file("weights.npy")').shape == (3, 2)


def test_a_saved_model_needs_the_file_unless_its_initializer_is_replaced(weights):
    dense = keras.layers.Dense(2, kernel_initializer=resolve('from_file("weights.npy")'))
    model = keras.Sequential([keras.Input((3,)), dense])
    model.save("with.keras")
    dense.kernel_initializer = keras.initializers.Zeros()
    model.save("without.keras")
    weights.rename("moved.npy")
    with pytest.raises(ConfigError, match=r"weights\.npy: No such file or directory\."):
        initreg.load_model("with.keras")
    loaded = initreg.load_model("without.keras")
    np.testing.assert_array_equal(loaded.get_weights()[0], model.get_weights()[0])
