"""Tables, JSON and terminal pictures: the one module that imports Rich.

In a terminal, Rich draws; where the output is piped, lines are plain and never wrapped, for grep
and for speed.
"""

import io
import json as json_
import math
import os
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from rich.console import Console

WHOLE = 24  # how many values a preview shows, before it shows the corners alone
_NARROW = 110  # columns below which a table folds its minor columns
_TINY = 60  # columns below which there is no room for a table at all
_EIGHTHS = "▏▎▍▌▋▊▉"


def json(data: object) -> None:
    """Print data as JSON, which has no infinity and no NaN: they are null."""
    print(json_text(data, ascii_=not _unicode()))


def json_text(data: object, *, ascii_: bool = False) -> str:
    """Write data as JSON."""
    plain = _finite(json_.loads(json_.dumps(data, default=str)))
    return json_.dumps(plain, indent=2, ensure_ascii=ascii_, allow_nan=False)


def _finite(data: Any) -> Any:
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    return [_finite(item) for item in data] if isinstance(data, list) else data


def note(message: str) -> None:
    """Print a note, on stderr."""
    print(message, file=sys.stderr)


def text(line: str) -> None:
    """Print a text as it is, to be copied: nothing wraps it."""
    print(line)


def exact(text: str) -> None:
    """Print a file's text to the byte: no line end is added or changed."""
    sys.stdout.flush()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
    else:
        sys.stdout.write(text)


def prose(paragraphs: str) -> None:
    """Print paragraphs, wrapped between words where there is a terminal."""
    for paragraph in paragraphs.split("\n\n"):
        joined = " ".join(paragraph.split())
        print(textwrap.fill(joined, _width()) if sys.stdout.isatty() else joined)


def heading(line: str) -> None:
    """Print a line that stands out, where there is a terminal."""
    if sys.stdout.isatty():
        _console().print(line, style="bold", markup=False)
    else:
        print(line)


def pairs(items: Mapping[str, str]) -> None:
    """Print names and values, aligned; in a terminal, long values continue below their start."""
    indent = max(map(len, items)) + 2
    for name, value in items.items():
        line = f"{name:<{indent}}{value}"
        if sys.stdout.isatty() and len(line) > _width():
            line = textwrap.fill(
                value,
                _width(),
                initial_indent=f"{name:<{indent}}",
                subsequent_indent=" " * indent,
                break_long_words=False,  # a path or a name stays whole, to be copied
                break_on_hyphens=False,
            )
        print(line)


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    fold: Mapping[str, str] | None = None,
    right: bool = False,
) -> None:
    """Print a table. In a narrow terminal the columns in `fold` follow the last one, introduced
    by a word; `right` aligns all but the first to the right.
    """
    if not sys.stdout.isatty():
        _plain_table(columns, rows, right)
        return
    console = _console()
    common: dict[str, str] = {}
    if fold and console.width < _NARROW:
        columns, rows, common = _folded(columns, rows, fold)
    if console.width >= _TINY or right:
        _drawn_table(console, columns, rows, right)
    else:
        for row in rows:
            _record(console, columns, row)
    for word, cell in common.items():
        print(f"\n{word}: {cell}")


