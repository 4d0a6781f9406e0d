"""A scope covers whatever the layer, its dtype and its initializer are."""

import keras
import numpy as np
import pytest
from keras import layers

import initreg
from tests.support.processes import python

pytestmark = pytest.mark.keras

BACKEND = keras.config.backend()

ATTENTION = {
    "MultiHeadAttention": lambda **o: layers.MultiHeadAttention(2, 4, **o),
    "GroupQueryAttention": lambda **o: layers.GroupQueryAttention(4, 4, 2, **o),
}

# Each layer with the shape of an input. All weights that hold floats must be drawn portably.
LAYERS = {
    "Dense": (lambda: layers.Dense(3), (4,)),
    "EinsumDense": (
        lambda: layers.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de"),
        (5, 4),
    ),
    "Embedding": (lambda: layers.Embedding(7, 3), (5,)),
    "ReversibleEmbedding": (lambda: layers.ReversibleEmbedding(7, 3, tie_weights=False), (5,)),
    "Conv1D": (lambda: layers.Conv1D(3, 2), (6, 4)),
    "Conv2D, groups": (lambda: layers.Conv2D(4, 3, groups=2), (6, 6, 4)),
    "Conv3D": (lambda: layers.Conv3D(2, 2), (4, 4, 4, 2)),
    "DepthwiseConv1D": (lambda: layers.DepthwiseConv1D(3), (6, 4)),
    "DepthwiseConv2D": (lambda: layers.DepthwiseConv2D(3), (6, 6, 4)),
    "SeparableConv1D": (lambda: layers.SeparableConv1D(3, 3), (6, 4)),
    "SeparableConv2D": (lambda: layers.SeparableConv2D(3, 3), (6, 6, 4)),
    "Conv1DTranspose": (lambda: layers.Conv1DTranspose(3, 3), (6, 4)),
    "Conv2DTranspose": (lambda: layers.Conv2DTranspose(3, 3), (6, 6, 4)),
    "Conv3DTranspose": (lambda: layers.Conv3DTranspose(2, 2), (4, 4, 4, 2)),
    "SimpleRNN": (lambda: layers.SimpleRNN(3), (5, 4)),
    "GRU": (lambda: layers.GRU(3), (5, 4)),
    "LSTM": (lambda: layers.LSTM(3, unit_forget_bias=False), (5, 4)),
    "Bidirectional": (lambda: layers.Bidirectional(layers.GRU(3)), (5, 4)),
    "ConvLSTM1D": (lambda: layers.ConvLSTM1D(2, 2, unit_forget_bias=False), (3, 6, 2)),
    "ConvLSTM2D": (lambda: layers.ConvLSTM2D(2, 2, unit_forget_bias=False), (3, 6, 6, 2)),
    "RNN of StackedRNNCells": (
        lambda: layers.RNN(layers.StackedRNNCells([layers.GRUCell(3), layers.GRUCell(3)])),
        (5, 4),
    ),
    "TimeDistributed": (lambda: layers.TimeDistributed(layers.Dense(3)), (5, 4)),
    "SpectralNormalization": (lambda: layers.SpectralNormalization(layers.Dense(3)), (4,)),
    "BatchNormalization": (lambda: layers.BatchNormalization(), (4,)),
    "LayerNormalization": (lambda: layers.LayerNormalization(), (4,)),
    "RMSNormalization": (lambda: layers.RMSNormalization(), (4,)),
    "GroupNormalization": (lambda: layers.GroupNormalization(2), (4,)),
    "UnitNormalization": (lambda: layers.UnitNormalization(), (4,)),
    "PReLU": (lambda: layers.PReLU(), (4,)),
}


def model_of(layer, shape):
    inputs = keras.Input(shape)
    return keras.Model(inputs, layer(inputs))


@pytest.mark.parametrize(("layer", "shape"), LAYERS.values(), ids=LAYERS)
def test_every_layer_draws_all_its_weights_portably(layer, shape, twice):
    first, second, plan = twice(lambda: model_of(layer(), shape))
    assert first == second
    assert {entry.action for entry in plan.entries} <= {"draw"}
    assert all(entry.portable for entry in plan.entries)


