"""Config files and files of rules, checked; needs no Keras."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from initreg.documents import Document, Node, Source, read, read_file
from initreg.documents.findings import duplicates, finding_at, in_order, placed, too_large
from initreg.errors import Fault, Finding, InitregError
from initreg.files.searching import Found, as_patterns, find, is_interpolated
from initreg.public import public
from initreg.registry.registry import Registry, default_registry

__all__ = ["FileForm", "Finding", "Report", "check_file", "check_text"]

FileForm = Literal["config", "rules"]


@public
@dataclass(frozen=True, slots=True)
class Report:
    """What `check_file` found: how many initializers, or rules, it checked, and what is wrong."""

    file: str
    checked: int
    findings: tuple[Finding, ...]


@public
def check_file(
    path: str | os.PathLike[str],
    *,
    keys: Iterable[str] = (),
    language: str | None = None,
    form: FileForm = "config",
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

    With `form` ``"rules"``, the whole file is checked as `read_rules` reads it, patterns too.

    Raises `UnreadableError` for a file that can't be read.
    """
    return _report(read_file(path, language), keys, form, registry)


@public
def check_text(
    text: str | bytes,
    *,
    language: str = "yaml",
    file: str = "<text>",
    keys: Iterable[str] = (),
    form: FileForm = "config",
    registry: Registry | None = None,
) -> Report:
    """Check the initializers in the text of a config, as `check_file` does.

    >>> check_text('{"init": "he_normal"}', language="json").findings
    ()
    """
    return _report(read(text, language, file), keys, form, registry)


def _report(
    source: Source, keys: Iterable[str], form: FileForm, registry: Registry | None
) -> Report:
    registry = registry or default_registry()
    patterns = as_patterns(keys)
    if form == "rules":
        if patterns:
            raise ValueError("keys are for form='config': rules have keys of their own.")
        from initreg.rules.reading import check_rules  # imports regex, which takes 20 ms

        return Report(source.file, *check_rules(source, registry))
    if form != "config":
        raise ValueError(f"form is 'config' or 'rules', not {form!r}.")
    checked = 0
    findings: list[Finding] = []
    for document in source.documents:
        seen: set[int] = set()
        findings += [finding_at(source, node, fault) for node, fault in duplicates(document)]
        for found in find(document.data, patterns):
            node = _node(document, found.path)
            if id(node) in seen:  # an alias of what was checked
                continue
            seen.add(id(node))
            checked += 1
            faults = _faults(found, registry)
            findings += [placed(source, document, each.below(*found.path)) for each in faults]
    return Report(source.file, checked, in_order(findings))


def _node(document: Document, path: Iterable[str | int]) -> Node:
    return [*document.follow(tuple(path))][-1][1]


def _faults(found: Found, registry: Registry) -> tuple[Fault, ...]:
    if fault := too_large(found.spec):
        return (fault,)
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
