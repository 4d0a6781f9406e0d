"""Saved models find their plugins' classes; what else a file names is never imported, nor run."""

import importlib
import itertools
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from initreg import InitializerConfig, Registry, UnreadableError
from initreg.discovery.loading import Discovery
from initreg.models.loading import custom_objects, load_model

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
        (self.folder / package).mkdir()
        (self.folder / package / "__init__.py").touch()
        texts = {"kernels": kernels.format(decorator=decorator.format(package=package))}
        texts["plugin"] = plugin.format(package=package)
        for name, text in texts.items():
            (self.folder / package / f"{name}.py").write_text(text)
        info = self.folder / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[initreg]\n{package} = {package}.plugin\n")
        importlib.invalidate_caches()
        return package

    def registry(self) -> Registry:
        return Registry(Discovery())

    def imported(self, package: str) -> list[str]:
        return [name.partition(".")[2] for name in sys.modules if name.startswith(f"{package}.")]


@pytest.fixture
def plugins(tmp_path, monkeypatch) -> Plugins:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return Plugins(folder)


@pytest.fixture
def trap(tmp_path, monkeypatch):
    """Make a module that must not be imported; check that it was not."""
    folder = tmp_path / "trap"
    folder.mkdir()
    (folder / "initreg_trap.py").write_text(TRAP)
    monkeypatch.syspath_prepend(str(folder))
    yield "initreg_trap"
    assert "initreg_trap" not in sys.modules
    assert not hasattr(sys.modules["builtins"], "sprung")


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


def refused(path, **options):
    """Return the lines that say why a file is refused; the file's name stands before them."""
    with pytest.raises(UnreadableError) as caught:
        load_model(path, **options)
    assert caught.value.file == str(path)
    assert str(caught.value).startswith(f"{path}: ")
    return caught.value.problem.splitlines()


def kernel(model, layer=0):
    return model.layers[layer].kernel_initializer


ENDINGS = pytest.mark.parametrize("ending", [".keras", ".h5"])


# Plugins ------------------------------------------------------------------------------------------


@ENDINGS
@pytest.mark.parametrize("decorator", ["", REGISTERED], ids=["plain", "registered"])
def test_a_model_finds_the_class_of_its_plugin(plugins, tmp_path, ending, decorator):
    package, path = plugins.add(decorator), tmp_path / f"model{ending}"
    saved = make(path)
    edit(path, put(written(package, registered=bool(decorator))))
    model = load_model(path, registry=plugins.registry())
    assert type(kernel(model)).__module__ == f"{package}.kernels"
    assert kernel(model).value == 0.25
    assert all(map(np.array_equal, model.get_weights(), saved.get_weights()))


def test_only_the_plugin_that_the_file_needs_imports_its_class(plugins, tmp_path):
    package, other = plugins.add(), plugins.add(kernels="raise RuntimeError('not me')\n")
    make(path := tmp_path / "model.keras")
    edit(path, put(written(package, registered=False)))
    load_model(path, registry=plugins.registry())
    assert plugins.imported(package) == ["plugin", "kernels"]
    assert plugins.imported(other) == ["plugin"]


def test_a_stock_model_loads_no_plugin(plugins, tmp_path):
    package = plugins.add()
    saved = make(path := tmp_path / "model.keras")
    model = load_model(path, registry=plugins.registry())
    assert plugins.imported(package) == []
    assert isinstance(kernel(model), keras.initializers.HeNormal)
    assert model.compiled
    assert all(map(np.array_equal, model.get_weights(), saved.get_weights()))


def test_a_registered_class_may_have_moved(plugins, tmp_path):
    package = plugins.add(REGISTERED)
    make(path := tmp_path / "model.keras")
    edit(path, put(written(package, module=f"{package}.before", class_name="FilledBefore")))
    model = load_model(path, registry=plugins.registry())
    assert type(kernel(model)).__module__ == f"{package}.kernels"


def test_a_class_is_found_where_it_is_exported_from_elsewhere(plugins, tmp_path):
    package = plugins.add(plugin=PLUGIN.replace(".kernels:", ":"))
    exported = f"from {package}.kernels import Filled\n"
    (plugins.folder / package / "__init__.py").write_text(exported)
    make(path := tmp_path / "model.keras")
    edit(path, put(written(package, registered=False)))
    assert kernel(load_model(path, registry=plugins.registry())).value == 0.25


def test_a_name_alone_does_not_make_it_the_plugins_class(plugins, tmp_path):
    package = plugins.add()
    make(path := tmp_path / "model.keras")
    edit(path, put(written("somewhere", registered=False)))
    problem = refused(path, registry=plugins.registry())
    assert "  somewhere.kernels.Filled, at $.config.layers[1].config.kernel_initializer" in problem
    assert plugins.imported(package)


