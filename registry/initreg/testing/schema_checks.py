"""Checks of the config class: its documentation, schema, bounds and specs. None needs Keras."""

import importlib
import importlib.util
import json
from collections.abc import Iterator
from typing import Any

from initreg.config.base import InitializerConfig
from initreg.errors import ConfigError, InitregError
from initreg.integrations.json_schema import json_schema as whole_schema
from initreg.testing.catalog import register
from initreg.testing.outcomes import Failed, Skipped, demand
from initreg.testing.subject import Subject
from initreg.wording import one_line, shown

_UNKNOWN = "no_such_parameter"


@register(needs_keras=False)
def docs(subject: Subject) -> None:
    """It has a summary, a description of every parameter, and examples that validate."""
    config_class = subject.config_class
    name, info = config_class.__name__, config_class.model_fields
    demand(config_class.summary(), f"{name} has no summary.", "Give the class a docstring.")
    fields = config_class.parameter_fields
    bare = ", ".join(name for name, field in fields.items() if not info[field].description)
    demand(not bare, f"No description of {bare}.", f"Write Field(…, description='…') for {bare}.")
    examples = config_class.initializer_examples
    demand(examples, "It has no example.", "Add examples=('name(…)',) to the class.")
    for example in examples:
        try:
            config = subject.registry.validate(example)
        except InitregError as error:
            problem = f"The example {example!r} is rejected: {_message(error)}"
            raise Failed(problem, "Write one that validates.", example) from error
        problem = f"The example {example!r} is a spec of {config.initializer_name}."
        demand(type(config) is config_class, problem, "Write one of this initializer.")


@register(needs_keras=False)
def defaults(subject: Subject) -> None:
    """The default of every parameter is a valid value of the parameter."""
    config_class, required = subject.config_class, _required(subject)
    for name, field in config_class.parameter_fields.items():
        info = config_class.model_fields[field]
        if info.is_required():
            continue
        default = info.get_default(call_default_factory=True)
        try:
            subject.registry.validate({"type": subject.entry.name, **required, name: default})
        except InitregError as error:
            problem = f"The default {name}={shown(default)} is rejected: {_message(error)}"
            raise Failed(problem, f"Give {name} a default that it accepts.") from error


@register(needs_keras=False)
def closed_schema(subject: Subject) -> None:
    """An unknown parameter is rejected by name; configs are frozen and hashable."""
    spec = {**_as_dict(subject, subject.config), _UNKNOWN: 1}
    error = _rejection(subject, spec)
    advice = "Keep extra='forbid' in model_config, as InitializerConfig sets it."
    demand(error, "It accepts parameters that it does not have.", advice)
    problem = f"An unknown parameter is rejected without being named: {_message(error)}"
    demand(_UNKNOWN in str(error), problem, advice)
    for config in subject.configs:
        text = subject.text(config)
        try:
            hash(config)
        except TypeError as unhashable:
            advice = "Make the field a tuple, not a list or dict; keep frozen=True."
            raise Failed(f"{text} can't be hashed: {unhashable}.", advice, text) from unhashable


@register(needs_keras=False)
def json_schema(subject: Subject) -> None:
    """There is a JSON Schema; it is valid, and accepts what the class accepts."""
    advice = "Annotate the field with WithJsonSchema(…), or use a type that JSON Schema has."
    try:
        subject.config_class.model_json_schema()
    except Exception as error:  # the plugin's types
        problem = f"It has no JSON Schema: {type(error).__name__}: {_message(error)}"
        raise Failed(problem, advice) from error
    if importlib.util.find_spec("jsonschema") is None:
        raise Skipped("Its JSON Schema was not validated: pip install jsonschema")
    validators: Any = importlib.import_module("jsonschema")
    schema = whole_schema(registry=subject.registry)
    try:
        name = subject.entry.name
        own = {k: v for k, v in schema["$defs"].items() if f"{k}.".startswith(f"{name}.")}
        validators.Draft202012Validator.check_schema(schema | {"$defs": own})
    except validators.SchemaError as error:
        problem = f"Its JSON Schema is not valid: {error.message}"
        raise Failed(problem, "Fix json_schema_extra or WithJsonSchema.") from error
    validator = validators.Draft202012Validator(schema)
    for config in subject.configs:
        written = _as_dict(subject, config)
        for problem in validator.iter_errors(written):
            raise Failed(
                f"Its JSON Schema rejects {shown(written)}: {one_line(problem.message)}",
                "Make the JSON Schema accept what the validators accept.",
                subject.text(config),
            )


