"""What is published: the wheel, the source distribution, and the editable install."""

import subprocess
import sys
import tarfile
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "initreg": "registry/initreg",
    "initreg_plugins": "plugins/initreg_plugins",
    "initreg_cli": "cli/initreg_cli",
}

pytestmark = pytest.mark.skipif(
    not (ROOT / "pyproject.toml").exists(), reason="the sources are not here"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both distributions, with the backend that the running environment has."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


def test_the_wheel_holds_the_three_packages_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    modules = {name for name in names if ".dist-info/" not in name}
    sources = {
        f"{package}/{path.relative_to(ROOT / source).as_posix()}"
        for package, source in PACKAGES.items()
        for path in (ROOT / source).rglob("*")
        if path.suffix in (".py", ".in") or path.name == "py.typed"
    }
    assert modules == sources
    assert {f"{package}/py.typed" for package in PACKAGES} <= modules


def test_the_wheel_says_what_it_is(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
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


def test_the_source_distribution_carries_tests_and_docs(built: Path) -> None:
    (source,) = built.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    expected = ["README.md", "LICENSE", "CHANGELOG.md", "noxfile.py", "tests/conftest.py"]
    assert {*expected, "docs/conf.py", "registry/initreg/py.typed"} <= names


def run(python: Path, *arguments: str) -> str:
    command = [str(python), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd="/").stdout


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """Make an environment that sees the running one's packages behind its own."""
    command = [sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")]
    subprocess.run(command, check=True)
    python = next((tmp_path / "env").glob("[bS]*/python*"))
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    parents = [path for path in sys.path if path.endswith("site-packages")]
    (site / "parents.pth").write_text("\n".join(parents))
    return python


def install(python: Path, *what: str) -> None:
    options = ["install", "--no-deps", "--no-index", "--no-build-isolation", "--ignore-installed"]
    command = [sys.executable, "-m", "pip", "--python", str(python), *options, *what]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)


def test_the_installed_wheel_works(built: Path, python: Path) -> None:
    (wheel,) = built.glob("*.whl")
    install(python, str(wheel))
    program = "import initreg, initreg_plugins; print(initreg.__file__)"
    assert str(python.parents[1]) in run(python, "-c", program)
    listed = run(python, "-m", "initreg_cli.app", "list", "random_normal")
    assert "mean=0, stddev=0.05, seed=None" in listed


def test_an_editable_install_is_a_plain_path_file(python: Path) -> None:
    install(python, "-e", ".")
    (pth,) = python.parents[1].rglob("_initreg.pth")
    roots = {str(ROOT / source.partition("/")[0]) for source in PACKAGES.values()}
    assert set(pth.read_text().split()) == roots
