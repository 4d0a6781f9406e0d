"""Checks of the config class alone: its documentation, schema, bounds and specs. No Keras."""

import importlib
import importlib.util
import json
from collections.abc import Iterator
from typing import Any

from initreg.config.base import InitializerConfig
from initreg.errors import ConfigError, InitregError
from initreg.integrations.json_schema import json_schema as whole_schema
from initreg.testing.outcomes import Failed, Skipped, demand
from initreg.testing.subject import Subject
from initreg.wording import one_line, shown

_UNKNOWN = "no_such_parameter"


def docs(subject: Subject) -> None:
    """There is a summary, a description of every parameter, and an example that validates."""
    kind = subject.config_class
    demand(kind.summary(), f"{kind.__name__} has no summary.", "Give the class a docstring.")
    fields = kind.parameter_fields
    bare = [name for name, field in fields.items() if not kind.model_fields[field].description]
    told = ", ".join(bare)
    demand(not bare, f"No description of {told}.", f"Field(…, description='…') for {told}.")
    demand(
        kind.initializer_examples, "It has no example.", "Add examples=('name(…)',) to the class."
    )
    for example in kind.initializer_examples:
        try:
            config = subject.registry.validate(example)
        except InitregError as error:
            problem = f"The example {example!r} is refused: {_line(error)}"
            raise Failed(problem, "Write one that validates.", example) from error
        problem = f"The example {example!r} is one of {config.initializer_name}."
        demand(type(config) is kind, problem, "Write one of this initializer.")


def defaults(subject: Subject) -> None:
    """The default of every parameter is a value that the parameter takes."""
    kind, required = subject.config_class, _required(subject)
    for name, field in kind.parameter_fields.items():
        info = kind.model_fields[field]
        if info.is_required():
            continue
        default = info.get_default(call_default_factory=True)
        try:
            subject.registry.validate({"type": subject.entry.name, **required, name: default})
        except InitregError as error:
            problem = f"The default {name}={shown(default)} is refused: {_line(error)}"
            raise Failed(problem, f"Give {name} a default within its own bounds.") from error


def closed_schema(subject: Subject) -> None:
    """A parameter that is not there is refused by its name; configs are frozen and hashable."""
    spec = {**_as_dict(subject, subject.config), _UNKNOWN: 1}
    error = _refusal(subject, spec)
    advice = "Leave extra='forbid' in the model_config, as InitializerConfig has it."
    demand(error, "It takes parameters that it does not have.", advice)
    told = f"An unknown parameter is refused without its name: {_line(error)}"
    demand(_UNKNOWN in str(error), told, advice)
    for config in subject.configs:
        text = subject.text(config)
        try:
            hash(config)
        except TypeError as unhashable:
            advice = "Make the field a tuple, not a list or dict; leave frozen=True."
            raise Failed(f"{text} can't be hashed: {unhashable}.", advice, text) from unhashable


def json_schema(subject: Subject) -> None:
    """The JSON Schema can be made, is valid, and accepts what the class accepts."""
    advice = "Give the field's type WithJsonSchema(…), or a type that JSON Schema can say."
    try:
        subject.config_class.model_json_schema()
    except Exception as error:  # the plugin's types
        problem = f"It has no JSON Schema: {type(error).__name__}: {_line(error)}"
        raise Failed(problem, advice) from error
    if importlib.util.find_spec("jsonschema") is None:
        raise Skipped("Whether it is valid is not known: pip install jsonschema")
    validators: Any = importlib.import_module("jsonschema")
    schema = whole_schema(registry=subject.registry)
    try:
        name = subject.entry.name
        own = {k: v for k, v in schema["$defs"].items() if f"{k}.".startswith(f"{name}.")}
        validators.Draft202012Validator.check_schema(schema | {"$defs": own})
    except validators.SchemaError as error:
        problem = f"Its JSON Schema is none: {error.message}"
        raise Failed(problem, "Mend json_schema_extra or WithJsonSchema.") from error
    validator = validators.Draft202012Validator(schema)
    for config in subject.configs:
        written = _as_dict(subject, config)
        for problem in validator.iter_errors(written):
            raise Failed(
                f"Its JSON Schema refuses {shown(written)}: {one_line(problem.message)}",
                "Let the JSON Schema say what the validators say.",
                subject.text(config),
            )


