"""The names that a rule can compute with, and what is wrong with other names."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from initreg.errors import Fault
from initreg.near_names import did_you_mean
from initreg.spec.arithmetic import Name, Number
from initreg.spec.spec import RESERVED
from initreg.wording import listed

OF_WEIGHT = ("fan_in", "fan_out", "size")
"""The numbers of every weight: its fans, and how many values it has."""

MAX_NAMES = 200
"""The most names that `let` can define."""

TAKEN = (*OF_WEIGHT, *RESERVED, "count")
"""Names that `let` can't define."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the names in one rule before there is a model.

    `let` has the names of `let`, each with its number, or None if only a model shows it. `groups`
    are the named groups of the rule's pattern.
    """

    let: Mapping[str, Number | None] = field(default_factory=dict)
    groups: tuple[str, ...] = ()

    def __contains__(self, word: str) -> bool:
        return word in OF_WEIGHT or word in self.let or word in self.groups

    @property
    def numbers(self) -> dict[str, Number]:
        """The numbers that are known without a model."""
        return {name: number for name, number in self.let.items() if number is not None}

    def fault(self, name: Name) -> Fault | None:
        """Return the fault of a name in arithmetic, if it has one."""
        word = name.word
        if word in OF_WEIGHT and word in self.groups:
            problem = (
                f"{word!r} is a number of the weight, and also a group of this rule's pattern. "
                "Give the group another name."
            )
        elif word in self:
            return None
        else:
            names = (*OF_WEIGHT, *self.groups, *self.let)
            near = did_you_mean(word, (*names, *RESERVED))
            problem = f"No number is called {word!r}.{near} This rule has {listed(names, 12)}."
        return Fault(problem, (), name.column, name.end, code="syntax")


def as_number(text: str | None) -> Number | None:
    """Return the number that the text of a group is, or None.

    >>> as_number("07"), as_number("0.5"), as_number("1e9"), as_number("b")
    (7, 0.5, None, None)
    """
    if text is None or len(text) > 32 or not text.isascii():
        return None
    whole, dot, decimals = text.removeprefix("-").partition(".")
    if not whole.isdigit() or (dot and not decimals.isdigit()):
        return None
    return plain(float(text)) if dot or len(whole) > 15 else int(text)


def plain(number: float) -> Number:
    """Return a number as an int if it is a whole one that a float holds exactly."""
    if isinstance(number, float) and math.isfinite(number) and number.is_integer():
        return int(number) if abs(number) < 2**53 else number
    return number
