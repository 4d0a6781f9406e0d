"""The published files: the wheel, the source distribution, and the editable install."""

import tarfile
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

from tests.support.environments import Environment, build
from tests.support.paths import ROOT

PACKAGES = {
    "initreg": "registry/initreg",
    "initreg_plugins": "plugins/initreg_plugins",
    "initreg_cli": "cli/initreg_cli",
}

pytestmark = pytest.mark.skipif(not (ROOT / "pyproject.toml").exists(), reason="needs the sources")


def test_the_wheel_holds_the_three_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    modules = {name for name in names if ".dist-info/" not in name}
    sources = {
        f"{package}/{path.relative_to(ROOT / source).as_posix()}"
        for package, source in PACKAGES.items()
        for path in (ROOT / source).rglob("*")
        if path.suffix in (".py", ".pyi", ".in") or path.name == "py.typed"
    }
    assert modules == sources
    assert {f"{package}/py.typed" for package in PACKAGES} <= modules


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        headers = HeaderParser().parsestr(archive.read(metadata).decode())
        points = archive.read(metadata.replace("METADATA", "entry_points.txt")).decode()
        licenses = [n for n in archive.namelist() if n.endswith("licenses/LICENSE")]
    assert headers["License-Expression"] == "Apache-2.0"
    assert headers["Requires-Python"] == ">=3.11"
    assert {"jax", "torch", "tensorflow", "plot", "test"} <= set(headers.get_all("Provides-Extra"))
    assert "initreg = initreg_cli.app:main" in points
    assert "random_normal = initreg_plugins.random_normal" in points
    assert licenses


@pytest.mark.installs
def test_the_source_distribution_has_tests_and_docs(tmp_path: Path) -> None:
    build(tmp_path, "-t", "sdist")
    (source,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    expected = ["README.md", "LICENSE", "CHANGELOG.md", "noxfile.py", "tests/conftest.py"]
    assert {*expected, "docs/conf.py", "registry/initreg/py.typed"} <= names


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """An environment for one test."""
    return Environment(tmp_path / "environment")


def test_the_installed_wheel_works(wheel: Path, environment: Environment) -> None:
    environment.install(wheel)
    program = "import initreg, initreg_plugins; print(initreg.__file__)"
    assert str(environment.folder) in environment.run("-c", program, cwd="/")
    listed = environment.initreg("list", "random_normal", cwd="/")
    assert "mean=0, stddev=0.05, seed=None" in listed


def test_an_editable_install_is_a_plain_path_file(environment: Environment) -> None:
    environment.install("-e", ROOT)
    (pth,) = environment.folder.rglob("_initreg.pth")
    roots = {str(ROOT / source.partition("/")[0]) for source in PACKAGES.values()}
    assert set(pth.read_text().split()) == roots
