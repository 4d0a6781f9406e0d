"""Every command of `initreg` in the pages is run, and its output compared."""

import contextlib
import io
import os
import re
import shlex
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

import keras
import pytest

from tests.support.processes import run

pytestmark = [pytest.mark.keras, pytest.mark.slow]

# Output that differs between runs or machines: the text on the page, and a pattern for it.
_NUMBER = r"(?<![\w.])-?\d+\.\d+(?:e[+-]\d+)?(?![\w.])"
_VOLATILE = {
    r"^\.\.\.\n": r"(?:[^\n]*\n)*?",
    r"\.\.\.": r"[^\n]*",
    r"\b\d+\.\d+\.\d+[\w.+]*": r"\d+\.\d+\.\d+[\w.+]*",  # a version
    r"\b\d+ ms": r"\d+ ms",
    _NUMBER: r"(-?\d+(?:\.\d+)?(?:e[+-]\d+)?)",
    r"(?<=\S) {2,}": r" {2,}",  # columns are as wide as their contents
}
_ANY_VOLATILE = re.compile("|".join(f"({shown})" for shown in _VOLATILE), re.MULTILINE)
_SHELL = re.compile(r"[|;><$&]|^\w+=")


def _same(expected: str, printed: str) -> bool:
    """Compare; a line of `...` matches any lines, and values may differ in their last digits."""
    pattern, numbers, last = "", [], 0
    for match in _ANY_VOLATILE.finditer(expected):
        shown, stands_for = list(_VOLATILE.items())[(match.lastindex or 1) - 1]
        if shown == _NUMBER:
            numbers.append(float(match[0]))
        pattern += re.escape(expected[last : match.start()]) + stands_for
        last = match.end()
    found = re.fullmatch(pattern + re.escape(expected[last:]), printed)
    return found is not None and all(
        abs(number - float(drawn)) <= 2e-6 + 1e-4 * abs(number)
        for number, drawn in zip(numbers, found.groups(), strict=True)
    )


def _run(command: str) -> str:
    """Run a command of ours in this process, where Keras is loaded already."""
    from initreg_cli.app import main

    # As a pipe: not a terminal, and UTF-8.
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    arguments = shlex.split(command)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", arguments)
        patch.setattr(sys.modules["__main__"], "__package__", None, raising=False)
        patch.setenv("COLUMNS", "80")  # of the help, whatever terminal this runs in
        with (
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
            contextlib.suppress(SystemExit),
        ):
            main()
    return printed.buffer.getvalue().decode()  # type: ignore[attr-defined]


def _run_in_shell(command: str) -> str:
    bash = shutil.which("bash")
    if bash is None or sys.platform == "win32":
        pytest.skip("there is no POSIX shell here")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    variables = {"PATH": path, "PYTHONUTF8": "1"}
    return run(bash, "-c", command, status=None, merged=True, variables=variables).stdout


def test_console(console_block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for command, expected in console_block.commands:
        if " --help" in command and _typer() < (0, 29):
            pytest.skip("Typer writes help in another form before 0.29")
        if "backend  jax" in expected and keras.backend.backend() != "jax":
            pytest.skip("the page shows what JAX draws")
        printed = (_run_in_shell if _SHELL.search(command) else _run)(command)
        printed = "".join(f"{line.rstrip()}\n" for line in printed.splitlines())
        if " --help" in command or not _same(expected, printed):
            assert printed == expected, command


def test_each_command_has_its_help(blocks):
    shown = {
        command
        for block in blocks("docs/cli.md")
        if block.language == "console"
        for command, _ in block.commands
    }
    commands = re.findall(r"^  (\w+)  ", _run("initreg --help").partition("Commands:")[2], re.M)
    assert len(commands) >= 4
    assert {"initreg --help", *(f"initreg {name} --help" for name in commands)} <= shown


def _typer() -> tuple[int, ...]:
    return tuple(int(part) for part in version("typer").split(".")[:2])


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("a\n...\nd\n", "a\nb\nc\nd\n", True),
        ("a\n...\nd\n", "a\nb\nc\n", False),
        ("seed  ...\n", "seed  7 (drawn)\n", True),
        ("keras 3.15.1, x\n", "keras 3.20.0rc1, x\n", True),
        ("mean  0.0486013  0.05\n", "mean   0.0486014  0.05\n", True),
        ("mean  0.0486013  0.05\n", "mean  0.0496013  0.05\n", False),
        ("mean  0.0486013  0.05\n", "mean  0.0486013  0.06\n", False),
        ("plugin  3 ms  x\n", "plugin  14 ms  x\n", True),
        ("  ^^^\n", " ^^^\n", False),
    ],
)
def test_comparison(expected, printed, same):
    assert _same(expected, printed) is same
