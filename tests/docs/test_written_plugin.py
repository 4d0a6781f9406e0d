"""The plugin that the docs tell the reader to write is built, installed, found and used."""

import os
import shlex
import subprocess
import sys
import sysconfig
import textwrap
import venv
from pathlib import Path

import keras
import pytest


class Environment:
    """A virtual environment that sees all that is installed here."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=False, symlinks=os.name != "nt")
        scheme = {"base": str(folder), "platbase": str(folder)}
        paths = sysconfig.get_paths("venv", vars=scheme)
        outer = sysconfig.get_paths()["purelib"]
        # Not a plain path: this also reads the .pth file of an editable install.
        Path(paths["purelib"], "outer.pth").write_text(f"import site; site.addsitedir({outer!r})\n")
        self.python = Path(paths["scripts"]) / Path(sys.executable).name

    def run(self, *arguments: str, status: int = 0, **options) -> str:
        done = subprocess.run(
            [self.python, *arguments],
            env={**os.environ, "PYTHONUTF8": "1", "KERAS_BACKEND": keras.backend.backend()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            **options,
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    def install(self, project: Path) -> None:
        """Build and install without a network: the build backend is one of the tests' own."""
        pip = [sys.executable, "-m", "pip", "--python", self.python]
        offline = ["--no-deps", "--no-index", "--no-build-isolation"]
        subprocess.run([*pip, "install", "--quiet", *offline, project], check=True)

    def initreg(self, *arguments: str, status: int = 0) -> str:
        return self.run("-m", "initreg_cli.app", *arguments, status=status)


@pytest.fixture(scope="module")
def project(blocks, tmp_path_factory) -> Path:
    """The files of the page, at their places."""
    folder = tmp_path_factory.mktemp("plugin")
    for block in blocks("docs/plugins.md"):
        path, comma, _ = block.caption.partition(",")
        if path.startswith("acme-inits/"):
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("a" if comma else "x", encoding="utf-8") as written:
                written.write(block.text)
    return folder / "acme-inits"


@pytest.fixture(scope="module")
def environment(project, tmp_path_factory) -> Environment:
    environment = Environment(tmp_path_factory.mktemp("environment") / "venv")
    environment.install(project)
    return environment


def test_commands_print_what_the_page_shows(environment, blocks):
    shown = [block for block in blocks("docs/plugins.md") if block.caption == "acme"]
    commands = [c for block in shown for c in block.commands if c[0].startswith("initreg")]
    assert len(commands) == 3
    for command, expected in commands:
        arguments = shlex.split(command)[1:]
        status = 2 if "^" in expected else 0
        printed = environment.initreg(*arguments, status=status)
        assert _columns(printed) == _columns(expected)


def _columns(table: str) -> list[str]:
    return [line.rstrip() for line in table.splitlines()]


def test_its_own_tests_pass(environment, project):
    printed = environment.run("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=project)
    assert "3 passed" in printed


def test_both_resolve_by_short_and_by_qualified_name(environment):
    code = """
        from initreg import describe, derive_seed, resolve

        first = resolve("residual_normal(blocks=8)", seed=1)
        assert describe(first) == "random_normal(stddev=0.005, seed=1)"
        again = resolve("acme_inits.residual_normal(8, seed=1)")
        assert (first.get_config()) == again.get_config()

        scaled = resolve("scaled(random_normal, 2)", seed=42)
        inner = f"random_normal(seed={derive_seed(42, 'initializer')})"
        assert describe(scaled) == f"scaled(initializer={inner}, factor=2)"
        assert tuple(scaled((4, 3)).shape) == (4, 3)
    """
    environment.run("-c", textwrap.dedent(code))


def test_the_allow_list_blocks_it(environment, monkeypatch):
    monkeypatch.setenv("INITREG_PLUGINS", "scaled")
    assert "scaled" in environment.initreg("list", "--plugin", "acme-inits")
    printed = environment.initreg("show", "residual_normal", status=2)
    assert "blocked" in printed
