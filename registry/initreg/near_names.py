"""The known name that is nearest to a misspelt one."""

import difflib
from collections.abc import Iterable


def nearest(word: object, known: Iterable[str]) -> str | None:
    """Return the known word nearest to `word`. None if none is near, or if `word` isn't text.

    A single letter is near to the same letter only.
    """
    if not isinstance(word, str):
        return None
    names = {name.lower(): name for name in known}
    cutoff = 0.6 if len(word) > 1 else 1.0
    near = difflib.get_close_matches(word.lower(), names, n=1, cutoff=cutoff)
    return names[near[0]] if near else None


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return " Did you mean …?" with the known word nearest to `word`, or nothing.

    >>> did_you_mean("stdev", ["mean", "stddev"])
    " Did you mean 'stddev'?"
    """
    near = nearest(word, known)
    return "" if near is None else f" Did you mean {near!r}?"
