"""TOML with the position of each value.

The standard library parses it and finds the errors, but does not report where a value is. So a
text that is valid is walked a second time for the positions. Because the text is valid by then,
the second walk can be simple.
"""

import re
import tomllib
from typing import Any

from initreg.documents.document import Document
from initreg.documents.node import Items, Node, Pairs, Scalar, TextError
from initreg.documents.writing import BARE_KEY

MAX_DEPTH = 100

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})|\'\'\'.*?\'\'\'(?:\'{0,2})|"(?:\\.|[^"\\])*"|\'[^\']*\'',
    re.DOTALL,
)
_OTHER = re.compile(r"\d{4}-\d\d-\d\d \d\d[^\s,\]}#]*|[^\s,\]}#]+")  # a date can have a space
_WHOLE = re.compile(r"[+-]?[0-9]+")
# For a key of n parts, the standard library needs memory for n² parts. So a long key is rejected
# first, and so is text, or a comment, that looks like one.
_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_LONG_KEY = re.compile(rf"(?:^|[\[{{,])[ \t]*{_KEY}(?:[ \t]*\.[ \t]*{_KEY}){{{MAX_DEPTH}}}", re.M)
_PLACE = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")


def parse(text: str) -> list[Document]:
    """Parse a text, which is one document."""
    if long := _LONG_KEY.search(text):
        raise TextError(f"A key has more than {MAX_DEPTH} parts.", long.start())
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(str(error), text) from error
    except ValueError as error:  # a date that does not exist, or a number with too many digits
        raise TextError(f"{error}.") from error
    root = _Walk(text).document()
    _check_depth(root)
    return [Document(data, root)]


def _check_depth(root: Node) -> None:
    """Reject nodes that are nested too deeply, one level after the other."""
    depth, level = 0, [root]
    while level:
        if depth > MAX_DEPTH:
            raise TextError(f"It is nested deeper than {MAX_DEPTH} levels.", level[0].start)
        depth += 1
        level = [part for node in level for part in _parts(node)]


def _parts(node: Node) -> list[Node]:
    if isinstance(node, Pairs):
        return [value for _, value in node.pairs.values()]
    return node.items if isinstance(node, Items) else []


def _unreadable(problem: str, text: str) -> TextError:
    """Turn the line and column in a message of the standard library into an offset."""
    place = _PLACE.search(problem)
    problem = f"{_PLACE.sub('', problem)}."
    if place is None or place["line"] is None:
        return TextError(problem, len(text))
    before = text.split("\n")[: int(place["line"]) - 1]
    return TextError(problem, sum(len(line) + 1 for line in before) + int(place["column"]) - 1)


class _Walk:
    """Makes the nodes of a valid text, from the offset `at`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def skip(self) -> str:
        """Skip white space and comments, and return the next character."""
        self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]
        return self.text[self.at : self.at + 1]

    def take(self, mark: str) -> bool:
        """Take a mark if it is next; return True if so."""
        self.skip()
        is_next = self.text.startswith(mark, self.at)
        self.at += len(mark) if is_next else 0
        return is_next

    def document(self) -> Pairs:
        root = table = Pairs(0, 0)
        while self.skip():
            start = self.at
            if self.take("[["):
                *parents, last = self.key()
                self.take("]]")
                table = Pairs(start, self.at)
                pairs = self.descend(root, parents).pairs
                _, tables = pairs.setdefault(last.value, (last, Items(start, self.at, [])))
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
        """Return the table that a key leads to. Of an array of tables, that is the last one."""
        for part in key:
            _, node = table.pairs.setdefault(part.value, (part, Pairs(part.start, part.end)))
            if isinstance(node, Items):
                node = node.items[-1]
            if isinstance(node, Pairs):
                table = node
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
            word = _STRING.match(self.text, start) or BARE_KEY.match(self.text, start)
            assert word is not None  # noqa: S101  # the text is valid
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
            table = Pairs(start, start)
            while not self.take("}"):
                self.pair(table)
                self.take(",")
            table.end = self.at
            return table
        word = _STRING.match(self.text, start) or _OTHER.match(self.text, start)
        assert word is not None  # noqa: S101  # the text is valid
        self.at = word.end()
        tripled = word[0].startswith(('"""', "'''"))
        return Scalar(start, self.at, _value_of(word[0]), tripled)


def _value_of(text: str) -> Any:
    if _WHOLE.fullmatch(text):  # faster than `tomllib`, which counts in long lists
        return int(text)
    return tomllib.loads(f"x = {text}")["x"]
