"""Saved models, loaded with the plugins that they need, and nothing that only the file names.

Keras looks the classes and functions of a file up by name: among custom objects, then by module.
So each name is judged before Keras sees the file, and a plugin's class is handed to it.
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
from initreg.models.vetting import Lookup, class_of, targets_of
from initreg.public import public
from initreg.registry.registry import Registry, default_registry


@public
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
    for target in (PORTABLE, *targets_of(registry or default_registry())):
        try:
            found = class_of(target)
        except Exception:  # noqa: S112  # the plugin's module; a file that needs it tells of it
            continue
        if found is not None:
            for name in (found.__name__, keras.saving.get_registered_name(found)):
                claims.setdefault(name, set()).add(found)
    return {name: classes.pop() for name, classes in claims.items() if len(classes) == 1}


@public
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
    lookup = Lookup(dict(custom_objects or {}), registry or default_registry())
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
