"""A distribution from `initreg new` installs, and passes all its checks unchanged.

The command comes from the wheel, so that the template is tested as it is published.
"""

import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.processes import run

NAMES = {"initreg-spread": "spread", "x" * 40: "x" * 40}  # the longest has the longest lines

pytestmark = pytest.mark.skipif(not (ROOT / "pyproject.toml").exists(), reason="needs the sources")


@pytest.fixture(scope="module", params=NAMES, ids=["usual", "longest"])
def project(request: pytest.FixtureRequest, from_wheel, tmp_path_factory) -> Path:
    """Make a plugin with the command of the wheel, and install it."""
    folder = tmp_path_factory.mktemp("new")
    printed = from_wheel.initreg("new", request.param, "--dir", str(folder))
    assert printed.startswith(f"Created {folder / request.param}.")
    from_wheel.install(folder / request.param)
    return folder / request.param


@pytest.fixture(scope="module")
def from_wheel(environment, wheel):
    """An environment with the wheel of this distribution."""
    environment.install(wheel)
    program = "import initreg_cli; print(initreg_cli.__file__)"
    assert str(environment.folder) in environment.run("-c", program)
    return environment


def tool(*arguments: str, cwd: Path) -> None:
    run(sys.executable, "-m", *arguments, cwd=cwd)


def test_it_is_listed(from_wheel, project) -> None:
    listed = from_wheel.initreg("list", "--plugin", project.name)
    assert f"\n{NAMES[project.name]} " in listed
    assert f" {project.name} 0.1.0 " in listed
    from_wheel.initreg("plugins", "--strict")


def test_it_passes_its_own_tests(from_wheel, project) -> None:
    options = ["-q", "-p", "no:cacheprovider", "-W", "error"]
    printed = from_wheel.run("-m", "pytest", *options, cwd=project)
    assert " passed" in printed
    assert "skipped" not in printed


def test_ruff_finds_nothing(project) -> None:
    tool("ruff", "check", "--no-cache", ".", cwd=project)
    tool("ruff", "format", "--no-cache", "--check", ".", cwd=project)


def test_mypy_finds_nothing(from_wheel, project, tmp_path) -> None:
    printed = from_wheel.run("-m", "mypy", "--cache-dir", tmp_path, cwd=project)
    assert printed == "Success: no issues found in 4 source files\n"


def test_an_edited_one_is_told_where_it_is_wrong(from_wheel, project) -> None:
    """The kit, ruff and mypy do look: a mistake of each kind is found."""
    module = next(project.glob("src/*/plugin.py"))
    good = module.read_text("utf-8")
    try:
        bad = good.replace("self.gain / math.sqrt(", "2 * self.gain / math.sqrt(")
        module.write_text(bad.replace("import math\n", "import math\nimport os\n"), "utf-8")
        from_wheel.install(project)
        options = ["-q", "-p", "no:cacheprovider"]
        printed = from_wheel.run("-m", "pytest", *options, cwd=project, status=1)
        assert "FAILED tests/test_plugin.py::test_the_spread_follows_the_fan" in printed
        with pytest.raises(AssertionError, match="`os` imported but unused"):
            tool("ruff", "check", "--no-cache", ".", cwd=project)
    finally:
        module.write_text(good, "utf-8")
        from_wheel.install(project)
