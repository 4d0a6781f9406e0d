"""A spec as a value: `Spec`, its canonical text, and when two specs are equal.

`grammar` reads it from text. Needs no registry, no schema and no Keras.
"""

import keyword
import re
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from initreg.public import public

PI = "pi"
FUNCTIONS = ("sqrt", "log", "exp", "min", "max", "abs")
RESERVED = (PI, *FUNCTIONS)
"""Names that mean something else in a spec: a number, and the functions of arithmetic."""

_BARE_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Value: TypeAlias = "bool | int | float | str | tuple[Value, ...] | Pairs | Spec | None"


@public
class Pairs(tuple[tuple[str, "Value"], ...]):
    """A dict inside a spec, as immutable pairs of key and value."""

    __slots__ = ()


@public
class Argument(NamedTuple):
    """One argument of a spec. `name` is None if the argument is positional.

    The argument starts at `column` and its value at `value_column`; both end at `end`. Columns
    count the characters of the text from 0, and the end is exclusive.
    """

    name: str | None
    value: Value
    column: int = 0
    value_column: int = 0
    end: int = 0


@public
@dataclass(frozen=True, slots=True, eq=False)
class Spec:
    """The name of an initializer with arguments, as a person wrote them.

    Two specs are equal if they mean the same: spaces, the order of named arguments and the
    spelling of numbers don't matter. ``str(spec)`` is the canonical text.

    >>> from initreg import parse
    >>> spec = parse("random_normal( stddev=5e-2, mean=0 )")
    >>> print(spec)
    random_normal(stddev=0.05, mean=0)
    >>> spec == parse("random_normal(mean=0.0, stddev=0.05)")
    True

    `source` is the text that the spec was read from (None for a spec made by hand), and `column`
    is the position of the name in it.
    """

    name: str
    arguments: tuple[Argument, ...] = ()
    column: int = 0
    source: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return _text(self) if self.arguments else self.name

    def __eq__(self, other: object) -> bool:
        return _meaning(self) == _meaning(other) if isinstance(other, Spec) else NotImplemented

    def __hash__(self) -> int:
        return hash(_meaning(self))


def _text(value: Value) -> str:
    """Return a value as text that `parse` reads, nested specs always with parentheses."""
    match value:
        case Spec(name=name, arguments=arguments):
            written = (
                _text(a.value) if a.name is None else f"{a.name}={_text(a.value)}"
                for a in arguments
            )
            return f"{name}({', '.join(written)})"
        case Pairs():
            return "{" + ", ".join(f"{_text(k)}: {_text(v)}" for k, v in value) + "}"
        case tuple():
            return "[" + ", ".join(map(_text, value)) + "]"
        case str():
            bare = _BARE_WORD.fullmatch(value) and value != PI and not keyword.iskeyword(value)
            return value if bare else repr(value)
        case float():
            text = repr(value + 0.0)  # drops the sign of a zero: -0.0 + 0.0 is 0.0
            return re.sub(r"e([+-])0*", lambda e: "e" + e[1].strip("+"), text).removesuffix(".0")
        case _:
            return repr(value)


def _meaning(value: object) -> object:
    """Return the part of a value that decides whether two specs are equal."""
    match value:
        case bool():  # marked, because Python says that True == 1
            return ("bool", value)
        case Spec(name=name, arguments=arguments):
            positional = tuple(_meaning(a.value) for a in arguments if a.name is None)
            named = frozenset((a.name, _meaning(a.value)) for a in arguments if a.name is not None)
            return ("spec", name, positional, named)
        case Pairs():
            return ("dict", frozenset((key, _meaning(item)) for key, item in value))
        case tuple():
            return ("list", tuple(map(_meaning, value)))
        case _:
            return value
