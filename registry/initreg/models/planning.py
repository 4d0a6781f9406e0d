"""Plan the initializer of each weight of a built model, without changing the model."""

import json
import math
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from initreg.backend import load_keras
from initreg.config.drawing import Fitted
from initreg.draws.seeds import checked_seed, random_seed
from initreg.draws.streams import CHUNK
from initreg.errors import PlanError, RulesError
from initreg.models.assignments import (
    Assignment,
    Assignments,
    addition_for,
    config_by_rule,
    new_entry,
    with_draw,
    with_fans,
    with_rule,
    without_rule,
)
from initreg.models.entries import PlanEntry, reaches
from initreg.models.keras_internals import layers_of
from initreg.models.paths import Weight, variable_in, weights_of
from initreg.models.plans import Plan
from initreg.models.weights import make_tensor
from initreg.models.written_plans import assign_written, plan_in
from initreg.public import public
from initreg.rules.let import unused_text
from initreg.rules.reading import read_rules
from initreg.rules.rules import FansMode, Matcher, Rule, Rules, Target, fans_mode
from initreg.rules.variables import Numbers, together
from initreg.user_warnings import warn_user
from initreg.wording import first_line


@public
def plan(
    model: Any,
    rules: object = None,
    seed: int | None = None,
    *,
    strict: bool = False,
    fans: FansMode | bool | None = None,
) -> Plan:
    """Plan the initializer of each weight of a built model, without changing the model.

    >>> import keras
    >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, name="head")])
    >>> planned = plan(model, [{"match": "kernel$", "init": "he_normal"}], seed=42)
    >>> planned.entries[0].spec, round(planned.entries[0].stddev, 3)
    ('he_normal', 0.5)
    >>> planned.uncovered
    ('sequential/head/bias',)

    `rules` is what `read_rules` takes: a file, a mapping or a list of rules. A `seed` replaces the
    one in the rules; without either, one is drawn, and the plan keeps it. With `strict`, a rule
    that is never applied and a weight that no rule matches are errors.

    A spec that scales with fans gets the true fans of each weight, those of its role. With `fans`
    "keras", here or in the rules, it gets the fans that Keras would use.

    Raises `RulesError` for invalid rules, and `ConfigError` or `PlanError` if a spec does not fit
    its weight, the model is not built, or `strict` finds a gap.
    """
    return checked(assign(model, rules, seed, fans).plan, strict)


def assign(
    model: Any, rules: object, seed: int | None, fans: FansMode | bool | None = None
) -> Assignments:
    """Assign an initializer to each weight of a model, by rules or by a written plan."""
    weights, asked = built_weights(model), fans_mode(fans)
    if isinstance(rules, Plan):
        return assign_written(weights, json.loads(rules.to_json()), "The plan")
    if (written := plan_in(rules)) is not None:
        return assign_written(weights, *written)
    read = read_rules(rules)
    base = base_seed(seed, read)
    mode = asked or read.fans or "true"
    entries = [_new_entry(weight, mode) for weight in weights]
    chosen, notes = _choose(read, weights, entries)
    numbers = Numbers(read, [(weight.literal, weight.counted) for weight in weights])
    assignments, errors = [], []
    for weight, entry, rule in zip(weights, entries, chosen, strict=True):
        try:
            assignments.append(_assigned(weight, entry, rule, base, numbers))
        except RulesError as error:
            errors.append(error)
    if errors:
        raise together(errors)
    plan = Plan(
        entries=tuple(assignment.entry for assignment in assignments),
        seed=base,
        source=read.source,
        unmatched=unmatched(read, filter(None, chosen)),
        unmatched_counts=numbers.unmatched,
        notes=(*notes, *notes_on(numbers)),
    )
    return Assignments(plan, tuple(assignments))


def built_weights(model: Any) -> list[Weight]:
    """List the weights of a model. Raise `PlanError` if it isn't a model, or isn't built."""
    keras = load_keras()
    if not isinstance(model, keras.layers.Layer):
        raise PlanError(f"model must be a Keras model or layer, not {type(model).__name__}.")
    weights = weights_of(model)
    unbuilt = [layer for layer in layers_of(model) if not layer.built]
    if unbuilt and not (model.built and weights):
        raise PlanError(
            f"{model.name} ({type(model).__name__}) is not built, so it has no weights yet. "
            "First call it once on an input, or call build(shape)."
        )
    return weights


def _new_entry(weight: Weight, fans: FansMode) -> PlanEntry:
    variable, layer = weight.variable, weight.layer
    dtype = str(variable.dtype)
    entry = new_entry(weight.path, variable.path, variable.shape, dtype, layer)
    return with_fans(entry, layer, fans)


