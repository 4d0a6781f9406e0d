r"""Patterns for the paths of weights: Python's regular expressions, searched with a time limit.

A backtracking engine can take exponential time: ``(a+)+$`` tries each way of cutting a run of a's
into pieces. `re` can't be interrupted, so `re` only checks the syntax, and the package `regex`
searches, because it has a time limit. It has more syntax than `re`. Patterns that the two
would read differently are rejected here.

`regex` also writes out repetitions when it compiles, ``(a{9}){9}`` as 81 a's. `MAX_PARTS` keeps
that small.

A search with a time limit takes 3 µs, because `regex` sets a timer and we read two clocks. Most
patterns can't take long in a path of usual length, because no group in them is repeated. For these,
`quick_search` returns a search by `re`, which takes 0.1 µs.
"""

import math
import re
import time
import warnings
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

import regex

MAX_LENGTH = 1_000  # characters of a pattern
MAX_PARTS = 2_000  # of a pattern with its repetitions written out: some 300 bytes each

# The limits of searches, in seconds of CPU time. A usual one takes some microseconds at most.
ONE_SEARCH = 1.0
ALL_SEARCHES = 5.0
FREE = 50e-6  # of each search: the limit of all searches grows with the model

ADVICE = (
    "Let a repetition match the same text in one way only: write a+ for (a+)+, or end each "
    r"repetition with a separator, as in (block\d+/)*."
)

TRIAL_SECONDS = 0.25  # of CPU time for one path; a usual pattern takes microseconds
_TRIAL_LENGTH = 256  # of a path: patterns such as (.*/){2}kernel$ are fast enough at this length

# The most steps of a search without a time limit. A step takes up to 10 ns. A usual search takes a
# millionth of this number.
_QUICK_STEPS = 20_000_000
_LONGEST_QUICK = 1_000  # characters of a path

_TOKEN = re.compile(
    r"""
      \\(?:N\{[^}]*\}|.)
    | (?P<set>\[\^?\]?(?:\\.|(?P<class>\[:)|[^\\\]])*\])
    | \(\?\#[^)]*\)  # a comment
    | (?P<open>\((?:\?(?:P[<=]\w+>?|\(\w+\)|<?[=!]|>|(?P<flags>[a-zA-Z-]*):?))?)
    | (?P<close>\))
    | (?P<repeat>[*?]|(?P<plus>\+)|\{(?=,?\d)(?P<least>\d*)(?P<most>,\d*)?\})[+?]?
    | (?P<brace>\{)
    | (?P<sign>[|^$])
    | .
    """,
    re.VERBOSE | re.DOTALL,
)


class PatternError(ValueError):
    """A pattern is rejected: `problem` says why; ``column:end`` is the place in it, if known.

    Columns count characters from 0.
    """

    def __init__(self, problem: str, column: int | None = None, end: int | None = None) -> None:
        super().__init__(problem, column, end)
        self.problem = problem
        self.column = column
        self.end = end

    def __str__(self) -> str:
        return self.problem


@lru_cache(maxsize=512)
def compile_pattern(text: str) -> "regex.Pattern[str]":
    r"""Compile a regular expression that is searched in the paths of weights.

    >>> bool(compile_pattern(r"(block\d+/)*kernel$").search("encoder/block1/kernel", timeout=1))
    True
    >>> compile_pattern("dense(")
    Traceback (most recent call last):
    ...
    initreg.rules.patterns.PatternError: Invalid regular expression: missing ), ...

    Raises `PatternError` if `re` can't compile the text, if `re` and `regex` would read it
    differently, and if it is too large.
    """
    if len(text) > MAX_LENGTH:
        raise PatternError(
            f"A pattern has at most {MAX_LENGTH:,} characters, not {len(text):,}.", MAX_LENGTH
        )
    try:
        with warnings.catch_warnings():  # about what a later Python may read differently
            warnings.simplefilter("ignore")
            re.compile(text)
            _check_parts(text)
            return regex.compile(text, regex.VERSION0, cache_pattern=False)
    except (re.error, regex.error) as error:
        raise PatternError(f"Invalid regular expression: {error.msg}.", error.pos) from error
    except OverflowError as error:
        raise PatternError(f"Invalid regular expression: {error}.") from error
    except RecursionError as error:
        raise PatternError("This pattern nests too deeply.") from error


