"""Findings as text, JSON, annotations of GitHub and SARIF."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from initreg_cli import render

if TYPE_CHECKING:
    from initreg import Finding, Report, UnreadableError


def write(
    format_: str, reports: "Sequence[Report]", unreadable: "Sequence[UnreadableError]"
) -> None:
    """Print findings on stdout, in one of four formats; what was checked, on stderr."""
    _WRITERS[format_](reports, unreadable)
    found = sum(len(report.findings) for report in reports)
    checked = sum(report.checked for report in reports)
    line = f"{_count(checked, 'initializer')} checked in {_count(len(reports), 'file')}"
    line += f", {_count(found, 'finding')}."
    if unreadable:
        line += f" {_count(len(unreadable), 'file')} could not be read."
    render.note(line)


def explain_empty() -> None:
    """Say why nothing was checked, and what to do."""
    render.note(
        "Nothing was checked. Initializers are the values of the keys initializer, init and "
        "*_initializer; --key adds more, and --allow-empty takes it well."
    )


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _text(reports: "Sequence[Report]", unreadable: "Sequence[UnreadableError]") -> None:
    for finding in _findings(reports):
        render.text(str(finding))
        for line in finding.excerpt.splitlines():
            render.text(f"    {line}")
    for error in unreadable:
        render.note(str(error))


def _json(reports: "Sequence[Report]", unreadable: "Sequence[UnreadableError]") -> None:
    render.json(
        {
            "checked": sum(report.checked for report in reports),
            "files": [{"file": report.file, "checked": report.checked} for report in reports],
            "findings": [asdict(finding) for finding in _findings(reports)],
            "unreadable": [
                {
                    "file": error.file,
                    "line": error.line,
                    "column": error.column,
                    "message": error.problem,
                }
                for error in unreadable
            ],
        }
    )


def _github(reports: "Sequence[Report]", unreadable: "Sequence[UnreadableError]") -> None:
    for finding in _findings(reports):
        place = {"file": finding.file, "line": finding.line, "col": finding.column}
        if finding.line == finding.end_line:  # GitHub takes columns within one line alone
            place["endColumn"] = finding.end_column
        _annotate(finding.message, {**place, "title": f"initreg: {finding.code}"})
    for error in unreadable:
        place = {"file": error.file, "line": error.line or 1, "title": "initreg: unreadable"}
        _annotate(error.problem, place)


def _annotate(message: str, properties: dict[str, Any]) -> None:
    written = ",".join(
        f"{key}={_escaped(str(value)).replace(':', '%3A').replace(',', '%2C')}"
        for key, value in properties.items()
    )
    render.text(f"::error {written}::{_escaped(message)}")


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


_RULES = {
    "syntax": "The text is no spec.",
    "form": "The value is no initializer in any form.",
    "unknown-initializer": "No initializer has this name.",
    "ambiguous-initializer": "Two plugins bring an initializer of this name.",
    "unknown-parameter": "The initializer has no such parameter.",
    "missing-parameter": "The initializer needs a parameter.",
    "wrong-value": "The parameter does not take this value.",
    "conflict": "Parameters contradict each other.",
    "duplicate-key": "A key stands in one dict twice.",
    "plugin": "A plugin fails.",
}


def _sarif(reports: "Sequence[Report]", unreadable: "Sequence[UnreadableError]") -> None:
    from importlib.metadata import version

    findings = _findings(reports)
    rules = sorted({finding.code for finding in findings})
    render.json(
        {
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [
                {
                    "tool": {
                        "driver": {
                            "name": "initreg",
                            "version": version("initreg"),
                            "rules": [
                                {"id": rule, "shortDescription": {"text": _RULES[rule]}}
                                for rule in rules
                            ],
                        }
                    },
                    "columnKind": "unicodeCodePoints",
                    "invocations": [
                        {
                            "executionSuccessful": not unreadable,
                            "toolExecutionNotifications": [
                                {
                                    "level": "error",
                                    "message": {"text": error.problem},
                                    "locations": [_location(error.file, error.line, error.column)],
                                }
                                for error in unreadable
                            ],
                        }
                    ],
                    "results": [
                        {
                            "ruleId": finding.code,
                            "ruleIndex": rules.index(finding.code),
                            "level": "error",
                            "message": {"text": finding.message},
                            "locations": [
                                _location(
                                    finding.file,
                                    finding.line,
                                    finding.column,
                                    endLine=finding.end_line,
                                    endColumn=finding.end_column,
                                )
                            ],
                        }
                        for finding in findings
                    ],
                }
            ],
        }
    )


def _location(file: str, line: int | None, column: int | None, **end: int) -> dict[str, Any]:
    path = PurePath(file)
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix())
    place: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if line is not None:
        place["region"] = {"startLine": line, "startColumn": column, **end}
    return {"physicalLocation": place}


def _findings(reports: "Sequence[Report]") -> "list[Finding]":
    return [finding for report in reports for finding in report.findings]


_WRITERS: dict[str, Callable[..., None]] = {
    "text": _text,
    "json": _json,
    "github": _github,
    "sarif": _sarif,
}
