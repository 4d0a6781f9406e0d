"""In a scope, each weight is drawn from the seed and its path, or as a rule says."""

import warnings

import keras
import numpy as np
import pytest
from keras import layers

import initreg
from initreg import InitregWarning, PlanError

pytestmark = pytest.mark.keras

# What a weight depends on -------------------------------------------------------------------------


def test_one_seed_gives_the_same_weights_whatever_numbers_keras_gives_names(make, twice):
    first, second, plan = twice(make)
    assert first == second
    assert any(entry.name != entry.path for entry in plan.entries)


def test_another_seed_gives_other_weights(make, numbers):
    found = []
    for seed in (1, 2):
        with initreg.scope(seed=seed):
            model = make()
        found.append({path: values for path, values in numbers(model).items() if "kernel" in path})
    one, other = found
    assert one.keys() == other.keys()
    assert not any(np.array_equal(one[path], other[path]) for path in one)


def test_layers_that_share_an_initializer_differ(numbers):
    shared = keras.initializers.RandomNormal(seed=1)
    with initreg.scope(seed=1):
        model = keras.Sequential(
            [keras.Input((4,)), *(layers.Dense(4, kernel_initializer=shared) for _ in range(2))]
        )
    found = numbers(model)
    assert not np.array_equal(found["sequential/dense/kernel"], found["sequential/dense_1/kernel"])


def test_a_named_layer_in_front_leaves_the_others_as_they_were(numbers):
    def make(*front):
        with initreg.scope(seed=1):
            return keras.Sequential([keras.Input((4,)), *front, layers.Dense(4), layers.Dense(4)])

    without = numbers(make())
    before = numbers(make(layers.Dense(4, name="front")))
    assert all(np.array_equal(before[path], without[path]) for path in without)
    # One whose name Keras makes up takes the name of the next.
    shifted = numbers(keras.Sequential(make().layers))
    moved = numbers(make(layers.Dense(4)))
    assert set(moved) - set(without) == {"sequential/dense_2/kernel", "sequential/dense_2/bias"}
    assert all(np.array_equal(moved[path], without[path]) for path in without)
    assert shifted.keys() == without.keys()


def test_the_second_model_of_the_same_names_in_a_scope_differs(numbers):
    with initreg.scope(seed=1) as made:
        first, second = (layers.Dense(4, name="head") for _ in range(2))
        first.build((None, 4))
        second.build((None, 4))
    paths = [entry.path for entry in made.plan.entries]
    assert paths == ["head/kernel", "head/bias", "head/kernel#1", "head/bias#1"]
    assert not np.array_equal(first.get_weights()[0], second.get_weights()[0])


@pytest.mark.parametrize("offset", [0, 1, 2])
def test_an_explicit_name_like_an_automatic_one_is_valid(offset, digest):
    """Keras's own number of the unnamed layer meets the explicit name, or does not."""
    keras.backend.clear_session()
    for _ in range(offset):
        layers.Dense(1)
    with initreg.scope(seed=1) as made:
        model = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="dense_1")])
        unnamed = layers.Dense(4)
        unnamed.build((None, 4))
    paths = [entry.path for entry in made.plan.entries]
    assert paths == [
        "sequential/dense_1/kernel",
        "sequential/dense_1/bias",
        "dense/kernel",
        "dense/bias",
    ]
    assert digest(model) == "44809a3d733c4c62"


# Seeds ------------------------------------------------------------------------------------------


def test_a_layers_own_seed_takes_the_place_of_the_base_seed_and_the_path_counts(numbers):
    def make(seed):
        with initreg.scope(seed=seed) as made:
            model = keras.Sequential(
                [
                    keras.Input((4,)),
                    layers.Dense(4, name="a", kernel_initializer=keras.initializers.HeNormal(7)),
                    layers.Dense(4, name="b", kernel_initializer=keras.initializers.HeNormal(7)),
                    layers.Dense(4, name="c"),
                ],
                name="m",
            )
        return numbers(model), made.plan

    (one, plan), (other, _) = make(1), make(2)
    assert [entry.seed for entry in plan.entries] == [7, 1, 7, 1, 1, 1]
    assert np.array_equal(one["m/a/kernel"], other["m/a/kernel"])
    assert not np.array_equal(one["m/a/kernel"], one["m/b/kernel"])
    assert not np.array_equal(one["m/c/kernel"], other["m/c/kernel"])
    expected = initreg.draw("he_normal", (4, 4), seed=7, path="m/a/kernel")
    assert np.array_equal(one["m/a/kernel"], expected)


