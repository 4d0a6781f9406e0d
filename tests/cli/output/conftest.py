"""A terminal in this process."""

import io
import sys
from typing import Any

import pytest


class Terminal(io.TextIOWrapper):
    """A stream with an encoding that claims to be a terminal."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="\n")

    def isatty(self) -> bool:
        return True

    @property
    def text(self) -> str:
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode(self.encoding)


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make stdout a terminal with this many columns."""

    def make(columns: int, encoding: str = "utf-8") -> Terminal:
        terminal = Terminal(encoding)
        monkeypatch.setattr(sys, "stdout", terminal)
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("NO_COLOR", "1")
        return terminal

    return make
