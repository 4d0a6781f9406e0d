"""Specs that compute: read once, and filled with the numbers of each weight.

A bare word that is also the name of a number stays text if the parameter accepts it as text:
``variance_scaling(mode=fan_in)`` means what it means everywhere. Otherwise the word is the number.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from initreg.config.base import InitializerConfig
from initreg.errors import ConfigError, Fault, InitregError
from initreg.near_names import did_you_mean
from initreg.public import public
from initreg.registry.registry import Registry
from initreg.rules.names import OF_WEIGHT, Known
from initreg.spec.arithmetic import (
    Formula,
    Name,
    NoResultError,
    Number,
    Operation,
    evaluate,
    names_in,
)
from initreg.spec.grammar import parse_template
from initreg.spec.spec import PI, Pairs, Spec

_STAND_IN = 1  # for a number that only a model shows


@public
@dataclass(frozen=True, slots=True)
class Template:
    """A spec of a rule that computes: it becomes a config with the numbers of a weight.

    `written` is its text, and `variables` are the names of the numbers that it needs. Templates are
    equal if their texts are.
    """

    written: str
    variables: frozenset[str] = field(compare=False)
    _spec: Spec = field(compare=False, repr=False)

    def __str__(self) -> str:
        return self.written

    def place_of(self, variable: str) -> tuple[int, int]:
        """Return the place in the text of the first use of a variable."""
        formulas = _formulas(self._spec)
        names = (name for formula in formulas for name in names_in(formula))
        return next((name.column, name.end) for name in names if name.word == variable)

    def config(self, numbers: Mapping[str, Number], registry: Registry) -> InitializerConfig:
        """Return the config with these numbers.

        Raises `ConfigError` or another `InitregError`, with places in the text, if a formula has
        no result or the schema rejects it.
        """
        faults: list[Fault] = []

        def number_of(formula: Name | Operation) -> Number:
            try:
                return evaluate(formula, numbers)
            except NoResultError as error:
                faults.append(_fault(error))
                return _STAND_IN

        spec = _filled(self._spec, number_of)
        if faults:
            raise ConfigError(faults, self.written)
        return registry.validate(spec)


def read_template(text: str, known: Known, registry: Registry) -> InitializerConfig | Template:
    """Read the spec of a rule. It is a `Template` if it computes with names.

    All is checked that the known numbers allow: values that need a model are checked with its
    numbers. Raises `SpecSyntaxError`, `ConfigError` or another `InitregError`.
    """
    spec = parse_template(text)
    if PI in known.groups and (word := re.search(rf"\b{PI}\b", text)):
        problem = f"{PI!r} is 3.14…, and also a group of this rule's pattern. Rename the group."
        raise ConfigError([Fault(problem, (), *word.span(), code="syntax")], text)
    formulas = [*_formulas(spec)]
    operations = [formula for formula in formulas if isinstance(formula, Operation)]
    words = [formula for formula in formulas if isinstance(formula, Name)]
    names = [name for operation in operations for name in names_in(operation)]
    faults = [fault for name in names if (fault := known.fault(name))]
    draft = _Draft(text, spec, known, registry, faults)
    numbers: list[Name] = []
    if not operations:  # nothing can be wrong with a number, so this is a usual spec
        try:
            return registry.validate(text)
        except InitregError as error:
            numbers = _rejected(words, error.faults, known)
            if not numbers:
                raise _with_near_names(error, words, known) from None
    else:
        numbers = _rejected(words, draft.faults(()), known)
    faults = [*faults, *(f for name in numbers if (f := known.fault(name)))]
    draft = replace(draft, first=faults)
    if faults := draft.faults(numbers):
        raise _with_near_names(ConfigError(faults, text), words, known)
    spec = _filled(spec, lambda f: f if isinstance(f, Operation) or f in numbers else f.word)
    return Template(text, frozenset(name.word for name in [*names, *numbers]), spec)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A spec that may compute, before it is known which of its words are numbers."""

    text: str
    spec: Spec
    known: Known
    registry: Registry
    first: list[Fault]

    def faults(self, words: Iterable[Name]) -> list[Fault]:
        """Return what is wrong if these words are numbers, and the others text.

        Stand-ins replace the numbers that aren't known. What the schema says about their values is
        left out.
        """
        faults = [*self.first]
        unknown: list[tuple[int, int]] = []  # places
        numbers = self.known.numbers

        def number_of(formula: Name | Operation) -> Number | str:
            if isinstance(formula, Name) and formula not in words:
                return formula.word
            number = known_part(formula)
            if number is None:
                unknown.append((formula.column, formula.end))
            return _STAND_IN if number is None else number

        def known_part(formula: Formula) -> Number | None:
            """Compute a formula if its names are known, and otherwise its parts."""
            if all(name.word in numbers for name in names_in(formula)):
                try:
                    return evaluate(formula, numbers)
                except NoResultError as error:
                    faults.append(_fault(error))
            elif isinstance(formula, Operation):
                for operand in formula.operands:
                    known_part(operand)
            return None

        try:
            self.registry.validate(_filled(self.spec, number_of))
        except InitregError as error:
            for fault in error.faults:
                about_value = fault.code == "wrong-value" and _covers_any(fault, unknown)
                if not about_value and not (fault.code == "conflict" and unknown):
                    faults.append(fault)
        return sorted(faults, key=lambda fault: fault.column or 0)


