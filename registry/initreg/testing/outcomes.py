"""What became of one check."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["passed", "failed", "expected", "skipped"]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What became of one check of one initializer.

    `spec` is what was checked, as text. `message` says what is wrong, or why the check was skipped
    or its failure expected; `advice` says what to do. `seconds` is how long it took.

    >>> print(CheckResult("docs", "ones", "failed", "It has no example.", "Add examples=…"))
    docs of ones failed: It has no example. Add examples=…
    """

    check: str
    spec: str
    status: Status
    message: str = ""
    advice: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        told = " ".join(filter(None, (self.message, self.advice)))
        return f"{self.check} of {self.spec} {self.status}{': ' * bool(told)}{told}"


class Failed(Exception):  # noqa: N818  # no error: the finding of a check
    """What a check demands does not hold; `spec` is the config that fails, if not the first one."""

    def __init__(self, message: str, advice: str, spec: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.spec = spec


class Skipped(Exception):  # noqa: N818
    """The check says nothing of this initializer; the text says why."""


def demand(holds: object, message: str, advice: str, spec: str = "") -> None:
    """Raise `Failed` unless something holds."""
    if not holds:
        raise Failed(message, advice, spec)
