"""``initreg check``: the initializers in config files."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from initreg import Report

Format = Literal["text", "json", "github", "sarif"]
Language = Literal["yaml", "json", "toml", "keras"]


def check(
    files: Annotated[
        list[str],
        typer.Argument(help="Config files; - is the standard input.", metavar="FILE..."),
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
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Take it well if there is nothing to check.")
    ] = False,
) -> None:
    """Check the initializers in YAML, JSON, TOML and .keras files; change nothing.

    Initializers are the values of the keys initializer, init and *_initializer, and what Keras
    wrote for one. Exit status: 0 all are right, 1 some are wrong or there are none, 2 a file can't
    be read.
    """
    from initreg import UnreadableError, check_file
    from initreg_cli import reports
    from initreg_cli.loading import clean_stdout

    done: list[Report] = []
    unreadable: list[UnreadableError] = []
    with clean_stdout():
        for file in dict.fromkeys(files):
            try:
                done.append(check_file(file, keys=key or (), language=language))
            except UnreadableError as error:
                unreadable.append(error)
    reports.write(format, done, unreadable)
    if unreadable:
        raise typer.Exit(2)
    if any(report.findings for report in done):
        raise typer.Exit(1)
    if not allow_empty and not any(report.checked for report in done):
        reports.explain_empty()
        raise typer.Exit(1)
