"""``initreg new``: a complete distribution, or a clear error and nothing."""

import keyword
import os
import re
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from typer.testing import CliRunner

import initreg
from initreg_cli import app, scaffold
from initreg_cli.commands.new import License
from tests.support.paths import ROOT

needs_posix = pytest.mark.skipif(
    os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="needs the permissions of POSIX, and not root",
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


def problem(done: Any) -> str:
    """Return the error message as one line, without the usage above it."""
    assert (done.status, done.stdout) == (2, "")
    return " ".join(done.stderr.split()).partition("Error: ")[2]


# What is created ----------------------------------------------------------------------------------


def test_it_says_what_it_made_and_what_comes_next(cli: Any, folder: Path) -> None:
    done = cli("new", "initreg-spread")
    assert (done.status, done.stdout) == (0, "")
    module = "initreg-spread/src/initreg_spread/plugin.py"
    assert done.stderr.splitlines() == [
        f"Created initreg-spread. Its initializer spread is in {module}. Next:",
        "    cd initreg-spread",
        '    python -m pip install -e ".[test]"',
        "    initreg list spread",
        "    initreg verify spread",
        "    python -m pytest",
    ]
    assert [path.name for path in folder.iterdir()] == ["initreg-spread"]


def test_the_distribution_is_complete(cli: Any, folder: Path) -> None:
    cli("new", "initreg-spread")
    assert sorted(files(folder / "initreg-spread")) == [
        ".github/workflows/ci.yml",
        ".github/workflows/release.yml",
        ".gitignore",
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "pyproject.toml",
        "src/initreg_spread/__init__.py",
        "src/initreg_spread/plugin.py",
        "src/initreg_spread/py.typed",
        "tests/conftest.py",
        "tests/test_plugin.py",
    ]
    project = tomllib.loads(Path("initreg-spread/pyproject.toml").read_text())["project"]
    assert project["name"] == "initreg-spread"
    assert project["entry-points"] == {"initreg": {"spread": "initreg_spread.plugin"}}
    assert project["authors"] == [{"name": "The authors of initreg-spread"}]


def test_no_placeholder_is_left(cli: Any, folder: Path) -> None:
    cli("new", "acme-inits")
    for path, text in files(folder).items():
        left = re.findall(r"\$\{?[a-z_]+", text)
        assert not left, path
        assert text.endswith("\n") or not text, path
        assert "\r" not in text


@pytest.mark.parametrize("name", ["a", "initreg-spread", "Acme.Inits_2", "x" * 40])
def test_names_follow_from_that_of_the_distribution(cli: Any, folder: Path, name: str) -> None:
    assert cli("new", name).status == 0
    package, initializer = {
        "initreg-spread": ("initreg_spread", "spread"),
        "Acme.Inits_2": ("acme_inits_2", "acme_inits_2"),
    }.get(name, (name, name))
    [config_class] = load(folder / name, package)
    assert config_class.initializer_name == initializer
    assert config_class.__name__ == initializer.title().replace("_", "")


@pytest.mark.parametrize("license_", [each for each in License if each is not License.NONE])
def test_a_licence_comes_with_its_text(cli: Any, folder: Path, license_: License) -> None:
    assert cli("new", "acme-inits", "--license", license_, "--author", "Zoë").status == 0
    made = files(folder / "acme-inits")
    project = tomllib.loads(made["pyproject.toml"])["project"]
    assert (project["license"], project["license-files"]) == (license_, ["LICENSE"])
    assert f"\n## Licence\n\n{license_}\n" in made["README.md"]
    if license_ is License.APACHE:
        assert made["LICENSE"] == (ROOT / "LICENSE").read_text("utf-8")
    else:
        assert re.search(r"^Copyright \(c\) 20\d\d,? Zoë$", made["LICENSE"], re.MULTILINE)


def test_without_a_licence_nothing_is_said_of_one(cli: Any, folder: Path) -> None:
    assert cli("new", "acme-inits", "--license", "none").status == 0
    made = files(folder / "acme-inits")
    assert "LICENSE" not in made
    assert "licen" not in (made["pyproject.toml"] + made["README.md"]).lower()


def test_an_author_may_be_called_anything_in_one_line(cli: Any, folder: Path) -> None:
    author = 'Ann "$name" O\'Neil, \\Inc. ${x} $'
    assert cli("new", "acme-inits", "--author", author).status == 0
    made = files(folder / "acme-inits")
    project = tomllib.loads(made["pyproject.toml"])["project"]
    assert project["authors"] == [{"name": author}]
    assert author in made["LICENSE"]


@pytest.mark.parametrize(
    ("version", "requirement"),
    [
        ("0.1.0", "initreg>=0.1,<1"),
        ("0.12.3.post1", "initreg>=0.12,<1"),
        ("1.0", "initreg>=1.0,<2"),
        ("2.1.0rc1", "initreg>=2.1.0rc1,<3"),
        ("0.2.0.dev4", "initreg>=0.2.0.dev4,<1"),
    ],
)
def test_it_asks_for_the_initreg_that_is_here(
    cli: Any, monkeypatch: pytest.MonkeyPatch, folder: Path, version: str, requirement: str
) -> None:
    monkeypatch.setattr(initreg, "__version__", version)
    assert cli("new", "acme-inits").status == 0
    project = tomllib.loads(files(folder)["acme-inits/pyproject.toml"])["project"]
    assert requirement in project["dependencies"]


def test_dir_is_the_folder_around_it(cli: Any, folder: Path) -> None:
    Path("with space").mkdir()
    done = cli("new", "acme-inits", "--dir", "with space")
    assert (folder / "with space" / "acme-inits" / "pyproject.toml").is_file()
    assert "cd 'with space/acme-inits'\n" in done.stderr.replace("\\", "/")


def test_others_may_read_what_the_mask_lets_them(cli: Any, folder: Path) -> None:
    cli("new", "acme-inits")
    Path("other").mkdir()
    assert (folder / "acme-inits").stat().st_mode == (folder / "other").stat().st_mode


# What is rejected ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "'' is not a valid name for a distribution. Use letters, digits and -"),
        ("a b", "'a b' is not a valid name for a distribution"),
        ("acme-", "'acme-' is not a valid name"),
        ("../acme", "--dir is the folder to create it in."),
        ("Füße", "'Füße' is not a valid name"),
        ("acme\n", "is not a valid name"),
        ("x" * 41, "has 41 characters. Use 40 at most."),
        ("3d-inits", "'3d_inits' is not a valid name for a package. Begin with a letter."),
        ("initreg", "leaves no name for an initializer. Try one such as initreg-spread."),
        ("initreg-initreg", "leaves no name"),
        ("initreg-2", "leaves no name"),
        ("class", "'class' has another meaning in Python or in a spec."),
        ("initreg-lambda", "has another meaning"),
        ("initreg-none", "has another meaning"),
        ("initreg-pi", "has another meaning"),
        ("initreg-shape", "another class is called Shape already."),
        ("initreg-field", "another class is called Field already."),
        ("json", "Python has a module 'json'."),
        ("keras", "a package 'keras' exists, and one would hide the other."),
        ("initreg-cli", "a package 'initreg_cli' exists"),
        ("torch", "a package 'torch' exists"),
        ("tests", "a package 'tests' exists"),
        ("random-normal", "the initializer 'random_normal' is built in."),
        ("initreg-HeNormal", "the initializer 'henormal' is built in."),
    ],
)
def test_a_bad_name(cli: Any, folder: Path, name: str, why: str) -> None:
    message = problem(cli("new", name))
    assert message.startswith("Invalid value for 'NAME': ")
    assert why in message
    assert not list(folder.iterdir())


