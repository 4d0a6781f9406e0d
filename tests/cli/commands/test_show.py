"""``initreg show``."""

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import initreg

ENTRIES = initreg.default_registry().builtin_entries()
NAMES = [entry.name for entry in ENTRIES]


def examples(stdout: str) -> list[list[str]]:
    return [shlex.split(line) for line in stdout.splitlines() if line.startswith("  initreg ")]


@pytest.mark.parametrize("name", NAMES)
def test_it_shows_documentation_parameters_and_class(cli: Any, name: str) -> None:
    done = cli("show", name)
    assert (done.status, done.stderr) == (0, "")
    config_class = initreg.default_registry().find(name).config_class
    assert done.stdout.startswith(f"{name}(")
    assert config_class.summary() in done.stdout
    assert config_class.initializer_builds.replace(":", ".") in done.stdout
    for parameter, field in config_class.parameter_fields.items():
        assert f"\n{parameter} " in done.stdout
        assert config_class.model_fields[field].description in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_its_examples_can_be_pasted(
    cli: Any, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("weights.npy", np.ones((3, 2)))  # what `from_file` shows
    found = examples(cli("show", name).stdout)
    assert found
    for _, *arguments in found:
        done = cli(*arguments)
        assert (done.status, done.stderr) == (0, "")
        assert done.stdout.startswith(f"spec     {name}")


@pytest.mark.parametrize("name", NAMES)
def test_json_says_the_same(cli: Any, name: str) -> None:
    data = cli("show", name, "--json").json
    entry = initreg.default_registry().find(name)
    assert data["name"] == name
    assert data["qualified_name"] == f"initreg.{name}"
    assert data["aliases"] == list(entry.config_class.initializer_aliases)
    assert data["summary"] == entry.config_class.summary()
    assert [row["parameter"] for row in data["parameters"]] == [
        *entry.config_class.parameter_fields
    ]
    assert data["examples"] == list(entry.config_class.initializer_examples)
    assert data["version"] == initreg.__version__


def test_bounds_and_defaults_are_in_words(cli: Any) -> None:
    rows = {
        row["parameter"]: (row["type"], row["bounds"], row["default"])
        for name in ("random_normal", "variance_scaling", "stft")
        for row in cli("show", name, "--json").json["parameters"]
    }
    assert rows["stddev"] == ("number", "≥ 0", "0.05")
    assert rows["scale"] == ("number", "> 0", "1")
    assert rows["mode"] == ("text", "fan_in | fan_out | fan_avg", "fan_in")
    assert rows["seed"] == ("whole number or None", "0 … 4294967295", "None")
    assert rows["input_axes"][0] == "list of whole numbers or None"
    assert rows["periodic"] == ("True or False", "", "False")


@pytest.mark.parametrize("name", ["normal", "RandomNormal", "random-normal", "initreg.normal"])
def test_any_spelling_finds_it(cli: Any, name: str) -> None:
    assert cli("show", name).stdout.startswith("random_normal(mean=0, stddev=0.05, seed=None)\n")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("random_norml", "There is no initializer 'random_norml'. Did you mean 'random_normal'?"),
        ("RandmNormal", "Did you mean 'random_normal'?"),
        ("xyzzy", "There is no initializer 'xyzzy'. `initreg list` shows all."),
        ("acme.ortho", "No plugin distribution 'acme' is installed."),
        ("initreg.nope", "initreg provides no initializer 'nope'."),
        ("", "There is no initializer ''."),
    ],
)
def test_an_unknown_name_is_explained(cli: Any, name: str, message: str) -> None:
    done = cli("show", name)
    assert (done.status, done.stdout) == (2, "")
    assert message in done.stderr


_WORDS = """
    from typing import Annotated, Any, Literal
    from pydantic import BaseModel, Field
    from initreg import InitializerConfig, hookimpl
    class Odd(InitializerConfig, name="odd"):
        '''Take parameters of many kinds.

        Also a second paragraph,
        over two lines.
        '''
        needed: int
        one: Literal["only"] = "only"
        low: Annotated[float, Field(gt=0, lt=1)] = 0.5
        high: Annotated[int, Field(le=9)] = 9
        table: dict[str, int] = Field(default_factory=dict, description="Numbers by name.")
        anything: Any = None
    @hookimpl
    def initreg_initializers():
        return [Odd]
"""


def test_the_schema_of_a_plugin_is_put_into_words(command: Any, installed: Any) -> None:
    done = command("show", "odd", "--json", **installed("acme", odd=_WORDS))
    rows = [tuple(row.values()) for row in done.json["parameters"]]
    assert rows == [
        ("needed", "whole number", "", "required", ""),
        ("one", "text", "only", "only", ""),
        ("low", "number", "> 0, < 1", "0.5", ""),
        ("high", "whole number", "≤ 9", "9", ""),
        ("table", "dict", "", "{}", "Numbers by name."),
        ("anything", "any", "", "None", ""),
    ]
    assert done.json["documentation"] == "Also a second paragraph,\nover two lines."


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_in_a_terminal_nothing_overflows(terminal: Any, columns: int) -> None:
    shown = terminal(columns, "show", "variance_scaling")
    assert shown.status == 0
    # Examples and long names stay whole, to be copied.
    whole = "  initreg ", "builds ", "also known as  "
    assert max(len(line) for line in shown.lines if not line.startswith(whole)) <= columns
    assert "untruncated_normal" in shown.raw
    assert "4294967295" in shown.raw


def test_no_color_shows_no_bold_either(terminal: Any) -> None:
    assert "\x1b" in terminal(80, "show", "zeros").raw
    assert "\x1b" not in terminal(80, "show", "zeros", NO_COLOR="1").raw
