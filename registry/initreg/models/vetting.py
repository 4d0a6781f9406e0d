"""Decide, by name only, which classes and functions a saved model may load."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from initreg.backend import load_keras
from initreg.carets import printable
from initreg.config.targets import PORTABLE, PORTABLE_KEY, import_target, is_portable_form
from initreg.discovery.records import may_provide_it
from initreg.documents import Path as Place
from initreg.errors import Fault, UnreadableError
from initreg.models.keras_internals import RUNS_CODE, VALUES_IN_FILES
from initreg.registry.registry import Registry
from initreg.wording import listed

# The modules in which Keras looks up a class without a module: .h5 files give none.
_CLASSES = (
    *("layers", "models", "initializers", "constraints", "regularizers", "losses", "metrics"),
    *("optimizers", "optimizers.schedules"),
)
# The modules in which Keras looks up a function without a module.
_FUNCTIONS = ("activations", "constraints", "initializers", "losses", "metrics", "regularizers")
# The modules whose functions only compute. Those of keras.utils and keras.saving access files.
_COMPUTE = (*_FUNCTIONS, "ops", "random")


class _Reference(NamedTuple):
    """A class or function that a file names. Keras first looks for `key` among custom objects."""

    place: Place
    module: Any
    name: Any
    key: Any
    is_function: bool = False

    def __str__(self) -> str:
        if self.name == "__lambda__":
            return "a lambda"
        full_name = f"{self.module}.{self.name}" if self.module else f"{self.name}"
        return f"function {full_name.removeprefix('builtins.')}" if self.is_function else full_name


def _references(value: Any, place: Place = ()) -> Iterator[_Reference]:
    """Yield everything in a config that Keras would look up."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _references(item, (*place, index))
    elif isinstance(value, dict):
        if "class_name" in value:
            yield _reference(value, place)
        for key, item in value.items():
            yield from _references(item, (*place, key))


def _reference(value: dict[str, Any], place: Place) -> _Reference:
    name, module, config = (value.get(key) for key in ("class_name", "module", "config"))
    if name == "function":
        return _Reference(place, module, config, config, is_function=True)
    if name == "Lambda" and isinstance(config, dict) and isinstance(config.get("function"), list):
        name = "__lambda__"  # as Keras 2 wrote it
    if name == "__typespec__":  # a TensorFlow type, which is looked up like a class
        name = value.get("spec_name")
    return _Reference(place, module, name, value.get("registered_name", name))


