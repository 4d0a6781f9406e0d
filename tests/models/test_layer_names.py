"""Automatic names are counted within a model or a scope; the names that a user chose are kept."""

import keras
import pytest
from keras import layers

import initreg
from initreg.models.layer_names import (
    Numbering,
    automatic_base,
    names_in_model,
    names_in_scopes,
)

pytestmark = pytest.mark.keras

AUTOMATIC = {
    ("dense", "Dense"): "dense",
    ("dense_7", "Dense"): "dense",
    ("batch_normalization_12", "BatchNormalization"): "batch_normalization",
    ("conv2d_1", "Conv2D"): "conv2d",
    ("conv2d", "Conv2D"): "conv2d",
    ("forward_lstm_3", "LSTM"): "forward_lstm",
    ("dense_0", "Dense"): None,
    ("dense_01", "Dense"): None,
    ("head", "Dense"): None,
    ("dense_1", "EinsumDense"): None,
}


@pytest.mark.parametrize(("name", "base"), AUTOMATIC.items(), ids=map(" of ".join, AUTOMATIC))
def test_a_name_is_automatic_if_keras_makes_such_names_for_the_class(name, base):
    assert automatic_base(*name) == base


def test_numbers_skip_names_that_are_taken_and_start_again_for_each_parent():
    numbering = Numbering({"dense_1"})
    assert [numbering.next("dense") for _ in range(3)] == ["dense", "dense_2", "dense_3"]
    assert numbering.next("variable", "a") == numbering.next("variable", "b") == "variable"
    assert numbering.next("variable", "a") == "variable_1"


def test_names_in_a_model_are_counted_in_the_order_of_their_numbers():
    keras.backend.clear_session()
    unused, first, chosen, second = (
        layers.Dense(1),
        layers.Dense(1),
        layers.Dense(1, name="head"),
        layers.Dense(1),
    )
    assert unused.name == "dense"
    assert names_in_model([second, chosen, first]) == {"dense_1": "dense", "dense_2": "dense_1"}


def test_layers_of_a_scope_keep_their_names_in_a_model():
    layers.Dense(1)
    with initreg.scope(seed=1):
        inside = layers.Dense(1)
        inside.build((None, 2))
    outside = layers.Dense(1)
    assert names_in_scopes([inside, outside]) == {inside.name: "dense"}
    assert names_in_model([inside, outside]) == {outside.name: "dense_1"}
