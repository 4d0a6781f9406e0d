"""What a saved model names, judged by the names alone before Keras looks any of it up."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from initreg.backend import load_keras
from initreg.carets import printable
from initreg.config.targets import PORTABLE, PORTABLE_KEY, import_target, is_portable_form
from initreg.discovery.records import may_provide_it
from initreg.documents import Path as Place
from initreg.errors import Fault, UnreadableError
from initreg.registry.registry import Registry
from initreg.wording import listed

# What Keras writes for a value, and for the one class of its own that is not public.
_VALUES = (
    *("__bytes__", "__ellipsis__", "__keras_tensor__", "__numpy__", "__slice__", "__tensor__"),
    *("__tuple__", "TensorShape", "Functional"),
)
# Keras's own, but they run what the file brings. Its safe mode refuses them, too, unless someone
# called `keras.config.enable_unsafe_deserialization`.
_RUN_CODE = ("__lambda__", "TFSMLayer", "TorchModuleWrapper")
# Where Keras looks for a class without a module: .h5 files give none.
_CLASSES = (
    *("layers", "models", "initializers", "constraints", "regularizers", "losses", "metrics"),
    *("optimizers", "optimizers.schedules"),
)
# Where Keras looks for a function without a module.
_FUNCTIONS = ("activations", "constraints", "initializers", "losses", "metrics", "regularizers")
# Whose functions compute. Those of keras.utils and keras.saving read and write files.
_COMPUTE = (*_FUNCTIONS, "ops", "random")


class _Named(NamedTuple):
    """A class or function that a file names; Keras looks for `key` among custom objects first."""

    place: Place
    module: Any
    name: Any
    key: Any
    is_function: bool = False

    def __str__(self) -> str:
        if self.name == "__lambda__":
            return "a lambda"
        whole = f"{self.module}.{self.name}" if self.module else f"{self.name}"
        return f"function {whole.removeprefix('builtins.')}" if self.is_function else whole


def _named_in(value: Any, place: Place = ()) -> Iterator[_Named]:
    """Yield what Keras would look up, wherever it is in a config."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _named_in(item, (*place, index))
    elif isinstance(value, dict):
        if "class_name" in value:
            yield _named_by(value, place)
        for key, item in value.items():
            yield from _named_in(item, (*place, key))


def _named_by(written: dict[str, Any], place: Place) -> _Named:
    name, module, config = (written.get(key) for key in ("class_name", "module", "config"))
    if name == "function":
        return _Named(place, module, config, config, is_function=True)
    if name == "Lambda" and isinstance(config, dict) and isinstance(config.get("function"), list):
        name = "__lambda__"  # as Keras 2 wrote it
    if name == "__typespec__":  # one of TensorFlow's, which is looked up like a class
        name = written.get("spec_name")
    return _Named(place, module, name, written.get("registered_name", name))


