"""TOML with the place of each value.

The standard library reads it, and says what is wrong; it does not tell the place of a value. So a
text that it took is walked once more, for which its grammar leaves little to decide.
"""

import re
import tomllib
from typing import Any

from initreg.documents.node import Document, Items, Node, Pairs, Scalar, TextError

MAX_DEPTH = 100

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})|\'\'\'.*?\'\'\'(?:\'{0,2})|"(?:\\.|[^"\\])*"|\'[^\']*\'',
    re.DOTALL,
)
_OTHER = re.compile(r"\d{4}-\d\d-\d\d \d\d[^\s,\]}#]*|[^\s,\]}#]+")  # a date may hold a space
_WHOLE = re.compile(r"[+-]?[0-9]+")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
# The standard library needs memory by the square of its parts. What looks like one in a text or a
# comment is refused, too.
_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_LONG_KEY = re.compile(rf"(?:^|[\[{{,])[ \t]*{_KEY}(?:[ \t]*\.[ \t]*{_KEY}){{{MAX_DEPTH}}}", re.M)
_PLACE = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")


def parse(text: str) -> Document:
    """Read one document."""
    if long := _LONG_KEY.search(text):
        raise TextError(f"A key has more than {MAX_DEPTH} parts.", long.start())
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(str(error), text) from error
    except ValueError as error:  # a date that there is not, a number of too many digits
        raise TextError(f"{error}.") from error
    root = _Reader(text).document()
    _check_depth(root)
    return Document(data, root)


def _check_depth(root: Node) -> None:
    depth, level = 0, [root]
    while level:
        if depth > MAX_DEPTH:
            raise TextError(f"It nests deeper than {MAX_DEPTH} levels.", level[0].start)
        depth += 1
        level = [part for node in level for part in _parts(node)]


def _parts(node: Node) -> list[Node]:
    if isinstance(node, Pairs):
        return [value for _, value in node.pairs.values()]
    return node.items if isinstance(node, Items) else []


def _unreadable(problem: str, text: str) -> TextError:
    place = _PLACE.search(problem)
    problem = f"{_PLACE.sub('', problem)}."
    if place is None or place["line"] is None:
        return TextError(problem, len(text))
    before = text.split("\n")[: int(place["line"]) - 1]
    return TextError(problem, sum(len(line) + 1 for line in before) + int(place["column"]) - 1)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def skip(self) -> str:
        """Skip space and comments; return the character that follows."""
        self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]
        return self.text[self.at : self.at + 1]

    def take(self, mark: str) -> bool:
        self.skip()
        found = self.text.startswith(mark, self.at)
        self.at += len(mark) if found else 0
        return found

    def document(self) -> Pairs:
        root = table = Pairs(0, 0)
        while self.skip():
            start = self.at
            if self.take("[["):
                *parents, last = self.key()
                self.take("]]")
                table = Pairs(start, self.at)
                holder = self.descend(root, parents)
                tables = holder.pairs.setdefault(last.value, (last, Items(start, self.at, [])))[1]
                if isinstance(tables, Items):
                    tables.items.append(table)
            elif self.take("["):
                key = self.key()
                self.take("]")
                table = self.descend(root, key)
            else:
                self.pair(table)
        root.end = self.at
        return root

    def descend(self, table: Pairs, key: list[Scalar]) -> Pairs:
        """Return the table that a key leads to; of an array of tables, its last one."""
        for part in key:
            _, found = table.pairs.setdefault(part.value, (part, Pairs(part.start, part.end)))
            if isinstance(found, Items):
                found = found.items[-1]
            if isinstance(found, Pairs):
                table = found
        return table

    def pair(self, table: Pairs) -> None:
        *parents, last = self.key()
        self.take("=")
        table = self.descend(table, parents)
        table.pairs[last.value] = (last, self.value())

    def key(self) -> list[Scalar]:
        parts = []
        while True:
            self.skip()
            start = self.at
            word = _STRING.match(self.text, start) or _BARE_KEY.match(self.text, start)
            assert word is not None  # noqa: S101  # the standard library took it
            self.at = word.end()
            name = _value_of(word[0]) if word[0][0] in "'\"" else word[0]
            parts.append(Scalar(start, self.at, name))
            if not self.take("."):
                return parts

    def value(self) -> Node:
        self.skip()
        start = self.at
        if self.take("["):
            items = []
            while not self.take("]"):
                items.append(self.value())
                self.take(",")
            return Items(start, self.at, items)
        if self.take("{"):
            found = Pairs(start, start)
            while not self.take("}"):
                self.pair(found)
                self.take(",")
            found.end = self.at
            return found
        word = _STRING.match(self.text, start) or _OTHER.match(self.text, start)
        assert word is not None  # noqa: S101  # the standard library took it
        self.at = word.end()
        tripled = word[0].startswith(('"""', "'''"))
        return Scalar(start, self.at, _value_of(word[0]), tripled)


def _value_of(text: str) -> Any:
    if _WHOLE.fullmatch(text):  # in a long list, the library's own start would count
        return int(text)
    return tomllib.loads(f"x = {text}")["x"]
