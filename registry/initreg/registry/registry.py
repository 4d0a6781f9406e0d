"""The registry: specs validated by the config class of their name, and resolved into Keras."""

import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from initreg.backend import load_keras
from initreg.config.base import InitializerConfig, spec_of, written
from initreg.config.targets import import_target, is_portable_form
from initreg.config.validation import check
from initreg.discovery.loading import CommandHook, Discovery, Plugin, PluginRecord, ask
from initreg.draws.seeds import checked_seed
from initreg.errors import (
    AmbiguousInitializerError,
    ConfigError,
    Fault,
    InitregError,
    InitregWarning,
    PluginError,
    UnknownInitializerError,
)
from initreg.public import public
from initreg.registry.building import build, custom_object, from_keras
from initreg.registry.names import Entry, Names, unknown
from initreg.registry.requests import Request, read
from initreg.spec.spec import Spec
from initreg.wording import shown

_TEXTS_KEPT = 1024  # how many texts a registry remembers, validated
_WRITTEN = (str, Spec, Mapping, InitializerConfig)  # what `validate` takes
NESTING = "initreg.nesting"  # the key of a validation's context that counts nested initializers


def is_written(spec: object) -> bool:
    """Whether `validate` takes a spec; what else `resolve` takes is an object of Keras's."""
    return isinstance(spec, _WRITTEN)