@pytest.mark.parametrize("attention", ATTENTION.values(), ids=ATTENTION)
@pytest.mark.parametrize("seed", [None, 7])
def test_attention_draws_its_kernels_apart(attention, seed, twice, numbers):
    def make():
        inputs = keras.Input((5, 8))
        initializer = keras.initializers.HeNormal(seed=seed)
        return keras.Model(inputs, attention(kernel_initializer=initializer)(inputs, inputs))

    first, second, plan = twice(make)
    assert first == second
    assert {entry.seed for entry in plan.entries if "kernel" in entry.path} == {seed or 1}
    with initreg.scope(seed=1):
        model = make()
    kernels = [values.ravel() for path, values in numbers(model).items() if "kernel" in path]
    smallest = min(map(len, kernels))
    assert len({kernel[:smallest].tobytes() for kernel in kernels}) == 4


@pytest.mark.parametrize("bias", ["zeros", "random_normal"])
def test_the_bias_of_a_memory_cell_keeps_what_the_layer_adds(bias, twice):
    """Keras makes the bias of an LSTM in a function of its own, which sets the forget gate to 1."""
    first, second, plan = twice(lambda: model_of(layers.LSTM(3, bias_initializer=bias), (5, 4)))
    assert first == second
    assert {entry.action for entry in plan.entries} == {"draw"}
    entry = plan.entries[2]
    assert (entry.path, entry.spec) == ("lstm/lstm_cell/bias", bias)
    assert entry.added == "1 in the forget gate (unit_forget_bias)"
    assert "Layers add to their initializers: lstm/lstm_cell/bias." in plan.summary()


def test_a_bidirectional_layer_has_no_number_of_the_process(twice):
    for _ in range(2):
        _, _, plan = twice(lambda: model_of(layers.Bidirectional(layers.GRU(2)), (5, 4)))
        parts = {entry.path.split("/")[1] for entry in plan.entries}
        assert parts == {"forward_gru", "backward_gru"}


@pytest.mark.slow
def test_the_stft_kernels_are_those_of_keras():
    # Keras computes them on its backend, so their last bits are its own.
    with initreg.scope(seed=1) as made:
        layer = layers.STFTSpectrogram(frame_length=8, frame_step=4, fft_length=8)
        layer.build((None, 32, 1))
    assert [entry.spec for entry in made.plan.entries] == ["stft", "stft(side=imag)"]
    assert not any(entry.portable for entry in made.plan.entries)
    plain = layers.STFTSpectrogram(frame_length=8, frame_step=4, fft_length=8)
    plain.build((None, 32, 1))
    assert all(map(np.array_equal, layer.get_weights(), plain.get_weights()))


def test_preprocessing_layers_adapt_afterwards():
    with initreg.scope(seed=1) as made:
        model = keras.Sequential([keras.Input((3,)), layers.Normalization(name="n")])
    actions = {entry.path.rpartition("/")[2]: entry.action for entry in made.plan.entries}
    assert actions == {"mean": "draw", "variance": "draw", "count": "skip"}
    model.layers[0].adapt(np.arange(12, dtype="float32").reshape(4, 3))
    mean = keras.ops.convert_to_numpy(model.layers[0].mean)
    assert np.allclose(mean, [[4.5, 5.5, 6.5]])


# Dtypes -------------------------------------------------------------------------------------------


class Counts(layers.Layer):
    def build(self, shape):
        whole = {"shape": (2,), "trainable": False}
        self.steps = self.add_weight(dtype="int32", initializer="ones", name="steps", **whole)
        self.seen = self.add_weight(dtype="bool", name="seen", **whole)
        self.scale = self.add_weight(shape=(2,), name="scale")


