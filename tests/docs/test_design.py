"""The page on the design names modules and tests that exist."""

import re

import pytest

from tests.support.paths import DOCS, ROOT

ROWS = re.findall(
    r"^\| \w+: .*? \| `(.*?)`.*?\| `(test_\w+)` \|$", (DOCS / "design.md").read_text("utf-8"), re.M
)
TESTS = {
    name
    for file in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.M)
}


@pytest.mark.parametrize(("module", "test"), ROWS)
def test_what_is_relied_on_has_an_adapter_and_a_test(module, test):
    assert test in TESTS
    assert any((folder / module).is_file() for folder in _PACKAGES)


_PACKAGES = (
    ROOT / "registry" / "initreg",
    ROOT / "cli" / "initreg_cli",
    ROOT / "plugins" / "initreg_plugins",
)


def test_the_table_is_found():
    assert len(ROWS) == 10
