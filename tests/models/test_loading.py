"""Saved models load with their plugins' classes, and an error says what is wrong with a file."""

import importlib
import json
import os
import sys
import zipfile
from pathlib import Path

import h5py
import keras
import pytest

from initreg import InitializerConfig, Registry, UnreadableError
from initreg.models.loading import custom_objects, load_model
from tests.models.saved_models import (
    EVIL,
    REGISTERED,
    edit,
    kernel,
    make,
    put,
    rejection,
    written,
)
from tests.support.processes import python

pytestmark = pytest.mark.keras


@pytest.mark.parametrize("of", [str, Path])
def test_a_path_is_text_or_a_path(tmp_path, of):
    make(path := tmp_path / "model.keras")
    assert load_model(of(path)).output_shape == (None, 1)


@pytest.mark.slow
def test_an_installed_plugin_is_found_by_a_fresh_process(plugins, tmp_path):
    """The whole way: a plugin's initializer is saved by one process, and loaded by the next."""
    package, path = plugins.add(REGISTERED), tmp_path / "model.keras"
    save = (
        "import keras, initreg\n"
        f"dense = keras.layers.Dense(2, kernel_initializer=initreg.resolve('{package}_filled'))\n"
        f"keras.Sequential([keras.Input((3,)), dense]).save({str(path)!r})\n"
    )
    load = (
        "import sys\n"
        "from initreg.models.loading import load_model\n"
        "assert 'keras' not in sys.modules\n"
        f"model = load_model({str(path)!r})\n"
        "assert float(model.get_weights()[0].mean()) == 0.5\n"
        "print(type(model.layers[0].kernel_initializer).__module__)\n"
    )
    paths = os.pathsep.join([str(plugins.folder), os.environ.get("PYTHONPATH", "")])
    for script in (save, load):
        done = python(script, variables={"PYTHONPATH": paths})
    assert done.stdout.strip() == f"{package}.kernels"


# custom_objects -----------------------------------------------------------------------------------


def test_custom_objects_has_each_class_under_both_names(plugins, tmp_path):
    package = plugins.add(REGISTERED)
    found = custom_objects(registry=plugins.registry())
    kernels = sys.modules[f"{package}.kernels"]
    assert found["Filled"] is found[f"{package}>Filled"] is kernels.Filled
    assert found["Portable"] is found["initreg>Portable"]
    assert found["initreg>Scaled"].__module__ == "initreg_plugins.extras.keras_classes"
    assert not [kind for kind in found.values() if kind.__module__.startswith("keras.")]


def test_custom_objects_are_what_keras_needs(plugins, tmp_path):
    package = plugins.add()
    make(path := tmp_path / "model.keras")
    edit(path, put(written(package, registered=False)))
    found = custom_objects(registry=plugins.registry())
    assert kernel(keras.saving.load_model(path, custom_objects=found)).value == 0.25


def test_a_name_that_two_classes_share_is_left_out(plugins):
    first, second = plugins.add(REGISTERED), plugins.add(REGISTERED)
    found = custom_objects(registry=plugins.registry())
    assert "Filled" not in found
    assert {f"{first}>Filled", f"{second}>Filled"} < found.keys()


def test_a_class_that_cant_be_imported_leaves_the_others(plugins):
    package = plugins.add()
    plugins.add(kernels="raise SystemError('broken')\n")
    assert custom_objects(registry=plugins.registry())["Filled"].__module__ == f"{package}.kernels"


def test_functions_and_keras_own_classes_are_not_custom_objects():
    registry = Registry()
    for name, builds in {"made": "json:dumps", "own": "keras.initializers:Zeros"}.items():
        registry.add(type("C", (InitializerConfig,), {}, name=name, builds=builds))
    assert custom_objects(registry=registry).keys() == {"Portable", "initreg>Portable"}


# Files --------------------------------------------------------------------------------------------


FOLDER = "This is a folder. Save the model as one file: model.save('model.keras')."


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("missing.keras", "No such file or directory."),
        ("missing.h5", "No such file or directory."),
        (
            "folder.keras",
            "This is a folder. Save the model as one file: model.save('model.keras').",
        ),
        ("folder", "This is a folder. Save the model as one file: model.save('model.keras')."),
        ("text.keras", "It isn't a Keras archive: File is not a zip file."),
        ("short.keras", "It isn't a Keras archive: File is not a zip file."),
        ("other.keras", "It has no config.json, so Keras 3 did not save it."),
        (
            "model.pb",
            "Unknown file extension '.pb'. Expected .keras, .h5, .hdf5 or .json.",
        ),
        (
            "weights.h5",
            "The file has no model_config, so it may hold only weights. Build the model as it was, "
            "then call model.load_weights(path).",
        ),
        ("number.h5", "Its model_config is not text."),
    ],
)
def test_a_file_that_is_not_a_model_is_explained(tmp_path, name, problem):
    make(whole := tmp_path / "whole.keras")
    (tmp_path / "folder.keras").mkdir()
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.keras").write_text("a model")
    (tmp_path / "short.keras").write_bytes(whole.read_bytes()[:-100])
    (tmp_path / "model.pb").write_text("a model")
    with zipfile.ZipFile(tmp_path / "other.keras", "w") as archive:
        archive.writestr("x", "y")
    h5py.File(tmp_path / "weights.h5", "w").close()
    with h5py.File(tmp_path / "number.h5", "w") as file:
        file.attrs["model_config"] = 3
    assert rejection(tmp_path / name) == [problem]


