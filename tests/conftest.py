"""What all tests share: Keras on the backend of this run, and environments to install into."""

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from initreg import InitializerConfig, InitializerField, Positive, Registry, Seed
from initreg.discovery.loading import Discovery

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# On some processors TensorFlow announces oneDNN on stderr, at any log level.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

# No deadline: the first example of a test may import SciPy or compile on JAX.
# CI looks at the same examples each time, so that a change is judged by itself; a person's run
# looks further.
settings.register_profile(
    "initreg", deadline=None, print_blob=True, derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("initreg")

_WITHOUT_INITREG = """\
import sys
class Blocker:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0].startswith("initreg"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocker)
try:
    import initreg
except ModuleNotFoundError:
    pass
else:
    raise SystemExit("initreg is there")
{}
assert not [name for name in sys.modules if name.startswith("initreg")]
"""


@pytest.fixture(scope="session")
def without_initreg() -> Callable[[str], str]:
    """Make a script run as where neither initreg nor its plugins can be imported."""
    return lambda script: _WITHOUT_INITREG.replace("{}", script)


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

    def run(self, *arguments: object, status: int = 0, **options) -> str:
        """Run Python, and return what it prints."""
        done = subprocess.run(
            [self.python, *map(str, arguments)],
            env=os.environ | {"PYTHONUTF8": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
            **options,
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    def install(self, *what: object) -> None:
        """Build and install without a network: the build backend is one of the tests' own."""
        offline = ["--no-deps", "--no-index", "--no-build-isolation", "--ignore-installed"]
        self._pip("install", *offline, *what)

    def uninstall(self, distribution: str) -> None:
        self._pip("uninstall", "--yes", distribution)

    def _pip(self, *arguments: object) -> None:
        pip = [sys.executable, "-m", "pip", "--quiet", "--python", str(self.python)]
        done = subprocess.run(
            [*pip, *map(str, arguments)], capture_output=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, done.stderr

    def initreg(self, *arguments: str, status: int = 0, **options) -> str:
        """Run the command line, and return what it prints."""
        return self.run("-m", "initreg_cli.app", *arguments, status=status, **options)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment to install into, for the tests of one file."""
    return Environment(tmp_path_factory.mktemp("environment") / "venv")


class Need(InitializerConfig, name="need", builds="keras.initializers:Constant"):
    """Need a parameter."""

    value: Positive


class Wrap(InitializerConfig, name="wrap", builds="builtins:dict"):
    """Hold other initializers."""

    inner: InitializerField
    other: InitializerField | None = None
    many: tuple[InitializerField, ...] = ()
    seed: Seed = None


@pytest.fixture
def registry() -> Registry:
    """A registry of its own for each test: the built-in initializers, and two that nest others."""
    registry = Registry(Discovery())
    registry.add(Need)
    registry.add(Wrap)
    return registry
