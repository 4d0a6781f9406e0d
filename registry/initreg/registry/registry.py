"""The registry: it validates specs by the config class of their name, and resolves them."""

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self

from initreg.config.base import InitializerConfig
from initreg.discovery.loading import Discovery, ask
from initreg.discovery.records import CommandHook, Plugin, PluginRecord
from initreg.discovery.role_hooks import RoleHook
from initreg.draws.seeds import checked_seed
from initreg.errors import PluginError, UnknownInitializerError
from initreg.public import public
from initreg.registry.building import build, custom_object, from_keras
from initreg.registry.describing import Describer
from initreg.registry.names import Entry, Names, unknown
from initreg.registry.validating import Validator
from initreg.spec.spec import Spec
from initreg.user_warnings import warn_user

_SPECS = (str, Spec, Mapping, InitializerConfig)  # the types that `validate` accepts


def is_spec(value: object) -> bool:
    """Return True for the types that `validate` accepts.

    Anything else that is passed to `resolve` is an object of Keras's.
    """
    return isinstance(value, _SPECS)


@public
class Registry:
    """Maps names to config classes; validates specs, and resolves them into Keras initializers.

    `default_registry` has the initializers of the installed plugins. Make an empty registry for
    tests, or for a program that adds its own initializers.

    >>> registry = Registry()
    >>> registry.entries()
    []

    Plugins are loaded on first use: the built-in ones first, and the others when a name is not
    built in. A registry is safe to use from many threads.
    """

    def __init__(self, discovery: Discovery | None = None) -> None:
        self._discovery = discovery
        self._lock = threading.RLock()
        self._is_loading = False
        # Each is set once it is complete, and never changed, so that reading needs no lock.
        self._builtin: Names | None = None
        self._others: Names | None = None
        self._other_plugins: list[Plugin] = []
        self._role_hooks: dict[str, list[tuple[str, RoleHook]]] | None = None
        self._validator, self._describer = Validator(self), Describer(self)

    # Plugins and names -------------------------------------------------------------------------

    def add(self, config_class: type[InitializerConfig], distribution: str = "local") -> None:
        """Add a config class by hand, as if `distribution` had provided it.

        Raises `PluginError` if it has no name, or the name is reserved or taken.
        """
        if not config_class.initializer_name:
            raise PluginError(f"{config_class.__name__} has no name: give the class name='…'.")
        self._add(Plugin(PluginRecord(distribution, distribution), (config_class,)))

    def register(self, plugin: object, name: str) -> PluginRecord:
        """Register a plugin, a module or an object with hooks, by hand; return its record.

        Raises `PluginError` if the plugin fails, or claims a name that is reserved or taken.
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
            self._other_plugins, self._others, self._role_hooks = plugins, names, None
            self._validator, self._describer = Validator(self), Describer(self)
            return record

    @contextmanager
    def _loading(self) -> Iterator[None]:
        """Make other threads wait, and reject look-ups by a plugin while it is imported."""
        with self._lock:  # its own thread can take it again
            if self._is_loading:
                raise PluginError(
                    "A plugin can only use built-in initializers while it is imported, because "
                    "the other plugins are still being loaded. Use the others in a function that "
                    "is called later."
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
                    plugins = self._discovery.builtin() if self._discovery else []
                    self._builtin = Names(plugins)
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
        """Return the names of one distribution, without loading the plugins of another."""
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
        """List the records of all plugins, the built-in ones first; loads every plugin."""
        return [*self._builtin_names().plugins, *self._other_names().plugins]

    def command_hooks(self) -> list[tuple[PluginRecord, CommandHook]]:
        """List the plugins that have commands, each with a function that adds them to a Typer app.

        The function raises `PluginError` if the plugin fails. Loads every plugin.
        """
        with self._lock:
            records, plugins = self._other_names().plugins, self._other_plugins
        both = zip(records, plugins, strict=True)
        return [(record, plugin.command_hook) for record, plugin in both if plugin.command_hook]

    def role_hooks(self) -> Mapping[str, list[tuple[str, RoleHook]]]:
        """Return who describes the weights of each layer class: the plugins and their functions.

        Loads every plugin.
        """
        if (hooks := self._role_hooks) is None:
            with self._lock:
                self._other_names()  # loads the plugins, on first use
                hooks = {}
                for plugin in self._other_plugins:
                    for layer_class, function in plugin.roles.items():
                        name = f"{plugin.record.distribution}:{plugin.record.name}"
                        hooks.setdefault(layer_class, []).append((name, function))
                self._role_hooks = hooks
        return hooks

    def unknown_names(self) -> list[str]:
        """Report names in the allow and block lists that match no installed plugin, one a line.

        The lists are ``INITREG_PLUGINS``, ``INITREG_BLOCK`` and ``[tool.initreg]``.

        >>> Registry().unknown_names()
        []
        """
        if self._discovery is None:
            return []
        names = [(record.name, record.distribution) for record in self.plugins()]
        return self._discovery.trust().unknown(names)

    def find(self, name: str) -> Entry:
        """Return the entry of a name: short, qualified, or an alias, in any spelling.

        Raises `UnknownInitializerError`, which explains why as far as the plugins show, or
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

    def validate(self, spec: object) -> InitializerConfig:
        """Check a spec in any form, and return its config. See `initreg.validate`."""
        config, warnings = self._validator.validate(spec)
        for message in warnings:
            warn_user(message)
        return config

    # Keras -------------------------------------------------------------------------------------

    def resolve(self, spec: object, seed: int | None = None) -> Any:
        """Make the Keras initializer of a spec in any form. See `initreg.resolve`."""
        if spec is None:
            return None
        if seed is not None:
            seed = checked_seed(seed)
        if not is_spec(spec):
            return from_keras(spec, seed)
        try:
            config = self.validate(spec)
        except UnknownInitializerError:
            custom = custom_object(spec)
            if custom is None:
                raise
            return from_keras(custom, seed)
        return build(config, seed)

    def describe(self, initializer: Any) -> str:
        """Write the shortest spec of a Keras initializer. See `initreg.describe`."""
        is_config = is_spec(initializer)
        config = self.validate(initializer) if is_config else self.config_of(initializer)
        return str(self._describer.spec_of(config))

    def config_of(self, initializer: Any, *, without: Collection[str] = ()) -> InitializerConfig:
        """Return the config that builds an equal Keras initializer.

        >>> import keras
        >>> default_registry().config_of(keras.initializers.Zeros())
        Zeros()

        `without` names parameters to leave out, so that they have their defaults.

        Raises `UnknownInitializerError` for a class that no installed plugin builds, and
        `ConfigError` for a value that is not an initializer, or has parameters that no spec can
        express.
        """
        return self._describer.config_of(initializer, without)

    def write(self, config: InitializerConfig) -> str | dict[str, Any]:
        """Write the shortest spec of a config: text, or a dict if the text would be too long.

        >>> default_registry().write(default_registry().validate("HeNormal(seed=1)"))
        'he_normal(seed=1)'
        """
        return self._describer.write(config)

    # The default registry ----------------------------------------------------------------------

    @contextmanager
    def using(self) -> Iterator[Self]:
        """Make this registry the default one inside a ``with`` block.

        `default_registry` returns it there, and so every function of initreg uses it.

        >>> with Registry().using() as registry:
        ...     default_registry() is registry
        True

        It holds for the current thread or asyncio task, and for the tasks that are started within
        the block. Other threads keep their own default.
        """
        token = _DEFAULT.set(self)
        try:
            yield self
        finally:
            _DEFAULT.reset(token)


_INSTALLED = Registry(Discovery())  # empty until it is used
_DEFAULT: ContextVar[Registry] = ContextVar("initreg.registry", default=_INSTALLED)


@public
def default_registry() -> Registry:
    """Return the registry of all installed plugins, or the one of `Registry.using`.

    It loads the plugins on first use.

    >>> default_registry().find("normal").name
    'random_normal'
    """
    return _DEFAULT.get()
