"""``initreg list``: all initializers."""

from typing import Annotated

import typer

from initreg_cli.options import Json, Plugin


def list_initializers(
    pattern: Annotated[
        str,
        typer.Argument(
            help="Part of a name or alias, or a pattern with * and ?.", metavar="PATTERN"
        ),
    ] = "",
    plugin: Plugin = "",
    json: Json = False,
) -> None:
    """List the initializers that are installed."""
    from initreg_cli import installed
    from initreg_cli.output import entries, render

    registry = installed.load_registry()
    records = registry.plugins()
    if plugin:
        installed.require_plugin(plugin, records)
    matching = [
        entry
        for entry in registry.entries()
        if entry.matches(pattern) and (not plugin or entry.plugin.matches(plugin))
    ]
    if json:
        render.print_json([entries.as_json(entry) for entry in matching])
    elif matching:
        entries.print_entries(matching)
    installed.note_failures(records)
    if not matching:
        request = (f" {pattern!r}" if pattern else "") + (f" in {plugin}" if plugin else "")
        render.print_note(f"No initializer matches{request}. `initreg list` shows all.")
        raise typer.Exit(1)
