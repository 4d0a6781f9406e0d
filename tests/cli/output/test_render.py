"""Text, JSON and tables, in a pipe and in a terminal of any width."""

import json
import math
from typing import Any

import pytest

from initreg_cli.output import render


def test_json_has_no_infinity_and_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    data = {"a": [math.inf, -math.inf, math.nan, 1.5], "b": {"c": math.inf}, "d": math.nan}
    render.print_json(render.finite(data))
    read = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert read == {"a": [None, None, None, 1.5], "b": {"c": None}, "d": None}
    with pytest.raises(ValueError, match="not JSON compliant"):
        render.json_text(data)


def test_what_json_lacks_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    render.print_json({"b": (1, None), "c": {"d": {2}}})
    assert json.loads(capsys.readouterr().out) == {"b": [1, None], "c": {"d": "{2}"}}


def test_notes_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    render.print_note("so")
    assert capsys.readouterr() == ("", "so\n")


def test_in_a_pipe_lines_are_whole(capsys: pytest.CaptureFixture[str]) -> None:
    render.print_heading("head")
    render.print_prose("one\ntwo\n\nthree " * 60)
    render.print_pairs({"a": "x" * 300, "long": "y"})
    render.print_table(("n", "m"), [("a", "b" * 300), ("cc", "d")], fold={"m": "M"})
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "head"
    assert "one two" in out
    assert out[-5:] == [f"a     {'x' * 300}", "long  y", "n   m", f"a   {'b' * 300}", "cc  d"]


def test_numbers_are_aligned_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    render.print_table(("", "drawn"), [("mean", "1"), ("max", "100.5")], right=True)
    assert capsys.readouterr().out == "      drawn\nmean      1\nmax   100.5\n"


ROWS = [
    ("first", "some words to read", "also", "acme 1"),
    ("second", "and more words, of which there are quite a few", "", "acme 1"),
]


@pytest.mark.parametrize("columns", [20, 40, 59, 60, 80, 200])
def test_in_a_terminal_a_table_keeps_to_its_columns(wide: Any, columns: int) -> None:
    terminal = wide(columns)
    render.print_table(
        ("name", "words", "known as", "from"), ROWS, fold={"known as": "Also", "from": "From"}
    )
    assert max(map(len, terminal.text.splitlines())) <= columns
    # A cell that all rows share is printed once; the other minor column follows the words.
    text = " ".join(terminal.text.split())
    assert ("From: acme 1" in text) == (columns < 110)
    assert ("Also: also." in text) == (columns < 110)
    assert text.count("acme 1") == (1 if columns < 110 else 2)


def test_in_a_narrow_terminal_long_values_continue_below(wide: Any) -> None:
    terminal = wide(20)
    render.print_pairs({"a": "one two three four five", "bc": "x" * 30})
    # A long word stays whole, to be copied.
    assert terminal.text == f"a   one two three\n    four five\nbc  {'x' * 30}\n"


def test_in_a_terminal_prose_wraps(wide: Any) -> None:
    terminal = wide(20)
    render.print_prose("one two three four five six seven")
    assert terminal.text == "one two three four\nfive six seven\n"
