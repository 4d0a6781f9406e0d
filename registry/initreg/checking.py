"""Config files to findings with line and column; needs no Keras."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from initreg.documents import Document, Items, Node, Pairs, Scalar, Source, read, read_file
from initreg.errors import Fault, InitregError, point_at
from initreg.parsing import MAX_LENGTH
from initreg.registry import Registry, default_registry
from initreg.searching import Found, as_patterns, find, is_interpolated

MAX_VALUES = 10_000  # in one spec: what aliases hold is counted each time

_AROUND = 200  # more than an excerpt shows to either side


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong in a config file, and its place.

    Lines and columns count characters from 1; the end is the first column behind. `code` is that
    of a `Fault`, or ``duplicate-key``. `path` leads to the value: ``$.model.layers[0].init``.
    `excerpt` is the line, with carets under the place.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    code: str
    message: str
    path: str
    excerpt: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


@dataclass(frozen=True, slots=True)
class Report:
    """What `check_file` found: how many initializers it checked, and what is wrong."""

    file: str
    checked: int
    findings: tuple[Finding, ...]


def check_file(
    path: str | os.PathLike[str],
    *,
    keys: Iterable[str] = (),
    language: str | None = None,
    registry: Registry | None = None,
) -> Report:
    """Check the initializers in a config file, and report all that is wrong with their places.

    >>> from pathlib import Path
    >>> _ = Path("model.yaml").write_text("kernel_initializer: he_normal(sed=1)")
    >>> report = check_file("model.yaml")
    >>> report.checked
    1
    >>> print(report.findings[0].excerpt)
    kernel_initializer: he_normal(sed=1)
                                  ^^^
    >>> report.findings[0].line, report.findings[0].column
    (1, 31)

    The file is YAML, JSON, TOML, or a Keras archive (``.keras``), of which the config is read and
    nothing is loaded. Its ending says which, or `language` does: ``"yaml"``, ``"json"``,
    ``"toml"`` or ``"keras"``. It is never changed.

    An initializer is the value of a key `initializer`, `init` or ``*_initializer``, or of one that
    a pattern in `keys` matches; it may stand in a list. So is what Keras wrote for one. None, and
    an interpolation of OmegaConf (``${…}``), are left alone.

    Raises `UnreadableError` for a file that can't be read.
    """
    return _report(read_file(path, language), keys, registry)


def check_text(
    text: str | bytes,
    *,
    language: str = "yaml",
    file: str = "<text>",
    keys: Iterable[str] = (),
    registry: Registry | None = None,
) -> Report:
    """Check the initializers in the text of a config, as `check_file` does.

    >>> check_text('{"init": "he_normal"}', language="json").findings
    ()
    """
    return _report(read(text, language, file), keys, registry)


def _report(source: Source, keys: Iterable[str], registry: Registry | None) -> Report:
    registry = registry or default_registry()
    checked, findings = 0, []
    patterns = as_patterns(keys)
    for document in source.documents:
        seen: set[int] = set()
        paths = _paths(document) if document.twice else {}
        for twice in document.twice:
            problem = f"The key {twice.key!r} stands here twice; readers differ in which counts."
            path = (*paths.get(id(twice.holder), ()), str(twice.key))
            findings.append(_finding(source, twice.node, problem, "duplicate-key", *path))
        for found in find(document.data, patterns):
            node = _node(document, found.path)
            if id(node) in seen:  # an alias of what was checked
                continue
            seen.add(id(node))
            checked += 1
            for fault in _faults(found, registry):
                findings.append(_placed(source, document, found, fault))
    findings.sort(key=lambda finding: (finding.line, finding.column))
    return Report(source.file, checked, tuple(dict.fromkeys(findings)))


def _paths(document: Document) -> dict[int, tuple[str | int, ...]]:
    """Return the path to each dict and list of a document, by the id of its node."""
    paths: dict[int, tuple[str | int, ...]] = {id(document.root): ()}
    todo: list[Node] = [document.root]
    while todo:
        node = todo.pop()
        parts: list[tuple[Any, Node]] = []
        if isinstance(node, Items):
            parts = list(enumerate(node.items))
        elif isinstance(node, Pairs):
            parts = [(str(key), value) for key, (_, value) in node.pairs.items()]
        for part, child in parts:
            if not isinstance(child, Scalar) and id(child) not in paths:
                paths[id(child)] = (*paths[id(node)], part)
                todo.append(child)
    return paths


def _faults(found: Found, registry: Registry) -> tuple[Fault, ...]:
    if not isinstance(found.spec, str) and _is_too_large(found.spec):
        return (Fault(f"An initializer has at most {MAX_VALUES:,} values.", code="form"),)
    left_out = isinstance(found.spec, Mapping) and is_interpolated(found.spec)
    try:
        registry.validate(_without_interpolations(found.spec) if left_out else found.spec)
    except InitregError as error:
        return tuple(each for each in error.faults if not (left_out and each.code in _OF_ABSENCE))
    return ()


_OF_ABSENCE = ("missing-parameter", "conflict")  # perhaps not so, with what is left out


def _without_interpolations(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the parameters whose values OmegaConf puts in from elsewhere."""
    kept = {key: value for key, value in spec.items() if not is_interpolated(value)}
    if "class_name" in spec and isinstance(spec.get("config"), Mapping):
        kept["config"] = _without_interpolations(spec["config"])
    return kept


