"""The values of a text as a tree of nodes: each knows where it starts and ends."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MAX_MERGED = 100_000  # pairs that the merges of one document may add, and dicts they may visit


class TextError(Exception):
    """A text that is invalid in its format: what is wrong, and the offset."""

    def __init__(self, problem: str, offset: int | None = None) -> None:
        super().__init__(problem, offset)
        self.problem = problem
        self.offset = offset


@dataclass(slots=True, eq=False)
class Node:
    """A value in a text, at ``start:end``."""

    start: int
    end: int


@dataclass(slots=True, eq=False)
class Scalar(Node):
    """A value that holds no others. `tripled` is True for text in TOML's triple quotes."""

    value: Any
    tripled: bool = False


@dataclass(slots=True, eq=False)
class Items(Node):
    """A list."""

    items: list[Node]


@dataclass(slots=True, eq=False)
class Pairs(Node):
    """A dict: for each key, the node of the key and the node of its value.

    `pairs` are the dict's own. `merged` are the dicts that YAML's ``<<`` merges into it, and `all`
    are the own and the merged pairs together, once `to_data` has been called.
    """

    pairs: dict[Any, tuple[Node, Node]] = field(default_factory=dict)
    merged: "list[Pairs]" = field(default_factory=list)
    all: dict[Any, tuple[Node, Node]] = field(init=False)

    def __post_init__(self) -> None:
        self.all = self.pairs

    def layers(self) -> "Iterator[Pairs]":
        """Yield the dict itself and all that it merges. The first that has a key determines it."""
        todo, seen = [self], {self}
        while todo:
            pairs = todo.pop()
            yield pairs
            fresh = [merged for merged in reversed(pairs.merged) if merged not in seen]
            seen.update(fresh)
            todo += fresh


def to_data(root: Node) -> Any:
    """Return the data of a node. Nodes that aliases share become shared data.

    Raises `ValueError` if merges add more than any config needs.
    """
    data: dict[Node, Any] = {}
    merged = 0
    todo = [root]
    containers: list[Pairs | Items] = []
    while todo:  # not recursive, because a list can contain itself
        node = todo.pop()
        if node in data:
            continue
        if isinstance(node, Scalar):
            data[node] = node.value
        elif isinstance(node, Items):
            data[node] = []
            containers.append(node)
            todo += node.items
        elif isinstance(node, Pairs):
            data[node] = {}
            containers.append(node)
            todo += [value for _, value in node.pairs.values()] + list(node.merged)
    for node in containers:
        if isinstance(node, Items):
            data[node].extend(data[item] for item in node.items)
            continue
        if node.merged:
            merged += _merge(node)
            if merged > MAX_MERGED:
                raise ValueError(f"Its merges (<<) add more than {MAX_MERGED:,} pairs.")
        data[node].update((key, data[value]) for key, (_, value) in node.all.items())
    return data[root]


def _merge(node: Pairs) -> int:
    """Set `all` of a dict; return the number of its pairs, or of its layers if that is larger."""
    node.all = {}
    layers = [*node.layers()]
    for layer in layers:
        for key, pair in layer.pairs.items():
            node.all.setdefault(key, pair)
    return max(len(node.all), len(layers))
