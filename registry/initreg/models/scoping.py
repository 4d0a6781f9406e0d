"""A scope around the building of models: each weight that is made in it is drawn by its path."""

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import Any, NamedTuple, Self
from weakref import ref

from initreg.backend import load_keras
from initreg.config.base import InitializerConfig
from initreg.draws.seeds import derive_seed
from initreg.errors import PlanError, UnbuiltLayersWarning
from initreg.models.additions import addition_to
from initreg.models.assignments import (
    addition_for,
    config_by_rule,
    new_entry,
    with_draw,
    with_fans,
    with_rule,
)
from initreg.models.entries import PlanEntry, changed, reaches
from initreg.models.identity_map import IdentityMap
from initreg.models.intercepting import Interception
from initreg.models.layer_names import ScopeNames
from initreg.models.own_initializers import own_config
from initreg.models.paths import remember_path, unique, variable_in
from initreg.models.planning import base_seed, notes_on, unmatched, warn_of_rules
from initreg.models.plans import Plan
from initreg.models.unbuilt import unbuilt_text
from initreg.public import public
from initreg.rules.reading import read_rules
from initreg.rules.rules import FansMode, Matcher, Rule, Target, fans_mode
from initreg.rules.variables import Numbers
from initreg.user_warnings import warn_user

_ACTIVE: ContextVar["Scope | None"] = ContextVar("initreg.scope", default=None)


@public
def scope(
    rules: object = None,
    seed: int | None = None,
    *,
    strict: bool = False,
    fans: FansMode | bool | None = None,
) -> "Scope":
    """Draw every weight that is made within the scope portably, by its path.

    >>> import keras
    >>> with scope(seed=42) as opened:
    ...     model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
    >>> opened.plan.entries[0].path, opened.plan.entries[0].spec
    ('sequential/dense/kernel', 'glorot_uniform')

    The first rule that matches a weight chooses its initializer. Without one, the layer's own
    initializer is used. Its values depend only on the seed and the path, so they are the same on
    every backend. They are also the same for every model in a process, because automatic names
    are counted within the scope. A seed in a spec replaces the base seed; it is still combined
    with the path.

    A spec of a rule that scales with fans gets the true fans of each weight, as in `plan`. The
    layers' own initializers mean what they mean in Keras. With `fans` "true" they get the true fans
    as well; with "keras", here or in the rules, all get Keras's.

    `rules` is what `plan` takes, except a plan. A `seed` replaces the one in the rules; without
    either, one is drawn, and kept as ``opened.seed``. The layers keep their own initializers, so a
    model saved later loads without initreg.

    The scope covers weights that are made through `Layer.add_weight` while it is open. They can
    belong to a model created earlier and called for the first time in the scope. A layer that was
    created in the scope and isn't built by its end causes an `UnbuiltLayersWarning`, and a rule
    that is never applied causes an `InitregWarning`; with `strict` both are errors. A function, or
    an initializer that no plugin builds, is called unchanged, with a seed derived from the path if
    it takes one. A scope is active in its own thread or asyncio task, and in tasks started within
    it.

    Raises `RulesError` for invalid rules, and `ConfigError` if a spec does not fit its weight.
    """
    return Scope(rules, seed, strict, fans)


class _Decision(NamedTuple):
    """The entry of a weight, and the initializer that replaces the layer's own, if any."""

    entry: PlanEntry
    initializer: Any = None