def _check_parts(text: str) -> None:
    """Reject syntax that `regex` and `re` read differently, and patterns with too many parts.

    A part is a character, a set or an empty group. The text is valid for `re`.
    """
    sizes = [0]  # of the whole pattern, and of each group that is open
    last = 0  # the size of what a repetition would repeat
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "brace":
                raise PatternError(r"Write \{ for a brace that is not a repetition.", *token.span())
            case "set" if token["class"]:
                raise PatternError(r"Write \[ for a bracket inside a set.", *token.span())
            case "open":
                if "x" in (token["flags"] or ""):
                    raise PatternError("The flag x is not supported in a pattern.", *token.span())
                sizes.append(0)
                continue
            case "repeat":
                last *= _copies(token) - 1
            case "close":
                last = max(sizes.pop(), 1)
            case "sign":
                continue
            case _:
                last = 1
        sizes[-1] += last
        if sizes[-1] > MAX_PARTS:
            raise PatternError(
                f"This pattern is too large: with its repetitions written out, it has over "
                f"{MAX_PARTS:,} parts. Use smaller counts, or split the rule."
            )


def _copies(repeat: re.Match[str]) -> int:
    """Return how often `regex` writes out what is repeated: ``a+`` becomes ``aa*``."""
    least = 1 if repeat["plus"] else int(repeat["least"] or 0)
    return max(least if repeat["least"] and not repeat["most"] else least + 1, 1)


def timed_search(compiled: "regex.Pattern[str]", path: str, seconds: float) -> tuple[bool, float]:
    """Return True if the pattern is found in the path, and the CPU seconds that the search took.

    Raises `TimeoutError` as `timed_match` does.
    """
    match, taken = timed_match(compiled, path, seconds)
    return match is not None, taken


def timed_match(
    compiled: "regex.Pattern[str]", path: str, seconds: float
) -> "tuple[regex.Match[str] | None, float]":
    """Return the first match of a pattern in a path, and the CPU seconds that the search took.

    Raises `TimeoutError` after about so many `seconds` of this thread's CPU time. `regex` counts
    that of all threads (on Windows, the time on the clock). If most of it was not ours, the search
    is repeated with a longer limit, so that a busy process never fails a harmless pattern.
    """
    limit = seconds
    while True:
        start = time.thread_time()
        try:
            # By position: parsing keywords would take as long as the search.
            match = compiled.search(path, None, None, None, False, limit)
        except TimeoutError:
            if time.thread_time() - start >= seconds / 2:
                raise
            limit *= 2
        else:
            return match, time.thread_time() - start


def slow_path(text: str) -> str | None:
    """Return a path on which the search takes longer than `TRIAL_SECONDS`, or None.

    Only some long paths are tried, which repeat a part of the pattern. So this finds most patterns
    that can take exponential time, but not all.
    """
    compiled = compile_pattern(text)
    left = 4 * TRIAL_SECONDS
    for path in _trial_paths(text):
        try:
            left -= timed_search(compiled, path, TRIAL_SECONDS)[1]
        except TimeoutError:
            return path
        if left < 0:
            break
    return None


