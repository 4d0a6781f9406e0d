"""stdout and stderr in any environment."""

import sys

import pytest

from initreg_cli import stdio


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
