"""A plan says how each weight of a model will be drawn, and changes nothing."""

import re

import keras
import numpy as np
import pytest
from keras import layers

import initreg
from initreg import PlanError

pytestmark = pytest.mark.keras

ALL = [{"match": "bias$", "init": "zeros"}, {"match": "", "init": "random_normal(stddev=0.5)"}]
LITERAL = (
    "Rule 1 is ambiguous: dense_1/kernel by the name in Keras, which is used, or dense/kernel with "
    "automatic names counted within the model. Name the layers."
)


def small():
    inputs = keras.Input((4,))
    hidden = layers.BatchNormalization(name="norm")(layers.Dense(3, name="body")(inputs))
    return keras.Model(inputs, layers.Dense(2, name="head")(hidden))


def paths(plan):
    return [entry.path for entry in plan.entries]


# Laws ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_plan_changes_nothing(make, numbers):
    model = make()
    before = numbers(model)
    plan = initreg.plan(model, ALL, seed=1)
    after = numbers(model)
    assert paths(plan) == list(before)
    assert all(np.array_equal(before[path], after[path]) for path in before)


def test_the_numbers_that_keras_gives_names_do_not_count(make):
    first, second = (initreg.plan(make(), ALL, seed=1) for _ in range(2))
    assert paths(first) == paths(second)
    assert [e.derived_seed for e in first.entries] == [e.derived_seed for e in second.entries]
    assert [e.name for e in first.entries] != [e.name for e in second.entries]


def test_what_was_built_in_a_scope_has_the_paths_that_it_had_there(make):
    for _ in range(2):
        with initreg.scope(ALL, seed=1) as made:
            other = make()
            model = make()
        entries = [*initreg.plan(other).entries, *initreg.plan(model).entries]
        known = sorted((e.path, e.name) for e in made.plan.entries)
        assert sorted((e.path, e.name) for e in entries) == known


def test_the_seed_is_the_argument_that_of_the_rules_or_a_drawn_one():
    rules = {"seed": 5, "rules": ALL}
    model = small()
    assert initreg.plan(model, rules, seed=3).seed == 3
    assert initreg.plan(model, rules).seed == 5
    assert initreg.plan(model, ALL).seed != initreg.plan(model, ALL).seed
    with pytest.raises(initreg.ConfigError) as caught:
        initreg.plan(model, ALL, seed=-1)
    assert str(caught.value) == "seed must be a whole number, 0 … 4294967295, not -1."


# Names --------------------------------------------------------------------------------------------


def two(first, second):
    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Dense(4, name=second)(layers.Dense(4, name=first)(inputs)))


def chosen(plan):
    return {entry.path: entry.rule for entry in plan.entries if "kernel" in entry.path}


def test_a_rule_on_a_counted_name_holds_in_any_model_of_the_process():
    rules = [{"match": "^dense/", "init": "zeros"}, {"match": "^dense_1/", "init": "ones"}]
    for _ in range(3):
        plan = initreg.plan(two(None, None), rules, seed=1)
        assert chosen(plan) == {"dense/kernel": 1, "dense_1/kernel": 2}
        assert plan.notes == ()


def test_a_rule_on_a_name_that_only_looks_automatic_uses_the_real_name_and_is_noted():
    rules = [{"match": "^dense_1/", "init": "zeros"}, {"match": "^dense_2/", "init": "ones"}]
    plan = initreg.plan(two("dense_1", "dense_2"), rules, seed=1)
    # The paths, and so the seeds, are counted as ever.
    assert chosen(plan) == {"dense/kernel": 1, "dense_1/kernel": 2}
    assert plan.notes == (LITERAL,)
    assert plan.summary()[-2] == LITERAL
    with pytest.raises(PlanError) as caught:
        initreg.plan(two("dense_1", "dense_2"), rules, seed=1, strict=True)
    assert str(caught.value) == LITERAL


def test_unambiguous_names_cause_no_note():
    rules = [{"match": "^dense_1/", "init": "zeros"}, {"match": "dense", "init": "ones"}]
    plan = initreg.plan(two("first", "dense_1"), rules, seed=1)
    assert chosen(plan) == {"first/kernel": None, "dense/kernel": 1}
    assert plan.notes == ()


# Gaps and errors ----------------------------------------------------------------------------------


def test_strict_rejects_rules_without_a_weight_and_weights_without_a_rule():
    rules = [{"match": "hed/", "init": "zeros"}, {"match": "head/|norm/", "init": "ones"}]
    plan = initreg.plan(small(), rules, seed=1)
    assert plan.uncovered == ("body/kernel", "body/bias")
    assert [rule.match for rule in plan.unmatched] == ["hed/"]
    with pytest.raises(PlanError) as caught:
        initreg.plan(small(), rules, seed=1, strict=True)
    assert str(caught.value).splitlines() == [
        "Rule 1 is never applied: match 'hed/'.",
        "No rule matches body/kernel.",
        "No rule matches body/bias.",
    ]


