"""Read a plan that was written as JSON, and assign it to the weights of a model again."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from initreg.draws.fan_checks import faults_of_fan, faults_of_fans
from initreg.draws.seeds import MAX_SEED
from initreg.errors import Fault, InitregError, PlanError
from initreg.models.assignments import Assignment, Assignments, addition_for, with_draw
from initreg.models.entries import PlanEntry
from initreg.models.paths import Weight
from initreg.models.plans import Plan
from initreg.models.roles.checking import faults_of_role
from initreg.models.roles.finding import role_for
from initreg.registry.registry import default_registry


class _WrittenPlan(BaseModel):
    """A plan as `Plan.to_json` writes it."""

    # Not built at import, because Pydantic then scans all installed distributions for plugins.
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)

    plan: Literal[1]
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)]
    source: str | None = None
    unmatched: list[Any] = []
    weights: list[PlanEntry]


def plan_in(rules: object) -> tuple[Mapping[str, Any], str] | None:
    """Return a plan in place of rules, and its name for errors; None for rules."""
    if isinstance(rules, Mapping) and "plan" in rules:
        return rules, "The plan"
    try:
        if isinstance(rules, str) and rules.lstrip().startswith("{"):  # JSON text
            return json.loads(rules), "The plan"
        if not isinstance(rules, str | os.PathLike) or Path(rules).suffix.lower() != ".json":
            return None
        written = json.loads(Path(rules).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # `read_rules` explains it
        return None
    return (written, str(rules)) if isinstance(written, dict) and "plan" in written else None


def assign_written(weights: Sequence[Weight], written: Mapping[str, Any], name: str) -> Assignments:
    """Assign the entries of a written plan to exactly the weights that it was made for.

    `name` says in errors where the plan is from.
    """
    document = _read(written, name)
    entries = {entry.path: entry for entry in document.weights}
    if len(entries) < len(document.weights):
        raise PlanError(f"{name} has two entries for the same path.")
    _reject_another_model(name, _differences(weights, entries))
    faults = [
        fault.below("weights", number)
        for number, entry in enumerate(document.weights)
        for fault in _faults(entry)
    ]
    if faults:
        raise _invalid(name, faults)
    _reject_another_model(name, _other_layouts(weights, entries))
    assignments = tuple(
        _assigned(weight, entries[weight.path], document.seed, name) for weight in weights
    )
    plan = Plan(
        tuple(assignment.entry for assignment in assignments), document.seed, document.source
    )
    return Assignments(plan, assignments)


def _read(written: Mapping[str, Any], name: str) -> _WrittenPlan:
    try:
        document = _WrittenPlan.model_validate_json(json.dumps(written))
    except ValidationError as error:
        raise _invalid(name, list(_faults_of_types(error))) from error
    if type(written["plan"]) is not int:  # Pydantic takes true for 1
        raise _invalid(name, [Fault("Input should be 1", ("plan",))])
    return document


def _invalid(name: str, faults: Sequence[Fault]) -> PlanError:
    lines = [f"  {fault.location}: {fault.message}" for fault in faults[:5]]
    return PlanError("\n".join([f"{name} is not a valid plan:", *lines]))


def _faults_of_types(error: ValidationError) -> Iterator[Fault]:
    """Name a number that may be an int or a float once, though Pydantic reports it for both."""
    for detail in error.errors():
        *above, last = place = detail["loc"]
        if last == "int" and detail["type"].startswith("int_"):
            continue
        is_number = last == "float" and detail["type"] in ("float_type", "finite_number")
        yield Fault(detail["msg"], tuple(above if is_number else place))


def _faults(entry: PlanEntry) -> Iterator[Fault]:
    """Find the values of an entry that have the right type and are wrong."""
    limits = {"rule": 1, "line": 1, "derived_seed": 0, "stddev": 0, "keras_stddev": 0}
    for key, least in limits.items():
        value = getattr(entry, key)
        if value is not None and value < least:
            yield Fault(f"must be at least {least}, not {value}", (key,))
    if entry.role is not None:
        for fault in faults_of_role(entry.role, entry.shape):
            yield fault.below("role")
    if entry.fans is not None:
        for fault in faults_of_fans(entry.fans, entry.shape):
            yield fault.below("fans")
    if entry.keras_fans is not None:
        for number, fan in enumerate(entry.keras_fans):
            for fault in faults_of_fan("", fan, entry.shape):
                yield Fault(fault.message, ("keras_fans", number))


def _assigned(weight: Weight, written: PlanEntry, seed: int, name: str) -> Assignment:
    entry = replace(written, name=weight.variable.path, realised_mean=None, realised_stddev=None)
    if entry.action == "own":  # the layer drew the weight in a scope, which can't be repeated here
        entry = replace(entry, action="uncovered", reason="", seed=None, derived_seed=None)
    if entry.action != "draw":
        return Assignment(weight, entry)
    try:
        config = default_registry().validate(entry.spec)
    except InitregError as error:
        raise PlanError(f"{name}, spec of {entry.path}:\n{error}") from error
    addition = addition_for(weight.layer, entry, config)
    base = seed if entry.seed is None else entry.seed
    entry, fitted = with_draw(entry, config, base, addition)
    return Assignment(weight, entry, fitted, addition)


def _differences(weights: Iterable[Weight], entries: Mapping[str, PlanEntry]) -> list[str]:
    variables = {weight.path: weight.variable for weight in weights}
    differences = [f"the model has no {path}" for path in entries if path not in variables]
    for path, variable in variables.items():
        shape, dtype = tuple(variable.shape), variable.dtype
        if (entry := entries.get(path)) is None:
            differences.append(f"the plan has no {path}")
        elif shape != entry.shape:
            differences.append(f"{path} has shape {list(shape)}, not {list(entry.shape)}")
        elif dtype != entry.dtype:
            differences.append(f"{path} has dtype {dtype}, not {entry.dtype}")
    return differences


def _other_layouts(weights: Iterable[Weight], entries: Mapping[str, PlanEntry]) -> list[str]:
    """List the weights whose layers say another layout than the one that a plan draws with.

    Keras's fans have no layout. A plan is also applied if the plugin is not installed that knew the
    layer.
    """
    differences = []
    for weight in weights:
        entry = entries[weight.path]
        if entry.action == "draw" and entry.fans is not None and entry.fans.layout is not None:
            role = role_for(weight.layer, entry.variable, entry.shape)
            if role.kind != "unknown" and role.layout != entry.fans.layout:
                differences.append(f"{weight.path} has another layout in its layer")
    return differences


def _reject_another_model(name: str, differences: Sequence[str]) -> None:
    if differences:
        lines = [f"  {difference}" for difference in differences[:10]]
        if len(differences) > 10:
            lines.append(f"  and {len(differences) - 10} more")
        raise PlanError("\n".join([f"{name} was made for another model:", *lines]))
