"""Rules, and matching them to the weights of a model."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

from initreg.config.base import InitializerConfig
from initreg.errors import Fault, RulesError
from initreg.near_names import did_you_mean
from initreg.public import public
from initreg.registry.registry import Registry, default_registry
from initreg.rules.patterns import (
    ADVICE,
    ALL_SEARCHES,
    FREE,
    ONE_SEARCH,
    compile_pattern,
    quick_search,
    timed_search,
)
from initreg.rules.templates import Template
from initreg.wording import at_line, shown

T = TypeVar("T")

KEEP = "keep"

FansMode: TypeAlias = Literal["true", "keras"]

_BATCH = 25  # searches that are measured together


@public
@dataclass(frozen=True, slots=True)
class Rule:
    r"""A pattern on the paths of weights, and the initializer that the weights get.

    >>> from initreg import read_rules
    >>> (rule,) = read_rules([{"match": r"dense_\d+/", "init": "zeros", "weight": "bias"}]).rules
    >>> rule.matches("encoder/dense_1/bias", layer="Dense", weight="bias")
    True
    >>> rule.matches("encoder/dense_1/kernel", layer="Dense", weight="kernel")
    False

    `match` is a regular expression that is searched in the path. `init` is a config, or a
    `Template` if the spec computes with names; it is None if the weights are kept. `layer` is the
    name of the layer's class, `weight` the name of the variable; None matches any. `number` is the
    position in the list, from 1. `line` is the line in the file, if the rule was read from one;
    rules that differ only in their lines are equal.
    """

    match: str
    init: InitializerConfig | Template | None
    layer: str | None = None
    weight: str | None = None
    number: int = 1
    line: int | None = field(default=None, compare=False)

    @property
    def computes(self) -> bool:
        """True if the spec computes with names, so that weights get different configs."""
        return isinstance(self.init, Template)

    @property
    def variables(self) -> frozenset[str]:
        """The names that the spec computes with."""
        return self.init.variables if isinstance(self.init, Template) else frozenset()

    @property
    def written(self) -> str | None:
        """The spec as it was written, if it computes with names."""
        return self.init.written if isinstance(self.init, Template) else None

    def matches(self, path: str, layer: str, weight: str) -> bool:
        """Return True if the pattern, the layer's class and the variable's name all match.

        Raises `RulesError` if the search takes too long.
        """
        return Matcher().matches(self, path, layer, weight)


@public
@dataclass(frozen=True, slots=True)
class Rules:
    """Rules in order: the first one that matches a weight applies. `read_rules` makes them.

    `seed` is the base of the weights' own seeds. `source` is the file, if there is one. `fans` says
    which fans initializers scale with: the "true" ones, or those that Keras would use. `let` has
    the names that specs compute with, in order, each with its number, arithmetic or count, and
    `let_lines` their lines in the file.
    """

    rules: tuple[Rule, ...] = ()
    seed: int | None = None
    source: str | None = field(default=None, compare=False)
    fans: FansMode | None = None
    let: tuple[tuple[str, int | float | str], ...] = ()
    let_lines: tuple[int, ...] = field(default=(), compare=False)

    def as_dict(self, registry: Registry | None = None) -> dict[str, Any]:
        """Return the rules as a dict of JSON values that `read_rules` accepts.

        >>> from initreg import read_rules
        >>> rules = read_rules([{"match": "kernel$", "init": "HeNormal()"}])
        >>> rules.as_dict()
        {'rules': [{'match': 'kernel$', 'init': 'he_normal'}]}
        >>> read_rules(rules.as_dict()) == rules
        True
        """
        registry = registry or default_registry()
        written: dict[str, Any] = {} if self.seed is None else {"seed": self.seed}
        if self.fans is not None:
            written["fans"] = self.fans
        if self.let:
            written["let"] = dict(self.let)
        written["rules"] = [
            {"match": rule.match, "init": _written(rule, registry)}
            | ({} if rule.layer is None else {"layer": rule.layer})
            | ({} if rule.weight is None else {"weight": rule.weight})
            for rule in self.rules
        ]
        return written


def fans_mode(value: object) -> FansMode | None:
    """Return the mode that a value of `fans` means, None for None. Raises `RulesError`."""
    if value is None:
        return None
    if value is True or value == "true":
        return "true"
    if value == "keras":
        return "keras"
    near = did_you_mean(value, ("true", "keras"))
    problem = (
        "fans must be true, for the true fans of each weight, or keras, for those that Keras "
        f"would use, not {shown(value)}.{near}"
    )
    raise RulesError([Fault(problem, ("fans",), code="wrong-value")])


def _written(rule: Rule, registry: Registry) -> str | dict[str, Any]:
    if rule.init is None:
        return KEEP
    return rule.init.written if isinstance(rule.init, Template) else registry.write(rule.init)


class Target(NamedTuple):
    """What a rule looks at: the path of a weight, its layer's class, and the variable's name."""

    path: str
    layer: str
    weight: str


class Matcher:
    """Matches rules to weights, and raises `RulesError` if the patterns take too long.

    The time limit holds for all searches together, so a plan or a scope uses one matcher.
    """

    def __init__(self, source: str | None = None) -> None:
        self._source = source
        self._seconds_left = ALL_SEARCHES
        # The slowest batch of searches: its seconds for one search, and what was searched.
        self._slowest: tuple[float, Sequence[Rule], Sequence[Target]] | None = None

    def matches(self, rule: Rule, path: str, layer: str, weight: str) -> bool:
        """Return True if a rule matches a weight."""
        return self.matching(rule, [Target(path, layer, weight)])[0]

    def matching(self, rule: Rule, targets: Sequence[Target]) -> list[bool]:
        """Return for each weight if a rule matches it."""
        hits = []
        for batch in _batches(targets):
            with self._timing([rule], batch):
                hits += self._hits(rule, batch)
        return hits

    def first(
        self,
        rules: Sequence[Rule],
        target: Target,
        accepts: Callable[[Rule], bool] = lambda _: True,
    ) -> Rule | None:
        """Return the first rule that matches a weight and is accepted, or None."""
        for batch in _batches(rules):
            with self._timing(batch, [target]):
                hits = (rule for rule in batch if self._hits(rule, [target])[0] and accepts(rule))
                found = next(hits, None)
            if found is not None:
                return found
        return None

    def _hits(self, rule: Rule, targets: Sequence[Target]) -> list[bool]:
        search, longest = quick_search(rule.match)
        return [
            (rule.layer is None or rule.layer == layer)
            and (rule.weight is None or rule.weight == weight)
            and (
                search(path) is not None
                if len(path) <= longest and path.isascii()
                else self._search(rule, path)
            )
            for path, layer, weight in targets
        ]

    def _search(self, rule: Rule, path: str) -> bool:
        try:
            return timed_search(compile_pattern(rule.match), path, ONE_SEARCH)[0]
        except TimeoutError:
            raise self._too_slow(rule, path) from None

    @contextmanager
    def _timing(self, rules: Sequence[Rule], targets: Sequence[Target]) -> Iterator[None]:
        """Measure a batch of searches, because reading the clock takes longer than a search."""
        start = time.thread_time()
        yield
        seconds, count = time.thread_time() - start, len(rules) * len(targets)
        if seconds > FREE * count and (not self._slowest or seconds / count > self._slowest[0]):
            self._slowest = seconds / count, rules, targets
        self._seconds_left += FREE * count - seconds
        if self._seconds_left < 0 and self._slowest is not None:
            raise self._too_slow(*_slowest(*self._slowest[1:]))

    def _too_slow(self, rule: Rule, path: str) -> RulesError:
        place = at_line(self._source, rule.line)
        problem = f"Rule {rule.number}{place} takes too long to match the path {shown(path)}."
        fault = Fault(
            f"{problem} {ADVICE}", ("rules", rule.number - 1, "match"), 0, len(rule.match)
        )
        return RulesError([fault], texts=[rule.match], names_places=True)


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))


def _slowest(rules: Sequence[Rule], targets: Sequence[Target]) -> tuple[Rule, str]:
    """Search again, to find the rule and the path that take longest."""
    spent = {}
    for rule, (path, layer, weight) in product(rules, targets):
        if rule.layer not in (None, layer) or rule.weight not in (None, weight):
            continue
        try:
            spent[rule, path] = timed_search(compile_pattern(rule.match), path, ONE_SEARCH)[1]
        except TimeoutError:
            return rule, path
    return max(spent, key=lambda pair: spent[pair])