def test_an_unregistered_class_is_looked_for_in_its_namesakes_alone(plugins, tmp_path):
    package = plugins.add()
    make(path := tmp_path / "model.keras")
    edit(path, put(named("Halves", "acme")))
    refused(path, registry=plugins.registry())
    assert plugins.imported(package) == ["plugin"]


def test_what_a_plugin_builds_with_a_function_is_no_class(plugins, tmp_path):
    package = plugins.add(kernels="def Filled(value):\n    pass\n")
    make(path := tmp_path / "model.keras")
    edit(path, put(written(package)))
    assert refused(path, registry=plugins.registry())[1].startswith(f"  {package}.kernels.Filled,")


@ENDINGS
def test_a_portable_initializer_loads(plugins, monkeypatch, tmp_path, ending):
    from initreg.models.portable import Portable

    package, path = plugins.add(), tmp_path / f"model{ending}"
    dense = keras.layers.Dense(2, kernel_initializer=Portable("he_normal", seed=3))
    model = keras.Sequential([keras.Input((3,)), dense])
    model.save(path)
    # As in a process that has not imported it.
    monkeypatch.delitem(keras.saving.get_custom_objects(), "initreg>Portable")
    loaded = load_model(path, registry=plugins.registry())
    assert kernel(loaded).get_config() == kernel(model).get_config()
    assert plugins.imported(package) == []


@pytest.mark.parametrize("registered", [True, False], ids=["registered", "plain"])
def test_two_classes_of_one_name_in_one_file(plugins, tmp_path, registered):
    both = [plugins.add(REGISTERED if registered else "") for _ in range(2)]
    make(path := tmp_path / "model.keras")
    for layer, package in enumerate(both, 1):
        edit(path, put(written(package, registered=registered), layer))
    if registered:
        model = load_model(path, registry=plugins.registry())
        modules = [type(kernel(model, layer)).__module__ for layer in range(2)]
        assert modules == [f"{package}.kernels" for package in both]
    else:
        assert (
            f"  {both[1]}.kernels.Filled (Keras can't tell it from {both[0]}.kernels.Filled: both "
            "are called 'Filled'), at $.config.layers[2].config.kernel_initializer"
        ) in refused(path, registry=plugins.registry())


def test_two_plugins_that_register_one_name_are_both_refused(plugins, tmp_path):
    same = '@keras.saving.register_keras_serializable("loading_same")'
    both = [plugins.add(same) for _ in range(2)]
    make(path := tmp_path / "model.keras")
    edit(path, put(written("gone", registered_name="loading_same>Filled")))
    assert (
        f"  gone.kernels.Filled ({both[0]} 1.0 and {both[1]} 1.0 have one each), "
        "at $.config.layers[1].config.kernel_initializer"
    ) in refused(path, registry=plugins.registry())


def test_a_class_that_cant_be_imported_says_so(plugins, tmp_path):
    package = plugins.add(kernels="import no_such_module_of_loading\n")
    make(path := tmp_path / "model.keras")
    edit(path, put(written(package)))
    assert (
        f"  {package}.kernels.Filled ({package} 1.0 has one, but: builds='{package}.kernels:Filled'"
        " can't be imported: No module named 'no_such_module_of_loading'.), "
        "at $.config.layers[1].config.kernel_initializer"
    ) in refused(path, registry=plugins.registry())


