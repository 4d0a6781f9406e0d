"""The weights of ten architectures are the same on every backend, and never change."""

import hashlib
import json
import sys

import keras
import pytest
from keras import layers

import initreg
from initreg.models.paths import weights_of
from tests.support.paths import ROOT
from tests.support.processes import run

pytestmark = [pytest.mark.keras, pytest.mark.slow]

APPLICATIONS = {
    "MobileNetV2": 96,
    "MobileNetV3Small": 96,
    "EfficientNetB0": 32,
    "ResNet50": 32,
    "DenseNet121": 32,
    "EfficientNetV2B0": 32,
    "ConvNeXtTiny": 32,
}
GOLDEN = {
    "MobileNetV2": "8fe96f5e3cb382f2",
    "MobileNetV3Small": "337b98eb0b9d9017",
    "EfficientNetB0": "c9f8e9aa9dbd8658",
    "ResNet50": "3f896bec38a4a0e2",
    "DenseNet121": "6dcd7964be2b7c83",
    "EfficientNetV2B0": "4b5740cb34eff34b",
    "ConvNeXtTiny": "c0f23486ad192647",
    "transformer": "a827ea6986f9579b",
    "recurrent": "cf9f8bffc6374ac4",
    "VAE": "9fabd7b2b164beca",
}


def application(name, size):
    make = getattr(keras.applications, name)
    return make(weights=None, input_shape=(size, size, 3), classes=10)


def transformer():
    tokens = keras.Input((16,), dtype="int32")
    hidden = layers.Embedding(50, 16)(tokens)
    for _ in range(2):
        attention = layers.MultiHeadAttention(2, 8, kernel_initializer="he_normal")
        hidden = layers.LayerNormalization()(hidden + attention(hidden, hidden))
        wide = layers.Dense(32, activation="gelu")(hidden)
        hidden = layers.RMSNormalization()(hidden + layers.Dense(16)(wide))
    hidden = layers.GroupQueryAttention(8, 4, 2)(hidden, hidden)
    return keras.Model(tokens, layers.EinsumDense("abc,cd->abd", (None, 50))(hidden))


def recurrent():
    tokens = keras.Input((16,), dtype="int32")
    hidden = layers.ReversibleEmbedding(50, 8, tie_weights=False)(tokens)
    hidden = layers.Bidirectional(layers.LSTM(6, return_sequences=True))(hidden)
    hidden = layers.Bidirectional(layers.GRU(6, return_sequences=True))(hidden)
    cells = layers.StackedRNNCells([layers.LSTMCell(5), layers.SimpleRNNCell(5)])
    hidden = layers.RNN(cells, return_sequences=True)(hidden)
    hidden = layers.TimeDistributed(layers.Dense(4, kernel_initializer="lecun_normal"))(hidden)
    return keras.Model(tokens, layers.SpectralNormalization(layers.Dense(2))(hidden))


class Sampling(layers.Layer):
    """Draw from a normal distribution whose logarithm of variance is learnt."""

    def __init__(self, **options):
        super().__init__(**options)
        self.seeds = keras.random.SeedGenerator(1)

    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1] // 2,), initializer="random_normal")

    def call(self, inputs):
        mean, spread = keras.ops.split(inputs, 2, axis=-1)
        noise = keras.random.normal(keras.ops.shape(mean), seed=self.seeds)
        return mean + noise * keras.ops.exp(spread * self.scale)


class VAE(keras.Model):
    """A convolutional variational autoencoder of layers in lists, built by its first call."""

    def __init__(self, **options):
        super().__init__(**options)
        self.down = [layers.Conv2D(n, 3, 2, "same", activation="relu") for n in (4, 8)]
        self.flat, self.code, self.sampling = layers.Flatten(), layers.Dense(8), Sampling()
        self.decoder = keras.Sequential(
            [
                layers.Dense(4 * 4 * 8, kernel_initializer="orthogonal"),
                layers.Reshape((4, 4, 8)),
                layers.Conv2DTranspose(4, 3, 2, "same", kernel_initializer="he_uniform"),
                layers.SeparableConv2D(4, 3, padding="same"),
                layers.Conv2DTranspose(1, 3, 2, "same"),
            ]
        )

    def call(self, inputs):
        for layer in self.down:
            inputs = layer(inputs)
        return self.decoder(self.sampling(self.code(self.flat(inputs))))


def autoencoder():
    model = VAE()
    model(keras.ops.zeros((1, 16, 16, 1)))
    return model


WRITTEN = {"transformer": transformer, "recurrent": recurrent, "VAE": autoencoder}


def digest_in_scope(name):
    """Return one text for all weights of an architecture that is built in a scope.

    The values are hashed as float64, in the order of the paths: half precision aside, nothing of
    them is lost, and a backend's integers do not count.
    """
    with initreg.scope(seed=42, strict=True):
        size = APPLICATIONS.get(name)
        model = WRITTEN[name]() if size is None else application(name, size)
    found = hashlib.blake2b(digest_size=8)
    for weight in sorted(weights_of(model), key=lambda each: each.path):
        values = keras.ops.convert_to_numpy(weight.variable.value)
        if values.dtype.kind == "f":
            found.update(f"{weight.path} {values.dtype} {values.shape} ".encode())
            found.update(values.tobytes())
    return found.hexdigest()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # Keras on NumPy calls it on empty arrays
@pytest.mark.parametrize("name", GOLDEN)
def test_the_weights_of_an_architecture_are_these(name):
    assert digest_in_scope(name) == GOLDEN[name]


def test_neither_the_order_nor_what_was_built_before_counts():
    for name in ("recurrent", "VAE", "recurrent", "transformer"):
        assert digest_in_scope(name) == GOLDEN[name]


SMALL = ["transformer", "recurrent", "VAE", "MobileNetV3Small"]


@pytest.mark.parametrize("backend", initreg.installed_backends())
def test_a_process_on_another_backend_makes_the_same_weights(backend):
    if backend == keras.config.backend():
        pytest.skip("the backend of this run")
    command = [sys.executable, "-m", "tests.models.test_backends", *SMALL]
    done = run(*command, cwd=ROOT, variables={"KERAS_BACKEND": backend})
    assert done.json == {name: GOLDEN[name] for name in SMALL}


if __name__ == "__main__":
    names = sys.argv[1:] or [*APPLICATIONS, *WRITTEN]
    print(json.dumps({name: digest_in_scope(name) for name in names}))
