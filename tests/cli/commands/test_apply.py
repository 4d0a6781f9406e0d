"""``initreg apply``: the model that is written, and what is printed."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import initreg

pytestmark = pytest.mark.keras

RULES = """\
seed: 1
rules:
  - {match: "kernel$", init: "truncated_normal(stddev=0.02)"}
  - {match: "hidden/bias", init: ones}
"""
NET = """\
import keras

def build():
    inputs = keras.Input((8,))
    hidden = keras.layers.Dense(4, name="hidden")(inputs)
    return keras.Model(inputs, keras.layers.Dense(2, name="head")(hidden))

class Odd(keras.layers.Layer):
    def call(self, inputs):
        return inputs

    def get_config(self):
        raise ValueError("not today")

def odd():
    inputs = keras.Input((8,))
    return keras.Model(inputs, Odd()(keras.layers.Dense(4, name="hidden")(inputs)))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current directory, with rules in it, a model, and the user's own code."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "applied.py").write_text(NET)
    yield tmp_path
    sys.modules.pop("applied", None)


def weights(path: str) -> dict[str, Any]:
    model = keras.saving.load_model(path)
    return {each.path: keras.ops.convert_to_numpy(each.value) for each in model.weights}


def test_the_model_that_is_written_has_the_weights_of_the_library(cli: Any, folder: Path) -> None:
    done = cli("apply", "rules.yaml", "applied:build", "--out", "new.keras")
    assert done.status == 0
    assert done.stderr.endswith("Wrote new.keras.\n")
    model = sys.modules["applied"].build()
    initreg.apply(model, "rules.yaml")
    found = weights("new.keras")
    assert all(
        np.array_equal(found[each.path], keras.ops.convert_to_numpy(each.value))
        for each in model.weights
        if "head/b" not in each.path
    )
    assert found["hidden/bias"].tolist() == [1, 1, 1, 1]
    assert sorted(folder.glob(".initreg*")) == []


def test_the_table_has_what_came_out(cli: Any, folder: Path) -> None:
    done = cli("apply", "rules.yaml", "applied:build", "--out", "new.keras")
    head, first, *_ = done.stdout.splitlines()
    assert head.split()[-6:] == ["mean", "stddev", "realised", "mean", "realised", "stddev"]
    values = weights("new.keras")["hidden/kernel"]
    assert float(first.split()[-1]) == pytest.approx(values.std(), rel=1e-3)
    data = cli("apply", "rules.yaml", "applied:build", "--out", "2.keras", "--json").json
    assert data["weights"][0]["realised_mean"] == pytest.approx(float(values.mean()), rel=1e-5)


def test_a_file_keeps_the_weights_that_no_rule_covers(cli: Any, folder: Path) -> None:
    cli("apply", "rules.yaml", "applied:build", "--out", "old.keras")
    (folder / "other.yaml").write_text("- {match: head/bias, init: ones}\n")
    assert cli("apply", "other.yaml", "old.keras", "--out", "new.keras").status == 0
    old, new = weights("old.keras"), weights("new.keras")
    assert new.pop("head/bias").tolist() == [1, 1]
    assert all(np.array_equal(old[path], new[path]) for path in new)


def test_one_seed_gives_one_model_also_for_weights_without_a_rule(cli: Any, folder: Path) -> None:
    (folder / "few.yaml").write_text("- {match: head/bias, init: ones}\n")
    for name in ("a.keras", "b.keras"):
        cli("apply", "few.yaml", "applied:build", "--out", name, "--seed", 5)
    one, two = weights("a.keras"), weights("b.keras")
    assert all(np.array_equal(one[path], two[path]) for path in one)


def test_a_plan_is_repeated_exactly(cli: Any, folder: Path) -> None:
    cli("plan", "rules.yaml", "applied:build", "--seed", 9, "--out", "plan.json")
    first = cli("apply", "plan.json", "applied:build", "--out", "a.keras", "--json")
    assert (first.status, first.json["seed"]) == (0, 9)
    cli("apply", "rules.yaml", "applied:build", "--seed", 9, "--out", "b.keras")
    one, two = weights("a.keras"), weights("b.keras")
    assert all(np.array_equal(one[path], two[path]) for path in one)
    # It prints a plan that can be repeated as well.
    (folder / "done.json").write_text(first.stdout)
    assert cli("apply", "done.json", "applied:build", "--out", "c.keras").status == 0


