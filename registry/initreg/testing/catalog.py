"""The catalog of all checks. To add one, write its function and a row in docs/testing.md."""

from collections.abc import Callable
from dataclasses import dataclass

from initreg.testing.subject import Subject

CheckFunction = Callable[[Subject], None]


@dataclass(frozen=True)
class Check:
    """A check: its function raises `Failed` or `Skipped`, and its docstring says what must hold."""

    run: CheckFunction
    needs_keras: bool


CATALOG: dict[str, Check] = {}
"""All checks, by name."""


def register(*, needs_keras: bool) -> Callable[[CheckFunction], CheckFunction]:
    """Add a function to the catalog, under its own name."""

    def add(run: CheckFunction) -> CheckFunction:
        CATALOG[run.__name__] = Check(run, needs_keras)
        return run

    return add
