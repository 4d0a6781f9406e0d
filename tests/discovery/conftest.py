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

    def run(self, code: str, *, path: Iterable[Path] = (), **variables: str) -> Run:
        """Run a script that leaves something for JSON in `answer`; `path` comes first."""
        script = (
            f"import sys, initreg\n{code}\n"
            "import json\n"
            "imported = sys.__dict__.get('imported', [])\n"
            "print(json.dumps({'answer': answer, 'imported': imported}))"
        )
        clean = {k: v for k, v in os.environ.items() if k != "INITREG_PLUGINS"}
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