def test_a_seed_generator_of_a_layer_does_not_count_as_a_seed():
    kernel = keras.initializers.HeNormal(seed=keras.random.SeedGenerator(3))
    with initreg.scope(seed=1):
        layer = layers.Dense(4, name="a", kernel_initializer=kernel)
        layer.build((None, 4))
    expected = initreg.draw("he_normal", (4, 4), seed=1, path="a/kernel")
    assert np.array_equal(layer.get_weights()[0], expected)


def test_the_argument_goes_before_the_seed_of_the_rules_and_a_drawn_one_is_kept():
    rules = {"seed": 5, "rules": []}
    assert initreg.scope(rules, seed=3).seed == 3
    assert initreg.scope(rules).seed == 5
    drawn = initreg.scope()
    assert drawn.seed != initreg.scope().seed
    with drawn as made:
        first = layers.Dense(4, name="a")
        first.build((None, 4))
    assert made.plan.seed == drawn.seed
    again = initreg.draw("glorot_uniform", (4, 4), seed=drawn.seed, path="a/kernel")
    assert np.array_equal(first.get_weights()[0], again)


# Rules ------------------------------------------------------------------------------------------


def test_the_first_rule_that_matches_goes_before_the_layers_own_initializer():
    rules = [
        {"match": "^m/kept/", "init": "keep"},
        {"match": "kernel$", "init": "constant(2)", "layer": "Conv1D"},
        {"match": "", "init": "constant(3)", "weight": "bias"},
        {"match": "seeded/kernel", "init": "he_normal(seed=9)"},
    ]
    with initreg.scope(rules, seed=1) as made:
        model = keras.Sequential(
            [
                keras.Input((6, 4)),
                layers.Dense(4, name="kept", bias_initializer="ones"),
                layers.Conv1D(4, 2, name="conv"),
                layers.Dense(4, name="seeded"),
                layers.Dense(4, name="free"),
            ],
            name="m",
        )
    assert [(e.path, e.action, e.rule, e.spec) for e in made.plan.entries] == [
        ("m/kept/kernel", "keep", 1, None),
        ("m/kept/bias", "keep", 1, None),
        ("m/conv/kernel", "draw", 2, "constant(value=2)"),
        ("m/conv/bias", "draw", 3, "constant(value=3)"),
        ("m/seeded/kernel", "draw", 4, "he_normal(seed=9)"),
        ("m/seeded/bias", "draw", 3, "constant(value=3)"),
        ("m/free/kernel", "draw", None, "glorot_uniform"),
        ("m/free/bias", "draw", 3, "constant(value=3)"),
    ]
    kernel = model.get_layer("seeded").get_weights()[0]
    expected = initreg.draw("he_normal", (4, 4), seed=9, path="m/seeded/kernel")
    assert np.array_equal(kernel, expected)


def test_keep_leaves_a_weight_to_its_layer():
    with initreg.scope([{"match": "a/", "init": "keep"}], seed=1) as made:
        layer = layers.Dense(4, name="a", kernel_initializer=keras.initializers.HeNormal(seed=7))
        layer.build((None, 4))
    assert [entry.action for entry in made.plan.entries] == ["keep", "keep"]
    plain = keras.initializers.HeNormal(seed=7)((4, 4))
    assert np.array_equal(layer.get_weights()[0], keras.ops.convert_to_numpy(plain))


def test_a_rule_that_is_never_applied_is_reported():
    rules = [{"match": "hed/", "init": "zeros"}, {"match": "head/", "init": "ones"}]
    text = "Rule 1 is never applied: match 'hed/'."
    with pytest.warns(InitregWarning) as caught, initreg.scope(rules, seed=1):
        layers.Dense(2, name="head").build((None, 2))
    assert [(str(each.message), each.filename) for each in caught] == [(text, __file__)]
    with pytest.raises(PlanError) as raised, initreg.scope(rules, seed=1, strict=True):
        layers.Dense(2, name="head").build((None, 2))
    assert str(raised.value) == text


def test_a_spec_that_does_not_fit_its_weight_is_reported_with_the_path():
    rules = [{"match": "kernel", "init": "he_normal(input_axes=[5], output_axes=[1])"}]
    with pytest.raises(initreg.ConfigError) as caught, initreg.scope(rules, seed=1):
        layers.Dense(2, name="head").build((None, 2))
    assert str(caught.value).startswith("head/kernel: ")


