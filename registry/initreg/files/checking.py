"""Check config files and files of rules. No Keras is needed."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from initreg.documents import Document, Slot, Source, read, read_file
from initreg.documents.findings import duplicates, finding_at, in_order, placed, too_large
from initreg.errors import Code, Fault, Finding, InitregError
from initreg.files.computing import error_in_rule
from initreg.files.searching import as_patterns, find, is_interpolated
from initreg.public import public
from initreg.registry.registry import Registry, default_registry

FileForm = Literal["config", "rules"]

# An interpolation may provide what is missing, and may resolve a conflict.
_CODES_OF_ABSENCE: tuple[Code, ...] = ("missing-parameter", "conflict")


@public
@dataclass(frozen=True, slots=True)
class Report:
    """The result of checking a file: how many initializers or rules it has, and all findings.

    `form` says what was counted: the initializers of a ``"config"``, or the ``"rules"``. `notes`
    say what could not be checked without a model.
    """

    file: str
    checked: int
    findings: tuple[Finding, ...]
    form: FileForm = "config"
    notes: tuple[str, ...] = ()


@public
def check_file(
    path: str | os.PathLike[str],
    *,
    keys: Iterable[str] = (),
    language: str | None = None,
    form: FileForm = "config",
    registry: Registry | None = None,
) -> Report:
    """Check the initializers in a config file, and report all findings with their position.

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

    The file is YAML, JSON, TOML, or a Keras archive (``.keras``), whose config is read without
    loading anything. The extension determines the format, unless `language` is ``"yaml"``,
    ``"json"``, ``"toml"`` or ``"keras"``. The file is never changed.

    An initializer is the value of a key `initializer`, `init` or ``*_initializer``, or of one that
    matches a pattern in `keys`, alone or in a list. So is a dict that Keras wrote for one. None and
    interpolations of OmegaConf (``${…}``) are skipped.

    With `form` ``"rules"``, the whole file is checked as `read_rules` reads it, patterns included.

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
            raise ValueError("keys can only be used with form='config'.")
        from initreg.rules.reading import check_rules  # imports `regex`, which takes longer

        count, found, notes = check_rules(source, registry)
        return Report(source.file, count, found, form, notes)
    if form != "config":
        raise ValueError(f"form must be 'config' or 'rules', not {form!r}.")
    checked = 0
    findings: list[Finding] = []
    for document in source.documents:
        count, of_document = _check_document(source, document, patterns, registry)
        checked += count
        findings += of_document
    return Report(source.file, checked, in_order(findings), form)


def _check_document(
    source: Source, document: Document, patterns: tuple[str, ...], registry: Registry
) -> tuple[int, list[Finding]]:
    """Return how many initializers a document has, and its findings."""
    findings = [finding_at(source, node, fault) for node, fault in duplicates(document)]
    checked = set()
    for slot in find(document.top, patterns):
        if slot.node not in checked:  # otherwise an alias of it
            checked.add(slot.node)
            findings += [placed(source, slot, fault) for fault in _faults(slot, registry)]
    return len(checked), findings


def _faults(slot: Slot, registry: Registry) -> tuple[Fault, ...]:
    spec = slot.value
    if fault := too_large(spec):
        return (fault,)
    is_partial = isinstance(spec, Mapping) and is_interpolated(spec)
    try:
        registry.validate(_without_interpolations(spec) if is_partial else spec)
    except InitregError as error:
        if is_partial:
            return tuple(f for f in error.faults if f.code not in _CODES_OF_ABSENCE)
        problem = error_in_rule(slot, error, registry)
        return problem.faults if problem else ()
    return ()


def _without_interpolations(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the parameters whose values OmegaConf interpolates."""
    kept = {key: value for key, value in spec.items() if not is_interpolated(value)}
    if "class_name" in spec and isinstance(spec.get("config"), Mapping):
        kept["config"] = _without_interpolations(spec["config"])
    return kept
