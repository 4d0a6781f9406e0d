"""Keras's own configs: `expand` writes what Keras writes, and Keras loads it."""

import copy
import inspect
import json
import re
import zipfile

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import initreg
from initreg import collapse, collapse_file, expand, expand_file, resolve, validate
from tests.support.processes import python

pytestmark = [pytest.mark.keras, pytest.mark.slow]

NO_TRAINING = pytest.mark.skipif(
    keras.config.backend() == "numpy", reason="Keras can't train on its numpy backend"
)
KERAS_CLASSES = [
    keras_class
    for name, keras_class in sorted(vars(keras.initializers).items())
    if isinstance(keras_class, type) and keras_class is not keras.initializers.Initializer
]
BUILTIN = {entry.config_class for entry in initreg.default_registry().builtin_entries()}
OF_KERAS = {config for config in BUILTIN if config.initializer_builds.startswith("keras.")}


# One initializer ----------------------------------------------------------------------------------

numbers = st.floats(-1e6, 1e6, allow_subnormal=False) | st.integers(-(10**6), 10**6)
positive = st.floats(1e-6, 1e6)
parts = {"scale": positive, "stddev": st.just(0.0) | positive, "gain": numbers, "mean": numbers}
PARAMETERS = {
    **parts,
    "value": numbers | st.lists(st.lists(numbers, min_size=2, max_size=2), min_size=1, max_size=3),
    "mode": st.sampled_from(["fan_in", "fan_out", "fan_avg"]),
    "distribution": st.sampled_from(["truncated_normal", "untruncated_normal", "uniform"]),
    "seed": st.none() | st.integers(0, 2**32 - 1),
    "minval": st.floats(-10, -0.1),
    "maxval": st.floats(0, 10) | st.integers(0, 10),
    "side": st.sampled_from(["real", "imag"]),
    "window": st.none() | st.sampled_from(["hann", "tukey"]) | st.lists(numbers, min_size=1),
    "scaling": st.sampled_from([None, "density", "spectrum"]),
    "periodic": st.booleans(),
}


@st.composite
def specs(draw):
    config_class = draw(st.sampled_from(sorted(OF_KERAS, key=str)))
    names = [name for name in config_class.parameter_fields if name in PARAMETERS]
    parameters = {name: draw(PARAMETERS[name]) for name in names if draw(st.booleans())}
    if "input_axes" in config_class.parameter_fields and draw(st.booleans()):
        parameters |= {"input_axes": [0], "output_axes": draw(st.sampled_from([[1], [-1, 2], []]))}
    return {"type": config_class.initializer_name, **parameters}


def check(spec):
    config = validate(spec)
    initializer = resolve(spec)
    ours, theirs = config.serialize(), keras.saving.serialize_keras_object(initializer)
    assert ours == theirs == json.loads(json.dumps(ours))
    again = keras.saving.deserialize_keras_object(copy.deepcopy(ours))
    assert type(again) is type(initializer)
    if config.initializer_name != "identity":  # a loaded one leaves its gain out, as Keras does
        assert repr(again.get_config()) == repr(initializer.get_config())
    assert vars(again).get("gain") == vars(initializer).get("gain")
    assert expand(spec) == ours
    assert expand(ours) == ours
    assert collapse(ours) == str(config)


def test_all_initializers_of_keras_are_among_the_examples():
    written = {
        validate(example).serialize()["class_name"]
        for config_class in OF_KERAS
        for example in config_class.initializer_examples
    }
    assert written == {keras_class.__name__ for keras_class in KERAS_CLASSES}


@pytest.mark.parametrize(
    "spec", sorted({example for config in BUILTIN for example in config.initializer_examples})
)
def test_each_example_is_written_as_keras_writes_it(spec):
    check(spec)


@settings(max_examples=200)
@given(specs())
def test_any_spec_is_written_as_keras_writes_it(spec):
    check(spec)


def test_an_array_is_unchanged():
    for array in (np.ones((2, 3), "float32"), keras.ops.ones((3,)), np.float32(0.1)):
        config = keras.saving.serialize_keras_object(keras.initializers.Constant(array))
        whole = {"kernel_initializer": config}
        collapsed = collapse(whole)
        assert expand(collapsed) == whole
        loaded = keras.saving.deserialize_keras_object(expand(collapsed)["kernel_initializer"])
        assert np.array_equal(
            keras.ops.convert_to_numpy(loaded((2, 3)[-np.ndim(array) :])),
            np.broadcast_to(keras.ops.convert_to_numpy(array), (2, 3)[-np.ndim(array) :]),
        )


# Layers -------------------------------------------------------------------------------------------


def initializers_of(layer_class):
    return [
        name for name in inspect.signature(layer_class).parameters if name.endswith("_initializer")
    ]


