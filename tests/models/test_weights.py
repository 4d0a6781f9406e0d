"""The values of a weight are made by NumPy or by Keras, and placed on its devices."""

import keras
import numpy as np
import pytest

from initreg import draw, validate
from initreg.config.drawing import draw_fitted, fit
from initreg.draws.moments import Moments
from initreg.models import weights

pytestmark = pytest.mark.keras


def make(spec, shape, dtype="float32", **options):
    return weights.make_tensor(fit(validate(spec), shape), dtype, 1, "a", **options)


@pytest.mark.parametrize("spec", ["random_normal", "orthogonal", "ones", "stft"])
def test_the_moments_of_floats_are_collected_whoever_makes_them(spec):
    moments = Moments()
    values = keras.ops.convert_to_numpy(make(spec, (6, 1, 4), moments=moments))
    assert moments.mean == pytest.approx(values.mean(), abs=1e-6)
    assert moments.stddev == pytest.approx(values.std(), abs=1e-6)


def test_portable_floats_are_drawn_by_numpy_and_others_by_keras():
    values = keras.ops.convert_to_numpy(make("random_normal", (6, 4)))
    assert np.array_equal(values, draw("random_normal", (6, 4), seed=1, path="a"))
    counts = make("ones", (6, 4), "int32")
    assert keras.backend.standardize_dtype(counts.dtype) == "int32"
    assert keras.ops.convert_to_numpy(counts).tolist() == [[1] * 4] * 6


def test_a_part_of_a_weight_does_not_keep_the_whole(monkeypatch):
    monkeypatch.setattr(weights, "is_sharded", lambda _: True)
    monkeypatch.setattr(weights, "to_shards", lambda draw, *_: draw([slice(0, 2), slice(0, 4)]))
    for spec in ("orthogonal", "random_normal"):
        part = make(spec, (8, 4))
        assert part.shape == (2, 4)
        assert part.base is None or part.base.nbytes == part.nbytes


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("value", [0.0, -0.0, 1.0, 0.1, -3.0000001, 1e-40, 1e30])
@pytest.mark.parametrize("shape", [(2, 3), (), (0, 2)])
def test_a_constant_tensor_has_the_bits_of_the_drawn_array(value, shape, dtype):
    fitted = fit(validate({"type": "constant", "value": value}), shape)
    ours, drawn = Moments(), Moments()
    tensor = weights.make_tensor(fitted, dtype, 1, "a", moments=ours)
    array = draw_fitted(fitted, dtype, 1, "a", moments=drawn)
    assert keras.backend.standardize_dtype(tensor.dtype) == dtype
    values = keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32"))
    assert values.shape == shape
    assert values.tobytes() == array.astype("float32").tobytes()
    assert str((ours.mean, ours.stddev)) == str((drawn.mean, drawn.stddev))


def test_a_tensor_of_one_value_is_made_without_numpy(monkeypatch):
    def draw_fitted(*_, **__):
        raise AssertionError

    monkeypatch.setattr(weights, "draw_fitted", draw_fitted)
    if keras.config.backend() not in ("torch", "tensorflow"):
        pytest.skip("only torch and TensorFlow are faster than NumPy here")
    assert keras.ops.convert_to_numpy(make("ones", (2, 3))).tolist() == [[1.0] * 3] * 2
