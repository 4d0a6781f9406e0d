"""A weight has the same path in a copy of its model, even if Keras gives it another name."""

import keras
import pytest
from keras import layers

from initreg.models.paths import unique, weights_of

pytestmark = pytest.mark.keras


@keras.saving.register_keras_serializable("test_paths")
class Block(layers.Layer):
    """A layer around another one, which Keras builds alone when it loads the block."""

    def __init__(self, **options):
        super().__init__(**options)
        self.inner = layers.Dense(4, name="inner")

    def build(self, shape):
        self.inner.build(shape)

    def call(self, inputs):
        return self.inner(inputs)


def sequential():
    model = keras.Sequential([Block(name="block"), layers.Dense(2, name="head")], name="net")
    model.build((None, 4))
    return model


def functional():
    inputs = keras.Input((4,))
    outputs = layers.Dense(2, name="head")(Block(name="block")(inputs))
    return keras.Model(inputs, outputs, name="net")


def sequential_in_functional():
    inputs = keras.Input((4,))
    inner = keras.Sequential([layers.Dense(3, name="a")], name="inner")
    return keras.Model(inputs, layers.Dense(2, name="head")(inner(inputs)), name="net")


def sequential_in_sequential():
    inner = keras.Sequential([layers.Dense(3, name="a")], name="inner")
    model = keras.Sequential([inner, layers.Dense(2, name="head")], name="net")
    model.build((None, 4))
    return model


MODELS = {
    sequential: ("net/block/inner/kernel", "net/head/kernel"),
    functional: ("block/inner/kernel", "head/kernel"),
    sequential_in_functional: ("inner/a/kernel", "head/kernel"),
    sequential_in_sequential: ("net/inner/a/kernel", "net/head/kernel"),
}


def kernels(model):
    return tuple(weight.path for weight in weights_of(model) if weight.path.endswith("kernel"))


@pytest.mark.parametrize(("make", "paths"), MODELS.items(), ids=[make.__name__ for make in MODELS])
def test_a_copy_has_the_paths_of_its_model(make, paths, tmp_path):
    model = make()
    model.save(tmp_path / "model.keras")
    clone = keras.models.clone_model(model)
    clone.build((None, 4))
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for copy in (model, clone, loaded):
        assert kernels(copy) == paths


def test_the_real_names_are_kept_beside_the_counted_ones():
    layers.Dense(1)  # so that Keras's number is another
    layer = layers.Dense(2)
    layer.build((None, 3))
    kernel, _ = weights_of(layer)
    assert (kernel.path, kernel.counted) == ("dense/kernel",) * 2
    assert kernel.literal == f"{layer.name}/kernel" != kernel.path


def test_a_taken_path_gets_a_number():
    taken = set()
    paths = [unique("a/kernel", taken) for _ in range(3)]
    assert paths == ["a/kernel", "a/kernel#1", "a/kernel#2"]
    assert taken == set(paths)


class Tied(layers.Layer):
    """An output layer that uses the table of an embedding, which it holds or only reads."""

    def __init__(self, embedding, holds, **options):
        super().__init__(**options)
        self.inner = embedding if holds else None
        if not holds:
            self.table = embedding.embeddings

    def call(self, inputs):
        table = self.inner.embeddings if self.inner else self.table
        return keras.ops.matmul(inputs, keras.ops.transpose(table))


@pytest.mark.parametrize("holds", [True, False])
def test_a_weight_that_two_layers_list_belongs_to_the_one_that_made_it(holds):
    embedding = layers.Embedding(9, 4, name="words")
    embedding.build((None, 3))
    inputs = keras.Input((3,))
    outputs = Tied(embedding, holds, name="tied")(embedding(inputs))
    (weight,) = weights_of(keras.Model(inputs, outputs))
    assert (weight.layer, weight.path) == (embedding, "words/embeddings")
