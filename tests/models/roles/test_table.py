"""The table of layers: complete, found through subclasses, and right about what isn't drawn."""

import inspect

import keras
import pytest
from keras import layers

from initreg import role_of
from initreg.draws.fans import compute_fans
from initreg.models.roles.finding import keras_fans, role_for
from tests.support.role_cases import CASES

pytestmark = pytest.mark.keras

IMAGE = (2, 8, 8, 3)

# Layers that hold what anyone wrote: a function of JAX, a module of PyTorch, a TensorFlow model.
FOREIGN = {"FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"}

# Layers without a case of their own, and the shape to build them with.
EXAMPLES = {
    "ConvLSTM1D": (lambda: layers.ConvLSTM1D(2, 3), (None, 4, 8, 3)),
    "ConvLSTM2D": (lambda: layers.ConvLSTM2D(2, 3), (None, 4, 8, 8, 3)),
    "ConvLSTM3D": (lambda: layers.ConvLSTM3D(2, 3), (None, 4, 8, 8, 8, 3)),
    "GRU": (lambda: layers.GRU(2), (None, 4, 3)),
    "LSTM": (lambda: layers.LSTM(2), (None, 4, 3)),
    "SimpleRNN": (lambda: layers.SimpleRNN(2), (None, 4, 3)),
    "GroupQueryAttention": (lambda: layers.GroupQueryAttention(2, 4, 2), [(None, 4, 3)] * 2),
    "MultiHeadAttention": (lambda: layers.MultiHeadAttention(2, 3), [(None, 4, 3)] * 2),
    "MelSpectrogram": (layers.MelSpectrogram, (None, 16000)),
    "Normalization": (layers.Normalization, IMAGE),
}


def layer_classes():
    """All layers of Keras, once each, by their class's name."""
    classes = [getattr(layers, name) for name in dir(layers)]
    return sorted(
        {c for c in classes if inspect.isclass(c) and issubclass(c, layers.Layer)},
        key=lambda c: c.__name__,
    )


def described_in_cases():
    """The classes of the layers that the cases make, and of the layers in them."""
    return {type(layer) for case in CASES for layer in case.make()._flatten_layers()}


def makes_weights(layer_class):
    """Return True if the layer adds weights of its own, to judge by its source."""
    below = [base for base in layer_class.__mro__ if base.__module__.startswith("keras.src.")]
    sources = [inspect.getsource(base) for base in below[: below.index(layers.Layer)]]
    return any(word in source for source in sources for word in ("add_weight(", "add_variable("))


COUNTED = described_in_cases()


@pytest.mark.parametrize("layer_class", layer_classes(), ids=lambda c: c.__name__)
def test_every_layer_of_keras_is_described_or_has_no_weights(layer_class):
    name = layer_class.__name__
    if name in FOREIGN or (layer_class in COUNTED and name not in EXAMPLES):
        return
    public_name = next(n for n in dir(layers) if getattr(layers, n) is layer_class)
    if public_name in EXAMPLES:
        make, shape = EXAMPLES[public_name]
        layer = make()
        layer.build(*shape) if isinstance(shape, list) else layer.build(shape)
        assert layer.weights or name in ("MelSpectrogram",)
        for weight in layer.weights:
            assert role_of(layer, weight).kind != "unknown"
        return
    assert not makes_weights(layer_class), f"{name} is new: count its fans in CASES"
    try:  # those that need no arguments, and take an image
        layer = layer_class()
        layer.build(IMAGE)
    except Exception:
        return
    assert not layer.weights


def roles(layer):
    return {weight.name: role_of(layer, weight).kind for weight in layer.weights}


def test_what_is_computed_is_a_statistic():
    norm = layers.BatchNormalization(renorm=True)
    norm.build((None, 4))
    assert roles(norm).pop("gamma") == "scale"
    assert roles(norm).pop("beta") == "offset"
    rest = {name: kind for name, kind in roles(norm).items() if name not in ("gamma", "beta")}
    assert len(rest) >= 4
    assert set(rest.values()) == {"statistic"}
    normalization = layers.Normalization()
    normalization.build((None, 4))
    assert set(roles(normalization).values()) == {"statistic"}