@public
class Scope:
    """The context manager that `scope` returns. `seed` is its base seed."""

    def __init__(
        self, rules: object, seed: int | None, strict: bool, fans: FansMode | bool | None = None
    ) -> None:
        if isinstance(rules, Plan) or (isinstance(rules, Mapping) and "plan" in rules):
            raise PlanError(
                "A plan is for a model that exists: initreg.apply(model, plan). "
                "A scope takes rules."
            )
        self._rules = read_rules(rules)
        self._matcher = Matcher(self._rules.source)
        self._numbers = Numbers(self._rules)
        self._strict = strict
        mode = fans_mode(fans)
        self._fans_of_rules: FansMode = mode or fans_mode(self._rules.fans) or "true"
        self._fans_of_layers: FansMode = mode or "keras"
        self._variables: IdentityMap[int] = IdentityMap()
        self.seed = base_seed(seed, self._rules)
        self._entries: list[PlanEntry] = []
        self._applied: list[Rule] = []
        self._names = ScopeNames()
        self._taken: set[str] = set()
        self._layers: list[ref[Any]] = []
        self._outer: Scope | None = None
        self._open = False

    @property
    def plan(self) -> Plan:
        """The plan of the weights that were made so far."""
        return Plan(
            entries=tuple(self._entries),
            seed=self.seed,
            source=self._rules.source,
            unmatched=unmatched(self._rules, self._applied),
            notes=tuple(notes_on(self._numbers)),
        )

    def __enter__(self) -> Self:
        if self._open:
            raise PlanError("This scope is open already. Make another one: initreg.scope(…).")
        _INTERCEPTION.install()
        self._outer, self._open = _active(), True
        _ACTIVE.set(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._open:
            self._open = False
            _ACTIVE.set(_active())
            _INTERCEPTION.remove()
        if kind is None:
            self._report()

    def _report(self) -> None:
        plan, unbuilt = self.plan, unbuilt_text(self._layers)
        if unbuilt and not self._strict:
            warn_user(unbuilt, UnbuiltLayersWarning)
        if not self._strict:
            warn_of_rules(plan)
        elif problems := [*plan.unmatched_texts(), *plan.notes, *filter(None, [unbuilt])]:
            raise PlanError("\n".join(problems))

    # What the replaced methods of Keras call ----------------------------------------------------

    def created(self, layer: Any, *, named: bool) -> None:
        """Note a layer that was created in the scope."""
        self._layers.append(ref(layer))
        self._names.add(layer, named=named)

    def add_weight(
        self,
        original: Callable[..., Any],
        layer: Any,
        args: tuple[Any, ...],
        options: dict[str, Any],
    ) -> Any:
        """Make a weight as `Layer.add_weight` does, with an initializer of ours."""
        keras = load_keras()
        # The first parameters of `add_weight` are shape, initializer and dtype.
        shape = args[0] if args else options.get("shape")
        own = args[1] if len(args) > 1 else options.get("initializer")
        dtype = args[2] if len(args) > 2 else options.get("dtype")
        dtype = layer.variable_dtype if dtype is None else keras.backend.standardize_dtype(dtype)
        sizes = (shape,) if isinstance(shape, int) else () if shape is None else tuple(shape)
        if isinstance(shape, str) or None in sizes:  # Keras explains what is wrong
            return original(layer, *args, **options)
        counted, name = self._names.path_of(layer, options.get("name"))
        path = unique(counted, self._taken)
        decision = self._decide(layer, new_entry(path, name, sizes, dtype, layer), counted, own)
        if decision.initializer is not None:
            if len(args) > 1:
                args = (args[0], decision.initializer, *args[2:])
            else:
                options = {**options, "initializer": decision.initializer}
        variable = original(layer, *args, **options)
        if options.get("name") and variable.path != name:
            raise PlanError(
                f"Keras {keras.__version__} names a weight {variable.path!r}, not {name!r} as "
                "expected, so its seed can't be trusted. Please report it."
            )
        remember_path(variable, path, counted)
        self._variables[variable] = len(self._entries)
        entry = decision.entry
        is_named = entry.name == variable.path
        self._entries.append(entry if is_named else changed(entry, name=variable.path))
        return variable

    def assigned(self, variable: Any) -> None:
        """Note that a variable got other values than those it was made with.

        The variable may have been made in a scope around this one.
        """
        if (at := self._variables.get(variable)) is not None:
            entry = self._entries[at]
            if entry.action == "draw":
                self._entries[at] = changed(entry, action="assigned")
        elif self._outer is not None:
            self._outer.assigned(variable)

    def _decide(self, layer: Any, entry: PlanEntry, path: str, own: Any) -> _Decision:
        """Decide how to draw a new weight. `own` is the layer's own initializer."""
        if entry.action == "skip":
            return _Decision(entry)
        rule = self._matcher.first(
            self._rules.rules,
            Target(path, entry.layer, variable_in(path)),
            accepts=lambda rule: reaches(rule, entry),
        )
        if rule is not None:
            self._applied.append(rule)
            entry = with_fans(with_rule(entry, rule), layer, self._fans_of_rules)
            if rule.init is None:
                return _Decision(entry)
            return self._drawn(layer, entry, config_by_rule(self._numbers, rule, (path,), entry))
        return self._decide_own(layer, entry, own)

    def _decide_own(self, layer: Any, entry: PlanEntry, own: Any) -> _Decision:
        """Decide how to draw a weight with the layer's own initializer."""
        addition = addition_to(layer, entry.variable, entry.shape)
        if addition is not None:
            own = layer.bias_initializer  # `own` is the layer's function, which calls this one
        initializer = load_keras().initializers.get("glorot_uniform" if own is None else own)
        config = own_config(initializer, layer, keep_axes=self._fans_of_layers == "keras")
        if config is None:
            decision = self._called(entry, initializer)
            if addition is None or decision.initializer is None:
                return decision
            return _Decision(decision.entry, addition.after(decision.initializer))
        return self._drawn(layer, with_fans(entry, layer, self._fans_of_layers), config)

    def _drawn(self, layer: Any, entry: PlanEntry, config: InitializerConfig) -> _Decision:
        from initreg.models.portable import Portable  # imports Keras

        addition = addition_for(layer, entry, config)
        entry, fitted = with_draw(entry, config, self.seed, addition)
        return _Decision(entry, Portable.of_weight(fitted, self.seed, entry.path, addition))

    def _called(self, entry: PlanEntry, initializer: Any) -> _Decision:
        """Seed an initializer that the registry doesn't know, if it takes a seed."""
        name = getattr(initializer, "__name__", type(initializer).__name__)
        entry = changed(entry, action="own", reason=f"the layer's own {name}")
        get_config = getattr(initializer, "get_config", None)
        config: dict[str, Any] = {}
        if callable(get_config) and hasattr(initializer, "from_config"):
            config = get_config()
        if "seed" not in config:
            return _Decision(changed(entry, reason=f"{entry.reason}, unseeded"))
        seed = config["seed"] if isinstance(config["seed"], int) else self.seed
        derived = derive_seed(seed, entry.path)
        seeded = type(initializer).from_config({**config, "seed": derived})
        return _Decision(changed(entry, seed=seed, derived_seed=derived), seeded)


def note_assigned(variables: Iterable[Any]) -> None:
    """Note variables that got other values, for the scope that is open now, if there is one.

    On torch, `write` replaces the memory of a variable without calling `assign`.
    """
    if (scope := _active()) is not None:
        for variable in variables:
            scope.assigned(variable)


def _active() -> Scope | None:
    """Return the innermost open scope of this thread or task.

    A scope can be closed by another task, so the variable may hold closed ones.
    """
    scope = _ACTIVE.get()
    while scope is not None and not scope._open:
        scope = scope._outer
    return scope


_INTERCEPTION = Interception(_active)
