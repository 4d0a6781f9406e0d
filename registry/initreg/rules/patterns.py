"""Patterns on weights' paths: regular expressions that can't take exponential time.

A backtracking engine takes exponential time where a repetition can read one text in two ways, for
each further repetition doubles the ways. So the pattern's position automaton (Glushkov, 1961) is
built, and searched for a state that two paths over one text lead back to: exponential degree of
ambiguity (Weber and Seidl, 1991; for backtracking, Weideman et al., 2016).
"""

import re
import warnings
from collections.abc import Iterator
from functools import lru_cache
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from initreg.rules.ambiguity import (
    MAX_STEPS,
    PATH,
    ExponentialError,
    ReferenceBackError,
    RefusedError,
    TooLargeError,
    TooSlowError,
)
from initreg.rules.automata import MAX_POSITIONS, check_tree

MAX_LENGTH = 1_000  # characters of a pattern

_QUANTIFIER = re.compile(r"(?:[*+]|\{\d*,?\d*\})[?+]?")
_TRIED = 20  # groups of which the shortest that is to blame is sought
_SHOWN = 60  # characters of the part that is to blame
_REFERENCE = re.compile(r"\\[1-9]\d?|\(\?P=\w+\)|\(\?\(")


class PatternError(ValueError):
    """A pattern is refused: `problem` says why; ``column:end`` is the place in it, if it has one.

    Columns count characters from 0.
    """

    def __init__(self, problem: str, column: int | None = None, end: int | None = None) -> None:
        super().__init__(problem, column, end)
        self.problem = problem
        self.column = column
        self.end = end

    def __str__(self) -> str:
        return self.problem


@lru_cache(maxsize=1024)
def compile_pattern(text: str) -> re.Pattern[str]:
    r"""Compile a regular expression, to be searched in the path of a weight.

    >>> bool(compile_pattern(r"(block\d+/)*kernel$").search("encoder/block1/kernel"))
    True
    >>> compile_pattern("(a+)+$")
    Traceback (most recent call last):
    ...
    initreg.rules.patterns.PatternError: This pattern could take exponential time: ...

    Raises `PatternError` for text that is no regular expression, for one that could take
    exponential time, or more than `MAX_STEPS` on a path of `PATH` characters, and for one that is
    too large to tell. Back-references are refused, since to match them is NP-complete.
    """
    if len(text) > MAX_LENGTH:
        raise PatternError(
            f"A pattern has at most {MAX_LENGTH:,} characters, not {len(text):,}.", MAX_LENGTH
        )
    try:
        compiled, tree = _parsed(text)
        check_tree(tree)
    except re.error as error:
        problem = f"This is no regular expression: {error.msg}."
        raise PatternError(problem, error.pos) from error
    except (OverflowError, ValueError) as error:
        raise PatternError(f"This is no regular expression: {error}.") from error
    except RecursionError as error:
        raise PatternError("This pattern nests too deeply.") from error
    except RefusedError as refused:
        raise _explained(text, refused) from refused
    return compiled


def _parsed(text: str) -> tuple[re.Pattern[str], Any]:
    with warnings.catch_warnings():  # of what a later Python may read otherwise
        warnings.simplefilter("ignore")
        return re.compile(text), _parser.parse(text)


def _explained(text: str, refused: RefusedError) -> PatternError:
    match refused:
        case ReferenceBackError():
            found = _REFERENCE.search(text)
            problem = (
                "A reference to a group is refused: it could take exponential time. "
                "Write the group again."
            )
            return PatternError(problem, *(found.span() if found else ()))
        case TooLargeError():
            return PatternError(
                f"This pattern is too large: with its repetitions written out, it has over "
                f"{MAX_POSITIONS:,} parts, or too many ways through them. Repeat with * or +, "
                "which need not be written out, or split the rule."
            )
        case TooSlowError():
            return PatternError(
                f"This pattern could take over {MAX_STEPS:,} steps on a path of {PATH} "
                "characters. Use fewer parts in a row that match the same text, such as .* or x?."
            )
    start, end = _culprit(text)
    part = text[start:end] if end - start <= _SHOWN else f"{text[start : start + _SHOWN - 1]}…"
    problem = (
        f"This pattern could take exponential time: '{part}' can match the same text in many ways. "
        "Repeat it once, as in a+ for (a+)+, or let each repetition end with a mark of its own, as "
        r"in (block\d+/)*."
    )
    return PatternError(problem, start, end)


def _culprit(text: str) -> tuple[int, int]:
    """Return the place of the shortest repeated group that is refused by itself, or of all."""
    groups = sorted(_groups(text), key=lambda place: place[1] - place[0])
    for start, end in groups[:_TRIED]:
        try:
            check_tree(_parsed(text[start:end])[1])
        except ExponentialError:
            return start, end
        except (re.error, RefusedError):  # it refers to a group outside of it, and the like
            continue
    return 0, len(text)


def _groups(text: str) -> Iterator[tuple[int, int]]:
    """Find the groups that are repeated, with what repeats them."""
    open_, at, in_class = [], 0, False
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif in_class:
            in_class = text[at] != "]"
        elif text[at] == "[":
            in_class = True
            at += text.startswith("^", at + 1)
            at += text.startswith("]", at + 1)  # the first is a member
        elif text[at] == "(":
            open_.append(at)
        elif text[at] == ")" and open_:
            start = open_.pop()
            if quantifier := _QUANTIFIER.match(text, at + 1):
                yield start, quantifier.end()
        at += 1
