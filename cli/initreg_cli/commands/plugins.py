"""``initreg plugins``: what became of every plugin."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from initreg import PluginRecord


def list_plugins(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Exit with status 1 if a plugin failed, or a name that is allowed or blocked "
            "leads to none.",
        ),
    ] = False,
) -> None:
    """List the plugins: what each adds, from where, how long its import took, why it failed."""
    from initreg import default_registry
    from initreg_cli.output import render
    from initreg_cli.plugin_commands import ask_plugins

    group: Any = context.find_root().command
    records = ask_plugins(group.commands).records
    unknown = default_registry().unknown_names()
    if json:
        render.json([asdict(record) for record in records])
    else:
        render.table(
            ("plugin", "from", "where", "import", "adds"),
            [
                (
                    record.name,
                    f"{record.distribution} {record.version}".strip(),
                    record.location,
                    ""
                    if record.import_seconds is None
                    else f"{record.import_seconds * 1e3:.0f} ms",
                    _adds(record),
                )
                for record in records
            ],
            fold={"where": "Where"},
        )
    for line in unknown:
        render.note(line)
    if strict and (unknown or any(record.error and not record.blocked for record in records)):
        raise typer.Exit(1)


def _adds(record: "PluginRecord") -> str:
    """Name the initializers and the commands, and say what is not there."""
    word = "command" if len(record.commands) == 1 else "commands"
    commands = f"the {word} {', '.join(record.commands)}" if record.commands else ""
    return "; ".join(filter(None, (", ".join(record.initializers), commands, record.error)))
