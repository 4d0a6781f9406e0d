"""A portable initializer is a Keras initializer like any other, with the values of `draw`."""

import keras
import numpy as np
import pytest
from keras import layers

import initreg
from initreg.models.portable import Portable

pytestmark = pytest.mark.keras

BACKEND = keras.config.backend()
SPECS = {
    "normal": "random_normal(mean=1, stddev=0.5)",
    "truncated": "truncated_normal",
    "uniform": "random_uniform",
    "scaling": "variance_scaling(2, fan_out, uniform)",
    "glorot": "glorot_normal",
    "orthogonal": "orthogonal(gain=2)",
    "constant": "constant(0.5)",
    "list": "constant([1, 2, 3, 4])",
    "zeros": "zeros",
    "identity": "identity(gain=3)",
    "seeded": "he_uniform(seed=9)",
    "dict": {"type": "random_normal", "stddev": 2},
}


def values_of(initializer, shape=(4, 4), dtype="float32"):
    return keras.ops.convert_to_numpy(initializer(shape, dtype=dtype))


def portable(spec, seed=7):
    return initreg.resolve(spec, seed, portable=True)


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_the_values_are_those_of_draw(spec, dtype):
    found = values_of(portable(spec), dtype=dtype)
    expected = initreg.draw(spec, (4, 4), seed=7, dtype=dtype)
    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected)


def test_bfloat16_is_float32_cast():
    tensor = portable("random_normal")((4, 4), dtype="bfloat16")
    assert keras.backend.standardize_dtype(tensor.dtype) == "bfloat16"
    found = keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32"))
    expected = initreg.draw("random_normal", (4, 4), seed=7, dtype="bfloat16")
    assert np.array_equal(found, expected.astype("float32"))


GOLDEN = {
    "random_normal": [-0.04562242701649666, -0.00955489557236433, 0.027312545105814934],
    "he_uniform": [-0.9029291868209839, -0.21432563662528992, 0.5870493054389954],
    "truncated_normal(stddev=2)": [-1.71712064743042, -0.3646070957183838, 1.0379421710968018],
}


@pytest.mark.parametrize(("spec", "values"), GOLDEN.items(), ids=GOLDEN)
def test_the_values_are_these_on_every_backend(spec, values):
    assert values_of(portable(spec), (3,)).tolist() == values


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_it_comes_back_from_its_config(spec):
    initializer = portable(spec)
    copies = [
        Portable.from_config(initializer.get_config()),
        initializer.clone(),
        keras.initializers.deserialize(keras.initializers.serialize(initializer)),
        keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(initializer)),
    ]
    for copy in copies:
        assert type(copy) is Portable
        assert copy.get_config() == initializer.get_config()
        assert np.array_equal(values_of(copy), values_of(initializer))


def test_its_config_is_the_shortest_spec():
    initializer = Portable({"type": "RandomNormal", "stddev": 0.5}, seed=3, path="a/kernel")
    assert initializer.get_config() == {
        "spec": "random_normal(stddev=0.5)",
        "seed": 3,
        "path": "a/kernel",
    }
    expected = initreg.draw("random_normal(stddev=0.5)", (4, 4), seed=3, path="a/kernel")
    assert np.array_equal(values_of(initializer), expected)


def test_open_seeds_differ_and_follow_keras():
    found = []
    for _ in range(2):
        keras.utils.set_random_seed(5)
        found.append([values_of(portable("random_normal", None)) for _ in range(2)])
    (one, two), again = found
    assert not np.array_equal(one, two)
    assert np.array_equal(again, [one, two])
    initializer = portable("random_normal", None)
    assert initializer.get_config()["seed"] is None
    assert np.array_equal(values_of(initializer), values_of(initializer))
    assert not np.array_equal(values_of(initializer.clone()), values_of(initializer))


def test_a_seed_of_the_spec_takes_the_place_of_the_other():
    found = [values_of(portable("random_normal(seed=9)", seed)) for seed in (None, 1, 9)]
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


NAMES = ("/kernel", "wise_kernel", "embeddings", "gamma")
LAYERS = {
    "Dense": (lambda i: layers.Dense(3, kernel_initializer=i), (4,)),
    "Embedding": (lambda i: layers.Embedding(7, 3, embeddings_initializer=i), (5,)),
    "Conv2D": (lambda i: layers.Conv2D(3, 3, kernel_initializer=i), (6, 6, 4)),
    "SeparableConv2D": (
        lambda i: layers.SeparableConv2D(3, 3, depthwise_initializer=i, pointwise_initializer=i),
        (6, 6, 4),
    ),
    "LSTM": (
        lambda i: layers.LSTM(3, kernel_initializer=i, recurrent_initializer=i, bias_initializer=i),
        (5, 4),
    ),
    "Bidirectional": (
        lambda i: layers.Bidirectional(layers.GRU(3, kernel_initializer=i)),
        (5, 4),
    ),
    "EinsumDense": (lambda i: layers.EinsumDense("ab,bc->ac", 3, kernel_initializer=i), (4,)),
    "BatchNormalization": (lambda i: layers.BatchNormalization(gamma_initializer=i), (4,)),
}


