"""Findings as a log in SARIF 2.1.0, for code scanning."""

import os
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from initreg import Finding, UnreadableError


def log(
    findings: "Sequence[Finding]", unreadable: "Sequence[UnreadableError]"
) -> dict[str, object]:
    """Return the log as data."""
    from initreg import __version__

    codes = sorted({finding.code for finding in findings})
    driver = {"name": "initreg", "version": __version__, "rules": [*map(_rule, codes)]}
    invocation = {
        "executionSuccessful": not unreadable,
        "toolExecutionNotifications": [*map(_notification, unreadable)],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": [_result(finding, codes.index(finding.code)) for finding in findings],
    }
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }


def is_in_archive(finding: "Finding") -> bool:
    """Return True if the text is inside a Keras archive, whose lines no editor shows."""
    return PurePath(finding.file).suffix.lower() == ".keras"


def location(file: str, region: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a location in a file; its name becomes a URI."""
    path = PurePath(file)
    # Quote the bytes, because the name of a file may not be valid text.
    uri = path.as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()))
    place: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if region is not None:
        place["region"] = region
    return {"physicalLocation": place}


def _rule(code: Any) -> dict[str, Any]:
    from initreg import FAULT_CODES

    description = {"text": FAULT_CODES[code]}
    return {
        "id": code,
        "shortDescription": description,
        "fullDescription": description,
        "help": {"text": f"{FAULT_CODES[code]} The message says what to write instead."},
    }


def _result(finding: "Finding", rule: int) -> dict[str, Any]:
    region = {
        "startLine": finding.line,
        "startColumn": finding.column,
        "endLine": finding.end_line,
        "endColumn": finding.end_column,
    }
    if is_in_archive(finding):
        region = {"startLine": 1}  # GitHub rejects a location without a line
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": "error",
        "message": {"text": finding.message},
        "locations": [
            {
                **location(finding.file, region),
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
        "locations": [location(error.file, region)],
    }
