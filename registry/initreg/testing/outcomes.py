"""The result of a check, and how a check reports it: `demand`, `Failed` and `Skipped`."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["passed", "failed", "expected", "skipped"]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check of one initializer.

    `spec` is what was checked, as text. `message` says what is wrong, why the check was skipped, or
    why its failure is expected; `advice` says what to do. `seconds` is how long it took.

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
        text = " ".join(filter(None, (self.message, self.advice)))
        return f"{self.check} of {self.spec} {self.status}" + (f": {text}" if text else "")


class Failed(Exception):  # noqa: N818  # not an error, but the result of a check
    """The initializer does not conform; `spec` is the config that fails, if it isn't the first."""

    def __init__(self, message: str, advice: str, spec: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.spec = spec


class Skipped(Exception):  # noqa: N818
    """The check does not apply to this initializer; the text says why."""


def demand(holds: object, message: str, advice: str, spec: str = "") -> None:
    """Raise `Failed` unless a condition holds."""
    if not holds:
        raise Failed(message, advice, spec)
