r"""Numbers that rules name in `let`: a number, arithmetic of earlier ones, or a count of names.

::

    let:
      layers: count(transformer_layer_(\d+)/)
      width: 768
      depth: 2*layers
"""

import keyword
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from initreg.errors import Fault, SpecSyntaxError
from initreg.near_names import did_you_mean
from initreg.public import public
from initreg.rules.names import MAX_NAMES, OF_WEIGHT, TAKEN
from initreg.rules.patterns import PatternError, compile_pattern
from initreg.spec.arithmetic import (
    Formula,
    NoResultError,
    Number,
    evaluate,
    finite,
    names_in,
)
from initreg.spec.grammar import parse_formula
from initreg.spec.spec import RESERVED
from initreg.wording import at_line, listed, quoted, shown

MAX_COUNTS = 100
_EXPECTED = r"a number, arithmetic such as 2*layers, or count(pattern)"
_ALONE = "A count must stand alone: give it a name, and compute with the name."
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COUNT = re.compile(r"\s*count\s*\((?P<pattern>.*)\)\s*", re.DOTALL)

Written: TypeAlias = "int | float | str"


class FaultInText(NamedTuple):
    """A fault, and the text that its column counts in, if it has one."""

    fault: Fault
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How many different values a pattern has in the paths of a model's weights.

    These are the values of the pattern's groups, or of the whole match if it has no groups.
    """

    pattern: str


@public
@dataclass(frozen=True, slots=True)
class UnmatchedCount:
    """A count that rules use, and whose pattern matches no weight, so that it is 0.

    `line` is the line in the file, if the rules were read from one.
    """

    name: str
    pattern: str
    line: int | None = None

    def text(self, source: str | None) -> str:
        """Return a sentence about the count. `source` is the file."""
        return (
            f"{self.name} in let{at_line(source, self.line)} is 0, because its pattern matches no "
            f"weight: {quoted(self.pattern)}."
        )


@dataclass(frozen=True, slots=True)
class Let:
    """The names of `let` that are valid, in order, each with its meaning.

    `numbers` has what each name comes to, or None if only a model shows it. `counted` are the names
    that need a `Count`, directly or through others.
    """

    meanings: Mapping[str, Formula | Count] = field(default_factory=dict)
    numbers: Mapping[str, Number | None] = field(default_factory=dict)
    counted: Mapping[str, str] = field(default_factory=dict)

    def needed(self, names: Iterable[str]) -> list[str]:
        """Return these names, and those that they are computed from, in order."""
        needed = {name for name in names if name in self.meanings}
        for name, meaning in reversed([*self.meanings.items()]):
            if name in needed and not isinstance(meaning, Count):
                needed |= {word.word for word in names_in(meaning)}
        return [name for name in self.meanings if name in needed]

    def unused(self, variables: Iterable[str]) -> list[str]:
        """Return the names that don't matter if rules compute with these variables alone."""
        needed = self.needed(variables)
        return [name for name in self.meanings if name not in needed]


def read_let(data: Any) -> tuple[Let, list[FaultInText]]:
    """Read the value of `let`. Return what is valid, and everything that is wrong.

    The path of each fault starts at `let`.
    """
    if data is None:
        return Let(), []
    if not isinstance(data, Mapping):
        problem = f"let must be a dict of names and numbers, not {shown(data)}."
        return Let(), [FaultInText(Fault(problem, ("let",), code="form"))]
    if len(data) > MAX_NAMES:
        problem = f"let has at most {MAX_NAMES:,} names, not {len(data):,}."
        return names_alone(data), [FaultInText(Fault(problem, ("let",), code="form"))]
    reader = _Reader(data)
    for name, value in data.items():
        reader.read(name, value)
    return Let(reader.meanings, reader.numbers, reader.counted), reader.faults


def names_alone(data: Mapping[Any, Any]) -> Let:
    """Return the names of a `let` that isn't read, so that rules can use them."""
    return Let(numbers=dict.fromkeys(name for name in data if isinstance(name, str)))


