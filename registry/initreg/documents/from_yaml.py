"""YAML 1.2 with the position of each value. ruamel.yaml parses it; tags never make objects."""

import re
from collections.abc import Hashable
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, SequenceNode

from initreg.documents.document import Document, Duplicate
from initreg.documents.node import Items, Node, Pairs, Scalar, TextError, to_data

MAX_DEPTH = 100
MAX_VALUES = 250_000  # parsed in at most a minute, in a few hundred megabytes

_TEXT = "tag:yaml.org,2002:str"
_MERGE = "tag:yaml.org,2002:merge"
# ruamel.yaml raises these for some invalid texts, such as `%YAML 9.9` before a second document.
_ODD = (ArithmeticError, AttributeError, LookupError, NotImplementedError, TypeError, ValueError)
# An anchor and a tag, before the value itself.
_PROPERTIES = re.compile(r"(?:[&!]\S*(?:\s+#[^\n]*)*\s+)*")
_COLON = re.compile(r"\s*:")


def parse(text: str) -> list[Document]:
    """Parse all documents of a text."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _Composer
    yaml.Constructor = type("_Constructor", (_Constructor,), {"text": text})
    try:
        return list(yaml.load_all(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(filter(None, (error.context, error.problem)))
        raise TextError(f"{problem[:1].upper()}{problem[1:]}.", mark and mark.index) from error
    except YAMLError as error:  # a character that YAML does not allow
        problem = f"{getattr(error, 'reason', error)}"
        at = getattr(error, "position", None)
        code = f"U+{ord(text[at]):04X}: " if isinstance(at, int) and at < len(text) else ""
        raise TextError(f"{code}{problem[:1].upper()}{problem[1:]}.", at) from error
    except _ODD as error:
        raise TextError("It has a directive or a tag that can't be read.") from error


class _Composer(Composer):
    """Stops at a text with too many values. It reads the text only as far as it composes it."""

    values = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.warn_double_anchors = False  # YAML allows to use an anchor again

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.values += 1
        if self.values > MAX_VALUES:
            raise TextError(f"It has more than {MAX_VALUES:,} values and keys.")
        return super().compose_node(parent, index)


class Unread:
    """A value with an unknown tag, or a key that can't be a key in Python.

    It has the place of the value in the data, and its `repr` says what it is.
    """

    def __init__(self, what: str) -> None:
        self.what = what

    def __repr__(self) -> str:
        return self.what


class _Constructor(SafeConstructor):
    """Makes a `Document` of each of ruamel.yaml's documents."""

    text: str

    def construct_document(self, node: Any) -> Document:
        self.converted: dict[int, Node] = {}
        self.duplicates: list[Duplicate] = []
        root = self.convert(node, 0)
        try:
            return Document(to_data(root), root, tuple(self.duplicates))
        except ValueError as error:
            raise TextError(str(error), root.start) from error

    def convert(self, node: Any, depth: int) -> Node:
        if id(node) in self.converted:  # an alias
            return self.converted[id(node)]
        start = node.start_mark.index
        if depth > MAX_DEPTH:
            raise TextError(f"It is nested deeper than {MAX_DEPTH} levels.", start)
        value = _PROPERTIES.match(self.text, start).end()  # type: ignore[union-attr]
        start = value if value < node.end_mark.index else start  # otherwise it has no value
        if isinstance(node, MappingNode):
            return self._pairs(node, start, depth)
        if isinstance(node, SequenceNode):
            items = Items(start, start, [])
            self.converted[id(node)] = items
            items.items += [self.convert(item, depth + 1) for item in node.value]
            items.end = self._end(node, *items.items)
            return items
        scalar = Scalar(start, max(start, self._end(node)), self._scalar(node, start))
        self.converted[id(node)] = scalar
        return scalar

    def _end(self, node: Any, *parts: Node) -> int:
        """Return where a node ends, without the space and comments that ruamel.yaml includes."""
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
            return Unread(f"a value tagged {tag}")
        try:
            return make(self, node)
        except YAMLError:
            raise
        except Exception as error:  # whatever the type's constructor raises, as for `!!int x`
            type_ = tag.rpartition(":")[2]
            raise TextError(f"{node.value[:40]!r} can't be read as {type_}.", start) from error

    def _pairs(self, node: MappingNode, start: int, depth: int) -> Pairs:
        pairs = Pairs(start, start)
        self.converted[id(node)] = pairs
        parts = []
        for key_node, value_node in node.value:
            key, value = self.convert(key_node, depth + 1), self.convert(value_node, depth + 1)
            if value.start == value.end and (colon := _COLON.match(self.text, key.end)):
                value.start = value.end = colon.end()  # ruamel.yaml puts it at the next value
            parts += [part for part in (key, value) if part.start >= start]  # aliases start before
            if str(key_node.tag) == _MERGE:
                _merge(pairs, value)
                continue
            name = key.value if isinstance(key, Scalar) else None
            if not isinstance(key, Scalar) or not isinstance(name, Hashable):
                name = Unread("a key that isn't text")
            if name in pairs.pairs:
                self.duplicates.append(Duplicate(name, key, pairs))
            pairs.pairs[name] = (key, value)
        pairs.end = self._end(node, *parts)
        return pairs


def _merge(pairs: Pairs, value: Node) -> None:
    for merged in value.items if isinstance(value, Items) else [value]:
        if not isinstance(merged, Pairs):
            problem = "A merge (<<) must be a mapping or a list of mappings."
            raise TextError(problem, value.start)
        pairs.merged.append(merged)
