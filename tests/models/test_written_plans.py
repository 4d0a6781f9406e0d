"""A plan that was written as JSON is repeated exactly, for the model that it was made for."""

import json
import math
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

import initreg
from initreg import PlanError

pytestmark = pytest.mark.keras

ALL = [{"match": "bias$", "init": "zeros"}, {"match": "", "init": "random_normal(stddev=0.5)"}]
OTHER = """\
The plan was made for another model:
  the model has no head/bias
  head/kernel has shape [4, 3], not [4, 2]
  the plan has no tail/kernel
  the plan has no tail/bias"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def forms(plan):
    Path("plan.json").write_text(plan.to_json())
    return {
        "Plan": plan,
        "mapping": json.loads(plan.to_json()),
        "file": "plan.json",
        "path": Path("plan.json"),
    }


@pytest.mark.slow
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
def test_a_plan_of_another_model_is_rejected_with_the_differences(form):
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
    "true": (
        {"plan": True, "seed": 1, "weights": []},
        "The plan is not a valid plan:\n  $.plan: Input should be 1",
    ),
    "no list": (
        {"plan": 1, "seed": 1, "weights": 3},
        "The plan is not a valid plan:\n  $.weights: Input should be a valid array",
    ),
}


@pytest.mark.parametrize(("written", "text"), BROKEN.values(), ids=BROKEN)
def test_an_invalid_plan_is_rejected(written, text):
    with pytest.raises(PlanError) as caught:
        initreg.plan(one(2), written)
    assert str(caught.value) == text


def test_a_plan_that_was_changed_by_hand_is_followed():
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
    "a shape below 0": ({"shape": [-4, -2]}, "head/kernel has shape [4, 2], not [-4, -2]"),
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


FAN = "must be a finite int or float above 0, not"
NUMBERS = {
    "infinity": ("fans.fan_in", math.inf, "Input should be a finite number"),
    "beyond a float": ("fans.fan_in", 10**400, FAN),
    "below 0": ("fans.fan_in", -9, f"{FAN} -9"),
    "zero": ("fans.fan_out", 0, f"{FAN} 0"),
    "true": ("fans.fan_in", True, "Input should be a valid number"),
    "text": ("fans.fan_in", "9", "Input should be a valid number"),
    "fans of a role": ("role.fan_in", -1, f"{FAN} -1"),
    "blocks": ("role.blocks", 0, "must be a whole number from 1, not 0"),
    "a kind": ("role.kind", "kernal", "Input should be 'kernel', "),
    "Keras's fans": ("keras_fans", [4, 0], f"{FAN} 0"),
    "Keras's stddev": ("keras_stddev", -1.0, "must be at least 0, not -1.0"),
    "stddev": ("stddev", -0.5, "must be at least 0, not -0.5"),
    "infinite mean": ("mean", math.inf, "Input should be a finite number"),
    "rule": ("rule", 0, "must be at least 1, not 0"),
    "line": ("line", -1, "must be at least 1, not -1"),
    "a huge layout": (
        "fans.layout.shape",
        [10**9, 2],
        "is [1000000000, 2], which has another size",
    ),
    "axes": ("fans.layout.input_axes", [1], "must have each axis of its shape [4, 2] once"),
}


@pytest.mark.parametrize(("key", "value", "text"), NUMBERS.values(), ids=NUMBERS)
def test_a_value_that_no_plan_has_is_rejected_with_its_place(key, value, text):
    made = initreg.plan(one(2), [{"match": "", "init": "he_normal"}], seed=1)
    written = json.loads(made.to_json())
    *above, last = key.split(".")
    within = written["weights"][0]
    for name in above:
        within = within[name]
    within[last] = value
    with pytest.raises(PlanError) as caught:
        initreg.plan(one(2), json.dumps(written))
    lines = str(caught.value).splitlines()
    assert lines[0] == "The plan is not a valid plan:"
    place = "fans.layout" if key == "fans.layout.input_axes" else key
    assert lines[1].startswith(f"  $.weights[0].{place}")
    assert text in lines[1]
    assert ".int" not in lines[1]
    assert len(lines) == 2


def test_a_layout_of_another_layer_is_rejected():
    def lstm():
        return keras.Sequential([keras.Input((3, 2)), layers.LSTM(4, name="lstm")], name="one")

    written = json.loads(initreg.plan(lstm(), ALL, seed=1).to_json())
    assert initreg.plan(lstm(), written).to_json() == initreg.plan(lstm(), ALL, seed=1).to_json()
    [kernel] = [each for each in written["weights"] if each["path"].endswith("/kernel")]
    kernel["fans"]["layout"] = {
        "shape": [2, 2, 8],
        "input_axes": [0],
        "output_axes": [2],
        "block_axes": [1],
    }
    with pytest.raises(PlanError, match=r"another model:\n  \S+/kernel has another layout in its"):
        initreg.plan(lstm(), written)


def test_a_plan_with_two_entries_for_a_path_is_rejected():
    written = json.loads(initreg.plan(one(2), ALL, seed=1).to_json())
    written["weights"].append(written["weights"][0])
    with pytest.raises(PlanError, match=r"^The plan has two entries for the same path\.$"):
        initreg.plan(one(2), written)


def test_json_text_is_a_plan():
    made = initreg.plan(one(2), ALL, seed=1)
    assert initreg.plan(one(2), made.to_json()).entries == made.entries