class _Reader:
    """Reads the names in order, and collects what is wrong."""

    def __init__(self, data: Mapping[Any, Any]) -> None:
        self.later: Sequence[Any] = [*data]
        self.meanings: dict[str, Formula | Count] = {}
        self.numbers: dict[str, Number | None] = {}
        self.counted: dict[str, str] = {}  # with the name of the count
        self.counts = 0
        self.faults: list[FaultInText] = []

    def read(self, name: Any, value: Any) -> None:
        if problem := _problem_of_name(name):
            fault = Fault(problem, ("let", str(name)), code="unknown-parameter")
            self.faults.append(FaultInText(fault))
            return
        self.numbers[name] = None  # so that a mistake here is not also one of each later use
        meaning = self.meaning(name, value)
        if meaning is None:
            return
        self.meanings[name] = meaning
        if isinstance(meaning, Count):
            self.counted[name] = name
            return
        words = [word.word for word in names_in(meaning)]
        counts = [self.counted[word] for word in words if word in self.counted]
        if counts:
            self.counted[name] = counts[0]
        known = {word: number for word in words if (number := self.numbers[word]) is not None}
        if len(known) == len(set(words)):
            try:
                self.numbers[name] = finite(evaluate(meaning, known))
            except NoResultError as error:
                self.add(f"{error.problem}.", name, value, error.column, error.end)

    def meaning(self, name: str, value: Any) -> Formula | Count | None:
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                return finite(value)
            except NoResultError:
                self.add(f"{name} must be a finite number, not {shown(value)}.", name)
                return None
        if not isinstance(value, str):
            self.add(f"{name} must be {_EXPECTED}, not {shown(value)}.", name)
            return None
        if count := _COUNT.fullmatch(value):
            return self.count(name, value, count)
        try:
            formula = parse_formula(value)
        except SpecSyntaxError as error:
            if counted := re.search(r"\bcount\b", value):
                self.add(_ALONE, name, value, *counted.span())
            else:
                self.add(error.problem, name, value, error.column, error.end)
            return None
        wrong = False
        for word in names_in(formula):
            if word.word == name or word.word not in self.numbers:
                problem = self.problem_of_word(name, word.word)
                self.add(problem, name, value, word.column, word.end)
                wrong = True
        return None if wrong else formula

    def count(self, name: str, value: str, count: re.Match[str]) -> Count | None:
        pattern, start = count["pattern"], count.start("pattern")
        if not pattern or pattern[0] in "'\"":
            what = "without quotes" if pattern else "of the names to count"
            problem = rf"Write a pattern {what}, such as count(block_(\d+)/)."
            self.add(problem, name, value, start, start + max(len(pattern), 1))
            return None
        self.counts += 1
        if self.counts > MAX_COUNTS:
            self.add(f"let has at most {MAX_COUNTS} counts.", name)
            return None
        try:
            compile_pattern(pattern)
        except PatternError as error:
            if "count(" in pattern:
                self.add(_ALONE, name, value, value.index("count"), start - 1)
                return None
            at = None if error.column is None else start + error.column
            end = None if error.end is None else start + error.end
            self.add(error.problem, name, value, at, end)
            return None
        return Count(pattern)

    def problem_of_word(self, name: str, word: str) -> str:
        if word in OF_WEIGHT:
            return f"{word!r} differs between weights, and let holds for all. Use it in a rule."
        if word == name:
            return f"{name!r} can't be computed from itself."
        if word in self.later:
            return f"{word!r} is defined below. Move it up: let computes with earlier names only."
        known = [*self.numbers]
        known.remove(name)
        near = did_you_mean(word, (*known, *RESERVED))
        has = f"Defined above are {listed(known, 12)}." if known else "No name is defined above."
        return f"No number is called {word!r}.{near} {has}"

    def add(
        self,
        problem: str,
        name: object,
        text: str | None = None,
        column: int | None = None,
        end: int | None = None,
    ) -> None:
        fault = Fault(problem, ("let", str(name)), column, end)
        self.faults.append(FaultInText(fault, text if column is not None else None))


def unused_text(names: Sequence[str]) -> str:
    """Say that no rule uses these names of `let`."""
    it = "it" if len(names) == 1 else "them"
    return f"let has {listed(names, 12)}, but no rule uses {it}."


def _problem_of_name(name: object) -> str | None:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or keyword.iskeyword(name):
        return (
            f"{shown(name)} can't be the name of a number. "
            "Use letters, digits and _, a letter first."
        )
    if name in TAKEN:
        return f"{name!r} means something else in rules. Choose another name."
    return None
