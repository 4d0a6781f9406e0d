"""A bar on stderr for work that takes long."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[int, int], None]

_PATIENCE = 1.0  # seconds without a bar
_WIDTH = 30


@contextmanager
def reporting(progress: Progress | bool | None, total: int) -> Iterator[Callable[[int], None]]:
    """Give a function that takes how much more is done, and tells `progress`, or draws a bar.

    With None, the bar is drawn where stderr is a terminal; with False, never.
    """
    show = progress if callable(progress) else None
    drawn = (
        show is None
        and sys.stderr is not None
        and (progress or (progress is None and _is_terminal()))
    )
    started = time.monotonic()
    done = 0

    def report(more: int) -> None:
        nonlocal done
        done += more
        if show is not None:
            show(done, total)
        elif drawn and time.monotonic() - started > _PATIENCE:
            _draw(done, total)

    try:
        yield report
    finally:
        if drawn and time.monotonic() - started > _PATIENCE:
            sys.stderr.write("\r\033[K")  # the bar has done its part
            sys.stderr.flush()


def _is_terminal() -> bool:
    return sys.stderr is not None and not sys.stderr.closed and sys.stderr.isatty()


def _draw(done: int, total: int) -> None:
    share = done / total if total else 1.0
    bar = ("#" * round(share * _WIDTH)).ljust(_WIDTH, ".")
    sys.stderr.write(f"\r[{bar}] {share:4.0%}  {done:,} of {total:,} values")
    sys.stderr.flush()