def test_weights_that_hold_no_floats_are_keras_own():
    rules = [{"match": "", "init": "random_normal"}]
    with initreg.scope(rules, seed=1) as made:
        layer = Counts(name="counts")
        layer.build((None, 2))
    assert [(e.path, e.action, e.rule, e.reason) for e in made.plan.entries] == [
        ("counts/steps", "skip", None, "dtype int32 isn't a float"),
        ("counts/seen", "skip", None, "dtype bool isn't a float"),
        ("counts/scale", "draw", 1, ""),
    ]
    steps, seen = (keras.ops.convert_to_numpy(w.value) for w in (layer.steps, layer.seen))
    assert steps.tolist() == [1, 1]
    assert seen.tolist() == [False, False]


@pytest.mark.parametrize("policy", ["float16", "bfloat16", "float64", "mixed_bfloat16"])
def test_a_policy_changes_the_dtype_and_not_the_draw(policy):
    if policy == "float64" and BACKEND in ("jax", "numpy"):
        pytest.skip("Keras's variables of float64 hold float32 here")
    with initreg.scope(seed=1) as made:
        layer = layers.Dense(4, name="a", dtype=policy, kernel_initializer="orthogonal")
        layer.build((None, 6))
    dtype = "float32" if policy.startswith("mixed") else policy
    assert {entry.dtype for entry in made.plan.entries} == {dtype}
    assert keras.backend.standardize_dtype(layer.kernel.value.dtype) == dtype
    found = keras.ops.convert_to_numpy(keras.ops.cast(layer.kernel.value, "float32"))
    expected = initreg.draw("orthogonal", (6, 4), seed=1, path="a/kernel", dtype=dtype)
    assert np.array_equal(found, expected.astype("float32"))


# Layers and initializers of others ----------------------------------------------------------------


class Positional(layers.Layer):
    """A layer that gives shape, initializer and dtype by their places, and no names."""

    def build(self, shape):
        self.one = self.add_weight((shape[-1], 2), "he_normal", "float32")
        self.two = self.add_weight((shape[-1], 2), "he_normal")
        self.three = self.add_weight(np.array([shape[-1], 2]))
        self.number = self.add_weight(initializer="ones")


def test_unnamed_weights_and_places_of_arguments():
    for _ in range(2):  # the second time, Keras numbers its variables on
        with initreg.scope(seed=1) as made:
            layer = Positional(name="p")
            layer.build((None, 4))
        assert [(e.path, e.shape, e.spec) for e in made.plan.entries] == [
            ("p/variable", (4, 2), "he_normal"),
            ("p/variable_1", (4, 2), "he_normal"),
            ("p/variable_2", (4, 2), "glorot_uniform"),
            ("p/variable_3", (), "ones"),
        ]
        expected = initreg.draw("he_normal", (4, 2), seed=1, path="p/variable_1")
        assert np.array_equal(keras.ops.convert_to_numpy(layer.two.value), expected)
    assert [entry.path for entry in initreg.plan(layer).entries] == [
        f"p/{name}" for name in ("variable", *(f"variable_{n}" for n in range(1, 4)))
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        {"shape": 3, "name": "w"},
        {"shape": (None, 2), "name": "w"},
        {"shape": (-1, 2), "name": "w"},
        {"shape": (2, 2), "initializer": "nonsense", "name": "w"},
        {"shape": (2, 2), "initialiser": "zeros", "name": "w"},
        {"shape": (2, 2), "name": "a/w"},
    ],
    ids=["no tuple", "open", "negative", "unknown initializer", "unknown argument", "slash"],
)
def test_errors_of_keras_are_the_same_in_a_scope(arguments):
    layer = layers.Layer(name="l")
    with pytest.raises((ValueError, TypeError)) as plain:
        layer.add_weight(**arguments)
    with pytest.raises(type(plain.value)) as scoped, initreg.scope(seed=1) as made:
        layer.add_weight(**arguments)
    assert str(scoped.value) == str(plain.value)
    assert made.plan.entries == ()


class Seeded(keras.initializers.Initializer):
    """An initializer that no plugin knows."""

    def __init__(self, seed=None):
        self.seed = seed

    def __call__(self, shape, dtype=None):
        return keras.random.normal(shape, seed=self.seed, dtype=dtype)

    def get_config(self):
        return {"seed": self.seed}


