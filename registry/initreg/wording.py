"""Phrases that many messages share."""

import traceback
from collections.abc import Sequence
from pathlib import Path

from initreg.spec.spec import Spec


def shown(value: object) -> str:
    """Format a value for a message: shortened, in the syntax of a spec."""
    try:
        text = str(value) if isinstance(value, Spec) else repr(value)
    except Exception:  # nested too deep, a number of too many digits, or a fault of the class
        return f"this {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:57]}…"


def quoted(pattern: str) -> str:
    r"""Return a pattern in quotes, as it was written: its backslashes are not doubled.

    >>> print(quoted(r"block_\d+/"))
    'block_\d+/'
    """
    quote = '"' if "'" in pattern else "'"
    return quote + "".join(c if c.isprintable() else repr(c)[1:-1] for c in pattern) + quote


def listed(items: Sequence[str], limit: int, separator: str = ", ") -> str:
    """Join the first `limit` items, and say how many more there are.

    >>> listed(["zeros", "ones", "constant"], 2)
    'zeros, ones and 1 more'
    """
    more = f" and {len(items) - limit} more" if len(items) > limit else ""
    return separator.join(items[:limit]) + more


def first_line(error: BaseException) -> str:
    r"""Return the first line of an error's message.

    >>> first_line(ValueError("No such shape.\nThe layer has the config …"))
    'No such shape.'
    """
    return str(error).strip().partition("\n")[0]


def one_line(text: object) -> str:
    r"""Write a text, or the message of an error, on one line.

    >>> one_line(ValueError("no licence\n  found"))
    'no licence found'
    """
    return " ".join(str(text).split())


def fold(name: str) -> str:
    """Reduce a name to what look-up compares: no case, no ``-`` and no ``_``.

    >>> fold("Glorot-Uniform") == fold("glorot_uniform")
    True
    """
    if not name.isascii():  # lower() maps KELVIN SIGN to "k"
        return name
    return name.lower().replace("_", "").replace("-", "")


def at_line(source: str | None, line: int | None) -> str:
    """Return the line of a file as `` (file:line)``, or nothing if there is no file or line."""
    return f" ({source}:{line})" if source and line else ""


def place_in(error: BaseException, package: str) -> str:
    """Return the last place in a package that led to an error, as `` (file, line 3)``.

    Returns nothing if no frame of the traceback is in the package.
    """
    frames = [(f.f_code.co_filename, line) for f, line in traceback.walk_tb(error.__traceback__)]
    for filename, line in reversed(frames):
        path = Path(filename)
        upwards = [path.stem, *reversed(path.parts[:-1])]
        if package in upwards:
            within = path.parts[-upwards.index(package) - 1 :]
            return f" ({'/'.join(within)}, line {line})"
    return ""
