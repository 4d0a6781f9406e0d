"""JSON with the place of each value. The strings are read by the standard library."""

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import NoReturn

from initreg.documents.node import Document, Items, Node, Pairs, Scalar, TextError, Twice, plain

MAX_DEPTH = 200
MAX_VALUES = 1_000_000

_SPACE = re.compile(r"[ \t\n\r]*")
_WORD = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|-?[A-Za-z]+")
_WORDS = {
    "true": True,
    "false": False,
    "null": None,
    # Not JSON, but Python writes them.
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
}


def parse(text: str) -> Document:
    """Read one document."""
    reader = _Reader(text)
    root = reader.value(0)
    if reader.skip() < len(text):
        reader.stop("Nothing can follow the end of the document")
    return Document(plain(root), root, tuple(reader.twice))


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.values = 0
        self.twice: list[Twice] = []

    def stop(self, problem: str) -> NoReturn:
        raise TextError(f"{problem}.", self.at)

    def skip(self) -> int:
        self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]
        return self.at

    def next(self, *wanted: str) -> str:
        """Take one of the characters wanted."""
        self.skip()
        found = self.text[self.at : self.at + 1]
        if found not in wanted:
            self.stop(f"Expected {' or '.join(wanted)} here")
        self.at += 1
        return found

    def value(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            self.stop(f"It nests deeper than {MAX_DEPTH} levels")
        self.values += 1
        if self.values > MAX_VALUES:
            self.stop(f"It holds more than {MAX_VALUES:,} values")
        start = self.skip()
        match self.text[start : start + 1]:
            case "{":
                return self._pairs(start, depth)
            case "[":
                return self._items(start, depth)
            case '"':
                return self._string()
        word = _WORD.match(self.text, start)
        if word is None:
            is_comment = self.text.startswith(("//", "/*", "#"), start)
            self.stop("JSON has no comments" if is_comment else "Expected a value here")
        if word[0][-1].isalpha() and word[0] not in _WORDS:
            self.stop(f"{word[0]!r} is no value; text stands in double quotes")
        self.at = word.end()
        return Scalar(
            start, self.at, _WORDS[word[0]] if word[0] in _WORDS else self._number(word[0])
        )

    def _number(self, word: str) -> int | float:
        try:
            return json.loads(word)  # type: ignore[no-any-return]
        except ValueError:  # of more digits than Python reads
            return float(word)

    def _string(self) -> Scalar:
        start = self.at
        try:
            value, self.at = scanstring(self.text, start + 1)
        except ValueError as error:
            self.at = getattr(error, "pos", start)
            problem = str(getattr(error, "msg", error))
            self.stop(problem.removesuffix(" at").removesuffix(" starting"))
        return Scalar(start, self.at, value)

    def _items(self, start: int, depth: int) -> Items:
        self.at += 1
        items: list[Node] = []
        if self.text[self.skip() : self.at + 1] == "]":
            self.at += 1
            return Items(start, self.at, items)
        items.append(self.value(depth + 1))
        while self.next(",", "]") == ",":
            items.append(self.value(depth + 1))
        return Items(start, self.at, items)

    def _pairs(self, start: int, depth: int) -> Pairs:
        self.at += 1
        found = Pairs(start, start)
        if self.text[self.skip() : self.at + 1] == "}":
            self.at += 1
        else:
            self._pair(found, depth)
            while self.next(",", "}") == ",":
                self._pair(found, depth)
        found.end = self.at
        return found

    def _pair(self, pairs: Pairs, depth: int) -> None:
        if self.text[self.skip() : self.at + 1] != '"':
            self.stop("Expected a key in double quotes here")
        key = self._string()
        self.next(":")
        value = self.value(depth + 1)
        if key.value in pairs.pairs:
            self.twice.append(Twice(key.value, key, pairs))
        pairs.pairs[key.value] = (key, value)
