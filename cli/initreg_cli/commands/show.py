"""``initreg show``: one initializer, as its documentation has it."""

import inspect
from typing import TYPE_CHECKING, Annotated, Any

import typer

from initreg_cli.completion import complete_name
from initreg_cli.output.entries import default_text, signature

if TYPE_CHECKING:
    from initreg import Entry


def show(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of the initializer.", metavar="NAME", autocompletion=complete_name
        ),
    ],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show an initializer: documentation, parameters, examples, the Keras class."""
    from initreg import default_registry
    from initreg_cli.output import entries, render
    from initreg_cli.stdout import clean_stdout

    with clean_stdout():
        entry = default_registry().find(name)
    config_class, plugin = entry.config_class, entry.plugin
    rows = _rows(entry)
    summary, _, rest = inspect.cleandoc(config_class.__doc__ or "").partition("\n")
    if json:
        render.json(
            entries.as_json(entry)
            | {
                "documentation": rest.strip(),
                "parameters": [dict(zip(_COLUMNS, row, strict=True)) for row in rows],
                "examples": list(config_class.initializer_examples),
            }
        )
        return
    render.heading(f"{entry.name}({signature(entry)})")
    render.prose(summary)
    if rest.strip():
        render.text("")
        render.prose(rest.strip())
    if rows:
        render.heading("\nParameters")
        render.table(_COLUMNS, rows, fold={"bounds": "Bounds", "default": "Default"})
    if config_class.initializer_examples:
        render.heading("\nExamples")
        for example in config_class.initializer_examples:
            render.text(f'  initreg sample "{example}"')
    render.text("")
    names = (*config_class.initializer_aliases, *config_class.initializer_also_known_as)
    about = {
        "deprecated": config_class.initializer_deprecated,
        "also known as": ", ".join(names),
        "old names": ", ".join(
            f"{old} (now {new})" for old, new in config_class.renamed_parameters.items()
        ),
        "builds": "initreg's own, which draws with NumPy: the same values on every backend"
        if config_class.is_drawn()
        else config_class.initializer_builds.replace(":", "."),
        "from": f"{plugin.distribution} {plugin.version}, plugin {plugin.name}",
    }
    render.pairs({key: value for key, value in about.items() if value})


_COLUMNS = ("parameter", "type", "bounds", "default", "meaning")


def _rows(entry: "Entry") -> list[tuple[str, ...]]:
    config_class = entry.config_class
    schema = config_class.model_json_schema()
    rows: list[tuple[str, ...]] = []
    for name, field in config_class.parameter_fields.items():
        info = config_class.model_fields[field]
        kind, bounds = _kind_and_bounds(schema["properties"][name], schema.get("$defs", {}))
        default = "required" if info.is_required() else default_text(info)
        rows.append((name, kind, bounds, default, info.description or ""))
    return rows


_KINDS = {
    "array": "list",
    "boolean": "True or False",
    "integer": "whole number",
    "null": "None",
    "number": "number",
    "object": "dict",
    "string": "text",
}


def _kind(schema: dict[str, Any]) -> str:
    types = schema.get("type", "any")
    if isinstance(types, str):
        return _KINDS.get(types, types)
    if "number" in types:  # a number may be written as text; that goes without saying
        types = [each for each in types if each != "string"]
    return " or ".join(_KINDS.get(each, each) for each in types)


def _kind_and_bounds(schema: dict[str, Any], definitions: dict[str, Any]) -> tuple[str, str]:
    """Put a parameter's JSON Schema into words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name == "initializer":
            return name, ""
        schema = definitions.get(name, {})
    if "anyOf" in schema:
        # Not what stands there for machines: other spellings of a word, and Keras's arrays.
        branches = [
            branch
            for branch in schema["anyOf"]
            if branch.keys() != {"pattern"} and "class_name" not in branch.get("properties", {})
        ]
        parts = [_kind_and_bounds(branch, definitions) for branch in branches]
        return (
            " or ".join(dict.fromkeys(kind for kind, _ in parts)),
            ", ".join(filter(None, (bounds for _, bounds in parts))),
        )
    if "enum" in schema or "const" in schema:
        return "text", " | ".join(map(str, schema.get("enum", [schema.get("const")])))
    kind = _kind(schema)
    if kind == "list" and "items" in schema:
        kind = f"list of {_kind_and_bounds(schema['items'], definitions)[0]}s"
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return kind, f"{low} … {high}"
    written = {
        "≥ {}": low,
        "≤ {}": high,
        "> {}": schema.get("exclusiveMinimum"),
        "< {}": schema.get("exclusiveMaximum"),
    }
    return kind, ", ".join(sign.format(n) for sign, n in written.items() if n is not None)