def test_a_rule_that_others_always_precede_is_reported():
    rules = [{"match": "", "init": "zeros"}, {"match": "head", "init": "ones", "weight": "bias"}]
    plan = initreg.plan(small(), rules, seed=1)
    text = "Rule 2 is never applied: match 'head', weight bias. "
    assert plan.summary()[-2] == f"{text}Rule 1 comes first for head/bias, which it also matches."


def test_a_rule_that_matches_statistics_alone_is_told_what_names_them():
    model = keras.Sequential([keras.Input((4,)), layers.BatchNormalization(name="n")], name="m")
    rules = [
        {"match": "n/moving_v", "init": "ones"},
        {"match": "moving_(mean|variance)$", "init": "ones"},
        {"match": "moving_variance", "init": "ones"},
    ]
    text, alternatives = initreg.plan(model, rules, seed=1).unmatched_texts()
    assert text == (
        "Rule 1 is never applied: match 'n/moving_v'. It matches m/n/moving_variance, a statistic. "
        "To set it, write its whole name in the rule: moving_variance."
    )
    assert alternatives == (
        "Rule 2 is never applied: match 'moving_(mean|variance)$'. It matches m/n/moving_mean, a "
        "statistic. To set it, write its whole name in the rule: moving_mean."
    )


NO_MODELS = {
    "text": ("model", "model must be a Keras model or layer, not str."),
    "weights": ([1], "model must be a Keras model or layer, not list."),
    "optimizer": (
        keras.optimizers.SGD(),
        "model must be a Keras model or layer, not SGD.",
    ),
    "unbuilt model": (
        keras.Sequential([layers.Dense(2)], name="m"),
        "m (Sequential) is not built, so it has no weights yet. First call it once on an input, or "
        "call build(shape).",
    ),
    "unbuilt layer": (
        layers.Dense(2, name="d"),
        "d (Dense) is not built, so it has no weights yet. First call it once on an input, or "
        "call build(shape).",
    ),
}


@pytest.mark.parametrize(("model", "text"), NO_MODELS.values(), ids=NO_MODELS)
def test_what_has_no_weights_is_rejected(model, text):
    with pytest.raises(PlanError) as caught:
        initreg.plan(model, ALL, seed=1)
    assert str(caught.value) == text


def test_a_layer_without_weights_has_an_empty_plan():
    layer = layers.Dropout(0.5)
    layer.build((None, 2))
    assert initreg.plan(layer, [], seed=1).entries == ()


def test_a_compiled_model_a_layer_and_a_quantized_one():
    model = small()
    model.compile("adam", "mse", metrics=["mae"])
    assert len(initreg.plan(model, ALL, seed=1, strict=True).entries) == 8
    dense = model.get_layer("head")
    assert paths(initreg.plan(dense, ALL, seed=1)) == ["head/kernel", "head/bias"]
    dense.quantize("int8")
    entries = initreg.plan(dense, ALL, seed=1, strict=True).entries
    reasons = {entry.path: entry.reason for entry in entries if entry.action == "skip"}
    assert reasons == {
        "head/kernel": "dtype int8 isn't a float",
        "head/kernel_scale": "a statistic",
    }


def test_weights_of_lora_are_weights_as_any():
    model = small()
    model.get_layer("head").enable_lora(1)
    found = paths(initreg.plan(model, ALL, seed=1, strict=True))
    assert found[-4:] == [
        "head/kernel",
        "head/bias",
        "head/lora_kernel_a",
        "head/lora_kernel_b",
    ]


def test_shared_layers_and_weights_have_one_entry():
    shared = layers.Dense(4, name="shared")
    inputs = keras.Input((4,))
    inner = keras.Model(inputs, shared(inputs), name="inner")
    model = keras.Model(inputs, [inner(shared(inputs)), shared(inputs)])
    assert paths(initreg.plan(model, ALL, seed=1)) == ["shared/kernel", "shared/bias"]


def test_a_spec_that_can_not_fill_its_weight_is_reported_by_the_plan():
    with pytest.raises(PlanError) as caught:
        initreg.plan(small(), [{"match": "head/kernel", "init": "stft"}], seed=1)
    text = r"head/kernel \(rule 1\): stft can't fill \[3, 2\] of float32: not enough values .*"
    assert re.fullmatch(text, str(caught.value))


def test_a_bare_variable_is_a_weight_too():
    class Bare(layers.Layer):
        def __init__(self, **options):
            super().__init__(**options)
            self.held = keras.Variable([1.0, 1.0], name="held")

        def call(self, inputs):
            return inputs * self.held

    model = keras.Sequential([keras.Input((2,)), Bare(name="bare")], name="net")
    assert [entry.path for entry in initreg.plan(model, ALL, seed=1).entries] == ["net/bare/held"]