class Seedless(keras.initializers.Initializer):
    def __call__(self, shape, dtype=None):
        return keras.ops.full(shape, 2.0, dtype)


def threes(shape, dtype=None):
    return keras.ops.full(shape, 3.0, dtype)


OWN = {
    "seeded": (Seeded(5), "the layer's own Seeded", 5),
    "open seed": (Seeded(), "the layer's own Seeded", 1),
    "large seed": (Seeded(2**40), "the layer's own Seeded", 2**40),
    "generator": (Seeded(keras.random.SeedGenerator(3)), "the layer's own Seeded", 1),
    "no seed": (Seedless(), "the layer's own Seedless, unseeded", None),
    "function": (threes, "the layer's own threes, unseeded", None),
    "array": (
        keras.initializers.Constant(np.eye(4, dtype="float32")),
        "the layer's own Constant, unseeded",
        None,
    ),
}


@pytest.mark.parametrize(("own", "reason", "seed"), OWN.values(), ids=OWN)
def test_an_initializer_that_no_plugin_knows_is_called_with_a_seed_of_the_path(own, reason, seed):
    found = []
    for name in ("a", "b", "b"):
        with initreg.scope(seed=1) as made:
            layer = layers.Dense(4, name=name, kernel_initializer=own)
            layer.build((None, 4))
        entry = made.plan.entries[0]
        assert (entry.action, entry.reason, entry.seed) == ("own", reason, seed)
        assert layer.kernel_initializer is own
        found.append(layer.get_weights()[0])
    assert np.array_equal(found[1], found[2])
    assert np.array_equal(found[0], found[1]) == (seed is None)


def test_a_memory_cell_keeps_its_forget_gate_with_an_initializer_that_no_plugin_knows():
    with initreg.scope(seed=1) as made:
        layer = layers.LSTM(3, bias_initializer=Seeded())
        layer.build((None, 5, 4))
    assert made.plan.entries[2].action == "own"
    bias = layer.get_weights()[2]
    assert (bias[3:6] == 1).all()
    assert (np.delete(bias, slice(3, 6)) != 1).all()


def test_an_unknown_initializer_does_not_change_the_others(numbers):
    def make(kernel):
        with initreg.scope(seed=1):
            return keras.Sequential(
                [
                    keras.Input((4,)),
                    layers.Dense(4, name="a", kernel_initializer=kernel),
                    layers.Dense(4, name="b"),
                ],
                name="m",
            )

    one, other = numbers(make(Seeded())), numbers(make("zeros"))
    assert np.array_equal(one["m/b/kernel"], other["m/b/kernel"])


class Unhashable(layers.Dense):
    def __eq__(self, other):
        return isinstance(other, Unhashable)

    __hash__ = None


@pytest.mark.skipif(BACKEND == "torch", reason="torch puts a module into a set")
def test_a_layer_needs_no_hash():
    with initreg.scope(seed=1) as made:
        Unhashable(2, name="u").build((None, 2))
    assert [entry.path for entry in made.plan.entries] == ["u/kernel", "u/bias"]


# What stays of a scope ----------------------------------------------------------------------------

LOAD = """
import keras, numpy
model = keras.saving.load_model(sys.argv[1])
numpy.savez(sys.argv[2], *model.get_weights())
"""


@pytest.mark.slow
def test_the_layers_keep_their_initializers_and_the_model_loads_without_initreg(
    without_initreg, functional_model, tmp_path
):
    with initreg.scope([{"match": "kernel", "init": "he_normal"}], seed=1):
        model = functional_model()
    plain = keras.initializers.serialize(keras.initializers.get("glorot_uniform"))
    config = model.layers[1].get_config()
    assert config["kernel_initializer"] == plain
    assert type(model.layers[1].kernel_initializer) is keras.initializers.GlorotUniform
    model.save(tmp_path / "model.keras")
    python(without_initreg(LOAD), "model.keras", "weights.npz", cwd=tmp_path)
    with np.load(tmp_path / "weights.npz") as found:
        loaded = [found[f"arr_{i}"] for i in range(len(found))]
    assert all(map(np.array_equal, loaded, model.get_weights()))