class Vetting:
    """The check of one file, given the caller's custom objects and the plugins of a registry."""

    def __init__(self, custom_objects: dict[str, Any], registry: Registry) -> None:
        self._keras = load_keras()
        self._custom_objects = custom_objects
        self._registry = registry

    def classes_for(self, config: Any, file: str) -> dict[str, type]:
        """Return the plugins' classes that a file needs, by the keys that Keras looks for.

        Raises `UnreadableError` with everything in the file that may not be loaded.
        """
        # Vet everything before a plugin's class is imported: importing it may register a key.
        others = [
            reference
            for reference in _references(config)
            if not (self._is_custom(reference) or self._is_stock(reference))
        ]
        classes: dict[str, type] = {}
        rejected: dict[str, list[_Reference]] = {}
        for reference in others:
            found = self._from_plugin(reference, classes)
            if isinstance(found, str):
                line = f"{reference} ({found})" if found else f"{reference}"
                rejected.setdefault(line, []).append(reference)
            else:
                classes[reference.key] = found
        if rejected:
            raise UnreadableError(self._problem(rejected), file)
        return classes

    def _is_custom(self, reference: _Reference) -> bool:
        """Return True if Keras finds it among custom objects, the caller's or the process's."""
        key = reference.key
        if not isinstance(key, str) or reference.name == "__lambda__":  # Keras doesn't look for it
            return False
        if self._keras.saving.get_registered_object(key, self._custom_objects) is not None:
            return True
        # Up to version 3.6, Keras saved a registered function without its package.
        known = [*self._custom_objects, *self._keras.saving.get_custom_objects()]
        return reference.is_function and any(name.endswith(f">{key}") for name in known)

    def _is_stock(self, reference: _Reference) -> bool:
        """Return True if it is part of Keras and can be part of a model."""
        _, module, name, key, is_function = reference
        if not isinstance(name, str) or "." in name or name in RUNS_CODE:
            return False
        if key not in (None, name):
            return False
        if is_function and module in (None, "builtins"):
            return any(callable(self._public(f"keras.{family}.{name}")) for family in _FUNCTIONS)
        if module is None:
            name = name.removeprefix("Custom>")  # Keras 2.11 to 2.15 wrote it for its optimizers
            return name in VALUES_IN_FILES or any(
                isinstance(self._public(f"keras.{family}.{name}"), type) for family in _CLASSES
            )
        full_name = f"{module}.{name}"
        if not full_name.startswith("keras."):
            return False
        found = self._public(full_name)
        if found is None:  # Keras itself accepts only layers and the like if they aren't public
            return full_name.startswith("keras.src.")
        family = full_name.split(".")[1]
        return isinstance(found, type) or family in _COMPUTE or name == "preprocess_input"

    def _public(self, full_name: str) -> Any:
        """Return the public object of Keras with this name, or None."""
        found: Any = self._keras
        for part in full_name.split(".")[1:]:
            found = getattr(found, part, None)
        return found

    # Plugins -----------------------------------------------------------------------------------

    def _from_plugin(self, reference: _Reference, classes: dict[str, type]) -> type | str:
        """Return a plugin's class; otherwise the reason why no class was found, if known."""
        _, module, name, key, is_function = reference
        if name in RUNS_CODE:
            return "it runs code from the file"
        if isinstance(module, str) and module.partition(".")[0] == "keras":
            exists = self._public(f"{module}.{name}") is not None
            return "not part of a model" if exists else f"not in Keras {self._keras.__version__}"
        if is_function or not (isinstance(name, str) and isinstance(key, str)):
            return ""
        found = self._find(reference)
        if isinstance(found, str):
            return found
        other = self._keras.saving.get_registered_object(key, classes)
        if other is not None and other is not found:
            return f"Keras can't tell it from {_full_name(other)}: both are called {key!r}"
        return found

    def _find(self, reference: _Reference) -> type | str:
        """Find the class by its module and name, otherwise by the key it is registered under."""
        _, module, name, key, _ = reference
        if is_portable_form(module, name) or key == PORTABLE_KEY:
            return class_of(PORTABLE) or ""
        registered: dict[type, str] = {}
        reason = ""
        targets, namesakes = targets_of(self._registry), (f":{name}", f".{name}")
        # Classes of that name come first. Others are imported only to look for a registered key.
        for target in sorted(targets, key=lambda target: not target.endswith(namesakes)):
            is_namesake = target.endswith(namesakes)
            if not is_namesake and (registered or ">" not in key):
                break
            try:
                candidate = class_of(target)
            except Exception as error:  # the plugin's module
                if is_namesake:
                    reason = f"{targets[target]} has one, but: {error}"
                continue
            if candidate is None:
                continue
            if f"{module}.{name}" in (target.replace(":", "."), _full_name(candidate)):
                return candidate
            if ">" in key and self._keras.saving.get_registered_name(candidate) == key:
                registered[candidate] = targets[target]
        if len(registered) > 1:
            return f"{' and '.join(sorted(registered.values()))} have one each"
        return next(iter(registered), reason)

    # The error ---------------------------------------------------------------------------------

    def _problem(self, rejected: dict[str, list[_Reference]]) -> str:
        lines = ["Rejected: the file refers to classes or functions that aren't allowed:"]
        for line, references in rejected.items():
            places = [Fault("", reference.place).location for reference in references]
            lines.append(f"  {line}, at {listed(places, 3)}")
        firsts = [references[0] for references in rejected.values()]
        loadable = [reference for reference in firsts if reference.name not in RUNS_CODE]
        if keys := sorted(
            {reference.key for reference in loadable if isinstance(reference.key, str)}
        ):
            lines.append(
                "Install the plugin that provides it, import the module that registers it with "
                f"Keras, or pass custom_objects={{{', '.join(f'{key!r}: …' for key in keys)}}}."
            )
            looked_for = any(not reference.is_function for reference in loadable)
            lines += may_provide_it(self._registry.plugins() if looked_for else [])
        if len(loadable) < len(firsts):
            lines.append(
                "If you trust the file, keras.saving.load_model(path, safe_mode=False) runs its "
                "code."
            )
        # The names are from the file, and could contain control characters for the terminal.
        return "\n".join(map(printable, lines))


def targets_of(registry: Registry) -> dict[str, str]:
    """Return what the plugins' initializers build, with the distribution that provides each."""
    targets = {}
    for entry in registry.entries():
        target, record = entry.config_class.initializer_builds, entry.plugin
        if target and target.partition(":")[0].partition(".")[0] != "keras":
            targets[target] = f"{record.distribution} {record.version}".strip()
    return targets


def class_of(target: str) -> type | None:
    """Import what an initializer builds; None if it isn't a class, or is one of Keras's own."""
    found: object = import_target(target)
    is_keras = isinstance(found, type) and found.__module__.partition(".")[0] == "keras"
    return found if isinstance(found, type) and not is_keras else None


def _full_name(found: Any) -> str:
    return f"{found.__module__}.{found.__name__}"
