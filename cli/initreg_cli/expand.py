"""``initreg expand`` and ``initreg collapse``: specs to Keras's own dicts, and back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

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


def expand(file: _File, out: _Out = None, force: _Force = False, key: _Key = None) -> None:
    """Replace the specs in a config by the dicts that Keras writes.

    Keras then loads the config where initreg is not installed. All else in the file stays as it
    is, comments too.
    """
    from initreg import expand_file

    _rewrite(expand_file, file, out, force, key)


def collapse(file: _File, out: _Out = None, force: _Force = False, key: _Key = None) -> None:
    """Replace the dicts that Keras wrote for initializers by the shortest text.

    It undoes expand. All else in the file stays as it is, comments too.
    """
    from initreg import collapse_file

    _rewrite(collapse_file, file, out, force, key)


def _rewrite(
    rewrite: "Callable[..., str]", file: str, out: Path | None, force: bool, key: list[str] | None
) -> None:
    from initreg import ConfigError
    from initreg_cli import files, render
    from initreg_cli.loading import clean_stdout

    if out is not None:
        files.check("--out", out, (), force)
    try:
        with clean_stdout():
            text = rewrite(file, keys=key or ())
    except ConfigError as error:
        render.note(
            f"{file} has initializers that are wrong; `initreg check` shows where.\n{error}"
        )
        raise typer.Exit(1) from None
    if out is None:
        render.exact(text)
    else:
        files.write_text(text, out, force)
        render.note(f"Wrote {out}.")
