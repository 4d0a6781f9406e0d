"""Run the command in this process, in a new one or in a terminal, with or without plugins."""

import contextlib
import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from initreg_cli import app
from tests.support import distributions, processes
from tests.support.processes import Result, run


@pytest.fixture(autouse=True)
def _own_variables() -> Iterator[None]:
    """Restore the environment, because commands set variables such as KERAS_BACKEND."""
    before = dict(os.environ)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        os.environ.pop(name, None)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def cli(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Run the command in this process, errors and all."""

    def cli(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["initreg", *map(str, arguments)])
        capsys.readouterr()
        status = 0
        try:
            app.main()
        except SystemExit as end:
            status = int(end.code or 0)
        return Result(status, *capsys.readouterr())

    return cli


@pytest.fixture(scope="session")
def initreg() -> str:
    """The path of the installed command."""
    return str(Path(sysconfig.get_path("scripts")) / "initreg")


@pytest.fixture
def command(initreg: str) -> Callable[..., Result]:
    """Run the real command as a process of its own."""

    def command(*arguments: object, **variables: str) -> Result:
        encoding = variables.get("PYTHONIOENCODING", "utf-8")
        options = {"status": None, "encoding": encoding, "variables": variables}
        return run(initreg, *arguments, **options)

    return command


@pytest.fixture
def python() -> Callable[..., Result]:
    """Run a script in a fresh interpreter."""

    def python(script: str, *arguments: object, **variables: str) -> Result:
        return processes.python(script, *arguments, status=None, variables=variables)

    return python


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
def batch(python: Callable[..., Result]) -> Callable[..., list[Result]]:
    """Run commands one after the other in one fresh process, so that Keras starts once."""

    def run(*commands: list[str], **environment: str) -> list[Result]:
        done = python(_BATCH, json.dumps(commands), **environment)
        assert done.status == 0, done.stderr
        return [Result(*outcome) for outcome in json.loads(done.stdout.splitlines()[-1])]

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
    """Run the real command in a terminal with this many columns."""
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
        modules = {f"{name}_plugin.py": code for name, code in plugins.items()}
        points = {name: f"{name}_plugin" for name in plugins}
        distributions.install(folder, distribution, modules, points, version="1.2")
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
