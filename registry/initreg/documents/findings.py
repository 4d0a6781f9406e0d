"""Turn the faults of a config file into findings, which have a position in its text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from initreg.carets import point_at
from initreg.documents import Document, Node, Pairs, Path, Scalar, Slot, Source
from initreg.documents.characters import offsets
from initreg.documents.formats import YAML
from initreg.errors import Fault, Finding
from initreg.spec.grammar import MAX_LENGTH

MAX_VALUES = 10_000  # in one spec; the values of an alias are counted each time it is used

_AROUND = 200  # characters on each side of a place, more than an excerpt shows


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Sort findings by position, and drop duplicates from YAML aliases."""
    ordered = sorted(findings, key=lambda finding: (finding.line, finding.column))
    return tuple(dict.fromkeys(ordered))


def duplicates(document: Document) -> Iterator[tuple[Node, Fault]]:
    """Yield the keys that a dict has twice: the node of the later one, and its fault."""
    paths: dict[Node, Path] = {}
    if document.duplicates:
        paths = {slot.node: slot.path for slot in document.top.containers()}
    for duplicate in document.duplicates:
        problem = f"Duplicate key {duplicate.key!r}; parsers disagree on which one wins."
        path = (*paths.get(duplicate.holder, ()), str(duplicate.key))
        yield duplicate.node, Fault(problem, path, code="duplicate-key")


def too_large(spec: Any) -> Fault | None:
    """Return a fault if a spec has too many values. With YAML's aliases, a short text can."""
    if isinstance(spec, str) or not _is_too_large(spec):
        return None
    return Fault(f"An initializer can have at most {MAX_VALUES:,} values.", code="form")


def _is_too_large(spec: Any) -> bool:
    """Count values with repetition, because aliases hide the size, and stop at the limit."""
    left, todo = MAX_VALUES, [spec]
    while todo and left:
        left -= 1
        value = todo.pop()
        if isinstance(value, Mapping | list):
            todo += [*(value.values() if isinstance(value, Mapping) else value)][:left]
    return bool(todo)


def placed(source: Source, slot: Slot, fault: Fault) -> Finding:
    """Return the finding of a fault. The path of the fault leads on from the slot of the spec."""
    target = slot.follow(fault.path)
    whole = fault.below(*slot.path)
    node = target.node
    start, end = node.start, node.end
    if fault.code == "unknown-parameter" and target.key_node and target.path == whole.path:
        start, end = target.key_node.start, target.key_node.end
    elif isinstance(node, Scalar) and fault.column is not None:
        shown = Scalar(node.start, node.end, node.value[:MAX_LENGTH], node.tripled)
        places = offsets(shown, source.text)
        last = len(places) - 1  # the column is after it if the text is longer than a spec may be
        start = places[min(fault.column, last)]
        end = places[min(fault.end or fault.column + 1, last)]
    elif isinstance(node, Pairs):
        start, end = _head(node)
    if fault.code == "syntax" and _is_cut_at_comma(source, node):
        hint = " Inside {…} and […], YAML ends unquoted text at a comma. Put the spec in quotes."
        whole = replace(whole, message=fault.message + hint)
    return finding_at(source, Node(start, end), whole)


def _is_cut_at_comma(source: Source, node: Node) -> bool:
    is_unquoted = source.text[node.start : node.start + 1] not in ("'", '"')
    return source.format is YAML and is_unquoted and source.text[node.end :][:1] == ","


def _head(pairs: Pairs) -> tuple[int, int]:
    """Return the place to show for a whole dict: the value that names it, or its first key."""
    for name in ("type", "class_name"):
        if name in pairs.pairs:
            value = pairs.pairs[name][1]
            return value.start, value.end
    first = next(iter(pairs.pairs.values()), (pairs,))[0]
    return first.start, first.end


def finding_at(source: Source, node: Node, fault: Fault) -> Finding:
    """Return the finding of a fault at the place of `node`, wherever its path leads."""
    line, column = source.position(node.start)
    end_line, end_column = source.position(max(node.end, node.start + 1))
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
    """Point at a place, without reading the rest of a long line."""
    first = max(0, node.start - _AROUND)
    return point_at(text[first : node.start + _AROUND], node.start - first, node.end - first)