# What a scope can't reach -------------------------------------------------------------------------


def unbuilt():
    return keras.Sequential([layers.Dense(2, name="a"), layers.Dense(2, name="b")], name="m")


UNBUILT = (
    "Created in the scope but never built, so Keras will initialize them without the scope: "
    "a (Dense), b (Dense), m (Sequential). Call the model once on an input inside the scope, "
    "or use initreg.apply after it is built."
)


@pytest.mark.slow
def test_layers_that_are_not_built_are_reported():
    with pytest.warns(InitregWarning) as caught, initreg.scope(seed=1) as made:
        model = unbuilt()
    assert [(str(each.message), each.filename) for each in caught] == [(UNBUILT, __file__)]
    model(keras.ops.zeros((1, 3)))
    assert made.plan.entries == ()
    with pytest.raises(PlanError) as raised, initreg.scope(seed=1, strict=True):
        model = unbuilt()
    assert str(raised.value) == UNBUILT


def test_unused_layers_are_not_reported():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with initreg.scope(seed=1):
            unbuilt()
            layers.Bidirectional(layers.LSTM(3)).build((None, 5, 4))


class Late(keras.Model):
    """A model whose layers know the shapes of their weights from the first call on."""

    def __init__(self, **options):
        super().__init__(**options)
        self.hidden, self.head = layers.Dense(3), layers.Dense(2, name="head")

    def call(self, inputs):
        return self.head(self.hidden(inputs))


def late():
    return keras.Sequential([layers.Dense(3), layers.Dense(2, name="head")])


@pytest.mark.parametrize("create", [Late, late])
def test_a_model_that_was_created_before_is_drawn_where_it_is_called(create, digest):
    inputs = keras.ops.zeros((2, 5))
    with initreg.scope(seed=1):
        inside = create()
        inside(inputs)
    before, after = create(), create()
    with initreg.scope(seed=1) as made:
        before(inputs)
    assert digest(before) == digest(inside)
    assert {entry.action for entry in made.plan.entries} == {"draw"}
    after(inputs)
    assert digest(after) != digest(inside)


def test_a_shared_layer_and_one_in_two_models_are_drawn_once():
    with initreg.scope(seed=1) as made:
        inputs, others = keras.Input((4,)), keras.Input((4,))
        shared = layers.Dense(4)
        keras.Model(inputs, shared(shared(inputs)))
        keras.Model(others, shared(others))
    assert [entry.path for entry in made.plan.entries] == ["dense/kernel", "dense/bias"]


def test_a_models_copy_in_the_scope_has_weights_of_its_own(functional_model, digest):
    with initreg.scope(seed=1) as made:
        model = functional_model()
        copy = keras.models.clone_model(model)
    assert digest(model) != digest(copy)
    assert len({entry.path for entry in made.plan.entries}) == 20
    assert {entry.action for entry in made.plan.entries} == {"draw"}


def test_names_in_a_config_are_explicit():
    """A copy or a loaded model has the automatic names of the first one."""
    keras.backend.clear_session()
    layers.Dense(2)
    config = layers.Dense(2).get_config()
    with initreg.scope(seed=1) as made:
        for layer in (layers.Dense.from_config(config), layers.Dense(2)):
            layer.build((None, 4))
    paths = [entry.path for entry in made.plan.entries if "kernel" in entry.path]
    assert paths == ["dense_1/kernel", "dense/kernel"]


def test_a_model_that_is_loaded_keeps_the_weights_of_its_file(functional_model, tmp_path):
    model = functional_model()
    model.save(tmp_path / "model.keras")
    with initreg.scope(seed=1):
        loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert all(map(np.array_equal, loaded.get_weights(), model.get_weights()))


class Functional(keras.Model):
    def __init__(self):
        inputs = keras.Input((4,))
        super().__init__(inputs, layers.Dense(3)(inputs))


def sequential_that_grows():
    model = keras.Sequential([layers.Dense(3), layers.Dense(2)])
    model.build((None, 4))
    model.add(layers.Dense(3))
    return model


@pytest.mark.parametrize("create", [Functional, sequential_that_grows])
def test_other_ways_to_make_a_model(create, twice):
    first, second, plan = twice(create, strict=True)
    assert first == second
    assert {entry.action for entry in plan.entries} == {"draw"}
