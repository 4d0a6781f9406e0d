"""How a check speaks: what it demands does not hold, or the check does not apply."""


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