class Lookup:
    """Judges what a file names; `brought` are the plugins' classes that it needs, by their keys."""

    def __init__(self, given: dict[str, Any], registry: Registry) -> None:
        self.keras = load_keras()
        self.given = given
        self.brought: dict[str, type] = {}
        self._registry = registry

    def judge(self, config: Any, file: str) -> None:
        """Refuse a file that names what is not to be loaded: all of it, with its places."""
        # All are judged before a plugin's class is imported, which may register one under a key.
        others = [
            each for each in _named_in(config) if not (self._is_known(each) or self._is_stock(each))
        ]
        refused: dict[str, list[_Named]] = {}
        for named in others:
            why = self._bring(named)
            if why is not None:
                line = f"{named} ({why})" if why else f"{named}"
                refused.setdefault(line, []).append(named)
        if refused:
            raise UnreadableError(self._problem(refused), file)

    def _is_known(self, named: _Named) -> bool:
        """Whether Keras finds it among custom objects, the caller's or the process's."""
        key = named.key
        if not isinstance(key, str) or named.name == "__lambda__":  # for that, it does not look
            return False
        if self.keras.saving.get_registered_object(key, self.given) is not None:
            return True
        # Up to Keras 3.6, a registered function was saved without its package.
        known = [*self.given, *self.keras.saving.get_custom_objects()]
        return named.is_function and any(each.endswith(f">{key}") for each in known)

    def _is_stock(self, named: _Named) -> bool:
        """Whether Keras finds it among its own, and it is a part of models."""
        _, module, name, key, is_function = named
        if not isinstance(name, str) or "." in name or name in _RUN_CODE:
            return False
        if key not in (None, name):
            return False
        if is_function and module in (None, "builtins"):
            return any(callable(self._own(f"keras.{family}.{name}")) for family in _FUNCTIONS)
        if module is None:
            name = name.removeprefix("Custom>")  # so Keras 2.11 to 2.15 wrote its own optimizers
            return name in _VALUES or any(
                isinstance(self._own(f"keras.{family}.{name}"), type) for family in _CLASSES
            )
        whole = f"{module}.{name}"
        if not whole.startswith("keras."):
            return False
        found = self._own(whole)
        if found is None:  # of what is not public, Keras takes layers and the like alone
            return whole.startswith("keras.src.")
        family = whole.split(".")[1]
        return isinstance(found, type) or family in _COMPUTE or name == "preprocess_input"

    def _own(self, whole: str) -> Any:
        """Return what is public in Keras under a name, else None."""
        found: Any = self.keras
        for part in whole.split(".")[1:]:
            found = getattr(found, part, None)
        return found

    # Plugins -----------------------------------------------------------------------------------

    def _bring(self, named: _Named) -> str | None:
        """Take the class from a plugin; return why not, as far as that is known."""
        _, module, name, key, is_function = named
        if name in _RUN_CODE:
            return "it runs code that the file brings"
        if isinstance(module, str) and module.partition(".")[0] == "keras":
            known = self._own(f"{module}.{name}") is not None
            return "no part of models" if known else f"Keras {self.keras.__version__} has none"
        if is_function or not (isinstance(name, str) and isinstance(key, str)):
            return ""
        found = self._find(named)
        if isinstance(found, str):
            return found
        taken = self.keras.saving.get_registered_object(key, self.brought)
        if taken is not None and taken is not found:
            return f"Keras can't tell it from {_whole(taken)}: both are called {key!r}"
        self.brought[key] = found
        return None

    def _find(self, named: _Named) -> type | str:
        """Find the class by its module and name, else by the key it is registered under."""
        _, module, name, key, _ = named
        if is_portable_form(module, name) or key == PORTABLE_KEY:
            return class_of(PORTABLE) or ""
        found: dict[type, str] = {}
        why = ""
        targets, namesakes = targets_of(self._registry), (f":{name}", f".{name}")
        # Those that are called so come first; the others are imported only for a registered key.
        for target in sorted(targets, key=lambda each: not each.endswith(namesakes)):
            is_namesake = target.endswith(namesakes)
            if not is_namesake and (found or ">" not in key):
                break
            try:
                candidate = class_of(target)
            except Exception as error:  # the plugin's module
                if is_namesake:
                    why = f"{targets[target]} has one, but: {error}"
                continue
            if candidate is None:
                continue
            if f"{module}.{name}" in (target.replace(":", "."), _whole(candidate)):
                return candidate
            if ">" in key and self.keras.saving.get_registered_name(candidate) == key:
                found[candidate] = targets[target]
        if len(found) > 1:
            return f"{' and '.join(sorted(found.values()))} have one each"
        return next(iter(found), why)

    # The error ---------------------------------------------------------------------------------

    def _problem(self, refused: dict[str, list[_Named]]) -> str:
        lines = ["Nothing was loaded, for it names what may not be looked up:"]
        for line, places in refused.items():
            locations = [Fault("", each.place).location for each in places]
            lines.append(f"  {line}, at {listed(locations, 3)}")
        every = [places[0] for places in refused.values()]
        loadable = [each for each in every if each.name not in _RUN_CODE]
        if keys := sorted({each.key for each in loadable if isinstance(each.key, str)}):
            lines.append(
                "Install the plugin that brings it, import the module that registers it with "
                f"Keras, or pass custom_objects={{{', '.join(f'{key!r}: …' for key in keys)}}}."
            )
            looked_for = any(not each.is_function for each in loadable)
            lines += may_provide_it(self._registry.plugins() if looked_for else [])
        if any(each.name in _RUN_CODE for each in every):
            lines.append(
                "If you trust the file, keras.saving.load_model(path, safe_mode=False) runs its "
                "code."
            )
        # The names are the file's, and can hold what a terminal obeys.
        return "\n".join(map(printable, lines))


def targets_of(registry: Registry) -> dict[str, str]:
    """Return what the plugins' initializers build, with the distribution of each."""
    found = {}
    for entry in registry.entries():
        target, record = entry.config_class.initializer_builds, entry.plugin
        if target and target.partition(":")[0].partition(".")[0] != "keras":
            found[target] = f"{record.distribution} {record.version}".strip()
    return found


def class_of(target: str) -> type | None:
    """Import what an initializer builds; None where it is no class, or Keras's own after all."""
    found: object = import_target(target)
    is_keras = isinstance(found, type) and found.__module__.partition(".")[0] == "keras"
    return found if isinstance(found, type) and not is_keras else None


def _whole(found: Any) -> str:
    return f"{found.__module__}.{found.__name__}"