def _trial_paths(text: str) -> Iterator[str]:
    """Yield paths that repeat a part of the pattern, between other parts and a stray "!"."""
    plain = re.sub(r"\\.", "", text)
    words = [*dict.fromkeys(re.findall(r"\w+", plain))][:8]
    units = [*dict.fromkeys([*"a0_/ ", *re.findall(r"[\w/.-]", plain), *words])][:40]
    units += [word + more for word in words for more in ("0", "/", "0/")]
    starts = ["", *(word + more for word in words[:2] for more in ("", "/"))]
    ends = ["", "!", *(f"{more}{word}" for word in words[-1:] for more in ("/", "!"))]
    for unit in units:
        repeated = unit * (_TRIAL_LENGTH // len(unit))
        for start in starts:
            for end in ends:
                yield start + repeated + end


# Searches without a time limit --------------------------------------------------------------------


class QuickSearch(NamedTuple):
    """A search by `re`, which needs no time limit in ASCII paths of up to `longest` characters.

    In other paths, `re` and `regex` differ in what a letter, a digit or a space is.
    """

    search: Callable[[str], re.Match[str] | None]
    longest: int


@lru_cache(maxsize=4096)
def quick_search(text: str) -> QuickSearch:
    r"""Return a search for short paths; `longest` is -1 if the pattern always needs a time limit.

    >>> quick_search(r"block_\d+/.*kernel$").longest
    244
    >>> quick_search(r"(block_\d+/)+kernel$").longest
    -1

    Raises `PatternError` like `compile_pattern`, so that `re` and `regex` find the same.
    """
    compile_pattern(text)
    longest = -1
    if (steps := _steps(text)) is not None:
        lengths = range(_LONGEST_QUICK + 1)
        longest += bisect_right(lengths, _QUICK_STEPS, key=lambda length: _total(steps, length))
    with warnings.catch_warnings():  # as in `compile_pattern`
        warnings.simplefilter("ignore")
        return QuickSearch(re.compile(text).search, longest)


def _total(steps: Mapping[int, int], length: int) -> int:
    """Return the most steps of a search in a path of some length.

    The start, and the end of each of k repetitions without an upper limit, are places in ascending
    order. There are (length + k + 1) over (k + 1) ways to choose them.
    """
    return sum(n * math.comb(length + k + 1, k + 1) for k, n in steps.items())


def _steps(text: str) -> Mapping[int, int] | None:
    """Count the steps of a search from one start: a step for each token and each way to reach it.

    A search chooses an alternative of each group and a count of each repetition. The result maps
    the number of repetitions without an upper limit before a token to the ways that the other
    choices allow. It is None if these can't be counted, because a group is repeated, or the
    pattern looks around, refers to a group or sets a flag.
    """
    steps: Counter[int] = Counter()
    ways = start = _Ways(1, 0)
    ended = _Ways(0, 0)  # the ways through the earlier alternatives of this group
    outer: list[tuple[_Ways, _Ways]] = []
    last = None
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "open":
                if not re.fullmatch(r"\((\?:|\?P<\w+>)?", token[0]):
                    return None
                outer.append((start, ended))
                start, ended = ways, _Ways(0, 0)
            case "close":
                ways = ended.or_(ways)
                start, ended = outer.pop()
            case "sign" if token[0] == "|":
                ended, ways = ended.or_(ways), start
            case "repeat" if last == "close":
                return None
            case "repeat":
                ways = _repeated(ways, token)
            case None if re.match(r"\\[1-9]", token[0]):  # what a group matched, of any length
                return None
        steps[ways.open] += ways.factor * (_copies(token) if token["repeat"] else 1)
        last = token.lastgroup
    return steps


class _Ways(NamedTuple):
    """The ways to reach a token: repetitions without an upper limit, and all other choices."""

    factor: int
    open: int

    def or_(self, other: "_Ways") -> "_Ways":
        return _Ways(self.factor + other.factor, max(self.open, other.open))


def _repeated(ways: _Ways, repeat: re.Match[str]) -> _Ways:
    """Return the ways after a repetition, which chooses its count."""
    if repeat[0][0] in "*+" or repeat["most"] == ",":
        return _Ways(ways.factor, ways.open + 1)
    if repeat[0][0] == "?":
        return _Ways(2 * ways.factor, ways.open)
    least = int(repeat["least"] or 0)
    most = int(repeat["most"][1:]) if repeat["most"] else least
    return _Ways((most - least + 1) * ways.factor, ways.open)
