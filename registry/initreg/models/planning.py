"""What each weight of a model that exists will get, before anything is touched."""

import json
import math
import os
import secrets
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from initreg.backends import load_keras
from initreg.building import checked_seed
from initreg.config import InitializerConfig
from initreg.distributions import Distribution
from initreg.drawing import DTYPES, distribution_of, seed_in_force
from initreg.errors import (
    ConfigError,
    Fault,
    InitregError,
    InitregWarning,
    PlanError,
    PluginError,
)
from initreg.models.paths import Weight, weights_of
from initreg.models.plans import Plan, PlanEntry
from initreg.models.rules import Rule, Rules, read_rules
from initreg.models.weights import is_portable, make_tensor
from initreg.registry import default_registry
from initreg.seeds import MAX_SEED, derive_seed
from initreg.streams import CHUNK


def plan(
    model: Any, rules: object = None, seed: int | None = None, *, strict: bool = False
) -> Plan:
    """Say what each weight of a built model will get, and touch nothing.

    >>> import keras
    >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, name="head")])
    >>> made = plan(model, [{"match": "kernel$", "init": "he_normal"}], seed=42)
    >>> made.entries[0].spec, round(made.entries[0].stddev, 3)
    ('he_normal', 0.5)
    >>> made.uncovered
    ('sequential/head/bias',)

    `rules` is what `read_rules` takes: a file, a mapping or a list of rules. `seed` goes before
    the one in the rules; without either, one is drawn, and kept in the plan. With `strict`, a rule
    that decides over no weight and a weight that no rule covers are errors.

    Raises `RulesError` for faulty rules, and `ConfigError` or `PlanError` for a spec that does not
    fit its weight, for a model that is not built, and for what `strict` refuses.
    """
    assignments = assign(model, rules, seed)
    return checked(assignments.plan, strict)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A weight, its entry in the plan, and the config that draws it, if any does."""

    weight: Weight
    entry: PlanEntry
    config: InitializerConfig | None


@dataclass(frozen=True, slots=True)
class Assignments:
    """A plan with the weights that it is about."""

    plan: Plan
    weights: tuple[Assignment, ...]


def checked(plan: Plan, strict: bool) -> Plan:
    """Return a plan; raise `PlanError` where it is to be strict and leaves something open."""
    if strict and (problems := plan.problems()):
        raise PlanError("\n".join(problems))
    return plan


def unmatched(rules: Rules, deciding: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return the rules that decide over no weight."""
    numbers = {rule.number for rule in deciding}
    return tuple(rule for rule in rules.rules if rule.number not in numbers)


def warn_of_rules(plan: Plan, *, calls: int = 1) -> None:
    """Warn of rules that decide over no weight, or can mean two things, at the user's own line.

    That is so many `calls` above.
    """
    if told := [*plan.unmatched_texts(), *plan.notes]:
        warnings.warn("\n".join(told), InitregWarning, stacklevel=2 + calls)


def base_seed(seed: int | None, rules: Rules) -> int:
    """Return the seed that is given, that of the rules, or else a drawn one."""
    if seed is not None:
        return checked_seed(seed)
    if rules.seed is not None:
        return rules.seed
    jax = sys.modules.get("jax")
    if jax is not None and load_keras().config.backend() == "jax" and jax.process_count() > 1:
        raise PlanError("Give a seed: each process would draw its own, and shards would not match.")
    return secrets.randbelow(MAX_SEED + 1)


def assign(model: Any, rules: object, seed: int | None) -> Assignments:
    """Decide what each weight of a model gets."""
    found = built_weights(model)
    if isinstance(rules, Plan):
        return _again(found, json.loads(rules.to_json()), "The plan")
    if (written := _plan_in(rules)) is not None:
        return _again(found, *written)
    read = read_rules(rules)
    base = base_seed(seed, read)
    chosen, notes = _choose(read, found)
    assigned = tuple(
        _assigned(weight, rule, base) for weight, rule in zip(found, chosen, strict=True)
    )
    deciding = [rule for rule in chosen if rule]
    made = Plan(
        entries=tuple(each.entry for each in assigned),
        seed=base,
        source=read.source,
        unmatched=unmatched(read, deciding),
        notes=tuple(notes),
    )
    return Assignments(made, assigned)


def built_weights(model: Any) -> list[Weight]:
    """List the weights of a model; raises `PlanError` where it is none, or is not built."""
    keras = load_keras()
    if not isinstance(model, keras.layers.Layer):
        raise PlanError(f"A model or a layer of Keras is needed, not {type(model).__name__}.")
    found = weights_of(model)
    unbuilt = [layer for layer in model._flatten_layers() if not layer.built]
    if unbuilt and not (model.built and found):
        raise PlanError(
            f"{model.name} ({type(model).__name__}) is not built, so it has no weights yet. "
            "Call it once on an input, or build(shape) it, first."
        )
    return found


