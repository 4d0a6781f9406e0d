"""Completion by the shell, through the shells' own protocols."""

from typing import Any

import pytest

import initreg
from tests.support.processes import run

_LOADED = """
    import sys
    from initreg_cli import app
    sys.argv = ["initreg"]
    try:
        app.main()
    except SystemExit:
        pass
    print("loaded:", *(name for name in ("keras", "numpy", "rich") if name in sys.modules))
"""


def bash(words: str) -> dict[str, str]:
    count = len(words.split()) - (not words.endswith(" "))
    return {
        "_INITREG_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(count),
    }


@pytest.mark.parametrize("verb", ["show", "sample"])
def test_bash_completes_names_and_aliases(command: Any, verb: str) -> None:
    done = command(**bash(f"initreg {verb} glorot"))
    assert done.stdout.split() == ["glorot_normal", "glorot_uniform"]
    assert set(command(**bash(f"initreg {verb} xav")).stdout.split()) == {
        "xavier",
        "xavier_normal",
        "xavier_uniform",
    }


def test_bash_completes_all_names_from_nothing(command: Any) -> None:
    found = command(**bash("initreg show ")).stdout.split()
    for entry in initreg.default_registry().builtin_entries():
        assert {entry.name, *entry.config_class.initializer_aliases} <= set(found)


def test_bash_completes_commands(command: Any) -> None:
    assert command(**bash("initreg sa")).stdout.split() == ["sample"]


def test_zsh_completes_names(command: Any) -> None:
    done = command(_INITREG_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS="initreg show he")
    assert '"he_normal"' in done.stdout
    assert '"he_uniform"' in done.stdout


def test_fish_completes_names_one_a_line(command: Any) -> None:
    done = command(
        _INITREG_COMPLETE="complete_fish",
        _TYPER_COMPLETE_FISH_ACTION="get-args",
        _TYPER_COMPLETE_ARGS="initreg show he",
    )
    assert done.stdout.split("\n")[:2] == ["he_normal", "he_uniform"]
    assert len(done.stdout.split()) == 2


def test_completion_loads_no_keras(python: Any) -> None:
    done = python(_LOADED, **bash("initreg show he"))
    assert done.stdout.split() == ["he_normal", "he_uniform", "loaded:"]


def test_completion_loads_no_plugin_of_others(
    command: Any, installed: Any, good_plugin: str
) -> None:
    done = command(**bash("initreg show "), **installed("acme", good=good_plugin))
    assert "stretched" not in done.stdout
    assert "hello" not in done.stderr


def test_the_script_for_bash_is_shown(initreg: str) -> None:
    # Typer detects the shell from the parent processes.
    done = run("bash", "-c", f"{initreg} --show-completion bash; exit $?")
    assert "_INITREG_COMPLETE=complete_bash" in done.stdout
    assert "complete -o" in done.stdout
    run("bash", "-n", input=done.stdout)
