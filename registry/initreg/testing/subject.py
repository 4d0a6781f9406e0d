"""The subject of a run: a config class, some of its configs, and a registry that has it."""

import math
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from initreg.backend import load_keras
from initreg.config.base import InitializerConfig
from initreg.config.drawing import distribution_of, draw_config
from initreg.config.values import map_leaves
from initreg.discovery.loading import Discovery
from initreg.draws.distributions import Distribution
from initreg.draws.shapes import Shape
from initreg.errors import ConfigError, Fault, InitregError, InitregWarning, PluginError
from initreg.registry.names import Entry
from initreg.registry.registry import Registry, default_registry, is_spec
from initreg.testing.outcomes import Skipped
from initreg.wording import shown

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SEED = 20_260_101
"""The first of the seeds that values are drawn with; fixed, so that runs give equal results."""

_VALUES = 2**16  # how many values are compared with a distribution
_MOST_DRAWS = 64


@dataclass(frozen=True, eq=False)
class Draws:
    """Values of many draws of one shape, flat and in float64, with their stated distribution.

    `by` names what drew them. `distinct` is the share of distinct values in one draw.
    """

    by: str
    shape: Shape
    distribution: Distribution
    values: "Array"
    distinct: float

    def __str__(self) -> str:
        return f"Values that {self.by} draws for the shape {list(self.shape)}"


class Subject:
    """One initializer under test.

    If it is a class, its configs are the default one, if all parameters have defaults, and those of
    its examples. If it is a spec or a config, that is its only config.
    """

    def __init__(self, target: object, registry: Registry | None = None) -> None:
        config = None
        if isinstance(target, type) and issubclass(target, InitializerConfig):
            self.config_class = target
        elif is_spec(target):
            config = (registry or default_registry()).validate(target)
            self.config_class = type(config)
        else:
            problem = f"{shown(target)} can't be checked. Give a config class, a spec or a config."
            raise ConfigError([Fault(problem)])
        self.registry = _registry_with(self.config_class, registry)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InitregWarning)  # a deprecated name
            self.configs = (config,) if config is not None else self._own_configs()

    @cached_property
    def entry(self) -> Entry:
        """The entry of the class in the registry."""
        entries = self.registry.entries()
        return next(entry for entry in entries if entry.config_class is self.config_class)

    @property
    def config(self) -> InitializerConfig:
        """The first config. Without one, the check is skipped."""
        return self.tried[0]

    @property
    def tried(self) -> tuple[InitializerConfig, ...]:
        """All configs. Without one, the check is skipped."""
        if not self.configs:
            raise Skipped("It has no default config, and no example that validates.")
        return self.configs

    def __str__(self) -> str:
        return self.text(self.configs[0]) if self.configs else self.config_class.initializer_name

    def text(self, config: InitializerConfig) -> str:
        """Write a config as a spec that the registry accepts."""
        return self.registry.describe(config)

    def _own_configs(self) -> tuple[InitializerConfig, ...]:
        fields = self.config_class.model_fields.values()
        specs: list[object] = list(self.config_class.initializer_examples)
        if not any(info.is_required() for info in fields):
            specs.insert(0, {"type": self.entry.name})
        configs: list[InitializerConfig] = []
        for spec in specs:
            try:
                config = self.registry.validate(spec)
            except InitregError:  # the checks defaults and docs report it
                continue
            if type(config) is self.config_class and config not in configs:
                configs.append(config)
        return tuple(configs)

    @cached_property
    def example(self) -> Shape:
        """The example shape of the first config."""
        return self.example_of(self.config)

    def example_of(self, config: InitializerConfig) -> Shape:
        """Return the example shape of a config; the check is skipped if it can't be drawn."""
        shape = config.example_shape()
        try:
            self.drawn(config, SEED, shape)
        except Exception as error:  # raised by the plugin's code, or by the backend
            problem = f"It can't draw its own example_shape(), {list(shape)}: see the check shapes."
            raise Skipped(problem) from error
        return shape

    # Values ------------------------------------------------------------------------------------

    def resolve(self, config: InitializerConfig, seed: int | None = None) -> Any:
        """Build the Keras initializer, with seeds derived from `seed`."""
        return self.registry.resolve(config, seed)

    def fill(self, initializer: Any, shape: Shape, dtype: str = "float32") -> "Array":
        """Return the values that an initializer gives a weight."""
        import numpy as np

        return np.asarray(load_keras().ops.convert_to_numpy(initializer(shape, dtype=dtype)))

    def drawn(self, config: InitializerConfig, seed: int, shape: Shape) -> "Array":
        """Return the values that the Keras initializer of a config gives a weight."""
        return self.fill(self.resolve(config, seed), shape)

    @cached_property
    def draws(self) -> list[Draws]:
        """Many values of the first config, drawn by Keras and, if it is portable, by initreg.

        The check is skipped if the config states no distribution.
        """
        config, example = unseeded(self.config), self.example
        draws = []
        for shape in dict.fromkeys((example, example[::-1])):
            try:
                distribution = distribution_of(config, shape)
                keras_values = [] if distribution is None else self._many(config, shape)
            except Exception:  # raised by the plugin's code; it may reject the reversed shape
                if shape == example:
                    raise
                continue
            if distribution is None:
                continue
            portable = [
                draw_config(config, shape, "float32", seed, threads=1) for seed in _seeds(shape)
            ]
            for by, parts in (("the Keras initializer", keras_values), ("initreg.draw", portable)):
                draws.append(_pooled(by, shape, distribution, parts))
        if not draws:
            raise Skipped("It states no distribution.")
        return draws

    def _many(self, config: InitializerConfig, shape: Shape) -> "list[Array]":
        return [self.drawn(config, seed, shape) for seed in _seeds(shape)]


