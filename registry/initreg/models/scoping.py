"""A scope around the building of models: each weight that is made in it is drawn by its path."""

import gc
import warnings
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, NamedTuple, Self
from weakref import ref

from initreg.backend import load_keras
from initreg.config.base import InitializerConfig
from initreg.draws.dtypes import FLOATS
from initreg.draws.seeds import derive_seed
from initreg.errors import ConfigError, InitregWarning, PlanError, UnknownInitializerError
from initreg.models.assignments import drawn_entry, fitting
from initreg.models.intercepting import Hooks
from initreg.models.layer_names import Naming
from initreg.models.paths import remember_path, repeated
from initreg.models.planning import base_seed, unmatched, warn_of_rules
from initreg.models.plans import Plan, PlanEntry
from initreg.public import public
from initreg.registry.registry import default_registry
from initreg.rules.reading import read_rules
from initreg.rules.rules import Matcher, Rule

_ACTIVE: ContextVar["Scope | None"] = ContextVar("initreg.scope", default=None)


@public
def scope(rules: object = None, seed: int | None = None, *, strict: bool = False) -> "Scope":
    """Draw every weight that is made within the scope portably, by its path.

    >>> import keras
    >>> with scope(seed=42) as made:
    ...     model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
    >>> made.plan.entries[0].path, made.plan.entries[0].spec
    ('sequential/dense/kernel', 'glorot_uniform')

    A weight gets what the first rule that matches says, else what its layer's own initializer
    would draw; either way from the seed and the path, so it is the same on every backend, and in
    the second model of a process as in the first: names that Keras makes up are counted within the
    scope. An explicit seed in a spec takes the place of the base seed; the path is still mixed in.

    `rules` is what `plan` takes but for a plan. `seed` goes before the one in the rules; without
    either, one is drawn, and kept: ``made.seed``. The layers keep their own initializers, so a
    model saved later loads without initreg.

    It covers weights that are made through `Layer.add_weight` while the scope is open: those of a
    model that is called for the first time in it, too, wherever that was created. A layer that was
    created in the scope and is not built by its end is warned of (`InitregWarning`), and so is a
    rule that decided over no weight; with `strict` both are errors. A function, or an initializer
    that no plugin builds, is called as it is, with a seed of the weight's if it takes one. A scope
    holds for its own thread, or task of asyncio, and the tasks that are started within it.

    Raises `RulesError` for faulty rules, and `ConfigError` for a spec that does not fit its weight.
    """
    return Scope(rules, seed, strict)


class _Decision(NamedTuple):
    """What a weight gets: an initializer in place of the layer's own, and the config it draws."""

    entry: PlanEntry
    initializer: Any = None
    config: InitializerConfig | None = None


