"""The schema in yaml-language-server, which VS Code, Neovim, Helix and Emacs use for YAML."""

import json
import os
import textwrap
from pathlib import Path
from typing import Any

import pytest

import initreg

if not os.environ.get("INITREG_YAML_LANGUAGE_SERVER"):
    pytest.skip(
        "INITREG_YAML_LANGUAGE_SERVER is not set; `nox --session editors` installs a server",
        allow_module_level=True,
    )

ERROR = 1

REGISTRY = initreg.default_registry()
NAMES = {entry.name: entry.config_class.summary() for entry in REGISTRY.entries()}
RANDOM_NORMAL = {
    name: field.description
    for name, field in REGISTRY.find("random_normal").config_class.model_fields.items()
}


def lines(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


# Complete -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("kernel_initializer: ¦\n", id="value"),
        pytest.param("kernel_initializer: ran¦\n", id="begun"),
        pytest.param("model:\n  layers:\n    - units: 64\n      bias_initializer: ¦\n", id="deep"),
        pytest.param("kernel_initializer:\n  type: ¦\n", id="type in a block"),
        pytest.param("kernel_initializer: {type: ¦}\n", id="type in a line"),
        pytest.param("kernel_initializer:\n  class_name: ¦\n", id="class_name"),
    ],
)
def test_names_are_suggested_with_their_summaries(page: Any, text: str) -> None:
    suggested = page(text).complete()
    assert {name: suggested.get(name) for name in NAMES} == NAMES


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("kernel_initializer:\n  type: random_normal\n  ¦\n", id="block"),
        pytest.param("kernel_initializer:\n  type: RandomNormal\n  st¦\n", id="other spelling"),
        pytest.param("kernel_initializer: {type: random_normal, s¦}\n", id="line"),
        pytest.param("- my_initializer:\n    type: normal\n    ¦\n", id="any key, alias"),
        pytest.param(
            "kernel_initializer:\n  class_name: RandomNormal\n  config:\n    ¦\n", id="Keras's form"
        ),
    ],
)
def test_parameters_are_suggested_with_their_descriptions(page: Any, text: str) -> None:
    assert page(text).complete() == RANDOM_NORMAL


def test_parameters_are_not_suggested_twice(page: Any) -> None:
    text = "kernel_initializer:\n  type: random_normal\n  stddev: 0.02\n  ¦\n"
    assert set(page(text).complete()) == {"mean", "seed"}


def test_choices_are_suggested(page: Any) -> None:
    suggested = page("kernel_initializer:\n  type: variance_scaling\n  mode: ¦\n").complete()
    assert {"fan_in", "fan_out", "fan_avg"} <= set(suggested)


def test_nothing_is_suggested_elsewhere(page: Any) -> None:
    assert page("optimizer: ¦\n").complete() == {}


# Mark ---------------------------------------------------------------------------------------------


def test_a_value_out_of_bounds_is_marked(page: Any) -> None:
    text = lines("""
        layer:
          kernel_initializer:
            type: random_normal
            stddev: -1
    """)
    (mark,) = page(text).marks
    assert (mark.start, mark.end, mark.severity) == ((3, 12), (3, 14), ERROR)
    assert mark.message == "Value is below the minimum of 0."


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("{type: random_normal, stddev: -1}", ["-1"]),
        ("{type: random_normal, stddev: true}", ["true"]),
        ("{type: random_normal, stddev: wide}", ["wide"]),
        ("{type: random_normal, seed: 1.5}", ["1.5"]),
        ("{type: variance_scaling, scale: 0, mode: fan}", ["0", "fan"]),
        ("{class_name: RandomNormal, config: {stddev: -1}}", ["-1"]),
        ("{type: random_normal, stdev: 0.1}", ["stdev"]),
        ("{type: random_normal, scale: 2, stdev: 0.1}", ["scale", "stdev"]),
        ("{class_name: RandomNormal, config: {stdev: 0.1}}", ["stdev"]),
        ("{class_name: RandomNormal, confg: {stddev: 0.1}}", ["confg"]),
        ("rndom_normal", ["rndom_normal"]),
        ("rndom_normal(stddev=1)", ["rndom_normal(stddev=1)"]),
        ("{type: rndom_normal, stddev: 1}", ["rndom_normal"]),
        ("{class_name: RndomNormal, config: {stddev: 1}}", ["RndomNormal"]),
        ("3", ["3"]),
        ("[zeros, onez]", ["onez"]),
    ],
)
def test_each_fault_is_marked_once_at_its_place(page: Any, text: str, marked: list[str]) -> None:
    marks = page(f"model:\n  - kernel_initializer: {text}\n").marks
    assert [(mark.text, mark.severity) for mark in marks] == [(part, ERROR) for part in marked]


def test_a_misspelt_parameter_is_named(page: Any) -> None:
    (mark,) = page("initializer: {type: random_normal, stdev: 0.1}\n").marks
    assert mark.message == "Property stdev is not allowed."


