"""A plan says what each weight of a model will get, touches nothing, and can be written down."""

import json
import re
from pathlib import Path

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
OTHER = """\
The plan was made for another model:
  the model has no head/bias
  head/kernel has shape [4, 3], not [4, 2]
  the plan has no tail/kernel
  the plan has no tail/bias"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def small():
    inputs = keras.Input((4,))
    hidden = layers.BatchNormalization(name="norm")(layers.Dense(3, name="body")(inputs))
    return keras.Model(inputs, layers.Dense(2, name="head")(hidden))


def paths(plan):
    return [entry.path for entry in plan.entries]


# The table ----------------------------------------------------------------------------------------

RULES = """\
seed: 7
rules:
  - {match: body/, init: he_normal, weight: kernel}
  - {match: norm/, init: keep}
  - {match: head/kernel, init: "orthogonal(gain=0.5)"}
  - {match: hed/, init: zeros, layer: Dense}
"""

TABLE = """\
path                  shape  dtype    initializer                  rule        seed       mean  stddev
body/kernel           4×3    float32  he_normal                    1 (line 3)  727766883  0     0.7071
body/bias             3      float32  unchanged (no rule matches)
norm/gamma            3      float32  unchanged (a rule says so)   2 (line 4)
norm/beta             3      float32  unchanged (a rule says so)   2 (line 4)
norm/moving_mean      3      float32  unchanged (a rule says so)   2 (line 4)
norm/moving_variance  3      float32  unchanged (a rule says so)   2 (line 4)
head/kernel           3×2    float32  orthogonal(gain=0.5)         3 (line 5)  803159871
head/bias             2      float32  unchanged (no rule matches)