@pytest.mark.parametrize("what", ["folder", "empty folder", "file", "broken link"])
def test_what_exists_is_unchanged(cli: Any, folder: Path, what: str) -> None:
    target = folder / "acme-inits"
    if what == "file":
        target.write_text("mine")
    elif what == "broken link":
        if os.name == "nt":
            pytest.skip("links need rights on Windows")
        target.symlink_to("nowhere")
    else:
        target.mkdir()
        if what == "folder":
            (target / "mine.txt").write_text("mine")
    before = sorted(folder.rglob("*"))
    message = problem(cli("new", "acme-inits"))
    assert "acme-inits exists. Choose another name, or another --dir." in message
    assert sorted(folder.rglob("*")) == before


def test_a_folder_that_is_not_there(cli: Any, folder: Path) -> None:
    message = problem(cli("new", "acme-inits", "--dir", "gone"))
    assert message == "Invalid value for '--dir': there is no folder gone. Create it first."
    assert not list(folder.iterdir())


@pytest.mark.parametrize("author", ["", "  ", "two\nlines", "a\x00b", "\udcff"])
def test_a_bad_author(cli: Any, folder: Path, author: str) -> None:
    message = problem(cli("new", "acme-inits", "--author", author))
    assert message == "Invalid value for '--author': it must be one line, not empty."
    assert not list(folder.iterdir())


def test_an_unknown_licence_names_those_that_are_known(cli: Any, folder: Path) -> None:
    message = problem(cli("new", "acme-inits", "--license", "GPL"))
    assert all(f"'{license_}'" in message for license_ in License)
    assert not list(folder.iterdir())


