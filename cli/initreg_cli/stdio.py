"""stdout and stderr: any encoding, closed from the start, or closed by the reader."""

import codecs
import io
import os
import sys
from pathlib import Path

# What stands for the characters of our own output where the encoding lacks them.
_PLAIN = {"…": "...", "×": "x", "≥": ">=", "≤": "<=", "±": "+-", "√": "sqrt", "−": "-", "–": "-"}


def prepare() -> None:
    """Make both streams writable, whatever the environment says of them.

    No text fails for its characters: not in ASCII or Latin-1, and not the undecodable bytes of a
    file's name. A stream that is closed (``>&-``) goes nowhere; without that, the next file opened
    would take its place, and get what C libraries print.
    """
    codecs.register_error("initreg", _plainly)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="initreg")


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c) or _escaped(c) for c in lacking), error.end


def _escaped(character: str) -> str:
    return character.encode("ascii", "backslashreplace").decode()


def discard() -> None:
    """Send what is still to be written nowhere: Python flushes once more at exit, and complains."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None:
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
