"""A file may name only known classes and functions. Others are rejected, never imported or run."""

import importlib
import json

import h5py
import keras
import numpy as np
import pytest

from initreg import Registry
from initreg.models.loading import load_model
from tests.models.saved_models import (
    ENDINGS,
    EVIL,
    FUNCTION,
    PLUGIN,
    REGISTERED,
    TRAPPED,
    compiled,
    edit,
    kernel,
    make,
    named,
    put,
    rejection,
    written,
)

pytestmark = pytest.mark.keras

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


def test_a_class_that_another_module_exports_is_found(plugins, tmp_path):
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
    problem = rejection(path, registry=plugins.registry())
    assert "  somewhere.kernels.Filled, at $.config.layers[1].config.kernel_initializer" in problem
    assert plugins.imported(package)


def test_an_unregistered_class_is_looked_for_in_its_namesakes_alone(plugins, tmp_path):
    package = plugins.add()
    make(path := tmp_path / "model.keras")
    edit(path, put(named("Halves", "acme")))
    rejection(path, registry=plugins.registry())
    assert plugins.imported(package) == ["plugin"]


def test_a_function_that_a_plugin_builds_with_is_not_loaded(plugins, tmp_path):
    package = plugins.add(kernels="def Filled(value):\n    pass\n")
    make(path := tmp_path / "model.keras")
    edit(path, put(written(package)))
    assert rejection(path, registry=plugins.registry())[1].startswith(
        f"  {package}.kernels.Filled,"
    )


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
        ) in rejection(path, registry=plugins.registry())


def test_two_plugins_that_register_one_name_are_both_rejected(plugins, tmp_path):
    same = '@keras.saving.register_keras_serializable("loading_same")'
    both = [plugins.add(same) for _ in range(2)]
    make(path := tmp_path / "model.keras")
    edit(path, put(written("gone", registered_name="loading_same>Filled")))
    assert (
        f"  gone.kernels.Filled ({both[0]} 1.0 and {both[1]} 1.0 have one each), "
        "at $.config.layers[1].config.kernel_initializer"
    ) in rejection(path, registry=plugins.registry())


def test_a_class_that_cant_be_imported_says_so(plugins, tmp_path):
    package = plugins.add(kernels="import no_such_module_of_loading\n")
    make(path := tmp_path / "model.keras")
    edit(path, put(written(package)))
    assert (
        f"  {package}.kernels.Filled ({package} 1.0 has one, but: builds='{package}.kernels:Filled'"
        " can't be imported: No module named 'no_such_module_of_loading'.), "
        "at $.config.layers[1].config.kernel_initializer"
    ) in rejection(path, registry=plugins.registry())


def test_a_plugin_that_failed_is_named(plugins, tmp_path):
    package = plugins.add(plugin="raise RuntimeError('out of order')\n")
    make(path := tmp_path / "model.keras")
    edit(path, put(written(package)))
    last = rejection(path, registry=plugins.registry())[-1]
    assert last.startswith(f"These plugins failed and may provide it: {package} (")
    assert "out of order" in last


# What a file can't do -----------------------------------------------------------------------------


@pytest.mark.parametrize("what", EVIL)
@ENDINGS
def test_a_file_may_only_name_what_is_known(trap, tmp_path, ending, what):
    make(path := tmp_path / f"model{ending}")
    edit(path, put(EVIL[what]))
    first, line, *_ = rejection(path)
    root = "$.model_config" if ending == ".h5" else "$"
    assert first == "Rejected: the file refers to classes or functions that aren't allowed:"
    assert line == f"  {what}, at {root}.config.layers[1].config.kernel_initializer"


def test_for_a_function_no_plugin_is_loaded(plugins, tmp_path):
    package = plugins.add()
    make(path := tmp_path / "model.keras")
    edit(path, put(FUNCTION))
    rejection(path, registry=plugins.registry())
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
def test_a_name_is_vetted_wherever_it_is(trap, tmp_path, parents, last, value, at):
    def change(config):
        for part in parents:
            config = config[part]
        config[last] = value

    make(path := tmp_path / "model.keras")
    edit(path, change)
    assert rejection(path)[1].endswith(f", at {at}")


def test_all_names_are_reported_at_once_with_their_places_and_what_to_do(tmp_path):
    def change(config):
        for layer in config["config"]["layers"][1:]:
            for key in ("kernel", "bias"):
                layer["config"][f"{key}_initializer"] = named("Glow", "acme.inits")
        config["compile_config"]["loss"] = FUNCTION | {"module": "builtins", "config": "my_loss"}

    make(path := tmp_path / "model.keras")
    edit(path, change)
    assert rejection(path, registry=Registry()) == [
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
    _, line, last = rejection(path)
    assert line.startswith(f"  {what} (it runs code from the file), at $.")
    assert "config.layers[" in line
    assert last == (
        "If you trust the file, keras.saving.load_model(path, safe_mode=False) runs its code."
    )


def test_another_name_of_the_same_class_is_rejected(unsafe, tmp_path):
    make(path := tmp_path / "model.keras")
    layer = RUNS_CODE["keras.layers.TorchModuleWrapper"]
    layer = layer | {"module": "keras", "class_name": "layers.TorchModuleWrapper"}
    edit(path, lambda config: config["config"]["layers"].append(layer))
    assert rejection(path)[1].startswith(
        "  keras.layers.TorchModuleWrapper (not part of a model), at"
    )


def test_a_lambda_as_keras_2_wrote_it_is_not_run(unsafe, tmp_path):
    make(path := tmp_path / "model.h5")
    layer = {"class_name": "Lambda", "config": {"function": ["4wEA", None, None]}}
    edit(path, lambda config: config["config"]["layers"].append(layer))
    assert rejection(path)[1].startswith("  a lambda (it runs code from the file), at $.")


def test_keras_rejects_the_same_file(tmp_path):
    """Keras 3.15 rejects it too, less clearly; older versions imported it."""
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
def test_names_that_are_not_text_are_rejected(tmp_path, strange):
    make(path := tmp_path / "model.keras")
    edit(path, put(strange))
    assert rejection(path)[1].endswith(", at $.config.layers[1].config.kernel_initializer")


def test_a_name_cant_write_to_the_terminal(tmp_path):
    make(path := tmp_path / "model.keras")
    edit(path, put(named("\x1b[2J\nFine", "acme")))
    line = rejection(path)[1]
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


@pytest.mark.slow
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
