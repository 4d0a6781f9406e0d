"""The grammar: read text as a `Spec`, without a registry, a schema or Keras.

::

    spec   = name [ "(" [ arg { "," arg } [","] ] ")" ]
    name   = identifier { "." identifier }
    arg    = [ identifier "=" ] value            positional ones first
    value  = number | string | True | False | None | bare word
           | list | tuple | dict | spec | arithmetic

Python's own parser reads the text, and a list of allowed syntax decides what each node may be.
Nothing in the text is evaluated or imported.

The module is long because every kind of syntax is either read or rejected with its position here.
"""

import ast
import itertools
import math
import re
from collections.abc import Sequence
from functools import cached_property
from typing import NoReturn, cast

from initreg.errors import SpecSyntaxError
from initreg.near_names import did_you_mean
from initreg.public import public
from initreg.spec.arithmetic import (
    TOO_LARGE,
    Formula,
    Name,
    NoResultError,
    Operation,
    compute,
    count_fault,
    finite,
)
from initreg.spec.pieces import reject_pieces, reject_what_warns
from initreg.spec.spec import FUNCTIONS, PI, Argument, Pairs, Spec, Value

MAX_LENGTH = 4096
MAX_DEPTH = 16

_EXPECTED = "A spec is a name, or a name with arguments: random_normal(stddev=0.05)"
_EXPECTED_FORMULA = "Write a number, or arithmetic such as 2*layers"
FANS = ("fan_in", "fan_out")
COUNT_ELSEWHERE = "count belongs in let, in a file of rules. Compute with its name there"
_FUNCTIONS = f"{', '.join(FUNCTIONS[:-1])} and {FUNCTIONS[-1]}"

# One character of a text becomes at most 16 characters of the canonical text.
_MAY_GROW_TOO_LONG = MAX_LENGTH // 16


@public
def parse(text: str) -> Spec:
    """Read a spec from text.

    >>> parse("random_normal(0, stddev=0.02/sqrt(2*12))").arguments[1].value
    0.004082482904638631

    Raises `SpecSyntaxError`, and nothing else, for any text that is not a valid spec.
    """
    if not isinstance(text, str):
        raise TypeError(f"parse takes text, not {type(text).__name__}.")
    spec = _Reader(text).read_spec()
    if len(text) > _MAY_GROW_TOO_LONG and len(str(spec)) > MAX_LENGTH:
        problem = f"Written in canonical form, this spec is over {MAX_LENGTH:,} characters long."
        raise SpecSyntaxError(problem, text, 0, len(text))
    return spec


def parse_template(text: str) -> Spec:
    """Read a spec whose arithmetic may have names, as the specs of rules do.

    Each bare word among its values is a `Name`, and arithmetic with names is an `Operation`.
    Raises `SpecSyntaxError` as `parse` does.
    """
    return _Reader(text, names=True).read_spec()


def parse_formula(text: str) -> Formula:
    """Read arithmetic alone, with names.

    >>> parse_formula("2*3"), parse_formula("2*layers").symbol
    (6, '*')
    """
    return _Reader(text, "formula", names=True).read_formula()


