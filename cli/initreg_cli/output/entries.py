"""An initializer in words, for tables and for JSON."""

from typing import TYPE_CHECKING, Any

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
    """Write the default of a field as a spec would have it."""
    value = info.get_default(call_default_factory=True)
    return f"{value:g}" if isinstance(value, float) else str(value)


def as_json(entry: "Entry") -> dict[str, Any]:
    """Return what a listing says of an initializer, as data."""
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