def _seeds(shape: Shape) -> range:
    return range(SEED, SEED + min(_MOST_DRAWS, max(1, _VALUES // max(1, math.prod(shape)))))


def _pooled(by: str, shape: Shape, distribution: Distribution, parts: "list[Any]") -> Draws:
    import numpy as np

    if len(parts) > 1 and np.array_equal(parts[0], parts[1]):
        parts = parts[:1]  # equal each time, so they count once
    values = np.concatenate([part.astype(np.float64).ravel() for part in parts])
    distinct = len(np.unique(parts[0])) / max(1, parts[0].size)
    return Draws(by, shape, distribution, values, distinct)


def unseeded(config: InitializerConfig) -> InitializerConfig:
    """Return the config without its seeds and those of the configs nested in it."""

    def opened(leaf: Any, _: object) -> Any:
        return unseeded(leaf) if isinstance(leaf, InitializerConfig) else leaf

    fields = config.parameter_fields
    values = {field: map_leaves(getattr(config, field), opened) for field in fields.values()}
    seed = fields.get("seed")
    if seed is not None and not type(config).model_fields[seed].is_required():
        values[seed] = None
    return config.model_copy(update=values)


def has_spread(config: InitializerConfig, shape: Shape) -> bool:
    """Return True unless the config says that all values of a weight are equal."""
    distribution = distribution_of(config, shape)
    return distribution is None or distribution.stddev != 0


def _registry_with(config_class: type[InitializerConfig], given: Registry | None) -> Registry:
    """Return a registry that has a class: `given`, the default one, or a new one."""
    registry = given or default_registry()
    if _has(registry, config_class):
        return registry
    if given is not None:
        problem = f"{config_class.__name__} is not in the registry. Add it: registry.add(…)."
        raise PluginError(problem)
    registry = Registry(Discovery())
    registry.add(config_class)
    return registry


def _has(registry: Registry, config_class: type[InitializerConfig]) -> bool:
    try:
        return registry.find(config_class.initializer_name).config_class is config_class
    except InitregError:  # an unknown name, or one that two plugins claim
        return any(entry.config_class is config_class for entry in registry.entries())
