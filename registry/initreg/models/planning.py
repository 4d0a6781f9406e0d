"""What each weight of a model that exists will get, before anything is touched."""

import json
import math
import sys
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from initreg.backend import load_keras
from initreg.config.base import InitializerConfig
from initreg.draws.dtypes import FLOATS
from initreg.draws.seeds import checked_seed, random_seed
from initreg.draws.streams import CHUNK
from initreg.errors import (
    InitregWarning,
    PlanError,
)
from initreg.models.assignments import Assignment, Assignments, drawn_entry
from initreg.models.paths import Weight, weights_of
from initreg.models.plans import Plan, PlanEntry
from initreg.models.weights import make_tensor
from initreg.models.written_plans import assign_written, plan_in
from initreg.public import public
from initreg.rules.reading import read_rules
from initreg.rules.rules import Matcher, Rule, Rules


@public
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
    return random_seed()


def assign(model: Any, rules: object, seed: int | None) -> Assignments:
    """Decide what each weight of a model gets."""
    found = built_weights(model)
    if isinstance(rules, Plan):
        return assign_written(found, json.loads(rules.to_json()), "The plan")
    if (written := plan_in(rules)) is not None:
        return assign_written(found, *written)
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
    matcher = Matcher(rules.source)
    for rule in rules.rules:
        counted = [_matches(matcher, rule, weight, weight.counted) for weight in weights]
        literal = [
            hit
            if weight.literal == weight.counted
            else _matches(matcher, rule, weight, weight.literal)
            for weight, hit in zip(weights, counted, strict=True)
        ]
        if any(literal) and any(counted) and literal != counted:
            notes.append(_ambiguous(rule, weights, literal, counted))
        # What a name says counts before what it would be as the model's own.
        matches.append(literal if any(literal) else counted)
    chosen = [
        next((rule for rule, hit in zip(rules.rules, matches, strict=True) if hit[at]), None)
        for at in range(len(weights))
    ]
    return chosen, notes


def _matches(matcher: Matcher, rule: Rule, weight: Weight, path: str) -> bool:
    return matcher.matches(rule, path, type(weight.layer).__name__, path.rpartition("/")[2])


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
    if entry.dtype not in FLOATS:
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
