"""The grammar: text to `Spec`. Knows no registry, no schema and no Keras.

::

    spec   = name [ "(" [ arg { "," arg } [","] ] ")" ]
    name   = identifier { "." identifier }
    arg    = [ identifier "=" ] value            positional ones first
    value  = number | string | True | False | None | bare word
           | list | tuple | dict | spec | arithmetic

The text is read with `ast` and a whitelist of nodes. Nothing in it is evaluated or imported.
"""

import ast
import itertools
import math
import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NoReturn, cast

from initreg.errors import SpecSyntaxError
from initreg.public import public
from initreg.spec.spec import Argument, Pairs, Spec, Value

MAX_LENGTH = 4096
MAX_DEPTH = 16
MAX_EXPONENT = 64

# Beyond 64 bits a whole number is read as a float: no parameter of an initializer is that large
# and exact, and it keeps the canonical text of any spec short.
_LARGEST_INT = 2**63

# No single character of a text grows to more than 16 characters in its canonical form.
_MAY_GROW_TOO_LONG = MAX_LENGTH // 16

# What Python reads after a backslash without a warning. Octal escapes warn from "\400" on.
_BAD_ESCAPE = re.compile(r"\\(?:[\\'\"abfnrtvxuUN\r\n]|(?P<bad>.?))")

# Python reads a keyword that touches the number before it, with a warning. No number has these
# letters; a string may.
_KEYWORD = "(?:and|else|for|if|in|is|not|or)"
_MAY_TOUCH = re.compile(rf"[\d.][jJ]?{_KEYWORD}|0[xX]")  # quick, and true too often
_TOUCHING = re.compile(rf"\d[\w.]*?{_KEYWORD}")

# What a text is made of, as far as strings, numbers, words and comments go. A string that does not
# end takes the rest, and no character can be read in two ways: so the time is linear.
_PIECE = re.compile(
    r"""(?P<string>'''(?:\\.|'(?!'')|[^'\\])*\\?(?:'''|\Z)|"{3}(?:\\.|"(?!"")|[^"\\])*\\?(?:"{3}|\Z)"""
    r"""|'(?:\\.|[^'\\])*\\?(?:'|\Z)|"(?:\\.|[^"\\])*\\?(?:"|\Z))"""
    r"|(?P<number>\d[\w.]*)|(?P<word>(?:\w|[^\x00-\x7f])+)|(?P<comment>#[^\r\n]*)",
    re.DOTALL,
)


@public
def parse(text: str) -> Spec:
    """Read a spec from text.

    >>> parse("random_normal(0, stddev=0.02/sqrt(2*12))").arguments[1].value
    0.004082482904638631

    Raises `SpecSyntaxError`, and nothing else, for any text that is no spec.
    """
    if not isinstance(text, str):
        raise TypeError(f"parse takes text, not {type(text).__name__}.")
    if len(text) > MAX_LENGTH:
        problem = f"A spec is at most {MAX_LENGTH:,} characters long; this one has {len(text):,}."
        raise SpecSyntaxError(problem, text, MAX_LENGTH)
    body = text.lstrip()
    if not body:
        problem = "The spec is empty. Write the name of an initializer, such as random_normal."
        raise SpecSyntaxError(problem, text, 0)
    if "\0" in text:  # of which Python's versions raise different errors
        problem = "A spec can't hold a null character."
        raise SpecSyntaxError(problem, text, text.index("\0"))
    if "\\" in text:
        _check_escapes(text)
    if _MAY_TOUCH.search(text):
        _check_numbers(text)
    reader = _Reader(text, len(text) - len(body))
    spec = reader.read(body)
    if len(text) > _MAY_GROW_TOO_LONG and len(str(spec)) > MAX_LENGTH:
        problem = f"Written out, this spec is over {MAX_LENGTH:,} characters long."
        raise SpecSyntaxError(problem, text, 0, len(text))
    return spec


def _check_escapes(text: str) -> None:
    """Refuse what Python only warns about, so that no warning leaves `parse`."""
    for piece in _PIECE.finditer(text):
        start, end = piece.span()
        # Other escapes warn in bytes, which are refused in any case.
        if piece.lastgroup == "string" and re.search(r"[bB][rR]?$|[rR][bB]$", text[:start][-2:]):
            raise SpecSyntaxError("Bytes are not taken in a spec.", text, start, end)
    for match in _BAD_ESCAPE.finditer(text):
        if match["bad"] is not None:
            problem = rf"'\{match['bad']}' is no escape. Write \\ for a backslash."
            raise SpecSyntaxError(problem, text, match.start(), match.end())


