"""Findings as text, JSON, annotations of GitHub and SARIF."""

import os
import shutil
import sys
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from initreg_cli.output import render

if TYPE_CHECKING:
    from initreg import Finding, Report, UnreadableError


_INDENT = "    "  # of what stands below a finding

# What stands for the undecodable bytes in the name of a file.
_UNDECODED = range(0xDC80, 0xDD00)


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
    if any(error.problem.startswith("Its ending") for error in unreadable):
        line += (
            "\nTo read files of other endings, say what they are: --as yaml, json, toml or keras."
        )
    _note(line)


def explain_empty() -> None:
    """Say why nothing was checked, and what to do."""
    _note(
        "Nothing was checked. Initializers are the values of the keys initializer, init and "
        "*_initializer; --key adds more. With --allow-empty, this is no failure."
    )


def show(finding: "Finding") -> None:
    """Print a finding as text: a line to be found by editors, and the place in the file.

    Where the line is too long to count in, or is none that a person ever sees, the path leads
    there.
    """
    archive = f"{finding.file}: {finding.message}"
    render.text(_one_line(archive if _in_archive(finding) else str(finding)))
    if _needs_path(finding):
        render.text(f"{_INDENT}at {_one_line(finding.path)}")
    for line in _fitted(*finding.excerpt.split("\n")):
        render.text(_INDENT + line)


def _in_archive(finding: "Finding") -> bool:
    """Whether the text is inside of a Keras archive, which no editor shows."""
    return PurePath(finding.file).suffix.lower() == ".keras"


def _needs_path(finding: "Finding") -> bool:
    line = finding.excerpt.partition("\n")[0]
    return _in_archive(finding) or line.startswith("…") or line.endswith("…")  # it was cut


def _note(message: str) -> None:
    """Print a note below what is on stdout, where both go to one place, as in pre-commit."""
    sys.stdout.flush()
    render.note(message)


def _one_line(text: str) -> str:
    """Replace what starts a line or steers the terminal, as the name of a file can."""
    return "".join(
        c if c.isprintable() or ord(c) in _UNDECODED else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def _fitted(line: str, carets: str) -> tuple[str, str]:
    """Cut a line and the carets below it to the terminal, where it would wrap them apart."""
    room = max(20, shutil.get_terminal_size().columns - len(_INDENT))
    if not sys.stdout.isatty() or sum(map(_columns, line)) <= room:
        return line, carets
    start = carets.index("^")
    begin = dropped = 0
    while dropped < start - room // 2:
        dropped += _columns(line[begin])
        begin += 1
    shown = "…" if begin else ""
    indent = start - dropped + len(shown)
    used = len(shown)
    for character in line[begin:]:
        used += _columns(character)
        if used >= room:
            shown += "…"
            break
        shown += character
    return shown, " " * indent + "^" * min(carets.count("^"), room - indent)


def _columns(character: str) -> int:
    """Count the columns that a character takes in a terminal."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _text(reports: "Sequence[Report]", unreadable: "Sequence[UnreadableError]") -> None:
    for finding in _findings(reports):
        show(finding)
    for error in unreadable:
        _note(_one_line(str(error)))


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
        message = finding.message
        place: dict[str, Any] = {"file": finding.file}
        if not _in_archive(finding):
            place |= {"line": finding.line, "col": finding.column}
            if finding.line == finding.end_line:  # GitHub takes columns within one line alone
                place["endColumn"] = finding.end_column
        if _needs_path(finding):
            message += f"\nat {finding.path}"
        _annotate(message, {**place, "title": f"initreg: {finding.code}"})
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
    driver = {"name": "initreg", "version": version("initreg"), "rules": [*map(_rule, rules)]}
    invocation = {
        "executionSuccessful": not unreadable,
        "toolExecutionNotifications": [*map(_notification, unreadable)],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": [_result(finding, rules.index(finding.code)) for finding in findings],
    }
    render.json(
        {
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [run],
        }
    )


def _rule(code: str) -> dict[str, Any]:
    about = {"text": _RULES[code]}
    return {
        "id": code,
        "shortDescription": about,
        "fullDescription": about,
        "help": {"text": f"{_RULES[code]} The message says what to write."},
    }


def _result(finding: "Finding", rule: int) -> dict[str, Any]:
    region = {
        "startLine": finding.line,
        "startColumn": finding.column,
        "endLine": finding.end_line,
        "endColumn": finding.end_column,
    }
    if _in_archive(finding):
        region = {"startLine": 1}  # GitHub takes no location without a line
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": "error",
        "message": {"text": finding.message},
        "locations": [
            {
                **_location(finding.file, region),
                "logicalLocations": [{"fullyQualifiedName": finding.path}],
            }
        ],
    }


def _notification(error: "UnreadableError") -> dict[str, Any]:
    region = None
    if error.line is not None:
        region = {"startLine": error.line, "startColumn": error.column}
    return {
        "level": "error",
        "message": {"text": error.problem},
        "locations": [_location(error.file, region)],
    }


def _location(file: str, region: dict[str, Any] | None = None) -> dict[str, Any]:
    path = PurePath(file)
    # The bytes, since those of a name need not be text.
    uri = path.as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()))
    place: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if region is not None:
        place["region"] = region
    return {"physicalLocation": place}


def _findings(reports: "Sequence[Report]") -> "list[Finding]":
    return [finding for report in reports for finding in report.findings]


_WRITERS: dict[str, Callable[..., None]] = {
    "text": _text,
    "json": _json,
    "github": _github,
    "sarif": _sarif,
}
