"""Rules, and matching them to the weights of a model."""

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from initreg.config.base import InitializerConfig
from initreg.errors import Fault, RulesError
from initreg.public import public
from initreg.registry.registry import Registry, default_registry
from initreg.rules.patterns import ADVICE, compile_pattern, timed_search
from initreg.rules.templates import Template
from initreg.wording import shown

KEEP = "keep"

FansMode: TypeAlias = Literal["true", "keras"]

# In seconds of CPU time. A usual search takes some microseconds.
_ONE_SEARCH = 1.0
_ALL_SEARCHES = 5.0
_FREE = 50e-6  # of each search: the limit of all searches grows with the model


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
    the names that specs compute with, in order, each with its number, arithmetic or count.
    """

    rules: tuple[Rule, ...] = ()
    seed: int | None = None
    source: str | None = field(default=None, compare=False)
    fans: FansMode | None = None
    let: tuple[tuple[str, int | float | str], ...] = ()

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


def checked_fans(value: object) -> FansMode | None:
    """Return the mode that `fans` names, if it is one. Raises `RulesError` otherwise."""
    if value is None:
        return None
    if value is True or value == "true":
        return "true"
    if value == "keras":
        return "keras"
    raise RulesError([Fault(f"fans must be true or keras, not {shown(value)}.", ("fans",))])


def _written(rule: Rule, registry: Registry) -> str | dict[str, Any]:
    if rule.init is None:
        return KEEP
    return rule.init.written if isinstance(rule.init, Template) else registry.write(rule.init)


class Matcher:
    """Matches rules to weights, and raises `RulesError` if the patterns take too long.

    The time limit holds for all searches together, so a plan or a scope uses one matcher.
    """

    def __init__(self, source: str | None = None) -> None:
        self._source = source
        self._seconds_left = _ALL_SEARCHES
        self._slowest: tuple[float, Rule, str] | None = None

    def matches(self, rule: Rule, path: str, layer: str, weight: str) -> bool:
        """Return True if a rule matches a weight."""
        if rule.layer not in (None, layer) or rule.weight not in (None, weight):
            return False
        compiled = compile_pattern(rule.match)
        try:
            found, seconds = timed_search(compiled, path, _ONE_SEARCH)
        except TimeoutError:
            raise self._too_slow(rule, path) from None
        if seconds > _FREE and (self._slowest is None or seconds > self._slowest[0]):
            self._slowest = seconds, rule, path
        self._seconds_left += _FREE - seconds
        if self._seconds_left < 0 and self._slowest is not None:
            raise self._too_slow(*self._slowest[1:])
        return found

    def _too_slow(self, rule: Rule, path: str) -> RulesError:
        place = f" ({self._source}:{rule.line})" if self._source and rule.line else ""
        problem = f"Rule {rule.number}{place} takes too long to match the path {shown(path)}."
        fault = Fault(
            f"{problem} {ADVICE}", ("rules", rule.number - 1, "match"), 0, len(rule.match)
        )
        return RulesError([fault], texts=[rule.match])