@public
class Scope:
    """What `scope` returns: the context manager, and what was made in it."""

    def __init__(self, rules: object, seed: int | None, strict: bool) -> None:
        if isinstance(rules, Plan) or (isinstance(rules, Mapping) and "plan" in rules):
            problem = "A plan is for a model that exists: initreg.apply(model, plan)."
            raise PlanError(f"{problem} A scope takes rules.")
        self._rules = read_rules(rules)
        self._matcher = Matcher(self._rules.source)
        self._strict = strict
        self.seed = base_seed(seed, self._rules)
        """The base seed."""
        self._entries: list[tuple[PlanEntry, InitializerConfig | None]] = []
        self._deciding: list[Rule] = []
        self._names = Naming()
        self._taken: set[str] = set()
        self._layers: list[ref[Any]] = []
        self._outer: Scope | None = None
        self._open = False

    @property
    def plan(self) -> Plan:
        """What each weight got so far, and why."""
        return Plan(
            entries=tuple(
                entry if config is None else drawn_entry(entry, config, self.seed)
                for entry, config in self._entries
            ),
            seed=self.seed,
            source=self._rules.source,
            unmatched=unmatched(self._rules, self._deciding),
        )

    def __enter__(self) -> Self:
        if self._open:
            raise PlanError("This scope is open already. Make another one: initreg.scope(…).")
        _HOOKS.install()
        self._outer, self._open = _active(), True
        _ACTIVE.set(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._open:
            self._open = False
            _ACTIVE.set(_active())
            _HOOKS.remove()
        if kind is None:
            self._tell()

    def _tell(self) -> None:
        plan, unbuilt = self.plan, self._unbuilt()
        if unbuilt and not self._strict:
            warnings.warn(unbuilt, InitregWarning, stacklevel=3)
        if not self._strict:
            warn_of_rules(plan, calls=2)
        elif problems := [*plan.unmatched_texts(), *filter(None, [unbuilt])]:
            raise PlanError("\n".join(problems))

    def _unbuilt(self) -> str:
        """Say which layers were created in the scope, and have yet to make their weights."""
        if not self._unbuilt_layers():
            return ""
        gc.collect()  # layers are in cycles: those that nobody holds are still there
        layers = self._unbuilt_layers()
        if not layers:
            return ""
        names = [f"{layer.name} ({type(layer).__name__})" for layer in layers[:5]]
        more = f" and {len(layers) - 5} more" if len(layers) > 5 else ""
        return (
            f"Not built within the scope, so their weights will be Keras's own: "
            f"{', '.join(names)}{more}. Call the model once on an input inside the scope, or use "
            "initreg.apply on it when it is built."
        )

    def _unbuilt_layers(self) -> list[Any]:
        keras = load_keras()
        merging = keras.layers.Add, keras.layers.Concatenate, keras.layers.Dot
        without_weights = [each.build for each in (keras.layers.Layer, keras.Model, *merging)]
        alive = [layer for layer in (each() for each in self._layers) if layer is not None]
        return [
            layer
            for layer in alive
            # One whose creation failed has no `built`; what a wrapper wraps is a layer of its own.
            if not getattr(layer, "built", True)
            and type(layer).build not in without_weights
            and not isinstance(layer, keras.layers.Wrapper)
        ]

    # What the hooks call ------------------------------------------------------------------------

    def made(self, layer: Any, *, named: bool) -> None:
        """Take note of a layer that was created in the scope."""
        self._layers.append(ref(layer))
        self._names.add(layer, named=named)

    def add_weight(
        self, original: Callable[..., Any], layer: Any, args: tuple[Any, ...], given: dict[str, Any]
    ) -> Any:
        """Make a weight as `Layer.add_weight` does, with an initializer of ours."""
        keras = load_keras()
        shape = args[0] if args else given.get("shape")
        dtype = args[2] if len(args) > 2 else given.get("dtype")
        own = args[1] if len(args) > 1 else given.get("initializer")
        dtype = layer.variable_dtype if dtype is None else keras.backend.standardize_dtype(dtype)
        sizes = (shape,) if isinstance(shape, int) else () if shape is None else tuple(shape)
        if isinstance(shape, str) or None in sizes:  # Keras explains it
            return original(layer, *args, **given)
        path, expected = self._names.path_of(layer, given.get("name"))
        entry = PlanEntry(
            path=repeated(path, self._taken),
            name=expected,
            shape=tuple(map(int, sizes)),
            dtype=dtype,
            layer=type(layer).__name__,
            action="skip",
        )
        entry, initializer, config = self._decide(layer, entry, path, own)
        if initializer is not None:
            if len(args) > 1:
                args = (args[0], initializer, *args[2:])
            else:
                given = {**given, "initializer": initializer}
        variable = original(layer, *args, **given)
        if given.get("name") and variable.path != expected:
            raise PlanError(
                f"Keras {keras.__version__} names a weight {variable.path!r} where {expected!r} "
                "was expected, so its seed can't be trusted. Please report it."
            )
        remember_path(variable, entry.path, path)
        self._entries.append((replace(entry, name=variable.path), config))
        return variable

    def _decide(self, layer: Any, entry: PlanEntry, path: str, own: Any) -> _Decision:
        """Decide over a weight to be made."""
        if entry.dtype not in FLOATS:
            reason = f"it holds {entry.dtype}, and no floats that are drawn"
            return _Decision(replace(entry, reason=reason))
        name = path.rpartition("/")[2]
        matches = self._matcher.matches
        rule = next((r for r in self._rules.rules if matches(r, path, entry.layer, name)), None)
        if rule is not None:
            self._deciding.append(rule)
            entry = replace(entry, rule=rule.number, line=rule.line)
            if rule.init is None:
                return _Decision(replace(entry, action="keep"))
            return self._drawn(entry, rule.init)
        initializer = load_keras().initializers.get("glorot_uniform" if own is None else own)
        config = _config_of(initializer)
        if config is None:
            return self._as_it_is(entry, initializer)
        return self._drawn(entry, _unseeded(config) if _is_made_up(initializer, layer) else config)

    def _drawn(self, entry: PlanEntry, config: InitializerConfig) -> _Decision:
        from initreg.models.portable import Portable  # imports Keras

        fitting(config, entry)
        return _Decision(entry, Portable(config, self.seed, entry.path), config)

    def _as_it_is(self, entry: PlanEntry, initializer: Any) -> _Decision:
        """Seed an initializer that the registry does not know, where it takes a seed."""
        name = getattr(initializer, "__name__", type(initializer).__name__)
        entry = replace(entry, action="own", reason=f"the layer's own {name}")
        read = getattr(initializer, "get_config", None)
        config = read() if callable(read) and hasattr(initializer, "from_config") else {}
        if "seed" not in config:
            return _Decision(replace(entry, reason=f"{entry.reason}, unseeded"))
        base = config["seed"] if isinstance(config["seed"], int) else self.seed
        derived = derive_seed(base, entry.path)
        seeded = type(initializer).from_config({**config, "seed": derived})
        return _Decision(replace(entry, seed=base, derived_seed=derived), seeded)


def _is_made_up(initializer: Any, layer: Any) -> bool:
    """Whether Keras made up an initializer's seed: a layer may hand on a copy with it.

    EinsumDense does so, to say its axes; attention is made of it.
    """
    seed = getattr(initializer, "seed", None)
    return type(seed) is int and any(
        type(own) is type(initializer) and own.seed == seed and own.get_config().get("seed") is None
        for own in vars(layer).values()
    )


def _config_of(initializer: Any) -> InitializerConfig | None:
    """Return the config of a layer's own initializer; None for one that no spec can say."""
    keras = load_keras()
    if isinstance(initializer, keras.initializers.Constant) and not isinstance(
        initializer.value, int | float
    ):
        return None  # an array: Keras fills a weight with it better than a spec could
    try:
        if isinstance(getattr(initializer, "seed", None), keras.random.SeedGenerator):
            known = type(initializer).from_config({**initializer.get_config(), "seed": 0})
            return _unseeded(default_registry().config_of(known))
        return default_registry().config_of(initializer)
    except (UnknownInitializerError, ConfigError):
        return None


def _unseeded(config: InitializerConfig) -> InitializerConfig:
    return config.model_copy(update={config.parameter_fields["seed"]: None})


def _active() -> Scope | None:
    """Return the innermost scope that is open here; not every one is closed where it was opened."""
    scope = _ACTIVE.get()
    while scope is not None and not scope._open:
        scope = scope._outer
    return scope


_HOOKS = Hooks(_active)
