"""Initializers in listings: one column each for `initreg list`, and as data."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from initreg_cli.output import render

if TYPE_CHECKING:
    from initreg import Entry


def signature(entry: "Entry") -> str:
    """Write the parameters with their defaults, as in a signature."""
    config_class = entry.config_class
    fields = config_class.model_fields
    return ", ".join(
        name if fields[field].is_required() else f"{name}={default_text(fields[field])}"
        for name, field in config_class.parameter_fields.items()
    )


def default_text(info: Any) -> str:
    """Write the default of a field as in a spec."""
    value = info.get_default(call_default_factory=True)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _summary(entry: "Entry") -> str:
    summary = entry.config_class.summary()
    return f"(deprecated) {summary}" if entry.config_class.initializer_deprecated else summary


# The columns of `initreg list`: the head of each, and its text for an initializer.
_COLUMNS: dict[str, Callable[["Entry"], str]] = {
    "name": lambda entry: entry.name,
    "parameters": signature,
    "aliases": lambda entry: ", ".join(entry.config_class.initializer_aliases),
    "from": lambda entry: f"{entry.plugin.distribution} {entry.plugin.version}".strip(),
    "summary": _summary,
}
# In a narrow terminal, these follow the summary.
_FOLD = {"aliases": "Aliases", "from": "From"}


def print_entries(entries: "list[Entry]") -> None:
    """Print a table of initializers."""
    rows = [[cell(entry) for cell in _COLUMNS.values()] for entry in entries]
    render.print_table([*_COLUMNS], rows, fold=_FOLD)


def as_json(entry: "Entry") -> dict[str, Any]:
    """Return an initializer as data."""
    config_class = entry.config_class
    fields = config_class.model_fields
    return {
        "name": entry.name,
        "qualified_name": entry.qualified_name,
        "aliases": list(config_class.initializer_aliases),
        "also_known_as": list(config_class.initializer_also_known_as),
        "deprecated": config_class.initializer_deprecated or None,
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
