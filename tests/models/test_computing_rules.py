"""Rules that compute, on models: counts, groups, sizes, plans, `apply`, and scopes."""

import math

import keras
import numpy as np
import pytest
from keras import layers

import initreg
from initreg import InitregWarning, PlanError, RulesError

pytestmark = pytest.mark.keras

COUNTING = {
    "let": {"blocks": r"count(block_(\d+)/)"},
    "rules": [
        {
            "match": r"block_(?P<i>\d+)/kernel$",
            "init": "random_normal(stddev=sqrt(2/fan_in)/sqrt(2*blocks)/(i+1))",
        },
        {"match": "head/bias$", "init": "constant(-log((1-0.01)/0.01))"},
        {"match": "bias$", "init": "constant(size)"},
    ],
}
STDDEVS = [math.sqrt(2 / 8) / math.sqrt(6) / (i + 1) for i in range(3)]


def model_of(prefix="block"):
    parts = [layers.Dense(8, name=f"{prefix}_{i}") for i in range(3)]
    return keras.Sequential([keras.Input((8,)), *parts, layers.Dense(2, name="head")], name="net")


def by_path(plan):
    return {entry.path.removeprefix("net/"): entry for entry in plan.entries}


def test_a_plan_shows_the_numbers():
    entries = by_path(initreg.plan(model_of(), COUNTING, seed=1))
    found = [entries[f"block_{i}/kernel"].stddev for i in range(3)]
    assert found == pytest.approx(STDDEVS, rel=1e-12)
    assert entries["block_0/kernel"].spec == f"random_normal(stddev={STDDEVS[0]})"
    assert entries["block_1/bias"].spec == "constant(value=8)"
    assert entries["head/bias"].mean == pytest.approx(-math.log(99))
    assert entries["head/kernel"].action == "uncovered"


def test_a_plan_is_applied_and_applied_again():
    model = model_of()
    planned = initreg.plan(model, COUNTING, seed=1)
    first = initreg.apply(model, COUNTING, seed=1)
    values = [np.array(weight) for weight in model.get_weights()]
    again = initreg.apply(model, planned)
    assert again == first
    assert all(map(np.array_equal, values, model.get_weights()))
    written = planned.to_json()
    assert initreg.plan(model, written).entries == planned.entries


def test_automatic_names_are_counted():
    models = [
        keras.Sequential([keras.Input((8,)), layers.Dense(8), layers.Dense(8), layers.Dense(8)])
        for _ in range(2)
    ]
    rules = {
        "let": {"n": r"count(dense(_\d+)?/)"},
        "rules": [{"match": "kernel$", "init": "constant(n)"}],
    }
    for model in models:
        assert initreg.plan(model, rules, seed=1).entries[0].spec == "constant(value=3)"


def test_all_mistakes_are_reported_before_a_weight_is_touched():
    model = model_of()
    before = [np.array(weight) for weight in model.get_weights()]
    rules = [
        {"match": r"block_(?P<i>\d+)/kernel", "init": "random_normal(stddev=1/(i-1))"},
        {"match": r"block_\d+/bias", "init": "constant(log(8-size))"},
        {"match": "head", "init": "zeros"},
    ]
    with pytest.raises(RulesError) as caught:
        initreg.apply(model, rules)
    assert [fault.message for fault in caught.value.faults] == [
        "Rule 1 for net/block_0/kernel, with i = 0: stddev must be 0 or more, not -1.0.",
        "Rule 2 for net/block_0/bias, with size = 8: log() takes a number above 0, not 0. "
        "2 more weights fail at the same place.",
        "Rule 1 for net/block_1/kernel, with i = 1: This divides by zero.",
    ]
    assert all(map(np.array_equal, before, model.get_weights()))


def test_a_scope_computes_for_each_weight():
    rules = {**COUNTING, "let": {"blocks": 3}}
    with initreg.scope(rules, seed=1) as opened:
        model = model_of()
    assert by_path(opened.plan)["block_2/kernel"].stddev == pytest.approx(STDDEVS[2], rel=1e-12)
    values = [np.array(weight) for weight in model.get_weights()]
    applied = initreg.apply(model, rules, seed=1)
    covered = [entry.action == "draw" for entry in applied.entries]
    pairs = zip(values, model.get_weights(), covered, strict=True)
    assert all(np.array_equal(one, other) for one, other, is_drawn in pairs if is_drawn)


def test_a_scope_can_not_count():
    with pytest.raises(RulesError, match="A scope can't count the weights of a model"):
        initreg.scope(COUNTING, seed=1)


def test_a_scope_names_the_weight_that_fails():
    rules = [{"match": "", "init": "constant(1/(size-8))"}]
    message = "Rule 1 for net/block_0/bias, with size = 8: This divides by zero"
    with pytest.raises(RulesError, match=message), initreg.scope(rules, seed=1):
        model_of()


MISSPELT = {
    "let": {"layers": r"count(blk_(\d+)/)", "twice": "2*layers", "other": r"count(blk)"},
    "rules": [
        {"match": "kernel$", "init": "random_normal(stddev=0.02*(1+twice))"},
        {"match": "bias$", "init": "keep"},
    ],
}
ZERO = r"layers in let is 0, because its pattern matches no weight: 'blk_(\d+)/'."
UNUSED = "let has other, but no rule uses it."


def test_a_count_that_matches_no_weight_is_a_finding():
    plan = initreg.plan(model_of(), MISSPELT, seed=1)
    assert plan.unmatched_counts == (initreg.UnmatchedCount("layers", r"blk_(\d+)/"),)
    assert plan.problems() == [ZERO, UNUSED]
    assert plan.summary()[-3:-1] == [ZERO, UNUSED]
    assert '{\n   "let": "layers",\n   "line": null,\n   "count": "blk_' in plan.to_json()
    assert initreg.plan(model_of(), plan.to_json()).entries == plan.entries
    with pytest.raises(PlanError) as caught:
        initreg.apply(model_of(), MISSPELT, seed=1, strict=True)
    assert str(caught.value) == f"{ZERO}\n{UNUSED}"
    with pytest.warns(InitregWarning) as warned:
        initreg.apply(model_of(), MISSPELT, seed=1)
    assert [str(each.message) for each in warned] == [f"{ZERO}\n{UNUSED}"]
    matching = {**MISSPELT, "let": {"layers": r"count(block_(\d+)/)", "twice": "2*layers"}}
    assert initreg.plan(model_of(), matching, seed=1, strict=True).unmatched_counts == ()


def test_a_count_of_a_file_has_its_line(tmp_path):
    file = tmp_path / "rules.yaml"
    file.write_text(
        "let:\n  n: 2\n  layers: count(blk_)\n"
        "rules: [{match: kernel, init: constant(n+layers)}, {match: '', init: keep}]\n"
    )
    plan = initreg.plan(model_of(), file, seed=1)
    (text,) = plan.problems()
    assert text == f"layers in let ({file}:3) is 0, because its pattern matches no weight: 'blk_'."


def test_a_scope_notes_names_that_no_rule_uses():
    rules = {"let": {"a": "count(x)", "b": "2*a"}, "rules": [{"match": "", "init": "zeros"}]}
    text = "let has a, b, but no rule uses them."
    with pytest.warns(InitregWarning, match=text), initreg.scope(rules, seed=1):
        model_of()
    with pytest.raises(PlanError, match=text), initreg.scope(rules, seed=1, strict=True):
        model_of()
