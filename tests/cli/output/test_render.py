"""Tables, JSON and pictures, in a pipe and in a terminal of any width."""

import io
import json
import math
import sys
from typing import Any

import numpy as np
import pytest

from initreg_cli import stdio
from initreg_cli.output import render


class Terminal(io.TextIOWrapper):
    """A stream that says that it is a terminal, in an encoding."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="\n")

    def isatty(self) -> bool:
        return True

    @property
    def text(self) -> str:
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode(self.encoding)


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make stdout a terminal of so many columns."""

    def make(columns: int, encoding: str = "utf-8") -> Terminal:
        terminal = Terminal(encoding)
        monkeypatch.setattr(sys, "stdout", terminal)
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("NO_COLOR", "1")
        return terminal

    return make


def test_json_has_no_infinity_and_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    render.json({"a": [math.inf, -math.inf, math.nan, 1.5], "b": (1, None), "c": {"d": {2}}})
    read = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert read == {"a": [None, None, None, 1.5], "b": [1, None], "c": {"d": "{2}"}}


def test_notes_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    render.note("so")
    assert capsys.readouterr() == ("", "so\n")


def test_in_a_pipe_lines_are_whole(capsys: pytest.CaptureFixture[str]) -> None:
    render.heading("head")
    render.prose("one\ntwo\n\nthree " * 60)
    render.pairs({"a": "x" * 300, "long": "y"})
    render.table(("n", "m"), [("a", "b" * 300), ("cc", "d")], fold={"m": "M"})
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "head"
    assert "one two" in out
    assert out[-5:] == [f"a     {'x' * 300}", "long  y", "n   m", f"a   {'b' * 300}", "cc  d"]


def test_numbers_are_aligned_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    render.table(("", "drawn"), [("mean", "1"), ("max", "100.5")], right=True)
    assert capsys.readouterr().out == "      drawn\nmean      1\nmax   100.5\n"


ROWS = [
    ("first", "some words to read", "also", "acme 1"),
    ("second", "and more words, of which there are quite a few", "", "acme 1"),
]


@pytest.mark.parametrize("columns", [20, 40, 59, 60, 80, 200])
def test_in_a_terminal_a_table_keeps_to_its_columns(wide: Any, columns: int) -> None:
    terminal = wide(columns)
    render.table(
        ("name", "words", "known as", "from"), ROWS, fold={"known as": "Also", "from": "From"}
    )
    assert max(map(len, terminal.text.splitlines())) <= columns
    # What all rows share is told once; the other minor column follows the words.
    text = " ".join(terminal.text.split())
    assert ("From: acme 1" in text) == (columns < 110)
    assert ("Also: also." in text) == (columns < 110)
    assert text.count("acme 1") == (1 if columns < 110 else 2)


def test_in_a_narrow_terminal_long_values_continue_below(wide: Any) -> None:
    terminal = wide(20)
    render.pairs({"a": "one two three four five", "bc": "x" * 30})
    # A long word stays whole, to be copied.
    assert terminal.text == f"a   one two three\n    four five\nbc  {'x' * 30}\n"


def test_in_a_terminal_prose_wraps(wide: Any) -> None:
    terminal = wide(20)
    render.prose("one two three four five six seven")
    assert terminal.text == "one two three four\nfive six seven\n"


def test_the_picture_shows_counts_and_marks(capsys: pytest.CaptureFixture[str]) -> None:
    render.histogram([0.0, 1.0, 2.0], [10, 5], [5.0, 5.0])
    first, second, legend = capsys.readouterr().out.splitlines()
    room = 80 - len("0.5") - 3
    assert first == "0.5  " + "█" * (room // 2) + "┃" + "█" * (room - room // 2 - 1)
    assert second.startswith("1.5  " + "█" * (room // 2))
    assert second.endswith("┃")
    assert legend == "     ┃ expected"


def test_the_picture_needs_no_unicode(wide: Any) -> None:
    terminal = wide(40, "ascii")
    render.histogram([0.0, 1.0, 2.0], [10, 5], [5.0, 5.0])
    assert "#|" in terminal.text
    assert "| expected" in terminal.text


@pytest.mark.parametrize(
    ("low", "high"),
    [(-0.2, 0.2), (0, 1), (1e6, 1e6 + 1), (-3e30, 3e30), (-1e-40, 2e-40), (1, 1 + 2e-7), (-5e5, 5)],
)
def test_labels_tell_the_bins_apart(
    capsys: pytest.CaptureFixture[str], low: float, high: float
) -> None:
    edges = np.linspace(low, high, 18).tolist()
    render.histogram(edges, [1] * 17, [])
    labels = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert len(set(labels)) == 17
    assert all(a <= float(n) <= b for n, a, b in zip(labels, edges, edges[1:], strict=False))
    assert max(map(len, labels)) < 16
    assert "-0.0" not in labels


def test_a_preview_shows_the_corners_of_many_values() -> None:
    assert "..." not in render.preview(np.zeros(24))
    assert "..." in render.preview(np.zeros(25))


def test_lacking_characters_are_replaced() -> None:
    stdio.prepare()
    assert "0 … 1 × ≥ ≤ ±√2".encode("ascii", "initreg") == b"0 ... 1 x >= <= +-sqrt2"
    assert "é\udcff".encode("ascii", "initreg") == rb"\xe9\udcff"
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", "initreg")


def test_a_stream_that_is_closed_goes_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    stdio.prepare()
    print("nothing", flush=True)
    sys.stdout.close()
