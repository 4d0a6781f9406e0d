"""Rewrite the initializers in the text of a config file, and leave every other byte unchanged."""

import os
import re
from collections.abc import Iterable
from typing import Any, NamedTuple, NoReturn

from initreg.documents import Items, Node, Pairs, Path, Slot, Source, read, read_file
from initreg.documents.formats import YAML
from initreg.documents.writing import in_yaml, in_yaml_block
from initreg.errors import ConfigError, UnreadableError
from initreg.files.rewriting import Rewrite, collapsed, edits_of, expanded, plain_copy
from initreg.files.searching import as_patterns, find
from initreg.public import public
from initreg.registry.registry import Registry, default_registry

_ARCHIVE = "A Keras archive can't be rewritten. Unzip its file config.json, and rewrite that."
_TABLE = (
    "This initializer is a table of its own or has dotted keys, so it can't be rewritten in place. "
    'Write it on one line: kernel_initializer = { type = "he_normal" }.'
)
_SHARED = (
    "This can't be rewritten in place: an anchor, an alias or a tag connects it to another value. "
    "Write each initializer in its own place."
)
_LAYOUT = (
    "This layout can't be rewritten in place, perhaps because of an anchor, an alias or a tag. "
    "Write each initializer on one line, in its own place."
)
_ALIAS = re.compile(r"\s*:\s+(\*[^\s,\[\]{}]+)")
_TAG = re.compile(r"^[^#\n]*(?<![^\s,\[{])!\S*(?:\s+&\S+)?\Z", re.MULTILINE)
_COMMENT_OF_BLOCK = re.compile(r"[|>][-+0-9]*([ \t]+#[^\r\n]*)")
_LINE_BREAK = re.compile(r"[ \t]*:[ \t]*(?:\r\n?|\n)\s*")


@public
def expand_file(
    path: str | os.PathLike[str], *, keys: Iterable[str] = (), registry: Registry | None = None
) -> str:
    """Return the text of a config file with its specs expanded, and every other byte unchanged.

    Comments, order and layout stay. Only a comment inside a value that is replaced is lost. TOML
    has no null, so parameters that are None are left out there. The file is not changed.

    Raises `ConfigError` for invalid specs, and `UnreadableError` for a file that can't be read or
    whose layout has no place for the new value.
    """
    return _rewritten_text(read_file(path), expanded, keys, registry)


@public
def collapse_file(
    path: str | os.PathLike[str], *, keys: Iterable[str] = (), registry: Registry | None = None
) -> str:
    """Return the text of a config file with its initializers collapsed, and the rest unchanged.

    It edits the text, and raises errors, as `expand_file` does.
    """
    return _rewritten_text(read_file(path), collapsed, keys, registry)


def _rewritten_text(
    source: Source, rewrite: Rewrite, keys: Iterable[str], registry: Registry | None
) -> str:
    if source.format.write is None:
        raise UnreadableError(_ARCHIVE, source.file)
    registry, patterns = registry or default_registry(), as_patterns(keys)
    all_edits, expected, all_faults = [], [], []
    for document in source.documents:
        top = Slot(plain_copy(document.data), document.root)
        edits, faults = edits_of(find(top, patterns), rewrite, registry)
        all_edits += edits
        all_faults += faults
        expected.append(plain_copy(top.value, edits))
    if all_faults:
        raise ConfigError(all_faults)
    editor = _Editor(source)
    for edit in all_edits:
        editor.replace(edit.slot, edit.value)
    text = editor.text()
    _compare(source, text, expected)
    return text


class _Replacement(NamedTuple):
    start: int
    end: int
    text: str


