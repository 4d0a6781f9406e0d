"""The parameters of an initializer in words, from its JSON Schema."""

from typing import TYPE_CHECKING, Any

from initreg_cli.output import render
from initreg_cli.output.entries import default_text

if TYPE_CHECKING:
    from initreg import InitializerConfig

_COLUMNS = ("parameter", "type", "bounds", "default", "meaning")
# In a narrow terminal, these follow the meaning.
_FOLD = {"bounds": "Bounds", "default": "Default"}

_TYPES = {
    "array": "list",
    "boolean": "True or False",
    "integer": "whole number",
    "null": "None",
    "number": "number",
    "object": "dict",
    "string": "text",
}


def print_parameters(config_class: "type[InitializerConfig]") -> None:
    """Print a table of the parameters."""
    render.print_table(_COLUMNS, _rows(config_class), fold=_FOLD)


def as_json(config_class: "type[InitializerConfig]") -> list[dict[str, str]]:
    """Return the table of the parameters as data."""
    return [dict(zip(_COLUMNS, row, strict=True)) for row in _rows(config_class)]


def _rows(config_class: "type[InitializerConfig]") -> list[tuple[str, ...]]:
    schema = config_class.model_json_schema()
    rows: list[tuple[str, ...]] = []
    for name, field in config_class.parameter_fields.items():
        info = config_class.model_fields[field]
        type_, bounds = _type_and_bounds(schema["properties"][name], schema.get("$defs", {}))
        default = "required" if info.is_required() else default_text(info)
        rows.append((name, type_, bounds, default, info.description or ""))
    return rows


def _type(schema: dict[str, Any]) -> str:
    types = schema.get("type", "any")
    if isinstance(types, str):
        return _TYPES.get(types, types)
    if "number" in types:  # any number may be written as text; the table does not repeat that
        types = [name for name in types if name != "string"]
    return " or ".join(_TYPES.get(name, name) for name in types)


def _type_and_bounds(schema: dict[str, Any], definitions: dict[str, Any]) -> tuple[str, str]:
    """Write the JSON Schema of a parameter in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name == "initializer":
            return name, ""
        schema = definitions.get(name, {})
    if "anyOf" in schema:
        # Leave out the branches for machines: other spellings of a word, and Keras's arrays.
        branches = [
            branch
            for branch in schema["anyOf"]
            if branch.keys() != {"pattern"} and "class_name" not in branch.get("properties", {})
        ]
        parts = [_type_and_bounds(branch, definitions) for branch in branches]
        return (
            " or ".join(dict.fromkeys(type_ for type_, _ in parts)),
            ", ".join(filter(None, (bounds for _, bounds in parts))),
        )
    if "enum" in schema or "const" in schema:
        return "text", " | ".join(map(str, schema.get("enum", [schema.get("const")])))
    type_ = _type(schema)
    if type_ == "list" and "items" in schema:
        type_ = f"list of {_type_and_bounds(schema['items'], definitions)[0]}s"
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return type_, f"{low} … {high}"
    limits = {
        "≥ {}": low,
        "≤ {}": high,
        "> {}": schema.get("exclusiveMinimum"),
        "< {}": schema.get("exclusiveMaximum"),
    }
    return type_, ", ".join(sign.format(n) for sign, n in limits.items() if n is not None)
