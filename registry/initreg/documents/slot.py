"""A value of a document, together with the way to it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from initreg.documents.node import Items, Node, Pairs

Path: TypeAlias = tuple[str | int, ...]

_NOWHERE = Node(0, 0)


@dataclass(slots=True, eq=False)
class Slot:
    """A place that a value fills: a key of a dict, an index of a list, or the root.

    >>> config = Slot({"layers": [{"init": "zeros"}]})
    >>> slot = config.follow(("layers", 0, "init"))
    >>> slot.value, slot.path
    ('zeros', ('layers', 0, 'init'))

    `node` is the place of the value in the text, `key_node` that of its key. Data that does not
    come from a text has slots, too; their nodes mean nothing. A value that an alias shares has a
    node, but several slots.
    """

    value: Any
    node: Node = _NOWHERE
    holder: "Slot | None" = None
    part: Any = None  # the key or the index in the holder
    key_node: Node | None = None

    @property
    def path(self) -> Path:
        """The keys and indices that lead here from the root."""
        parts = [slot.part for slot in (self, *self.holders())]
        return tuple(parts[-2::-1])  # the root has none

    def holders(self) -> "Iterator[Slot]":
        """Yield the slots that this one is in, from the nearest to the root."""
        slot = self.holder
        while slot is not None:
            yield slot
            slot = slot.holder

    def into(self, part: Any) -> "Slot":
        """Return the slot of a key or an index that the value has."""
        key_node, node = None, _NOWHERE
        if isinstance(self.node, Pairs):
            key_node, node = self.node.all[part]
        elif isinstance(self.node, Items):
            node = self.node.items[part]
        return Slot(self.value[part], node, self, part, key_node)

    def follow(self, path: Iterable[str | int]) -> "Slot":
        """Return the slot that a path from here leads to, or the last one if the path ends."""
        slot = self
        for part in path:
            value = slot.value
            if isinstance(value, Mapping):
                exists = part in value
            else:
                exists = isinstance(value, list) and isinstance(part, int) and part < len(value)
            if not exists:
                break
            slot = slot.into(part)
        return slot

    def containers(self) -> "Iterator[Slot]":
        """Yield this slot and all below it that hold a dict or a list, each node once."""
        todo, seen = [self], set[Node]()
        while todo:
            slot = todo.pop()
            if slot.node in seen or not isinstance(slot.value, Mapping | list):
                continue
            seen.add(slot.node)
            yield slot
            parts = slot.value if isinstance(slot.value, Mapping) else range(len(slot.value))
            todo += [slot.into(part) for part in reversed([*parts])]
