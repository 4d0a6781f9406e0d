"""Assign to each weight of a model its entry in the plan, and the config that draws it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from initreg.config.base import InitializerConfig
from initreg.config.drawing import Fitted, distribution_of, fit, seed_in_force
from initreg.draws.dtypes import FLOATS
from initreg.draws.fans import Fans
from initreg.draws.seeds import derive_seed
from initreg.errors import ConfigError, Fault, InitregError, PluginError
from initreg.models.additions import Addition, addition_to, names_gates
from initreg.models.entries import PlanEntry, changed, is_statistic
from initreg.models.paths import Weight, variable_in, without_number
from initreg.models.plans import Plan
from initreg.models.roles.finding import keras_fans, role_for
from initreg.registry.registry import default_registry
from initreg.rules.rules import FansMode, Rule
from initreg.rules.variables import Numbers


@dataclass(frozen=True, slots=True)
class Assignment:
    """A weight, its entry in the plan, and the fitted config that draws it, if any does.

    `addition` is what the layer adds to the values of the config.
    """

    weight: Weight
    entry: PlanEntry
    fitted: Fitted | None = None
    addition: Addition | None = None


@dataclass(frozen=True, slots=True)
class Assignments:
    """A plan with the weights that it is about."""

    plan: Plan
    weights: tuple[Assignment, ...]


def new_entry(path: str, name: str, shape: Iterable[Any], dtype: str, layer: Any) -> PlanEntry:
    """Return the entry of a weight that no rule matches: "skip" if its dtype isn't a float."""
    sizes = tuple(int(size) for size in shape)
    class_name = type(layer).__name__
    if dtype not in FLOATS:
        reason = f"dtype {dtype} isn't a float"
        return PlanEntry(path, name, sizes, dtype, class_name, "skip", reason=reason)
    role = role_for(layer, variable_in(without_number(path)), sizes)
    return PlanEntry(path, name, sizes, dtype, class_name, "uncovered", role=role)


def with_fans(entry: PlanEntry, layer: Any, mode: FansMode) -> PlanEntry:
    """Return the entry with the fans that a spec gets: those of its role, or Keras's."""
    if entry.role is None:
        return entry
    in_keras = keras_fans(layer, entry.variable, entry.shape)
    fans = entry.role.fans if mode == "true" else in_keras
    pair = (in_keras.fan_in, in_keras.fan_out)
    differs = pair != (fans.fan_in, fans.fan_out)
    return changed(entry, fans=fans, keras_fans=pair if differs else None)


def without_rule(entry: PlanEntry) -> PlanEntry:
    """Return the entry of a weight of a model that no rule reaches: "skip" for a statistic."""
    if not is_statistic(entry):
        return entry
    return changed(entry, action="skip", reason="a statistic")


def with_rule(entry: PlanEntry, rule: Rule) -> PlanEntry:
    """Return the entry of a weight that a rule matches: "keep" if the rule says so."""
    action = "keep" if rule.init is None else entry.action
    return changed(entry, rule=rule.number, line=rule.line, action=action, written=rule.written)


def config_by_rule(
    numbers: Numbers, rule: Rule, names: Sequence[str], entry: PlanEntry
) -> InitializerConfig:
    """Return the config of a weight to which a rule applies; `names` are those that it matched."""
    assert entry.fans is not None  # noqa: S101  # only floats are drawn
    return numbers.config_for(rule, names, entry.fans, math.prod(entry.shape))


def with_draw(
    entry: PlanEntry, config: InitializerConfig, seed: int, addition: Addition | None = None
) -> tuple[PlanEntry, Fitted]:
    """Return the entry of a weight that a config draws, and the config fitted to the weight.

    The distribution is requested here, and not again when the weight is drawn. It is requested for
    Keras's fans, too, if they differ. An error gets the path of the weight.
    """
    try:
        fitted = fit(config, entry.shape, entry.fans)
        keras_stddev = _keras_stddev(entry, fitted)
    except ConfigError as error:
        raise ConfigError([Fault(f"{entry.path}: {error}")]) from error
    except PluginError as error:
        raise PluginError(f"{entry.path}: {error}") from error
    seed, distribution = seed_in_force(config, seed), fitted.distribution
    mean = stddev = None
    if distribution is not None:
        mean, stddev = distribution.mean, distribution.stddev
        if addition is not None:
            mean, stddev = addition.moments(distribution, entry.shape[0])
    entry = changed(
        entry,
        action="draw",
        spec=default_registry().write(config),
        seed=seed,
        derived_seed=derive_seed(seed, entry.path),
        mean=mean,
        stddev=stddev,
        keras_stddev=keras_stddev,
        added="" if addition is None else addition.text,
        portable=fitted.is_portable,
    )
    return entry, fitted


def addition_for(layer: Any, entry: PlanEntry, config: InitializerConfig) -> Addition | None:
    """Return what a layer adds to a config's values, if the config doesn't name the gates."""
    addition = addition_to(layer, entry.variable, entry.shape)
    return None if addition is None or names_gates(config) else addition


def _keras_stddev(entry: PlanEntry, fitted: Fitted) -> float | None:
    """Return the standard deviation with Keras's fans, if the values would be others.

    None if the config rejects these fans, because nothing is drawn with them.
    """
    if entry.keras_fans is None or fitted.distribution is None:
        return None
    try:
        in_keras = distribution_of(fitted.config, entry.shape, Fans(*entry.keras_fans))
    except InitregError:
        return None
    return None if in_keras is None or in_keras == fitted.distribution else in_keras.stddev
