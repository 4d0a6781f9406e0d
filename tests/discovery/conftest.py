"""Plugin distributions, installed into virtual environments or written into a folder."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support import distributions, processes
from tests.support.environments import Environment
from tests.support.processes import Result

# The first line of every plugin module: it lets `Installed.run` know that the module was imported.
MARK = 'import sys; sys.__dict__.setdefault("imported", []).append(__name__)\n'

GOOD = '''\
from initreg import InitializerConfig, Positive, Seed, hookimpl


class OrthoPlus(
    InitializerConfig,
    name="ortho_plus",
    aliases=("AcmeDefault",),
    builds="keras.initializers:Orthogonal",
):
    """Draw an orthogonal matrix, and a little more."""

    gain: Positive = 1.0
    seed: Seed = None


@hookimpl
def initreg_initializers():
    return [OrthoPlus]
'''
GOOD_OBJECT = '''\
from initreg import InitializerConfig, hookimpl


class Nothing(InitializerConfig, name="acme_nothing", builds="keras.initializers:Zeros"):
    """Fill with nothing."""


class Everything(InitializerConfig, name="acme_everything", builds="keras.initializers:Ones"):
    """Fill with everything."""


class Plugin:
    @hookimpl
    def initreg_initializers(self):
        return (Nothing,)

    @hookimpl(specname="initreg_initializers")
    def more(self):
        return (Everything,)


PLUGIN = Plugin()
'''


class Run(NamedTuple):
    """The value that a script gave to `answer`, and the plugin modules that were imported."""

    answer: Any
    imported: list[str]


@dataclass(frozen=True)
class Installed:
    """An environment with plugins in it."""

    environment: Environment

    @property
    def folder(self) -> Path:
        return self.environment.folder

    def install(self, *wheels: Path) -> None:
        self.environment.install(*wheels)

    def uninstall(self, distribution: str) -> None:
        self.environment.uninstall(distribution)

    def initreg(self, *arguments: str) -> Result:
        """Run the command line."""
        python = self.environment.python
        return processes.run(python, "-m", "initreg_cli.app", *arguments, status=None)

    def run(self, code: str, *, path: Iterable[Path] = (), **variables: str) -> Run:
        """Run a script that sets `answer` to a value of JSON; `path` comes first on `sys.path`."""
        script = (
            f"import sys, initreg\n{code}\n"
            "import json\n"
            "imported = sys.__dict__.get('imported', [])\n"
            "print(json.dumps({'answer': answer, 'imported': imported}))"
        )
        variables = {"PYTHONPATH": os.pathsep.join(map(str, path)), **variables}
        done = processes.run(self.environment.python, "-c", script, variables=variables)
        return Run(**json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make a wheel of a plugin distribution; return its path."""

    def build(name: str, modules: Mapping[str, str], *arguments: Any, **options: Any) -> Path:
        marked = {path: text and MARK + text for path, text in modules.items()}
        folder = tmp_path_factory.mktemp("wheels")
        return distributions.wheel(folder, name, marked, *arguments, **options)

    return build


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Installed]:
    """Make an environment with these wheels installed."""

    def environment(*wheels: Path) -> Installed:
        installed = Installed(Environment(tmp_path_factory.mktemp("environment")))
        installed.install(*wheels)
        return installed

    return environment


@pytest.fixture(scope="session")
def good(build: Callable[..., Path]) -> Path:
    """Acme-Inits, a good distribution with two plugins: one is a module, one an object."""
    return build(
        "Acme-Inits",
        {
            "acme_inits/__init__.py": "",
            "acme_inits/ortho.py": GOOD,
            "acme_inits/plain.py": GOOD_OBJECT,
        },
        {"ortho": "acme_inits.ortho", "plain": "acme_inits.plain:PLUGIN"},
        version="1.2",
    )


@dataclass(frozen=True)
class Site:
    """A folder on `sys.path` with installed distributions, and a project to work in.

    Each plugin's first line writes its name into a file, so that every import of it is noticed.
    """

    folder: Path
    project: Path

    @property
    def imported(self) -> list[str]:
        log = self.folder / "imported.txt"
        return sorted(log.read_text().split()) if log.exists() else []

    def add(self, name: str, modules: Mapping[str, str], *, requires: Iterable[str] = ()) -> None:
        """Install version 1.2 of a distribution; its modules are its plugins."""
        log = f"open({str(self.folder / 'imported.txt')!r}, 'a').write(__name__ + '\\n')\n"
        files = {f"{module}.py": log + text for module, text in modules.items()}
        points = {module.removesuffix("_plugin"): module for module in modules}
        distributions.install(self.folder, name, files, points, version="1.2", requires=requires)

    def run(self, code: str, *, cwd: Path | None = None, **variables: str) -> Any:
        """Run a script that sets `answer` to a value of JSON, in the project or in `cwd`."""
        script = f"import json, sys, initreg\n{code}\nprint(json.dumps(answer))"
        return self._run(cwd, variables, "-c", script, status=0).json

    def initreg(self, *arguments: str, cwd: Path | None = None, **variables: str) -> Result:
        """Run the command line."""
        return self._run(cwd, variables, "-m", "initreg_cli.app", *arguments, status=None)

    def _run(
        self, cwd: Path | None, variables: Mapping[str, str], *arguments: str, status: int | None
    ) -> Result:
        variables = {"PYTHONPATH": str(self.folder), "PYTHONUTF8": "1", **variables}
        options = {"cwd": cwd or self.project, "status": status, "variables": variables}
        return processes.run(sys.executable, *arguments, **options)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "pyproject.toml").touch()  # no search goes above it
    return Site(tmp_path / "site", tmp_path / "project")
