"""Text, JSON and tables for the terminal: the one module that imports Rich.

In a terminal, Rich draws the tables. In a pipe, lines are plain and never wrapped, which is faster
and works with grep.
"""

import io
import json
import math
import os
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

_NARROW = 110  # in terminals with fewer columns, a table folds its minor columns
_TINY = 60  # in terminals with fewer columns, a table becomes one block for each row


def print_json(data: object) -> None:
    """Print data as JSON; see `json_text`."""
    print(json_text(data, ascii_=not is_unicode()))


def json_text(data: object, *, ascii_: bool = False) -> str:
    """Write data as JSON. Infinity and NaN, which JSON lacks, are a `ValueError`; see `finite`."""
    return json.dumps(data, indent=2, ensure_ascii=ascii_, allow_nan=False, default=str)


def finite(data: Any) -> Any:
    """Replace infinities and NaNs in lists and dicts by None, for JSON."""
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, dict):
        return {key: finite(value) for key, value in data.items()}
    return [finite(item) for item in data] if isinstance(data, list) else data


def print_note(message: str) -> None:
    """Print a note on stderr, below what is on stdout already."""
    sys.stdout.flush()
    print(message, file=sys.stderr)


def print_text(line: str) -> None:
    """Print text unchanged. It is never wrapped, so that it can be copied."""
    print(line)


def print_exact(text: str) -> None:
    """Print the text of a file, byte for byte: no line end is added or changed."""
    sys.stdout.flush()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
    else:
        sys.stdout.write(text)


def print_prose(paragraphs: str) -> None:
    """Print paragraphs, wrapped between words in a terminal."""
    for paragraph in paragraphs.split("\n\n"):
        joined = " ".join(paragraph.split())
        print(textwrap.fill(joined, width()) if sys.stdout.isatty() else joined)


def print_heading(line: str) -> None:
    """Print a heading, bold in a terminal."""
    if sys.stdout.isatty():
        _console().print(line, style="bold", markup=False)
    else:
        print(line)


def print_pairs(items: Mapping[str, str]) -> None:
    """Print names and values, aligned. In a terminal, long values continue on indented lines."""
    indent = max(map(len, items)) + 2
    for name, value in items.items():
        line = f"{name:<{indent}}{value}"
        if sys.stdout.isatty() and len(line) > width():
            line = textwrap.fill(
                value,
                width(),
                initial_indent=f"{name:<{indent}}",
                subsequent_indent=" " * indent,
                break_long_words=False,  # paths and names stay whole, to be copied
                break_on_hyphens=False,
            )
        print(line)


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    fold: Mapping[str, str] | None = None,
    right: bool = False,
) -> None:
    """Print a table.

    In a narrow terminal, the columns in `fold` are appended to the last column, each introduced by
    a word. `right` aligns all columns but the first to the right.
    """
    if not sys.stdout.isatty():
        _print_plain_table(columns, rows, right)
        return
    console = _console()
    common: dict[str, str] = {}
    if fold and console.width < _NARROW:
        columns, rows, common = _folded(columns, rows, fold)
    if console.width >= _TINY or right:
        _print_rich_table(console, columns, rows, right)
    else:
        for row in rows:
            _print_block(console, columns, row)
    for word, cell in common.items():
        print(f"\n{word}: {cell}")


def print_wide_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table. In a terminal that is too narrow for it, print the first cell of each row and,
    below, the other cells in a line or two.
    """
    if not sys.stdout.isatty():
        _print_plain_table(columns, rows, right=False)
        return
    console = _console()
    widths = (max(map(len, cells)) for cells in zip(columns, *rows, strict=True))
    if sum(widths) + 2 * len(columns) <= console.width:
        _print_rich_table(console, columns, rows, right=False)
        return
    for first, *cells in rows:
        console.print(first, style="bold", markup=False, soft_wrap=True)
        named = [f"{name} {cell}" for name, cell in zip(columns[1:], cells, strict=True) if cell]
        indent = "  "
        line = textwrap.fill(
            "; ".join(named),
            console.width,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,  # specs and paths stay whole, to be copied
            break_on_hyphens=False,
        )
        print(line)


def _print_rich_table(
    console: "Console", columns: Sequence[str], rows: Sequence[Sequence[str]], right: bool
) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for index, column in enumerate(columns):
        table.add_column(
            column,
            style="bold" if index == 0 else None,
            justify="right" if right and index else "left",
            overflow="fold",
            no_wrap=index == 0,
        )
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


def _print_block(console: "Console", columns: Sequence[str], row: Sequence[str]) -> None:
    """Print a row as its first cell and, below, a line for each other cell."""
    console.print(row[0], style="bold", markup=False)
    for column, cell in zip(columns[1:], row[1:], strict=True):
        if cell:
            line = f"  {column}: {cell}"
            print(textwrap.fill(line, console.width, subsequent_indent="    "))


def _print_plain_table(columns: Sequence[str], rows: Sequence[Sequence[str]], right: bool) -> None:
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
    """Append the columns in `fold` to the last column, except cells that are equal in all rows.

    Return the columns, the rows, and the cells that all rows have in common.
    """
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


def is_unicode() -> bool:
    """Return True if stdout can show any character."""
    return (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")


def width() -> int:
    """Return the number of columns: those of the terminal, or 80 in a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 80


def _console() -> "Console":
    from rich.console import Console

    # With NO_COLOR, Rich itself leaves out colours but would still print bold.
    plain = bool(os.environ.get("NO_COLOR"))
    return Console(
        highlight=False, emoji=False, width=width(), color_system=None if plain else "auto"
    )
