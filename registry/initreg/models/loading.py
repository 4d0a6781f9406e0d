"""Saved models, loaded with the plugins that they need, and nothing that only the file names.

Keras looks the classes and functions of a file up by name: among custom objects, then by module.
So each name is judged before Keras sees the file, and a plugin's class is handed to it.
"""

import importlib
import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from initreg.backends import load_keras
from initreg.config import import_target
from initreg.documents import Path as Place
from initreg.documents import read, read_file
from initreg.errors import Fault, UnreadableError
from initreg.registry import Registry, default_registry

_PORTABLE = "initreg.models.portable:Portable"
_PORTABLE_KEY = "initreg>Portable"

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


def custom_objects(*, registry: Registry | None = None) -> dict[str, type]:
    """Return the Keras classes that plugins' initializers build, by the names Keras writes.

    >>> import keras
    >>> "initreg>Portable" in custom_objects()
    True

    It is for who loads without `load_model`: ``keras.saving.load_model(path,
    custom_objects=initreg.custom_objects())``, ``Layer.from_config`` in a
    ``keras.saving.custom_object_scope``. Each class is there under its own name, and the one under
    which it is registered with Keras. A name that two classes have belongs to neither, whatever
    the order of installation. A class that can't be imported is left out.
    """
    keras = load_keras()
    claims: dict[str, set[type]] = {}
    for target in (_PORTABLE, *_targets(registry or default_registry())):
        try:
            found = _class_of(target)
        except Exception:  # noqa: S112  # the plugin's module; a file that needs it tells of it
            continue
        if found is not None:
            for name in (found.__name__, keras.saving.get_registered_name(found)):
                claims.setdefault(name, set()).add(found)
    return {name: classes.pop() for name, classes in claims.items() if len(classes) == 1}


def load_model(
    path: str | os.PathLike[str],
    *,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,  # noqa: A002  # Keras's own word
    registry: Registry | None = None,
) -> Any:
    """Load a model that Keras saved, with the classes of the plugins that it needs.

    >>> import keras
    >>> keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save("model.keras")
    >>> load_model("model.keras").output_shape
    (None, 2)

    `path` is a ``.keras``, ``.h5`` or ``.hdf5`` file; or ``.json``, the config alone that
    ``model.to_json()`` writes, whose model gets new weights. `custom_objects` and `compile` are
    those of ``keras.saving.load_model``, which does the work, in its safe mode.

    Before, each class and function that the file names is judged by its name. It is Keras's own;
    or in `custom_objects`, in a ``keras.saving.custom_object_scope``, or registered with Keras in
    this process; or built by an installed plugin's initializer. All others are refused, so that
    nothing is imported, and no code run, because a file says so. Plugins are loaded only where
    the file names what is none of the first.

    Raises `UnreadableError` where the file can't be read, or names what is refused: all of it,
    each with its place. What Keras raises is passed on, with a note that names the file.
    """
    file = os.fspath(path)
    config = _config_of(file, compile)
    lookup = _Lookup(dict(custom_objects or {}), registry or default_registry())
    lookup.judge(config, file)
    objects = lookup.brought | lookup.given
    keras = load_keras()
    try:
        if not file.endswith(".json"):
            return keras.saving.load_model(
                file, custom_objects=objects, compile=compile, safe_mode=True
            )
        made = keras.saving.deserialize_keras_object(config, objects, safe_mode=True)
    except (zipfile.BadZipFile, OSError) as error:
        raise UnreadableError(f"Keras can't read it: {error}.", file) from error
    except Exception as error:  # Keras's, or from a class of anyone's; it names no file
        error.add_note(f"It was raised while Keras loaded {file}.")
        raise
    if not isinstance(made, keras.Model):
        raise UnreadableError(f"It is the config of {type(made).__name__}, of no model.", file)
    return made


# The file -----------------------------------------------------------------------------------------


