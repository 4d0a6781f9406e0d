"""``initreg expand`` and ``initreg collapse``: specs to Keras's own dicts, and back."""

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from initreg import ConfigError

_File = Annotated[
    str,
    typer.Argument(help="A YAML, JSON or TOML file; - is YAML on stdin.", metavar="FILE"),
]
_Out = Annotated[
    Path | None, typer.Option(help="Write to this file.", metavar="FILE", show_default=False)
]
_Force = Annotated[bool, typer.Option("--force", help="Overwrite the file if there is one.")]
_Key = Annotated[
    list[str] | None,
    typer.Option(
        help="Also take the values of keys that match, with * and ?. Can be repeated.",
        metavar="PATTERN",
    ),
]

_MOST = (64 << 20) + 1  # bytes of the standard input: more than is read of any language


def expand(file: _File, out: _Out = None, force: _Force = False, key: _Key = None) -> None:
    """Replace the specs in a config by the dicts that Keras writes.

    Keras 3.15 or later then loads the config where initreg is not installed. All else in the file
    stays as it is, comments too. Exit status: 0 done, 1 some specs are wrong, 2 the file can't be
    read.
    """
    from initreg import expand_file

    _rewrite(expand_file, file, out, force, key)


def collapse(file: _File, out: _Out = None, force: _Force = False, key: _Key = None) -> None:
    """Replace the dicts that Keras wrote by the shortest specs.

    They mean the same initializers. All else in the file stays as it is, comments too.
    """
    from initreg import collapse_file

    _rewrite(collapse_file, file, out, force, key)


def _rewrite(
    rewrite: "Callable[..., str]", file: str, out: Path | None, force: bool, key: list[str] | None
) -> None:
    from initreg import ConfigError
    from initreg_cli import files
    from initreg_cli.commands import check
    from initreg_cli.output import render
    from initreg_cli.stdout import clean_stdout

    check.refuse_empty_patterns(key)
    if out == Path("-"):
        out = None
    if out is not None:
        files.check("--out", out, (), force)
    if file == "-" and sys.stdin is not None:  # read once, and again for the places of faults
        sys.stdin = io.TextIOWrapper(io.BytesIO(sys.stdin.buffer.read(_MOST)))
    try:
        with clean_stdout():
            text = rewrite(file, keys=key or ())
    except ConfigError as error:
        _show(error, file, key)
        raise typer.Exit(1) from None
    if out is None:
        render.exact(text)
    else:
        files.write_text(text, out, force)
        render.note(f"Wrote {out}.")


def _show(error: "ConfigError", file: str, key: list[str] | None) -> None:
    """Tell what is wrong as ``check`` does, but on stderr: stdout is for the rewritten file."""
    from initreg import check_file
    from initreg_cli.output import render, reports
    from initreg_cli.stdout import clean_stdout

    if file == "-":
        sys.stdin.seek(0)
    with clean_stdout():
        report = check_file(file, keys=key or ())
        paths = {fault.location for fault in error.faults}
        found = [finding for finding in report.findings if finding.path in paths]
        for finding in found:
            reports.show(finding)
    # The rest are copies by an alias, told already, or what only the rewriting meets.
    told = {finding.message for finding in found}
    for fault in error.faults:
        if fault.message not in told:
            render.note(f"{report.file}: {fault.message}\n    at {fault.location}")
    render.note("Nothing was written.")
