"""``initreg list``: all initializers."""

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from initreg import Entry, PluginRecord


def list_initializers(
    pattern: Annotated[
        str,
        typer.Argument(
            help="Part of a name or alias, or a pattern with * and ?.", metavar="PATTERN"
        ),
    ] = "",
    plugin: Annotated[
        str, typer.Option(help="Only those of this plugin or distribution.", metavar="NAME")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the initializers that are installed."""
    from initreg_cli.output import entries, render
    from initreg_cli.stdout import loaded_registry

    registry = loaded_registry()
    records = registry.plugins()
    if plugin:
        require_known(plugin, records)
    found = [
        entry
        for entry in registry.entries()
        if _matches(entry, pattern) and (not plugin or brought_by(entry.plugin, plugin))
    ]
    if json:
        render.json([entries.as_json(entry) for entry in found])
    elif found:
        render.table(
            ("name", "parameters", "also known as", "from", "summary"),
            [
                (
                    entry.name,
                    entries.signature(entry),
                    ", ".join(entry.config_class.initializer_aliases),
                    f"{entry.plugin.distribution} {entry.plugin.version}".strip(),
                    f"{'(deprecated) ' * bool(entry.config_class.initializer_deprecated)}"
                    f"{entry.config_class.summary()}",
                )
                for entry in found
            ],
            # In a narrow terminal these two follow the summary, where there is something to say.
            fold={"also known as": "Also", "from": "From"},
        )
    for record in records:
        if record.error and not record.blocked:
            render.note(f"The plugin {record.name or record.distribution} failed: {record.error}.")
    if not found:
        asked = (f" {pattern!r}" if pattern else "") + (f" in {plugin}" if plugin else "")
        render.note(f"No initializer matches{asked}. `initreg list` shows all.")
        raise typer.Exit(1)


def _matches(entry: "Entry", pattern: str) -> bool:
    names = (entry.name, *entry.config_class.initializer_aliases)
    if any(wildcard in pattern for wildcard in "*?["):
        return any(fnmatchcase(name, pattern.lower()) for name in names)
    return any(_folded(pattern) in _folded(name) for name in names)


def _folded(name: str) -> str:
    """Write a name as look-up compares it: `GlorotUniform` is `glorot_uniform`."""
    return name.lower().replace("_", "").replace("-", "")


def brought_by(record: "PluginRecord", plugin: str) -> bool:
    """Whether a plugin, or its distribution, has that name."""
    return _folded(plugin) in (_folded(record.name), _folded(record.distribution))


def require_known(plugin: str, records: "list[PluginRecord]") -> None:
    """Refuse what `--plugin` says, where no plugin has that name."""
    if not any(brought_by(record, plugin) for record in records):
        known = sorted({name for r in records for name in (r.distribution, r.name) if name})
        problem = f"no plugin {plugin!r} is installed. There are {', '.join(known)}."
        raise typer.BadParameter(problem, param_hint="'--plugin'")
