"""Show a line of text with carets under a place in it."""

import unicodedata

_WIDEST = 96  # characters of a line that are shown; the rest is cut


def point_at(text: str, start: int, end: int) -> str:
    """Return the line of `text` that `start` is in, with carets under ``start:end``.

    >>> print(point_at("he_normal(sed=1)", 10, 13))
    he_normal(sed=1)
              ^^^
    """
    first = text.rfind("\n", 0, start) + 1
    first = max(first, text.rfind("\r", first, start) + 1)
    last = text.find("\n", first)
    line = text[first:] if last < 0 else text[first:last]
    line = line.partition("\r")[0]  # the grammar ends lines here, too
    begin = min(start - first, len(line))
    stop = max(begin + 1, min(end - first, len(line)))
    left = max(0, begin - _WIDEST // 2) if len(line) > _WIDEST else 0
    right = min(len(line), left + _WIDEST)
    before, after = ("…" if left else ""), ("…" if right < len(line) else "")
    shown = printable(line.replace("\t", " "))
    indent = before + shown[left:begin]
    marked = shown[begin : min(stop, right)] or " "
    return (
        f"{before}{shown[left:right]}{after}".rstrip()
        + f"\n{' ' * _columns(indent)}{'^' * max(1, _columns(marked))}"
    )


def printable(text: str) -> str:
    """Replace the characters that would break the line, or that control the terminal.

    >>> printable("red: " + chr(27))
    'red: \N{REPLACEMENT CHARACTER}'
    """
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _columns(text: str) -> int:
    """Return the number of columns that `text` takes in a terminal."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