@pytest.mark.parametrize("text", ["rndom", "rndom(stddev=1)", "{type: rndom}"])
def test_an_unknown_name_is_called_unknown(page: Any, text: str) -> None:
    (mark,) = page(f"initializer: {text}\n").marks
    assert mark.message.startswith("There is no initializer of this name")


def test_a_missing_type_is_reported(page: Any) -> None:
    (mark,) = page("kernel_initializer: {stddev: 0.1}\n").marks
    assert mark.message == 'Missing property "type".'


def test_a_mark_disappears_when_the_fault_is_fixed(page: Any) -> None:
    written = page("kernel_initializer: {type: random_normal, stddev: -1}\n")
    assert len(written.marks) == 1
    written.write("kernel_initializer: {type: random_normal, stddev: 1}\n")
    assert written.marks == []


def test_a_config_without_faults_is_clean(page: Any) -> None:
    text = lines("""
        seed: 7
        defaults: &narrow {type: random_normal, stddev: 0.02}
        model:
          name: encoder
          type: transformer
          layers:
            - units: 64
              kernel_initializer: he_normal
              bias_initializer: {type: zeros}
            - units: 64
              kernel_initializer: {type: random-normal, stddev: "0.05", seed: null}
              bias_initializer: {type: constant, value: [0, 0.5]}
            - kernel_initializer: {<<: *narrow, seed: 3}
              bias_initializer: *narrow
              gamma_initializer: null
            - kernel_initializer:
                class_name: RandomNormal
                config: {mean: 0.0, stddev: 0.02, seed: null}
                module: keras.initializers
                registered_name: null
        optimizer: [adam, {learning_rate: 1e-3}]
    """)
    assert page(text).marks == []


@pytest.mark.parametrize(
    "text",
    [
        "random_normal",
        "RandomNormal",
        "random_normal(mean=0, stddev=0.05)",
        "RandomNormal(0.0, 0.02/sqrt(2*12))",
        '"random_normal(stddev=0.02, seed=7)"',
        "|\n  random_normal(\n    stddev=0.02,\n    seed=7,\n  )",
    ],
)
def test_texts_are_clean(page: Any, text: str) -> None:
    assert page(f"kernel_initializer: {text}\n").marks == []


# Show ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("initializer:\n  type: random_normal\n  std¦dev: 0.02\n", id="block"),
        pytest.param("initializer: {type: RandomNormal, stddev: 0.¦02}\n", id="value"),
        pytest.param(
            "a_initializer: {class_name: Normal, config: {¦stddev: 1}}\n", id="Keras's form"
        ),
    ],
)
def test_a_parameter_shows_its_description(page: Any, text: str) -> None:
    assert RANDOM_NORMAL["stddev"] in page(text).hover()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("random_¦normal", id="name"),
        pytest.param("Random¦Normal(stddev=0.02)", id="call"),
        pytest.param("{type: nor¦mal}", id="type"),
    ],
)
def test_a_name_shows_its_summary(page: Any, text: str) -> None:
    assert NAMES["random_normal"] in page(f"initializer: {text}\n").hover()


# Find the schema ----------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["./initreg.json", "{folder}/initreg.json"])
def test_a_file_can_say_where_its_schema_is(
    page_in_folder: Any, schema: Path, tmp_path: Path, place: str
) -> None:
    (tmp_path / "initreg.json").write_bytes(schema.read_bytes())
    head = f"# yaml-language-server: $schema={place.format(folder=tmp_path)}\n"
    written = page_in_folder(f"{head}kernel_initializer: {{type: random_normal, stddev: -1}}\n")
    assert [mark.start for mark in written.marks] == [(1, 50)]
    written.write(f"{head}kernel_initializer: ¦\n")
    assert NAMES.keys() <= written.complete().keys()


def test_a_file_that_is_one_initializer(page_in_folder: Any, tmp_path: Path) -> None:
    (tmp_path / "value.json").write_text(json.dumps(initreg.json_schema("value")))
    head = "# yaml-language-server: $schema=value.json\n"
    written = page_in_folder(f"{head}type: random_normal\nstddev: -1\n¦\n")
    assert [mark.text for mark in written.marks] == ["-1"]
    assert written.complete().keys() == {"mean", "seed"}


def test_a_file_of_rules(page_in_folder: Any, tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_text(json.dumps(initreg.json_schema("rules")))
    head = "# yaml-language-server: $schema=rules.json\nrules:\n  - match: kernel$\n"
    written = page_in_folder(f"{head}    init: ¦\n")
    assert {*NAMES, "keep"} <= written.complete().keys()
    written.write(f"{head}    init: {{type: random_normal, stddev: -1}}\n")
    assert [mark.text for mark in written.marks] == ["-1"]
    written.write(f"{head}    init: rndom_normal\n")
    assert [mark.text for mark in written.marks] == ["rndom_normal"]
    written.write(f"{head}    init: keep\n  - match: .\n    init: he_normal(seed=1)\n")
    assert written.marks == []
