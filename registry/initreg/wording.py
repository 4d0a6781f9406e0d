"""Phrases that many messages share."""

import difflib
import traceback
from collections.abc import Iterable
from pathlib import Path

from initreg.spec.spec import Spec


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return " Did you mean …?" for the known word nearest to `word`, or nothing."""
    names = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return f" Did you mean {names[near[0]]!r}?" if near else ""


def shown(value: object) -> str:
    """Write a value for a message: short, and as a spec would have it."""
    try:
        text = str(value) if isinstance(value, Spec) else repr(value)
    except Exception:  # lists nested too deep, a number of too many digits, a class's own mistake
        return f"this {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:57]}…"


def place_in(error: BaseException, package: str) -> str:
    """Write the last place in a package that led to an error: `` (file, line 3)``, or nothing."""
    frames = [(f.f_code.co_filename, line) for f, line in traceback.walk_tb(error.__traceback__)]
    for filename, line in reversed(frames):
        path = Path(filename)
        upwards = [path.stem, *reversed(path.parts[:-1])]
        if package in upwards:
            within = path.parts[-upwards.index(package) - 1 :]
            return f" ({'/'.join(within)}, line {line})"
    return ""