class _Editor:
    """Collects the replacements in a text, and makes them."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.values: dict[Node, _Replacement] = {}  # of nodes
        self.aliases: dict[int, tuple[Node, _Replacement]] = {}  # of aliases, by their offset

    def replace(self, slot: Slot, value: Any) -> None:
        """Replace the value of a slot. An alias stays if the value of its anchor is replaced."""
        if self.source.format is YAML:
            self._replace_in_yaml(slot, value)
            return
        node, write = slot.node, self.source.format.write
        if isinstance(node, Pairs) and not self.source.text.startswith("{", node.start):
            self._reject(_TABLE, node.start)
        assert write is not None  # noqa: S101  # checked before
        self.values[node] = _Replacement(node.start, node.end, write(value))

    def _replace_in_yaml(self, slot: Slot, value: Any) -> None:
        text, key, node = self.source.text, slot.key_node, slot.node
        in_flow = any(text[holder.node.start] in "[{" for holder in slot.holders())
        written = in_yaml(value) if in_flow else in_yaml_block(value)
        if key is not None and (alias := _ALIAS.match(text, key.end)):
            self.aliases[alias.start(1)] = node, _Replacement(*alias.span(1), written)
        elif _TAG.search(text[max(0, node.start - 200) : node.start].rstrip()):
            self._reject(_SHARED, node.start)
        elif node not in self.values:  # otherwise this is an alias in a list
            self.values[node] = _replacement_in_yaml(text, key, node, written)

    def text(self) -> str:
        """Return the text with its replacements."""
        replacements = [*self.values.values()]
        replacements += [new for node, new in self.aliases.values() if node not in self.values]
        parts, last = [], 0
        for start, end, new in sorted(replacements):
            if start < last:  # an anchor inside a value that is replaced
                self._reject(_SHARED, start)
            parts += [self.source.text[last:start], new]
            last = end
        return "".join([*parts, self.source.text[last:]])

    def _reject(self, problem: str, offset: int) -> NoReturn:
        raise UnreadableError(problem, self.source.file, *self.source.position(offset))


def _replacement_in_yaml(text: str, key: Node | None, node: Node, written: str) -> _Replacement:
    start, end = node.start, node.end
    if comment := _COMMENT_OF_BLOCK.match(text, start, end):
        written += comment[1]
    if (
        key is not None
        and isinstance(node, Pairs | Items)
        and text[start] not in "[{"
        and _LINE_BREAK.fullmatch(text, key.end, start)
    ):  # a block below its key: move the value up to the line of the key
        start = text.index(":", key.end) + 1
        written = f" {written}"
    return _Replacement(start, end, written)


def _compare(source: Source, text: str, expected: list[Any]) -> None:
    """Read the new text again. If its data is not as expected, reject the layout of the old one."""
    if not source.format.has_null:
        expected = [_without_none(data) for data in expected]
    try:
        documents = read(text, source.format.name, source.file).documents
    except UnreadableError as error:
        raise UnreadableError(_LAYOUT, source.file) from error
    for old, new, data in zip(source.documents, documents, expected, strict=False):
        path = _difference(new.data, data)
        if path is not None:
            offset = old.follow(path).node.start
            raise UnreadableError(_LAYOUT, source.file, *source.position(offset))
    if len(documents) != len(expected):
        raise UnreadableError(_LAYOUT, source.file)


def _difference(data: Any, expected: Any) -> Path | None:
    """Return the path of a value that is not as expected."""
    todo: list[tuple[Path, Any, Any]] = [((), data, expected)]
    seen = set()
    while todo:
        path, one, other = todo.pop()
        if isinstance(one, dict) and isinstance(other, dict):
            if len(one) != len(other) or not all(map(_same, one, other)):
                return path
            parts: Iterable[Any] = other
            pairs = zip(one.values(), other.values(), strict=True)
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return path
            parts, pairs = range(len(one)), zip(one, other, strict=True)
        elif _same(one, other):
            continue
        else:
            return path
        if (id(one), id(other)) not in seen:  # aliases share values
            seen.add((id(one), id(other)))
            todo += [((*path, part), *pair) for part, pair in zip(parts, pairs, strict=True)]
    return None


def _same(one: Any, other: Any) -> bool:
    is_equal = one == other and isinstance(one, bool) == isinstance(other, bool)  # True == 1
    return bool(is_equal) or repr(one) == repr(other)  # NaN != NaN


def _without_none(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _without_none(item) for key, item in data.items() if item is not None}
    return [_without_none(item) for item in data] if isinstance(data, list) else data