def test_a_plugin_that_failed_is_named(plugins, tmp_path):
    package = plugins.add(plugin="raise RuntimeError('out of order')\n")
    make(path := tmp_path / "model.keras")
    edit(path, put(written(package)))
    last = refused(path, registry=plugins.registry())[-1]
    assert last.startswith(f"These plugins are not available, and may provide it: {package} (")
    assert "out of order" in last


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
    environment = os.environ | {"PYTHONPATH": paths, "KERAS_BACKEND": keras.config.backend()}
    for script in (save, load):
        ran = subprocess.run(
            [sys.executable, "-c", script],
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == f"{package}.kernels"


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


def test_a_name_of_two_classes_belongs_to_neither(plugins):
    first, second = plugins.add(REGISTERED), plugins.add(REGISTERED)
    found = custom_objects(registry=plugins.registry())
    assert "Filled" not in found
    assert {f"{first}>Filled", f"{second}>Filled"} < found.keys()


def test_a_class_that_cant_be_imported_leaves_the_others(plugins):
    package = plugins.add()
    plugins.add(kernels="raise SystemError('broken')\n")
    assert custom_objects(registry=plugins.registry())["Filled"].__module__ == f"{package}.kernels"


def test_what_is_no_class_or_keras_own_is_no_custom_object():
    registry = Registry()
    for name, builds in {"made": "json:dumps", "own": "keras.initializers:Zeros"}.items():
        registry.add(type("C", (InitializerConfig,), {}, name=name, builds=builds))
    assert custom_objects(registry=registry).keys() == {"Portable", "initreg>Portable"}


# What a file can't do -----------------------------------------------------------------------------

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


@pytest.mark.parametrize("what", EVIL)
@ENDINGS
def test_a_file_can_name_nothing_but_what_is_known(trap, tmp_path, ending, what):
    make(path := tmp_path / f"model{ending}")
    edit(path, put(EVIL[what]))
    first, line, *_ = refused(path)
    root = "$.model_config" if ending == ".h5" else "$"
    assert first == "Rejected: the file refers to classes or functions that aren't allowed:"
    assert line == f"  {what}, at {root}.config.layers[1].config.kernel_initializer"


def test_for_a_function_no_plugin_is_loaded(plugins, tmp_path):
    package = plugins.add()
    make(path := tmp_path / "model.keras")
    edit(path, put(FUNCTION))
    refused(path, registry=plugins.registry())
    assert plugins.imported(package) == []


@pytest.mark.parametrize(
    ("parents", "last", "value", "at"),
    [
        ([], "registered_name", "initreg_trap>Anything", "$"),
        (["compile_config"], "loss", TRAPPED, "$.compile_config.loss"),
        (["build_config"], "any", [[TRAPPED]], "$.build_config.any[0][0]"),
        (["config", "layers", 1], "build_config", TRAPPED, "$.config.layers[1].build_config"),
        (["config"], "unknown", {"key": TRAPPED}, "$.config.unknown.key"),
    ],
    ids=["the model itself", "compile_config", "build_config", "a layer's", "an unknown key"],
)
def test_it_is_found_wherever_it_is(trap, tmp_path, parents, last, value, at):
    def change(config):
        for part in parents:
            config = config[part]
        config[last] = value

    make(path := tmp_path / "model.keras")
    edit(path, change)
    assert refused(path)[1].endswith(f", at {at}")


def test_all_are_told_at_once_each_with_its_places_and_what_to_do(tmp_path):
    def change(config):
        for layer in config["config"]["layers"][1:]:
            for key in ("kernel", "bias"):
                layer["config"][f"{key}_initializer"] = named("Glow", "acme.inits")
        config["compile_config"]["loss"] = FUNCTION | {"module": "builtins", "config": "my_loss"}

    make(path := tmp_path / "model.keras")
    edit(path, change)
    assert refused(path, registry=Registry()) == [
        "Rejected: the file refers to classes or functions that aren't allowed:",
        "  acme.inits.Glow, at $.config.layers[1].config.kernel_initializer, "
        "$.config.layers[1].config.bias_initializer, $.config.layers[2].config.kernel_initializer "
        "and 1 more",
        "  function my_loss, at $.compile_config.loss",
        "Install the plugin that provides it, import the module that registers it with Keras, or "
        "pass custom_objects={'Glow': …, 'my_loss': …}.",
    ]


def lambda_layer(function):
    config = {"name": "code", "function": function, "arguments": {}}
    return {"module": "keras.layers", "class_name": "Lambda", "config": config}


CODE = {"class_name": "__lambda__", "config": {"code": "4wEA", "defaults": None, "closure": None}}
RUNS_CODE = {
    "a lambda": lambda_layer(CODE),
    "keras.layers.TFSMLayer": named(
        "TFSMLayer", "keras.layers", config={"filepath": "x"}, registered_name=None
    ),
    "keras.layers.TorchModuleWrapper": named(
        "TorchModuleWrapper", "keras.layers", config={"module": "gASV"}, registered_name=None
    ),
}


@pytest.fixture(params=[False, True], ids=["safe", "made unsafe"])
def unsafe(request):
    """Keras's own switch for the whole process, which turns its safe mode off."""
    state = importlib.import_module("keras.src.backend.common.global_state")
    if request.param:
        keras.config.enable_unsafe_deserialization()
    yield
    state.set_global_attribute("safe_mode_saving", None)


@pytest.mark.parametrize("what", RUNS_CODE)
@ENDINGS
def test_code_in_a_file_is_not_run_whatever_the_process_allows(unsafe, tmp_path, ending, what):
    make(path := tmp_path / f"model{ending}")
    edit(path, lambda config: config["config"]["layers"].append(RUNS_CODE[what]))
    _, line, last = refused(path)
    assert line.startswith(f"  {what} (it runs code from the file), at $.")
    assert "config.layers[" in line
    assert last == (
        "If you trust the file, keras.saving.load_model(path, safe_mode=False) runs its code."
    )


def test_no_longer_name_leads_to_the_same_class(unsafe, tmp_path):
    make(path := tmp_path / "model.keras")
    layer = RUNS_CODE["keras.layers.TorchModuleWrapper"]
    layer = layer | {"module": "keras", "class_name": "layers.TorchModuleWrapper"}
    edit(path, lambda config: config["config"]["layers"].append(layer))
    assert refused(path)[1].startswith(
        "  keras.layers.TorchModuleWrapper (not part of a model), at"
    )


def test_a_lambda_as_keras_2_wrote_it_is_not_run(unsafe, tmp_path):
    make(path := tmp_path / "model.h5")
    layer = {"class_name": "Lambda", "config": {"function": ["4wEA", None, None]}}
    edit(path, lambda config: config["config"]["layers"].append(layer))
    assert refused(path)[1].startswith("  a lambda (it runs code from the file), at $.")


def test_the_same_file_read_by_keras_would_be_stopped_by_its_own_means(tmp_path):
    """What is refused here for clarity, Keras 3.15 refuses too; older ones imported it."""
    make(path := tmp_path / "model.keras")
    edit(path, put(named("system", "os")))
    with pytest.raises(TypeError, match="Could not"):
        keras.saving.load_model(path)


@pytest.mark.parametrize(
    "strange",
    [
        {"class_name": ["os"], "config": {}},
        {"class_name": "Zeros", "module": 1, "config": {}},
        {"class_name": "function", "module": "os", "config": {"a": 1}},
        {"class_name": None, "config": {}},
    ],
    ids=str,
)
def test_names_that_are_no_text_are_refused(tmp_path, strange):
    make(path := tmp_path / "model.keras")
    edit(path, put(strange))
    assert refused(path)[1].endswith(", at $.config.layers[1].config.kernel_initializer")


def test_a_name_cant_write_to_the_terminal(tmp_path):
    make(path := tmp_path / "model.keras")
    edit(path, put(named("\x1b[2J\nFine", "acme")))
    line = refused(path)[1]
    assert line.isprintable()
    assert line.startswith("  acme.�[2J�Fine, at ")


# What it takes ------------------------------------------------------------------------------------


class Mine(keras.initializers.Initializer):
    def __call__(self, shape, dtype=None):
        return keras.ops.ones(shape, dtype=dtype)


def my_loss(wanted, given):
    return keras.ops.mean(keras.ops.square(wanted - given))


@pytest.fixture
def mine(tmp_path):
    """A model with a class and a loss of the caller's own."""
    path = tmp_path / "mine.keras"
    dense = keras.layers.Dense(2, kernel_initializer=Mine())
    model = keras.Sequential([keras.Input((3,)), dense])
    compiled(model, "adam", my_loss, metrics=["mae", my_loss]).save(path)
    return path


def test_the_callers_own_classes_and_functions_load(mine):
    model = load_model(mine, custom_objects={"Mine": Mine, "my_loss": my_loss})
    assert type(kernel(model)) is Mine
    assert model.loss is my_loss


def test_they_load_in_a_scope_of_keras(mine):
    with keras.saving.custom_object_scope({"Mine": Mine, "my_loss": my_loss}):
        assert type(kernel(load_model(mine))) is Mine


def test_they_load_where_they_are_registered_with_keras(mine, monkeypatch):
    known = keras.saving.get_custom_objects()
    monkeypatch.setitem(known, "Mine", Mine)
    monkeypatch.setitem(known, "some_package>my_loss", my_loss)
    assert type(kernel(load_model(mine))) is Mine


def test_without_compiling_a_loss_is_not_needed(mine):
    model = load_model(mine, custom_objects={"Mine": Mine}, compile=False)
    assert not model.compiled


def test_a_callers_class_goes_before_a_plugins(plugins, tmp_path):
    package = plugins.add()
    make(path := tmp_path / "model.keras")
    edit(path, put(written(package, registered=False, config={})))
    model = load_model(path, custom_objects={"Filled": Mine}, registry=plugins.registry())
    assert type(kernel(model)) is Mine
    assert plugins.imported(package) == []


@ENDINGS
def test_all_that_keras_itself_writes_loads(tmp_path, ending):
    """Operations, functions, schedules, nested models, shared and stateful layers."""
    inputs = keras.Input((4, 3))
    inner = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2, "gelu", kernel_regularizer="l2")], name="inner"
    )
    outputs = keras.layers.TimeDistributed(inner)(inputs)
    outputs = keras.layers.Bidirectional(keras.layers.GRU(2))(outputs)
    outputs = keras.layers.Lambda(keras.ops.relu)(keras.layers.LayerNormalization()(outputs))
    if ending == ".keras":  # as .h5, Keras can't load these
        outputs = keras.ops.concatenate([outputs, outputs * 2], axis=-1)[:, 1:]
    model = keras.Model(inputs, keras.layers.Dense(1, kernel_constraint="non_neg")(outputs))
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    optimizer = keras.optimizers.RMSprop(schedule if ending == ".keras" else 0.1)
    path, metrics = tmp_path / f"model{ending}", [keras.metrics.MeanSquaredError()]
    compiled(model, optimizer, keras.losses.Huber(), metrics=metrics).save(path)
    for compile in (True, False):
        loaded = load_model(path, compile=compile)
        assert loaded.compiled is compile
        assert all(map(np.array_equal, loaded.get_weights(), model.get_weights()))


