"""A document: its data, and where in the text each part of it stands."""

import re
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


@dataclass(slots=True, eq=False)
class Node:
    """A value in a text, which stands at ``start:end``."""

    start: int
    end: int


@dataclass(slots=True, eq=False)
class Scalar(Node):
    """A value that holds no others."""

    value: Any

    def offsets(self, text: str) -> list[int]:
        """Return where in the text each character of the value stands, and where the value ends.

        Quotes, escapes, folded lines and the indent of a block are in the text alone.
        """
        at, quote = self.start, text[self.start : self.start + 1]
        if quote in "|>":  # a block of YAML; of other values, these characters are not the first
            at, quote = text.find("\n", at) + 1, ""
        elif quote in "'\"":
            at += 3 if text.startswith(quote * 3, at) and self.end - at > 5 else 1
        found = []
        for character in self.value:
            visible = not character.isspace()
            while at < self.end and (
                (visible and text[at].isspace()) or (quote == '"' and text[at : at + 2] == "\\\n")
            ):
                at += 2 if text[at] == "\\" else 1
            found.append(min(at, self.end))
            if quote == '"' and text[at : at + 1] == "\\":
                escape = _ESCAPE.match(text, at)
                at = escape.end() if escape else at + 1
            elif quote == "'" and text[at : at + 2] == "''":
                at += 2
            elif visible or text[at : at + 1].isspace():
                at += 1
        return [*found, min(at, self.end)]


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
        todo, seen = [self], {id(self)}
        while todo:
            pairs = todo.pop()
            if key in pairs.pairs:
                return pairs.pairs[key]
            fresh = [each for each in reversed(pairs.merged) if id(each) not in seen]
            seen.update(map(id, fresh))
            todo += fresh
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Twice:
    """A key that stands twice in one dict."""

    key: Any
    node: Node


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


MAX_MERGED = 100_000  # pairs that merges may bring into one document


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
        flat_pairs = _flat(node)
        if node.merged:
            brought += len(flat_pairs)
            if brought > MAX_MERGED:
                raise ValueError(f"its merges (<<) bring in more than {MAX_MERGED:,} pairs")
        target.update((key, made[id(value)]) for key, value in flat_pairs.items())
    return made[id(root)]


def _flat(node: Pairs) -> dict[Any, Node]:
    """Return the pairs of a dict with those that it merges in; the first of each key counts."""
    found: dict[Any, Node] = {}
    todo, seen = [node], {id(node)}
    while todo:
        each = todo.pop()
        for key, (_, value) in each.pairs.items():
            found.setdefault(key, value)
        fresh = [merged for merged in reversed(each.merged) if id(merged) not in seen]
        seen.update(map(id, fresh))
        todo += fresh
    return found
