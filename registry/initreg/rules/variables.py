r"""The numbers that rules compute with for the weights of one model, and the resulting configs.

>>> from initreg import Fans, read_rules
>>> rules = read_rules({
...     "let": {"layers": r"count(block_(\d+)/)"},
...     "rules": [{"match": r"(?P<i>\d+)/kernel", "init": "constant(sqrt(layers)/(i+1))"}],
... })
>>> numbers = Numbers(rules, [("net/block_0/kernel",), ("net/block_3/kernel",)])
>>> str(numbers.config_for(rules.rules[0], ("net/block_3/kernel",), Fans(8, 4), 32))
'constant(value=0.3535533905932738)'

A plan makes the numbers of its model once, before it assigns any weight:
``Numbers(rules, [(weight.literal, weight.counted) for weight in weights])``. A scope has no paths
yet, and makes them without: ``Numbers(rules)``.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from initreg.config.base import InitializerConfig
from initreg.draws.fans import Fans
from initreg.errors import Fault, InitregError, RulesError
from initreg.registry.registry import Registry, default_registry
from initreg.rules.let import Count, Let, UnmatchedCount, read_let
from initreg.rules.names import as_number, plain
from initreg.rules.patterns import (
    ADVICE,
    ALL_SEARCHES,
    FREE,
    ONE_SEARCH,
    compile_pattern,
    timed_match,
)
from initreg.rules.rules import Rule, Rules
from initreg.rules.templates import Template
from initreg.spec.arithmetic import NoResultError, Number, evaluate, finite, names_in
from initreg.wording import at_line, quoted, shown

if TYPE_CHECKING:
    import regex


def together(errors: Iterable[RulesError]) -> RulesError:
    """Return one error for those of several weights: the first one of each place in the rules."""
    first: dict[tuple[object, ...], tuple[Fault, str | None]] = {}
    more: Counter[tuple[object, ...]] = Counter()
    for error in errors:
        for fault, text in zip(error.faults, error.texts, strict=True):
            place = fault.path, fault.column, fault.end
            more[place] += place in first
            first.setdefault(place, (fault, text))
    faults = [
        replace(fault, message=f"{fault.message} {_more(more[place])}") if more[place] else fault
        for place, (fault, _) in first.items()
    ]
    return RulesError(faults, texts=[text for _, text in first.values()], names_places=True)


def _more(count: int) -> str:
    return f"{count} more weight{'s fail' if count > 1 else ' fails'} at the same place."


class Numbers:
    """Computes the specs of rules for the weights of one model.

    `weights` has for each weight of the model the names that patterns are searched in: its name in
    Keras, and its path if that is another. Counts use the first ones, if a pattern matches any of
    them, as rules do. It is None while a model is built; counts can't be known then.

    `let` has the number of each name of `let` that a rule uses, directly or through others.

    Raises `RulesError` if such a number can't be computed.
    """

    def __init__(
        self,
        rules: Rules,
        weights: Sequence[Sequence[str]] | None = None,
        registry: Registry | None = None,
    ) -> None:
        self._rules = rules
        self._registry = registry or default_registry()
        self._seconds_left = ALL_SEARCHES
        self._configs: dict[tuple[Template, tuple[Number, ...]], InitializerConfig] = {}
        self._let, self._used = self._meanings()
        self.let: Mapping[str, Number] = self._of_let(weights)

    def config_for(
        self, rule: Rule, names: Sequence[str], fans: Fans, size: int
    ) -> InitializerConfig:
        """Return the config of a weight to which a rule applies.

        `names` are the names of the weight that patterns are searched in; errors show the last one.
        A rule that doesn't compute has one config for all its weights. Raises `RulesError` if the
        spec can't be computed, with the number of the rule, the path and the place in the spec.
        """
        template = rule.init
        assert template is not None  # noqa: S101  # such a rule keeps its weights
        if not isinstance(template, Template):
            return template
        numbers = self._numbers(rule, template, names, fans, size)
        key = template, tuple(numbers.values())
        config = self._configs.get(key)
        if config is None:
            try:
                config = template.config(numbers, self._registry)
            except InitregError as error:
                self._reject(rule, template, names[-1], numbers, error.faults)
            self._configs[key] = config
        return config

    def _numbers(
        self, rule: Rule, template: Template, names: Sequence[str], fans: Fans, size: int
    ) -> dict[str, Number]:
        numbers: dict[str, Number] = {}
        groups: Mapping[str, str | None] | None = None
        of_weight = {"fan_in": fans.fan_in, "fan_out": fans.fan_out, "size": size}
        for word in sorted(template.variables):
            if word in self.let:
                numbers[word] = self.let[word]
            elif word in of_weight:
                numbers[word] = plain(of_weight[word])
            else:
                if groups is None:
                    try:
                        groups = self._groups(rule, names)
                    except TimeoutError:
                        fault = Fault(f"The pattern takes too long to match. {ADVICE}")
                        self._reject(rule, template, names[-1], {}, [fault])
                number = as_number(groups[word])
                if number is None:
                    text = groups[word]
                    what = "takes no part in the match" if text is None else f"is {shown(text)}"
                    problem = f"The group {word!r} {what}, so it is not a number."
                    fault = Fault(problem, (), *template.place_of(word))
                    self._reject(rule, template, names[-1], {}, [fault])
                numbers[word] = number
        return numbers

    def _groups(self, rule: Rule, names: Sequence[str]) -> Mapping[str, str | None]:
        """Return the named groups of the match by which a rule applies to a weight."""
        for name in names:
            match = self._search(rule.match, name)
            if match is not None:
                groups: dict[str, str | None] = match.groupdict()
                return groups
        return dict.fromkeys(compile_pattern(rule.match).groupindex)

    def _search(self, pattern: str, name: str) -> "regex.Match[str] | None":
        """Search a pattern in the name of a weight. Raise `TimeoutError` if it takes too long."""
        match, seconds = timed_match(compile_pattern(pattern), name, ONE_SEARCH)
        self._seconds_left += FREE - seconds
        if self._seconds_left < 0:
            raise TimeoutError
        return match

    def _reject(
        self,
        rule: Rule,
        template: Template,
        path: str,
        numbers: Mapping[str, Number],
        faults: Iterable[Fault],
    ) -> NoReturn:
        place = at_line(self._rules.source, rule.line)
        shown_numbers = ", ".join(f"{name} = {number}" for name, number in numbers.items())
        intro = f"Rule {rule.number}{place} for {path}"
        intro += f", with {shown_numbers}" if shown_numbers else ""
        notes = "".join(
            f" {name} is 0 because no path of a weight matches {quoted(meaning.pattern)}."
            for name in self._let.needed(numbers)
            if isinstance(meaning := self._let.meanings[name], Count) and not self.let[name]
        )
        found = [
            replace(fault, message=f"{intro}: {fault.message}{notes}").below(
                "rules", rule.number - 1, "init"
            )
            for fault in faults
        ]
        raise RulesError(found, texts=[template.written] * len(found), names_places=True)

    # The numbers of `let` -----------------------------------------------------------------------

    @property
    def unused(self) -> list[str]:
        """The names of `let` that no rule uses."""
        return self._let.unused(self._used)

    @property
    def unmatched(self) -> tuple[UnmatchedCount, ...]:
        """The counts of `let` that a rule uses, and that match no weight."""
        return tuple(
            UnmatchedCount(name, meaning.pattern, self._let_lines.get(name))
            for name, meaning in self._let.meanings.items()
            if isinstance(meaning, Count) and self.let.get(name) == 0
        )

    @property
    def _let_lines(self) -> dict[str, int]:
        """The lines of the names of `let`, if the rules were read from a file."""
        names = (name for name, _ in self._rules.let)
        return dict(zip(names, self._rules.let_lines, strict=False))

    def _meanings(self) -> tuple[Let, frozenset[str]]:
        """Return the names of `let`, and all variables of the rules."""
        if not self._rules.let:
            return Let(), frozenset()
        let, faults = read_let(dict(self._rules.let))
        if faults:
            raise RulesError([f.fault for f in faults], texts=[f.text for f in faults])
        return let, frozenset().union(*(rule.variables for rule in self._rules.rules))

    def _of_let(self, weights: Sequence[Sequence[str]] | None) -> dict[str, Number]:
        numbers: dict[str, Number] = {}
        for name in self._let.needed(self._used):
            meaning = self._let.meanings[name]
            if isinstance(meaning, Count):
                if weights is None:
                    self._reject_count(name)
                numbers[name] = self._count(name, meaning, weights)
                continue
            try:
                numbers[name] = finite(evaluate(meaning, numbers))
            except NoResultError as error:
                words = dict.fromkeys(word.word for word in names_in(meaning))
                known = ", ".join(f"{word} = {numbers[word]}" for word in words)
                problem = f"{error.problem}, with {known}."
                self._reject_let(name, problem, error.column, error.end)
        return numbers

    def _count(self, name: str, count: Count, weights: Sequence[Sequence[str]]) -> int:
        for at in (0, -1):
            values = set()
            for names in weights:
                try:
                    match = self._search(count.pattern, names[at])
                except TimeoutError:
                    problem = f"This takes too long in the path {shown(names[at])}. {ADVICE}"
                    self._reject_let(name, problem)
                if match is not None:
                    values.add(match.groups() or match[0])
            if values:
                return len(values)
        return 0

    def _reject_count(self, name: str) -> NoReturn:
        problem = (
            f"A scope can't count the weights of a model that is not built yet. Give {name} a "
            "number, or use initreg.apply after the model is built."
        )
        self._reject_let(name, problem)

    def _reject_let(self, name: str, problem: str, column: int = 0, end: int = 0) -> NoReturn:
        place = at_line(self._rules.source, self._let_lines.get(name))
        text = str(dict(self._rules.let)[name])
        message = f"{name} in let{place}: {problem}"
        fault = Fault(message, ("let", name), column, end or len(text))
        raise RulesError([fault], texts=[text], names_places=True)