def test_a_preprocessing_function_of_keras_loads(tmp_path):
    make(path := tmp_path / "model.keras")
    function = {"module": "keras.applications.mobilenet", "class_name": "function"}
    function |= {"config": "preprocess_input", "registered_name": "preprocess_input"}
    layer = lambda_layer(function)
    edit(path, lambda config: config["config"]["layers"].insert(1, layer))
    assert load_model(path).layers[0].function is keras.applications.mobilenet.preprocess_input


def test_an_optimizer_as_keras_2_wrote_it_loads(tmp_path):
    make(path := tmp_path / "model.h5")
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["training_config"])
        config["optimizer_config"]["class_name"] = "Custom>Adam"
        config["optimizer_config"]["config"]["name"] = "Adam"
        file.attrs["training_config"] = json.dumps(config)
    assert isinstance(load_model(path).optimizer, keras.optimizers.Adam)


@pytest.mark.parametrize("of", [str, Path])
def test_a_path_is_text_or_a_path(tmp_path, of):
    make(path := tmp_path / "model.keras")
    assert load_model(of(path)).output_shape == (None, 1)


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
        ("text.keras", "It is no Keras archive: File is not a zip file."),
        ("short.keras", "It is no Keras archive: File is not a zip file."),
        ("other.keras", "It has no config.json: no model that Keras 3 saved."),
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
def test_a_file_that_is_no_model_says_what_it_is(tmp_path, name, problem):
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
    assert refused(tmp_path / name) == [problem]


