"""The Typer app: its options, and how errors become messages and exit statuses.

Exit status: 0 for success, 1 for findings, 2 for misuse. stdout is data, stderr is notes. The
commands are in `group`. Nothing heavy is imported before a command runs, so ``--help`` is fast.
"""

import os
import sys
import warnings
from collections.abc import Callable
from typing import Annotated, Any

import typer

from initreg_cli import stdio
from initreg_cli.group import Commands

app = typer.Typer(
    name="initreg",
    cls=Commands,
    no_args_is_help=True,
    epilog="Plugins can add commands; `initreg plugins` lists them.",
    rich_markup_mode=None,  # importing Rich for the help takes longer than everything else
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(requested: bool) -> None:
    if requested:
        from initreg import __version__

        typer.echo(f"initreg {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Turn text into checked, reproducible Keras initializers."""


def main() -> None:
    """Run the command line, and report any error without a traceback."""
    # Searching for plugins of Pydantic, which observe validation, takes longer than `initreg list`.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    stdio.prepare()
    warnings.formatwarning = _as_note(warnings.formatwarning)
    try:
        try:
            app(prog_name="initreg")
        finally:
            sys.stdout.flush()
    except (stdio.ReaderLeft, BrokenPipeError):
        # The reader has read what it needs, as in `initreg list | head`.
        stdio.discard()
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # anything else would be a traceback
        _report(error)
        if isinstance(error, OSError) and error.filename is None:  # stdout itself: a full disk
            stdio.discard()
        sys.exit(2)


def _as_note(original: Callable[..., str]) -> Callable[..., str]:
    """Format warnings of the library as notes, without the line of code."""

    def formatwarning(message: Any, category: type[Warning], *place: Any, **more: Any) -> str:
        if issubclass(category, _class_of_library("InitregWarning")):
            return f"{message}\n"
        return original(message, category, *place, **more)

    return formatwarning


def _report(error: Exception) -> None:
    """Print an error on stderr, with the notes that say which plugin a command is from."""
    notes = "".join(f"\n{note}" for note in getattr(error, "__notes__", ()))
    if isinstance(error, _class_of_library("InitregError")):
        typer.echo(f"{error}{notes}", err=True)
    elif isinstance(error, OSError) and error.strerror:
        typer.echo(f"{error.filename or 'Writing failed'}: {error.strerror}.{notes}", err=True)
    elif isinstance(error, MemoryError):
        typer.echo(f"There is not enough memory. Try a smaller --shape.{notes}", err=True)
    elif os.environ.get("INITREG_DEBUG"):
        raise error
    else:
        problem = f"{type(error).__name__}: {error}"
        if notes:
            message = f"{problem}{notes}\nINITREG_DEBUG=1 shows the traceback."
        else:
            message = f"initreg failed: {problem}\n"
            message += "INITREG_DEBUG=1 shows the traceback. Please report it."
        typer.echo(message, err=True)


def _class_of_library(name: str) -> Any:
    """Return a class of the library. If nothing has imported the library, return no classes.

    The library isn't imported here, because it may be what can't be imported.
    """
    return getattr(sys.modules.get("initreg"), name, ())


if __name__ == "__main__":
    main()
