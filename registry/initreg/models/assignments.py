"""What each weight of a model gets, with the weight itself and the config that draws it."""

from dataclasses import dataclass, replace

from initreg.config.base import InitializerConfig
from initreg.config.drawing import distribution_of, is_portable, seed_in_force
from initreg.draws.distributions import Distribution
from initreg.draws.seeds import derive_seed
from initreg.errors import ConfigError, Fault, PluginError
from initreg.models.paths import Weight
from initreg.models.plans import Plan, PlanEntry
from initreg.registry.registry import default_registry


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