def _choose(rules: Rules, weights: Sequence[Weight]) -> tuple[list[Rule | None], list[str]]:
    """Return the rule of each weight, and notes on rules that could be meant in two ways."""
    notes = []
    matches = []
    for rule in rules.rules:
        counted = [_matches(rule, weight, weight.counted) for weight in weights]
        literal = [_matches(rule, weight, weight.literal) for weight in weights]
        if any(literal) and any(counted) and literal != counted:
            notes.append(_ambiguous(rule, weights, literal, counted))
        # What a name says counts before what it would be as the model's own.
        matches.append(literal if any(literal) else counted)
    chosen = [
        next((rule for rule, hit in zip(rules.rules, matches, strict=True) if hit[at]), None)
        for at in range(len(weights))
    ]
    return chosen, notes


def _matches(rule: Rule, weight: Weight, path: str) -> bool:
    return rule.matches(path, type(weight.layer).__name__, path.rpartition("/")[2])


def _ambiguous(
    rule: Rule, weights: Sequence[Weight], literal: Sequence[bool], counted: Sequence[bool]
) -> str:
    one = next(w for w, a, b in zip(weights, literal, counted, strict=True) if a != b)
    return (
        f"Rule {rule.number} can mean two things: {one.literal} by the name in Keras, which holds, "
        f"or {one.counted} with automatic names counted within the model. Name the layers."
    )


def _assigned(weight: Weight, rule: Rule | None, seed: int) -> Assignment:
    entry = PlanEntry(
        path=weight.path,
        name=weight.variable.path,
        shape=tuple(int(size) for size in weight.variable.shape),
        dtype=str(weight.variable.dtype),
        layer=type(weight.layer).__name__,
        action="uncovered",
    )
    if entry.dtype not in DTYPES:
        reason = f"it holds {entry.dtype}, and no floats that are drawn"
        return Assignment(weight, replace(entry, action="skip", reason=reason), None)
    if rule is None:
        return Assignment(weight, entry, None)
    entry = replace(entry, rule=rule.number, line=rule.line)
    if rule.init is None:
        return Assignment(weight, replace(entry, action="keep"), None)
    entry = drawn_entry(entry, rule.init, seed)
    _try(entry, rule.init)
    return Assignment(weight, entry, rule.init)


def _try(entry: PlanEntry, config: InitializerConfig) -> None:
    """Draw a weight whose values depend on each other, to know that the config fits its shape.

    A large one is left to `apply`, which changes nothing where it fails.
    """
    if entry.stddev is None and math.prod(entry.shape) <= CHUNK:
        try:
            make_tensor(config, entry.shape, entry.dtype, entry.seed or 0, entry.path)
        except Exception as error:  # Keras's or a plugin's refusal of the shape or the dtype
            first = str(error).strip().partition("\n")[0]
            rule = f" (rule {entry.rule})" if entry.rule else ""
            raise PlanError(
                f"{entry.path}{rule}: {config} can't fill {list(entry.shape)} of {entry.dtype}: "
                f"{first}"
            ) from error


def drawn_entry(entry: PlanEntry, config: InitializerConfig, seed: int) -> PlanEntry:
    """Fill in what is known of a weight that a config draws."""
    distribution = fitting(config, entry)
    own = seed_in_force(config, seed)
    return replace(
        entry,
        action="draw",
        spec=default_registry().write(config),
        seed=own,
        derived_seed=derive_seed(own, entry.path),
        mean=None if distribution is None else distribution.mean,
        stddev=None if distribution is None else distribution.stddev,
        portable=is_portable(config, entry.shape),
    )


def fitting(config: InitializerConfig, entry: PlanEntry) -> Distribution | None:
    """Return what a weight's values will follow; of a config that does not fit, tell the path."""
    try:
        return distribution_of(config, entry.shape)
    except ConfigError as error:
        raise ConfigError([Fault(f"{entry.path}: {error}")]) from error
    except PluginError as error:
        raise PluginError(f"{entry.path}: {error}") from error


# Plans that were written down -------------------------------------------------------------------


class _Written(BaseModel):
    """A plan as `Plan.to_json` writes it."""

    # Built when a plan is read: Pydantic then looks at all that is installed.
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    plan: Literal[1]
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)]
    source: str | None = None
    unmatched: list[Any] = []
    weights: list[PlanEntry]


def _plan_in(rules: object) -> tuple[Mapping[str, Any], str] | None:
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


def _again(weights: Sequence[Weight], given: Mapping[str, Any], name: str) -> Assignments:
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
