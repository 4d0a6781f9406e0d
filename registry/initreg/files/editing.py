"""The initializers of a config file rewritten in its text; all else stays, to the byte."""

import json
import os
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from initreg.documents import Document, Items, Node, Pairs, Path, Source, read, read_file
from initreg.errors import ConfigError, UnreadableError
from initreg.files.rewriting import Copy, Rewrite, collapsed, expanded, replaced, replacements
from initreg.files.searching import as_patterns, find
from initreg.public import public
from initreg.registry.registry import Registry, default_registry


@public
def expand_file(
    path: str | os.PathLike[str], *, keys: Iterable[str] = (), registry: Registry | None = None
) -> str:
    """Return the text of a config file with its specs expanded; all else stays, to the byte.

    Comments, order and layout are those of the file, which is not changed; only a comment inside
    of a value that is replaced goes with it. In TOML, which has no null, parameters that are None
    are left out.

    Raises `ConfigError` for specs that are wrong, and `UnreadableError` for a file that can't be
    read, or whose layout leaves no place for the new value.
    """
    return _rewritten_text(read_file(path), expanded, keys, registry)


@public
def collapse_file(
    path: str | os.PathLike[str], *, keys: Iterable[str] = (), registry: Registry | None = None
) -> str:
    """Return the text of a config file with its initializers collapsed; all else stays.

    It edits the text as `expand_file` does, and raises what that does.
    """
    return _rewritten_text(read_file(path), collapsed, keys, registry)


class _Edit(NamedTuple):
    start: int
    end: int
    text: str


def _rewritten_text(
    source: Source, rewrite: Rewrite, keys: Iterable[str], registry: Registry | None
) -> str:
    if source.language == "keras":
        problem = (
            "An archive of Keras is read, but not rewritten. Rewrite its config: "
            "unzip the file config.json."
        )
        raise UnreadableError(problem, source.file)
    registry, patterns = registry or default_registry(), as_patterns(keys)
    editor = _Editor(source)
    wanted, faults = [], []
    for document in source.documents:
        data = Copy().of(document.data)
        edits, wrong = replacements(find(data, patterns), rewrite, registry)
        faults += wrong
        wanted.append((document, data, edits))
    if faults:
        raise ConfigError(faults)
    for document, _, edits in wanted:
        for path, new in edits:
            editor.replace(document, path, new)
    text = editor.text()
    _compare(source, text, [replaced(data, edits) for _, data, edits in wanted])
    return text


_TABLE = (
    "This initializer is a table of its own, or has dotted keys, and can't be rewritten there. "
    'Write it in one line: kernel_initializer = { type = "he_normal" }.'
)
_SHARED = (
    "This can't be rewritten in its place: an anchor, an alias or a tag ties it to another value. "
    "Write the initializers out, each in its own place."
)
_LAYOUT = (
    "This layout can't be rewritten in its place, perhaps because of an anchor, an alias or a tag. "
    "Write each initializer in one line, in its own place."
)
_ALIAS = re.compile(r"\s*:\s+(\*[^\s,\[\]{}]+)")
_TAG = re.compile(r"^[^#\n]*(?<![^\s,\[{])!\S*(?:\s+&\S+)?\Z", re.MULTILINE)
_COMMENT_OF_BLOCK = re.compile(r"[|>][-+0-9]*([ \t]+#[^\r\n]*)")
_LINE_BREAK = re.compile(r"[ \t]*:[ \t]*(?:\r\n?|\n)\s*")
_PLAIN = re.compile(r"[a-z][A-Za-z0-9_.-]*(?:\([A-Za-z0-9_=.,()/*+ -]*\))?")
_NOT_PLAIN = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")