def test_a_rule_that_is_never_applied_is_reported_and_1(cli: Any, folder: Path) -> None:
    (folder / "rules.yaml").write_text(RULES + "  - {match: tail, init: zeros}\n")
    done = cli("apply", "rules.yaml", "applied:build", "--out", "new.keras", "--json")
    assert (done.status, Path("new.keras").exists()) == (1, True)
    message = "Rule 3 (rules.yaml:5) is never applied: match 'tail'.\n"
    assert done.stderr == f"{message}Wrote new.keras.\n"
    assert done.json["unmatched"] == [{"rule": 3, "line": 5, "match": "tail"}]


def test_strict_writes_nothing_if_anything_is_left_open(cli: Any, folder: Path) -> None:
    done = cli("apply", "rules.yaml", "applied:build", "--out", "new.keras", "--strict")
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr == "No rule matches head/bias.\nNothing was written.\n"
    assert not Path("new.keras").exists()
    (folder / "rules.yaml").write_text(RULES + "  - {match: head, init: keep}\n")
    done = cli("apply", "rules.yaml", "applied:build", "--out", "new.keras", "--strict")
    assert (done.status, Path("new.keras").exists()) == (0, True)


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("new.h5", "'new.h5' must end in .keras."),
        ("there.keras", "there.keras exists. Choose another name, or overwrite it with --force."),
        ("nope/new.keras", "there is no folder nope for new.keras. Create it first."),
    ],
)
def test_a_file_that_cant_be_written_is_reported_before_the_model_is_built(
    cli: Any, folder: Path, out: str, message: str
) -> None:
    (folder / "there.keras").write_text("mine")
    done = cli("apply", "rules.yaml", "applied:build", "--out", out)
    assert (done.status, done.stdout) == (2, "")
    assert f"Invalid value for '--out': {message}\n" in done.stderr
    assert (folder / "there.keras").read_text() == "mine"
    assert "applied" not in sys.modules


def test_a_file_can_be_its_own_new_one(cli: Any, folder: Path) -> None:
    cli("apply", "rules.yaml", "applied:build", "--out", "model.keras")
    before = weights("model.keras")
    arguments = ("apply", "rules.yaml", "model.keras", "--seed", 4, "--out", "model.keras")
    assert cli(*arguments).status == 2
    assert cli(*arguments, "--force").status == 0
    assert not np.array_equal(weights("model.keras")["head/kernel"], before["head/kernel"])


def test_a_model_that_keras_cant_save_is_reported(cli: Any, folder: Path) -> None:
    (folder / "there.keras").write_text("mine")
    arguments = ("apply", "rules.yaml", "applied:odd", "--out", "there.keras", "--force")
    done = cli(*arguments)
    assert (done.status, done.stdout) == (2, "")
    assert "applied:odd can't be saved: ValueError: not today\n" in done.stderr
    assert (folder / "there.keras").read_text() == "mine"
    assert sorted(folder.glob(".initreg*")) == []


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_nothing_is_left_half_written(
    cli: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, raised: BaseException
) -> None:
    def save(self: Any, path: Path) -> None:
        Path(path).write_text("half")
        raise raised

    monkeypatch.setattr(keras.Model, "save", save)
    done = cli("apply", "rules.yaml", "applied:build", "--out", "new.keras")
    if isinstance(raised, OSError):
        assert (done.status, done.stderr) == (2, "new.keras: No space left on device.\n")
    else:
        assert (done.status, done.stderr) == (130, "")
    assert sorted(path.name for path in folder.glob("*.keras")) == []
    assert sorted(folder.glob(".initreg*")) == []


def test_what_is_printed_is_only_json(command: Any, folder: Path) -> None:
    done = command("apply", "rules.yaml", "applied:build", "--out", "new.keras", "--json")
    assert (done.status, done.stderr) == (0, "Wrote new.keras.\n")
    assert json.loads(done.stdout)["weights"][0]["path"] == "hidden/kernel"
