"""stdin, stdout and stderr in any environment."""

import errno
import io
import sys

import pytest
import typer

from initreg_cli import stdio
from initreg_cli.group import Commands


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


def test_stdin_can_be_read_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"seed: 1\n")))
    assert stdio.peek_stdin() == b"seed: 1\n"
    assert sys.stdin.buffer.read() == b"seed: 1\n"


def test_typer_does_not_handle_a_closed_pipe() -> None:
    """If it did, the status would be 1, and a command could not end quietly with 0."""
    app = typer.Typer(cls=Commands)

    @app.command("list")
    def list_() -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    app.command("show")(lambda: None)
    with pytest.raises(stdio.ReaderLeft):
        app(["list"])
