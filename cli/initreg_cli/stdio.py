"""stdin, stdout and stderr: any encoding, closed from the start, closed early, or read twice."""

import codecs
import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

# Replacements for the characters of our own output that an encoding may lack.
_PLAIN = {"…": "...", "×": "x", "≥": ">=", "≤": "<=", "±": "+-", "√": "sqrt", "−": "-", "–": "-"}

# Bytes to read from stdin: one more than the largest file that is accepted in any format.
_MOST = (64 << 20) + 1


class ReaderLeft(Exception):  # noqa: N818  # it is not an error
    """The program that reads stdout has ended, as in ``initreg list | head``."""


@contextlib.contextmanager
def noticing_readers_leave() -> Iterator[None]:
    """Raise `ReaderLeft` for a closed pipe.

    Typer would handle the `OSError` itself, and end with status 1.
    """
    try:
        yield
    except BrokenPipeError as error:
        raise ReaderLeft from error


def prepare() -> None:
    """Make stdout and stderr writable in any environment.

    Text never fails because of a character: not in ASCII or Latin-1, and not for the undecodable
    bytes of a file name. Output to a closed stream (``>&-``) is dropped; otherwise, the next file
    that is opened would get the stream's number, and with it what C libraries print.
    """
    codecs.register_error("initreg", _replace)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="initreg")


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c) or _escaped(c) for c in missing), error.end


def _escaped(character: str) -> str:
    return character.encode("ascii", "backslashreplace").decode()


@contextlib.contextmanager
def clean_stdout() -> Iterator[None]:
    """Redirect output from plugins and Keras to stderr; stdout is for data."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


def peek_stdin() -> bytes:
    """Return the bytes of stdin, which can then be read once more."""
    data = sys.stdin.buffer.read(_MOST)
    sys.stdin = io.TextIOWrapper(io.BytesIO(data))
    return data


def discard() -> None:
    """Drop unwritten output, because Python flushes the streams at exit and reports a failure."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None:
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
