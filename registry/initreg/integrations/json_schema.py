"""JSON Schema of specs, for editors, and for validators in other languages."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import lru_cache
from typing import Literal

from pydantic import GetJsonSchemaHandler
from pydantic_core import core_schema

from initreg.config.targets import PORTABLE, SHARED_KEY
from initreg.integrations.class_schemas import class_schemas, is_nested, nested, rewritten
from initreg.integrations.file_schemas import DOCUMENT, END, INITIALIZER, RULES, Schema
from initreg.integrations.name_patterns import NamePattern
from initreg.public import public
from initreg.registry.names import Entry
from initreg.registry.registry import Registry, default_registry

Form = Literal["value", "document", "rules"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


@public
def json_schema(form: Form = "value", *, registry: Registry | None = None) -> Schema:
    """Return the JSON Schema (draft 2020-12) of specs, with all installed plugins.

    >>> schema = json_schema()
    >>> schema["$defs"]["random_normal"]["properties"]["stddev"]["minimum"]
    0

    `form` is ``"value"`` for one initializer; ``"document"`` for a whole config file, in which the
    values of `initializer`, `init` and ``*_initializer`` are initializers at any depth; and
    ``"rules"`` for a file with a `seed` and `rules`, each with `match` and `init`.

    The schema accepts the same dicts as `validate`, if a float can hold their numbers. There is one
    exception, because JSON Schema can't compare two values. Only `validate` finds a `minval` above
    `maxval`, an axis in both `input_axes` and `output_axes`, and lists of different lengths in a
    `constant`. In text, the schema checks only the name.
    """
    root: Schema = {"$schema": _DIALECT}
    match form:
        case "value":
            root |= {"title": "Initializer", **INITIALIZER}
        case "document":
            root |= {"title": "Config with initializers", "$ref": "#/$defs/document"}
        case "rules":
            root |= {"title": "Rules for initializers", **RULES}
        case _:
            raise ValueError(f"form must be 'value', 'document' or 'rules', not {form!r}.")
    definitions = _definitions(registry or default_registry())
    if form == "document":
        definitions["document"] = DOCUMENT
    return deepcopy(root | {"$defs": definitions})


def field_schema(handler: GetJsonSchemaHandler) -> Schema:
    """Return the JSON Schema of an `InitializerField`, for Pydantic."""
    if is_nested():
        return nested()
    if handler.mode == "serialization":
        return {"type": ["string", "object"]}
    definitions = _definitions(default_registry())
    # Pydantic moves each schema with a `ref` into `$defs`, and chooses its key there. So each
    # definition is made a schema with a `ref`, and its references are asked from Pydantic.
    keys = {name: f"initreg.{name.replace('.', '_')}" for name in definitions}
    references = {
        name: handler(core_schema.definition_reference_schema(key)) for name, key in keys.items()
    }
    schemas: list[core_schema.CoreSchema] = [
        core_schema.any_schema(
            ref=keys[name],
            metadata={"pydantic_js_functions": [_always(definition, references)]},
        )
        for name, definition in definitions.items()
    ]
    initializer = core_schema.definition_reference_schema(keys["initializer"])
    return handler(core_schema.definitions_schema(initializer, schemas))


def _always(definition: Schema, references: Mapping[str, Schema]) -> Callable[..., Schema]:
    """Return a function that Pydantic calls to make a JSON Schema, and that returns this one."""
    schema: Schema = rewritten(definition, references.__getitem__)
    return lambda _core_schema, _handler: schema


def _definitions(registry: Registry) -> dict[str, Schema]:
    """Return the `$defs` of a schema. They change when a plugin adds an entry to the registry."""
    return dict(_definitions_of(registry, tuple(registry.entries())))


@lru_cache(maxsize=4)
def _definitions_of(registry: Registry, entries: tuple[Entry, ...]) -> dict[str, Schema]:
    names = [NamePattern(entry, registry) for entry in entries]
    definitions: dict[str, Schema] = {
        "initializer": {
            "description": "An initializer: as text, name(parameter=value, …), or as a dict.",
            # The same twice: editors complete from `anyOf`, and their messages are best for `if`,
            # which names the branch that was meant.
            "anyOf": [{"$ref": "#/$defs/initializer_text"}, {"type": "object"}],
            "if": {"type": "object"},
            "then": {
                "if": {"required": ["class_name"]},
                "then": {"$ref": "#/$defs/initializer_keras"},
                "else": {"$ref": "#/$defs/initializer_dict"},
            },
        },
        "initializer_name": _one_of_them(
            names, rf"^(?:{{}}){END}", "There is no initializer of this name."
        ),
        "initializer_text": _one_of_them(
            names,
            r"^[\s(]*(?:{})[\s)]*(?:\([\s\S]*\)[\s)]*)?$",
            "There is no initializer of this name, or a parenthesis is not closed.",
        ),
        "initializer_dict": _dict_form(names),
        "initializer_keras": _keras_form(names),
    }
    for entry in entries:
        definitions |= class_schemas(entry)
    return definitions


def _one_of_them(names: list[NamePattern], pattern: str, message: str) -> Schema:
    """Match text that names one of the initializers, and describe it.

    The patterns come before the names, because for text that matches none, editors show the message
    of the first.
    """
    patterns = [
        {
            "pattern": pattern.format(name.pattern),
            "patternErrorMessage": message,
            "description": name.summary,
        }
        for name in names
    ]
    completions = [
        {
            "const": spelling,
            "description": name.summary
            if spelling == name.name
            else f"{name.summary} Also known as {name.name}.",
        }
        for name in names
        for spelling in name.spellings
    ]
    return {"type": "string", "anyOf": patterns + completions}


def _dict_form(names: list[NamePattern]) -> Schema:
    about = "Name of the initializer. Its parameters are the other keys."
    return {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"$ref": "#/$defs/initializer_name", "description": about}},
        "allOf": [{"if": name.matches("type"), "then": name.parameters("type")} for name in names],
    }


def _keras_form(names: list[NamePattern]) -> Schema:
    of_keras = {
        "module": {"anyOf": [{"type": "null"}, {"pattern": rf"^keras(\.|{END})"}]},
        "registered_name": {"anyOf": [{"type": "null"}, {"pattern": r"^[^>]*$"}]},
    }
    others = []
    for name in names:
        module, _, class_name = name.config_class.initializer_builds.partition(":")
        if module:
            of_class = {"module": {"const": module}, "class_name": {"const": class_name}}
            others.append(_with_config(name, of_class, ["module"]))
    module, _, class_name = PORTABLE.partition(":")
    others.append(
        {
            "properties": {
                "module": {"const": module},
                "class_name": {"const": class_name},
                "config": {
                    "type": "object",
                    "required": ["spec"],
                    "properties": {"spec": INITIALIZER},
                },
            },
            "required": ["module", "config"],
        }
    )
    return {
        "type": "object",
        "required": ["class_name"],
        "properties": {
            "class_name": {"type": "string", "description": "Name of the initializer's class."},
            "config": {"type": ["object", "null"], "description": "Its parameters."},
            "module": {"type": ["string", "null"], "description": "The module of the class."},
            "registered_name": {"type": ["string", "null"]},
            SHARED_KEY: True,
        },
        "additionalProperties": False,
        "if": {"properties": of_keras},
        "then": {
            "properties": {"class_name": {"$ref": "#/$defs/initializer_name"}},
            "allOf": [
                {"if": name.matches("class_name"), "then": _with_config(name, {}, [])}
                for name in names
            ],
        },
        "else": {"anyOf": others},
    }


def _with_config(name: NamePattern, properties: Schema, required: list[str]) -> Schema:
    config = name.parameters()
    if any(info.is_required() for info in name.config_class.model_fields.values()):
        config["type"] = "object"
        required = [*required, "config"]
    return {"properties": {**properties, "config": config}, "required": required}
