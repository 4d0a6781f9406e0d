"""JSON with the position of each value. The standard library decodes the strings."""

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import NoReturn

from initreg.documents.document import Document, Duplicate
from initreg.documents.node import Items, Node, Pairs, Scalar, TextError, to_data

MAX_DEPTH = 200
MAX_VALUES = 1_000_000

_SPACE = re.compile(r"[ \t\n\r]*")
_WORD = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|-?[A-Za-z]+")
_WORDS = {
    "true": True,
    "false": False,
    "null": None,
    # Not JSON, but Python's `json` writes and reads them.
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
}


def parse(text: str) -> list[Document]:
    """Parse a text, which is one document."""
    parser = _Parser(text)
    root = parser.value(0)
    if parser.skip() < len(text):
        parser.stop("Unexpected text after the end of the document")
    return [Document(to_data(root), root, tuple(parser.duplicates))]


class _Parser:
    """Reads values from `text` at the offset `at`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.values = 0
        self.duplicates: list[Duplicate] = []

    def stop(self, problem: str) -> NoReturn:
        raise TextError(f"{problem}.", self.at)

    def skip(self) -> int:
        """Skip white space, and return the new offset."""
        self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]
        return self.at

    def take(self, *expected: str) -> str:
        """Take one of the expected characters."""
        self.skip()
        character = self.text[self.at : self.at + 1]
        if character not in expected:
            self.stop(f"Expected {' or '.join(expected)} here")
        self.at += 1
        return character

    def value(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            self.stop(f"It is nested deeper than {MAX_DEPTH} levels")
        self.values += 1
        if self.values > MAX_VALUES:
            self.stop(f"It has more than {MAX_VALUES:,} values")
        start = self.skip()
        match self.text[start : start + 1]:
            case "{":
                return self._pairs(start, depth)
            case "[":
                return self._items(start, depth)
            case '"':
                return self._string()
        match = _WORD.match(self.text, start)
        if match is None:
            is_comment = self.text.startswith(("//", "/*", "#"), start)
            self.stop("JSON has no comments" if is_comment else "Expected a value here")
        word = match[0]
        if word[-1].isalpha() and word not in _WORDS:
            self.stop(f"{word!r} is not a JSON value. Put text in double quotes")
        self.at = match.end()
        return Scalar(start, self.at, _WORDS[word] if word in _WORDS else _number(word))

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
        while self.take(",", "]") == ",":
            items.append(self.value(depth + 1))
        return Items(start, self.at, items)

    def _pairs(self, start: int, depth: int) -> Pairs:
        self.at += 1
        pairs = Pairs(start, start)
        if self.text[self.skip() : self.at + 1] == "}":
            self.at += 1
        else:
            self._pair(pairs, depth)
            while self.take(",", "}") == ",":
                self._pair(pairs, depth)
        pairs.end = self.at
        return pairs

    def _pair(self, holder: Pairs, depth: int) -> None:
        if self.text[self.skip() : self.at + 1] != '"':
            self.stop("Expected a key in double quotes here")
        key = self._string()
        self.take(":")
        value = self.value(depth + 1)
        if key.value in holder.pairs:
            self.duplicates.append(Duplicate(key.value, key, holder))
        holder.pairs[key.value] = (key, value)


def _number(word: str) -> int | float:
    try:
        return json.loads(word)  # type: ignore[no-any-return]
    except ValueError:  # it has more digits than Python reads as an int
        return float(word)
