"""The names in the migration tables are reached as the tables say."""

import re
from pathlib import Path

from initreg import default_registry

PAGE = (Path(__file__).parents[2] / "docs" / "migration.md").read_text("utf-8")


def test_names():
    rows = re.findall(r"^\| (`[^|]*) \| `(\w+)` \|", PAGE, re.MULTILINE)
    assert len(rows) > 15
    for written, name in rows:
        for spelling in re.findall(r"`(\w+)`", written):
            assert default_registry().find(spelling).name == name


def test_no_initializer_is_missing():
    for entry in default_registry().builtin_entries():
        assert f"`{entry.name}" in PAGE