@pytest.mark.slow
@pytest.mark.parametrize(("layer", "shape"), LAYERS.values(), ids=LAYERS)
def test_it_works_in_every_layer_and_a_saved_model(layer, shape, tmp_path):
    initializer = portable("random_normal")
    model = keras.Sequential([keras.Input(shape), layer(initializer)])
    drawn = [w for w in model.weights if w.path.endswith(NAMES)]
    assert drawn
    for weight in drawn:
        expected = initreg.draw("random_normal", tuple(weight.shape), seed=7)
        assert np.array_equal(keras.ops.convert_to_numpy(weight.value), expected)
    model.save(tmp_path / "model.keras")
    loaded = initreg.load_model(tmp_path / "model.keras")
    assert all(map(np.array_equal, loaded.get_weights(), model.get_weights()))
    for copied, weight in zip(keras.models.clone_model(model).weights, model.weights, strict=True):
        if weight.path.endswith(NAMES):
            values = map(keras.ops.convert_to_numpy, (copied.value, weight.value))
            assert np.array_equal(*values)


def test_attention_clones_it():
    inputs = keras.Input((5, 8))
    for seed, alike in ((7, True), (None, False)):
        attention = layers.MultiHeadAttention(2, 4, kernel_initializer=portable("he_normal", seed))
        keras.Model(inputs, attention(inputs, inputs))
        query, key = (
            keras.ops.convert_to_numpy(each.kernel.value)
            for each in (attention.query_dense, attention.key_dense)
        )
        assert np.array_equal(query, key) == alike


@pytest.mark.parametrize(
    ("spec", "seed", "used"),
    [("he_normal", 7, 7), ("he_normal", None, 1), ("he_normal(seed=9)", 7, 9)],
    ids=["given", "open", "in the spec"],
)
def test_a_scope_tells_it_apart_by_the_path_and_keeps_its_seed(spec, seed, used):
    initializer = portable(spec, seed)
    with initreg.scope(seed=1) as made:
        for name in ("a", "b"):
            layers.Dense(4, name=name, kernel_initializer=initializer).build((None, 4))
    kernels = [entry for entry in made.plan.entries if "kernel" in entry.path]
    assert [(e.action, e.seed) for e in kernels] == [("draw", used)] * 2
    assert len({entry.derived_seed for entry in kernels}) == 2


@pytest.mark.parametrize("spec", ["zeros", "ones", "constant(3)"])
@pytest.mark.parametrize("dtype", ["int32", "bool"])
def test_other_dtypes_are_keras_own(spec, dtype):
    found = values_of(portable(spec), dtype=dtype)
    expected = keras.ops.convert_to_numpy(initreg.resolve(spec)((4, 4), dtype=dtype))
    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected)


@pytest.mark.slow
def test_what_numpy_can_not_draw_goes_through_keras():
    found = values_of(portable("stft(side=imag)"), (4, 1, 3))
    plain = keras.initializers.STFT(side="imag")((4, 1, 3), dtype="float32")
    assert np.array_equal(found, keras.ops.convert_to_numpy(plain))


TAKEN = {
    "instance": (lambda: keras.initializers.HeNormal(), "he_normal"),
    "seeded": (lambda: keras.initializers.HeNormal(seed=3), "he_normal(seed=3)"),
    "constant": (lambda: keras.initializers.Constant(2.0), "constant(value=2)"),
    "class name": (lambda: "HeNormal", "he_normal"),
    "config": (lambda: {"class_name": "Zeros", "config": {}}, "zeros"),
    "serialized": (
        lambda: keras.initializers.serialize(keras.initializers.HeNormal()),
        "he_normal",
    ),
}


@pytest.mark.parametrize(("make", "spec"), TAKEN.values(), ids=TAKEN)
def test_it_takes_what_has_a_spec(make, spec):
    initializer = portable(make())
    assert initializer.get_config() == {"spec": spec, "seed": 7, "path": ""}


def test_none_stays_none_and_what_has_no_spec_is_rejected():
    assert portable(None) is None
    with pytest.raises(initreg.ConfigError) as caught:
        portable(lambda shape, dtype=None: None)
    assert "is not a Keras initializer, so it has no spec." in str(caught.value)
    with pytest.raises(initreg.UnknownInitializerError):
        portable("he_norml")
    with pytest.raises(initreg.ConfigError) as caught:
        portable("he_normal", -1)
    assert str(caught.value) == "seed must be a whole number, 0 … 4294967295, not -1."


def test_it_gives_the_same_in_a_compiled_function():
    initializer = portable("random_normal")
    plain = values_of(initializer)
    if BACKEND == "jax":
        import jax

        compiled = jax.jit(lambda: initializer((4, 4), dtype="float32"))
    elif BACKEND == "tensorflow":
        import tensorflow as tf

        compiled = tf.function(lambda: initializer((4, 4), dtype="float32"))
    else:
        pytest.skip("nothing is compiled here")
    assert np.array_equal(keras.ops.convert_to_numpy(compiled()), plain)
    assert np.array_equal(values_of(initializer), plain)


def test_it_is_described_and_resolved_again():
    once = initreg.resolve("he_normal", seed=7, portable=True)
    assert initreg.describe(once) == "he_normal(seed=7)"
    again = initreg.resolve(once, portable=True)
    assert again is not once
    assert np.array_equal(*(keras.ops.convert_to_numpy(each((5, 3))) for each in (once, again)))