def wide_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table. In a terminal that it does not fit in, each row follows below its first cell,
    in a line or two.
    """
    if not sys.stdout.isatty():
        _plain_table(columns, rows, right=False)
        return
    console = _console()
    widths = (max(map(len, cells)) for cells in zip(columns, *rows, strict=True))
    if sum(widths) + 2 * len(columns) <= console.width:
        _drawn_table(console, columns, rows, right=False)
        return
    for first, *cells in rows:
        console.print(first, style="bold", markup=False, soft_wrap=True)
        told = [f"{name} {cell}" for name, cell in zip(columns[1:], cells, strict=True) if cell]
        indent = "  "
        line = textwrap.fill(
            "; ".join(told),
            console.width,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,  # what is whole can be copied
            break_on_hyphens=False,
        )
        print(line)


def _drawn_table(
    console: "Console", columns: Sequence[str], rows: Sequence[Sequence[str]], right: bool
) -> None:
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for index, column in enumerate(columns):
        drawn.add_column(
            column,
            style="bold" if index == 0 else None,
            justify="right" if right and index else "left",
            overflow="fold",
            no_wrap=index == 0,
        )
    for row in rows:
        drawn.add_row(*map(Text, row))
    console.print(drawn)


def _record(console: "Console", columns: Sequence[str], row: Sequence[str]) -> None:
    """Print a row below its first cell, a line or more for each other one."""
    console.print(row[0], style="bold", markup=False)
    for column, cell in zip(columns[1:], row[1:], strict=True):
        if cell:
            line = f"  {column}: {cell}"
            print(textwrap.fill(line, console.width, subsequent_indent="    "))


def _plain_table(columns: Sequence[str], rows: Sequence[Sequence[str]], right: bool) -> None:
    lines = [columns, *rows]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    for line in lines:
        cells = [
            cell.rjust(width) if right and index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def _folded(
    columns: Sequence[str], rows: Sequence[Sequence[str]], fold: Mapping[str, str]
) -> tuple[list[str], list[list[str]], dict[str, str]]:
    """Move the columns in `fold` behind the last one; what all rows share is told once."""
    tables = [dict(zip(columns, row, strict=True)) for row in rows]
    shared = {c for c in fold if len(rows) > 1 and len({cells[c] for cells in tables}) == 1}
    kept = [column for column in columns if column not in fold]
    folded = []
    for cells in tables:
        line = [cells[column] for column in kept]
        extra = [f"{fold[c]}: {cells[c]}." for c in fold if c not in shared and cells[c]]
        line[-1] = " ".join([line[-1], *extra]).strip()
        folded.append(line)
    common = {fold[c]: tables[0][c] for c in fold if c in shared and tables[0][c]}
    return kept, folded, common


def preview(values: "np.ndarray[Any, Any]") -> str:
    """Write the corners of an array; of more than two axes, those of its first matrix."""
    import numpy as np

    if values.ndim > 2 and values.size > WHOLE:
        first = (0,) * (values.ndim - 2)
        return f"{[*first, ':', ':']} =\n{preview(values[first])}".replace("'", "")
    return np.array2string(
        values,
        threshold=WHOLE,
        edgeitems=3,
        max_line_width=_width(),
        precision=6,
        suppress_small=False,
    )


def histogram(edges: Sequence[float], counts: Sequence[int], expected: Sequence[float]) -> None:
    """Print the counts between the edges as bars, and what is expected as a mark on each."""
    unicode = _unicode()
    labels = _labels(edges)
    indent = max(map(len, labels))
    room = max(10, min(_width(), 100) - indent - 3)
    scale = room / max([*counts, *expected])
    mark = "┃" if unicode else "|"
    for index, (label, count) in enumerate(zip(labels, counts, strict=True)):
        bar = _bar(count * scale, unicode).ljust(room + 1)
        if expected:
            at = min(room, round(expected[index] * scale))
            bar = bar[:at] + mark + bar[at + 1 :]
        print(f"{label:>{indent}}  {bar.rstrip()}")
    if expected:
        print(f"{'':>{indent}}  {mark} expected")


def _labels(edges: Sequence[float]) -> list[str]:
    """Write the middle of each bin, with the digits that tell them apart."""
    step = edges[1] - edges[0]
    middles = [left + step / 2 for left in edges[:-1]]
    largest = max(map(abs, edges))
    finest = 1 - math.floor(math.log10(step))  # the decimal places that tell steps apart
    if not 1e-4 <= largest < 1e6:
        digits = max(2, finest + math.floor(math.log10(largest)))
        return [f"{middle:.{digits}e}" for middle in middles]
    digits = max(0, finest)
    # Rounded first, so that a zero has no sign.
    return [f"{round(middle, digits) + 0.0:.{digits}f}" for middle in middles]


def _bar(length: float, unicode: bool) -> str:
    whole, rest = divmod(length, 1)
    if not unicode:
        return "#" * round(length)
    part = int(rest * 8)
    return "█" * int(whole) + (_EIGHTHS[part - 1] if part else "")


def _unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")


def _width() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 80


def _console() -> "Console":
    from rich.console import Console

    # Rich takes NO_COLOR at its word, and would still print bold.
    plain = bool(os.environ.get("NO_COLOR"))
    return Console(
        highlight=False, emoji=False, width=_width(), color_system=None if plain else "auto"
    )
