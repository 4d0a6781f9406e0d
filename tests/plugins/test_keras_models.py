"""A model with stock initializers trains, saves, and loads without initreg installed."""

import keras
import numpy as np
import pytest

import initreg
from tests.support.processes import python

pytestmark = [pytest.mark.keras, pytest.mark.slow]

DENSE = [
    "glorot_uniform(seed=1)",
    "random_normal(mean=0,stddev=0.05)",
    "orthogonal(gain=1.2)",
]
CONV = ["he_normal", "variance_scaling(2, fan_out, uniform)"]

LOAD = """
import keras, numpy
model = keras.saving.load_model(sys.argv[1])
output = keras.ops.convert_to_numpy(model(numpy.load(sys.argv[3])))
numpy.savez(sys.argv[2], *model.get_weights(), output=output)
for layer in model.layers:
    if layer.weights:
        print(type(layer.kernel_initializer).__module__)
"""


def dense_model():
    layers = [
        keras.layers.Dense(
            8,
            activation="relu",
            kernel_initializer=initreg.resolve(spec, seed=i),
            bias_initializer=initreg.resolve("constant(0.1)"),
        )
        for i, spec in enumerate(DENSE)
    ]
    return keras.Sequential([keras.Input((6,)), *layers, keras.layers.Dense(1)])


def conv_model():
    layers = [
        keras.layers.Conv2D(4, 3, kernel_initializer=initreg.resolve(spec, seed=i))
        for i, spec in enumerate(CONV)
    ]
    head = keras.layers.Dense(1, kernel_initializer=initreg.resolve("xavier_normal"))
    return keras.Sequential([keras.Input((8, 8, 2)), *layers, keras.layers.Flatten(), head])


@pytest.mark.skipif(
    keras.config.backend() == "numpy", reason="Keras can't train on its numpy backend"
)
@pytest.mark.parametrize("make", [dense_model, conv_model])
def test_a_model_trains_saves_and_loads_without_initreg(without_initreg, make, tmp_path):
    keras.utils.set_random_seed(1)
    model = make()
    inputs = np.random.default_rng(1).normal(size=(16, *model.input_shape[1:])).astype("float32")
    targets = inputs.reshape(16, -1)[:, :1]
    before = model.get_weights()
    model.compile("adam", "mse")
    losses = model.fit(inputs, targets, epochs=3, batch_size=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    trained = model.get_weights()
    assert not np.array_equal(trained[0], before[0])
    saved, loaded, inputs_file = (
        tmp_path / name for name in ("m.keras", "loaded.npz", "inputs.npy")
    )
    model.save(saved)
    np.save(inputs_file, inputs)
    done = python(without_initreg(LOAD), saved, loaded, inputs_file, cwd=tmp_path)
    assert all(module.startswith("keras.") for module in done.stdout.split())
    with np.load(loaded) as arrays:
        weights = [arrays[f"arr_{i}"] for i in range(len(trained))]
        assert all(map(np.array_equal, weights, trained))
        expected = keras.ops.convert_to_numpy(model(inputs))
        assert np.allclose(arrays["output"], expected, atol=1e-5)


@pytest.mark.parametrize("make", [dense_model, conv_model])
def test_the_same_seeds_give_the_same_weights(make):
    # Only the initializer of the last layer has no seed.
    first, second = make().get_weights()[:-2], make().get_weights()[:-2]
    assert first
    assert all(map(np.array_equal, first, second))


def test_a_layer_clones_its_initializer_from_its_config():
    layer = keras.layers.Dense(3, kernel_initializer=initreg.resolve("he_normal", seed=7))
    clone = keras.layers.Dense.from_config(layer.get_config())
    assert initreg.describe(clone.kernel_initializer) == "he_normal(seed=7)"
    for dense in (layer, clone):
        dense.build((None, 4))
    assert np.array_equal(layer.get_weights()[0], clone.get_weights()[0])