LAYERS = {
    layer_class.__name__: layer_class
    for layer_class in vars(keras.layers).values()
    if isinstance(layer_class, type)
    and issubclass(layer_class, keras.layers.Layer)
    and layer_class is not keras.layers.Layer
    and initializers_of(layer_class)
}
NEEDED = {
    "filters": 4,
    "kernel_size": 3,
    "units": 4,
    "num_heads": 2,
    "key_dim": 4,
    "head_dim": 4,
    "num_query_heads": 4,
    "num_key_value_heads": 2,
    "input_dim": 5,
    "equation": "ab,bc->ac",
}
TEXTS = [
    "random_normal(stddev=0.02, seed=1)",
    "constant(value=0.5)",
    "variance_scaling(scale=2, mode=fan_out, seed=3)",
    "he_uniform(seed=4, input_axes=[0], output_axes=[1])",
    "zeros",
    "orthogonal(gain=2, seed=6)",
]


def make_layer(name, texts=TEXTS):
    layer_class = LAYERS[name]
    given = {
        parameter: NEEDED.get(parameter, 4 if name != "EinsumDense" else (None, 4))
        for parameter, info in inspect.signature(layer_class).parameters.items()
        if info.default is info.empty and info.kind is info.POSITIONAL_OR_KEYWORD
    }
    names = initializers_of(layer_class)
    return layer_class(**given, **dict(zip(names, map(resolve, texts), strict=False))), names


def test_there_are_many_layers():
    assert len(LAYERS) >= 25


@pytest.mark.parametrize("name", LAYERS)
def test_the_config_of_a_layer(name):
    layer, names = make_layer(name)
    config = layer.get_config()
    collapsed = collapse(config)
    assert expand(collapsed) == config
    assert [collapsed[name] for name in names] == TEXTS[: len(names)]
    assert len(str(collapsed)) < len(str(config))
    again = type(layer).from_config(expand(collapsed))
    assert again.get_config() == config
    serialized = keras.saving.serialize_keras_object(layer)
    assert expand(collapse(serialized)) == serialized
    assert collapse(serialized)["config"][names[0]] == TEXTS[0]


@pytest.mark.parametrize(
    "make",
    [
        lambda cell: keras.layers.RNN(cell, return_sequences=True),
        lambda cell: keras.layers.RNN([cell, keras.layers.GRUCell(3)]),
        lambda cell: keras.layers.Bidirectional(keras.layers.RNN(cell)),
        lambda cell: keras.layers.TimeDistributed(keras.layers.Dense(2)),
    ],
    ids=["cell", "stacked", "bidirectional", "time distributed"],
)
def test_wrapped_layers(make):
    cell = keras.layers.LSTMCell(
        4, kernel_initializer=resolve(TEXTS[0]), recurrent_initializer=resolve("orthogonal(2)")
    )
    layer = make(cell)
    config = layer.get_config()
    assert expand(collapse(config)) == config
    again = type(layer).from_config(expand(collapse(layer.get_config())))
    assert again.get_config() == config


# Models -------------------------------------------------------------------------------------------

APPLICATIONS = {
    "MobileNetV3Small": (64, 64, 3),
    "EfficientNetB0": (32, 32, 3),
    "VGG16": (32, 32, 3),
    "ConvNeXtTiny": (32, 32, 3),
}


@pytest.fixture
def no_draws(monkeypatch):
    """Fill weights with NumPy: JAX compiles for each shape."""

    def fill(self, shape, dtype=None, **options):
        return np.zeros(shape, dtype)

    for keras_class in KERAS_CLASSES:
        monkeypatch.setattr(keras_class, "__call__", fill)


# On NumPy, Keras computes with uninitialized memory to find the shapes of some layers.
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_of_keras(name, no_draws):
    keras.backend.clear_session()
    make = getattr(keras.applications, name)
    model = make(weights=None, include_top=False, input_shape=APPLICATIONS[name])
    config = model.get_config()
    collapsed = collapse(config)
    assert expand(collapsed) == config
    text = model.to_json()
    written = json.loads(text)
    short = collapse(written)
    assert expand(short) == written
    assert '"module": "keras.initializers"' not in json.dumps(short)
    assert len(json.dumps(short)) < 0.9 * len(text)
    loaded = keras.models.model_from_json(json.dumps(expand(short)))
    assert loaded.to_json() == text


