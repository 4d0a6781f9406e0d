"""``initreg expand`` and ``initreg collapse``: specs to Keras's own dicts, and back."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from initreg_cli.options import Force, Key, Out, reject_empty_patterns

if TYPE_CHECKING:
    from initreg import ConfigError

_File = Annotated[
    str,
    typer.Argument(help="A YAML, JSON or TOML file; - reads YAML from stdin.", metavar="FILE"),
]


def expand(file: _File, out: Out = None, force: Force = False, key: Key = None) -> None:
    """Replace the specs in a config by the dicts that Keras writes.

    Keras 3.15 or later can then load the config without initreg. Everything else in the file is
    kept, comments too. Exit status: 0 if it was rewritten, 1 if a spec is invalid, 2 if the file
    can't be read.
    """
    from initreg import expand_file

    _rewrite(expand_file, file, out, force, key)


def collapse(file: _File, out: Out = None, force: Force = False, key: Key = None) -> None:
    """Replace the dicts that Keras wrote by the shortest specs.

    The specs mean the same initializers. Everything else in the file is kept, comments too.
    """
    from initreg import collapse_file

    _rewrite(collapse_file, file, out, force, key)


def _rewrite(
    rewrite: Callable[..., str], file: str, out: Path | None, force: bool, key: list[str] | None
) -> None:
    from initreg import ConfigError
    from initreg_cli import files
    from initreg_cli.output import render
    from initreg_cli.stdio import clean_stdout, peek_stdin

    reject_empty_patterns(key)
    if out == Path("-"):
        out = None
    if out is not None:
        files.check_target("--out", out, (), force)
    if file == "-" and sys.stdin is not None:
        peek_stdin()  # if a spec is invalid, `_explain` reads it again
    try:
        with clean_stdout():
            text = rewrite(file, keys=key or ())
    except ConfigError as error:
        _explain(error, file, key)
        raise typer.Exit(1) from None
    if out is None:
        render.print_exact(text)
    else:
        files.write_text(text, out, force)
        render.print_note(f"Wrote {out}.")


def _explain(error: "ConfigError", file: str, key: list[str] | None) -> None:
    """Print what ``check`` would print, but on stderr: stdout is for the rewritten file."""
    from initreg import check_file
    from initreg_cli.output import render, reports
    from initreg_cli.stdio import clean_stdout

    if file == "-":
        sys.stdin.seek(0)
    with clean_stdout():
        report = check_file(file, keys=key or ())
        paths = {fault.location for fault in error.faults}
        findings = [finding for finding in report.findings if finding.path in paths]
        for finding in findings:
            reports.print_finding(finding)
    # The other faults repeat a finding through an alias of YAML, or occur only in rewriting.
    printed = {finding.message for finding in findings}
    for fault in error.faults:
        if fault.message not in printed:
            render.print_note(f"{report.file}: {fault.message}\n    at {fault.location}")
    render.print_note("Nothing was written.")
