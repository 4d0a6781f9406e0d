"""``initreg plugins``: the installed plugins, and why some of them failed."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from initreg_cli.options import Json

if TYPE_CHECKING:
    from initreg import PluginRecord


def list_plugins(
    context: typer.Context,
    json: Json = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Exit with status 1 if a plugin failed, or an allowed or blocked name matches no "
            "plugin.",
        ),
    ] = False,
) -> None:
    """List the plugins: what each adds, from where, its import time, and why it failed."""
    from initreg import default_registry
    from initreg_cli.installed import failures
    from initreg_cli.output import render
    from initreg_cli.plugin_commands import ask_plugins

    group: Any = context.find_root().command
    records = ask_plugins(group.list_commands(context)).records
    unknown = default_registry().unknown_names()
    if json:
        render.print_json([asdict(record) for record in records])
    else:
        render.print_table(
            ("plugin", "from", "where", "import", "adds"),
            [
                (
                    record.name,
                    f"{record.distribution} {record.version}".strip(),
                    record.location,
                    _milliseconds(record.import_seconds),
                    _adds(record),
                )
                for record in records
            ],
            fold={"where": "Where"},
        )
    for line in unknown:
        render.print_note(line)
    if strict and (unknown or failures(records)):
        raise typer.Exit(1)


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1e3:.0f} ms"


def _adds(record: "PluginRecord") -> str:
    """Write the initializers, the commands and the roles that a plugin adds, and why it failed."""
    word = "command" if len(record.commands) == 1 else "commands"
    commands = f"the {word} {', '.join(record.commands)}" if record.commands else ""
    count = len(record.roles)
    roles = f"the roles of {count} layer{'' if count == 1 else 's'}" if count else ""
    adds = (", ".join(record.initializers), commands, roles, record.error)
    return "; ".join(filter(None, adds))