2 of 8 weights are drawn, 18 values, from seed 7.
No rule matches these, so they are unchanged: body/bias, head/bias.
Rule 4 (rules.yaml:6) is never applied: match 'hed/', layer Dense.
Optimizer state, metrics and seed generators are not weights, and are unchanged."""  # noqa: E501


def test_a_plan_is_a_table():
    Path("rules.yaml").write_text(RULES)
    assert str(initreg.plan(small(), "rules.yaml")) == TABLE


def test_a_plan_tells_which_names_it_counts_and_what_is_not_portable():
    layers.Dense(1)  # so that Keras's number is another
    layer = layers.Dense(2)
    spectrum = layers.STFTSpectrogram(frame_length=4, frame_step=2, fft_length=4, name="stft")
    layer.build((None, 2))
    spectrum.build((None, 8, 1))
    plan = initreg.plan(layer, ALL, seed=1)
    renamed = f"dense/kernel is {layer.name}/kernel in Keras."
    told = "Paths differ from Keras's if it made up names or dropped some: "
    assert plan.summary()[1] == told + renamed
    rules = [{"match": "real", "init": "stft"}, {"match": "", "init": "keep"}]
    told = initreg.plan(spectrum, rules, seed=1).summary()[1]
    assert told == "These differ on other backends: stft/real_kernel."


def test_many_gaps_are_not_all_listed():
    many = [layers.Dense(2, name=f"d{n}") for n in range(4)]
    model = keras.Sequential([keras.Input((2,)), *many], name="m")
    told = initreg.plan(model, [], seed=1).summary()[-2]
    assert told == (
        "No rule matches these, so they are unchanged: m/d0/kernel, m/d0/bias, m/d1/kernel, "
        "m/d1/bias, m/d2/kernel and 3 more."
    )


# Laws ---------------------------------------------------------------------------------------------


def test_a_plan_touches_nothing(make, numbers):
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


def test_a_rule_on_a_name_that_only_looks_made_up_holds_literally_and_is_told():
    rules = [{"match": "^dense_1/", "init": "zeros"}, {"match": "^dense_2/", "init": "ones"}]
    plan = initreg.plan(two("dense_1", "dense_2"), rules, seed=1)
    # The paths, and so the seeds, are counted as ever.
    assert chosen(plan) == {"dense/kernel": 1, "dense_1/kernel": 2}
    assert plan.notes == (LITERAL,)
    assert plan.summary()[-2] == LITERAL
    with pytest.raises(PlanError) as caught:
        initreg.plan(two("dense_1", "dense_2"), rules, seed=1, strict=True)
    assert str(caught.value) == LITERAL


def test_names_that_say_what_they_mean_are_not_told():
    rules = [{"match": "^dense_1/", "init": "zeros"}, {"match": "dense", "init": "ones"}]
    plan = initreg.plan(two("first", "dense_1"), rules, seed=1)
    assert chosen(plan) == {"first/kernel": None, "dense/kernel": 1}
    assert plan.notes == ()


# Gaps and errors ----------------------------------------------------------------------------------


def test_strict_refuses_rules_without_a_weight_and_weights_without_a_rule():
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


def test_a_rule_that_others_always_precede_is_told():
    rules = [{"match": "", "init": "zeros"}, {"match": "head", "init": "ones", "weight": "bias"}]
    plan = initreg.plan(small(), rules, seed=1)
    told = "Rule 2 is never applied: match 'head', weight bias. "
    assert plan.summary()[-2] == f"{told}Rule 1 comes first for head/bias, which it also matches."


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
def test_what_has_no_weights_is_refused(model, text):
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
    assert reasons == {"head/kernel": "dtype int8 isn't a float"}


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


# Written down -------------------------------------------------------------------------------------


def test_a_plan_in_json_holds_what_it_says():
    Path("rules.yaml").write_text(RULES)
    written = json.loads(initreg.plan(small(), "rules.yaml").to_json())
    assert {key: written[key] for key in ("plan", "seed", "source")} == {
        "plan": 1,
        "seed": 7,
        "source": "rules.yaml",
    }
    assert written["unmatched"] == [{"rule": 4, "line": 6, "match": "hed/"}]
    first, *_, last = written["weights"]
    assert last == {
        "path": "head/bias",
        "name": "head/bias",
        "shape": [2],
        "dtype": "float32",
        "layer": "Dense",
        "action": "uncovered",
    }
    assert first["spec"] == "he_normal"
    assert first["stddev"] == pytest.approx(0.5**0.5)


def forms(plan):
    Path("plan.json").write_text(plan.to_json())
    return {
        "Plan": plan,
        "mapping": json.loads(plan.to_json()),
        "file": "plan.json",
        "path": Path("plan.json"),
    }


@pytest.mark.parametrize("form", ["Plan", "mapping", "file", "path"])
def test_a_plan_is_repeated_exactly(form, make, digest):
    rules = [
        {"match": "bias", "init": "keep"},
        {"match": "middle|head", "init": "he_normal(seed=3)"},
        {"match": "", "init": "random_normal"},
    ]
    model, other = make(), make()
    plan = initreg.apply(model, rules, seed=9)
    other.set_weights([np.zeros_like(values) for values in other.get_weights()])
    repeated = initreg.plan(other, forms(plan)[form], seed=1)
    assert repeated.seed == 9
    assert [e.derived_seed for e in repeated.entries] == [e.derived_seed for e in plan.entries]
    assert [e.rule for e in repeated.entries] == [e.rule for e in plan.entries]
    other.set_weights(model.get_weights())
    other.set_weights([v if v.ndim == 1 else np.zeros_like(v) for v in other.get_weights()])
    initreg.apply(other, forms(plan)[form])
    assert digest(other) == digest(model)


def one(width, *more):
    inputs = keras.Input((4,))
    outputs = layers.Dense(width, name="head", use_bias=not more)(inputs)
    for name in more:
        outputs = layers.Dense(2, name=name)(outputs)
    return keras.Model(inputs, outputs)


@pytest.mark.parametrize("form", ["Plan", "mapping", "file"])
def test_a_plan_of_another_model_is_refused_with_the_differences(form):
    plan = forms(initreg.plan(one(2), ALL, seed=1))[form]
    name = "plan.json" if form == "file" else "The plan"
    for use in (initreg.plan, initreg.apply):
        with pytest.raises(PlanError) as caught:
            use(one(3, "tail"), plan)
        assert str(caught.value) == OTHER.replace("The plan", name, 1)


def test_another_dtype_is_another_model():
    plan = initreg.plan(one(2), ALL, seed=1)
    layer = layers.Dense(2, name="head", dtype="float16")
    layer.build((None, 4))
    with pytest.raises(PlanError) as caught:
        initreg.plan(layer, plan)
    assert "head/kernel has dtype float16, not float32" in str(caught.value)


def test_many_differences_are_not_all_listed():
    many = keras.Sequential([keras.Input((2,)), *(layers.Dense(2, name=f"d{n}") for n in range(9))])
    with pytest.raises(PlanError) as caught:
        initreg.plan(one(2), initreg.plan(many, ALL, seed=1))
    assert str(caught.value).splitlines()[-1] == "  and 10 more"


BROKEN = {
    "newer": (
        {"plan": 2, "seed": 1, "weights": []},
        "The plan is not a valid plan:\n  $.plan: Input should be 1",
    ),
    "empty": (
        {"plan": 1},
        "The plan is not a valid plan:\n  $.seed: Field required\n  $.weights: Field required",
    ),
    "no list": (
        {"plan": 1, "seed": 1, "weights": 3},
        "The plan is not a valid plan:\n  $.weights: Input should be a valid array",
    ),
}


@pytest.mark.parametrize(("written", "text"), BROKEN.values(), ids=BROKEN)
def test_what_is_no_plan_is_refused(written, text):
    with pytest.raises(PlanError) as caught:
        initreg.plan(one(2), written)
    assert str(caught.value) == text


def test_a_plan_that_was_changed_by_hand_is_read_as_it_stands():
    written = json.loads(initreg.plan(one(2), ALL, seed=1).to_json())
    written["weights"][0]["spec"] = "constant(3)"
    model = one(2)
    initreg.apply(model, written)
    assert model.get_weights()[0].tolist() == [[3.0, 3.0]] * 4
    written["weights"][0] |= {"action": "paint"}
    with pytest.raises(PlanError) as caught:
        initreg.plan(one(2), written)
    assert str(caught.value).splitlines()[1].startswith("  $.weights[0].action: Input should be ")


WRONG = {
    "a seed of text": ({"seed": "abc"}, "$.weights[0].seed"),
    "a seed below 0": ({"seed": -1}, "$.weights[0].seed"),
    "an unknown key": ({"foo": 1}, "$.weights[0].foo: Unexpected keyword argument"),
    "a shape of text": ({"shape": "4x2"}, "$.weights[0].shape"),
    "no spec": ({"spec": None}, "The plan, spec of head/kernel:\n"),
    "a wrong spec": ({"spec": "he_norml"}, "The plan, spec of head/kernel:\nThere is no"),
}


@pytest.mark.parametrize(("change", "text"), WRONG.values(), ids=WRONG)
def test_what_a_person_wrote_into_a_plan_is_checked(change, text):
    written = json.loads(initreg.plan(one(2), ALL, seed=1).to_json())
    written["weights"][0] |= change
    with pytest.raises(PlanError) as caught:
        initreg.plan(one(2), written)
    assert text in str(caught.value)


def test_a_plan_with_two_entries_for_a_path_is_rejected():
    written = json.loads(initreg.plan(one(2), ALL, seed=1).to_json())
    written["weights"].append(written["weights"][0])
    with pytest.raises(PlanError, match=r"^The plan has two entries for the same path\.$"):
        initreg.plan(one(2), written)


def test_the_json_itself_is_taken():
    made = initreg.plan(one(2), ALL, seed=1)
    assert initreg.plan(one(2), made.to_json()).entries == made.entries


def test_a_spec_that_can_not_fill_its_weight_is_told_before_anything_is_drawn():
    with pytest.raises(PlanError) as caught:
        initreg.plan(one(2), [{"match": "kernel", "init": "stft"}], seed=1)
    told = r"head/kernel \(rule 1\): stft can't fill \[4, 2\] of float32: not enough values .*"
    assert re.fullmatch(told, str(caught.value))


def test_a_bare_variable_is_a_weight_too():
    class Bare(layers.Layer):
        def __init__(self, **options):
            super().__init__(**options)
            self.held = keras.Variable([1.0, 1.0], name="held")

        def call(self, inputs):
            return inputs * self.held

    model = keras.Sequential([keras.Input((2,)), Bare(name="bare")], name="net")
    assert [entry.path for entry in initreg.plan(model, ALL, seed=1).entries] == ["net/bare/held"]


def test_moments_that_json_has_not_are_left_out():
    layer = layers.Dense(2, name="head", dtype="float16")
    layer.build((None, 4))
    done = initreg.apply(layer, [{"match": "", "init": "constant(1e300)"}], seed=1)
    assert done.entries[0].realised_mean == float("inf")
    assert "realised_mean" not in json.loads(done.to_json())["weights"][0]
