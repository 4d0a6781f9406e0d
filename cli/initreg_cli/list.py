"""``initreg list``: all initializers."""

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from initreg import Entry, PluginRecord


def list_initializers(
    pattern: Annotated[
        str, typer.Argument(help="Part of a name or alias, or a pattern with * and ?.")
    ] = "",
    plugin: Annotated[
        str, typer.Option(help="Only those of this plugin or distribution.", metavar="NAME")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the initializers that are installed."""
    from initreg_cli import render
    from initreg_cli.loading import loaded_registry

    registry = loaded_registry()
    records = registry.plugins()
    if plugin:
        _require_known(plugin, records)
    entries = [
        entry
        for entry in registry.entries()
        if _matches(entry, pattern) and plugin in ("", entry.plugin.name, entry.plugin.distribution)
    ]
    if json:
        render.json([_as_json(entry) for entry in entries])
    elif entries:
        render.table(
            ("name", "parameters", "also known as", "from", "summary"),
            [
                (
                    entry.name,
                    parameters(entry),
                    ", ".join(entry.config_class.initializer_aliases),
                    f"{entry.plugin.distribution} {entry.plugin.version}".strip(),
                    entry.config_class.summary(),
                )
                for entry in entries
            ],
            # In a narrow terminal these two follow the summary, where there is something to say.
            fold={"also known as": "Also", "from": "From"},
        )
    for record in records:
        if record.error and not record.blocked:
            render.note(f"The plugin {record.name or record.distribution} failed: {record.error}.")
    if not entries:
        render.note("No initializer matches.")
        raise typer.Exit(1)


def parameters(entry: "Entry") -> str:
    """Write the parameters with their defaults, as in a signature."""
    config_class = entry.config_class
    fields = config_class.model_fields
    return ", ".join(
        name if fields[field].is_required() else f"{name}={default_text(fields[field])}"
        for name, field in config_class.parameter_fields.items()
    )


def default_text(info: Any) -> str:
    """Write the default of a field as a spec would have it."""
    value = info.get_default(call_default_factory=True)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _matches(entry: "Entry", pattern: str) -> bool:
    names = (entry.name, *entry.config_class.initializer_aliases)
    wanted = pattern.lower()
    if not any(wildcard in wanted for wildcard in "*?["):
        wanted = f"*{wanted}*"
    return any(fnmatchcase(name, wanted) for name in names)


def _require_known(plugin: str, records: "list[PluginRecord]") -> None:
    known = sorted({name for r in records for name in (r.name, r.distribution) if name})
    if plugin not in known:
        raise typer.BadParameter(
            f"no plugin {plugin!r} is installed. There are {', '.join(known)}."
        )


def _as_json(entry: "Entry") -> dict[str, Any]:
    config_class = entry.config_class
    fields = config_class.model_fields
    return {
        "name": entry.name,
        "qualified_name": entry.qualified_name,
        "aliases": list(config_class.initializer_aliases),
        "summary": config_class.summary(),
        "parameters": {
            name: {"required": True}
            if fields[field].is_required()
            else {"default": fields[field].get_default(call_default_factory=True)}
            for name, field in config_class.parameter_fields.items()
        },
        "builds": config_class.initializer_builds,
        "plugin": entry.plugin.name,
        "distribution": entry.plugin.distribution,
        "version": entry.plugin.version,
    }
