"""A document: its data, and where in the text each part of it stands."""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]

# An escape of JSON, YAML or TOML; of a character beyond 16 bits, JSON writes two.
_ESCAPE = re.compile(
    r"\\(?:x[0-9A-Fa-f]{2}|U[0-9A-Fa-f]{8}|u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}"
    r"|u[0-9A-Fa-f]{4}|.)",
    re.DOTALL,
)
_JOINT = re.compile(r"\\[ \t]*(?:\r\n|[\n\r\x85\u2028\u2029])")  # lines joined by a backslash
_HEADER = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)")


@dataclass(slots=True, eq=False)
class Node:
    """A value in a text, which stands at ``start:end``."""

    start: int
    end: int


@dataclass(slots=True, eq=False)
class Scalar(Node):
    """A value that holds no others; `tripled` where TOML's three quotes are round it."""

    value: Any
    tripled: bool = False

    def offsets(self, text: str) -> list[int]:
        """Return where in the text each character of the value stands, and where the value ends.

        Quotes, escapes, folded lines and the indent of a block are in the text alone. Of white
        space that a language folds, each character has a place between its visible neighbours.
        """
        at, quote = self._opening(text)
        value, found = self.value, list[int]()
        while len(found) < len(value):
            gap, after = self._gap(text, at, quote)
            run = len(found)
            while run < len(value) and value[run].isspace():
                run += 1
            wanted = run - len(found)
            places = (gap + [after] * wanted)[:wanted]
            found += places
            if run == len(value):  # the end of the last space, not of what the language drops
                at = gap[wanted] if 0 < wanted < len(gap) else after
                break
            at = after
            found.append(at)
            if quote == '"' and text[at : at + 1] == "\\":
                at += len(_escape(text, at, pairs=not "\ud800" <= value[run] <= "\udfff"))
            else:
                doubled = quote == "'" and not self.tripled and text.startswith("''", at)
                at += 2 if doubled else 1
        return [min(place, self.end) for place in (*found, at)]

    def _opening(self, text: str) -> tuple[int, str]:
        """Return where the value starts behind its quote or header, and which quote it has."""
        quote = text[self.start : self.start + 1]
        if quote in "|>":  # a block of YAML; of other values, these characters are not the first
            header = _HEADER.match(text, self.start)
            return (header.end() if header else self.end), ""
        if quote in "'\"":
            return self.start + (3 if self.tripled else 1), quote
        return self.start, ""

    def _gap(self, text: str, at: int, quote: str) -> tuple[list[int], int]:
        """Return the places of white space, escaped or not, from `at`, and where it ends."""
        found = []
        while at < self.end:
            if text[at].isspace():
                found.append(at)
                at += 1
            elif quote == '"' and (joint := _JOINT.match(text, at)):
                at = joint.end()
            elif quote == '"' and text[at] == "\\" and _is_space(escape := _escape(text, at)):
                found.append(at)
                at += len(escape)
            else:
                break
        return found, at


def _escape(text: str, at: int, *, pairs: bool = True) -> str:
    found = _ESCAPE.match(text, at)
    escape = found[0] if found else text[at]
    return escape if pairs or len(escape) != len(r"\ud83d\ude00") else escape[:6]


def _is_space(escape: str) -> bool:
    kind, digits = escape[1:2], escape[2:]
    if len(digits) > len("0010FFFF"):  # a pair
        return False
    if not digits:
        return kind != "" and kind in "tnvfrNLP_ \t"
    code = int(digits, 16)
    return code <= sys.maxunicode and chr(code).isspace()


@dataclass(slots=True, eq=False)
class Items(Node):
    """A list."""

    items: list[Node]


@dataclass(slots=True, eq=False)
class Pairs(Node):
    """A dict: each key with its node and that of its value; `merged` are YAML's ``<<``."""

    pairs: dict[Any, tuple[Node, Node]] = field(default_factory=dict)
    merged: "list[Pairs]" = field(default_factory=list)

    def find(self, key: Any) -> tuple[Node, Node] | None:
        """Return the nodes of a key and its value, its own before those merged in."""
        return next((each.pairs[key] for each in self.layers() if key in each.pairs), None)

    def layers(self) -> "Iterator[Pairs]":
        """Yield the dict itself, and those that it merges in: of each key, the first counts."""
        todo, seen = [self], {id(self)}
        while todo:
            pairs = todo.pop()
            yield pairs
            fresh = [each for each in reversed(pairs.merged) if id(each) not in seen]
            seen.update(map(id, fresh))
            todo += fresh


@dataclass(frozen=True, slots=True, eq=False)
class Twice:
    """A key that stands twice in one dict, and its later place."""

    key: Any
    node: Node
    holder: Pairs


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """The data of one document, as any reader would give it, and the nodes that it came from."""

    data: Any
    root: Node
    twice: tuple[Twice, ...] = ()

    def follow(self, path: Sequence[str | int]) -> Iterator[tuple[Node | None, Node]]:
        """Walk along a path as far as it goes; yield the key's node (if any) and the value's."""
        node = self.root
        yield None, node
        for part in path:
            if isinstance(node, Pairs):
                found = node.find(part)
                if found is None:
                    return
                node = found[1]
                yield found
            elif isinstance(node, Items) and isinstance(part, int) and part < len(node.items):
                node = node.items[part]
                yield None, node
            else:
                return


class TextError(Exception):
    """A text is not of its language: what is wrong, and where."""

    def __init__(self, problem: str, offset: int | None = None) -> None:
        super().__init__(problem, offset)
        self.problem = problem
        self.offset = offset


MAX_MERGED = 100_000  # pairs that merges may bring into one document, and dicts they may visit


def plain(root: Node) -> Any:
    """Return the data of a node. What is shared in the text, by an alias, is shared in the data.

    Raises `ValueError` where merges bring more than any document needs.
    """
    made: dict[int, Any] = {}
    brought = 0
    todo = [root]
    containers: list[Pairs | Items] = []
    while todo:  # no recursion: a list that holds itself ends, too
        node = todo.pop()
        if id(node) in made:
            continue
        if isinstance(node, Scalar):
            made[id(node)] = node.value
        elif isinstance(node, Items):
            made[id(node)] = []
            containers.append(node)
            todo += node.items
        elif isinstance(node, Pairs):
            made[id(node)] = {}
            containers.append(node)
            todo += [value for _, value in node.pairs.values()] + list(node.merged)
    for node in containers:
        target = made[id(node)]
        if isinstance(node, Items):
            target.extend(made[id(item)] for item in node.items)
            continue
        flat_pairs, visited = _flat(node)
        if node.merged:
            brought += max(len(flat_pairs), visited)
            if brought > MAX_MERGED:
                raise ValueError(f"its merges (<<) bring in more than {MAX_MERGED:,} pairs")
        target.update((key, made[id(value)]) for key, value in flat_pairs.items())
    return made[id(root)]


def _flat(node: Pairs) -> tuple[dict[Any, Node], int]:
    """Return the pairs of a dict with those that it merges in, and how many dicts that took.

    The first of each key counts.
    """
    found: dict[Any, Node] = {}
    layers = [*node.layers()]
    for each in layers:
        for key, (_, value) in each.pairs.items():
            found.setdefault(key, value)
    return found, len(layers)
