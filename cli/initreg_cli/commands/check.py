"""``initreg check``: the initializers in config files."""

import os
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from initreg import Report

Format = Literal["text", "json", "github", "sarif"]
Language = Literal["yaml", "json", "toml", "keras"]
Form = Literal["config", "rules"]


def check(
    files: Annotated[
        list[str],
        typer.Argument(help="Config files; - is the standard input.", metavar="FILE"),
    ],
    key: Annotated[
        list[str] | None,
        typer.Option(
            help="Also check the values of keys that match, with * and ?. Can be repeated.",
            metavar="PATTERN",
        ),
    ] = None,
    format: Annotated[  # noqa: A002  # the option's name
        Format, typer.Option(help="How to print the findings.")
    ] = "text",
    language: Annotated[
        Language | None,
        typer.Option("--as", help="What the files are, whatever their endings say."),
    ] = None,
    form: Annotated[
        Form,
        typer.Option(help="What is in the files: a config, or rules for a model's weights."),
    ] = "config",
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="End well if there is nothing to check.")
    ] = False,
) -> None:
    """Check the initializers in config files.

    The files are YAML, JSON, TOML or .keras, and are not changed. Initializers are the values of
    the keys initializer, init and *_initializer, and what Keras wrote for one. Exit status: 0 all
    are right, 1 some are wrong or there are none, 2 a file can't be read.
    """
    from initreg import UnreadableError, check_file
    from initreg_cli.output import render, reports
    from initreg_cli.stdout import clean_stdout

    refuse_empty_patterns(key)
    if key and form == "rules":
        problem = "it is for configs; a file of rules has keys of its own. Leave it out."
        raise typer.BadParameter(problem, param_hint="'--key'")
    done: list[Report] = []
    unreadable: list[UnreadableError] = []
    with clean_stdout():
        for file in _each_once(files):
            try:
                done.append(check_file(file, keys=key or (), language=language, form=form))
            except UnreadableError as error:
                unreadable.append(error)
    reports.write(format, done, unreadable)
    if unreadable:
        raise typer.Exit(2)
    if any(report.findings for report in done):
        raise typer.Exit(1)
    if not allow_empty and not any(report.checked for report in done):
        if form == "rules":
            render.note("There are no rules. With --allow-empty, this is no failure.")
        else:
            reports.explain_empty()
        raise typer.Exit(1)


def _each_once(files: "Iterable[str]") -> "Iterable[str]":
    """Leave out what names a file that was named before: ``a.yaml ./a.yaml``."""
    named: dict[str, str] = {}
    for file in files:
        named.setdefault(file if file in ("", "-") else os.path.realpath(file), file)
    return named.values()


def refuse_empty_patterns(keys: "Iterable[str] | None") -> None:
    """Refuse a pattern that no key is meant by, such as that of an unset shell variable."""
    if any(not key.strip() for key in keys or ()):
        problem = "it is empty. Name a key, or a pattern such as '*_init'."
        raise typer.BadParameter(problem, param_hint="'--key'")
