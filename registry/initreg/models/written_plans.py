"""Read a plan that was written as JSON, and assign it to the weights of a model again."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from initreg.draws.seeds import MAX_SEED
from initreg.errors import Fault, InitregError, PlanError
from initreg.models.assignments import Assignment, Assignments, addition_for, with_draw
from initreg.models.entries import PlanEntry
from initreg.models.paths import Weight
from initreg.models.plans import Plan
from initreg.registry.registry import default_registry


class _WrittenPlan(BaseModel):
    """A plan as `Plan.to_json` writes it."""

    # Not built at import, because Pydantic then scans all installed distributions for plugins.
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

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
    try:
        document = _WrittenPlan.model_validate_json(json.dumps(written))
    except ValidationError as error:
        lines = [
            f"  {Fault('', detail['loc']).location}: {detail['msg']}" for detail in error.errors()
        ]
        raise PlanError("\n".join([f"{name} is not a valid plan:", *lines[:5]])) from error
    entries = {entry.path: entry for entry in document.weights}
    if len(entries) < len(document.weights):
        raise PlanError(f"{name} has two entries for the same path.")
    if differences := _differences(weights, entries):
        lines = [f"  {difference}" for difference in differences[:10]]
        if len(differences) > 10:
            lines.append(f"  and {len(differences) - 10} more")
        raise PlanError("\n".join([f"{name} was made for another model:", *lines]))
    assignments = tuple(
        _assigned(weight, entries[weight.path], document.seed, name) for weight in weights
    )
    plan = Plan(
        tuple(assignment.entry for assignment in assignments), document.seed, document.source
    )
    return Assignments(plan, assignments)


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
