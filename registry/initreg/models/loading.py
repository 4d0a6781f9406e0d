"""Load saved models with the plugins that they need, and import nothing else that a file names.

Keras looks up the classes and functions of a file by name: among custom objects, then by module.
So each name is vetted before Keras sees the file, and Keras gets the plugins' classes as custom
objects.
"""

import importlib
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from initreg.backend import load_keras
from initreg.config.targets import PORTABLE
from initreg.documents import read, read_file
from initreg.errors import UnreadableError
from initreg.models.vetting import Vetting, class_of, targets_of
from initreg.public import public
from initreg.registry.registry import Registry, default_registry


@public
def custom_objects(*, registry: Registry | None = None) -> dict[str, type]:
    """Return the Keras classes that plugins' initializers build, by the names that Keras writes.

    >>> import keras
    >>> "initreg>Portable" in custom_objects()
    True

    Use it when you load without `load_model`: ``keras.saving.load_model(path,
    custom_objects=initreg.custom_objects())``, or ``Layer.from_config`` in a
    ``keras.saving.custom_object_scope``. Each class is listed under its own name, and under the one
    that it is registered with in Keras. A name that two classes share is left out, whatever the
    order of installation, and so is a class that can't be imported.
    """
    keras = load_keras()
    claims: dict[str, set[type]] = {}
    for target in (PORTABLE, *targets_of(registry or default_registry())):
        try:
            keras_class = class_of(target)
        except Exception:  # noqa: S112  # the plugin's module; `load_model` reports it if needed
            continue
        if keras_class is not None:
            for name in (keras_class.__name__, keras.saving.get_registered_name(keras_class)):
                claims.setdefault(name, set()).add(keras_class)
    return {name: classes.pop() for name, classes in claims.items() if len(classes) == 1}


@public
def load_model(
    path: str | os.PathLike[str],
    *,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,  # noqa: A002  # Keras's own word
    registry: Registry | None = None,
) -> Any:
    """Load a model that Keras saved, with the plugins' classes that it needs.

    >>> import keras
    >>> keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save("model.keras")
    >>> load_model("model.keras").output_shape
    (None, 2)

    `path` is a ``.keras``, ``.h5`` or ``.hdf5`` file; or a ``.json`` file with only the config, as
    ``model.to_json()`` writes it, whose model gets new weights. `custom_objects` and `compile` are
    those of ``keras.saving.load_model``, which loads the file in its safe mode.

    Before that, each class and function in the file is vetted by its name. It must be part of
    Keras; or in `custom_objects`, in a ``keras.saving.custom_object_scope``, or registered with
    Keras in this process; or built by an installed plugin's initializer. All others are rejected,
    so a file can't cause an import or run code. Plugins are loaded only if the file needs one.

    Raises `UnreadableError` if the file can't be read, or with every rejected name and its place.
    Errors of Keras are passed on, with a note that names the file.
    """
    file = os.fspath(path)
    config = _config_of(file, compile)
    given = dict(custom_objects or {})
    objects = Vetting(given, registry or default_registry()).classes_for(config, file) | given
    keras = load_keras()
    try:
        if not file.endswith(".json"):
            return keras.saving.load_model(
                file, custom_objects=objects, compile=compile, safe_mode=True
            )
        model = keras.saving.deserialize_keras_object(config, objects, safe_mode=True)
    except (zipfile.BadZipFile, OSError) as error:
        raise UnreadableError(f"Keras can't read it: {error}.", file) from error
    except Exception as error:  # from Keras or any class in the file; it doesn't name the file
        error.add_note(f"Raised while Keras loaded {file}.")
        raise
    if not isinstance(model, keras.Model):
        problem = f"This is the config of {type(model).__name__}, not of a model."
        raise UnreadableError(problem, file)
    return model


# The file -----------------------------------------------------------------------------------------


def _config_of(file: str, compiled: bool) -> Any:
    """Read the config that Keras will build from; an .h5 file has it in its attributes."""
    if "://" in file:  # Keras would fetch it
        raise UnreadableError("Only local files are loaded. Download it first.", file)
    if Path(file).is_dir():
        problem = "This is a folder. Save the model as one file: model.save('model.keras')."
        raise UnreadableError(problem, file)
    if file.endswith((".h5", ".hdf5")):
        return _config_of_h5(file, compiled)
    if not file.endswith((".keras", ".json")):
        ending = Path(file).suffix
        problem = f"Unknown file extension {ending!r}. Expected .keras, .h5, .hdf5 or .json."
        raise UnreadableError(problem, file)
    config = read_file(file, file.rpartition(".")[2]).documents[0].data
    if file.endswith(".json") and not (isinstance(config, dict) and "class_name" in config):
        raise UnreadableError("This is not a config that model.to_json() wrote.", file)
    if not compiled and isinstance(config, dict):  # Keras ignores it, too
        config = {key: value for key, value in config.items() if key != "compile_config"}
    return config


def _config_of_h5(file: str, compiled: bool) -> dict[str, Any]:
    try:
        h5py: Any = importlib.import_module("h5py")
    except ImportError as error:
        raise UnreadableError(
            "h5py isn't installed. Install it to read this file: pip install h5py", file
        ) from error
    try:
        with Path(file).open("rb"):
            pass
    except OSError as error:
        raise UnreadableError(f"{error.strerror or error}.", file) from error
    try:
        with h5py.File(file, "r") as opened:
            texts = {name: opened.attrs.get(name) for name in ("model_config", "training_config")}
    except Exception as error:  # h5py raises many types for HDF5's own errors
        problem = f"This is not an HDF5 file, or it is damaged: {error}."
        raise UnreadableError(problem, file) from error
    if not compiled:
        del texts["training_config"]
    if texts["model_config"] is None:
        problem = (
            "The file has no model_config, so it may hold only weights. Build the model as it "
            "was, then call model.load_weights(path)."
        )
        raise UnreadableError(problem, file)
    for name, text in texts.items():
        if not isinstance(text, str | bytes | None):
            raise UnreadableError(f"Its {name} is not text.", file)
    return {
        name: read(text, "json", file).documents[0].data
        for name, text in texts.items()
        if text is not None
    }
