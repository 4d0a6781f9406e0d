"""Find the config and the spec of a Keras initializer."""

from collections.abc import Collection
from typing import Any, TypeVar

from initreg.backend import load_keras
from initreg.config.base import InitializerConfig, spec_of, written
from initreg.config.targets import import_target
from initreg.config.validation import check
from initreg.errors import (
    AmbiguousInitializerError,
    ConfigError,
    Fault,
    PluginError,
    UnknownInitializerError,
)
from initreg.registry.names import Entry, Lookup
from initreg.spec.spec import Spec
from initreg.wording import shown

K = TypeVar("K")
V = TypeVar("V")

_KEPT = 256


class Describer:
    """Describes Keras initializers, by the names of one registry."""

    def __init__(self, registry: Lookup) -> None:
        self._registry = registry
        self._entries: dict[type, Entry] = {}  # by the Keras class that the config class builds
        # Many layers of a model have equal initializers, and a rule gives many weights one config.
        self._configs: dict[tuple[type, str], InitializerConfig] = {}
        self._texts: dict[int, tuple[InitializerConfig, str]] = {}  # by the id of the config

    def config_of(self, initializer: Any, without: Collection[str] = ()) -> InitializerConfig:
        """Return the config that builds an equal initializer. See `Registry.config_of`."""
        keras = load_keras()
        if isinstance(config := getattr(initializer, "config", None), InitializerConfig):
            return config  # of an initializer that initreg draws with NumPy
        if not isinstance(initializer, keras.initializers.Initializer):
            problem = f"{shown(initializer)} is not a Keras initializer, so it has no spec."
            raise ConfigError([Fault(problem)])
        config_class = self._entry_of(type(initializer)).config_class
        values = initializer.get_config()
        for axes in {"input_axes", "output_axes"} - config_class.parameter_fields.keys():
            values.pop(axes, None)  # EinsumDense adds them to the copy of an initializer
        for name in config_class.parameter_fields:
            if name in without:
                values.pop(name, None)
                continue
            held = getattr(initializer, name, None)
            if _are_initializers(held):  # what they write may leave out parameters
                configs = list(map(self.config_of, held if isinstance(held, list) else [held]))
                values[name] = configs if isinstance(held, list) else configs[0]
            elif name not in values and hasattr(initializer, name):
                values[name] = held  # Keras's Identity leaves out its gain
        key = type(initializer), repr(values)
        has_key = all(map(_is_plain, values.values()))
        if has_key and (known := self._configs.get(key)) is not None:
            return known
        checked = check(config_class, values, {"registry": self._registry})
        if not isinstance(checked, InitializerConfig):
            raise ConfigError(checked)
        if has_key:
            _keep(self._configs, key, checked)
        return checked

    def write(self, config: InitializerConfig) -> str | dict[str, Any]:
        """Write the shortest spec of a config. See `Registry.write`."""
        known, text = self._texts.get(id(config), (None, ""))
        if known is config:
            return text
        spec = written(self.spec_of(config), config)
        if isinstance(spec, str):
            _keep(self._texts, id(config), (config, spec))
        return spec

    def spec_of(self, config: InitializerConfig) -> Spec:
        """Return the spec, using qualified names if a short name is ambiguous."""
        return spec_of(config, self._name_of)

    def _name_of(self, config: InitializerConfig) -> str:
        name = config.initializer_name
        try:
            self._registry.find(name)
        except UnknownInitializerError:  # its class isn't in this registry
            return name
        except AmbiguousInitializerError:
            for entry in self._registry.entries():
                if entry.config_class is type(config):
                    return entry.name
        return name

    def _entry_of(self, keras_class: type) -> Entry:
        """Return the entry that builds instances of exactly this class."""
        if (entry := self._entries.get(keras_class)) is not None:
            return entry
        for entries in (self._registry.builtin_entries, self._registry.entries):
            for entry in entries():
                target = entry.config_class.initializer_builds
                if target.endswith(f":{keras_class.__qualname__}") and _is(target, keras_class):
                    return self._entries.setdefault(keras_class, entry)
        name = f"{keras_class.__module__}.{keras_class.__qualname__}"
        raise UnknownInitializerError(f"No installed plugin builds {name}.", name)


def _are_initializers(value: Any) -> bool:
    """Return True for a Keras initializer, and for a list of them."""
    values = value if isinstance(value, list) else [value]
    initializer = load_keras().initializers.Initializer
    return bool(values) and all(isinstance(item, initializer) for item in values)


def _is_plain(value: Any) -> bool:
    """Return True if `repr` says all about a value."""
    if type(value) in (list, tuple):
        return all(type(item) is int for item in value)
    return type(value) in (int, float, str, bool, type(None))


def _keep(values: dict[K, V], key: K, value: V) -> None:
    """Keep a value, but at most `_KEPT` of them."""
    if len(values) >= _KEPT:
        values.clear()
    values[key] = value


def _is(target: str, keras_class: type) -> bool:
    try:
        return import_target(target) is keras_class
    except PluginError:  # a different plugin's class of the same name, not importable here
        return False
