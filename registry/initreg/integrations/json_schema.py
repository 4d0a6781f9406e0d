"""JSON Schema of specs, for editors and validators that know no Python."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from copy import deepcopy
from functools import lru_cache
from itertools import combinations
from typing import Any, Literal

from pydantic import GetJsonSchemaHandler
from pydantic_core import core_schema

from initreg.config.base import InitializerConfig
from initreg.config.targets import PORTABLE, SHARED_KEY
from initreg.discovery.trust import normalize
from initreg.errors import InitregError
from initreg.integrations.file_schemas import DOCUMENT, END, INITIALIZER, RULES, Schema
from initreg.public import public
from initreg.registry.names import Entry
from initreg.registry.registry import Registry, default_registry
from initreg.wording import fold

Form = Literal["value", "document", "rules"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

# While the schemas of config classes are made, a nested initializer is a reference alone.
_NESTED: ContextVar[bool] = ContextVar("nested", default=False)
_MARK = "initreg:initializer"


@public
def json_schema(form: Form = "value", *, registry: Registry | None = None) -> Schema:
    """Return the JSON Schema (draft 2020-12) of specs, with all installed plugins.

    >>> schema = json_schema()
    >>> schema["$defs"]["random_normal"]["properties"]["stddev"]["minimum"]
    0

    `form` says what the schema is of: ``"value"``, one initializer; ``"document"``, a whole config
    file, in which the values of `initializer`, `init` and ``*_initializer`` are initializers at any
    depth; ``"rules"``, a file with a `seed` and `rules`, each with `match` and `init`.

    It accepts the dicts that `validate` accepts, of numbers that a float can hold, except that JSON
    Schema can't compare one value with another: a `minval` above `maxval`, an axis in both
    `input_axes` and `output_axes`, and lists of different lengths in a `constant` are found by
    `validate` alone. Of text it checks the name.
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
            raise ValueError(f"form is 'value', 'document' or 'rules', not {form!r}.")
    definitions = _definitions(registry or default_registry())
    if form == "document":
        definitions["document"] = DOCUMENT
    return deepcopy(root | {"$defs": definitions})


def field_schema(handler: GetJsonSchemaHandler) -> Schema:
    """Return the JSON Schema of a field that holds an initializer, for Pydantic."""
    if _NESTED.get():
        return {_MARK: True}
    if handler.mode == "serialization":
        return {"type": ["string", "object"]}
    definitions = _definitions(default_registry())
    # Pydantic keeps what has a `ref` among the definitions, and chooses the key there.
    keys = {name: f"initreg.{name.replace('.', '_')}" for name in definitions}
    references = {
        name: handler(core_schema.definition_reference_schema(key)) for name, key in keys.items()
    }
    schemas: list[core_schema.CoreSchema] = [
        core_schema.any_schema(
            ref=keys[name],
            metadata={"pydantic_js_functions": [_constantly(definition, references)]},
        )
        for name, definition in definitions.items()
    ]
    initializer = core_schema.definition_reference_schema(keys["initializer"])
    return handler(core_schema.definitions_schema(initializer, schemas))


def _constantly(definition: Schema, references: Mapping[str, Schema]) -> Callable[..., Schema]:
    schema: Schema = _rewritten(definition, references.__getitem__)
    return lambda _core_schema, _handler: schema


def _definitions(registry: Registry) -> dict[str, Schema]:
    return dict(_made(registry, tuple(registry.entries())))


@lru_cache(maxsize=4)
def _made(registry: Registry, entries: tuple[Entry, ...]) -> dict[str, Schema]:
    named = [_Named(entry, registry) for entry in entries]
    definitions: dict[str, Schema] = {
        "initializer": {
            "description": "An initializer: as text, name(parameter=value, …), or as a dict.",
            # Editors complete what `anyOf` leads to, and explain best what `if` decides.
            "anyOf": [{"$ref": "#/$defs/initializer_text"}, {"type": "object"}],
            "if": {"type": "object"},
            "then": {
                "if": {"required": ["class_name"]},
                "then": {"$ref": "#/$defs/initializer_keras"},
                "else": {"$ref": "#/$defs/initializer_dict"},
            },
        },
        "initializer_name": _one_of_them(
            named, rf"^(?:{{}}){END}", "There is no initializer of this name."
        ),
        "initializer_text": _one_of_them(
            named,
            r"^[\s(]*(?:{})[\s)]*(?:\([\s\S]*\)[\s)]*)?$",
            "There is no initializer of this name, or a parenthesis is not closed.",
        ),
        "initializer_dict": _dict_form(named),
        "initializer_keras": _keras_form(named),
    }
    for entry in entries:
        definitions |= _of_class(entry)
    return definitions


class _Named:
    """One initializer, and the names that reach it."""

    def __init__(self, entry: Entry, registry: Registry) -> None:
        self.config_class = config_class = entry.config_class
        self.name = entry.name
        self.summary = config_class.summary()
        spellings = (config_class.initializer_name, *config_class.initializer_aliases)
        short = [name for name in spellings if _reaches(registry, name, entry)]
        self.names = list(dict.fromkeys([entry.name, *short]))
        owner = map(_any_case, normalize(entry.plugin.distribution).split("_"))
        qualified = rf"{'[-_.]+'.join(owner)}\.{_spellings(spellings)}"
        self.pattern = f"(?:{_spellings(short)}|{qualified})" if short else qualified

    def called(self, key: str) -> Schema:
        """Match a dict in which `key` names this initializer."""
        name = {"type": "string", "pattern": rf"^(?:{self.pattern}){END}"}
        return {"properties": {key: name}, "required": [key]}

    def parameters(self, *others: str) -> Schema:
        """Match a dict of its parameters, and of no keys but `others` beside them."""
        taken = (*self.config_class.parameter_fields, *self.config_class.renamed_parameters)
        return {
            "allOf": [{"$ref": f"#/$defs/{self.name}"}],
            "properties": dict.fromkeys([*others, *taken], True),
            "additionalProperties": False,
        }


