"""The Typer app: the commands, the options of all of them, and errors to exit status.

Exit status: 0 for success, 1 for findings, 2 for misuse. stdout is data, stderr is notes. Nothing
heavy is imported before a command runs, so that ``--help`` stays quick.
"""

import os
import sys
import warnings
from collections.abc import Callable
from typing import Annotated, Any

import typer

from initreg_cli import stdio
from initreg_cli.commands.apply import apply
from initreg_cli.commands.check import check
from initreg_cli.commands.expand import collapse, expand
from initreg_cli.commands.list import list_initializers
from initreg_cli.commands.new import new
from initreg_cli.commands.plan import plan
from initreg_cli.commands.plugins import list_plugins
from initreg_cli.commands.sample import sample
from initreg_cli.commands.schema import schema
from initreg_cli.commands.show import show
from initreg_cli.commands.verify import verify
from initreg_cli.plugin_commands import Commands

app = typer.Typer(
    name="initreg",
    cls=Commands,
    no_args_is_help=True,
    epilog="Plugins can add commands; `initreg plugins` lists them.",
    rich_markup_mode=None,  # Rich's help takes longer to import than the rest of the command
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("list")(list_initializers)
app.command("show")(show)
app.command("sample")(sample)
app.command("check")(check)
app.command("plan")(plan)
app.command("apply")(apply)
app.command("expand")(expand)
app.command("collapse")(collapse)
app.command("schema")(schema)
app.command("plugins")(list_plugins)
app.command("new")(new)
app.command("verify")(verify)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"initreg {version('initreg')}")
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
    """Run the command line; no traceback reaches a person."""
    # Plugins of Pydantic, which observe validation, are not ours to run; looking for them takes
    # longer than to list the initializers.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    stdio.prepare()
    warnings.formatwarning = _as_note(warnings.formatwarning)
    try:
        try:
            app(prog_name="initreg")
        finally:
            sys.stdout.flush()
    except SystemExit:
        # Typer says 1 where it meets a closed pipe first, and wraps the streams to hide it.
        if type(sys.stdout).__name__ == "PacifyFlushWrapper":
            _end_quietly()
        raise
    except BrokenPipeError:
        _end_quietly()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # the last place where an error can be told kindly
        _tell(error)
        if isinstance(error, OSError) and error.filename is None:  # stdout itself: a full disk
            stdio.discard()
        sys.exit(2)


def _end_quietly() -> None:
    """End with success where the reader has left, e.g. `| head`: it has read what it wanted."""
    stdio.discard()
    sys.exit(0)


def _as_note(original: Callable[..., str]) -> Callable[..., str]:
    """Write a warning of the library as a note for a person, without the line of code."""

    def formatwarning(message: Any, category: type[Warning], *place: Any, **more: Any) -> str:
        library = sys.modules.get("initreg")
        if issubclass(category, getattr(library, "InitregWarning", ())):
            return f"{message}\n"
        return original(message, category, *place, **more)

    return formatwarning


def _tell(error: Exception) -> None:
    # Where the library itself can't be imported, its errors are none of these.
    library = sys.modules.get("initreg")
    whose = "".join(f"\n{note}" for note in getattr(error, "__notes__", ()))  # a plugin's command
    if isinstance(error, getattr(library, "InitregError", ())):
        typer.echo(f"{error}{whose}", err=True)
    elif isinstance(error, OSError) and error.strerror:
        typer.echo(f"{error.filename or 'Writing failed'}: {error.strerror}.{whose}", err=True)
    elif isinstance(error, MemoryError):
        typer.echo("There is not enough memory for this. Try a smaller --shape." + whose, err=True)
    elif os.environ.get("INITREG_DEBUG"):
        raise error
    else:
        problem = f"{type(error).__name__}: {error}"
        if whose:
            typer.echo(f"{problem}{whose}\nINITREG_DEBUG=1 shows where.", err=True)
        else:
            advice = "INITREG_DEBUG=1 shows where; please report it."
            typer.echo(f"initreg failed: {problem}\n{advice}", err=True)


if __name__ == "__main__":
    main()
