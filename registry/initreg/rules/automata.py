"""A regular expression's positions and the ways between them (Glushkov, 1961), to be checked.

Unlike in the textbook, the ways are counted: ``(a*)*`` has one edge, and two ways along it. What
can't be told is taken for the worse: that a word boundary or a lookaround holds, that the match
fails behind a repetition, and that an atomic group, inside of a loop, can end at several places.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import reduce
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

from initreg.rules.ambiguity import (
    From,
    ReferenceBackError,
    TooLargeError,
    Ways,
    Work,
    check,
)

MAX_POSITIONS = 1_000  # characters and classes in a pattern, its counted repetitions written out

# Classes of characters are told apart by these: ASCII, a letter, a digit, a space and a sign
# beyond, and what folds its case into ASCII. Those that the pattern names are added.
_SAMPLE = [*map(chr, range(128)), *"é٣\N{NO-BREAK SPACE}€ıİſ\N{KELVIN SIGN}"]
_ATOMS = ("ANY", "IN", "LITERAL", "NOT_LITERAL")
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_EDGES = ("AT_BEGINNING", "AT_BEGINNING_STRING", "AT_END", "AT_END_STRING")


def check_tree(tree: Any) -> None:
    """Raise `RefusedError` for a parsed pattern that could take too many steps."""
    flags = tree.state.flags
    atoms: dict[str, Any] = {}
    characters = set(_SAMPLE)
    for op, value, of_atom in _atoms(tree, flags):
        atoms[_key(op, value, of_atom)] = _reader(op, value, of_atom)
        for named in _named(op, value):
            for code in (named - 1, named, named + 1):
                character = chr(min(max(code, 0), 0x10FFFF))
                characters.update(character + character.swapcase())
    classes: dict[str, int] = dict.fromkeys(atoms, 0)
    bits: dict[tuple[bool, ...], int] = {}
    for character in characters:
        taken = tuple(each.fullmatch(character) is not None for each in atoms.values())
        bit = bits.setdefault(taken, 1 << len(bits))
        for key, takes in zip(atoms, taken, strict=True):
            classes[key] |= bit if takes else 0
    _Automaton(classes, flags, (1 << len(bits)) - 1).stand_alone(tree)


class _Part(NamedTuple):
    """A part of a pattern: the ways through it without reading, into it, and out of it."""

    empty: Ways
    first: From
    last: From


@dataclass
class _Automaton:
    """Builds the positions and the edges of a pattern; bodies that stand alone are checked."""

    classes: dict[str, int]  # the classes of characters that each atom takes
    flags: int
    everything: int
    reads: list[int] = field(default_factory=list)
    edges: defaultdict[int, From] = field(default_factory=lambda: defaultdict(dict))
    in_loop: bool = False
    work: Work = field(default_factory=Work)

    @property
    def once(self) -> Ways:
        return Ways(self.everything, 1)

    def sequence(self, nodes: Iterable[Any]) -> _Part:
        parts = [self.part(op, value) for op, value in nodes]
        return reduce(self.joined, parts, _Part(self.once, {}, {}))

    def joined(self, left: _Part, right: _Part) -> _Part:
        self.link(left.last, right.first)
        return _Part(
            left.empty * right.empty,
            _sum(left.first, _times(right.first, left.empty)),
            _sum(right.last, _times(left.last, right.empty)),
        )

    def link(self, last: From, first: From) -> None:
        self.work.spend(len(last) * len(first))
        for start, leaving in last.items():
            to = self.edges[start]
            for end, entering in first.items():
                if (ways := leaving * entering).on:
                    to[end] = to.get(end, Ways()) + ways

    def part(self, op: Any, value: Any) -> _Part:
        self.work.spend(10)
        name = str(op)
        if name in _ATOMS:
            return self.atom(op, value)
        if name in _REPEATS:
            least, most, body = value
            if name == "POSSESSIVE_REPEAT":
                return self.possessive(least, most, body)
            return self.repeat(least, most, body)
        match name:
            case "SUBPATTERN":
                _, added, removed, body = value
                before, self.flags = self.flags, _flags(self.flags, added, removed)
                part = self.sequence(body)
                self.flags = before
                return part
            case "BRANCH":
                return self.either(map(self.sequence, value[1]))
            case "ATOMIC_GROUP":
                if len(value) == 1 and str(value[0][0]) == "MAX_REPEAT":
                    return self.possessive(*value[0][1])
                return self.atomic(value)
            case "ASSERT" | "ASSERT_NOT":
                self.apart().stand_alone(value[1])
                return _Part(self.once, {}, {})
            case "AT":
                # Behind a character there is no start, and before one no end.
                only_there = str(value) in _EDGES and not self.flags & re.MULTILINE
                return _Part(Ways(0, 1) if only_there else self.once, {}, {})
            case "GROUPREF" | "GROUPREF_EXISTS":
                raise ReferenceBackError
            case "FAILURE":
                return _Part(Ways(), {}, {})
        raise re.error(f"{name.lower()} can't be read here")  # of a later Python

    def atom(self, op: Any, value: Any) -> _Part:
        position = len(self.reads)
        if position >= MAX_POSITIONS:
            raise TooLargeError
        self.reads.append(self.classes[_key(op, value, self.flags)])
        first = {position: Ways(self.reads[position], 1)}
        return _Part(Ways(), first, {position: self.once})

    def either(self, parts: Iterable[_Part]) -> _Part:
        found = _Part(Ways(), {}, {})
        for each in parts:
            first, last = _sum(found.first, each.first), _sum(found.last, each.last)
            found = _Part(found.empty + each.empty, first, last)
        return found

    def repeat(self, least: int, most: int, body: Any) -> _Part:
        """Write out a repetition; of one without end, its last time leads back to itself."""
        if most is not _constants.MAXREPEAT:
            found = _Part(self.once, {}, {})
            for _ in range(most - least):  # each only after the one before it has read something
                each = self.sequence(body)
                found = self.joined(each._replace(empty=Ways()), found)
                found = found._replace(empty=self.once + each.empty)
        else:
            before, self.in_loop = self.in_loop, True
            each = self.sequence(body)
            self.in_loop = before
            self.link(each.last, each.first)
            # A time that reads nothing is the last: so the engine keeps from looping for ever.
            ending = self.once + each.empty
            found = _Part(ending, each.first, _times(each.last, ending))
            if least:
                found = _Part(each.empty * ending, _times(each.first, ending), found.last)
                least -= 1
        for _ in range(least):
            found = self.joined(self.sequence(body), found)
        return found

    def possessive(self, least: int, most: int, body: Any) -> _Part:
        if most is _constants.MAXREPEAT and len(body) == 1 and str(body[0][0]) in _ATOMS:
            op, value = body[0]
            part = self.repeat(least, most, body)  # it leaves none of its characters behind
            left = Ways(self.everything & ~self.classes[_key(op, value, self.flags)], 1)
            return part._replace(empty=part.empty * left, last=_times(part.last, left))
        return self.atomic([(_constants.MAX_REPEAT, (least, most, body))])

    def atomic(self, body: Any) -> _Part:
        """Take a group that the engine does not enter again: it has one way through it."""
        apart = self.apart()
        part = apart.stand_alone(body, keeps=True)
        if self.in_loop:
            for start, to in apart.edges.items():
                self.edges[start] |= {end: Ways(ways.on, 1) for end, ways in to.items()}
        return part

    def apart(self) -> "_Automaton":
        """Return an automaton for a body that is matched by itself."""
        return replace(self, edges=defaultdict(dict), in_loop=False)

    def stand_alone(self, body: Any, *, keeps: bool = False) -> _Part:
        """Check a body that is matched by itself; where it `keeps` its first match, it ends there.

        Then ways go on only among positions at which it could not have ended.
        """
        part = self.sequence(body)
        ends: set[int] = set()
        if keeps and not _asserts(body):
            ends = {p for p, ways in part.last.items() if ways.on == self.everything}
        edges = {
            start: {end: ways for end, ways in to.items() if end not in ends}
            for start, to in self.edges.items()
            if start not in ends
        }
        check(part.first, edges, self.work)
        return part


def _sum(left: From, right: From) -> From:
    found = dict(left)
    for position, ways in right.items():
        found[position] = found.get(position, Ways()) + ways
    return found


def _times(of: From, ways: Ways) -> From:
    return {position: each * ways for position, each in of.items()} if ways.number else {}


def _asserts(body: Iterable[Any]) -> bool:
    """Whether a body also looks at what it does not read, so that its end may be refused."""
    return any(
        str(op) in ("AT", "ASSERT", "ASSERT_NOT") or any(map(_asserts, _bodies(value)))
        for op, value in body
    )


def _bodies(value: Any) -> Iterator[Any]:
    """Return the parts of a node that are bodies themselves."""
    if isinstance(value, _parser.SubPattern):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _bodies(each)


# Classes of characters ----------------------------------------------------------------------------


def _atoms(body: Iterable[Any], flags: int) -> Iterator[tuple[Any, Any, int]]:
    for op, value in body:
        if str(op) in _ATOMS:
            yield op, value, flags
        inner = _flags(flags, *value[1:3]) if str(op) == "SUBPATTERN" else flags
        for each in _bodies(value):
            yield from _atoms(each, inner)


def _flags(flags: int, added: int, removed: int) -> int:
    if added & (re.ASCII | re.UNICODE):  # one takes the other's place
        flags &= ~(re.ASCII | re.UNICODE)
    return (flags | added) & ~removed


def _key(op: Any, value: Any, flags: int) -> str:
    return f"{op} {value} {flags & (re.ASCII | re.DOTALL | re.IGNORECASE)}"


def _reader(op: Any, value: Any, flags: int) -> re.Pattern[str]:
    """Return the engine's own idea of one atom."""
    state = _parser.State()
    state.flags = flags
    return _compiler.compile(_parser.SubPattern(state, [(op, value)]), flags)  # type: ignore[no-any-return]


def _named(op: Any, value: Any) -> Iterator[int]:
    """Yield the characters, as numbers, that an atom names; of a range, its ends."""
    if str(op) in ("LITERAL", "NOT_LITERAL"):
        yield value
    elif str(op) == "RANGE":
        yield from value
    elif str(op) == "IN":
        for inner, each in value:
            yield from _named(inner, each)
