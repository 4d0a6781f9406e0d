"""Faults in a config file, brought to their place in its text: findings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from initreg.carets import point_at
from initreg.documents import Document, Items, Node, Pairs, Scalar, Source
from initreg.errors import Fault, Finding
from initreg.spec.grammar import MAX_LENGTH

MAX_VALUES = 10_000  # in one spec: what aliases hold is counted each time

_AROUND = 200  # more than an excerpt shows to either side


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Sort findings by their place, and tell what an alias shares once."""
    ordered = sorted(findings, key=lambda finding: (finding.line, finding.column))
    return tuple(dict.fromkeys(ordered))


def duplicates(document: Document) -> Iterator[tuple[Node, Fault]]:
    """Find the keys that stand twice in one dict: the node of each, and its fault."""
    paths = _paths(document) if document.twice else {}
    for twice in document.twice:
        problem = f"The key {twice.key!r} stands here twice; readers differ in which counts."
        path = (*paths.get(id(twice.holder), ()), str(twice.key))
        yield twice.node, Fault(problem, path, code="duplicate-key")


def too_large(spec: Any) -> Fault | None:
    """Return the fault of a spec that holds too many values, as aliases of YAML can make it."""
    if isinstance(spec, str) or not _is_too_large(spec):
        return None
    return Fault(f"An initializer has at most {MAX_VALUES:,} values.", code="form")


def _is_too_large(spec: Any) -> bool:
    """Count values as often as they stand there; one that holds itself is without end."""
    left, todo = MAX_VALUES, [spec]
    while todo and left:
        left -= 1
        value = todo.pop()
        if isinstance(value, Mapping | list):
            todo += [*(value.values() if isinstance(value, Mapping) else value)][:left]
    return bool(todo)


def placed(source: Source, document: Document, fault: Fault) -> Finding:
    """Find the place of a fault, whose path leads from the document's root, in the text."""
    path = fault.path
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
    if fault.code == "syntax" and _is_cut_at_a_comma(source, node):
        hint = " Inside {…} and […], YAML ends a text at the comma: put the spec in quotes."
        fault = replace(fault, message=fault.message + hint)
    return finding_at(source, Node(start, end), fault)


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


def finding_at(source: Source, node: Node, fault: Fault) -> Finding:
    """Return the finding of a fault that stands at `node`, whatever its path leads to."""
    line, column = source.place(node.start)
    end_line, end_column = source.place(max(node.end, node.start + 1))
    return Finding(
        file=source.file,
        line=line,
        column=column,
        end_line=end_line,
        end_column=end_column,
        code=fault.code,
        message=fault.message,
        path=fault.location,
        excerpt=_excerpt(source.text, node),
    )


def _excerpt(text: str, node: Node) -> str:
    """Point at a place, and read no more of a long line than the excerpt shows."""
    first = max(0, node.start - _AROUND)
    return point_at(text[first : node.start + _AROUND], node.start - first, node.end - first)


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
