"""Real plugin distributions, built by pip and hatchling and installed into real environments."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

# The first line of every plugin module: it tells `Environment.run` that the module was imported.
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
    """What a script made of `answer`, and the plugin modules that were imported for it."""

    answer: Any
    imported: list[str]


@dataclass(frozen=True)
class Environment:
    """A virtual environment that also sees what the running one has."""

    folder: Path

    @property
    def python(self) -> str:
        scripts = "Scripts" if os.name == "nt" else "bin"
        return str(self.folder / scripts / "python")

    def pip(self, *arguments: str) -> None:
        _check(sys.executable, "-m", "pip", "--python", self.python, *arguments)

    def install(self, *wheels: Path) -> None:
        names = map(str, wheels)
        self.pip("install", "--quiet", "--no-deps", "--no-index", "--no-compile", *names)

    def initreg(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command."""
        command = [self.python, "-m", "initreg_cli.app", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=300)

    def run(self, code: str, *, path: Iterable[Path] = (), **variables: str) -> Run:
        """Run a script that leaves something for JSON in `answer`; `path` comes first."""
        script = (
            f"import sys, initreg\n{code}\n"
            "import json\n"
            "imported = sys.__dict__.get('imported', [])\n"
            "print(json.dumps({'answer': answer, 'imported': imported}))"
        )
        lists = ("INITREG_PLUGINS", "INITREG_BLOCK")
        clean = {k: v for k, v in os.environ.items() if k not in lists}
        clean["PYTHONPATH"] = os.pathsep.join(map(str, path))
        output = _check(self.python, "-c", script, env=clean | variables)
        return Run(**json.loads(output.splitlines()[-1]))


def _check(*command: str, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=300)
    assert done.returncode == 0, f"{command[:6]}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def build(tmp_path_factory) -> Callable[..., Path]:
    """Build a project into a wheel, as its author would; returns the wheel."""

    def build(
        name: str,
        modules: Mapping[str, str],
        entry_points: Mapping[str, str],
        version: str = "1.0",
    ) -> Path:
        folder = tmp_path_factory.mktemp("project")
        package = next(iter(modules)).partition("/")[0]
        points = "".join(f'{key} = "{value}"\n' for key, value in entry_points.items())
        (folder / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
            f'[project]\nname = "{name}"\nversion = "{version}"\ndependencies = ["initreg"]\n'
            f"[project.entry-points.initreg]\n{points}"
            f'[tool.hatch.build.targets.wheel]\ninclude = ["{package}"]\n'
        )
        for path, text in modules.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text and MARK + text)
        wheels = tmp_path_factory.mktemp("wheels")
        options = ("--quiet", "--no-build-isolation", "--no-deps", "--no-index")
        _check(sys.executable, "-m", "pip", "wheel", *options, "-w", str(wheels), str(folder))
        (wheel,) = wheels.glob("*.whl")
        return wheel

    return build


@pytest.fixture(scope="session")
def environment(tmp_path_factory) -> Callable[..., Environment]:
    """Make an environment with these wheels installed."""

    def environment(*wheels: Path) -> Environment:
        folder = tmp_path_factory.mktemp("environment")
        venv.create(folder, symlinks=os.name != "nt", with_pip=False)
        made = Environment(folder)
        where = "import sysconfig; print(sysconfig.get_path('purelib'))"
        own = Path(_check(made.python, "-c", where).strip())
        seen = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
        lines = [f"import site; site.addsitedir({folder!r})\n" for folder in seen]
        (own / "running_environment.pth").write_text("".join(lines))
        made.install(*wheels)
        return made

    return environment


@pytest.fixture(scope="session")
def good(build) -> Path:
    """Acme-Inits, a distribution as it should be: two plugins, one a module, one an object."""
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
    """A folder on `sys.path`, with distributions as an installer leaves them, and a working folder.

    Each plugin's first line writes its name into a file, so that any import of it is told.
    """

    folder: Path
    project: Path

    @property
    def imported(self) -> list[str]:
        told = self.folder / "imported.txt"
        return sorted(told.read_text().split()) if told.exists() else []

    def add(self, name: str, modules: Mapping[str, str], *, requires: Iterable[str] = ()) -> None:
        """Install version 1.2 of a distribution; its modules are its plugins."""
        about = self.folder / f"{name.replace('-', '_')}-1.2.dist-info"
        about.mkdir(parents=True)
        fields = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.2"]
        fields += [f"Requires-Dist: {each}" for each in requires]
        (about / "METADATA").write_text("\n".join([*fields, ""]))
        points = [f"{module.removesuffix('_plugin')} = {module}" for module in modules]
        (about / "entry_points.txt").write_text("\n".join(["[initreg]", *points, ""]))
        tell = f"open({str(self.folder / 'imported.txt')!r}, 'a').write(__name__ + '\\n')\n"
        for module, text in modules.items():
            (self.folder / f"{module}.py").write_text(tell + text)

    def run(self, code: str, *, cwd: Path | None = None, **variables: str) -> Any:
        """Run a script that leaves something for JSON in `answer`, in the project or in `cwd`."""
        return json.loads(self._run(cwd, variables, "-c", _SCRIPT.format(code)).stdout)

    def initreg(
        self, *arguments: str, cwd: Path | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the command."""
        return self._run(cwd, variables, "-m", "initreg_cli.app", *arguments)

    def _run(
        self, cwd: Path | None, variables: Mapping[str, str], *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        lists = ("INITREG_PLUGINS", "INITREG_BLOCK")
        clean = {k: v for k, v in os.environ.items() if k not in lists}
        clean |= {"PYTHONPATH": str(self.folder), "PYTHONUTF8": "1", **variables}
        return subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=clean,
            cwd=cwd or self.project,
            timeout=120,
        )


_SCRIPT = "import json, sys, initreg\n{}\nprint(json.dumps(answer))"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "pyproject.toml").touch()  # no search goes above it
    return Site(tmp_path / "site", tmp_path / "project")