def _reaches(registry: Registry, name: str, entry: Entry) -> bool:
    try:
        return registry.find(name).config_class is entry.config_class
    except InitregError:  # two plugins claim it
        return False


def _any_case(name: str) -> str:
    return "".join(f"[{c.upper()}{c}]" if c.isalpha() else c for c in name)


def _spellings(names: Iterable[str]) -> str:
    """Match each name as look-up does: no case, no ``-`` and no ``_``."""
    each = ("".join(f"{_any_case(c)}[-_]*" for c in fold(name)) for name in names)
    return f"[-_]*(?:{'|'.join(dict.fromkeys(each))})"


def _one_of_them(named: list[_Named], pattern: str, message: str) -> Schema:
    """Match text that names one of the initializers, and describe it.

    The patterns stand first: of a text that none matches, editors tell the first one's message.
    """
    matched = [
        {
            "pattern": pattern.format(each.pattern),
            "patternErrorMessage": message,
            "description": each.summary,
        }
        for each in named
    ]
    listed = [
        {
            "const": name,
            "description": each.summary
            if name == each.name
            else f"{each.summary} Also known as {each.name}.",
        }
        for each in named
        for name in each.names
    ]
    return {"type": "string", "anyOf": matched + listed}


def _dict_form(named: list[_Named]) -> Schema:
    about = "Name of the initializer; its parameters stand beside it."
    return {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"$ref": "#/$defs/initializer_name", "description": about}},
        "allOf": [{"if": each.called("type"), "then": each.parameters("type")} for each in named],
    }


def _keras_form(named: list[_Named]) -> Schema:
    of_keras = {
        "module": {"anyOf": [{"type": "null"}, {"pattern": rf"^keras(\.|{END})"}]},
        "registered_name": {"anyOf": [{"type": "null"}, {"pattern": r"^[^>]*$"}]},
    }
    others = []
    for each in named:
        module, _, class_name = each.config_class.initializer_builds.partition(":")
        if module:
            of_class = {"module": {"const": module}, "class_name": {"const": class_name}}
            others.append(_with_config(each, of_class, ["module"]))
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
                {"if": each.called("class_name"), "then": _with_config(each, {}, [])}
                for each in named
            ],
        },
        "else": {"anyOf": others},
    }


def _with_config(each: _Named, properties: Schema, required: list[str]) -> Schema:
    config = each.parameters()
    if any(info.is_required() for info in each.config_class.model_fields.values()):
        config["type"] = "object"
        required = [*required, "config"]
    return {"properties": {**properties, "config": config}, "required": required}


def _of_class(entry: Entry) -> dict[str, Schema]:
    """Return the schema of the parameters, and those that it refers to."""
    token = _NESTED.set(True)
    try:
        whole = _whole(entry.config_class)
    finally:
        _NESTED.reset(token)
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
        whole.pop(key, None)  # said by the form that it stands in
    _add_old_names(entry.config_class, schema["properties"], whole)
    if entry.config_class.initializer_deprecated:
        schema["deprecated"] = True
    found = {entry.name: schema | whole, **own}
    return {
        key: _rewritten(each, lambda reference: {"$ref": f"#/$defs/{prefix}{reference}"})
        for key, each in found.items()
    }


def _add_old_names(
    config_class: type[InitializerConfig], properties: Schema, whole: Schema
) -> None:
    """Let each old name of a parameter stand for the new one, but not beside it."""
    required = whole.get("required", [])
    for new in dict.fromkeys(config_class.renamed_parameters.values()):
        olds = [old for old, to in config_class.renamed_parameters.items() if to == new]
        for old in olds:
            about = {"description": f"Called {new} now.", "deprecated": True}
            properties[old] = properties[new] | about
        given: list[Schema] = [{"required": [name]} for name in (new, *olds)]
        if new in required:
            required.remove(new)
            rules: list[Schema] = [{"oneOf": given}]
        else:
            rules = [{"not": {"allOf": list(pair)}} for pair in combinations(given, 2)]
        whole["allOf"] = [*whole.get("allOf", []), *rules]


def _whole(config_class: type[InitializerConfig]) -> Schema:
    """Return Pydantic's schema of a class; of one that JSON Schema can't say, its parameters."""
    try:
        return config_class.model_json_schema()
    except Exception:  # the plugin's types; one must not take the schema from all others
        fields = config_class.parameter_fields
        required = [n for n, f in fields.items() if config_class.model_fields[f].is_required()]
        return {"properties": {name: {} for name in fields}, "required": required}


def _rewritten(schema: Any, refer: Callable[[str], Schema]) -> Any:
    """Replace references into the definitions, and the mark of a nested initializer."""
    if isinstance(schema, list):
        return [_rewritten(item, refer) for item in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {key: _rewritten(item, refer) for key, item in schema.items()}
    reference = schema.get("$ref")
    if isinstance(reference, str):
        changed |= refer(reference.removeprefix("#/$defs/"))
    if changed.pop(_MARK, False):
        changed |= INITIALIZER
    return changed