def errors(subject: Subject) -> None:
    """What is outside of a bound, or of another type, is refused with the parameter named."""
    kind = subject.config_class
    given = _as_dict(subject, subject.config)
    for name in _required(subject):
        without = {key: value for key, value in given.items() if key != name}
        _demand_refusal(subject, without, name, f"a missing {name}")
    try:
        schema = kind.model_json_schema()
    except Exception as error:  # the plugin's types
        raise Skipped("Its bounds are not known: it has no JSON Schema.") from error
    for name in kind.parameter_fields:
        for value, bound in _outside(schema["properties"][name], schema.get("$defs", {})):
            told = f"{name}={shown(value)}, where the schema says {bound},"
            _demand_refusal(subject, {**given, name: value}, name, told)


def round_trip(subject: Subject) -> None:
    """The text of a config, and its JSON, validate to the same config."""
    for config in subject.tried:
        text = subject.text(config)
        forms = {"text": subject.registry.write(config), "dict": _as_dict(subject, config)}
        for form, written in forms.items():
            try:
                again = subject.registry.validate(written)
            except InitregError as error:
                problem = f"Its {form} {shown(written)} is refused: {_line(error)}"
                raise Failed(problem, _BOTH_WAYS, text) from error
            problem = f"Its {form} {shown(written)} becomes {shown(again)}, not {shown(config)}."
            demand(again == config, problem, _BOTH_WAYS, text)
            problem = f"Read and written again, its text is {again}, not {config}."
            demand(str(again) == str(config), problem, _BOTH_WAYS, text)


_BOTH_WAYS = "Let validators leave alone what they have made, and serializers write what they take."


def _as_dict(subject: Subject, config: InitializerConfig) -> dict[str, Any]:
    """Write a config as JSON has it."""
    parameters = config.model_dump(mode="json", by_alias=True)
    return {"type": subject.entry.name, **json.loads(json.dumps(parameters))}


def _required(subject: Subject) -> dict[str, Any]:
    """Return the parameters without a default, as the first config has them."""
    kind = subject.config_class
    names = {n for n, f in kind.parameter_fields.items() if kind.model_fields[f].is_required()}
    if not names:
        return {}
    given = _as_dict(subject, subject.config)
    return {name: given[name] for name in names}


def _refusal(subject: Subject, spec: dict[str, Any]) -> ConfigError | None:
    try:
        subject.registry.validate(spec)
    except ConfigError as error:
        return error
    return None


def _demand_refusal(subject: Subject, spec: dict[str, Any], name: str, told: str) -> None:
    error = _refusal(subject, spec)
    demand(error, f"It takes {told.rstrip(',')}.", f"Let the type of {name} hold its bounds.")
    named = error is not None and any(
        fault.path[:1] == (name,) or name in fault.message for fault in error.faults
    )
    advice = f"Let the type of {name} hold its bounds, or raise initreg.conflict(…, {name!r})."
    demand(named, f"It refuses {told} without naming {name}: {_line(error)}", advice)


def _outside(schema: dict[str, Any], definitions: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    """Yield values just outside of each bound that a parameter's JSON Schema states."""
    if "$ref" in schema:
        schema = definitions.get(schema["$ref"].rpartition("/")[2], {})
    branches = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    if len(branches) != 1 or not branches[0].keys() & {"type", "enum", "const"}:
        return  # outside of one branch may be inside of another
    [branch] = branches
    kinds = branch.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if "number" in kinds or "integer" in kinds:
        yield "no number", "a number"
        yield float("nan"), "a number"
    steps = {"minimum": -1, "exclusiveMinimum": 0, "maximum": 1, "exclusiveMaximum": 0}
    for key, step in steps.items():
        if key in branch:
            yield branch[key] + step, f"{key} {branch[key]}"
    if "enum" in branch or "const" in branch:
        yield "no_such_choice", f"one of {branch.get('enum', [branch.get('const')])}"
    if branch.get("minItems"):
        yield [], f"minItems {branch['minItems']}"
    if "object" not in kinds:
        yield {"of": "another type"}, " or ".join(kinds) or "one of these"


def _line(error: BaseException | None) -> str:
    """Write an error in one line; carets would point to nothing there."""
    text = str(error)
    if isinstance(error, InitregError):
        text = " ".join(fault.message for fault in error.faults)
    return " ".join(text.split()[:60])
