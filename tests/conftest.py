"""Fixtures of all tests: a registry, and environments to install into."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from initreg import InitializerConfig, InitializerField, Positive, Registry, Seed
from initreg.discovery.loading import Discovery
from tests.support.environments import Environment, build

# No deadline: the first example of a test may import SciPy or compile on JAX.
# CI tries the same examples in every run, so that only a change can make it fail. A person's run
# tries new ones.
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
    raise SystemExit("initreg can be imported")
{}
assert not [name for name in sys.modules if name.startswith("initreg")]
"""


@pytest.fixture(scope="session")
def without_initreg() -> Callable[[str], str]:
    """Change a script so that neither initreg nor its plugins can be imported in it."""
    return lambda script: _WITHOUT_INITREG.replace("{}", script)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment to install into, for the tests of one file."""
    return Environment(tmp_path_factory.mktemp("environment"))


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this repository, built once."""
    folder = tmp_path_factory.mktemp("wheel")
    build(folder, "-t", "wheel")
    (wheel,) = folder.glob("*.whl")
    return wheel


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
    """A new registry: the built-in initializers, and the two above."""
    registry = Registry(Discovery())
    registry.add(Need)
    registry.add(Wrap)
    return registry


# What tests with these fixtures do: build and install, or start processes.
MARKS = {
    "installs": {"environment", "wheel"},
    "slow": {"app", "initreg", "python", "site", "without_initreg"},
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that install, or that start processes, by the fixtures that they use."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if hasattr(item, "callspec"):
            fixtures -= item.callspec.params.keys()
        for mark, names in MARKS.items():
            if fixtures & names:
                item.add_marker(mark)