def _rejected(words: Iterable[Name], faults: Iterable[Fault], known: Known) -> list[Name]:
    """Return the words that the schema rejects as text, and that are names of numbers."""
    wrong = [fault for fault in faults if fault.code == "wrong-value"]
    return [
        word
        for word in words
        if word.word in known and any(_covers_any(f, [(word.column, word.end)]) for f in wrong)
    ]


def _covers_any(fault: Fault, places: Iterable[tuple[int, int]]) -> bool:
    if fault.column is None:
        return False
    last = fault.column + 1 if fault.end is None else fault.end
    return any(fault.column <= start and end <= last for start, end in places)


def _with_near_names(error: InitregError, words: Iterable[Name], known: Known) -> InitregError:
    """Add the nearest name of a number to the faults of words that could be a misspelt one."""
    if not isinstance(error, ConfigError):
        return error
    names = [*OF_WEIGHT, *known.groups, *known.let]
    faults = []
    for fault in error.faults:
        word = next((w for w in words if (w.column, w.end) == (fault.column, fault.end)), None)
        if word is not None and fault.code == "wrong-value" and "Did you mean" not in fault.message:
            fault = replace(fault, message=fault.message + did_you_mean(word.word, names))
        faults.append(fault)
    return ConfigError(faults, error.text)


def _fault(error: NoResultError) -> Fault:
    return Fault(f"{error.problem}.", (), error.column, error.end)


# One walk over the values of a spec ---------------------------------------------------------------


def _formulas(spec: Spec) -> Iterator[Name | Operation]:
    """Yield the bare words and the arithmetic with names among the values of a spec."""
    found: list[Name | Operation] = []

    def note(formula: Name | Operation) -> Formula:
        found.append(formula)
        return formula

    _filled(spec, note)
    yield from found


def _filled(spec: Spec, change: Callable[[Name | Operation], Any]) -> Spec:
    """Return the spec with each bare word and each formula replaced by what `change` returns."""

    def filled(value: Any) -> Any:
        match value:
            case Name() | Operation():
                return change(value)
            case Spec(arguments=arguments):
                changed = [
                    argument._replace(value=filled(argument.value)) for argument in arguments
                ]
                return replace(value, arguments=tuple(changed))
            case Pairs():
                return Pairs((key, filled(item)) for key, item in value)
            case tuple():
                return tuple([filled(item) for item in value])
        return value

    return cast(Spec, filled(spec))