@pytest.mark.parametrize("name", ["text.h5", "short.hdf5"])
def test_a_broken_h5_file_is_told(tmp_path, name):
    make(whole := tmp_path / "whole.h5")
    (tmp_path / "text.h5").write_text("a model")
    (tmp_path / "short.hdf5").write_bytes(whole.read_bytes()[:-100])
    assert refused(tmp_path / name)[0].startswith("This is not an HDF5 file, or it is damaged: ")


def test_a_config_that_is_no_json_has_its_place(tmp_path):
    with zipfile.ZipFile(path := tmp_path / "model.keras", "w") as archive:
        archive.writestr("config.json", '{"class_name":\n x}')
    with pytest.raises(UnreadableError) as caught:
        load_model(path)
    assert (caught.value.line, caught.value.column) == (2, 2)


def test_h5_files_take_h5py(tmp_path, monkeypatch):
    make(path := tmp_path / "model.h5")
    monkeypatch.setitem(sys.modules, "h5py", None)
    assert refused(path) == ["h5py isn't installed. Install it to read this file: pip install h5py"]


def test_a_file_elsewhere_is_not_fetched():
    with pytest.raises(UnreadableError, match="Only local files are loaded"):
        load_model("hf://someone/model.keras")


def test_broken_weights_are_told(tmp_path):
    make(path := tmp_path / "model.keras")
    data = path.read_bytes()
    at = data.index(b"model.weights.h5") + 40
    path.write_bytes(data[:at] + b"\0" * 200 + data[at + 200 :])
    assert refused(path)[0].startswith("Keras can't read it: ")


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
def test_a_config_can_name_nothing_but_what_is_known(trap, tmp_path, what):
    config = json.loads(make(tmp_path / "model.keras").to_json())
    put(EVIL[what])(config)
    first, line, *_ = refused(write_config(tmp_path / "model.json", config))
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
def test_a_config_of_no_model_says_so(tmp_path, config, problem):
    assert refused(write_config(tmp_path / "model.json", config)) == [problem]
