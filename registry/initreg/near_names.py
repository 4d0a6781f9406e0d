"""The known name that is nearest to a misspelt one."""

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return " Did you mean …?" with the known word nearest to `word`, or nothing.

    A single letter is near to the same letter only.

    >>> did_you_mean("stdev", ["mean", "stddev"])
    " Did you mean 'stddev'?"
    """
    names = {name.lower(): name for name in known}
    cutoff = 0.6 if len(word) > 1 else 1.0
    near = difflib.get_close_matches(word.lower(), names, n=1, cutoff=cutoff)
    return f" Did you mean {names[near[0]]!r}?" if near else ""