def _check_numbers(text: str) -> None:
    for piece in _PIECE.finditer(text):
        start, end = piece.span()
        if piece.lastgroup == "number" and _TOUCHING.match(piece[0]):
            raise SpecSyntaxError(f"{piece[0]!r} is no number.", text, start, end)
        # Python looks into an f-string, too; it is refused in any case.
        if piece.lastgroup == "string" and re.search(r"[fFtT][rR]?$", text[:start][-2:]):
            raise SpecSyntaxError("An f-string is not taken in a spec.", text, start, end)


class _Reader:
    """Turns the syntax tree of one text into a `Spec`."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.start = start
        # Python counts a line's columns in UTF-8 bytes; in one line of ASCII they are characters.
        self.plain = text.isascii() and "\n" not in text and "\r" not in text

    def read(self, body: str) -> Spec:
        try:
            tree = compile(body, "<spec>", "eval", ast.PyCF_ONLY_AST, dont_inherit=True)
        except SyntaxError as error:
            line, column = error.lineno or 1, max(0, (error.offset or 1) - 1)
            starts = self._line_starts  # of which the last line may be one short
            at = self._characters[starts[min(line, len(starts)) - 1]] + column
            self._stop(
                f"This can't be read as a spec: {error.msg.rstrip('.?')}.", min(at, len(self.text))
            )
        except UnicodeEncodeError as error:
            self._stop(
                "A spec can't hold half a character (a lone surrogate).", self.start + error.start
            )
        except (RecursionError, MemoryError):
            self._too_deep(self.start)
        if not self.plain or "#" in body:
            self._check_pieces()
        node = cast(ast.Expression, tree).body
        if isinstance(node, ast.Name | ast.Attribute):
            return Spec(self._name(node), (), self._at(node), self.text)
        if isinstance(node, ast.Call):
            value = self._call(node, 0)
            if isinstance(value, Spec):
                return value
        self._refuse(node, "A spec is a name, or a name with arguments: random_normal(stddev=0.05)")

    def _check_pieces(self) -> None:
        """Refuse comments, and names that Python would silently fold to ASCII."""
        for piece in _PIECE.finditer(self.text):
            if piece.lastgroup == "comment":
                self._stop("A spec has no comments. Quote a '#' that is text.", piece.start())
            if piece.lastgroup == "word" and not piece[0].isascii():
                self._stop(f"The name {piece[0]!r} is not plain ASCII.", *piece.span())

    def _call(self, node: ast.Call, depth: int) -> Value:
        if depth > MAX_DEPTH:
            self._too_deep(self._at(node))
        name = self._name(node.func)
        if name == "sqrt" and depth:
            return self._sqrt(node, depth)
        arguments = []
        for item in node.args:
            at = self._at(item)
            arguments.append(Argument(None, self._value(item, depth + 1), at, at, self._end(item)))
        seen: set[str] = set()
        for argument in node.keywords:
            given = argument.arg
            at = self._at(argument)
            if given is None:
                self._stop("'**' is not taken in a spec. Name each parameter.", at, at + 2)
            if given in seen:
                self._stop(f"The parameter {given!r} is given twice.", at, at + len(given))
            seen.add(given)
            inner = argument.value
            value = self._value(inner, depth + 1)
            arguments.append(Argument(given, value, at, self._at(inner), self._end(inner)))
        return Spec(name, tuple(arguments), self._at(node), self.text)

    def _name(self, node: ast.expr) -> str:
        parts: list[str] = []
        inner = node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if not isinstance(inner, ast.Name):
            self._refuse(node, "Only a name can stand before '('")
        return ".".join([inner.id, *reversed(parts)])

    def _value(self, node: ast.expr, depth: int) -> Value:
        if depth > MAX_DEPTH:
            self._too_deep(self._at(node))
        match node:
            case ast.Constant(value=float() | int() as number) if not isinstance(number, bool):
                return self._number(number, node)
            case ast.Constant(value=str() | bool() | None as constant):
                return constant
            case ast.Name(id="pi"):
                return math.pi
            case ast.Name(id=word):
                return word
            case ast.BinOp() | ast.UnaryOp():
                return self._arithmetic(node, depth)
            case ast.Call():
                return self._call(node, depth)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return tuple([self._value(item, depth + 1) for item in items])
            case ast.Dict():
                return self._dict(node, depth)
            case ast.Starred():
                self._refuse(node, "'*' is not taken in a spec. Write the items out")
        self._refuse(node)

    def _dict(self, node: ast.Dict, depth: int) -> Pairs:
        pairs: dict[str, Value] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                self._stop("'**' is not taken in a spec.", self._at(value) - 2, self._at(value))
            word = self._value(key, depth + 1)
            if not isinstance(word, str):
                self._refuse(key, "A key of a dict is text")
            if word in pairs:
                self._stop(f"The key {word!r} is given twice.", self._at(key), self._end(key))
            pairs[word] = self._value(value, depth + 1)
        return Pairs(pairs.items())

    # Arithmetic over numbers -------------------------------------------------------------------

    def _operand(self, node: ast.expr, depth: int) -> int | float:
        value = self._value(node, depth + 1)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._refuse(node, "Arithmetic takes numbers, pi and sqrt() alone")
        return value

    def _arithmetic(self, node: ast.BinOp | ast.UnaryOp, depth: int) -> int | float:
        operator = type(node.op)
        if isinstance(node, ast.UnaryOp):
            if operator not in (ast.USub, ast.UAdd):
                self._refuse(node)
            operand = self._operand(node.operand, depth)
            return -operand if operator is ast.USub else operand
        compute = _OPERATORS.get(operator)
        if compute is None:
            self._refuse(node, "Arithmetic has + - * / ** and sqrt()")
        left, right = self._operand(node.left, depth), self._operand(node.right, depth)
        if operator is ast.Pow and abs(right) > MAX_EXPONENT:
            self._refuse(node.right, f"An exponent is at most {MAX_EXPONENT}")
        try:
            return self._number(compute(left, right), node)
        except ZeroDivisionError:
            self._refuse(node, "This divides by zero")
        except OverflowError:
            self._too_large(node)

    def _sqrt(self, node: ast.Call, depth: int) -> float:
        if len(node.args) != 1 or node.keywords:
            self._refuse(node, "sqrt() takes one number")
        operand = self._operand(node.args[0], depth)
        if operand < 0:
            self._refuse(node, f"There is no square root of {operand}")
        return math.sqrt(operand)

    def _number(self, value: object, node: ast.expr) -> int | float:
        if isinstance(value, int):
            if -_LARGEST_INT <= value <= _LARGEST_INT:
                return value
            try:
                return float(value)
            except OverflowError:
                self._too_large(node)
        if not isinstance(value, float):  # a negative base under a fractional exponent
            self._refuse(node, "This is no real number")
        if not math.isfinite(value):
            self._too_large(node)
        return value

    # Places and refusals -----------------------------------------------------------------------

    def _at(self, node: ast.expr | ast.keyword) -> int:
        if self.plain:  # nearly every text: worth the shortcut, here and in _end
            return self.start + node.col_offset
        return self._offset(node.lineno, node.col_offset)

    def _end(self, node: ast.expr) -> int:
        # `ast.parse` always sets both ends; its types say that hand-made trees may not.
        if self.plain:
            return self.start + (node.end_col_offset or 0)
        return self._offset(node.end_lineno or 1, node.end_col_offset or 0)

    def _offset(self, line: int, column: int) -> int:
        return self._characters[self._line_starts[line - 1] + column]

    @cached_property
    def _line_starts(self) -> list[int]:
        """The byte that each line starts at."""
        before = len(self.text[: self.start].encode())
        ends = re.finditer(rb"\r\n|\r|\n", self.text[self.start :].encode())
        return [before, *(before + end.end() for end in ends)]

    @cached_property
    def _characters(self) -> Sequence[int]:
        """The character that each byte of the text belongs to."""
        if self.text.isascii():
            return range(len(self.text) + 1)
        starts = (byte & 0xC0 != 0x80 for byte in self.text.encode())
        return [count - 1 for count in itertools.accumulate(starts)] + [len(self.text)]

    def _too_large(self, node: ast.expr) -> NoReturn:
        self._refuse(node, "This number is too large: it overflows to infinity")

    def _too_deep(self, column: int) -> NoReturn:
        self._stop(f"A spec nests at most {MAX_DEPTH} levels deep.", column)

    def _refuse(self, node: ast.expr, problem: str | None = None) -> NoReturn:
        if problem is None:
            what = _REFUSED.get(type(node), "This")
            problem = f"{what} is not taken in a spec. Quote what is meant as text"
        self._stop(f"{problem}.", self._at(node), self._end(node))

    def _stop(self, problem: str, column: int, end: int | None = None) -> NoReturn:
        raise SpecSyntaxError(problem, self.text, column, end) from None


_OPERATORS: dict[type[ast.AST], Callable[[float, float], object]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
    ast.Pow: lambda left, right: left**right,
}

_REFUSED: dict[type[ast.AST], str] = {
    ast.Attribute: "A dotted name without '()'",
    ast.Await: "'await'",
    ast.BoolOp: "'and' or 'or'",
    ast.Compare: "A comparison",
    ast.Constant: "A value of this kind (bytes, complex or '...')",
    ast.DictComp: "A comprehension",
    ast.GeneratorExp: "A comprehension",
    ast.IfExp: "'if'",
    ast.JoinedStr: "An f-string",
    ast.Lambda: "A lambda",
    ast.ListComp: "A comprehension",
    ast.NamedExpr: "':='",
    ast.Set: "A set",
    ast.SetComp: "A comprehension",
    ast.Subscript: "A subscript",
    ast.UnaryOp: "'not' or '~'",
    ast.Yield: "'yield'",
    ast.YieldFrom: "'yield'",
}