@public
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
        self._lock = threading.RLock()
        self._is_loading = False
        # Published whole, and never taken back, so that reading needs no lock.
        self._builtin: Names | None = None
        self._others: Names | None = None
        self._other_plugins: list[Plugin] = []
        self._kinds: dict[type, Entry] = {}  # which entry builds a class of Keras's
        self._validate_text = lru_cache(_TEXTS_KEPT)(self._validate)

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
        return self._add(ask(plugin, PluginRecord(name, name)))

    def _add(self, plugin: Plugin) -> PluginRecord:
        with self._lock:
            self._other_names()  # loads the plugins, on first use
            plugins = [*self._other_plugins, plugin]
            names = Names(plugins, reserved=self._builtin_names())
            record = names.plugins[-1]
            if record.error:
                raise PluginError(f"{record.name}: {record.error}.")
            self._other_plugins, self._others = plugins, names
            self._validate_text.cache_clear()
            self._kinds.clear()
            return record

    @contextmanager
    def _loading(self) -> Iterator[None]:
        """Keep other threads waiting, and refuse what a plugin asks for while it is imported."""
        with self._lock:  # its own thread can take it again
            if self._is_loading:
                raise PluginError(
                    "A plugin can only ask for built-in initializers while it is imported, for "
                    "the other plugins are still being loaded. Ask in a function, later."
                )
            self._is_loading = True
            try:
                yield
            finally:
                self._is_loading = False

    def _builtin_names(self) -> Names:
        if self._builtin is None:
            with self._loading():
                if self._builtin is None:
                    found = self._discovery.builtin() if self._discovery else []
                    self._builtin = Names(found)
        return self._builtin

    def _other_names(self) -> Names:
        """Return the names that are not built in; loads every plugin on first use."""
        if self._others is None:
            builtin = self._builtin_names()
            with self._loading():
                if self._others is None:
                    self._other_plugins = self._discovery.others() if self._discovery else []
                    self._others = Names(self._other_plugins, reserved=builtin)
        return self._others

    def _names_from(self, distribution: str) -> Names:
        """Return the names that one distribution brings, without loading another's plugins."""
        if self._others is not None or self._discovery is None:
            return self._other_names()
        builtin = self._builtin_names()
        with self._loading():
            return Names(self._discovery.distribution(distribution), reserved=builtin)

    def entries(self) -> list[Entry]:
        """List all initializers, sorted by name; loads every plugin."""
        both = (*self._builtin_names().entries(), *self._other_names().entries())
        return sorted(both, key=lambda entry: entry.name)

    def builtin_entries(self) -> list[Entry]:
        """List the built-in initializers, sorted by name; loads no other plugin."""
        return self._builtin_names().entries()

    def plugins(self) -> list[PluginRecord]:
        """List what became of every plugin, the built-in ones first."""
        return [*self._builtin_names().plugins, *self._other_names().plugins]

    def command_hooks(self) -> list[tuple[PluginRecord, CommandHook]]:
        """List the plugins that bring commands, each with what adds them to a Typer app.

        Calling one raises `PluginError` where the plugin fails. Loads every plugin.
        """
        with self._lock:
            records, plugins = self._other_names().plugins, self._other_plugins
        both = zip(records, plugins, strict=True)
        return [(record, each.command_hook) for record, each in both if each.command_hook]

    def unknown_names(self) -> list[str]:
        """Say which names that allow or block plugins lead to nothing, each in a line.

        They stand in ``INITREG_PLUGINS``, ``INITREG_BLOCK`` and ``[tool.initreg]``.

        >>> Registry().unknown_names()
        []
        """
        if self._discovery is None:
            return []
        found = [(record.name, record.distribution) for record in self.plugins()]
        return self._discovery.trust().unknown(found)

    def find(self, name: str) -> Entry:
        """Return the entry of a name: short, qualified, or an alias, in any case.

        Raises `UnknownInitializerError`, which says why as far as the plugins can tell, or
        `AmbiguousInitializerError`, which lists the qualified names.
        """
        entry = self._builtin_names().find(name)
        if entry is None and (distribution := name.rpartition(".")[0]):
            entry = self._names_from(distribution).find(name)
        if entry is None:
            entry = self._other_names().find(name)
        if entry is None:
            raise unknown(name, self.entries(), self.plugins())
        return entry

    # Validation --------------------------------------------------------------------------------

    def validate(self, spec: object, *, depth: int = 0) -> InitializerConfig:
        """Check a spec in any form, and return its config. See `initreg.validate`."""
        if type(spec) is str and not depth:
            return self._validate_text(spec)
        if isinstance(spec, InitializerConfig):
            return spec
        return self._validate(spec, depth)

    def _validate(self, spec: object, depth: int = 0) -> InitializerConfig:
        request = read(spec)
        if is_portable_form(request.module, request.name):
            return self._of_portable(request, depth)
        config_class = self._class_of(request)
        values, arguments, faults = request.bind(config_class)
        config = check(config_class, values, {"registry": self, NESTING: depth})
        if isinstance(config, InitializerConfig) and not faults:
            _warn_of(request, config)
            return config
        if not isinstance(config, InitializerConfig):
            known = config_class.parameter_fields.keys() | config_class.renamed_parameters
            faults += [request.place(fault, arguments, known) for fault in config]
        if request.source is not None:
            faults.sort(key=lambda fault: fault.column or 0)
        raise ConfigError(faults, request.source)

    def _of_portable(self, request: Request, depth: int) -> InitializerConfig:
        """Return the config that an initializer drawn with NumPy was made of."""
        given = {argument.name: argument.value for argument in request.arguments}
        try:
            config = self.validate(given.get("spec"), depth=depth)
        except InitregError as error:
            raise ConfigError([fault.below("config", "spec") for fault in error.faults]) from error
        if not config.is_drawn() or given.get("path"):  # what that one gives, no spec can say
            problem = f"{config} alone does not say that its values are portable."
            raise UnknownInitializerError(problem, request.name, path=("class_name",))
        seed = given.get("seed")
        return config if seed is None else config.with_seed(checked_seed(seed))

    def _class_of(self, request: Request) -> type[InitializerConfig]:
        if request.module is not None:
            return self._builder_of(request.module, request.name).config_class
        try:
            return self.find(request.name).config_class
        except (UnknownInitializerError, AmbiguousInitializerError) as error:
            path = () if request.source is not None else (request.key,)
            place = (request.source, request.column, path)
            raise type(error)(error.problem, request.name, *place) from None

    def _builder_of(self, module: str, name: str) -> Entry:
        """Return the entry that builds a class which is not Keras's own."""
        for entry in self.entries():
            if entry.config_class.initializer_builds == f"{module}:{name}":
                return entry
        whole = f"{module}.{name}" if module else name
        problem = f"No installed plugin builds {whole}."
        raise UnknownInitializerError(problem, name, path=("class_name",))

    # Keras -------------------------------------------------------------------------------------

    def resolve(self, spec: object, seed: int | None = None) -> Any:
        """Make the Keras initializer of a spec in any form. See `initreg.resolve`."""
        if spec is None:
            return None
        if seed is not None:
            seed = checked_seed(seed)
        if not is_written(spec):
            return from_keras(spec, seed)
        try:
            config = self.validate(spec)
        except UnknownInitializerError:
            custom = custom_object(spec)
            if custom is None:
                raise
            return from_keras(custom, seed)
        load_keras()
        return build(config if seed is None else config.with_seed(seed))

    def describe(self, initializer: Any) -> str:
        """Write the shortest spec of a Keras initializer. See `initreg.describe`."""
        if is_written(initializer):
            return str(self._spec_of(self.validate(initializer)))
        return str(self._spec_of(self.config_of(initializer)))

    def config_of(self, initializer: Any) -> InitializerConfig:
        """Return the config that builds an initializer like this one of Keras.

        >>> import keras
        >>> default_registry().config_of(keras.initializers.Zeros())
        Zeros()

        Raises `UnknownInitializerError` for a class that no installed plugin builds, and
        `ConfigError` for what is no initializer, or holds what no spec can say.
        """
        keras = load_keras()
        if isinstance(own := getattr(initializer, "config", None), InitializerConfig):
            return own  # a portable one, which was made of it
        if not isinstance(initializer, keras.initializers.Initializer):
            raise ConfigError(
                [Fault(f"{shown(initializer)} is no Keras initializer, so it has no spec.")]
            )
        entry = self._entry_of(type(initializer))
        values = initializer.get_config()
        for name in entry.config_class.parameter_fields:  # Keras's Identity leaves out its gain
            if name not in values and hasattr(initializer, name):
                values[name] = getattr(initializer, name)
        checked = check(entry.config_class, values, {"registry": self})
        if not isinstance(checked, InitializerConfig):
            raise ConfigError(checked)
        return checked

    def write(self, config: InitializerConfig) -> str | dict[str, Any]:
        """Write the shortest spec of a config: text, or a dict where no text can be so long.

        >>> default_registry().write(default_registry().validate("HeNormal(seed=1)"))
        'he_normal(seed=1)'
        """
        return written(self._spec_of(config), config)

    def _spec_of(self, config: InitializerConfig) -> Spec:
        """Return the spec, using qualified names if a short name is ambiguous."""
        return spec_of(config, self._name_of)

    def _name_of(self, config: InitializerConfig) -> str:
        name = config.initializer_name
        try:
            self.find(name)
        except UnknownInitializerError:  # a class that this registry has not
            return name
        except AmbiguousInitializerError:
            for entry in self.entries():
                if entry.config_class is type(config):
                    return entry.name
        return name

    def _entry_of(self, kind: type) -> Entry:
        """Return the entry that builds instances of exactly `kind`."""
        if (known := self._kinds.get(kind)) is not None:
            return known
        for entries in (self.builtin_entries, self.entries):
            for entry in entries():
                target = entry.config_class.initializer_builds
                if target.endswith(f":{kind.__qualname__}") and _names(target, kind):
                    return self._kinds.setdefault(kind, entry)
        name = f"{kind.__module__}.{kind.__qualname__}"
        raise UnknownInitializerError(f"No installed plugin builds {name}.", name)


def _warn_of(request: Request, config: InitializerConfig) -> None:
    """Warn of what the spec says and its plugin has replaced."""
    kind = type(config)
    deprecated = kind.initializer_deprecated
    told = [f"It is deprecated. {deprecated}"] if deprecated else []
    for argument in request.arguments:
        if (new := kind.renamed_parameters.get(argument.name or "")) is not None:
            told.append(f"{argument.name!r} is called {new!r} now. Write {config}.")
    if told:
        warnings.warn(f"{request}: {' '.join(told)}", InitregWarning, stacklevel=5)


def _names(target: str, kind: type) -> bool:
    try:
        return import_target(target) is kind
    except PluginError:  # another one's class of that name, which is not there
        return False


_DEFAULT = Registry(Discovery())  # empty until it is used


@public
def default_registry() -> Registry:
    """Return the registry of all installed plugins; it loads them on first use.

    >>> default_registry().find("normal").name
    'random_normal'
    """
    return _DEFAULT
