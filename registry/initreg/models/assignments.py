"""Assign to each weight of a model its entry in the plan, and the config that draws it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from initreg.config.base import InitializerConfig
from initreg.config.drawing import Fitted, fit, seed_in_force
from initreg.draws.dtypes import FLOATS
from initreg.draws.seeds import derive_seed
from initreg.errors import ConfigError, Fault, PluginError
from initreg.models.paths import Weight
from initreg.models.plans import Plan, PlanEntry
from initreg.registry.registry import default_registry
from initreg.rules.rules import Rule


@dataclass(frozen=True, slots=True)
class Assignment:
    """A weight, its entry in the plan, and the fitted config that draws it, if any does."""

    weight: Weight
    entry: PlanEntry
    fitted: Fitted | None = None


@dataclass(frozen=True, slots=True)
class Assignments:
    """A plan with the weights that it is about."""

    plan: Plan
    weights: tuple[Assignment, ...]


def new_entry(path: str, name: str, shape: Iterable[Any], dtype: str, layer: Any) -> PlanEntry:
    """Return the entry of a weight that no rule matches: "skip" if its dtype isn't a float."""
    entry = PlanEntry(
        path=path,
        name=name,
        shape=tuple(int(size) for size in shape),
        dtype=dtype,
        layer=type(layer).__name__,
        action="uncovered",
    )
    if dtype in FLOATS:
        return entry
    return replace(entry, action="skip", reason=f"dtype {dtype} isn't a float")


def with_rule(entry: PlanEntry, rule: Rule) -> PlanEntry:
    """Return the entry of a weight that a rule matches: "keep" if the rule says so."""
    action = "keep" if rule.init is None else entry.action
    return replace(entry, rule=rule.number, line=rule.line, action=action)


def with_draw(entry: PlanEntry, config: InitializerConfig, seed: int) -> tuple[PlanEntry, Fitted]:
    """Return the entry of a weight that a config draws, and the config fitted to its shape.

    The distribution is requested here, and not again when the weight is drawn. An error gets the
    path of the weight.
    """
    try:
        fitted = fit(config, entry.shape)
    except ConfigError as error:
        raise ConfigError([Fault(f"{entry.path}: {error}")]) from error
    except PluginError as error:
        raise PluginError(f"{entry.path}: {error}") from error
    seed, distribution = seed_in_force(config, seed), fitted.distribution
    entry = replace(
        entry,
        action="draw",
        spec=default_registry().write(config),
        seed=seed,
        derived_seed=derive_seed(seed, entry.path),
        mean=None if distribution is None else distribution.mean,
        stddev=None if distribution is None else distribution.stddev,
        portable=fitted.is_portable,
    )
    return entry, fitted
