"""Automata in which one text can be read in too many ways.

An automaton is its edges alone: from each position to those that may read the next character, with
the `Ways` there are of getting there. A search that goes back and tries again takes each of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

MAX_WORK = 400_000  # pairs of steps that the analysis looks at: some tenths of a second
MAX_STEPS = 1_000_000_000  # of the engine, on a path of `PATH` characters: some seconds
PATH = 100


class RefusedError(Exception):
    """Why the analysis refuses a pattern, or gives it up."""


class ExponentialError(RefusedError):
    """A repetition can read one text in two ways."""


class TooSlowError(RefusedError):
    """There are finitely many ways, but too many."""


class TooLargeError(RefusedError):
    """The analysis itself would take too long."""


class ReferenceBackError(RefusedError):
    """The pattern refers back to a group."""


@dataclass
class Work:
    """Counts what the analysis does, and gives up where that is too much."""

    left: int = MAX_WORK

    def spend(self, steps: int) -> None:
        """Take steps off what is left."""
        self.left -= steps
        if self.left < 0:
            raise TooLargeError


class Ways(NamedTuple):
    """How many ways there are without reading, where the next character is of the classes `on`.

    `on` is a set of bits. The number is that of the class with the most ways.
    """

    on: int = 0
    number: int = 0

    def __add__(self, other: "Ways") -> "Ways":  # type: ignore[override]
        together = self.number + other.number
        apart = max(self.number, other.number)
        return Ways(self.on | other.on, together if self.on & other.on else apart)

    def __mul__(self, other: "Ways") -> "Ways":  # type: ignore[override]
        number = self.number * other.number
        if number > MAX_STEPS:
            raise TooSlowError
        return Ways(self.on & other.on, number)


From = dict[int, Ways]


def check(first: From, edges: dict[int, From], work: Work) -> None:
    """Raise `RefusedError` for an automaton, entered at `first`, that could take too many steps."""
    for circle in _circles(edges):
        _refuse_two_ways(circle, work)
    _refuse_many_ways(first, edges, work)


def _circles(edges: dict[int, From]) -> Iterator[dict[int, From]]:
    """Yield the strongly connected parts that have an edge (Tarjan, 1972), without recursion."""
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    waiting: set[int] = set()
    for root in edges:
        todo = [(root, iter(edges[root]))] if root not in order else []
        while todo:
            node, ends = todo[-1]
            if node not in order:
                order[node] = low[node] = len(order)
                stack.append(node)
                waiting.add(node)
            for end in ends:
                if end not in order:
                    todo.append((end, iter(edges.get(end, ()))))
                    break
                if end in waiting:
                    low[node] = min(low[node], order[end])
            else:
                todo.pop()
                if todo:
                    low[todo[-1][0]] = min(low[todo[-1][0]], low[node])
                if low[node] == order[node]:
                    at = stack.index(node)
                    members = set(stack[at:])
                    del stack[at:]
                    waiting -= members
                    inner = {
                        start: {end: ways for end, ways in edges[start].items() if end in members}
                        for start in members
                        if start in edges
                    }
                    if any(inner.values()):
                        yield inner


def _refuse_two_ways(circle: dict[int, From], work: Work) -> None:
    """Refuse a circle in which two paths over one text part, and meet again.

    From where they meet, one path leads on to where they parted: so the ways double each time.
    """
    parting = {tuple(to.items()) for to in circle.values()}  # of many, the edges are the same
    pairs: set[tuple[int, int]] = set()
    for edges in parting:
        if any(ways.number > 1 for _, ways in edges):
            raise ExponentialError
        work.spend(len(edges) ** 2)
        pairs |= {
            (one, other) for one, a in edges for other, b in edges if one < other and a.on & b.on
        }
    todo = list(pairs)
    while todo:
        here, there = todo.pop()
        work.spend(len(circle[here]) * len(circle[there]))
        for one, a in circle[here].items():
            for other, b in circle[there].items():
                if not a.on & b.on:
                    continue
                if one == other:
                    raise ExponentialError
                pair = (min(one, other), max(one, other))
                if pair not in pairs:
                    pairs.add(pair)
                    todo.append(pair)


def _refuse_many_ways(first: From, edges: dict[int, From], work: Work) -> None:
    """Refuse what takes too many steps on a path that is made to have many.

    So it says of a pattern that it is slow only where a path shows it: one of a single character
    over and over, or one that takes the character of the most ways at each step.
    """
    every = 0
    for to in edges.values():
        for ways in to.values():
            every |= ways.on
    for on in (every, *_bits(every)):
        _follow(first, edges, on, work)


def _follow(first: From, edges: dict[int, From], on: int, work: Work) -> None:
    """Count the steps on a path of the characters in `on`, always that with the most ways next."""
    counts = dict.fromkeys(edges, 1)  # for any of them, some text leads there
    steps = 0
    for _ in range(PATH):
        reached: dict[int, dict[int, int]] = {}
        for start, count in counts.items():
            for end, ways in edges.get(start, {}).items():
                for each in _bits(ways.on & on):
                    to = reached.setdefault(each, {})
                    to[end] = to.get(end, 0) + count * ways.number
                    work.spend(1)
        if not reached:
            return
        counts = max(reached.values(), key=lambda each: sum(each.values()))
        steps += sum(counts.values())
        if steps > MAX_STEPS:
            raise TooSlowError
        for position, ways in first.items():  # the search starts at each character
            if ways.on:
                counts[position] = counts.get(position, 0) + ways.number


def _bits(on: int) -> Iterator[int]:
    while on:
        lowest = on & -on
        yield lowest
        on ^= lowest
