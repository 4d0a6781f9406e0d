"""The installed plugins and their initializers, and which of them an option names."""

from collections.abc import Iterable

from initreg import PluginRecord, Registry, default_registry
from initreg_cli.options import bad_value
from initreg_cli.output import render
from initreg_cli.stdio import clean_stdout


def load_registry() -> Registry:
    """Return the default registry with all plugins loaded."""
    with clean_stdout():
        registry = default_registry()
        registry.plugins()
    return registry


def failures(records: Iterable[PluginRecord]) -> list[PluginRecord]:
    """Return the plugins that failed. A plugin that the user blocked has not failed."""
    return [record for record in records if record.error and not record.blocked]


def note_failures(records: Iterable[PluginRecord]) -> None:
    """Report the plugins that failed, on stderr."""
    for record in failures(records):
        render.print_note(
            f"The plugin {record.name or record.distribution} failed: {record.error}."
        )


def require_plugin(name: str, records: Iterable[PluginRecord]) -> None:
    """Reject the value of ``--plugin`` if no installed plugin has that name."""
    records = list(records)
    if not any(record.matches(name) for record in records):
        names = sorted({name for r in records for name in (r.distribution, r.name) if name})
        problem = f"no plugin {name!r} is installed. There are {', '.join(names)}."
        raise bad_value("--plugin", problem)
