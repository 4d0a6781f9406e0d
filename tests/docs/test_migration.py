"""The names in the migration tables are reached as the tables say."""

import re

from initreg import default_registry
from tests.support.pages import read

PAGE = read("migration.md")


def test_names():
    rows = re.findall(r"^\| (`[^|]*) \| `(\w+)` \|", PAGE, re.MULTILINE)
    assert len(rows) > 15
    for written, name in rows:
        for spelling in re.findall(r"`(\w+)`", written):
            assert default_registry().find(spelling).name == name


def test_no_initializer_of_keras_is_missing():
    for entry in default_registry().builtin_entries():
        if entry.config_class.initializer_builds.startswith("keras."):
            assert f"`{entry.name}" in PAGE


def test_what_is_to_be_written_is_a_spec():
    written = re.findall(r"^\| .* \| `(\w+\(.*?\))`[^|]*\|$", PAGE, re.MULTILINE)
    assert len(written) > 6
    for spec in written:
        if "…" not in spec:
            default_registry().validate(spec.replace("(g)", "(1.5)"))