class _Editor:
    """Collects the edits of a text, and makes them."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.own: dict[int, _Edit] = {}  # by the node that is replaced
        self.aliases: dict[int, tuple[int, _Edit]] = {}  # by the place of the alias

    def replace(self, document: Document, path: Path, new: Any) -> None:
        """Replace the value at a path; an alias stays where its anchor is replaced, too."""
        source, text = self.source, self.source.text
        steps = [*document.follow(path)]
        key, node = steps[-1]
        if source.language == "yaml":
            in_flow = any(text[each.start] in "[{" for _, each in steps[:-1])
            if key is not None and (alias := _ALIAS.match(text, key.end)):
                edit = _Edit(*alias.span(1), _written_in_yaml(new, in_flow))
                self.aliases[edit.start] = id(node), edit
            elif _TAG.search(text[max(0, node.start - 200) : node.start].rstrip()):
                raise UnreadableError(_SHARED, source.file, *source.place(node.start))
            elif id(node) not in self.own:  # else an alias in a list
                self.own[id(node)] = _edit_of_yaml(text, key, node, new, in_flow)
        elif source.language == "toml":
            if isinstance(node, Pairs) and not text.startswith("{", node.start):
                raise UnreadableError(_TABLE, source.file, *source.place(node.start))
            self.own[id(node)] = _Edit(node.start, node.end, _in_toml(new))
        else:
            new_text = json.dumps(new, ensure_ascii=False)
            self.own[id(node)] = _Edit(node.start, node.end, new_text)

    def text(self) -> str:
        """Return the text with its edits."""
        edits = [*self.own.values()]
        edits += [edit for node, edit in self.aliases.values() if node not in self.own]
        parts, last = [], 0
        for edit in sorted(edits):
            if edit.start < last:  # an anchor inside of what is replaced
                raise UnreadableError(_SHARED, self.source.file, *self.source.place(edit.start))
            parts += [self.source.text[last : edit.start], edit.text]
            last = edit.end
        return "".join([*parts, self.source.text[last:]])


def _edit_of_yaml(text: str, key: Node | None, node: Node, new: Any, in_flow: bool) -> _Edit:
    start, end = node.start, node.end
    written = _written_in_yaml(new, in_flow)
    if comment := _COMMENT_OF_BLOCK.match(text, start, end):
        written += comment[1]
    if (
        key is not None
        and isinstance(node, Pairs | Items)
        and text[start] not in "[{"
        and _LINE_BREAK.fullmatch(text, key.end, start)
    ):  # a block below its key: pull the value up
        start = text.index(":", key.end) + 1
        written = f" {written}"
    return _Edit(start, end, written)


def _compare(source: Source, text: str, wanted: list[Any]) -> None:
    """Make sure that the text says what it should: not every layout can be rewritten in place."""
    if source.language == "toml":
        wanted = [_without_none(data) for data in wanted]
    try:
        found = [document.data for document in read(text, source.language, source.file).documents]
    except UnreadableError as error:
        raise UnreadableError(_LAYOUT, source.file) from error
    for document, new, old in zip(source.documents, found, wanted, strict=False):
        path = _difference(new, old)
        if path is not None:
            node = [*document.follow(path)][-1][1]
            raise UnreadableError(_LAYOUT, source.file, *source.place(node.start))
    if len(found) != len(wanted):
        raise UnreadableError(_LAYOUT, source.file)


def _difference(found: Any, wanted: Any) -> Path | None:
    """Return the path of the first value that is not as wanted."""
    todo: list[tuple[Path, Any, Any]] = [((), found, wanted)]
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
        if (id(one), id(other)) not in seen:  # what aliases share is compared once
            seen.add((id(one), id(other)))
            todo += [((*path, part), *pair) for part, pair in zip(parts, pairs, strict=True)]
    return None


def _same(one: Any, other: Any) -> bool:
    same_kind = isinstance(one, bool) == isinstance(other, bool)
    return (same_kind and bool(one == other)) or repr(one) == repr(other)  # such as NaN


def _without_none(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _without_none(item) for key, item in data.items() if item is not None}
    return [_without_none(item) for item in data] if isinstance(data, list) else data


# Values, each in one line -------------------------------------------------------------------------


def _written_in_yaml(value: Any, in_flow: bool) -> str:
    """Write a value as a person would: text without quotes, where YAML is not JSON, too."""
    is_plain = (
        isinstance(value, str)
        and not in_flow
        and _PLAIN.fullmatch(value)
        and value not in _NOT_PLAIN
    )
    return value if is_plain else _in_yaml(value)


def _in_yaml(value: Any) -> str:
    match value:
        case dict():
            pairs = (f"{_quoted(key)}: {_in_yaml(item)}" for key, item in value.items())
            return "{" + ", ".join(pairs) + "}"
        case list():
            return "[" + ", ".join(map(_in_yaml, value)) + "]"
        case float():  # YAML 1.1 takes 1e-05 for text
            return re.sub(r"^(-?\d+)e", r"\1.0e", json.dumps(value))
        case str():
            return _quoted(value)
    return json.dumps(value)


def _in_toml(value: Any) -> str:
    match value:
        case dict():
            pairs = [f"{_key(k)} = {_in_toml(v)}" for k, v in value.items() if v is not None]
            return "{ " + ", ".join(pairs) + " }" if pairs else "{}"
        case list():
            return "[" + ", ".join(map(_in_toml, value)) + "]"
        case str():
            return _quoted(value)
    return json.dumps(value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _quoted(key)


def _quoted(text: str) -> str:
    """Write text as JSON, YAML and TOML all read it."""
    return "".join(
        c if c.isprintable() else f"\\u{ord(c):04X}" if ord(c) < 0x10000 else f"\\U{ord(c):08X}"
        for c in json.dumps(text, ensure_ascii=False)
    )
