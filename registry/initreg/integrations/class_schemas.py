"""JSON Schema of the parameters of one initializer.

Pydantic makes the schema of a config class. If a parameter is itself an initializer, that schema
would hold the schema of every initializer, this one included. So while the schema of a class is
made, a field that holds an initializer is only a stand-in (`nested`), which Pydantic copies like
any unknown keyword. `rewritten` then replaces it with a reference.
"""

import inspect
from collections.abc import Callable
from contextvars import ContextVar
from itertools import combinations
from typing import Any

from initreg.config.base import InitializerConfig
from initreg.integrations.file_schemas import INITIALIZER, Schema
from initreg.registry.names import Entry

_IN_CLASS: ContextVar[bool] = ContextVar("in_class", default=False)
_STAND_IN = "initreg:initializer"


def is_nested() -> bool:
    """Return True while the schema of a config class is made."""
    return _IN_CLASS.get()


def nested() -> Schema:
    """Return the stand-in for an initializer in the schema of a config class."""
    return {_STAND_IN: True}


def class_schemas(entry: Entry) -> dict[str, Schema]:
    """Return the schema of an initializer's parameters, and the schemas that it refers to."""
    token = _IN_CLASS.set(True)
    try:
        whole = _whole(entry.config_class)
    finally:
        _IN_CLASS.reset(token)
    own = {f"{entry.name}.{key}": schema for key, schema in whole.pop("$defs", {}).items()}
    prefix = f"{entry.name}."
    schema: Schema = {
        "description": inspect.cleandoc(entry.config_class.__doc__ or ""),
        "properties": {
            name: {key: item for key, item in of_parameter.items() if key != "title"}
            for name, of_parameter in whole.pop("properties", {}).items()
        },
    }
    for key in ("title", "description", "type", "additionalProperties"):
        whole.pop(key, None)  # the schemas of the dict forms have them
    _add_old_names(entry.config_class, schema["properties"], whole)
    if entry.config_class.initializer_deprecated:
        schema["deprecated"] = True
    schemas = {entry.name: schema | whole, **own}
    return {
        key: rewritten(schema, lambda reference: {"$ref": f"#/$defs/{prefix}{reference}"})
        for key, schema in schemas.items()
    }


def _add_old_names(
    config_class: type[InitializerConfig], properties: Schema, whole: Schema
) -> None:
    """Accept each old name of a parameter in place of the new one, but not together with it."""
    required = whole.get("required", [])
    for new in dict.fromkeys(config_class.renamed_parameters.values()):
        olds = [old for old, to in config_class.renamed_parameters.items() if to == new]
        for old in olds:
            about = {"description": f"Renamed to {new}.", "deprecated": True}
            properties[old] = properties[new] | about
        each_name: list[Schema] = [{"required": [name]} for name in (new, *olds)]
        if new in required:
            required.remove(new)
            rules: list[Schema] = [{"oneOf": each_name}]
        else:
            rules = [{"not": {"allOf": list(pair)}} for pair in combinations(each_name, 2)]
        whole["allOf"] = [*whole.get("allOf", []), *rules]


def _whole(config_class: type[InitializerConfig]) -> Schema:
    """Return Pydantic's schema of a class, or only the parameter names if Pydantic has none."""
    try:
        return config_class.model_json_schema()
    except Exception:  # a plugin's own types; the other initializers still need their schemas
        fields = config_class.parameter_fields
        required = [n for n, f in fields.items() if config_class.model_fields[f].is_required()]
        return {"properties": {name: {} for name in fields}, "required": required}


def rewritten(schema: Any, refer: Callable[[str], Schema]) -> Any:
    """Replace references into the definitions, and the stand-ins for initializers."""
    if isinstance(schema, list):
        return [rewritten(item, refer) for item in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {key: rewritten(item, refer) for key, item in schema.items()}
    reference = schema.get("$ref")
    if isinstance(reference, str):
        changed |= refer(reference.removeprefix("#/$defs/"))
    if changed.pop(_STAND_IN, False):
        changed |= INITIALIZER
    return changed