@register(needs_keras=False)
def errors(subject: Subject) -> None:
    """A value outside a bound, or of another type, is rejected and its parameter named."""
    config_class = subject.config_class
    spec = _as_dict(subject, subject.config)
    for name in _required(subject):
        without = {key: value for key, value in spec.items() if key != name}
        _demand_rejection(subject, without, name, f"a missing {name}")
    try:
        schema = config_class.model_json_schema()
    except Exception as error:  # the plugin's types
        raise Skipped("Its bounds are not known: it has no JSON Schema.") from error
    for name in config_class.parameter_fields:
        for value, bound in _outside(schema["properties"][name], schema.get("$defs", {})):
            wrong = f"{name}={shown(value)} (the schema says: {bound})"
            _demand_rejection(subject, {**spec, name: value}, name, wrong)


@register(needs_keras=False)
def round_trip(subject: Subject) -> None:
    """The text of a config, and its JSON, validate to the same config."""
    for config in subject.tried:
        text = subject.text(config)
        forms = {"text": subject.registry.write(config), "dict": _as_dict(subject, config)}
        for form, written in forms.items():
            try:
                again = subject.registry.validate(written)
            except InitregError as error:
                problem = f"Its {form} {shown(written)} is rejected: {_message(error)}"
                raise Failed(problem, _BOTH_WAYS, text) from error
            problem = f"Its {form} {shown(written)} becomes {shown(again)}, not {shown(config)}."
            demand(again == config, problem, _BOTH_WAYS, text)
            problem = f"Read and written again, its text is {again}, not {config}."
            demand(str(again) == str(config), problem, _BOTH_WAYS, text)


_BOTH_WAYS = "Validators must not change their own results; serializers must write valid values."


def _as_dict(subject: Subject, config: InitializerConfig) -> dict[str, Any]:
    """Return a config as a dict of plain JSON values."""
    parameters = config.model_dump(mode="json", by_alias=True)
    return {"type": subject.entry.name, **json.loads(json.dumps(parameters))}


def _required(subject: Subject) -> dict[str, Any]:
    """Return the values that the first config has for parameters without a default."""
    fields, info = subject.config_class.parameter_fields, subject.config_class.model_fields
    names = {name for name, field in fields.items() if info[field].is_required()}
    if not names:
        return {}
    spec = _as_dict(subject, subject.config)
    return {name: spec[name] for name in names}


def _rejection(subject: Subject, spec: dict[str, Any]) -> ConfigError | None:
    try:
        subject.registry.validate(spec)
    except ConfigError as error:
        return error
    return None


def _demand_rejection(subject: Subject, spec: dict[str, Any], name: str, wrong: str) -> None:
    error = _rejection(subject, spec)
    demand(error, f"It accepts {wrong}.", f"State the bounds in the type of {name}.")
    named = error is not None and any(
        fault.path[:1] == (name,) or name in fault.message for fault in error.faults
    )
    advice = f"State the bounds in the type of {name}, or raise initreg.conflict(…, {name!r})."
    demand(named, f"It rejects {wrong} without naming {name}: {_message(error)}", advice)


def _outside(schema: dict[str, Any], definitions: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    """Yield wrong values and the bounds in a parameter's JSON Schema that they violate."""
    if "$ref" in schema:
        schema = definitions.get(schema["$ref"].rpartition("/")[2], {})
    branches = [part for part in schema.get("anyOf", [schema]) if part.get("type") != "null"]
    if len(branches) != 1 or not branches[0].keys() & {"type", "enum", "const"}:
        return  # what violates one branch may be valid in another
    [branch] = branches
    types = branch.get("type", [])
    types = [types] if isinstance(types, str) else types
    if "number" in types or "integer" in types:
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
    if "object" not in types:
        yield {"of": "another type"}, " or ".join(types) or "one of these"


def _message(error: BaseException | None) -> str:
    """Write an error in one line, without its carets."""
    text = str(error)
    if isinstance(error, InitregError):
        text = " ".join(fault.message for fault in error.faults)
    return " ".join(text.split()[:60])