def small_model():
    inputs = keras.Input((8, 8, 3), name="inputs")
    x = keras.layers.Conv2D(4, 3, kernel_initializer=resolve(TEXTS[0]), name="conv")(inputs)
    x = keras.layers.SeparableConv2D(4, 3, depthwise_initializer=resolve(TEXTS[2]))(x)
    x = keras.layers.BatchNormalization(gamma_initializer=resolve("constant(0.9)"))(x)
    nested = keras.Sequential(
        [
            keras.Input((4, 4, 4)),
            keras.layers.Reshape((16, 4)),
            keras.layers.GRU(4, recurrent_initializer=resolve("orthogonal(0.5, seed=1)")),
        ],
        name="nested",
    )
    x = keras.layers.Dropout(0.1, dtype="float32")(nested(x))
    outputs = keras.layers.Dense(2, kernel_initializer=resolve("he_normal(seed=2)"))(x)
    return keras.Model(inputs, outputs, name="small")


@pytest.fixture(scope="module")
def small():
    return small_model()


def predicted(model):
    inputs = np.random.default_rng(1).normal(size=(2, 8, 8, 3)).astype("float32")
    return keras.ops.convert_to_numpy(model(inputs, training=False))


@pytest.mark.parametrize("language", ["json", "yaml"])
def test_a_model_through_a_file(small, tmp_path, language):
    path = tmp_path / f"model.{language}"
    path.write_text(small.to_json(), encoding="utf-8")
    short = collapse_file(path)
    assert len(short) < 0.85 * len(small.to_json())
    assert "orthogonal(gain=0.5, seed=1)" in short
    path.write_text(short, encoding="utf-8")
    expanded = expand_file(path)
    assert json.loads(expanded) == json.loads(small.to_json())
    loaded = keras.models.model_from_json(expanded)
    assert loaded.to_json() == small.to_json()
    loaded.set_weights(small.get_weights())
    assert np.array_equal(predicted(loaded), predicted(small))


def test_seeds_draw_the_same_weights_again(small):
    expanded = expand(collapse(json.loads(small.to_json())))
    loaded = keras.models.model_from_json(json.dumps(expanded))
    for layer, index in (("conv", 0), ("nested", 1)):
        first, again = (model.get_layer(layer).get_weights() for model in (small, loaded))
        assert np.array_equal(first[index], again[index])


def test_the_config_in_an_archive(small, tmp_path):
    saved = tmp_path / "model.keras"
    small.save(saved)
    with zipfile.ZipFile(saved) as archive:
        text = archive.read("config.json").decode()
    path = tmp_path / "config.json"
    path.write_text(text, encoding="utf-8")
    short = collapse_file(path)
    path.write_text(short, encoding="utf-8")
    assert json.loads(expand_file(path)) == json.loads(text)
    left = re.findall(r'"keras.initializers", [^{}]*\{[^{}]*\}[^{}]*\}', short)
    assert len(left) == short.count('"keras.initializers"')
    assert all("shared_object_id" in config for config in left)  # a GRU and its cell share one
    again = tmp_path / "again.keras"
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(again, "w") as new:
        for name in old.namelist():
            new.writestr(name, expand_file(path) if name == "config.json" else old.read(name))
    assert np.array_equal(predicted(keras.saving.load_model(again)), predicted(small))


# Written by a person, and loaded in an environment without initreg.
BY_HAND = {
    "class_name": "Sequential",
    "config": {
        "name": "by_hand",
        "layers": [
            {
                "module": "keras.layers",
                "class_name": "InputLayer",
                "config": {"batch_shape": [None, 6]},
            },
            {
                "module": "keras.layers",
                "class_name": "Dense",
                "config": {
                    "units": 8,
                    "activation": "relu",
                    "kernel_initializer": "he_normal(seed=1)",
                    "bias_initializer": {"type": "constant", "value": 0.1},
                },
            },
            {
                "module": "keras.layers",
                "class_name": "Dense",
                "config": {"units": 1, "kernel_initializer": "random_normal(stddev=0.02/sqrt(4))"},
            },
        ],
    },
    "module": "keras",
}

LOAD = """
import keras, numpy
model = keras.models.model_from_json(open(sys.argv[1]).read())
rng = numpy.random.default_rng(1)
inputs = rng.normal(size=(16, 6)).astype("float32")
before = model.get_weights()
model.compile("adam", "mse")
model.fit(inputs, inputs[:, :1], epochs=1, batch_size=8, verbose=0)
assert not numpy.array_equal(before[0], model.get_weights()[0])
numpy.savez(sys.argv[2], *before)
"""


@NO_TRAINING
def test_an_expanded_config_loads_and_trains_without_initreg(without_initreg, tmp_path):
    path, weights = tmp_path / "model.json", tmp_path / "weights.npz"
    path.write_text(json.dumps(BY_HAND), encoding="utf-8")
    path.write_text(expand_file(path), encoding="utf-8")
    python(without_initreg(LOAD), path, weights, cwd=tmp_path)
    expected = keras.ops.convert_to_numpy(resolve("he_normal(seed=1)")((6, 8)))
    with np.load(weights) as arrays:
        assert np.allclose(arrays["arr_0"], expected, rtol=1e-6)
        assert np.array_equal(arrays["arr_1"], np.full(8, 0.1, "float32"))