class _Reader:
    """Turn the syntax tree of one text into a `Spec`, or into a formula.

    With `names`, arithmetic can have names in it. `kind` is what errors call the text.
    """

    def __init__(self, text: str, kind: str = "spec", *, names: bool = False) -> None:
        self.text = text
        self.kind = kind
        self.whole = "a spec" if kind == "spec" else "arithmetic"
        self.names = names
        self.start = len(text) - len(text.lstrip())
        # Python counts the columns of a line in UTF-8 bytes. In a single line of ASCII, these are
        # characters.
        self.plain = text.isascii() and "\n" not in text and "\r" not in text

    def read_spec(self) -> Spec:
        node = self._tree(_EXPECTED)
        if isinstance(node, ast.Name | ast.Attribute):
            return Spec(self._name(node), (), self._at(node), self.text)
        if isinstance(node, ast.Call):
            value = self._call(node, 0)
            if isinstance(value, Spec):
                return value
        self._reject(node, _EXPECTED)

    def read_formula(self) -> Formula:
        return self._operand(self._tree(_EXPECTED_FORMULA), 0)

    def _tree(self, expected: str) -> ast.expr:
        text = self.text
        if len(text) > MAX_LENGTH:
            problem = (
                f"{self.whole.capitalize()} is at most {MAX_LENGTH:,} characters long; "
                f"this one has {len(text):,}."
            )
            self._stop(problem, MAX_LENGTH)
        body = text[self.start :]
        if not body:
            self._stop(_EMPTY[self.kind], 0)
        if "\0" in text:  # versions of Python raise different errors for it
            self._stop(
                f"{self.whole.capitalize()} can't contain a null character.", text.index("\0")
            )
        reject_what_warns(text, self.start, self.whole)
        try:
            tree = compile(body, "<spec>", "eval", ast.PyCF_ONLY_AST, dont_inherit=True)
        except SyntaxError as error:
            line, column = error.lineno or 1, max(0, (error.offset or 1) - 1)
            starts = self._line_starts  # Python may count one line more
            at = self._characters[starts[min(line, len(starts)) - 1]] + column
            if error.offset == 0:  # at the end of the text, Python means
                at = len(text.rstrip())
            self._stop(
                f"This is not a valid {self.kind}: {error.msg.rstrip('.?')}. {expected}.",
                min(at, len(self.text)),
            )
        except UnicodeEncodeError as error:
            self._stop(
                f"{self.whole.capitalize()} can't contain half a character (a lone surrogate).",
                self.start + error.start,
            )
        except (RecursionError, MemoryError):
            self._too_deep(self.start)
        if not self.plain or "#" in body:
            reject_pieces(self.text, self.whole)
        return cast(ast.Expression, tree).body

    def _call(self, node: ast.Call, depth: int) -> Value:
        if depth > MAX_DEPTH:
            self._too_deep(self._at(node))
        name = self._name(node.func)
        if name in FUNCTIONS and depth:
            return self._function(name, node, depth)
        arguments = []
        for item in node.args:
            at = self._at(item)
            arguments.append(Argument(None, self._value(item, depth + 1), at, at, self._end(item)))
        seen: set[str] = set()
        for argument in node.keywords:
            parameter = argument.arg
            at = self._at(argument)
            if parameter is None:
                self._stop("'**' is not allowed in a spec. Name each parameter.", at, at + 2)
            if parameter in seen:
                self._stop(f"The parameter {parameter!r} is given twice.", at, at + len(parameter))
            seen.add(parameter)
            inner = argument.value
            value = self._value(inner, depth + 1)
            arguments.append(Argument(parameter, value, at, self._at(inner), self._end(inner)))
        return Spec(name, tuple(arguments), self._at(node), self.text)

    def _name(self, node: ast.expr) -> str:
        parts: list[str] = []
        inner = node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if not isinstance(inner, ast.Name):
            self._reject(node, "Only a name can come before '('")
        return ".".join([inner.id, *reversed(parts)])

    def _value(self, node: ast.expr, depth: int) -> Value:
        if depth > MAX_DEPTH:
            self._too_deep(self._at(node))
        match node:
            case ast.Constant(value=float() | int() as number) if not isinstance(number, bool):
                return self._number(number, node)
            case ast.Constant(value=str() | bool() | None as constant):
                return constant
            case ast.Name(id=word):
                return math.pi if word == PI else self._word(word, node)
            case ast.BinOp() | ast.UnaryOp():
                return self._arithmetic(node, depth)
            case ast.Call():
                return self._call(node, depth)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return tuple([self._value(item, depth + 1) for item in items])
            case ast.Dict():
                return self._dict(node, depth)
            case ast.Starred():
                self._reject(node, "'*' is not allowed in a spec. Write the items out")
        self._reject(node)

    def _dict(self, node: ast.Dict, depth: int) -> Pairs:
        pairs: dict[str, Value] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                self._stop("'**' is not allowed in a spec.", self._at(value) - 2, self._at(value))
            word: object = self._value(key, depth + 1)
            if isinstance(word, Name):
                word = word.word
            if not isinstance(word, str):
                self._reject(key, "The keys of a dict are text")
            if word in pairs:
                self._stop(f"The key {word!r} is given twice.", self._at(key), self._end(key))
            pairs[word] = self._value(value, depth + 1)
        return Pairs(pairs.items())

    # Arithmetic over numbers -------------------------------------------------------------------

    def _word(self, word: str, node: ast.expr) -> Value:
        if not self.names:
            return word
        return cast(Value, Name(word, self._at(node), self._end(node)))

    def _operand(self, node: ast.expr, depth: int) -> Formula:
        if isinstance(node, ast.Name) and node.id != PI and not self.names:
            self._reject(node, no_names(node.id))
        if isinstance(node, ast.Call):
            name = self._name(node.func)
            if name == "count":
                self._reject(node.func, COUNT_ELSEWHERE)
            if name not in FUNCTIONS:
                near = did_you_mean(name.rpartition(".")[2], FUNCTIONS)
                problem = f"There is no function {name!r}.{near} Arithmetic has {_FUNCTIONS}"
                self._reject(node.func, problem)
        if depth >= MAX_DEPTH:
            problem = (
                f"Arithmetic nests at most {MAX_DEPTH} levels deep, and each operator in a row "
                "is a level. Write fewer terms."
            )
            self._stop(problem, self._at(node))
        value: object = self._value(node, depth + 1)
        if isinstance(value, bool) or not isinstance(value, int | float | Name | Operation):
            self._reject(node, f"Arithmetic takes only numbers, pi, {_FUNCTIONS}")
        return value

    def _arithmetic(self, node: ast.BinOp | ast.UnaryOp, depth: int) -> Value:
        if isinstance(node, ast.UnaryOp):
            if not isinstance(node.op, ast.USub | ast.UAdd):
                self._reject(node)
            operand = self._operand(node.operand, depth)
            if isinstance(node.op, ast.USub):
                return self._operation("negative", node, [(operand, node.operand)])
            if isinstance(operand, Name):  # `+word` is not text
                return self._operation("+", node, [(0, node), (operand, node.operand)])
            return cast(Value, operand)
        symbol = _OPERATORS.get(type(node.op))
        if symbol is None:
            self._reject(node, f"Arithmetic supports only + - * / **, {_FUNCTIONS}")
        nodes = (node.left, node.right)
        return self._operation(symbol, node, [(self._operand(n, depth), n) for n in nodes])

    def _function(self, name: str, node: ast.Call, depth: int) -> Value:
        if problem := count_fault(name, -1 if node.keywords else len(node.args)):
            self._reject(node, problem)
        return self._operation(name, node, [(self._operand(n, depth), n) for n in node.args])

    def _operation(
        self, symbol: str, node: ast.expr, operands: list[tuple[Formula, ast.expr]]
    ) -> Value:
        """Compute an operation, or return it as an `Operation` if a name is in it."""
        numbers = [operand for operand, _ in operands if isinstance(operand, int | float)]
        if len(numbers) < len(operands):
            formulas = tuple([operand for operand, _ in operands])
            return cast(Value, Operation(symbol, formulas, self._at(node), self._end(node)))
        try:
            return compute(symbol, *numbers)
        except NoResultError as error:
            at = node if error.operand is None else operands[error.operand][1]
            self._reject(at, error.problem)

    def _number(self, value: float, node: ast.expr) -> int | float:
        try:
            return finite(value)
        except NoResultError:
            self._reject(node, TOO_LARGE)

    # Positions and errors -----------------------------------------------------------------------

    def _at(self, node: ast.expr | ast.keyword) -> int:
        if self.plain:  # a shortcut for nearly every text, here and in _end
            return self.start + node.col_offset
        return self._offset(node.lineno, node.col_offset)

    def _end(self, node: ast.expr) -> int:
        # Trees from `compile` always have both; the types allow for trees made by hand.
        if self.plain:
            return self.start + (node.end_col_offset or 0)
        return self._offset(node.end_lineno or 1, node.end_col_offset or 0)

    def _offset(self, line: int, column: int) -> int:
        return self._characters[self._line_starts[line - 1] + column]

    @cached_property
    def _line_starts(self) -> list[int]:
        """The position of each line's first byte."""
        before = len(self.text[: self.start].encode())
        ends = re.finditer(rb"\r\n|\r|\n", self.text[self.start :].encode())
        return [before, *(before + end.end() for end in ends)]

    @cached_property
    def _characters(self) -> Sequence[int]:
        """The position of the character that each byte of the text belongs to."""
        if self.text.isascii():
            return range(len(self.text) + 1)
        starts = (byte & 0xC0 != 0x80 for byte in self.text.encode())
        return [count - 1 for count in itertools.accumulate(starts)] + [len(self.text)]

    def _too_deep(self, column: int) -> NoReturn:
        self._stop(f"{self.whole.capitalize()} nests at most {MAX_DEPTH} levels deep.", column)

    def _reject(self, node: ast.expr, problem: str | None = None) -> NoReturn:
        if problem is None:
            what = _NOT_ALLOWED.get(type(node), "This")
            problem = f"{what} is not allowed in {self.whole}"
            if self.kind == "spec":
                problem += ". Quote it if you mean text"
        self._stop(f"{problem}.", self._at(node), self._end(node))

    def _stop(self, problem: str, column: int, end: int | None = None) -> NoReturn:
        raise SpecSyntaxError(problem, self.text, column, end) from None


