"""Findings as text, as JSON and as annotations of GitHub."""

import shutil
import sys
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from initreg_cli.output import render, sarif

if TYPE_CHECKING:
    from initreg import Finding, Report, UnreadableError

_INDENT = "    "  # of the lines below a finding

# Python's replacements for the bytes in the name of a file that are not valid text.
_UNDECODED = range(0xDC80, 0xDD00)


def print_reports(
    format_: str, reports: "Sequence[Report]", unreadable: "Sequence[UnreadableError]", thing: str
) -> None:
    """Print findings on stdout in one of four formats, and how many `thing`s were checked on
    stderr.
    """
    from initreg import UnknownFormatError

    _PRINTERS[format_](reports, unreadable)
    for report in reports:
        for note in report.notes:
            render.print_note(_one_line(f"{report.file}: {note}"))
    checked = sum(report.checked for report in reports)
    line = f"{_count(checked, thing)} checked in {_count(len(reports), 'file')}"
    line += f", {_count(len(_findings(reports)), 'finding')}."
    if unreadable:
        line += f" {_count(len(unreadable), 'file')} can't be read."
    if any(isinstance(error, UnknownFormatError) for error in unreadable):
        line += "\nSet the format of files with other extensions: --as yaml, json, toml or keras."
    render.print_note(line)


def print_finding(finding: "Finding") -> None:
    """Print a finding as text: a line that editors can follow, and the place in the file.

    If the line is cut because it is long, or if no editor shows it, the path is printed, too.
    """
    archive = f"{finding.file}: {finding.message}"
    render.print_text(_one_line(archive if sarif.is_in_archive(finding) else str(finding)))
    if _needs_path(finding):
        render.print_text(f"{_INDENT}at {_one_line(finding.path)}")
    for line in _fitted(*finding.excerpt.split("\n")):
        render.print_text(_INDENT + line)


def _needs_path(finding: "Finding") -> bool:
    line = finding.excerpt.partition("\n")[0]
    is_cut = line.startswith("…") or line.endswith("…")
    return is_cut or sarif.is_in_archive(finding)


def _one_line(text: str) -> str:
    """Replace line ends and control characters, which the name of a file can have."""
    return "".join(
        c if c.isprintable() or ord(c) in _UNDECODED else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def _fitted(line: str, carets: str) -> tuple[str, str]:
    """Cut a line and the carets below it to the width of the terminal, so that neither wraps."""
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
    """Return the number of columns that a character takes in a terminal."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _print_text(reports: "Sequence[Report]", unreadable: "Sequence[UnreadableError]") -> None:
    for finding in _findings(reports):
        print_finding(finding)
    for error in unreadable:
        render.print_note(_one_line(str(error)))


def _print_json(reports: "Sequence[Report]", unreadable: "Sequence[UnreadableError]") -> None:
    render.print_json(
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


def _print_github(reports: "Sequence[Report]", unreadable: "Sequence[UnreadableError]") -> None:
    for finding in _findings(reports):
        message = finding.message
        place: dict[str, Any] = {"file": finding.file}
        if not sarif.is_in_archive(finding):
            place |= {"line": finding.line, "col": finding.column}
            if finding.line == finding.end_line:  # GitHub takes columns only within one line
                place["endColumn"] = finding.end_column
        if _needs_path(finding):
            message += f"\nat {finding.path}"
        _annotate(message, {**place, "title": f"initreg: {finding.code}"})
    for error in unreadable:
        place = {"file": error.file, "line": error.line or 1, "title": "initreg: unreadable"}
        _annotate(error.problem, place)


def _annotate(message: str, properties: dict[str, Any]) -> None:
    fields = ",".join(
        f"{key}={_escaped(str(value)).replace(':', '%3A').replace(',', '%2C')}"
        for key, value in properties.items()
    )
    render.print_text(f"::error {fields}::{_escaped(message)}")


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _print_sarif(reports: "Sequence[Report]", unreadable: "Sequence[UnreadableError]") -> None:
    render.print_json(sarif.log(_findings(reports), unreadable))


def _findings(reports: "Sequence[Report]") -> "list[Finding]":
    return [finding for report in reports for finding in report.findings]


_PRINTERS: dict[str, Callable[..., None]] = {
    "text": _print_text,
    "json": _print_json,
    "github": _print_github,
    "sarif": _print_sarif,
}
