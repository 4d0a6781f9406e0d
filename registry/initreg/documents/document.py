"""One document of a file: its data, and the nodes that the data came from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from initreg.documents.node import Node, Pairs
from initreg.documents.slot import Slot


@dataclass(frozen=True, slots=True, eq=False)
class Duplicate:
    """A key that a dict has twice, and the node of the later one."""

    key: Any
    node: Node
    holder: Pairs


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """The data of one document, as other parsers would return it, and the root of its nodes."""

    data: Any
    root: Node
    duplicates: tuple[Duplicate, ...] = ()

    @property
    def top(self) -> Slot:
        """The slot of the whole document."""
        return Slot(self.data, self.root)

    def follow(self, path: Sequence[str | int]) -> Slot:
        """Return the slot that a path leads to, or the last one if the path ends."""
        return self.top.follow(path)