def no_names(word: str) -> str:
    """Say what to write in place of the name of a number, outside of rules."""
    if word in FANS:
        return (
            f"{word!r} is a number in rules only. Here, variance_scaling scales with the fans: "
            f"variance_scaling(scale=2, mode={word})"
        )
    near = did_you_mean(word, (PI, *FUNCTIONS))
    return f"Only rules can compute with names such as {word!r}.{near} Write a number"


_EMPTY = {
    "spec": "The spec is empty. Write the name of an initializer, such as random_normal.",
    "formula": f"This is empty. {_EXPECTED_FORMULA}.",
}

_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
}

_NOT_ALLOWED: dict[type[ast.AST], str] = {
    ast.Attribute: "A dotted name without '()'",
    ast.Await: "'await'",
    ast.BoolOp: "'and' or 'or'",
    ast.Compare: "A comparison",
    ast.Constant: "A value of this kind (bytes, complex or '...')",
    ast.IfExp: "'if'",
    ast.JoinedStr: "An f-string",
    ast.Lambda: "A lambda",
    ast.NamedExpr: "':='",
    ast.Set: "A set",
    ast.Subscript: "A subscript",
    ast.UnaryOp: "'not' or '~'",
    **dict.fromkeys((ast.Yield, ast.YieldFrom), "'yield'"),
    **dict.fromkeys((ast.DictComp, ast.GeneratorExp, ast.ListComp, ast.SetComp), "A comprehension"),
}
