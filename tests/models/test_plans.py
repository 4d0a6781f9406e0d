"""A plan prints as a table and is written as JSON."""

import json
from dataclasses import replace
from pathlib import Path

import keras
import pytest
from keras import layers

import initreg
from initreg import PlanEntry
from initreg.models.entries import changed

pytestmark = pytest.mark.keras

ALL = [{"match": "bias$", "init": "zeros"}, {"match": "", "init": "random_normal(stddev=0.5)"}]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def small():
    inputs = keras.Input((4,))
    hidden = layers.BatchNormalization(name="norm")(layers.Dense(3, name="body")(inputs))
    return keras.Model(inputs, layers.Dense(2, name="head")(hidden))


RULES = """\
seed: 7
rules:
  - {match: body/, init: he_normal, weight: kernel}
  - {match: norm/, init: keep}
  - {match: head/kernel, init: "orthogonal(gain=0.5)"}
  - {match: hed/, init: zeros, layer: Dense}
"""

TABLE = """\
path                  shape  dtype    initializer                  rule        seed       fan_in  fan_out  mean  stddev
body/kernel           4×3    float32  he_normal                    1 (line 3)  727766883  4       3        0     0.7071
body/bias             3      float32  unchanged (no rule matches)
norm/gamma            3      float32  unchanged (a rule says so)   2 (line 4)
norm/beta             3      float32  unchanged (a rule says so)   2 (line 4)
norm/moving_mean      3      float32  unchanged (a rule says so)   2 (line 4)
norm/moving_variance  3      float32  unchanged (a rule says so)   2 (line 4)
head/kernel           3×2    float32  orthogonal(gain=0.5)         3 (line 5)  803159871  3       2
head/bias             2      float32  unchanged (no rule matches)

2 of 8 weights are drawn, 18 values, from seed 7.
No rule matches these, so they are unchanged: body/bias, head/bias.
Rule 4 (rules.yaml:6) is never applied: match 'hed/', layer Dense.
Optimizer state, metrics and seed generators are not weights, and are unchanged."""  # noqa: E501


def test_a_plan_is_a_table():
    Path("rules.yaml").write_text(RULES)
    assert str(initreg.plan(small(), "rules.yaml")) == TABLE


def test_a_summary_says_which_names_are_counted_and_what_is_not_portable():
    layers.Dense(1)  # so that Keras's number is another
    layer = layers.Dense(2)
    spectrum = layers.STFTSpectrogram(frame_length=4, frame_step=2, fft_length=4, name="stft")
    layer.build((None, 2))
    spectrum.build((None, 8, 1))
    plan = initreg.plan(layer, ALL, seed=1)
    renamed = f"dense/kernel is {layer.name}/kernel in Keras."
    text = "Paths differ from Keras's if it made up names or dropped some: "
    assert plan.summary()[1] == text + renamed
    rules = [{"match": "real", "init": "stft"}, {"match": "", "init": "keep"}]
    text = initreg.plan(spectrum, rules, seed=1).summary()[1]
    assert text == "These differ on other backends: stft/real_kernel."


def test_many_gaps_are_not_all_listed():
    many = [layers.Dense(2, name=f"d{n}") for n in range(4)]
    model = keras.Sequential([keras.Input((2,)), *many], name="m")
    text = initreg.plan(model, [], seed=1).summary()[-2]
    assert text == (
        "No rule matches these, so they are unchanged: m/d0/kernel, m/d0/bias, m/d1/kernel, "
        "m/d1/bias, m/d2/kernel and 3 more."
    )


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
        "role": {
            "kind": "bias",
            "fan_in": 1,
            "fan_out": 1,
            "blocks": 1,
            "why": "is added to each output",
            "layout": None,
        },
        "fans": {"fan_in": 1, "fan_out": 1, "layout": None},
        "keras_fans": [2, 2],
    }
    assert first["spec"] == "he_normal"
    assert first["stddev"] == pytest.approx(0.5**0.5)


def test_moments_that_json_has_not_are_left_out():
    layer = layers.Dense(2, name="head", dtype="float16")
    layer.build((None, 4))
    done = initreg.apply(layer, [{"match": "", "init": "constant(1e300)"}], seed=1)
    assert done.entries[0].realised_mean == float("inf")
    assert "realised_mean" not in json.loads(done.to_json())["weights"][0]


def test_a_changed_entry_is_the_one_that_dataclasses_replace_makes():
    entry = PlanEntry(
        "a/kernel", "a/kernel", (2, 3), "float32", "Dense", "draw", rule=2, stddev=0.1
    )
    assert changed(entry, action="keep", stddev=None) == replace(entry, action="keep", stddev=None)
    assert changed(entry) == entry
    with pytest.raises(KeyError):
        changed(entry, stdev=1.0)


def test_a_computed_spec_is_shown_as_written_and_with_its_numbers():
    rules = {"let": {"n": 3}, "rules": [{"match": "", "init": "constant(1/n)"}]}
    plan = initreg.plan(small(), rules, seed=1)
    heads, rows = plan.table()
    at = heads.index("initializer")
    assert heads[at : at + 2] == ["initializer", "written as"]
    assert rows[0][at : at + 2] == ["constant(value=0.333333)", "constant(1/n)"]
    entry = plan.entries[0]
    assert (entry.spec, entry.written) == (f"constant(value={1 / 3})", "constant(1/n)")