def _is_too_large(spec: Any) -> bool:
    """Count values as often as they stand there; one that holds itself is without end."""
    left, todo = MAX_VALUES, [spec]
    while todo and left:
        left -= 1
        value = todo.pop()
        if isinstance(value, Mapping | list):
            todo += [*(value.values() if isinstance(value, Mapping) else value)][:left]
    return bool(todo)


def _node(document: Document, path: Iterable[str | int]) -> Node:
    return [*document.follow(tuple(path))][-1][1]


def _placed(source: Source, document: Document, found: Found, fault: Fault) -> Finding:
    """Find the place of a fault in the text."""
    path = (*found.path, *fault.path)
    steps = [*document.follow(path)]
    key, node = steps[-1]
    if fault.code == "unknown-parameter" and key is not None and len(steps) > len(path):
        node = key
    start, end = node.start, node.end
    if isinstance(node, Scalar) and node is not key and fault.column is not None:
        shown = Scalar(node.start, node.end, node.value[:MAX_LENGTH], node.tripled)
        offsets = shown.offsets(source.text)
        last = len(offsets) - 1  # where a fault of a text that is too long stands
        start = offsets[min(fault.column, last)]
        end = offsets[min(fault.end or fault.column + 1, last)]
    elif isinstance(node, Pairs):
        start, end = _head(node)
    message = fault.message
    if fault.code == "syntax" and _is_cut_at_a_comma(source, node):
        message += " Inside {…} and […], YAML ends a text at the comma: put the spec in quotes."
    return _finding(source, Node(start, end), message, fault.code, *path)


def _is_cut_at_a_comma(source: Source, node: Node) -> bool:
    plain = source.text[node.start : node.start + 1] not in ("'", '"')
    return source.language == "yaml" and plain and source.text[node.end :][:1] == ","


def _head(pairs: Pairs) -> tuple[int, int]:
    """Return the place that stands for a dict: the value that names it, or else its first key."""
    for name in ("type", "class_name"):
        if name in pairs.pairs:
            value = pairs.pairs[name][1]
            return value.start, value.end
    first = next(iter(pairs.pairs.values()), (pairs,))[0]
    return first.start, first.end


def _finding(source: Source, node: Node, message: str, code: str, *path: str | int) -> Finding:
    line, column = source.place(node.start)
    end_line, end_column = source.place(max(node.end, node.start + 1))
    return Finding(
        file=source.file,
        line=line,
        column=column,
        end_line=end_line,
        end_column=end_column,
        code=code,
        message=message,
        path=Fault("", path).location,
        excerpt=_excerpt(source.text, node),
    )


def _excerpt(text: str, node: Node) -> str:
    """Point at a place, and read no more of a long line than the excerpt shows."""
    first = max(0, node.start - _AROUND)
    return point_at(text[first : node.start + _AROUND], node.start - first, node.end - first)
