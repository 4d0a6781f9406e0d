"""The hook for pre-commit, as a user has it: installed by pre-commit, run by ``git commit``."""

import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.paths import ROOT
from tests.support.processes import Result

pytestmark = [
    pytest.mark.installs,
    pytest.mark.skipif(not shutil.which("git"), reason="git is not installed"),
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs the git repository"),
]

CONFIG = """\
repos:
  - repo: {source}
    rev: v0.1.0
    hooks:
      - id: initreg-check
"""
WRONG = "layers:\n  - kernel_initializer: random_normal(stddev=-1)\n"
FOUND = """\
model.yaml:2:46: stddev must be 0 or more, not -1.
      - kernel_initializer: random_normal(stddev=-1)
                                                 ^^
"""

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a command with settings of git and pre-commit that only these tests use."""
    # In a hook of git, its variables would lead to another repository.
    inherited = [
        name
        for name in os.environ
        if name.startswith(("GIT_", "COV_", "COVERAGE_")) or name == "PYTHONPATH"
    ]
    variables = dict.fromkeys(inherited) | {
        "PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("pre-commit")),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "PYTHONUTF8": "1",
    }
    for role in ("AUTHOR", "COMMITTER"):
        variables |= {f"GIT_{role}_NAME": "Test", f"GIT_{role}_EMAIL": "test@example.com"}

    def run(folder: Path, *command: str, status: int | None = 0) -> Result:
        options = {"cwd": folder, "merged": True, "variables": variables, "status": status}
        return processes.run(*command, timeout=600, **options)

    return run


@pytest.fixture(scope="module")
def source(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a repository of the working tree, with a tag, as a hook is taken from."""
    folder = tmp_path_factory.mktemp("source")
    listed = run(ROOT, "git", "ls-files", "-coz", "--exclude-standard").stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():  # and not deleted since
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    run(folder, "git", "init", "-q")
    run(folder, "git", "add", "-A")
    run(folder, "git", "commit", "-qm", "The working tree")
    run(folder, "git", "tag", "v0.1.0")
    return folder


@pytest.fixture(scope="module")
def project(run: Run, source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a repository that uses the hook; pre-commit installs initreg for it, from the index."""
    folder = tmp_path_factory.mktemp("project")
    run(folder, "git", "init", "-q")
    (folder / ".pre-commit-config.yaml").write_text(CONFIG.format(source=source.as_posix()))
    pre_commit = [sys.executable, "-m", "pre_commit"]
    run(folder, *pre_commit, "validate-manifest", str(source / ".pre-commit-hooks.yaml"))
    run(folder, *pre_commit, "install", "--install-hooks")
    run(folder, "git", "add", "-A")
    run(folder, "git", "commit", "-qm", "Use the hook")
    return folder


def commit(run: Run, project: Path, **files: str) -> Result:
    """Try to commit these files alone; in names, ``__`` is a dot."""
    run(project, "git", "reset", "-q", "--hard")
    for name, text in files.items():
        path = project / name.replace("__", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    run(project, "git", "add", "-A")
    return run(project, "git", "commit", "-m", "Add files", status=None)


def test_a_commit_with_a_wrong_initializer_is_rejected(run: Run, project: Path) -> None:
    before = run(project, "git", "rev-parse", "HEAD").stdout
    done = commit(run, project, model__yaml=WRONG, right__yaml="init: zeros\n")
    assert done.status == 1
    assert FOUND in done.stdout
    assert "- exit code: 1\n" in done.stdout
    assert run(project, "git", "rev-parse", "HEAD").stdout == before


@pytest.mark.parametrize(
    "files",
    [
        {"model__yaml": WRONG.replace("-1", "0.1")},
        {"model__json": '{"init": "he_normal"}\n', "model__toml": 'init = "he_normal"\n'},
        {"plain__yaml": "units: 3\n", "empty__yaml": ""},
        {"text__md": "init: nope\n"},
        # Their types are checked, but they are not configs.
        {"uv__lock": "version = 1\n", "notebook__ipynb": "{}\n", "__clang-format": "A: B\n"},
    ],
    ids=["right", "json and toml", "nothing to check", "of another type", "lock file and notebook"],
)
def test_a_commit_with_nothing_wrong_passes(run: Run, project: Path, files: dict[str, str]) -> None:
    done = commit(run, project, **files)
    assert done.status == 0, done.stdout
    assert "Failed" not in done.stdout


def test_arguments_add_keys(run: Run, project: Path) -> None:
    run(project, "git", "reset", "-q", "--hard")
    config = project / ".pre-commit-config.yaml"
    config.write_text(config.read_text() + "        args: [--key, start]\n")
    (project / "own.yaml").write_text("start: nope\n")
    run(project, "git", "add", "-A")
    done = run(project, "git", "commit", "-m", "Add a key", status=None)
    assert done.status == 1
    assert "own.yaml:1:8: There is no initializer 'nope'." in done.stdout


def test_the_page_shows_what_happens(run: Run, project: Path) -> None:
    page = (ROOT / "docs" / "pre-commit.md").read_text(encoding="utf-8")
    shown = page.partition("```text\n")[2].partition("```")[0]
    done = commit(run, project, **{"configs/model.yaml": WRONG})
    assert shown.splitlines() == [*done.stdout.rstrip().splitlines()]


def test_the_configs_on_the_page_are_pre_commit_s(run: Run, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "pre-commit.md").read_text(encoding="utf-8")
    first, *others = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    head = first.partition("      - id:")[0]
    hooks = [first, *(head + other for other in others if other.startswith("      - id:"))]
    assert len(hooks) == 3
    for hook in hooks:
        (tmp_path / "config.yaml").write_text(hook)
        run(tmp_path, sys.executable, "-m", "pre_commit", "validate-config", "config.yaml")