def test_a_name_that_an_installed_plugin_has_is_reported(
    command: Any, installed: Any, good_plugin: str, folder: Path
) -> None:
    environment = installed("other-inits", other=good_plugin.replace("stretched", "spread"))
    done = command("new", "initreg-spread", **environment)
    assert done.status == 0
    assert (
        "other-inits provides an initializer 'spread', too. If both are installed, write "
        "initreg_spread.spread in specs.\n"
    ) in done.stderr
    assert (folder / "initreg-spread").is_dir()


# All or nothing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_nothing(
    cli: Any, monkeypatch: pytest.MonkeyPatch, folder: Path, error: BaseException
) -> None:
    write_text, written = Path.write_text, []

    def fail_late(path: Path, *arguments: Any, **options: Any) -> int:
        if len(written) == 5:
            raise error
        written.append(path)
        return write_text(path, *arguments, **options)

    monkeypatch.setattr(Path, "write_text", fail_late)
    done = cli("new", "acme-inits")
    assert len(written) == 5
    if isinstance(error, OSError):
        assert (done.status, done.stderr) == (2, "acme-inits: No space left on device.\n")
    else:
        assert done.status == 130
    assert not list(folder.iterdir())


def test_nothing_that_appears_meanwhile_is_overwritten(folder: Path) -> None:
    (folder / "acme").mkdir()
    (folder / "acme" / "mine.txt").write_text("mine")
    with pytest.raises(OSError, match="acme"):
        scaffold.write(folder / "acme", {"README.md": "theirs"})
    assert files(folder) == {"acme/mine.txt": "mine"}


@needs_posix
def test_a_folder_without_the_right_to_write(cli: Any, folder: Path) -> None:
    (folder / "shut").mkdir(mode=0o500)
    done = cli("new", "acme-inits", "--dir", "shut")
    assert (done.status, done.stderr) == (2, "shut/acme-inits: Permission denied.\n")


# Any name -----------------------------------------------------------------------------------------


def load(project: Path, package: str) -> list[type[initreg.InitializerConfig]]:
    """Run the code of a plugin, and return its initializers, which a registry must accept."""
    namespace: dict[str, Any] = {"__name__": f"{package}.plugin"}
    source = (project / "src" / package / "plugin.py").read_text("utf-8")
    exec(compile(source, "plugin.py", "exec"), namespace)
    classes = namespace["initreg_initializers"]()
    registry = initreg.Registry()
    for config_class in classes:
        registry.add(config_class)
        for spec in config_class.initializer_examples:
            assert type(registry.validate(spec)) is config_class
    return classes


_WORDS = """
    initreg acme spread Seed he normal none true test match self str x 2 con src plugin model config
    keras pydantic
"""
_words = st.sampled_from([*_WORDS.split(), *keyword.kwlist, *sorted(sys.stdlib_module_names)[:40]])
_names = st.one_of(
    st.text(max_size=45),
    st.from_regex(r"[A-Za-z0-9._-]{1,12}", fullmatch=True),
    st.lists(st.tuples(_words, st.sampled_from("-_.")), min_size=1, max_size=4).map(
        lambda parts: "".join(word + join for word, join in parts).rstrip("-_.")
    ),
)


@pytest.mark.slow
@given(name=_names)
@example(name="initreg-True")
@example(name="a__b")
@example(name="-x")
@example(name="a.-_b")
@example(name="con")
def test_any_name_is_a_valid_plugin_or_rejected(name: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        done = CliRunner().invoke(app.app, ["new", "--dir", place, "--", name])
        made = list(Path(place).iterdir())
        if done.exit_code:
            assert done.exit_code == 2, done.exception
            assert "Invalid value for 'NAME': " in done.output
            assert not made
            return
        [project] = made
        about = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
        [(initializer, module)] = about["entry-points"]["initreg"].items()
        package = module.removesuffix(".plugin")
        assert about["name"] == name
        assert package.isidentifier() and not keyword.iskeyword(package)
        [config_class] = load(project, package)
        assert config_class.initializer_name == initializer
        for code in project.rglob("*.py"):
            text = code.read_text("utf-8")
            compile(text, code.name, "exec")
            assert all(len(line) <= 100 for line in text.splitlines())


def test_the_template_is_there_as_files_that_no_tool_takes_for_code() -> None:
    template = Path(scaffold.__file__).parent / "template"
    found = [path for path in template.rglob("*") if path.is_file()]
    assert len(found) == 11
    assert {path.suffix for path in found} == {".in"}
