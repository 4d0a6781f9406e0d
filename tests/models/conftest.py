"""Keras models of every kind, and a digest of all their weights."""

import hashlib
import sys

import keras
import pytest
from keras import layers

import initreg
from initreg.models.paths import weights_of
from tests.models.saved_models import TRAP, Plugins


class Block(keras.layers.Layer):
    """A layer that makes its sublayers when it is created, and has a weight without a name."""

    def __init__(self, units, **options):
        super().__init__(**options)
        self.first, self.second = layers.Dense(units), layers.Dense(units)

    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), trainable=False)
        self.shift = self.add_weight(shape=(shape[-1],))
        self.first.build(shape)
        self.second.build((*shape[:-1], self.first.units))

    def call(self, inputs):
        return self.second(self.first(inputs * self.scale + self.shift))


class Subclassed(keras.Model):
    def __init__(self, **options):
        super().__init__(**options)
        self.blocks = [Block(4), Block(4)]
        self.head = layers.Dense(2, name="head")

    def call(self, inputs):
        for block in self.blocks:
            inputs = block(inputs)
        return self.head(inputs)


def functional():
    inputs = keras.Input((5,))
    hidden = layers.Dense(6)(inputs)
    hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Dense(6, name="middle")(hidden)
    return keras.Model(inputs, layers.Dense(2)(hidden))


def sequential():
    return keras.Sequential([layers.Dense(6), layers.Dense(6), layers.Dense(2, name="head")])


def nested():
    # The inner model is made first, but its `head` comes second in the weights of the outer one.
    inputs = keras.Input((6,))
    inner = keras.Model(inputs, layers.Dense(4, name="head")(layers.Dense(5)(inputs)))
    outer = keras.Input((5,))
    hidden = inner(layers.Dense(6, name="head")(outer))
    return keras.Model(outer, keras.Sequential([layers.Dense(3), layers.Dense(2)])(hidden))


def built(make):
    def make_and_call():
        model = make()
        model(keras.ops.zeros((2, 5)))
        return model

    return make_and_call


MODELS = {
    "functional": functional,
    "sequential": built(sequential),
    "subclassed": built(Subclassed),
    "nested": nested,
}


@pytest.fixture(params=MODELS)
def make(request):
    """A function that makes a built model, one test for each kind; its inputs are five wide."""
    return MODELS[request.param]


@pytest.fixture(scope="session")
def make_named():
    """A function that makes the built model of the named kind."""
    return lambda name: MODELS[name]()


@pytest.fixture(scope="session")
def functional_model():
    return functional


@pytest.fixture(scope="session")
def digest():
    """A function that returns one text for all weights of a model, whatever its layer names."""

    def digest_of(model):
        hashed = hashlib.blake2b(digest_size=8)
        for weight in sorted(weights_of(model), key=lambda weight: weight.path):
            values = keras.ops.convert_to_numpy(weight.variable.value)
            hashed.update(f"{weight.path} {weight.variable.dtype} ".encode() + values.tobytes())
        return hashed.hexdigest()

    return digest_of


@pytest.fixture(scope="session")
def numbers():
    """A function that returns the weights of a model by path, as NumPy arrays."""
    return lambda model: {
        weight.path: keras.ops.convert_to_numpy(weight.variable.value)
        for weight in weights_of(model)
    }


@pytest.fixture
def twice(digest):
    """A function that makes a model in two scopes of one seed: two digests, and a plan."""

    def make_twice(make, **options):
        digests = []
        for _ in range(2):
            with initreg.scope(seed=1, **options) as scope:
                model = make()
            digests.append(digest(model))
        return *digests, scope.plan

    return make_twice


@pytest.fixture
def plugins(tmp_path, monkeypatch) -> Plugins:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return Plugins(folder)


@pytest.fixture
def trap(tmp_path, monkeypatch):
    """Make a module that must not be imported; check that it was not."""
    folder = tmp_path / "trap"
    folder.mkdir()
    (folder / "initreg_trap.py").write_text(TRAP)
    monkeypatch.syspath_prepend(str(folder))
    yield "initreg_trap"
    assert "initreg_trap" not in sys.modules
    assert not hasattr(sys.modules["builtins"], "sprung")
