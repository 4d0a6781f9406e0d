"""Report the progress of long work, to a callback or as a bar on stderr."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[int, int], None]

_DELAY = 1.0  # seconds before the bar is shown
_WIDTH = 30  # characters


@contextmanager
def reporting(progress: Progress | bool | None, total: int) -> Iterator[Callable[[int], None]]:
    """Yield a callback that takes the number of values just finished and reports progress.

    It calls `progress`, if that is a function. True draws a bar, None draws one if stderr is a
    terminal, and False draws none.
    """
    notify = progress if callable(progress) else None
    has_bar = (
        notify is None
        and sys.stderr is not None
        and (progress or (progress is None and _is_terminal()))
    )
    started = time.monotonic()
    done = 0

    def report(more: int) -> None:
        nonlocal done
        done += more
        if notify is not None:
            notify(done, total)
        elif has_bar and time.monotonic() - started > _DELAY:
            _draw(done, total)

    try:
        yield report
    finally:
        if has_bar and time.monotonic() - started > _DELAY:
            sys.stderr.write("\r\033[K")  # remove the bar
            sys.stderr.flush()


def _is_terminal() -> bool:
    return sys.stderr is not None and not sys.stderr.closed and sys.stderr.isatty()


def _draw(done: int, total: int) -> None:
    share = done / total if total else 1.0
    bar = ("#" * round(share * _WIDTH)).ljust(_WIDTH, ".")
    sys.stderr.write(f"\r[{bar}] {share:4.0%}  {done:,} of {total:,} values")
    sys.stderr.flush()
