"""The command in this process, as a process of its own, and in a terminal; plugins to find."""

import contextlib
import json
import os
import re
import subprocess
import sys
import sysconfig
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from initreg_cli import app


@dataclass(frozen=True)
class Outcome:
    status: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The data on stdout; a literal that JSON does not have is an error."""
        return json.loads(self.stdout, parse_constant=_refuse)


def _refuse(literal: str) -> None:
    raise ValueError(f"not JSON: {literal}")


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """Undo what a command sets, such as the backend for Keras."""
    before = dict(os.environ)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        os.environ.pop(name, None)
    for name in ("INITREG_DEBUG", "INITREG_PLUGINS", "INITREG_BLOCK"):
        os.environ.pop(name, None)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def cli(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Outcome]:
    """Run the command in this process, errors and all."""

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["initreg", *map(str, arguments)])
        capsys.readouterr()
        status = 0
        try:
            app.main()
        except SystemExit as end:
            status = int(end.code or 0)
        return Outcome(status, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def initreg() -> str:
    """The path of the installed command."""
    return str(Path(sysconfig.get_path("scripts")) / "initreg")


@pytest.fixture
def command(initreg: str) -> Callable[..., Outcome]:
    """Run the real command as a process of its own."""

    def run(*arguments: object, **environment: str) -> Outcome:
        done = subprocess.run(
            [initreg, *map(str, arguments)],
            capture_output=True,
            encoding=environment.get("PYTHONIOENCODING", "utf-8"),
            env=os.environ | environment,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def python() -> Callable[..., Outcome]:
    """Run a script in a fresh interpreter."""

    def run(script: str, *arguments: object, **environment: str) -> Outcome:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
            capture_output=True,
            encoding="utf-8",
            env=os.environ | environment,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


_BATCH = """
    import contextlib, io, json, sys
    from initreg_cli import app
    outcomes = []
    for arguments in json.loads(sys.argv[1]):
        sys.argv = ["initreg", *arguments]
        out, err, status = io.StringIO(), io.StringIO(), 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                app.main()
            except SystemExit as end:
                status = end.code or 0
        outcomes.append((status, out.getvalue(), err.getvalue()))
    print(json.dumps(outcomes))
"""


@pytest.fixture
def batch(python: Callable[..., Outcome]) -> Callable[..., list[Outcome]]:
    """Run commands one after the other in one fresh process, so that Keras starts once."""

    def run(*commands: list[str], **environment: str) -> list[Outcome]:
        done = python(_BATCH, json.dumps(commands), **environment)
        assert done.status == 0, done.stderr
        return [Outcome(*outcome) for outcome in json.loads(done.stdout.splitlines()[-1])]

    return run


@dataclass(frozen=True)
class Screen:
    status: int
    raw: str

    @property
    def lines(self) -> list[str]:
        return re.sub(r"\x1b\[[0-9;]*m", "", self.raw).split("\n")


@pytest.fixture
def terminal(initreg: str) -> Callable[..., Screen]:
    """Run the real command in a terminal of so many columns."""
    pty = pytest.importorskip("pty")
    import fcntl
    import struct
    import termios

    def run(columns: int, *arguments: str, **environment: str) -> Screen:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        child = subprocess.Popen(
            [initreg, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=os.environ | {"TERM": "xterm-256color", "PYTHONUTF8": "1"} | environment,
        )
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # the end of a terminal is an error on Linux
            while piece := os.read(ours, 1 << 16):
                shown += piece
        os.close(ours)
        return Screen(child.wait(), shown.decode().replace("\r\n", "\n"))

    return run


_HIDE = """
import importlib.machinery, os, sys

HIDDEN = os.environ["HIDDEN"].split(",")

class Finder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in HIDDEN:
            return None
        return super().find_spec(name, path, target)

sys.meta_path = [Finder if f is importlib.machinery.PathFinder else f for f in sys.meta_path]
"""


@pytest.fixture
def without(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Return an environment in which these packages are not installed."""

    def hide(*packages: str) -> dict[str, str]:
        folder = tmp_path / "hiding"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(_HIDE)
        return {"PYTHONPATH": str(folder), "HIDDEN": ",".join(packages)}

    return hide


@pytest.fixture
def installed(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Return an environment with a plugin distribution: `plugins` maps names to their code."""

    def install(distribution: str, **plugins: str) -> dict[str, str]:
        folder = tmp_path / "site"
        about = folder / f"{distribution.replace('-', '_')}-1.2.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n"
        )
        points = [f"{name} = {name}_plugin" for name in plugins]
        (about / "entry_points.txt").write_text("\n".join(["[initreg]", *points, ""]))
        for name, code in plugins.items():
            (folder / f"{name}_plugin.py").write_text(textwrap.dedent(code))
        return {"PYTHONPATH": str(folder)}

    return install


@pytest.fixture
def good_plugin() -> str:
    """The code of a plugin that works, and prints while it is imported."""
    return """
        from initreg import InitializerConfig, hookimpl
        print("hello from the plugin")
        class Stretched(
            InitializerConfig, name="stretched", aliases=("stretched_ones",),
            builds="keras.initializers:Constant", examples=("stretched(value=2)",),
        ):
            '''Set every value to one number.'''
            value: float = 1.0
        @hookimpl
        def initreg_initializers():
            return [Stretched]
    """
