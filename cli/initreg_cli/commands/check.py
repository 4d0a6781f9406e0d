"""``initreg check``: the initializers in config files."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from initreg_cli.options import Key, bad_value, reject_empty_patterns

if TYPE_CHECKING:
    from initreg import Report

Format = Literal["text", "json", "github", "sarif"]
Language = Literal["yaml", "json", "toml", "keras"]
Form = Literal["config", "rules"]

_NOTHING_CHECKED = (
    "Nothing was checked. Initializers are the values of the keys initializer, init and "
    "*_initializer; --key adds more. Use --allow-empty to accept this."
)
_NO_RULES = "No rules found. Use --allow-empty to accept this."


def check(
    files: Annotated[
        list[str], typer.Argument(help="Config files; - reads stdin.", metavar="FILE")
    ],
    key: Key = None,
    format: Annotated[  # noqa: A002  # the option's name
        Format, typer.Option(help="How to print the findings.")
    ] = "text",
    language: Annotated[
        Language | None,
        typer.Option("--as", help="The format of the files, whatever their extensions are."),
    ] = None,
    form: Annotated[
        Form,
        typer.Option(help="What the files contain: a config, or rules for a model's weights."),
    ] = "config",
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Exit with status 0 if there is nothing to check.")
    ] = False,
) -> None:
    """Check the initializers in config files.

    The files are YAML, JSON, TOML or .keras, and are not changed. Initializers are the values of
    the keys initializer, init and *_initializer, and the dicts that Keras writes for initializers.
    Exit status: 0 if all are valid, 1 if one is not or if there are none, 2 if a file can't be
    read.
    """
    from initreg import UnreadableError, check_file
    from initreg_cli.output import render, reports
    from initreg_cli.stdio import clean_stdout

    reject_empty_patterns(key)
    if key and form == "rules":
        raise bad_value("--key", "it is for configs; a file of rules has fixed keys. Leave it out.")
    done: list[Report] = []
    unreadable: list[UnreadableError] = []
    with clean_stdout():
        for file in _unique(files):
            try:
                done.append(check_file(file, keys=key or (), language=language, form=form))
            except UnreadableError as error:
                unreadable.append(error)
    thing = "rule" if form == "rules" else "initializer"
    reports.print_reports(format, done, unreadable, thing)
    if unreadable:
        raise typer.Exit(2)
    if any(report.findings for report in done):
        raise typer.Exit(1)
    if not allow_empty and not any(report.checked for report in done):
        render.print_note(_NO_RULES if form == "rules" else _NOTHING_CHECKED)
        raise typer.Exit(1)


def _unique(files: Iterable[str]) -> Iterable[str]:
    """Leave out names of a file that was named before, as in ``a.yaml ./a.yaml``."""
    unique: dict[str, str] = {}
    for file in files:
        unique.setdefault(file if file in ("", "-") else os.path.realpath(file), file)
    return unique.values()
