"""Arithmetic over numbers and names: what a spec can compute.

Nothing is evaluated as code. A formula is a small tree of our own operations, and each result is a
finite number.

>>> half = Operation("/", (1, Name("blocks")))
>>> evaluate(half, {"blocks": 4})
0.25
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Number: TypeAlias = int | float

MAX_EXPONENT = 64

# Whole numbers of more than 64 bits are read as floats. No parameter is that large and exact, and
# the canonical text of a spec stays short.
_LARGEST_INT = 2**63

TOO_LARGE = "This number is too large and overflows to infinity"


@dataclass(frozen=True, slots=True)
class Name:
    """A bare word at ``column:end`` of a text: a number's name, or text."""

    word: str
    column: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation on operands, of which one has a name in it, at ``column:end`` of a text.

    `symbol` is an operator, or the name of a function.
    """

    symbol: str
    operands: "tuple[Formula, ...]"
    column: int = 0
    end: int = 0


Formula: TypeAlias = Number | Name | Operation


class NoResultError(ArithmeticError):
    """A formula has no result: `problem` says why.

    `operand` is the index of the operand to point at, or None for the whole operation.
    ``column:end`` is the place in the text, if `evaluate` raised it.
    """

    def __init__(
        self, problem: str, operand: int | None = None, column: int = 0, end: int = 0
    ) -> None:
        super().__init__(problem, operand, column, end)
        self.problem = problem
        self.operand = operand
        self.column = column
        self.end = end


def names_in(formula: Formula) -> Iterator[Name]:
    """Yield the names in a formula, in the order of the text."""
    if isinstance(formula, Name):
        yield formula
    elif isinstance(formula, Operation):
        for operand in formula.operands:
            yield from names_in(operand)


def evaluate(formula: Formula, numbers: Mapping[str, Number]) -> Number:
    """Return the number that a formula comes to. `numbers` has those of all its names.

    The grammar limits how deeply a formula nests. Raises `NoResultError`, with the place of the
    innermost operation that has no result.
    """
    if isinstance(formula, Name):
        return numbers[formula.word]
    if not isinstance(formula, Operation):
        return formula
    operands = [evaluate(operand, numbers) for operand in formula.operands]
    try:
        return compute(formula.symbol, *operands)
    except NoResultError as error:
        place = formula.column, formula.end
        raise NoResultError(error.problem, error.operand, *place) from None


def compute(symbol: str, *operands: Number) -> Number:
    """Return the result of one operation.

    >>> compute("**", 2, -1), compute("max", 1, 3)
    (0.5, 3)

    Raises `NoResultError` if the operation has no result, or not a finite real number.
    """
    if symbol == "**" and abs(operands[1]) > MAX_EXPONENT:
        raise NoResultError(f"An exponent is at most {MAX_EXPONENT}", 1)
    if symbol == "sqrt" and operands[0] < 0:
        raise NoResultError(f"sqrt() takes a number of 0 or more, not {operands[0]}")
    if symbol == "log" and operands[0] <= 0:
        raise NoResultError(f"log() takes a number above 0, not {operands[0]}")
    try:
        return finite(_COMPUTE[symbol](*operands))
    except ZeroDivisionError:
        raise NoResultError("This divides by zero") from None
    except OverflowError:
        raise NoResultError(TOO_LARGE) from None


def finite(value: object) -> Number:
    """Return a number; large integers become floats.

    Raises `NoResultError` if it is not a finite real number.
    """
    if isinstance(value, int):
        if -_LARGEST_INT <= value <= _LARGEST_INT:
            return value
        try:
            return float(value)
        except OverflowError:
            raise NoResultError(TOO_LARGE) from None
    if not isinstance(value, float):  # a negative base with a fractional exponent
        raise NoResultError("The result is not a real number")
    if not math.isfinite(value):
        raise NoResultError(TOO_LARGE)
    return value


def count_fault(function: str, count: int) -> str | None:
    """Return what is wrong with the number of a function's operands, if anything."""
    if function in _OF_SEVERAL:
        return None if count >= 2 else f"{function}() takes two numbers or more"
    return None if count == 1 else f"{function}() takes one number"


_OF_SEVERAL = ("min", "max")
_COMPUTE: dict[str, Callable[..., object]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "**": lambda left, right: left**right,
    "negative": lambda operand: -operand,
    "sqrt": math.sqrt,
    "log": math.log,
    "exp": math.exp,
    "min": min,
    "max": max,
    "abs": abs,
}