def _config_of(file: str, compiled: bool) -> Any:
    """Read what Keras will build from: for an .h5 file, the attributes that hold it."""
    if "://" in file:  # Keras would fetch it
        raise UnreadableError("Only files of this machine are loaded. Download it first.", file)
    if Path(file).is_dir():
        problem = "It is a folder. Save the model as one file: model.save('model.keras')."
        raise UnreadableError(problem, file)
    if file.endswith((".h5", ".hdf5")):
        return _config_of_h5(file, compiled)
    if not file.endswith((".keras", ".json")):
        problem = "It is no model that Keras saves, by its ending: not .keras, .h5, .hdf5 or .json."
        raise UnreadableError(problem, file)
    config = read_file(file, file.rpartition(".")[2]).documents[0].data
    if file.endswith(".json") and not (isinstance(config, dict) and "class_name" in config):
        raise UnreadableError("It is no config of a model, as model.to_json() writes it.", file)
    if not compiled and isinstance(config, dict):  # Keras leaves it out, too
        config = {key: value for key, value in config.items() if key != "compile_config"}
    return config


def _config_of_h5(file: str, compiled: bool) -> dict[str, Any]:
    try:
        h5py: Any = importlib.import_module("h5py")
    except ImportError as error:
        raise UnreadableError("Reading it takes h5py: pip install h5py", file) from error
    try:
        with Path(file).open("rb"):
            pass
    except OSError as error:
        raise UnreadableError(f"{error.strerror or error}.", file) from error
    try:
        with h5py.File(file, "r") as opened:
            texts = {name: opened.attrs.get(name) for name in ("model_config", "training_config")}
    except Exception as error:  # HDF5's own errors become many of Python's
        raise UnreadableError(f"It is no HDF5 file, or a broken one: {error}.", file) from error
    if not compiled:
        del texts["training_config"]
    if texts["model_config"] is None:
        problem = (
            "It holds no model_config, so maybe weights alone. Build the model as it was, then "
            "model.load_weights(path)."
        )
        raise UnreadableError(problem, file)
    for name, text in texts.items():
        if not isinstance(text, str | bytes | None):
            raise UnreadableError(f"Its {name} is no text.", file)
    return {
        name: read(text, "json", file).documents[0].data
        for name, text in texts.items()
        if text is not None
    }


# What it names ------------------------------------------------------------------------------------


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


class _Lookup:
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
        if f"{module}:{name}" == _PORTABLE or key == _PORTABLE_KEY:
            return _class_of(_PORTABLE) or ""
        found: dict[type, str] = {}
        why = ""
        targets, namesakes = _targets(self._registry), (f":{name}", f".{name}")
        # Those that are called so come first; the others are imported only for a registered key.
        for target in sorted(targets, key=lambda each: not each.endswith(namesakes)):
            is_namesake = target.endswith(namesakes)
            if not is_namesake and (found or ">" not in key):
                break
            try:
                candidate = _class_of(target)
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
            first = [Fault("", each.place).location for each in places[:3]]
            more = f" and {len(places) - 3} more" if len(places) > 3 else ""
            lines.append(f"  {line}, at {', '.join(first)}{more}")
        every = [places[0] for places in refused.values()]
        loadable = [each for each in every if each.name not in _RUN_CODE]
        if keys := sorted({each.key for each in loadable if isinstance(each.key, str)}):
            lines.append(
                "Install the plugin that brings it, import the module that registers it with "
                f"Keras, or pass custom_objects={{{', '.join(f'{key!r}: …' for key in keys)}}}."
            )
            looked_for = any(not each.is_function for each in loadable)
            plugins = self._registry.plugins() if looked_for else []
            if failed := [record for record in plugins if record.error]:
                named = "; ".join(f"{each.name} ({each.error})" for each in failed[:3])
                lines.append(f"These plugins are not there, and may bring it: {named}.")
        if any(each.name in _RUN_CODE for each in every):
            lines.append(
                "If you trust the file, keras.saving.load_model(path, safe_mode=False) runs its "
                "code."
            )
        # The names are the file's, and can hold what a terminal obeys.
        return "\n".join(
            "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
            for line in lines
        )


def _targets(registry: Registry) -> dict[str, str]:
    """Return what the plugins' initializers build, with the distribution of each."""
    found = {}
    for entry in registry.entries():
        target, record = entry.config_class.initializer_builds, entry.plugin
        if target and target.partition(":")[0].partition(".")[0] != "keras":
            found[target] = f"{record.distribution} {record.version}".strip()
    return found


def _class_of(target: str) -> type | None:
    """Import what an initializer builds; None where it is no class, or Keras's own after all."""
    found: object = import_target(target)
    is_keras = isinstance(found, type) and found.__module__.partition(".")[0] == "keras"
    return found if isinstance(found, type) and not is_keras else None


def _whole(found: Any) -> str:
    return f"{found.__module__}.{found.__name__}"
