"""YAML 1.2 with the place of each value, read by ruamel.yaml: no tag makes an object."""

import re
from collections.abc import Hashable
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from initreg.documents.node import Document, Items, Node, Pairs, Scalar, TextError, Twice, plain

MAX_DEPTH = 100
MAX_VALUES = 250_000  # a minute's work at the most, and some hundred megabytes

_TEXT = "tag:yaml.org,2002:str"
_MERGE = "tag:yaml.org,2002:merge"
# What ruamel.yaml lets through on odd texts, such as `%YAML 9.9` before a second document.
_ODD = (ArithmeticError, AttributeError, LookupError, NotImplementedError, TypeError, ValueError)
# An anchor and a tag, before the value itself.
_PROPERTIES = re.compile(r"(?:[&!]\S*(?:\s+#[^\n]*)*\s+)*")
_COLON = re.compile(r"\s*:")


def parse(text: str) -> list[Document]:
    """Read all documents."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _Composer
    yaml.Constructor = type("_Constructor", (_Constructor,), {"text": text})
    try:
        return list(yaml.load_all(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(filter(None, (error.context, error.problem)))
        raise TextError(f"{problem[:1].upper()}{problem[1:]}.", mark and mark.index) from error
    except YAMLError as error:  # a character that no YAML has
        problem = f"{getattr(error, 'reason', error)}"
        at = getattr(error, "position", None)
        found = f"U+{ord(text[at]):04X}: " if isinstance(at, int) and at < len(text) else ""
        raise TextError(f"{found}{problem[:1].upper()}{problem[1:]}.", at) from error
    except _ODD as error:
        raise TextError("It has a directive, or a tag, that can't be read.") from error


class _Composer(Composer):
    """Stops where a text holds more than any config; it reads on only as it composes."""

    values = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.warn_double_anchors = False  # YAML lets an anchor be used again

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.values += 1
        if self.values > MAX_VALUES:
            raise TextError(f"It holds more than {MAX_VALUES:,} values and keys.")
        return super().compose_node(parent, index)


class Tagged:
    """A value, or a key, that is not ours to read: it has a tag of someone's own, or is no text."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __repr__(self) -> str:
        return self.what


class _Constructor(SafeConstructor):
    """Makes documents of ours where ruamel.yaml would make its data."""

    text: str

    def construct_document(self, node: Any) -> Document:
        self.made: dict[int, Node] = {}
        self.twice: list[Twice] = []
        root = self.convert(node, 0)
        try:
            return Document(plain(root), root, tuple(self.twice))
        except ValueError as error:
            raise TextError(f"Refused: {error}.", root.start) from error

    def convert(self, node: Any, depth: int) -> Node:
        if id(node) in self.made:  # an alias
            return self.made[id(node)]
        start = node.start_mark.index
        if depth > MAX_DEPTH:
            raise TextError(f"It nests deeper than {MAX_DEPTH} levels.", start)
        behind = _PROPERTIES.match(self.text, start).end()  # type: ignore[union-attr]
        start = behind if behind < node.end_mark.index else start  # else, there is no value
        if isinstance(node, ScalarNode):
            made: Node = Scalar(start, max(start, self._end(node)), self._scalar(node, start))
            self.made[id(node)] = made
        elif isinstance(node, SequenceNode):
            items = Items(start, start, [])
            self.made[id(node)] = made = items
            items.items += [self.convert(item, depth + 1) for item in node.value]
            made.end = self._end(node, *items.items)
        else:
            self.made[id(node)] = made = self._pairs(node, start, depth)
        return made

    def _end(self, node: Any, *parts: Node) -> int:
        """Return where a node ends; ruamel.yaml counts the space and the comments that follow."""
        end: int = node.end_mark.index
        if getattr(node, "flow_style", None) is False:
            return max((part.end for part in parts), default=node.start_mark.index)
        if getattr(node, "style", None) in ("|", ">"):
            while self.text[end - 1].isspace():
                end -= 1
        return end

    def _scalar(self, node: Any, start: int) -> Any:
        tag = str(node.tag)
        if tag == _TEXT:
            return node.value
        make = self.yaml_constructors.get(tag)
        if make is None:
            return Tagged(f"a value tagged {tag}")
        try:
            return make(self, node)
        except YAMLError:
            raise
        except Exception as error:  # `!!int x`: whatever the reader of that type raises
            kind = tag.rpartition(":")[2]
            raise TextError(f"{node.value[:40]!r} can't be read as {kind}.", start) from error

    def _pairs(self, node: MappingNode, start: int, depth: int) -> Pairs:
        found = Pairs(start, start)
        self.made[id(node)] = found
        parts = []
        for key_node, value_node in node.value:
            key, value = self.convert(key_node, depth + 1), self.convert(value_node, depth + 1)
            if value.start == value.end and (colon := _COLON.match(self.text, key.end)):
                value.start = value.end = colon.end()  # ruamel.yaml puts it at what follows
            parts += [part for part in (key, value) if part.start >= start]  # not of an alias
            if str(key_node.tag) == _MERGE:
                self._merge(found, value)
                continue
            name = key.value if isinstance(key, Scalar) else Tagged("a key that is no text")
            name = name if isinstance(name, Hashable) else Tagged("a key that is no text")
            if name in found.pairs:
                self.twice.append(Twice(name, key, found))
            found.pairs[name] = (key, value)
        found.end = self._end(node, *parts)
        return found

    def _merge(self, pairs: Pairs, value: Node) -> None:
        for each in value.items if isinstance(value, Items) else [value]:
            if not isinstance(each, Pairs):
                raise TextError("A merge (<<) takes a mapping, or a list of them.", value.start)
            pairs.merged.append(each)
