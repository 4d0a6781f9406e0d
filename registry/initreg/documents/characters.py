r"""Find each character of a value in the text that it was read from.

A finding in a spec has a column that counts the characters of the *value*. To show it, its place
in the *text* is needed. Quotes, escapes, folded lines and the indentation of blocks are only in
the text:

>>> from initreg.documents import Scalar
>>> text = r'init: "ze\u0072os"'
>>> offsets(Scalar(start=6, end=18, value="zeros"), text)
[7, 8, 9, 15, 16, 17]

The ``r`` of the value starts at 9, with its escape. The last offset is where the value ends.

White space is the hard part, because YAML folds it: a line break and the indentation after it can
be one space in the value. So the value is compared in runs. A run of white space in the value is
matched with all the white space at the same place in the text, and each of its characters gets a
place between the two visible neighbours.
"""

import re
import sys

from initreg.documents.node import Scalar

# An escape of JSON, YAML or TOML. JSON writes two for a character above 16 bits.
_ESCAPE = re.compile(
    r"\\(?:x[0-9A-Fa-f]{2}|U[0-9A-Fa-f]{8}|u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}"
    r"|u[0-9A-Fa-f]{4}|.)",
    re.DOTALL,
)
_JOINED_LINES = re.compile(r"\\[ \t]*(?:\r\n|[\n\r\x85\u2028\u2029])")  # by a backslash
_HEADER = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)")  # the first line of a block of YAML, as in `|2-`


def offsets(scalar: Scalar, text: str) -> list[int]:
    """Return the offset in `text` of each character of a value, and of the value's end."""
    value = scalar.value
    at, quote = _opening(scalar, text)
    places: list[int] = []
    while len(places) < len(value):
        gap, after = _gap(scalar, text, at, quote)
        run = len(places)
        while run < len(value) and value[run].isspace():
            run += 1
        length = run - len(places)
        places += (gap + [after] * length)[:length]
        if run == len(value):  # the value ends here, even if the text has more white space
            at = gap[length] if 0 < length < len(gap) else after
            break
        at = after
        places.append(at)
        if quote == '"' and text[at : at + 1] == "\\":
            at += len(_escape(text, at, pairs=not "\ud800" <= value[run] <= "\udfff"))
        else:
            doubled = quote == "'" and not scalar.tripled and text.startswith("''", at)
            at += 2 if doubled else 1
    return [min(place, scalar.end) for place in (*places, at)]


def _opening(scalar: Scalar, text: str) -> tuple[int, str]:
    """Return where the value starts after its quote or header, and which quote it has."""
    quote = text[scalar.start : scalar.start + 1]
    if quote in "|>":  # a block of YAML: no other value starts with these
        header = _HEADER.match(text, scalar.start)
        return (header.end() if header else scalar.end), ""
    if quote in "'\"":
        return scalar.start + (3 if scalar.tripled else 1), quote
    return scalar.start, ""


def _gap(scalar: Scalar, text: str, at: int, quote: str) -> tuple[list[int], int]:
    """Return the offsets of white space, escaped or not, from `at`, and where it ends."""
    gap = []
    while at < scalar.end:
        if text[at].isspace():
            gap.append(at)
            at += 1
        elif quote == '"' and (joined := _JOINED_LINES.match(text, at)):
            at = joined.end()
        elif quote == '"' and text[at] == "\\" and _is_space(escape := _escape(text, at)):
            gap.append(at)
            at += len(escape)
        else:
            break
    return gap, at


def _escape(text: str, at: int, *, pairs: bool = True) -> str:
    """Return the escape at an offset; without `pairs`, only the first half of a pair."""
    match = _ESCAPE.match(text, at)
    escape = match[0] if match else text[at]
    return escape if pairs or len(escape) != len(r"\ud83d\ude00") else escape[:6]


def _is_space(escape: str) -> bool:
    letter, digits = escape[1:2], escape[2:]
    if len(digits) > len("0010FFFF"):  # a pair
        return False
    if not digits:
        return letter != "" and letter in "tnvfrNLP_ \t"
    code = int(digits, 16)
    return code <= sys.maxunicode and chr(code).isspace()
