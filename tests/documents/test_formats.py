"""Each format is one row of a table, and everything that names formats follows the table."""

from typing import get_args

import pytest

from initreg.documents.formats import FORMATS, format_named, format_of_ending
from initreg_cli.commands import check

NAMES = [format_.name for format_ in FORMATS]


def test_a_format_is_found_by_its_name_and_by_each_ending():
    for format_ in FORMATS:
        assert format_named(format_.name) is format_
        for ending in format_.endings:
            assert format_of_ending(ending) is format_of_ending(ending.upper()) is format_
    assert format_of_ending(".ini") is None
    assert format_of_ending("") is None


def test_a_format_that_does_not_exist_is_rejected_with_the_names_of_the_others():
    with pytest.raises(ValueError, match=f"language must be one of {', '.join(NAMES)}, not 'ini'"):
        format_named("ini")


def test_the_command_line_takes_the_same_formats():
    assert set(get_args(check.Language)) == set(NAMES)


@pytest.mark.parametrize(
    "format_", [f for f in FORMATS if f.write], ids=lambda format_: format_.name
)
def test_a_value_is_read_as_it_is_written(format_):
    value = {"a b": [1, -1e-07, True, 'x"\\\n\u2028'], "c": {}}
    assert format_.write is not None
    key = "c = {}" if format_.name == "toml" else '{{"c": {}}}'
    (document,) = format_.parse(key.format(format_.write(value)))
    assert document.data == {"c": value}
