"""``initreg list``."""

from typing import Any

import pytest

import initreg

RANDOM_NORMAL = initreg.default_registry().find("random_normal").config_class


def names(done: Any) -> list[str]:
    return [line.split()[0] for line in done.stdout.splitlines()[1:]]


def test_it_lists_every_initializer_with_its_parameters(cli: Any) -> None:
    done = cli("list")
    assert (done.status, done.stderr) == (0, "")
    assert names(done) == [entry.name for entry in initreg.default_registry().entries()]
    (row,) = [line for line in done.stdout.splitlines() if line.startswith("random_normal ")]
    for part in ("mean=0, stddev=0.05, seed=None", "normal", "initreg ", "Draw values from a"):
        assert part in row


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("he_", ["he_normal", "he_uniform"]),
        ("he_*", ["he_normal", "he_uniform"]),
        ("*_UNIFORM", ["glorot_uniform", "he_uniform", "lecun_uniform", "random_uniform"]),
        ("GlorotU", ["glorot_uniform"]),
        ("glorot-u", ["glorot_uniform"]),
        ("xavier", ["glorot_normal", "glorot_uniform", "xavier"]),
        ("[hl]e*_normal", ["he_normal", "lecun_normal"]),
        ("zero?", ["zeros"]),
    ],
)
def test_a_pattern_matches_names_and_aliases(cli: Any, pattern: str, found: list[str]) -> None:
    assert names(cli("list", pattern)) == found


@pytest.mark.parametrize("plugin", ["constants", "Constants"])
def test_of_one_plugin(cli: Any, plugin: str) -> None:
    found = names(cli("list", "--plugin", plugin))
    assert found == ["constant", "identity", "ones", "zeros"]


def test_of_one_distribution(cli: Any) -> None:
    assert "random_normal" in names(cli("list", "--plugin", "initreg"))


def test_an_unknown_plugin_is_misuse(cli: Any) -> None:
    done = cli("list", "--plugin", "nope")
    assert (done.status, done.stdout) == (2, "")
    assert "Invalid value for '--plugin': no plugin 'nope' is installed" in done.stderr
    assert "There are constants, delta_orthogonal, " in done.stderr


def test_no_match_is_1_and_reported(cli: Any) -> None:
    done = cli("list", "nope", "--plugin", "initreg")
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr == "No initializer matches 'nope' in initreg. `initreg list` shows all.\n"
    assert cli("list", "nope", "--json").json == []


def test_json_holds_it_all(cli: Any) -> None:
    (row,) = cli("list", "random_normal", "--json").json
    assert row == {
        "name": "random_normal",
        "qualified_name": "initreg.random_normal",
        "aliases": ["normal"],
        "also_known_as": list(RANDOM_NORMAL.initializer_also_known_as),
        "deprecated": None,
        "summary": "Draw values from a normal distribution.",
        "parameters": {
            "mean": {"default": 0.0},
            "stddev": {"default": 0.05},
            "seed": {"default": None},
        },
        "builds": "keras.initializers:RandomNormal",
        "plugin": "random_normal",
        "distribution": "initreg",
        "version": initreg.__version__,
    }


def test_plugins_of_others_are_listed_and_what_they_print_is_not_data(
    command: Any, installed: Any, good_plugin: str
) -> None:
    site = installed("Acme-Inits", good=good_plugin, bad="import nothing_of_this_name")
    done = command("list", "--plugin", "acme_inits", "--json", **site)
    assert [row["qualified_name"] for row in done.json] == ["acme_inits.stretched"]
    assert "hello from the plugin" in done.stderr
    (failed,) = [line for line in done.stderr.splitlines() if "failed" in line]
    assert failed.startswith("The plugin bad failed: ModuleNotFoundError: No module named")


def test_blocked_plugins_are_not_failures(command: Any, installed: Any, good_plugin: str) -> None:
    done = command("list", "stretched", INITREG_PLUGINS="", **installed("acme", good=good_plugin))
    assert done.status == 1
    assert "failed" not in done.stderr


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_in_a_terminal_nothing_overflows(terminal: Any, columns: int) -> None:
    shown = terminal(columns, "list")
    assert shown.status == 0
    assert max(map(len, shown.lines)) <= columns
    text = " ".join(shown.raw.split())
    assert "\x1b[" in text
    for part in ("glorot_uniform", "xavier_uniform", "fan_in", f"initreg {initreg.__version__}"):
        assert part in text


@pytest.mark.parametrize(
    "environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "dumb"]
)
def test_no_control_codes_if_they_are_unwanted(terminal: Any, environment: Any) -> None:
    assert "\x1b" not in terminal(80, "list", "he_", **environment).raw


def test_no_control_codes_in_a_pipe(command: Any) -> None:
    assert "\x1b" not in command("list", "he_", FORCE_COLOR="1", TERM="xterm-256color").stdout
