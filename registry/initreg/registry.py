"""The registry: specs validated by the config class of their name, and resolved into Keras."""

import operator
import threading
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from initreg.backends import load_keras
from initreg.config import InitializerConfig, import_target
from initreg.discovery import Discovery, Plugin, PluginRecord
from initreg.errors import (
    AmbiguousInitializerError,
    ConfigError,
    Fault,
    InitregError,
    PluginError,
    UnknownInitializerError,
)
from initreg.faults import check, shown
from initreg.forms import Request, read
from initreg.names import Entry, Names, unknown
from initreg.seeds import MAX_SEED
from initreg.spec import Spec

_TEXTS_KEPT = 1024  # how many texts a registry remembers, validated
NESTING = "nesting"  # the key of a validation's context that counts nested initializers


class Registry:
    """Maps names to config classes; validates specs, and resolves them into Keras initializers.

    An empty one is for tests, and for programs that bring their own initializers;
    `default_registry` holds what is installed.

    >>> registry = Registry()
    >>> registry.entries()
    []

    Plugins are loaded on first use: the built-in ones, and the others once a name is asked for
    that is not built in. Safe to use from many threads.
    """

    def __init__(self, discovery: Discovery | None = None) -> None:
        self._discovery = discovery
        self._by_hand: list[Plugin] = []
        self._lock = threading.RLock()
        # Each is published whole, so that reading needs no lock.
        self._builtin: Names | None = None if discovery else Names()
        self._others: Names | None = None
        self._loading = False
        self._validate_text = lru_cache(_TEXTS_KEPT)(self._validate)
        self._prepare_text = lru_cache(_TEXTS_KEPT)(self._prepare)

    # Plugins and names -------------------------------------------------------------------------

    def add(self, config_class: type[InitializerConfig], distribution: str = "local") -> None:
        """Add a config class by hand, as if `distribution` had brought it.

        Raises `PluginError` where it has no name, or one that is not to be had.
        """
        if not config_class.initializer_name:
            raise PluginError(f"{config_class.__name__} has no name: give the class name='…'.")
        self._add(Plugin(PluginRecord(distribution, distribution), (config_class,)))

    def register(self, plugin: object, name: str) -> PluginRecord:
        """Register a plugin, a module or an object with hooks, by hand; return its record.

        Raises `PluginError` where the plugin fails, or claims a name that is not to be had.
        """
        return self._add(Discovery().register(plugin, PluginRecord(name, name), name))

    def _add(self, plugin: Plugin) -> PluginRecord:
        with self._lock:
            before, self._by_hand = self._by_hand, [*self._by_hand, plugin]
            self._others = None
            record = self._all_names().plugins[-1]
            if record.error:
                self._by_hand, self._others = before, None
                raise PluginError(f"{record.name}: {record.error}.")
            self._validate_text.cache_clear()
            self._prepare_text.cache_clear()
            return record

    def _builtin_names(self) -> Names:
        if self._builtin is None:
            with self._lock:
                if self._builtin is None:
                    if self._discovery is None or self._loading:
                        return Names()
                    self._loading = True
                    try:
                        self._builtin = Names(self._discovery.builtin())
                    finally:
                        self._loading = False
        return self._builtin

    def _all_names(self) -> Names:
        """Return the names that are not built in; loads every plugin on first use."""
        if self._others is None:
            builtin = self._builtin_names()
            with self._lock:
                if self._others is None:
                    if self._loading:  # a plugin asks for a name while it is imported
                        return Names()
                    self._loading = True
                    try:
                        found = self._discovery.others() if self._discovery else []
                        self._others = Names([*found, *self._by_hand], reserved=builtin)
                    finally:
                        self._loading = False
        return self._others

    def entries(self) -> list[Entry]:
        """List all initializers, sorted by name; loads every plugin."""
        both = (*self._builtin_names().entries(), *self._all_names().entries())
        return sorted(both, key=lambda entry: entry.name)

    def builtin_entries(self) -> list[Entry]:
        """List the built-in initializers, sorted by name; loads no other plugin."""
        return self._builtin_names().entries()

    def plugins(self) -> list[PluginRecord]:
        """List what became of every plugin, the built-in ones first."""
        return [*self._builtin_names().plugins, *self._all_names().plugins]

    def find(self, name: str) -> Entry:
        """Return the entry of a name: short, qualified, or an alias, in any case.

        Raises `UnknownInitializerError`, which says why as far as the plugins can tell, or
        `AmbiguousInitializerError`, which lists the qualified names.
        """
        entry = self._builtin_names().find(name)
        if entry is None and "." in name:
            entry = self._one_distribution(name.rpartition(".")[0]).find(name)
        if entry is None:
            entry = self._all_names().find(name)
        if entry is None:
            raise unknown(name, self.entries(), self.plugins())
        return entry

    def _one_distribution(self, name: str) -> Names:
        """Return the names that one distribution brings, without loading another's plugins."""
        if self._others is not None or self._discovery is None:
            return self._all_names()
        builtin = self._builtin_names()
        with self._lock:
            return Names(self._discovery.distribution(name), reserved=builtin)

    # Validation --------------------------------------------------------------------------------

    def validate(self, spec: object, *, depth: int = 0) -> InitializerConfig:
        """Check a spec in any form, and return its config. See `initreg.validate`."""
        if isinstance(spec, InitializerConfig):
            return spec
        if type(spec) is str and not depth:
            return self._validate_text(spec)
        return self._validate(spec, depth)

    def _validate(self, spec: object, depth: int = 0) -> InitializerConfig:
        request = read(spec)
        config_class = self._class_of(request)
        values, arguments, faults = request.bind(config_class)
        config = check(config_class, values, {"registry": self, NESTING: depth})
        if isinstance(config, InitializerConfig) and not faults:
            return config
        if not isinstance(config, InitializerConfig):
            faults += config
        known = config_class.parameter_fields
        placed = [request.place(fault, arguments, known) for fault in faults]
        raise ConfigError(sorted(placed, key=lambda fault: fault.column or 0), request.source)

    def _class_of(self, request: Request) -> type[InitializerConfig]:
        if request.module is not None:
            return self._builder_of(request.module, request.name).config_class
        try:
            return self.find(request.name).config_class
        except (UnknownInitializerError, AmbiguousInitializerError) as error:
            if request.source is None:
                raise
            raise type(error)(error.problem, request.name, request.source, request.column) from None

    def _builder_of(self, module: str, name: str) -> Entry:
        """Return the entry that builds a class which is not Keras's own."""
        for entry in self.entries():
            if entry.config_class.initializer_builds == f"{module}:{name}":
                return entry
        raise UnknownInitializerError(f"No installed plugin builds {module}.{name}.", name)

    # Keras -------------------------------------------------------------------------------------

    def resolve(self, spec: object, seed: int | None = None) -> Any:
        """Make the Keras initializer of a spec in any form. See `initreg.resolve`."""
        if seed is None and type(spec) is str:
            return _build(self._prepare_text(spec))
        if spec is None:
            return None
        if seed is not None:
            seed = _checked_seed(seed)
        if isinstance(spec, str | Spec | Mapping | InitializerConfig):
            config = self._prepare(spec)
            return _build(config if seed is None else config.with_seed(seed))
        return self._from_keras(spec, seed)

    def _prepare(self, spec: object) -> InitializerConfig:
        config = self.validate(spec)
        load_keras()
        return config

    def _from_keras(self, value: Any, seed: int | None) -> Any:
        """Take what `keras.initializers.get` takes beside names and dicts."""
        keras = load_keras()
        try:
            found = keras.initializers.get(value)
        except (ValueError, TypeError) as error:
            raise ConfigError(
                [Fault(f"{shown(value)} is no initializer, and no spec of one.")]
            ) from error
        if seed is not None and isinstance(found, keras.initializers.Initializer):
            config = found.get_config()
            if config.get("seed", seed) is None:
                return type(found).from_config({**config, "seed": seed})
        return found

    def describe(self, initializer: Any) -> str:
        """Write the shortest spec of a Keras initializer. See `initreg.describe`."""
        if isinstance(initializer, str | Spec | Mapping | InitializerConfig):
            return str(self.validate(initializer))
        keras = load_keras()
        if not isinstance(initializer, keras.initializers.Initializer):
            raise ConfigError(
                [Fault(f"{shown(initializer)} is no Keras initializer, so it has no spec.")]
            )
        entry = self._entry_of(type(initializer))
        checked = check(entry.config_class, initializer.get_config(), {"registry": self})
        if not isinstance(checked, InitializerConfig):
            raise ConfigError(checked)
        return str(checked)

    def _entry_of(self, kind: type) -> Entry:
        """Return the entry that builds instances of exactly `kind`."""
        for entries in (self.builtin_entries, self.entries):
            for entry in entries():
                target = entry.config_class.initializer_builds
                if target.endswith(f":{kind.__qualname__}") and import_target(target) is kind:
                    return entry
        name = f"{kind.__module__}.{kind.__qualname__}"
        raise UnknownInitializerError(f"No installed plugin builds {name}.", name)


def _build(config: InitializerConfig) -> Any:
    try:
        return config.build()
    except InitregError:
        raise
    except Exception as error:  # the plugin's code, or Keras's refusal of what the schema took
        problem = f"{config} could not be built: {type(error).__name__}: {error}"
        raise PluginError(problem) from error


def _checked_seed(seed: object) -> int:
    try:
        whole = operator.index(seed)  # type: ignore[arg-type]
    except TypeError:
        whole = -1
    if isinstance(seed, bool) or not 0 <= whole <= MAX_SEED:
        raise ConfigError([Fault(f"seed must be a whole number, 0 … {MAX_SEED}, not {seed!r}.")])
    return whole


@cache
def default_registry() -> Registry:
    """Return the registry of all installed plugins; it loads them on first use.

    >>> default_registry().find("normal").name
    'random_normal'
    """
    return Registry(Discovery())
