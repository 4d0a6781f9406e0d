"""Shared by the tests of saved models: plugins, files, and changes to their configs."""

import importlib
import itertools
import json
import sys
import zipfile
from pathlib import Path

import h5py
import keras
import pytest

from initreg import Registry, UnreadableError
from initreg.discovery.loading import Discovery
from initreg.models.loading import load_model
from tests.support import distributions

PLUGIN = '''\
from initreg import InitializerConfig, Number, hookimpl


class Filled(InitializerConfig, name="{package}_filled", builds="{package}.kernels:Filled"):
    """Fill with one number."""

    value: Number = 0.5


@hookimpl
def initreg_initializers():
    return [Filled]
'''
KERNELS = """\
import keras


{decorator}
class Filled(keras.initializers.Initializer):
    def __init__(self, value=0.5):
        self.value = value

    def __call__(self, shape, dtype=None):
        return keras.ops.full(shape, self.value, dtype=dtype)

    def get_config(self):
        return {{"value": self.value}}
"""
REGISTERED = '@keras.saving.register_keras_serializable("{package}")'
TRAP = "import builtins\n\nbuiltins.sprung = True\n\n\ndef go(*_, **__):\n    pass\n"

_numbers = itertools.count()


class Plugins:
    """Plugin distributions on a path of this process, each with a package of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, decorator: str = "", kernels: str = KERNELS, plugin: str = PLUGIN) -> str:
        package = f"loading_{next(_numbers)}"
        modules = {
            f"{package}/__init__.py": "",
            f"{package}/kernels.py": kernels.format(decorator=decorator.format(package=package)),
            f"{package}/plugin.py": plugin.format(package=package),
        }
        distributions.install(self.folder, package, modules, {package: f"{package}.plugin"})
        importlib.invalidate_caches()
        return package

    def registry(self) -> Registry:
        return Registry(Discovery())

    def imported(self, package: str) -> list[str]:
        return [name.partition(".")[2] for name in sys.modules if name.startswith(f"{package}.")]


def make(path, **options):
    """Save a stock model: an input layer, and two dense ones."""
    dense = keras.layers.Dense(2, kernel_initializer="he_normal", **options)
    model = keras.Sequential([keras.Input((3,)), dense, keras.layers.Dense(1)])
    # Keras 3.15 can't read "mse" back from an .h5 file.
    compiled(model, "adam", keras.losses.MeanSquaredError()).save(path)
    return model


def compiled(model, optimizer, loss, **options):
    """Compile a model, with the state that training would give its optimizer."""
    model.compile(optimizer, loss, **options)
    model.optimizer.build(model.trainable_variables)
    return model


def edit(path, change):
    """Change the config in a saved model, as whoever made the file could."""
    if path.suffix == ".h5":
        with h5py.File(path, "r+") as file:
            config = json.loads(file.attrs["model_config"])
            change(config)
            file.attrs["model_config"] = json.dumps(config)
        return
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    change(config)
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def put(initializer, layer=1):
    """Return a change that gives a layer another kernel initializer."""

    def change(config):
        config["config"]["layers"][layer]["config"]["kernel_initializer"] = initializer

    return change


def written(package, registered=True, **changes):
    """Return what Keras writes for the initializer of a plugin."""
    return {
        "module": f"{package}.kernels",
        "class_name": "Filled",
        "config": {"value": 0.25},
        "registered_name": f"{package}>Filled" if registered else "Filled",
    } | changes


def named(name, module=None, **rest):
    return {"module": module, "class_name": name, "config": {}, "registered_name": name} | rest


def rejection(path, **options):
    """Return the lines that say why a file is rejected, without the name of the file."""
    with pytest.raises(UnreadableError) as caught:
        load_model(path, **options)
    assert caught.value.file == str(path)
    assert str(caught.value).startswith(f"{path}: ")
    return caught.value.problem.splitlines()


def kernel(model, layer=0):
    return model.layers[layer].kernel_initializer


ENDINGS = pytest.mark.parametrize("ending", [".keras", ".h5"])


TRAPPED = named("Anything", "initreg_trap")
FUNCTION = {"module": "os", "class_name": "function", "config": "system", "registered_name": "f"}
EVIL = {
    "os.system": named("system", "os"),
    "subprocess.Popen": named("Popen", "subprocess"),
    "function os.system": FUNCTION,
    "function eval": FUNCTION | {"module": "builtins", "config": "eval"},
    "builtins.eval": named("eval", "builtins"),
    "initreg_trap.Anything": named("Anything", "initreg_trap"),
    "initreg_trap.Other": named("Other", "initreg_trap", registered_name=None),
    "function initreg_trap.go": FUNCTION | {"module": "initreg_trap", "config": "go"},
    "keras_hub.models.Backbone": named("Backbone", "keras_hub.models"),
    "NoSuchLayer": {"class_name": "NoSuchLayer", "config": {}},
    "deserialize": {"class_name": "deserialize", "config": {"config": {}}},
    "tensorflow.TensorSpec": named("__typespec__", "tensorflow", spec_name="TensorSpec"),
    "keras.utils.get_file (not part of a model)": named("get_file", "keras.utils"),
    "keras.utils.plot_model (not part of a model)": named("utils.plot_model", "keras"),
    f"keras.layers.Later (not in Keras {keras.__version__})": named("Later", "keras.layers"),
    f"keras._legacy.backend.eval (not in Keras {keras.__version__})": named(
        "eval", "keras._legacy.backend"
    ),
}
EVIL["keras.utils.plot_model (not part of a model)"]["registered_name"] = None
