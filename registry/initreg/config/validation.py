"""Validate parameters, and turn Pydantic's errors into faults that a person can act on."""

import re
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from initreg.config.base import InitializerConfig
from initreg.errors import Fault, InitregError, PluginError, SpecSyntaxError
from initreg.near_names import did_you_mean
from initreg.spec.spec import FUNCTIONS, Spec
from initreg.wording import shown

# Pydantic builds a deferred schema on first use. That is not safe in several threads at once.
_BUILDING = threading.RLock()

_PHRASES = {
    "bool_parsing": "must be True or False",
    "bool_type": "must be True or False",
    "dict_type": "must be a dict",
    "enum": "must be {expected}",
    "finite_number": "must be a finite number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be {ge:g} or more",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number",
    "int_type": "must be a whole number",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "list_type": "must be a list",
    "literal_error": "must be {expected}",
    "string_type": "must be text",
    "string_too_long": "must have {max_length} or fewer characters",
    "string_too_short": "must have {min_length} or more characters",
    "too_long": "must have {max_length} or fewer items",
    "too_short": "must have {min_length} or more items",
    "tuple_type": "must be a list",
}


def accepted(config_class: type[InitializerConfig]) -> str:
    """List the parameters of `config_class` in a sentence."""
    return f"It takes {', '.join(config_class.parameter_fields) or 'no parameters'}."


def check(
    config_class: type[InitializerConfig], values: Mapping[str, Any], context: dict[str, Any]
) -> InitializerConfig | list[Fault]:
    """Validate the parameters. Return the config, or a list of everything that is wrong."""
    result = _validated(config_class, values, context)
    if not isinstance(result, ValidationError):
        return result
    faults, _ = _explain(result, config_class, values)
    # Pydantic checks parameters against each other only if each one is valid. Validate again
    # without the invalid ones, to find conflicts between the others.
    wrong = {fault.path[0] for fault in faults if fault.path}
    right = {name: value for name, value in values.items() if name not in wrong}
    second = _validated(config_class, right, context) if wrong else None
    if isinstance(second, ValidationError):
        _, conflicts = _explain(second, config_class, values)
        faults += [
            fault
            for fault, parameters in conflicts
            if fault not in faults and not wrong.intersection(parameters)
        ]
    return faults


def _validated(
    config_class: type[InitializerConfig], values: Mapping[str, Any], context: dict[str, Any]
) -> InitializerConfig | ValidationError:
    try:
        if not config_class.__pydantic_complete__:
            with _BUILDING:
                config_class.model_rebuild()
        return config_class.model_validate(dict(values), context=context)
    except ValidationError as error:
        return error
    except InitregError:
        raise
    except Exception as error:  # the plugin's validator, or a schema that can't be built
        name = config_class.initializer_name
        problem = f"The schema of {name!r} fails: {type(error).__name__}: {error}"
        raise PluginError(problem) from error


_Conflict = tuple[Fault, tuple[str, ...]]  # with the parameters that don't fit together


def _explain(
    error: ValidationError, config_class: type[InitializerConfig], values: Mapping[str, Any]
) -> tuple[list[Fault], list[_Conflict]]:
    """Return all faults of an error, and again those that are conflicts of several parameters."""
    faults: list[Fault] = []
    conflicts: list[_Conflict] = []
    wrong_values: dict[tuple[str | int, ...], list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        if detail["type"] == "conflict":
            parameters = detail["ctx"]["at"]
            first = next((name for name in parameters if name in values), parameters[0])
            fault = Fault(f"{parameters[0]} {detail['msg']}.", (first,), code="conflict")
            conflicts.append((fault, parameters))
            faults.append(fault)
        elif not detail["loc"]:  # a plain ValueError from a validator of the whole model
            cause = detail.get("ctx", {}).get("error") or detail["msg"]
            faults.append(Fault(f"{config_class.initializer_name}: {cause}", code="conflict"))
        elif detail["type"] in _WHOLE_PARAMETER:
            faults += _of_parameter(detail, config_class, _own_path(detail["loc"], values))
        else:
            wrong_values.setdefault(_own_path(detail["loc"], values), []).append(detail)
    for path, details in wrong_values.items():
        # A union has an error for each branch. Keep those of the branch that got furthest.
        if not any(other[: len(path)] == path != other for other in wrong_values):
            faults.append(_of_value(path, details))
    return faults, conflicts


def _own_path(location: tuple[str | int, ...], values: Mapping[str, Any]) -> tuple[str | int, ...]:
    """Return the parts of a location that exist in the values.

    Pydantic adds the names of branches of unions to the location.
    """
    path: list[str | int] = [location[0]]
    value = values.get(str(location[0]))
    for part in location[1:]:
        if isinstance(part, int):
            path.append(part)
            value = value[part] if isinstance(value, list | tuple) and part < len(value) else None
        elif isinstance(value, Mapping) and part in value:
            path.append(part)
            value = value[part]
    return tuple(path)


_WHOLE_PARAMETER = ("missing", "extra_forbidden", "initializer")


def _of_parameter(
    detail: ErrorDetails, config_class: type[InitializerConfig], path: tuple[str | int, ...]
) -> list[Fault]:
    name = str(detail["loc"][0])
    if detail["type"] == "missing":
        problem = f"{config_class.initializer_name} needs the parameter {name!r}."
        return [Fault(problem, (name,), code="missing-parameter")]
    if detail["type"] == "extra_forbidden":
        problem = (
            f"{config_class.initializer_name} has no parameter {name!r}."
            f"{did_you_mean(name, config_class.parameter_fields)} {accepted(config_class)}"
        )
        return [Fault(problem, (name,), code="unknown-parameter")]
    return _nested(detail["ctx"]["problem"].error, path)


def _of_value(path: tuple[str | int, ...], details: list[ErrorDetails]) -> Fault:
    value = details[0]["input"]
    parameter = str(path[0]) + "".join(f"[{part!r}]" for part in path[1:])
    first, *others = dict.fromkeys(map(_phrase, details))
    joined = " or ".join([first, *(phrase.removeprefix("must be ") for phrase in others)])
    joined = f" {joined}" if joined.startswith("must ") else f": {joined}"
    expected = str(details[0].get("ctx", {}).get("expected", ""))
    near = ""
    if isinstance(value, str):
        near = did_you_mean(value, re.findall(r"'([^']*)'", expected))
    elif isinstance(value, Spec):  # or a misspelt function of arithmetic
        near = did_you_mean(value.name, FUNCTIONS)
    return Fault(f"{parameter}{joined}, not {shown(value)}.{near}", path)


def _phrase(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    if detail["type"] in _PHRASES:
        return _PHRASES[detail["type"]].format(**context)
    return str(context.get("error", detail["msg"])).rstrip(".")


def _nested(error: InitregError, path: tuple[str | int, ...]) -> list[Fault]:
    """Return the faults of an initializer that is a parameter, with their paths in the whole."""
    if isinstance(error, SpecSyntaxError):  # its columns count in the nested text
        problem = f"This spec can't be read:\n{error}"
        return [replace(fault, message=problem).below(*path) for fault in error.faults]
    return [fault.below(*path) for fault in error.faults]