def _assigned(
    weight: Weight, entry: PlanEntry, rule: Rule | None, seed: int, numbers: Numbers
) -> Assignment:
    if entry.action == "skip" or rule is None:
        return Assignment(weight, without_rule(entry))
    entry = with_rule(entry, rule)
    if rule.init is None:
        return Assignment(weight, entry)
    config = config_by_rule(numbers, rule, (weight.literal, weight.counted), entry)
    addition = addition_for(weight.layer, entry, config)
    entry, fitted = with_draw(entry, config, seed, addition)
    _check_by_drawing(entry, fitted)
    return Assignment(weight, entry, fitted, addition)


def _check_by_drawing(entry: PlanEntry, fitted: Fitted) -> None:
    """Draw a weight without a distribution, because only that shows if the config fits its shape.

    A large weight is left to `apply`, which changes nothing if it fails.
    """
    if fitted.distribution is None and math.prod(entry.shape) <= CHUNK:
        try:
            make_tensor(fitted, entry.dtype, entry.seed or 0, entry.path)
        except Exception as error:  # Keras or a plugin rejects the shape or the dtype
            rule = f" (rule {entry.rule})" if entry.rule else ""
            raise PlanError(
                f"{entry.path}{rule}: {fitted.config} can't fill {list(entry.shape)} of "
                f"{entry.dtype}: {first_line(error)}"
            ) from error


# Which rule --------------------------------------------------------------------------------------


def _choose(
    rules: Rules, weights: Sequence[Weight], entries: Sequence[PlanEntry]
) -> tuple[list[Rule | None], list[str]]:
    """Return the rule of each weight, and notes on ambiguous rules."""
    notes = []
    matches = []
    matcher = Matcher(rules.source)
    targets = [_target(weight, weight.counted) for weight in weights]
    renamed = [at for at, weight in enumerate(weights) if weight.literal != weight.counted]
    literals = [_target(weights[at], weights[at].literal) for at in renamed]
    for rule in rules.rules:
        counted = literal = matcher.matching(rule, targets)
        if renamed:
            literal = counted.copy()
            for at, hit in zip(renamed, matcher.matching(rule, literals), strict=True):
                literal[at] = hit
        if any(literal) and any(counted) and literal != counted:
            notes.append(_ambiguous(rule, weights, literal, counted))
        # The real names go first; the counted ones are used if no real name matches.
        matches.append(literal if any(literal) else counted)
    chosen = [
        next(
            (
                rule
                for rule, hit in zip(rules.rules, hits, strict=True)
                if hit and reaches(rule, entry)
            ),
            None,
        )
        for entry, *hits in zip(entries, *matches, strict=True)
    ]
    return chosen, notes


def _target(weight: Weight, path: str) -> Target:
    return Target(path, type(weight.layer).__name__, variable_in(path))


def _ambiguous(
    rule: Rule, weights: Sequence[Weight], literal: Sequence[bool], counted: Sequence[bool]
) -> str:
    weight = next(w for w, a, b in zip(weights, literal, counted, strict=True) if a != b)
    return (
        f"Rule {rule.number} is ambiguous: {weight.literal} by the name in Keras, which is used, "
        f"or {weight.counted} with automatic names counted within the model. Name the layers."
    )


# For plans, `apply` and scopes --------------------------------------------------------------------


def base_seed(seed: int | None, rules: Rules) -> int:
    """Return `seed`, otherwise the seed of the rules, otherwise a random one."""
    if seed is not None:
        return checked_seed(seed)
    if rules.seed is not None:
        return rules.seed
    jax = sys.modules.get("jax")
    if jax is not None and load_keras().config.backend() == "jax" and jax.process_count() > 1:
        raise PlanError(
            "Give a seed: otherwise each process draws its own, and the shards don't match."
        )
    return random_seed()


def unmatched(rules: Rules, applied: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return the rules that are never applied."""
    numbers = {rule.number for rule in applied}
    return tuple(rule for rule in rules.rules if rule.number not in numbers)


def notes_on(numbers: Numbers) -> list[str]:
    """Return a note if no rule uses some names of `let`."""
    return [unused_text(numbers.unused)] if numbers.unused else []


def checked(plan: Plan, strict: bool) -> Plan:
    """Return the plan. Raise `PlanError` if `strict` is set and the plan has a gap."""
    if strict and (problems := plan.problems()):
        raise PlanError("\n".join(problems))
    return plan


def warn_of_rules(plan: Plan) -> None:
    """Warn about rules and counts that match no weight, and give the plan's notes."""
    if problems := [*plan.unmatched_texts(), *plan.notes]:
        warn_user("\n".join(problems))