# Other classes ------------------------------------------------------------------------------------


class Mine(keras.initializers.Initializer):
    def __init__(self, value=1.0):
        self.value = value

    def __call__(self, shape, dtype=None):
        return keras.ops.full(shape, self.value, dtype)

    def get_config(self):
        return {"value": self.value}


@keras.saving.register_keras_serializable("initreg_tests")
class Registered(Mine):
    pass


@keras.saving.register_keras_serializable("initreg_tests")
def registered_function(shape, dtype=None):
    return keras.ops.ones(shape, dtype)


def test_a_registered_class_is_unchanged():
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(
                2, kernel_initializer=Registered(2.0), bias_initializer=registered_function
            ),
            keras.layers.Dense(2, bias_initializer="ones"),
        ]
    )
    config = json.loads(model.to_json())
    short = collapse(config)
    first, second = (layer["config"] for layer in short["config"]["layers"][1:])
    assert first["kernel_initializer"]["registered_name"] == "initreg_tests>Registered"
    assert (second["kernel_initializer"], second["bias_initializer"]) == ("glorot_uniform", "ones")
    assert expand(short) == config
    loaded = keras.models.model_from_json(json.dumps(expand(short)))
    assert json.loads(loaded.to_json()) == config


def test_an_unregistered_class_is_unchanged():
    config = keras.layers.Dense(2, kernel_initializer=Mine(2.0)).get_config()
    assert expand(collapse(config)) == config
    assert collapse(config)["bias_initializer"] == "zeros"
    with keras.saving.custom_object_scope({"Mine": Mine}):
        layer = keras.layers.Dense.from_config(expand(collapse(config)))
    assert layer.kernel_initializer.get_config() == {"value": 2.0}


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "int8_from_float32"])
def test_policies_and_quantization(dtype):
    layer = keras.layers.Dense(2, dtype=dtype, kernel_initializer=resolve(TEXTS[0]))
    config = layer.get_config()
    assert expand(collapse(config)) == config
    assert keras.layers.Dense.from_config(expand(collapse(config))).get_config() == config


def test_a_seed_generator_is_unchanged():
    seed = keras.random.SeedGenerator(3)
    config = keras.layers.Dense(
        2, kernel_initializer=keras.initializers.RandomNormal(seed=seed)
    ).get_config()
    assert expand(collapse(config)) == config


def test_an_instance_that_layers_share(tmp_path):
    shared = resolve("he_normal(seed=1)")
    layers = [keras.layers.Dense(3, kernel_initializer=shared) for _ in range(2)]
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        config = json.loads(archive.read("config.json"))
    assert "shared_object_id" in json.dumps(config)
    assert expand(config) == config
    assert expand(collapse(config)) == config


@keras.saving.register_keras_serializable("initreg_tests")
class Subclassed(keras.Model):
    def __init__(self, units, kernel_initializer, name=None, **options):
        super().__init__(name=name, **options)
        self.units = units
        self.dense = keras.layers.Dense(units, kernel_initializer=kernel_initializer)

    def call(self, inputs):
        return self.dense(inputs)

    def get_config(self):
        kernel = keras.initializers.serialize(self.dense.kernel_initializer)
        return {**super().get_config(), "units": self.units, "kernel_initializer": kernel}


def test_a_subclassed_model():
    model = Subclassed(2, resolve("he_normal(seed=1)"))
    config = model.get_config()
    assert collapse(config)["kernel_initializer"] == "he_normal(seed=1)"
    assert expand(collapse(config)) == config
    loaded = Subclassed.from_config(expand(collapse(config)))
    inputs = np.ones((1, 3), "float32")
    first, second = (keras.ops.convert_to_numpy(net(inputs)) for net in (model, loaded))
    assert np.array_equal(first, second)


def test_a_config_of_keras_2():
    old = {
        "class_name": "Dense",
        "config": {
            "name": "dense",
            "units": 2,
            "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
            "bias_initializer": {"class_name": "Zeros", "config": {}},
        },
    }
    short = collapse(old)
    assert short["config"] == {
        "name": "dense",
        "units": 2,
        "kernel_initializer": "glorot_uniform",
        "bias_initializer": "zeros",
    }
    layer = keras.layers.Dense.from_config(expand(short)["config"])
    assert isinstance(layer.kernel_initializer, keras.initializers.GlorotUniform)
    assert isinstance(layer.bias_initializer, keras.initializers.Zeros)
