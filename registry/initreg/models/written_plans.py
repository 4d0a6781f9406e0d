"""Plans that were written down as JSON, read and assigned again."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from initreg.config.base import InitializerConfig
from initreg.draws.seeds import MAX_SEED
from initreg.errors import Fault, InitregError, PlanError
from initreg.models.assignments import Assignment, Assignments, drawn_entry
from initreg.models.paths import Weight
from initreg.models.plans import Plan, PlanEntry
from initreg.registry.registry import default_registry


class _Written(BaseModel):
    """A plan as `Plan.to_json` writes it."""

    # Built when a plan is read: Pydantic then looks at all that is installed.
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    plan: Literal[1]
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)]
    source: str | None = None
    unmatched: list[Any] = []
    weights: list[PlanEntry]


def plan_in(rules: object) -> tuple[Mapping[str, Any], str] | None:
    """Return the plan that is given in place of rules, and its name; None for rules."""
    if isinstance(rules, Mapping) and "plan" in rules:
        return rules, "The plan"
    try:
        if isinstance(rules, str) and rules.lstrip().startswith("{"):  # the JSON itself
            return json.loads(rules), "The plan"
        if not isinstance(rules, str | os.PathLike) or Path(rules).suffix.lower() != ".json":
            return None
        written = json.loads(Path(rules).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # which `read_rules` explains
        return None
    return (written, str(rules)) if isinstance(written, dict) and "plan" in written else None


def assign_written(weights: Sequence[Weight], given: Mapping[str, Any], name: str) -> Assignments:
    """Assign what a plan says, to exactly the weights that it was made for."""
    try:
        written = _Written.model_validate_json(json.dumps(given))
    except ValidationError as error:
        lines = [f"  {_place(each['loc'])}: {each['msg']}" for each in error.errors()[:5]]
        problem = f"{name} is no plan as `to_json` writes it:"
        raise PlanError("\n".join([problem, *lines])) from error
    entries = {each.path: each for each in written.weights}
    if len(entries) < len(written.weights):
        raise PlanError(f"{name} has two entries for one path.")
    if differences := _differences(weights, entries):
        listed = "\n".join(f"  {line}" for line in differences[:10])
        more = f"\n  and {len(differences) - 10} more" if len(differences) > 10 else ""
        raise PlanError(f"{name} was made for another model:\n{listed}{more}")
    assigned = []
    for weight in weights:
        entry = replace(
            entries[weight.path],
            name=weight.variable.path,
            realised_mean=None,
            realised_stddev=None,
        )
        config = None
        if entry.action == "own":  # a layer drew it, in a scope; here nothing does
            entry = replace(entry, action="uncovered", reason="", seed=None, derived_seed=None)
        if entry.action == "draw":
            config = _config_of(entry, name)
            entry = drawn_entry(entry, config, written.seed if entry.seed is None else entry.seed)
        assigned.append(Assignment(weight, entry, config))
    again = Plan(tuple(each.entry for each in assigned), written.seed, written.source)
    return Assignments(again, tuple(assigned))


def _place(location: tuple[str | int, ...]) -> str:
    return Fault("", location).location


def _config_of(entry: PlanEntry, name: str) -> InitializerConfig:
    try:
        return default_registry().validate(entry.spec)
    except InitregError as error:
        raise PlanError(f"{name}, the spec of {entry.path}:\n{error}") from error


def _differences(weights: Iterable[Weight], entries: Mapping[str, PlanEntry]) -> list[str]:
    own = {weight.path: weight.variable for weight in weights}
    found = [f"it has no {path}" for path in entries if path not in own]
    for path, variable in own.items():
        if path not in entries:
            found.append(f"its {path} is not in the plan")
        elif (shape := tuple(variable.shape)) != entries[path].shape:
            found.append(f"its {path} is of {shape}, not {entries[path].shape}")
        elif variable.dtype != entries[path].dtype:
            found.append(f"its {path} is of {variable.dtype}, not {entries[path].dtype}")
    return found
