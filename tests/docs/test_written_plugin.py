"""The plugin on the docs page is created, edited, installed, found and used."""

import shlex
import textwrap
from pathlib import Path

import pytest

from tests.support.pages import read

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def project(blocks, environment, tmp_path_factory) -> Path:
    """What `initreg new` makes, with the files of the page at their places."""
    folder = tmp_path_factory.mktemp("plugin")
    environment.initreg("new", "acme-inits", cwd=folder)
    for block in blocks("docs/plugins.md"):
        path, _, part = block.caption.partition(", ")
        if path.startswith("acme-inits/"):
            file, text = folder / path, block.text
            if part:  # the last table of the page replaces the generated one
                head = text.partition("\n")[0]
                made = file.read_text("utf-8")
                before, _, after = made.partition(head)
                text = f"{before}{text}\n[{after.partition('[')[2]}"
            file.write_text(text, encoding="utf-8")
    return folder / "acme-inits"


@pytest.fixture(scope="module")
def installed(environment, project):
    environment.install(project)
    return environment


def test_the_page_shows_the_entry_point_that_is_made(blocks, environment, tmp_path):
    environment.initreg("new", "acme-inits", cwd=tmp_path)
    made = (tmp_path / "acme-inits" / "pyproject.toml").read_text("utf-8")
    [shown] = [b.text for b in blocks("docs/plugins.md") if b.caption == "in pyproject.toml"][:1]
    assert shown in made


def test_the_page_lists_the_files_that_are_made(environment, tmp_path, blocks):
    page = read("plugins.md")
    environment.initreg("new", "acme-inits", cwd=tmp_path)
    project = tmp_path / "acme-inits"
    for path in (file.relative_to(project) for file in project.rglob("*") if file.is_file()):
        if path.name not in ("__init__.py", "conftest.py"):
            assert f"`{path.as_posix()}`" in page


def test_commands_print_what_the_page_shows(installed, blocks):
    shown = [block for block in blocks("docs/plugins.md") if block.caption == "acme"]
    commands = [c for block in shown for c in block.commands if c[0].startswith("initreg")]
    assert len(commands) == 3
    for command, expected in commands:
        arguments = shlex.split(command)[1:]
        status = 2 if "^" in expected else 0
        printed = installed.initreg(*arguments, status=status)
        assert _columns(printed) == _columns(expected)


def _columns(table: str) -> list[str]:
    return [line.rstrip() for line in table.splitlines()]


def test_its_own_tests_pass(installed, project):
    printed = installed.run("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=project)
    assert " passed" in printed


def test_both_hold_what_the_kit_asks_for(installed):
    printed = installed.initreg("verify", "--plugin", "acme-inits")
    assert "residual_normal(blocks=12)" in printed
    assert "shifted(" in printed
    assert " 0 failed." in printed


def test_both_resolve_by_short_and_by_qualified_name(installed):
    code = """
        from initreg import describe, derive_seed, resolve

        first = resolve("residual_normal(blocks=8)", seed=1)
        assert describe(first) == "residual_normal(blocks=8, seed=1)"
        again = resolve("acme_inits.residual_normal(8, seed=1)")
        assert (first.get_config()) == again.get_config()

        shifted = resolve("shifted(random_normal, 2)", seed=42)
        inner = f"random_normal(seed={derive_seed(42, 'initializer')})"
        assert describe(shifted) == f"shifted(initializer={inner}, offset=2)"
        assert tuple(shifted((4, 3)).shape) == (4, 3)
    """
    installed.run("-c", textwrap.dedent(code))


def test_the_allow_list_blocks_it(installed, monkeypatch):
    monkeypatch.setenv("INITREG_PLUGINS", "shifted")
    assert "shifted" in installed.initreg("list", "--plugin", "acme-inits")
    printed = installed.initreg("show", "residual_normal", status=2)
    assert "blocked" in printed