@pytest.mark.parametrize("mode", ["int8", "int4", "float8"])
@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.Dense(6),
        lambda: layers.EinsumDense("abc,cde->abde", (None, 2, 4), bias_axes="de"),
        lambda: layers.Embedding(8, 6),
        lambda: layers.ReversibleEmbedding(8, 6, tie_weights=False),
    ],
    ids=["Dense", "EinsumDense", "Embedding", "ReversibleEmbedding"],
)
def test_what_quantization_adds_is_a_statistic(make, mode):
    layer = make()
    if "Embedding" in type(layer).__name__:
        if mode == "float8":
            return
        layer.build(None)
    else:
        layer.build((None, 3, 4))
    before = {weight.name for weight in layer.weights}
    layer.quantize(mode)
    kinds = roles(layer)
    added = {name: kind for name, kind in kinds.items() if name not in before}
    assert added
    assert set(added.values()) == {"statistic"}
    assert set(kinds.values()) <= {"kernel", "bias", "embedding", "other", "statistic"}
    packed = {kinds[name] for name in before - {"bias"}}
    assert packed <= ({"other"} if mode == "int4" else {"kernel", "embedding"})


class Gated(layers.Dense):
    def build(self, input_shape):
        super().build(input_shape)
        self.gate = self.add_weight(name="gate", shape=(self.units, 3))
        self.loose = self.add_weight(shape=(2,))


def test_a_subclass_has_the_roles_of_its_class_and_its_own_weights_are_unknown():
    layer = Gated(5)
    layer.build((None, 7))
    assert (role_of(layer, "kernel").kind, role_of(layer, "bias").kind) == ("kernel", "bias")
    gate = role_of(layer, "gate")
    assert (gate.kind, gate.fan_in, gate.fan_out) == ("unknown", *compute_fans((5, 3)))
    assert gate.why == "nobody has described gate of Gated: these are Keras's fans"
    assert role_of(layer, layer.loose).kind == "unknown"


def test_a_hidden_sum_is_unknown():
    layer = layers.EinsumDense("abc,cd->ad", 5)
    layer.build((None, 3, 7))
    role = role_of(layer, "kernel")
    assert (role.kind, role.fan_in, role.fan_out) == ("unknown", 7, 5)
    assert role.why == "abc,cd->ad also sums over axis b of the input, whose length isn't known"


def test_a_role_is_known_before_the_weight_is_made(monkeypatch):
    found = []
    original = layers.Layer.add_weight

    def add_weight(self, shape=None, *args, **options):
        found.append(role_for(self, options["name"], tuple(shape)))
        return original(self, shape, *args, **options)

    monkeypatch.setattr(layers.Layer, "add_weight", add_weight)
    layer = layers.Conv2D(8, 3, groups=2)
    layer.build((None, 9, 9, 4))
    assert found == [role_of(layer, "kernel"), role_of(layer, "bias")]


@pytest.mark.parametrize(
    ("make", "shape", "fans"),
    [
        (lambda: layers.EinsumDense("abc,cde->abde", (None, 8, 32)), (None, 3, 256), (256, 256)),
        (lambda: layers.EinsumDense("blef,efd->bled", (None, 4, 9)), (None, 3, 4, 7), (7, 36)),
        (lambda: layers.Conv2D(8, 3, groups=2), (None, 9, 9, 4), (18, 72)),
        (lambda: layers.DepthwiseConv2D(3), (None, 9, 9, 64), (576, 9)),
    ],
)
def test_keras_fans_are_those_that_keras_draws_with(make, shape, fans, monkeypatch):
    drawn = []

    class Spy(keras.initializers.VarianceScaling):
        def __call__(self, shape, dtype=None):
            drawn.append(compute_fans(shape, self.input_axes, self.output_axes))
            return super().__call__(shape, dtype)

    layer = make()
    layer.kernel_initializer = layer.depthwise_initializer = Spy()
    layer.build(shape)
    counted = keras_fans(layer, "kernel", tuple(layer.kernel.shape))
    assert drawn == [(counted.fan_in, counted.fan_out)] == [fans]


def test_a_weight_is_found_by_its_name_or_a_message_says_what_there_is():
    lstm = layers.LSTM(4)
    with pytest.raises(ValueError, match=r"lstm\w* has no weight 'kernel'. Build the layer first."):
        role_of(lstm, "kernel")
    lstm.build((None, 3, 2))
    assert role_of(lstm, "kernel").blocks == 4
    with pytest.raises(ValueError, match=r"Did you mean 'kernel'. It has bias, kernel, recurrent_"):
        role_of(lstm, "kernal")
    attention = layers.MultiHeadAttention(2, 3)
    attention.build((None, 4, 3), (None, 4, 3))
    with pytest.raises(ValueError, match=r"has 4 weights named 'kernel': .* Pass the variable."):
        role_of(attention, "kernel")
    with pytest.raises(ValueError, match=r"has no weight .*bias"):
        role_of(attention, lstm.cell.bias)


def test_a_layer_scale_of_keras_applications_is_a_scale():
    from keras.src.applications.convnext import LayerScale

    layer = LayerScale(1e-6, 8)
    layer.build((None, 8))
    assert [role_of(layer, weight).kind for weight in layer.weights] == ["scale"]