@pytest.mark.parametrize("name", ["text.h5", "short.hdf5"])
def test_a_damaged_h5_file_is_reported(tmp_path, name):
    make(whole := tmp_path / "whole.h5")
    (tmp_path / "text.h5").write_text("a model")
    (tmp_path / "short.hdf5").write_bytes(whole.read_bytes()[:-100])
    assert rejection(tmp_path / name)[0].startswith("This is not an HDF5 file, or it is damaged: ")


def test_an_error_in_the_json_has_its_place(tmp_path):
    with zipfile.ZipFile(path := tmp_path / "model.keras", "w") as archive:
        archive.writestr("config.json", '{"class_name":\n x}')
    with pytest.raises(UnreadableError) as caught:
        load_model(path)
    assert (caught.value.line, caught.value.column) == (2, 2)


def test_h5_files_take_h5py(tmp_path, monkeypatch):
    make(path := tmp_path / "model.h5")
    monkeypatch.setitem(sys.modules, "h5py", None)
    assert rejection(path) == [
        "h5py isn't installed. Install it to read this file: pip install h5py"
    ]


def test_a_file_elsewhere_is_not_fetched():
    with pytest.raises(UnreadableError, match="Only local files are loaded"):
        load_model("hf://someone/model.keras")


def test_damaged_weights_are_reported(tmp_path):
    make(path := tmp_path / "model.keras")
    data = path.read_bytes()
    at = data.index(b"model.weights.h5") + 40
    path.write_bytes(data[:at] + b"\0" * 200 + data[at + 200 :])
    assert rejection(path)[0].startswith("Keras can't read it: ")


def test_what_keras_raises_is_passed_on_with_the_file(tmp_path):
    make(path := tmp_path / "model.keras")

    def wider(config):
        config["config"]["layers"][1]["config"]["units"] = 5

    edit(path, wider)
    with pytest.raises(ValueError) as caught:
        load_model(path)
    assert caught.value.__notes__ == [f"Raised while Keras loaded {path}."]


# A config alone -----------------------------------------------------------------------------------


def write_config(path, config):
    path.write_text(json.dumps(config))
    return path


@pytest.mark.parametrize(
    "write",
    [lambda model: model.to_json(), lambda m: json.dumps(keras.saving.serialize_keras_object(m))],
    ids=["to_json", "serialize_keras_object"],
)
def test_a_config_makes_the_model_anew(tmp_path, write):
    model = make(tmp_path / "model.keras")
    (path := tmp_path / "model.json").write_text(write(model))
    for compile in (True, False):
        loaded = load_model(path, compile=compile)
        assert loaded.compiled is compile
        assert [w.shape for w in loaded.weights] == [w.shape for w in model.weights]
        assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]


def test_a_config_finds_the_class_of_a_plugin(plugins, tmp_path):
    package = plugins.add()
    filled = importlib.import_module(f"{package}.kernels").Filled(3)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer=filled)])
    (path := tmp_path / "model.json").write_text(model.to_json())
    loaded = load_model(path, registry=plugins.registry())
    assert loaded.get_weights()[0].tolist() == [[3], [3]]


@pytest.mark.parametrize("what", EVIL)
def test_a_config_may_only_name_what_is_known(trap, tmp_path, what):
    config = json.loads(make(tmp_path / "model.keras").to_json())
    put(EVIL[what])(config)
    first, line, *_ = rejection(write_config(tmp_path / "model.json", config))
    assert first == "Rejected: the file refers to classes or functions that aren't allowed:"
    assert line.startswith(f"  {what}")


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"rules": []}, "This is not a config that model.to_json() wrote."),
        ([], "This is not a config that model.to_json() wrote."),
        (
            keras.saving.serialize_keras_object(keras.initializers.Zeros()),
            "This is the config of Zeros, not of a model.",
        ),
    ],
    ids=["rules", "list", "initializer"],
)
def test_a_config_that_is_not_of_a_model_is_rejected(tmp_path, config, problem):
    assert rejection(write_config(tmp_path / "model.json", config)) == [problem]
